"""Programs beside the language's own that application code starts, where it names them as the first word of a list."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.model.document import Location
from scaffold.model.project import CodeFact
from scaffold.read.lines import Places

_NAMES = "docker|ffmpeg|ffprobe|pg_dump|pg_restore|psql|mysqldump|tesseract|wkhtmltopdf|pandoc|libreoffice|soffice"
_LISTED = re.compile(rf"(?:\[|create_subprocess_exec\()\s*[\"'](?P<name>{_NAMES})[\"']\s*,")
_ASKS = re.compile(r"\bwhich\(")


def program_facts(path: str, text: str) -> Iterator[CodeFact]:
    """Yield a `program` fact for the first place of each name; none where the code looks first whether it is there."""
    if _ASKS.search(text):
        return
    places = Places(path, text)
    seen: set[str] = set()
    for match in _LISTED.finditer(text):
        name = match["name"]
        where: Location = places.at(match.start("name"))
        line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        if name not in seen and "#" not in line:
            seen.add(name)
            yield CodeFact("program", name, where)
