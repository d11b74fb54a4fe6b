"""Which Dockerfiles of the project make the image that a service runs, and whether they bring a check of its health."""

from __future__ import annotations

from scaffold.gaps.ci_signals import ci_steps, effective_env
from scaffold.gaps.facts import root_image
from scaffold.gaps.image.builds import environment_of
from scaffold.gaps.remembered import remembered
from scaffold.model.compose import Service
from scaffold.model.names import EnvironmentClass
from scaffold.model.probes import known_image
from scaffold.model.project import Dockerfile, Project
from scaffold.model.regex import regex
from scaffold.model.values import ImageReference, dns_label

_SHORTEST = 4
"""Letters that the name of a project needs to be told from a word that many images have in common."""
_COMMON = frozenset(
    {"docker", "server", "backend", "frontend", "client", "service", "demo", "main", "site", "project", "stack"}
)
"""Names of projects that say nothing of whose an image is."""
_BASES_WITHOUT_CHECK = regex(
    r"azul/zulu-openjdk.*|dotnet/(?:aspnet|runtime|runtime-deps|sdk).*|distroless/.*|oven/bun|denoland/deno"
    r"|apache/airflow|nginxinc/nginx-unprivileged|astral-sh/uv|ubi\d+/.*|nvidia/cuda|docker/library/.*"
)
"""Bases of other makers whose Dockerfiles have no HEALTHCHECK."""
_NAMING_ACTIONS = frozenset({"docker/metadata-action", "docker/build-push-action"})
_PUSHES = regex(r"\b(?:docker|podman)\s+(?:image\s+)?push\s+(?:-\S+\s+)*[\"']?(?P<image>(?:\$\{\{[^}]*\}\}|[^\s\"';&|])++)")
_VARIABLE = regex(r"\$\{?([A-Za-z_]\w*)\}?")
_OWNED = regex(r"(?:[\w.-]+/)?\$\{\{[^}]*\}\}/(?P<name>[a-z][\w.-]*)(?::\S+(?:\s\S+)*)?")
_LINK = regex(
    r"\bgithub\.com/(?P<name>[\w.-]{1,80}/[\w.-]{1,100})/(?:blob|tree|raw|edit)/[\w.-]{1,60}/(?P<path>[\w.-]{1,100}/[\w./-]{1,200})",
    words=("github.com",),
)
"""A link to a file in a folder of a repository."""
_BADGE = regex(
    r"\bimg\.shields\.io/github/[\w./-]{1,80}?/(?P<name>[\w.-]{1,80}/[\w.-]{1,100})(?=[?)\"'\s])"
    r"|\bgithub\.com/(?P<of_jobs>[\w.-]{1,80}/[\w.-]{1,100})/(?:actions/)?workflows/[\w%. -]{1,80}/badge\.svg",
    words=("img.shields.io", "badge.svg"),
)
"""A badge on the state of a repository: a README shows those of its own."""
_HUBS = frozenset({"", "docker.io", "index.docker.io"})


def is_own_image(project: Project, image: ImageReference | None) -> bool:
    """Whether the project, which has a Dockerfile, makes an image: a workflow pushes it, or it is called like the project
    (`listmonk/listmonk`, `shop/shop-api`, `shop/api` of shop-api), or like the repository to whose files the pages link.
    """
    if image is None or not project.dockerfiles:
        return False
    if (image.registry, image.repository) in _pushed(project) or _tail(image.repository) in _pushed_by_anybody(project):
        return True
    if image.repository.lower() in _called_by_pages(project):
        return True
    name = dns_label(project.name)
    if len(name) < _SHORTEST or name in _COMMON:
        return False
    parts = [dns_label(part) for part in image.repository.split("/")[-2:]]
    return "-".join(parts) == name or any(part == name or part.startswith(f"{name}-") for part in parts)


def brings_no_check(project: Project, service: Service) -> bool:
    """Whether the image of a service is known to check no health: one of the table, or one that the project makes without."""
    if service.made:
        dockerfile = project.image_of(service)
        return dockerfile is not None and _has_bare_base(dockerfile, service.made.target)
    if known_image(service.image) is not None:
        return True
    return is_own_image(project, service.image) and _makes_no_check(project)


@remembered
def _called_by_pages(project: Project) -> frozenset[str]:
    """Return how the pages call the project on GitHub: `shop/panel` where one links github.com/shop/panel/blob/main/docs/use.md
    and the project has that file. One of the root proves nothing: every project has a README. Also what the README shows the
    first badge of.
    """
    links = (match for page in project.docs for match in _LINK.finditer(page.text))
    found = {match["name"].lower() for match in links if match["path"] in project.present}
    readme = next((page.text for page in project.docs if page.path.lower() == "readme.md"), "")
    badge = _BADGE.search(readme)
    return frozenset({*found, *(((badge["name"] or badge["of_jobs"]).lower(),) if badge else ())})


@remembered
def _pushed(project: Project) -> frozenset[tuple[str, str]]:
    """Return the images that the inputs of Docker's actions name, as registry and repository."""
    words = (
        word
        for item in ci_steps(project)
        if item.step.action in _NAMING_ACTIONS
        for key in ("images", "tags")
        for word in item.step.input(key).replace(",", " ").split()
    )
    found = (ImageReference.parse(word) for word in words if "/" in word and "${{" not in word.rpartition(":")[0])
    return frozenset((image.registry, image.repository) for image in found)


@remembered
def _pushed_by_anybody(project: Project) -> frozenset[str]:
    """Return the last words of the images that commands of the workflows push for an owner who stands in a secret:
    `docker push ${{ secrets.USER }}/shop` is `shop`.
    """
    found = set()
    for item in ci_steps(project):
        if "push" not in item.text:
            continue
        for match in _PUSHES.finditer(item.text):
            owned = _OWNED.fullmatch(_filled_in(match["image"], effective_env(item)))
            if owned and len(owned["name"]) >= _SHORTEST and owned["name"] not in _COMMON:
                found.add(owned["name"])
    return frozenset(found)


def _filled_in(word: str, given: dict[str, str]) -> str:
    return _VARIABLE.sub(lambda found: given.get(found[1], found[0]), word)


def _tail(repository: str) -> str:
    """Return the last word of a repository that has an owner, else what no image is called."""
    owner, _, name = repository.rpartition("/")
    return name if owner else "/"


@remembered
def _makes_no_check(project: Project) -> bool:
    """Whether no image that the project makes for production checks its health."""
    tried = {EnvironmentClass.DEV, EnvironmentClass.TEST}
    made = [item for item in project.dockerfiles if environment_of(project, item) not in tried]
    steps = (step for item in project.dockerfiles for stage in item.stages for step in stage.instructions)
    checks = any(step.keyword == "HEALTHCHECK" for step in steps)
    return bool(made) and not checks and all(_has_bare_base(item) for item in made)


def _has_bare_base(dockerfile: Dockerfile, target: str = "") -> bool:
    """Whether an image starts from one without a HEALTHCHECK, as all of Docker's official images are."""
    image = root_image(dockerfile, target)
    if image is None:
        return False
    is_official = image.registry in _HUBS and "/" not in image.repository.removeprefix("library/")
    return is_official or known_image(image) is not None or bool(_BASES_WITHOUT_CHECK.fullmatch(image.repository))
