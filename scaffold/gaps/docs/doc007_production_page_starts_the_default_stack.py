"""DOC007: a section on production starts the default compose file, beside which the repository has one for production."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.docs.pages import sections
from scaffold.gaps.facts import stands_alone
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import EnvironmentClass, Layer, Severity
from scaffold.model.project import DocFile, Project
from scaffold.model.regex import regex

_PRODUCTION = regex(
    r"(?i)\b(?:in|for|to|on)\s+production\b"
    r"|^\W*(?:\d+\W+)?production(?:\s+(?:deployment|setup|mode|docker|server|stack))?\W*$"
)
_NOT = regex(r"(?i)\b(?:not|without|before|from|differ\w*|vs|development|local)\b")
_STARTS = regex(r"^(?:sudo\s+)?docker[ -]compose\s+up\b")
_CHOSEN = regex(r"COMPOSE_FILE|\s(?:-f|--file|--profile)\b")


def _detect(project: Project) -> Iterator[Gap]:
    made = [
        stack
        for stack in project.stacks
        if stack.environment is EnvironmentClass.PRODUCTION and stack.complete and project.owned.isdisjoint(stack.files)
    ]
    default = next(
        (stack for stack in project.stacks if stack.id == "base" and len(stack.files) == 1 and stands_alone(stack)), None
    )
    names = [stack.files[-1] for stack in made if default and stack.directory == default.directory and stack.id != "base"]
    if default is None or not names:
        return
    for section in sections(project, _PRODUCTION):
        command = next((item for item in section.commands if _STARTS.search(item.text) and not _CHOSEN.search(item.text)), None)
        if command and not _NOT.search(section.heading.text) and _speaks_of_neither(section.page, names):
            yield RULE.gap(
                resource=section.page.path,
                subject="production",
                message=f"Under the heading of production {section.page.path} starts {default.files[0]}, while {names[0]} is"
                " the file for production: who follows the page runs the stack of the developers.",
                expected=f"docker compose -f {names[0]} up -d",
                actual="docker compose up without a file",
                locations=(command.location,),
                related=(section.heading.location,),
                environment=EnvironmentClass.PRODUCTION,
            )
            return


def _speaks_of_neither(page: DocFile, names: list[str]) -> bool:
    """Whether the page names no file of production, and shows no compose file of its own that people are to write."""
    known = any(name.rpartition("/")[2] in page.text for name in names)
    shown = any(word in page.text for word in ("services:\n", "COMPOSE_FILE", "services:\r\n"))
    return not (known or shown)


RULE = Rule(
    code="DOC007",
    name="production-page-starts-the-default-stack",
    layer=Layer.DOCS,
    severity=Severity.LOW,
    detect=_detect,
    closers=(
        Closer(None, "advice", "Name the compose files of production in the command, or set COMPOSE_FILE in the template."),
    ),
)
