"""Joins every reader into one Project: inventory, compose, workflows, images, settings, and what runs beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import TypeVar

from scaffold.errors import NothingToReadError, UsageError
from scaffold.model.compose import Stack
from scaffold.model.compose_secrets import secret_files
from scaffold.model.configuration import Configuration
from scaffold.model.document import Document, Problem
from scaffold.model.frozen import changing
from scaffold.model.image_code import copied_sources
from scaffold.model.profiles import env_path
from scaffold.model.project import (
    Command,
    DocFile,
    Dockerfile,
    EnvFile,
    Manifest,
    Project,
    ScriptFile,
    SecretSighting,
    SourceFile,
    Workflow,
)
from scaffold.model.scripts import is_operational_script
from scaffold.model.values import dns_label
from scaffold.read import commands, docs, env_files, paths
from scaffold.read.application import (
    read_application,
    served_entries,
    started_with,
    told_to_run,
    with_imports,
    with_made_stores,
    with_reach,
    with_seeds,
    with_writes,
)
from scaffold.read.asset_calls import asset_calls
from scaffold.read.beside import read_beside
from scaffold.read.build_settings import settings_of_builds
from scaffold.read.compose import Documents
from scaffold.read.dockerfiles import read_dockerfile, read_dockerignore, with_lower_case
from scaffold.read.env_copies import with_copied
from scaffold.read.folder_copies import without_copies
from scaffold.read.git import folder_in_repository, ignored_paths, remote_branches, remote_name
from scaffold.read.idle import without_idle
from scaffold.read.ignores import read_ignores
from scaffold.read.infrastructure import with_platforms
from scaffold.read.inventory import Inventory, TextReader, take_inventory
from scaffold.read.lines import LONGEST_LINE, bounded
from scaffold.read.locked import locked_releases
from scaffold.read.manifests import manifest_reader
from scaffold.read.mentions import mentioned_keys
from scaffold.read.mounted import read_mounted
from scaffold.read.named import named_secrets
from scaffold.read.outside import Outside
from scaffold.read.playbooks import is_playbook, read_playbook
from scaffold.read.pulled import with_pulled
from scaffold.read.purpose import development_notes
from scaffold.read.roles import RoleContext, with_roles
from scaffold.read.secret_files import read_secret_files, read_written_env_files
from scaffold.read.sets import is_compose_path
from scaffold.read.sightings import read_sightings
from scaffold.read.stacks import assemble
from scaffold.read.unnamed import handed_on_keys, unnamed_keys, unread_variables
from scaffold.read.unused import unused_stores
from scaffold.read.unused_functions import without_unused_checks

_T = TypeVar("_T")
_SETTINGS = "scaffold.yaml"
_NO_CREDENTIALS = (
    *(".png", ".jpg", ".jpeg", ".gif", ".ico", ".webp", ".svg", ".woff", ".woff2", ".ttf", ".eot", ".pdf", ".zip", ".gz"),
    *(".mp4", ".mp3", ".lock", ".min.js", ".min.css", ".map", ".snap", "package-lock.json", "pnpm-lock.yaml", "go.sum"),
)
"""Endings of files that are no text, or that programs write: nobody puts a credential there by hand."""
_LOCKS = {
    "node": ("package-lock.json", "yarn.lock", "pnpm-lock.yaml"),
    "python": ("poetry.lock", "uv.lock", "Pipfile.lock"),
    "ruby": ("Gemfile.lock",),
    "rust": ("Cargo.lock",),
    "php": ("composer.lock",),
}
"""The files in which the package managers keep versions, by ecosystem."""
_OFTEN_IGNORED = (
    ".dockerignore",
    ".env",
    ".env.example",
    ".env.production",
    ".env.production.example",
    "compose.hardening.yaml",
    "compose.monitoring.yaml",
    "deploy/helm/values.yaml",
    "docs/operations/deployment.md",
    "infra/terraform/main.tf",
    "monitoring/prometheus.yml",
    "scaffold.lock",
    "scripts/secrets-env",
)
"""Paths that scaffold would write or that a rule asks for: a pattern that hides one of them has to be told."""


@changing
class Sources:
    """The texts and the YAML documents of one reading, each parsed once; what failed is kept as problems."""

    texts: TextReader
    parsed: Documents
    problems: list[Problem] = field(default_factory=list)

    def documents(self, path: str) -> tuple[Document, ...]:
        """Return the YAML documents of a file; those after a mistake are missing, and the mistake is a problem."""
        found, problems = self.parsed.of(path) or ((), ())
        self.problems += problems
        return found

    def document(self, path: str) -> Document | None:
        """Return the first document of a file, or None."""
        return next(iter(self.documents(path)), None)

    def all_documents(self) -> tuple[Document, ...]:
        """Return every document that was parsed, in the order of paths."""
        return tuple(document for path in sorted(self.parsed.parsed) for document in self.parsed.parsed[path][0])


def read_project(  # noqa: PLR0913 - what differs between the views of one project; all are named at the call
    root: Path,
    *,
    hide: frozenset[str] = frozenset(),
    overlay: Path | None = None,
    laid: Mapping[str, str] | None = None,
    production_set: tuple[str, ...] = (),
    owned: frozenset[str] = frozenset(),
    known_name: str = "",
    outside: Outside | None = None,
    today: str = "",
) -> Project:
    """Read the project below `root`, without the paths in `hide`, and with the files of `overlay` and the texts of `laid`.

    `owned` are the files that scaffold wrote, `known_name` the name that was used when they were written. With `outside`
    the stacks are what Compose makes of them when it is called so. `today` is the day by which ignores run out.

    Raises UsageError when `root` is no folder or scaffold.yaml is wrong, NothingToReadError when no compose file and no
    workflow could be read, and nothing else shows an application: no Dockerfile, no code that starts a server.
    """
    if not root.is_dir():
        raise UsageError("is not a folder", where=str(root))
    inventory = take_inventory(root, hide=hide, overlay=overlay, laid=laid, owned=owned)
    settings = _configuration(inventory)
    if settings.blueprints:  # Templates of files, not files of the project.
        inventory = inventory.without(settings.blueprints)
    copied = without_copies(inventory, owned)
    inventory = copied.inventory
    texts = TextReader(inventory, settings.max_yaml_bytes)
    sources = Sources(texts, Documents(texts))
    manifests = _manifests(inventory, sources)
    envs = _env_files(inventory, sources)
    workflows = _workflows(inventory, sources)
    pages, shown = _docs(inventory, sources)
    listed = _commands(inventory, sources, workflows, manifests, shown)
    compose_files, stacks, problems = assemble(
        inventory.files,
        texts,
        commands=listed,
        env_files=envs,
        production_set=production_set,
        chosen=_chosen(settings, inventory, hide | owned),
        owned=owned | hide,
        documents=sources.parsed,
        outside=outside,
    )
    sources.problems += problems
    envs = with_copied(envs, listed, stacks, {file.path: texts.text(file.path) or "" for file in envs})
    stacks = with_lower_case(stacks, texts.exists)
    builds = (service.build.dockerfile for stack in stacks for service in stack.services if service.build)
    images = _dockerfiles(inventory, sources, filter(None, builds))
    stacks = with_pulled(stacks, workflows, listed, images, _called(inventory))
    stacks = with_roles(stacks, RoleContext(images, manifests, settings.roles, settings.ports))
    default_branch, branches = remote_branches(root) if inventory.git else ("", ())
    code, failed = read_application(inventory, texts)
    code = without_idle(code, inventory.files, texts.glance)
    entries = served_entries(stacks, images, listed)
    code = with_reach(code, inventory, entries, texts)
    code = with_imports(code, inventory, entries, images, texts)
    code = replace(code, facts=without_unused_checks(code.facts, inventory.files, texts.glance))
    code = with_writes(code, inventory, stacks, texts)
    code = with_made_stores(code, inventory, stacks, texts)
    code = with_seeds(code, inventory, texts, (started_with(stacks, images, listed), told_to_run(listed)), stacks)
    calls = tuple(asset_calls(manifests, inventory.present, texts.glance)) if images else ()
    code = replace(code, facts=(*code.facts, *calls))
    sources.problems += failed
    beside = read_beside(inventory, sources)
    if not workflows and not stacks and not images and not any(fact.kind == "server-entry" for fact in code.facts):
        raise _nothing(inventory, sources)
    ignore_files = _dockerignores(inventory, sources)
    for path in (*filter(paths.is_renovate, inventory.files), *settings_of_builds(images, inventory.files)):
        texts.text(path)
    files = tuple(SourceFile(path, text) for path, text in texts.sources())
    ignores, failed = read_ignores(files)
    sources.problems += failed
    theirs = tuple(path for path in inventory.files if path not in owned)
    mentioned = mentioned_keys(envs, code.reads, theirs, texts.glance)
    return Project(
        name=_as_set(settings) or known_name or _name(inventory, _compose_name(stacks), manifests),
        files=inventory.files,
        ignored=_ignored(inventory, stacks, images, manifests),
        directories=inventory.directories,
        present=inventory.present,
        git=inventory.git,
        inside=_inside(inventory),
        default_branch=default_branch,
        branches=branches,
        untracked=inventory.untracked,
        owned=owned,
        production_set=production_set,
        overlays=tuple(path for path in production_set if path in owned) or tuple(sorted(filter(is_compose_path, hide))),
        configuration=settings,
        compose_files=compose_files,
        stacks=stacks,
        unused_stores=unused_stores(stacks, images, (p for p in inventory.files if p not in owned), texts.glance),
        dockerfiles=images,
        dockerignores=ignore_files,
        workflows=workflows,
        other_ci=tuple(path for path in inventory.files if paths.is_other_ci(path)),
        env_files=envs,
        written_env_files=read_written_env_files(inventory, texts),
        secret_files=read_secret_files(inventory, stacks, texts),
        settings=code.settings,
        env_reads=code.reads,
        mentioned=mentioned,
        unnamed=unnamed_keys(envs, (*code.reads, *mentioned), stacks, theirs, texts.glance),
        handed_on=handed_on_keys(
            stacks,
            (*code.reads, *mentioned),
            (*(file.path for file in envs), *(workflow.path for workflow in workflows)),
            theirs,
            texts.glance,
        ),
        unread=unread_variables(
            stacks,
            (*code.reads, *mentioned),
            (*(file.path for file in envs), *(workflow.path for workflow in workflows)),
            theirs,
            texts.glance,
        ),
        named_secrets=named_secrets(stacks, (*code.reads, *mentioned), theirs, texts.glance),
        code_facts=code.facts,
        manifests=manifests,
        prometheus=beside.prometheus,
        alert_rules=beside.alert_rules,
        alertmanagers=beside.alertmanagers,
        monitoring_files=beside.monitoring_files,
        infrastructure=with_platforms(beside.infrastructure, _deploying(listed, workflows)),
        upstreams=beside.upstreams,
        docs=pages,
        mounted=read_mounted(inventory, stacks),
        commands=listed,
        scripts=_scripts(inventory, texts),
        sightings=_sightings(replace(inventory, files=(*inventory.files, *copied.changed)), texts),
        development_notes=()
        if settings.production
        else development_notes(
            stacks,
            docs=pages,
            env_files=envs,
            commands=listed,
            reader=texts,
            images=images,
            owned=owned,
            others=_starters(inventory, texts),
            written=compose_files,
        ),
        sources=files,
        documents=sources.all_documents(),
        problems=_problems(inventory, sources),
        inline_ignores=ignores,
        today=today,
    )


def _starters(inventory: Inventory, texts: TextReader) -> dict[str, str]:
    """Return the texts that may start compose files and are read for nothing else: of Windows, of other CI, of editors."""
    found = {path: texts.glance(path) for path in inventory.files if paths.may_start_compose(path)}
    return {path: text for path, text in found.items() if text is not None}


def _inside(inventory: Inventory) -> str:
    """Return the folder's path in its repository; one with workflows of its own is read as a repository of its own."""
    if not inventory.git or any(paths.is_workflow(path) for path in inventory.files):
        return ""
    return folder_in_repository(inventory.root).rstrip("/")


def _compose_name(stacks: tuple[Stack, ...]) -> str:
    """Return the name that a stack of the root declares, its base first, else the one that most stacks agree on."""
    named = [stack for stack in stacks if stack.name and not stack.directory]
    at_root = sorted(named, key=lambda stack: (stack.id != "base", stack.id))
    if at_root:
        return at_root[0].name
    names = [stack.name for stack in stacks]
    return next((name for name in sorted(set(names)) if names.count(name) * 2 > len(names)), "")


def _ignored(
    inventory: Inventory, stacks: tuple[Stack, ...], images: tuple[Dockerfile, ...], manifests: tuple[Manifest, ...]
) -> tuple[tuple[str, str], ...]:
    """Return which of the paths that matter git ignores: what scaffold writes, .dockerignore files, sources of binds, files of
    secrets, what images copy, and lock files.
    """
    if not inventory.git:
        return ()
    services = [service for stack in stacks for service in stack.services]
    contexts = {service.build.context for service in services if service.build and service.build.context is not None}
    binds = {mount.resolved for service in services for mount in service.mounts if mount.resolved}
    files = {path for service in services for path, _ in service.env_files if not path.startswith(("/", ".."))}
    files |= {env_path(stack.directory) for stack in stacks}
    files |= {path for stack in stacks for path in secret_files(stack) if not path.startswith(("/", ".."))}
    files |= {
        path
        for build in {service.build for service in services if service.build}
        for image in images
        if image.path == build.dockerfile and build.context is not None
        for path, _ in copied_sources(image, build.target, build.context)
        if not path.startswith("..")
    }
    locks = {f"{item.folder}/{name}".lstrip("/") for item in manifests for name in _LOCKS.get(item.ecosystem, ())}
    asked = {*_OFTEN_IGNORED, *locks, *binds, *files}
    asked |= {f"{context}/{name}".lstrip("/") for context in contexts for name in (".dockerignore", "Dockerfile")}
    return ignored_paths(inventory.root, asked - inventory.present - inventory.directories)


def _configuration(inventory: Inventory) -> Configuration:
    reader = TextReader(inventory)
    text = reader.text(_SETTINGS)
    if reader.problems:
        raise UsageError(reader.problems[0].message, where=_SETTINGS)
    if text is None:
        return Configuration()
    from scaffold.read.configuration import read_configuration

    return read_configuration(_SETTINGS, text)


def _chosen(settings: Configuration, inventory: Inventory, ours: frozenset[str]) -> tuple[str, ...]:
    """Return the user's files that scaffold.yaml calls production; raises UsageError for one that is not there."""
    chosen = tuple(path for path in settings.production if path not in ours)
    for path in chosen:
        if path not in inventory.present:
            raise UsageError(f"`production` names {path}, which is no file of the project", where=_SETTINGS)
    return chosen


def _problems(inventory: Inventory, sources: Sources) -> tuple[Problem, ...]:
    found = {*inventory.problems, *sources.texts.problems, *sources.problems}
    return tuple(sorted(found, key=lambda problem: (*problem.location.sort_key(), problem.message)))


def _nothing(inventory: Inventory, sources: Sources) -> NothingToReadError:
    lines = [f"{item.location.path}:{item.location.line}: {item.message}" for item in _problems(inventory, sources)]
    message = "neither a compose file nor a workflow could be read, and no Dockerfile and no server in the code"
    hint = "\n  ".join(lines) if lines else "scaffold looks for compose.yaml, docker-compose.yml and .github/workflows/*.yml"
    return NothingToReadError(message, where=str(inventory.root), hint=hint)


def _as_set(settings: Configuration) -> str:
    return dns_label(settings.project) if settings.project else ""


_SAYS_NOTHING = frozenset(
    {
        *("app", "application", "code", "monorepo", "my-app", "project", "repo", "repository", "root", "skeleton", "source"),
        *("src", "workspace", "workspaces"),
    }
)
"""Names that tools and habit give to whatever it is: the next source is asked."""


def _name(inventory: Inventory, compose_name: str, manifests: tuple[Manifest, ...]) -> str:
    """Return the app's name as Compose, the root's manifest or the remote calls it, else as the folder is called."""
    if compose_name:
        return dns_label(compose_name)
    found = [dns_label(name) for name in _names(inventory, manifests) if name]
    return next((name for name in found if name not in _SAYS_NOTHING), found[0] if found else dns_label(""))


def _called(inventory: Inventory) -> Iterator[str]:
    """Yield how the repository may be called on the host that builds its images."""
    folder = inventory.root.name
    yield remote_name(inventory.root) if inventory.git else ""
    yield folder
    yield folder.rpartition("__")[2]


def _names(inventory: Inventory, manifests: tuple[Manifest, ...]) -> Iterator[str]:
    manifest = next((item.name for item in manifests if item.name and not item.folder), "")
    # The scope of an npm package (`@team/app`) and the owner of a PHP one are not part of the name; a scope may be all it has.
    scope, _, name = manifest.rpartition("/")
    yield name
    yield scope.removeprefix("@") if scope.startswith("@") and dns_label(name) in _SAYS_NOTHING else ""
    yield remote_name(inventory.root) if inventory.git else ""
    yield inventory.root.name


def _workflows(inventory: Inventory, sources: Sources) -> tuple[Workflow, ...]:
    wanted = tuple(filter(paths.is_workflow, inventory.files))
    if not wanted:
        return ()
    from scaffold.read.workflows import follow_local, read_workflow

    found = []
    for path in wanted:
        document = sources.document(path)
        workflow, problems = read_workflow(document) if document is not None else (None, ())
        sources.problems += problems
        if workflow is not None:
            found.append(workflow)
    return follow_local(found, sources.document)


def _dockerfiles(inventory: Inventory, sources: Sources, named: Iterable[str] = ()) -> tuple[Dockerfile, ...]:
    """Return the Dockerfiles by name, and those in excluded folders or of other names that a compose file builds."""
    wanted = {path for path in inventory.files if paths.is_dockerfile(path)} | {
        path for path in named if sources.texts.exists(path)
    }
    return _each(sorted(wanted), sources, read_dockerfile)


def _dockerignores(inventory: Inventory, sources: Sources) -> tuple[tuple[str, tuple[str, ...]], ...]:
    texts = ((path, sources.texts.text(path)) for path in filter(paths.is_dockerignore, inventory.files))
    return tuple((path, read_dockerignore(text)) for path, text in texts if text is not None)


def _env_files(inventory: Inventory, sources: Sources) -> tuple[EnvFile, ...]:
    return _each(filter(paths.is_env_file, inventory.files), sources, env_files.read_env_file)


def _manifests(inventory: Inventory, sources: Sources) -> tuple[Manifest, ...]:
    found: list[Manifest] = []
    for path in inventory.files:
        reader = manifest_reader(path)
        if reader is not None:
            found += _each([path], sources, reader)
    return tuple(replace(item, locked=locked_releases(item, sources.texts.glance)) for item in found)


def _docs(inventory: Inventory, sources: Sources) -> tuple[tuple[DocFile, ...], tuple[Command, ...]]:
    pages = []
    shown: list[Command] = []
    for path in filter(docs.is_doc, sorted(inventory.files + inventory.docs)):
        text = sources.texts.text(path)
        if text is not None:
            page, listed = docs.read_doc(path, text)
            pages.append(page)
            shown += listed
    return tuple(pages), tuple(shown)


def _commands(
    inventory: Inventory,
    sources: Sources,
    workflows: tuple[Workflow, ...],
    manifests: tuple[Manifest, ...],
    shown: tuple[Command, ...],
) -> tuple[Command, ...]:
    found = [*shown, *commands.workflow_commands(workflows)]
    for path in inventory.files:
        reader = commands.command_reader(path)
        text = sources.texts.text(path) if reader else None
        if reader and text is not None:
            found += reader(path, text)
    for path in filter(is_playbook, inventory.files):
        found += read_playbook(path, sources.texts.text(path) or "")
    texts = {manifest.path: sources.texts.text(manifest.path) or "" for manifest in manifests if manifest.scripts}
    found += commands.package_commands(manifests, texts)
    return tuple(map(_bounded, sorted(found, key=lambda command: command.location.sort_key())))


def _bounded(command: Command) -> Command:
    """Return a command without what stands behind all that somebody may have written in one line."""
    return replace(command, text=bounded(command.text)) if len(command.text) > LONGEST_LINE else command


def _deploying(listed: Iterable[Command], workflows: Iterable[Workflow]) -> Iterator[str]:
    """Yield what may deploy: the commands of the project and the actions of its workflows."""
    yield from (command.text for command in listed)
    yield from (step.uses for workflow in workflows for job in workflow.jobs for step in job.all_steps)


def _scripts(inventory: Inventory, texts: TextReader) -> tuple[ScriptFile, ...]:
    wanted = [path for path in inventory.files if is_operational_script(path)]
    if not wanted:
        return ()
    from scaffold.read.scripts import read_operational_script

    found = ((path, texts.glance(path)) for path in wanted)
    return tuple(read_operational_script(path, text) for path, text in found if text is not None)


def _sightings(inventory: Inventory, texts: TextReader) -> tuple[SecretSighting, ...]:
    """Return the provider keys in every text of the tree that git tracks, documentation included."""
    found: list[SecretSighting] = []
    for path in sorted(inventory.files + inventory.docs):
        if path in inventory.untracked or path.endswith(_NO_CREDENTIALS):
            continue
        text = texts.glance(path)
        if text is not None:
            found += _of_rust(path, text, texts) if path.endswith(".rs") else read_sightings(path, text)
    return tuple(found)


def _of_rust(path: str, text: str, texts: TextReader) -> tuple[SecretSighting, ...]:
    """Return what a file of Rust holds, and whether only its tests do."""
    found = read_sightings(path, text)
    if not found:
        return ()
    # Loaded where such a file holds a key alone.
    from scaffold.read.rust_tests import is_compiled_for_tests_alone, without_tests

    alone = is_compiled_for_tests_alone(path, texts.glance)
    kept = set() if alone else {item.location for item in read_sightings(path, without_tests(text))}
    return tuple(replace(item, in_tests=item.location not in kept) for item in found)


def _each(
    wanted: Iterable[str], sources: Sources, reader: Callable[[str, str], tuple[_T, tuple[Problem, ...]]]
) -> tuple[_T, ...]:
    found = []
    for path in wanted:
        text = sources.texts.text(path)
        if text is not None:
            value, problems = reader(path, text)
            found.append(value)
            sources.problems += problems
    return tuple(found)
