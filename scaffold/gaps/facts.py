"""What several rooms of rules ask of a project: which stacks count, what checks a service's health, which profiles are used."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping

from scaffold.gaps.chart import renders_nothing
from scaffold.gaps.remembered import remembered
from scaffold.model.compose import Dependency, Healthcheck, Service, Stack
from scaffold.model.document import Location, scalars_in
from scaffold.model.frozen import frozen
from scaffold.model.gap import Gap
from scaffold.model.interpolation import InterpolationError, references, substitute
from scaffold.model.java_packages import without_package
from scaffold.model.known import known
from scaffold.model.lasting import awaited_jobs, is_hardened
from scaffold.model.names import TRIED, EnvironmentClass, Role
from scaffold.model.profiles import named_profiles
from scaffold.model.project import CodeFact, Command, Dockerfile, Instruction, Project, Stage
from scaffold.model.regex import regex
from scaffold.model.secret_names import is_sensitive_name
from scaffold.model.test_names import is_named_for_tests
from scaffold.model.values import ImageReference

EXEMPT_FROM_SERVICE_HYGIENE = frozenset({Role.ONE_SHOT, Role.E2E, Role.MOCK})
"""Roles that need neither a healthcheck nor a restart policy: they end, or exist for tests."""

ALL_INTERFACES = frozenset({"", "0.0.0.0", "::", "[::]", "*"})  # noqa: S104 - the texts that are looked for
"""Host addresses of a published port that mean every interface."""

DEFAULT_FILES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
"""Names of the files that Compose starts by itself, the first that is there."""
_LONGEST_COMMENT = 1000


def stands_alone(stack: Stack) -> bool:
    """Whether the first file has one of the names that Compose starts by itself, so that it cannot be a fragment."""
    return stack.files[0].rpartition("/")[2] in DEFAULT_FILES if stack.files else False


@remembered
def declared_services(project: Project) -> frozenset[str]:
    """Return the names of all services that compose files declare, also outside of stacks."""
    declared = {name for file in project.compose_files for name in file.service_names}
    return frozenset(declared | {service.name for stack in project.stacks for service in stack.services})


@remembered
def judged_stacks(project: Project) -> tuple[Stack, ...]:
    """Return the stacks that rules look at: production ones first, then the complete others by their id."""
    production = project.production_stacks
    others = [
        stack
        for stack in project.stacks
        if (stack.complete or stands_alone(stack)) and stack not in production and not project.is_covered(stack)
    ]
    return (*production, *others)


def production_or_all(stacks: Iterable[Stack]) -> list[Stack]:
    """Return the stacks that say production, all where none does: beside such a one, the base is what people develop with."""
    found = list(stacks)
    return [stack for stack in found if stack.environment is EnvironmentClass.PRODUCTION] or found


def once(gaps: Iterable[Gap]) -> tuple[Gap, ...]:
    """Return the gaps without those that an earlier one stands for: the same subject at the same place or places. Of services
    that share a line by `extends`, one for developers stands for none that is not.
    """
    seen: dict[tuple[str, str], set[Location]] = {}
    kept: list[Gap] = []
    first: dict[tuple[str, str, Location], int] = {}
    for gap in gaps:
        places = {item.location for item in gap.evidence if item.role != "searched"}
        known = seen.setdefault((gap.code, gap.subject), set())
        at = (gap.code, gap.subject, gap.primary)
        if gap.primary not in known:
            first[at] = len(kept)
            kept.append(gap)
        elif at in first and _comes_before(gap, kept[first[at]]):
            kept[first[at]] = gap
        known |= places
    return tuple(kept)


def _comes_before(gap: Gap, other: Gap) -> bool:
    """Whether the other one is of a service of the same file which its name gives to developers, and this one is not."""
    file, _, name = gap.resource.rpartition("/")
    own, _, service = other.resource.rpartition("/")
    return own == file and path_environment(service) in TRIED and path_environment(name) not in TRIED


@frozen
class Share:
    """The services of the main stack, or those that only the other stacks of production have: each service counts once."""

    services: tuple[Service, ...]
    jobs: frozenset[str]
    """The names of those that others wait for until they end."""
    resource: str
    is_main: bool
    environment: EnvironmentClass

    def lasting(self) -> tuple[Service, ...]:
        """Return the services that have to run on: no tools, nothing that ends by itself."""
        return tuple(
            service
            for service in self.services
            if is_hardened(service) and not service.has_role(Role.ONE_SHOT) and service.name not in self.jobs
        )


def production_shares(project: Project) -> Iterator[Share]:
    """Yield what the main stack runs, then what only other complete stacks of production run, where there is any.

    Rules about habits, which nearly every service shares, give one finding for each of the two: that many are read.
    """
    main = project.main_stack
    stacks = [stack for stack in judged_stacks(project) if stack.is_runnable_in_production and stack.complete]
    ordered = sorted(stacks, key=lambda stack: main is None or stack.id != main.id)
    seen: set[tuple[str, str]] = set()
    rest: list[Service] = []
    jobs: set[str] = set()
    for stack in ordered:
        new = tuple(service for service in stack.services if (stack.directory, service.name) not in seen)
        seen |= {(stack.directory, service.name) for service in stack.services}
        if main is not None and stack.id == main.id:
            yield Share(new, awaited_jobs(stack), stack.extends_stack or stack.id, is_main=True, environment=stack.environment)
        else:
            rest += new
            jobs |= awaited_jobs(stack)
    if rest:
        yield Share(tuple(rest), frozenset(jobs), "compose", is_main=False, environment=EnvironmentClass.BASE)


def in_words(names: Iterable[str]) -> str:
    """Return all names as a sentence has them: a, b and c."""
    every = tuple(dict.fromkeys(names))
    return " and ".join(part for part in (", ".join(every[:-1]), *every[-1:]) if part)


def listed(names: Iterable[str], shown: int = 3) -> str:
    """Return the first names in words, and how many more there are."""
    every = tuple(dict.fromkeys(names))
    more = f" and {len(every) - shown} more" if len(every) > shown else ""
    return f"{', '.join(every[:shown])}{more}"


# --- images -----------------------------------------------------------------------------------------------------------


def final_stages(dockerfile: Dockerfile, target: str = "") -> tuple[Stage, ...]:
    """Return the stage that runs and the stages it is built from, outermost first; empty when the target is unknown."""
    return dockerfile.chain(target)


def root_image(dockerfile: Dockerfile, target: str = "") -> ImageReference | None:
    """Return the image below all stages of the one that runs, or None when it is unknown."""
    chain = final_stages(dockerfile, target)
    base = chain[-1].base if chain else ""
    return ImageReference.parse(base) if base and "$" not in base else None


# --- health -----------------------------------------------------------------------------------------------------------


@frozen
class HealthSource:
    """What checks a service's health: the healthcheck of Compose or the HEALTHCHECK of its Dockerfile."""

    command: str
    location: Location
    healthcheck: Healthcheck | None = None
    instruction: Instruction | None = None


def health_source(project: Project, service: Service) -> HealthSource | None:
    """Return what checks the health of `service`, or None; checks that a base image brings along are not seen."""
    check = service.healthcheck
    if check and check.disabled:
        return None
    if check and check.test:
        return HealthSource(check.command, check.test_location, healthcheck=check)
    dockerfile = project.image_of(service)
    instruction = dockerfile.effective("HEALTHCHECK", service.build_target) if dockerfile else None
    if instruction is None or instruction.text.strip().upper() == "NONE":
        return None
    return HealthSource(" ".join(instruction.argv) or instruction.text, instruction.location, instruction=instruction)


def edges(stack: Stack) -> tuple[tuple[Service, Dependency], ...]:
    """Return every depends_on edge of a stack with the service that has it."""
    return tuple((service, edge) for service in stack.services for edge in service.depends_on)


def dependants(stack: Stack, name: str) -> tuple[tuple[Service, Dependency], ...]:
    """Return the edges that lead to the service `name`."""
    return known(_edges_by_target, stack).get(name, ())


def _edges_by_target(stack: Stack) -> dict[str, tuple[tuple[Service, Dependency], ...]]:
    found: dict[str, list[tuple[Service, Dependency]]] = {}
    for service, edge in edges(stack):
        found.setdefault(edge.service, []).append((service, edge))
    return {name: tuple(items) for name, items in found.items()}


# --- commands and words -----------------------------------------------------------------------------------------------

SAYS = regex(r"^\s*(?:#|(?:echo|printf|log|info|warn|print_\w+)\b)")
"""Lines of shell that only say something, and comments."""


_PROFILE_BY_VARIABLE = regex(r"--profile[= ]+[\"']?\$[({]?(?P<name>[A-Za-z_]\w*)", words=("--profile",))
_GIVEN = regex(r"(?<![\w-])(?P<name>[A-Za-z_]\w*)=[\"']?(?P<value>[\w.-]+)", words=("=",))
"""What a caller hands over: `task up ENVIRONMENT=prod`, `make up PROFILE=tools`."""


@remembered
def profile_uses(project: Project) -> dict[str, tuple[Command, ...]]:
    """Return each Compose profile that a command of the project activates, with those commands; `*` stands for all."""
    found: dict[str, list[Command]] = {}
    for command in project.commands:
        for name in named_profiles(command.text):
            found.setdefault(name, []).append(command)
    variables = {match["name"] for command in project.commands for match in _PROFILE_BY_VARIABLE.finditer(command.text)}
    for command in project.commands if variables else ():
        for match in _GIVEN.finditer(command.text):
            if match["name"] in variables:
                found.setdefault(match["value"], []).append(command)
    return {name: tuple(commands) for name, commands in found.items()}


@remembered
def commented_commands(project: Project) -> tuple[str, ...]:
    """Return the comment lines of the compose files that show how to start a profile."""
    texts = [project.source(file.path) or "" for file in project.compose_files if file.path not in project.owned]
    comments = (
        line.strip()[:_LONGEST_COMMENT] for text in texts for line in text.splitlines() if line.lstrip().startswith("#")
    )
    return tuple(line for line in comments if "compose" in line.lower() and named_profiles(line))


@remembered
def commented_profiles(project: Project) -> frozenset[str]:
    """Return the profiles that a command in a comment of a compose file activates; `*` stands for all."""
    return frozenset(name for line in commented_commands(project) for name in named_profiles(line))


@remembered
def active_profiles(project: Project) -> frozenset[str]:
    """Return the profiles that an env file activates through COMPOSE_PROFILES; `*` stands for all."""
    found: set[str] = set()
    for file in project.env_files:
        values: dict[str, str] = {}
        for entry in (entry for entry in file.entries if not entry.commented):
            # As Compose reads the file: a reference takes what stands above it, and there its own name is not set yet.
            values[entry.name] = _resolved(entry.value, values)
        found.update(name.strip() for name in values.get("COMPOSE_PROFILES", "").split(",") if name.strip())
    return frozenset("*" if "*" in name else name for name in found)


_LONGEST = 4_000
"""Characters of one value: lines that multiply the ones before end here."""


def _resolved(value: str, values: Mapping[str, str]) -> str:
    """Return a value with its references replaced; `*` for one whose value stands elsewhere, or grows beyond all use."""
    if len(value) > _LONGEST:
        return "*"
    try:
        text = substitute(value, lambda name: values.get(name, None if _has_default(value, name) else "*"), strict=False)
    except InterpolationError:
        return "*"
    return text if len(text) <= _LONGEST else "*"


def _has_default(value: str, name: str) -> bool:
    return any(found.name == name and found.has_default for found in references(value))


def is_turned_on(project: Project, service: Service) -> bool:
    """Whether the service runs without a profile, or an env file or a command shown or run in the project names one of its."""
    known = {"*", *service.profiles}
    return not service.profiles or bool(
        known & {*active_profiles(project), *profile_uses(project), *commented_profiles(project)}
    )


# --- stacks beside each other -----------------------------------------------------------------------------------------


def every_stack(project: Project) -> tuple[Stack, ...]:
    """Return the judged stacks, then the files that neither stand alone nor merge: facts of single lines count there too."""
    judged = judged_stacks(project)
    return (*judged, *(stack for stack in project.stacks if not stack.complete and stack not in judged))


def sibling_services(project: Project, stack: Stack) -> tuple[str, ...]:
    """Return the services that complete stacks of the same directory define, for a stack that is not complete."""
    if stack.complete:
        return ()
    siblings = [other for other in project.stacks if other.complete and other.directory == stack.directory]
    return tuple(sorted({service.name for other in siblings for service in other.services}))


# --- paths ------------------------------------------------------------------------------------------------------------

_NEXT_COMMAND = regex(r"[;|&\n]+")
_MAKERS = regex(r"\b(?:mkdir|touch|cp|mv|install|tee|curl|wget|openssl|mkcert|certbot|envsubst|rsync|tar|unzip|git clone)\b|>")


_PACKAGES = regex(
    r"\b(?:pip3?|npm|pnpm|yarn|apt|apt-get|apk|dnf|yum|gem|uv|poetry|composer|brew|go|cargo)(?:[ \t]+-\S+)*[ \t]+install\b"
)
"""How a package manager installs: it makes none of the files that it is given."""


_TEST_PATH = regex(
    r"(?:^|/)(?:\w+_)?(?:(?:unit|integration)?tests?|specs?|__tests__|fixtures?|testdata|mocks?|e2e|examples?|docs?)/|(?:^|[/_.])test[_.]|conftest|locustfile"
)

FILLS_IN = regex(
    r"envsubst|\bsed\b|gomplate|\beval\b|dockerize|confd|consul-template|\btpl\b|\bcat\b\s*<<|\bvault\b|jinja|erb\b"
)
"""Commands that may put values in the place of variables in a file."""


def is_test_path(path: str) -> bool:
    """Whether a file belongs to tests, fixtures, samples or pages, and not to what runs."""
    return bool(_TEST_PATH.search(without_package(path))) or is_named_for_tests(path)


_ENVIRONMENTS = {
    **dict.fromkeys(("dev", "development", "local", "minikube", "kind", "k3d", "sandbox", "playground"), EnvironmentClass.DEV),
    **dict.fromkeys(("devcontainer", "ddev", "vagrant", "vscode"), EnvironmentClass.DEV),
    **dict.fromkeys(("test", "tests", "testing", "ci", "e2e"), EnvironmentClass.TEST),
    **dict.fromkeys(("demo", "example", "examples", "sample", "samples"), EnvironmentClass.EXAMPLE),
    **dict.fromkeys(("stage", "staging", "stg", "qa", "uat", "preprod"), EnvironmentClass.STAGING),
    **dict.fromkeys(("prod", "production", "prd", "live"), EnvironmentClass.PRODUCTION),
}
_BEFORE_PRODUCTION = regex(r"(?<![a-z0-9])pre[-_ ]?prod(?:uction)?(?![a-z0-9])")


def path_environment(path: str) -> EnvironmentClass:
    """Return what the names of a file and its folders say that it is for; base when they say nothing or contradict."""
    words = re.split(r"[^a-z0-9]+", _BEFORE_PRODUCTION.sub("preprod", path.lower()))
    found = {_ENVIRONMENTS[word] for word in words if word in _ENVIRONMENTS}
    return next(iter(found)) if len(found) == 1 else EnvironmentClass.BASE


def may_run_in_production(fact: CodeFact) -> bool:
    """Whether the entries of a program may reach the place of a fact, and its path says nothing of tests or development."""
    path = fact.location.path
    return fact.reachable is not False and not is_test_path(path) and path_environment(path) not in TRIED


def is_generated(project: Project, path: str) -> bool:
    """Whether a command of the project makes the file or folder at `path`."""
    name = path.rstrip("/")
    return any(
        _makes(command, name) or (_makes_beside(command, name) and bool(_makers(command))) for command in project.commands
    )


def _makers(command: Command) -> set[str]:
    return {match[0] for match in _MAKERS.finditer(_PACKAGES.sub("", command.text))}


def _makes(command: Command, name: str) -> bool:
    """Whether a command that makes files names the path, and not only as what it copies from or installs packages by."""
    if name not in command.text:
        return False
    makers = _makers(command)
    if makers - {"cp", "mv"}:
        return True
    parts = (part.partition(" #")[0].split() for part in _NEXT_COMMAND.split(command.text) if makers)
    return any(words and name in words[-1] for words in parts)


def _makes_beside(command: Command, name: str) -> bool:
    """Whether a command of a folder above a path, the root left out, names the path as it is seen from there at its end, or
    makes such a folder.
    """
    folder = posixpath.dirname(command.location.path)
    if not folder or not name.startswith(f"{folder}/"):
        return False
    wanted = name.removeprefix(f"{folder}/")
    for part in _NEXT_COMMAND.split(command.text):
        words = [word.strip("\"'").removeprefix("./").rstrip("/") for word in part.split()]
        if wanted in words and (words[-1] == wanted or "mkdir" in words):
            return True
    return False


@remembered
def stacks_by_env_file(project: Project) -> dict[str, list[Stack]]:
    """Return the stacks of which a service gets its variables from each env file, by its path."""
    found: dict[str, list[Stack]] = {}
    for stack in project.stacks:
        for path in dict.fromkeys(path for service in stack.services for path, _ in service.env_files):
            found.setdefault(path, []).append(stack)
    return found


def has_submodules(project: Project) -> bool:
    """Whether parts of the tree live in other repositories, so that a missing folder says nothing."""
    return project.exists(".gitmodules")


# --- texts of a service -----------------------------------------------------------------------------------------------


def store_port_is_open(service: Service) -> bool:
    """Whether a store publishes a port on all interfaces of the host, at a number that stays the same."""
    return service.is_datastore and any(port.host_ip in ALL_INTERFACES and not port.drawn for port in service.ports)


_OF_CODE = ("/app", "/usr/src", "/usr/app", "/src", "/code", "/work", "/var/www", "/srv", "/home")
"""Folders of an image that people keep their code in."""


def mounts_source(service: Service) -> bool:
    """Whether the sources are mounted over what is built from them, as people do who develop in the container: the context, or
    the folder of the application in it, where its Dockerfile stands.
    """
    made = service.made
    if made is None or made.context is None:
        return False
    context = posixpath.normpath(made.context or ".")
    folder = posixpath.dirname(made.dockerfile or "")
    for mount in service.mounts:
        source = posixpath.normpath(mount.resolved or ".") if mount.kind == "bind" and mount.resolved is not None else None
        if source == context or (source is not None and source == folder and mount.target.startswith(_OF_CODE)):
            return True
    return False


# --- what an application depends on -----------------------------------------------------------------------------------


def sensitive_references(stack: Stack) -> dict[str, Location]:
    """Return the variables of a stack whose name says that they are secrets, each with its first place."""
    found: dict[str, Location] = {}
    for service in stack.services:
        for scalar in scalars_in(service.node):
            for reference in scalar.references:
                if is_sensitive_name(reference.name):
                    found.setdefault(reference.name, scalar.location)
    return found


def has_resource(project: Project, pattern: str) -> Location | None:
    """Return the first resource of the infrastructure code or the manifests whose type matches, or None; one in a template
    of a chart that renders nothing only where there is no other.
    """
    idle = None
    for file in project.infrastructure:
        place = next((place for kind, _, place in file.resources if re.search(pattern, kind)), None)
        if place is not None and not renders_nothing(project, file.path):
            return place
        idle = idle or place
    return idle


# --- names of secrets -------------------------------------------------------------------------------------------------

_SECRET_END = regex(
    r"(?:passw(?:or)?d|pass|pwd|passphrase|secret|token|credentials?|salt|secret[_-]?key[_-]?base|dsn"
    r"|(?:api|private|access|encryption|signing|master|secret)[_-]?key)$",
    re.IGNORECASE,
)
_ABOUT_A_SECRET = regex(r"(?:^|[_-])per[_-]|^(?:existing|use|create|enable|auto)(?=[A-Z_-])")


def holds_a_secret(name: str) -> bool:
    """Whether a key of infrastructure code holds a secret and not the name of one, its price, its kind or a claim in it."""
    return is_sensitive_name(name) and bool(_SECRET_END.search(name)) and not _ABOUT_A_SECRET.search(name)
