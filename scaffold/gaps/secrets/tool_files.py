"""Credentials in configuration files that containers read: what tools and applications take from there."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import every_stack, is_test_path, listed
from scaffold.gaps.secrets.credentials import OTHER_PARTY
from scaffold.gaps.secrets.first_logins import makes_logins
from scaffold.model.compose import Mount, Service, Stack
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.known import below, known
from scaffold.model.names import EnvironmentClass, Severity
from scaffold.model.project import MountedFile, Project
from scaffold.model.regex import regex
from scaffold.model.secret_names import is_sensitive_name
from scaffold.model.secrets import SecretClass, classify

_ENDINGS = (
    *(".toml", ".ini", ".conf", ".cfg", ".cnf", ".config", ".properties", ".acl"),
    *(".yml", ".yaml", ".json", ".json5", ".xml", ".txt", ".jcfg", ".hcl"),
)
_OF_CONFIGURATION = ("/etc/", "/conf", "/settings")
"""What the place of a mounted folder holds where its files are configuration, and neither code nor texts for people."""
_FOR_PEOPLE = regex(
    r"(?:^|/)(?:locales?|i18n|lang(?:uages?)?|translations?|messages|public|static|assets)/|openapi|swagger|asyncapi",
)
_VALUE = (
    r"(?:\"(?P<double>[^\"\n]{1,300})\"|'(?P<single>[^'\n]{1,300})'"
    r"|(?P<bare>[^\s\"'#,;{}\[\]<>|&*!][^\s\"'#,;{}\[\]<>]{0,300}))"
)
_ASSIGNED = regex(
    rf"^[ \t]*(?:-[ \t]+)?[\"']?(?P<name>[A-Za-z][\w.\-]{{2,60}})[\"']?[ \t]*(?:=>|[:=])[ \t]*{_VALUE}"
    r"(?:[ \t]*[,;])?[ \t]*(?:(?:#|;|//)[^\n]*)?\r?$"
)
_DIRECTIVE = regex(
    rf"^[ \t]*(?P<name>sentinel[ \t]+auth-pass(?=[ \t]+\S+[ \t]+)|remote_password|[Hh]ttp_[Pp]asswd)"
    rf"(?:(?<=auth-pass)[ \t]+\S+)?[ \t]+{_VALUE}[ \t]*\r?$"
)
_HEADER = regex(
    r"^[ \t]*(?:proxy_set_header|header_up|(?:http-request[ \t]+)?set-header)[ \t]+"
    r"(?P<name>Authorization|X-Api-Key|X-[\w-]*(?:Token|Secret))"
    r"[ \t]+[\"']?(?:(?:Basic|Bearer)[ \t]+)?(?P<bare>[^\s\"'${}%;]{8,500})[\"']?(?:[ \t]*;)?[ \t]*\r?$",
)
_ELEMENT = regex(r"^[ \t]*<(?P<name>[A-Za-z][\w.\-]{2,60})>(?P<bare>[^<>\s]{1,300})</")
_LOGIN = regex(r"^[ \t]*\"(?P<name>[^\"\n]{1,60})\"[ \t]+\"(?P<bare>[^\"\n]{1,300})\"")
"""A line of pgbouncer's list of users (pgbouncer.org, userlist.txt): a hash of md5 logs in as well as the password."""
_KEY_OF_SERVER = regex(r"^[ \t]+(?P<name>[\w-]{3,40}):[ \t]*[\"']?(?P<bare>[A-Za-z0-9+/=_-]{16,200})[\"']?[ \t]*\r?$")
_KEY_OF_CONSUMER = regex(r"^[ \t]*-[ \t]+(?P<name>key):[ \t]*[\"']?(?P<bare>[^\s\"'${}<>]{8,2000})[\"']?[ \t]*\r?$")
_COUNTED = frozenset({SecretClass.WEAK, SecretClass.LITERAL, SecretClass.RANDOM, SecretClass.PLACEHOLDER})
_ELSEWHERE = ("$", "{{", "%(", "<", "@@", "env:", "ENC[", "vault:", "file:")
_LONGEST = 200_000
"""Characters of a file of settings; a larger one holds data."""


def tool_credentials(project: Project, rule: Rule) -> Iterator[Gap]:
    """Yield one gap of `rule` for each configuration file that a service reads and that holds credentials itself."""
    told = {item.path for item in project.prometheus} | {item.location.path for item in project.settings} | project.owned
    told |= {file.path for file in project.env_files} | {item.path for item in project.secret_files}
    seen: set[str] = set()
    # A file that several stacks mount is told where it matters most.
    for stack in sorted(every_stack(project), key=lambda stack: stack.environment is not EnvironmentClass.PRODUCTION):
        for service in stack.services:
            for mount, item in _files(project, service):
                if item.path in told or item.path in seen or is_test_path(item.path):
                    continue
                found = _credentials(stack, item)
                if found:
                    seen.add(item.path)
                    yield _gap(stack, service, mount, found, rule)


def _files(project: Project, service: Service) -> Iterator[tuple[Mount, MountedFile]]:
    image = service.image.name if service.image else ""
    for mount in service.mounts:
        source, target = mount.resolved, mount.target or ""
        if not source or makes_logins(image, target):
            continue
        of_configuration = any(word in target for word in _OF_CONFIGURATION)
        by_path = known(_by_path, project.mounted)
        inside = below(known(tuple, by_path), source) if of_configuration else ()
        for path in (source, *inside):
            item = by_path.get(path)
            if item is not None and item.path.endswith(_ENDINGS) and not item.template:
                yield mount, item


def _by_path(files: tuple[MountedFile, ...]) -> dict[str, MountedFile]:
    return {item.path: item for item in files}


def _credentials(stack: Stack, item: MountedFile) -> list[tuple[str, str, Location]]:
    """Return the name of each credential with the class of its value and its place, without those that variables show too."""
    if len(item.data) > _LONGEST or _FOR_PEOPLE.search(item.path):
        return []
    known = {entry.value for other in stack.services for entry in other.environment if entry.value and not entry.references}
    found = []
    for number, name, value in _values(item.path.rpartition("/")[2], item.data.decode("utf-8", "replace")):
        if value not in known and _is_credential(name, value):
            found.append((name, classify(value).value, Location(item.path, number)))
    return found


def _is_credential(name: str, value: str) -> bool:
    if any(mark in value for mark in _ELSEWHERE) or " " in value.strip():
        return False
    found = classify(value)
    # A stand-in for what another party issues opens nothing: what needs it fails.
    stands_in = found in {SecretClass.PLACEHOLDER, SecretClass.WEAK} and OTHER_PARTY.search(name.upper())
    return found in _COUNTED and not stands_in


def _values(base: str, text: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, name and value of what a file of this name gives that may be a credential by its name or its place."""
    in_keys = is_livekit = "livekit" in base
    of_kong = "keyauth_credentials" in text
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line.lstrip().startswith(("#", ";", "//", "!")):
            continue
        if is_livekit and not line.startswith((" ", "\t")):
            in_keys = line.startswith("keys:")
        match = _ASSIGNED.match(line) or _ELEMENT.match(line)
        if match and is_sensitive_name(match["name"]):
            yield number, match["name"], _value(match.groupdict())
            continue
        places = (
            (_DIRECTIVE, "pass" in line),
            (_HEADER, "eader" in line),
            (_LOGIN, base == "userlist.txt"),
            (_KEY_OF_SERVER, is_livekit and in_keys),
            (_KEY_OF_CONSUMER, of_kong),
        )
        special = next((found for pattern, asked in places if asked and (found := pattern.match(line))), None)
        if special:
            yield number, special["name"], _value(special.groupdict())


def _value(groups: dict[str, str | None]) -> str:
    return groups.get("double") or groups.get("single") or groups.get("bare") or ""


def _gap(stack: Stack, service: Service, mount: Mount, found: list[tuple[str, str, Location]], rule: Rule) -> Gap:
    path = found[0][2].path
    classes = list(dict.fromkeys(kind for _, kind, _ in found))
    return rule.gap(
        # The stack's own: what is said of its files, that they are for development, holds for this too.
        resource=stack.resource(service.name),
        subject=f"settings/{path}",
        message=f"{path}, which {service.name} reads, holds {listed(name for name, _, _ in found)} with the value "
        f"({', '.join(classes)}): who can read the repository has it, and no variable changes it.",
        expected="a value from the environment or a secret file, or a file that is rendered where the service starts",
        actual=", ".join(classes),
        locations=(mount.location, *dict.fromkeys(place for _, _, place in found)),
        severity=Severity.MEDIUM,
        environment=stack.environment,
        closers=(
            Closer(
                None,
                "advice",
                "Take the value from a variable or a secret file that the tool knows, else render the file as the service "
                "starts; then change the value: history keeps the old one.",
            ),
        ),
    )
