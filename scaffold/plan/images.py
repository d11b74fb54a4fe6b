"""The images that the project builds itself: one for each context, Dockerfile and target, however many services run it."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.compose import Build, Service, Stack
from scaffold.model.interpolation import Reference, pieces
from scaffold.model.target import BuiltImage, FilledArgument
from scaffold.model.values import dns_label
from scaffold.plan.names import workload_names
from scaffold.plan.production_values import leads_home, production_value


def plan_images(stack: Stack, app: str) -> tuple[BuiltImage, ...]:
    """Return the images of the stack, sorted by name; the first service by name gives each its name.

    A build from a remote context, an inline Dockerfile or a folder outside the project is not ours to deliver.
    """
    names = workload_names(stack)
    groups: dict[tuple[object, ...], list[Service]] = {}
    for service in sorted(stack.services, key=lambda service: service.name):
        if service.build and service.delivers_image:
            groups.setdefault(_identity(service.build), []).append(service)
    return tuple(_image(services, names[services[0].name], app) for services in groups.values())


def _identity(build: Build) -> tuple[object, ...]:
    return (build.context, build.dockerfile, build.target, build.args, build.written_args)


def _image(services: list[Service], name: str, app: str) -> BuiltImage:
    build = services[0].build
    context = (build.context if build else None) or "."
    users = tuple(service.name for service in services)
    return BuiltImage(
        name=name,
        repository=f"{dns_label(app)}/{name}",
        context=context,
        dockerfile=(build.dockerfile if build else None) or f"{context}/Dockerfile",
        target=build.target if build else "",
        args=build.args if build else (),
        services=users,
        filled=tuple(_filled(build)) if build else (),
    )


def _filled(build: Build) -> Iterator[FilledArgument]:
    """Yield the arguments in which variables stand, each variable with what production has without it."""
    values = dict(build.args)
    for name, written in build.written_args:
        found = pieces(written)
        if not any(isinstance(piece, Reference) for piece in found):
            continue
        alone = len(found) == 1
        yield FilledArgument(name, tuple(_piece(name, piece, values[name] if alone else "") for piece in found))


def _piece(argument: str, piece: str | Reference, value: str) -> tuple[str, str]:
    """Return a piece; `value` is what the whole argument has today, where the variable is all of it."""
    if isinstance(piece, str):
        return "", piece
    default = value or (piece.argument if piece.operator.endswith("-") and "$" not in piece.argument else "")
    in_production = production_value(argument, default)
    if in_production is not None:
        return piece.name, in_production
    return piece.name, "" if leads_home(argument, default) else default
