"""BCK010: what deploys a release deletes the volumes or empties the database that the release before has filled."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace

from scaffold.gaps.backup.mirrors import called_rsync, cleaned_before, lost_on_the_host
from scaffold.gaps.ci_signals import foreign_workflows
from scaffold.gaps.facts import SAYS, is_test_path, listed, path_environment
from scaffold.gaps.migrations import starting_services
from scaffold.gaps.signals import main_stacks
from scaffold.model.compose import Mount, Stack
from scaffold.model.deployments import (
    COMPOSE,
    STARTS,
    deploy_scripts,
    is_deployment,
    is_elsewhere,
    is_own_machine,
    place_of,
    run_text,
)
from scaffold.model.document import Location, find
from scaffold.model.durability import is_durable_store
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.known import known
from scaffold.model.names import EnvironmentClass, Layer, Severity
from scaffold.model.project import Project, Step
from scaffold.model.regex import regex

_DOWN = regex(rf"{COMPOSE}[^\n&|;]*\sdown\b(?P<words>[^\n&|;#]*)")
_WITH_VOLUMES = regex(r"\s(?:-v|--volumes)(?=[\s\"'\\)]|$)")
_UP = regex(rf"{COMPOSE}[^\n&|;]*\s(?:up|start)\b|{STARTS.pattern}")
_REMOVED = regex(r"\bdocker\s+volume\s+(?:rm|remove)\s+(?P<names>(?!\$\()[^\n&|;>]*)")
_REMOVED_AS_LISTED = regex(
    r"\bdocker\s+volume\s+ls\b[^\n]*\|\s*xargs\b[^\n]*\bdocker\s+volume\s+(?:rm|remove)\b"
    r"|\bdocker\s+volume\s+(?:rm|remove)\s[^\n]*\$\(\s*docker\s+volume\s+ls\b",
    words=("volume",),
)
"""Volumes that are removed as a list of them gives them."""
_OF_REPAIRS = regex(r"(?i)(?:^|[/_.-])(?:fix|repair|recover|rebuild|restart|troubleshoot|heal)(?=[/_.-])")
"""What scripts are called that people start on the server when something does not run."""
_PRUNED = regex(r"\bdocker\s+volume\s+prune\b[^\n&|;]*\s(?:--all\b|-a\b|-fa\b|-af\b|--filter[= ][\"']?all=)")
_EMPTIES = regex(
    r"\bartisan[\"',\s]+migrate:(?:fresh|refresh|reset)\b[^\n&|;]*--force\b|\bprisma\s+migrate\s+reset\b[^\n&|;]*\s(?:--force|-f)\b"
    r"|\bmanage\.py[\"',\s]+(?:flush|reset_db)\b[^\n&|;]*\s--no-?input\b|\bdoctrine:(?:schema|database):drop\b[^\n&|;]*--force\b"
    r"|\bDISABLE_DATABASE_ENVIRONMENT_CHECK=\S+[^\n&|;]*\bdb:(?:drop|reset|migrate:reset|schema:load)\b|\bdb:migrate:undo:all\b"
    r"|\bschema:drop\b|\becto\.(?:drop|reset)\b|\balembic\s+downgrade\s+base\b",
    words=("DISABLE_DATABASE_ENVIRONMENT_CHECK=", "doctrine:", "downgrade", "ecto.", "manage.py", "migrate", "schema:drop"),
)
"""Commands that drop every table and ask nobody."""
_FOLLOWS = regex(
    r"\bprisma\s+db\s+push\b[^\n&|;]*(?:--accept-data-loss|--force-reset)\b|\bdrizzle-kit\s+push\b[^\n&|;]*\s--force\b"
)
"""Commands that drop what the models no longer have; in the start of a service they are SUP016's."""
_ASKS = regex(r"(?i)^\s*(?:if\s.*)?\bread\s+-|\bconfirm")
_ON_PURPOSE = regex(
    r"(?i)clean|reset|nuke|destroy|tear|(?<![a-z])down(?![a-z])|uninstall|remove|fresh|purge|wipe|roll_?-?back|restore|force|never|seed"
    r"|\$\{?[1-9@*]|\bdev\b|test|local"
)
"""What a condition, function, tag or file is called that somebody chooses on purpose."""
_FAILED = regex(
    r"(?:-ne|!=)\s*[\"']?0\b|^\s*!\s|(?:[Ss]tatus|STATUS|[Cc]ode|CODE|[Rr]esult|rc|RC|\?)\W*(?:-ne|-gt|!=)|\bgrep\b.*(?:error|fail|match|conflict|exists)"
)
"""What a condition asks for that holds where a command has failed."""
_BLOCK = regex(
    r"^(?:if|elif|while|until)\b(?P<asked>.*)|^(?:function\s+)?(?P<function>[\w-]+)\s*\(\)|^function\s+(?P<named>[\w-]+)"
)
_KEPT = regex(r"(?i)upload|media|storage|attachment|files?$|reports?$|(?:^|/)data(?:$|/)")
_CHOSEN = regex(r"\binputs?\b|failure\(\)|cancelled\(\)")
"""What a condition of a step asks for that does not hold for each deployment."""
_TAGS = regex(r"^\s*(?:when:|tags:.*(?:never|reset|clean|wipe|destroy|teardown|uninstall))")
_RESTORES = regex(r"\bpg_restore\b|\bpsql\b[^\n]*<|\brestore\b")


@frozen
class _Unit:
    """What one script, job or playbook runs, line after line."""

    path: str
    name: str
    lines: tuple[tuple[str, Location], ...]
    environment: EnvironmentClass
    job: str = ""

    def is_after_a_failure(self, place: Location) -> bool:
        """Whether a line is reached only where a command before it has failed."""
        return place in _after_failures(self.lines)


def _detect(project: Project) -> Iterator[Gap]:
    yield from _by_deployments(project)
    yield from _by_repairs(project)
    yield from _at_the_start(project)


def _by_deployments(project: Project) -> Iterator[Gap]:
    for unit in (*_scripts(project), *_jobs(project), *_playbooks(project)):
        if any(_ASKS.search(line) for line, _ in unit.lines):
            continue
        found = next(_deleted(project, unit), None) or next(_emptied(unit), None)
        if found:
            message, place = found
            failed = unit.is_after_a_failure(place)
            when = ", where a command before it has failed" if failed else ""
            gap = _gap(unit.path, "deployment", f"{unit.name} {message}{when}", place, unit.environment)
            yield replace(gap, severity=Severity.MEDIUM) if failed else gap
        lost = next(lost_on_the_host(project, unit.lines, _stacks(project, _texts(unit))), None)
        if lost:
            yield _mirrored(unit, *lost)


def _by_repairs(project: Project) -> Iterator[Gap]:
    """Yield the scripts for a server that does not run well which remove its volumes and start it again, without a question."""
    found: dict[str, list[tuple[str, Location]]] = {}
    for command in project.commands:
        path = command.location.path
        if command.context == "script" and _OF_REPAIRS.search(path) and path not in project.owned and not is_test_path(path):
            found.setdefault(path, []).append((command.text, command.location))
    for path, lines in found.items():
        unit = _Unit(path, path, tuple(_unconditional(tuple(lines))), path_environment(path))
        if not _ON_PURPOSE.search(path.rpartition("/")[2]) and not any(_ASKS.search(line) for line, _ in lines):
            for message, place in itertools.islice(_deleted(project, unit), 1):
                gap = _gap(path, "repair", f"{path} {message}", place, unit.environment)
                yield replace(gap, severity=min(gap.severity, Severity.MEDIUM))


# --- who deploys ------------------------------------------------------------------------------------------------------


def _scripts(project: Project) -> Iterator[_Unit]:
    for path, commands in deploy_scripts(project).items():
        if not is_test_path(path) and not _ON_PURPOSE.search(path.rpartition("/")[2]):
            lines = tuple((item.text, item.location) for item in commands)
            yield _Unit(path, path, tuple(_unconditional(lines)), path_environment(path))


def _jobs(project: Project) -> Iterator[_Unit]:
    for workflow in foreign_workflows(project):
        for job in workflow.jobs:
            if is_deployment(workflow, job):
                there = [step for step in job.steps if is_elsewhere(step) or is_own_machine(job) or called_rsync(step)]
                texts = [
                    (step, line) for step in there if not _CHOSEN.search(step.condition) for line in _run(step).split("\n")
                ]
                cleaned = cleaned_before(job) if is_own_machine(job) else None
                lines = tuple((line.strip(), place_of(workflow, step, line)) for step, line in texts)
                lines = (cleaned, *lines) if cleaned else lines
                environment = path_environment(f"{workflow.path}/{job.id}/{job.environment}")
                yield _Unit(workflow.path, f"The job {job.id}", tuple(_unconditional(lines)), environment, job.id)


def _run(step: Step) -> str:
    return called_rsync(step) or run_text(step)


def _playbooks(project: Project) -> Iterator[_Unit]:
    found: dict[str, list[tuple[str, Location]]] = {}
    for command in project.commands:
        path = command.location.path
        if command.context == "playbook" and not is_test_path(path) and not _ON_PURPOSE.search(path):
            found.setdefault(path, []).append((command.text, command.location))
    for path, lines in found.items():
        if not any(_DOWN.search(line) or _REMOVED.search(line) or _EMPTIES.search(line) for line, _ in lines):
            continue
        text = (project.source(path) or "").split("\n")
        taken = tuple((line, place) for line, place in lines if not _is_chosen(text, place.line))
        yield _Unit(path, f"The playbook {path}", taken, path_environment(path))


def _is_chosen(text: list[str], line: int) -> bool:
    """Whether the task at a line, or a block around it, runs under a condition or for a tag that people ask for."""
    start = next((number for number in range(line - 1, -1, -1) if re.match(r"\s*- ", text[number])), 0)
    dash = len(text[start]) - len(text[start].lstrip())
    ends = (n for n in range(start + 1, len(text)) if text[n].strip() and len(text[n]) - len(text[n].lstrip()) <= dash)
    end = next(ends, len(text))
    chosen = [n for n, other in enumerate(text) if _TAGS.match(other)]
    return any(start < n < end or len(text[n]) - len(text[n].lstrip()) < dash for n in chosen)


def _unconditional(lines: tuple[tuple[str, Location], ...]) -> Iterator[tuple[str, Location]]:
    """Yield the lines of a shell text without those in a function or under a condition that somebody chooses."""
    return ((line, place) for line, place, blocks in _in_blocks(lines) if not any(map(_ON_PURPOSE.search, blocks)))


def _after_failures(lines: tuple[tuple[str, Location], ...]) -> frozenset[Location]:
    """Return the places of a shell text that are reached only where a command before them has failed."""
    return frozenset(place for _, place, blocks in _in_blocks(lines) if any(map(_FAILED.search, blocks)))


def _in_blocks(lines: tuple[tuple[str, Location], ...]) -> Iterator[tuple[str, Location, tuple[str, ...]]]:
    """Yield the lines of a shell text, each with the conditions and names of the blocks around it."""
    blocks: list[str] = []
    for line, place in lines:
        match = _BLOCK.match(line)
        if line.startswith("case "):
            blocks.append("$1")
        elif match and not line.startswith("elif"):
            blocks.append(match["asked"] or match["function"] or match["named"] or "")
        yield line, place, tuple(blocks)
        if re.search(r"(?:^|;\s*|\s)(?:fi|done|esac)\b(?!\s*\))", line) or line == "}":
            blocks = blocks[:-1]
        elif line.startswith("for ") or (re.search(r";\s*do$|^do$", line) and not match):
            blocks.append("")


# --- what is deleted --------------------------------------------------------------------------------------------------


def _deleted(project: Project, unit: _Unit) -> Iterator[tuple[str, Location]]:
    """Yield what the unit does to volumes that hold data, where it starts the release after it."""
    starts = [number for number, (line, _) in enumerate(unit.lines) if _UP.search(line) and not SAYS.match(line)]
    stopped = False
    for number, (line, place) in enumerate(unit.lines):
        down = _DOWN.search(line)
        stopped = stopped or bool(down)
        last = starts[-1] if starts else -1
        if SAYS.match(line) or number > last or (number == last and not re.search(r"(?:&&|;).*\bup\b", line)):
            continue
        if not down and not any(pattern.search(line) for pattern in (_PRUNED, _REMOVED_AS_LISTED, _REMOVED)):
            continue
        kept = [mount.source for mount in _volumes(project, line if down else _texts(unit))]
        begins = f"{listed(kept)} {'begins' if len(kept) == 1 else 'begin'} empty"
        if down and _WITH_VOLUMES.search(down["words"]) and kept:
            yield f"takes the stack down with its volumes before it starts it: {begins}", place
        elif _PRUNED.search(line) and stopped and kept:
            yield f"stops the stack, deletes the volumes that no container uses, and starts it: {begins}", place
        elif _REMOVED_AS_LISTED.search(line) and stopped and kept:
            yield "removes the volumes that a list of them gives, and starts the release with empty ones", place
        elif (removed := _REMOVED.search(line)) and (names := _named(unit, removed["names"], kept)):
            yield f"removes {names} and starts the release with empty ones", place


def _texts(unit: _Unit) -> str:
    return "\n".join(line for line, _ in unit.lines)


def _stacks(project: Project, text: str) -> tuple[Stack, ...]:
    """Return the stacks whose files a text names, the main stacks where it names none."""
    words = {word.rpartition("/")[2] for word in re.findall(r"[\w./-]+\.ya?ml", text)}
    names = {stack.id: {path.rpartition("/")[2] for path in stack.files} for stack in project.stacks}
    named = [stack for stack in project.stacks if words & names[stack.id]]
    whole = [stack for stack in named if names[stack.id] <= words]
    return tuple(whole or named or main_stacks(project))


def _volumes(project: Project, text: str) -> tuple[Mount, ...]:
    """Return the named volumes with data of the stacks that a text is about."""
    found: dict[str, Mount] = {}
    for stack in _stacks(project, text):
        for mount in known(_volumes_of, project, stack):
            found.setdefault(mount.source, mount)
    return tuple(found.values())


def _volumes_of(project: Project, stack: Stack) -> tuple[Mount, ...]:
    outside = {volume.name for volume in stack.volumes if volume.external or _is_elsewhere(stack, volume.name)}
    return tuple(
        mount
        for service in stack.services
        for mount in service.mounts
        if mount.kind == "volume"
        and mount.source
        and mount.source not in outside
        and not mount.read_only
        and (is_durable_store(project, service) or (service.is_application and _KEPT.search(mount.target)))
    )


def _is_elsewhere(stack: Stack, name: str) -> bool:
    """Whether a volume only names a folder or a server, whose files stay when the volume goes."""
    return find(stack.node, "volumes", name, "driver_opts") is not None


def _named(unit: _Unit, text: str, kept: list[str]) -> str:
    """Return in words which volumes with data a removal names, "" for none; a name that is found out counts as any."""
    names = [word.strip("\"'") for word in text.split() if not word.startswith(("-", "2>", ">"))]
    literal = [name for name in names if "$" not in name] + [
        word for name in names for word in _looped(unit, name.strip("${}")) if "$" in name
    ]
    hit = [volume for volume in kept if any(name == volume or name.endswith(f"_{volume}") for name in literal)]
    if hit:
        return f"the volume {listed(hit)}"
    found_out = [name for name in names if re.fullmatch(r"\$\{?\w+\}?", name) and not _looped(unit, name.strip("${}"))]
    return f"volumes whose names it finds out ({listed(found_out)})" if found_out and kept else ""


def _looped(unit: _Unit, name: str) -> list[str]:
    """Return the literal words that a variable takes in a loop or by an assignment."""
    values = [
        match[1].strip("\"'")
        for line, _ in unit.lines
        for match in re.finditer(rf"(?:\bfor\s+{re.escape(name)}\s+in\s+|(?<!\w){re.escape(name)}=)([^;\n]*)", line)
    ]
    return [word.strip("\"'") for value in values for word in value.split() if "$" not in value]


def _emptied(unit: _Unit) -> Iterator[tuple[str, Location]]:
    if any(_RESTORES.search(line) for line, _ in unit.lines):
        return
    for line, place in unit.lines:
        match = None if SAYS.match(line) else _EMPTIES.search(line) or _FOLLOWS.search(line)
        if match:
            harm = "drops what the models no longer have" if _FOLLOWS.search(line) else "drops every table"
            yield f"runs `{_shown(match[0])}`, which {harm} and asks nobody", place


def _shown(command: str) -> str:
    return " ".join(re.sub(r"[\"',]+", " ", command).split())


def _at_the_start(project: Project) -> Iterator[Gap]:
    """Yield the services that empty their database whenever they start."""
    for stack, service, start in starting_services(project):
        lines = tuple(start.taken())
        inside = {place for _, place in _unconditional_at_all(lines)}
        for line, place in lines:
            match = None if SAYS.match(line) else _EMPTIES.search(line)
            if match and place in inside:
                message = f"{service.name} runs `{_shown(match[0])}` whenever it starts, which drops every table"
                yield _gap(stack.resource(service.name), "start", message, place, stack.environment)
                break


def _unconditional_at_all(lines: tuple[tuple[str, Location], ...]) -> Iterator[tuple[str, Location]]:
    """Yield the lines of a start that stand under no condition whatever."""
    depth = 0
    for line, place in lines:
        opens = bool(re.match(r"(?:if|case|while|until)\b", line)) or bool(re.match(r"(?:function\s+)?[\w-]+\s*\(\)", line))
        depth += opens
        if not depth and "||" not in line.partition("#")[0] and not re.match(r"\[|test\b", line):
            yield line, place
        if depth and (re.search(r"(?:^|;\s*)(?:fi|esac)\b|^done\b", line) or line == "}"):
            depth -= 1


# --- the gap ----------------------------------------------------------------------------------------------------------


def _gap(resource: str, subject: str, message: str, place: Location, environment: EnvironmentClass) -> Gap:
    return RULE.gap(
        resource=resource,
        subject=f"deletes/{subject}",
        message=f"{message}. Nobody is asked, and what users have stored since is gone.",
        expected="a deployment that leaves volumes and tables as they are, and migrations for what changes",
        actual="data deleted by the deployment",
        locations=(place,),
        environment=environment,
    )


def _mirrored(unit: _Unit, message: str, place: Location) -> Gap:
    return RULE.gap(
        resource=unit.path,
        subject=f"deletes/host-files/{unit.job}".rstrip("/"),
        message=f"{unit.name} {message}.",
        expected="an exclude for each file and folder that only the host has, or a place for them outside of the checkout",
        actual="files of the host deleted by the deployment",
        locations=(place,),
        severity=Severity.MEDIUM,
        environment=unit.environment,
        closers=(
            Closer(
                None,
                "advice",
                "Exclude them (`--exclude=/.env.production --exclude=/backups/`), or keep them outside of the mirrored folder.",
            ),
        ),
    )


RULE = Rule(
    code="BCK010",
    name="deployment-deletes-data",
    layer=Layer.BACKUP,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Take the deletion out of what deploys: `docker compose up -d` replaces containers and keeps volumes; put it into a"
            " script of its own that asks first.",
        ),
    ),
)
