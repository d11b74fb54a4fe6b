"""Which compose files run together, and what for: bases, overrides, overlays, sets that commands and env files name."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import field, replace

from scaffold.model.compose import ComposeFile, Stack
from scaffold.model.document import Mapping, Node, Problem, Scalar, Sequence, find, scalars_of
from scaffold.model.frozen import changing, frozen
from scaffold.model.heads import says_it_is_for_tests
from scaffold.model.names import EnvironmentClass
from scaffold.model.project import Command, EnvFile
from scaffold.model.regex import regex
from scaffold.read.compose import Documents, LoadedStack, TextReader, load_stack, project_variables
from scaffold.read.compose.completeness import Undefined, undefined_things
from scaffold.read.compose.reader import join
from scaffold.read.developers import parted
from scaffold.read.environments import class_of_files, class_of_word, declared_class
from scaffold.read.outside import Outside
from scaffold.read.paths import is_installer
from scaffold.read.sets import (
    BASE_NAMES,
    OVERRIDE_NAMES,
    NamedSet,
    is_compose_path,
    is_override_variant,
    sets_of_commands,
    sets_of_env_files,
    stack_bases,
)
from scaffold.read.titles import class_of_title
from scaffold.read.yaml import is_null

PRODUCTION = "production"
"""The id of the stack of the production set that scaffold keeps; a stack of the user's of that name keeps it."""


@frozen
class _Plan:
    """A set of files to be loaded as one stack."""

    files: tuple[str, ...]
    evidence: tuple[str, ...]
    words: tuple[str, ...] = ()
    """What the places that name the set say of it, such as make targets."""
    deployed: str = ""
    """What says that a workflow deploys the set to production, "" where nothing does."""


_FETCHES = regex(r"\b(?:cp|curl|wget|install|rsync|scp)\b|(?i:download|fetch)")
_DOWNLOADS = regex(r"\b(?:curl|wget)\b[^\n]*\bhttps?://", words=("curl", "wget"))


@changing
class _Assembly:
    """Everything that the assembly of one project shares."""

    reader: TextReader
    documents: Documents
    compose: dict[str, Mapping]
    outside: Outside | None = None
    problems: list[Problem] = field(default_factory=list)
    loaded: dict[tuple[str, ...], LoadedStack] = field(default_factory=dict)
    variables: dict[str, dict[str, str]] = field(default_factory=dict)
    missing: dict[tuple[str, ...], tuple[Undefined, ...]] = field(default_factory=dict)

    def load(self, files: tuple[str, ...]) -> LoadedStack:
        """Load a set once; its project directory is the folder of its first file."""
        if files not in self.loaded:
            directory = posixpath.dirname(files[0])
            self.loaded[files] = load_stack(
                self.reader,
                files,
                directory=directory,
                variables=self.known(directory),
                documents=self.documents,
                name=self.outside.default_name(directory) if self.outside else "",
                strict=self.outside is not None,
            )
        return self.loaded[files]

    def known(self, directory: str) -> dict[str, str]:
        """The variables of a project directory."""
        if directory not in self.variables:
            if self.outside is not None:
                self.variables[directory], found = self.outside.variables(self.reader, directory)
            else:
                self.variables[directory], found = project_variables(self.reader, directory)
            self.problems.extend(found)
        return self.variables[directory]

    def undefined(self, files: tuple[str, ...]) -> tuple[Undefined, ...]:
        """What a set names and does not define."""
        if files not in self.missing:
            self.missing[files] = undefined_things(self.load(files).node)
        return self.missing[files]

    def stands(self, files: tuple[str, ...]) -> bool:
        """Whether Compose would start the set: services, and nothing undefined."""
        return bool(self.load(files).services) and not self.undefined(files)


def assemble(  # noqa: PLR0913
    files: Iterable[str],
    reader: TextReader,
    *,
    commands: tuple[Command, ...] = (),
    env_files: tuple[EnvFile, ...] = (),
    production_set: tuple[str, ...] = (),
    chosen: tuple[str, ...] = (),
    owned: frozenset[str] = frozenset(),
    documents: Documents | None = None,
    outside: Outside | None = None,
) -> tuple[tuple[ComposeFile, ...], tuple[Stack, ...], tuple[Problem, ...]]:
    """Return the compose files as written, the stacks that they form, and what could not be read.

    `files` is the inventory; `documents` parses each file once for everybody. The overlays among `owned`, which scaffold
    wrote and which this view may hide, belong to the production set alone: the user's own sets are the same with and without
    them. With `outside` the stacks are what Compose makes of them when it is called so, and those of the files that it names.
    `chosen` is the set that the user calls production.
    """
    known = frozenset(files)
    documents = documents or Documents(reader)
    compose = {path: root for path in sorted(known) if (root := _compose_root(path, documents)) is not None}
    assembly = _Assembly(reader, documents, compose, outside)
    asked = outside.files if outside else ()
    named = (*sets_of_commands(commands, known, owned), *sets_of_env_files(env_files, known))
    for extra in sorted({path for item in named for path in item.files} | {*production_set, *chosen, *asked}):
        if extra not in compose and extra in known and (root := _root(extra, documents)) is not None:
            compose[extra] = root
    if chosen:
        named = (*named, NamedSet(chosen, "scaffold.yaml names this set as what production runs"))
    plans = _plans(assembly, tuple(item for item in named if not owned & set(item.files)), owned)
    if asked:
        plans, production_set = (_Plan(asked, ("these files are named on the command line",)),), ()
    stacks = _installed(_stacks(assembly, plans, production_set, chosen), commands)
    broken = [problem for path in sorted(known) if is_compose_path(path) for problem in (documents.of(path) or ((), ()))[1]]
    broken += [problem for path in sorted(known) if is_compose_path(path) for problem in _misshapen(path, documents)]
    # Sets that were tried and are no stack of the project may lack what they were never meant to have.
    loads = [assembly.load(stack.files) for stack in stacks]
    lacking = _lacking(assembly, stacks)
    problems = {*assembly.problems, *broken, *lacking, *(problem for loaded in loads for problem in loaded.problems)}
    listed = tuple(sorted(problems, key=lambda problem: (problem.location.sort_key(), problem.message)))
    return tuple(_compose_file(assembly, path) for path in sorted(compose)), stacks, listed


def _lacking(assembly: _Assembly, stacks: tuple[Stack, ...]) -> Iterator[Problem]:
    """Yield what the file that Compose takes by itself does not declare, where no set of the project adds it; a service that it
    waits for is told by whoever waits.
    """
    loading = {path for stack in stacks if stack.complete for path in stack.files}
    for stack in stacks:
        path = stack.files[0]
        if stack.files == (path,) and path not in loading and posixpath.basename(path) in BASE_NAMES:
            found = (item for item in assembly.undefined(stack.files) if item.kind != "service")
            yield from (Problem(item.location, _sentence(item)) for item in found)


# --- files ------------------------------------------------------------------------------------------------------------


def _root(path: str, documents: Documents) -> Mapping | None:
    found = documents.of(path)
    roots = [document.root for document in found[0]] if found else []
    return next((root for root in roots if isinstance(root, Mapping)), None)


def _compose_root(path: str, documents: Documents) -> Mapping | None:
    """The mapping of a file that is named like a compose file and reads like one."""
    if not is_compose_path(path):
        return None
    root = _root(path, documents)
    if root is None or root.get("apiVersion") is not None:
        return None
    sections = ("services", "include", "networks", "volumes", "secrets", "configs")
    return root if any(isinstance(root.get(section), (Mapping, Sequence)) for section in sections) else None


def _misshapen(path: str, documents: Documents) -> Iterable[Problem]:
    """A file with the name of a compose file whose content cannot be one."""
    for document in (documents.of(path) or ((), ()))[0]:
        root = document.root
        if isinstance(root, (Scalar, Sequence)) and not is_null(root):
            yield Problem(root.location, "is no mapping: a compose file has `services:` at the top")
        services = root.get("services") if isinstance(root, Mapping) else None
        if services is not None and not isinstance(services, Mapping) and not is_null(services):
            yield Problem(services.location, "`services` must be a mapping of names and services")


def _compose_file(assembly: _Assembly, path: str) -> ComposeFile:
    node = assembly.compose[path]
    services = node.get("services")
    names = services.keys() if isinstance(services, Mapping) else ()
    return ComposeFile(path, node, names, is_fragment=not assembly.stands((path,)))


def _brought_in(assembly: _Assembly) -> dict[str, str]:
    """Each file that another one includes or extends, with the one that does."""
    found: dict[str, str] = {}
    for path, root in assembly.compose.items():
        directory = posixpath.dirname(path)
        for target in _targets(root):
            resolved = join(directory, target)
            if resolved is not None and resolved != path:
                found.setdefault(resolved, path)
    return found


def _included(root: Mapping) -> Iterable[str]:
    include: Node | None = root.get("include")
    for item in include.items if isinstance(include, Sequence) else ():
        yield from (path.value for path in scalars_of(item.get("path") if isinstance(item, Mapping) else item))


def _targets(root: Mapping) -> Iterable[str]:
    yield from _included(root)
    services = root.get("services")
    for entry in services.entries if isinstance(services, Mapping) else ():
        yield from (path.value for path in scalars_of(find(entry.value, "extends", "file")))


# --- sets -------------------------------------------------------------------------------------------------------------


def _plans(assembly: _Assembly, named: tuple[NamedSet, ...], owned: frozenset[str]) -> tuple[_Plan, ...]:
    """Return every set of the user's once: bases, overrides, named sets, and what is left over."""
    plans: dict[tuple[str, ...], _Plan] = {}
    bases = _bases({path: root for path, root in assembly.compose.items() if path not in owned})
    for folder, base in bases.items():
        _add(plans, (base,), f"{base} is what docker compose reads in {folder or 'the root'}")
        override = next((p for name in OVERRIDE_NAMES if (p := posixpath.join(folder, name)) in assembly.compose), None)
        if override:
            _add(plans, (base, override), f"docker compose merges {override} over {base} when no file is named")
        for path in sorted(assembly.compose):
            if posixpath.dirname(path) == folder and is_override_variant(path) and not assembly.undefined((base, path)):
                _add(plans, (base, path), f"{path} takes the place of the override of {base}")
    for item in named:
        if all(path in assembly.compose for path in item.files) and not _is_slip(assembly, item, named):
            _add(plans, item.files, item.evidence, item.word, deployed=item.evidence if item.deploys else "")
    used = {path for files in plans for path in files} | owned
    brought_in = _brought_in(assembly)
    for path in sorted(assembly.compose):
        if path not in used and (path not in brought_in or posixpath.basename(path) in BASE_NAMES):
            files, evidence = _left_over(assembly, path, bases)
            _add(plans, files, evidence)
    return tuple(plans.values())


def _is_slip(assembly: _Assembly, item: NamedSet, named: tuple[NamedSet, ...]) -> bool:
    """Whether a command names an overlay alone, which cannot run so, where another one names it with its base."""
    if len(item.files) > 1 or assembly.stands(item.files):
        return False
    return any(len(other.files) > 1 and item.files[0] in other.files[1:] for other in named)


def _add(
    plans: dict[tuple[str, ...], _Plan], files: tuple[str, ...], evidence: str, word: str = "", *, deployed: str = ""
) -> None:
    old = plans.get(files, _Plan(files, ()))
    words = (*old.words, word) if word and word not in old.words else old.words
    plans[files] = _Plan(files, tuple(dict.fromkeys((*old.evidence, evidence))), words, old.deployed or deployed)


def _bases(compose: dict[str, Mapping]) -> dict[str, str]:
    """The file that docker compose finds by itself, for each folder that has one."""
    found: dict[str, str] = {}
    for name in BASE_NAMES:
        for path in compose:
            if posixpath.basename(path) == name:
                found.setdefault(posixpath.dirname(path), path)
    return dict(sorted(found.items()))


def _left_over(assembly: _Assembly, path: str, bases: dict[str, str]) -> tuple[tuple[str, ...], str]:
    """Place a file that nobody names: alone if it stands, else over the base beside or above it, else as it is."""
    if assembly.stands((path,)):
        return (path,), f"{path} defines everything that it uses, so it can run alone"
    folder = posixpath.dirname(path)
    beside = (base for base in stack_bases(path) if base in assembly.compose)
    for base in (*beside, *map(bases.get, dict.fromkeys((folder, posixpath.dirname(folder), "")))):
        if base and base != path and not assembly.undefined((base, path)):
            return (base, path), f"{path} lacks what {base} defines, so it lies over it"
    missing = "; ".join(_sentence(item) for item in assembly.undefined((path,))[:3])
    return (path,), f"{path} neither stands alone nor fits a base: {missing or 'it has no services'}"


def _sentence(item: Undefined) -> str:
    if item.kind == "source":
        return f"{item.service} has neither image nor build"
    return f"{item.service} uses the {item.kind} {item.name}, which is not defined"


# --- stacks -----------------------------------------------------------------------------------------------------------


def _stacks(
    assembly: _Assembly, plans: tuple[_Plan, ...], production_set: tuple[str, ...], chosen: tuple[str, ...]
) -> tuple[Stack, ...]:
    taken: set[str] = set()
    stacks: list[Stack] = []
    for plan in sorted(plans, key=lambda item: (len(item.files), item.files)):
        stacks.append(_stack(assembly, plan, _free_id(plan.files, taken)))
    stacks = [_as_chosen(stack, chosen) for stack in stacks] if chosen else _settle_bases(stacks, assembly.documents)
    by_files = {stack.files: stack for stack in stacks}
    linked = [_linked(stack, by_files) for stack in stacks]
    if production_set and all(path in assembly.compose for path in production_set):
        linked.append(_production(assembly, production_set, linked, _unused(PRODUCTION, taken)))
    if assembly.outside is None:
        linked = [part for stack in linked for part in _parts(stack, taken)]
    return tuple(sorted(linked, key=lambda stack: _order(stack, linked)))


def _parts(stack: Stack, taken: set[str]) -> Iterator[Stack]:
    """Yield a stack and what its files start for developers; over the set that scaffold keeps, the user's own tells of that."""
    kept, *others = parted(stack)
    yield kept
    if not stack.is_kept:
        yield from (replace(other, id=_unused(other.id, taken)) for other in others)


def _order(stack: Stack, stacks: list[Stack]) -> tuple[str, bool]:
    """The set that scaffold keeps comes right behind the user's set that it lies over: whose lines are told of which stack,
    where several have them, must not change with it.
    """
    below = _below(stack, stacks) if stack.is_kept else None
    return (below.id, True) if below else (stack.id, False)


def _below(made: Stack, stacks: list[Stack]) -> Stack | None:
    """The largest set of the user's that a set begins with."""
    inside = [stack for stack in stacks if stack is not made and stack.files == made.files[: len(stack.files)]]
    return max(inside, key=lambda stack: len(stack.files), default=None)


def _production(assembly: _Assembly, production_set: tuple[str, ...], stacks: list[Stack], stack_id: str) -> Stack:
    """The set that scaffold.lock names, in the class and under the name of the user's set that our overlays were added to:
    an overlay must neither make the user's lines count for more nor their gaps look new.
    """
    made = _stack(assembly, _Plan(production_set, ("scaffold.lock names this set as what production runs",)), stack_id)
    made = replace(made, is_kept=True)
    longest = _below(made, stacks)
    if longest is None:
        return replace(made, environment=EnvironmentClass.PRODUCTION)
    return replace(made, environment=longest.environment, extends_stack=longest.extends_stack or longest.id)


def _stack(assembly: _Assembly, plan: _Plan, stack_id: str) -> Stack:
    loaded = assembly.load(plan.files)
    environment, why = _environment(plan, assembly.documents)
    return Stack(
        id=stack_id,
        files=plan.files,
        environment=environment,
        services=loaded.services,
        networks=loaded.networks,
        volumes=loaded.volumes,
        node=loaded.node,
        name=loaded.name,
        directory=posixpath.dirname(plan.files[0]),
        evidence=(*plan.evidence, *((why,) if why else ())),
        complete=assembly.stands(plan.files),
        is_deployed=bool(plan.deployed) and environment is EnvironmentClass.PRODUCTION,
    )


def _environment(plan: _Plan, documents: Documents) -> tuple[EnvironmentClass, str]:
    """The class by the names and first lines of the files, else by what the places that name the set are called, else by a
    file for development that they include.
    """
    found, why = class_of_files(plan.files, lambda path: _title(path, documents))
    if found is EnvironmentClass.PRODUCTION and says_it_is_for_tests(_text(plan.files[-1], documents)):
        return EnvironmentClass.TEST, f"the head of {plan.files[-1]} says that it is for tests"
    if found is not None:
        return found, why
    if plan.deployed:
        return EnvironmentClass.PRODUCTION, f"{plan.deployed} in a deployment"
    classes = {word: kind for word in plan.words if (kind := class_of_word(word)) is not None}
    if len(plan.files) > 1 and len(set(classes.values())) == 1:
        word, kind = next(iter(classes.items()))
        return kind, f"{word!r} runs it"
    for path in plan.files:
        root = _root(path, documents)
        for included in _included(root) if root is not None else ():
            if class_of_files((posixpath.basename(included),))[0] is EnvironmentClass.DEV:
                return EnvironmentClass.DEV, f"{path} includes {included}"
    return EnvironmentClass.BASE, ""


def _installed(stacks: tuple[Stack, ...], commands: tuple[Command, ...]) -> tuple[Stack, ...]:
    """Return the stacks, examples as what runs where a script for installing copies or downloads them from a folder, or a page
    tells to download them: who has none of the sources develops nothing.
    """
    if all(stack.environment is not EnvironmentClass.EXAMPLE for stack in stacks):
        return stacks
    scripts = [item for item in commands if item.context == "script" and is_installer(item.location.path)]
    fetching = [item for item in scripts if _FETCHES.search(item.text)]
    told = [item for item in commands if item.context == "doc" and _DOWNLOADS.search(item.text)]
    return tuple(_as_installed(stack, fetching, told) for stack in stacks)


def _as_installed(stack: Stack, fetching: list[Command], told: list[Command]) -> Stack:
    file = stack.files[0]
    places = (item.location for item in fetching if "/" in file and file in item.text)
    place = next(places, None) or next((item.location for item in told if f"/{file}" in item.text), None)
    if stack.environment is not EnvironmentClass.EXAMPLE or place is None:
        return stack
    why = f"{place.path}:{place.line} installs it"
    return replace(stack, environment=EnvironmentClass.BASE, evidence=(*stack.evidence, why))


def _text(path: str, documents: Documents) -> str:
    found = documents.of(path)
    return next((document.text for document in found[0]), "") if found else ""


def _title(path: str, documents: Documents) -> EnvironmentClass | None:
    """What the first lines of a file call it; what Compose finds by itself is settled beside the other files of its folder."""
    return None if posixpath.basename(path) in BASE_NAMES else class_of_title(_text(path, documents))


def _settle_bases(stacks: list[Stack], documents: Documents) -> list[Stack]:
    """A base whose services are all set to development, or whose first lines say that it is for that, is a dev stack where
    the same folder has a production stack; where it has none, the first lines of the base may say that it is the one.
    """
    productive = {stack.directory for stack in stacks if stack.environment is EnvironmentClass.PRODUCTION}
    settled = []
    for stack in stacks:
        kind, why = _said_of_base(stack, documents) if stack.environment is EnvironmentClass.BASE else (None, "")
        is_dev = kind is EnvironmentClass.DEV and stack.directory in productive
        is_titled = kind is EnvironmentClass.PRODUCTION and stack.directory not in productive
        if kind is not None and (is_dev or is_titled or kind is EnvironmentClass.TEST):
            settled.append(replace(stack, environment=kind, evidence=(*stack.evidence, why)))
        else:
            settled.append(stack)
    return settled


def _said_of_base(stack: Stack, documents: Documents) -> tuple[EnvironmentClass | None, str]:
    """What the first lines of a base say, else its services; that they run in production mode calls no base production."""
    title = class_of_title(_text(stack.files[0], documents)) if len(stack.files) == 1 else None
    if title in {EnvironmentClass.DEV, EnvironmentClass.PRODUCTION}:
        return title, f"the first lines of {stack.files[0]} say {title.value}"
    kind, why = declared_class(stack.services)
    return (kind, why) if kind is not EnvironmentClass.PRODUCTION else (None, "")


def _as_chosen(stack: Stack, chosen: tuple[str, ...]) -> Stack:
    """Give a stack the class that it has where the user says which set production runs: nothing else is production."""
    if stack.files == chosen:
        return replace(stack, environment=EnvironmentClass.PRODUCTION)
    if stack.files == chosen[: len(stack.files)] or not stack.is_runnable_in_production:
        return stack
    kind = EnvironmentClass.STAGING if stack.environment is EnvironmentClass.PRODUCTION else EnvironmentClass.DEV
    return replace(stack, environment=kind, evidence=(*stack.evidence, "scaffold.yaml names another set for production"))


def _linked(stack: Stack, by_files: dict[tuple[str, ...], Stack]) -> Stack:
    """Name the stack that a production-like set adds overlays to: that of its first file."""
    first = by_files.get(stack.files[:1])
    if first is None or len(stack.files) == 1 or not stack.is_runnable_in_production:
        return stack
    return replace(stack, extends_stack=first.id)


def _free_id(files: tuple[str, ...], taken: set[str]) -> str:
    """The id of a set: the first file's folder, and the words that its names add to `compose`."""
    folder = posixpath.dirname(files[0])
    words = [word for path in files if (word := _set_word(posixpath.basename(path)))]
    name = "+".join(dict.fromkeys(words)) or "base"
    return _unused(posixpath.join(folder, name), taken)


def _unused(wanted: str, taken: set[str]) -> str:
    candidate, number = wanted, 2
    while candidate in taken:
        candidate, number = f"{wanted}-{number}", number + 1
    taken.add(candidate)
    return candidate


def _set_word(name: str) -> str:
    """What a file's name says beside `docker-compose`: `prod` of docker-compose.prod.yml."""
    stem = name.rpartition(".")[0]
    for noise in ("docker-compose", "podman-compose", "compose"):
        stem = stem.replace(noise, "")
    return stem.strip(".-_")
