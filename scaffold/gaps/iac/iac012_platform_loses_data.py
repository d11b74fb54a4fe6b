"""IAC012: a platform's blueprint keeps data where it will be deleted: a database that expires, or files without a disk."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.blueprints_of_render import blueprint_items, mappings_of, render_services
from scaffold.gaps.facts import is_test_path, path_environment
from scaffold.gaps.scaling.scl004_local_state_in_stateless_tier import has_bucket
from scaffold.model.document import Location, Mapping, text_of
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import TRIED, Layer, Severity
from scaffold.model.project import CodeFact, InfrastructureFile, Project
from scaffold.model.regex import regex
from scaffold.model.starting import is_below

_EXPIRES_AFTER = 30
"""Days until a free database of Render expires (Render documentation, free instance types, as of 2026-06)."""
_BLUEPRINTS = frozenset({"render.yaml", "render.yml"})
_SERVES = frozenset({"web", "pserv", "worker", ""})
_FLY_MOUNTS = regex(r"(?m)^[ \t]*(?:\[\[?mounts\]?\]|mounts\s*=)")
_PRODUCTION = frozenset({"production", "prod"})
_MODES = regex(r"(?:\w+_)?ENV(?:IRONMENT)?")
_DISK = "a disk of the platform at that folder, or a bucket"


def _detect(project: Project) -> Iterator[Gap]:
    for file in project.infrastructure:
        name = file.path.rpartition("/")[2]
        if file.kind != "paas" or path_environment(file.path) in TRIED or is_test_path(file.path):
            continue
        if name in _BLUEPRINTS:
            yield from _of_render(project, file)
        elif name == "fly.toml" and not _FLY_MOUNTS.search(project.source(file.path) or ""):
            yield from _files(project, file.location, file.path.rpartition("/")[0], "Fly", "the application")
        elif name in {"Procfile", "heroku.yml"}:
            yield from _files(project, file.location, file.path.rpartition("/")[0], "Heroku", "the application")


def _of_render(project: Project, file: InfrastructureFile) -> Iterator[Gap]:
    services = list(render_services(project, file))
    production = any(_is_production(service.node) for service in services)
    for database in blueprint_items(project, file, "databases"):
        plan = database.get("plan")
        if plan is not None and text_of(plan) == "free":
            yield _expires(file, text_of(database.get("name")), plan.location, production=production)
    for service in services:
        if service.kind in _SERVES and service.is_built and service.node.get("disk") is None:
            name = text_of(service.node.get("name")) or "the service"
            yield from _files(project, service.node.location, service.folder, "Render", name)


def _is_production(service: Mapping) -> bool:
    """Whether a variable of the service says that it is production."""
    return any(
        _MODES.fullmatch(text_of(item.get("key"))) and text_of(item.get("value")) in _PRODUCTION
        for item in mappings_of(service, "envVars")
    )


def _expires(file: InfrastructureFile, name: str, place: Location, *, production: bool) -> Gap:
    return RULE.gap(
        resource=file.path,
        subject=f"database/{name}",
        message=f"The database {name} is on Render's plan free, which expires {_EXPIRES_AFTER} days after it was made: when "
        "nobody upgrades it, it is deleted with all its data.",
        expected="a paid plan, such as basic-256mb",
        actual="plan: free",
        locations=(place,),
        severity=Severity.HIGH if production else Severity.MEDIUM,
        environment=path_environment(file.path),
        closers=(Closer(None, "advice", "Name a paid plan before the first real row, and take a dump elsewhere."),),
    )


def _files(project: Project, place: Location, folder: str, platform: str, name: str) -> Iterator[Gap]:
    """Yield the gap of code below a folder that keeps files of people on the platform's file system."""
    own = [fact for fact in project.code_facts if is_below(fact.location.path, folder) and _counts(fact)]
    takes = {fact.detail for fact in own if fact.kind == "takes-files"}
    bucket = has_bucket(project)
    for fact in own:
        kind, _, where = fact.detail.partition(" ")
        if fact.kind == "kept-files" and kind in takes and not (bucket and kind in {"files", "media"}):
            shown = where.partition(" ")[2].rpartition(":")[2]
            yield RULE.gap(
                resource=place.path,
                subject=f"files/{name}",
                message=f"The code of {name} keeps what people send in {shown} ({fact.location.path}:{fact.location.line}), "
                f"and the file system of {platform} is new with every release and restart: it is all gone then.",
                expected=_DISK,
                actual="no disk",
                locations=(place,),
                related=(fact.location,),
                severity=Severity.HIGH if platform != "Heroku" else Severity.MEDIUM,
                environment=path_environment(place.path),
            )
            return


def _counts(fact: CodeFact) -> bool:
    path = fact.location.path
    return fact.kind in {"kept-files", "takes-files"} and fact.reachable is not False and not is_test_path(path)


RULE = Rule(
    code="IAC012",
    name="platform-loses-data",
    layer=Layer.IAC,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(
        Closer(
            None, "advice", "Attach a disk at the folder (`disk:` of Render, `[mounts]` of Fly), or keep files in a bucket."
        ),
    ),
)
