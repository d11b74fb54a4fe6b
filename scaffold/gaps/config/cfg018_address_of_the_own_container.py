"""CFG018: code falls back to an address of its own machine, as nothing of production sets the variable."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from scaffold.gaps.config.reaching import holds_env_file, is_given_more, is_set_by_code, templates_of
from scaffold.gaps.config.settings_addresses import Address, own_addresses, starts
from scaffold.gaps.facts import listed
from scaffold.model.bundlers import BUNDLERS
from scaffold.model.compose import Service, Stack
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.image_code import defaults_in_image, given_names, is_in_image, runs_code
from scaffold.model.names import Confidence, Layer, Severity
from scaffold.model.project import Project, SettingDefault
from scaffold.model.regex import regex

_LOCAL = regex(
    r"[a-z][a-z0-9+.-]*://(?:[^/@\s,]*@)?(?:localhost|127\.0\.0\.1)(?::(?P<port>\d{1,5}|\{\w{1,40}\}))?(?:[/?][^\s,]*)?"
)
"""One URL of this machine, whose port may be filled in by code; a list of several is one of origins."""
_HOST = regex(r"(?:localhost|127\.0\.0\.1)(?::(?P<port>\d{1,5}))?")
_OF_A_NEIGHBOUR = regex(
    r"(?:^|_)(?:DB|DATABASE|POSTGRES(?:QL)?|PG|MYSQL|MARIADB|MONGO(?:DB)?|REDIS|VALKEY|CACHE|RABBIT(?:_?MQ)?|AMQP|KAFKA|NATS|MINIO|S3"
    r"|ELASTIC(?:SEARCH)?|OPENSEARCH|MEILI(?:SEARCH)?|TYPESENSE|QDRANT|CHROMA(?:DB)?|WEAVIATE|MILVUS|CLICKHOUSE|INFLUX(?:DB)?|NEO4J"
    r"|MQTT|CELERY)_?(?:HOST|HOSTNAME|SERVERS?|ENDPOINT|ADDR|ADDRESS|BROKERS?|BOOTSTRAP_SERVERS)$"
)
"""Names of where a store or a broker is, host and port apart or without a scheme."""
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
    in_templates = {entry.name for file in templates for entry in file.entries}
    given = in_templates.union(*(_names(project, stack, service) for service in stack.services))
    told: set[str] = set()
    for service in built:
        others = {other.name for other in stack.services} - {service.name}
        if service.network_mode or is_given_more(project, service) or _starts_several(project, service):
            continue
        given_to = _Given(project, stack, service, built, frozenset(told | in_templates))
        missing = {} if holds_env_file(project, service) else _missing(project, service, given_to, others)
        if missing:
            yield _gap(stack, service, missing)
        # Neither Spring nor .NET reads an env file that lies in the image.
        held = [item for item in own_addresses(project, service, given | told) if _leads_astray(item, service)]
        if held:
            yield _settings_gap(stack, service, held)
        told |= missing.keys()


def _starts_several(project: Project, service: Service) -> bool:
    """Whether this machine is more than the one program."""
    return any(_SEVERAL.search(text) for text in starts(project, service))


def _names(project: Project, stack: Stack, service: Service) -> set[str]:
    """Return the variables that a service gets, and those that Compose fills into their values."""
    references = {reference.name for entry in service.environment for reference in entry.references}
    return given_names(project, stack, service) | references


@frozen
class _Given:
    """What production sets, as a service sees it: what others get counts only where they may run the same code."""

    project: Project
    stack: Stack
    service: Service
    built: list[Service]
    everywhere: frozenset[str]

    def where(self, item: SettingDefault) -> set[str]:
        """Return the variables that count for a default: of a sibling on purpose, unless its image has none of the code."""
        others = (
            other
            for other in self.stack.services
            if other is self.service or other not in self.built or is_in_image(self.project, other, item.location.path)
        )
        return {*self.everywhere}.union(*(_names(self.project, self.stack, other) for other in others))


def _missing(project: Project, service: Service, given: _Given, others: set[str]) -> Mapping[str, list[SettingDefault]]:
    """Return, by name, the defaults of this machine that hold in the container; folders called after other services hold the
    code of those, which an image of the whole repository has as well.
    """
    found: dict[str, list[SettingDefault]] = defaultdict(list)
    for item in defaults_in_image(project, service):
        match = _LOCAL.fullmatch(item.value or "") or (_OF_A_NEIGHBOUR.search(item.name) and _HOST.fullmatch(item.value or ""))
        held = match is not None and not item.guarded and not item.unread and not set(item.location.path.split("/")) & others
        if match and held and _counts(item.name, match["port"], service):
            found[item.name].append(item)
    return {
        name: items
        for name, items in found.items()
        if not any(_are_one(name, other) for item in items for other in given.where(item))
        and not any(_is_behind_another(project, item, given.where(item)) for item in items)
        and not is_set_by_code(project, service, name)
        and not any(name in (project.source(workflow.path) or "") for workflow in project.workflows)
    }


def _counts(name: str, port: str | None, service: Service) -> bool:
    """Whether an address of this machine is wrong in a container: what visitors are sent to, or a port that is not its own."""
    if _TRIED.search(name) or name != name.upper() or name.startswith(tuple(BUNDLERS)):
        return False
    own = {*service.listens, *service.expose, *(item.target for item in service.ports)}
    if _OF_A_NEIGHBOUR.search(name):
        return True
    return bool(_FOR_VISITORS.search(name)) or (port is not None and port.isdigit() and bool(own) and int(port) not in own)


def _leads_astray(address: Address, service: Service) -> bool:
    """Whether an address in settings is wrong in a container; a store listens nowhere in that of its application."""
    return not address.variables or _counts(address.variable, address.port or None, service)


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


def _settings_gap(stack: Stack, service: Service, held: list[Address]) -> Gap:
    keys = [item.key for item in held if not item.hosts]
    files = list(dict.fromkeys(item.location.path for item in held))
    said = [f"{listed(keys)} of {service.name} {'lead' if len(keys) > 1 else 'leads'} to its own container"] if keys else []
    if len(keys) < len(held):
        said.append(
            f"AllowedHosts lets {service.name} answer to localhost alone, so each request under the site's name is refused"
        )
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="settings-addresses",
        message=f"{', and '.join(said)}: {listed(files)} {'have' if files[1:] else 'has'} what a developer's machine needs, and"
        " nothing of production replaces it.",
        expected=f"environment of {service.name}: " + ", ".join(f"{item.variable}: ${{...:?}}" for item in held[:3]),
        actual="an address of this machine" if len(held) == 1 else f"{len(held)} addresses of this machine",
        locations=(service.location,),
        related=tuple(item.location for item in held),
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
