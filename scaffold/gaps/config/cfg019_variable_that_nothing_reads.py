"""CFG019: a service gets a variable whose name stands in no code, script or configuration of the repository."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from scaffold.gaps.alike_names import plain_words
from scaffold.gaps.config.cfg011_required_variable_not_passed import misnamed_names
from scaffold.gaps.facts import judged_stacks, listed
from scaffold.gaps.secrets.unread import is_code_of_ours, reads_by_package
from scaffold.model.compose import EnvValue, Service, Stack
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.image_code import given_names, reads_in_image
from scaffold.model.names import Confidence, Layer, Severity
from scaffold.model.project import EnvRead, Project
from scaffold.model.regex import regex

_PROTECTS = regex(
    r"(?:^|_)(?:PASS|PASSWORD|PASSWD|SECRET|TOKEN|KEY|ISOLATION|SANDBOX\w*|SENTRY|BACKUPS?|RATE_?LIMIT\w*|SSL|TLS|ORIGINS?|CORS|ALLOW|ALLOWED"
    r"|TRUST\w*|SECURE|ENCRYPT\w*|EXPIRES?|EXPIRY|EXPIRATION|RETENTION|ALERTS?)(?:_|$)"
)
"""Names by which somebody believes that something is protected, kept, or told."""
_PACKAGES = {
    "SENTRY_DSN": "sentry",
    "REDIS_URL": "redis|bull|celery|kombu|sidekiq|bee-queue|agenda|arq|dramatiq|huey|channels|cache",
}
"""Variables that packages read by themselves, with a part of the names of those."""
_MOST_SHOWN = 5
_MOST_SERVICES = 40
"""Services of a stack whose images are looked into: each is asked for every file of code."""
_LEAST_ALIKE = 2
"""Words that two names have in common, at least, where one may be meant by the other."""


def _detect(project: Project) -> Iterator[Gap]:
    unread = frozenset(name for name in project.unread if not _may_be_read(project, name))
    if not unread or ".gitmodules" in project.files:
        return
    told: set[str] = set()
    for stack in judged_stacks(project):
        if not stack.is_runnable_in_production:
            continue
        told |= misnamed_names(project, stack)
        services = islice((item for item in stack.services if _entries(item, unread - told)), _MOST_SERVICES)
        found = [(service, entry) for service in services for entry in _given(project, service, unread - told)]
        told.update(entry.name for _, entry in found)
        if found:
            yield _gap(stack, found, _asked_instead(project, stack, found))


def _may_be_read(project: Project, name: str) -> bool:
    """Whether a package of the project may read a variable by itself."""
    word = _PACKAGES.get(name)
    if word is None:
        return reads_by_package(project, frozenset({name}))
    packages = {package.lower() for manifest in project.manifests for package in manifest.dependencies}
    return any(part in package for part in word.split("|") for package in packages)


def _given(project: Project, service: Service, unread: frozenset[str]) -> list[EnvValue]:
    """Return what a service that runs code of the repository gets of the unread variables."""
    return _entries(service, unread) if service.is_application and is_code_of_ours(project, service) else []


def _entries(service: Service, unread: frozenset[str]) -> list[EnvValue]:
    return [entry for entry in service.environment if entry.source == "environment" and entry.name in unread]


def _asked_instead(project: Project, stack: Stack, found: list[tuple[Service, EnvValue]]) -> dict[str, EnvRead]:
    """Return, by unread names, what code of the same image asks for that has one word more or less and that nothing sets."""
    given = {name for service in stack.services for name in given_names(project, stack, service)}
    return {
        entry.name: reads[0]
        for service, entry in found
        for name, reads in reads_in_image(project, service).items()
        if name not in given and _are_alike(entry.name, name)
    }


def _are_alike(first: str, second: str) -> bool:
    one, two = plain_words(first), plain_words(second)
    return one[0] == two[0] and len(set(one) ^ set(two)) <= 1 and len(set(one) & set(two)) >= _LEAST_ALIKE


def _gap(stack: Stack, found: list[tuple[Service, EnvValue]], instead: dict[str, EnvRead]) -> Gap:
    names = list(dict.fromkeys(entry.name for _, entry in found))
    services = list(dict.fromkeys(service.name for service, _ in found))
    protecting = [name for name in names if _PROTECTS.search(name)]
    shown = [*protecting, *(name for name in names if name not in protecting)]
    asked = f"; the code asks for {listed(dict.fromkeys(read.name for read in instead.values()))}" if instead else ""
    note = f": whoever sets {protecting[0]} believes that it does something" if protecting else ""
    return RULE.gap(
        resource=stack.resource(services[0]),
        subject="unread-variables",
        message=f"Compose gives {listed(services)} {listed(shown, shown=_MOST_SHOWN)}, and no code, script or configuration of "
        f"the repository names {'it' if len(names) == 1 else 'one of them'}{asked}{note}.",
        expected="variables that the code reads, by the names that it reads",
        actual=f"{len(names)} variables that nothing reads" if len(names) > 1 else "one variable that nothing reads",
        locations=tuple(sorted({entry.location for _, entry in found}, key=lambda place: place.sort_key())),
        related=tuple(dict.fromkeys(read.location for read in instead.values())),
        severity=Severity.MEDIUM if protecting else Severity.LOW,
        confidence=Confidence.MEDIUM,
        environment=stack.environment,
    )


RULE = Rule(
    code="CFG019",
    name="variable-that-nothing-reads",
    layer=Layer.CONFIG,
    severity=Severity.LOW,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Read the variable in the code, give it by the name that the code reads, or take it out of the Compose file.",
        ),
    ),
)
