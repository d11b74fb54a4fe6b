"""The rights of a job: it gets an identity, and keeps what it had."""

from __future__ import annotations

from scaffold.generate.edits.workflow_lines import append_entry, before_block
from scaffold.model.artifact import Splice
from scaffold.model.document import Mapping


def identity(text: str, job: Mapping, rights: str, why: str) -> list[Splice]:
    """Return the splice that adds `id-token: write` to a job; `rights` is `present`, or what the job had, a scope a line."""
    line = f"id-token: write # {why}"
    present = job.get("permissions")
    if rights == "present":
        return []
    if isinstance(present, Mapping):
        return [append_entry(text, present, line)]
    steps = job.entry("steps")
    if steps is None:
        return []
    indent = " " * (steps.key.location.column - 1)
    block = "".join(f"{indent}  {item}\n" for item in (*filter(None, rights.split("\n")), line))
    return [before_block(text, steps, f"{indent}permissions:\n{block}")]
