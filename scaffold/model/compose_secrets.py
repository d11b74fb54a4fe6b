"""The secrets and configs of Compose: which a service uses, where it finds them, and which file of the host each is."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from scaffold.model.compose import Service, Stack
from scaffold.model.document import Sequence, find, text_of


def used_objects(service: Service, key: str) -> Iterator[tuple[str, str]]:
    """Yield name and target of each object that a service lists under `secrets` or `configs`; the target is "" without one."""
    node = service.node.get(key)
    for item in node.items if isinstance(node, Sequence) else ():
        source = text_of(find(item, "source")) or text_of(item)
        if source:
            yield source, text_of(find(item, "target"))


def path_in_container(source: str, target: str) -> str:
    """Return where a container finds a secret."""
    return target if target.startswith("/") else f"/run/secrets/{target or source}"


def secret_file(stack: Stack, name: str) -> str:
    """Return the file of a secret, relative to the root of the project or absolute; "" where it is none, or a variable's."""
    text = text_of(find(stack.node, "secrets", name, "file"))
    if not text or "$" in text or text.startswith("~"):
        return ""
    return posixpath.normpath(posixpath.join(stack.directory, text))


def secret_files(stack: Stack) -> tuple[str, ...]:
    """Return the files of the secrets that the services of a stack use."""
    names = dict.fromkeys(name for service in stack.services for name, _ in used_objects(service, "secrets"))
    return tuple(path for name in names if (path := secret_file(stack, name)))


def external_secrets(stack: Stack) -> tuple[str, ...]:
    """Return the secrets that somebody makes before the stack starts, by the name that they have there."""
    names = dict.fromkeys(name for service in stack.services for name, _ in used_objects(service, "secrets"))
    external = (name for name in names if text_of(find(stack.node, "secrets", name, "external")) == "true")
    found = (text_of(find(stack.node, "secrets", name, "name")) or name for name in external)
    return tuple(name for name in found if "$" not in name)
