"""The actions by which workflows build images, and what their inputs name."""

from __future__ import annotations

BUILD_ACTIONS = frozenset({"docker/build-push-action", "docker/bake-action", "docker/build-push-action-v2"})
"""Actions that build images and push them."""


def built_from(context: str, file: str) -> tuple[str, str]:
    """Return the path of the Dockerfile and the folder that a step with these inputs builds from."""
    folder = context.removeprefix("./").rstrip("/.")
    return file.removeprefix("./") or f"{folder}/Dockerfile".removeprefix("/"), folder
