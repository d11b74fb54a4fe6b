"""SEC002: a credential stands in a compose file or in a tracked env file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scaffold.gaps.facts import every_stack, once, path_environment
from scaffold.gaps.secrets.absent_feature import absent_feature
from scaffold.gaps.secrets.absent_store import opens_absent_store
from scaffold.gaps.secrets.beside import credentials_beside
from scaffold.gaps.secrets.credentials import CredentialGroup, credential_groups, fills_a_field, store_without_default
from scaffold.gaps.secrets.defaults import is_to_be_filled, made_by_framework, says_to_change, template_with_the_same
from scaffold.gaps.secrets.exported import replaced_at
from scaffold.gaps.secrets.own_machine import of_the_own_machine
from scaffold.gaps.secrets.refused import is_refused, refused_by_schema
from scaffold.gaps.secrets.sec009_template_ships_a_signing_key import SIGNING
from scaffold.gaps.secrets.shown_values import shown_values
from scaffold.gaps.secrets.typed import typed_credentials
from scaffold.model.document import Location, scalars_in
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import TRIED, EnvironmentClass, Layer, Room, Severity
from scaffold.model.project import EnvEntry, EnvFile, Project
from scaffold.model.regex import regex
from scaffold.model.secret_names import is_sensitive_name
from scaffold.model.secrets import SecretClass, classify, counts, holds_secret, url_host, url_password

_PLACES = {"command": "its command line", "healthcheck": "its healthcheck"}
_PLAIN_ADDRESS = regex(r"[a-z][\w+.-]*://[^@\s?]*")
"""A data source name without user, password or parameters: it says where something is, and opens nothing."""
_HASH = regex(r"\$\$?2[abxy]\$\$?\d\d\$")
"""How bcrypt begins; Compose writes each dollar twice."""
_CLEAR_TEXT = regex(r"(?i)^\s*#[^\n]{0,200}?\bpassword\b[^\n]{0,200}?[\"'`(]\s*[\w!@#%&*.-]{4,40}\s*[\"'`)]")
"""A comment on a password that shows one."""
_CLASSES = {"dev": EnvironmentClass.DEV, "test": EnvironmentClass.TEST, "staging": EnvironmentClass.STAGING}


def _detect(project: Project) -> Iterator[Gap]:
    groups = (group for stack in every_stack(project) for group in credential_groups(stack, "literal"))
    yield from once(_of_group(project, group) for group in groups)
    for file in project.env_files:
        if file.kind == "real":
            yield from _of_file(project, file)
    yield from credentials_beside(project, RULE)
    yield from typed_credentials(project, RULE)
    yield from shown_values(project, RULE)
    if project.mounted:
        from scaffold.gaps.secrets.first_logins import first_logins
        from scaffold.gaps.secrets.tool_files import tool_credentials

        yield from first_logins(project, RULE)
        yield from tool_credentials(project, RULE)


def _of_group(project: Project, group: CredentialGroup) -> Gap:
    owner = group.owner
    count = len(group.locations)
    where = " and ".join(_PLACES.get(key, key) for key in group.keys) + ("" if len(group.keys) > 1 else " itself")
    places = f", in {count} places" if count > 1 else ""
    effect = "who can read the repository can use it"
    nowhere = opens_absent_store(group, project.stacks)
    hidden = group.opens_hidden_store(project.stacks)
    feature = absent_feature(project, group)
    refusal = _refusal(project, group)
    asked = store_without_default(group)
    if absent := group.opens_absent_file(project.present):
        effect = "it opens a file that is not in the repository"
    elif group.stands_in:
        effect = "a stand-in for what another party issues, so what needs it fails"
    elif feature:
        effect = f"its configuration has no {feature}, so nothing reads it yet"
    elif refusal:
        effect = f"{refusal.path}:{refusal.line} refuses it, so the container starts, and ends at once"
    elif asked:
        effect = f"the store that it would open takes its password from {asked.references[0].name}, which has no default"
    elif nowhere:
        effect = "no service here is the store that it opens, and no address outside is named"
    elif hidden:
        effect = "no port of the store is published, so it helps who is already inside"
    hashed = bool(_HASH.match(owner.value))
    shown = hashed and _shows_clear_text(project, owner.location)
    if hashed:
        effect = "it is the hash of a password, which " + (
            "the comment above it shows: whoever copies the file has the same login"
            if shown
            else "whoever has the file can guess for as long as it takes"
        )
    return RULE.gap(
        resource=group.stack.resource(owner.service.name),
        subject=owner.key if owner.key in _PLACES else f"environment/{owner.key}",
        message=f"{owner.service.name} has a credential in {where} ({owner.value_class.value}){places}: {effect}.",
        expected="a reference to a variable that an env file outside git sets, or a secret",
        actual=owner.value_class.value,
        locations=group.locations,
        related=(refusal,) if refusal else (),
        severity=Severity.LOW
        if absent or group.stands_in or nowhere or feature or refusal or asked
        else Severity.MEDIUM
        if hidden or (hashed and not shown)
        else Severity.HIGH,
        environment=group.stack.environment,
    )


def _refusal(project: Project, group: CredentialGroup) -> Location | None:
    """Return where the code of the application refuses the value; what a store takes is no matter of code."""
    if any(item.service.is_datastore or item.host for item in group.places):
        return None
    return refused_by_schema(project, group.keys, group.owner.value)


def _shows_clear_text(project: Project, place: Location) -> bool:
    lines = (project.source(place.path) or "").split("\n")
    return 1 < place.line <= len(lines) and bool(_CLEAR_TEXT.search(lines[place.line - 2]))


def environment_of(project: Project, file: EnvFile) -> EnvironmentClass:
    """Return the environment class that the name of an env file says, else that of its folder: `.devcontainer`, `tests`; else
    the one class, of tests or of development, of all stacks whose services name the file.
    """
    named = _CLASSES.get(file.environment)
    said = named if named is not None else path_environment(file.path.rpartition("/")[0])
    # The code of frameworks reads a plain `.env` by itself, whichever stack names it too.
    if said is not EnvironmentClass.BASE or file.environment or file.path.rpartition("/")[2] == ".env":
        return said
    takers = {
        stack.environment
        for stack in project.stacks
        if any(file.path == path for service in stack.services for path, _ in service.env_files)
    }
    return next(iter(takers)) if len(takers) == 1 and takers <= TRIED else said


def are_stand_ins(file: EnvFile, names: Iterable[str]) -> bool:
    """Whether each of these credentials of a file is a stand-in that says so: services may run with it, and nobody drew it for
    a system. With a key that signs, whoever knows the stand-in is everybody's user.
    """
    held = frozenset(names)
    if any(SIGNING.search(name) for name in held):
        return False
    values = [_held(entry) for entry in file.entries if entry.name in held and not entry.commented]
    return bool(values) and all(classify(value) is SecretClass.PLACEHOLDER for value in values)


def literal_credentials(project: Project, file: EnvFile) -> dict[str, tuple[EnvEntry, ...]]:
    """Return the entries of an env file that hold a credential, by the name of the first one; a stand-in is one where it is
    what a service runs with.
    """
    runtime = _runtime_names(project, file)
    by_value: dict[str, list[EnvEntry]] = {}
    made = made_by_framework(project, file)
    for entry in file.entries:
        if entry.name in made:
            continue
        runs = entry.name in runtime and not _is_refused(project, entry.value)
        value = None if entry.commented else _credential(entry, placeholders=runs)
        if value is not None:
            by_value.setdefault(value, []).append(entry)
    return {entries[0].name: tuple(entries) for entries in by_value.values()}


def repeats_names(project: Project, file: EnvFile, names: frozenset[str]) -> bool:
    """Whether each of these credentials of a file is the text of another line, such as the user's name, so that nobody drew it
    for a system, and no service of production gets it from the file.
    """
    entries = [entry for entry in file.entries if not entry.commented]
    plain = {entry.value for entry in entries if entry.name not in names and not is_sensitive_name(entry.name)}
    repeated = bool(names) and all(entry.value in plain for entry in entries if entry.name in names)
    return repeated and names.isdisjoint(_runtime_names(project, file))


def _runtime_names(project: Project, file: EnvFile) -> frozenset[str]:
    """Return the variables that services of production get from this file: by env_file, or as the project directory's .env."""
    names: set[str] = set()
    for stack in project.stacks:
        if not stack.is_runnable_in_production:
            continue
        if any(file.path == path for service in stack.services for path, _ in service.env_files):
            names |= {entry.name for entry in file.entries}
        elif file.path == (f"{stack.directory}/.env" if stack.directory else ".env"):
            scalars = (scalar for service in stack.services for scalar in scalars_in(service.node))
            names |= {reference.name for scalar in scalars for reference in scalar.references}
    # Code that refuses the stand-in does not run with it.
    return frozenset(names - {setting.name for setting in project.settings if setting.guarded})


def _is_refused(project: Project, value: str) -> bool:
    return classify(value) is SecretClass.PLACEHOLDER and is_refused(project, value)


_KEY_FILE = regex(r"[%\w./@~-]{0,200}/[\w.-]{1,100}\.(?:pem|key|crt|p12|pfx|jks)")
"""Where a key lies, which is no key."""


def _credential(entry: EnvEntry, *, placeholders: bool) -> str | None:
    password = url_password(entry.value)
    if password is not None and "$" not in password:
        return (
            password
            if url_host(entry.value) not in {"localhost", "127.0.0.1"} and counts(password, placeholders=placeholders)
            else None
        )
    if entry.name.endswith("DSN") and _PLAIN_ADDRESS.fullmatch(entry.value):
        return None
    if _KEY_FILE.fullmatch(entry.value) or fills_a_field(entry.name, entry.value):
        return None
    if "$" in entry.value or not holds_secret(entry.name, entry.value) or not counts(entry.value, placeholders=placeholders):
        return None
    # A provider's key has a rule of its own (SEC004).
    return None if classify(entry.value) is SecretClass.PROVIDER_KEY else entry.value


def _held(entry: EnvEntry) -> str:
    """Return what of an entry is the credential: the password of a URL, else the value."""
    return url_password(entry.value) or entry.value


def _of_file(project: Project, file: EnvFile) -> Iterator[Gap]:
    groups = literal_credentials(project, file)
    if not groups:
        return
    entries = [entry for group in groups.values() for entry in group]
    classes = dict.fromkeys(classify(_held(group[0])).value for group in groups.values())
    template = template_with_the_same(project, file, tuple(entries))
    shipped = says_to_change(project, file)
    same = f"; {template.path} shows the same values" if template else ""
    same = same or ("; its head says that they are defaults, to be changed" if shipped else "")
    unfilled = is_to_be_filled(file, (entry.name for entry in entries))
    same = same or ("; stand-ins beside them show that people fill the file in" if unfilled else "")
    stand_in = are_stand_ins(file, (entry.name for entry in entries))
    same = same or ("; each is a stand-in, and who leaves it as it is runs with it" if stand_in else "")
    repeated = repeats_names(project, file, frozenset(entry.name for entry in entries))
    same = same or ("; each repeats the name beside it, and no service here gets it" if repeated else "")
    own = of_the_own_machine(file)
    same = same or (f"; {own.name} says that the file is for one's own machine" if own else "")
    place = replaced_at(project, file.path, groups)
    same = same or (f"; {place.path}:{place.line} exports others over them for production" if place else "")
    yield RULE.gap(
        resource=file.path,
        subject="credentials",
        message=f"{file.path} is tracked and holds credentials ({', '.join(entry.name for entry in entries)}): "
        f"who can read the repository can use them{same}.",
        expected="a template with stand-ins, and the values outside git",
        actual=", ".join(classes),
        locations=tuple(sorted((entry.location for entry in entries), key=Location.sort_key)),
        severity=Severity.MEDIUM if template or shipped or unfilled or stand_in or repeated or own or place else Severity.HIGH,
        environment=environment_of(project, file),
    )


RULE = Rule(
    code="SEC002",
    name="literal-credential",
    layer=Layer.SECRETS,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(
        Closer(Room.EDITS, "edit"),
        Closer(
            None,
            "advice",
            "Replace the value by a reference, set it outside git, and change the credential: history keeps the old one.",
        ),
    ),
)
