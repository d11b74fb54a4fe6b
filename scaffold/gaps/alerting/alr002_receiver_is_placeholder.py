"""ALR002: Alertmanager sends its alerts to a stand-in, so nobody gets them."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import AlertmanagerConfig, Project, Receiver

_ON_PURPOSE = frozenset({"null", "none", "blackhole", "devnull", "dev-null", "default-null", "watchdog"})


def _detect(project: Project) -> Iterator[Gap]:
    for config in project.alertmanagers:
        if config.path in project.owned or _is_for_tests(config.path):
            continue
        delivering = [r for r in config.receivers if r.integrations and not r.placeholders]
        for receiver in config.receivers:
            silent = not receiver.integrations and receiver.name.lower() not in _ON_PURPOSE
            if receiver.placeholders or (silent and not delivering):
                yield _gap(config, receiver)


def _is_for_tests(path: str) -> bool:
    return any(part in {"test", "tests", "testdata", "dev", "local", "fixtures"} for part in path.lower().split("/"))


def _gap(config: AlertmanagerConfig, receiver: Receiver) -> Gap:
    ways = ", ".join(receiver.integrations) or "no integration"
    return RULE.gap(
        resource=config.path,
        subject=f"receivers/{receiver.name}",
        message=f"The receiver {receiver.name} ({ways}) points at a stand-in: the alerts routed to it reach nobody.",
        expected="an address that somebody reads, its secret from a file",
        actual="placeholder" if receiver.placeholders else "a receiver without integration",
        locations=receiver.placeholders or (receiver.location,),
        related=(receiver.location,) if receiver.placeholders else (),
    )


RULE = Rule(
    code="ALR002",
    name="receiver-is-placeholder",
    layer=Layer.ALERTING,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Set the real address and read its secret from a file (api_url_file, auth_password_file) outside the repository.",
        ),
    ),
)
