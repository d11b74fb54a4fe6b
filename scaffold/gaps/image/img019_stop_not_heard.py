"""IMG019: the program of an image waits for Ctrl-C alone, or stands behind a shell, and the signal of a stop is not heard."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from scaffold.gaps.facts import is_test_path, listed
from scaffold.gaps.image.builds import environment_of
from scaffold.gaps.image.first_process import Hidden, hears, hidden_program
from scaffold.gaps.signals import main_services
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location, text_of
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.image_code import sources_in_image
from scaffold.model.names import TRIED, Layer, Role, Severity
from scaffold.model.project import Dockerfile, Instruction, Project, SourceFile
from scaffold.model.regex import regex

_RUST = "signal::ctrl_c"
_GO = "os.Interrupt"
_LISTENS = regex(
    r"\bsignal::ctrl_c\(\)|\bsignal\.Notify(?:Context)?\([^()\n]{0,80}(?:\([^()\n]{0,40}\)[^()\n]{0,80})?\bos\.Interrupt\s*\)",
    words=("signal",),
)
_ENDS_WELL = regex(r"(?i)graceful|shutdown", words=("graceful", "shutdown"))
_HEARS_MORE = regex(
    r"SIGTERM|SignalKind::|\bsignal_hook\b|\bctrlc::|\bactix_web\b|\brocket::|\bpingora\b|\bshuttle_\w+|\bsyscall\.Signal\b",
    words=(
        "SIGTERM",
        "SignalKind::",
        "signal_hook",
        "ctrlc::",
        "actix_web",
        "rocket::",
        "pingora",
        "shuttle_",
        "syscall.Signal",
    ),
)
"""What listens to the signal of a stop as well, servers that do so by themselves among it."""
_BUILDS = regex(r"\bcargo\b|\bgo\s+(?:build|install)\b|/release/", words=("cargo", "go", "/release/"))
_SHELL_NAMES = {"sh -c": "a shell (`sh -c`)", "npm": "npm and its shell"}
_NO_NPM = "Start the program itself, such as `node dist/main.js`, instead of by npm."
_NO_PROGRAM = frozenset(
    {
        *(
            "sh",
            "bash",
            "ash",
            "dash",
            "env",
            "tini",
            "tini-static",
            "dumb-init",
            "catatonit",
            "init",
            "docker-init",
            "s6-svscan",
        ),
        *("supervisord", "su-exec", "gosu", "cargo", "go", "air", "watchexec", "entrypoint", "docker-entrypoint"),
    }
)
"""What stands first in a start and is not the program itself: shells, processes that hand signals on, tools of developers."""


def _detect(project: Project) -> Iterator[Gap]:
    yield from _behind_shells(project)
    yield from _deaf_programs(project)


def _behind_shells(project: Project) -> Iterator[Gap]:
    """Yield the programs that a shell starts as the first process, one gap for those of one line."""
    found: dict[Location, list[tuple[Stack, Service, Hidden]]] = {}
    for stack, service in main_services(project):
        dockerfile = project.image_of(service)
        if (
            not _runs_on(service)
            or service.profiles
            or (dockerfile is not None and environment_of(project, dockerfile) in TRIED)
        ):
            continue
        hidden = hidden_program(project, service)
        if hidden is not None and (hidden.kind != "own" or any(hears(project, service))):
            found.setdefault(hidden.location, []).append((stack, service, hidden))
    for place, uses in found.items():
        yield _shell_gap(project, place, uses)


def _runs_on(service: Service) -> bool:
    """Whether a service is a program of the team's own that is meant to run on; one that migrates first may look like a job."""
    if service.is_application:
        return True
    goes_on = service.role is None or (service.role is Role.ONE_SHOT and service.restart in {"always", "unless-stopped"})
    return service.build is not None and goes_on


def _shell_gap(project: Project, place: Location, uses: list[tuple[Stack, Service, Hidden]]) -> Gap:
    stack, service, hidden = min(uses, key=lambda use: use[2].kind != "worker")
    works = hidden.kind == "worker" or service.role in {Role.WORKER, Role.SCHEDULER}
    heard = next(hears(project, service), None) if hidden.kind == "own" else None
    also = "; the code that ends in order never runs" if heard else ""
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="first-process",
        message=f"{listed(item.name for _, item, _ in uses)} {'starts' if len(uses) == 1 else 'start'} {hidden.program} below"
        f" {_SHELL_NAMES.get(hidden.shell, hidden.shell)}, which as the first process does not pass SIGTERM on: each deployment"
        f" and restart kills it in the middle of {'its jobs' if works else 'what it serves'}{also}.",
        expected="`exec` before the last command, so that the program becomes the first process",
        actual=f"{hidden.program} is a child of a shell",
        locations=(place,),
        related=(heard,) if heard else (),
        severity=Severity.MEDIUM if works or heard else Severity.LOW,
        environment=stack.environment,
        closers=(
            Closer(None, "advice", _NO_NPM if hidden.shell == "npm" else "Write `exec` before the last command of the start."),
        ),
    )


def _deaf_programs(project: Project) -> Iterator[Gap]:
    if not any(_RUST in source.text or _GO in source.text for source in project.sources):
        return
    found: set[str] = set()
    others = {service.name for stack in project.stacks for service in stack.services if _is_told_else(service)}
    # What production takes from a registry is built by another stack as a rule.
    for stack in project.stacks:
        for service in stack.services if stack.is_runnable_in_production else ():
            dockerfile = project.image_of(service)
            if (
                dockerfile is None
                or service.name in others
                or not service.is_application
                or environment_of(project, dockerfile) in TRIED
            ):
                continue
            start = _start(service, dockerfile)
            source = _deaf(project, service, dockerfile) if start is not None else None
            if start is not None and source is not None and dockerfile.path not in found:
                found.add(dockerfile.path)
                yield _gap(service, dockerfile, start, source)


def _is_told_else(service: Service) -> bool:
    """Whether a stack gives a service another signal, or a first process that hands signals on."""
    init = service.node.get("init")
    return service.node.get("stop_signal") is not None or (init is not None and text_of(init) != "false")


def _start(service: Service, dockerfile: Dockerfile) -> Instruction | None:
    """Return the step by which the program itself is the first process, and gets the signal that Docker sends by default."""
    if any(service.node.get(key) is not None for key in ("entrypoint", "command", "extends")):
        return None
    target = service.build_target
    if dockerfile.effective("STOPSIGNAL", target) is not None:
        return None
    start = dockerfile.effective("ENTRYPOINT", target) or dockerfile.effective("CMD", target)
    if start is None or not start.exec_form or not start.argv:
        return None
    name = posixpath.basename(start.argv[0])
    return None if name in _NO_PROGRAM or name.endswith((".sh", ".bash")) else start


def _deaf(project: Project, service: Service, dockerfile: Dockerfile) -> SourceFile | None:
    """Return the file of the program that waits for Ctrl-C, where nothing in the image listens to another signal."""
    sources = {source.path: source for word in (_RUST, _GO) for source in sources_in_image(project, service, word)}
    deaf = [source for source in sources.values() if not is_test_path(source.path) and _is_deaf(source)]
    if not deaf or any(_HEARS_MORE.search(item.text) for item in _of_image(project, service)):
        return None
    return next((source for source in deaf if _is_built(service, dockerfile, source.path)), None)


def _of_image(project: Project, service: Service) -> Iterator[SourceFile]:
    for word in ("SIGTERM", "SignalKind::", "signal_hook", "ctrlc::", _RUST, _GO):
        yield from sources_in_image(project, service, word)


def _is_deaf(source: SourceFile) -> bool:
    text = re.sub(r"(?m)^[ \t]*//[^\n]*", "", source.text)
    return bool(_LISTENS.search(text)) and bool(_ENDS_WELL.search(text))


def _is_built(service: Service, dockerfile: Dockerfile, path: str) -> bool:
    """Whether a file is of the program that the image holds: the only one of the context, or one that its build names."""
    context = service.made.context if service.made and service.made.context not in {None, "."} else ""
    folder = posixpath.dirname(posixpath.relpath(path, context or "."))
    crate = folder.removesuffix("src").rstrip("/")
    if not crate:
        return True
    word = re.compile(rf"(?<![A-Za-z0-9]){re.escape(posixpath.basename(crate))}(?![A-Za-z0-9])")
    steps = (item.text for stage in dockerfile.stages for item in stage.instructions if item.keyword in {"RUN", "COPY"})
    return any(_BUILDS.search(text) and word.search(text) for text in steps)


def _gap(service: Service, dockerfile: Dockerfile, start: Instruction, source: SourceFile) -> Gap:
    match = _LISTENS.search(source.text)
    line = source.text.count("\n", 0, match.start()) + 1 if match else 1
    is_rust = source.path.endswith(".rs")
    effect = (
        "as the first process it does not hear that signal at all, is killed ten seconds later"
        if is_rust
        else "it ends at once without the steps that it has for a stop"
    )
    fix = "wait for `signal(SignalKind::terminate())` beside ctrl_c" if is_rust else "name syscall.SIGTERM beside os.Interrupt"
    return RULE.gap(
        resource=dockerfile.path,
        subject="stop",
        message=f"{source.path} waits for Ctrl-C (SIGINT) alone, and Docker stops {service.name} with SIGTERM: {effect}, and "
        "each deployment cuts off the requests that it serves.",
        expected="the program ends in order on SIGTERM",
        actual="SIGINT alone",
        locations=(Location(source.path, line),),
        related=(start.location,),
        closers=(Closer(None, "advice", f"In the code {fix}, or write `stop_signal: SIGINT` for {service.name} in Compose."),),
    )


RULE = Rule(
    code="IMG019",
    name="stop-not-heard",
    layer=Layer.IMAGE,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(Closer(None, "advice", "Listen to SIGTERM as well, or give the service or the image the signal SIGINT to stop."),),
)
