"""What the variables of a stack are where people copy the template of its `.env` and change nothing."""

from __future__ import annotations

import posixpath

from scaffold.model.compose import Service
from scaffold.model.document import Scalar
from scaffold.model.env_templates import template_of
from scaffold.model.frozen import frozen
from scaffold.model.interpolation import InterpolationError, substitute
from scaffold.model.project import EnvFile, Project
from scaffold.model.values import ImageReference

_LONGEST = 4_000
"""Characters of one value: lines that multiply the ones before end here."""


@frozen
class ShownImage:
    """The image that a service runs by the template, and that template."""

    image: ImageReference
    template: EnvFile


def shown_image(project: Project, service: Service) -> ShownImage | None:
    """Return the image of a service whose reference needs variables that the template sets; None for every other one."""
    if not any(not reference.has_default for reference in service.image_references):
        return None
    folder = posixpath.dirname(service.image_location.path if service.image_location else service.location.path)
    template = template_of(project, posixpath.join(folder, ".env"))
    node = service.node.get("image")
    if template is None or not isinstance(node, Scalar):
        return None
    values = template_values(template)
    if any(not values.get(reference.name) for reference in service.image_references if not reference.has_default):
        return None
    try:
        text = substitute(node.raw, values.get)
    except InterpolationError:
        return None
    return ShownImage(ImageReference.parse(text), template)


def template_values(template: EnvFile) -> dict[str, str]:
    """Return the values that a template sets, references to the lines above replaced; what cannot be read is left out."""
    values: dict[str, str] = {}
    for entry in template.entries:
        if entry.commented or len(entry.value) > _LONGEST:
            continue
        try:
            text = substitute(entry.value, values.get, strict=False)
        except InterpolationError:
            continue
        if len(text) <= _LONGEST:
            values[entry.name] = text
    return values
