"""SEC007: a tool with a web page starts with a login that everybody knows."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import every_stack, once, store_port_is_open
from scaffold.gaps.secrets.credentials import TOOL_LOGINS
from scaffold.model.compose import EnvValue, Service, Stack
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Cause, Layer, Room, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex
from scaffold.model.secrets import classify, counts

_DEFAULT = regex(r"\$\{\w+:?-([^{}$]*)\}")


def _detect(project: Project) -> Iterator[Gap]:
    return iter(once(gap for stack in every_stack(project) for gap in _of_stack(stack)))


def _of_stack(stack: Stack) -> Iterator[Gap]:
    for service in stack.services:
        for entry in service.environment:
            value = _known_value(entry) if entry.name in TOOL_LOGINS and not _asks_nobody(service) else ""
            if value:
                what = classify(value).value
                # A broker or an object store takes the login on its own port too, not on its page alone.
                is_open = store_port_is_open(service)
                exposed = ", and its port is open on all interfaces" if is_open else ""
                yield RULE.gap(
                    resource=stack.resource(service.name),
                    subject=f"environment/{entry.name}",
                    message=f"{service.name} starts with an administrator's password that stands in the repository ({what})"
                    f"{exposed}.",
                    expected=f"{entry.name} from a variable without a default",
                    actual=f"a default: {what}" if entry.references else what,
                    locations=(entry.location,),
                    severity=Severity.HIGH if is_open else Severity.MEDIUM,
                    environment=stack.environment,
                )


def _asks_nobody(service: Service) -> bool:
    """Whether a pgAdmin runs as on a desk, where it asks for no login: NET002 judges who reaches it."""
    mode = service.env("PGADMIN_CONFIG_SERVER_MODE")
    return mode is not None and (mode.value or "").strip("\"' ").lower() == "false"


def _known_value(entry: EnvValue) -> str:
    raw = entry.raw or entry.value or ""
    match = _DEFAULT.fullmatch(raw)
    value = match[1] if match else "" if entry.references else raw
    return value if value and counts(value) else ""


RULE = Rule(
    code="SEC007",
    name="default-tool-login",
    layer=Layer.SECRETS,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(Room.EDITS, "edit"),
        Closer(None, "advice", "Write `${NAME:?}` in place of the value and set a password of its own outside git."),
    ),
    cause=Cause.VARIABLE,
)
