"""Compose files to one merged model: interpolation, include, extends, merging and long forms, in compose-go's order."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import field

from scaffold.model.document import Document, Location, Mapping, Node, Problem, Scalar, Sequence, scalars_of, text_of
from scaffold.model.frozen import changing
from scaffold.model.interpolation import Lookup
from scaffold.read.compose.aliases import promote
from scaffold.read.compose.canonical import canonical, with_defaults
from scaffold.read.compose.dotenv import parse_env
from scaffold.read.compose.extends import Extender
from scaffold.read.compose.interpolation import Interpolator
from scaffold.read.compose.keys import key_problems
from scaffold.read.compose.merge import MergeError, merge
from scaffold.read.compose.nodes import NOWHERE, effective_entries, with_value
from scaffold.read.compose.paths import rebase
from scaffold.read.compose.reader import Documents, is_remote, join
from scaffold.read.compose.resets import Resets, collect
from scaffold.read.compose.schema import schema_problems
from scaffold.read.compose.unique import enforce_unicity
from scaffold.read.compose.values import same_value
from scaffold.read.yaml import is_null, resolve_merges

MAX_INCLUDES = 200
"""How many files one set may include, each counted as often as it is reached."""
_SHARED = ("services", "jobs", "volumes", "networks", "secrets", "configs", "models")


@changing
class Loader:
    """Loads one set of files; problems are collected, and the loading goes on without the broken part."""

    documents: Documents
    strict: bool = False
    problems: list[Problem] = field(default_factory=list)
    included: int = 0

    def load(self, files: tuple[str, ...], directory: str, variables: dict[str, str], chain: tuple[str, ...] = ()) -> Mapping:
        """Return the merged model of `files`; paths in it start from `directory`."""
        model: Mapping = NOWHERE
        for path in files:
            model = self.add_file(model, path, directory, variables, chain)
        return with_defaults(model)

    def add_file(self, model: Mapping, path: str, directory: str, variables: dict[str, str], chain: tuple[str, ...]) -> Mapping:
        """Return the model with one more file merged over it."""
        for document in self.read(path):
            prepared = self.prepare(document, variables.get)
            if prepared is None:
                continue
            current, resets = prepared
            current = self.include(current, directory, variables, (*chain, path), resets)
            base = resets.apply(model)
            extender = Extender(self.extended_file, self.problems, directory)
            current = extender.resolve(current, path, resets, variables.get)
            model = self.combine(base if isinstance(base, Mapping) else model, current, validate=True)
        return model

    def read(self, path: str) -> tuple[Document, ...]:
        """Return the documents of a file, noting its problems."""
        found = self.documents.of(path)
        if found is None:
            self.problems.append(Problem(Location(path, 1), "the file is missing or cannot be read"))
            return ()
        self.note(found[1])
        return found[0]

    def note(self, problems: Iterable[Problem]) -> None:
        """Keep problems, each once: a file may be read as often as others name it."""
        known = set(self.problems)
        self.problems.extend(problem for problem in problems if problem not in known)

    def prepare(self, document: Document, lookup: Lookup) -> tuple[Mapping, Resets] | None:
        """Return the interpolated mapping of a document and what its tags reset."""
        if document.root is None or is_null(document.root):
            return None
        if not isinstance(document.root, Mapping):
            self.problems.append(Problem(document.root.location, "a compose file must be a mapping"))
            return None
        self.note(key_problems(document.root))
        cleaned, resets = collect(document.root, document.text)
        merged = resolve_merges(cleaned) if "<<" in document.text else cleaned
        root = Interpolator(lookup, self.problems, self.strict).node(merged)
        return (promote(root, self.problems), resets) if isinstance(root, Mapping) else None

    def combine(self, base: Mapping, other: Mapping, *, validate: bool = False) -> Mapping:
        """Merge one file's model over another's, then bring the result into its long form."""
        try:
            merged = merge(base, other, ()) if base.entries else other
        except MergeError as error:
            self.problems.append(Problem(error.node.location, str(error)))
            merged = base
        if not isinstance(merged, Mapping):
            return base
        merged = enforce_unicity(merged)
        if validate:
            self.note(schema_problems(merged))
        return enforce_unicity(canonical(merged, self.problems))

    def extended_file(self, path: str, lookup: Lookup) -> tuple[Mapping, Resets] | None:
        """Return the services of a file that `extends` names, in long form, and what its tags reset."""
        model: Mapping = NOWHERE
        resets = Resets()
        for document in self.read(path):
            prepared = self.prepare(document, lookup)
            if prepared is not None:
                model = self.combine(model, prepared[0])
                resets = prepared[1]
        return model, resets

    # --- include ------------------------------------------------------------------------------------------------------

    def include(
        self, model: Mapping, directory: str, variables: dict[str, str], chain: tuple[str, ...], resets: Resets
    ) -> Mapping:
        """Return the model with the resources of the files that it includes; its own definitions win."""
        node = model.get("include")
        if node is None:
            return model
        model = with_value(model, "include", None)
        if is_null(node):
            return model
        if not isinstance(node, Sequence):
            self.problems.append(Problem(node.location, "include must be a list"))
            return model
        for item in node.items:
            imported = self.included_model(item, directory, variables, chain)
            if imported is not None:
                model = self.import_resources(model, imported, resets)
        return model

    def included_model(self, item: Node, directory: str, variables: dict[str, str], chain: tuple[str, ...]) -> Mapping | None:
        """Load one entry of `include`, in its short or long form."""
        paths = scalars_of(item.get("path")) if isinstance(item, Mapping) else scalars_of(item)
        files = [self.inside(path, directory, "include") for path in paths]
        if not files or None in files:
            return None
        first = files[0] or ""
        if first in chain:
            trail = " includes ".join((*chain[chain.index(first) :], first))
            self.problems.append(Problem(paths[0].location, f"include cycle: {trail}"))
            return None
        self.included += 1
        if self.included > MAX_INCLUDES:
            self.problems.append(Problem(paths[0].location, f"more than {MAX_INCLUDES} included files"))
            return None
        folder = self.included_directory(item, directory, first)
        if folder is None:
            return None
        outer = dict(self.included_variables(item, directory, folder, variables))
        model = self.load(tuple(file for file in files if file is not None), folder, outer, chain)
        return rebase(model, posixpath.relpath(folder or ".", directory or "."))

    def included_directory(self, item: Node, directory: str, first: str) -> str | None:
        """The folder that an included file's paths start from."""
        named = item.get("project_directory") if isinstance(item, Mapping) else None
        if isinstance(named, Scalar) and named.value:
            return self.inside(named, directory, "include")
        return posixpath.dirname(first)

    def included_variables(
        self, item: Node, directory: str, folder: str, variables: dict[str, str]
    ) -> Iterator[tuple[str, str]]:
        """Yield the variables of an included file: its env files' first, then the outer ones, which win."""
        named = scalars_of(item.get("env_file")) if isinstance(item, Mapping) else ()
        paths = [self.inside(path, directory, "env_file") for path in named if path.value != "/dev/null"]
        if not named:
            paths = [join(folder, ".env")]
        values: dict[str, str] = {}
        for path in paths:
            text = self.documents.reader.text(path) if path is not None else None
            if text is None or path is None:
                if named and path is not None:
                    self.problems.append(Problem(item.location, f"the env file {path} is missing or cannot be read"))
                continue
            lines, problems = parse_env(path, text, variables.get, known=values)
            self.problems.extend(problems)
            values.update((line.name, line.value) for line in lines if line.value is not None)
        yield from values.items()
        yield from variables.items()

    def inside(self, path: Scalar, directory: str, what: str) -> str | None:
        """Return a path relative to the root; one that is remote or leaves the project is a problem."""
        if is_remote(path.value):
            self.problems.append(
                Problem(path.location, f"{what} names {path.value!r}, which would have to be fetched: copy it into the project")
            )
            return None
        found = join(directory, path.value)
        if found is None:
            self.problems.append(Problem(path.location, f"{what} names {path.value!r}, which is outside the project: not read"))
        return found

    def import_resources(self, model: Mapping, imported: Mapping, resets: Resets) -> Mapping:
        """Return the model with the imported resources added, its own definitions merged over them."""
        for section in _SHARED:
            source, target = imported.get(section), model.get(section)
            if not isinstance(source, Mapping):
                continue
            if not isinstance(target, Mapping):
                model = with_value(model, section, source)
                continue
            for entry in effective_entries(source):
                target = self.import_resource(target, section, entry.key.value, entry.value, resets)
            model = with_value(model, section, target)
        return model

    def import_resource(self, target: Mapping, section: str, name: str, value: Node, resets: Resets) -> Mapping:
        """Add one imported resource to its section."""
        own = target.get(name)
        if own is None:
            return with_value(target, name, value)
        if same_value(own, value):
            return target
        try:
            merged = merge(resets.apply(value, (section, name)), own, (section, name))
        except MergeError as error:
            self.problems.append(Problem(error.node.location, str(error)))
            return target
        return with_value(target, name, merged)


def declared_name(documents: Documents, files: tuple[str, ...], lookup: Lookup) -> str:
    """Return the project name that the last of the files declares, interpolated and in Compose's letters, or ""."""
    name = ""
    for path in files:
        for document in (documents.of(path) or ((), ()))[0]:
            node = document.root.get("name") if isinstance(document.root, Mapping) else None
            if isinstance(node, Scalar) and node.value:
                name = text_of(Interpolator(lookup, []).node(node))
    return project_name(name)


def project_name(text: str) -> str:
    """Return `text` with only what a project name may hold: lower case, digits, hyphen and underscore."""
    kept = "".join(char for char in text.lower() if char in "abcdefghijklmnopqrstuvwxyz0123456789_-")
    return kept.lstrip("_-")
