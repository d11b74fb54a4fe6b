"""SEC008: Compose writes a secret into a command, where `docker inspect` and the list of processes show it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from scaffold.gaps.facts import judged_stacks, once
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location, scalars_in
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_OPTION = regex(
    r"(?:--(?:requirepass|masterauth|password|passwd|pass|auth-token|secret|token|api-key|rootpassword)[=\s\"']+"
    r"|--basic[-_]auth[=\s\"']+[^\s:\"']*:"
    r"|(?:redis|valkey)-cli\b[^;&|]{0,200}?\s-a[\s\"']+"
    r"|(?:mysql|mysqladmin|mariadb|mariadb-admin|mysqldump)\b[^;&|]{0,200}?\s-p[\"']?)(?P<value>[^\s\"',]+)",
    words=("--basic", "-cli", "api-key", "ariadb", "masterauth", "pass", "secret", "token", "ysql"),
)
_URL = regex(r"[a-z][a-z0-9+.-]*://[^\s:/@\"']*:(?P<value>[^\s@/\"']+)@", words=("://",))
_OWN = "\0"
"""Stands for `$$`: the variable of the container, which its shell expands."""
_KEYS = ("command", "entrypoint", "healthcheck")


def _detect(project: Project) -> Iterator[Gap]:
    return iter(once(gap for stack in judged_stacks(project) for gap in _of_stack(project, stack)))


def _of_stack(project: Project, stack: Stack) -> Iterator[Gap]:
    for service in stack.services:
        found = [(key, place) for key in _KEYS for place in _places(project, service, key)]
        if found:
            yield _gap(stack, service, found)


def _places(project: Project, service: Service, key: str) -> Iterator[Location]:
    """Yield the places of secrets in one key; a list is read as one line, in which an option and its value are two words."""
    scalars = [item for item in scalars_in(service.node.get(key)) if item.location.path not in project.owned]
    text, starts = "", []
    for scalar in scalars:
        starts.append(len(text))
        text += (scalar.raw or scalar.value).replace("$$", _OWN) + " "
    for match in (*_OPTION.finditer(text), *_URL.finditer(text)):
        if _is_secret(match["value"]):
            yield scalars[bisect_right(starts, match.start("value")) - 1].location


def _is_secret(value: str) -> bool:
    """Whether a value is written by Compose: neither a variable of the container, a file, nor the next option."""
    return _OWN not in value and not value.startswith(("-", "/run/", "$(", "`"))


def _gap(stack: Stack, service: Service, found: list[tuple[str, Location]]) -> Gap:
    keys = " and ".join(dict.fromkeys(key for key, _ in found))
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="command-line",
        message=f"A secret is part of the {keys} of {service.name}: `docker inspect`, the list of processes and crash reports "
        "show it.",
        expected="a file under /run/secrets, or `$$NAME` from the container's environment",
        actual=f"a secret in {keys}",
        locations=tuple(dict.fromkeys(place for _, place in found)),
        environment=stack.environment,
    )


RULE = Rule(
    code="SEC008",
    name="secret-on-command-line",
    layer=Layer.SECRETS,
    severity=Severity.LOW,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Give the secret as a file of Compose (`secrets:`) or in the environment, and let the container read it: "
            "`REDISCLI_AUTH` for redis-cli, `PGPASSWORD` for psql, a configuration file for redis-server.",
        ),
    ),
)
