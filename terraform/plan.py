"""The plan of a project as the app reads it from JSON: frozen, checked, and with the place of every mistake."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from terraform.errors import PlanError

MAX_CHARACTERS = 4 * 1024 * 1024
"""The longest plan that is read, in characters."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Environment:
    """One environment; `production` keeps the defaults, others get a tfvars file that relaxes them."""

    name: str
    production: bool


@dataclass(frozen=True, slots=True)
class Postgres:
    """One PostgreSQL database that RDS will run; version is a bare major, "" when nobody knows it."""

    service: str
    version: str
    database: str
    user: str
    port: int


@dataclass(frozen=True, slots=True)
class Cache:
    """One Redis that ElastiCache will run as Valkey; version is major.minor; `broker` forbids eviction."""

    service: str
    version: str
    port: int
    broker: bool


@dataclass(frozen=True, slots=True)
class Secret:
    """One secret: with `store`, the app's login there, written by Terraform; without, filled by people, with these keys."""

    name: str
    keys: tuple[str, ...]
    store: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that the Terraform of one project depends on."""

    app: str
    region: str
    compute: str
    environments: tuple[Environment, ...]
    postgres: tuple[Postgres, ...]
    caches: tuple[Cache, ...]
    secrets: tuple[Secret, ...]

    @property
    def stores(self) -> tuple[Postgres | Cache, ...]:
        """Every store that AWS will run."""
        return (*self.postgres, *self.caches)


def parse(text: str) -> Plan:
    """Return the plan that `text` holds; raises PlanError with the path of the first mistake."""
    if len(text) > MAX_CHARACTERS:
        raise PlanError("plan", f"longer than {MAX_CHARACTERS} characters")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PlanError("plan", f"not JSON: {error}") from error
    reader = _Reader("plan", document)
    plan = Plan(
        app=reader.text("app"),
        region=reader.matching("region", r"[a-z]{2}(-[a-z]+)+-[0-9]+", "a region such as us-east-1"),
        compute=reader.matching("compute", r"eks|ecs", "eks or ecs"),
        environments=reader.each("environments", _environment),
        postgres=reader.each("postgres", _postgres),
        caches=reader.each("caches", _cache),
        secrets=reader.each("secrets", _secret),
    )
    reader.finish()
    _check(plan)
    return plan


def _environment(reader: _Reader) -> Environment:
    return Environment(reader.text("name"), reader.flag("production"))


def _postgres(reader: _Reader) -> Postgres:
    version = reader.matching("version", r"([1-9][0-9]?)?", "a major such as 17, or nothing")
    return Postgres(reader.text("service"), version, reader.text("database"), reader.text("user"), reader.port("port"))


def _cache(reader: _Reader) -> Cache:
    version = reader.matching("version", r"([1-9][0-9]?\.[0-9]{1,2})?", "a version such as 8.2, or nothing")
    return Cache(reader.text("service"), version, reader.port("port"), reader.flag("broker"))


def _secret(reader: _Reader) -> Secret:
    return Secret(reader.text("name"), reader.texts("keys"), reader.text("store", empty=True))


def _check(plan: Plan) -> None:
    """Refuse what no single field shows: repeated names, a login for a store that is not there."""
    services = [store.service for store in plan.stores]
    for what, names in (
        ("environments", [environment.name for environment in plan.environments]),
        ("stores", services),
        ("secrets", [secret.name for secret in plan.secrets]),
    ):
        repeated = next((name for name in names if names.count(name) > 1), None)
        if repeated is not None:
            raise PlanError(f"plan.{what}", f"{repeated!r} stands twice")
    if not plan.environments:
        raise PlanError("plan.environments", "at least one environment is needed")
    lost = next((secret.store for secret in plan.secrets if secret.store and secret.store not in services), None)
    if lost is not None:
        raise PlanError("plan.secrets", f"the store {lost!r} is not in the plan")


class _Reader:
    """Takes the fields of one JSON object, and remembers which ones were asked for."""

    def __init__(self, path: str, value: object) -> None:
        if not isinstance(value, Mapping):
            raise PlanError(path, "an object is wanted")
        self._path = path
        self._fields = value
        self._asked: set[str] = set()

    def _take(self, name: str) -> object:
        self._asked.add(name)
        if name not in self._fields:
            raise PlanError(f"{self._path}.{name}", "is missing")
        return self._fields[name]

    def text(self, name: str, *, empty: bool = False) -> str:
        return _text(f"{self._path}.{name}", self._take(name), empty=empty)

    def matching(self, name: str, pattern: str, wanted: str) -> str:
        value = self.text(name, empty=True)
        if not re.fullmatch(pattern, value, re.ASCII):
            raise PlanError(f"{self._path}.{name}", f"{wanted} is wanted")
        return value

    def flag(self, name: str) -> bool:
        value = self._take(name)
        if not isinstance(value, bool):
            raise PlanError(f"{self._path}.{name}", "true or false is wanted")
        return value

    def port(self, name: str) -> int:
        value = self._take(name)
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 65535:
            raise PlanError(f"{self._path}.{name}", "a port from 1 to 65535 is wanted")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        return tuple(_text(f"{self._path}.{name}[{index}]", item) for index, item in enumerate(self._list(name)))

    def each(self, name: str, read: Callable[[_Reader], _T]) -> tuple[_T, ...]:
        readers = [_Reader(f"{self._path}.{name}[{index}]", item) for index, item in enumerate(self._list(name))]
        values = tuple(read(reader) for reader in readers)
        for reader in readers:
            reader.finish()
        return values

    def _list(self, name: str) -> list[object]:
        value = self._take(name)
        if not isinstance(value, list):
            raise PlanError(f"{self._path}.{name}", "a list is wanted")
        return value

    def finish(self) -> None:
        """Refuse fields that nothing reads: a misspelt one must not be lost."""
        unknown = sorted(str(name) for name in set(self._fields) - self._asked)
        if unknown:
            raise PlanError(f"{self._path}.{unknown[0]}", "is unknown")


def _text(path: str, value: object, *, empty: bool = False) -> str:
    if not isinstance(value, str):
        raise PlanError(path, "text is wanted")
    if not value and not empty:
        raise PlanError(path, "text is wanted, nothing given")
    if "\x00" in value or any(0xD800 <= ord(char) <= 0xDFFF for char in value):
        raise PlanError(path, "the text holds a NUL or half a character")
    return value
