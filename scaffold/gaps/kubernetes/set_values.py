"""Values that a command sets for a chart of the repository and that no template of it reads."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.model.frozen import frozen
from scaffold.model.project import Command, Project
from scaffold.model.regex import regex

_INSTALLS = regex(r"\bhelm\s+(?:upgrade|install)\b(?P<words>.*)")
_SETS = regex(r"--set(?:-string)?[= ]+[\"']?(?P<key>[A-Za-z][\w-]*(?:\.[A-Za-z][\w-]*)*)(?:\[[^\]]*\][^=]*)?=")
_WHOLE = regex(r"\.Values\b(?!\.)")


@frozen
class UnreadValue:
    """A value that a command sets for the chart in a folder, and that nothing there reads."""

    chart: str
    key: str
    command: Command


def unread_values(project: Project) -> Iterator[UnreadValue]:
    """Yield the values of `helm upgrade --set` that no template reads; charts with subcharts may read any."""
    texts: dict[str, str | None] = {}
    seen: set[tuple[str, str]] = set()
    for command in project.commands:
        match = _INSTALLS.search(command.text) if "--set" in command.text and command.context != "doc" else None
        charts = [word.removeprefix("./").rstrip("/") for word in re.findall(r"[\w./-]+", match["words"])] if match else []
        chart = next((word for word in charts if f"{word}/Chart.yaml" in project.present - project.owned), None)
        if match is None or chart is None:
            continue
        if chart not in texts:
            texts[chart] = _templates(project, chart)
        text = texts[chart]
        for key in dict.fromkeys(found["key"] for found in _SETS.finditer(match["words"])):
            if text is not None and (chart, key) not in seen and not _is_read(text, key):
                seen.add((chart, key))
                yield UnreadValue(chart, key, command)


def _templates(project: Project, chart: str) -> str | None:
    """Return the text of all templates of a chart; None where another chart's may read the values, or one reads them all."""
    head = project.source(f"{chart}/Chart.yaml") or ""
    if re.search(r"(?m)^dependencies:", head) or any(path.startswith(f"{chart}/charts/") for path in project.present):
        return None
    paths = [path for path in project.files if path.startswith(f"{chart}/templates/")]
    texts = [project.source(path) for path in paths]
    if not paths or any(
        text is None for path, text in zip(paths, texts, strict=True) if path.endswith((".yaml", ".yml", ".tpl"))
    ):
        return None
    text = "\n".join(text or "" for text in texts)
    return None if _WHOLE.search(text) else text


def _is_read(text: str, key: str) -> bool:
    """Whether a template names the value, or takes a part of the values that holds it as a whole."""
    parts = key.split(".")
    if any(f'"{part}"' in text for part in parts):
        return True
    for length in range(1, len(parts)):
        if re.search(rf"\.Values\.{re.escape('.'.join(parts[:length]))}(?![\w.-])", text):
            return True
    return bool(re.search(rf"\.Values\.{re.escape(key)}(?![\w-])", text))
