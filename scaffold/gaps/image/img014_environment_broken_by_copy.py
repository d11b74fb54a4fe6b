"""IMG014: a virtual environment of Python is copied to where its programs, or its packages, are not found any more."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping

from scaffold.gaps.compose.image_content import clean, copy_words
from scaffold.gaps.facts import judged_stacks, root_image
from scaffold.gaps.image.builds import environment_of
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import EnvironmentClass, Layer, Severity, closest_to_production
from scaffold.model.project import Dockerfile, Instruction, Project, Stage
from scaffold.model.regex import regex
from scaffold.model.starting import is_below, start_of
from scaffold.model.values import ImageReference

_VARIABLE = regex(r"\$(?:\{(\w+)\}|(\w+))")
_SETS = regex(r"(\w+)=(\"[^\"]*\"|'[^']*'|\S*)")
_MADE = regex(
    r"(?:\bpython[\d.]*\s+-m\s+venv|\bvirtualenv|\buv\s+venv)(?:\s+(?>(?:--python|-p)[ =]\S+|--?[\w-]+(?:=\S+)?))*"
    r"(?:\s+(?P<path>[\w./$\{\}\"-]+))?(?=\s|$|[;&|])"
)
_SYNCED = regex(r"\buv\s+sync\b(?![^;&|\n]*\s--active\b)")
_IN_PROJECT = regex(r"\bpoetry\b[^;&|\n]*\sinstall\b|\bpipenv\s+(?:install|sync)\b|\bpdm\s+(?:install|sync)\b")
_SAYS_IN_PROJECT = regex(
    r"virtualenvs\.in-project[ =]true|(?:POETRY_VIRTUALENVS_IN_PROJECT|PIPENV_VENV_IN_PROJECT)[= ][\"']?(?:1|true)|\bpdm\s",
    re.IGNORECASE,
)
_OTHER = regex(r"relocatable|RELOCATABLE|managed-python|\buv\s+python\s+install\b")
"""Words of environments that may be moved, or whose Python is not that of the image."""
_MOVES = regex(r"(?:^|[\s;&|])cd\s|--directory\b|--project\b")
"""Words after which a step works elsewhere."""
_MENDS = regex(r"\b(?:pip3?|uv|poetry|pipenv|pdm|virtualenv|venv|ln|sed|mv)\b")
"""Steps of the image that may put it right."""
_PROGRAMS = (
    *("uvicorn", "gunicorn", "hypercorn", "daphne", "granian", "waitress-serve", "fastapi", "flask", "django-admin", "celery"),
    *("alembic", "streamlit", "dramatiq", "rq", "arq", "huey_consumer", "taskiq", "pytest", "prefect", "mkdocs", "chainlit"),
)
_CALLED = regex(
    r"(?:^|[;&|(]\s*|\bexec\s+|\bthen\s+|\bdo\s+|\s-\w*c\s+[\"']?|\b(?:tini|dumb-init|gosu\s+\S+|su-exec\s+\S+)\s+(?:-\S+\s+)*|^\S+\.sh\s+)"
    rf"(?:[A-Z_]+=\S+\s+)*(?P<folder>/[\w./-]+/)?(?P<name>{'|'.join(_PROGRAMS)})(?=[\s\"';&|]|$)"
)
_MINOR = regex(r"(?:python)?(?P<minor>3\.\d{1,2})(?:[.-].*)?")
_PACKAGES = regex(r".*/lib/python(?P<minor>3\.\d{1,2})/(?:site|dist)-packages/?")


@frozen
class _Copied:
    """A virtual environment, or a folder of packages, that a step of the image takes from another stage."""

    made: str
    placed: str
    step: Instruction
    origin: Stage
    minor: str = ""
    """The Python whose packages the folder holds, by its name."""


@frozen
class _Fault:
    """What fails of a service: the program that is called, "" for a Python that does not find its packages."""

    program: str
    copied: _Copied
    location: Location
    says: str


def _detect(project: Project) -> Iterator[Gap]:
    groups: dict[tuple[str, str], list[tuple[Stack, Service, Dockerfile, _Fault]]] = {}
    for stack in judged_stacks(project):
        for service in stack.services if stack.is_runnable_in_production and stack.complete else ():
            dockerfile = project.image_of(service)
            if dockerfile is None or not service.runs_own_image or len(dockerfile.stages) < 2:
                continue
            if environment_of(project, dockerfile) in {EnvironmentClass.DEV, EnvironmentClass.TEST}:
                continue
            fault = _fault(project, service, dockerfile)
            if fault:
                groups.setdefault((dockerfile.path, fault.says), []).append((stack, service, dockerfile, fault))
    for group in groups.values():
        yield _gap(group)


def _fault(project: Project, service: Service, dockerfile: Dockerfile) -> _Fault | None:
    target = service.build_target
    chain = dockerfile.chain(target)
    steps = [item for stage in reversed(chain) for item in stage.instructions]
    values = _values(steps)
    for copied in _copied(dockerfile, steps, values):
        other = _other_python(dockerfile, target, copied)
        if other:
            return _Fault("", copied, copied.step.location, other)
        later = steps[steps.index(copied.step) :]
        mended = any(item.keyword == "RUN" and _MENDS.search(item.text) for item in later)
        if copied.minor or copied.made == copied.placed or mended or _lies_at(steps, values, copied.made):
            continue
        called = _called(project, service, copied, values.get("PATH", ""))
        if called:
            return called
    return None


# --- environments that are copied -------------------------------------------------------------------------------------


def _copied(dockerfile: Dockerfile, steps: list[Instruction], values: Mapping[str, str]) -> Iterator[_Copied]:
    """Yield what the steps take from other stages of the same Dockerfile."""
    for item, folder in _in_folders(steps, values):
        name = next((flag.partition("=")[2] for flag in item.flags if flag.startswith("--from=")), "")
        origin = dockerfile.stage(name) if item.keyword == "COPY" and name else None
        words = [_filled(word, values) for word in copy_words(item)]
        if origin is None or len(words) < 2 or any("$" in word or "*" in word for word in words):
            continue
        target = clean(posixpath.join(folder, words[-1]))
        for source in (clean(posixpath.join("/", word)) for word in words[:-1]):
            packages = _PACKAGES.fullmatch(source)
            if packages:
                yield _Copied(source, target, item, origin, packages["minor"])
            for made in _environments(dockerfile, origin):
                if is_below(made.lstrip("/"), source.lstrip("/")) and source != "/":
                    yield _Copied(made, clean(posixpath.join(target, posixpath.relpath(made, source))), item, origin)


def _environments(dockerfile: Dockerfile, origin: Stage) -> Iterator[str]:
    """Yield the places at which a stage, and those it is built from, make a virtual environment."""
    chain = dockerfile.chain(origin.alias or str(dockerfile.stages.index(origin)))
    steps = [item for stage in reversed(chain) for item in stage.instructions]
    values = _values(steps)
    if any(_OTHER.search(item.text) for item in steps if item.keyword in {"RUN", "ENV", "ARG"}):
        return
    in_project = any(_SAYS_IN_PROJECT.search(item.text) for item in steps)
    found = set()
    for item, folder in _in_folders(steps, values):
        if item.keyword != "RUN" or _MOVES.search(item.text):
            continue
        paths = [match["path"] or ".venv" for match in _MADE.finditer(item.text)]
        if not paths and _SYNCED.search(item.text):
            paths = [values.get("UV_PROJECT_ENVIRONMENT", ".venv")]
        if not paths and in_project and _IN_PROJECT.search(item.text):
            paths = [".venv"]
        found |= {clean(posixpath.join(folder, _filled(path.strip('"'), values))) for path in paths}
    yield from sorted(path for path in found if "$" not in path)


def _in_folders(steps: list[Instruction], values: Mapping[str, str]) -> Iterator[tuple[Instruction, str]]:
    """Yield each step with the folder in which it works."""
    folder = "/"
    for item in steps:
        if item.keyword == "WORKDIR":
            folder = posixpath.join(folder, _filled(item.text.strip().strip("\"'"), values))
        yield item, folder


def _values(steps: list[Instruction]) -> dict[str, str]:
    """Return what ENV and ARG instructions set."""
    found: dict[str, str] = {}
    for item in steps:
        if item.keyword not in {"ENV", "ARG"}:
            continue
        pairs = _SETS.findall(item.text)
        name, _, value = item.text.partition(" ")
        for key, text in pairs if "=" in name else [(name, value)]:
            found[key] = _filled(text.strip("\"'"), found)
    return found


def _filled(text: str, values: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda match: values.get(match[1] or match[2], match[0]), text)


def _lies_at(steps: list[Instruction], values: Mapping[str, str], place: str) -> bool:
    """Whether a copy from elsewhere than the context puts something at the place at which an environment was made."""
    targets = (
        clean(posixpath.join(folder, _filled((copy_words(item) or [""])[-1], values)))
        for item, folder in _in_folders(steps, values)
        if item.keyword == "COPY" and any(flag.startswith("--from") for flag in item.flags)
    )
    return any("$" in target or is_below(place.lstrip("/"), target.lstrip("/")) for target in targets)


# --- what fails -------------------------------------------------------------------------------------------------------


def _called(project: Project, service: Service, copied: _Copied, path: str) -> _Fault | None:
    """Return the program of an environment that a service starts with by its own name, or None."""
    start = start_of(project, service)
    for line, place in start.taken() if start else ():
        for match in _CALLED.finditer(line):
            folder = (match["folder"] or "").rstrip("/")
            here = f"{copied.placed.rstrip('/')}/bin"
            if folder == here or (not folder and here in path.split(":")):
                says = f"`{match['name']}` of {copied.placed} names {copied.made}/bin/python, where the environment was made"
                return _Fault(match["name"], copied, place, says)
    return None


def _other_python(dockerfile: Dockerfile, target: str, copied: _Copied) -> str:
    """Return how the Python of the image differs from the one whose packages are copied; "" where both are one or unknown."""
    runs = _minor(root_image(dockerfile, target))
    number = str(dockerfile.stages.index(copied.origin))
    held = copied.minor or _minor(root_image(dockerfile, number))
    is_own = not copied.minor or copied.placed.startswith("/usr/local/lib/")
    if not runs or not held or runs == held or not is_own:
        return ""
    return f"the packages in {copied.placed} are those of Python {held}, and the image runs Python {runs}"


def _minor(image: ImageReference | None) -> str:
    """Return the version of Python that an image holds by its tag, for the official images and those of uv."""
    if image is None:
        return ""
    repository = image.repository.removeprefix("library/")
    is_known = (repository == "python" and image.registry in {"", "docker.io"}) or repository == "astral-sh/uv"
    match = _MINOR.fullmatch(image.tag) if is_known else None
    return match["minor"] if match else ""


def _gap(group: list[tuple[Stack, Service, Dockerfile, _Fault]]) -> Gap:
    _, _, dockerfile, fault = group[0]
    names = tuple(dict.fromkeys(service.name for _, service, _, _ in group))
    failing = f"{' and '.join(names)} {'does' if len(names) == 1 else 'do'} not start"
    if fault.program:
        message = f"{failing}: {fault.says}, and that is not in the image."
        expected = f"python -m {fault.program}, or an environment that is made where it runs"
    else:
        message = f"{failing}: {fault.says}, which does not look there."
        expected = "one version of Python in both stages"
    return RULE.gap(
        resource=dockerfile.path,
        subject=f"environment/{fault.program or 'python'}",
        message=message,
        expected=expected,
        actual=f"made at {fault.copied.made}" if fault.program else "another version",
        locations=tuple(dict.fromkeys(item.location for _, _, _, item in group)),
        related=(fault.copied.step.location,) if fault.copied.step.location != fault.location else (),
        environment=closest_to_production(stack.environment for stack, _, _, _ in group),
    )


RULE = Rule(
    code="IMG014",
    name="environment-broken-by-copy",
    layer=Layer.IMAGE,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Make the environment in the stage that builds at the path at which the image runs it (the same WORKDIR, or "
            "`UV_PROJECT_ENVIRONMENT=/app/.venv`), from the same version of Python; `uv venv --relocatable` also works.",
        ),
    ),
)
