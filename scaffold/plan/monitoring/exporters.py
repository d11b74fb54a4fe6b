"""Exporters for the stores and queues of a stack, with credentials by the references that the base uses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.model.compose import EnvValue, Service, Stack
from scaffold.model.document import Mapping, scalars_of, text_of
from scaffold.model.frozen import frozen
from scaffold.model.monitoring import Component, ComponentKind, Remark, SecretFile, Variable
from scaffold.model.names import Role
from scaffold.model.postgres_images import postgres_login
from scaffold.model.probes import given_port
from scaffold.model.regex import regex
from scaffold.plan.monitoring.free import Taken, networks_of
from scaffold.plan.monitoring.passwords import postgres_password, postgres_user
from scaffold.plan.monitoring.references import plain_text, redis_password, url_text
from scaffold.plan.monitoring.scope import Scope

_REQUIRED = regex(r"\$\{([A-Za-z_]\w*):\?")
_BROKER_NAMES = (
    "CELERY_BROKER_URL",
    "CELERY_BROKER",
    "BROKER_URL",
    "RABBITMQ_URL",
    "AMQP_URL",
    "CELERY_REDIS_URL",
    "REDIS_URL",
)
_BROKER_SCHEMES = regex(r"(?:rediss?|amqps?|pyamqp|sentinel)://|\$\{")


@frozen
class Made:
    """An exporter with the variables it needs and what is to be said about it."""

    component: Component | None
    variables: tuple[Variable, ...] = ()
    remarks: tuple[Remark, ...] = ()


def with_hub(service: Service, hub: str) -> tuple[str, ...]:
    """Return the hub network and, unless the service is on it, the first network of the service."""
    networks = networks_of(service)
    return (hub,) if hub in networks or not networks else (hub, networks[0])


def postgres_exporter(store: Service, scope: Scope, taken: Taken, name: str) -> Made:
    """Return an exporter that logs in with the store's own user, password by reference or by the same secret file."""
    user = postgres_user(scope.project, scope.stack, store)
    database = plain_text(store.env("POSTGRES_DB"), user if store.env("POSTGRES_USER") else "postgres", store.name)
    environment = [
        ("DATA_SOURCE_URI", f"{store.name}:{given_port(store) or 5432}/{database}?sslmode=disable"),
        ("DATA_SOURCE_USER", user),
    ]
    password, secret = _postgres_password(store, scope.stack, name)
    environment += password
    component = Component(
        ComponentKind.POSTGRES_EXPORTER,
        taken.service(name),
        9187,
        with_hub(store, scope.hub),
        watches=store.name,
        environment=tuple(environment),
        secrets=secret,
    )
    return _made(component, store)


def _postgres_password(store: Service, stack: Stack, name: str) -> tuple[list[tuple[str, str]], tuple[SecretFile, ...]]:
    variable = postgres_login(store).password
    granted = granted_secret(store, store.env(f"{variable}_FILE"))
    if granted:
        return [("DATA_SOURCE_PASS_FILE", f"/run/secrets/{granted}")], (SecretFile(granted),)
    if store.env(variable) is None and text_of_env(store, "POSTGRES_HOST_AUTH_METHOD") == "trust":
        return [], ()
    password, known = postgres_password(store, stack)
    if known:
        return [("DATA_SOURCE_PASS", password)], ()
    secret = SecretFile(f"{name}-password", variable)
    return [("DATA_SOURCE_PASS_FILE", f"/run/secrets/{secret.name}")], (secret,)


def redis_exporter(store: Service, taken: Taken, hub: str, name: str) -> Made:
    """Return an exporter for a Redis or Valkey."""
    environment = [("REDIS_ADDR", f"redis://{store.name}:{given_port(store) or 6379}")]
    password = redis_password(store, "REDIS_PASSWORD")
    secrets = (SecretFile(f"{name}-password", "REDIS_PASSWORD"),) if password and not password[1] else ()
    if password and password[1]:
        environment.append(("REDIS_PASSWORD", password[0]))
    component = Component(
        ComponentKind.REDIS_EXPORTER,
        taken.service(name),
        9121,
        with_hub(store, hub),
        watches=store.name,
        environment=tuple(environment),
        secrets=secrets,
    )
    made = _made(component, store)
    configured = any(mount.target.endswith(".conf") for mount in store.mounts)
    if configured and not password:
        remark = Remark(store.name, "its configuration file may ask for a password: then give the exporter REDIS_PASSWORD")
        return Made(component, made.variables, (*made.remarks, remark))
    return made


def is_celery_worker(service: Service) -> bool:
    """Whether the service runs `celery … worker`."""
    words = " ".join((*(service.entrypoint or ()), *(service.command or ())))
    return bool(re.search(r"\bcelery\b.*\bworker\b", words))


def sends_task_events(service: Service) -> bool:
    """Whether a worker is started with task events, without which no metric about tasks exists."""
    words = " ".join((*(service.entrypoint or ()), *(service.command or ())))
    return bool(re.search(r"(?:^|\s)(?:-E|--task-events|--events)(?=\s|$)", words))


def celery_exporter(worker: Service, taken: Taken, hub: str) -> Made:
    """Return an exporter that reads the broker of a worker, or a remark when no variable names the broker."""
    entry = _broker(worker)
    if entry is None:
        return Made(
            None, (), (Remark(worker.name, "no variable of it names the broker, so there is no exporter for its queues"),)
        )
    url, known = url_text(entry, entry.name, worker.name)
    component = Component(
        ComponentKind.CELERY_EXPORTER,
        taken.service("celery-exporter"),
        9808,
        with_hub(worker, hub),
        watches=worker.name,
        environment=(("CE_BROKER_URL", url), ("CE_RETRY_INTERVAL", "5")),
    )
    return _made(component, worker, "" if known else entry.name)


def _broker(worker: Service) -> EnvValue | None:
    for name in _BROKER_NAMES:
        entry = worker.env(name)
        if entry and (entry.value is None or _BROKER_SCHEMES.search(entry.raw or entry.value)):
            return entry
    return None


def _made(component: Component, store: Service, spelled_out: str = "") -> Made:
    remarks: tuple[Remark, ...] = ()
    asked = [secret.variable for secret in component.secrets if secret.variable] + ([spelled_out] if spelled_out else [])
    if asked:
        text = f"its credential is not a variable of the base: set {asked[0]} to the same value for {component.service}"
        remarks = (Remark(store.name, text),)
    return Made(component, tuple(variables_of(component, store.name)), remarks)


def variables_of(component: Component, service: str) -> Iterator[Variable]:
    """Yield the variables that an exporter requires."""
    for _, text in component.environment:
        for name in _REQUIRED.findall(text):
            yield Variable(name, f"{component.service} reads {service} with it")
    for secret in component.secrets:
        if secret.variable:
            yield Variable(secret.variable, f"{component.service} reads {service} with it")


def text_of_env(service: Service, name: str) -> str:
    """Return the value of an environment entry, "" when it has none."""
    entry = service.env(name)
    return (entry.value or "") if entry else ""


def granted_secret(store: Service, file: EnvValue | None) -> str:
    """Return the Compose secret behind `*_FILE=/run/secrets/<name>`, or ""."""
    if file is None or not (file.value or "").startswith("/run/secrets/"):
        return ""
    wanted = (file.value or "").removeprefix("/run/secrets/")
    node = store.node.get("secrets")
    names = [item.value for item in scalars_of(node)]
    for item in getattr(node, "items", ()):
        if isinstance(item, Mapping) and text_of(item.get("target")).removeprefix("/run/secrets/") in {"", wanted}:
            names.append(text_of(item.get("source")))
    return wanted if wanted in names else ""


def has_exporter(service: Service) -> bool:
    """Whether one of the exporters above reads this kind of store."""
    return service.role in {Role.POSTGRES, Role.REDIS, Role.CACHE} and bool(service.image or service.build)
