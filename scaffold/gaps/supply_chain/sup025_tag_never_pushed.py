"""SUP025: production names an image by a tag, or in a namespace, under which the workflows never push it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from scaffold.gaps.ci_signals import ci_steps
from scaffold.gaps.facts import once
from scaffold.gaps.remembered import remembered
from scaffold.gaps.signals import main_services
from scaffold.gaps.supply_chain.pushed_names import PushedName, pushed_names
from scaffold.gaps.supply_chain.unmade_names import is_default, near_name, other_form
from scaffold.gaps.supply_chain.unpushed_images import UnpushedImage, unpushed_images
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location, Scalar
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.known import known
from scaffold.model.names import Cause, Layer, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex
from scaffold.model.values import ImageReference

_FIXED = regex(r"latest|stable|prod|production|release")
"""Tags that only somebody who writes them down gives; those of branches come from the name of the ref."""
_WRITES_TAGS = regex(r"\b(?:sed|yq|perl|envsubst|kustomize)\b[^\n]{0,400}(?:image|tag|latest|compose)", re.IGNORECASE)
"""Commands that write another tag into the file before it is used."""
_PULLS = regex(r"\bcompose\b[^\n;&|]{0,300}\spull\b", words=("compose",))
_DEFAULT = regex(r"\$\{(?P<name>\w+):?-(?P<tag>[\w.-]+)\}$")
_MAKES_TAGS = regex(r"docker/metadata-action|\bgoreleaser\b|\bko\s|nix|jib|buildpack|\bpack\s|semantic-release")
"""What gives tags of its own accord, `latest` among them."""


def _detect(project: Project) -> Iterator[Gap]:
    names = pushed_names(project)
    yield from once(gap for stack, service in main_services(project) for gap in _of_namespace(project, stack, service, names))
    yield from once(gap for stack, service in main_services(project) for gap in _of_name(project, stack, service, names))
    yield from once(gap for stack, service in main_services(project) for gap in _of_form(stack, service, names))
    yield from once(_unpushed_gap(found) for found in unpushed_images(project, names))
    texts = [workflow.document.text for workflow in project.workflows]
    rewritten = any(_WRITES_TAGS.search(text) for text in (*texts, *(command.text for command in project.commands)))
    if not names or rewritten or any(_MAKES_TAGS.search(text) for text in texts):
        return
    yield from once(gap for stack, service in main_services(project) for gap in _of_service(project, stack, service, names))


def _of_namespace(project: Project, stack: Stack, service: Service, names: tuple[PushedName, ...]) -> Iterator[Gap]:
    """Yield an application whose image the workflows push to the same registry by the same last word, and elsewhere there."""
    image, node = service.image, service.node.get("image")
    if image is None or not isinstance(node, Scalar) or node.references:
        return
    if (service.build and not _is_pulled(project)) or not (service.is_application or image.registry):
        return
    folder, _, last = image.repository.rpartition("/")
    written = [(name, ImageReference.parse(name.repository)) for name in names if "$" not in name.repository]
    if not folder or len(written) < len(names) or _names_in_commands(project, image):
        return
    near = [
        (name, other)
        for name, other in written
        if other.registry == image.registry and other.repository.rpartition("/")[2] == last
    ]
    if near and all(other.repository != image.repository for _, other in written):
        yield _namespace_gap(stack, service, image, near[0][1], tuple(dict.fromkeys(name.item.place for name, _ in near)))


def _of_name(project: Project, stack: Stack, service: Service, names: tuple[PushedName, ...]) -> Iterator[Gap]:
    """Yield an image that the workflows push for the same owner under nearly the same name alone."""
    image, node = service.image, service.node.get("image")
    if not names or image is None or not isinstance(node, Scalar) or (service.build and not _is_pulled(project)):
        return
    if not project.dockerfiles or not all(item.has_default for item in node.references) or _names_in_commands(project, image):
        return
    found = near_name(project, image, names)
    if found is not None:
        name, repository = found
        other = ImageReference(image.registry, repository, "", "")
        gap = _namespace_gap(stack, service, image, other, (name.item.place,))
        yield replace(gap, severity=Severity.LOW) if is_default(node) else gap


def _unpushed_gap(found: UnpushedImage) -> Gap:
    name, written = found.service.name, found.image.repository
    why = f"the workflows push {found.pushed} alone" if found.pushed else "the step that pushes it is commented out"
    return RULE.gap(
        resource=found.stack.resource(name),
        subject="image/unpushed",
        message=f"{name} runs {written}, which the deployment pulls, and {why}: the pull fails, or takes what somebody once"
        " pushed by hand, and no change to the code reaches it.",
        expected=found.pushed or f"a step that pushes {written}",
        actual=written,
        locations=found.places[:1],
        related=found.places[1:],
        environment=found.stack.environment,
        closers=(
            Closer(None, "advice", "Write the same name into the stack and into the workflow, and push each image there."),
        ),
    )


def _of_form(stack: Stack, service: Service, names: tuple[PushedName, ...]) -> Iterator[Gap]:
    """Yield an image whose tag is a version as the workflows never write it."""
    image = service.image
    if image is None or service.build:
        return
    same = known(_by_image, names).get((image.registry, image.repository), ())
    form = other_form(image.tag, same) if same else ""
    if form:
        yield RULE.gap(
            resource=stack.resource(service.name),
            subject="image/tag",
            message=f"{service.name} runs its image as {image.tag}, and the workflow that pushes the image takes the v away"
            f" ({form}): the pull fails, or takes what somebody once pushed by hand.",
            expected=form,
            actual=image.tag,
            locations=(_used(service).place,),
            related=tuple(dict.fromkeys(name.item.place for name in same)),
            environment=stack.environment,
        )


def _is_pulled(project: Project) -> bool:
    """Whether a workflow has its host pull the images of a stack, though the stack can build them."""
    return any(_PULLS.search(item.text) or _PULLS.search(item.step.input("script")) for item in ci_steps(project))


def _names_in_commands(project: Project, image: ImageReference) -> bool:
    """Whether a command that is no part of a page builds, tags or pushes the image by the name that the stack has."""
    return any(image.repository in command.text for command in project.commands if command.context != "doc")


def _namespace_gap(
    stack: Stack, service: Service, image: ImageReference, other: ImageReference, pushed: tuple[Location, ...]
) -> Gap:
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="image/repository",
        message=f"{service.name} runs {image.repository}, and the workflows push that image as {other.repository} alone: what"
        " is built is never what runs.",
        expected=other.repository,
        actual=image.repository,
        locations=(service.image_location or service.location,),
        related=pushed,
        environment=stack.environment,
        closers=(Closer(None, "advice", "Write the same name into the stack and into the workflow."),),
    )


def _of_service(project: Project, stack: Stack, service: Service, names: tuple[PushedName, ...]) -> Iterator[Gap]:
    used = _used(service)
    image = service.image
    if image is None or service.build or not _FIXED.fullmatch(used.tag):
        return
    same = known(_by_image, names).get((image.registry, image.repository), ())
    if not same or any(name.tag in {"", used.tag} for name in same) or _is_given(project, used.tag):
        return
    pushed = tuple(dict.fromkeys(name.item.place for name in same))
    yield _gap(stack, service, used, pushed, _in_template(project, used))


@frozen
class _Used:
    """The tag by which a service names its image, the variable of which it is the default ("" for none), and where."""

    tag: str
    variable: str
    place: Location


def _used(service: Service) -> _Used:
    node = service.node.get("image")
    place = service.image_location or service.location
    if not isinstance(node, Scalar):
        return _Used("", "", place)
    match = _DEFAULT.search(node.raw or node.value)
    if match:
        return _Used(match["tag"], match["name"], place)
    return _Used(service.image.tag if service.image and not node.references else "", "", place)


def _by_image(names: tuple[PushedName, ...]) -> dict[tuple[str, str], list[PushedName]]:
    """Return the pushed names whose repository is written out, registry and all, by what they are parsed to."""
    found: dict[tuple[str, str], list[PushedName]] = {}
    for name in names:
        if "$" not in name.repository:
            written = ImageReference.parse(name.repository)
            found.setdefault((written.registry, written.repository), []).append(name)
    return found


def _is_given(project: Project, tag: str) -> bool:
    """Whether a workflow, a script or a page speaks of the tag where it may give it; `ubuntu-latest` is a machine."""
    text = _giving(project)
    return tag in text and re.search(rf"(?<![\w/.-]){re.escape(tag)}(?![\w-])", text) is not None


@remembered
def _giving(project: Project) -> str:
    """Return the lines of workflows, and the commands that push, without comments and actions."""
    lines = [line for workflow in project.workflows for line in workflow.document.text.split("\n") if "uses:" not in line]
    lines += [command.text for command in project.commands if command.context != "doc" and "push" in command.text]
    return "\n".join(line.partition(" #")[0] for line in lines if not line.lstrip().startswith("#"))


def _in_template(project: Project, used: _Used) -> Location | None:
    """Return the line of an env template that sets the variable to the tag as well."""
    entries = (entry for file in project.env_files for entry in file.entries if used.variable and entry.name == used.variable)
    return next((entry.location for entry in entries if entry.value == used.tag and not entry.commented), None)


def _gap(stack: Stack, service: Service, used: _Used, pushed: tuple[Location, ...], template: Location | None) -> Gap:
    where = f"where {used.variable} is not set" if used.variable else "as the file says"
    if template is not None:
        where += f", and {template.path} sets it so"
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="image/tag",
        message=f"{service.name} runs its image as {used.tag} ({where}), and no workflow that pushes the image gives it that"
        " tag: the pull fails, or takes what somebody once pushed by hand.",
        expected="a tag that the workflow pushes, required without a default (${VERSION:?})",
        actual=used.tag,
        locations=(used.place,),
        related=(*pushed, *((template,) if template else ())),
        environment=stack.environment,
        severity=Severity.MEDIUM if template or not used.variable else Severity.LOW,
    )


RULE = Rule(
    code="SUP025",
    name="tag-never-pushed",
    layer=Layer.SUPPLY_CHAIN,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Name the image by the version that the workflow pushes, `${VERSION:?}` without a default, or push that tag too.",
        ),
    ),
    cause=Cause.STACK,
)
