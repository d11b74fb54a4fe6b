"""What has to run once before a release starts: the one-off containers by which workflows migrate, the migrations of starts."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import replace

from scaffold.model.compose import Dependency, Healthcheck, RoleEvidence, Service, Stack
from scaffold.model.document import Entry, Location, Scalar, Sequence, Span
from scaffold.model.frozen import frozen
from scaffold.model.names import Role
from scaffold.model.project import Project, Step, Workflow
from scaffold.model.regex import regex
from scaffold.plan.migrations import migrate_at_once, start_migrations

_MIGRATES = regex(
    r"alembic\s+upgrade|manage\.py\s+migrate|flask\s+db\s+upgrade|prisma\s+migrate\s+deploy|db:(?:migrate|prepare)|typeorm\b.*migration:run"
    r"|knex\b.*migrate:latest|drizzle-kit\s+migrate|artisan\s+migrate|ecto\.migrate|ef\s+database\s+update|goose\s+.*\bup\b|dbmate\s+(?:up|migrate)"
    r"|yoyo\s+apply|aerich\s+upgrade|piccolo\s+migrations\s+forwards|\bmigrat\w+\.(?:py|js|ts|sh)\b|\bnpm\s+run\s+migrat\w*"
)
NOT_FOR_PRODUCTION = regex(r"\btests?\b|pytest|seed|fixture|loaddata|flush|:reset|:fresh|downgrade|rollback|makemigrations")
"""Commands that migrate for a trial, fill a database or undo."""
_VALUED = frozenset(
    {"-f", "--file", "-p", "--project-name", "--profile", "--env-file", "--project-directory", "--ansi", "--progress"}
)
_PLAIN = frozenset(
    {"--rm", "-T", "--no-TTY", "-i", "-t", "-it", "-ti", "--interactive", "--tty", "--build", "--no-deps", "--quiet-pull"}
)
_COMPOSE = (("docker", "compose"), ("docker-compose",))
_OF_ONE_SERVICE = frozenset(
    {
        "ports",
        "expose",
        "healthcheck",
        "deploy",
        "scale",
        "container_name",
        "hostname",
        "labels",
        "profiles",
        "restart",
        "command",
    }
)
"""What a one-off container of a service does not take over from it."""


@frozen
class ReleaseTask:
    """A command that runs once in the image of a service before the release starts."""

    service: str
    words: tuple[str, ...]
    location: Location


def release_tasks(project: Project, stack: Stack) -> tuple[ReleaseTask, ...]:
    """Return one task for each service in which a workflow migrates, or that migrates whenever it starts, by service."""
    found = {task.service: task for task in _of_workflows(project, stack)}
    for item in start_migrations(project, stack).values():
        if item.words and not item.locked and not NOT_FOR_PRODUCTION.search(" ".join(item.words)):
            found.setdefault(item.service, ReleaseTask(item.service, item.words, item.location))
    return tuple(found[name] for name in sorted(found))


def services_that_migrate_at_once(project: Project, stack: Stack) -> frozenset[str]:
    """Return the services of which two copies would migrate at the same time when they start."""
    prepared = frozenset(task.service for task in release_tasks(project, stack))
    return migrate_at_once(stack, start_migrations(project, stack), prepared)


def _of_workflows(project: Project, stack: Stack) -> tuple[ReleaseTask, ...]:
    """Return the tasks of workflows, those that deploy first; none where the stack has a service of its own for it."""
    if any(_MIGRATES.search(" ".join(service.command or ())) for service in stack.services):
        return ()
    found: dict[str, ReleaseTask] = {}
    for workflow in sorted(project.workflows, key=lambda item: (not _DEPLOYS.search(item.path), item.path)):
        for task in _of_workflow(project, stack, workflow):
            found.setdefault(task.service, task)
    return tuple(found[name] for name in sorted(found))


_DEPLOYS = regex(r"deploy|release|prod|(?:^|[/_-])cd\b")


def with_release_tasks(stack: Stack, tasks: tuple[ReleaseTask, ...]) -> Stack:
    """Return the stack as a cluster runs it: each task a one-shot service, for which all that run its image wait."""
    services = list(stack.services)
    for task in tasks:
        of = next(item for item in services if item.name == task.service)
        waiting = {item.name for item in services if _runs_the_same(item, of)}
        once = _one_shot(of, task, waiting)
        if any(item.name == once.name for item in services):
            continue
        edge = Dependency(once.name, "service_completed_successfully", required=True, location=task.location)
        services = [
            replace(item, depends_on=(*item.depends_on, edge)) if _runs_the_same(item, of) else item for item in services
        ] + [once]
    return replace(stack, services=tuple(services))


def _runs_the_same(service: Service, of: Service) -> bool:
    same = _source(service) == _source(of) if of.build else service.image == of.image
    return service.name == of.name or (same and not service.has_role(Role.ONE_SHOT, Role.E2E))


def _source(service: Service) -> tuple[object, ...] | None:
    build = service.build
    return (build.context, build.dockerfile, build.target, build.args) if build else None


def _one_shot(service: Service, task: ReleaseTask, waiting: set[str]) -> Service:
    """Return the service that runs a task; it cannot wait for those that wait for it."""
    at, span = task.location, Span(0, 0)
    words = Sequence(tuple(Scalar(word, at, span, word, plain=False) for word in task.words), at, span)
    kept = tuple(entry for entry in service.node.entries if entry.key.value not in _OF_ONE_SERVICE)
    node = replace(service.node, entries=(*kept, Entry(Scalar("command", at, span, "command"), words)))
    return replace(
        service,
        name=f"{service.name}-prepare",
        node=node,
        command=task.words,
        depends_on=tuple(edge for edge in service.depends_on if edge.service not in waiting),
        ports=(),
        expose=(),
        listens=(),
        aliases=(),
        container_name="",
        profiles=(),
        restart="on-failure:3",
        healthcheck=Healthcheck((), disabled=True, location=at, test_location=at),
        roles=(RoleEvidence(Role.ONE_SHOT, 100, (f"{at.path} runs it before a release",)),),
    )


# --- workflows --------------------------------------------------------------------------------------------------------


def _of_workflow(project: Project, stack: Stack, workflow: Workflow) -> Iterator[ReleaseTask]:
    for job in workflow.jobs:
        for step in job.all_steps:
            for service, words in _one_off_containers(step):
                known = stack.service(service)
                text = " ".join(words)
                if known is None or known.is_datastore or not words or "$" in text or NOT_FOR_PRODUCTION.search(text):
                    continue
                if _MIGRATES.search(text) or any(_MIGRATES.search(line) for line in _behind(project, words)):
                    yield ReleaseTask(service, words, step.run_location or step.location)


def _behind(project: Project, words: tuple[str, ...]) -> Iterator[str]:
    """Yield the lines of the scripts that the words name; the image may keep them in another folder."""
    tails = {"/".join(word.split("/")[-2:]).removeprefix("./") for word in words if word.endswith((".sh", ".bash"))}
    for command in project.commands:
        if command.context == "script" and any(f"/{command.location.path}".endswith(f"/{tail}") for tail in tails):
            yield command.text


def _one_off_containers(step: Step) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield service and command of each `docker compose run` and `exec` of a step."""
    for line in step.run.replace("\\\n", " ").splitlines():
        try:
            words = shlex.split(line, comments=True)
        except ValueError:
            continue
        rest = next((words[len(start) :] for start in _COMPOSE if tuple(words[: len(start)]) == start), [])
        rest = _without_options(rest, _VALUED)
        if rest[:1] in (["run"], ["exec"]):
            container = _without_options(rest[1:], frozenset())
            if container:
                yield container[0], tuple(container[1:])


def _without_options(words: list[str], valued: frozenset[str]) -> list[str]:
    """Return the words behind the options; nothing where one is not known to leave the command as it is."""
    while words and words[0].startswith("-"):
        if words[0] in valued:
            words = words[2:]
        elif words[0] in _PLAIN or ("=" in words[0] and words[0].partition("=")[0] in valued):
            words = words[1:]
        else:
            return []
    return words
