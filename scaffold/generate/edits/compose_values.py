"""Single values of a Compose file: the profiles of a service, the Dockerfile of a build, lists that reset those of a base."""

from __future__ import annotations

import json

from scaffold.generate.edits.places import indent_of, is_inside, line_end
from scaffold.model.artifact import Splice
from scaffold.model.document import Mapping, Scalar, Sequence, Span, find
from scaffold.model.edits import EditTask, FileSplices
from scaffold.model.regex import regex

_PLAIN = regex(r"[A-Za-z0-9_./-]*[A-Za-z_/][A-Za-z0-9_./-]*")


def added_profiles(task: EditTask) -> tuple[FileSplices, ...]:
    """Return the splice that adds the task's profiles to those of its service; empty where they are shared by an anchor."""
    home = find(task.document.root, "services", task.service)
    node = find(home, "profiles")
    if home is None or not isinstance(node, Sequence) or not node.items or not is_inside(home, node):
        return ()
    text = task.document.text
    last = node.items[-1]
    names = [_scalar(name) for name, _ in task.decided]
    if node.flow:
        added = "".join(f", {name}" for name in names)
    else:
        dash = text.rindex("-", 0, last.span.start)
        indent = text[text.rfind("\n", 0, dash) + 1 : dash]
        added = "".join(f"{line_end(text)}{indent}- {name}" for name in names)
    return (FileSplices(task.document.path, (Splice(Span(last.span.end, last.span.end), added),)),)


def found_dockerfile(task: EditTask) -> tuple[FileSplices, ...]:
    """Return the splices that name the Dockerfile of each service of the task; empty where one is not its own."""
    splices = [_dockerfile(task, service, path) for service, path in task.decided]
    if None in splices:
        return ()
    return (FileSplices(task.document.path, tuple(dict.fromkeys(splice for splice in splices if splice))),)


def _dockerfile(task: EditTask, service: str, path: str) -> Splice | None:
    home = find(task.document.root, "services", service)
    build = find(home, "build")
    if home is None or build is None or not is_inside(home, build):
        return None
    if isinstance(build, Scalar):
        return Splice(build.span, f"{{context: {build.raw}, dockerfile: {_scalar(path)}}}") if build.plain else None
    written = find(build, "dockerfile")
    if isinstance(written, Scalar):
        return Splice(written.span, _scalar(path))
    indent = indent_of(task.document.text, build) if isinstance(build, Mapping) else None
    if indent is None or not isinstance(build, Mapping):
        return None
    start = build.entries[0].key.span.start
    return Splice(Span(start, start), f"dockerfile: {_scalar(path)}{line_end(task.document.text)}{indent}")


def reset_lists(task: EditTask) -> tuple[FileSplices, ...]:
    """Return the splices that make empty lists take out what the base has; empty where one is not written as such."""
    text = task.document.text
    spans = {
        node.span
        for name, key in task.decided
        if isinstance(node := find(task.document.root, "services", name, key), (Sequence, Mapping))
        and "".join(text[node.span.start : node.span.end].split()) in {"[]", "{}"}
    }
    splices = tuple(Splice(Span(span.start, span.start), "!reset ") for span in sorted(spans, key=lambda span: span.start))
    return (FileSplices(task.document.path, splices),) if len(splices) == len(task.decided) else ()


def _scalar(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)


EDITORS = {"added-profiles": added_profiles, "found-dockerfile": found_dockerfile, "reset-lists": reset_lists}
