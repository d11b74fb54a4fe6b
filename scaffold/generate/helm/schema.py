"""The JSON schema of the values (draft 7, the widest that Helm reads): slips in names and types stop before the cluster."""

from __future__ import annotations

_NAME = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"


def _object(properties: dict[str, object], *required: str) -> dict[str, object]:
    return {"type": "object", "additionalProperties": False, "properties": properties, "required": list(required)}


def _map(of: object) -> dict[str, object]:
    return {"type": "object", "additionalProperties": of}


def _list(of: object) -> dict[str, object]:
    return {"type": "array", "items": of}


_TEXT: dict[str, object] = {"type": "string"}
_COUNT: dict[str, object] = {"type": "integer", "minimum": 0}
_PORT: dict[str, object] = {"type": "integer", "minimum": 1, "maximum": 65535}
_BOOLEAN: dict[str, object] = {"type": "boolean"}
_FREE: dict[str, object] = {"type": "object"}
_PIECE = {
    "anyOf": [
        _TEXT,
        _object({"setting": _TEXT}, "setting"),
        _object({"store": _TEXT, "field": {"enum": ["host", "port", "database", "username"]}}, "store", "field"),
        _object({"env": _TEXT}, "env"),
        _object({"remote": _TEXT, "encoded": _BOOLEAN}, "remote"),
    ]
}
_WORDS = {"anyOf": [{"$ref": "#/definitions/piece"}, _list({"$ref": "#/definitions/piece"})]}
_PROBE = _object(
    {
        "exec": _list({"$ref": "#/definitions/text"}),
        "httpGet": _object(
            {"path": _TEXT, "port": _PORT, "scheme": {"enum": ["HTTP", "HTTPS"]}, "host": _TEXT}, "path", "port"
        ),
        "tcpSocket": _object({"port": _PORT}, "port"),
        "periodSeconds": _PORT,
        "timeoutSeconds": _PORT,
        "failureThreshold": _PORT,
    },
    "periodSeconds",
    "timeoutSeconds",
    "failureThreshold",
)
_IMAGE = _object(
    {
        "built": _TEXT,
        "repository": _TEXT,
        "tag": _TEXT,
        "digest": {"type": "string", "pattern": "^(sha256:[0-9a-f]{64})?$"},
    }
)
_PLACE = _object({"secret": _TEXT, "key": _TEXT}, "secret", "key")
_BACKUP_JOB = _object(
    {
        "name": _TEXT,
        "restore": _TEXT,
        "kind": {"enum": ["postgres", "mysql", "redis", "chroma", "files"]},
        "workload": _TEXT,
        "schedule": _TEXT,
        "image": _IMAGE,
        "port": _PORT,
        "env": _map({"$ref": "#/definitions/text"}),
        "secretFiles": _map(_PLACE),
        "claim": _TEXT,
        "subPath": _TEXT,
        "sameNodeAs": _list(_TEXT),
        "stoppedFor": _list(_TEXT),
        "securityContext": _FREE,
        "acceptedChecks": _map(_TEXT),
        "restoreSecurityContext": _FREE,
        "restoreAcceptedChecks": _map(_TEXT),
    },
    "name",
    "kind",
    "workload",
    "schedule",
    "securityContext",
    "restoreSecurityContext",
)
_BACKUPS = _object(
    {
        "enabled": _BOOLEAN,
        "suspend": _BOOLEAN,
        "account": _TEXT,
        "repository": {"type": "string", "pattern": "^((s3|rest|sftp|b2|azure|gs|swift|rclone):.*)?$"},
        "key": _PLACE,
        "mayBeEmpty": _list(_TEXT),
        "snapshot": {"type": "string", "pattern": "^(latest|[0-9a-f]{8,64})$"},
        "intervalHours": {"type": "integer", "minimum": 1},
        "deadlineSeconds": _COUNT,
        "keep": _object({name: {"type": "integer", "minimum": 1} for name in ("last", "daily", "weekly", "monthly")}),
        "staging": _FREE,
        "resources": _FREE,
        "image": _IMAGE,
        "check": _TEXT,
        "checkSchedule": _TEXT,
        "securityContext": _FREE,
        "acceptedChecks": _map(_TEXT),
        "jobs": _map(_BACKUP_JOB),
    },
    "enabled",
)
_WORKLOAD = _object(
    {
        "kind": {"enum": ["Deployment", "StatefulSet", "DaemonSet", "Job"]},
        "image": _IMAGE,
        "replicas": _COUNT,
        "singleton": _BOOLEAN,
        "autoscaling": _object(
            {"enabled": _BOOLEAN, "minReplicas": _COUNT, "maxReplicas": _COUNT, "targetCPUUtilization": _COUNT}
        ),
        "backoffLimit": _COUNT,
        "command": _list({"$ref": "#/definitions/text"}),
        "args": _list({"$ref": "#/definitions/text"}),
        "workingDir": _TEXT,
        "env": _map({"anyOf": [{"$ref": "#/definitions/text"}, _object({"secret": _TEXT, "key": _TEXT}, "secret", "key")]}),
        "ports": _list(
            _object(
                {"name": _TEXT, "port": _PORT, "protocol": {"enum": ["TCP", "UDP", "SCTP"]}, "published": _BOOLEAN},
                "name",
                "port",
                "protocol",
            )
        ),
        "startupProbe": {"$ref": "#/definitions/probe"},
        "readinessProbe": {"$ref": "#/definitions/probe"},
        "livenessProbe": {"$ref": "#/definitions/probe"},
        "aliases": _list(_TEXT),
        "waits": _list(_object({"job": _TEXT, "login": _TEXT, "store": _TEXT, "host": _TEXT, "port": _PORT})),
        "stores": _list(_TEXT),
        "mounts": _list(_object({"volume": _TEXT, "path": _TEXT, "subPath": _TEXT, "readOnly": _BOOLEAN}, "volume", "path")),
        "volumes": _map(_object({"claim": _TEXT, "config": _TEXT, "secret": _TEXT, "items": _list(_FREE), "emptyDir": _FREE})),
        "files": _list(_TEXT),
        "hostAliases": _list(_FREE),
        "networks": _list(_TEXT),
        "internet": _BOOLEAN,
        "terminationGracePeriodSeconds": _COUNT,
        "spread": _BOOLEAN,
        "podSecurityContext": _FREE,
        "securityContext": _FREE,
        "resources": _FREE,
        "nodeSelector": _FREE,
        "tolerations": _list(_FREE),
        "affinity": _FREE,
        "imagePullSecrets": _list(_TEXT),
        "acceptedChecks": _map(_TEXT),
    },
    "kind",
    "image",
    "replicas",
    "autoscaling",
    "resources",
    "securityContext",
)


def values_schema() -> dict[str, object]:
    """Return the schema."""
    secret = _object(
        {
            "remote": _map(_object({"secret": _TEXT, "key": _TEXT, "decode": _BOOLEAN}, "secret", "key")),
            "data": _map({"$ref": "#/definitions/text"}),
        },
        "remote",
        "data",
    )
    named = {"propertyNames": {"pattern": _NAME, "maxLength": 63}}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "definitions": {"piece": _PIECE, "text": _WORDS, "probe": _PROBE, "workload": _WORKLOAD, "backups": _BACKUPS},
        "required": ["settings", "images", "tools", "ingress", "networkPolicies", "workloads"],
        "properties": {
            "settings": _map({"type": ["string", "number", "boolean"]}),
            "images": _map(
                _object(
                    {"repository": _TEXT, "tag": _TEXT, "digest": {"type": "string", "pattern": "^(sha256:[0-9a-f]{64})?$"}}
                )
            ),
            "tools": _map({"type": "string", "pattern": "@sha256:[0-9a-f]{64}$"}),
            "infrastructure": _FREE,
            "secretRefreshInterval": _TEXT,
            "drainSeconds": _COUNT,
            "secrets": _map(secret),
            "databaseRoles": _map(
                _object(
                    {
                        "revision": _COUNT,
                        "extensions": _list(_TEXT),
                        "firstStart": _map(_TEXT),
                        "acceptedChecks": _map(_TEXT),
                    },
                    "revision",
                )
            ),
            "backups": {"$ref": "#/definitions/backups"},
            "ingress": _object(
                {
                    "enabled": _BOOLEAN,
                    "className": _TEXT,
                    "domain": _TEXT,
                    "annotations": _map(_TEXT),
                    "routes": _list(
                        _object(
                            {
                                "workload": _TEXT,
                                "port": _PORT,
                                "subdomain": _TEXT,
                                "path": {"type": "string", "pattern": "^/"},
                                "exact": _BOOLEAN,
                            },
                            *("workload", "port", "subdomain"),
                        )
                    ),
                },
                "enabled",
            ),
            "networkPolicies": _object(
                {"enabled": _BOOLEAN, "privateRanges": _list(_TEXT), "monitoringNamespace": _TEXT}, "enabled"
            ),
            "networks": _list(_TEXT),
            "stores": _list(_TEXT),
            "storageClassName": _TEXT,
            "volumes": _map(_object({"shared": _BOOLEAN, "size": _TEXT}, "size")),
            "config": _map(_object({"data": _map(_TEXT), "binaryData": _map(_TEXT)})),
            "imagePullSecrets": _list(_TEXT),
            "podAnnotations": _map(_TEXT),
            "workloads": {**_map({"$ref": "#/definitions/workload"}), **named},
        },
    }
