"""IMG006: what would run in production is a framework's development server."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from itertools import pairwise

from scaffold.gaps.ci_signals import CiStep, ci_steps, pushes_image
from scaffold.gaps.facts import EXEMPT_FROM_SERVICE_HYGIENE, final_stages, judged_stacks, mounts_source, production_or_all
from scaffold.gaps.image.builds import DEVELOPMENT, environment_of, production_stage, targets_of, users_of
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.known import known
from scaffold.model.names import EnvironmentClass, Layer, Severity
from scaffold.model.project import Dockerfile, Manifest, Project
from scaffold.model.published_images import built_from
from scaffold.model.regex import regex
from scaffold.model.starting import start_of
from scaffold.model.values import ImageReference
from scaffold.model.workflow_steps import BUILD_ACTION

_START = r"(?:^|[\s;&|\"'/])"
_SERVERS = regex(
    rf"{_START}(?:(?P<reload>(?:uvicorn|gunicorn|hypercorn|granian)\b[^;&|]*\s--reload)\b"
    r"|(?P<flask>flask\b(?:\s+-\S+(?:\s+[^\s-]\S*)?)*\s+run)\b"
    r"|(?P<django>manage\.py\s+runserver(?:_plus)?)\b"
    r"|(?P<fastapi>fastapi\s+dev)\b"
    r"|(?P<next>(?:next|nuxt|nuxi|astro|remix|gatsby|vue-cli-service)\s+(?:dev|develop|serve))\b"
    r"|(?P<vite>vite)(?:\s+(?:dev|serve|--\S+)|\s*$|\s*[;&|])"
    r"|(?P<angular>ng\s+serve)\b"
    r"|(?P<scripts>react-scripts\s+start)\b"
    r"|(?P<webpack>webpack(?:-dev-server|\s+serve))\b"
    r"|(?P<watch>nodemon|ts-node-dev|tsx\s+watch|nest\s+start\s+--watch|watchmedo\s+auto-restart|air)(?=\s|$)"
    r"|(?P<tiangolo>start-reload\.sh)\b"
    r"|(?P<php>artisan\s+serve|php\s+-S)\b)",
    words=(
        "--reload",
        "air",
        "artisan",
        "astro",
        "auto-restart",
        "fastapi",
        "flask",
        "gatsby",
        "manage.py",
        "next",
        "nodemon",
        "nuxi",
        "nuxt",
        "php",
        "react-scripts",
        "remix",
        "serve",
        "start-reload.sh",
        "ts-node-dev",
        "vite",
        "vue-cli-service",
        "watch",
        "webpack",
    ),
)
_SERVES = regex(r"\b(?:gunicorn|uvicorn|hypercorn|granian|daphne|waitress-serve|uwsgi|nginx|puma)\b")
"""Servers of production: a script that has one as well chooses between them."""
_SHELL = (".sh", ".bash")
_OPENS = regex(r"(?:^|;)\s*(?:if|case|while|until|for)\s|\{\s*$")
_CLOSES = regex(r"(?:^|;)\s*(?:fi|esac|done)\b|^\s*\}")
_CONDITION = regex(r"\[\s|&&|\|\||(?:^|;)\s*(?:if|case|echo|printf|test)\s|^\s*[\w.*|\"' -]+\)\s")
_GOES_ON = regex(r"(?:&&|\|\||\\)\s*$")
"""The end of a line whose command stands on the next one."""
_HERE = regex(r"<<-?\s?[\"']?(?P<end>[A-Za-z_]\w*)")
_STATIC_SERVERS = frozenset({"nginx", "nginx-unprivileged", "caddy", "httpd"})
_BY_NODE = regex(r"(?:(?:/bin/)?(?:ba|a)?sh\s+-l?c\s+)?[\"']?(?:npm|npx|pnpm|yarn|node|vite|next|nuxt|ng)\b")
_SCRIPT = regex(r"(?:^|[\s;&|\"'])(?:npm|pnpm|yarn|bun)\s+(?:run\s+|run-script\s+)?(?P<name>[\w:.-]+)")


def _detect(project: Project) -> Iterator[Gap]:
    stacks = production_or_all(stack for stack in judged_stacks(project) if stack.is_runnable_in_production)
    seen: set[Location] = set()
    for stack in stacks:
        for service in stack.services:
            found = None if _is_exempt(service) else _of_service(project, service)
            if found and found[1] not in seen:
                seen.add(found[1])
                base = _lacking_image(project, service)
                stage = "" if service.command else production_stage(project, service)
                yield _stopped_gap(stack, service, *found, base) if base else _service_gap(stack, service, *found, stage)
    for dockerfile in project.dockerfiles:
        found = None if users_of(project, dockerfile) else _of_image(project, dockerfile, "")
        if found:
            yield _image_gap(project, dockerfile, *found)
    yield from _of_pushes(project)


def _of_pushes(project: Project) -> Iterator[Gap]:
    """Yield a gap for each image that a workflow pushes from the last stage, for development, where services take another."""
    for item in ci_steps(project):
        if item.step.action != BUILD_ACTION or item.step.input("target") or not pushes_image(item):
            continue
        path, folder = built_from(item.step.input("context"), item.step.input("file"))
        dockerfile = project.dockerfile(path)
        found = _of_image(project, dockerfile, "", folder) if dockerfile else None
        if dockerfile is None or found is None or DEVELOPMENT.search(path) or item.workflow.path in project.owned:
            continue
        taken = [target for target in targets_of(project, dockerfile) if target and not DEVELOPMENT.search(target)]
        served = [target for target in taken if (stage := dockerfile.stage(target)) and stage is not dockerfile.stages[-1]]
        if served and len(served) == len(taken):
            yield _pushed_gap(item, dockerfile, found, served[0])


def _is_exempt(service: Service) -> bool:
    """Whether a service ends, is for tests, or starts with a profile for development only."""
    by_profile = bool(service.profiles) and all(DEVELOPMENT.search(name) for name in service.profiles)
    target = service.build_target
    return service.has_role(*EXEMPT_FROM_SERVICE_HYGIENE) or by_profile or bool(DEVELOPMENT.search(target))


def _of_service(project: Project, service: Service) -> tuple[str, Location] | None:
    return _of_command(project, service) or _of_script(project, service)


def _of_command(project: Project, service: Service) -> tuple[str, Location] | None:
    if service.command:
        folder = service.made.context if service.made else None
        word = development_server(project, " ".join(service.command), folder)
        return (word, service.command_location or service.location) if word else None
    dockerfile = project.image_of(service)
    if dockerfile is None or service.entrypoint:
        return None
    return _of_image(project, dockerfile, service.build_target, service.made.context if service.made else None)


def _of_image(project: Project, dockerfile: Dockerfile, target: str, context: str | None = None) -> tuple[str, Location] | None:
    """Return the development server that an image starts, with its line. The scripts of package.json are those of the context,
    which is the folder of the Dockerfile where none is known.
    """
    if not final_stages(dockerfile, target):
        return None
    folder = posixpath.dirname(dockerfile.path) if context is None else context
    for keyword in ("CMD", "ENTRYPOINT"):
        item = dockerfile.effective(keyword, target)
        text = (" ".join(item.argv) or item.text) if item else ""
        word = development_server(project, text, folder)
        if item and word:
            return word, item.location
    return None


def _of_script(project: Project, service: Service) -> tuple[str, Location] | None:
    """Return the development server that a shell script of a service's start runs in any case, with its line."""
    start = start_of(project, service) if service.made else None
    found = None
    depths: dict[str, int] = {}
    lines = tuple(item for item in (start.lines[1:] if start else ()) if item[1].path.endswith(_SHELL))
    for (before, _), (text, place) in pairwise((("", Location("", 1)), *_spoken(lines))):
        depth = depths.get(place.path, 0)
        depths[place.path] = depth + len(_OPENS.findall(text)) - len(_CLOSES.findall(text))
        match = _SERVERS.search(text)
        if match is None and _SERVES.search(text):
            return None
        if match and not depth and not _CONDITION.search(text) and not _GOES_ON.search(before) and found is None:
            found = development_server(project, text, None), place
    return found


def _spoken(lines: tuple[tuple[str, Location], ...]) -> Iterator[tuple[str, Location]]:
    """Yield the lines of scripts without the texts that they hand to a command as its input."""
    end = ""
    for text, place in lines:
        if end:
            end = "" if text.strip() == end else end
            continue
        yield text, place
        here = _HERE.search(text)
        end = here["end"] if here else ""


def development_server(project: Project, text: str, folder: str | None) -> str:
    """Return the development server that a command starts, an npm script of `folder` followed once, or ""."""
    direct = _SERVERS.search(text)
    if direct is None and folder is not None:
        script = _SCRIPT.search(text)
        manifest = known(_with_scripts, project.manifests).get(folder) if script else None
        body = dict(manifest.scripts).get(script["name"], "") if script and manifest else ""
        direct = _SERVERS.search(body)
    if direct is None:
        return ""
    word = next(value for value in direct.groupdict().values() if value)
    return f"{word.split()[0]} --reload" if direct["reload"] else " ".join(word.split())


def _with_scripts(manifests: tuple[Manifest, ...]) -> dict[str, Manifest]:
    """Return the first manifest with scripts of each folder."""
    return {item.folder: item for item in reversed(manifests) if item.scripts}


def _lacking_image(project: Project, service: Service) -> str:
    """Return the base of an image that has no Node, under a command that Node runs; "" for any other."""
    dockerfile = project.image_of(service)
    stage = dockerfile.stage(service.made.target) if dockerfile and service.made else None
    image = ImageReference.parse(stage.base) if stage and "$" not in stage.base else None
    installs = any(item.keyword == "RUN" and "node" in item.text for item in stage.instructions) if stage else True
    if image is None or installs or image.name not in _STATIC_SERVERS:
        return ""
    return image.name if _BY_NODE.match(" ".join(service.command or ())) else ""


def _stopped_gap(stack: Stack, service: Service, word: str, place: Location, base: str) -> Gap:
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="command",
        message=f"{service.name} cannot start: the command `{word}` of development is still in force here, and the image "
        f"comes from {base}, which has no Node.",
        expected="`command` reset where the image brings its own, or the development command in an overlay",
        actual=f"{word} in an image from {base}",
        locations=(place,),
        severity=Severity.HIGH,
        environment=stack.environment,
        closers=(Closer(None, "advice", f"Write `command: !reset null` for {service.name} in the file that sets this image."),),
    )


def _service_gap(stack: Stack, service: Service, word: str, place: Location, stage: str) -> Gap:
    mounted = stack.environment is not EnvironmentClass.PRODUCTION and mounts_source(service)
    note = "; no other stack of this repository says how it runs in production" if mounted else ""
    note = f"; the Dockerfile has a stage for production, which needs {stage}" if stage else note
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="command",
        message=f"{service.name} runs `{word}`, a server for development: {_effect(service, word)}{note}.",
        expected="the command of a production server, development in an overlay",
        actual=word,
        locations=(place,),
        related=(service.location,) if place.path != service.location.path else (),
        severity=Severity.MEDIUM if mounted or stage or place.path.endswith(_SHELL) else Severity.HIGH,
        environment=stack.environment,
    )


def _effect(service: Service, word: str) -> str:
    if word.endswith("--reload") and mounts_source(service):
        return "the sources are mounted, so that what changes in them is live at once, before its packages and its migrations"
    return "it restarts on changes, shows errors to visitors or serves one request at a time"


def _image_gap(project: Project, dockerfile: Dockerfile, word: str, place: Location) -> Gap:
    return RULE.gap(
        resource=dockerfile.path,
        subject="command",
        message=f"The image of {dockerfile.path} starts `{word}`, a server for development: it restarts on changes, shows "
        "errors to visitors or serves one request at a time.",
        expected="the command of a production server",
        actual=word,
        locations=(place,),
        severity=Severity.MEDIUM,
        environment=environment_of(project, dockerfile),
    )


def _pushed_gap(item: CiStep, dockerfile: Dockerfile, found: tuple[str, Location], target: str) -> Gap:
    word, place = found
    last = dockerfile.stages[-1].alias or str(len(dockerfile.stages) - 1)
    tags = item.step.input("tags").split()
    tried = bool(tags) and all(DEVELOPMENT.search(tag.rpartition(":")[2]) for tag in tags)
    return RULE.gap(
        resource=dockerfile.path,
        subject=f"pushed/{last}",
        message=f"{item.workflow.path} pushes the last stage of {dockerfile.path}, {last}, which starts `{word}`, a server for "
        f"development: the step names no target, and Compose runs {target}.",
        expected=f"target: {target}",
        actual=f"no target, which is {last}",
        locations=(item.place,),
        related=(place,),
        severity=Severity.LOW if tried else Severity.MEDIUM,
        closers=(Closer(None, "advice", f"Give the step `target: {target}`, so that what is pushed is what Compose runs."),),
    )


RULE = Rule(
    code="IMG006",
    name="development-server",
    layer=Layer.IMAGE,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Start a production server (`gunicorn`, `uvicorn` without --reload, a built frontend behind nginx, `node` on the "
            "build's output), and keep the development command in compose.override.yaml.",
        ),
    ),
)
