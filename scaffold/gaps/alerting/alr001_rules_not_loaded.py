"""ALR001: alert rules that no Prometheus loads, or whose alerts no Alertmanager gets."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatch

from scaffold.gaps.signals import tool_services
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import AlertRuleFile, Project

_OTHER_LOADERS = frozenset({"vmalert", "loki", "mimir", "thanos", "cortex"})


def _detect(project: Project) -> Iterator[Gap]:
    theirs = [config for config in project.prometheus if config.path not in project.owned]
    if not theirs or tool_services(project, project.stacks, _OTHER_LOADERS):
        return
    loaded = tuple(pattern for config in project.prometheus for pattern in config.rule_files)
    files = [file for file in project.alert_rules if file.alerts and file.path not in project.owned]
    for file in files:
        if not any(fnmatch(_name(file.path), _name(pattern)) for pattern in loaded):
            yield _not_loaded(file, theirs[0].path)
    stacks = [stack for stack in project.stacks if stack.complete and stack.is_runnable_in_production]
    running = tool_services(project, stacks, frozenset({"alertmanager"}))
    managers = [(stack, service) for stack, service in running if service.location.path not in project.owned]
    # Where one configuration sends its alerts, another that does not is perhaps the one that nobody uses.
    for config in theirs if managers and files and not any(item.alertmanagers for item in theirs) else ():
        if config.rule_files:
            yield RULE.gap(
                resource=config.path,
                subject="alertmanagers",
                message=f"{config.path} loads alert rules and names no Alertmanager: {managers[0][1].name} never gets one.",
                expected=f"alerting.alertmanagers with {managers[0][1].name}:9093",
                actual="no alerting block",
                locations=(config.location,),
                related=(managers[0][1].location,),
            )


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _not_loaded(file: AlertRuleFile, config: str) -> Gap:
    return RULE.gap(
        resource=file.path,
        subject="rule-file",
        message=f"No rule_files entry of {config} names {file.path}: its {len(file.alerts)} alerts never fire.",
        expected=f"rule_files with {_name(file.path)}",
        actual="not loaded",
        locations=(file.alerts[0].location,),
    )


RULE = Rule(
    code="ALR001",
    name="rules-not-loaded",
    layer=Layer.ALERTING,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(None, "advice", "Name the file under `rule_files` and the Alertmanager under `alerting`, and mount both files."),
    ),
)
