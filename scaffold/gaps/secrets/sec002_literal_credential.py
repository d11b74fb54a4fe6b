"""SEC002: a credential stands in a compose file or in a tracked env file."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import every_stack, once
from scaffold.gaps.secrets.absent_feature import absent_feature
from scaffold.gaps.secrets.absent_store import opens_absent_store
from scaffold.gaps.secrets.beside import credentials_beside
from scaffold.gaps.secrets.credentials import Credential, CredentialGroup, credential_groups, store_without_default
from scaffold.gaps.secrets.env_file_credentials import (
    Excuse,
    credential_in,
    environment_of,
    excuse_of,
    is_of_a_system,
    literal_credentials,
)
from scaffold.gaps.secrets.opened import doubt
from scaffold.gaps.secrets.refused import refused_by_schema, too_short
from scaffold.gaps.secrets.shown_values import shown_values
from scaffold.gaps.secrets.typed import typed_credentials
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import EnvironmentClass, Layer, Room, Severity
from scaffold.model.project import EnvFile, Project
from scaffold.model.regex import regex
from scaffold.model.secrets import classify

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
    refusal = _refusal(project, group)
    unused = _unused(project, group, refusal)
    hashed = _of_a_hash(project, group.owner)
    lowered = unused or _for_whom(project, group)
    effect = hashed[0] if hashed else lowered or "who can read the repository can use it"
    severity = Severity.LOW if unused else Severity.MEDIUM if lowered or (hashed and not hashed[1]) else Severity.HIGH
    return RULE.gap(
        resource=group.stack.resource(owner.service.name),
        subject=owner.key if owner.key in _PLACES else f"environment/{owner.key}",
        message=f"{owner.service.name} has a credential in {where} ({owner.value_class.value}){places}: {effect}.",
        expected="a reference to a variable that an env file outside git sets, or a secret",
        actual=owner.value_class.value,
        locations=group.locations,
        related=(refusal,) if refusal else (),
        severity=severity,
        environment=group.stack.environment,
    )


def _unused(project: Project, group: CredentialGroup, refusal: Location | None) -> str:
    """Return why the credential opens nothing, in words, "" where it may."""
    if group.opens_absent_file(project.present):
        return "it opens a file that is not in the repository"
    if group.stands_in:
        return "a stand-in for what another party issues, so what needs it fails"
    feature = absent_feature(project, group)
    if feature:
        return f"its configuration has no {feature}, so nothing reads it yet"
    if refusal:
        return f"{refusal.path}:{refusal.line} refuses it, so the container starts, and ends at once"
    asked = store_without_default(group)
    if asked:
        return f"the store that it would open takes its password from {asked.references[0].name}, which has no default"
    nowhere = opens_absent_store(group, project.stacks)
    return "no service here is the store that it opens, and no address outside is named" if nowhere else ""


def _for_whom(project: Project, group: CredentialGroup) -> str:
    """Return why it opens nothing for who is outside as far as the files show, in words, "" where it does."""
    if group.opens_hidden_store(project.stacks):
        return "no port of the store is published, so it helps who is already inside"
    unseen = doubt(project, group)
    return f"who can read the repository has it{unseen}" if unseen else ""


def _of_a_hash(project: Project, owner: Credential) -> tuple[str, bool] | None:
    """Return what follows from the hash of a password, and whether the password stands above it; None for what is no hash."""
    if not _HASH.match(owner.value):
        return None
    if _shows_clear_text(project, owner.location):
        return (
            "it is the hash of a password, which the comment above it shows: whoever copies the file has the same login",
            True,
        )
    return "it is the hash of a password, which whoever has the file can guess for as long as it takes", False


def _refusal(project: Project, group: CredentialGroup) -> Location | None:
    """Return where the code of the application refuses the value; what a store takes is no matter of code."""
    if any(item.service.is_datastore or item.host for item in group.places):
        return None
    short = too_short(project, group)
    return short.location if short and short.known else refused_by_schema(project, group.keys, group.owner.value)


def _shows_clear_text(project: Project, place: Location) -> bool:
    lines = (project.source(place.path) or "").split("\n")
    return 1 < place.line <= len(lines) and bool(_CLEAR_TEXT.search(lines[place.line - 2]))


def _of_file(project: Project, file: EnvFile) -> Iterator[Gap]:
    groups = literal_credentials(project, file)
    if not groups:
        return
    entries = [entry for group in groups.values() for entry in group]
    classes = dict.fromkeys(classify(credential_in(group[0])).value for group in groups.values())
    names = frozenset(entry.name for entry in entries)
    excuse = excuse_of(project, file, names)
    opens = is_of_a_system(project, file, names) and not excuse.says_something
    yield RULE.gap(
        resource=file.path,
        subject="credentials",
        message=f"{file.path} is tracked and holds credentials ({', '.join(entry.name for entry in entries)}): "
        f"who can read the repository can use them{_told(excuse)}.",
        expected="a template with stand-ins, and the values outside git",
        actual=", ".join(classes),
        locations=tuple(sorted((entry.location for entry in entries), key=Location.sort_key)),
        severity=Severity.HIGH if opens else Severity.MEDIUM,
        environment=environment_of(project, file),
    )


def _told(excuse: Excuse) -> str:
    """Return what lowers the severity in words, the first that does, "" where nothing does."""
    template, own, place = excuse.template, excuse.own, excuse.exported
    reasons = (
        f"{template.path} shows the same values" if template else "",
        "its head says that they are defaults, to be changed" if excuse.by_its_head else "",
        "stand-ins beside them show that people fill the file in" if excuse.is_form else "",
        "each is a stand-in, and who leaves it as it is runs with it" if excuse.stand_ins else "",
        "each repeats the name beside it, and no service here gets it" if excuse.repeats_names else "",
        f"{own.name} says that the file is for one's own machine" if own else "",
        f"{place.path}:{place.line} exports others over them for production" if place else "",
    )
    return next((f"; {reason}" for reason in reasons if reason), "")


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
