"""CMP020: what a service starts is not in the image that is built for it, or the image starts nothing."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from scaffold.gaps.compose.image_content import Copy, clean, copies_of, copy_words, holds
from scaffold.gaps.compose.refused_options import refused_option
from scaffold.gaps.facts import final_stages, judged_stacks, root_image
from scaffold.gaps.image.builds import environment_of
from scaffold.gaps.image.img013_copied_path_missing import missing_copies
from scaffold.model.compose import Mount, Service, Stack
from scaffold.model.document import Location, find, text_of
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Cause, EnvironmentClass, Layer, Severity, closest_to_production
from scaffold.model.project import Dockerfile, Instruction, Project
from scaffold.model.regex import regex
from scaffold.model.starting import is_below, start_of
from scaffold.model.values import ImageReference

_LANGUAGES = frozenset({"python", "node", "ruby", "php", "pypy"})
"""Official images that hold a language and nothing of the project."""
_PROMPTS = frozenset({*_LANGUAGES, "debian", "ubuntu", "alpine", "golang", "rust", "openjdk", "eclipse-temurin"})
"""Images that start a shell or the prompt of their language, which ends at once without a terminal."""
_MODULE = regex(
    r"\bcelery\b[^;&|]*?\s(?:-A|--app)[= ](?P<celery>[A-Za-z_][\w.]*)"
    r"|\b(?:uvicorn|hypercorn|daphne|gunicorn|granian)\s(?:[^;&|]*?\s)?(?P<server>[A-Za-z_][\w.]*):\w+"
    r"|\bpython3?\s+(?:-[uOB]\s+)*-m\s+(?P<module>[A-Za-z_][\w.]*)"
)
_FILE = regex(r"\b(?:python3?|node|ruby|php)\s+(?:-[uOB]\s+)*(?P<file>(?:\./)?\w[\w./-]*\.(?:py|js|mjs|cjs|rb|php))(?=\s|$)")
_ASKS_FILE = regex(r"(?:\[|\btest)\s+(?:!\s+)?-[efrsd]\s")
_OPENS_BLOCK = regex(r"(?:if|case|for|while|until|function)\s(?!.*;\s*(?:fi|esac|done)\s*$)|\w+\s*\(\)\s*\{?$")
_CLOSES_BLOCK = regex(r"(?:fi|esac|done|\})(?:\W|$)")
_ENDINGS = (".py", ".js", ".mjs", ".cjs", ".rb", ".php")
_CODE = (*_ENDINGS, ".ts", ".tsx", ".jsx", ".go", ".ex", ".rs", ".zig", ".java", ".kt", ".cs", ".html")
_PYTHON_PATH = regex(r"\bPYTHONPATH[= ](?P<value>\"[^\"]*\"|'[^']*'|\S+)")
_MOVES = regex(r"(?:^|[\s;&|\"'])cd\s|--app-dir|--chdir|--workdir")
"""Words after which names are looked for elsewhere."""
_BRINGS_MORE = regex(
    r"\b(?:git\s+clone|svn|curl|wget|tar|unzip|rsync|cp|mv|ln|install\s+-[DmdC])\b|\buv\s+(?:sync|build)\b"
    r"|\b(?:poetry|pdm|composer)\s+(?:install|create-project)\b|\bpip3?\b[^;&|]*\sinstall\b[^;&|]*\s\.(?:\[|\s|/|$)|\bsetup\.py\b"
    r"|\bbuild\b|\bcompile\b|\btsc\b"
)
"""What may put code of the project into an image beside COPY."""
_INSTALLS = regex(
    r"\buv\s+(?:sync|build)\b|\b(?:poetry|pdm|hatch|flit)\s+(?:install|build|sync)\b|\bsetup\.py\b|-m\s+build\b"
    r"|\bpip3?\b[^;&|]*\s(?:install|wheel)\b[^;&|]*\s(?:-e\s*)?\.{1,2}(?:\[|\s|/|$)"
    r"|\bpip3?\b[^;&|]*\sinstall\b[^;&|]*(?:/wheels?\b|\*\.whl|/\*|\sdist/|(?<!-r)(?<!-c)(?<!=)\s/(?:app|src|build|opt|code|tmp)\b)"
)
"""Steps of any stage that make a package of the project, which then may lie among the libraries of the image."""
_PARTS = regex(r"&&|\|\||[;\n]")
_PUTS = frozenset({"cp", "mv", "ln"})
_INSTALLER = regex(r"\b(?:curl|wget)\b[^;&]*\|\s*(?:ba|z)?sh\b")
"""What fetches the installer of a tool and runs it, which puts no code of the project anywhere."""
_ELSEWHERE = regex(r"\s-C\s+/|--directory[= ]/|docker-php-ext|\bapt-get\b|\bapk\b")
"""Words of steps that unpack or install somewhere else than where the image works."""


@frozen
class _Built:
    """A service whose image is built here, with what the image takes from its context."""

    stack: Stack
    service: Service
    dockerfile: Dockerfile
    target: str
    context: str
    copies: tuple[Copy, ...]

    def steps(self) -> Iterator[Instruction]:
        """Yield the instructions of the image in their order."""
        for stage in reversed(final_stages(self.dockerfile, self.target)):
            yield from stage.instructions


@frozen
class _Start:
    """What a command starts: how it is written, and the places in the image of which one has to exist."""

    text: str
    places: tuple[str, ...]
    location: Location


@frozen
class _Found:
    """A fault of one service; those of one Dockerfile in the same words are one finding."""

    built: _Built
    subject: str
    what: str
    location: Location
    mount: Mount | None = None

    @property
    def severity(self) -> Severity:
        """High where the service cannot start, medium where a mount of the checkout lets it, or one step of a script fails."""
        return Severity.HIGH if self.mount is None and not self.subject.startswith("script/") else Severity.MEDIUM


def _detect(project: Project) -> Iterator[Gap]:
    groups: dict[tuple[str, str, str], list[_Found]] = {}
    for stack in judged_stacks(project):
        for built in _built(project, stack) if stack.is_runnable_in_production and stack.complete else ():
            found = _fault(project, built)
            if found:
                groups.setdefault((built.dockerfile.path, found.subject, found.what), []).append(found)
    for group in groups.values():
        worst = max(found.severity for found in group)
        yield _gap([found for found in group if found.severity is worst], worst)


def _built(project: Project, stack: Stack) -> Iterator[_Built]:
    for service in stack.services:
        dockerfile = project.image_of(service)
        build = service.made
        if dockerfile is None or build is None or build.context is None or not service.runs_own_image or service.profiles:
            continue
        if environment_of(project, dockerfile) not in {EnvironmentClass.DEV, EnvironmentClass.TEST}:
            copies = tuple(copies_of(dockerfile, build.target, build.context))
            yield _Built(stack, service, dockerfile, build.target, build.context, copies)


def _fault(project: Project, built: _Built) -> _Found | None:
    service = built.service
    if next(missing_copies(project, built.stack, service), None) is not None:  # IMG013: there is no image.
        return None
    ends = _ends_at_once(project, built)
    if ends is not None:
        return ends
    is_known = _is_known(built)
    start = _start(built) if is_known else None
    if start is not None:
        mount = _mount_over(service, start)
        # A volume that is no folder of the repository may hold anything.
        if (mount is not None and mount.resolved is None) or not _is_missing(project, built, start):
            return None
        return _Found(built, f"command/{start.text}", start.places[-1], start.location, mount)
    called = _called(project, built) if is_known else None
    if called is not None:
        return _Found(built, f"script/{called.text}", called.places[-1], called.location)
    source = _only_source(project, built) if service.is_application else None
    return _Found(built, "source", "", source.location, source) if source else None


# --- nothing to start -------------------------------------------------------------------------------------------------


def _ends_at_once(project: Project, built: _Built) -> _Found | None:
    if _starts_nothing(project, built):
        return _Found(built, "command/none", "", built.service.location)
    refused = refused_option(project, built.service, built.dockerfile, built.target)
    return _Found(built, "shell/pipefail", "", refused) if refused is not None else None


def _starts_nothing(project: Project, built: _Built) -> bool:
    """Whether neither Compose nor the Dockerfile names a command over a base that only gives a prompt."""
    service, base = built.service, root_image(built.dockerfile, built.target)
    has_terminal = any(text_of(service.node.get(key)) == "true" for key in ("tty", "stdin_open"))
    if service.command or service.entrypoint or has_terminal or base is None or _official(base) not in _PROMPTS:
        return False
    # PHP's FPM and Apache variants serve.
    if base.name == "php" and any(word in base.tag for word in ("fpm", "apache")):
        return False
    if any(built.dockerfile.effective(keyword, built.target) is not None for keyword in ("CMD", "ENTRYPOINT")):
        return False
    files = built.stack.files
    larger = (other for other in project.stacks if other.files[: len(files)] == files and other.files != files)
    return not any((found := other.service(service.name)) and (found.command or found.entrypoint) for other in larger)


def _official(image: ImageReference) -> str:
    return "" if image.registry else image.repository.removeprefix("library/")


# --- what is started --------------------------------------------------------------------------------------------------


def _is_known(built: _Built) -> bool:
    """Whether the image comes from a language's own one, and nothing but COPY puts code of the project into it."""
    every = (item for stage in built.dockerfile.stages for item in stage.instructions if item.keyword == "RUN")
    if not _is_language(built) or any(_INSTALLS.search(item.text) for item in every):
        return False
    return not any(item.keyword == "RUN" and _BRINGS_MORE.search(item.text) for item in built.steps())


def _is_language(built: _Built) -> bool:
    base = root_image(built.dockerfile, built.target)
    return base is not None and _official(base) in _LANGUAGES


def _start(built: _Built) -> _Start | None:
    """Return what the command of a service starts, or None where that cannot be told."""
    service = built.service
    folder = text_of(find(service.node, "working_dir")) or _work_folder(built)
    command = built.dockerfile.effective("CMD", built.target)
    if service.command:
        words, place = " ".join(service.command), service.command_location or service.location
    elif command is not None and not service.entrypoint:
        words, place = " ".join(command.argv) or command.text, command.location
    else:
        return None
    if not folder or "$" in folder or _MOVES.search(words):
        return None
    module = _MODULE.search(words)
    name = next((value for value in module.groupdict().values() if value), "") if module else ""
    if name:
        roots = dict.fromkeys((folder, *_python_path(built, folder)))
        path = name.replace(".", "/")
        places = tuple(clean(posixpath.join(root, path + end)) for root in roots for end in ("", ".py"))
        return _Start(name, places, place)
    file = _FILE.search(words)
    return _Start(file["file"], (clean(posixpath.join(folder, file["file"])),), place) if file else None


def _called(project: Project, built: _Built) -> _Start | None:
    """Return the first file of this project that a script of the start runs by its name, and that the image lacks."""
    start, folder = start_of(project, built.service), text_of(find(built.service.node, "working_dir")) or _work_folder(built)
    if start is None or not folder or "$" in folder or any(_MOVES.search(line) for line, _ in start.lines):
        return None
    depth = 0
    for line, place in start.lines[1:]:
        depth += bool(_OPENS_BLOCK.match(line)) - bool(_CLOSES_BLOCK.match(line))
        file = _FILE.match(line) if depth == 0 else None
        name = file["file"] if file else ""
        # A script that asks for the file first can do without.
        if not name or any(_ASKS_FILE.search(other) and name.rpartition("/")[2] in other for other, _ in start.lines):
            continue
        found = _Start(name, (clean(posixpath.join(folder, name)),), place)
        if _mount_over(built.service, found) is None and _is_missing(project, built, found):
            return found
    return None


def _work_folder(built: _Built) -> str:
    """Return where the image works, "" where only its base says so."""
    folder = ""
    for item in built.steps():
        if item.keyword == "WORKDIR":
            folder = posixpath.join(folder or "/", item.text.strip().strip("\"'"))
    return folder


def _python_path(built: _Built, folder: str) -> Iterator[str]:
    texts = [item.text for item in built.steps() if item.keyword == "ENV"]
    values = [match["value"].strip("\"'") for text in texts for match in _PYTHON_PATH.finditer(text)]
    entry = built.service.env("PYTHONPATH")
    values += [entry.value] if entry and entry.value else []
    for part in (part for value in values for part in value.split(":")):
        if part and "$" not in part:
            yield clean(posixpath.join(folder, part))


def _is_missing(project: Project, built: _Built, start: _Start) -> bool:
    """Whether nothing puts what is started into the image, although it is code of this project."""
    if any(holds(project, built.copies, place) or _may_come_from_stage(built, place) for place in start.places):
        return False
    if start.text.endswith(_ENDINGS):
        names = {start.text.removeprefix("./")}
    else:
        path = start.text.replace(".", "/")
        names = {f"{path}.py", f"{path}/__init__.py"}
    inside = (path for path in project.files if is_below(path, built.context))
    return any(path == name or path.endswith(f"/{name}") for path in inside for name in names)


def _may_come_from_stage(built: _Built, place: str) -> bool:
    """Whether a copy from another stage or image may hold the place: it writes there or above it."""
    folder = "/"
    for item in built.steps():
        if item.keyword == "WORKDIR":
            folder = posixpath.join(folder, item.text.strip().strip("\"'"))
        elif item.keyword == "COPY" and any(flag.startswith("--from") for flag in item.flags):
            destination = clean(posixpath.join(folder, (copy_words(item) or ["."])[-1]))
            if "$" in destination or is_below(place.lstrip("/"), destination.lstrip("/")):
                return True
    return False


def _mount_over(service: Service, start: _Start) -> Mount | None:
    """Return the mount that lies over a place of what is started, or None."""
    over = (
        mount
        for mount in service.mounts
        for place in start.places
        if mount.target and is_below(place.lstrip("/"), mount.target.strip("/"))
    )
    return next(over, None)


# --- an image without code --------------------------------------------------------------------------------------------


def _only_source(project: Project, built: _Built) -> Mount | None:
    """Return the mount of a folder of the repository that is all the code of an image which copies none, or None."""
    folder = _work_folder(built)
    base = root_image(built.dockerfile, built.target)
    if not folder or base is None or _official(base) not in _PROMPTS | _LANGUAGES:
        return None
    if any(_may_hold_code(project, copy) for copy in built.copies):
        return None
    if any(item.keyword == "RUN" and _fetches(item.text, folder) for item in built.steps()):
        return None
    if _may_come_from_stage(built, folder) or _is_built_elsewhere(project, built):
        return None
    return next((mount for mount in built.service.mounts if _is_source(project, mount, folder)), None)


def _is_source(project: Project, mount: Mount, folder: str) -> bool:
    inside = mount.resolved is not None and (mount.resolved in project.directories or mount.resolved in {"", "."})
    return mount.kind == "bind" and inside and is_below(folder.lstrip("/"), mount.target.strip("/"))


def _fetches(text: str, folder: str) -> bool:
    """Whether a step may bring code into the folder: one that downloads or copies, and names it or no other place."""
    parts = [part for part in _PARTS.split(text) if not _puts_elsewhere(part, folder) and not _INSTALLER.search(part)]
    return any(_BRINGS_MORE.search(part) for part in parts) and (folder in text or not _ELSEWHERE.search(text))


def _puts_elsewhere(command: str, folder: str) -> bool:
    """Whether a command copies, moves or links to an absolute path that is neither in the folder nor above it."""
    words = command.split()
    target = clean(words[-1]).lstrip("/") if len(words) > 2 and words[0] in _PUTS and words[-1].startswith("/") else ""
    inside = folder.lstrip("/")
    return bool(target) and "$" not in target and not is_below(target, inside) and not is_below(inside, target)


def _may_hold_code(project: Project, copy: Copy) -> bool:
    """Whether a copy brings more than settings and lists of packages."""
    if copy.source in project.directories:
        return any(is_below(path, copy.source) and path.endswith(_CODE) for path in project.files)
    return copy.source == "." or bool(set(copy.source) & set("*?[$")) or copy.source.endswith(_CODE)


def _is_built_elsewhere(project: Project, built: _Built) -> bool:
    """Whether another Dockerfile copies whole folders: this one may then be the one to develop with."""
    others = (item for item in project.dockerfiles if item.path != built.dockerfile.path)
    return any(
        _may_hold_code(project, copy) for other in others for copy in copies_of(other, "", posixpath.dirname(other.path))
    )


# --- gaps -------------------------------------------------------------------------------------------------------------


def _gap(group: list[_Found], severity: Severity) -> Gap:
    first = group[0]
    names = tuple(dict.fromkeys(found.built.service.name for found in group))
    message, expected, actual = _words(first, " and ".join(names), "s" if len(names) == 1 else "")
    mounts = (found.mount.location for found in group if found.mount and found.location != found.mount.location)
    image = (
        *(copy.location for copy in first.built.copies),
        *(stage.location for stage in first.built.dockerfile.stages[-1:]),
    )
    return RULE.gap(
        resource=first.built.dockerfile.path,
        subject=first.subject,
        cause=Cause.PROJECT if first.subject == "source" else None,
        message=message,
        expected=expected,
        actual=actual,
        locations=tuple(dict.fromkeys(found.location for found in group)),
        related=tuple(dict.fromkeys((*mounts, *image))),
        severity=severity,
        environment=closest_to_production(found.built.stack.environment for found in group),
    )


def _words(found: _Found, names: str, end: str) -> tuple[str, str, str]:
    """Return message, what is expected and what is there; `end` is the ending of a verb."""
    path = found.built.dockerfile.path
    source = found.mount.source if found.mount else ""
    if found.subject == "command/none":
        return (
            f"{names} start{end} nothing: neither Compose nor {path} names a command, and the base image only gives a prompt, "
            "which ends at once.",
            f"CMD in {path}",
            "no command",
        )
    if found.subject == "shell/pipefail":
        return (
            f"{names} start{end} with {found.location.path}, which is for sh, and the sh of {path} is dash, which refuses"
            " `set -o pipefail`: the container ends with that line, at each start.",
            "#!/bin/bash in the first line, or `set -eu` alone",
            "set -o pipefail under #!/bin/sh",
        )
    if found.subject == "source":
        return (
            f"{path} copies no code: {names} run{end} what lies on the host ({source}), so there is no image that can be "
            "tested, deployed or rolled back.",
            "COPY of the source in the Dockerfile, and the mount for development alone",
            "a bind mount is all of the code",
        )
    if found.subject.startswith("script/"):
        what = found.subject.removeprefix("script/")
        return (
            f"{names} run{end} {what} ({found.location.path}:{found.location.line}), and {path} puts nothing at {found.what}: "
            "that step fails at each start.",
            f"a COPY that puts {what} there",
            "no copy",
        )
    what = found.subject.removeprefix("command/")
    effect = f"only the checkout on the host ({source}) supplies it, and the image alone does not start"
    return (
        f"{names} start{end} {what}, and {path} puts nothing at {found.what}: {effect if source else 'that fails at once'}.",
        f"a COPY that puts {what} there",
        "a bind mount of the source" if source else "no copy",
    )


RULE = Rule(
    code="CMP020",
    name="command-not-in-image",
    layer=Layer.COMPOSE,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Copy the source in the Dockerfile to where the command looks for it, build the image, and run it once without any "
            "mount; keep the bind mount in docker-compose.override.yml.",
        ),
    ),
)
