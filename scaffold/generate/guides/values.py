"""The rows of the guides: services, secrets, stores and alerts as plain values for the blueprint."""

from __future__ import annotations

import posixpath
from typing import Any

from scaffold.generate.emit import to_shell_word
from scaffold.model.backup import BackupVolume
from scaffold.model.guides import Copies, GuideService, GuidesPlan
from scaffold.model.target import Secret, Store, Target

_WORDS = {Copies.MANY: "several", Copies.ONE: "one", Copies.ONCE: "runs and ends", Copies.STORE: "one, with data"}
_ON_AWS = {
    "postgres": (
        "on AWS five minutes",
        "on AWS continuous backups, kept as long as its backup retention says, and daily snapshots",
    ),
    "valkey": ("on AWS one day", "on AWS a snapshot a day"),
}
"""Loss and copies of a managed store; RDS ships transaction logs every five minutes (user guide, point-in-time recovery)."""
_MANAGED = {"postgres": "Amazon RDS for PostgreSQL", "valkey": "Amazon ElastiCache for Valkey"}


def service_values(service: GuideService, compose: str) -> dict[str, Any]:
    """Return what the pages say of one service; `compose` starts the commands of the production set."""
    name = to_shell_word(service.name)
    return {
        "name": service.name,
        "role": service.role,
        "runs": service.runs,
        "copies": _WORDS[service.copies],
        "why": service.why,
        "needed_by": list(service.needed_by),
        "check": service.check,
        "concurrency": service.concurrency,
        "blocked": list(service.blocked),
        "store": service.copies is Copies.STORE,
        "runs_on": service.copies is not Copies.ONCE,
        "restartable": service.copies in {Copies.MANY, Copies.ONE},
        "logs": f"{compose} logs --since 15m {name}",
        "restart": f"{compose} restart {name}",
    }


def data_values(target: Target, plan: GuidesPlan) -> list[dict[str, Any]]:
    """Return what the recovery page says of each store, and of each volume that is copied."""
    copied = {store.service for store in target.backup.stores} if target.backup else set()
    rows = [_data(target, service, copied=service.name in copied) for service in plan.of(Copies.STORE)]
    volumes = target.backup.volumes if target.backup else ()
    return rows + [_volume(target, volume) for volume in volumes]


def _data(target: Target, service: GuideService, *, copied: bool) -> dict[str, Any]:
    store = next((item for item in target.stores if item.service == service.name), None)
    managed = store.engine if store and store.placement == "managed" else ""
    losses, copies = _on_the_host(target) if copied else ([], [])
    if managed in _ON_AWS:
        losses, copies = [*losses, _ON_AWS[managed][0]], [*copies, _ON_AWS[managed][1]]
    return {
        "name": service.name,
        "what": service.role,
        "managed": managed,
        "copied": copied,
        "loss": "; ".join(losses) or "everything since the last copy that you made yourself",
        "copies": "; ".join(copies) or "none that scaffold makes",
    }


def _volume(target: Target, volume: BackupVolume) -> dict[str, Any]:
    losses, copies = _on_the_host(target)
    what = f"volume of {', '.join(volume.services)}"
    return {"name": volume.name, "what": what, "managed": "", "copied": True, "loss": losses[0], "copies": copies[0]}


def _on_the_host(target: Target) -> tuple[list[str], list[str]]:
    plan = target.backup
    if plan is None:
        return [], []
    kept = plan.retention
    copies = f"under Compose every {plan.interval_hours} hours, encrypted and off the host, kept {kept.daily} days and longer"
    return [f"under Compose {plan.loses_at_most}"], [copies]


def store_values(target: Target, service: GuideService) -> dict[str, Any]:
    """Return what the pages say of one store."""
    store = next((item for item in target.stores if item.service == service.name), None)
    managed = _MANAGED.get(store.engine, "") if store and store.placement == "managed" else ""
    return {
        "name": service.name,
        "role": service.role,
        "managed": managed,
        "reason": store.reason if store else service.why,
    }


def secret_values(target: Target, secret: Secret) -> dict[str, Any]:
    """Return what the pages say of one secret: its names, who fills it in and who reads it; never a value."""
    store = next((item for item in target.stores if item.service == secret.store), None)
    return {
        "name": secret.name,
        "store": secret.store,
        "engine": store.engine if store else "",
        "filled_by": "Terraform" if secret.store else "people, once",
        "version_variable": _version_variable(store) if store else "",
        "entries": [
            {
                "key": item.key,
                "consumers": [f"{service} as {name}" if secret.store else service for service, name in item.consumers],
                "host": not item.consumers and not secret.store,
                "made": _made(item.key),
            }
            for item in secret.keys
        ],
    }


def _version_variable(store: Store) -> str:
    return f"{store.service.replace('-', '_')}_credentials_version"


_PROVIDERS = ("OPENAI", "ANTHROPIC", "STRIPE", "SENDGRID", "TWILIO", "GITHUB", "GOOGLE", "AWS", "SLACK", "SENTRY", "MAILGUN")


def _made(key: str) -> str:
    """Return where a new value comes from: the provider where the key names one, else our own making."""
    provider = next((name for name in _PROVIDERS if name in key.upper().split("_")), "")
    return "the provider's console" if provider else "here: `openssl rand -hex 32`"


def alert_values(target: Target, page: str) -> list[dict[str, str]]:
    """Return the alerts of the monitoring, each once, with the link from `page` to its paragraph."""
    if target.monitoring is None:
        return []
    readme = posixpath.relpath(f"{target.monitoring.folder}/README.md", posixpath.dirname(page))
    alerts = {alert.name: alert for group in target.monitoring.alert_groups for alert in group.alerts}
    return [
        {"name": name, "severity": alert.severity, "minutes": str(alert.minutes), "link": f"{readme}#{name.lower()}"}
        for name, alert in alerts.items()
    ]
