"""The keys of the Compose model with their types, in the shape that compose-go 2.16 prints."""

from __future__ import annotations

from scaffold.read.compose.decode import (
    Decoder,
    always,
    boolean,
    capitalised,
    command,
    count,
    duration,
    file_mode,
    health_test,
    hosts,
    integer,
    key_names,
    list_of,
    mapping,
    named,
    nonzero_duration,
    nullable_mapping,
    number32,
    opt_out,
    option_lists,
    optional,
    optional_boolean,
    optional_integer,
    size,
    structure,
    text,
    texts,
    ulimit,
)

_DEVICE_REQUEST = structure({"capabilities": texts, "driver": text, "count": count, "device_ids": texts, "options": mapping})
_FILE_MOUNT = structure({"source": text, "target": text, "uid": text, "gid": text, "mode": file_mode})
_HOOK_FIELDS: dict[str, Decoder] = {
    "command": command,
    "user": text,
    "privileged": boolean,
    "working_dir": text,
    "environment": nullable_mapping,
}
HOOK = structure(_HOOK_FIELDS, {"command": None})
_RESOURCE = optional(
    structure(
        {
            "cpus": number32,
            "memory": size,
            "pids": integer,
            "devices": list_of(_DEVICE_REQUEST),
            "generic_resources": list_of(
                structure({"discrete_resource_spec": optional(structure({"kind": text, "value": optional_integer}))})
            ),
        }
    )
)
_UPDATE = optional(
    structure(
        {
            "parallelism": optional_integer,
            "delay": nonzero_duration,
            "failure_action": text,
            "monitor": nonzero_duration,
            "max_failure_ratio": number32,
            "order": text,
        }
    )
)
DEPLOY = optional(
    structure(
        {
            "mode": text,
            "replicas": optional_integer,
            "labels": mapping,
            "update_config": _UPDATE,
            "rollback_config": _UPDATE,
            "resources": structure({"limits": _RESOURCE, "reservations": _RESOURCE}),
            "restart_policy": optional(
                structure(
                    {"condition": text, "delay": duration, "max_attempts": optional_integer, "window": duration},
                )
            ),
            "placement": structure(
                {
                    "constraints": texts,
                    "preferences": list_of(structure({"spread": text})),
                    "max_replicas_per_node": integer,
                }
            ),
            "endpoint_mode": text,
        },
        {"resources": {}, "placement": {}},
    )
)
BUILD = optional(
    structure(
        {
            "context": text,
            "dockerfile": text,
            "dockerfile_inline": text,
            "entitlements": texts,
            "args": nullable_mapping,
            "provenance": text,
            "sbom": text,
            "ssh": key_names,
            "labels": mapping,
            "cache_from": texts,
            "cache_to": texts,
            "no_cache": boolean,
            "no_cache_filter": texts,
            "additional_contexts": mapping,
            "pull": boolean,
            "extra_hosts": hosts,
            "isolation": text,
            "network": text,
            "target": text,
            "secrets": list_of(_FILE_MOUNT),
            "shm_size": size,
            "tags": texts,
            "ulimits": named(ulimit),
            "platforms": texts,
            "privileged": boolean,
        }
    )
)
_VOLUME = structure(
    {
        "type": text,
        "source": text,
        "target": text,
        "read_only": boolean,
        "consistency": text,
        "bind": optional(structure({"selinux": text, "propagation": text, "create_host_path": opt_out, "recursive": text})),
        "volume": optional(structure({"labels": mapping, "nocopy": boolean, "subpath": text})),
        "tmpfs": optional(structure({"size": size, "mode": integer})),
        "image": optional(structure({"subpath": text})),
    }
)
_NETWORK_USE = structure(
    {
        "aliases": texts,
        "driver_opts": mapping,
        "gw_priority": integer,
        "interface_name": text,
        "ipv4_address": text,
        "ipv6_address": text,
        "link_local_ips": texts,
        "mac_address": text,
        "priority": integer,
        "use_service_name_alias": optional_boolean,
    }
)
_PORT = structure(
    {
        "name": text,
        "mode": text,
        "host_ip": text,
        "target": integer,
        "published": text,
        "protocol": text,
        "app_protocol": text,
    }
)
_THROTTLES = ("device_read_bps", "device_read_iops", "device_write_bps", "device_write_iops")
_BLKIO: dict[str, Decoder] = {
    "weight": integer,
    "weight_device": list_of(capitalised(structure({"path": text, "weight": optional_integer}))),
    **dict.fromkeys(_THROTTLES, list_of(capitalised(structure({"path": text, "rate": always(size, "0")})))),
}
_HEALTHCHECK = optional(
    structure(
        {
            "test": health_test,
            "timeout": duration,
            "interval": duration,
            "retries": optional_integer,
            "start_period": duration,
            "start_interval": duration,
            "disable": boolean,
        }
    )
)
_WATCH = structure(
    {
        "path": always(text, ""),
        "action": always(text, ""),
        "target": text,
        "exec": HOOK,
        "include": texts,
        "ignore": texts,
        "initial_sync": boolean,
    },
    {"exec": {"command": None}},
)
_LIMITS: dict[str, Decoder] = {
    **dict.fromkeys(("cpu_count", "cpu_period", "cpu_quota", "cpu_rt_period", "cpu_rt_runtime", "cpu_shares"), integer),
    **dict.fromkeys(("cpu_percent", "cpus"), number32),
    **dict.fromkeys(("mem_limit", "mem_reservation", "memswap_limit", "mem_swappiness", "shm_size"), size),
    **dict.fromkeys(("oom_score_adj", "pids_limit"), integer),
}
_TEXTS = [
    "cgroup_parent",
    "cgroup",
    "cpuset",
    "domainname",
    "hostname",
    "image",
    "ipc",
    "isolation",
    "log_driver",
    "mac_address",
    "network_mode",
    "pid",
    "platform",
    "pull_policy",
    "pull_refresh_after",
    "runtime",
    "stop_signal",
    "user",
    "userns_mode",
    "uts",
    "volume_driver",
    "working_dir",
]
_LISTS = [
    "cap_add",
    "cap_drop",
    "device_cgroup_rules",
    "dns",
    "dns_opt",
    "dns_search",
    "group_add",
    "label_file",
    "security_opt",
    "tmpfs",
    "volumes_from",
]
CONTAINER: dict[str, Decoder] = {
    **_LIMITS,
    **dict.fromkeys(_TEXTS, text),
    **dict.fromkeys(_LISTS, texts),
    **dict.fromkeys(("oom_kill_disable", "privileged", "read_only", "use_api_socket"), boolean),
    **dict.fromkeys(("annotations", "labels", "log_opt", "storage_opt", "sysctls"), mapping),
    **dict.fromkeys(("configs", "secrets"), list_of(_FILE_MOUNT)),
    **dict.fromkeys(("command", "entrypoint"), command),
    "blkio_config": optional(structure(_BLKIO)),
    "credential_spec": optional(structure({"config": text, "file": text, "registry": text})),
    "devices": list_of(structure({"source": text, "target": text, "permissions": text})),
    "environment": nullable_mapping,
    "extra_hosts": hosts,
    "gpus": list_of(_DEVICE_REQUEST),
    "init": optional_boolean,
    "logging": optional(structure({"driver": text, "options": mapping})),
    "models": named(structure({"endpoint_var": text, "model_var": text})),
    "networks": named(_NETWORK_USE),
    "stop_grace_period": duration,
    "ulimits": named(ulimit),
    "umask": optional_integer,
    "volumes": list_of(_VOLUME),
}
CONTAINER_ALWAYS = {"command": None, "entrypoint": None}
"""What is printed of every container, whether it is set or not."""
WORKLOAD: dict[str, Decoder] = {
    "build": BUILD,
    "depends_on": named(
        structure({"condition": text, "restart": boolean, "required": optional_boolean}, {"required": False}),
    ),
    "expose": texts,
    "healthcheck": _HEALTHCHECK,
    "ports": list_of(_PORT),
    "stdin_open": boolean,
    "tty": boolean,
}
SERVICE: dict[str, Decoder] = {
    **CONTAINER,
    **WORKLOAD,
    **dict.fromkeys(("container_name", "net", "restart"), text),
    **dict.fromkeys(("external_links", "links", "profiles"), texts),
    **dict.fromkeys(("post_start", "pre_stop"), list_of(HOOK)),
    "attach": optional_boolean,
    "deploy": DEPLOY,
    "develop": optional(structure({"watch": list_of(_WATCH)})),
    "pre_start": list_of(structure({**CONTAINER, "per_replica": boolean}, dict(CONTAINER_ALWAYS))),
    "provider": optional(structure({"type": text, "options": option_lists})),
    "scale": optional_integer,
}
NETWORK = structure(
    {
        "name": text,
        "driver": text,
        "driver_opts": mapping,
        "ipam": structure(
            {
                "driver": text,
                "config": list_of(structure({"subnet": text, "gateway": text, "ip_range": text, "aux_addresses": mapping})),
                "options": mapping,
            }
        ),
        "external": boolean,
        "internal": boolean,
        "attachable": boolean,
        "labels": mapping,
        "enable_ipv4": optional_boolean,
        "enable_ipv6": optional_boolean,
    },
    {"ipam": {}},
)
VOLUME = structure({"name": text, "driver": text, "driver_opts": mapping, "external": boolean, "labels": mapping})
_FILE_FIELDS: dict[str, Decoder] = {
    "name": text,
    "file": text,
    "environment": text,
    "external": boolean,
    "labels": mapping,
    "driver": text,
    "driver_opts": mapping,
    "template_driver": text,
}
SECRET = structure(_FILE_FIELDS)
CONFIG = structure({**_FILE_FIELDS, "content": text})
