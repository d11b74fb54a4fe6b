"""MET007: an exporter logs in with a user, a database or without a password that its store does not have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import SplitResult, unquote, urlsplit

from scaffold.gaps.monitoring_signals import neighbours
from scaffold.model.compose import EnvValue, Service, Stack
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Role, Severity
from scaffold.model.project import Project

_POSTGRES_KEYS = ("DATA_SOURCE_NAME", "DATA_SOURCE_URI")
_REDIS_KEYS = ("REDIS_ADDR",)


def _detect(project: Project) -> Iterator[Gap]:
    seen = set()
    for stack in project.stacks:
        for service in stack.services:
            if service.image is None or "exporter" not in service.image.repository or service.location.path in project.owned:
                continue
            for entry in service.environment:
                faults = _faults(project, stack, service, entry)
                if faults and entry.location not in seen:
                    seen.add(entry.location)
                    yield _gap(stack, service, entry, faults)


def _faults(project: Project, stack: Stack, exporter: Service, entry: EnvValue) -> tuple[str, ...]:
    """Return the words for what contradicts: host, user, database, password."""
    others = neighbours(project, stack)
    if entry.value is None or any(not reference.has_default for reference in entry.references):
        return ()
    if entry.name in _POSTGRES_KEYS:
        return _postgres_faults(entry.value, [s for s in others if s.role is Role.POSTGRES], others)
    if entry.name in _REDIS_KEYS and exporter.env("REDIS_PASSWORD") is None and exporter.env("REDIS_PASSWORD_FILE") is None:
        return _redis_faults(entry.value, [s for s in others if s.role is Role.REDIS])
    return ()


def _postgres_faults(value: str, stores: list[Service], others: tuple[Service, ...]) -> tuple[str, ...]:
    url = _parsed(value)
    if url is None or not url.hostname or "." in url.hostname or not stores:
        return ()
    store = next((s for s in stores if url.hostname in s.names), stores[0] if len(stores) == 1 else None)
    if store is None or any(url.hostname in s.names for s in others if s is not store):
        return ()
    faults = [] if url.hostname in store.names else ["host"]
    for word, given, key, default in (
        ("user", unquote(url.username or ""), "POSTGRES_USER", "postgres"),
        ("database", url.path.lstrip("/"), "POSTGRES_DB", ""),
    ):
        entry = store.env(key)
        wanted = entry.value if entry and entry.value is not None else default
        if given and wanted and given != wanted and not (word == "database" and given == "postgres"):
            faults.append(word)
    return tuple(faults)


def _parsed(value: str) -> SplitResult | None:
    try:
        return urlsplit(value if "://" in value else f"postgresql://{value}")
    except ValueError:
        return None


def _redis_faults(value: str, stores: list[Service]) -> tuple[str, ...]:
    url = _parsed(value)
    if url is None or not stores:
        return ()
    store = next((s for s in stores if url.hostname in s.names), stores[0] if len(stores) == 1 else None)
    needs = store is not None and bool(re.search(r"requirepass\s+\S", " ".join(store.command or ())))
    return ("password",) if needs and not url.password else ()


def _gap(stack: Stack, service: Service, entry: EnvValue, faults: tuple[str, ...]) -> Gap:
    words = ", ".join(faults)
    actual = f"another {words}" if faults != ("password",) else "no password"
    return RULE.gap(
        resource=stack.resource(service.name),
        subject=f"environment/{entry.name}",
        message=f"{entry.name} of {service.name} contradicts its store in {words}: the exporter cannot log in.",
        expected=f"the {words} that the store is started with",
        actual=actual,
        locations=(entry.location,),
        environment=stack.environment,
    )


RULE = Rule(
    code="MET007",
    name="exporter-contradicts-store",
    layer=Layer.METRICS,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Give the exporter the store's service name and a role of its own (pg_monitor), with the password from a secret.",
        ),
    ),
)
