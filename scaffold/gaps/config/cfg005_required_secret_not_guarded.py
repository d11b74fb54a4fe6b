"""CFG005: an unset secret becomes an empty text, because its reference has neither a default nor a guard."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import in_words, judged_stacks, once
from scaffold.gaps.network.net001_store_port_on_all_interfaces import open_ports
from scaffold.model.compose import EnvValue, Service, Stack
from scaffold.model.document import Location, scalars_in
from scaffold.model.env_templates import template_of
from scaffold.model.environment import is_issued
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.label_routes import label_route
from scaffold.model.names import DATASTORES, Cause, Confidence, Layer, Role, Room, Severity
from scaffold.model.project import EnvEntry, EnvFile, Project
from scaffold.model.regex import regex
from scaffold.model.secret_names import is_sensitive_name

_OPTIONAL = regex(r"(?i)\boptional\b")
_SIGNS = regex(
    r"(?:^|_)(?:SECRET_KEY(?:_BASE)?|APP_KEY|JWT_\w+|SESSION_\w+|COOKIE_\w+|ENCRYPT\w*|FERNET_\w+|SIGNING_(?:KEY|SECRET)|\w*AUTH_SECRET"
    r"|MASTER_KEY|SALT|HMAC_\w+)$",
    words=(
        "APP_KEY",
        "AUTH_SECRET",
        "COOKIE_",
        "ENCRYPT",
        "FERNET_",
        "HMAC_",
        "JWT_",
        "MASTER_KEY",
        "SALT",
        "SECRET_KEY",
        "SESSION_",
        "SIGNING_",
    ),
)
"""Names of keys that sign or encrypt: none is left out on purpose, however empty a template leaves it."""
_REFUSED_WHEN_EMPTY = {
    "postgres": "POSTGRES_PASSWORD",
    "mysql": "MYSQL_ROOT_PASSWORD",
    "mariadb": "MARIADB_ROOT_PASSWORD",
}
"""Variables without which the entrypoint of the official image refuses to make a database."""
_ADMINISTRATOR = regex(
    r"(?:.*_)?(?:ADMIN(?:ISTRATOR)?|SUPERUSER|SUPER_USER|OWNER)(?:_USER)?_(?:PASSWORD|PASS|PWD)",
    words=("ADMIN", "OWNER", "SUPERUSER", "SUPER_USER"),
)


def _detect(project: Project) -> Iterator[Gap]:
    stacks = [stack for stack in judged_stacks(project) if stack.is_runnable_in_production]
    yield from once(gap for stack in stacks for gap in _of_stack(project, stack))
    yield from once(gap for stack in stacks for gap in _administrators(project, stack))


def _of_stack(project: Project, stack: Stack) -> Iterator[Gap]:
    found: dict[str, list[tuple[Location, Service]]] = {}
    guarded: set[str] = set()
    for service in stack.services:
        for scalar in scalars_in(service.node):
            for reference in scalar.references:
                if reference.is_required:
                    guarded.add(reference.name)
                elif (
                    not reference.operator
                    and is_sensitive_name(reference.name)
                    and not _comes_from_file(project, service, reference.name)
                ):
                    found.setdefault(reference.name, []).append((scalar.location, service))
    # One guarded reference is enough: Compose refuses the whole project.
    for name in sorted(found.keys() - guarded):
        if _is_optional(project, name, [service for _, service in found[name]]) or _is_refused(stack, name):
            continue
        yield _gap(project, stack, name, sorted(found[name], key=lambda item: item[0].sort_key()))


def _is_optional(project: Project, name: str, services: list[Service]) -> bool:
    """Whether the project may run without a secret: its template says so, or leaves it empty and no code requires it."""
    if _SIGNS.search(name) or any(service.role in DATASTORES for service in services):
        return False
    if any(read.name == name and (read.required or read.fails) for read in project.env_reads):
        return False
    listing = [file for file in project.env_files if file.kind == "template" and file.entry(name)]
    if any(_is_called_optional(project, file, name) for file in listing):
        return True
    # What a person can make up, such as a password, is left empty in a template to be filled in.
    entries = [entry for file in listing if (entry := file.entry(name))]
    return is_issued(name) and bool(entries) and all(entry.commented or not entry.value for entry in entries)


def _is_called_optional(project: Project, file: EnvFile, name: str) -> bool:
    """Whether the comment right above the entry, or behind it, has the word optional."""
    entry = file.entry(name)
    lines = (project.source(file.path) or "").splitlines()
    if entry is None or entry.location.line > len(lines):
        return False
    number = entry.location.line - 1
    _, _, behind = lines[number].partition(" #")
    above = lines[number - 1] if number and lines[number - 1].lstrip().startswith("#") else ""
    return bool(_OPTIONAL.search(behind) or _OPTIONAL.search(above))


def _is_refused(stack: Stack, name: str) -> bool:
    """Whether the image of a store does not start with the empty text that it would be given."""
    for service in stack.services:
        variable = _REFUSED_WHEN_EMPTY.get(service.image.repository) if service.image and not service.build else None
        entry = service.env(variable) if variable else None
        if entry and entry.raw in {f"${{{name}}}", f"${name}"} and not _may_be_empty(service):
            return True
    return False


def _may_be_empty(service: Service) -> bool:
    return any("ALLOW_EMPTY" in entry.name or "HOST_AUTH_METHOD" in entry.name for entry in service.environment)


def _administrators(project: Project, stack: Stack) -> Iterator[Gap]:
    """Yield each application that people reach and that starts with an empty password for its administrator."""
    for service in stack.services:
        if service.role is not Role.WEB or not (open_ports(project, service) or label_route(service)):
            continue
        for entry in service.environment:
            if _ADMINISTRATOR.fullmatch(entry.name) and any(
                reference.has_default and not reference.argument and entry.raw == f"${{{reference.name}{reference.operator}}}"
                for reference in entry.references
            ):
                yield _administrator_gap(stack, service, entry)


def _comes_from_file(project: Project, service: Service, name: str) -> bool:
    """Whether an env_file of the service that is in the repository sets the same name."""
    paths = {path for path, _ in service.env_files}
    return any(file.path in paths and file.entry(name) is not None for file in project.env_files)


def _replaced(project: Project, stack: Stack, name: str, services: list[Service]) -> EnvEntry | None:
    """Return the entry for the variable in the template of what services get by `env_file`, where the template of what Compose
    fills its files in from has none: `environment` comes first, so the empty text replaces what somebody writes there.
    """
    if not all(service.node.get("env_file") is not None for service in services):
        return None
    own = template_of(project, f"{stack.directory}/.env" if stack.directory else ".env")
    if own is None or own.entry(name) is not None:
        return None
    listing = (file for file in project.env_files if file.kind == "template" and file.path not in project.owned)
    entries = (file.entry(name) for file in listing if file.environment in {"", "production"})
    return next((entry for entry in entries if entry is not None and not entry.commented), None)


def _gap(project: Project, stack: Stack, name: str, places: list[tuple[Location, Service]]) -> Gap:
    services = tuple(sorted({service.name for _, service in places}))
    required = any(read.name == name and (read.required or read.fails) for read in project.env_reads)
    of_a_store = any(service.role in DATASTORES for _, service in places)
    issued = is_issued(name) and not _SIGNS.search(name) and not required and not of_a_store
    effect = (
        "what needs the key of the provider fails when it is first used"
        if issued
        else "and a check for a missing variable in the code does not see it"
    )
    replaced = _replaced(project, stack, name, [service for _, service in places])
    if replaced is not None:
        effect += f"; {replaced.location.path} has it, and an empty text of `environment` replaces what `env_file` brings"
    return RULE.gap(
        resource=stack.resource(services[0]),
        subject=f"environment/{name}",
        message=f"Where {name} is not set, Compose gives {in_words(services)} an empty text with no more than a warning"
        f"{': ' if issued else ', '}{effect}.",
        severity=Severity.LOW if issued else None,
        expected=f"${{{name}:?}}",
        actual=f"${{{name}}}",
        locations=tuple(dict.fromkeys(place for place, _ in places)),
        related=(replaced.location,) if replaced is not None else (),
        environment=stack.environment,
        called=name,
        kind="replaced" if replaced is not None else "",
    )


def _administrator_gap(stack: Stack, service: Service, entry: EnvValue) -> Gap:
    return RULE.gap(
        resource=stack.resource(service.name),
        subject=f"administrator/{entry.name}",
        message=f"Where {entry.name} is not set, {service.name} starts without a password for its administrator, and people "
        "reach it: who opens it first may set the account up.",
        expected=f"${{{entry.references[0].name}:?}}",
        actual="an empty default",
        locations=(entry.location,),
        confidence=Confidence.MEDIUM,
        environment=stack.environment,
        closers=(
            Closer(
                None,
                "advice",
                "Write `${NAME:?}` and set it before the first start, or publish the port on 127.0.0.1 till then.",
            ),
        ),
    )


RULE = Rule(
    code="CFG005",
    name="required-secret-not-guarded",
    layer=Layer.CONFIG,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(Room.EDITS, "edit"),
        Closer(None, "advice", "Write `${NAME:?}` where the secret is needed, `${NAME:-}` where it may be empty on purpose."),
    ),
    cause=Cause.STACK,
)
