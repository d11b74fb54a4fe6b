"""JSON logging of Spring Boot by its own setting, which it has from 3.4 on (Spring Boot reference, Structured Logging)."""

from __future__ import annotations

from scaffold.model.artifact import Splice
from scaffold.model.compose import Service
from scaffold.model.document import Document, Location, Mapping, Span
from scaffold.model.edits import Append
from scaffold.model.frozen import frozen
from scaffold.model.image_code import runs_code
from scaffold.model.project import Project, SourceFile
from scaffold.model.regex import regex

_FIRST = (3, 4)
_VERSION = regex(
    r"<artifactId>spring-boot-(?:starter-parent|dependencies)</artifactId>\s*<version>(?P<a>\d+\.\d+)[\w.-]*</version>"
    r"|<spring-boot\.version>(?P<b>\d+\.\d+)|org\.springframework\.boot[\"']\)?\s*version\s*\(?[\"'](?P<c>\d+\.\d+)"
)
_OWN_SETUP = regex(r"(?:^|/)(?:logback|log4j2?)[\w-]*\.(?:xml|ya?ml|properties|groovy)$")
_SETTINGS = regex(r"(?:^|.*/)src/main/resources/application\.(?:ya?ml|properties)")
_ENCODERS = ("logstash-logback-encoder", "logback-ecs-encoder", "log4j2-ecs-layout", "logback-json")
_LINE = "logging.structured.format.console=ecs\n"


@frozen
class SpringLogging:
    """A Spring Boot service that logs text: its version, "" when unknown, its settings file if it has one, and the place."""

    version: str
    settings: str
    place: Location

    @property
    def has_setting(self) -> bool:
        """Whether this version knows the setting."""
        return bool(self.version) and tuple(int(part) for part in self.version.split(".")) >= _FIRST


def spring_logging(project: Project, service: Service) -> SpringLogging | None:
    """Return how a service logs, None where it is no Spring Boot, logs JSON, or sets its logging up by itself."""
    context = service.made.context if service.made else None
    if context is None or not runs_code(project, service):
        return None
    prefix = "" if context in {"", "."} else f"{context.removeprefix('./').rstrip('/')}/"
    manifests = [item for item in project.manifests if item.ecosystem == "java" and item.path.startswith(prefix)]
    names = {name for item in manifests for name in item.dependencies}
    if not any(name.startswith("spring-boot") for name in names) or names & set(_ENCODERS):
        return None
    files = [path for path in project.files if path.startswith(prefix)]
    texts = [project.source(path) or "" for path in files if "/application" in f"/{path}"]
    given = any(entry.name.startswith("LOGGING_STRUCTURED") for entry in service.environment)
    if given or any(_OWN_SETUP.search(path) for path in files) or any("structured" in text for text in texts):
        return None
    settings = [path for path in files if is_spring_settings(path)]
    return SpringLogging(_version(project, prefix), settings[0] if len(settings) == 1 else "", Location(manifests[0].path, 1))


def is_spring_settings(path: str) -> bool:
    """Whether a file holds the settings of a Spring Boot application, for all environments."""
    return bool(_SETTINGS.fullmatch(path))


def _version(project: Project, prefix: str) -> str:
    """Return major and minor version, from the manifests of the service and of the root."""
    for item in project.manifests:
        if item.ecosystem == "java" and (item.path.startswith(prefix) or not item.folder):
            match = _VERSION.search(project.source(item.path) or "")
            if match:
                return match["a"] or match["b"] or match["c"]
    return ""


def structured(text: str, path: str, document: Document | None) -> tuple[Splice, ...]:
    """Return the splice that sets the format; empty for a file in a form that is not edited."""
    if path.endswith(".properties"):
        return (Append(SourceFile(path, text), _LINE).splice,)
    root = document.root if document else None
    if not isinstance(root, Mapping) or root.flow or not root.entries:
        return ()
    end = "\r\n" if "\r\n" in text else "\n"
    logging = root.get("logging")
    if logging is None:
        place = _behind(text, root)
        lines = ("logging:", "  structured:", "    format:", "      console: ecs")
        return (Splice(Span(place, place), "".join(f"{end}{line}" for line in lines)),)
    if not isinstance(logging, Mapping) or logging.flow or not logging.entries:
        return ()
    start = logging.entries[0].key.span.start
    indent = text[text.rfind("\n", 0, start) + 1 : start]
    if indent.strip(" ") or not indent:
        return ()
    lines = ("structured:", f"{indent}  format:", f"{indent}    console: ecs", indent)
    return (Splice(Span(start, start), end.join(lines)),)


def _behind(text: str, node: Mapping) -> int:
    """Return the end of the last line of a block, its comment included."""
    last = len(text[: node.span.end].rstrip())
    end = text.find("\n", last)
    end = len(text) if end == -1 else end
    return end - 1 if text[end - 1 : end] == "\r" else end
