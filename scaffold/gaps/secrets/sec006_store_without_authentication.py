"""SEC006: a store answers everybody who reaches it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from scaffold.gaps.facts import ALL_INTERFACES, every_stack, once, store_port_is_open
from scaffold.model.compose import EnvValue, Mount, Service, Stack
from scaffold.model.document import Location, scalars_of
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Role, Severity
from scaffold.model.probes import known_image, requires_password
from scaffold.model.project import Project
from scaffold.model.regex import regex
from scaffold.model.values import means_true

_VARIABLE = regex(r"\$\{?[A-Za-z_]\w*(?::?[-?+][^}]*)?\}?")
_LITERAL = "authentication/literal-variable"
_OTHER_LOGINS = frozenset({"aclfile", "user", "include"})
"""Directives by which a login may come from elsewhere."""
_EMPTY_PASSWORD = regex(r"--requirepass[= ]+[\"']?\$\{(?P<name>[A-Za-z_]\w*):?-\}")
_CONFIG = regex(r"redis|valkey|\.conf$")


def _detect(project: Project) -> Iterator[Gap]:
    return iter(once(gap for stack in every_stack(project) for gap in _of_stack(project, stack)))


def _of_stack(project: Project, stack: Stack) -> Iterator[Gap]:
    for service in stack.services:
        emptied = _empty_by_default(service)
        found = _reason(project, service)
        if emptied is not None and not _is_set_elsewhere(project, emptied[0]):
            shown = _commented(project, emptied[0])
            out = f", and {shown.path} has it in a comment" if shown else ""
            why = f"its password is {emptied[0]}, which is empty where nobody sets it{out}"
            yield _gap(stack, service, ("authentication", why, emptied[1]), shown)
        elif found:
            yield _gap(stack, service, found, None)


def _empty_by_default(service: Service) -> tuple[str, Location] | None:
    """Return the variable behind the password of a store that starts with none where it is not set, and its place."""
    if service.build:
        return None
    if service.role is Role.REDIS:
        words = (*(service.entrypoint or ()), *(service.command or ()))
        is_empty = any(word == "--requirepass" and not value for word, value in itertools.pairwise(words))
        raw = " ".join(item.raw for item in scalars_of(service.node.get("command")))
        match = _EMPTY_PASSWORD.search(raw) if is_empty else None
        place = service.command_location or service.location
        return (match["name"], place) if match else None
    if service.role is Role.MONGO and not service.command:
        login = [service.env(f"MONGO_INITDB_ROOT_{part}") for part in ("USERNAME", "PASSWORD")]
        emptied = [entry for entry in login if entry is not None and _is_empty_by_default(entry)]
        return (emptied[1].references[0].name, emptied[1].location) if len(emptied) == 2 else None
    return None


def _is_empty_by_default(entry: EnvValue) -> bool:
    return not entry.value and len(entry.references) == 1 and entry.references[0].has_default


def _is_set_elsewhere(project: Project, name: str) -> bool:
    """Whether an env file, a script or a workflow sets the variable, or a template has people fill it in."""
    files = (file for file in (*project.env_files, *project.written_env_files) if file.environment not in {"dev", "test"})
    if any(entry.name == name and not entry.commented for file in files for entry in file.entries):
        return True
    written = re.compile(rf"(?<![\w$]){re.escape(name)}=")
    return any(written.search(command.text) for command in project.commands)


def _commented(project: Project, name: str) -> Location | None:
    templates = (file for file in project.env_files if file.kind == "template")
    return next((entry.location for file in templates for entry in file.entries if entry.name == name), None)


def _reason(project: Project, service: Service) -> tuple[str, str, Location] | None:
    """Return the subject, why the store is open and where that stands, or None."""
    for name, is_open, why in _SWITCHES:
        entry = service.env(name)
        if entry is not None and entry.value is not None and is_open(entry.value):
            return f"environment/{name}", why, entry.location
    if service.role is Role.REDIS and not service.build:
        return _redis(project, service)
    known = None if service.made else known_image(service.image)
    if known and known.facts.family == "chroma" and store_port_is_open(service):
        place = service.image_location or service.location
        return "authentication", "Chroma has no authentication of its own, and its port is published", place
    if (
        service.role is Role.MONGO
        and known
        and not service.command
        and not any("MONGO_INITDB_ROOT" in e.name for e in service.environment)
    ):
        return (
            "authentication",
            "no root user is set, so MongoDB starts without access control",
            service.image_location or service.location,
        )
    return None


def _redis(project: Project, service: Service) -> tuple[str, str, Location] | None:
    known = known_image(service.image)
    words = " ".join((*(service.entrypoint or ()), *(service.command or ())))
    # An own start script or an image that is not in the table may well set a password.
    is_plain = not words or re.match(r"(?:\S*/)?(?:redis|valkey)-server\b", words)
    if known is None or requires_password(service) or not is_plain:
        return None
    configured = [mount for mount in service.mounts if _CONFIG.search(mount.target) and not mount.target.startswith("/data")]
    if configured or ".conf" in words:
        return _configured(project, configured)
    place = service.command_location or service.image_location or service.location
    return "authentication", "neither requirepass nor an ACL is set", place


def _configured(project: Project, mounts: list[Mount]) -> tuple[str, str, Location] | None:
    """Return why a Redis is open by its configuration, where that is one file of the repository that takes in no other."""
    files = [file for file in project.mounted if mounts and file.path == mounts[0].resolved and not file.template]
    if len(mounts) != 1 or not files:
        return None
    path, lines = files[0].path, files[0].data.decode("utf-8", "replace").splitlines()
    said = [
        (number, line.split()) for number, line in enumerate(lines, 1) if line.strip() and not line.lstrip().startswith("#")
    ]
    names = {words[0].lower() for _, words in said}
    passwords = [(number, words[1].strip("\"'")) for number, words in said if words[0].lower() == "requirepass" and words[1:]]
    if passwords and (match := _VARIABLE.fullmatch(passwords[-1][1])) and not names & _OTHER_LOGINS:
        why = f"Redis replaces no variables in {path}, so that its password is the text {match[0]} itself, not the value"
        return _LITERAL, why, Location(path, passwords[-1][0])
    closed = ["protected-mode", "yes"] in [[word.lower() for word in words] for _, words in said]
    if closed or names & {"requirepass", "bind", *_OTHER_LOGINS}:
        return None
    return "authentication", f"{path} sets neither requirepass nor an ACL", mounts[0].location


def _gap(stack: Stack, service: Service, found: tuple[str, str, Location], shown: Location | None) -> Gap:
    subject, why, place = found
    is_open = store_port_is_open(service)
    ports = tuple(port.location for port in service.ports) if is_open else ()
    how = "with a password that the repository tells" if subject == _LITERAL else "without a login"
    reach = "everybody who reaches the host" if is_open else "every container of its network"
    if not is_open and any(port.drawn and port.host_ip in ALL_INTERFACES for port in service.ports):
        reach += ", and whoever finds the port that Docker draws for it on the host,"
    return RULE.gap(
        resource=stack.resource(service.name),
        subject=subject,
        message=f"{service.name} takes commands from {reach} {how}: {why}.",
        expected="a password or an ACL from a secret",
        actual=why,
        locations=(place,),
        related=(*ports, *((shown,) if shown else ())),
        severity=Severity.HIGH if is_open else Severity.MEDIUM,
        environment=stack.environment,
    )


_SWITCHES = (
    ("POSTGRES_HOST_AUTH_METHOD", lambda value: value.strip() == "trust", "POSTGRES_HOST_AUTH_METHOD is trust"),
    ("xpack.security.enabled", lambda value: value.strip().lower() == "false", "xpack.security.enabled is false"),
    ("DISABLE_SECURITY_PLUGIN", means_true, "the security plugin is disabled"),
    ("ALLOW_EMPTY_PASSWORD", means_true, "empty passwords are allowed"),
    ("MYSQL_ALLOW_EMPTY_PASSWORD", lambda value: bool(value.strip()), "empty passwords are allowed"),
    ("MARIADB_ALLOW_EMPTY_ROOT_PASSWORD", lambda value: bool(value.strip()), "empty passwords are allowed"),
    (
        "EVENTSTORE_INSECURE",
        means_true,
        "EVENTSTORE_INSECURE switches TLS and every login off",
    ),
    ("AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED", means_true, "anonymous access is enabled"),
)

RULE = Rule(
    code="SEC006",
    name="store-without-authentication",
    layer=Layer.SECRETS,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(
        Closer(None, "advice", "Set a password from a secret and put it into the clients' URLs; keep the port off the host."),
    ),
)
