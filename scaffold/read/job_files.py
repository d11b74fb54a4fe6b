"""Work of a queue that opens or stores files of users, by the plain forms of Rails, of Python and of scripts."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.lines import Places

_OF_RAILS = regex(r"(?:^|/)app/(?:jobs|workers|sidekiq)/.+\.rb$", words=("app/",))
_ATTACHES = regex(r"(?m)^(?![ \t]*#)[^\n]*?\.(?:attach\(|download\b(?!\()|attachment\.open\b|blob\.open\b)")
_TASK = regex(r"@(?:shared_task|\w+\.task|dramatiq\.actor|job)\b", words=("@",))
_STORES = regex(
    r"\bdefault_storage\.(?:open|save|path)\(|\bMEDIA_ROOT\b|\b(?:file|image|document|attachment)\.(?:path\b|open\(|save\()"
)
_QUEUE = regex(r"\bnew\s+Worker\(\s*[\"'`\w.]|@Processor\(", words=("Worker(", "@Processor("))
_FOLDER = regex(
    r"\bprocess\.env\.(?:UPLOADS?|MEDIA|STORAGE|FILES?)_(?:DIR|DIRECTORY|PATH|FOLDER|ROOT)\b", words=("process.env.",)
)


def job_file_facts(path: str, text: str) -> Iterator[CodeFact]:
    """Yield a `job-files` fact for the first line by which such work takes or keeps a file on the disk of its process."""
    if path.endswith(".rb"):
        found = _ATTACHES.search(text) if _OF_RAILS.search(path) else None
    elif path.endswith(".py"):
        found = _STORES.search(text) if _TASK.search(text) else None
    else:
        found = _FOLDER.search(text) if _QUEUE.search(text) else None
    if found is not None:
        yield CodeFact("job-files", "", Places(path, text).at(found.end() - 1))
