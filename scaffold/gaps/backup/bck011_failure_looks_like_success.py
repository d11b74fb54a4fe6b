"""BCK011: a dump that failed is kept as a copy, or a restore that changed nothing says that it is done."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.backup.careless_restores import Careless, careless_restores
from scaffold.gaps.facts import SAYS, is_test_path, path_environment
from scaffold.gaps.signals import main_environment, main_services
from scaffold.model.document import Location
from scaffold.model.dumpers import DUMPER, DUMPERS
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import EnvironmentClass, Layer, Severity
from scaffold.model.project import Command, Project
from scaffold.model.regex import regex

_DUMPS = regex(
    rf"\b(?P<program>{DUMPER})\b(?![^|\n]{{0,1000}}(?:--schema-only|--no-data|--version))[^|\n]{{0,1000}}[^|\n\s]\s*"
    r"\|(?!\|)\s*(?:\S*/)?(?:gzip|pigz|bzip2|xz|zstd|openssl|gpg|age|aws|rclone|gsutil|tee)\b",
    words=DUMPERS,
)
"""A dump whose end only the next program of the pipe sees."""
_WATCHED = regex(r"pipefail|PIPESTATUS|pipestatus|\bmispipe\b")
_READ_BACK = regex(
    r"\bpg_restore\b[^\n]*(?:-l\b|--list)|dump complete|Dump completed|\bwc\s+-c|\bstat\s+(?:-c|-f)|-size\b|\bzgrep\b|-lt\s"
)
"""What looks whether the copy is whole, or large enough."""
_ROTATES = regex(r"\bfind\b[^\n]*(?:-delete\b|-exec\s+rm\b|xargs[^\n]*\brm\b)|\brm\b[^\n]*\$\(|\bxargs\b[^\n]*\brm\b")


def _detect(project: Project) -> Iterator[Gap]:
    texts: dict[str, list[Command]] = {}
    for command in project.commands:
        path = command.location.path
        if command.context in {"script", "workflow"} and path not in project.owned and not is_test_path(path):
            owner = command.owner if command.context == "workflow" else ""
            texts.setdefault(f"{path}\n{owner}", []).append(command)
    for commands in texts.values():
        yield from _dump(project, commands)
    yield from _dump_of_a_service(project)
    yield from map(_restore, careless_restores(project))


def _dump(project: Project, commands: list[Command]) -> Iterator[Gap]:
    path = commands[0].location.path
    text = "\n".join(command.text for command in commands)
    if commands[0].context == "workflow" and re.search(r"(?m)^[^\S\n]*shell:[^\S\n]*bash[^\S\n]*$", project.source(path) or ""):
        return  # GitHub runs a shell that is named with pipefail.
    for command in commands:
        match = None if SAYS.match(command.text) else _DUMPS.search(command.text)
        if match and not _WATCHED.search(text) and not _READ_BACK.search(text):
            yield _lost(path, match["program"], text, command.location, path_environment(path))
            return


def _dump_of_a_service(project: Project) -> Iterator[Gap]:
    """Yield the services whose own command is such a pipe."""
    for stack, service in main_services(project):
        words = " ".join((*(service.entrypoint or ()), *(service.command or ())))
        match = _DUMPS.search(words.replace("\n", " ; "))
        if match and not _WATCHED.search(words) and not _READ_BACK.search(words) and service.location.path not in project.owned:
            yield _lost(stack.resource(service.name), match["program"], words, service.location, main_environment(project))


def _lost(resource: str, program: str, text: str, place: Location, environment: EnvironmentClass) -> Gap:
    tail = " What deletes old copies goes on, until only such files are left." if _ROTATES.search(text) else ""
    return RULE.gap(
        resource=resource,
        subject="dump",
        message=f"{program} feeds a pipe, and the shell only looks at the last program of it: a dump that fails leaves a small"
        f" file which counts as a copy.{tail}",
        expected="set -o pipefail, a file that gets its name when the dump has ended well, and a look at its size",
        actual="a pipe without pipefail",
        locations=(place,),
        environment=environment,
    )


def _restore(found: Careless) -> Gap:
    harm = "which goes on after every error and ends well: where the tables still exist, they stay as they are or get a mixture"
    if found.on_a_page:
        message = f"The steps on {found.resource} feed a plain dump to psql, {harm}."
    elif found.ends_at_once:
        message = (
            f"{found.who} feeds a plain dump to psql, which stops at the first table that still exists: into the running"
            " stack nothing comes back."
        )
    elif found.dump is None:
        message = f"{found.who} restores with --force, {harm}."
    else:
        message = f"{found.who} feeds a plain dump to psql, {harm}, and the program reports success."
    return RULE.gap(
        resource=found.resource,
        subject="restore",
        message=message,
        expected="psql -v ON_ERROR_STOP=1 --single-transaction into an empty database, or dumps with --clean --if-exists",
        actual=_actual(found),
        locations=(found.place,),
        related=(found.dump,) if found.dump else (),
        severity=Severity.LOW if found.on_a_page else Severity.MEDIUM,
        environment=found.environment,
    )


def _actual(found: Careless) -> str:
    if found.dump is None:
        return "a client that ignores errors"
    return "dumps without --clean" if found.ends_at_once else "psql without ON_ERROR_STOP, dumps without --clean"


RULE = Rule(
    code="BCK011",
    name="failure-looks-like-success",
    layer=Layer.BACKUP,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Add `set -o pipefail` to what dumps, and `-v ON_ERROR_STOP=1 --single-transaction` to what restores, into an"
            " empty database.",
        ),
    ),
)
