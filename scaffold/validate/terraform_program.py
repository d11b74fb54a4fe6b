"""What the Terraform adapters share: the program (OpenTofu too), a quiet environment, and where providers may lie."""

from __future__ import annotations

import json
import os
from pathlib import Path

from scaffold.process import find_program, run
from scaffold.validate.request import ValidationRequest

MISSING = "neither terraform nor tofu is installed"
_CONFIG = "TF_CLI_CONFIG_FILE"
_MIRROR = "SCAFFOLD_TF_PLUGINS"
_KNOWN_MIRRORS = ("/usr/local/share/terraform/plugins", "/usr/share/terraform/plugins", "/opt/tf-plugins")
_VERSION_SECONDS = 30.0


def find_terraform() -> str | None:
    """Return the path of terraform, else of tofu, else None."""
    return find_program("terraform") or find_program("tofu")


def quiet_environment(request: ValidationRequest) -> dict[str, str]:
    """Return variables that stop questions, colours and calls home, and a configuration file that is not there."""
    quiet = {
        "CHECKPOINT_DISABLE": "1",
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "TF_CLI_ARGS": "",
        "TF_REGISTRY_DISCOVERY_RETRY": "0",
        "TF_REGISTRY_CLIENT_TIMEOUT": "10",
    }
    return quiet if has_own_configuration(request) else {**quiet, _CONFIG: ""}


def has_own_configuration(request: ValidationRequest) -> bool:
    """Whether the user's TF_CLI_CONFIG_FILE names a file that is there."""
    named = request.environment.get(_CONFIG, "")
    return bool(named) and Path(named).is_file()


def mirrors(request: ValidationRequest) -> tuple[str, ...]:
    """Return the folders of providers to try, best first; "" stands for what Terraform finds by itself."""
    named = request.environment.get(_MIRROR, "")
    home = request.environment.get("HOME", "")
    known = [*_KNOWN_MIRRORS, *([os.path.join(home, ".terraform.d", "plugins")] if home else [])]  # noqa: PTH118 - text
    wanted = [named] if named else [*([""] if has_own_configuration(request) else []), *known]
    there = [folder for folder in wanted if not folder or Path(folder).is_dir()]
    return tuple(dict.fromkeys([*there, ""]))


def mirrored_versions(mirror: str, provider: str) -> tuple[str, ...]:
    """Return the versions of `namespace/type` that a mirror holds, unpacked or as zip files."""
    found = set()
    for folder in sorted(Path(mirror).glob(f"*/{provider}")) if mirror else []:
        for entry in folder.iterdir():
            if entry.is_dir():
                found.add(entry.name)
            elif entry.suffix == ".zip":
                found.add(entry.name.split("_")[1] if entry.name.count("_") > 1 else entry.name)
    return tuple(sorted(found))


def terraform_version(program: str, request: ValidationRequest) -> str:
    """Return the version that the program tells, "" when it tells none."""
    done = run([program, "version", "-json"], cwd=request.folder, timeout=_VERSION_SECONDS, env=quiet_environment(request))
    try:
        return str(json.loads(done.stdout)["terraform_version"])
    except (ValueError, KeyError, TypeError):
        return ""
