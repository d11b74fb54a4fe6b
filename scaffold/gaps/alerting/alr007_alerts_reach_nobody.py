"""ALR007: alerts fire and go nowhere: no Alertmanager, one that is not there, or one whose configuration says nothing."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from fnmatch import fnmatch

from scaffold.gaps.facts import FILLS_IN, is_test_path, listed
from scaffold.gaps.monitoring_signals import Mounted, answering, is_in_stack_name, is_mentioned, mounts_of, scrapers_of
from scaffold.gaps.signals import is_in_use, stacks_in_use, tool_services
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location, find
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import EnvironmentClass, Layer, Severity
from scaffold.model.project import AlertmanagerConfig, AlertRule, Project, PrometheusConfig, ScrapeTarget
from scaffold.model.regex import regex

_MANAGERS = frozenset({"alertmanager"})
_OTHERS = frozenset({"vmalert", "otel-lgtm", "karma", "alerta", "keep", "thanos", "mimir"})
"""What else may look at rules and tell somebody."""
_VARIABLE = regex(
    r"(?m)^[ \t-]*+(?P<key>\w*(?:url|_key|token|password|smarthost|channel|chat_id)|to|from)[\"']?:"
    r"[ \t]*[\"']?(?P<variable>\$\{\w++[^}\n]*+\}|\$[A-Z_]\w*)"
)


def _detect(project: Project) -> Iterator[Gap]:
    for config in project.prometheus:
        if config.path not in project.owned and not is_test_path(config.path):
            yield from _of_prometheus(project, config)
    yield from _without_configuration(project)
    for manager in project.alertmanagers:
        if manager.path not in project.owned and not is_test_path(manager.path):
            yield from _with_variables(project, manager)


# --- Prometheus -------------------------------------------------------------------------------------------------------


def _of_prometheus(project: Project, config: PrometheusConfig) -> Iterator[Gap]:
    alerts = _loaded(project, config)
    running = [item for item in scrapers_of(project, config) if item.stack.complete and is_in_use(project, item.stack)]
    if not alerts or not running:
        return
    environment = running[0].stack.environment
    if config.alertmanagers:
        targets = [_as_target(target, config.location) for target in config.alertmanagers]
        if all(_is_absent(project, target, running) for target in targets):
            message = (
                f"{config.path} sends its alerts to {listed(config.alertmanagers)}, which is no service of the stack that runs"
                " it: " + _counted(alerts, "the alert fires and nobody gets it.", "the {} alerts fire and nobody gets them.")
            )
            yield _gap(config, message, f"no service {listed(target.host for target in targets)}", alerts, environment)
    elif not _has_alerting(project, config) and not project.alertmanagers and not _are_others(project):
        message = _counted(
            alerts,
            f"The alert that {config.path} loads fires inside Prometheus alone: no Alertmanager gets it",
            f"The {{}} alerts that {config.path} loads fire inside Prometheus alone: no Alertmanager gets them",
        )
        message += ", so who does not look at its page learns nothing."
        yield _gap(config, message, "no alerting block, no Alertmanager", alerts, environment)


def _counted(alerts: tuple[AlertRule, ...], one: str, several: str) -> str:
    return several.replace("{}", str(len(alerts)), 1) if len(alerts) > 1 else one


def _gap(
    config: PrometheusConfig, message: str, actual: str, alerts: tuple[AlertRule, ...], environment: EnvironmentClass
) -> Gap:
    return RULE.gap(
        resource=config.path,
        subject="alertmanager",
        message=message,
        expected="an Alertmanager in the stack, named under alerting.alertmanagers, with a receiver that somebody reads",
        actual=actual,
        locations=(config.location,),
        related=tuple(alert.location for alert in alerts[:1]),
        environment=environment,
    )


def _loaded(project: Project, config: PrometheusConfig) -> tuple[AlertRule, ...]:
    patterns = [posixpath.basename(pattern) for pattern in config.rule_files]
    return tuple(
        alert
        for file in project.alert_rules
        if any(fnmatch(posixpath.basename(file.path), pattern) for pattern in patterns)
        for alert in file.alerts
    )


def _is_absent(project: Project, target: ScrapeTarget, running: list[Mounted]) -> bool:
    """Whether a host is named as a service of the stack, and no service answers to it."""
    return is_in_stack_name(target) and all(answering(project, item, target.host) is None for item in running)


def _as_target(text: str, place: Location) -> ScrapeTarget:
    host = re.sub(r"^https?://", "", text).partition("/")[0].rpartition("@")[2].partition(":")[0]
    return ScrapeTarget("", host, None, "", place)


def _has_alerting(project: Project, config: PrometheusConfig) -> bool:
    """Whether the configuration has a block for Alertmanagers, which may find them by a service of its own."""
    document = project.document(config.path)
    found = find(document.root, "alerting", "alertmanagers") if document else None
    return bool(getattr(found, "items", ()))


def _are_others(project: Project) -> bool:
    """Whether a stack has an Alertmanager, or another program that may judge the metrics and tell somebody."""
    return bool(tool_services(project, project.stacks, _MANAGERS | _OTHERS))


# --- Alertmanager -----------------------------------------------------------------------------------------------------


def _without_configuration(project: Project) -> Iterator[Gap]:
    """Yield the Alertmanagers that run with the file of their image, whose receiver is a stand-in."""
    for stack, service in tool_services(project, stacks_in_use(project), _MANAGERS):
        if service.location.path not in project.owned and not service.build and _runs_bare(service):
            yield _of_service(
                stack,
                service,
                f"{service.name} gets no configuration: it runs with that of its image, which posts every alert to"
                " 127.0.0.1:5001 in the container, where nothing listens.",
                "the configuration of the image",
            )


def _runs_bare(service: Service) -> bool:
    """Whether an Alertmanager has neither a file nor a command of the project's."""
    brought = service.mounts and any(not mount.target.startswith("/alertmanager") for mount in service.mounts)
    told = any("config.file" in word and "/etc/alertmanager/alertmanager.yml" not in word for word in service.command or ())
    return not (brought or told or service.entrypoint or service.node.get("configs") or service.node.get("secrets"))


def _of_service(stack: Stack, service: Service, message: str, actual: str) -> Gap:
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="configuration",
        message=message,
        expected="an alertmanager.yml of this repository with a receiver that somebody reads",
        actual=actual,
        locations=(service.location,),
        environment=stack.environment,
    )


def _with_variables(project: Project, config: AlertmanagerConfig) -> Iterator[Gap]:
    """Yield the configurations with variables, which Alertmanager takes as they stand, where nothing fills them in before."""
    text = project.source(config.path) or ""
    match = _VARIABLE.search(text)
    takers = [
        item for item in mounts_of(project, config.path) if "alertmanager" in item.service.name or "alertmanager" in item.target
    ]
    if match is None or not takers or _is_filled_in(project, config, [item.service for item in takers]):
        return
    place = Location.at_offset(config.path, text, match.start("variable"))
    yield RULE.gap(
        resource=config.path,
        subject="variables",
        message=f"Alertmanager replaces no variables: it takes the text of {match['key']} in {config.path} as it stands,"
        " refuses to start for an address that is none, and sends to nobody for any other.",
        expected="a file with the real value, or a step that fills it in before the start; secrets by *_file",
        actual="a variable in the file that is mounted",
        locations=(place,),
        related=(takers[0].location,),
        environment=takers[0].stack.environment,
    )


def _is_filled_in(project: Project, config: AlertmanagerConfig, takers: list[Service]) -> bool:
    words = (" ".join((*(service.entrypoint or ()), *(service.command or ()))) for service in takers)
    name = posixpath.basename(config.path)
    commands = (command.text for command in project.commands if name in command.text or "alertmanager" in command.text)
    return any(FILLS_IN.search(text) for text in (*words, *commands)) or (
        any(service.build or service.entrypoint for service in takers) or is_mentioned(project, config.path)
    )


RULE = Rule(
    code="ALR007",
    name="alerts-reach-nobody",
    layer=Layer.ALERTING,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Run an Alertmanager with a configuration whose receiver a person reads, name it under alerting.alertmanagers, and"
            " send a test alert with `amtool alert add`.",
        ),
    ),
)
