"""SEC009: an env template ships a key or a first login that works, and nothing refuses it; or code knows it and only warns."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from scaffold.gaps.facts import ALL_INTERFACES, listed
from scaffold.gaps.remembered import remembered
from scaffold.gaps.secrets.credentials import OF_A_STORE, OTHER_PARTY, names_store
from scaffold.gaps.secrets.exported import exported_over
from scaffold.gaps.secrets.refused import is_refused
from scaffold.gaps.secrets.taken import taken_stand_ins
from scaffold.gaps.secrets.templates import Copy, copies_of, is_written, received_names
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.known import known
from scaffold.model.names import Confidence, Layer, Severity
from scaffold.model.project import CodeFact, EnvEntry, EnvFile, EnvRead, Project
from scaffold.model.regex import regex
from scaffold.model.secret_names import is_sensitive_name
from scaffold.model.secrets import SecretClass, classify

SIGNING = regex(
    r"(?:^|_)(?:SECRET_?KEY(?:_BASE)?|APP_SECRET|(?:JWT|SIGNING|SESSION|COOKIE|ENCRYPTION|AUTH|NEXTAUTH|FERNET|MASTER|HMAC"
    r"|(?:ACCESS|REFRESH)_TOKEN)_(?:\w+_)?(?:SECRET|KEY)|(?:JWT|AUTH|NEXTAUTH|SESSION)_?SECRET|FERNET_KEY)$|^APP_KEY$"
)
"""Names of keys that sign or encrypt for an application."""
_LOGIN = regex(r"(?:^|_)(?:ADMIN|SUPERUSER|ROOT_USER|WWW_USER|PGADMIN_DEFAULT|GRAFANA)_?(?:\w+_)?PASS(?:WORD|WD)?$")
"""Passwords of a first administrator."""
_KEPT = regex(
    r"\b(?:SECRET_?KEY(?:_BASE)?|JWT_SECRET(?:_KEY)?|SIGNING_KEY|secret_?key)\b[\"']?\]?\s*(?::\s*\w+\s*)?[=:]\s*\S*$",
    re.IGNORECASE,
)
"""The left side of the line that reads a variable."""
_OWN_DEFAULT = regex(r"\$\{(?P<name>\w+):?-(?P<value>[^${}]+)\}")
_COUNTED = frozenset({SecretClass.WEAK, SecretClass.LITERAL, SecretClass.RANDOM})
_SAYS_SO = regex(
    r"dev|local|insecure|test|change|replace|unsafe|not[-_ ]?for|generate|openssl|random|here|todo|demo", re.IGNORECASE
)
"""Words of a value, or of the comment above it, that tell whoever copies the template to write another one."""
_OF_A_TRY = regex(r"(?i)dev|local|test")
_SESSIONS = regex(
    r"(?:^|_)(?:SECRET|SECRET_KEY(?:_BASE)?|APP_SECRET|(?:\w+_)?(?:JWT|SIGNING|SESSION|COOKIE|AUTH|TOKEN)_?(?:\w+_)?(?:SECRET|KEY))$"
)
"""Keys that any text can be."""
_BY_FRAMEWORKS = regex(r"^(?:SECRET_KEY_BASE|APP_KEY|APP_SECRET|AUTH_SECRET|NEXTAUTH_SECRET|BETTER_AUTH_SECRET|SECRET_KEY)$|__")
"""Keys that a package reads by its own code, and names of nested settings, which code spells in another way."""
_CHECKS = regex(r"\.length\b|\blen\(|min_length|\.min\(|\.size\b|strlen|mb_strlen|byte_size|[mM]in[_A-Z]?[lL]en")
"""Lines that ask how long a text is."""
_CODE = (".py", ".js", ".ts", ".mjs", ".go", ".rb", ".php", ".java", ".kt", ".rs", ".ex", ".exs", ".cs")


@frozen
class _Shipped:
    """The entries of a template of one kind that work as they stand, and the command that copies them unseen, if any does."""

    file: EnvFile
    entries: tuple[EnvEntry, ...]
    copy: Copy | None
    stand_in: bool = False
    """Whether each value says that it has to be changed."""
    told: bool = False
    """Whether each value looks like a real one, and only words behind it on the line ask for another."""

    @property
    def names(self) -> str:
        """The variables in words."""
        return listed(dict.fromkeys(entry.name for entry in self.entries))


def _detect(project: Project) -> Iterator[Gap]:
    found: dict[tuple[str, bool, Copy | None, str], list[_Shipped]] = {}
    for file in project.env_files:
        if file.kind != "template" or file.path in project.owned or file.environment in {"dev", "test"}:
            continue
        taken = taken_stand_ins(project, file)
        if taken:
            yield _taken_gap(project, file, taken)
            continue
        for kind, shipped in _of_template(project, file):
            key = (kind, shipped.stand_in, shipped.copy, shipped.names)
            found.setdefault(key, []).append(shipped)
    # Variants of one stack ship the same template.
    for (kind, *_), variants in found.items():
        yield _key_gap(variants) if kind == "keys" else _login_gap(project, variants)
    for fact in project.code_facts:
        if fact.kind == "known-key":
            yield _known_gap(fact)


def _of_template(project: Project, file: EnvFile) -> Iterator[tuple[str, _Shipped]]:
    received = received_names(project, file)
    over = exported_over(project, posixpath.join(posixpath.dirname(file.path), ".env"))
    given = [entry for entry in file.entries if entry.name in received and entry.name not in over and _is_value(entry)]
    keys = [entry for entry in given if _is_key(project, entry) and not is_refused(project, _value(entry))]
    keys = [entry for entry in keys if not _is_read_by_nobody(project, entry.name)]
    logins = [entry for entry in given if _LOGIN.search(entry.name) and not is_refused(project, _value(entry))]
    if not keys and not logins:
        return
    copies = copies_of(project, file)
    shipped = _shipped(project, file, keys, copies)
    if shipped is not None:
        yield "keys", shipped
    known = _shipped(project, file, logins, copies)
    if known is not None and (known.copy is not None or not known.stand_in):
        yield "logins", known


def _is_value(entry: EnvEntry) -> bool:
    value = _value(entry)
    counted = classify(value) in {*_COUNTED, SecretClass.PLACEHOLDER}
    return not entry.commented and "$" not in value and is_sensitive_name(entry.name) and counted


def _is_key(project: Project, entry: EnvEntry) -> bool:
    if OTHER_PARTY.search(entry.name) or OF_A_STORE.search(entry.name):
        return False
    return bool(SIGNING.search(entry.name)) or _is_read_as_key(project, entry.name)


def _is_read_by_nobody(project: Project, name: str) -> bool:
    """Whether only an env file hands a key to services, all of which are built here, and no text of the repository but
    templates and pages has its name, spelled in any way; what a framework reads by itself is left out.
    """
    if name in project.mentioned or _BY_FRAMEWORKS.search(name) or any(read.name == name for read in project.env_reads):
        return False
    services = [service for stack in project.stacks if stack.is_runnable_in_production for service in stack.services]
    takers = [service for service in services if service.env_files]
    if not takers or not all(service.build or service.is_datastore for service in takers):
        return False
    letters = re.sub(r"[^a-z0-9]", "", name.lower())
    return not any(letters in text for text in _letters(project))


@remembered
def _letters(project: Project) -> tuple[str, ...]:
    """Return the letters and digits of each text but templates, pages and what scaffold wrote."""
    skipped = {file.path for file in project.env_files} | {page.path for page in project.docs} | project.owned
    texts = (item.text for item in project.sources if item.path not in skipped)
    return tuple(re.sub(r"[^a-z0-9]", "", text.lower()) for text in texts)


def _shipped(project: Project, file: EnvFile, entries: list[EnvEntry], copies: tuple[Copy, ...]) -> _Shipped | None:
    """Return what of `entries` works: all that a script copies and none writes, else those whose value looks like a real one,
    else the stand-ins where a command copies them.
    """
    unwritten = [entry for entry in entries if not is_written(project, entry.name, _value(entry))]
    unattended = next((copy for copy in copies if copy.unattended), None)
    if unattended is not None and unwritten:
        return _Shipped(file, tuple(unwritten), unattended, all(_says_so(project, file, entry) for entry in unwritten))
    real = [entry for entry in entries if not _says_so(project, file, entry)]
    if real:
        return _Shipped(file, tuple(real), None)
    drawn = [entry for entry in entries if _is_drawn(entry) and not _SAYS_SO.search(_comments_above(project, file, entry))]
    if drawn:
        return _Shipped(file, tuple(drawn), None, told=True)
    by_hand = any(copy.by_hand for copy in copies)
    kept = [entry for entry in entries if _is_kept_stand_in(project, entry)] if by_hand else []
    return _Shipped(file, tuple(kept), None, stand_in=True) if kept else None


def _is_drawn(entry: EnvEntry) -> bool:
    """Whether the value of a key on which sessions hang was drawn at random: nothing in it reminds of the comment beside it."""
    value = _value(entry)
    return bool(_SESSIONS.search(entry.name)) and classify(value) is SecretClass.RANDOM and not _SAYS_SO.search(value)


def _is_kept_stand_in(project: Project, entry: EnvEntry) -> bool:
    """Whether a stand-in would be taken for a key: a cipher takes no text of any length, and code may ask for a longer one."""
    value = _value(entry)
    if classify(value) is not SecretClass.PLACEHOLDER or _OF_A_TRY.search(value) or not _SESSIONS.search(entry.name):
        return False
    name = re.sub(r"[^a-z0-9]", "", entry.name.lower())
    return not any(name in check for check in _checks_of_length(project))


@remembered
def _checks_of_length(project: Project) -> tuple[str, ...]:
    """Return the lines of code that ask how long a text is, their letters and digits alone."""
    code = (item.text for item in project.sources if item.path.endswith(_CODE) and _CHECKS.search(item.text))
    lines = (line for text in code for line in text.split("\n") if _CHECKS.search(line))
    return tuple(re.sub(r"[^a-z0-9]", "", line.lower()) for line in lines)


def _says_so(project: Project, file: EnvFile, entry: EnvEntry) -> bool:
    """Whether a value is a stand-in, or it or the comment above it says that it has to be changed."""
    value = _value(entry)
    stands_in = classify(value) is SecretClass.PLACEHOLDER
    return stands_in or bool(_SAYS_SO.search(value) or _SAYS_SO.search(_above(project, file, entry)))


def _value(entry: EnvEntry) -> str:
    """Return the value of an entry, or the default of its own name in it (`NAME=${NAME:-value}`)."""
    match = _OWN_DEFAULT.fullmatch(entry.value)
    return match["value"] if match and match["name"] == entry.name else entry.value


def _is_read_as_key(project: Project, name: str) -> bool:
    """Whether the code keeps a variable of any name as its signing key: `SECRET_KEY = os.getenv("SHOP_SECRET")`."""
    for read in known(_reads_by_name, project.env_reads).get(name, ()):
        lines = known(str.splitlines, project.source(read.location.path) or "")
        line = next(iter(lines[read.location.line - 1 : read.location.line]), "")
        if _KEPT.search(line[: read.location.column]):
            return True
    return False


def _reads_by_name(reads: tuple[EnvRead, ...]) -> dict[str, list[EnvRead]]:
    found: dict[str, list[EnvRead]] = {}
    for read in reads:
        found.setdefault(read.name, []).append(read)
    return found


def _lines(text: str) -> list[str]:
    return text.split("\n")


def _above(project: Project, file: EnvFile, entry: EnvEntry) -> str:
    """Return the comments right above an entry and beside its value."""
    lines = known(_lines, project.source(file.path) or "")
    beside = lines[entry.location.line - 1].partition(" #")[2] if entry.location.line <= len(lines) else ""
    return re.sub(re.escape(entry.name), "", f"{beside} {_comments_above(project, file, entry)}")


def _comments_above(project: Project, file: EnvFile, entry: EnvEntry) -> str:
    found = []
    lines = known(_lines, project.source(file.path) or "")
    for number in range(min(entry.location.line - 1, len(lines)) - 1, -1, -1):
        if not lines[number].lstrip().startswith("#"):
            break
        found.append(lines[number])
    return re.sub(re.escape(entry.name), "", " ".join(found))


# --- gaps -------------------------------------------------------------------------------------------------------------


def _key_gap(variants: list[_Shipped]) -> Gap:
    shipped = variants[0]
    path, copy = shipped.file.path, shipped.copy
    if copy is not None:
        how = f"{copy.location.path} copies it as it stands, nothing writes another one, and no code refuses it"
    elif shipped.stand_in:
        how = "no code refuses the stand-in, so who copies the template and forgets the line does not notice"
    elif shipped.told:
        how = (
            "a comment asks for another one and no code refuses this one, so who copies the template and overlooks the comment"
        )
        how = f"{how} does not notice"
    else:
        how = "who copies the template and goes on does not notice"
    what = f"{_paths(variants)} a value for {shipped.names} that works"
    return RULE.gap(
        resource=path,
        subject=shipped.entries[0].name,
        message=f"{what}: {how}, and the system runs with a key that everybody can read.",
        expected="an empty value, and a start that fails without one",
        actual=classify(_value(shipped.entries[0])).value,
        locations=_locations(variants),
        related=(copy.location,) if copy is not None else (),
        severity=_severity(shipped),
        confidence=Confidence.MEDIUM,
    )


def _severity(shipped: _Shipped) -> Severity:
    """High where an installation keeps a key on which sessions hang, low where somebody has to overlook a stand-in."""
    if shipped.copy is not None and shipped.copy.installs and any(_SESSIONS.search(entry.name) for entry in shipped.entries):
        return Severity.HIGH
    return Severity.LOW if shipped.stand_in or shipped.told else Severity.MEDIUM


def _paths(variants: list[_Shipped]) -> str:
    paths = listed((item.file.path for item in variants), shown=2)
    return f"{paths} {'ships' if len(variants) == 1 else 'ship'}"


def _locations(variants: list[_Shipped]) -> tuple[Location, ...]:
    return tuple(entry.location for item in variants for entry in item.entries)


def _login_gap(project: Project, variants: list[_Shipped]) -> Gap:
    shipped = variants[0]
    path, copy = shipped.file.path, shipped.copy
    places = _published(project, {entry.name for entry in shipped.entries})
    where = f", whose port is published on all interfaces ({places[0].path}:{places[0].line})" if places else ""
    how = f"{copy.location.path} copies it as it stands" if copy is not None else "who copies the template and goes on has it"
    return RULE.gap(
        resource=path,
        subject=shipped.entries[0].name,
        message=f"{_paths(variants)} {shipped.names}, the password of a first administrator{where}: {how}, and nothing refuses "
        "it.",
        expected="an empty value, and a reference that Compose refuses to start without (`${NAME:?}`)",
        actual=classify(_value(shipped.entries[0])).value,
        locations=_locations(variants),
        related=(*((copy.location,) if copy is not None else ()), *places[:1]),
        severity=Severity.HIGH if copy is not None and copy.installs and places else Severity.MEDIUM,
        confidence=Confidence.MEDIUM,
        closers=(
            Closer(
                None, "advice", "Leave the value empty, let the set-up draw one, and write `${NAME:?}` where Compose takes it."
            ),
        ),
    )


def _published(project: Project, names: set[str]) -> tuple[Location, ...]:
    """Return the ports on all interfaces of the services of production that get one of the variables."""
    return tuple(
        port.location
        for stack in project.stacks
        if stack.is_runnable_in_production
        for service in stack.services
        if any(entry.name in names or names & {item.name for item in entry.references} for entry in service.environment)
        for port in service.ports
        if port.host_ip in ALL_INTERFACES
    )


def _taken_gap(project: Project, file: EnvFile, taken: tuple[tuple[EnvEntry, Location], ...]) -> Gap:
    received = received_names(project, file)
    known = {entry.name for entry, _ in taken}
    others = [
        entry
        for entry in file.entries
        if entry.name in received - known and _is_value(entry) and not is_refused(project, _value(entry))
    ]
    first, names = taken[0][1], listed(entry.name for entry, _ in taken)
    along = f"; it may run with {listed(entry.name for entry in others)} of the same template too" if others else ""
    return RULE.gap(
        resource=file.path,
        subject=taken[0][0].name,
        message=f"{first.path} logs in with the stand-in that {file.path} shows for {names}: the running system was "
        f"set up with the template as it stands, and everybody can read it{along}.",
        expected="values that were drawn for the system, and scripts that read them from its env file",
        actual=SecretClass.PLACEHOLDER.value,
        locations=tuple(place for _, place in taken),
        related=tuple(entry.location for entry in (*(entry for entry, _ in taken), *others)),
        # Whether the store of that host can be reached stands elsewhere.
        severity=Severity.MEDIUM if all(names_store(entry.name) for entry, _ in taken) else Severity.HIGH,
        confidence=Confidence.MEDIUM,
        closers=(
            Closer(
                None,
                "advice",
                "Draw each value anew, change it in the running system, read it in scripts from the env file, and end the "
                "start where a stand-in is set.",
            ),
        ),
    )


def _known_gap(fact: CodeFact) -> Gap:
    path = fact.location.path
    return RULE.gap(
        resource=path,
        subject=f"known/{fact.detail}",
        message=f"{path} finds out that {fact.detail} has a default that everybody can read, and only warns: the program goes "
        "on with that key, so that anybody can make what it signs.",
        expected="a start that ends, or a key drawn at random, where the key is a known one",
        actual="a warning",
        locations=(fact.location,),
        confidence=Confidence.MEDIUM,
        closers=(Closer(None, "advice", "End the process in this branch, or draw a key at random as long as none is set."),),
    )


RULE = Rule(
    code="SEC009",
    name="template-ships-a-signing-key",
    layer=Layer.SECRETS,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Leave the value empty and write the command that makes one above it; refuse short and known keys at start.",
        ),
    ),
)
