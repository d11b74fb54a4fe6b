"""CMP022: a store gets its password by a variable that its image does not read, and not by the one that it needs."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import every_stack, final_stages, once, root_image
from scaffold.model.compose import EnvValue, Service, Stack
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Confidence, Layer, Severity
from scaffold.model.project import Dockerfile, Project
from scaffold.model.regex import regex
from scaffold.model.values import ImageReference

_MARIADB = (
    "MARIADB_ROOT_PASSWORD",
    "MARIADB_ROOT_PASSWORD_HASH",
    "MARIADB_RANDOM_ROOT_PASSWORD",
    "MARIADB_ALLOW_EMPTY_ROOT_PASSWORD",
)
_MYSQL = ("MYSQL_ROOT_PASSWORD", "MYSQL_RANDOM_ROOT_PASSWORD", "MYSQL_ALLOW_EMPTY_PASSWORD")
_NEEDED = {
    "postgres": ("POSTGRES_PASSWORD", "POSTGRES_HOST_AUTH_METHOD"),
    "mysql": _MYSQL,
    "mariadb": (*_MYSQL, *_MARIADB),
}
"""One of these, or its form with _FILE, is what the entrypoint of the official image demands on an empty folder."""
_READ = {
    "postgres": frozenset({"PGPASSWORD"}),
    "mysql": frozenset({"MYSQL_PASSWORD"}),
    "mariadb": frozenset({"MYSQL_PASSWORD", "MARIADB_PASSWORD"}),
}
"""Further variables with a password that the image, or a client in it, does read."""
_PASSWORD = regex(r"(?:.*_)?PASS(?:WORD|WD)?(?:_.*)?|.*PASSWORD(?:_FILE)?")


def _detect(project: Project) -> Iterator[Gap]:
    return iter(once(gap for stack in every_stack(project) for gap in _of_stack(project, stack)))


def _of_stack(project: Project, stack: Stack) -> Iterator[Gap]:
    for service in stack.services:
        image, dockerfile = _image_of(project, service)
        name = image.repository.removeprefix("library/") if image and not image.registry else ""
        if name not in _NEEDED or service.env_files or service.command or service.entrypoint:
            continue
        given = {entry.name.removesuffix("_FILE") for entry in service.environment} | _set_by(dockerfile)
        ignored = [entry for entry in service.environment if _is_ignored(entry, name)]
        if ignored and not given & set(_NEEDED[name]) and not _may_lie_over_a_base(project, stack, service, name):
            yield _gap(stack, service, name, ignored, by_name=service.build is None and dockerfile is not None)


def _may_lie_over_a_base(project: Project, stack: Stack, service: Service, name: str) -> bool:
    """Whether the file is named as one that people lay over the base beside it, which sets the variable."""
    if len(stack.files) > 1 or not stack.files[0].rpartition("/")[2].startswith(("docker-compose.", "compose.")):
        return False
    bases = (
        other.service(service.name) for other in project.stacks if other.directory == stack.directory and other is not stack
    )
    names = {entry.name.removesuffix("_FILE") for base in bases if base for entry in base.environment}
    return bool(names & set(_NEEDED[name]))


def _image_of(project: Project, service: Service) -> tuple[ImageReference | None, Dockerfile | None]:
    """Return the image of a store and the Dockerfile over it: its own, or that of the service that builds an image so named."""
    builder = service
    if service.build is None and service.image is not None and "/" in service.image.repository:
        found = (other for stack in project.stacks for other in stack.services if other.build and other.image)
        builder = next((other for other in found if other.image and other.image.name == service.image.name), service)
    dockerfile = project.image_of(builder)
    if builder.build is None or dockerfile is None:
        return service.image if service.build is None else None, None
    steps = [item for stage in final_stages(dockerfile, builder.build.target) for item in stage.instructions]
    own = any(item.keyword in {"ENTRYPOINT", "CMD"} for item in steps)
    return None if own else root_image(dockerfile, builder.build.target), dockerfile


def _set_by(dockerfile: Dockerfile | None) -> set[str]:
    items = (item for stage in dockerfile.stages for item in stage.instructions) if dockerfile else ()
    words = (word for item in items if item.keyword == "ENV" for word in item.text.replace("=", " ").split())
    return {word.removesuffix("_FILE") for word in words}


def _is_ignored(entry: EnvValue, name: str) -> bool:
    bare = entry.name.removesuffix("_FILE")
    return bool(_PASSWORD.fullmatch(entry.name)) and bare not in {*_NEEDED[name], *_READ[name]}


def _gap(stack: Stack, service: Service, name: str, ignored: list[EnvValue], *, by_name: bool) -> Gap:
    names = " and ".join(dict.fromkeys(entry.name for entry in ignored))
    end = "_FILE" if ignored[0].name.endswith("_FILE") else ""
    meant = f"{_NEEDED[name][0]}{end}"
    return RULE.gap(
        resource=stack.resource(service.name),
        subject=f"environment/{ignored[0].name}",
        message=f"{service.name} gets {names}, which the image of {name} does not read, and no {meant}: the password has no "
        "effect, and on an empty volume the image refuses to start.",
        expected=meant,
        actual=names,
        locations=tuple(entry.location for entry in ignored),
        related=(service.image_location,) if service.image_location else (),
        confidence=Confidence.MEDIUM if by_name else Confidence.HIGH,
        environment=stack.environment,
    )


RULE = Rule(
    code="CMP022",
    name="image-ignores-variable",
    layer=Layer.COMPOSE,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(
        Closer(None, "advice", "Give the password by the variable that the message names, and start once on an empty volume."),
    ),
)
