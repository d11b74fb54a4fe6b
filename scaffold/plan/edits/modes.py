"""CFG004 and CFG006: lines of env files that switch debug on or name another environment, and keys that nothing reads."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.model.edits import EditTask
from scaffold.model.gap import Gap
from scaffold.model.project import Project, SourceFile
from scaffold.plan.edits.kind import EditKind

_OFF = {"true": "false", "1": "0", "yes": "no", "on": "off"}
_CODE = (".py", ".js", ".ts", ".mjs", ".cjs", ".go", ".rb", ".java", ".kt", ".php", ".rs", ".cs", ".ex", ".exs")


def _plan(project: Project, gaps: tuple[Gap, ...]) -> Iterator[EditTask]:
    for gap in gaps:
        path = gap.primary.path
        if gap.code == "CFG004":
            lines = tuple((f"{path}:{item.location.line}", "") for item in gap.evidence if item.role != "searched")
            yield from _in_env_file(project, "commented-lines", gap, lines)
        elif gap.subject.startswith("environment/"):
            yield from _in_stack(project, gap)
        else:
            yield from _in_file(project, gap)


def _in_file(project: Project, gap: Gap) -> Iterator[EditTask]:
    name, _, wanted = gap.expected.partition("=")
    text = project.source(gap.primary.path) or ""
    line = text.split("\n")[gap.primary.line - 1 : gap.primary.line]
    now = re.search(r"=\s*[\"']?([\w-]+)", line[0]) if line else None
    if now is None or name != gap.subject:
        return
    if wanted == "false":
        wanted = _switched_off(now[1])
    elif not _is_known_to_code(project, wanted):
        return  # A word that no code compares with may be one that it refuses.
    yield from _in_env_file(project, "env-values", gap, ((f"{gap.primary.path}:{gap.primary.line}", wanted),))


def _switched_off(word: str) -> str:
    off = _OFF.get(word.lower(), "false")
    return off.upper() if word.isupper() and word.isalpha() else off.capitalize() if word[:1].isupper() else off


def _is_known_to_code(project: Project, word: str) -> bool:
    quoted = re.compile(rf"[\"']{re.escape(word)}[\"']")
    return any(item.path.endswith(_CODE) and quoted.search(item.text) for item in project.sources)


def _in_env_file(project: Project, kind: str, gap: Gap, lines: tuple[tuple[str, str], ...]) -> Iterator[EditTask]:
    text = project.source(gap.primary.path)
    if text is not None:
        yield EditTask(kind, (gap,), sources=(SourceFile(gap.primary.path, text),), decided=lines)


def _in_stack(project: Project, gap: Gap) -> Iterator[EditTask]:
    places = [item.location for item in gap.evidence if item.role in {"primary", "related"}]
    paths = sorted({place.path for place in places})
    documents = tuple(document for path in paths if (document := project.document(path)))
    decided = tuple((f"{place.path}:{place.line}:{place.column}", gap.subject.partition("/")[2]) for place in places)
    if len(documents) == len(paths):
        yield EditTask("debug-off", (gap,), documents, decided=decided)


KIND = EditKind(frozenset({"CFG004", "CFG006"}), _plan)
