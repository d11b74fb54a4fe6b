"""What brings a copy back: workflows and what they call, programs that people start, and pages that have it tried regularly."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scaffold.gaps.facts import SAYS, is_test_path
from scaffold.gaps.remembered import remembered
from scaffold.model.document import Location
from scaffold.model.project import Command, Project
from scaffold.model.regex import regex

RESTORES = regex(
    r"\bpg_restore\b(?!\s+(?:-l\b|--list|--version))|\bmongorestore\b|\brestic\s+restore\b|\bborg\s+extract\b"
    r"|\bpgbackrest\b[^\n]*\brestore\b|\bwal-g\s+backup-fetch\b|\bpg_verifybackup\b"
    r"|\b(?:psql|mysql|mariadb)\b[^\n]*(?:<|\s-f\s)[^\n]*(?:dump|backup)"
    r"|\b(?:gunzip|gzip\s+-\w*d\w*|zcat|xzcat|zstdcat|zstd\s+-\w*d\w*|gpg|openssl|age)\b[^\n|]*\|[^\n]*\b(?:psql|mysql|mariadb)\b",
    words=(
        "age",
        "backup",
        "borg",
        "dump",
        "gpg",
        "gunzip",
        "gzip",
        "openssl",
        "restore",
        "verifybackup",
        "wal-g",
        "zcat",
        "zst",
    ),
)
"""Commands that read a copy back."""
_CALLS = regex(
    r"restore[-_]test|test[-_]restore|verify[-_]backup|backup[-_]verify|restore[-_]drill|(?<![\w-])restore[\w-]*\.(?:sh|py|[mc]?js|ts|rb|php|go)\b"
    r"|\b(?:make|just|npm\s+run|pnpm|yarn|bun\s+run)\s+[\w:-]*restore",
    words=("backup", "restore"),
)
"""Names of what a workflow starts that reads a copy back."""
_NAMED = regex(
    r"(?:.*[-_.])?restore(?:[-_.](?:db|data|database|backup|dump|postgres|mysql|mongo|volumes?|all|s3|full)\w*)?\.\w+"
)
_PROGRAM = (".sh", ".bash", ".py", ".js", ".mjs", ".cjs", ".ts", ".rb", ".php", ".go", ".ps1")
_OF_COPIES = regex(r"(?i)back-?up|\bdump|\.sql\b|snapshot|\barchive")
_TRIAL = regex(
    r"(?i)\b(?:restore|recovery)[- ](?:drill|test|rehearsal|exercise|trial)s?\b|\btest(?:ing|ed)?\s+(?:the\s+|a\s+)?restores?\b"
)
_STARTS_A_SERVER = regex(
    r"\b(?:docker|podman)\s+run\b[^\n]*(?:postgres|postgis|timescale|pgvector|mysql|mariadb|mongo|_IMAGE\b|--tmpfs)"
    r"|\bpg_ctl\b[^\n]*\bstart\b|\bpg_tmp\b",
    words=("run", "pg_"),
)
_RHYTHM = regex(
    r"(?i)\b(?:daily|weekly|monthly|quarterly|every\s+(?:day|week|month|quarter)|once\s+a\s+(?:week|month|quarter))\b"
)

_BELOW_HEADING = 4
"""Lines below a heading that still say what it is about."""


def is_restored_in_ci(project: Project) -> bool:
    """Whether a workflow, itself or by what it calls, reads a copy back."""
    called = [command.text for command in project.commands if command.context == "workflow"]
    scripts = {command.location.path for command in project.commands if command.context == "script"}
    text = "\n".join(called)
    names = {path for path in scripts if path.rpartition("/")[2] in text}
    inside = [command.text for command in project.commands if command.location.path in names]
    return any(RESTORES.search(text) or _CALLS.search(text) for text in (*called, *inside))


def is_tried_with_each_copy(project: Project, places: Iterable[Location]) -> bool:
    """Whether a script that makes copies (its lines at `places`) also reads them back into a server that it starts for that."""
    copying = {place.path for place in places}
    for path in sorted({item.location.path for item in project.commands if item.context == "script"} & copying):
        lines = [item.text for item in project.commands if item.location.path == path and not SAYS.match(item.text)]
        if any(map(_STARTS_A_SERVER.search, lines)) and any(map(RESTORES.search, lines)):
            return True
    return False


@remembered
def restore_program(project: Project) -> Location | None:
    """Return the program of the repository by which people bring a copy back: the line of a script or a makefile that does, or
    the first of a program that is called after it; None where there is none.
    """
    lines = (item.location for item in project.commands if _is_program(project, item) and _reads_back(item))
    return next(lines, None) or next(_called_after_it(project), None)


def _is_program(project: Project, command: Command) -> bool:
    path = command.location.path
    is_own = path not in project.owned and not is_test_path(path)
    return is_own and command.context in {"script", "makefile", "package"} and not SAYS.match(command.text)


def _reads_back(command: Command) -> bool:
    return bool(RESTORES.search(command.text)) or (command.context != "script" and "restore" in command.owner)


def _called_after_it(project: Project) -> Iterator[Location]:
    for path in project.files:
        name = path.rpartition("/")[2].lower()
        is_called = "restore" in name and name.endswith(_PROGRAM) and _NAMED.fullmatch(name) and not is_test_path(path)
        if is_called and path not in project.owned and _OF_COPIES.search(project.source(path) or ""):
            yield Location(path, 1)


def page_of_trials(project: Project) -> Location | None:
    """Return the line of a page that has people try a restore in a rhythm that it names, None where none does."""
    for page in project.docs:
        if page.path in project.owned or not _TRIAL.search(page.text):
            continue
        rows = page.text.splitlines()
        for number, row in enumerate(rows, 1):
            after = _BELOW_HEADING if row.startswith("#") else 0
            if _TRIAL.search(row) and _RHYTHM.search("\n".join(rows[number - 1 : number + after])):
                return Location(page.path, number)
    return None
