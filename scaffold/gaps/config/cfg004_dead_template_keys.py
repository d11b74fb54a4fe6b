"""CFG004: keys of an env template that nothing reads."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.document import scalars_in
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Confidence, Layer, Room, Severity
from scaffold.model.project import EnvEntry, EnvFile, Project
from scaffold.model.regex import regex

_READ_BY_OTHERS = regex(
    r"DJANGO_|GUNICORN_|COMPOSE_|DOCKER_|BUILDKIT|PG[A-Z]+$|AWS_|VITE_|NEXT_PUBLIC_|REACT_APP_|NUXT_|PUBLIC_|EXPO_|NODE_|NPM_|PYTHON|PIP_"
    r"|UVICORN_|WEB_CONCURRENCY$|CELERY_|FLASK_|OTEL_|DD_|GOOGLE_APPLICATION|HTTPS?_PROXY$|NO_PROXY$|TZ$|LANG$|LC_|PORT$|HOST$|PATH$"
)
_PROMISES = regex(r"BACKUP_|SSL_|TLS_|SENTRY_|PROMETHEUS_|METRICS_|RATE_LIMIT_|ALERT_|FORCE_(?:SSL|HTTPS)$")
_SWITCHES = regex(r"(?:BACKUPS?|SSL|TLS|HTTPS|RATE_LIMIT(?:ING)?)_ENABLED|(?:FORCE|ENABLE|REQUIRE)_(?:SSL|HTTPS|TLS|BACKUPS?)")
"""Switches of protection, which no package of others reads by such a name of its own."""
_READS_ANYTHING = regex(
    r"os\.environ\.(?:items|copy|keys)|dict\(os\.environ|environ\[f|getenv\(f|process\.env\[(?!['\"])|env_prefix|from_env"
)
_WORD = regex(r"[A-Za-z_]\w*")
_LANGUAGES = frozenset({"python", "node"})
_BY_NAME = frozenset({"php", "ruby", "elixir", "dotnet"})
"""Languages whose code names each variable, though packages read others: there switches of protection alone are told of."""
_MOST_SHOWN = 5
_LEAST_READ = 0.4
"""Share of the keys that must be seen as read before the others count as dead."""


def _detect(project: Project) -> Iterator[Gap]:
    # Only where the reader knows how the code takes its environment can it be said that nothing reads a key.
    theirs = [item for item in project.env_reads if item.location.path not in project.owned]
    others = {item.ecosystem for item in project.manifests} - _LANGUAGES
    if not theirs or others - _BY_NAME or _reads_anything(project):
        return
    words = words_of_project(project, owned=False) | {name.upper() for name in project.mentioned}
    for file in project.env_files:
        entries = [item for item in file.entries if not item.commented]
        dead = [entry for entry in entries if _is_dead(entry, words)]
        if dead and file.kind == "template" and file.path not in project.owned:
            # What only our files read says nothing about how well the project's own code was understood.
            ours = words_of_project(project, owned=True, among=frozenset(entry.name.upper() for entry in dead))
            unread = [entry for entry in dead if entry.name.upper() not in ours]
            live = len(entries) - len(dead)
            # Where most keys seem dead, the code takes them in a way that was not seen.
            told = [entry for entry in unread if not others or _SWITCHES.fullmatch(entry.name)]
            if told and live >= _LEAST_READ * (live + len(unread)):
                yield _gap(file, told)


def _reads_anything(project: Project) -> bool:
    return any(
        item.path.endswith((".py", ".js", ".ts", ".mjs", ".cjs")) and _READS_ANYTHING.search(item.text)
        for item in project.sources
    )


def words_of_project(project: Project, *, owned: bool, among: frozenset[str] = frozenset()) -> frozenset[str]:
    """Return every word of code, stacks, scripts and configuration in upper case, of our files or of all others; pages and
    env files left out. Where only some words matter, files without any of them are passed over.
    """
    skipped = {file.path for file in project.env_files} | {page.path for page in project.docs}
    found: set[str] = set()
    for item in project.sources:
        if item.path not in skipped and (item.path in project.owned) is owned:
            found |= _words_of(item.text, among)
    for command in project.commands:
        if command.context != "doc" and (command.location.path in project.owned) is owned:
            found.update(word.upper() for word in _WORD.findall(command.text))
    found.update(item.name.upper() for item in project.env_reads if (item.location.path in project.owned) is owned)
    if not owned:
        found.update(item.name.upper() for item in project.settings)
    for stack in project.stacks:
        for service in stack.services:
            if (service.location.path in project.owned) is not owned:
                continue
            found.update(entry.name.upper() for entry in service.environment if entry.source == "environment")
            for scalar in scalars_in(service.node):
                found.update(reference.name.upper() for reference in scalar.references)
    return frozenset(found)


def _words_of(text: str, among: frozenset[str]) -> set[str]:
    upper = text.upper() if among else ""
    if among and not any(word in upper for word in among):
        return set()
    return {word.upper() for word in set(_WORD.findall(text))}


def _is_dead(entry: EnvEntry, words: frozenset[str]) -> bool:
    return "__" not in entry.name and entry.name.upper() not in words and not _READ_BY_OTHERS.match(entry.name)


def _gap(file: EnvFile, dead: list[EnvEntry]) -> Gap:
    promising = [entry.name for entry in dead if _PROMISES.match(entry.name)]
    first = promising or [entry.name for entry in dead]
    more = len(dead) - len(first[:_MOST_SHOWN])
    shown = ", ".join(first[:_MOST_SHOWN]) + (f" and {more} more" if more > 0 else "")
    note = ": whoever sets them believes that they protect something" if promising else ""
    return RULE.gap(
        resource=file.path,
        subject="dead-keys",
        message=f"Nothing reads {shown} of {file.path}{note}.",
        expected="keys that the code, the stack or a script reads",
        actual=f"{len(dead)} keys that nothing reads" if len(dead) > 1 else "one key that nothing reads",
        locations=tuple(entry.location for entry in dead),
        severity=Severity.MEDIUM if promising else Severity.LOW,
        confidence=Confidence.MEDIUM,
    )


RULE = Rule(
    code="CFG004",
    name="dead-template-keys",
    layer=Layer.CONFIG,
    severity=Severity.LOW,
    detect=_detect,
    closers=(
        Closer(Room.EDITS, "edit"),
        Closer(None, "advice", "Take the keys out of the template, or build what they promise."),
    ),
)
