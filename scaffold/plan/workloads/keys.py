"""What becomes of each key of a service: every property of the Compose schema is in this table (a test walks it)."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.compose import Service
from scaffold.model.document import Mapping, Scalar, Sequence
from scaffold.model.frozen import frozen
from scaffold.model.workload import Note


@frozen
class Key:
    """One property: fate is `mapped` (it stands in the chart), `not-applicable` (it has no meaning there) or `noted` (what it
    did gets lost, and is said); `why` says where it went, or why it does not go.
    """

    fate: str
    why: str


def _mapped(why: str) -> Key:
    return Key("mapped", why)


def _void(why: str) -> Key:
    return Key("not-applicable", why)


def _noted(why: str) -> Key:
    return Key("noted", why)


_LOCAL = "it is about building or running on one machine"
_CGROUPS = "the kubelet manages the control groups: requests and limits take their place"

KEYS: dict[str, Key] = {
    "annotations": _void("metadata of Docker's runtime"),
    "attach": _void(_LOCAL),
    "blkio_config": _noted("limits on block devices belong to the storage class"),
    "build": _mapped("the image that the workflow images.yml builds"),
    "cap_add": _mapped("securityContext.capabilities.add"),
    "cap_drop": _mapped("securityContext.capabilities: everything is dropped"),
    "cgroup": _void(_CGROUPS),
    "cgroup_parent": _void(_CGROUPS),
    "command": _mapped("args"),
    "configs": _mapped("ConfigMaps"),
    "container_name": _mapped("a further Service where others use the name"),
    "cpu_count": _void("Windows containers"),
    "cpu_percent": _void("Windows containers"),
    "cpu_period": _noted("set resources.limits.cpu instead"),
    "cpu_quota": _noted("set resources.limits.cpu instead"),
    "cpu_rt_period": _noted("pods get no real-time scheduling"),
    "cpu_rt_runtime": _noted("pods get no real-time scheduling"),
    "cpu_shares": _void("requests of CPU take their place"),
    "cpus": _mapped("resources.limits.cpu"),
    "cpuset": _noted("pinning to CPUs is a matter of the kubelet's CPU manager"),
    "credential_spec": _void("Windows containers"),
    "depends_on": _mapped("init containers that wait"),
    "deploy": _mapped("resources, replicas, kind and restarts"),
    "develop": _void(_LOCAL),
    "device_cgroup_rules": _noted("devices are given to pods by device plugins"),
    "devices": _noted("devices are given to pods by device plugins"),
    "dns": _noted("pods ask the cluster's DNS, which knows the Services: forward other zones there"),
    "dns_opt": _noted("set dnsConfig where it is still needed"),
    "dns_search": _noted("set dnsConfig where it is still needed"),
    "domainname": _noted("a pod has the names of its Service"),
    "entrypoint": _mapped("command"),
    "env_file": _mapped("env: each value that git tracks"),
    "environment": _mapped("env"),
    "expose": _mapped("ports of the container and of its Service"),
    "extends": _mapped("merged when the files are read"),
    "external_links": _noted("a container outside of Compose needs a Service of its own"),
    "extra_hosts": _mapped("hostAliases"),
    "gpus": _mapped("resources.limits nvidia.com/gpu"),
    "group_add": _mapped("securityContext.supplementalGroups"),
    "healthcheck": _mapped("readinessProbe and startupProbe"),
    "hostname": _mapped("a further Service where others use the name"),
    "image": _mapped("image"),
    "init": _noted("no init process reaps children: let the image start one, such as tini"),
    "ipc": _noted("pods do not share memory with others"),
    "isolation": _void("Windows containers"),
    "label_file": _void("labels of Docker; the chart sets its own"),
    "labels": _mapped("the Ingress, where they tell a proxy to forward; the chart sets its own labels"),
    "links": _mapped("the Service of the linked name"),
    "log_driver": _void("the cluster collects what containers print"),
    "log_opt": _void("the cluster collects what containers print"),
    "logging": _void("the cluster collects what containers print"),
    "mac_address": _noted("a pod has no address of its own choice"),
    "mem_limit": _mapped("resources.limits.memory"),
    "mem_reservation": _mapped("resources.requests.memory"),
    "mem_swappiness": _void("nodes have no swap"),
    "memswap_limit": _void("nodes have no swap"),
    "models": _noted("models of Docker have no counterpart: name the endpoint in the environment"),
    "net": _void("removed from Compose"),
    "network_mode": _noted("pods have a network of their own: what shares one with another service is a sidecar"),
    "networks": _mapped("NetworkPolicies"),
    "oom_kill_disable": _void(_CGROUPS),
    "oom_score_adj": _void(_CGROUPS),
    "pid": _noted("pods do not share processes with the node"),
    "pids_limit": _noted("the kubelet's podPidsLimit holds for every pod"),
    "platform": _noted("say it of the nodes: add kubernetes.io/arch to nodeSelector"),
    "ports": _mapped("the Service, and the Ingress where they are published"),
    "post_start": _noted("let the image's entrypoint do it"),
    "pre_start": _noted("let the image's entrypoint do it, or a one-shot service"),
    "pre_stop": _noted("let the program do it when it gets SIGTERM"),
    "privileged": _noted("no pod of the app may be privileged"),
    "profiles": _mapped("profiles for development are left out, the others run"),
    "provider": _noted("a provider of Compose runs it, and no container"),
    "pull_policy": _void("an image with a digest never changes"),
    "pull_refresh_after": _void("an image with a digest never changes"),
    "read_only": _mapped("securityContext.readOnlyRootFilesystem"),
    "restart": _mapped("Deployment, or Job where it ends"),
    "runtime": _noted("set runtimeClassName where the nodes have it"),
    "scale": _mapped("replicas"),
    "secrets": _mapped("files from the application's secret"),
    "security_opt": _mapped("securityContext: no new privileges, seccomp RuntimeDefault"),
    "shm_size": _mapped("an emptyDir in memory at /dev/shm"),
    "stdin_open": _void(_LOCAL),
    "stop_grace_period": _mapped("terminationGracePeriodSeconds"),
    "stop_signal": _noted("the kubelet sends SIGTERM unless the image's STOPSIGNAL says otherwise: set it in the Dockerfile"),
    "storage_opt": _noted("limit ephemeral-storage instead"),
    "sysctls": _mapped("securityContext.sysctls, the safe ones"),
    "tmpfs": _mapped("an emptyDir in memory"),
    "tty": _void(_LOCAL),
    "ulimits": _noted("nodes set them for all containers"),
    "umask": _noted("let the image's entrypoint set it"),
    "use_api_socket": _noted("no pod may reach the container engine"),
    "user": _mapped("securityContext.runAsUser"),
    "userns_mode": _noted("set hostUsers on the pod"),
    "uts": _noted("pods have a host name of their own"),
    "volume_driver": _noted("the storage class takes its place"),
    "volumes": _mapped("PersistentVolumeClaims, ConfigMaps and emptyDirs"),
    "volumes_from": _noted("name the volumes in each service that mounts them"),
    "working_dir": _mapped("workingDir"),
}


def key_notes(service: Service) -> Iterator[Note]:
    """Yield a note for each key of a service whose effect gets lost; keys of extensions (`x-`) never count."""
    for entry in service.node.entries:
        key = KEYS.get(entry.key.value)
        if key is None or key.fate != "noted" or _says_nothing(entry.value):
            continue
        yield Note(service.name, entry.key.value, key.why, entry.key.location)


def _says_nothing(node: object) -> bool:
    """Whether a value is empty, or false."""
    if isinstance(node, Scalar):
        return node.value.lower() in {"", "null", "~", "false", "no", "off", "bridge", "0"}
    return isinstance(node, Sequence | Mapping) and not (node.items if isinstance(node, Sequence) else node.entries)
