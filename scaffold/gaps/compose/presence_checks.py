"""Healthchecks that only look whether the process, or a file of its image, is there: they pass as long as it runs."""

from __future__ import annotations

import re

from scaffold.gaps.facts import HealthSource
from scaffold.model.compose import Service
from scaffold.model.project import Project
from scaffold.model.regex import regex

_PARTS = regex(r"&&|\|\||;|\n")
_QUOTED = regex(r"'[^']*'|\"[^\"]*\"")
_RESULT = regex(r"(?:exit\s+[01]|true|false|:)")
_SHELL = regex(r"^(?:/bin/)?(?:ba|a)?sh\s+-e?c\s+")
_FIRST_PROCESS = regex(r"/proc/1/(?:cmdline|status|comm|stat|exe)\b|\bkill\s+-(?:0|s\s+0)\s+1(?![0-9])")
_BY_NAME = regex(r"(?:/usr/bin/|/bin/)?(?:pgrep|pidof)\s+(?:-[a-zA-Z]+\s+)*(?P<name>\S[^>]*?)(?:[12&]?>.*)?$")
_OF_LIST = regex(r"ps(?:\s+[-\w]+)*(?:\s+-o\s+\S+)?")
_FILTER = regex(r"(?:e|f)?grep\s+(?:-[a-zA-Z]+\s+)*(?P<name>[^>]+?)(?:[12&]?>.*)?$")
_PASSES_ON = regex(r"(?:tr|cat|xargs|awk|wc|head|test|grep|egrep)\b.*")
_FILE = regex(r"(?:test\s+-[efrsx]\s+|\[\s+-[efrsx]\s+|ls\s+)(?P<path>[^\s\]]+)\s*\]?\s*(?:[12&]?>.*)?")
_STARTS = regex(r"(?:node|nodejs|python3?|php|ruby) (?:--version|-v|-V)")
_RUNS = regex(r"(?:node|nodejs|python3?) (?:-c|-e|--eval) [\"']?(?P<code>[^\"]*?)[\"']?")
_DOES_NOTHING = regex(
    r"import [\w., ]+|from [\w.]+ import [\w, ]+|(?:print|console\.log)\([^()$]*\)|process\.exit\(0\)|(?:sys\.)?exit\(0?\)|pass"
)
_ASKS_NOTHING = "it starts an interpreter and asks the service nothing"
_SUPERVISORS = regex(r"supervisor|s6-|/init\b|runsv|monit|pm2|foreman|honcho|overmind|circusd|concurrently|\.sh\b|&")
"""What starts several programs as the first process, or may: one of them can be away while the container runs."""
_INITS = frozenset({"tini", "dumb-init", "exec", "env", "catatonit"})


def presence_reason(project: Project, service: Service, source: HealthSource) -> str:
    """Return what a healthcheck looks at where that is no more than that the container runs, "" for every other one."""
    command = _SHELL.sub("", source.command.strip())
    whole = _QUOTED.fullmatch(command)
    text = _QUOTED.sub(_without_signs, command[1:-1] if whole else command)
    if _starts_only(text):
        return _ASKS_NOTHING
    parts = [part.strip() for part in _PARTS.split(text)]
    reasons = [_reason(project, service, part) for part in parts if part and not _RESULT.fullmatch(part)]
    return reasons[0] if reasons and all(reasons) else ""


def _without_signs(quoted: re.Match[str]) -> str:
    """Return a quoted text without what would end a part of a command outside of quotes."""
    return re.sub(r"[|;&]", " ", quoted[0])


def _reason(project: Project, service: Service, part: str) -> str:
    pipeline = [item.strip() for item in part.split("|")]
    first, rest = pipeline[0], pipeline[1:]
    if _FIRST_PROCESS.search(part) and all(_PASSES_ON.fullmatch(item) for item in rest):
        return "it asks whether the first process is there, without which no container runs"
    named = _BY_NAME.fullmatch(first) if not rest else _named_in_list(first, rest)
    if named and _is_first_process(project, service, named["name"]):
        return "it asks whether the program that the container runs is there, without which it ends"
    if not rest and _starts_only(first):
        return _ASKS_NOTHING
    held = _FILE.fullmatch(first) if not rest else None
    if held and _is_of_image(project, service, held["path"].strip("\"'")):
        return "it looks at a file that the image holds"
    return ""


def _starts_only(command: str) -> bool:
    """Whether a command starts an interpreter that does nothing, or loads modules and ends."""
    run = _RUNS.fullmatch(command)
    statements = [part.strip() for part in run["code"].split(";")] if run else []
    does_nothing = bool(run) and all(_DOES_NOTHING.fullmatch(part) for part in statements if part)
    return does_nothing or _STARTS.fullmatch(command) is not None


def _named_in_list(first: str, rest: list[str]) -> re.Match[str] | None:
    if not _OF_LIST.fullmatch(first):
        return None
    found = [match for item in rest if " -v" not in item and (match := _FILTER.fullmatch(item))]
    return found[0] if len(found) == 1 and all(_PASSES_ON.fullmatch(item) for item in rest) else None


def _is_first_process(project: Project, service: Service, name: str) -> bool:
    """Whether a name is that of what the service starts as its one process."""
    wanted = re.sub(r"[\[\]\"'\\^$]", "", name).strip()
    started = _started(project, service)
    if not started or not wanted:
        return False
    if _SUPERVISORS.search(started):
        return False
    return wanted in started


def _started(project: Project, service: Service) -> str:
    """Return the command line of the service's first process, "" where it is not known."""
    given = [*(service.entrypoint or ()), *(service.command or ())]
    dockerfile = project.image_of(service)
    if dockerfile is not None:
        entry = dockerfile.effective("ENTRYPOINT", service.build_target) if not service.entrypoint else None
        command = dockerfile.effective("CMD", service.build_target) if not service.command else None
        given = [*([entry.text] if entry else []), *given, *([command.text] if command else [])]
    elif not given and service.image:
        # The program of an image that is published has the image's name by habit.
        return service.image.name.rpartition("/")[2]
    words = [word for word in re.split(r"[\s,\[\]\"']+", " ".join(given)) if word and word not in _INITS]
    return " ".join(words)


def _is_of_image(project: Project, service: Service, path: str) -> bool:
    """Whether a file comes with the image: it is one of the repository's, by its name, in the folder that is built."""
    if not service.made or "$" in path or path.startswith(("/tmp", "/run", "/var", "/dev")):  # noqa: S108 - looked for
        return False
    base = path.rpartition("/")[2]
    folder = service.made.context or ""
    below = f"{folder}/" if folder and folder != "." else ""
    volumes = [mount.target for mount in service.mounts if mount.target]
    is_kept = any(path == target or path.startswith(f"{target}/") for target in volumes)
    return (
        not is_kept
        and "." in base
        and any(item.startswith(below) and item.rpartition("/")[2] == base for item in project.present)
    )
