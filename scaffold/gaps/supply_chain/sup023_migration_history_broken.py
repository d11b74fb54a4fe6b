"""SUP023: the migrations of the repository have no order that their tool accepts, so that none of them runs."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import is_test_path, listed, path_environment
from scaffold.gaps.migrations import starting_services
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import TRIED, Layer, Severity
from scaffold.model.project import CodeFact, Project
from scaffold.model.regex import regex
from scaffold.model.starting import RUNS

_ALL_HEADS = regex(r"upgrade[\"',\s(]+(?:\w+\s*,\s*)?[\"']?heads\b")
_UPGRADES = regex(r"\bcommand\.upgrade\(")
_MORE_SQL = ("golang-migrate", "sqlx", "migrate/migrate")
"""What reads files called `1_name.up.sql` and refuses a number twice."""
_BY_PEOPLE = {"makefile": 1, "package": 1, "doc": 2}
"""Where a command stands that people type, the nearest to a machine first."""
_FAULTS = {
    "parent": "a parent that no file is",
    "heads": "several newest versions",
    "twice": "a number twice",
    "file": "a file that is missing",
}


def _detect(project: Project) -> Iterator[Gap]:
    groups: dict[tuple[str, str, str], list[CodeFact]] = {}
    for fact in project.code_facts:
        folder = fact.location.path.rpartition("/")[0]
        if fact.kind == "history" and not is_test_path(f"{folder}/") and path_environment(folder) not in TRIED:
            tool, fault, _ = fact.detail.split(" ", 2)
            groups.setdefault((folder, tool, fault), []).append(fact)
    for (folder, tool, fault), facts in groups.items():
        if not (fault == "heads" and tool == "Alembic" and _takes_all_heads(project)) and _is_used(project, tool):
            yield _gap(project, folder, tool, fault, facts)


def _takes_all_heads(project: Project) -> bool:
    texts = [command.text for command in project.commands]
    texts += [" ".join(service.command or ()) for stack in project.stacks for service in stack.services]
    texts += [item.text for file in project.dockerfiles for stage in file.stages for item in stage.instructions]
    texts += [item.text for item in project.sources if item.path.endswith(".py") and "heads" in item.text]
    return any(_ALL_HEADS.search(text) for text in texts)


def _is_used(project: Project, tool: str) -> bool:
    """Whether the tool is the one that reads these files: names ending in `.up.sql` are those of many."""
    if tool != "SQL":
        return True
    names = [name for item in project.manifests for name in item.dependencies]
    names += [service.image.repository if service.image else "" for stack in project.stacks for service in stack.services]
    return any(word in name for name in names for word in _MORE_SQL)


def _runs(project: Project) -> Location | None:
    """Return the first place that runs migrations: the start of a service, then a command of a script, a workflow or a page."""
    for _, _, start in starting_services(project):
        if start.migrating:
            return start.migrating[0]
    applies = [fact.location for fact in project.code_facts if fact.kind == "schema" and fact.detail == "applies-at-start"]
    shown = [item for item in project.commands if RUNS.search(item.text) and not is_test_path(item.location.path)]
    ranked = sorted(shown, key=lambda item: _BY_PEOPLE.get(item.context, 0))
    return next(iter([*applies, *(item.location for item in ranked)]), None)


def _gap(project: Project, folder: str, tool: str, fault: str, facts: list[CodeFact]) -> Gap:
    names = listed(fact.detail.split(" ", 2)[2] for fact in facts)
    places = tuple(dict.fromkeys(fact.location for fact in facts))
    run = _runs(project)
    why, expected = _words(tool, fault, names)
    return RULE.gap(
        resource=folder or tool,
        subject=f"history/{fault}",
        message=f"No migration of {folder or tool} runs: {why}.",
        expected=expected,
        actual=_FAULTS[fault],
        locations=places,
        related=(run,) if run else (),
        severity=Severity.HIGH if run or tool in {"Flyway", "Rails", "Django"} else Severity.MEDIUM,
    )


def _words(tool: str, fault: str, names: str) -> tuple[str, str]:
    if fault == "parent":
        return f"{tool} stops where one follows {names}, which no file is", "every version that another one follows, in git"
    if fault == "heads":
        verb = "`upgrade head` asks for one" if tool == "Alembic" else "`migrate` refuses the conflict"
        return f"{names} are all newest, and {tool}'s {verb}", "one newest version: a merge, or a new parent"
    if fault == "twice":
        return f"two files have the number {names}, and the tool refuses both", "one number for each version"
    return f"its journal lists {names}, which is not there, and {tool} stops at it", "every file of the journal, in git"


RULE = Rule(
    code="SUP023",
    name="migration-history-broken",
    layer=Layer.SUPPLY_CHAIN,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Commit what is missing, or point the version to the one before it; for two newest ones write a merge "
            "(`alembic merge heads`, `manage.py makemigrations --merge`). Bring an empty database to the newest version in CI.",
        ),
    ),
)
