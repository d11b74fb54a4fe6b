"""What the tests of the Terraform app share: plans made by hand, copies for an older provider, and Terraform itself."""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from terraform import main

ROOT = Path(__file__).resolve().parent.parent.parent
MIRRORS = (Path("/opt/tf-plugins"), Path("/usr/share/terraform/plugins"), Path.home() / ".terraform.d" / "plugins")
OLDER_PROVIDER = "5.100.0"

LACKING_ARGUMENTS = {
    ("aws_eks_cluster", "deletion_protection"): "new in provider 6.10 (hashicorp/terraform-provider-aws#43779)",
    ("aws_elasticache_user", "passwords_wo"): "new in provider 6.41 (hashicorp/terraform-provider-aws#45988)",
    ("aws_elasticache_user", "passwords_wo_version"): "new in provider 6.41 (hashicorp/terraform-provider-aws#45988)",
}
"""Arguments that we write and provider 5.100 does not know yet."""

ENVIRONMENTS = [{"name": "staging", "production": False}, {"name": "production", "production": True}]


def plan(app: str, **parts: Any) -> dict[str, Any]:
    """Return a plan as JSON data, empty where `parts` says nothing."""
    base: dict[str, Any] = {
        "app": app,
        "region": "us-east-1",
        "compute": "eks",
        "branch": "main",
        "environments": ENVIRONMENTS,
        "postgres": [],
        "caches": [],
        "secrets": [],
        "images": [],
        "volumes": [],
        "buckets": [],
        "workloads": [],
        "settings": [],
        "lost": [],
        "chart": True,
        "left_out": [],
    }
    return {**base, **parts}


def postgres(service: str = "db", **parts: Any) -> dict[str, Any]:
    base = {"service": service, "version": "15", "database": "propertypro", "user": "propertypro_app"}
    base |= {"master": "appadmin", "port": 5432}
    return {**base, **parts}


def cache(service: str = "redis", **parts: Any) -> dict[str, Any]:
    base = {"service": service, "product": "elasticache", "version": "8.2", "port": 6379, "broker": False}
    return {**base, "eviction": "", "events": "", **parts}


def login(store: str, *more: str) -> dict[str, Any]:
    return {"name": store, "keys": ["password", *more], "store": store, "host": False}


BACKUPS = {"purpose": "backups", "workloads": ["backup"]}


def image(app: str, name: str) -> dict[str, Any]:
    return {"name": name, "repository": f"{app}/{name}"}


FRIDAY = plan(
    "friday-ai",
    caches=[cache()],
    secrets=[
        login("redis"),
        {"name": "app", "keys": ["FRIDAY_API_KEY"], "store": "", "host": False},
        {"name": "backup", "keys": ["BACKUP_PASSWORD"], "store": "", "host": False},
        {"name": "compose-host", "keys": ["GRAFANA_PASSWORD", "BACKUP_SECRET_ACCESS_KEY"], "store": "", "host": True},
    ],
    images=[image("friday-ai", "api")],
    volumes=[{"name": "friday-data", "shared": False}],
    buckets=[BACKUPS],
)
PROPERTYPRO = plan(
    "propertypro",
    images=[image("propertypro", "api"), image("propertypro", "frontend")],
    volumes=[{"name": name, "shared": name != "chroma-data"} for name in ("backend-logs", "backend-uploads", "chroma-data")],
    buckets=[BACKUPS],
    postgres=[postgres()],
    caches=[cache(broker=True)],
    secrets=[
        login("db", "username"),
        login("redis"),
        {"name": "app", "keys": ["JWT_SECRET", "OPENAI_API_KEY", "SECRET_KEY"], "store": "", "host": False},
        {"name": "backup", "keys": ["BACKUP_PASSWORD"], "store": "", "host": False},
        {
            "name": "compose-host",
            "keys": ["GRAFANA_ADMIN_PASSWORD", "BACKUP_SECRET_ACCESS_KEY"],
            "store": "",
            "host": True,
        },
    ],
)
STATELESS = plan("hello", secrets=[{"name": "app", "keys": ["API_TOKEN"], "store": "", "host": False}])
UPLOADS = {**PROPERTYPRO, "buckets": [BACKUPS, {"purpose": "uploads", "workloads": ["api", "worker"]}]}


def piece(kind: str, text: str, field: str = "") -> dict[str, str]:
    return {"kind": kind, "text": text, "field": field}


def words(*texts: str) -> list[list[dict[str, str]]]:
    return [[piece("literal", text)] for text in texts]


def workload(name: str, **parts: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "name": name,
        "service": name,
        "kind": "service",
        "built": "api",
        "image": "",
        "entry_point": [],
        "command": [],
        "working_dir": "",
        "user": "",
        "environment": [],
        "ports": [],
        "health": [],
        "path": "/",
        "mounts": [],
        "read_only_root": False,
        "cpu": 256,
        "memory": 1024,
        "stop_seconds": 10,
        "replicas": 1,
        "maximum": 1,
        "singleton": False,
    }
    return {**base, **parts}


URL = [
    piece("literal", "postgresql+psycopg://"),
    piece("store", "db", "username"),
    piece("literal", ":"),
    piece("secret", "db", "password"),
    piece("literal", "@"),
    piece("store", "db", "host"),
    piece("literal", ":"),
    piece("store", "db", "port"),
    piece("literal", "/"),
    piece("store", "db", "database"),
]
ECS = {
    **PROPERTYPRO,
    "compute": "ecs",
    "buckets": [BACKUPS, {"purpose": "uploads", "workloads": ["api"]}],
    "settings": [
        {"name": "LOG_LEVEL", "default": "INFO", "required": False},
        {"name": "PUBLIC_URL", "default": "", "required": True},
    ],
    "workloads": [
        workload(
            "frontend",
            built="frontend",
            ports=[{"port": 80, "published": True}],
            replicas=2,
            maximum=6,
        ),
        workload(
            "api",
            environment=[
                {"name": "DATABASE_URL", "value": URL},
                {"name": "LOG_LEVEL", "value": [piece("setting", "LOG_LEVEL")]},
                {"name": "SECRET_KEY", "value": [piece("secret", "app", "SECRET_KEY")]},
                {"name": "CALLBACK", "value": [piece("setting", "PUBLIC_URL"), piece("literal", "/done?${x}")]},
            ],
            ports=[{"port": 8000, "published": True}],
            health=[{"command": ["CMD", "true"], "interval": 30, "timeout": 10, "retries": 3, "start": 20}],
            path="/health",
            mounts=[
                {"volume": "backend-uploads", "path": "/app/uploads", "read_only": False},
                {"volume": "", "path": "/tmp", "read_only": False},
            ],
            user="1000:1000",
            replicas=2,
            maximum=4,
        ),
        workload("scheduler", command=words("celery", "beat"), singleton=True),
        workload(
            "chromadb",
            built="",
            image="chromadb/chroma:1.5.9",
            ports=[{"port": 8000, "published": False}],
            mounts=[{"volume": "chroma-data", "path": "/data", "read_only": False}],
            singleton=True,
        ),
        workload("migrate", kind="job", command=words("alembic", "upgrade", "head")),
    ],
}
SEVERAL = plan(
    "several",
    compute="ecs",
    region="ap-northeast-1",
    postgres=[postgres("users-db"), postgres("orders-db", database="postgres", version="")],
    caches=[cache("sessions"), cache("a-very-long-queue-name", broker=True, version="")],
    secrets=[login(store) for store in ("users-db", "orders-db", "sessions", "a-very-long-queue-name")],
    workloads=[workload("web", built="", image="nginx:1.28")],
)
MEMORY = plan("keeper", caches=[cache(product="memorydb", version="7.3")], secrets=[login("redis")])
PLANS = {
    "friday": FRIDAY,
    "propertypro": PROPERTYPRO,
    "stateless": STATELESS,
    "several": SEVERAL,
    "uploads": UPLOADS,
    "ecs": ECS,
    "memorydb": MEMORY,
}


def rendered(document: Mapping[str, Any]) -> dict[str, str]:
    """Return the files that the app makes of a plan."""
    return dict(_rendered(json.dumps(document)))


@functools.cache
def _rendered(text: str) -> tuple[tuple[str, str], ...]:
    main.use_bundled_node()
    answer, code = main.answer(text)
    assert code == 0, answer
    return tuple(answer["files"].items())  # type: ignore[attr-defined]


def write(files: Mapping[str, str], folder: Path) -> Path:
    """Write files below a folder and return it."""
    main.write(files, folder)
    return folder


def mirror() -> Path | None:
    """Return the folder of a provider mirror that holds the older provider: SCAFFOLD_TF_PLUGINS, or a usual place."""
    named = os.environ.get("SCAFFOLD_TF_PLUGINS")
    places = (Path(named),) if named else MIRRORS
    return next((place for place in places if any(place.glob(f"*/hashicorp/aws/{OLDER_PROVIDER}"))), None)


def terraform(
    program: str, folder: Path, *arguments: str, codes: Iterable[int] = (0,), endpoint: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run Terraform in a folder, without any configuration of the person who runs the tests."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("TF_", "AWS_"))}
    aws = {"AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
    environment = {**kept, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", **(aws if endpoint else {})}
    done = subprocess.run(
        [program, *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode in set(codes), f"terraform {' '.join(arguments)}: {done.stdout[-4000:]}{done.stderr[-4000:]}"
    return done


def initialise(prepared: Path, folder: Path) -> None:
    """Make a copy ready for Terraform, with the provider that `prepared` was initialised with: init hashes it for seconds."""
    shutil.copytree(prepared / ".terraform", folder / ".terraform", symlinks=True)
    shutil.copy(prepared / ".terraform.lock.hcl", folder)


def lowered(files: Mapping[str, str]) -> dict[str, str]:
    """Return the files for the older provider, with the state on disk."""
    copy = {path: text for path, text in files.items() if path != "backend.tf"}
    copy["versions.tf"] = copy["versions.tf"].replace("~> 6.69", OLDER_PROVIDER)
    return copy


def blocks(text: str) -> dict[str, str]:
    """Return the top-level blocks of a file by address; fmt-clean text starts and ends them in the first column."""
    found = {}
    for match in re.finditer(r'^(\w+)((?: "[^"]+")*) \{\n.*?^\}\n|^(\w+)((?: "[^"]+")*) \{\}\n', text, re.M | re.S):
        kind, labels = match[1] or match[3], re.findall('"([^"]+)"', match[2] or match[4] or "")
        parts = labels if kind == "resource" else [kind, *labels]
        found[".".join(parts)] = match[0]
    return found


def without_arguments(text: str, arguments: Iterable[tuple[str, str]]) -> str:
    """Return a file without some arguments, given as pairs of a resource type and the name of a one-line argument."""
    for type_name, argument in arguments:
        for address, block in blocks(text).items():
            if address.startswith(f"{type_name}."):
                text = text.replace(block, re.sub(rf"^  {argument} += .*\n", "", block, flags=re.M))
    return text
