"""Protections that the settings of Django, Rails and Spring turn off by a literal, where production starts with them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.config.code_switches import Switch
from scaffold.gaps.config.django_settings import VARIABLE, module_path, settings_chain, used_modules
from scaffold.gaps.facts import ALL_INTERFACES, is_test_path, path_environment
from scaffold.model.compose import Service
from scaffold.model.document import Location
from scaffold.model.names import TRIED, Role, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_ANY_HOST = regex(r"(?m)^ALLOWED_HOSTS[ \t]*(?::[^=\n]+)?=\s*[\[(]\s*[\"']\*[\"']\s*,?\s*[\])][ \t]*(?:#.*)?$")
_INSECURE_COOKIE = regex(r"(?m)^(?P<name>(?:SESSION|CSRF)_COOKIE_SECURE)[ \t]*(?::[^=\n]+)?=[ \t]*False[ \t]*(?:#.*)?$")
_TAKES_OVER = regex(
    r"(?m)^[ \t]*(?:from[ \t]+[\w.]+[ \t]+import[ \t]+\*|import_from|include\(|exec\()|\blocals\(\)|\bglobals\(\)"
)
"""Words behind which another module may set the name again."""
_MODULE_OF_IMAGE = regex(rf"\b{VARIABLE}[= ][\"']?(?P<name>[\w.]+)")
_ENTRY = regex(r"(?:^|/)[aw]sgi\.py$")
_RAILS = regex(r"(?:^|/)config/environments/production\.rb$", words=("config/environments/production.rb",))
_FORCE_SSL = regex(r"(?m)^[ \t]*config\.force_ssl[ \t]*=[ \t]*false[ \t]*(?:#.*)?$")
_RAILS_ERRORS = regex(r"(?m)^[ \t]*config\.consider_all_requests_local[ \t]*=[ \t]*true[ \t]*(?:#.*)?$")
_RAILS_HOSTS = regex(r"(?m)^[ \t]*config\.hosts(?:\.clear|[ \t]*=[ \t]*(?:nil|\[\]))[ \t]*(?:#.*)?$")
_SPRING = regex(
    r"(?:^|/)src/main/resources/(?:config/)?application(?:-(?P<profile>[\w-]+))?\.(?:ya?ml|properties)$",
    words=("src/main/resources/",),
)
_EXPOSED = regex(
    r"(?m)^[ \t]*management\.endpoints\.web\.exposure\.include[ \t]*[=:][ \t]*[\"']?\*[\"']?[ \t]*$"
    r"|^[ \t]*exposure:[ \t]*\n[ \t]+include:[ \t]*(?:[\"']\*[\"']|\[[\"']\*[\"']\])[ \t]*(?:#.*)?$"
)
_OWN_DOOR = regex(r"management\.server\.(?:port|address)|(?m:^management:[^#]*?\n[ \t]+server:)")
_GUARDED = regex(r"spring-boot-starter-(?:security|oauth2)|spring-security|quarkus-oidc|keycloak-spring")


def framework_switches(project: Project) -> Iterator[tuple[str, Switch]]:
    """Yield each protection that such settings turn off, with the file that production starts with."""
    for path in _django_modules(project):
        yield from ((path, switch) for switch in _of_django(project, path))
    for source in project.sources:
        if _RAILS.search(source.path):
            yield from ((source.path, switch) for switch in _of_rails(source.path, source.text))
        elif match := _SPRING.search(source.path):
            switch = _of_spring(project, source.path, source.text, match["profile"] or "")
            if switch is not None:
                yield source.path, switch


def _django_modules(project: Project) -> tuple[str, ...]:
    """Return the files of the settings that production starts with: by stacks, else by the images that are for production."""
    names = [module.name for module in used_modules(project)]
    if not names and any(item.name == VARIABLE for item in project.settings):
        images = [file for file in project.dockerfiles if path_environment(file.path) not in TRIED]
        lines = (item.text for file in images for stage in file.stages for item in stage.instructions if item.keyword == "ENV")
        names = [match["name"] for line in lines if (match := _MODULE_OF_IMAGE.search(line))]
        if images and not names:
            names = [
                item.value or "" for item in project.settings if item.name == VARIABLE and _ENTRY.search(item.location.path)
            ]
    paths = (module_path(project, name) for name in dict.fromkeys(names) if name)
    return tuple(path for path in dict.fromkeys(paths) if path and path_environment(path) not in TRIED)


def _of_django(project: Project, path: str) -> Iterator[Switch]:
    found: set[str] = set()
    for file, text in settings_chain(project, path):
        for match in (match for pattern in (_ANY_HOST, _INSECURE_COOKIE) for match in pattern.finditer(text)):
            name = match.groupdict().get("name") or "ALLOWED_HOSTS"
            if name not in found and not _is_set_again(text, name, match):
                place = Location(file, text.count("\n", 0, match.start()) + 1)
                yield _hosts(project, place) if name == "ALLOWED_HOSTS" else _cookie(name, place)
        # What the outer module sets stands, whatever the one that it takes over says.
        found |= set(re.findall(r"(?m)^[ \t]*(ALLOWED_HOSTS|(?:SESSION|CSRF)_COOKIE_SECURE)\b", text))


def _is_set_again(text: str, name: str, match: re.Match[str]) -> bool:
    """Whether the module sets or changes the name elsewhere, under a condition too, or takes over others afterwards."""
    uses = [item for item in re.finditer(rf"(?m)^[ \t]*{name}\b[^\n]*?(?:=|\.\w+\()", text) if item.start() != match.start()]
    return bool(uses) or _TAKES_OVER.search(text, match.end()) is not None


def _hosts(project: Project, place: Location) -> Switch:
    proxied = any(service.has_role(Role.PROXY) for stack in project.production_stacks for service in stack.services)
    return Switch(
        "ALLOWED_HOSTS",
        place,
        "Django answers to any Host header, and builds links for new passwords with the name that the caller sent",
        Severity.LOW if proxied else Severity.MEDIUM,
        'Read the names from a variable without "*" as its default: ALLOWED_HOSTS = os.environ["ALLOWED_HOSTS"].split(",").',
    )


def _cookie(name: str, place: Location) -> Switch:
    what = "session" if name.startswith("SESSION") else "token against forged requests"
    return Switch(
        name,
        place,
        f"browsers send the cookie of the {what} over plain HTTP as well",
        Severity.LOW,
        f"Write {name} = True in the settings of production.",
    )


def _of_rails(path: str, text: str) -> Iterator[Switch]:
    for name, pattern, effect, fix in (
        (
            "config.consider_all_requests_local",
            _RAILS_ERRORS,
            "a failing request shows its caller the code around the failure, paths and settings",
            "Write config.consider_all_requests_local = false.",
        ),
        (
            "config.force_ssl",
            _FORCE_SSL,
            "Rails sends nobody on to https, and browsers send the session's cookie over plain HTTP as well",
            "Write config.force_ssl = true (and config.assume_ssl = true behind a proxy that ends TLS).",
        ),
        (
            "config.hosts",
            _RAILS_HOSTS,
            "Rails answers to any Host header, and builds links with the name that the caller sent",
            "List the names of the site in config.hosts.",
        ),
    ):
        match = pattern.search(text)
        attribute = rf"(?m)^[ \t]*{re.escape(name)}\b"
        if match is not None and len(re.findall(attribute, text)) == 1:
            severity, turned = (Severity.MEDIUM, "on") if pattern is _RAILS_ERRORS else (Severity.LOW, "off")
            yield Switch(name, Location(path, text.count("\n", 0, match.start()) + 1), effect, severity, fix, turned)


def _of_spring(project: Project, path: str, text: str, profile: str) -> Switch | None:
    match = _EXPOSED.search(text)
    if match is None or path_environment(profile) in TRIED or is_test_path(path) or _OWN_DOOR.search(text):
        return None
    module = path.partition("src/main/")[0]
    builds = (f"{module}{name}" for name in ("pom.xml", "build.gradle", "build.gradle.kts"))
    if any(_GUARDED.search(project.source(build) or "") for build in builds) or not _is_published(project, module):
        return None
    line = text.count("\n", 0, match.end())
    return Switch(
        "management.endpoints.web.exposure.include",
        Location(path, line + 1),
        "everybody who reaches the port reads its environment and its memory (/actuator/env, /actuator/heapdump)",
        Severity.MEDIUM,
        "Name the endpoints that are needed (health, prometheus), or give them a port of their own (management.server.port).",
    )


def _is_published(project: Project, module: str) -> bool:
    """Whether a service of production that is built from the module publishes a port on all interfaces."""
    services = (service for stack in project.production_stacks for service in stack.services)
    return any(
        _is_of(service, module) and any(port.host_ip in ALL_INTERFACES for port in service.ports) for service in services
    )


def _is_of(service: Service, module: str) -> bool:
    return service.made is not None and service.made.context is not None and service.made.context == module.rstrip("/")
