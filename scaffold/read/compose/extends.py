"""The `extends` of services: same file, other files, chains; cycles are named."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import field

from scaffold.model.document import Entry, Mapping, Node, Problem, Scalar, text_of
from scaffold.model.frozen import changing
from scaffold.model.interpolation import Lookup
from scaffold.read.compose.merge import MergeError, merge
from scaffold.read.compose.nodes import effective_entries, with_entries, with_value
from scaffold.read.compose.paths import rebase
from scaffold.read.compose.reader import is_remote, join
from scaffold.read.compose.resets import Resets

MAX_CHAIN = 100
"""How many services may extend one another in a row."""

LoadFile = Callable[[str, Lookup], tuple[Mapping, Resets] | None]


@changing
class _Scope:
    """The services among which a name is looked up, the file they stand in, and what its tags reset."""

    services: dict[str, Node]
    file: str
    resets: Resets
    lookup: Lookup
    resolved: dict[str, Node] = field(default_factory=dict)


@changing
class Extender:
    """Resolves the `extends` of one file; each other file is loaded once."""

    load_file: LoadFile
    problems: list[Problem]
    directory: str
    files: dict[str, _Scope | None] = field(default_factory=dict)

    def resolve(self, model: Mapping, path: str, resets: Resets, lookup: Lookup) -> Mapping:
        """Return the model with every service merged over the one that it extends."""
        services = model.get("services")
        if not isinstance(services, Mapping) or not any(_extends(entry.value) for entry in services.entries):
            return model
        scope = _Scope({entry.key.value: entry.value for entry in services.entries}, path, resets, lookup)
        entries = [Entry(entry.key, self.service(entry.key.value, scope, ())) for entry in effective_entries(services)]
        return with_value(model, "services", with_entries(services, entries))

    def service(self, name: str, scope: _Scope, chain: tuple[tuple[str, str], ...]) -> Node:
        """Return one service with what it extends merged under it."""
        node = scope.services[name]
        extends = _extends(node)
        if extends is None or not isinstance(node, Mapping):
            return node
        if name in scope.resolved:
            return scope.resolved[name]
        bare = with_value(node, "extends", None)
        step = (scope.file, name)
        if step in chain or len(chain) > MAX_CHAIN:
            self.complain_about_cycle(extends, (*chain, step))
            return bare
        scope.resolved[name] = merged = self.extended(bare, extends, scope, (*chain, step))
        return merged

    def extended(self, node: Mapping, extends: Node, scope: _Scope, chain: tuple[tuple[str, str], ...]) -> Node:
        """Merge a service, the last of `chain`, over the base that `extends` names, if it is found."""
        name = chain[-1][1]
        service = text_of(extends.get("service")) if isinstance(extends, Mapping) else text_of(extends)
        file = extends.get("file") if isinstance(extends, Mapping) else None
        base_scope: _Scope | None = scope
        if isinstance(file, Scalar) and file.value:
            base_scope = self.other_file(file, scope.lookup)
        if base_scope is None:
            return node
        if service not in base_scope.services:
            message = f"service {name!r} extends {service!r}, which {base_scope.file} does not define"
            self.problems.append(Problem(extends.location, message))
            return node
        base = self.service(service, base_scope, chain)
        if not isinstance(base, Mapping):
            return node
        base = scope.resets.apply(base, ("services", name))
        try:
            return merge(base, node, ("services", "x"))
        except MergeError as error:
            self.problems.append(Problem(error.node.location, str(error)))
            return node

    def other_file(self, file: Scalar, lookup: Lookup) -> _Scope | None:
        """Return the services of another file, their paths starting from this project's directory."""
        if is_remote(file.value):
            message = f"extends names {file.value!r}, which would have to be fetched: copy it into the project"
            self.problems.append(Problem(file.location, message))
            return None
        path = join(self.directory, file.value)
        if path is None:
            message = f"extends names {file.value!r}, which is outside the project: not read"
            self.problems.append(Problem(file.location, message))
            return None
        if path not in self.files:
            self.files[path] = self.load_scope(path, lookup)
        return self.files[path]

    def load_scope(self, path: str, lookup: Lookup) -> _Scope | None:
        """Load the services of a file; their paths are rewritten to start from this project's directory."""
        loaded = self.load_file(path, lookup)
        if loaded is None:
            return None
        model, resets = loaded
        model = rebase(model, posixpath.relpath(posixpath.dirname(path) or ".", self.directory or "."))
        services = model.get("services")
        entries = services.entries if isinstance(services, Mapping) else ()
        return _Scope({entry.key.value: entry.value for entry in entries}, path, resets, lookup)

    def complain_about_cycle(self, extends: Node, chain: tuple[tuple[str, str], ...]) -> None:
        """Name the services that extend one another in a circle."""
        start = chain.index(chain[-1])
        trail = " extends ".join(f"{service} in {file}" for file, service in chain[start:])
        self.problems.append(Problem(extends.location, f"extends cycle: {trail}"))


def _extends(node: Node) -> Node | None:
    found = node.get("extends") if isinstance(node, Mapping) else None
    return None if isinstance(found, Scalar) and not found.value else found
