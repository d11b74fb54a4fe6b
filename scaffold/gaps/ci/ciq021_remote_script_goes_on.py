"""CIQ021: a command of the deployment fails on the host, and the script goes on to its last line, which decides alone."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.ci.remote_scripts import Script, deploying_scripts
from scaffold.model.deployments import COMPOSE, Line
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_STOPS = regex(r"\bset\s+-\w*e|\bset\s+-o\s+errexit|\btrap\b.*\bERR\b|^#!\S*\s(?:\S+\s+)?-\w*e")
_MATTERS = regex(
    rf"(?P<what>(?:{COMPOSE}|\bdocker)"
    r"(?:\s+-\S+(?: (?!(?:pull|build|up)\b)(?:-(?=\s)|[^\s|;&-][^\s|;&]*))?)*"
    r"\s+(?:pull|build|up|run)\b|\bdocker\s+stack\s+deploy\b|\bgit\s+(?:-C\s+\S+\s+)?(?:pull|fetch|reset|checkout)\b"
    r"|\b(?:npm|pnpm|yarn)\s+(?:ci|install|run\s+build)\b|\bpip3?\s+install\b|\bkubectl\s+apply\b|\bhelm\s+upgrade\b"
    r"|\bpm2\s+(?:reload|restart)\b|\bsystemctl\s+restart\b|\bmanage\.py\s+migrate\b|\balembic\s+upgrade\b|\bprisma\s+migrate\s+deploy\b)"
)
"""Commands without which the release is not there, or not the new one."""
_SERVES = regex(r"\bup\b|\bdocker\s+(?:run|stack)\b|\bkubectl\b|\bhelm\b|\bsystemctl\b|\bpm2\b")
_TAKES_IN = regex(r"^(?:source|\.)\s[^\n;&|]*?(?<![\w-])(?P<name>[\w-]+\.(?:ba)?sh)\b", words=("sh",))
_JUDGED = regex(r"\|\||^(?:if|elif|while|until)\b")
_CLOSES = regex(r"(?:fi|done|else|then|\}|;;|esac|exit(?:\s+\$\?)?)\b.*")


def _detect(project: Project) -> Iterator[Gap]:
    stopping = frozenset(_stopping(project))
    for script in deploying_scripts(project):
        serves = (
            script.is_file and any(_SERVES.search(line.text) for line in script.lines) and not _is_stopped(script, stopping)
        )
        texts = (*script.remote, script.lines) if serves else script.remote
        ignored = [line for text in texts for line in _ignored(text)]
        if ignored:
            yield _gap(script, ignored)


def _stopping(project: Project) -> Iterator[str]:
    """Yield the names of the shell scripts that set their shell to end at the first failure."""
    for command in project.commands:
        if command.context == "script" and _STOPS.search(command.text):
            yield command.location.path.rpartition("/")[2]


def _is_stopped(script: Script, stopping: frozenset[str]) -> bool:
    """Whether a script takes in another one that sets so, which then holds for both."""
    taken = (_TAKES_IN.match(line.text) for line in script.lines)
    return any(match["name"] in stopping for match in taken if match)


def _ignored(lines: tuple[Line, ...]) -> list[Line]:
    """Return the lines of one shell that matter and whose failure nothing sees; none where it ends at the first failure."""
    if any(_STOPS.search(line.text) for line in lines):
        return []
    working = [line for line in lines if not _CLOSES.fullmatch(line.text)]
    return [line for line in working[:-1] if _MATTERS.search(line.text) and not _JUDGED.search(line.text)]


def _gap(script: Script, ignored: list[Line]) -> Gap:
    match = _MATTERS.search(ignored[0].text)
    what = " ".join((match["what"] if match else ignored[0].text).split())
    runs = "runs" if script.is_file else "hands its host a script"
    return RULE.gap(
        resource=script.resource,
        subject="set-e",
        message=f"{script.name} {runs} without `set -e`: when `{what}` fails, the lines after it go on all the same, and the"
        " last one alone says whether the deployment went well.",
        expected="set -e (better set -euo pipefail) as the first line of the script",
        actual="nothing that ends it at the first failure",
        locations=tuple(dict.fromkeys(line.place for line in ignored)),
        severity=Severity.LOW if script.is_file or script.staging else Severity.MEDIUM,
    )


RULE = Rule(
    code="CIQ021",
    name="remote-script-goes-on",
    layer=Layer.CI,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(None, "advice", "Begin the script with `set -euo pipefail`, and end it with a look at what it has started."),
    ),
)
