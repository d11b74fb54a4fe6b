"""The images that the project builds itself: one for each context, Dockerfile and target, however many services run it."""

from __future__ import annotations

from scaffold.model.compose import Build, Service, Stack
from scaffold.model.target import BuiltImage
from scaffold.model.values import dns_label
from scaffold.plan.names import workload_names


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
    return (build.context, build.dockerfile, build.target, build.args)


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
    )
