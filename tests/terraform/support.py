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
        "environments": ENVIRONMENTS,
        "postgres": [],
        "caches": [],
        "secrets": [],
    }
    return {**base, **parts}


def postgres(service: str = "db", **parts: Any) -> dict[str, Any]:
    base = {"service": service, "version": "15", "database": "propertypro", "user": "propertypro_app", "port": 5432}
    return {**base, **parts}


def cache(service: str = "redis", **parts: Any) -> dict[str, Any]:
    return {"service": service, "version": "8.2", "port": 6379, "broker": False, **parts}


def login(store: str, *more: str) -> dict[str, Any]:
    return {"name": store, "keys": ["password", *more], "store": store}


FRIDAY = plan("friday-ai", caches=[cache()], secrets=[login("redis"), {"name": "app", "keys": ["FRIDAY_API_KEY"], "store": ""}])
PROPERTYPRO = plan(
    "propertypro",
    postgres=[postgres()],
    caches=[cache(broker=True)],
    secrets=[
        login("db", "username"),
        login("redis"),
        {"name": "app", "keys": ["JWT_SECRET", "OPENAI_API_KEY", "SECRET_KEY"], "store": ""},
    ],
)
STATELESS = plan("hello", secrets=[{"name": "app", "keys": ["API_TOKEN"], "store": ""}])
SEVERAL = plan(
    "several",
    compute="ecs",
    region="ap-northeast-1",
    postgres=[postgres("users-db"), postgres("orders-db", database="postgres", version="")],
    caches=[cache("sessions"), cache("a-very-long-queue-name", broker=True, version="")],
)
PLANS = {"friday": FRIDAY, "propertypro": PROPERTYPRO, "stateless": STATELESS, "several": SEVERAL}


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
