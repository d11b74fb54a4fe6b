"""BCK003: the copies lie on the host whose loss they are there for."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.backup.bck000_no_backup import BY_FILES
from scaffold.gaps.backup.coverage import Signal, signals, surroundings, their_signals
from scaffold.gaps.signals import durable_stores, main_environment, without_repeats
from scaffold.model.durability import stores_to_copy
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_OFF_HOST = regex(
    r"\bs3(?:://|:|api?\b|\s+(?:cp|sync))|\bgs://|\bgsutil\b|gcloud\s+storage|\brclone\b|\brestic\b|RESTIC_REPOSITORY|\bborg\w*\b|\bkopia\b"
    r"|\bduplicity\b|\bwal-g\b|\bpgbackrest\b|\bbarman\b|\bazcopy\b|\baz\s+storage\b|\bb2\b|\bs?ftp\b|\bscp\b|\bssh\b|\bmc\s+(?:cp|mirror|pipe)\b"
    r"|\brsync\b[^\n]*:|\b(?:AWS_)?S3_\w+|AWS_S3|\bGPG_|/mnt/|\bnfs\b|upload-artifact|\bvelero\b|\bDBBACKUP_|\bBACKUP_BUCKET|_BUCKET\b"
)
"""Words by which a copy leaves the host; a mounted share counts, for nobody sees from here where it lies."""
_TO_PEOPLE = regex(
    r"\bsend_?[dD]ocument\b|discord(?:app)?\.com/api/webhooks[^\n]*-F\b|\b(?:mutt|mailx)\b[^\n]*\s-[aA]\s|\bfiles_?upload(?:_?v2)?\b"
)
"""What sends a file to a chat or by mail."""
_ENCRYPTS = regex(
    r"(?i)\bgpg\d?\b|\bage\s+-|\bopenssl\s+(?:enc|cms|smime)\b|\brestic\b|\bborg\w*\b|\bkopia\b|\bduplicity\b|encrypt|\bcrypt|fernet|\baes\b|passphrase"
    r"|\b7z\w*\b[^\n]*\s-p|\bzip\b[^\n]*\s-[eP]\b|pyzipper"
)


def _detect(project: Project) -> Iterator[Gap]:
    theirs = their_signals(project)
    if not theirs or not durable_stores(project):
        return
    beside = surroundings(project, signals(project))
    # What sends logs or alerts has such words too: only files that make a dump are looked through.
    posts = [signal for signal in theirs if _TO_PEOPLE.search(project.source(signal.location.path) or "")]
    readable = [signal for signal in posts if not _ENCRYPTS.search(project.source(signal.location.path) or "")]
    if readable:
        yield _readable(project, readable)
    if not posts and not _OFF_HOST.search(beside):
        yield _on_the_host(project, theirs)


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
