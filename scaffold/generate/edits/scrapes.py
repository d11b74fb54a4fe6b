"""Targets and jobs in a configuration of Prometheus."""

from __future__ import annotations

import json

from scaffold.generate.edits.places import line_end
from scaffold.model.artifact import Splice
from scaffold.model.document import Location, Mapping, Sequence, Span, find
from scaffold.model.edits import EditTask, FileSplices
from scaffold.model.guards import scalar_at
from scaffold.model.regex import regex

_ADDRESS = regex(r"[\w.-]+:\d+")


def scrape_targets(task: EditTask) -> tuple[FileSplices, ...]:
    """Return the splices that write other addresses; empty where one has a scheme, a path or a form of its own."""
    splices = []
    for place, address in task.decided:
        line, _, column = place.partition(":")
        scalar = scalar_at(task.document, Location(task.document.path, int(line), int(column)))
        source = task.document.text[scalar.span.start : scalar.span.end] if scalar else ""
        if scalar is None or not _ADDRESS.fullmatch(source.strip("\"'")):
            return ()
        quote = source[0] if source[0] in "\"'" else ""
        splices.append(Splice(scalar.span, f"{quote}{address}{quote}"))
    return (FileSplices(task.document.path, tuple(dict.fromkeys(splices))),)


def scrape_jobs(task: EditTask) -> tuple[FileSplices, ...]:
    """Return the splice that adds a job for each name and address behind the last one; empty for a flow sequence."""
    jobs = find(task.document.root, "scrape_configs")
    text = task.document.text
    if not isinstance(jobs, Sequence) or jobs.flow or not jobs.items or not isinstance(jobs.items[-1], Mapping):
        return ()
    last = jobs.items[-1]
    dash = text.rfind("-", 0, last.span.start)
    indent = text[text.rfind("\n", 0, dash) + 1 : dash]
    end = len(text[: last.span.end].rstrip())
    close = text.find("\n", end)
    place = len(text) if close == -1 else close + 1
    if indent.strip() or text[dash + 1 : last.span.start].strip():
        return ()
    lines = [line for name, address in task.decided for line in _job(name, address)]
    added = "".join(f"{indent}{line}{line_end(text)}" for line in lines)
    return (FileSplices(task.document.path, (Splice(Span(place, place), ("" if close >= 0 else line_end(text)) + added),)),)


def _job(name: str, address: str) -> tuple[str, ...]:
    return (
        f"- job_name: {json.dumps(name)}",
        "  static_configs:",
        f"    - targets: [{json.dumps(address)}]",
    )


EDITORS = {"scrape-targets": scrape_targets, "scrape-jobs": scrape_jobs}
