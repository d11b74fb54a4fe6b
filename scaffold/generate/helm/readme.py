"""The README of the chart: what it runs, what has to be given, what did not come along, and the commands."""

from __future__ import annotations

from collections.abc import Iterable

from scaffold.generate.blueprint import code_filter, line_filter, shell_filter
from scaffold.generate.helm.values import SERVED
from scaffold.model.backup import FILES
from scaffold.model.cluster_backup import ClusterBackupJob, ClusterBackupPlan
from scaffold.model.target import Target
from scaffold.model.values import dns_label
from scaffold.model.workload import Workload

_KINDS = {
    "deployment": "Deployment",
    "stateful-set": "StatefulSet",
    "daemon-set": "DaemonSet",
    "job": "Job, once for each release that changes it",
}


def readme(target: Target) -> str:
    """Return the page."""
    parts = [
        _head(target),
        _commands(target),
        _services(target),
        _given(target),
        _left_out(target),
        _backups(target),
        _notes(target),
        _more(target),
    ]
    return "\n".join(part for part in parts if part)


def _head(target: Target) -> str:
    return (
        f"# {line_filter(target.app)} on Kubernetes\n\n"
        "The templates are the same for every app and hold nothing of this one: what runs stands in `values.yaml`, service\n"
        "by service. A text in the values is never a template, so `{{ }}`, `$` and quotes reach the container as they stand\n"
        "in the compose files.\n"
    )


def _commands(target: Target) -> str:
    app, chart = shell_filter(dns_label(target.app)), shell_filter(target.chart_folder)
    environment = next((item.name for item in target.environments if item.production), target.environments[-1].name)
    images = "".join(f"  --set-string images.{image.name}.digest=sha256:... \\\n" for image in target.images)
    infra = f"{shell_filter(target.terraform_folder)}/values-infra-{environment}.json"
    return (
        "## Installing and upgrading\n\n"
        "The cluster needs the External Secrets Operator (service account `external-secrets` in the namespace\n"
        "`external-secrets`, with its pod identity), the AWS Load Balancer Controller"
        f"{', the EFS driver' if any(item.shared for item in target.volumes) else ''}"
        " and, for the autoscalers, metrics-server. With Helm 4:\n\n"
        "```sh\n"
        f"terraform -chdir={shell_filter(target.terraform_folder)} output -json helm_values > {infra}\n"
        f"helm upgrade --install {app} {chart} --namespace {app} --create-namespace \\\n"
        f"  --values {chart}/values-{environment}.yaml \\\n"
        f"  --values {infra} \\\n"
        f"{images}"
        "  --rollback-on-failure --wait --timeout 15m\n"
        "```\n\n"
        "A rollout drops no request once the load balancer is asked before a pod counts as ready:\n\n"
        "```sh\n"
        f"kubectl label namespace {app} elbv2.k8s.aws/pod-readiness-gate-inject=enabled\n"
        "```\n\n"
        "Without an environment, with the stand-ins of `ci/`:\n\n"
        "```sh\n"
        f"helm template {app} {chart} --values {chart}/ci/values-infra.json --values {chart}/ci/values-release.json\n"
        "```\n"
    )


def _services(target: Target) -> str:
    rows = [(code_filter(item.name), _KINDS[item.kind], _ports(item), _copies(item), _ready(item)) for item in target.workloads]
    return "## What runs\n\n" + _table(("Service", "Object", "Ports", "Copies", "Ready when"), rows)


def _ports(workload: Workload) -> str:
    return ", ".join(f"{port.port}/{port.protocol.lower()}" for port in workload.ports) or "none"


def _copies(workload: Workload) -> str:
    scaling = workload.scaling
    if scaling.reason:
        return f"1: {scaling.reason}"
    return f"{scaling.replicas} to {scaling.maximum}" if scaling.maximum > scaling.replicas else str(scaling.replicas)


def _ready(workload: Workload) -> str:
    probe = workload.probes.readiness
    if probe is None:
        return "its container runs"
    if probe.kind == "http":
        return f"{code_filter(probe.path)} answers at {probe.port}"
    return f"port {probe.port} answers" if probe.kind == "tcp" else "its command succeeds"


def _given(target: Target) -> str:
    rows = [
        (code_filter(key.key), code_filter(secret.name), ", ".join(sorted({service for service, _ in key.consumers})))
        for secret in target.secrets
        if secret.kind == "application"
        for key in secret.keys
        if key.consumers
    ]
    text = ""
    if rows:
        text += (
            "## Secrets that people fill in\n\n"
            f"In Secrets Manager, one JSON object a secret, named `{dns_label(target.app)}/ENVIRONMENT/NAME`. A missing key\n"
            "stops the secret from being synchronised, and its pods from starting.\n\n"
            f"{_table(('Key', 'Secret', 'Read by'), rows)}\n"
        )
    missing = ", ".join(code_filter(item.name) for item in target.settings if item.default is None)
    if missing:
        text += f"## Settings without a default\n\nSet below `settings` in `values-ENVIRONMENT.yaml`: {missing}.\n"
    return text


def _left_out(target: Target) -> str:
    rows = [(code_filter(item.service), line_filter(item.reason)) for item in target.left_out]
    return "## Services without a workload\n\n" + _table(("Service", "Why"), rows) if rows else ""


def _backups(target: Target) -> str:
    plan = target.cluster_backup
    if plan is None:
        return ""
    rows = [(code_filter(job.item), _WAYS[job.kind], code_filter(job.schedule), _restored(job)) for job in plan.jobs]
    left = "".join(f"- {code_filter(item.subject)}: {line_filter(item.text)}.\n" for item in plan.left_out)
    return (
        "## Backups\n\n"
        "What the cluster keeps itself, by CronJobs that encrypt it with restic and send it to the bucket that Terraform\n"
        f"made (times in UTC). {code_filter(plan.check)} fetches every newest copy on Sundays and fails when one is damaged\n"
        "or too old. "
        "What AWS runs, AWS copies: RDS and ElastiCache by snapshots, all disks and shared files by AWS Backup.\n\n"
        + _table(("Copies of", "How", "When", "Restored by"), rows)
        + (f"\nNot copied by a job:\n\n{left}" if left else "")
        + _guarded(plan)
        + "\nThe last success of each, a copy now, and a restore of the newest copy:\n\n"
        f"```sh\n{_backup_commands(target, plan)}```\n\n"
        "A copy that needs the disk of a store or of an app runs on the node that the disk is at. A restore into a disk waits\n"
        "until nothing mounts it any more; the order of the commands stands in the recovery guide.\n"
    )


def _guarded(plan: ClusterBackupPlan) -> str:
    """Return when the jobs of volumes fail, "" where there are none."""
    jobs = [job for job in plan.jobs if job.kind == FILES]
    shared = ", ".join(code_filter(job.claim) for job in jobs if job.shared)
    if not jobs:
        return ""
    text = (
        "\nA volume that had files or databases in its last copy and has none now may be lost: its job fails and copies\n"
        "nothing of it, until they are back or `backups.mayBeEmpty` lists the volume.\n"
    )
    if shared:
        text += (
            f"\nOn a volume that several nodes may mount ({shared}) a job copies no SQLite database with a write-ahead log,\n"
            "and fails: SQLite keeps such a log on one host alone. With `journal_mode` DELETE it is copied.\n"
        )
    return text


def _restored(job: ClusterBackupJob) -> str:
    return code_filter(job.restore) if job.restore else "by hand"


def _backup_commands(target: Target, plan: ClusterBackupPlan) -> str:
    first = plan.jobs[0]
    kubectl = f"kubectl --namespace {shell_filter(dns_label(target.app))}"
    columns = "custom-columns=NAME:.metadata.name,LAST:.status.lastSuccessfulTime"
    lines = [
        f"{kubectl} get cronjobs --output {columns}",
        f"{kubectl} create job --from=cronjob/{first.name} {first.name}-now",
        *([f"{kubectl} create job --from=cronjob/{first.restore} {first.restore}-1"] if first.restore else []),
    ]
    return "".join(f"{line}\n" for line in lines)


_WAYS = {
    "postgres": "pg_dump of every database, and the roles",
    "mysql": "every database in one transaction",
    "redis": "a dump as a replica gets it",
    "chroma": "SQLite's online backup and the index files of the same moment",
    "files": "its SQLite databases by SQLite's online backup, the other files as they are while the app runs",
}


def _notes(target: Target) -> str:
    rows = [
        (
            code_filter(f"{note.location.path}:{note.location.line}"),
            code_filter(note.service),
            code_filter(note.key),
            line_filter(note.message),
        )
        for note in target.notes
    ]
    if not rows:
        return ""
    return "## What of the compose files does not carry over\n\n" + _table(("Where", "Service", "Key", "What happens"), rows)


def _more(target: Target) -> str:
    sentences = (
        (
            "The application never logs in as the master of a database: a Job makes its role with the master's login, and\n"
            "  gives it its password again when `databaseRoles.NAME.revision` is raised. Do that after a rotation.",
            any(store.placement == "managed" and store.engine == "postgres" for store in target.stores),
        ),
        (_behind_a_proxy(target), bool(_behind_a_proxy(target))),
        (
            "That Job also does what the image of the database does at its first start (`extensions`, `firstStart`), as long\n"
            "  as the database has no tables: a dump of yours comes in before the first installation.",
            bool(target.first_starts),
        ),
        (
            "Where the compose files set no limits, requests and limits are a first guess: measure, then correct them in\n"
            "  `values.yaml`.",
            any(item.resources.assumed for item in target.workloads),
        ),
        (
            "A Job never changes, so its name ends in a hash of what it runs; pods that wait for it ask the API with a token\n"
            "  of their own.",
            any(item.kind == "job" for item in target.workloads),
        ),
        (
            "Volumes stay when the release goes; they start empty, whatever the image holds at their place.",
            bool(target.volumes),
        ),
    )
    points = "".join(f"- {text}\n" for text, holds in sentences if holds)
    return f"## Good to know\n\n{points}" if points else ""


def _behind_a_proxy(target: Target) -> str:
    """Return what is missing where a proxy of the host, which no compose file starts, is all that people reach; "" else."""
    ports = [(item.name, port.port) for item in target.workloads if item.role in SERVED for port in item.ports]
    if not ports or any(port.published for item in target.workloads for port in item.ports):
        return ""
    name, port = ports[0]
    return (
        f"The compose files publish {code_filter(name)} to programs of the host alone, so nothing leads to it here. What a\n"
        "  proxy of the host does for it today, the Ingress does once its port says `published: true`, and `ingress` has\n"
        f"  `enabled: true`, the domain and the route `{{workload: {name}, port: {port}, subdomain: ''}}`."
    )


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)
