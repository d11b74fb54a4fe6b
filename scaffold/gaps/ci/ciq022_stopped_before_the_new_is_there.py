"""CIQ022: a deployment stops what runs, and only then pulls or builds what comes after it."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.ci.remote_scripts import Script, deploying_scripts
from scaffold.model.deployments import Line, compose_call
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_STOPS = regex(
    compose_call(r"down|stop|kill|rm\s+-\w*s\w*")
    + r"(?=\s*(?:$|[\"'|;&)>#]|2>|-))(?![^|;&]{0,80}\s(?:-v|--volumes)\b[^|;&]{0,80}\s\w)"
    r"|\bdocker\s+(?:stop|kill|rm\s+-\w*f\w*)\s+\$\(docker\s+ps"
)
"""Commands that stop the whole stack; those that name services stop what they have to."""
_DOWN = regex(compose_call("down") + r"(?=\s*(?:$|[\"'|;&)>#]|2>|-))(?![^|;&]{0,80}\s(?:-v|--volumes)\b[^|;&]{0,80}\s\w)")
_MAKES = regex(
    compose_call(r"pull|build|up\b[^|;&]*\s--(?:build|pull)") + r"|\bdocker\s+(?:image\s+)?(?:pull|build|buildx\s+build)\b"
)
_STARTS = regex(compose_call("up"))
_BLOCKS = regex(
    r"^(?:if|fi|else|elif|case|esac|for|while|done|function)(?![\w-])|^[\w*|\"' -]{1,60}\)(?:\s|$)|^\}|\(\)\s*\{?$|;;$",
)
"""Lines that begin or end a branch: what stands in one does not run at every release."""
_NAMED = regex(r"(?:-f|--file|-p|--project-name|--profile)[= ](\S+)")


def _detect(project: Project) -> Iterator[Gap]:
    for script in deploying_scripts(project):
        found = _stopped_early(script.lines)
        whole = None if found else _all_down(script.lines)
        if found:
            yield _gap(script, *found)
        elif whole:
            yield _outage(script, *whole)


def _stopped_early(lines: tuple[Line, ...]) -> tuple[Line, Line] | None:
    """Return the line that stops the stack and the one after it that first makes the new one; None where that came before."""
    stopped = None
    for line in lines:
        stop, make = _STOPS.search(line.text), _MAKES.search(line.text)
        if stopped is None and stop and not (make and make.start() < stop.start()):
            stopped = line
            if make is None:
                continue
        if make:
            return (stopped, line) if stopped is not None else None
        if stopped is not None and _STARTS.search(line.text):
            return None
    return None


def _all_down(lines: tuple[Line, ...]) -> tuple[Line, Line] | None:
    """Return the line that takes a whole stack down and the one that starts the same again, no branch between."""
    stopped = None
    for line in lines:
        stop, start = _DOWN.search(line.text), _STARTS.search(line.text)
        if stopped is None and stop and not (start and start.start() < stop.start()):
            stopped = line
        elif stopped is not None and _BLOCKS.search(line.text):
            return None
        if stopped is not None and start:
            same = line is stopped or set(_NAMED.findall(stopped.text)) == set(_NAMED.findall(line.text))
            return (stopped, line) if same else None
    return None


def _outage(script: Script, stop: Line, start: Line) -> Gap:
    return RULE.gap(
        resource=script.resource,
        subject="down-before-up",
        message=f"{script.name} takes the whole stack down, also what has not changed, and then starts it: all of it is"
        " away until the slowest container is ready, and when the new release does not start, nothing of the old one runs.",
        expected="`up -d --wait` alone, which replaces only what has changed",
        actual="down, then up",
        locations=tuple(dict.fromkeys((stop.place, start.place))),
        severity=Severity.LOW,
    )


def _gap(script: Script, stop: Line, make: Line) -> Gap:
    builds = "build" in make.text
    return RULE.gap(
        resource=script.resource,
        subject="down-before-" + ("build" if builds else "pull"),
        message=f"{script.name} stops the running release and only then {'builds' if builds else 'pulls'} the new one: users"
        f" wait as long as that takes, and when the {'build' if builds else 'pull'} fails nothing runs at all.",
        expected=f"{'build' if builds else 'pull'} first, then `up -d`, which replaces only what has changed",
        actual="stop, then " + ("build" if builds else "pull"),
        locations=tuple(dict.fromkeys((stop.place, make.place))),
        severity=Severity.LOW if script.staging else Severity.MEDIUM,
    )


RULE = Rule(
    code="CIQ022",
    name="stopped-before-the-new-is-there",
    layer=Layer.CI,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Pull or build while the old release runs, then `docker compose up -d --wait`; leave `down` out of the deployment.",
        ),
    ),
)
