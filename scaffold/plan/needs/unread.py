"""Variables of env files that no code of the repository names: whoever fills a template in is told so."""

from __future__ import annotations

from dataclasses import replace

from scaffold.model.compose import Service, Stack
from scaffold.model.environment import NeededVariable
from scaffold.model.framework_variables import BINDS_BY_RULE, OF_FRAMEWORKS
from scaffold.model.image_code import is_in_image, runs_code
from scaffold.model.image_users import is_plain_base
from scaffold.model.project import Project
from scaffold.model.values import ImageReference
from scaffold.model.workload import Note

_CODE = (".py", ".js", ".ts", ".mjs", ".cjs", ".tsx", ".jsx", ".go", ".rb", ".php", ".rs", ".ex", ".exs", ".dart")
_OTHER_BASES = frozenset({"php", "dart"})


def with_unread(project: Project, stack: Stack, needs: tuple[NeededVariable, ...]) -> tuple[NeededVariable, ...]:
    """Return the needs with a mark at those of env files that no code of the repository names."""
    unread = {need.name for need in needs if need.source == "env-file" and need.name in project.unnamed}
    unread = {name for name in unread if not OF_FRAMEWORKS.fullmatch(name)}
    built = {service.name for service in stack.services if unread and _is_code_of_ours(project, service)}
    return tuple(replace(need, unread=True) if need.name in unread and need.service in built else need for need in needs)


def unread_notes(needs: tuple[NeededVariable, ...]) -> tuple[Note, ...]:
    """Return a note for each service that is given secrets which no code of the repository names."""
    found: dict[str, list[NeededVariable]] = {}
    for need in needs:
        if need.unread and need.secret:
            found.setdefault(need.service, []).append(need)
    return tuple(
        Note(
            service,
            "environment",
            f"{', '.join(need.name for need in own)}: the template of the env file sets them, and no code of this repository "
            "names them; any text does as long as nothing reads them",
            own[0].location,
        )
        for service, own in found.items()
    )


def _is_code_of_ours(project: Project, service: Service) -> bool:
    """Whether an image is made of a language alone and of code of the repository, and no other program is in it."""
    dockerfile = project.image_of(service)
    if dockerfile is None or service.build is None or not runs_code(project, service):
        return False
    stages = dockerfile.chain(service.build.target)
    base = ImageReference.parse(stages[-1].base) if stages and stages[-1].base else None
    if base is None or not (is_plain_base(base) or base.repository.removeprefix("library/") in _OTHER_BASES):
        return False
    held = [path for path in project.files if path.endswith((*_CODE, *BINDS_BY_RULE)) and is_in_image(project, service, path)]
    return bool(held) and not any(path.endswith(BINDS_BY_RULE) for path in held)
