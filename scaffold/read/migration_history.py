"""Faults of the history of migrations that each tool refuses: a parent that is no file, two newest versions, a number twice."""

from __future__ import annotations

import json
import posixpath
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping

from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.lines import Places
from scaffold.read.paths import is_test_code

_Glance = Callable[[str], str | None]
_OF_ALEMBIC = regex(r"(?P<root>(?:.*/)?)versions/[^/]+\.py")
_OF_DJANGO = regex(r"(?P<app>(?:.*/)?(?P<label>[^/]+))/migrations/(?P<name>[A-Za-z0-9]\w*)\.py")
_NUMBERED = {
    "Flyway": regex(r"(?P<folder>(?:.*/)?)V(?P<number>\d+(?:[._]\d+)*)__[^/]+\.sql"),
    "Rails": regex(r"(?P<folder>(?:.*/)?db/migrate/)(?P<number>\d+)_\w+\.rb"),
    "SQL": regex(r"(?P<folder>(?:.*/)?)(?P<number>\d+)_[^/]+\.up\.sql"),
}
"""Tools that refuse two versions of one number, by the names of their files."""
_JOURNAL = "/meta/_journal.json"
_REVISION = regex(r"(?m)^revision\b[^=\n]*=\s*[\"'](?P<id>[^\"'\n]+)[\"']")
_PARENTS = regex(
    r"(?m)^(?P<name>down_revision|depends_on)\b[^=\n]*=\s*(?P<value>None\b|[\"'][^\"'\n]+[\"']|[(\[][^)\]=]*[)\]]|[^\n]*)"
)
_BRANCHES = regex(r"(?m)^branch_labels\b[^=\n]*=(?!\s*None\b)")
_LOCATIONS = regex(r"(?m)^[ \t]*(?:version_locations\s*=\s*\S|recursive_version_locations\s*=\s*true)")
_LITERAL = regex(r"None|\s*[\"'][^\"']+[\"']\s*|[(\[]\s*(?:[\"'][^\"']+[\"']\s*+(?:,\s*+)?)*[)\]]")
_TEXT = regex(r"[\"']([^\"']+)[\"']")
_DEPENDENCIES = regex(r"(?m)^[ \t]+dependencies\b[^=\n]*=\s*\[(?P<value>[^\]]*)\]")
_ENTRY = regex(r"\(\s*[\"'](?P<label>\w+)[\"']\s*,\s*[\"'](?P<name>\w+)[\"']\s*,?\s*\)")
_PLAIN_ENTRIES = regex(
    r"(?:\s|#[^\n]*\n|,|\(\s*[\"']\w+[\"']\s*,\s*[\"']\w+[\"']\s*+(?:,\s*+)?\)|migrations\.swappable_dependency\([\w.]+\))*"
)
_LABEL = regex(r"(?m)^[ \t]+label\s*=\s*[\"'](\w+)[\"']")
_MOVED = ("MIGRATION_MODULES",)
_ANY_NAME = frozenset({"__first__", "__latest__"})
_FEWEST_HEADS = 2


@frozen
class _Version:
    """One migration: its id, those that it follows, and where it names them."""

    id: str
    parents: tuple[str, ...]
    location: Location


def history_faults(files: Iterable[str], present: Iterable[str], glance: _Glance) -> Iterator[CodeFact]:
    """Yield `history` facts (detail: tool, fault and names, parted by spaces) for versions that their tool cannot put in order.

    Faults are `parent` (the version follows one that no file is), `heads` (several are newest, and the tool asks for one),
    `twice` (two files have one number) and `file` (a journal lists a file that is not there).
    """
    paths = [path for path in files if not is_test_code(path)]
    everything = frozenset(present)
    yield from _alembic(paths, everything, glance)
    yield from _django(paths, everything, glance)
    yield from _numbered(paths)
    yield from _drizzle(paths, everything, glance)


# --- Alembic, and Flask-Migrate over it -------------------------------------------------------------------------------


def _alembic(paths: list[str], present: frozenset[str], glance: _Glance) -> Iterator[CodeFact]:
    by_root: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        match = _OF_ALEMBIC.fullmatch(path)
        if match and f"{match['root']}env.py" in present:
            by_root[match["root"]].append(path)
    settings = [path for path in present if path.endswith(("alembic.ini", "pyproject.toml"))] if by_root else []
    if any(_LOCATIONS.search(glance(path) or "") for path in settings):
        return
    for root, versions in by_root.items():
        inner = any(path.startswith(f"{root}versions/") and path.count("/") > root.count("/") + 1 for path in paths)
        found = None if inner else _revisions(versions, glance)
        if found:
            yield from _alembic_faults(found)


def _revisions(paths: list[str], glance: _Glance) -> list[_Version] | None:
    """Return the revisions of one folder, None where one of them is not written plainly."""
    found = []
    for path in paths:
        text = glance(path)
        match = _REVISION.search(text or "")
        if text is None or (match is None and "down_revision" in text):
            return None
        if match is None:
            continue
        parents = list(_PARENTS.finditer(text))
        values = [item["value"].partition("#")[0].strip() for item in parents]
        if not parents or not all(_LITERAL.fullmatch(value) for value in values) or _BRANCHES.search(text):
            return None
        place = Places(path, text).at(
            next((item.start() for item in parents if item["name"] == "down_revision"), match.start())
        )
        found.append(_Version(match["id"], tuple(name for value in values for name in _TEXT.findall(value)), place))
    return found


def _alembic_faults(versions: list[_Version]) -> Iterator[CodeFact]:
    known = {item.id for item in versions}
    followed = {parent for item in versions for parent in item.parents}
    lost = [(item, parent) for item in versions for parent in item.parents if parent not in known]
    for item, parent in lost:
        yield CodeFact("history", f"Alembic parent {parent}", item.location)
    heads = [item for item in versions if item.id not in followed]
    if not lost and len(heads) >= _FEWEST_HEADS:
        for item in heads:
            yield CodeFact("history", f"Alembic heads {item.id}", item.location)


# --- Django -----------------------------------------------------------------------------------------------------------


def _django(paths: list[str], present: frozenset[str], glance: _Glance) -> Iterator[CodeFact]:
    if not any(path.endswith("manage.py") for path in paths):
        return
    apps: dict[str, dict[str, list[_Version]]] = defaultdict(dict)
    unsure: set[str] = set()
    for app, migrations in _migrations_by_app(paths).items():
        label = _label(app, present, glance)
        nodes = _nodes(migrations, glance)
        if nodes is None or not nodes:
            unsure.add(label)
        else:
            apps[label][app] = nodes
    known = {
        label: {node.id for nodes in held.values() for node in nodes}
        for label, held in apps.items()
        if label not in unsure and len(held) == 1
    }
    found = [fact for label in known for nodes in apps[label].values() for fact in _django_faults(label, nodes, known)]
    if found and not any(word in (glance(path) or "") for path in paths if path.endswith(".py") for word in _MOVED):
        yield from found


def _migrations_by_app(paths: list[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for path in paths:
        match = _OF_DJANGO.fullmatch(path)
        if match:
            found[match["app"]][match["name"]] = path
    return found


def _label(app: str, present: frozenset[str], glance: _Glance) -> str:
    path = f"{app}/apps.py"
    match = _LABEL.search(glance(path) or "") if path in present else None
    return match[1] if match else posixpath.basename(app)


def _nodes(migrations: dict[str, str], glance: _Glance) -> list[_Version] | None:
    """Return the migrations of an app, None where their order is not written plainly."""
    found = []
    for name, path in migrations.items():
        text = glance(path) or ""
        if "class Migration" not in text:
            continue
        match = _DEPENDENCIES.search(text)
        if "replaces" in text or "run_before" in text or (match is None and re.search(r"\bdependencies\b", text)):
            return None
        if match is not None and not _PLAIN_ENTRIES.fullmatch(match["value"]):
            return None
        entries = _ENTRY.finditer(re.sub(r"#[^\n]*", "", match["value"])) if match else ()
        place = Places(path, text).at(match.start()) if match else Location(path, 1)
        found.append(_Version(name, tuple(f"{item['label']}.{item['name']}" for item in entries), place))
    return found


def _django_faults(label: str, nodes: list[_Version], known: Mapping[str, set[str]]) -> Iterator[CodeFact]:
    lost = []
    for node in nodes:
        for parent in node.parents:
            owner, _, name = parent.partition(".")
            if owner in known and name not in known[owner] | _ANY_NAME:
                lost.append(CodeFact("history", f"Django parent {parent}", node.location))
    followed = {parent.partition(".")[2] for node in nodes for parent in node.parents if parent.startswith(f"{label}.")}
    leaves = [node for node in nodes if node.id not in followed]
    yield from lost
    if not lost and len(leaves) >= _FEWEST_HEADS:
        for node in leaves:
            yield CodeFact("history", f"Django heads {label}.{node.id}", node.location)


# --- numbers, and journals --------------------------------------------------------------------------------------------


def _numbered(paths: list[str]) -> Iterator[CodeFact]:
    for tool, pattern in _NUMBERED.items():
        found = [(match["folder"], _number(match["number"]), path) for path in paths if (match := pattern.fullmatch(path))]
        counts = Counter((folder, number) for folder, number, _ in found)
        for folder, number, path in found:
            if counts[folder, number] > 1:
                yield CodeFact("history", f"{tool} twice {number}", Location(path, 1))


def _number(text: str) -> str:
    """Return a version as its tool compares it: by the numbers, zeros before them and at the end left out."""
    return re.sub(r"(?:\.0)+$", "", ".".join(str(int(part)) for part in re.split(r"[._]", text)))


def _drizzle(paths: list[str], present: frozenset[str], glance: _Glance) -> Iterator[CodeFact]:
    for path in (path for path in sorted(present) if path.endswith(_JOURNAL) and "node_modules/" not in path):
        folder = path.removesuffix(_JOURNAL)
        if not any(other.startswith(f"{folder}/") for other in paths):
            continue
        try:
            entries = json.loads(glance(path) or "{}").get("entries", [])
        except (ValueError, AttributeError, RecursionError):
            continue
        for entry in entries if isinstance(entries, list) else ():
            tag = entry.get("tag") if isinstance(entry, dict) else None
            if isinstance(tag, str) and f"{folder}/{tag}.sql" not in present:
                yield CodeFact("history", f"Drizzle file {tag}.sql", Location(path, 1))
