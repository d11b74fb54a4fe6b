"""IMG009: a RUN hands its programs to `set` as further words, so that none of them runs."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.image.builds import environment_of, is_built
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Dockerfile, Instruction, Project, Stage
from scaffold.model.regex import regex

_SET = regex(
    r"(?:^|[;&|({\n])[ \t]*set(?P<options>(?:[ \t]+[-+][A-Za-z]+(?:[ \t]+pipefail)?)+)[ \t]+(?P<word>[A-Za-z./][\w./-]*)"
)
_POSITIONAL = regex(r"\$(?:[@*#1-9]|\{[@*#1-9])|(?:^|\s)(?:shift|getopts)\b")
"""Words that read what `set` was given: then it was given on purpose."""
_OTHER_SHELL = regex(r"powershell|pwsh|\bcmd\b|fish")


def _detect(project: Project) -> Iterator[Gap]:
    for dockerfile in project.dockerfiles:
        for stage in dockerfile.stages:
            yield from (_gap(project, dockerfile, *found) for item in stage.instructions if (found := _lost(stage, item)))


def _lost(stage: Stage, item: Instruction) -> tuple[Instruction, str, str] | None:
    """Return the instruction, the `set` with its options and the first word that it swallows, or None."""
    if item.keyword != "RUN" or item.exec_form or "set" not in item.text:
        return None
    shell = stage.last("SHELL")
    match = _SET.search(item.text)
    if match is None or _POSITIONAL.search(item.text) or (shell is not None and _OTHER_SHELL.search(shell.text)):
        return None
    options = match["options"].split()
    # The word after `-o` is the name of an option.
    if options[-1].endswith("o") and options[-1] != "pipefail":
        return None
    return item, " ".join(("set", *options)), match["word"]


def _gap(project: Project, dockerfile: Dockerfile, item: Instruction, command: str, word: str) -> Gap:
    return RULE.gap(
        resource=dockerfile.path,
        subject=f"run/{word}",
        message=f"{dockerfile.path} never runs `{word}`: between `{command}` and it stands no `;` or `&&`, so the shell takes "
        "it and all that follows, up to the next one, for words of `set`.",
        expected=f"{command}; {word} ..., with `;` or `&&` after every command of the chain",
        actual=f"{command} {word} ...",
        locations=(item.location,),
        severity=Severity.HIGH if is_built(project, dockerfile) else Severity.LOW,
        environment=environment_of(project, dockerfile),
    )


RULE = Rule(
    code="IMG009",
    name="run-never-runs",
    layer=Layer.IMAGE,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(
        Closer(None, "advice", "End `set -eux` and each command of the chain with `;`, or join them with `&&`, and build it."),
    ),
)
