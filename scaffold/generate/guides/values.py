"""The rows of the guides: services, secrets, stores and alerts as plain values for the blueprint."""

from __future__ import annotations

import posixpath
import re
from typing import Any

from scaffold.generate.emit import to_shell_word
from scaffold.generate.signing import ISSUER
from scaffold.model.backup import FILES, BackupVolume
from scaffold.model.build_arguments import of_a_runner, public_arguments
from scaffold.model.cluster_backup import BACKUP_KEY, ClusterBackupJob
from scaffold.model.credential_files import FILE, FILE_IN_BASE64, is_binary_credential
from scaffold.model.delivery import plan_role_variable
from scaffold.model.environment import GENERATE, MADE_AS_A_PAIR, how_to_make_a_key, is_issued, is_of_a_pair, making
from scaffold.model.guides import Copies, GuideService, GuidesPlan, OwnFiles, TodaysWay
from scaffold.model.names import Role
from scaffold.model.regex import regex
from scaffold.model.secret_names import names_whole_address
from scaffold.model.target import BuiltImage, FilledArgument, Secret, SecretKey, Store, Target
from scaffold.model.values import dns_label

_WORDS = {Copies.MANY: "several", Copies.ONE: "one", Copies.ONCE: "runs and ends", Copies.STORE: "one, with data"}
_ON_AWS = {
    "postgres": (
        "on AWS five minutes",
        "on AWS continuous backups, kept as long as its backup retention says, and daily snapshots",
    ),
    "valkey": ("on AWS one day", "on AWS a snapshot a day"),
}
"""Loss and copies of a managed store; RDS ships transaction logs every five minutes (user guide, point-in-time recovery)."""
_NOT_COPIED = ("everything since the last copy that you made yourself", "none that scaffold makes")
_OF_REDIS = regex(r"REDIS|VALKEY|CACHE")
_OF_POSTGRES = regex(r"POSTGRES|PG|DATABASE|(?:^|_)DB(?:_|$)|DIRECT_URL")
_CERTIFICATE = regex(r"(?:^|[_.-])(?:cert(?:ificate)?|crt|pem|fullchain)(?:[_.-]|$)", re.IGNORECASE)
_SHOWN = 3
"""How many folders of one kind a sentence names."""
_REFILLS = (
    "what is in it: nothing shows more than a cache, which fills itself anew; where the code keeps sessions there, they end",
    "none is needed for that",
)
_MESSAGES = "the messages that wait there"
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
        "guess": service.is_guess,
        "answers": service.answers,
        "concurrency": service.concurrency,
        "blocked": list(service.blocked),
        "overlaps": service.overlaps,
        "crowded": service.crowded,
        "store": service.copies is Copies.STORE,
        "runs_on": service.copies is not Copies.ONCE,
        "restartable": service.copies in {Copies.MANY, Copies.ONE},
        "logs": f"{compose} logs --since 15m {name}",
        "restart": f"{compose} restart {name}",
    }


def today_values(way: TodaysWay) -> dict[str, Any]:
    """Return what the deployment page says of a job that deploys already."""
    return {"job": way.job, "place": way.place, "kind": way.kind, "by": way.by, "environment": way.environment}


def own_file_values(files: OwnFiles) -> dict[str, Any]:
    """Return what the deployment page says of files that the project has for a cluster, a platform or a cloud."""
    return {
        "kind": files.kind,
        "paths": list(files.paths[:_SHOWN]),
        "more": len(files.paths[_SHOWN:]),
        "makes": [{"what": what, "place": place} for what, place in files.makes],
    }


def data_values(target: Target, plan: GuidesPlan) -> list[dict[str, Any]]:
    """Return what the recovery page says of each store, and of each volume that is copied."""
    copied = {store.service for store in target.backup.stores} if target.backup else set()
    rows = [_data(target, service, copied=service.name in copied) for service in plan.of(Copies.STORE)]
    volumes = target.backup.volumes if target.backup else ()
    rows += [_volume(target, volume) for volume in volumes]
    return rows + _only_in_the_cluster(target, {_claim(volume.title) for volume in volumes})


def bare_values(target: Target, plan: GuidesPlan) -> list[dict[str, Any]]:
    """Return what services keep that no row of the page copies; a file of which nobody knows the place may be in a copy."""
    volumes = target.backup.volumes if target.backup else ()
    copied = {volume.name for volume in volumes} | {posixpath.normpath(volume.folder) for volume in volumes if volume.folder}
    bare = [item for item in plan.kept if item.volume not in copied and posixpath.normpath(item.place or ".") not in copied]
    return [
        {
            "services": list(item.services),
            "database": bool(item.where),
            "file": item.file,
            "where": item.where,
            "place": item.place or item.volume,
        }
        for item in bare
        if item.place or item.volume or not volumes
    ]


def outside_values(plan: GuidesPlan) -> list[dict[str, Any]]:
    """Return what the recovery page says of the databases that live elsewhere."""
    return [
        {
            "services": list(item.services),
            "variable": item.variable,
            "engine": item.engine,
            "host": item.host,
            "where": f"{item.location.path}:{item.location.line}",
        }
        for item in plan.outside
    ]


def cluster_values(target: Target) -> dict[str, Any]:
    """Return what the recovery page says of the jobs in the cluster; empty lists where there are none."""
    plan = target.cluster_backup
    return {
        "check": plan.check if plan else "",
        "left_out": [{"subject": item.subject, "text": item.text} for item in plan.left_out] if plan else [],
        "jobs": [{"name": job.name, "item": job.item} for job in plan.jobs] if plan else [],
        "shared": [job.claim for job in plan.jobs if job.kind == FILES and job.shared] if plan else [],
    }


def has_volumes(target: Target) -> bool:
    """Return whether volumes or folders are copied, on the host or in the cluster."""
    jobs = target.cluster_backup.jobs if target.cluster_backup else ()
    return bool(target.backup and target.backup.volumes) or any(job.kind == FILES for job in jobs)


def _job_of(target: Target, name: str) -> ClusterBackupJob | None:
    """Return the job that copies a service of Compose, or a volume of it, in the cluster."""
    workloads = {workload.name for workload in target.workloads if workload.service == name}
    claims = {f"volume-{_claim(name)}"}
    jobs = target.cluster_backup.jobs if target.cluster_backup else ()
    return next((job for job in jobs if job.item in workloads | claims), None)


def _claim(title: str) -> str:
    """Return the claim of the cluster for a volume of Compose or a folder of the host."""
    return dns_label(posixpath.basename(title.rstrip("/")), 50)


def _only_in_the_cluster(target: Target, known: set[str]) -> list[dict[str, Any]]:
    names = {volume.name: volume.volume or volume.name for volume in target.volumes}
    jobs = target.cluster_backup.jobs if target.cluster_backup else ()
    return [
        _row(target, names[job.claim], f"volume of {', '.join(job.workloads)}", job)
        for job in jobs
        if job.kind == FILES and job.claim not in known
    ]


def _row(target: Target, name: str, what: str, job: ClusterBackupJob | None, *, copied: bool = False) -> dict[str, Any]:
    losses, copies = _on_the_host(target) if copied else ([], [])
    if job and not copied:
        # What a job of the cluster copies says nothing of the volume on a host.
        losses, copies = [f"under Compose {_NOT_COPIED[0]}"], [f"under Compose {_NOT_COPIED[1]}"]
    ours, theirs = _in_the_cluster(target, job)
    return {
        "name": name,
        "what": what,
        "managed": "",
        "copied": copied,
        "own": bool(job) and not copied,
        "restore": _restore_in_the_cluster(target, job) if job else [],
        "waits": bool(job and job.claim),
        "files": bool(job and job.kind == FILES),
        "loss": "; ".join((*losses, *ours)),
        "copies": "; ".join((*copies, *theirs)),
    }


def _in_the_cluster(target: Target, job: ClusterBackupJob | None) -> tuple[list[str], list[str]]:
    plan = target.cluster_backup
    if plan is None or job is None:
        return [], []
    kept = f"kept {plan.retention.daily} days and longer"
    copies = f"in the cluster every {plan.interval_hours} hours, encrypted and in a bucket, {kept}"
    return [f"in the cluster {plan.loses_at_most}"], [copies]


def _restore_in_the_cluster(target: Target, job: ClusterBackupJob) -> list[str]:
    """Return the commands in their order; the job waits by itself for what mounts the volume to be gone."""
    if not job.restore:
        return []
    kubectl = f"kubectl --namespace {dns_label(target.app)}"
    users = [
        workload for workload in target.workloads if job.claim and workload.name in job.workloads and workload.kind != "job"
    ]
    scaled = [(f"{_OBJECTS[item.kind]}/{item.name}", item.scaling.replicas) for item in users if item.kind in _OBJECTS]
    return [
        *(f"{kubectl} scale {name} --replicas=0" for name, _ in scaled),
        f"{kubectl} create job --from=cronjob/{job.restore} {job.restore}-1",
        f"{kubectl} wait --for=condition=complete --timeout=2h job/{job.restore}-1",
        *(f"{kubectl} scale {name} --replicas={replicas}" for name, replicas in scaled),
    ]


_OBJECTS = {"deployment": "deployment", "stateful-set": "statefulset"}


def _data(target: Target, service: GuideService, *, copied: bool) -> dict[str, Any]:
    store = next((item for item in target.stores if item.service == service.name), None)
    managed = store.engine if store and store.placement == "managed" else ""
    job = _job_of(target, service.name)
    row = _row(target, service.name, service.role, job, copied=copied)
    if service.refills and not copied and job is None:
        return {**row, "loss": _REFILLS[0], "copies": _REFILLS[1]}
    losses, copies = ([row["loss"]] if row["loss"] else []), ([row["copies"]] if row["copies"] else [])
    if managed in _ON_AWS:
        # What AWS copies there says nothing of the store that a host runs.
        here = ([], []) if copied else ([f"under Compose {_NOT_COPIED[0]}"], [f"under Compose {_NOT_COPIED[1]}"])
        losses, copies = [*losses, *here[0], _ON_AWS[managed][0]], [*copies, *here[1], _ON_AWS[managed][1]]
    return {
        **row,
        "managed": managed,
        "own": not copied,
        "loss": "; ".join(losses) or (_MESSAGES if service.role == Role.BROKER else _NOT_COPIED[0]),
        "copies": "; ".join(copies) or _NOT_COPIED[1],
    }


def _volume(target: Target, volume: BackupVolume) -> dict[str, Any]:
    what = f"{'folder' if volume.folder else 'volume'} of {', '.join(volume.services)}"
    return _row(target, volume.title, what, _job_of(target, volume.title), copied=True)


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
    logins = {need.name: need.login for need in target.needs if need.secret and need.login}
    return {
        "name": secret.name,
        "object": dns_label(secret.name),
        "store": secret.store,
        "engine": store.engine if store else "",
        "refills": _refills(target, secret.store),
        "encrypts": any(item.key == BACKUP_KEY for item in secret.keys),
        "filled_by": "Terraform" if secret.store else "people, once",
        "version_variable": _version_variable(target, store) if store else "",
        "entries": [
            {
                "key": item.key,
                "consumers": _consumers(secret, item),
                "host": (not item.consumers and not secret.store) or item.key == BACKUP_KEY,
                "made": f"the same text as the password of {logins[item.key]}" if item.key in logins else _made(item, target),
            }
            for item in secret.keys
        ],
        "keepers": [] if secret.store else [found for item in secret.keys for found in _keepers(target, item)],
    }


def _consumers(secret: Secret, item: SecretKey) -> list[dict[str, str]]:
    """Return who reads a key; a store's keys are also told by the variables, of others each service is named once."""
    found = ((service, name if secret.store else "") for service, name in item.consumers)
    return [{"name": service, "as": name} for service, name in dict.fromkeys(found)]


_SESSIONS = {
    "postgres": (
        'sh -c \'exec psql --username "$POSTGRES_USER" --dbname "${POSTGRES_DB:-$POSTGRES_USER}"\'',
        "`\\password NAME`",
    ),
    "mysql": (
        "sh -c 'exec \"$(command -v mysql || command -v mariadb)\" --user=root --password'",
        "`ALTER USER 'NAME'@'HOST' IDENTIFIED BY '...';` (`SELECT user, host FROM mysql.user;` lists the logins)",
    ),
    "mongo": (
        'sh -c \'exec "$(command -v mongosh || command -v mongo)" admin --username "$MONGO_INITDB_ROOT_USERNAME" --password\'',
        '`db.changeUserPassword("NAME", passwordPrompt())`',
    ),
}
"""How people open a session in a store's container, and give a login another password there."""


def _keepers(target: Target, key: SecretKey) -> list[dict[str, str]]:
    """Return the stores in containers that have a key as a password of their own: they keep it in their data."""
    template = target.environment.production
    variable = template.variable(key.key) if template else None
    readers = {service for service, _ in key.consumers} | set(variable.users if variable else ())
    services = target.guides.services if target.guides else ()
    return [
        {"key": key.key, "store": service.name, "session": _SESSIONS[service.role][0], "give": _SESSIONS[service.role][1]}
        for service in services
        if service.name in readers and service.role in _SESSIONS
    ]


def _refills(target: Target, store: str) -> bool:
    return any(item.name == store and item.refills for item in target.guides.services) if target.guides else False


def empty_keys(target: Target) -> list[str]:
    """Return the keys without which the application runs; the cluster's operator fetches a secret whole or not at all."""
    needed = {(source.secret, source.key) for source in target.environment.sources if source.required}
    asked = {(source.secret, source.key) for source in target.environment.sources} - needed
    filled = [secret for secret in target.secrets if not secret.store and not secret.host_only]
    return [item.key for secret in filled for item in secret.keys if (secret.name, item.key) in asked]


def _version_variable(target: Target, store: Store) -> str:
    """Return the input of Terraform that gives the login a new password: by the store's name where there are several."""
    kind = "database" if store.engine == "postgres" else "cache"
    same = [item for item in target.stores if item.placement == "managed" and item.engine == store.engine]
    name = f"_{dns_label(store.service).replace('-', '_')}" if len(same) > 1 else ""
    return f"{kind}{name}_credentials_version"


def signature_values(target: Target) -> dict[str, Any]:
    """Return who signs the images: the workflow of ours that builds them; nothing where the user's own does."""
    delivery = target.delivery
    if delivery is None or delivery.images is None:
        return {}
    images = [image.name for image in delivery.images.images]
    return {
        "issuer": ISSUER,
        "workflow": delivery.images.path,
        "branch": delivery.signed_branch,
        "branches": list(delivery.branches),
        "images": images,
    }


def variable_values(target: Target) -> list[dict[str, Any]]:
    """Return the repository variables that the workflows of ours read."""
    delivery = target.delivery
    if delivery is None:
        return []
    rows: list[tuple[str, str, str]] = []
    builds = _of_builds(delivery.images.images) if delivery.images else {}
    if delivery.images:
        path = delivery.images.path
        rows += [
            ("ECR_REGISTRY", path, "the host of Amazon ECR (in terraform output helm_values); without it images go to GHCR"),
            ("AWS_REGION", path, "the region of that registry"),
            ("AWS_ROLE_ARN", path, "the role that may push (terraform output github_roles, push)"),
        ]
        rows += [(name, path, text) for name, text in builds.items()]
    if delivery.infrastructure:
        path = delivery.infrastructure.path
        for name in delivery.infrastructure.environments:
            what = f"the role that may only look (terraform output github_roles, plan): plans {name} on every change"
            rows.append((plan_role_variable(name), path, what))
        rows.append(("TERRAFORM_STATE_BUCKET", path, "the bucket that holds the states: every plan needs it"))
        package = "what pip installs scaffold from, such as scaffold-iac[all]==VERSION: compares and validates its files"
        rows.append(("SCAFFOLD_PACKAGE", path, package))
    return [{"name": name, "workflow": path, "what": what, "build": name in builds} for name, path, what in rows]


def _of_builds(images: tuple[BuiltImage, ...]) -> dict[str, str]:
    """Return what the images are built with and variables give: the variable, and where it goes."""
    found: dict[str, str] = {}
    for image in images:
        for argument in public_arguments(image):
            for variable, default in argument.pieces:
                if variable and not of_a_runner(variable):
                    without = f"without it {default}" if default else "without it what the Dockerfile says"
                    found.setdefault(variable, f"the build argument {argument.name} of {image.name}; {without}")
    return found


def note_values(target: Target) -> list[dict[str, str]]:
    """Return what has to be changed before the app runs in the cluster: hosts in files, and clients without TLS."""
    urgent = [note for note in target.notes if note.urgent]
    return [
        {"service": note.service, "place": f"{note.location.path}:{note.location.line}", "message": note.message}
        for note in urgent
    ]


def build_variables(target: Target) -> list[str]:
    """Return the variables of the compose files that the commands of `push_commands` take from the shell."""
    if not push_commands(target, ""):
        return []
    arguments = [argument for image in target.images for argument in public_arguments(image)]
    return list(dict.fromkeys(name for argument in arguments for name in argument.variables))


def push_commands(target: Target, environment: str) -> list[str]:
    """Return how the images get into the registry that Terraform made, where no workflow of ours pushes them."""
    delivery = target.delivery
    if not target.images or (delivery and delivery.images):
        return []
    values = f"{target.terraform_folder}/values-infra-{environment}.json"
    login = f'docker login --username AWS --password-stdin "$(jq -r .infrastructure.registry {to_shell_word(values)})"'
    return [
        f"aws ecr get-login-password --region {target.region} | {login}",
        *(_push(image, values) for image in target.images),
    ]


def _push(image: BuiltImage, values: str) -> str:
    repository = f"$(jq -r '.infrastructure.images[\"{image.name}\"]' {to_shell_word(values)})"
    usual = image.dockerfile == posixpath.join("" if image.context == "." else image.context, "Dockerfile")
    file = "" if usual else f" --file {to_shell_word(image.dockerfile)}"
    stage = f" --target {to_shell_word(image.target)}" if image.target else ""
    given = "".join(f" --build-arg {_build_argument(item)}" for item in public_arguments(image))
    build = f'docker buildx build --push --tag "{repository}:$(git rev-parse HEAD)"'
    return f"{build}{file}{stage}{given} {to_shell_word(image.context)}"


def _build_argument(argument: FilledArgument) -> str:
    """Return a build argument as one word of a shell, whose variables are those of the compose files."""
    if not argument.variables:
        return to_shell_word(f"{argument.name}={''.join(text for _, text in argument.pieces)}")
    return f'"{argument.name}={"".join(_shell_piece(variable, text) for variable, text in argument.pieces)}"'


def _shell_piece(variable: str, text: str) -> str:
    """Return a piece inside double quotes; a variable without a default stops a shell that does not have it."""
    quoted = "".join(f"\\{char}" if char in '"$`\\}' else char for char in text)
    if not variable:
        return quoted.replace("\\}", "}")
    return f"${{{variable}:-{quoted}}}" if text else f"${{{variable}?}}"


def unknown_values(target: Target) -> list[dict[str, Any]]:
    """Return, by service, the variables of which the files do not tell whether the service runs without them."""
    services = dict.fromkeys(need.service for need in target.needs if need.kind == "unknown")
    return [_unknown(target, service) for service in services]


def _unknown(target: Target, service: str) -> dict[str, Any]:
    found = [need for need in target.needs if need.kind == "unknown" and need.service == service]
    places = dict.fromkeys(f"{need.location.path}:{need.location.line}" for need in found)
    return {"service": service, "names": [need.name for need in found], "place": next(iter(places)), "more": len(places) > 1}


def _made(item: SecretKey, target: Target) -> str:
    """Return where a new value comes from: the provider where the key names one, else our own making."""
    key, own = item.key, dict(target.object_keys)
    if key in own:
        how = how_to_make_a_key(own[key], tuple(service for service, _ in item.consumers))
        return how.replace(GENERATE, f"`{GENERATE}`")
    if file := _made_file(key, target):
        return file
    if is_issued(key):
        return "the provider's console"
    if names_whole_address(key):
        return _composed(key, target)
    return MADE_AS_A_PAIR if is_of_a_pair(key) else f"here: `{making(key)}`"


def _made_file(key: str, target: Target) -> str:
    """Return what a key holds where that is a file, "" where it is a value."""
    if key.endswith(FILE_IN_BASE64):
        return "the file that the container reads, in base64: `base64 -w0 FILE`"
    if key.endswith(FILE):
        return "the text of the file that the container reads"
    if _CERTIFICATE.search(key):
        return "the certificate, with its chain, from who issues it"
    return "the private key of the certificate beside it" if _has_certificate(key, target) else ""


def _has_certificate(key: str, target: Target) -> bool:
    """Whether a certificate stands beside a key, such as `tls_cert` beside `tls_key`."""
    stem = key.lower().removesuffix("key") if key.lower().endswith("key") else ""
    names = (item.key.lower() for secret in target.secrets for item in secret.keys)
    return bool(stem) and any(name.startswith(stem) and _CERTIFICATE.search(name) for name in names)


def is_file_key(name: str) -> bool:
    """Whether a file of this name, or the key of one, holds more than one line: bytes, a certificate or its key."""
    return name.endswith((FILE, FILE_IN_BASE64)) or is_binary_credential(name) or bool(_CERTIFICATE.search(name))


def file_keys(target: Target) -> list[str]:
    """Return the keys that hold a file: its lines do not stand in a JSON text as they are."""
    return [item.key for secret in target.secrets for item in secret.keys if _made_file(item.key, target)]


def _composed(key: str, target: Target) -> str:
    """Return how people put an address together: of what Terraform tells, where AWS runs the only store of its kind."""
    template = target.environment.production
    variable = template.variable(key) if template else None
    form = f", {variable.form}" if variable and variable.form else ""
    engine = "valkey" if _OF_REDIS.search(key) else "postgres" if _OF_POSTGRES.search(key) else ""
    stores = [store for store in target.stores if store.engine == engine and store.placement == "managed"]
    if len(stores) != 1:
        return f"the address with the login in it, as the store has them{form}"
    store, output = stores[0], f"{target.terraform_folder}: terraform output -json helm_values"
    shown = (
        f"SCHEME://USERNAME:PASSWORD@HOST:{store.port}/DATABASE?sslmode=require"
        if engine == "postgres"
        else f"rediss://:PASSWORD@HOST:{store.port}"
    )
    parts = "host, database and username" if engine == "postgres" else "the host"
    return (
        f"on one host the address as the store has it{form}; on AWS `{shown}`: {parts} from `stores.{store.service}` of "
        f"`{output}`, the password from the secret `{store.secret}`"
    )


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
