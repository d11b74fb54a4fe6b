"""IMG010: the image that runs is the one that compiles: the whole toolchain goes to production with the program."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import final_stages
from scaffold.gaps.image.builds import environment_of, is_built, targets_of
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import EnvironmentClass, Layer, Severity
from scaffold.model.project import Dockerfile, Instruction, Project
from scaffold.model.regex import regex
from scaffold.model.values import ImageReference

_TOOLCHAINS = {
    "golang": regex(r"\bgo\s+build\b"),
    "rust": regex(r"\bcargo\s+(?:\+\S+\s+)?(?:build|install\s+--path)\b"),
    "maven": regex(r"\bmvnw?\b.*\b(?:package|install|verify)\b"),
    "gradle": regex(r"\bgradlew?\b.*\b(?:build|assemble|bootJar|installDist|shadowJar)\b"),
    "dotnet/sdk": regex(r"\bdotnet\s+(?:publish|build)\b"),
}
"""Images of compilers, with the command that makes the program: what it makes runs without them."""
_STARTS_BY_TOOL = regex(
    r"\b(?:go\s+(?:run|test)|cargo\s+(?:run|watch|test)|mvnw?|gradlew?|dotnet\s+(?:run|watch|test)|air|reflex)\b"
    r"|^(?:\S*/)?(?:ba|a|z)?sh(?:\s+-l)?$|\b(?:sleep|tail)\b"
)


def _detect(project: Project) -> Iterator[Gap]:
    for dockerfile in project.dockerfiles:
        # Few compile at all: only for those it is asked who builds them.
        found = next((hit for target in targets_of(project, dockerfile) if (hit := _compiles(dockerfile, target))), None)
        environment = environment_of(project, dockerfile) if found else EnvironmentClass.DEV
        if found and environment not in {EnvironmentClass.DEV, EnvironmentClass.TEST} and is_built(project, dockerfile):
            yield _gap(dockerfile, *found, environment)


def _compiles(dockerfile: Dockerfile, target: str) -> tuple[str, Instruction] | None:
    """Return the image of the toolchain and the instruction that compiles, where both are part of what runs."""
    stages = final_stages(dockerfile, target)
    base = stages[-1].base if stages else ""
    name = ImageReference.parse(base).repository.removeprefix("docker/library/").removeprefix("library/") if base else ""
    command = _TOOLCHAINS.get(name)
    if command is None or not _starts_program(dockerfile, target):
        return None
    runs = (item for stage in stages for item in stage.instructions if item.keyword == "RUN")
    return next(((base, item) for item in runs if command.search(item.text)), None)


def _starts_program(dockerfile: Dockerfile, target: str) -> bool:
    """Whether the image says what it starts, and that is no tool of the toolchain itself."""
    starts = [item for keyword in ("ENTRYPOINT", "CMD") if (item := dockerfile.effective(keyword, target)) is not None]
    return bool(starts) and not any(_STARTS_BY_TOOL.search(" ".join(item.argv) or item.text) for item in starts)


def _gap(dockerfile: Dockerfile, base: str, item: Instruction, environment: EnvironmentClass) -> Gap:
    return RULE.gap(
        resource=dockerfile.path,
        subject="toolchain",
        message=f"{dockerfile.path} compiles in the stage that runs: the image of production is all of {base}, with compiler, "
        "shell, sources and package caches.",
        expected="a last stage with the built program alone, copied from the one that compiles",
        actual=f"the last stage comes from {base}",
        locations=(item.location,),
        environment=environment,
    )


RULE = Rule(
    code="IMG010",
    name="keeps-its-compiler",
    layer=Layer.IMAGE,
    severity=Severity.LOW,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Name the stage (`AS build`), add a last one from a small base (distroless, alpine, a JRE), and take the program "
            "over with `COPY --from=build`.",
        ),
    ),
)
