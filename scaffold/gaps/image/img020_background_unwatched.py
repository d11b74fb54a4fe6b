"""IMG020: a container starts a worker or server in the background and goes on, and nothing looks whether it still runs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.facts import listed
from scaffold.gaps.image.standing_programs import PREFIX, SERVERS, WORKERS
from scaffold.gaps.image.start_scripts import SERVES, joined_lines, purpose_of, start_scripts
from scaffold.gaps.signals import main_services
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_LONGEST_LINE = 4000
_PART = regex(r"(?P<text>[^&;|\n]*)(?P<end>&&|\|\||[&;|\n]|$)")
_REDIRECTION = regex(r"\d?>&\s*(?:\d|-)|&>>?|>&|\\\n")
_QUOTED = regex(r"'[^'\n&]{0,80}'|\"[^\"\n&]{0,80}\"")
_DAEMONS = regex(
    r"^(?:service\s+|/etc/init\.d/)(?:nginx|apache2|php[\d.]*-fpm|cron|redis(?:-server)?)\s+start\b"
    r"|^php-fpm[\d.]*\s+(?:-\S+\s+)*(?:-D|--daemonize)\b|^(?:cron|crond)\s*$|^crond(?:\s+-[bl]|\s+\d+)+$|^nginx\s*$",
    words=("service", "init.d", "php-fpm", "cron", "nginx"),
)
"""Programs that go into the background by themselves."""
_WATCHES = regex(
    r"\bwait\s+(?:-\w*[np]\b|-fn\b)|\btrap\b[^\n]{0,300}\b(?:CHLD|SIGCHLD)\b|\bkill\s+-0\b|\bpgrep\b|\bpidof\b|\bps\s+(?:aux|-ef|-p)\b|\bjobs\s+-"
    r"|\bsupervisorctl\b|\bmonit\b|\bhivemind\b|\bovermind\b|\bforeman\b|\bhoncho\b"
)
_ENDS_IT = regex(r"\bkill\b|\bkillall\b|\bpkill\b|\bfg\b|\s-s\s+(?:quit|stop)\b|\bservice\s+\S+\s+stop\b")
_TRAPS = regex(r"(?m)^[ \t]*trap\b")
_WAITS = regex(r"(?m)(?:^|[;&])[ \t]*wait\b")
_FOR_DEVELOPERS = regex(r"(?i)(?<![a-z])(?:dev|devel|development|debug|local|tests?|watch|reload)(?![a-z])")
_OPENS = regex(r"^\s*(?:if|case)\b")
_CLOSES = regex(r"^\s*(?:fi|esac)\b")
_SILENT = ("#", "echo ", "printf ", "log ", "sleep ")


@frozen
class _Started:
    """A program that a line leaves in the background."""

    name: str
    line: int
    is_worker: bool


def _detect(project: Project) -> Iterator[Gap]:
    seen: set[str] = set()
    for script in start_scripts(project):
        if script.path in seen:
            continue
        seen.add(script.path)
        found = _unwatched(project.source(script.path) or "")
        if found:
            yield RULE.gap(
                resource=script.dockerfile.path,
                subject=f"background/{script.path.rpartition('/')[2]}",
                message=_message(script.path, found),
                expected=_EXPECTED,
                actual="nothing that looks after it",
                locations=tuple(Location(script.path, item.line) for item in found),
                related=(Location(script.dockerfile.path, 1),),
                severity=_severity(found),
                environment=purpose_of(project, script.dockerfile),
            )
    for stack, service in main_services(project):
        yield from _of_service(stack, service)


def _of_service(stack: Stack, service: Service) -> Iterator[Gap]:
    """Yield the gap of a service whose command in Compose is a shell that leaves programs in the background."""
    for key, words in (("entrypoint", service.entrypoint), ("command", service.command)):
        text = " ".join(words or ())
        found = _unwatched(text) if "&" in text or "service " in text else []
        node = service.node.get(key)
        if found and service.is_application:
            yield RULE.gap(
                resource=stack.resource(service.name),
                subject=f"background/{key}",
                message=_message(f"The {key} of {service.name}", found),
                expected=_EXPECTED,
                actual="nothing that looks after it",
                locations=(node.location if node else service.location,),
                severity=_severity(found),
                environment=stack.environment,
            )


def _unwatched(text: str) -> list[_Started]:
    """Return what a script leaves in the background, where a server follows it and nothing would notice its end."""
    if _WATCHES.search(text) or (_ENDS_IT.search(text) and not _TRAPS.search(text)):
        return []
    found: dict[str, _Started] = {}
    last = 0
    open_for: list[bool] = []
    for number, line in joined_lines(text):
        if line.lstrip().startswith("#"):
            continue
        if _OPENS.match(line):
            open_for.append(bool(_FOR_DEVELOPERS.search(line)))
        elif _CLOSES.match(line) and open_for:
            open_for.pop()
        if SERVES.search(line):
            last = number
        for item in _left(line[:_LONGEST_LINE], number) if not any(open_for) else ():
            found.setdefault(item.name, item)
    waits = bool(_WAITS.search(text))
    kept = [item for item in found.values() if item.line <= last or waits]
    # One program that the script waits for is the container's own.
    return [] if waits and len(kept) < 2 else kept


def _left(line: str, number: int) -> Iterator[_Started]:
    whole = _QUOTED.sub(lambda quoted: re.sub(r"[;|]", " ", quoted[0]), _REDIRECTION.sub(" ", line))
    for part in _PART.finditer(whole):
        text = PREFIX.sub("", part["text"], count=1).strip()
        if part["text"].lstrip().startswith(_SILENT) or not (part["end"] == "&" or _DAEMONS.search(text)):
            continue
        names = [(name, True) for name, pattern in WORKERS.items() if pattern.search(text)]
        names += [(name, False) for name, pattern in SERVERS.items() if not names and pattern.search(text)]
        for name, is_worker in names[:1]:
            yield _Started(name, number, is_worker)


def _severity(found: list[_Started]) -> Severity:
    return Severity.MEDIUM if any(item.is_worker for item in found) else Severity.LOW


def _message(who: str, found: list[_Started]) -> str:
    works = any(item.is_worker or item.name == "cron" for item in found)
    effect = "the work that waits for it is never done" if works else "what it served is gone"
    return (
        f"{who} starts {listed(item.name for item in found)} in the background and goes on to another program: when that ends,"
        f" nothing starts it again, the container counts as running, and {effect}."
    )


_EXPECTED = "a service of its own, or a process that watches both"

RULE = Rule(
    code="IMG020",
    name="background-unwatched",
    layer=Layer.IMAGE,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Run each program as a service of its own from the same image; where both have to be in one container, end the"
            " script with `wait -n`, so that the end of one ends it, or start them by supervisord or s6.",
        ),
    ),
)
