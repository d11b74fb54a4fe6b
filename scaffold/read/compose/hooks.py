"""The pre_start hooks of a service, which run in containers that inherit of it."""

from __future__ import annotations

from scaffold.model.document import Mapping, Node, Sequence
from scaffold.read.compose.merge import MergeError, merge
from scaffold.read.compose.nodes import with_entries


def inheriting_hooks(node: Mapping) -> tuple[Node, ...]:
    """Return each pre_start hook with what it inherits of its service: everything of the container except its volumes."""
    hooks = node.get("pre_start")
    if not isinstance(hooks, Sequence):
        return ()
    # Imported here: few services have hooks, and it is all that a service can say.
    from scaffold.read.compose.shape import CONTAINER

    inherited = (CONTAINER.keys() | {"env_file"}) - {"volumes"}
    base = with_entries(node, (entry for entry in node.entries if entry.key.value in inherited))
    return tuple(_merged(base, hook) for hook in hooks.items)


def _merged(base: Mapping, hook: Node) -> Node:
    try:
        return merge(base, hook, ("services", "hook")) if isinstance(hook, Mapping) else hook
    except MergeError:
        return hook
