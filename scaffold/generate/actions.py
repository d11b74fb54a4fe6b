"""The actions, programs and runner that workflows of ours use, pinned; everything here goes stale and is looked up together."""

from __future__ import annotations

from typing import Any

from scaffold.generate.workflow_text import Noted

AS_OF = "2026-11-22"
"""The day on which releases and commits were looked up: tags of each action's own repository."""

_PINS: dict[str, tuple[str, str]] = {
    "actions/checkout": ("3d3c42e5aac5ba805825da76410c181273ba90b1", "v7.0.1"),
    "actions/setup-node": ("820762786026740c76f36085b0efc47a31fe5020", "v7.0.0"),
    "actions/setup-python": ("5fda3b95a4ea91299a34e894583c3862153e4b97", "v7.0.0"),
    "actions/upload-artifact": ("043fb46d1a93c77aae656e7c1c64a875d1fc6a0a", "v7.0.1"),
    "anchore/sbom-action": ("e22c389904149dbc22b58101806040fa8d37a610", "v0.24.0"),
    "anchore/scan-action": ("e1165082ffb1fe366ebaf02d8526e7c4989ea9d2", "v7.4.0"),
    "aws-actions/amazon-ecr-login": ("03f1aad4c6c7ffd436567f42f9384779290529bd", "v2.1.7"),
    "aws-actions/configure-aws-credentials": ("e6de054238d6b7531b4efff3b6587d9aade6a06c", "v6.2.3"),
    "azure/setup-helm": ("9bc31f4ebc9c6b171d7bfbaa5d006ae7abdb4310", "v5.0.1"),
    "docker/build-push-action": ("53b7df96c91f9c12dcc8a07bcb9ccacbed38856a", "v7.3.0"),
    "docker/login-action": ("dbcb813823bdd20940b903addbd779551569679f", "v4.6.0"),
    "docker/metadata-action": ("dc802804100637a589fabce1cb79ff13a1411302", "v6.2.0"),
    "docker/setup-buildx-action": ("37fe631027851001ddb9b187196cc803df7f5f0e", "v4.3.0"),
    "hashicorp/setup-terraform": ("dfe3c3f87815947d99a8997f908cb6525fc44e9e", "v4.0.1"),
    "pnpm/action-setup": ("0977fd99725f1db4007ccb2928dbb4e90d06cc86", "v6.0.10"),
    "pypa/gh-action-pypi-publish": ("dc37677b2e1c63e2034f94d8a5b11f265b73ba33", "v1.14.2"),
    "sigstore/cosign-installer": ("6f9f17788090df1f26f669e9d70d6ae9567deba6", "v4.1.2"),
}
"""Each action with the commit of a release: a tag can be moved to other code, a commit cannot."""

RUNNER = "ubuntu-24.04"
"""The image of the runner; `ubuntu-latest` changes under a workflow's feet, and actionlint does not know 26.04 yet."""
COSIGN = "v3.1.2"
"""The oldest cosign whose bundles Kyverno finds on registries without the referrers API, such as GHCR."""
TERRAFORM = "~1.15.0"
"""The minor version in support; setup-terraform takes its newest patch."""
HELM = "v4.2.4"
NODE = "24"
PYTHON = "3.13"


def use(action: str, name: str = "", **more: Any) -> dict[str, Any]:
    """Return a step that uses a pinned action; `with_` stands for the key `with`, `if_` for `if`."""
    commit, version = _PINS[action]
    head: dict[str, Any] = {"name": name} if name else {}
    keys = {"if_": "if", "id_": "id"}
    first = {keys[key]: value for key, value in more.items() if key in keys}
    inputs = {"with": more["with_"]} if "with_" in more else {}
    return {**head, **first, "uses": Noted(f"{action}@{commit}", version), **inputs}


def run(name: str, script: str, env: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    """Return a step that runs a script; values reach it through `env` only, never as text of the script."""
    keys = {"if_": "if", "id_": "id", "working_directory": "working-directory"}
    first = {keys[key]: value for key, value in more.items()}
    return {"name": name, **first, **({"env": env} if env else {}), "run": script}


def checkout(inputs: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """Return the step that fetches the sources and leaves no token behind for later steps."""
    return use("actions/checkout", with_={"persist-credentials": False, **(inputs or {})}, **more)
