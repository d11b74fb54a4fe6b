"""DOC007: a page on production, or a script that updates it, starts the default compose file beside the one for production."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.docs.pages import commands_of, current_pages, headings_around, sections
from scaffold.gaps.facts import mounts_source, stands_alone
from scaffold.gaps.modes import mode_of
from scaffold.model.compose import Stack
from scaffold.model.deployments import LISTED, compose_call, deploy_scripts, named_files
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import EnvironmentClass, Layer, Severity
from scaffold.model.project import Command, DocFile, Project
from scaffold.model.regex import regex

_PRODUCTION = regex(
    r"(?i)\b(?:in|for|to|on)\s+production\b"
    r"|^\W*(?:\d+\W+)?production(?:\s+(?:deployment|setup|mode|docker|server|stack))?\W*$"
)
_NOT = regex(r"(?i)\b(?:not|without|before|from|differ\w*|vs|development|local)\b")
_FOR_DEVELOPERS = regex(r"(?i)\b(?:develop\w*|dev|local\w*|contribut\w*|hacking|tests?|testing|try|demo)\b")
_STARTS = regex(r"^(?:sudo\s+)?docker[ -]compose\s+up\b")
_UP = regex(compose_call("up"))
_CD = regex(r"cd\s+(?P<path>\S+)")
_OWN_FOLDER = regex(r"(?i)dirname|script_?dir|BASH_SOURCE|^[\"']?\.?[\"']?$|\broot|project_?dir|repo_?dir")
_MAKES = regex(r"\b(?:cp|mv|ln|curl|wget|scp|rsync)\b[^\n]*compose[\w.-]*\.ya?ml", words=("compose",))
_HEAD = 40
"""Lines of a file at its head, where its use is told."""
_OVERRIDE = regex(r"compose\.override\.ya?ml$", words=(".override.",))
_LINK = regex(r"\[[^\]\n]{0,200}\]\([^)\n]{0,300}\)")
_TO_HOST = regex(
    r"(?i)\bself-?host\w*|\bto\s+host\b|\bhosting\b|\b(?:in|for|to)\s+production\b|\bproduction\s+deployment\b"
    r"|\bon\s+(?:a|your|the)\s+(?:\w+\s+)?(?:server|vps|host)\b"
)
"""Words by which a page speaks to who runs the product for others."""
_CHOSEN = regex(r"COMPOSE_FILE|\s(?:-f|--file|--profile)\b")


def _detect(project: Project) -> Iterator[Gap]:
    found = list(_of_default(project))
    yield from found
    pages = {gap.resource for gap in found}
    yield from (gap for gap in _merged_by_itself(project) if gap.resource not in pages)


def _merged_by_itself(project: Project) -> Iterator[Gap]:
    """Yield the pages that have people host the product by a start without a file, where Compose merges an override with the
    settings of developers by itself.
    """
    signs = [(stack, sign) for stack in project.stacks if (sign := _sign_of_override(project, stack))]
    stack, sign = signs[0] if len(signs) == 1 and signs[0][0].directory == "" else (None, None)
    if stack is None or sign is None or any(LISTED.search(entry) for entry in _settings(project)):
        return
    for page in current_pages(project):
        command = next((item for item in commands_of(project, page.path) if _starts_default(item)), None)
        if command is None or command.context != "doc" or "override" in page.text:
            continue
        said = [_LINK.sub("", line) for line in (*headings_around(page, command.location), *_near(page, command))]
        if any(map(_TO_HOST.search, said)) and not any(map(_FOR_DEVELOPERS.search, (page.path, *said))):
            yield _merged_gap(command, stack.files[-1], sign)
            return


def _merged_gap(command: Command, override: str, sign: tuple[str, Location]) -> Gap:
    page = command.location.path
    return RULE.gap(
        resource=page,
        subject="override",
        message=f"{page} has people host the product with a start that names no file: Compose merges"
        f" {override} into it by itself, and that is made for development ({sign[0]}).",
        expected="the files of production by -f, or an override that git does not hold",
        actual="docker compose up without a file",
        locations=(command.location,),
        related=(sign[1],),
        severity=Severity.MEDIUM,
        environment=EnvironmentClass.PRODUCTION,
    )


def _sign_of_override(project: Project, stack: Stack) -> tuple[str, Location] | None:
    """Return what shows that the override of a stack, which Compose merges without being told, is for development."""
    path = stack.files[-1] if len(stack.files) > 1 else ""
    if not _OVERRIDE.search(path) or not stack.complete or path in project.owned:
        return None
    folders = {manifest.folder for manifest in project.manifests}
    for service in stack.services:
        for entry in service.environment:
            if entry.location.path == path and mode_of(entry.name, entry.value) is EnvironmentClass.DEV:
                return f"{entry.name} of {service.name}", entry.location
        for mount in service.mounts:
            if mount.kind == "bind" and mount.resolved in folders and mount.location.path == path and not mount.read_only:
                return f"the sources are mounted into {service.name}", mount.location
    return None


def _of_default(project: Project) -> Iterator[Gap]:
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
        command = next((item for item in section.commands if _starts_default(item)), None)
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
                severity=Severity.LOW,
                environment=EnvironmentClass.PRODUCTION,
            )
            return
    yield from _only_way(project, default, names)
    yield from _updates(project, default, names)


def _updates(project: Project, default: Stack, names: list[str]) -> Iterator[Gap]:
    """Yield the scripts for updates that start the default file, where people install with the file for production."""
    told = _told_to_start(project, names)
    if told is None or any(LISTED.search(entry) for entry in _settings(project)):
        return
    for path, commands in deploy_scripts(project).items():
        found = [item for item in commands if _STARTS.search(item.text)]
        if not found or path.rpartition("/")[0] != default.directory or any(map(_elsewhere, commands)):
            continue
        if any(named_files(item.text) or "COMPOSE_FILE" in item.text for item in commands):
            continue
        merged = _merged_file(project, default)
        with_it = f" with {merged}" if merged else ""
        yield RULE.gap(
            resource=path,
            subject="update",
            message=f"{path} starts {default.files[0]}{with_it}, while {told[0]} is what production is installed with: the"
            " first update brings another stack up in its place, with other settings, and nobody is told.",
            expected=f"docker compose -f {told[0]} up -d",
            actual="docker compose up without a file",
            locations=tuple(item.location for item in found),
            related=(told[1],),
            environment=EnvironmentClass.PRODUCTION,
        )


def _told_to_start(project: Project, names: list[str]) -> tuple[str, Location] | None:
    """Return the file for production that a page or its own head tells people to start, with the place."""
    for name in names:
        short = name.rpartition("/")[2]
        for command in project.commands:
            if command.context == "doc" and _UP.search(command.text) and named_files(command.text) == {short}:
                return name, command.location
        for number, line in enumerate((project.source(name) or "").split("\n")[:_HEAD], 1):
            if line.startswith("#") and _UP.search(line) and named_files(line) == {short}:
                return name, Location(name, number)
    return None


def _settings(project: Project) -> Iterator[str]:
    return (f"{entry.name}={entry.value}" for file in project.env_files for entry in file.entries)


def _elsewhere(command: Command) -> bool:
    """Whether a script goes to a folder that is not its own, or makes a compose file there."""
    moved = _CD.match(command.text)
    return (moved is not None and not _OWN_FOLDER.search(moved["path"])) or bool(_MAKES.search(command.text))


def _merged_file(project: Project, default: Stack) -> str:
    """Return the file that Compose merges with the default one by itself, "" where there is none."""
    stem, dot, end = default.files[0].rpartition(".")
    found = (f"{stem}.override{dot}{word}" for word in (end, "yml", "yaml"))
    return next((path for path in found if path in project.present), "")


def _starts_default(command: Command) -> bool:
    return bool(_STARTS.search(command.text)) and not _CHOSEN.search(command.text)


def _only_way(project: Project, default: Stack, names: list[str]) -> Iterator[Gap]:
    """Yield the page whose way to install starts the developers' stack, where nothing names the file of production."""
    shown = next((item for item in project.commands if item.context == "doc" and _starts_default(item)), None)
    page = next((page for page in current_pages(project) if shown and page.path == shown.location.path), None)
    sign = _sign_of_development(default)
    if shown is None or page is None or sign is None or _is_named(project, names) or not _speaks_of_neither(page, names):
        return
    around = " ".join((*headings_around(page, shown.location), page.path))
    if _FOR_DEVELOPERS.search(around) or any(map(_FOR_DEVELOPERS.search, _near(page, shown))):
        return
    yield RULE.gap(
        resource=page.path,
        subject="installation",
        message=f"{page.path} installs with {default.files[0]}, which is made for development ({sign[0]}), and no page or"
        f" script names {names[0]}, the file for production.",
        expected=f"docker compose -f {names[0]} up -d",
        actual="docker compose up without a file",
        locations=(shown.location,),
        related=(sign[1],),
        severity=Severity.LOW,
        environment=EnvironmentClass.PRODUCTION,
    )


def _sign_of_development(stack: Stack) -> tuple[str, Location] | None:
    """Return a variable of a mode of development, or sources that are mounted over those of an image, with its place."""
    for service in stack.services:
        for entry in service.environment:
            if mode_of(entry.name, entry.value) is EnvironmentClass.DEV:
                return f"{entry.name} of {service.name}", entry.location
        if mounts_source(service):
            return f"the sources are mounted into {service.name}", service.location
    return None


def _is_named(project: Project, names: list[str]) -> bool:
    """Whether a page, a script, a deployment or an env file speaks of a file of production; a try of CI tells nobody."""
    deployed = [stack for stack in project.stacks if stack.is_deployed and any(name in stack.files for name in names)]
    short = [name.rpartition("/")[2] for name in names]
    texts = (
        *(page.text for page in project.docs),
        *(command.text for command in project.commands if command.context != "workflow"),
        *(entry.value for file in project.env_files for entry in file.entries),
    )
    return bool(deployed) or any(name in text for name in short for text in texts)


def _near(page: DocFile, command: Command) -> list[str]:
    lines = page.text.split("\n")
    return lines[max(0, command.location.line - 5) : command.location.line]


def _speaks_of_neither(page: DocFile, names: list[str]) -> bool:
    """Whether the page names no file of production, and shows no compose file of its own that people are to write."""
    known = any(name.rpartition("/")[2] in page.text for name in names)
    shown = any(word in page.text for word in ("services:\n", "COMPOSE_FILE", "services:\r\n"))
    return not (known or shown)


RULE = Rule(
    code="DOC007",
    name="production-page-starts-the-default-stack",
    layer=Layer.DOCS,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(None, "advice", "Name the compose files of production in the command, or set COMPOSE_FILE in the template."),
    ),
)
