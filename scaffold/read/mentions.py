"""Keys of env templates that code names, however it reads them: a helper of the project's own is known by nobody."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from scaffold.model.project import EnvFile, EnvRead

_CODE = (
    *(".py", ".js", ".ts", ".mjs", ".cjs", ".mts", ".cts", ".tsx", ".jsx", ".vue", ".svelte", ".astro", ".go", ".rb", ".php"),
    *(".java", ".kt", ".cs", ".rs", ".ex", ".exs", ".dart", ".scala", ".clj"),
    # Settings that programs fill in with variables.
    *(".prisma", ".toml", ".ini", ".cfg", ".conf", ".tmpl", ".erb"),
)


_MANY = 60
"""Keys that are looked for one by one; of more of them, those that are among the words of the text."""


def mentioned_keys(
    templates: Iterable[EnvFile], reads: Iterable[EnvRead], paths: Iterable[str], glance: Callable[[str], str | None]
) -> frozenset[str]:
    """Return the keys of the templates that stand as a whole word in a file of code; `glance` gives the text of a path.

    Keys whose read was seen are left out: no text is looked at where every one was.
    """
    known = {read.name.upper() for read in reads}
    missing = {entry.name for file in templates if file.kind == "template" for entry in file.entries if not entry.commented}
    missing = {name for name in missing if name.upper() not in known}
    found: set[str] = set()
    for path in paths:
        text = glance(path) if missing and path.endswith(_CODE) else None
        if text is not None:
            words = frozenset(re.findall(r"\w+", text)) if len(missing) > _MANY else frozenset()
            likely = (missing & words) | {name for name in missing if not name.isidentifier()} if words else missing
            seen = {name for name in likely if name in text and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)}
            found |= seen
            missing -= seen
    return frozenset(found)
