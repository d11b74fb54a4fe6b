"""What of the values and files of the chart is about backups: the jobs, and the scripts that they run."""

from __future__ import annotations

from scaffold.generate.blueprint import render_blueprint
from scaffold.generate.helm.accepted import accepted_for_backup
from scaffold.generate.helm.secrets import Place
from scaffold.generate.helm.texts import text_data
from scaffold.model.backup import FILES, scripts_of
from scaffold.model.backup_images import RESTIC
from scaffold.model.cluster_backup import BACKUP_KEY, BACKUP_SECRET, ClusterBackupJob, ClusterBackupPlan
from scaffold.model.target import Target
from scaffold.model.values import ImageReference
from scaffold.model.workload import secrets_in

_NOBODY = 65534
_KEEPS_OWNERS = ("CHOWN", "DAC_OVERRIDE", "FOWNER")
"""What giving files back to their owners takes."""
_READS_ALL = ("DAC_OVERRIDE",)
"""What reading the files of unknown owners takes; the volumes are mounted read-only."""
_COPIES_FOR_ALL = ("CHOWN", *_READS_ALL)
"""What copying their databases takes beside it: each copy gets the owner of its database."""
_CHECKED_AT = "40 3 * * 0"
_LONGEST = 4 * 3600


def backup_files(target: Target) -> dict[str, str]:
    """Return the scripts by their paths in the chart; raises ToolError when cookiecutter is missing."""
    plan = target.cluster_backup
    if plan is None:
        return {}
    wanted = scripts_of(plan.kinds)
    files = render_blueprint("backup", "scripts", {}, target.blueprints)
    return {f"files/backup/{file.path}": file.text for file in files if file.path in wanted}


def backup_values(plan: ClusterBackupPlan, places: dict[tuple[str, str], Place]) -> dict[str, object]:
    """Return the section `backups` of the values; `places` are those of the secrets, by job and variable."""
    kept = plan.retention
    return {
        "enabled": True,
        "suspend": False,
        "account": plan.account,
        "repository": "",
        "key": {"secret": BACKUP_SECRET, "key": BACKUP_KEY},
        "snapshot": "latest",
        "mayBeEmpty": [],
        "intervalHours": plan.interval_hours,
        "deadlineSeconds": _LONGEST,
        "keep": {"last": kept.last, "daily": kept.daily, "weekly": kept.weekly, "monthly": kept.monthly},
        "staging": {"emptyDir": {"sizeLimit": "10Gi"}},
        "resources": {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}},
        "image": image_data(ImageReference.parse(RESTIC)),
        "check": plan.check,
        "checkSchedule": _CHECKED_AT,
        "securityContext": _restricted(_NOBODY, _NOBODY),
        "acceptedChecks": accepted_for_backup((RESTIC,), _NOBODY),
        "jobs": {job.item: _job(job, places) for job in plan.jobs},
    }


def image_data(image: ImageReference) -> dict[str, object]:
    """Return an image that is pulled in the words of the values."""
    repository = f"{image.registry}/{image.repository}" if image.registry else image.repository
    return {"repository": repository, "tag": image.tag, "digest": image.digest}


def _job(job: ClusterBackupJob, places: dict[tuple[str, str], Place]) -> dict[str, object]:
    found: dict[str, object] = {
        "name": job.name,
        "kind": job.kind,
        "workload": job.workloads[0],
        "schedule": job.schedule,
    }
    if job.built:
        found["image"] = {"built": job.built}
    elif job.image:
        found["image"] = image_data(ImageReference.parse(job.image))
    if job.port:
        found["port"] = job.port
    plain = {item.name: text_data(item.value) for item in job.environment if not secrets_in(item.value)}
    files = {item.name: places[job.name, item.name] for item in job.environment if secrets_in(item.value)}
    optional: dict[str, object] = {
        "restore": job.restore,
        "env": dict(sorted(plain.items())),
        "secretFiles": {name: {"secret": secret, "key": key} for name, (secret, key) in sorted(files.items())},
        "claim": job.claim,
        "subPath": job.sub_path,
        "sameNodeAs": list(job.running) if not job.over_network and not job.shared else [],
        "stoppedFor": list(job.workloads) if job.claim else [],
    }
    found |= {key: value for key, value in optional.items() if value}
    user, restorer = _users(job)
    images = tuple(name for name in (job.image, RESTIC) if name)
    found |= {
        "securityContext": _restricted(user, _group(job)) if user else _root(_reads(job)),
        "acceptedChecks": accepted_for_backup(images, user),
        "restoreSecurityContext": _restricted(restorer, restorer) if restorer else _root(_KEEPS_OWNERS),
        "restoreAcceptedChecks": accepted_for_backup(images if job.over_network else (RESTIC,), restorer),
    }
    return found


def _users(job: ClusterBackupJob) -> tuple[int, int]:
    """Return who copies and who restores: nobody over the network; else the owner of the files, and root."""
    if job.over_network:
        return _NOBODY, 0 if job.kind == "redis" else _NOBODY
    return job.user or 0, 0


def _reads(job: ClusterBackupJob) -> tuple[str, ...]:
    return _COPIES_FOR_ALL if job.kind == FILES else _READS_ALL


def _group(job: ClusterBackupJob) -> int | None:
    """Return the group of the job; that of a volume's files is given by the pods, and only who is in it can give it a copy."""
    return job.group or job.user if job.kind == FILES else job.group


def _restricted(user: int, group: int | None) -> dict[str, object]:
    identity: dict[str, object] = {"runAsNonRoot": True, "runAsUser": user}
    if group is not None:
        identity["runAsGroup"] = _NOBODY if user == _NOBODY else group
    return {**_bare(()), **identity}


def _root(capabilities: tuple[str, ...]) -> dict[str, object]:
    return {**_bare(capabilities), "runAsUser": 0}


def _bare(added: tuple[str, ...]) -> dict[str, object]:
    return {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"], **({"add": list(added)} if added else {})},
    }
