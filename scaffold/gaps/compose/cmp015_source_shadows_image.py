"""CMP015: production runs the source of the host over what the image was built from."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from scaffold.gaps.compose.hidden_builds import Hidden, hidden_code, hidden_pages, hidden_static
from scaffold.gaps.compose.image_content import Copy, clean, copies_of
from scaffold.gaps.facts import in_words, judged_stacks, once
from scaffold.gaps.remembered import remembered
from scaffold.model.compose import Mount, Service, Stack
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.known import with_folders
from scaffold.model.names import EnvironmentClass, Layer, Severity
from scaffold.model.project import Project
from scaffold.model.starting import is_below

_CLASSES = frozenset({EnvironmentClass.PRODUCTION, EnvironmentClass.STAGING, EnvironmentClass.BASE})
_CODE = (
    *(".py", ".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".rb", ".php", ".go", ".java", ".kt", ".rs", ".ex", ".exs"),
    *(".cs", ".vue", ".svelte"),
)

_ADVICE = {
    "code": "Take the mount out of the file of production (`volumes: !override` in the file that is merged over it).",
    "static files": "Take the mount away, or run `manage.py collectstatic --noinput` whenever the container starts.",
    "built pages": "Take the volume away, or start with `docker compose up -d --renew-anon-volumes`.",
}


def _detect(project: Project) -> Iterator[Gap]:
    # The same mount in the base and in a set of production counts as the latter.
    stacks = sorted(judged_stacks(project), key=lambda stack: stack.environment is EnvironmentClass.BASE)
    return iter(once(gap for stack in stacks for gap in _of_stack(project, stack)))


def _of_stack(project: Project, stack: Stack) -> Iterator[Gap]:
    if stack.environment not in _CLASSES:
        return
    yield from _hidden(project, stack)
    found: dict[str, tuple[Mount, Copy]] = {}
    for service in stack.services:
        # In the base, what only a profile starts is a tool of development, such as one that compiles styles.
        is_tool = bool(service.profiles) and stack.environment is EnvironmentClass.BASE
        shadow = None if is_tool else next(shadows(project, service), None)
        if shadow:
            found[service.name] = shadow
    if not found:
        return
    names = in_words(found)
    folders = ", ".join(dict.fromkeys(mount.source for mount, _ in found.values()))
    verb = "runs" if len(found) == 1 else "run"
    yield RULE.gap(
        resource=stack.extends_stack or stack.id,
        subject="source-mounts",
        message=f"{names} {verb} the files of the host ({folders}), not those in the image: what was built and tested is not "
        "what starts.",
        expected="the code of the image",
        actual="a bind mount of the source over it",
        locations=tuple(mount.location for mount, _ in found.values()),
        related=tuple(dict.fromkeys(copy.location for _, copy in found.values())),
        severity=Severity.LOW if stack.environment is EnvironmentClass.BASE else Severity.MEDIUM,
        environment=stack.environment,
    )


def _hidden(project: Project, stack: Stack) -> Iterator[Gap]:
    """Yield a gap for each thing of the image that a mount hides, for the first service with that mount."""
    told: set[tuple[str, str, str]] = set()
    for service in stack.services:
        if service.profiles and stack.environment is EnvironmentClass.BASE:
            continue
        hidden = (
            *hidden_code(project, stack, service, _CODE),
            *hidden_static(project, stack, service),
            *hidden_pages(project, service),
        )
        for item in hidden:
            key = (item.kind, item.mount.source, item.mount.target)
            if key not in told:
                told.add(key)
                yield _hidden_gap(project, stack, service, item)


def _hidden_gap(project: Project, stack: Stack, service: Service, item: Hidden) -> Gap:
    by_hand = item.kind == "static files" and any(
        "collectstatic" in command.text for command in project.commands if command.context in {"doc", "script"}
    )
    return RULE.gap(
        resource=stack.resource(service.name),
        subject=f"hidden/{item.kind.replace(' ', '-')}",
        message=f"{service.name} has {item.mount.source or 'a volume without a name'} at {item.mount.target}, over the "
        f"{item.kind} of its image: {item.effect}.",
        expected=f"the {item.kind} of the image",
        actual="a mount over them" if item.kind != "code" else "a mount over it",
        locations=(item.mount.location,),
        related=(item.made,),
        severity=Severity.LOW if by_hand else Severity.MEDIUM,
        environment=stack.environment,
        closers=(Closer(None, "advice", _ADVICE[item.kind]),),
    )


def shadows(project: Project, service: Service) -> Iterator[tuple[Mount, Copy]]:
    """Yield the bind mounts of source that a service has, with the copy of the image that each lies over."""
    dockerfile = project.image_of(service)
    if dockerfile is None or service.made is None or service.made.context is None:
        return
    copied = tuple(copies_of(dockerfile, service.made.target, service.made.context))
    for mount in service.mounts:
        if mount.kind == "bind" and mount.resolved is not None and _holds_code(project, mount.resolved, service.made.context):
            yield from ((mount, copy) for copy in copied if _is_same(mount.resolved, mount.target, copy))


def _is_same(source: str, target: str, copy: Copy) -> bool:
    """Whether a mount puts the very files there that the copy has put there, those of a folder inside included."""
    source, target = clean(source), clean(target)
    if is_below(source, copy.source):
        return clean(posixpath.join(copy.destination, posixpath.relpath(source, copy.source))) == target
    if is_below(copy.source, source):
        return clean(posixpath.join(target, posixpath.relpath(copy.source, source))) == copy.destination
    return False


def _holds_code(project: Project, folder: str, context: str) -> bool:
    """Whether a folder is the whole context, or has files with code."""
    return clean(folder) == clean(context) or clean(folder) in _folders_of_code(project)


@remembered
def _folders_of_code(project: Project) -> frozenset[str]:
    """Return the files with code and every folder that holds one, the root as `.`."""
    code = with_folders(path for path in project.files if path.endswith(_CODE))
    return code | {"."} if code else code


RULE = Rule(
    code="CMP015",
    name="source-shadows-image",
    layer=Layer.COMPOSE,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(None, "advice", "Move the mount into docker-compose.override.yml, which only development starts by itself."),
    ),
)
