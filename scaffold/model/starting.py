"""What a container does when it starts, its scripts followed, and what of it migrates a database."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator

from scaffold.model.compose import Service
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.image_code import is_copied
from scaffold.model.known import known
from scaffold.model.project import CodeFact, Command, Project
from scaffold.model.regex import regex

RUNS = regex(
    r"\balembic\b[^\n&|;]*\bupgrade\b|\bflask\s+db\s+upgrade\b|\bmanage\.py[\"',\s]+migrate\b|\bdjango-admin\s+migrate\b"
    r"|\bprisma\s+migrate\s+deploy\b|\bdb:(?:migrate|prepare)\b|\bartisan[\"',\s]+migrate\b|\bmigrations?:(?:run|up)\b"
    r"|\bmigrate:latest\b|\bdrizzle-kit(?:/[\w.]+)?[\"',\s]+migrate\b|\bmigrate\b[^\n]*-(?:path|source)\b[^\n]*\bup\b|\bgoose\b[^\n]*\bup\b"
    r"|\bdbmate\s+(?:up|migrate)\b|\bdoctrine:migrations:migrate\b|\bdoctrine-migrations\s+migrate\b|\bphinx\s+migrate\b"
    r"|\becto\.migrate\b|\bef\s+database\s+update\b|\baerich\s+upgrade\b|\bsqlx\s+migrate\s+run\b|\bdiesel\s+migration\s+run\b"
    r"|\batlas\s+migrate\s+apply\b|\bliquibase\b[^\n&|;]*\supdate\b|\bflyway\b[^\n&|;]*\smigrate\b|\byii\s+migrate\b|\bspark\s+migrate\b"
    r"|\bsea-orm-cli\s+migrate\s+up\b|\b(?:node|tsx|ts-node|bun(?:\s+run)?)\s+(?:-\S+\s+)*\S*\bmigrat(?:e|ions?)(?:\.[cm]?[jt]s)?(?=[\s\"'&;|]|$)",
    words=(
        "alembic",
        "artisan",
        "database",
        "dbmate",
        "django-admin",
        "drizzle-kit",
        "goose",
        "liquibase",
        "manage.py",
        "migrat",
        "prepare",
        "sea-orm-cli",
        "upgrade",
    ),
)
"""Commands that bring a database to the newest version."""
RUNS_ITSELF = regex(
    r"(?:^|[\s;&|\"'(])(?!\S*(?:pip|npm|apt|apk|composer|poetry|uv|brew|gem|yarn|pnpm)\b)(?P<program>\.?(?:/[\w.-]+)+)"
    r"(?:\s+-\S+)*\s+(?:--(?:upgrade|migrate|auto-migrate|run-migrations|migrate-db|db-upgrade)|migrate(?:\s+up)?|db\s+migrate)(?=[\s\"'&;|]|$)",
    words=("migrate", "run-migrations", "upgrade"),
)
"""A program of the image that changes the tables by an option or word of its own, such as `./app --upgrade --yes`."""
ASKS_ARGUMENT = regex(r"^(?:el)?if\s+\[+\s*[\"']?[x]?\$\{?1\b[^=\n]*[\"']?\s*==?\s*[\"']?x?(?P<word>[\w./-]+)", words=("if",))
"""A comparison of a script's first argument with a word."""
_ASKS_VARIABLE = regex(
    r"^(?:el)?if\s+\[+\s*[\"']?\$\{?(?P<name>[A-Za-z_]\w*)\}?[\"']?\s*==?\s*[\"']?(?P<value>[\w-]+)[\"']?\s*\]", words=("if",)
)
"""A comparison of a variable with a word."""
_CASE = regex(r"^case\s+[\"']?\$(?:(?:1|\{1(?::?-)?\})|\{?(?P<name>[A-Za-z_]\w*)\}?)[\"']?\s+in\b", words=("case",))
"""The head of the branches of a script by a variable, or by its first argument."""
_TAKES_FIRST = regex(r"^(?:local\s+|export\s+)?(?P<name>[A-Za-z_]\w*)=[\"']?\$(?:1|\{1(?::?-)?\})[\"']?\s*$", words=("=",))
_BRANCH = regex(r"^\(?\s*(?P<labels>[\w.*?\"'|\s/-]{1,200})\)", words=(")",))
_FOR_TESTS = regex(r"\b(?:RAILS|RACK|NODE|APP|MIX)_ENV=[\"']?test\b")
_OF_SPRING = {
    "liquibase": regex(r"/(?:changelog|liquibase)/|[\w.-]*changelog[\w.-]*\.(?:xml|ya?ml|json|sql)$"),
    "flyway": regex(r"/V\d[\w.]*__[^/]+\.sql$"),
}
"""The changes of the tools that Spring Boot starts by itself."""
_PACKAGE = regex(r"\b(?:npm|pnpm|yarn|bun)\s+(?:--\S+\s+)*(?:run\s+)?(?P<name>[\w:.-]+)")
_SCRIPT = regex(r"[\w./-]{1,300}\.(?:sh|bash)\b|(?:^|[\s\"'])/?(?:[\w.-]+/)*bin/[\w.-]+")

_NAME = regex(r"[A-Za-z_]\w*")
_CONFIGURATION = regex(r"[\w./-]*(?:uwsgi|supervisor)[\w.-]*\.(?:ini|conf)\b", words=("uwsgi", "supervisor"))
"""A file in which a server reads what else it starts."""


@frozen
class Start:
    """What a container runs when it starts: each line with its place, and whether every script that it names is known."""

    lines: tuple[tuple[str, Location], ...]
    known: bool
    given: tuple[tuple[str, str | None], ...] | None = None
    """What the container gets as its environment, None where that is not known."""

    @property
    def migrating(self) -> list[Location]:
        """The lines that bring the database to its newest version, those of the program itself where it serves as well."""
        found = []
        for line, place in self.taken():
            own = RUNS_ITSELF.search(line)
            if _FOR_TESTS.search(line):
                continue
            if RUNS.search(line) or (own and self.text.count(own["program"]) > 1):
                found.append(place)
        return found

    @property
    def text(self) -> str:
        """All lines as one text."""
        return "\n".join(line for line, _ in self.lines)

    def taken(self) -> Iterator[tuple[str, Location]]:
        """Yield the lines without those behind a condition on the first argument, or on a variable, that is not met."""
        skipped = False
        first = self.lines[0][0]
        for line, place in _asked_for(self.lines):
            condition, asked = ASKS_ARGUMENT.search(line), _ASKS_VARIABLE.search(line)
            if condition:
                skipped = condition["word"] not in first.split()
            elif asked and self.given is not None:
                values = dict(self.given)
                skipped = values.get(asked["name"], "") not in {asked["value"], None}
            elif re.match(r"(?:fi|else|elif)\b", line):
                skipped = False
            if not skipped:
                yield line, place


def _asked_for(lines: tuple[tuple[str, Location], ...]) -> Iterator[tuple[str, Location]]:
    """Yield the lines of a start without the branches of `case "$1" in` that its first words do not ask for."""
    words = lines[0][0].split()
    named, depth = set[str](), 0
    met = passed = False
    for line, place in lines:
        first, head = _TAKES_FIRST.search(line), _CASE.search(line)
        if first:
            named.add(first["name"])
        if depth:
            depth += 1 if re.match(r"case\b", line) else -1 if re.match(r"esac\b", line) else 0
            label = _BRANCH.match(line) if depth == 1 else None
            if label:
                passed = not met and _is_asked(label["labels"], words)
                met = met or passed
            if passed or not depth:
                yield line, place
        else:
            if head and (head["name"] is None or head["name"] in named):
                depth, met, passed = 1, False, False
            yield line, place


def _is_asked(labels: str, words: list[str]) -> bool:
    patterns = [label.strip(" \"'") for label in labels.split("|")]
    given = words if len(words) > 1 else [*words, ""]
    return any(fnmatch.fnmatchcase(word, pattern) for pattern in patterns for word in given)


@frozen
class Migration:
    """Where a start migrates. kind is start (a command of it), code (the program itself), or locked (the program itself, with
    a tool that lets one copy after the other do it).
    """

    places: tuple[Location, ...]
    kind: str


def migration_of(project: Project, service: Service) -> Migration | None:
    """Return how a service of the team's own migrates a database whenever it starts, None where nothing shows it."""
    is_own = service.is_application or (service.role is None and service.build is not None)
    start = start_of(project, service) if is_own else None
    if start is not None and start.migrating:
        return Migration(tuple(start.migrating), "start")
    return _in_code(project, service) if service.is_application else None


def _in_code(project: Project, service: Service) -> Migration | None:
    """Return how the code of the service's image migrates whenever the program starts."""
    made = service.made
    dockerfile = project.dockerfile(made.dockerfile) if made else None
    if made is None or made.context is None or dockerfile is None:
        return None
    context, target = made.context, made.target
    builds = "\n".join(item.text for stage in dockerfile.stages for item in stage.instructions if item.keyword == "RUN")
    found = []
    for fact in known(_applying, project.code_facts):
        tags = fact.detail.partition(" ")[2]
        if (not tags or ("-tags" in builds and tags in builds)) and is_copied(dockerfile, target, context, fact.location.path):
            found.append(fact.location)
    changes = [change for change in changes_of_spring(project) if is_copied(dockerfile, target, context, change.path)]
    return Migration(tuple(found or changes), "code" if found else "locked") if found or changes else None


def _applying(facts: tuple[CodeFact, ...]) -> tuple[CodeFact, ...]:
    """Return the places at which programs change their tables themselves as they start."""
    schema = (fact for fact in facts if fact.kind == "schema" and fact.reachable is not False)
    return tuple(fact for fact in schema if fact.detail.partition(" ")[0] in {"applies-in-init", "applies-at-start"})


def changes_of_spring(project: Project) -> tuple[Location, ...]:
    """Return, for each application of Spring Boot, the first change that Liquibase or Flyway applies as it starts: both do so
    by default where they are a dependency, until a setting turns them off.
    """
    return known(_changes_of_spring, project)


def _changes_of_spring(project: Project) -> tuple[Location, ...]:
    found = []
    for manifest in (item for item in project.manifests if item.ecosystem == "java"):
        tools = [tool for tool in _OF_SPRING if any(tool in name for name in manifest.dependencies)]
        if not tools or not any(name.startswith("spring-boot") for name in manifest.dependencies):
            continue
        resources = f"{manifest.folder}/src/main/resources/".removeprefix("/")
        settings = [path for path in project.files if path.startswith(f"{resources}application")]
        texts = "\n".join(project.source(path) or "" for path in settings)
        for tool in tools:
            changes = [path for path in project.files if path.startswith(resources) and _OF_SPRING[tool].search(path)]
            if changes and not re.search(rf"\b{tool}(?:\.enabled\s*[=:]|:\s*\n\s+enabled:)\s*false", texts):
                found.append(Location(changes[0], 1))
    return tuple(found)


def start_of(project: Project, service: Service) -> Start | None:
    """Return what a service runs when it starts, its scripts followed; None when nobody can tell."""
    words = _first_words(project, service)
    if words is None:
        return None
    lines = [words]
    known = True
    for _ in range(2):
        text = "\n".join(line for line, _ in lines)
        more, found_all = _behind(project, service, text)
        known = found_all
        fresh = [item for item in more if item not in lines]
        if not fresh:
            break
        lines += fresh
    return Start(tuple(lines), known, _given(project, service))


def _given(project: Project, service: Service) -> tuple[tuple[str, str | None], ...] | None:
    """Return the environment of a service where its Compose file tells all of it; None for a value that is not known."""
    dockerfile = project.image_of(service)
    if service.env_files or dockerfile is None:
        return None
    stages = dockerfile.chain(service.build_target)
    set_here = {
        name: None
        for stage in stages
        for item in stage.instructions
        if item.keyword == "ENV"
        for name in _NAME.findall(item.text)
    }
    given = {entry.name: entry.value if not entry.references else None for entry in service.environment}
    return tuple((set_here | given).items())


def _first_words(project: Project, service: Service) -> tuple[str, Location] | None:
    """Return entrypoint and command, those of Compose before those of the image; nothing for an image of others."""
    dockerfile = project.image_of(service)
    target = service.build_target
    if dockerfile is None and not service.command:
        return None
    parts: list[str] = []
    place = service.location
    given = {"ENTRYPOINT": service.entrypoint, "CMD": service.command}
    for keyword, words in given.items():
        if words is not None:
            parts.append(" ".join(words))
            node = service.node.get("command" if keyword == "CMD" else "entrypoint")
            place = node.location if node else place
            continue
        instruction = dockerfile.effective(keyword, target) if dockerfile else None
        if instruction is not None and not (keyword == "CMD" and service.entrypoint is not None):
            parts.append(" ".join(instruction.argv) or instruction.text)
            place = instruction.location
    return (" ".join(parts), place) if any(parts) else None


def _behind(project: Project, service: Service, text: str) -> tuple[list[tuple[str, Location]], bool]:
    """Return the lines of the scripts and package scripts that a text calls, and whether all of them are in the repository."""
    context = (service.made.context or "").removeprefix("./").strip("/") if service.made else ""
    found: list[tuple[str, Location]] = []
    known = True
    for match in _SCRIPT.finditer(text):
        name = match[0].strip(" \"'").rpartition("/")[2]
        lines = _called(project, "script", name, context)
        lines = _of_the_image(project, service, lines)
        known = known and bool(lines or name in {"sh", "bash", "env", "wait-for-it.sh", "python", "node"})
        found += [(item.text, item.location) for item in lines]
    for match in _CONFIGURATION.finditer(text):
        name = match[0].rpartition("/")[2]
        found += [(item.text, item.location) for item in _called(project, "server", name, context)]
    for match in _PACKAGE.finditer(text):
        lines = _package_scripts(project, service, match["name"], context)
        known = known and bool(lines)
        found += [(item.text, item.location) for item in lines]
    return found, known


def called_scripts(project: Project, service: Service, name: str) -> str | None:
    """Return the script of a name that a service's image takes, None where there is none or more than one."""
    context = (service.build.context or "").removeprefix("./").strip("/") if service.build else ""
    lines = _of_the_image(project, service, _called(project, "script", name, context)) if service.build else []
    paths = {item.location.path for item in lines}
    return paths.pop() if len(paths) == 1 else None


def package_scripts_of(project: Project, service: Service, name: str) -> list[Command]:
    """Return the package script of a name that a service runs."""
    context = (service.build.context or "").removeprefix("./").strip("/") if service.build else ""
    return _package_scripts(project, service, name, context)


def _of_the_image(project: Project, service: Service, lines: list[Command]) -> list[Command]:
    """Return the lines of the script that the image takes, where several have its name."""
    paths = sorted({item.location.path for item in lines})
    dockerfile = project.image_of(service)
    if len(paths) < 2 or dockerfile is None or service.made is None:
        return lines
    taken = [path for path in paths if is_copied(dockerfile, service.made.target, service.made.context or "", path)]
    folder = dockerfile.path.rpartition("/")[0]
    near = [path for path in taken if folder and is_below(path, folder)]
    kept = near or taken or paths
    return [item for item in lines if item.location.path in kept]


def _called(project: Project, kind: str, name: str, context: str) -> list[Command]:
    """Return the commands of the files of a name below a context."""
    named = known(_by_name, project.commands).get((kind, name), ())
    return [item for item in named if not context or item.location.path.startswith(f"{context}/")]


def _by_name(commands: tuple[Command, ...]) -> dict[tuple[str, str], list[Command]]:
    found: dict[tuple[str, str], list[Command]] = {}
    for item in commands:
        found.setdefault((item.context, item.location.path.rpartition("/")[2]), []).append(item)
    return found


def _package_scripts(project: Project, service: Service, name: str, context: str) -> list[Command]:
    """Return the package script of this name: of the context's own package, of the Dockerfile's folder, or the only one."""
    below = [
        item
        for item in project.commands
        if item.context == "package" and item.owner == name and is_below(item.location.path, context)
    ]
    dockerfile = (service.made.dockerfile or "") if service.made else ""
    for folder in (context, dockerfile.rpartition("/")[0]):
        found = [item for item in below if item.location.path.rpartition("/")[0] == folder]
        if found:
            return found
    return below if len(below) == 1 else []


def is_below(path: str, folder: str) -> bool:
    """Whether `path` is inside `folder`; the root holds everything."""
    clean = folder.removeprefix("./").strip("/")
    return clean in {"", "."} or path == clean or path.startswith(f"{clean}/")
