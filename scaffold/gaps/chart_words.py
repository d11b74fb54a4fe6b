"""Which tools a chart or a kustomization names in what it deploys by default: comments and branches left out do not count."""

from __future__ import annotations

from scaffold.gaps.signals import foreign_infrastructure
from scaffold.model.document import Node, find, text_of
from scaffold.model.project import InfrastructureFile, Project
from scaffold.model.regex import regex

_ACTION = regex(r"\{\{-?\s*(?P<word>if|with|range|define|block|else|end)\b(?P<rest>[^{}]*)\}\}")
_SWITCH = regex(r"\.Values\.([\w.]+)")
_COMMENT = regex(r"(?m)^[^\S\n]*#[^\n]*|\{\{-?\s*/\*.*?(?:\*/|\Z)")


def chart_names(project: Project, *words: str) -> bool:
    """Whether a chart or a kustomization names one of the tools, as a dependency or in what it deploys by default."""
    files = (item for item in foreign_infrastructure(project) if item.kind in {"helm", "kustomize"})
    return any(_names(project, item, words) for item in files)


def _names(project: Project, item: InfrastructureFile, words: tuple[str, ...]) -> bool:
    text = project.source(item.path) or ""
    if not any(word in text for word in words):
        return False
    chart, in_templates, _ = item.path.partition("/templates/")
    values = project.document(f"{chart}/values.yaml") if in_templates else None
    deployed = _deployed(_COMMENT.sub("", text), values.root if values else None)
    return any(word in deployed for word in words)


def _deployed(text: str, values: Node | None) -> str:
    """Return a template's text without the branches that the chart's default values leave out."""
    kept: list[str] = []
    hidden: list[bool] = []
    start = 0
    for action in _ACTION.finditer(text):
        if not any(hidden):
            kept.append(text[start : action.start()])
        start = action.end()
        if action["word"] == "end":
            hidden = hidden[:-1]
        elif action["word"] == "else":
            hidden = [*hidden[:-1], False]
        else:
            hidden.append(action["word"] in {"if", "with"} and _is_off(action["rest"], values))
    if not any(hidden):
        kept.append(text[start:])
    return "".join(kept)


def _is_off(condition: str, values: Node | None) -> bool:
    """Whether a condition wants a value that is false by default, alone or with others."""
    if values is None or any(word in condition.split() for word in ("or", "not", "(or", "(not")):
        return False
    switches = (find(values, *match[1].split(".")) for match in _SWITCH.finditer(condition))
    return any(text_of(switch, "on").lower() in {"false", ""} for switch in switches if switch is not None)
