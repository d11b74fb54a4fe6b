"""The card of the layer image."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.compose.health_faults import health_faults
from scaffold.gaps.facts import final_stages, health_source, root_image
from scaffold.gaps.image.builds import users_of
from scaffold.model.document import Location
from scaffold.model.gap import LayerCard, Praise
from scaffold.model.names import Layer, LayerState
from scaffold.model.probes import known_image
from scaffold.model.project import Dockerfile, Instruction, Project

_ROOT = frozenset({"", "0", "root"})


def card(project: Project) -> LayerCard:
    """Return present with a Dockerfile, inert when every build of the stacks names a file that is not there."""
    builds = [service.build for stack in project.stacks for service in stack.services if service.build]
    inline = [build for build in builds if build.inline or build.remote]
    named = [build for build in builds if build.dockerfile and not build.inline and not build.remote]
    evidence = tuple(Location(item.path, 1) for item in project.dockerfiles) or tuple(build.location for build in inline)
    if not evidence:
        state = LayerState.ABSENT
    elif named and not any(project.exists(build.dockerfile or "") for build in named):
        state = LayerState.INERT
    else:
        state = LayerState.PRESENT
    good = tuple(praise for dockerfile in project.dockerfiles for praise in _good(project, dockerfile))
    return LayerCard(Layer.IMAGE, state, evidence[:5], good)


def _good(project: Project, dockerfile: Dockerfile) -> Iterator[Praise]:
    user = dockerfile.effective("USER")
    if user and user.text.split(":")[0].strip() not in _ROOT and "$" not in user.text:
        yield Praise(f"{dockerfile.path} runs as {user.text.split(':')[0].strip()}, not as root", user.location)
    check = dockerfile.effective("HEALTHCHECK")
    named = check is not None and bool(check.argv) and check.text.strip().upper() != "NONE"
    if check and named and not _lacks_program(dockerfile, check.argv) and not _is_faulty(project, dockerfile, check):
        yield Praise(f"{dockerfile.path} brings its own healthcheck", check.location)
    if len(dockerfile.stages) > 1 and len(final_stages(dockerfile)) == 1:
        yield Praise(f"{dockerfile.path} leaves the build tools behind in an earlier stage", dockerfile.stages[-1].location)


def _is_faulty(project: Project, dockerfile: Dockerfile, check: Instruction) -> bool:
    """Whether the check cannot pass, or tells nothing, in a service that is built from the Dockerfile and has no other one."""
    for service in users_of(project, dockerfile):
        source = health_source(project, service)
        if source and source.instruction is check and health_faults(project, service):
            return True
    return False


def _lacks_program(dockerfile: Dockerfile, argv: tuple[str, ...]) -> bool:
    known = known_image(root_image(dockerfile))
    if known is None:
        return False
    texts = "\n".join(item.text for stage in final_stages(dockerfile) for item in stage.instructions if item.keyword == "RUN")
    names = {word.rpartition("/")[2] for word in argv} & known.facts.absent
    return any(not re.search(rf"\b{re.escape(name)}\b", texts) for name in names)
