"""Python settings that take a random key, or their list of origins from the environment that Compose passes on."""

from __future__ import annotations

from scaffold.generate.edits.places import end_of_block, indent_of, is_inside, line_end
from scaffold.model.artifact import Splice
from scaffold.model.document import Document, Mapping, Sequence, Span, find
from scaffold.model.edits import EditTask, FileSplices
from scaffold.model.python_defaults import origins_from_environment, random_key


def random_keys(task: EditTask) -> tuple[FileSplices, ...]:
    """Return the splices of the settings; empty when they are not in a form that can be edited."""
    (source,) = task.sources
    splices = random_key(source.text, _lines(task))
    return (FileSplices(source.path, splices),) if splices else ()


def origins_variable(task: EditTask) -> tuple[FileSplices, ...]:
    """Return the splices of the settings and of each service that gets the variable; empty when one cannot be edited."""
    (source,) = task.sources
    name = dict(task.decided)["variable"]
    made = origins_from_environment(source.text, name, _lines(task))
    found: dict[str, list[Splice]] = {source.path: list(made)}
    for place, _ in task.decided:
        path, separator, service = place.partition("//")
        if separator:
            document = next(item for item in task.documents if item.path == path)
            splice = _passed_on(document, service, name)
            if splice is None:
                return ()
            found.setdefault(path, []).append(splice)
    return tuple(FileSplices(path, tuple(splices)) for path, splices in sorted(found.items())) if made else ()


def _lines(task: EditTask) -> frozenset[int]:
    return frozenset(int(word) for word, _ in task.decided if word.isdigit())


def _passed_on(document: Document, service: str, name: str) -> Splice | None:
    """Return the splice that adds the variable to the environment of a service, which stays empty where nobody sets it."""
    home = find(document.root, "services", service)
    node = find(home, "environment")
    if home is None or node is None or not is_inside(home, node):
        return None
    text = document.text
    if isinstance(node, Mapping) and (indent := indent_of(text, node)) is not None:
        place = end_of_block(text, node)
        return Splice(Span(place, place), f"{line_end(text)}{indent}{name}: ${{{name}:-}}")
    if isinstance(node, Sequence) and not node.flow and node.items:
        last = node.items[-1]
        dash = text.rindex("-", 0, last.span.start)
        indent = text[text.rfind("\n", 0, dash) + 1 : dash]
        return Splice(Span(last.span.end, last.span.end), f"{line_end(text)}{indent}- {name}=${{{name}:-}}")
    return None


EDITORS = {"random-key": random_keys, "origins-variable": origins_variable}
