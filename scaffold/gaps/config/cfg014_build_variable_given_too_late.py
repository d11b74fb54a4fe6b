"""CFG014: a variable that the bundler writes into the pages is given to the container, after the pages were made."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from scaffold.gaps.config.pushed_defaults import PushedDefault, pushed_defaults
from scaffold.gaps.facts import judged_stacks, listed, once
from scaffold.model.bundlers import BUNDLERS
from scaffold.model.compose import Service, Stack
from scaffold.model.dockerignore import ignore_patterns, leaves_out
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.image_code import sources_in_image
from scaffold.model.names import Confidence, Layer, Severity
from scaffold.model.project import Dockerfile, Project, SourceFile
from scaffold.model.regex import regex
from scaffold.model.secrets import url_host
from scaffold.model.starting import is_below

_BUNDLED = regex(rf"(?P<prefix>{'|'.join(BUNDLERS)})\w+")
_BUILDS = regex(
    r"\b(?:npm|pnpm|yarn|bun|npx|bunx|turbo|nx|lerna|make)\b[^\n&|;]*\bbuild\b|\b(?:next|vite|nuxt|gatsby|react-scripts|vue-cli-service|webpack)\s+build\b"
)
_ADDRESS = regex(r"_(?:\w*URL|URI|API|HOST|ENDPOINT|BASE|ORIGIN|DOMAIN|SERVER|BACKEND|GATEWAY|WS|SOCKET)(?:_|$)")
_THIS_MACHINE = regex(r"[^\n;]{0,60}?(?:\|\||\?\?)\s*[\"'`](?:https?|wss?)://(?:localhost|127\.0\.0\.1|0\.0\.0\.0)\b")
_HEAD = 1_000
"""Characters at the top of a file among which the directive `"use client"` stands."""
_REPLACED = regex(r"\b(?:sed|envsubst|perl|import-meta-env|react-inject-env|next-runtime-env|runtime-env-cra)\b")
"""What start scripts use to put variables into pages that stand already."""


def _detect(project: Project) -> Iterator[Gap]:
    stacks = [stack for stack in judged_stacks(project) if stack.is_runnable_in_production]
    yield from once(gap for stack in stacks for gap in _of_stack(project, stack))
    found: dict[str, list[PushedDefault]] = {}
    for item in pushed_defaults(project):
        found.setdefault(item.dockerfile, []).append(item)
    for path, items in found.items():
        dockerfile = project.dockerfile(path)
        if dockerfile is not None and not _makes_pages_at_start(project, _started(dockerfile, "")):
            yield _pushed_gap(path, items)


def _of_stack(project: Project, stack: Stack) -> Iterator[Gap]:
    for service in stack.services:
        dockerfile = project.image_of(service)
        if service.made is None or dockerfile is None or not service.runs_own_image or not _builds_pages(dockerfile):
            continue
        late = {
            name: place for name, place in _offered(stack, service).items() if not _is_given(project, service, dockerfile, name)
        }
        reads = {name: found for name in late if (found := _reads_of_pages(project, service, name))}
        if reads and not _is_made_at_start(project, service, dockerfile):
            yield _gap(stack, service, dockerfile, {name: late[name] for name in reads}, reads)


def _offered(stack: Stack, service: Service) -> dict[str, Location]:
    """Return the variables of pages that a service is given, with the place of each. A host of the stack means that the server
    reads it, which does so when it runs: the name of a service leads nowhere in a browser.
    """
    found = {
        entry.name: entry.location
        for entry in service.environment
        if _BUNDLED.fullmatch(entry.name)
        and (entry.value or entry.references)
        and not stack.resolve_host(url_host(entry.value or "") or "")
    }
    arguments = service.made.args if service.made else ()
    return found | {name: service.location for name, _ in arguments if _BUNDLED.fullmatch(name) and name not in found}


@frozen
class _Read:
    """Where pages read a variable, and whether the code falls back to an address of this machine there."""

    location: Location
    is_local: bool


def _reads_of_pages(project: Project, service: Service, name: str) -> list[_Read]:
    """Return where pages read a variable; nothing where other code of the image reads it too, for which it may be meant."""
    match = _BUNDLED.fullmatch(name)
    tool = BUNDLERS[match["prefix"]] if match else ""
    read = re.compile(rf"\b(?:process|import\.meta)\.env\??(?:\.|\[['\"]){name}\b(?:['\"]\])?")
    found = []
    for source in sources_in_image(project, service, name):
        places = [_read(source, match) for match in read.finditer(source.text)]
        if places and tool not in _packages_above(project, source.path):
            return []
        # Next.js: what the server alone renders reads a variable that the build did not have when it runs.
        in_browsers = tool != "next" or "use client" in source.text[:_HEAD]
        found += [place for place in places if in_browsers or place.is_local]
    return found


def _read(source: SourceFile, match: re.Match[str]) -> _Read:
    before = source.text[: match.start()]
    location = Location(source.path, before.count("\n") + 1, match.start() - before.rfind("\n"))
    return _Read(location, bool(_THIS_MACHINE.match(source.text, match.end())))


def _packages_above(project: Project, path: str) -> frozenset[str]:
    """Return the packages of the nearest package.json above a file."""
    above = [item for item in project.manifests if item.ecosystem == "node" and is_below(path, item.folder)]
    nearest = max(above, key=lambda item: len(item.folder), default=None)
    return frozenset(nearest.dependencies) if nearest else frozenset()


def _builds_pages(dockerfile: Dockerfile) -> bool:
    steps = (item for stage in dockerfile.stages for item in stage.instructions if item.keyword == "RUN")
    return any(_BUILDS.search(item.text) for item in steps)


def _is_given(project: Project, service: Service, dockerfile: Dockerfile, name: str) -> bool:
    """Whether the build gets a variable: the Dockerfile names it, an env file of the context has it, or a workflow does."""
    if name in (project.source(dockerfile.path) or ""):
        return True
    if any(name in (project.source(workflow.path) or "") for workflow in project.workflows):
        return True
    context = service.made.context if service.made else None
    for file in project.env_files:
        entry = file.entry(name)
        inside = posixpath.relpath(file.path, context or ".")
        if entry is not None and not entry.commented and file.kind == "real" and not inside.startswith(".."):
            return not leaves_out(ignore_patterns(project, dockerfile, context or ""), inside)
    return False


def _is_made_at_start(project: Project, service: Service, dockerfile: Dockerfile) -> bool:
    """Whether the container builds its pages, serves them from source, or writes the variables into them when it starts."""
    words = " ".join((*(service.entrypoint or ()), *(service.command or ()), _started(dockerfile, service.build_target)))
    return _makes_pages_at_start(project, words)


def _started(dockerfile: Dockerfile, target: str) -> str:
    started = (dockerfile.effective(keyword, target) for keyword in ("ENTRYPOINT", "CMD"))
    return " ".join(item.text for item in started if item)


def _makes_pages_at_start(project: Project, words: str) -> bool:
    names = set(re.findall(r"[\w.-]+\.(?:sh|mjs|cjs|js)\b", words))
    scripts = [source.text for source in project.sources if posixpath.basename(source.path) in names]
    texts = (words, *scripts)
    return any(_BUILDS.search(text) or _REPLACED.search(text) or re.search(r"\bdev\b", text) for text in texts)


def _pushed_gap(dockerfile: str, items: list[PushedDefault]) -> Gap:
    first = items[0]
    names = list(dict.fromkeys(item.argument for item in items))
    written = listed(dict.fromkeys(item.variable for item in items))
    steps = tuple(dict.fromkeys(item.step for item in items))
    pushing = list(dict.fromkeys(step.path for step in steps))
    its, are = ("its default, an address", "is") if len(names) == 1 else ("their defaults, addresses", "are")
    return RULE.gap(
        resource=dockerfile,
        subject=f"pushed-default/{first.argument}",
        message=f"{listed(pushing)} {'pushes' if len(pushing) == 1 else 'push'} the image of {dockerfile} without"
        f" {listed(names)}: {its} of this machine, {are} what the build writes into the pages ({written}), so they call"
        " the visitor's own machine wherever that image runs, whatever its container is given.",
        expected=f"build-args with {first.argument} at the step, or pages that ask for the address when they run",
        actual="the default of the Dockerfile",
        locations=(*steps, *dict.fromkeys(item.default for item in items)),
        severity=Severity.MEDIUM,
        confidence=Confidence.MEDIUM,
    )


def _gap(
    stack: Stack,
    service: Service,
    dockerfile: Dockerfile,
    late: dict[str, Location],
    reads: dict[str, list[_Read]],
) -> Gap:
    fallback = next((read for found in reads.values() for read in found if read.is_local), None)
    them = "it" if len(late) == 1 else "them"
    effect = (
        f"the pages call the visitor's own machine, the default at {fallback.location.path}:{fallback.location.line}"
        if fallback
        else "the pages hold what the code falls back to"
    )
    passed = {name for name, _ in (service.made.args if service.made else ())}
    how = f"as an argument that no ARG of {dockerfile.path} takes" if passed & late.keys() else "when its container starts"
    first = fallback or next(iter(reads.values()))[0]
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="build-variables",
        message=f"{service.name} is given {listed(late)} {how}, and the build that writes {them} into the pages does not"
        f" get {them}: {effect}.",
        expected=f"ARG {next(iter(late))} in {dockerfile.path} before the build, and the value below build.args",
        actual="an argument without ARG" if passed & late.keys() else "given below environment only",
        locations=tuple(late.values()),
        related=(first.location,),
        severity=_severity(late, is_local=fallback is not None),
        environment=stack.environment,
    )


def _severity(late: dict[str, Location], *, is_local: bool) -> Severity:
    if is_local:
        return Severity.HIGH
    return Severity.MEDIUM if any(_ADDRESS.search(name) for name in late) else Severity.LOW


RULE = Rule(
    code="CFG014",
    name="build-variable-given-too-late",
    layer=Layer.CONFIG,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Declare the variable with ARG before the build step and pass it below `build.args`, or let the pages ask for it.",
        ),
    ),
)
