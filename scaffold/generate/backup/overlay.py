"""compose.backup.yaml: a container per store that dumps it on a schedule, one for databases that are files, and one that
encrypts and sends everything.
"""

from __future__ import annotations

import posixpath
from typing import Any

from scaffold.generate.emit import to_yaml
from scaffold.model.artifact import Artifact
from scaffold.model.backup import BackupBuild, BackupPlan, BackupStore, BackupVolume
from scaffold.model.backup_images import AS_OF, PYTHON, RESTIC
from scaffold.model.names import Room
from scaffold.model.target import Target
from scaffold.model.values import dns_label

SCRIPTS = "/opt/backup"
"""Where the containers have the scripts."""
STAGING = "/staging"
_LOGGING = {"driver": "json-file", "options": {"max-size": "10m", "max-file": "3"}}
_OWNERS = ["CHOWN", "DAC_OVERRIDE", "FOWNER"]
"""What reading the files of every owner, and giving them back as they were, takes."""
RESTORE_PROFILE = "restore"
"""The profile of the services that put copies back; nothing starts them by itself."""


def render_overlay(target: Target, plan: BackupPlan) -> Artifact:
    """Return the overlay; every path in it is relative to the project directory of the base."""
    services: dict[str, Any] = {store.dumper: _dumper(plan, store) for store in plan.stores}
    if plan.sqlite:
        services[plan.sqlite] = _sqlite(plan)
    services[plan.shipper] = _shipper(plan, dns_label(target.app))
    for store in plan.stores:
        if store.restorer:
            services[store.restorer] = _store_restorer(plan, store)
    if plan.restorer:
        services[plan.restorer] = _restorer(plan)
    document = {
        "services": services,
        "volumes": {plan.staging: {}},
        "networks": {plan.network: {}},
        "secrets": {plan.key: {"environment": "BACKUP_PASSWORD"}},
    }
    return Artifact(plan.overlay, to_yaml(document, _header(plan)), Room.BACKUP)


def _header(plan: BackupPlan) -> str:
    needed = [f"  {item.name}: {item.why}" for item in plan.variables]
    lines = [
        f"Backups of the stores and volumes, every {plan.interval_hours} hours, encrypted and sent off this host by restic.",
        "Needs these variables, in the environment or an env file (--env-file):",
        *needed,
        f"Image tags looked up on {AS_OF}. How to start, check and restore: {plan.folder}/README.md.",
    ]
    return "\n".join(lines)


def _scripts(plan: BackupPlan) -> dict[str, Any]:
    path = posixpath.relpath(plan.folder, plan.directory or ".")
    source = path if path.startswith("../") else f"./{path}"
    return {"type": "bind", "source": source, "target": SCRIPTS, "read_only": True}


def _volume(name: str, target: str, *, read_only: bool = False) -> dict[str, Any]:
    node: dict[str, Any] = {"type": "volume", "source": name, "target": target}
    return {**node, "read_only": True} if read_only else node


def _copied(volume: BackupVolume, target: str, *, read_only: bool = False) -> dict[str, Any]:
    if not volume.folder:
        return _volume(volume.name, target, read_only=read_only)
    node: dict[str, Any] = {"type": "bind", "source": volume.folder, "target": target}
    return {**node, "read_only": True} if read_only else node


def _schedule(plan: BackupPlan, name: str) -> dict[str, str]:
    return {
        "BACKUP_NAME": name,
        "BACKUP_INTERVAL": f"${{BACKUP_INTERVAL:-{plan.interval_hours * 3600}}}",
        "BACKUP_OFFSET": str(plan.offset_minutes * 60),
    }


def _contained(memory: str, capabilities: list[str], *, read_only: bool) -> dict[str, Any]:
    """Return the limits of a container: root, for a new volume belongs to root, but without the powers of root."""
    node: dict[str, Any] = {"user": "0:0", "security_opt": ["no-new-privileges:true"], "cap_drop": ["ALL"]}
    if capabilities:
        node["cap_add"] = capabilities
    if read_only:
        node["read_only"] = True
    node["tmpfs"] = ["/tmp"]  # noqa: S108 - a path in the container
    node["deploy"] = {"resources": {"limits": {"cpus": "0.5", "memory": memory}}}
    node["logging"] = _LOGGING
    return node


def _healthcheck() -> dict[str, Any]:
    """Unhealthy when two copies in a row are missing; the first one may take its time."""
    test = ["CMD", "/bin/sh", f"{SCRIPTS}/healthy.sh"]
    return {"test": test, "interval": "5m", "timeout": "10s", "retries": 1, "start_period": "1h"}


def _dumper(plan: BackupPlan, store: BackupStore) -> dict[str, Any]:
    node: dict[str, Any] = {"image": store.image} if store.build is None else {"build": _build(store.build)}
    if store.profiles:
        node["profiles"] = list(store.profiles)
    node |= {
        "restart": "unless-stopped",
        "init": True,
        "entrypoint": ["/bin/sh"],
        "command": [f"{SCRIPTS}/on-schedule.sh", "/bin/sh", f"{SCRIPTS}/dump-{store.kind}.sh"],
        "environment": {**_schedule(plan, store.service), **dict(store.environment), **_secret_files(store)},
    }
    if store.secrets:
        node["secrets"] = [secret.name for secret in store.secrets]
    node["volumes"] = [_scripts(plan), _volume(plan.staging, STAGING)]
    if store.kind == "chroma":
        node["volumes"].append(_volume(store.volume, "/source", read_only=True))
        node["network_mode"] = "none"
    else:
        node["networks"] = list(store.networks)
    # Files of other owners: those of Chroma, and a secret that is a file of the host.
    reads_others = store.kind == "chroma" or bool(store.secrets)
    limits = _contained("256M", ["DAC_READ_SEARCH"] if reads_others else [], read_only=True)
    return {**node, "healthcheck": _healthcheck(), **limits}


def _sqlite(plan: BackupPlan) -> dict[str, Any]:
    """Return what copies the databases in volumes and folders; SQLite itself reads them, and nothing can be written there."""
    node: dict[str, Any] = {
        "image": PYTHON,
        "restart": "unless-stopped",
        "init": True,
        "entrypoint": ["/bin/sh"],
        "command": [f"{SCRIPTS}/on-schedule.sh", "/bin/sh", f"{SCRIPTS}/dump-sqlite.sh"],
        "environment": _schedule(plan, "databases"),
        "volumes": [_scripts(plan), _volume(plan.staging, STAGING), *_sources(plan)],
        "network_mode": "none",
        "healthcheck": _healthcheck(),
    }
    # The copies get the owners of the databases, and are read again after that.
    return {**node, **_contained("256M", ["CHOWN", "DAC_READ_SEARCH", "FOWNER"], read_only=True)}


def _sources(plan: BackupPlan) -> list[dict[str, Any]]:
    return [_copied(volume, f"/volumes/{volume.name}", read_only=True) for volume in plan.volumes]


def _build(build: BackupBuild) -> dict[str, Any]:
    """Return the build of the store, from the same files."""
    node: dict[str, Any] = {"context": build.context, "dockerfile": build.dockerfile}
    if build.target:
        node["target"] = build.target
    if build.args:
        node["args"] = dict(build.args)
    return node


def _secret_files(store: BackupStore) -> dict[str, str]:
    return {store.secret_variable: f"/run/secrets/{store.secrets[0].name}"} if store.secrets else {}


def _shipper(plan: BackupPlan, app: str) -> dict[str, Any]:
    stores = [store.service for store in plan.stores if not store.profiles]
    expected = " ".join((*stores, *(volume.databases for volume in plan.volumes)))
    node: dict[str, Any] = {
        "image": RESTIC,
        "restart": "unless-stopped",
        "init": True,
        "entrypoint": ["/bin/sh"],
        "command": [f"{SCRIPTS}/on-schedule.sh", "/bin/sh", f"{SCRIPTS}/ship.sh"],
        "environment": {
            **_schedule(plan, "off-host"),
            "BACKUP_APP": app,
            "BACKUP_STORES": expected,
            **_retention(plan),
            **({"BACKUP_MAY_BE_EMPTY": "${BACKUP_MAY_BE_EMPTY:-}"} if plan.volumes else {}),
            "RESTIC_REPOSITORY": "${BACKUP_REPOSITORY:?set BACKUP_REPOSITORY: where the backups go}",
            "RESTIC_PASSWORD_FILE": f"/run/secrets/{plan.key}",
            "RESTIC_CACHE_DIR": f"{STAGING}/.cache",
            "AWS_ACCESS_KEY_ID": "${BACKUP_ACCESS_KEY_ID:-}",
            "AWS_SECRET_ACCESS_KEY": "${BACKUP_SECRET_ACCESS_KEY:-}",
            "AWS_DEFAULT_REGION": "${BACKUP_REGION:-}",
        },
        "secrets": [{"source": plan.key, "target": plan.key, "uid": "0", "gid": "0", "mode": 0o400}],
        "volumes": [
            _scripts(plan),
            _volume(plan.staging, STAGING),
            *_sources(plan),
        ],
        "networks": [plan.network],
        "healthcheck": _healthcheck(),
    }
    # Not read-only: Compose copies the key into the container, which Docker refuses where the root is read-only.
    # The volumes are: what a fetch gives its owners back is in the staging alone.
    return {**node, **_contained("512M", _OWNERS, read_only=False)}


def _retention(plan: BackupPlan) -> dict[str, str]:
    kept = plan.retention
    numbers = {"LAST": kept.last, "DAILY": kept.daily, "WEEKLY": kept.weekly, "MONTHLY": kept.monthly}
    return {f"BACKUP_KEEP_{word}": f"${{BACKUP_KEEP_{word}:-{number}}}" for word, number in numbers.items()}


def _store_restorer(plan: BackupPlan, store: BackupStore) -> dict[str, Any]:
    environment = dict(store.environment)
    if store.append_only:
        environment["REDIS_APPENDONLY"] = "yes"
    node: dict[str, Any] = {
        **({"image": store.image} if store.build is None else {"build": _build(store.build)}),
        "profiles": [RESTORE_PROFILE],
        "restart": "no",
        "entrypoint": ["/bin/sh", f"{SCRIPTS}/restore-{store.kind}.sh"],
        "command": [f"{STAGING}/restore/{store.service}", "/restore"],
        "environment": environment,
        "volumes": [_scripts(plan), _volume(plan.staging, STAGING), _volume(store.volume, "/restore")],
        "networks": list(store.networks),
    }
    return {**node, **_contained("256M", _OWNERS, read_only=True)}


def _restorer(plan: BackupPlan) -> dict[str, Any]:
    chromas = [store.volume for store in plan.stores if store.kind == "chroma"]
    node: dict[str, Any] = {
        "image": RESTIC,
        "profiles": [RESTORE_PROFILE],
        "restart": "no",
        "entrypoint": ["/bin/sh", f"{SCRIPTS}/restore-files.sh"],
        "volumes": [
            _scripts(plan),
            _volume(plan.staging, STAGING),
            *(_copied(volume, f"/restore/{volume.name}") for volume in plan.volumes),
            *(_volume(name, f"/restore/{name}") for name in chromas),
        ],
        "network_mode": "none",
    }
    return {**node, **_contained("256M", _OWNERS, read_only=True)}
