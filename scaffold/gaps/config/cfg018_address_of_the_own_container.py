"""CFG018: code falls back to an address of its own machine, as nothing of production sets the variable."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from scaffold.gaps.config.reaching import is_set_by_code, may_get_more, templates_of
from scaffold.gaps.facts import listed
from scaffold.model.bundlers import BUNDLERS
from scaffold.model.compose import Service, Stack
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.image_code import defaults_in_image, given_names, runs_code
from scaffold.model.names import Confidence, Layer, Severity
from scaffold.model.project import Project, SettingDefault
from scaffold.model.regex import regex

_LOCAL = regex(r"[a-z][a-z0-9+.-]*://(?:[^/@\s,]*@)?(?:localhost|127\.0\.0\.1)(?::(?P<port>\d{1,5}))?(?:[/?][^\s,]*)?")
"""One URL of this machine; a list of several is one of origins."""
_FOR_VISITORS = regex(
    r"(?:^|_)(?:FRONTEND|FRONT|CLIENT|DASHBOARD|WEB|WEBSITE|SITE|PUBLIC|APP|BASE|CALLBACK|REDIRECT|VERIF\w*|RESET|SUCCESS|CANCEL|INVITE|SHARE"
    r"|RETURN|PORTAL|EXTERNAL|HOSTED?|LINK)(?:_\w{1,60})?_(?:URL|URI|LINK)$"
)
"""Names of addresses that go into pages, mails and answers."""
_TRIED = regex(
    r"(?:^|_)(?:TEST|TESTS|E2E|DEV|LOCAL|DEBUG|MOCK|STORYBOOK|DEMO|OLLAMA|LLAMA|LMSTUDIO|LM_STUDIO|VLLM|LOCALAI|OTEL|OTLP|JAEGER|ZIPKIN"
    r"|EMULATOR|PROXY|CORS|ORIGINS?|TELEMETRY|TRACING|LANGFUSE|PHOENIX|CHROME\w*|SELENIUM)(?:_|$)"
)
"""Names of what is only for a try, is chosen by other settings, or is judged elsewhere."""
_SEVERAL = regex(r"\bsupervisord?\b|\bpm2\b|\bconcurrently\b|\bs6-|\brunit\b|\bhoncho\b|\bforeman\b|\bovermind\b|(?<!&)&(?!&)")
"""Starts of several programs in one container, which reach one another at this machine."""


def _detect(project: Project) -> Iterator[Gap]:
    stack = project.production_stack
    if stack is None or not stack.complete:
        return
    built = [item for item in stack.services if item.runs_own_image and item.is_application and runs_code(project, item)]
    templates = templates_of(project, built)
    if templates is None:
        return
    given = {name for service in stack.services for name in given_names(project, stack, service)}
    given |= {reference.name for service in stack.services for entry in service.environment for reference in entry.references}
    given |= {entry.name for file in templates for entry in file.entries}
    for service in built:
        others = {other.name for other in stack.services} - {service.name}
        missing = {} if _reaches_itself(project, service) else _missing(project, service, given, others)
        if missing:
            given |= missing.keys()
            yield _gap(stack, service, missing)


def _reaches_itself(project: Project, service: Service) -> bool:
    """Whether this machine is more than the one program, or the environment of a service cannot be told."""
    if service.network_mode or may_get_more(project, service):
        return True
    return any(_SEVERAL.search(text) for text in _starts(project, service))


def _starts(project: Project, service: Service) -> Iterator[str]:
    yield " ".join((*(service.entrypoint or ()), *(service.command or ())))
    dockerfile = project.image_of(service)
    for keyword in ("ENTRYPOINT", "CMD"):
        item = dockerfile.effective(keyword, service.build_target) if dockerfile else None
        yield item.text if item else ""


def _missing(project: Project, service: Service, given: set[str], others: set[str]) -> Mapping[str, list[SettingDefault]]:
    """Return, by name, the defaults of this machine that hold in the container; folders called after other services hold the
    code of those, which an image of the whole repository has as well.
    """
    found: dict[str, list[SettingDefault]] = defaultdict(list)
    for item in defaults_in_image(project, service):
        match = _LOCAL.fullmatch(item.value or "")
        held = match is not None and not item.guarded and not item.unread and not set(item.location.path.split("/")) & others
        if match and held and _counts(item.name, match["port"], service):
            found[item.name].append(item)
    return {
        name: items
        for name, items in found.items()
        if not any(_are_one(name, other) for other in given)
        and not any(_is_behind_another(project, item, given) for item in items)
        and not is_set_by_code(project, service, name)
        and not any(name in (project.source(workflow.path) or "") for workflow in project.workflows)
    }


def _counts(name: str, port: str | None, service: Service) -> bool:
    """Whether an address of this machine is wrong in a container: what visitors are sent to, or a port that is not its own."""
    if _TRIED.search(name) or name != name.upper() or name.startswith(tuple(BUNDLERS)):
        return False
    own = {*service.listens, *service.expose, *(item.target for item in service.ports)}
    return bool(_FOR_VISITORS.search(name)) or (port is not None and bool(own) and int(port) not in own)


def _are_one(name: str, other: str) -> bool:
    """Whether two names mean the same, one with a prefix of the application before it."""
    return name == other or name.endswith(f"_{other}") or other.endswith(f"_{name}")


def _is_behind_another(project: Project, item: SettingDefault, given: set[str]) -> bool:
    """Whether the line takes another variable before this one, or in its place, that production sets."""
    lines = (project.source(item.location.path) or "").split("\n")
    line = lines[item.location.line - 1] if item.location.line <= len(lines) else ""
    return any(word in given for word in re.findall(r"\b[A-Z][A-Z0-9_]{2,}\b", line))


def _gap(stack: Stack, service: Service, missing: Mapping[str, list[SettingDefault]]) -> Gap:
    one = len(missing) == 1
    visitors = [name for name in missing if _FOR_VISITORS.search(name)]
    effect = (
        "visitors are sent to their own machine"
        if len(visitors) == len(missing)
        else "it asks its own container, where nothing else listens"
    )
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="local-defaults",
        message=f"Nothing gives {service.name} {listed(missing)}, and the code falls back to an address of this machine: "
        f"{effect}.",
        expected=f"environment of {service.name}: " + ", ".join(f"{name}: ${{{name}:?}}" for name in list(missing)[:3]),
        actual="not passed" if one else f"{len(missing)} variables are not passed",
        locations=(service.location,),
        related=tuple(items[0].location for items in missing.values()),
        severity=Severity.MEDIUM,
        confidence=Confidence.MEDIUM,
        environment=stack.environment,
    )


RULE = Rule(
    code="CFG018",
    name="address-of-the-own-container",
    layer=Layer.CONFIG,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Pass each of them in the service's environment as `NAME: ${NAME:?}`, and let production end without one.",
        ),
    ),
)
