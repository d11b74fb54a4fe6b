"""values.yaml and the values of each environment."""

from __future__ import annotations

import base64
import posixpath
import re
from collections.abc import Iterable

from scaffold.generate.emit import to_yaml
from scaffold.generate.helm.accepted import accepted_at, accepted_for_roles
from scaffold.generate.helm.backup import backup_values, image_data
from scaffold.generate.helm.pins import AS_OF, TOOLS
from scaffold.generate.helm.secrets import Place, database_stores, plan_secrets
from scaffold.generate.helm.texts import text_data
from scaffold.model.names import DATASTORES, Role
from scaffold.model.target import EnvironmentTarget, Target
from scaffold.model.values import ImageReference, dns_label
from scaffold.model.workload import HostRoute, Probe, Resources, Security, Wait, Workload, WorkloadMount

_KINDS = {"deployment": "Deployment", "stateful-set": "StatefulSet", "daemon-set": "DaemonSet", "job": "Job"}
_NAMES_ENVIRONMENT = frozenset({"ENVIRONMENT", "APP_ENV", "APP_ENVIRONMENT", "DEPLOY_ENV", "SENTRY_ENVIRONMENT"})
_LEAST_IN_PRODUCTION = 2
_TARGET_CPU = 75
SERVED = frozenset({Role.WEB, Role.FRONTEND, Role.PROXY, Role.ML_INFERENCE})
_DRAIN_SECONDS = 15
"""What a controller of a load balancer takes to deregister a target, with room (its documentation, pod readiness gates)."""
_PRIVATE_RANGES = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
_INGRESS_ANNOTATIONS = {
    "alb.ingress.kubernetes.io/scheme": "internet-facing",
    "alb.ingress.kubernetes.io/target-type": "ip",
    "alb.ingress.kubernetes.io/listen-ports": '[{"HTTP":80},{"HTTPS":443}]',
    "alb.ingress.kubernetes.io/ssl-redirect": "443",
    "alb.ingress.kubernetes.io/ssl-policy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
    "alb.ingress.kubernetes.io/target-group-attributes": "deregistration_delay.timeout_seconds=30",
    "alb.ingress.kubernetes.io/load-balancer-attributes": "routing.http.drop_invalid_header_fields.enabled=true",
}


def values_sections(target: Target) -> str:
    """Return values.yaml, section by section, each with a sentence of its own."""
    secrets, places = plan_secrets(target)
    sections: list[tuple[str, dict[str, object]]] = [
        (
            "What the services of this chart are started with. The templates are fixed; what is about this app stands here.\n"
            "values-<environment>.yaml sets what differs, values-infra-<environment>.json comes out of Terraform.",
            {},
        ),
        (
            "Variables of the compose files: the default of ${NAME:-default}. One without a default is not listed, and has\n"
            "to be set in the values of the environment.",
            {"settings": {item.name: item.default for item in target.settings if item.default is not None}},
        ),
        (
            "The images that the project builds. CI says by digest which ones run; without a repository it is the one that\n"
            "Terraform made (infrastructure.images).",
            {"images": {image.name: {"repository": "", "tag": "", "digest": ""} for image in target.images}},
        ),
        (f"Small programs that the chart uses itself, looked up on {AS_OF}.", {"tools": dict(TOOLS)}),
        (
            "terraform output -json helm_values: hosts, names of secrets, file systems, registries. No default: every missing\n"
            "value stops the installation.",
            {"infrastructure": {}},
        ),
        (
            "What is fetched from Secrets Manager (remote), and the keys of each Secret that is made of it (data).",
            {"secretRefreshInterval": "1h0m0s", "secrets": secrets.as_values()},
        ),
        (
            "The managed PostgreSQL stores at which a job makes the application's own role with the master's login, the\n"
            "extensions, and in a database without tables what the image runs at its first start (firstStart), as that role.",
            {"databaseRoles": {store: _role(target, store) for store in database_stores(target)}},
        ),
        (
            "One load balancer for every route: the name is the subdomain below ingress.domain, or the domain itself; a path\n"
            "comes from the project's own proxy.",
            {"ingress": _ingress(target)},
        ),
        (
            "Who reaches whom: the networks of the compose files, the managed stores, and what is published.",
            {
                "networkPolicies": {
                    "enabled": True,
                    "privateRanges": list(_PRIVATE_RANGES),
                    "monitoringNamespace": "monitoring",
                },
                "networks": _networks(target),
                "stores": sorted({dns for workload in target.workloads for dns in workload.stores}),
            },
        ),
        (
            "Volumes that survive. A shared one lies on EFS, the others on disks of the storage class (empty: the cluster's).",
            {
                "storageClassName": "",
                "volumes": {item.name: {"shared": item.shared, "size": item.size} for item in target.volumes},
            },
        ),
        *_backups(target, places),
        ("Files of the repository that containers read.", {"config": _config(target)}),
        ("For every pod.", {"imagePullSecrets": [], "podAnnotations": {}}),
        (
            "How long a pod that serves goes on doing so after it was told to end: until load balancer and Services have\n"
            "noticed, they send it new requests. The program gets SIGTERM afterwards, with its own grace period.",
            {"drainSeconds": _DRAIN_SECONDS},
        ),
        (
            "The services. env: a text, a setting, or a key of a secret.",
            {"workloads": {item.name: _workload(item, target, places) for item in target.workloads}},
        ),
    ]
    return "\n".join(to_yaml(values, header) if values else _comment(header) for header, values in sections)


def _role(target: Target, store: str) -> dict[str, object]:
    found = next((item for item in target.first_starts if item.store == store), None)
    return {
        "revision": 1,
        **({"extensions": list(found.extensions)} if found and found.extensions else {}),
        **({"firstStart": dict(found.scripts)} if found and found.scripts else {}),
        "acceptedChecks": accepted_for_roles(),
    }


def _backups(target: Target, places: dict[tuple[str, str], Place]) -> list[tuple[str, dict[str, object]]]:
    if target.cluster_backup is None:
        return []
    header = (
        "Copies of what the cluster keeps itself, in the bucket that Terraform made (repository: empty) and encrypted with\n"
        "the key of a secret. staging holds a dump until it is sent: where ten GiB on the disk of a node are too small, an\n"
        "ephemeral volume goes there. snapshot is what the restores fetch. mayBeEmpty lists the volumes that may have lost\n"
        "their last file or database: a job fails else, for such a volume may be a lost one."
    )
    return [(header, {"backups": backup_values(target.cluster_backup, places)})]


def _comment(header: str) -> str:
    return "".join(f"# {line}\n" for line in header.splitlines())


def environment_values(target: Target, environment: EnvironmentTarget) -> str:
    """Return what differs in one environment: production runs every service twice that may."""
    settings = {
        item.name: environment.name
        for item in target.settings
        if item.name in _NAMES_ENVIRONMENT and item.default in {"production", "prod"} and not environment.production
    }
    workloads = {
        item.name: {
            "autoscaling": {
                "enabled": True,
                "minReplicas": max(item.scaling.replicas, _LEAST_IN_PRODUCTION),
                "maxReplicas": item.scaling.maximum,
            },
        }
        for item in target.workloads
        if environment.production and item.scaling.maximum > item.scaling.replicas
    }
    values: dict[str, object] = {}
    if _routes(target):
        values["ingress"] = {"domain": ""}
    if settings:
        values["settings"] = settings
    if workloads:
        values["workloads"] = workloads
    missing = [item.name for item in target.settings if item.default is None]
    header = f"What differs in {environment.name}."
    if missing:
        header += f"\nHas to be set below settings: {', '.join(missing)}."
    return to_yaml(values, header) if values else _comment(f"{header} Nothing yet.") + "{}\n"


# --- sections ---------------------------------------------------------------------------------------------------------


def _ingress(target: Target) -> dict[str, object]:
    routes = _routes(target)
    return {
        "enabled": bool(routes),
        "className": "alb",
        "domain": "",
        "annotations": dict(_INGRESS_ANNOTATIONS),
        "routes": routes,
    }


def _routes(target: Target) -> list[dict[str, object]]:
    """Return the routes: those of the proxy's labels; else a proxy stands before everything else, or the user interface has the
    domain, the rest its name.
    """
    if target.routes is not None:
        return [_route(route) for route in target.routes]
    served = [item for item in target.workloads if item.role in SERVED and item.kind != "job" and _http_port(item)]
    proxies = [item for item in served if item.role is Role.PROXY]
    shown = proxies[:1] or served
    main = next((item for role in (Role.PROXY, Role.FRONTEND, Role.WEB) for item in shown if item.role is role), None)
    named: list[dict[str, object]] = [
        {"workload": item.name, "port": _http_port(item), "subdomain": "" if item is main else item.name}
        for item in sorted(shown, key=lambda item: (item is not main, item.name))
    ]
    return [*([] if proxies else _paths(target, {str(item["workload"]): str(item["subdomain"]) for item in named})), *named]


def _route(route: HostRoute) -> dict[str, object]:
    where: dict[str, object] = {"workload": route.workload, "port": route.port, "subdomain": route.subdomain}
    return {**where, **({"path": route.path} if route.path else {}), **({"exact": True} if route.exact else {})}


def _paths(target: Target, subdomains: dict[str, str]) -> list[dict[str, object]]:
    """Return the routes by path, the longest first: a path stands before the host that it is a part of."""
    return [
        {"workload": item.workload, "port": item.port, "subdomain": subdomains.get(item.front, ""), "path": item.path}
        for item in sorted(target.paths, key=lambda item: (-len(item.path), item.path, item.front))
        if item.workload in subdomains
    ]


def _http_port(workload: Workload) -> int:
    return next((port.port for port in workload.ports if port.name == "http" and port.published), 0)


def _networks(target: Target) -> list[str]:
    return sorted({dns_label(network) for workload in target.workloads for network in workload.networks})


def config_key(path: str) -> str:
    """Return the key of a file in its ConfigMap: its base name; one of a folder below keeps its way, as a key can hold it."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", path.replace("/", "__"))


def _config(target: Target) -> dict[str, object]:
    found: dict[str, object] = {}
    for item in target.config_files:
        texts, binaries = {}, {}
        for path, data in item.files:
            text = _as_text(data)
            if text is None:
                binaries[config_key(path)] = base64.b64encode(data).decode("ascii")
            else:
                texts[config_key(path)] = text
        found[item.name] = {**({"data": texts} if texts else {}), **({"binaryData": binaries} if binaries else {})}
    return found


def _as_text(data: bytes) -> str | None:
    """Return the text of a file, None for what YAML cannot carry byte for byte."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]", text) else text


# --- one workload -----------------------------------------------------------------------------------------------------


def _workload(workload: Workload, target: Target, places: dict[tuple[str, str], Place]) -> dict[str, object]:
    found: dict[str, object] = {
        "kind": _KINDS[workload.kind],
        "image": _image(workload),
        "replicas": workload.scaling.replicas,
    }
    if workload.kind == "deployment":
        found["singleton"] = workload.scaling.singleton
    found["autoscaling"] = {
        "enabled": False,
        "minReplicas": workload.scaling.replicas or 1,
        "maxReplicas": max(workload.scaling.maximum, 1),
        "targetCPUUtilization": _TARGET_CPU,
    }
    if workload.kind == "job":
        found["backoffLimit"] = workload.backoff_limit
    if workload.command is not None:
        found["command"] = [text_data(word) for word in workload.command]
    if workload.args is not None:
        found["args"] = [text_data(word) for word in workload.args]
    if workload.working_dir:
        found["workingDir"] = workload.working_dir
    found["env"] = _environment(workload, places)
    served = workload.role not in DATASTORES
    found["ports"] = [
        {"name": port.name, "port": port.port, "protocol": port.protocol, "published": port.published and served}
        for port in workload.ports
    ]
    probes = workload.probes
    for name, probe in (("startup", probes.startup), ("readiness", probes.readiness), ("liveness", probes.liveness)):
        if probe is not None:
            found[f"{name}Probe"] = _probe(probe)
    mounts, volumes = _mounts(workload, target)
    optional: dict[str, object] = {
        "aliases": list(workload.aliases),
        "waits": [_wait(wait, target) for wait in workload.waits],
        "stores": list(workload.stores),
        "mounts": mounts,
        "volumes": volumes,
        "files": sorted({str(volume["config"]) for volume in volumes.values() if "config" in volume}),
        "hostAliases": [{"ip": address, "hostnames": list(names)} for address, names in workload.host_aliases],
    }
    found |= {key: value for key, value in optional.items() if value}
    found |= {
        "networks": [dns_label(network) for network in workload.networks],
        "internet": workload.egress,
        "terminationGracePeriodSeconds": workload.grace_seconds,
        "spread": workload.kind == "deployment" and max(workload.scaling.replicas, workload.scaling.maximum) > 1,
        "podSecurityContext": _pod_security(workload),
        "securityContext": _security(workload.security),
        "resources": _resources(workload.resources),
        "acceptedChecks": accepted_at(workload),
    }
    return found


def _image(workload: Workload) -> dict[str, object]:
    if workload.built:
        return {"built": workload.built}
    return image_data(ImageReference.parse(workload.image))


def _environment(workload: Workload, places: dict[tuple[str, str], Place]) -> dict[str, object]:
    found: dict[str, object] = {}
    for variable in workload.environment:
        place = places.get((workload.name, variable.name))
        found[variable.name] = {"secret": place[0], "key": place[1]} if place else text_data(variable.value)
    return dict(sorted(found.items()))


def _probe(probe: Probe) -> dict[str, object]:
    asked: dict[str, object]
    if probe.kind == "exec":
        asked = {"exec": [text_data(word) for word in probe.words]}
    elif probe.kind == "http":
        asked = {"httpGet": {"path": probe.path, "port": probe.port, "scheme": probe.scheme, "host": "localhost"}}
    else:
        asked = {"tcpSocket": {"port": probe.port}}
    return {**asked, "periodSeconds": probe.period, "timeoutSeconds": probe.timeout, "failureThreshold": probe.failures}


def _wait(wait: Wait, target: Target) -> dict[str, object]:
    if wait.kind != "tcp":
        return {wait.kind: wait.target}
    managed = any(store.service == wait.target and store.placement == "managed" for store in target.stores)
    return {"store": wait.target} if managed else {"host": wait.target, "port": wait.port}


def _mounts(workload: Workload, target: Target) -> tuple[list[dict[str, object]], dict[str, dict[str, object]]]:
    mounts: list[dict[str, object]] = []
    volumes: dict[str, dict[str, object]] = {}
    for number, mount in enumerate(workload.mounts, 1):
        name, source, sub_path = _volume(mount, number, target)
        volumes[name] = source
        entry: dict[str, object] = {"volume": name, "path": mount.path}
        if sub_path:
            entry["subPath"] = sub_path
        if mount.read_only:
            entry["readOnly"] = True
        mounts.append(entry)
    return mounts, volumes


def _volume(mount: WorkloadMount, number: int, target: Target) -> tuple[str, dict[str, object], str]:
    """Return name and source of a volume, and the path inside it."""
    if mount.kind == "volume":
        return mount.name, {"claim": mount.name}, mount.sub_path
    if mount.kind == "file":
        return mount.name, {"config": mount.name, **_items(mount, target)}, config_key(mount.sub_path) if mount.sub_path else ""
    if mount.kind == "secret":
        name = posixpath.basename(mount.path)
        return f"secret-{number}", {"secret": mount.name, "items": [{"key": mount.key, "path": name}]}, name
    size = {"medium": "Memory", **({"sizeLimit": mount.size} if mount.size else {})} if mount.kind == "memory" else {}
    return f"scratch-{number}", {"emptyDir": size}, ""


def _items(mount: WorkloadMount, target: Target) -> dict[str, object]:
    """Return where the keys of a folder's ConfigMap lie, for files whose key is not their path."""
    files = next((item.files for item in target.config_files if item.name == mount.name), ())
    if mount.sub_path or all(config_key(path) == path for path, _ in files):
        return {}
    return {"items": [{"key": config_key(path), "path": path} for path, _ in files]}


def _pod_security(workload: Workload) -> dict[str, object]:
    security = workload.security
    found: dict[str, object] = {}
    keeps = any(mount.kind in {"volume", "memory", "empty", "secret"} for mount in workload.mounts)
    if keeps and security.user:
        found |= {"fsGroup": security.group or security.user, "fsGroupChangePolicy": "OnRootMismatch"}
    if security.supplemental:
        found["supplementalGroups"] = list(security.supplemental)
    if security.sysctls:
        found["sysctls"] = [{"name": name, "value": value} for name, value in security.sysctls]
    return found


def _security(security: Security) -> dict[str, object]:
    found: dict[str, object] = {"allowPrivilegeEscalation": security.privilege_escalation}
    found["capabilities"] = {"drop": ["ALL"], **({"add": list(security.add_capabilities)} if security.add_capabilities else {})}
    if security.read_only_root:
        found["readOnlyRootFilesystem"] = True
    if security.non_root:
        found["runAsNonRoot"] = True
    if security.user is not None:
        found["runAsUser"] = security.user
    if security.group is not None:
        found["runAsGroup"] = security.group
    return found


def _resources(resources: Resources) -> dict[str, object]:
    requests = {"cpu": resources.cpu_request, "memory": resources.memory_request}
    limits = {"cpu": resources.cpu_limit, "memory": resources.memory_limit}
    gpus = {"nvidia.com/gpu": str(resources.gpus)} if resources.gpus else {}
    return {"requests": _set(requests.items()), "limits": {**_set(limits.items()), **gpus}}


def _set(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {key: value for key, value in pairs if value}
