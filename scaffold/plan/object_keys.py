"""Which variables are keys of an object store that the stack runs itself: no provider issues those."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from scaffold.model.compose import EnvValue, Service, Stack
from scaffold.model.environment import EnvPlan, EnvVariable
from scaffold.model.names import Role
from scaffold.model.own_machine import THIS_MACHINE
from scaffold.model.regex import regex
from scaffold.model.secrets import url_host
from scaffold.plan.same_logins import whole_variable

_KEY = regex(
    r"(?P<of>(?:[A-Z0-9]+_){0,6}(?:S3|MINIO|RUSTFS|GARAGE|AWS|STORAGE|OBJECTS?|BUCKET|UPLOADS?)_(?:[A-Z0-9]+_){0,6})"
    r"(?:ACCESS_?KEY(?:_?ID|_SECRET)?|SECRET_?(?:ACCESS_?)?KEY(?:_ID)?|KEY_?ID|KEY|SECRET)"
)
_ADDRESS = regex(r"(?P<of>\w*?)_?(?:ENDPOINT(?:_UR[LI]|_HOST)?|HOST(?:NAME)?|SERVER|UR[LI]|ADDR(?:ESS)?)(?:_S3)?")
_WORDS = frozenset({"S3", "MINIO", "RUSTFS", "GARAGE", "AWS", "STORAGE", "OBJECT", "OBJECTS", "BUCKET", "UPLOAD", "UPLOADS"})


def object_keys(stack: Stack) -> dict[str, str]:
    """Return each variable that is a key of an object store of the stack, by the name in Compose and in the container.

    An address beside it leads to that store, or to nothing yet where the stack has one such store; what leads elsewhere is
    another party's, and so is a name that stands for two stores.
    """
    stores = [service for service in stack.services if service.role is Role.OBJECT_STORE]
    found: dict[str, set[str]] = {}
    for service in stack.services if stores else ():
        for entry in service.environment:
            if _KEY.fullmatch(entry.name.upper()):
                store = service.name if service in stores else _store_of(service, stack, stores)
                for name in {entry.name, whole_variable(entry)} - {""}:
                    found.setdefault(name, set()).add(store)
    return {name: next(iter(places)) for name, places in found.items() if len(places) == 1 and places != {""}}


def with_own_keys(environment: EnvPlan, keys: dict[str, str]) -> EnvPlan:
    """Return the templates in which each of these keys says which store of the stack it belongs to."""

    def told(variable: EnvVariable) -> EnvVariable:
        return replace(variable, object_store=keys.get(variable.name, "")) if variable.secret else variable

    templates = tuple(
        replace(
            template,
            groups=tuple(replace(group, variables=tuple(map(told, group.variables))) for group in template.groups),
        )
        for template in environment.templates
    )
    return replace(environment, templates=templates)


def _store_of(service: Service, stack: Stack, stores: list[Service]) -> str:
    """Return the object store that the addresses of a service lead to, "" for none of the stack."""
    addresses = list(_addresses(service))
    led = {_leads_to(entry, stack) for entry in addresses}
    known = led & {store.name for store in stores}
    if len(known) == 1:
        return next(iter(known))
    return stores[0].name if addresses and led == {""} and len(stores) == 1 else ""


def _addresses(service: Service) -> Iterator[EnvValue]:
    for entry in service.environment:
        match = _ADDRESS.fullmatch(entry.name.upper())
        if match and not _WORDS.isdisjoint(match["of"].split("_")):
            yield entry


def _leads_to(entry: EnvValue, stack: Stack) -> str:
    """Return the service or the host that an address leads to, "" where the files do not say it, or mean one machine."""
    value = entry.value or ""
    host = (url_host(value) or "") if "://" in value else value.partition(":")[0].partition("/")[0]
    if not host or "$" in host or host in THIS_MACHINE:
        return ""
    service = stack.resolve_host(host)
    return service.name if service else host
