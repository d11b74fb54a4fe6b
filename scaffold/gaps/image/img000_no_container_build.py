"""IMG000: the repository holds a server and nothing that builds an image of it."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.shown_commands import shown_words
from scaffold.gaps.signals import server_entry
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location
from scaffold.model.durability import dependency_names
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Confidence, Layer, Severity
from scaffold.model.project import Command, Project
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
_SHOWN = frozenset({"doc", "script", "makefile"})
_TRIES = regex(
    r"\buvicorn\b[^\n;&|]{0,300}\s--reload\b|\bfastapi\s+dev\b|\bflask\s+(?:--\S+\s+)*run\b|\bmanage\.py\s+runserver\b"
    r"|\b(?:npm|pnpm|yarn|bun)\s+(?:run\s+)?dev\b|\bnodemon\b|\bnest\s+start\s+--watch\b|\bcargo\s+watch\b",
    words=("reload", "dev", "run", "nodemon", "watch"),
)
"""Commands that start a server which restarts at each change."""
_SERVES = regex(
    r"\b(?:gunicorn|uvicorn|hypercorn|granian|daphne|waitress-serve|uwsgi|pm2|forever|supervisord|nssm|systemctl)\b"
    r"|\b(?:npm|pnpm|yarn|bun)\s+(?:run\s+)?(?:start|serve|preview)\b|\bnode\s+\S|\bjava\s+-jar\b|\bfastapi\s+run\b|\b(?:go|cargo)\s+run\b"
    r"|\bpython3?\s+(?:-m\s+)?[\w./-]*(?:main|server|app|run|serve|api)\b"
)
"""Commands that start a server, however."""
_HOSTED = frozenset({"paas", "heroku", "serverless", "cdk", "cloudformation"})


def _detect(project: Project) -> Iterator[Gap]:
    used = sorted(_FRAMEWORKS & dependency_names(project))
    place = server_entry(project)
    if not used or place is None or project.dockerfiles or _is_built_or_hosted(project):
        return
    manifests = tuple(
        Location(item.path, 1) for item in project.manifests if any(name in " ".join(item.dependencies) for name in used)
    )
    tried = _tried_alone(project)
    pages = f"; all that the pages start is a server for development: `{_short(tried.text)}`" if tried else ""
    yield RULE.gap(
        resource="image",
        subject="container-build",
        message=f"The repository holds a server ({used[0]}), and no image build is declared in it{pages}.",
        expected="a Dockerfile, or the tool that builds the image",
        actual="no image build",
        locations=(place,),
        related=(*manifests[:3], *((tried.location,) if tried else ())),
        confidence=Confidence.MEDIUM,
    )


def _tried_alone(project: Project) -> Command | None:
    """Return the first command of a page or script that starts the server as people do who develop, where none starts it
    otherwise.
    """
    shown = [item for item in project.commands if item.context in _SHOWN and not item.location.path.startswith(".")]
    if any(_SERVES.search(item.text) and not _TRIES.search(item.text) for item in shown):
        return None
    return next((item for item in shown if _TRIES.search(item.text)), None)


def _short(text: str) -> str:
    match = _TRIES.search(text)
    return shown_words(match[0] if match else text)


def _is_built_or_hosted(project: Project) -> bool:
    """Whether a stack builds or runs the application, a platform hosts it, or another tool makes the image."""
    if any(_may_be_theirs(stack, service) for stack in project.stacks for service in stack.services):
        return True
    if any(item.kind in _HOSTED for item in project.infrastructure) or any(map(_BUILD_FILES.search, project.files)):
        return True
    steps = (step for workflow in project.workflows for job in workflow.jobs for step in job.all_steps)
    texts = (*(command.text for command in project.commands), *(f"{step.uses} {step.run}" for step in steps))
    return any(_BUILDERS.search(text) for text in texts)


def _may_be_theirs(stack: Stack, service: Service) -> bool:
    """Whether a service may run the application of the repository: what the maker of a store of the stack brings along with
    it, such as its console, does not.
    """
    if service.build:
        return True
    makers = {_maker(other) for other in stack.services if other.is_datastore} - {"", "library", "bitnami"}
    return service.is_application and _maker(service) not in makers


def _maker(service: Service) -> str:
    return service.image.repository.rpartition("/")[0] if service.image else ""


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
