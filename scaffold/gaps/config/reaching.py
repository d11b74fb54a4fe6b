"""Which variables reach a service beside those that its entry in Compose shows."""

from __future__ import annotations

import posixpath
import re

from scaffold.gaps.remembered import remembered
from scaffold.model.compose import Service
from scaffold.model.dockerignore import ignore_patterns, leaves_out
from scaffold.model.image_code import is_in_image
from scaffold.model.project import EnvFile, Project
from scaffold.model.regex import regex

_BRINGS_MORE = regex(
    r"\b(?:doppler|infisical|vault|chamber|sops|dotenvx|dotenv|aws-env|berglas|envconsul|envsubst|teller|op\s+run|ssm|direnv)\b"
    r"|--env-file|\bsource\s|\bset\s+-a\b|\ballexport\b|(?:^|\s)\.\s+\S"
)
"""Starts that put more into the environment than Compose does."""


_OF_TOOLS = regex(
    r"(?:^|/)(?:knexfile|(?:jest|vitest|drizzle|playwright|cypress|mikro-orm|ormconfig|typeorm)\.config)\.(?:[cm]?[jt]s)$"
)
"""Settings of tools, whose variables end with them: migrations, tests."""


def templates_of(project: Project, services: list[Service]) -> list[EnvFile] | None:
    """Return the templates of the env files that are not in the repository, None where one of these has none."""
    found = []
    for path in {path for service in services for path, _ in service.env_files if path not in project.present}:
        names = {f"{path}.{word}" for word in ("example", "sample", "template", "dist")}
        template = next((file for file in project.env_files if file.path in names), None)
        if template is None:
            return None
        found.append(template)
    return sorted(found, key=lambda file: file.path)


def is_set_by_code(project: Project, service: Service, name: str) -> bool:
    """Whether a script of the image or a package script sets the variable, or code gives it to itself."""
    shell = re.compile(rf"(?<![\w$]){re.escape(name)}=")
    started = (
        item
        for item in project.commands
        if item.context == "package" or (item.context == "script" and is_in_image(project, service, item.location.path))
    )
    return any(shell.search(item.text) for item in started) or _gives_itself(project, name)


def _gives_itself(project: Project, name: str) -> bool:
    """Whether code gives itself a variable: one name is asked after for many services."""
    asked = _asked(project)
    if name not in asked:
        word = re.escape(name)
        code = re.compile(rf"environ(?:\.setdefault\(|\[)\s*[\"']{word}[\"'](?:\]\s*=|,)|env\.{word}\s*(?:\?\?|\|\|)?=(?!=)")
        sources = (source for source in project.sources if name in source.text and not _OF_TOOLS.search(source.path))
        asked[name] = any(code.search(source.text) for source in sources)
    return asked[name]


@remembered
def _asked(_: Project) -> dict[str, bool]:
    """Return where the answers for the names of one project are kept."""
    return {}


def may_get_more(project: Project, service: Service) -> bool:
    """Whether a service may get variables that its entry does not show: a secret that is mounted, an `.env` that comes with the
    sources, a program that fetches them.
    """
    return is_given_more(project, service) or holds_env_file(project, service)


def is_given_more(project: Project, service: Service) -> bool:
    """Whether a service may get more than its entry shows as it starts: a secret that is mounted, a program that fetches it."""
    if any(service.node.get(key) is not None for key in ("secrets", "configs", "extends")):
        return True
    for mount in service.mounts:
        if (
            mount.kind == "bind"
            and not mount.target.startswith("/run/secrets/")
            and (mount.resolved in {None, "", "."} or mount.resolved in project.directories or ".env" in mount.source)
        ):
            return True
    build, dockerfile = service.made, project.image_of(service)
    texts = [*(service.entrypoint or ()), *(service.command or ())]
    texts += [
        item.text
        for stage in (dockerfile.stages if dockerfile else ())
        for item in stage.instructions
        if item.keyword in {"CMD", "ENTRYPOINT"}
    ]
    return build is None or dockerfile is None or any(_BRINGS_MORE.search(text) for text in texts)


def holds_env_file(project: Project, service: Service) -> bool:
    """Whether the image of a service takes the `.env` of its context along with the sources."""
    build, dockerfile = service.made, project.image_of(service)
    if build is None or dockerfile is None or not is_in_image(project, service, posixpath.join(build.context or "", ".env")):
        return False
    return not leaves_out(ignore_patterns(project, dockerfile, build.context or ""), ".env")
