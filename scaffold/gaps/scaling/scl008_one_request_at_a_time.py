"""SCL008: a server runs with the number of processes that it has when nobody says one: few slow requests stop all others."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from scaffold.gaps.facts import listed, root_image
from scaffold.gaps.image.builds import environment_of
from scaffold.gaps.signals import main_services
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import TRIED, Layer, Severity
from scaffold.model.project import Dockerfile, Project
from scaffold.model.regex import regex
from scaffold.model.starting import is_below, start_of

_GUNICORN = regex(r"(?:^|[\s;&|\"'/(])gunicorn(?=\s)(?P<rest>[^;&|\n]*)", words=("gunicorn",))
_TOLD = regex(
    r"\s(?:-w|--workers|-k|--worker-class|--threads|-c|--config|--paste)(?=[\s=\d]|$)|\s-w\d|\s-c\S|\$",
    words=("-w", "-k", "-c", "--", "$"),
)
"""What says how many requests are served at a time, or may."""
_BY_VARIABLE = frozenset({"WEB_CONCURRENCY", "GUNICORN_CMD_ARGS", "GUNICORN_WORKERS", "WORKERS"})
_SETS = regex(r"\b(?:WEB_CONCURRENCY|GUNICORN_CMD_ARGS)\b")
_FOR_GUNICORN = "gunicorn.conf.py"
"""What Gunicorn reads in its folder by itself."""
_SAYS = regex(r"^\s*(?:#|echo\b|printf\b)")
_POOL = regex(r"(?:^|/)(?:[\w.-]*(?:www|pool|fpm)[\w.-]*|zz-[\w.-]+)\.conf(?:\.\w+)?$")
_SETS_POOL = regex(r"max_children|www\.conf|php-fpm\.d|zz-docker", words=("max_children", "www.conf", "php-fpm.d", "zz-docker"))
_RUNS_FPM = regex(r"\bphp-fpm\d*\b", words=("php-fpm",))
_DEBUGGER = regex(r"\bxdebug\b", words=("xdebug",))
"""What only an image of developers installs."""


def _detect(project: Project) -> Iterator[Gap]:
    gunicorn: dict[Location, list[tuple[Stack, Service]]] = {}
    pools: dict[Location, list[tuple[Stack, Service]]] = {}
    for stack, service in main_services(project):
        dockerfile = project.image_of(service)
        if service.profiles or dockerfile is None or environment_of(project, dockerfile) in TRIED:
            continue
        place = _bare_gunicorn(project, service, dockerfile)
        if place is not None:
            gunicorn.setdefault(place, []).append((stack, service))
        place = _default_pool(project, service, dockerfile)
        if place is not None:
            pools.setdefault(place, []).append((stack, service))
    yield from (_gunicorn_gap(place, uses) for place, uses in gunicorn.items())
    yield from (_pool_gap(place, uses) for place, uses in pools.items())


def _who(uses: list[tuple[Stack, Service]]) -> str:
    return f"{listed(service.name for _, service in uses)} {'runs' if len(uses) == 1 else 'run'}"


# --- Gunicorn ---------------------------------------------------------------------------------------------------------


def _bare_gunicorn(project: Project, service: Service, dockerfile: Dockerfile) -> Location | None:
    """Return the line that starts Gunicorn with its one worker, where nothing else may say a number."""
    start = start_of(project, service)
    lines = (
        [(text, place) for text, place in start.taken() if _GUNICORN.search(text) and not _SAYS.search(text)] if start else []
    )
    if start is None or len(lines) != 1 or _is_told(project, service, dockerfile):
        return None
    text, place = lines[0]
    # A line of a script that goes on holds its options on the next ones.
    following = _following(project, place) if place.path.endswith((".sh", ".bash")) or "entrypoint" in place.path else ""
    match = _GUNICORN.search(f"{text} {following}")
    return None if match is None or _TOLD.search(f"{match['rest']} ") else place


def _following(project: Project, place: Location) -> str:
    lines = (project.source(place.path) or "").split("\n")[place.line - 1 : place.line + 20]
    found = []
    for line in lines:
        found.append(line.rstrip("\\"))
        if not line.endswith("\\"):
            break
    return " ".join(found[1:])


def _is_told(project: Project, service: Service, dockerfile: Dockerfile) -> bool:
    folder = (service.build.context or "") if service.build else ""
    named = any(posixpath.basename(path) == _FOR_GUNICORN and is_below(path, folder) for path in project.files)
    by_env = any(entry.name in _BY_VARIABLE for entry in service.environment)
    texts = (item.text for stage in dockerfile.stages for item in stage.instructions if item.keyword == "ENV")
    in_files = any(entry.name in _BY_VARIABLE for file in project.env_files for entry in file.entries)
    return named or by_env or in_files or any(_SETS.search(text) for text in texts)


def _gunicorn_gap(place: Location, uses: list[tuple[Stack, Service]]) -> Gap:
    stack, service = uses[0]
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="gunicorn",
        message=f"{_who(uses)} Gunicorn with what it has when nobody says otherwise, one worker that serves one request at a"
        " time: while one takes long, all others wait, the healthcheck with them.",
        expected="`--workers` by the cores and `--threads`, or WEB_CONCURRENCY",
        actual="one worker, one thread",
        locations=(place,),
        environment=stack.environment,
        closers=(
            Closer(
                None,
                "advice",
                "Start `gunicorn --workers 3 --threads 4 ...`, and take the number from the memory and the cores.",
            ),
        ),
    )


# --- PHP-FPM ----------------------------------------------------------------------------------------------------------


def _default_pool(project: Project, service: Service, dockerfile: Dockerfile) -> Location | None:
    """Return the base of an image that runs PHP-FPM with the pool of the official image."""
    base = root_image(dockerfile, service.build_target)
    stage = dockerfile.stage(service.build_target)
    if base is None or stage is None or base.repository.removeprefix("library/") != "php" or "fpm" not in base.tag:
        return None
    start = start_of(project, service)
    runs = start is None or _RUNS_FPM.search(start.text) is not None or not service.command
    texts = [item.text for each in dockerfile.chain(service.build_target) for item in each.instructions]
    texts += [text for text, _ in start.lines] if start else []
    if not runs or _works(service) or any(_SETS_POOL.search(text) or _DEBUGGER.search(text) for text in texts):
        return None
    mounted = (mount.target for mount in service.mounts)
    if any(_POOL.search(path) for path in project.files) or any(_SETS_POOL.search(path) for path in mounted):
        return None
    return stage.location


def _works(service: Service) -> bool:
    """Whether a service starts something else from an image that could serve."""
    words = " ".join((*(service.entrypoint or ()), *(service.command or ())))
    return bool(words) and not _RUNS_FPM.search(words) and not re.search(r"supervisor|entrypoint|\.sh\b", words)


def _pool_gap(place: Location, uses: list[tuple[Stack, Service]]) -> Gap:
    stack, service = uses[0]
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="php-fpm",
        message=f"{_who(uses)} PHP-FPM with the pool of its image, five processes: five requests that take long, such as"
        " uploads or calls of other services, stop all others.",
        expected="a pool of the project's own, `pm.max_children` by the memory of the container",
        actual="pm.max_children = 5",
        locations=(place,),
        severity=Severity.LOW,
        environment=stack.environment,
    )


RULE = Rule(
    code="SCL008",
    name="one-request-at-a-time",
    layer=Layer.SCALING,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Copy a pool to /usr/local/etc/php-fpm.d/zz-pool.conf with pm.max_children by the memory of the container (a"
            " process takes 30 to 80 MB), and a pm.status_path that monitoring reads.",
        ),
    ),
)
