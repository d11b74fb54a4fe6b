"""Who hands uploaded files to visitors in a project of Django: the helper that works with DEBUG alone, or something else."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.lines import Places

_HELPER = regex(r"(?m)^[^#\n]{0,200}\bstatic\(\s*(?:settings\.)?MEDIA_URL\b", words=("MEDIA_URL",))
"""`static()` of Django returns no route at all unless DEBUG is on."""
_ELSEWHERE = regex(
    r"\bdjango\.views\.static\b|[Xx]-[Aa]ccel-[Rr]edirect|[Ss]endfile|\bstorages\.|S3Boto|[Cc]loudinary|AzureStorage"
    r"|DEFAULT_FILE_STORAGE|\bFileResponse\(|(?m:^[ \t]*MEDIA_URL\s*=\s*f?[\"'](?:https?:)?//)|\bMEDIA_URL[^\n]{0,80}\benv",
    words=(
        *("django.views.static", "ccel-", "endfile", "storages.", "S3Boto", "loudinary", "AzureStorage"),
        *("DEFAULT_FILE_STORAGE", "FileResponse(", "MEDIA_URL"),
    ),
)


def upload_serving_facts(path: str, text: str) -> Iterator[CodeFact]:
    """Yield an `uploads-served` fact of a module: detail `debug` for the helper, `always` for all else that may do it."""
    for detail, pattern in (("debug", _HELPER), ("always", _ELSEWHERE)):
        match = pattern.search(text)
        if match:
            yield CodeFact("uploads-served", detail, Places(path, text).at(match.end() - 1))
