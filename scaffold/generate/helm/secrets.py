"""The Secrets of the cluster: what each takes from Secrets Manager, and the texts that are put together of it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from scaffold.generate.helm.texts import text_data
from scaffold.model.cluster_backup import BACKUP_KEY, BACKUP_SECRET
from scaffold.model.target import Target
from scaffold.model.workload import Piece, Text, Variable, secrets_in

Place = tuple[str, str]
"""A Secret of the cluster without the chart's prefix, and a key in it."""


@dataclass(slots=True)
class ClusterSecrets:
    """`remote` are the values that an ExternalSecret fetches, `data` the keys that its Secret gets."""

    remote: dict[str, dict[str, dict[str, str | bool]]] = field(default_factory=lambda: defaultdict(dict))
    data: dict[str, dict[str, object]] = field(default_factory=lambda: defaultdict(dict))

    def as_values(self) -> dict[str, object]:
        """Return the section `secrets` of the values."""
        return {
            name: {"remote": dict(sorted(self.remote[name].items())), "data": dict(sorted(self.data[name].items()))}
            for name in sorted(self.data)
        }

    def file(self, secret: str, key: str) -> None:
        """Add a value that holds a file in base64: the Secret gets the file itself."""
        self.plain(secret, key)
        self.remote[secret][key]["decode"] = True

    def fetch(self, owner: str, secret: str, key: str) -> str:
        """Have the Secret `owner` fetch a value, and return the name that it has there."""
        name = key if owner == secret else f"{secret}.{key}"
        self.remote[owner][name] = {"secret": secret, "key": key}
        return name

    def plain(self, secret: str, key: str) -> Place:
        """Add one value as it is."""
        self.data[secret][key] = [{"remote": self.fetch(secret, secret, key)}]
        return (secret, key)

    def composed(self, text: Text, key: str) -> Place:
        """Add a text that holds values of secrets; the store that it logs in to owns it."""
        owner = secrets_in(text)[0].text
        self.data[owner][key] = [self._part(owner, piece) for piece in text]
        return (owner, key)

    def _part(self, owner: str, piece: Piece) -> object:
        if piece.kind != "secret":
            return text_data((piece,))
        part: dict[str, object] = {"remote": self.fetch(owner, piece.text, piece.field)}
        return {**part, "encoded": True} if piece.encoded else part


def plan_secrets(target: Target) -> tuple[ClusterSecrets, dict[tuple[str, str], Place]]:
    """Return the Secrets, and where each variable (workload, name) that needs one finds its value."""
    secrets = ClusterSecrets()
    places: dict[tuple[str, str], Place] = {}
    read = [(workload.name, item) for workload in target.workloads for item in workload.environment if secrets_in(item.value)]
    texts: dict[str, set[Text]] = defaultdict(set)
    for _, variable in read:
        texts[variable.name].add(variable.value)
    for name, variable in read:
        found = secrets_in(variable.value)
        if len(variable.value) == 1 and not found[0].encoded:
            places[name, variable.name] = secrets.plain(found[0].text, found[0].field)
        else:
            key = variable.name if len(texts[variable.name]) == 1 else f"{name}.{variable.name}"
            places[name, variable.name] = secrets.composed(variable.value, key)
    for mount in (mount for workload in target.workloads for mount in workload.mounts if mount.kind == "secret"):
        (secrets.file if mount.base64 else secrets.plain)(mount.name, mount.key)
    if target.cluster_backup is not None:
        secrets.plain(BACKUP_SECRET, BACKUP_KEY)
        for job in target.cluster_backup.jobs:
            for variable in job.environment:
                if secrets_in(variable.value):
                    places[job.name, variable.name] = _login(secrets, variable, job.name)
    for store in database_stores(target):
        secrets.plain(store, "username")
        secrets.plain(store, "password")
    return secrets, places


def _login(secrets: ClusterSecrets, variable: Variable, owner: str) -> Place:
    """Add a value with which a backup logs in, as it is or put together."""
    (first, *_) = secrets_in(variable.value)
    if len(variable.value) == 1 and not first.encoded:
        return secrets.plain(first.text, first.field)
    return secrets.composed(variable.value, f"{owner}.{variable.name}")


def database_stores(target: Target) -> tuple[str, ...]:
    """Return the managed PostgreSQL stores that workloads use: each needs the role of the application."""
    used = {store for workload in target.workloads for store in workload.stores}
    return tuple(
        store.service
        for store in target.stores
        if store.placement == "managed" and store.engine == "postgres" and store.service in used
    )
