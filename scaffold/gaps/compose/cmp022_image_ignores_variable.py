"""CMP022: a store gets its password by a variable that its image does not read, or no word of one at all."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import every_stack, final_stages, in_words, once, root_image
from scaffold.model.compose import EnvValue, Mount, Service, Stack
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
_OLDEST_MAJOR = 13
_BEFORE = regex(r"(?:9\.[0-4]|[0-9]{1,4}\.[0-9]+)(?=$|[.-])")
"""Tags of PostgreSQL before its release 13 that may be of the time before the image asked for a password (February 2020)."""
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
        elif not ignored and not given & set(_NEEDED[name]) and _starts_empty(project, stack, service, name, dockerfile):
            yield _bare_gap(stack, service, name)


def _starts_empty(project: Project, stack: Stack, service: Service, name: str, dockerfile: Dockerfile | None) -> bool:
    """Whether a store of a whole stack is told nothing of a password here, and no data is there before its first start."""
    image = service.image
    if dockerfile is not None or image is None or service.build or not stack.complete or service.node.get("extends"):
        return False
    if name == "postgres" and _BEFORE.match(image.tag) and int(image.tag.partition(".")[0]) < _OLDEST_MAJOR:
        return False
    named = [item for other in project.stacks if (item := other.service(service.name)) and item is not service]
    told = any(entry.name.removesuffix("_FILE") in _NEEDED[name] for item in named for entry in item.environment)
    kept = any(mount.kind == "bind" and mount.resolved and project.exists(mount.resolved) for mount in _of_data(service))
    external = {volume.name for volume in stack.volumes if volume.external}
    return not told and not kept and not any(mount.source in external for mount in _of_data(service))


def _of_data(service: Service) -> list[Mount]:
    """Return the mounts of a store without its scripts for the first start."""
    return [mount for mount in service.mounts if "initdb" not in mount.target and "/conf" not in mount.target]


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
    if service.made is None and service.image is not None and "/" in service.image.repository:
        found = (other for stack in project.stacks for other in stack.services if other.build and other.image)
        builder = next((other for other in found if other.image and other.image.name == service.image.name), service)
    dockerfile = project.image_of(builder)
    if builder.made is None or dockerfile is None:
        return service.image if service.made is None else None, None
    steps = [item for stage in final_stages(dockerfile, builder.made.target) for item in stage.instructions]
    own = any(item.keyword in {"ENTRYPOINT", "CMD"} for item in steps)
    return None if own else root_image(dockerfile, builder.made.target), dockerfile


def _set_by(dockerfile: Dockerfile | None) -> set[str]:
    items = (item for stage in dockerfile.stages for item in stage.instructions) if dockerfile else ()
    words = (word for item in items if item.keyword == "ENV" for word in item.text.replace("=", " ").split())
    return {word.removesuffix("_FILE") for word in words}


def _is_ignored(entry: EnvValue, name: str) -> bool:
    bare = entry.name.removesuffix("_FILE")
    return bool(_PASSWORD.fullmatch(entry.name)) and bare not in {*_NEEDED[name], *_READ[name]}


def _bare_gap(stack: Stack, service: Service, name: str) -> Gap:
    needed = in_words(_NEEDED[name][:2]).replace(" and ", " nor ")
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="environment",
        message=f"{service.name} runs the image of {name} with neither {needed}: on an empty volume the image refuses to"
        " start.",
        expected=_NEEDED[name][0],
        actual="no password, and no word that there shall be none",
        locations=(service.image_location or service.location,),
        environment=stack.environment,
        closers=(Closer(None, "advice", f"Give {service.name} {_NEEDED[name][0]} from a secret or a required variable."),),
    )


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
