"""IMG015: PHP code, its manifest or its settings ask for an extension that the image does not hold."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from scaffold.gaps.facts import final_stages, is_test_path, judged_stacks, listed, root_image
from scaffold.gaps.image.builds import environment_of
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.image_code import is_copied
from scaffold.model.names import EnvironmentClass, Layer, Severity
from scaffold.model.project import Dockerfile, Manifest, Project
from scaffold.model.regex import regex
from scaffold.model.starting import is_below

_BROUGHT = frozenset(
    {
        *("core", "ctype", "curl", "date", "dom", "fileinfo", "filter", "ftp", "hash", "iconv", "json", "lexbor", "libxml"),
        *("mbstring", "mysqlnd", "openssl", "pcre", "pdo", "pdo_sqlite", "phar", "posix", "random", "readline", "reflection"),
        *("session", "simplexml", "sodium", "spl", "sqlite3", "standard", "tokenizer", "uri", "xml", "xmlreader", "xmlwriter"),
        "zlib",
    }
)
"""What `php -m` lists in the official images."""
_DRIVERS = {"mysql": "pdo_mysql", "mariadb": "pdo_mysql", "pgsql": "pdo_pgsql"}
"""The values of Laravel's DB_CONNECTION, and the extension of each."""
_INSTALLS = regex(r"docker-php-ext-(?:install|enable|configure)|install-php-extensions|\bpecl\b|\bpie\s+install|php-ext")
_UNKNOWN = regex(
    r"\.sh\b|\bcurl\b[^\n;&|]*\|\s*(?:ba)?sh|(?:docker-php-ext-(?:install|enable)|install-php-extensions)[^\n;&|]*\$\{?[A-Za-z]"
)
"""Steps after which an image may hold any extension."""
_IGNORES = regex(r"--ignore-platform-reqs?")


@frozen
class _Need:
    """An extension that a service needs, who says so and where, and whether nothing works without it."""

    name: str
    says: str
    location: Location
    severity: Severity


def _detect(project: Project) -> Iterator[Gap]:
    seen: set[str] = set()
    for stack in judged_stacks(project):
        for service in stack.services if stack.is_runnable_in_production and stack.complete else ():
            dockerfile = project.image_of(service)
            if dockerfile is None or service.profiles or dockerfile.path in seen or not _is_php(project, service, dockerfile):
                continue
            held = _held(dockerfile, service.build_target)
            needs = [need for need in _needs(project, service, dockerfile) if not re.search(rf"\b{need.name}\b", held)]
            if needs:
                seen.add(dockerfile.path)
                yield _gap(stack, service, dockerfile, needs)


def _is_php(project: Project, service: Service, dockerfile: Dockerfile) -> bool:
    """Whether a service runs an official image of PHP, and every step that may add an extension to it is plain."""
    target = service.build_target
    base = root_image(dockerfile, target)
    if base is None or base.registry not in {"", "docker.io"} or base.repository.removeprefix("library/") != "php":
        return False
    if environment_of(project, dockerfile) in {EnvironmentClass.DEV, EnvironmentClass.TEST}:
        return False
    steps = [item for stage in final_stages(dockerfile, target) for item in stage.instructions]
    copies = (item for item in steps if item.keyword == "COPY" and any(flag.startswith("--from") for flag in item.flags))
    brought = any("/usr/local" in item.text.split()[-1] and "bin" not in item.text for item in copies)
    return not brought and not any(_UNKNOWN.search(item.text) for item in steps if item.keyword == "RUN")


def _held(dockerfile: Dockerfile, target: str) -> str:
    """Return the texts in which the extensions that an image adds are named."""
    steps = (item for stage in final_stages(dockerfile, target) for item in stage.instructions)
    return "\n".join(item.text.lower() for item in steps if item.keyword == "RUN")


# --- what is needed ---------------------------------------------------------------------------------------------------


def _needs(project: Project, service: Service, dockerfile: Dockerfile) -> Iterator[_Need]:
    manifests = [item for item in project.manifests if item.ecosystem == "php" and _is_of(project, service, item.path)]
    for manifest in manifests:
        yield from _by_setting(project, service, manifest)
        yield from _by_manifest(dockerfile, manifest)
    found: set[str] = set()
    for fact in project.code_facts:
        place = fact.location
        if fact.kind != "php-extension" or fact.detail in found or is_test_path(place.path) or "vendor/" in place.path:
            continue
        if _is_of(project, service, place.path):
            found.add(fact.detail)
            yield _Need(fact.detail, f"{fact.detail} ({posixpath.basename(place.path)})", place, Severity.MEDIUM)


def _is_of(project: Project, service: Service, path: str) -> bool:
    """Whether a file is part of what a service runs: its image takes it, or a mount of the repository gives it."""
    build = service.made
    if (
        build is not None
        and build.context is not None
        and is_copied(project.image_of(service), build.target, build.context, path)
    ):
        return True
    return any(mount.resolved is not None and is_below(path, mount.resolved) for mount in service.mounts)


def _by_setting(project: Project, service: Service, manifest: Manifest) -> Iterator[_Need]:
    """Yield the driver of the database that Compose, or the template beside the manifest, names for Laravel."""
    if "laravel/framework" not in manifest.dependencies:
        return
    entry = service.env("DB_CONNECTION")
    beside = (item for item in project.env_files if item.path == posixpath.join(manifest.folder, ".env.example"))
    shown = next((found for item in beside if (found := item.entry("DB_CONNECTION")) and not found.commented), None)
    value, place = (entry.value or "", entry.location) if entry else (shown.value, shown.location) if shown else ("", None)
    name = _DRIVERS.get(value.strip("\"' "))
    if name and place:
        yield _Need(name, f"{name} (DB_CONNECTION)", place, Severity.HIGH if entry else Severity.MEDIUM)


def _by_manifest(dockerfile: Dockerfile, manifest: Manifest) -> Iterator[_Need]:
    steps = [item.text for stage in dockerfile.stages for item in stage.instructions if item.keyword == "RUN"]
    for name in manifest.dependencies:
        extension = name.removeprefix("ext-").lower()
        if name.startswith("ext-") and extension not in _BROUGHT and not any(_IGNORES.search(text) for text in steps):
            yield _Need(extension, f"{extension} (composer.json)", Location(manifest.path, 1), Severity.MEDIUM)


def _gap(stack: Stack, service: Service, dockerfile: Dockerfile, needs: list[_Need]) -> Gap:
    names = tuple(dict.fromkeys(need.name for need in needs))
    stage = dockerfile.stages[-1]
    installs = [item for part in dockerfile.stages for item in part.instructions if _INSTALLS.search(item.text)]
    return RULE.gap(
        resource=dockerfile.path,
        subject="extensions",
        message=f"{service.name} asks for PHP extensions that its image does not hold: {listed(need.says for need in needs)}.",
        expected=f"{' '.join(names)} installed in {dockerfile.path}",
        actual="not installed",
        locations=tuple(dict.fromkeys(need.location for need in needs)),
        related=((installs[-1].location if installs else stage.location),),
        severity=max(need.severity for need in needs),
        environment=stack.environment,
    )


RULE = Rule(
    code="IMG015",
    name="php-extension-missing",
    layer=Layer.IMAGE,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Install them in the Dockerfile (`docker-php-ext-install`, `pecl install`), name each as `ext-...` in "
            "composer.json, and run the tests in the image and not on the runner.",
        ),
    ),
)
