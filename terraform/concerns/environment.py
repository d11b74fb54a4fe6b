"""What the containers of ECS get: settings, addresses of stores, and secrets by reference, composed where a URL needs one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from terraform.concerns import elasticache, rds
from terraform.concerns.foundation import Foundation
from terraform.concerns.secrets import BuiltSecret
from terraform.resource import Reference, Variable
from terraform.values import Expression, JsonDocument, Template, Value, join
from terraform.workload import Piece, Text, Workload

FILE = "ecs.tf"
_COMPOSED = "ecs"

Store = rds.Database | elasticache.BuiltCache


@dataclass(frozen=True, slots=True)
class Environment:
    """How texts become values; `composed` is the secret with the texts that hold a login of a store."""

    stores: Mapping[str, Store]
    secrets: Mapping[str, BuiltSecret]
    composed: Reference | None

    @property
    def secret_arns(self) -> tuple[Value, ...]:
        """The secrets that a task can be given."""
        arns: tuple[Value, ...] = tuple(secret.reference.attribute("arn") for secret in self.secrets.values())
        return (*arns, self.composed.attribute("arn")) if self.composed else arns

    def template(self, text: Text) -> Template:
        """Return a text as a template; its logins are values that reach no state."""
        return join(*(self._part(piece) for piece in text))

    def split(self, workload: Workload) -> tuple[dict[str, Value], dict[str, Value]]:
        """Return the plain variables with their values, and the secret ones with where each is read from."""
        plain: dict[str, Value] = {}
        secret: dict[str, Value] = {}
        for variable in workload.environment:
            if not any(piece.kind == "secret" for piece in variable.value):
                plain[variable.name] = self.template(variable.value)
            elif _is_composed(variable.value) and self.composed is not None:
                secret[variable.name] = join(self.composed.attribute("arn"), f":{_key(workload, variable.name)}::")
            else:
                piece = variable.value[0]
                secret[variable.name] = join(self.secrets[piece.text].reference.attribute("arn"), f":{piece.field}::")
        return plain, secret

    def _part(self, piece: Piece) -> str | Expression:
        if piece.kind == "literal":
            return piece.text
        if piece.kind == "setting":
            return Expression(f"local.settings.{piece.text}")
        if piece.kind == "store":
            return _of_store(self.stores[piece.text], piece.field)
        secret = self.secrets[piece.text]
        password = secret.password if piece.field == "password" else None
        return password or _of_store(self.stores[secret.plan.store], piece.field)


def build(base: Foundation, key: Reference, stores: tuple[Store, ...], secrets: tuple[BuiltSecret, ...]) -> Environment:
    """Add the settings, and the secret with the composed texts where there is one."""
    _settings(base)
    by_service = {store.store.service: store for store in stores}
    by_name = {secret.plan.name: secret for secret in secrets}
    bare = Environment(by_service, by_name, None)
    composed = {
        _key(workload, variable.name): variable.value
        for workload in base.plan.workloads
        for variable in workload.environment
        if _is_composed(variable.value)
    }
    if not composed:
        return bare
    return Environment(by_service, by_name, _composed_secret(base, key, bare, composed))


def _is_composed(text: Text) -> bool:
    return len(text) > 1 and any(piece.kind == "secret" for piece in text)


def _key(workload: Workload, variable: str) -> str:
    return f"{workload.name}.{variable}"


def _of_store(store: Store, field: str) -> str | Expression:
    if field == "port":
        return str(store.store.port)
    if isinstance(store, rds.Database):
        fields: dict[str, str | Expression] = {
            "host": store.instance.attribute("address"),
            "database": store.store.database,
            "username": store.store.user,
        }
        return fields[field]
    return store.address if field == "host" else store.login


def _composed_secret(base: Foundation, key: Reference, bare: Environment, composed: Mapping[str, Text]) -> Reference:
    """It is written in the same apply as the logins that it is made of, whose numbers add up to its own."""
    used = {piece.text for text in composed.values() for piece in text if piece.kind == "secret"}
    logins = [secret for name, secret in bare.secrets.items() if name in used]
    reference = base.stack.resource(
        FILE,
        "aws_secretsmanager_secret",
        "composed",
        {
            "name": join(base.app, "/", Expression("var.environment"), f"/{_COMPOSED}"),
            "description": "What the tasks get that is made of a login and an address",
            "kms_key_id": key.attribute("arn"),
            "recovery_window_in_days": Expression("var.secret_recovery_window_days"),
        },
    )
    base.stack.resource(
        FILE,
        "aws_secretsmanager_secret_version",
        "composed",
        {
            "secret_id": reference.attribute("id"),
            "secret_string_wo": JsonDocument({name: bare.template(text) for name, text in composed.items()}),
            "secret_string_wo_version": Expression(" + ".join(login.version.code for login in logins if login.version)),
            "lifecycle": {"replace_triggered_by": [item for login in logins for item in login.followed]},
        },
    )
    return reference


def _settings(base: Foundation) -> None:
    """One input for all: what stands in it takes the place of the defaults."""
    settings = base.plan.settings
    if not settings:
        return
    known: dict[str, Value] = {setting.name: setting.default for setting in settings if not setting.required}
    required = ", ".join(f'"{setting.name}"' for setting in settings if setting.required)
    base.variable(
        Variable(
            "settings",
            "map(string)",
            "Settings of the application that differ in this environment; the others keep the defaults in locals.tf.",
            None if required else {},
            f"alltrue([for name in [{required}] : contains(keys(var.settings), name)])" if required else "",
            f"No default is known for {required.replace(chr(34), '')}." if required else "",
        )
    )
    defaults = base.stack.local("locals.tf", "default_settings", known)
    base.stack.local("locals.tf", "settings", Expression(f"merge({defaults.code}, var.settings)"))
