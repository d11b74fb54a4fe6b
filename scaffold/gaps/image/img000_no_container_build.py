"""IMG000: the repository holds a server and nothing that builds an image of it."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import is_test_path
from scaffold.model.document import Location
from scaffold.model.durability import dependency_names
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Confidence, Layer, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_FRAMEWORKS = frozenset(
    {
        *("fastapi", "django", "flask", "starlette", "aiohttp", "sanic", "litestar", "tornado", "falcon", "quart"),
        *("express", "@nestjs/core", "fastify", "koa", "@hapi/hapi", "hono", "rails", "sinatra", "phoenix"),
        *(
            "actix-web",
            "axum",
            "rocket",
            "github.com/gin-gonic/gin",
            "github.com/labstack/echo/v4",
            "github.com/gofiber/fiber/v2",
        ),
    }
)
_BUILDERS = regex(
    r"\bpack build\b|\bko (?:build|apply|publish)\b|\bs2i build\b|\bnixpacks build\b|\bbuildah\b|\bkaniko\b|\bjib\b"
    r"|spring-boot:build-image|bootBuildImage|\bheroku\b|\bgcloud (?:run deploy|app deploy|builds submit)\b|\beb deploy\b"
)
_BUILD_FILES = regex(r"(?:^|/)(?:project\.toml|\.ko\.ya?ml|nixpacks\.toml|railpack\.json|flake\.nix|snapcraft\.yaml)$")
_HOSTED = frozenset({"paas", "heroku", "serverless", "cdk", "cloudformation"})


def _detect(project: Project) -> Iterator[Gap]:
    used = sorted(_FRAMEWORKS & dependency_names(project))
    place = _server(project)
    if not used or place is None or project.dockerfiles or _is_built_or_hosted(project):
        return
    manifests = tuple(
        Location(item.path, 1) for item in project.manifests if any(name in " ".join(item.dependencies) for name in used)
    )
    yield RULE.gap(
        resource="image",
        subject="container-build",
        message=f"The repository holds a server ({used[0]}), and no image build is declared in it.",
        expected="a Dockerfile, or the tool that builds the image",
        actual="no image build",
        locations=(place,),
        related=manifests[:3],
        confidence=Confidence.MEDIUM,
    )


def _server(project: Project) -> Location | None:
    """Return where the code starts a server, tests and samples left out."""
    places = [
        fact.location
        for fact in project.code_facts
        if fact.kind == "server-entry" and fact.reachable is not False and not is_test_path(fact.location.path)
    ]
    return min(places, key=Location.sort_key, default=None)


def _is_built_or_hosted(project: Project) -> bool:
    """Whether a stack builds or runs the application, a platform hosts it, or another tool makes the image."""
    if any(service.build or service.is_application for stack in project.stacks for service in stack.services):
        return True
    if any(item.kind in _HOSTED for item in project.infrastructure) or any(map(_BUILD_FILES.search, project.files)):
        return True
    steps = (step for workflow in project.workflows for job in workflow.jobs for step in job.all_steps)
    texts = (*(command.text for command in project.commands), *(f"{step.uses} {step.run}" for step in steps))
    return any(_BUILDERS.search(text) for text in texts)


RULE = Rule(
    code="IMG000",
    name="no-container-build",
    layer=Layer.IMAGE,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Add a Dockerfile: dependencies from the lock file in a build stage, a last stage with a user of its own, and the "
            "production server as CMD.",
        ),
    ),
)
