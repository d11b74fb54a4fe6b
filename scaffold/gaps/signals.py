"""What several layers ask of a project: which stacks run, which services they judge, and which tools the files name."""

from __future__ import annotations

import re
from collections.abc import Iterable

from scaffold.gaps.facts import is_test_path
from scaffold.gaps.remembered import remembered
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location, find, text_of
from scaffold.model.durability import is_durable_store
from scaffold.model.names import EnvironmentClass, Role
from scaffold.model.project import InfrastructureFile, Project
from scaffold.model.regex import regex
from scaffold.model.values import ImageReference

_DEFAULT_FILE = regex(r"(?:docker-)?compose(?:\.override)?\.ya?ml")
_MACHINE_LOCAL_DRIVERS = frozenset({"", "json-file", "local", "none", "journald"})
METRICS_TOOLS = frozenset(
    {
        *("prometheus", "victoria-metrics", "vmagent", "mimir", "thanos", "telegraf", "netdata", "cloudwatch-agent"),
        *("opentelemetry-collector", "opentelemetry-collector-contrib", "otel-lgtm", "openobserve", "signoz", "coroot"),
        *("datadog-agent", "newrelic-infra", "zabbix-server-pgsql", "zabbix-server-mysql"),
    }
)
"""Images that collect metrics; exporters only offer them."""
LOGGING_TOOLS = frozenset(
    {
        *("loki", "alloy", "promtail", "fluentd", "fluent-bit", "vector", "logstash", "filebeat", "elastic-agent"),
        *("graylog", "seq", "victoria-logs", "openobserve", "signoz", "logspout", "splunk", "otel-lgtm", "datadog-agent"),
        *("grafana-agent", "opentelemetry-collector-contrib"),
    }
)
"""Images that collect or keep the logs of other containers; viewers such as Dozzle do not."""
_RENAMED = {"datadog/agent": "datadog-agent", "grafana/agent": "grafana-agent", "newrelic/infrastructure": "newrelic-infra"}


@remembered
def stacks_in_use(project: Project) -> tuple[Stack, ...]:
    """Return the complete stacks that somebody starts: the default files, the production class and set, and every set that
    a command or COMPOSE_FILE names.
    """
    return tuple(stack for stack in project.stacks if stack.complete and is_in_use(project, stack))


def is_in_use(project: Project, stack: Stack) -> bool:
    """Whether `stack` is a default, stands for production, or is named by a command or by COMPOSE_FILE."""
    if stack.id in {"base", "production"} or stack.environment is EnvironmentClass.PRODUCTION:
        return True
    extra = [name for name in map(_file_name, stack.files) if not _DEFAULT_FILE.fullmatch(name)]
    return not extra or any(all(name in words for name in extra) for words in _named_sets(project))


def _file_name(path: str) -> str:
    return path.rpartition("/")[2]


@remembered
def _named_sets(project: Project) -> tuple[frozenset[str], ...]:
    """Return the file names that stand together in one command with `compose` in it, or in one COMPOSE_FILE."""
    texts = [
        command.text for command in project.commands if "compose" in command.text.lower() or "stack deploy" in command.text
    ]
    texts += [entry.value for file in project.env_files for entry in file.entries if entry.name == "COMPOSE_FILE"]
    return tuple(frozenset(_file_name(word) for word in re.split(r"[\s:;,=\"']+", text)) for text in texts)


@remembered
def server_entry(project: Project) -> Location | None:
    """Return where the code starts a server, tests and samples left out; None where nothing does."""
    places = [
        fact.location
        for fact in project.code_facts
        if fact.kind == "server-entry" and fact.reachable is not False and not is_test_path(fact.location.path)
    ]
    return min(places, key=Location.sort_key, default=None)


def main_stacks(project: Project) -> tuple[Stack, ...]:
    """Return the production stacks, the main one first; where there is none, the main stack alone."""
    main = project.main_stack
    if main is None:
        return ()
    return (main, *(stack for stack in project.production_stacks if stack.id != main.id))


@remembered
def main_services(project: Project) -> tuple[tuple[Stack, Service], ...]:
    """Return each service of the judged stacks once: by name, the main stack's first."""
    found: dict[str, tuple[Stack, Service]] = {}
    for stack in main_stacks(project):
        for service in stack.services:
            found.setdefault(service.name, (stack, service))
    return tuple(found.values())


def image_name(project: Project, service: Service) -> str:
    """Return the name of the image that a service runs or is built from, `datadog/agent` and the like made telling."""
    image = service.image
    if service.made:
        dockerfile = project.image_of(service)
        stage = dockerfile.stage(service.made.target) if dockerfile else None
        image = ImageReference.parse(stage.base) if stage else None
    return "" if image is None else _RENAMED.get(image.repository, image.name)


def runs_tool(project: Project, service: Service, tools: frozenset[str]) -> bool:
    """Whether the service runs one of `tools`, by image or by the base of its build."""
    return image_name(project, service) in tools


def ships_by_driver(service: Service) -> bool:
    """Whether Docker itself sends the logs of the service elsewhere (awslogs, gelf, fluentd, loki, syslog ...)."""
    return text_of(find(service.node, "logging", "driver")) not in _MACHINE_LOCAL_DRIVERS


def tool_services(project: Project, stacks: Iterable[Stack], tools: frozenset[str]) -> tuple[tuple[Stack, Service], ...]:
    """Return the services of `stacks` that run one of `tools`, each place once."""
    found: dict[tuple[str, int], tuple[Stack, Service]] = {}
    for stack in stacks:
        for service in stack.services:
            if runs_tool(project, service, tools):
                found.setdefault((service.location.path, service.location.line), (stack, service))
    return tuple(found.values())


@remembered
def variable_names(project: Project) -> frozenset[str]:
    """Return the names of environment variables that containers get or code reads."""
    given = {entry.name for stack in project.stacks for service in stack.services for entry in service.environment}
    return frozenset(given | {read.name for read in project.env_reads})


def foreign_infrastructure(project: Project) -> tuple[InfrastructureFile, ...]:
    """Return the infrastructure files that scaffold did not write."""
    return tuple(item for item in project.infrastructure if item.path not in project.owned)


@remembered
def infrastructure_names(project: Project) -> frozenset[str]:
    """Return the names of all resources of the infrastructure files."""
    return frozenset(name for item in project.infrastructure for _, name, _ in item.resources)


def resource_types(files: Iterable[InfrastructureFile]) -> frozenset[str]:
    """Return the types of the resources in infrastructure files."""
    return frozenset(kind for item in files for kind, _, _ in item.resources)


def owner_of_path(project: Project, path: str) -> tuple[Stack, Service] | None:
    """Return the application service whose build context holds `path`, the deepest context and the first web service first."""
    owners = _owners(project)
    folders = ["", path]
    while folders[-1]:
        folders.append(folders[-1].rpartition("/")[0])
    best = min((owners[folder] for folder in set(folders) if folder in owners), default=None, key=lambda item: item[:3])
    return best[3:] if best else None


@remembered
def _owners(project: Project) -> dict[str, tuple[int, bool, int, Stack, Service]]:
    """Return the first web service, or service of the team's own code, that is built from each folder, and how deep that is."""
    found: dict[str, tuple[int, bool, int, Stack, Service]] = {}
    for number, (stack, service) in enumerate(main_services(project)):
        context = service.made.context if service.made else None
        if context is None or not service.is_application:
            continue
        own = (-len(context.strip("./")), service.role is not Role.WEB, number, stack, service)
        folder = context.removeprefix("./").strip("/")
        folder = "" if folder == "." else folder
        if folder not in found or own[:3] < found[folder][:3]:
            found[folder] = own
    return found


def application_services(project: Project) -> tuple[tuple[Stack, Service], ...]:
    """Return the judged services that run the team's own code."""
    return tuple((stack, service) for stack, service in main_services(project) if service.is_application)


def anchor(project: Project) -> Location | None:
    """Return the line at which an absent layer is shown: the first application service, else the first service."""
    applications = application_services(project)
    if applications:
        return applications[0][1].location
    first = next(iter(main_services(project)), None)
    return first[1].location if first else None


@remembered
def durable_stores(project: Project) -> tuple[tuple[Stack, Service], ...]:
    """Return the judged stores whose loss loses data."""
    return tuple((stack, service) for stack, service in main_services(project) if is_durable_store(project, service))


def main_environment(project: Project) -> EnvironmentClass:
    """Return the class of the main stack, base where there is none."""
    return project.main_stack.environment if project.main_stack else EnvironmentClass.BASE


def without_repeats(places: Iterable[Location]) -> tuple[Location, ...]:
    """Return the places in their order, each file and line once."""
    return tuple({(place.path, place.line): place for place in reversed(tuple(places))}.values())[::-1]
