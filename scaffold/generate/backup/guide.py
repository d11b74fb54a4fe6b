"""The operator's page beside the scripts: how to start, what is copied and what not, how to check and how to restore."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from scaffold.generate.backup.overlay import RESTORE_PROFILE, SCRIPTS, STAGING
from scaffold.generate.blueprint import render_blueprint
from scaffold.model.artifact import Artifact
from scaffold.model.backup import BackupPlan, BackupStore, BackupVolume
from scaffold.model.names import Room
from scaffold.model.target import Target

_HOW = {
    "postgres": "pg_dump of every database, and the roles; each dump is read back to its end",
    "mysql": "every database in one transaction, with routines, events and triggers",
    "redis": "a dump as a replica gets it, checked with redis-check-rdb",
    "chroma": "SQLite's online backup and the index files of the same moment, checked by SQLite",
}
_ASIDE = "What was in its volume is moved aside inside it, not deleted."


def render_guide(target: Target, plan: BackupPlan) -> Artifact:
    """Return README.md of the scripts' folder."""
    kept = plan.retention
    values = {
        "app": target.app,
        "compose_file": ":".join(posixpath.relpath(path, plan.directory or ".") for path in target.production_set),
        "guide": {
            "hours": str(plan.interval_hours),
            "loses": plan.loses_at_most,
            "workflow": plan.workflow if plan.tested else "",
            "variables": [{"name": item.name, "why": item.why} for item in plan.variables],
            "options": [{"name": item.name, "why": item.why} for item in plan.options],
            "stores": [{"service": store.service, "how": _HOW[store.kind]} for store in plan.stores],
            "volumes": [
                {"name": volume.title, "what": _what(volume), "services": _listed(volume.services)} for volume in plan.volumes
            ],
            "last": str(kept.last),
            "daily": str(kept.daily),
            "weekly": str(kept.weekly),
            "monthly": str(kept.monthly),
            "left_out": [{"subject": item.subject, "text": item.text} for item in plan.left_out],
            "shipper": plan.shipper,
            "scripts": SCRIPTS,
            "now": [
                *(_call(store.dumper, f"dump-{store.kind}.sh") for store in plan.stores),
                *([_call(plan.sqlite, "dump-sqlite.sh")] if plan.sqlite else []),
                _call(plan.shipper, "ship.sh"),
            ],
            "staging": plan.staging,
            "restores": [*(_restore(plan, store) for store in plan.stores), *_restored_volumes(plan)],
        },
    }
    (file,) = render_blueprint("backup", "guide", values, target.blueprints)
    return Artifact(f"{plan.folder}/README.md", file.text, Room.BACKUP)


def _what(volume: BackupVolume) -> str:
    return "folder" if volume.folder else "volume"


def _listed(names: Iterable[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def _call(service: str, script: str) -> str:
    return f"docker compose run --rm {service} {SCRIPTS}/{script}"


def _restore(plan: BackupPlan, store: BackupStore) -> dict[str, object]:
    text, commands = _how_to_restore(plan, store, f"{STAGING}/restore/{store.service}")
    return {"title": store.service, "text": text, "commands": [_call(plan.shipper, f"fetch.sh {store.service}"), *commands]}


def _how_to_restore(plan: BackupPlan, store: BackupStore, folder: str) -> tuple[str, list[str]]:
    """Return what has to be known, and the commands that follow on the fetch."""
    if store.kind == "postgres":
        text = (
            "Stop what writes to it first. A database that exists and has tables is left alone without --replace, which "
            "drops it. Behind the folder a single database may be named. Roles that exist keep the password of today."
        )
        return text, [_call(store.dumper, f"restore-postgres.sh --replace {folder}")]
    if store.kind == "mysql":
        text = "Stop what writes to it first. Tables of the same name are replaced."
        return text, [_call(store.dumper, f"restore-mysql.sh {folder}")]
    if store.kind == "chroma":
        return f"It is stopped meanwhile. {_ASIDE}", _stopped(
            [store.service], f"{plan.restorer} {folder} /restore/{store.volume}"
        )
    if store.restorer:
        return f"It is stopped meanwhile. {_ASIDE}", _stopped([store.service], store.restorer)
    return f"It has no volume: stop it and copy dump.rdb from {folder} into its data folder.", []


def _stopped(services: Iterable[str], call: str) -> list[str]:
    """Return the commands that run `call` of the profile for restores while the services are stopped."""
    names = " ".join(services)
    restore = f"docker compose --profile {RESTORE_PROFILE} run --rm {call}"
    return [f"docker compose stop {names}", restore, f"docker compose start {names}"]


def _restored_volumes(plan: BackupPlan) -> list[dict[str, object]]:
    return [
        {
            "title": f"{_what(volume)} {volume.title}",
            "text": f"Its services are stopped meanwhile. {_ASIDE} The databases in it are checked before anything is moved.",
            "commands": [
                _call(plan.shipper, f"fetch.sh volume-{volume.name}"),
                _call(plan.shipper, f"fetch.sh {volume.databases}"),
                *_stopped(volume.services, f"{plan.restorer} {_fetched(volume)}"),
            ],
        }
        for volume in plan.volumes
    ]


def _fetched(volume: BackupVolume) -> str:
    """Return the arguments of the restore: what was fetched, where it belongs, and the databases."""
    folder = f"{STAGING}/restore"
    return f"{folder}/volume-{volume.name} /restore/{volume.name} {folder}/{volume.databases}"
