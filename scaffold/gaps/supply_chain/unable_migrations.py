"""Commands that migrate in a container whose image has not what they need: the tool, its files, or a program that listens."""

from __future__ import annotations

import json
import posixpath
import re
import shlex

from scaffold.gaps.docs.pages import current_pages
from scaffold.gaps.facts import SAYS, final_stages, is_test_path
from scaffold.gaps.own_images import is_own_image
from scaffold.gaps.shown_commands import shown_until
from scaffold.model.compose import Service, Stack
from scaffold.model.deployments import COMPOSE
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.project import Command, Dockerfile, Instruction, Project, Stage
from scaffold.model.regex import regex
from scaffold.model.starting import RUNS, is_below

_INSIDE = regex(
    rf"{COMPOSE}(?P<before>[^\n&|;]*?)\s(?:run|exec)\s+"
    r"(?P<flags>(?:-[\w-]+(?:=\S+)?\s+(?:[A-Z_]+=\S+\s+)?)*)(?P<service>[\w.-]+)\s+(?P<words>[^\n&|;]+)",
    words=("compose", "COMPOSE"),
)
_NAMED = regex(r"(?:-f|--file)[= ]\s*[\"']?(?:\S*/)?([\w.-]+\.ya?ml)")
_CONTEXTS = frozenset({"doc", "script", "makefile", "workflow", "playbook"})
_TOOLS = {
    "prisma": "prisma",
    "ts-node": "ts-node",
    "tsx": "tsx",
    "drizzle-kit": "drizzle-kit",
    "sequelize": "sequelize-cli",
    "sequelize-cli": "sequelize-cli",
    "knex": "knex",
    "typeorm": "typeorm",
    "node-pg-migrate": "node-pg-migrate",
    "db-migrate": "db-migrate",
}
"""Programs of Node by the package that brings them."""
_RUNNERS = frozenset({"npx", "pnpx", "bunx"})
_PACKAGE_SCRIPT = regex(r"^(?:npm|pnpm|yarn|bun)\s+(?:run\s+)?(?P<name>[\w:.-]+)")
_INSTALLS = regex(
    r"\b(?:npm\s+(?:ci|i|install)\b|yarn(?:\s+install\b|\s+--\S+|\s*$|\s*&&)|pnpm\s+(?:i|install)\b|bun\s+install\b)"
)
_WITHOUT_TOOLS = regex(r"--omit[= ]dev\b|--production(?!=false)\b|--prod\b|--only[= ]prod\w*|-P\b")
_PRUNES = regex(r"\bprune\b[^\n&|;]*(?:--omit[= ]dev\b|--production\b|--prod\b)")
_BRINGS = regex(
    r"\b(?:npm|pnpm|yarn|bun)\b[^\n&|;]*\s(?:-g|--global|--location=global)\b|\bglobal\s+add\b|node_modules/(?:\.bin|\w)|\bstandalone\b"
)
"""What puts single tools into an image, or modules that nobody knows from here."""
_FETCHES = regex(r"(?:^|&&|[;|])\s*(?:git\s+clone|curl|wget|tar|unzip|cp|mv|ln)\s")
_FILE_OPTION = regex(
    r"\s(?:--schema|--config|-c|-d|--dataSource|--knexfile)[= ](?P<path>(?:\./)?[\w.-]+(?:/[\w.-]+)*\.\w+)(?=\s|$)"
)
_TO_MAIN = regex(
    r"^node\s+(?:\./)?(?P<path>(?:[\w-]+/)*(?:main|index|server|app))(?:\.js)?\s+(?P<word>migrations?(?::\w+)?|migrate(?::\w+)?)$"
)
_LISTENS = regex(r"\bargv\b|\bcommander\b|\byargs\b|\bnest-commander\b|\bminimist\b|parseArgs")


@frozen
class Unable:
    """A command that migrates in a container and cannot: its place and words, the service, and why."""

    location: Location
    command: str
    stack: Stack
    service: Service
    why: str


def unable_migrations(project: Project) -> tuple[Unable, ...]:
    """Return, for each service, the first command that migrates in its container without what it needs: of scripts and
    workflows before those of pages.
    """
    pages = {page.path for page in current_pages(project)}
    found: dict[str, Unable] = {}
    for command in sorted(project.commands, key=lambda item: item.context == "doc"):
        path = command.location.path
        wanted = path in pages if command.context == "doc" else not is_test_path(path)
        if command.context in _CONTEXTS and path not in project.owned and wanted and not SAYS.match(command.text):
            unable = _unable(project, command)
            if unable:
                found.setdefault(unable.service.name, unable)
    return tuple(found.values())


def _unable(project: Project, command: Command) -> Unable | None:
    match = _INSIDE.search(command.text) if "igrat" in command.text else None
    words = match["words"].strip() if match else ""
    if match is None or not (RUNS.search(words) or _TO_MAIN.match(words)):
        return None
    found = _services(project, match)
    reasons = [_why(project, service, words) for _, service in found]
    return Unable(command.location, _shown(words), *found[0], reasons[0]) if found and all(reasons) else None


def _shown(words: str) -> str:
    match = RUNS.search(words)
    return shown_until(words, *match.span()) if match else words


def _services(project: Project, match: re.Match[str]) -> list[tuple[Stack, Service]]:
    """Return the service by its name: of the stacks whose files the command names, of all where it names none."""
    names = set(_NAMED.findall(match["before"]))
    stacks = [stack for stack in project.stacks if not names or names & {path.rpartition("/")[2] for path in stack.files}]
    return [(stack, item) for stack in stacks for item in stack.services if item.name == match["service"]]


def _why(project: Project, service: Service, words: str) -> str:
    """Return what the image of a service lacks for a command, "" where it may have everything."""
    if _is_overlaid(service) or "-c" in words.split()[:2]:
        return ""
    dockerfile, build = project.image_of(service), service.build
    if build is None:
        return _talks_to_nobody(project, "", words) if is_own_image(project, service.image) else ""
    if dockerfile is None or build.context is None:
        return ""
    lacks = (_lacks_tool(project, dockerfile, service, words), _lacks_file(project, dockerfile, service, words))
    return ", and ".join(filter(None, lacks)) or _talks_to_nobody(project, build.context, words)


def _is_overlaid(service: Service) -> bool:
    """Whether a folder of the host may lie over what the image holds."""
    return any(mount.kind == "bind" and not mount.target.startswith(("/etc/", "/var/")) for mount in service.mounts)


# --- the tool ---------------------------------------------------------------------------------------------------------


def _lacks_tool(project: Project, dockerfile: Dockerfile, service: Service, words: str) -> str:
    context = (service.build.context or "") if service.build else ""
    package = _package(project, context, words)
    if not package or not _is_for_development(project, context, package):
        return ""
    if not _is_pruned(dockerfile, service.build_target):
        return ""
    tail = ", so that npx fetches whatever version is the newest" if words.split(maxsplit=1)[0] in _RUNNERS else ""
    return f"{package} is a dependency for development, which the image is built without{tail}"


def _package(project: Project, context: str, words: str) -> str:
    """Return the package that brings the program of a command, or of the package script that it runs."""
    script = _PACKAGE_SCRIPT.match(words)
    if script:
        found = {
            item.text
            for item in project.commands
            if item.context == "package" and item.owner == script["name"] and is_below(item.location.path, context)
        }
        words = found.pop() if len(found) == 1 else ""
    parts = [word for word in _split(words) if word not in _RUNNERS and not word.startswith("-")]
    return _TOOLS.get(parts[0], "") if parts else ""


def _split(words: str) -> list[str]:
    try:
        return shlex.split(words)
    except ValueError:
        return []


def _is_for_development(project: Project, context: str, package: str) -> bool:
    """Whether every manifest of the context that has the package has it for development alone."""
    found = []
    for item in project.manifests:
        if item.ecosystem == "node" and is_below(item.path, context) and package in item.dependencies:
            found.append(_only_for_development(project.source(item.path) or "", package))
    return bool(found) and all(found)


def _only_for_development(text: str, package: str) -> bool:
    try:
        manifest = json.loads(text)
    except (ValueError, RecursionError):
        return False
    always = manifest.get("dependencies") if isinstance(manifest, dict) else None
    meanwhile = manifest.get("devDependencies") if isinstance(manifest, dict) else None
    return isinstance(always, dict) and package not in always and isinstance(meanwhile, dict) and package in meanwhile


def _is_pruned(dockerfile: Dockerfile, target: str) -> bool:
    """Whether all modules that the stage of a target holds were installed, or left, without those for development."""
    pending, seen = [target], {target}
    while pending:
        origins = _origins_of_modules(dockerfile, pending.pop())
        if origins is None:
            return False
        pending += [name for name in origins if name not in seen]
        seen |= set(origins)
    return True


def _origins_of_modules(dockerfile: Dockerfile, target: str) -> tuple[str, ...] | None:
    """Return the stages from which a stage has its modules, none where it installs them without those for development; None
    where it may have others.
    """
    stages = dockerfile.chain(target)
    texts = [item.text for stage in stages for item in stage.instructions if item.keyword == "RUN"]
    copies = [item for stage in stages for item in stage.instructions if item.keyword == "COPY"]
    if any(_BRINGS.search(f" {text}") for text in texts):
        return None
    installs = [text for text in texts if _INSTALLS.search(text)]
    if installs:
        left = any(_PRUNES.search(text) for text in texts) or all(_WITHOUT_TOOLS.search(text) for text in installs)
        return () if left else None
    sources = [(item, flag.partition("=")[2].lower()) for item in copies for flag in item.flags if flag.startswith("--from=")]
    modules = [(item, name) for item, name in sources if _takes_modules(dockerfile, item, name)]
    if not modules or any(_BRINGS.search(f" {item.text}") for item, _ in modules):
        return None
    names = tuple(dict.fromkeys(name for _, name in modules))
    return names if all(map(dockerfile.stage, names)) else None


def _takes_modules(dockerfile: Dockerfile, item: Instruction, name: str) -> bool:
    """Whether a copy from another stage takes its modules: by their folder, or with the whole folder in which it works."""
    words = item.text.split()[:-1]
    works = {_workdir(dockerfile.chain(name)), "/", "."}
    return any("node_modules" in word or word.rstrip("/.") in {place.rstrip("/.") for place in works} for word in words)


def _workdir(stages: tuple[Stage, ...]) -> str:
    folder = "/"
    for stage in reversed(stages):
        for item in stage.instructions:
            if item.keyword == "WORKDIR":
                folder = posixpath.join(folder, item.text.strip().strip("\"'"))
    return folder


# --- its files --------------------------------------------------------------------------------------------------------


def _lacks_file(project: Project, dockerfile: Dockerfile, service: Service, words: str) -> str:
    """Return the file that the command needs where no copy of the Dockerfile reaches its place."""
    stages = tuple(final_stages(dockerfile, service.build_target))
    work = _workdir(stages)
    names = _needed(project, words)
    volumes = any(mount.kind == "volume" and is_below(mount.target.strip("/"), work) for mount in service.mounts)
    if not stages or not names or "$" in work or volumes or service.node.get("working_dir") is not None:
        return ""
    places = [posixpath.normpath(posixpath.join(work, name)) for name in names]
    return "" if any(_may_hold(stages, place) for place in places) else f"the image has no file {places[0]}"


def _needed(project: Project, words: str) -> list[str]:
    """Return the file that a command names, else those where Prisma looks for its own; nothing where they are not known."""
    match = _FILE_OPTION.search(words)
    if match:
        path = match["path"].removeprefix("./")
        return [path] if any(file.endswith(path) for file in project.files) else []
    kept = [path for path in project.files if path.endswith("/schema.prisma") or path == "schema.prisma"]
    told = any("prisma.config." in path for path in project.files) or any(
        re.search(r"\"schema\"\s*:", project.source(item.path) or "") for item in project.manifests if item.ecosystem == "node"
    )
    return ["prisma/schema.prisma", "schema.prisma"] if re.search(r"\bprisma\s", words) and kept and not told else []


def _may_hold(stages: tuple[Stage, ...], place: str) -> bool:
    folder = "/"
    for item in (item for stage in reversed(stages) for item in stage.instructions):
        if item.keyword == "WORKDIR":
            folder = posixpath.join(folder, item.text.strip().strip("\"'"))
        is_copy = item.keyword in {"COPY", "ADD"}
        if (item.keyword == "RUN" and _FETCHES.search(item.text)) or (is_copy and _may_reach(item, folder, place)):
            return True
    return False


def _may_reach(item: Instruction, folder: str, place: str) -> bool:
    """Whether what a step copies may hold the place: a folder above it, or the file itself."""
    words = item.text.replace('"', " ").replace("[", " ").replace("]", " ").replace(",", " ").split()
    if not words or "$" in words[-1]:
        return True
    destination = posixpath.normpath(posixpath.join(folder, words[-1]))
    if place == destination:
        return True
    is_file = all(re.search(r"\.\w{1,5}$", word.rpartition("/")[2]) for word in words[:-1])
    if is_file:
        return any(place == posixpath.join(destination, word.rpartition("/")[2]) for word in words[:-1])
    ends = words[-1].endswith("/") or words[-1] in {".", "./"}
    return destination == "/" or place.startswith(f"{destination}/") if ends or len(words) == 2 else True


# --- the program ------------------------------------------------------------------------------------------------------


def _talks_to_nobody(project: Project, context: str, words: str) -> str:
    """Return that a word goes to a program which reads none, where its source is known."""
    match = _TO_MAIN.match(words)
    if match is None or any(fact.kind == "schema" and fact.detail.startswith("applies") for fact in project.code_facts):
        return ""
    name = match["path"].rpartition("/")[2]
    wanted = regex(rf"(?:.*/)?src/{name}\.(?:ts|js)")
    found = [item for item in project.sources if wanted.fullmatch(item.path) and is_below(item.path, context)]
    if len(found) != 1 or _LISTENS.search(found[0].text) or not re.search(r"\blisten\(", found[0].text):
        return ""
    return f"{found[0].path} reads no word of its command line, so that `{match['word']}` only starts one more server"
