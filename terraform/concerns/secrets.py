"""Secrets Manager: the application's logins, written by Terraform and never stored by it, and the secrets people fill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from terraform import names
from terraform.concerns import elasticache, rds
from terraform.concerns.foundation import Foundation, credentials_version
from terraform.errors import BuildError
from terraform.plan import Secret
from terraform.resource import Reference, Variable
from terraform.values import Expression, JsonDocument, Template, Value, join

FILE = "secrets.tf"


@dataclass(frozen=True, slots=True)
class BuiltSecret:
    """One secret; `store` names the service whose login it holds, "" for values that people fill in."""

    plan: Secret
    reference: Reference
    password: Expression | None = None
    """A store's password, while Terraform runs and never in its state."""
    version: Expression | None = None
    """The number that is raised for a new password."""
    followed: tuple[Expression, ...] = ()
    """What is replaced together with the password."""


def build(
    base: Foundation, key: Reference, databases: tuple[rds.Database, ...], caches: tuple[elasticache.BuiltCache, ...]
) -> tuple[BuiltSecret, ...]:
    """Add every secret of the plan."""
    secrets = base.plan.secrets
    if not secrets:
        return ()
    base.variable(
        Variable(
            "secret_recovery_window_days",
            "number",
            "Days for which a deleted secret can be brought back.",
            30,
            "var.secret_recovery_window_days >= 7 && var.secret_recovery_window_days <= 30",
            "From 7 to 30 days.",
        )
    )
    stores: tuple[rds.Database | elasticache.BuiltCache, ...] = (*databases, *caches)
    logins = {item.store.service: item for item in stores}
    slugs = names.unique_slugs([secret.name for secret in secrets], 40)
    return tuple(_secret(base, key, secret, names.identifier(slugs[secret.name]), logins) for secret in secrets)


def _secret(
    base: Foundation,
    key: Reference,
    secret: Secret,
    name: str,
    logins: Mapping[str, rds.Database | elasticache.BuiltCache],
) -> BuiltSecret:
    login = f"Login of the application at {secret.store[:100]}"
    reference = base.stack.resource(
        FILE,
        "aws_secretsmanager_secret",
        name,
        {
            "name": join(base.app, "/", Expression("var.environment"), f"/{secret.name}"),
            "description": login if secret.store else "Values of the application, filled in by people",
            "kms_key_id": key.attribute("arn"),
            "recovery_window_in_days": Expression("var.secret_recovery_window_days"),
        },
    )
    if secret.store:
        return _login(base, secret, name, reference, logins[secret.store])
    return BuiltSecret(secret, reference)


def _login(
    base: Foundation, secret: Secret, name: str, reference: Reference, store: rds.Database | elasticache.BuiltCache
) -> BuiltSecret:
    if isinstance(store, rds.Database):
        password = base.stack.ephemeral(
            FILE, "aws_secretsmanager_random_password", name, {"password_length": 48, "exclude_punctuation": True}
        ).attribute("random_password")
        version = credentials_version(base, store.variable_prefix, f"the database of the service {store.store.service}")
        content = _database_login(store, password)
        followed = [store.instance.attribute("address")]
    else:
        password, version = store.password, store.password_version
        content = _cache_login(store)
        # Not the address: a replaced group keeps it, and the user would keep a password that the new secret lacks.
        followed = [store.user.attribute("id")]
    unknown = sorted(set(secret.keys) - set(content))
    if unknown:
        raise BuildError(f"{FILE}/{secret.name}", f"a login has the keys {', '.join(content)}, and no {unknown[0]}")
    base.stack.resource(
        FILE,
        "aws_secretsmanager_secret_version",
        name,
        {
            "secret_id": reference.attribute("id"),
            "secret_string_wo": JsonDocument(content),
            "secret_string_wo_version": version,
            "lifecycle": {"replace_triggered_by": followed},
        },
    )
    return BuiltSecret(secret, reference, password, version, tuple(followed))


def _database_login(database: rds.Database, password: Expression) -> dict[str, Value]:
    store, address = database.store, database.instance.attribute("address")
    url = (f"postgresql://{store.user}:", password, "@", address, f":{store.port}/{store.database}?sslmode=require")
    return _content(store.user, password, address, store.port, {"dbname": store.database, "url": join(*url)})


def _cache_login(cache: elasticache.BuiltCache) -> dict[str, Value]:
    """Celery refuses a `rediss` URL without `ssl_cert_reqs`; the other queue libraries pass over it."""
    address = cache.address
    query = "?ssl_cert_reqs=required" if cache.store.broker else ""
    named = () if cache.login == elasticache.USER else (cache.login,)
    url: Template = join("rediss://", *named, ":", cache.password, "@", address, f":{cache.store.port}/0{query}")
    return _content(cache.login, cache.password, address, cache.store.port, {"url": url})


def _content(
    user: str | Expression, password: Expression, host: Expression, port: int, rest: dict[str, Value]
) -> dict[str, Value]:
    return {"username": user, "password": password, "host": host, "port": str(port), **rest}
