"""CFG002: no env template says what production has to set."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.compose import Stack
from scaffold.model.document import Location, scalars_in
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import EnvironmentClass, Layer, Room, Severity
from scaffold.model.project import EnvFile, Project
from scaffold.model.regex import regex
from scaffold.model.secret_names import is_sensitive_name

_MANY = 3
"""Variables without a default that are too many to guess, though none is a secret."""
_MODE = regex(r"(?:APP_|NODE_|RAILS_|FLASK_|DJANGO_|GO_|MIX_)?ENV(?:IRONMENT)?")
_SUBJECT = "production-template"


def _detect(project: Project) -> Iterator[Gap]:
    stack = project.main_stack
    if stack is None or not stack.is_runnable_in_production or not stack.complete or _has_production_file(project):
        return
    if any(item.kind == "paas" for item in project.infrastructure):
        return  # The platform holds the settings.
    needed = _needed(project, stack)
    if _serves_every_environment(project, stack, frozenset(needed)):
        return
    if len(needed) >= _MANY or any(is_sensitive_name(name) for name in needed):
        yield _gap(project, needed)


def _serves_every_environment(project: Project, stack: Stack, needed: frozenset[str]) -> bool:
    """Whether one template holds every variable and there is no environment beside production that it could be meant for:
    its own mode of production says so as well.
    """
    near = [file for file in project.env_files if file.path.rpartition("/")[0] in {"", stack.directory}]
    if any(file.environment for file in near):
        return False
    classes = {other.environment for other in project.stacks if other.complete}
    others = classes - {EnvironmentClass.BASE, EnvironmentClass.PRODUCTION}
    full = [file for file in near if file.kind != "real" and needed <= {entry.name for entry in file.entries}]
    return any(not others or _is_in_production_mode(file) for file in full)


def _has_production_file(project: Project) -> bool:
    return any(file.environment == "production" for file in project.env_files)


def _is_in_production_mode(file: EnvFile) -> bool:
    entries = (entry for entry in file.entries if not entry.commented and _MODE.fullmatch(entry.name))
    return any(entry.value.lower() in {"prod", "production"} for entry in entries)


def _needed(project: Project, stack: Stack) -> dict[str, Location]:
    """Return the variables that a production start has to set: those without a default, and secrets."""
    found: dict[str, Location] = {}
    for service in stack.services:
        for scalar in (item for item in scalars_in(service.node) if item.location.path not in project.owned):
            for reference in scalar.references:
                if is_sensitive_name(reference.name) or not (reference.has_default or reference.operator in {":+", "+"}):
                    found.setdefault(reference.name, scalar.location)
    return found


def _gap(project: Project, needed: dict[str, Location]) -> Gap:
    names = sorted(needed)
    shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    templates = tuple(Location(file.path, 1) for file in project.env_files if file.kind == "template")
    first = min(needed.values(), key=Location.sort_key)
    return RULE.gap(
        resource="config",
        subject=_SUBJECT,
        message=f"No env template of this repository is named for production; the stack needs {shown}.",
        expected=".env.production.example with every variable, secrets left empty",
        actual="no env file for production",
        locations=(first,),
        searched=templates,
    )


RULE = Rule(
    code="CFG002",
    name="no-production-template",
    layer=Layer.CONFIG,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(Closer(Room.ENV, "files"),),
)
