"""BCK003: the copies lie on the host whose loss they are there for."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.backup.bck000_no_backup import BY_FILES
from scaffold.gaps.backup.coverage import Signal, signals, surroundings, their_signals
from scaffold.gaps.backup.switched_off import SwitchedOff, switched_off
from scaffold.gaps.facts import is_test_path, listed
from scaffold.gaps.signals import durable_stores, main_environment, without_repeats
from scaffold.model.dumpers import DUMPER
from scaffold.model.durability import stores_to_copy
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.known import known
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_OFF_HOST = regex(
    r"\bs3(?:://|:|api?\b|\s+(?:cp|sync))|\bgs://|\bgsutil\b|gcloud\s+storage|\brclone\b|\brestic\b|RESTIC_REPOSITORY|\bborg\w*\b|\bkopia\b"
    r"|\bduplicity\b|\bwal-g\b|\bpgbackrest\b|\bbarman\b|\bazcopy\b|\baz\s+storage\b|\bb2\b|\bs?ftp\b|\bscp\b|\bssh\b|\bmc\s+(?:cp|mirror|pipe)\b"
    r"|\brsync\b[^\n]*:|\b(?:AWS_)?S3_\w+|AWS_S3|\bGPG_|/mnt/|\bnfs\b|upload-artifact|\bvelero\b|\bDBBACKUP_|\bBACKUP_BUCKET|(?<!TEST)_BUCKET\b(?!=false)"
)
"""Words by which a copy leaves the host; a mounted share counts, for nobody sees from here where it lies."""
_TO_PEOPLE = regex(
    r"\bsend_?[dD]ocument\b|discord(?:app)?\.com/api/webhooks[^\n]*-F\b|\b(?:mutt|mailx)\b[^\n]*\s-[aA]\s|\bfiles_?upload(?:_?v2)?\b"
)
"""What sends a file to a chat or by mail."""
_BY_NAME = regex(r"(?i)back-?_?ups?|dump")
_DUMPS = regex(rf"\b{DUMPER}\b(?![^\n]*(?:--schema-only|--no-data\b|--version))[^\n]*\s\S")
_SAME_HOST = regex(r"\bdocker\b[^\n]*\bexec\b|\blocalhost\b|\b127\.0\.0\.1\b")
_ENCRYPTS = regex(
    r"(?i)\bgpg\d?\b|\bage\s+-|\bopenssl\s+(?:enc|cms|smime)\b|\brestic\b|\bborg\w*\b|\bkopia\b|\bduplicity\b|encrypt|\bcrypt|fernet|\baes\b|passphrase"
    r"|\b7z\w*\b[^\n]*\s-p|\bzip\b[^\n]*\s-[eP]\b|pyzipper"
)


def _detect(project: Project) -> Iterator[Gap]:
    if not durable_stores(project):
        yield from _of_a_database_elsewhere(project)
        return
    theirs = their_signals(project)
    if not theirs:
        return
    beside = surroundings(project, signals(project))
    # What sends logs or alerts has such words too: only files that make a dump are looked through.
    posts = [signal for signal in theirs if known(_goes_to_people, project.source(signal.location.path) or "")]
    readable = [signal for signal in posts if not known(_is_encrypted, project.source(signal.location.path) or "")]
    if readable:
        yield _readable(project, readable)
    if not posts and not _OFF_HOST.search(beside):
        yield _on_the_host(project, theirs)
    elif not posts and (off := switched_off(project, theirs)):
        yield _switched_off_gap(project, off)


def _goes_to_people(text: str) -> bool:
    return bool(_TO_PEOPLE.search(text))


def _is_encrypted(text: str) -> bool:
    return bool(_ENCRYPTS.search(text))


def _readable(project: Project, posts: list[Signal]) -> Gap:
    return RULE.gap(
        resource="backup",
        subject="off-host/readable",
        message="The copies go to a chat or a mailbox as they are: everybody who reads along there, now or later, and whoever"
        " takes over one account of it, has all the data.",
        expected="copies encrypted before they leave, with a key that is kept elsewhere, at a place made for them",
        actual="no encryption beside the command or code that sends them",
        locations=without_repeats(signal.location for signal in posts),
        environment=main_environment(project),
        closers=(
            Closer(None, "advice", "Encrypt the archive (age, gpg, restic) before it is sent, or send it to an object store."),
        ),
    )


_ENCRYPT = Closer(
    None, "advice", "Encrypt the archive (age, gpg, restic) before it is sent, or send it to an object store of your own."
)


def _on_the_host(project: Project, theirs: tuple[Signal, ...]) -> Gap:
    return RULE.gap(
        resource="backup",
        subject="off-host",
        message="The backups lie on the host that they are there for: its loss takes the data and every copy.",
        expected="an encrypted copy at another place: an object store, another provider, another host",
        actual="no command or setting beside the backups sends them away",
        locations=without_repeats(signal.location for signal in theirs),
        environment=main_environment(project),
        closers=BY_FILES if stores_to_copy(project) else None,
    )


def _switched_off_gap(project: Project, off: SwitchedOff) -> Gap:
    name, asked = off.service.name, listed(off.names)
    unset = "no template names it" if len(off.names) == 1 else "no template names them"
    if off.offered is not None:
        unset = f"{off.offered.path}:{off.offered.line} leaves it empty"
    if not off.entries:
        unset = f"the service is not given {'it' if len(off.names) == 1 else 'them'}"
    return RULE.gap(
        resource="backup",
        subject="off-host/unset",
        message=f"{name} sends its copies away only where {asked} has a value, and {unset}: until somebody sets it, every copy"
        " lies on the host that it is there for, and each run ends well.",
        expected="a start that ends without the place of the copies (`${NAME:?}`)",
        actual="empty by default" if off.entries else "not given to the service",
        locations=tuple(entry.location for entry in off.entries) or (off.service.location,),
        related=(off.offered,) if off.offered else (),
        severity=Severity.LOW if off.offered else Severity.MEDIUM,
        environment=main_environment(project),
        closers=(
            Closer(
                None,
                "advice",
                f"Give {name} the place of its copies by a variable that has to be set, and let the script fail without it.",
            ),
        ),
    )


# --- databases that no stack holds ------------------------------------------------------------------------------------


def _of_a_database_elsewhere(project: Project) -> Iterator[Gap]:
    """Yield the scripts whose dumps of a database outside of the stacks stay where they are made."""
    if project.main_stack is None:
        return
    dumps = [
        command
        for command in project.commands
        if command.context == "script" and _BY_NAME.search(command.location.path) and _DUMPS.search(command.text)
    ]
    dumps = [item for item in dumps if item.location.path not in project.owned and not is_test_path(item.location.path)]
    if not dumps or _OFF_HOST.search(_beside(project, {item.location.path for item in dumps})):
        return
    near = any(_SAME_HOST.search(project.source(item.location.path) or "") for item in dumps)
    places = tuple({item.location.path: item.location for item in reversed(dumps)}.values())[::-1]
    where = "the host of the database itself" if near else "the one machine that runs it"
    yield RULE.gap(
        resource="backup",
        subject="off-host",
        message=f"The dumps that {listed(item.path for item in places)} makes stay on {where}: with its disk every copy goes.",
        expected="an encrypted copy at another place: an object store, another provider, another host",
        actual="no command beside the dumps sends them away",
        locations=places,
        severity=Severity.MEDIUM if near else Severity.LOW,
        environment=main_environment(project),
    )


def _beside(project: Project, paths: set[str]) -> str:
    """Return the scripts, their neighbours, and every line of a page or a command that speaks of backups."""
    folders = {path.rpartition("/")[0] for path in paths}
    neighbours = {
        c.location.path for c in project.commands if c.location.path.rpartition("/")[0] in folders and c.context == "script"
    }
    texts = [project.source(path) or "" for path in sorted(paths | neighbours)]
    lines = (line for doc in project.docs for line in doc.text.splitlines())
    texts += [line for line in lines if _BY_NAME.search(line)]
    texts += [command.text for command in project.commands if _BY_NAME.search(command.text)]
    return "\n".join(texts)


RULE = Rule(
    code="BCK003",
    name="backup-stays-on-the-host",
    layer=Layer.BACKUP,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None, "advice", "Encrypt the dumps and send them to an object store in another account, for example with restic."
        ),
    ),
)
