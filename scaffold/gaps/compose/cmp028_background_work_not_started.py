"""CMP028: code leaves work to a schedule or a queue, and nothing that runs in production takes it up."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.own_images import is_own_image
from scaffold.gaps.signals import application_services, main_environment, owner_of_path
from scaffold.model.compose import Service
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import CodeFact, Project
from scaffold.model.regex import regex


@frozen
class _Kind:
    """What people call the work, what happens to it, the command that takes it up, and the words of a page that shows it."""

    work: str
    effect: str
    command: str
    shown: re.Pattern[str]


_KINDS = {
    "laravel-schedule": _Kind(
        "the schedule of Laravel", "none of its entries ever runs", "php artisan schedule:work", regex(r"schedule:(?:run|work)")
    ),
    "laravel-queue": _Kind(
        "jobs that wait in a queue", "they pile up and nobody does them", "php artisan queue:work", regex(r"queue:work|horizon")
    ),
    "celery-beat": _Kind(
        "the schedule of Celery", "none of its entries ever runs", "celery beat", regex(r"\bcelery\b.*\bbeat\b|\s-B\b")
    ),
    "celery": _Kind("tasks of Celery", "they pile up and nobody does them", "celery worker", regex(r"\bcelery\b.*\bworker\b")),
    "delayed-job": _Kind(
        "jobs of Delayed Job",
        "they pile up in the database and nobody does them, mails among them",
        "bundle exec rails jobs:work",
        regex(r"\bjobs:work\b|\bdelayed_job\b"),
    ),
    "good-job": _Kind(
        "jobs of GoodJob",
        "they pile up in the database and nobody does them",
        "bundle exec good_job start",
        regex(r"\bgood_job\b"),
    ),
    "solid-queue": _Kind(
        "jobs of Solid Queue",
        "they pile up in the database and nobody does them",
        "bin/jobs",
        regex(r"\bbin/jobs\b|\bsolid_queue:start\b", words=("bin/jobs", "solid_queue")),
    ),
    "resque": _Kind(
        "jobs of Resque", "they pile up and nobody does them", "bundle exec rake resque:work", regex(r"\bresque:work")
    ),
    "django-q": _Kind(
        "tasks of Django Q", "they pile up and nobody does them", "python manage.py qcluster", regex(r"\bqcluster\b")
    ),
    "sidekiq": _Kind("jobs of Sidekiq", "they pile up and nobody does them", "bundle exec sidekiq", regex(r"\bsidekiq\b")),
    "dramatiq": _Kind("actors of Dramatiq", "their messages pile up and nobody takes them", "dramatiq", regex(r"\bdramatiq\b")),
    "rq-schedule": _Kind(
        "jobs of RQ for a later time", "they wait for ever", "rq worker --with-scheduler", regex(r"with-scheduler|rqscheduler")
    ),
    "rq": _Kind("jobs of RQ", "they pile up and nobody does them", "rq worker", regex(r"\brq\s+worker\b")),
    "vercel-crons": _Kind(
        "the schedule of vercel.json",
        "where the stack runs, nobody calls its routes, and their work is never done",
        "curl of each route by a clock",
        regex(r"\bcurl\b.*/api/.*cron|crontab|CRON_SECRET", words=("CRON_SECRET", "cron")),
    ),
    "whenever": _Kind(
        "the schedule of whenever", "none of its entries ever runs", "whenever --update-crontab", regex(r"\bwhenever\b")
    ),
}
_QUEUE_SETTING = regex(r"QUEUE_(?:CONNECTION|DRIVER)")
_REAL_QUEUES = frozenset({"redis", "database", "sqs", "beanstalkd"})


def _detect(project: Project) -> Iterator[Gap]:
    main = project.main_stack
    if main is None or not main.complete:
        return
    for fact in project.code_facts:
        if fact.kind == "background" and (fact.detail != "laravel-queue" or _is_queued(project)):
            service = _runner(project, fact.location)
            if service is not None:
                yield _gap(project, fact, service)


def _is_queued(project: Project) -> bool:
    """Whether a template or the environment of a service sends Laravel's jobs to a queue, not into the request."""
    templates = (entry for file in project.env_files for entry in file.entries if not entry.commented)
    values = [(entry.name, entry.value) for entry in templates]
    values += [(entry.name, entry.value or "") for _, service in application_services(project) for entry in service.environment]
    return any(_QUEUE_SETTING.fullmatch(name) and value.strip("\"' ").lower() in _REAL_QUEUES for name, value in values)


def _runner(project: Project, place: Location) -> Service | None:
    """Return the service of the judged stacks that runs the code at a place, by its build or as an image of the project's."""
    owner = owner_of_path(project, place.path)
    if owner is not None:
        return owner[1]
    images = (service for _, service in application_services(project) if is_own_image(project, service.image))
    return next((service for service in images if not service.build), None)


def _page(project: Project, kind: _Kind) -> Location | None:
    """Return the command on a page that starts the process by hand, or None."""
    shown = (item.location for item in project.commands if item.context == "doc" and kind.shown.search(item.text))
    return min((place for place in shown if place.path not in project.owned), key=Location.sort_key, default=None)


def _gap(project: Project, fact: CodeFact, service: Service) -> Gap:
    kind = _KINDS[fact.detail]
    page = _page(project, kind)
    hint = f"; {page.path}:{page.line} shows it to people, who have to start it by hand" if page else ""
    return RULE.gap(
        resource="compose",
        subject=f"background/{fact.detail}",
        message=f"The code leaves {kind.work} to another process, and no service, image, script or crontab of this repository"
        f" starts that (`{kind.command}`): {kind.effect}{hint}.",
        expected=f"a service that runs `{kind.command}`",
        actual="nothing starts it",
        locations=(fact.location,),
        related=(service.location, page) if page else (service.location,),
        severity=Severity.LOW if page else None,
        environment=main_environment(project),
    )


RULE = Rule(
    code="CMP028",
    name="background-work-not-started",
    layer=Layer.COMPOSE,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Add a service that runs the same image with the command that the message names, one copy for a schedule, with a"
            " restart policy.",
        ),
    ),
)
