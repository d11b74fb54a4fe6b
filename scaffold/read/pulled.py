"""What the images that services pull are built from, where a workflow, another stack or a script makes them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import islice, product

from scaffold.model.compose import Build, Service, Stack
from scaffold.model.document import Location
from scaffold.model.frozen import changing, frozen
from scaffold.model.known import folders_above
from scaffold.model.names import TRIED
from scaffold.model.probes import known_image
from scaffold.model.project import Command, Dockerfile, Job, Step, Workflow
from scaffold.model.published_images import BUILD_ACTIONS, built_from
from scaffold.model.regex import regex
from scaffold.model.workflow_matrix import legs

_ANY, _REPOSITORY = "*", "{repository}"
"""A part of a name that nobody can tell here, and the part that is called as the repository."""
_OF_ANYBODY = frozenset(
    {
        *(
            "postgres",
            "postgresql",
            "mysql",
            "mariadb",
            "mongo",
            "mongodb",
            "redis",
            "valkey",
            "memcached",
            "rabbitmq",
            "kafka",
        ),
        *("nginx", "traefik", "caddy", "haproxy", "envoy", "minio", "vault", "keycloak", "elasticsearch", "opensearch"),
        *("grafana", "prometheus", "loki", "alertmanager", "certbot", "cloudflared", "watchtower", "portainer", "adminer"),
        *("pgadmin", "pgadmin4", "phpmyadmin", "mailhog", "mailpit", "node", "python", "php", "golang", "alpine", "ubuntu"),
    }
)
"""Names under which others publish images as well: the owner has to be the same."""
_ENV = regex(r"\$\{\{\s*env\.(?P<name>\w+)\s*\}\}")
_OF_GITHUB = regex(r"\$\{\{(?P<what>[^}]{0,2000})\}\}")
_OUTPUT = regex(r"\$\{\{\s*steps\.(?P<id>[\w-]+)\.outputs\.(?P<name>[\w-]+)\s*\}\}")
_EXPORTS = regex(
    r"\becho\s+[\"']?(?P<name>[\w-]+)=(?P<value>[^\n]{1,600}?)[\"']?\s*>>\s*[\"']?\$\{?GITHUB_(?P<where>ENV|OUTPUT)",
    words=("GITHUB_",),
)
"""A line by which a step hands a value to the steps after it."""
_LOWERS = regex(
    r"\$\(\s*(?:echo|printf)\s+(?:-n\s+|'%s'\s+)?[\"']?(?P<inner>[^|'\"()]{1,300}?)[\"']?\s*\|\s*(?:tr|awk|sed)\b[^()\n]{0,100}(?:\(\))?[^()\n]{0,40}\)"
)
"""A name in small letters, as registries want it."""
_SHELL = regex(
    r"\$\{(?P<braced>\w+)(?:,,|\^\^|:?[-=?+][^}]{0,200})?\}|\$(?P<bare>\w+)|\$\([^)]{0,2000}\)|\$\{[^}]{0,2000}\}|`[^`]{0,2000}`"
)
_OWN = regex(r"\$\{?(?P<name>[A-Za-z_]\w*)(?:,,)?\}?")
_MADE_BY = regex(r"\$\{\{\s*steps\.(?P<id>[\w-]+)\.outputs\.")
_OUTPUT_NAME = regex(r"(?:^|[,\"])name=(?P<names>[^,\s\"]+)")
_BUILDS = regex(
    r"\b(?:(?:docker|podman|nerdctl)\s+(?:buildx\s+|image\s+|builder\s+)?build|buildah\s+(?:bud|build)|az\s+acr\s+build)\s+"
    r"(?P<words>[^\n;&|]{1,4000})",
    words=("bud", "build"),
)
_TAGS = regex(
    r"\b(?:docker|podman|nerdctl)\s+(?:image\s+)?tag\s+[\"']?(?P<old>[^\s\"']+)[\"']?\s+[\"']?(?P<new>[^\s\"';&|]+)",
    words=("tag",),
)
_GOES = regex(r"(?:^|&&|;|\()\s*(?:cd|pushd)\s+[\"']?(?P<folder>[^\s\"';&|)]+)")
_SETS = regex(r"^\s*(?:export\s+|readonly\s+|local\s+)?(?P<name>[A-Za-z_]\w*)=[\"']?(?P<value>[^\s\"';&|]{1,300})[\"']?\s*$")
_LOOPS = regex(r"^\s*for\s+(?P<name>\w+)\s+in\s+(?P<values>[\w./ \t-]{1,400}?)\s*(?:;.*)?$")
_WITH_VALUE = frozenset(
    {
        *("-t", "--tag", "-f", "--file", "--target", "--build-arg", "--platform", "--cache-from", "--cache-to", "--progress"),
        *("--network", "--label", "--secret", "--output", "-o", "--builder", "-r", "--registry", "--image", "--metadata-file"),
        *("--iidfile", "--ssh", "--add-host", "--memory", "-m", "--shm-size", "--ulimit", "--annotation", "--build-context"),
        *("--provenance", "--attest", "--sbom", "--isolation", "--cpu-shares", "--cpuset-cpus", "--resource-group", "-g"),
        *("--authfile", "--format", "--jobs", "--subscription", "--only-show-errors"),
    }
)
"""Options of a build that are followed by their value."""
_NAMES = frozenset({"-t", "--tag", "--image"})
_MOST_LEGS, _LONGEST = 32, 1_000
_RUN_BY = frozenset({"script", "makefile", "package", "playbook", "doc"})
_OF_DEVELOPMENT = regex(r"(?:^|[._/-])(?:dev|devel|development|local|test|debug)(?:[._/-]|$)", re.IGNORECASE)


@frozen
class _Made:
    """A name under which an image is made, in parts without the registry, its tag, and what it is built from."""

    parts: tuple[str, ...]
    tag: str
    build: Build

    @property
    def source(self) -> tuple[str | None, str | None, str]:
        return self.build.dockerfile, self.build.context, self.build.target


@changing
class _Known:
    """Where the names are looked for, one kind of place after the other; each kind is read when it is asked first."""

    kinds: list[Callable[[], Iterator[_Made]]]
    repository: tuple[str, ...]
    tables: list[dict[str, list[_Made]]]

    def named(self, last: str) -> Iterator[list[_Made]]:
        """Yield what each kind of place makes under names that end so."""
        for number, kind in enumerate(self.kinds):
            if number == len(self.tables):
                self.tables.append(self._table(kind()))
            yield self.tables[number].get(last, [])

    def _table(self, found: Iterator[_Made]) -> dict[str, list[_Made]]:
        table: dict[str, list[_Made]] = {}
        for made in islice(found, 2_000):
            for parts in self._called(made.parts):
                if parts[-1]:
                    table.setdefault(parts[-1], []).append(replace(made, parts=parts))
        return table

    def _called(self, parts: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        if not any(_REPOSITORY in part for part in parts):
            yield parts
            return
        for name in self.repository:
            yield tuple(part.replace(_REPOSITORY, name) for part in parts)


def with_pulled(
    stacks: tuple[Stack, ...],
    workflows: tuple[Workflow, ...],
    commands: tuple[Command, ...],
    images: tuple[Dockerfile, ...],
    repository: Iterable[str],
) -> tuple[Stack, ...]:
    """Return the stacks with what the images are built from that services pull, where the repository makes them in one way.

    `repository` are the names by which the repository may be called.
    """
    if not images or not any(_pulls(service) for stack in stacks for service in stack.services):
        return stacks
    paths = frozenset(image.path for image in images)
    makers = _Makers(paths)
    names = tuple(dict.fromkeys(name.lower() for name in repository if name))
    kinds: list[Callable[[], Iterator[_Made]]] = [
        lambda: makers.of_workflows(workflows),
        lambda: _of_stacks(stacks),
        lambda: makers.of_commands(commands),
    ]
    known = _Known(kinds, names, [])
    twins = _Twins(stacks, paths)
    return tuple(_with_builds(stack, known, twins) for stack in stacks)


def _pulls(service: Service) -> bool:
    image = service.image
    return service.build is None and image is not None and known_image(image) is None and image.repository not in _OF_ANYBODY


def _with_builds(stack: Stack, known: _Known, twins: _Twins) -> Stack:
    services = tuple(
        replace(service, pulled=build)
        if _pulls(service) and (build := _build_of(service, known) or twins.of(stack, service))
        else service
        for service in stack.services
    )
    return replace(stack, services=services) if any(service.pulled for service in services) else stack


def _build_of(service: Service, known: _Known) -> Build | None:
    """Return what the image of a service is built from, by the first kind of place that makes it, None for several ways."""
    image = service.image
    if image is None:
        return None
    parts = tuple(part.lower() or _ANY for part in image.repository.split("/"))
    for number, named in enumerate(known.named(parts[-1])):
        found = [made for made in named if _is_same(parts, made.parts)]
        if not found and number == 0 and len(parts) > 1 and parts[-1] in known.repository:
            # The one image whose name the workflows work out is called like the repository.
            found = known.tables[0].get(_ANY, [])
        if found:
            return _only(found, image.tag)
    return None


def _is_same(parts: tuple[str, ...], made: tuple[str, ...]) -> bool:
    """Whether an image that is pulled may be the one that is made: what nobody can tell may be anything."""
    if parts == made:
        return True
    if _ANY not in parts + made or parts[-1] in _OF_ANYBODY or len(parts) < 2 <= len(made):
        return False
    if len(parts) == len(made):
        return all(one == other or _ANY in {one, other} for one, other in zip(parts, made, strict=True))
    # An unknown first part may be the registry, or registry and owner together.
    inner = made[1:] if made[0] == _ANY else ()
    return bool(inner) and len(parts) >= len(inner) and parts[len(parts) - len(inner) :] == inner


def _only(found: list[_Made], tag: str) -> Build | None:
    """Return the only way in which an image is made: under the same tag where the tags differ, else not for development."""
    ways = {made.source for made in found}
    if len(ways) > 1:
        same = [made for made in found if tag and made.tag == tag]
        found = same or [made for made in found if not _OF_DEVELOPMENT.search(f"{made.build.dockerfile}/{made.build.target}")]
        ways = {made.source for made in found}
    if len(ways) != 1:
        return None
    args = [made.build.args for made in found]
    common = tuple(item for item in args[0] if all(item in other for other in args))
    return replace(found[0].build, args=common, written_args=common)


def _of_stacks(stacks: tuple[Stack, ...]) -> Iterator[_Made]:
    """Yield the images that services build, those of stacks for tries last."""
    for stack in sorted(stacks, key=lambda item: item.environment in TRIED):
        for service in stack.services:
            build, image = service.build, service.image
            if build is None or image is None or build.dockerfile is None:
                continue
            if not _OF_DEVELOPMENT.search(f"{build.dockerfile}/{build.target}"):
                yield _Made(tuple(part.lower() or _ANY for part in image.repository.split("/")), image.tag, build)


@frozen
class _Twins:
    """The services of the other sets of a folder, by their names."""

    stacks: tuple[Stack, ...]
    dockerfiles: frozenset[str]

    def of(self, stack: Stack, service: Service) -> Build | None:
        """Return what the service of the same name of another set is built from, where the image is called after it and its
        folder has one Dockerfile.
        """
        image = service.image
        if image is None or "/" not in image.repository or image.name in _OF_ANYBODY:
            return None
        words = re.split(r"[-_.]", image.name.lower())
        if not set(re.split(r"[-_.]", service.name.lower())) <= set(words):
            return None
        others = (other.service(service.name) for other in self.stacks if other.directory == stack.directory)
        builds = [other.build for other in others if other and other.build and other.image in {None, service.image}]
        ways = {(build.dockerfile, build.context, build.target) for build in builds}
        return builds[0] if len(ways) == 1 and self._is_only(builds[0]) else None

    def _is_only(self, build: Build) -> bool:
        path = build.dockerfile or ""
        folder = path.rpartition("/")[0]
        beside = [other for other in self.dockerfiles if other.rpartition("/")[0] == folder]
        return beside == [path] and not _OF_DEVELOPMENT.search(f"{path}/{build.target}")


# --- names ------------------------------------------------------------------------------------------------------------


def _named(text: str, given: dict[str, str]) -> tuple[tuple[str, ...], str]:
    """Return the parts of a name without its registry, and its tag, "" for none."""
    name = _plain(text, given)
    head, slash, tail = name.partition("@")[0].rpartition("/")
    last, _, tag = tail.partition(":")
    parts = [part.strip() or _ANY for part in f"{head}{slash}{last}".lower().split("/")]
    parts = [
        part if part == _ANY or _ANY not in part or number == len(parts) - 1 else _ANY for number, part in enumerate(parts)
    ]
    if len(parts) > 1 and ("." in parts[0] or ":" in parts[0] or parts[0] == "localhost"):
        del parts[0]
    return tuple(parts), tag


def _plain(text: str, given: dict[str, str]) -> str:
    """Return a text with the variables filled in that have a value here; what nobody can tell is a star."""
    for _ in range(3):
        text = _OF_GITHUB.sub(_of_github, _filled(_LOWERS.sub(lambda match: match["inner"], text), given))
        text = _SHELL.sub(lambda match: _of_shell(match, given), text)[:_LONGEST]
    return text


def _filled(text: str, given: dict[str, str]) -> str:
    """Return a text with the values in it that a workflow gives its variables and that its steps hand on."""
    for _ in range(3):
        text = _ENV.sub(lambda match: given.get(match["name"], match[0]), text)[:_LONGEST]
        text = _OUTPUT.sub(lambda match: given.get(f"{match['id']}.{match['name']}", match[0]), text)[:_LONGEST]
    return text


def _of_shell(match: re.Match[str], given: dict[str, str]) -> str:
    name = match["braced"] or match["bare"] or ""
    if name in given:
        return given[name]
    return f"{_ANY}/{_REPOSITORY}" if name == "GITHUB_REPOSITORY" else _ANY


def _in_one_word(text: str) -> str:
    """Return a script with each expression written without spaces, and the lines that a backslash continues as one."""
    joined = _OF_GITHUB.sub(lambda match: re.sub(r"\s", "", match[0]), text.replace("\\\n", " "))
    return _LOWERS.sub(lambda match: match["inner"], joined)


def _handed_on(job: Job, env: dict[str, str]) -> dict[str, str]:
    """Return the variables of a job with those that its steps hand on: `NAME` for the environment, `id.name` for outputs."""
    found = dict(env)
    for step in job.all_steps:
        if "GITHUB_" in step.run:
            text = _in_one_word(step.run)
            own = {match["name"]: match["value"] for match in map(_SETS.match, text.split("\n")) if match}
            # One variable may be made of another one, and `TAG=$TAG-x` of itself.
            own = {name: _with_own(value, own, name) for name, value in own.items()}
            for match in _EXPORTS.finditer(text):
                value = _with_own(match["value"], own)
                found[match["name"] if match["where"] == "ENV" else f"{step.id}.{match['name']}"] = value
    return found


def _with_own(text: str, own: dict[str, str], besides: str = "") -> str:
    """Return a text with the variables of its own shell filled in, all in one pass: there may be thousands of each."""
    return _OWN.sub(lambda match: match[0] if match["name"] == besides else own.get(match["name"], match[0]), text)[:_LONGEST]


def _of_github(match: re.Match[str]) -> str:
    what = match["what"].strip()
    if what == "github.repository":
        return f"{_ANY}/{_REPOSITORY}"
    return _REPOSITORY if what == "github.event.repository.name" else _ANY


# --- makers -----------------------------------------------------------------------------------------------------------


@frozen
class _Makers:
    """What builds images by the Dockerfiles that are there."""

    dockerfiles: frozenset[str]

    def of_workflows(self, workflows: tuple[Workflow, ...]) -> Iterator[_Made]:
        """Yield what the steps of the workflows build, by the legs of their matrices."""
        for workflow in workflows:
            for job in workflow.jobs:
                if not any(_takes_another_repository(step) for step in job.all_steps):
                    yield from self._of_job(job, dict((*workflow.env, *job.env)))

    def _of_job(self, job: Job, env: dict[str, str]) -> Iterator[_Made]:
        builds = [step for step in job.all_steps if step.action in BUILD_ACTIONS and _may_push(step)]
        env = _handed_on(job, env)
        for step in builds:
            yield from self._of_action(job, step, env, alone=len(builds) == 1)
        for step in job.all_steps:
            if "build" in step.run:
                text = _in_one_word(step.run)
                for run, folder in legs(job, text, step.working_directory) or [(text, step.working_directory)]:
                    lines = [(line, step.run_location or step.location) for line in run.split("\n")]
                    yield from self._of_lines(lines, env | dict(step.env), [posixpath.normpath(folder or ".")])

    def _of_action(self, job: Job, step: Step, env: dict[str, str], *, alone: bool) -> Iterator[_Made]:
        naming = _naming(job, step, alone=alone)
        names = "\n".join((*(f"{item.input('images')}\n{item.input('tags')}" for item in naming), *_outputs(step)))
        texts = (names, step.input("context", "."), step.input("file"), step.input("target"), step.input("build-args"))
        given = env | dict(step.env)
        for called, *inputs in legs(job, *texts) or [texts]:
            context, file, target = (_filled(text, given) for text in inputs[:3])
            path, folder = built_from(context, file)
            if path in self.dockerfiles and "${{" not in target:
                build = _build(path, folder, target, tuple(_pairs(inputs[3])), step.location)
                for name in re.split(r"[\n,]+", called):
                    yield _Made(*_named(name.strip().strip("\"'"), given), build)

    def of_commands(self, commands: tuple[Command, ...]) -> Iterator[_Made]:
        """Yield what scripts, targets and pages build."""
        files: dict[str, list[Command]] = {}
        for command in commands:
            if command.context in _RUN_BY:
                files.setdefault(command.location.path, []).append(command)
        for path, lines in files.items():
            if any(_BUILDS.search(line.text) for line in lines):
                yield from self._of_lines([(line.text, line.location) for line in lines], {}, list(folders_above(path)))

    def _of_lines(self, lines: list[tuple[str, Location]], given: dict[str, str], bases: list[str]) -> Iterator[_Made]:
        """Yield what lines of shell build, which are run in one of some folders."""
        values = {name: [value] for name, value in given.items()}
        place: str | None = ""
        tagged: dict[str, list[str]] = {}
        for line, _ in lines:
            for match in _TAGS.finditer(line):
                tagged.setdefault(match["old"], []).append(match["new"])
        for line, location in lines:
            if assigned := _SETS.match(line):
                values[assigned["name"]] = [assigned["value"]]
            elif looped := _LOOPS.match(line):
                values[looped["name"]] = looped["values"].split()[:_MOST_LEGS]
            for match in _GOES.finditer(line):
                folder = match["folder"]
                is_known = place is not None and not set(folder) & set("$`-~") and not folder.startswith("/")
                place = posixpath.normpath(posixpath.join(place or "", folder)) if is_known else None
            for match in _BUILDS.finditer(line):
                for row in _rows(match["words"], values):
                    yield from self._of_words(match["words"], row, tagged, (place, bases), location)

    def _of_words(
        self,
        words: str,
        given: dict[str, str],
        tagged: dict[str, list[str]],
        where: tuple[str | None, list[str]],
        location: Location,
    ) -> Iterator[_Made]:
        options, context = _options(words)
        names = [name for option, name in options if option in _NAMES]
        names += [new for name in tuple(names) for new in tagged.get(name, ())]
        file = next((value for option, value in options if option in {"-f", "--file"}), "")
        target = next((value for option, value in options if option == "--target"), "")
        context, file, target = (_plain(text, given) for text in (context, file, target))
        if not names or _ANY in context + file + target or context.startswith(("/", "http", "git")) or context == "-":
            return
        found = self._found(where[0], where[1], context, file)
        if found is not None:
            arguments = tuple(_pairs("\n".join(value for option, value in options if option == "--build-arg")))
            build = _build(*found, target, arguments, location)
            for name in names:
                yield _Made(*_named(name, given), build)

    def _found(self, place: str | None, bases: list[str], context: str, file: str) -> tuple[str, str] | None:
        """Return the Dockerfile and the context of a build, from the nearest folder in which both are there."""
        for base in bases if place is not None else ():
            folder = posixpath.normpath(posixpath.join(base, place or "."))
            at = posixpath.normpath(posixpath.join(folder, context))
            path = posixpath.normpath(posixpath.join(folder, file) if file else posixpath.join(at, "Dockerfile"))
            if path in self.dockerfiles and not at.startswith(".."):
                return path, "" if at == "." else at
        return None


def _takes_another_repository(step: Step) -> bool:
    return step.action == "actions/checkout" and bool(
        re.sub(r"\$\{\{\s*github\.repository\s*\}\}", "", step.input("repository"))
    )


def _may_push(step: Step) -> bool:
    return step.input("push", "false") != "false" or "push" in step.input("outputs") or "registry" in step.input("outputs")


def _naming(job: Job, step: Step, *, alone: bool) -> tuple[Step, ...]:
    """Return the steps that name what a step builds: those whose tags it takes, or all where it is the only one."""
    ids = set(_MADE_BY.findall(f"{step.input('tags')} {step.input('outputs')}"))
    before = job.all_steps[: next(number for number, item in enumerate(job.all_steps) if item is step)]
    # Called workflows may have steps of the same id: the nearest one before it is of its own.
    nearest = {item.id: item for item in before if item.id in ids and item.input("images")}
    by_id = tuple(nearest.values())
    if by_id or not alone:
        return (step, *by_id)
    return job.all_steps


def _outputs(step: Step) -> list[str]:
    return [match["names"] for match in _OUTPUT_NAME.finditer(step.input("outputs"))]


def _build(path: str, context: str, target: str, arguments: tuple[tuple[str, str], ...], location: Location) -> Build:
    return Build(
        context=context,
        dockerfile=path,
        raw_context=context,
        raw_dockerfile=path,
        target=target,
        inline=False,
        remote=False,
        location=location,
        context_location=location,
        dockerfile_location=location,
        args=arguments,
        written_args=arguments,
    )


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for line in text.split("\n"):
        name, sign, value = line.strip().strip("\"'").partition("=")
        if sign and name:
            yield name.strip(), value.strip("\"'")


def _options(words: str) -> tuple[list[tuple[str, str]], str]:
    """Return the options of a build with their values, and its context, "." where none is written."""
    options: list[tuple[str, str]] = []
    context, pending = ".", ""
    for word in words.replace('"', " ").replace("'", " ").split():
        if pending:
            options.append((pending, word))
            pending = ""
        elif word in _WITH_VALUE:
            pending = word
        elif word.startswith("-"):
            name, _, value = word.partition("=")
            options.append((name, value))
        elif not word.startswith((">", "<", "2>", "#")):
            context = word
    return options, context


def _rows(words: str, values: dict[str, list[str]]) -> Iterator[dict[str, str]]:
    """Yield the values of the variables, once for each turn of the loops that a command is in."""
    named = {match["braced"] or match["bare"] for match in _SHELL.finditer(words)}
    looped = {name: found for name, found in values.items() if len(found) > 1 and name in named}
    plain = {name: found[0] for name, found in values.items() if len(found) == 1}
    for row in islice(product(*looped.values()), _MOST_LEGS):
        yield plain | dict(zip(looped, row, strict=True))
