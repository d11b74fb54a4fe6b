"""Images whose templates ask for a list of assets that is not in git and that no step of the build writes."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from scaffold.gaps.image.builds import environment_of, is_built, released_targets, users_of
from scaffold.gaps.image.img003_no_dockerignore import build_contexts
from scaffold.model.assets import PIPELINES, Pipeline
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.image_code import is_copied
from scaffold.model.names import TRIED
from scaffold.model.project import CodeFact, Dockerfile, Project
from scaffold.model.regex import regex
from scaffold.model.starting import start_of

_MAY_BUILD = regex(
    r"\b(?:npm|npx|yarn|pnpm|bun|bunx|node|encore|vite|webpack|shakapacker|gulp|make|just|task|rake)\b|\bassets?:|\brun-script\s+(?!(?:--\S+\s+)*post-)"
    r"|\.sh\b|\bbin/\w|\bcurl\b|\bgit\s+clone\b|\btar\s"
)
"""Steps that may write the list, or bring it."""
_BUILDS_BEFORE = regex(
    r"\b(?:npm|yarn|pnpm|bun)\s+(?:--\S+\s+)*(?:run\s+)?(?:build|prod|production)\b|\b(?:encore|vite|mix)\s+(?:prod|production|build)\b|\bassets:precompile\b",
    words=("build", "prod", "precompile"),
)
"""Commands that write the list before the image is built, or as it starts."""
_OF_RAILS = "bin/rails"
_IN_PRODUCTION = regex(r"\bRAILS_ENV[=\s]\s*[\"']?production\b", words=("RAILS_ENV",))
_HARMLESS = regex(r"(?:^|[\s;&|])(?:php\s+)?bin/console\b|\b(?:chmod|touch)\s[^\n;&|]*")


@frozen
class Unbuilt:
    """A Dockerfile whose image lacks the list: the template that asks for it, the pipeline, and the list."""

    dockerfile: Dockerfile
    call: Location
    pipeline: Pipeline
    listed: str


def unbuilt_assets(project: Project) -> Iterator[Unbuilt]:
    """Yield the Dockerfiles of production whose images serve pages without the list of their assets."""
    calls = [fact for fact in project.code_facts if fact.kind == "asset-call"]
    if not calls or _is_built_before(project):
        return
    for dockerfile in project.dockerfiles:
        if environment_of(project, dockerfile) in TRIED or not is_built(project, dockerfile) or _may_build(dockerfile):
            continue
        for fact in calls:
            pipeline = next(item for item in PIPELINES if item.name == fact.detail)
            folder = fact.location.path.partition(f"{pipeline.templates}/")[0].rstrip("/")
            lists = [posixpath.join(folder, path) for path in pipeline.lists]
            if not any(_is_there(project, path) for path in lists) and _serves(project, dockerfile, fact, pipeline):
                yield Unbuilt(dockerfile, fact.location, pipeline, lists[0])


def _is_there(project: Project, path: str) -> bool:
    return project.exists(path) or path in project.directories


def _is_built_before(project: Project) -> bool:
    """Whether a script, workflow or target builds assets: the image may then take what it wrote."""
    runs = {"script", "makefile", "workflow", "playbook"}
    return any(command.context in runs and _BUILDS_BEFORE.search(command.text) for command in project.commands)


def _may_build(dockerfile: Dockerfile) -> bool:
    """Whether a step may write the list, or bring it from another image than Composer's and the like."""
    for item in (item for stage in dockerfile.stages for item in stage.instructions):
        if item.keyword == "RUN" and _MAY_BUILD.search(_HARMLESS.sub(" ", item.text)):
            return True
        if item.keyword in {"COPY", "ADD"} and ("public" in item.text or "build" in item.text.split("--from")[0]):
            return True
    return False


def _serves(project: Project, dockerfile: Dockerfile, fact: CodeFact, pipeline: Pipeline) -> bool:
    """Whether each image of the Dockerfile holds the template, as it is in git, and nothing brings the list where it runs."""
    contexts = build_contexts(project, dockerfile)
    targets = released_targets(project, dockerfile)
    images = [(target, context) for context in contexts for target in targets]
    if not images or not all(is_copied(dockerfile, target, context, fact.location.path) for target, context in images):
        return False
    users = users_of(project, dockerfile)
    if any(mount.target.rstrip("/").endswith("/public/build") for service in users for mount in service.mounts):
        return False
    starts = [start_of(project, service) for service in users]
    if any(start is not None and _BUILDS_BEFORE.search(start.text) for start in starts):
        return False
    return not pipeline.command.startswith(_OF_RAILS) or _runs_in_production(project, dockerfile)


def _runs_in_production(project: Project, dockerfile: Dockerfile) -> bool:
    """Whether Rails runs as in production, where it makes no asset as it is asked for one."""
    texts = (item.text for stage in dockerfile.stages for item in stage.instructions if item.keyword == "ENV")
    services = users_of(project, dockerfile)
    given = any((entry := service.env("RAILS_ENV")) is not None and entry.value == "production" for service in services)
    return given or any(map(_IN_PRODUCTION.search, texts))
