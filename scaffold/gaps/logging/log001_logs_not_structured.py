"""LOG001: the served code writes its log lines as free text."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.logging.structured import text_logging, writes_json
from scaffold.gaps.signals import application_services, main_services
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Cause, Layer, Room, Severity
from scaffold.model.nginx_services import can_edit_logs, service_access_logs
from scaffold.model.project import Project
from scaffold.model.spring_logging import SpringLogging, spring_logging


def _detect(project: Project) -> Iterator[Gap]:
    yield from _code(project)
    yield from _proxies(project)
    yield from _spring(project)
    yield from _uvicorn(project)


def _code(project: Project) -> Iterator[Gap]:
    for found in text_logging(project):
        yield RULE.gap(
            resource=found.stack.resource(found.service.name),
            subject="log-format",
            message=f"{found.service.name} logs free text, so a log store can neither filter by field nor join lines of one "
            "request.",
            expected="one JSON object a line, with timestamp, level, logger and message",
            actual="a text format",
            locations=tuple(dict.fromkeys(fact.location for fact in found.facts)),
            environment=found.stack.environment,
            closers=None if found.edits else (_BY_HAND,),
        )


def _proxies(project: Project) -> Iterator[Gap]:
    for stack, service in main_services(project):
        logs = service_access_logs(project, service)
        if logs is not None:
            yield RULE.gap(
                resource=stack.resource(service.name),
                subject="access-log",
                message=f"{service.name} logs each request as free text: no status, path or duration to filter by.",
                expected="one JSON object a request, on the standard output",
                actual="nginx's text format",
                locations=(Location(logs.path, logs.directive.line, logs.directive.column),),
                environment=stack.environment,
                closers=None if can_edit_logs(project, service, logs) else (_PROXY_BY_HAND,),
            )


def _spring(project: Project) -> Iterator[Gap]:
    for stack, service in application_services(project):
        found = spring_logging(project, service)
        if found is not None:
            version = f"Spring Boot {found.version}" if found.version else "Spring Boot"
            yield RULE.gap(
                resource=stack.resource(service.name),
                subject="log-format",
                message=f"{service.name} ({version}) logs free text, so a log store can neither filter by field nor join lines "
                "of one request.",
                expected="one JSON object a line: logging.structured.format.console is ecs",
                actual="the text format of Spring Boot",
                locations=(found.place,),
                environment=stack.environment,
                closers=None if found.has_setting and found.settings else (_spring_by_hand(found),),
            )


def _uvicorn(project: Project) -> Iterator[Gap]:
    if not project.code_facts:
        return
    from scaffold.model.uvicorn_logging import uvicorn_logging

    told = {found.stack.resource(found.service.name) for found in text_logging(project)}
    for stack, service in application_services(project):
        resource = stack.resource(service.name)
        found = None if resource in told or writes_json(project, service) else uvicorn_logging(project, service)
        if found is not None:
            yield RULE.gap(
                resource=resource,
                subject="server-log",
                message=f"{service.name} logs requests and errors in uvicorn's text format, so a log store can neither filter "
                "by field nor join lines of one request.",
                expected="one JSON object a line, with timestamp, level, logger and message",
                actual="the text format of uvicorn",
                locations=(found.place,),
                environment=stack.environment,
                closers=None if found.files else (_SERVER_BY_HAND,),
            )


def _spring_by_hand(found: SpringLogging) -> Closer:
    if found.has_setting:
        return Closer(None, "advice", "Set logging.structured.format.console to ecs where the application's settings are.")
    version = f"{found.version} has none" if found.version else "the version is not known"
    return Closer(
        None,
        "advice",
        f"From Spring Boot 3.4 on it is one setting, logging.structured.format.console; {version}: upgrade, or add "
        "logstash-logback-encoder.",
    )


_PROXY_BY_HAND = Closer(
    None, "advice", "Add a `log_format` with `escape=json`, and name it in `access_log /dev/stdout`, where the log is set up."
)
_SERVER_BY_HAND = Closer(
    None,
    "advice",
    "Give uvicorn a `--log-config` whose formatter writes JSON (python-json-logger). `fastapi run` takes none: start uvicorn "
    "itself, with the same host and port.",
)
_BY_HAND = Closer(
    None,
    "advice",
    "Give the root handler a JSON formatter at the entry point (python-json-logger, structlog, pino), lines on stdout.",
)

RULE = Rule(
    code="LOG001",
    name="logs-not-structured",
    layer=Layer.LOGGING,
    severity=Severity.LOW,
    detect=_detect,
    closers=(Closer(Room.EDITS, "edit"),),
    cause=Cause.STACK,
)
