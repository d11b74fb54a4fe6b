"""Whether scaffold writes a chart for a project: what closes the gaps of the layers that a chart closes."""

from __future__ import annotations

from scaffold.model.document import Mapping, Node, Sequence, find, text_of
from scaffold.model.gap import Closer
from scaffold.model.left_out import without_workloads
from scaffold.model.names import Room
from scaffold.model.project import Project
from scaffold.model.regex import regex

_SHOWN = 4
"""How many services a sentence names."""
PACKAGING = frozenset({"helm", "kustomize", "kubernetes"})

_ONLY_WITH = regex(
    r"\{\{-?[ \t]*(?:range(?:[ \t]+\$\w+,[ \t]*\$\w+[ \t]*:=)?|with|if)[ \t]+\.Values\.(\w+)[ \t]*-?\}\}", words=(".Values.",)
)
_VALUES = regex(r"/values[\w.-]*\.ya?ml$", words=("/values",))


def renders_nothing(project: Project, path: str) -> bool:
    """Whether a template of a chart begins by asking for a part of the values that all of the chart's own leave empty."""
    folder, _, name = path.rpartition("/templates/")
    asked = _ONLY_WITH.match(project.source(path) or "") if name else None
    if asked is None or "/charts/" in f"/{folder}":
        return False
    values = [item for item in project.documents if item.path.startswith(f"{folder}/") and _VALUES.search(item.path)]
    return bool(values) and not any(_is_filled(find(item.root, asked[1])) for item in values)


def _is_filled(part: Node | None) -> bool:
    if isinstance(part, Mapping):
        return bool(part.entries)
    return bool(part.items) if isinstance(part, Sequence) else text_of(part) not in {"", "false"}


def chart_closers(project: Project, advice: str) -> tuple[Closer, ...]:
    """Return the chart as what closes a gap; advice where none is written: on ECS, beside packaging of the user's own,
    without a stack that may run in production and has code of the team to run, and where each service of it is left out.
    """
    own = any(item.kind in PACKAGING and item.path not in project.owned for item in project.infrastructure)
    stack = project.production_stack
    runs_code = stack is not None and any(service.is_application for service in stack.services)
    if stack is None or not runs_code or own or project.configuration.compute != "eks":
        return (Closer(None, "advice", advice),)
    left_out = without_workloads(project, stack)
    return (Closer(None, "advice", f"{_why(left_out)} {advice}"),) if left_out else (Closer(Room.HELM, "files"),)


def _why(left_out: tuple[tuple[str, str], ...]) -> str:
    """Return the sentence on why `generate` writes no chart, with the reasons of the first services."""
    told = "; ".join(f"{name}: {reason}" for name, reason in left_out[:_SHOWN])
    more = f"; and {len(left_out) - _SHOWN} more" if len(left_out) > _SHOWN else ""
    return f"No chart is written, as each service is left out of it ({told}{more})."
