"""Credentials that only Compose hands on: no code of the image, no script and no configuration has their variable's name."""

from __future__ import annotations

import posixpath
import re

from scaffold.gaps.secrets.credentials import CredentialGroup
from scaffold.model.compose import Service
from scaffold.model.framework_variables import BINDS_BY_RULE, OF_FRAMEWORKS
from scaffold.model.image_code import is_in_image, runs_code
from scaffold.model.image_users import is_plain_base
from scaffold.model.project import Dockerfile, Project
from scaffold.model.regex import regex
from scaffold.model.secret_names import is_sensitive_name
from scaffold.model.values import ImageReference

_CODE = (".py", ".js", ".ts", ".mjs", ".cjs", ".tsx", ".go")
"""Code of languages in which somebody writes the name of each variable that is read."""
_READ_OTHERWISE = (*BINDS_BY_RULE, ".php", ".rb", ".ex", ".exs", ".rs", ".dart", ".clj")
_PRODUCTS = regex(
    r"(?i)(?:^|[@/_-])(?:strapi|medusajs?|directus|keystone(?:js)?|wasp|redwoodjs|parse-server|payload|vendure|ghost|n8n|nuxt|litellm"
    r"|airflow|superset|dagster|prefect|mlflow|jupyter(?:hub|lab)?|gradio|open-webui|langflow|flowise|meteor|feathers|nocodb|parse)(?:$|[/_-])"
)
"""Packages that are a server by themselves and read variables of their own."""
_READS_OF_LIBRARY = regex(r"(?i)jwt|jose|jsonwebtoken|paseto|itsdangerous")
"""Packages that sign: the name of their key may be built by what hands it to them."""
_SIGNS = regex(r"(?i)(?:^|_)(?:JWT|TOKEN)(?:_|$)")
_SHORT = 3
"""Letters of a package's name that say nothing within the name of a variable."""
_SYMFONY, _OF_SYMFONY, _CADDY = "symfony/framework-bundle", ".php", "dunglas/frankenphp"
"""Symfony gives its bundles no variable but those that the configuration in the repository names, and the server of this image
reads its own from the file of the repository where there is one.
"""
_BRINGS_CODE = regex(r"\bgit\s+clone\b|\.(?:tgz|tar|zip)\b")
"""Commands of a build that take in code which is not in the repository."""


def is_read_by_nobody(project: Project, group: CredentialGroup) -> bool:
    """Whether each service that a credential is given to runs code of the repository in a language that spells its variables
    out, and no text but Compose files, workflows, env files and pages has the name, spelled in any way.
    """
    names = _names(group)
    if not names or any(OF_FRAMEWORKS.fullmatch(name) for name in names) or ".gitmodules" in project.files:
        return False
    if not names <= project.handed_on or reads_by_package(project, names):
        return False
    return all(is_code_of_ours(project, item.service) or _is_of_symfony(project, item.service) for item in group.places)


def _names(group: CredentialGroup) -> frozenset[str]:
    """Return the variables by which services get the default and those that choose it, not those of a line without it; none
    where a part of it is no variable of a service.
    """
    found: set[str] = set()
    for item in group.places:
        own = [
            entry.name
            for entry in item.service.environment
            if entry.source == "environment"
            and any(reference.name == item.key and reference.has_default for reference in entry.references)
        ]
        places = [entry for entry in item.service.environment if entry.location == item.location]
        if not own or not places:
            return frozenset()
        found.update((item.key, *own))
    return frozenset(found)


def is_code_of_ours(project: Project, service: Service) -> bool:
    """Whether an image is made of a language alone and of code of the repository; the Compose file of production may leave the
    build to that of another stack.
    """
    built = _built(project, service)
    return built is not None and runs_code(project, built) and _is_spelled_out(project, built)


def _is_of_symfony(project: Project, service: Service) -> bool:
    """Whether an image is made of PHP and of code for Symfony, each part of which names its variables in the repository."""
    php = [item for item in project.manifests if item.ecosystem == "php"]
    if not php or not all(_SYMFONY in item.dependencies for item in php):
        return False
    built = _built(project, service)
    return built is not None and _is_spelled_out(project, built, _OF_SYMFONY)


def _built(project: Project, service: Service) -> Service | None:
    """Return the service whose build makes the image of another, or None: what is pulled and made by nothing here has
    somebody else's code, though a service of another stack with the same name is built.
    """
    alike = (other for stack in project.stacks for other in stack.services if other.name == service.name)
    elsewhere = None if service.made or service.node.get("image") is not None else next((it for it in alike if it.build), None)
    given = service if service.made else elsewhere
    return given if given is not None and project.image_of(given) is not None else None


def _is_spelled_out(project: Project, service: Service, also: str = "") -> bool:
    dockerfile = project.image_of(service)
    target = service.made.target if service.made else ""
    stages = dockerfile.chain(target) if dockerfile else ()
    base = ImageReference.parse(stages[-1].base) if stages and stages[-1].base else None
    if base is None or dockerfile is None or not _adds_nothing(project, base) or _brings_code(dockerfile):
        return False
    otherwise = tuple(ending for ending in _READ_OTHERWISE if ending != also)
    held = [path for path in project.files if path.endswith((*_CODE, *_READ_OTHERWISE)) and is_in_image(project, service, path)]
    return bool(held) and not any(path.endswith(otherwise) for path in held)


def _adds_nothing(project: Project, base: ImageReference) -> bool:
    """Whether a base image reads no variables but those of its language."""
    if base.repository == _CADDY:
        return any(posixpath.basename(path) == "Caddyfile" for path in project.files)
    return is_plain_base(base) or base.repository.removeprefix("library/") == "php"


def _brings_code(dockerfile: Dockerfile) -> bool:
    return any(
        _BRINGS_CODE.search(item.text) for stage in dockerfile.stages for item in stage.instructions if item.keyword == "RUN"
    )


def reads_by_package(project: Project, names: frozenset[str]) -> bool:
    """Whether a package may read one of the variables by itself: a server of its own, one that the variable is called after,
    or one that signs, where the variable holds what signs.
    """
    packages = {name.lower() for manifest in project.manifests for name in manifest.dependencies}
    signs = any(_SIGNS.search(name) and is_sensitive_name(name) for name in names)
    spelled = [f"_{name.lower()}_" for name in names]
    for package in packages:
        if _PRODUCTS.search(package) or (signs and _READS_OF_LIBRARY.search(package)):
            return True
        plain = re.sub(r"[^a-z0-9]+", "_", package.rpartition("/")[2])
        if len(plain) > _SHORT and any(f"_{plain}_" in name for name in spelled):
            return True
    return False
