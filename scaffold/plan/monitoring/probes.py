"""What can be asked of each service from outside: metrics routes, health URLs and open ports that the files prove."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.compose import Service
from scaffold.model.metrics import METRICS
from scaffold.model.monitoring import ScrapeAddress
from scaffold.model.names import APPLICATION, DATASTORES, Role
from scaffold.model.own_machine import THIS_MACHINE
from scaffold.model.probes import given_port, known_image
from scaffold.model.project import CodeFact, Project
from scaffold.model.regex import regex
from scaffold.model.values import ImageReference

_URL = regex(
    r"https?://(?P<host>localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\]|[A-Za-z0-9_.\-]+)(?::(?P<port>\d{1,5}))?(?P<path>/[^\s'\"|;&)]*)?"
)
_CURL = regex(r"\bcurl\b")
_FAILS = regex(r"\s(?:--fail(?:-with-body)?|-[a-zA-Z]*f[a-zA-Z]*)(?=\s|$)")
_HEALTH_ROUTES = (
    "/ready",
    "/readyz",
    "/health/ready",
    "/health",
    "/healthz",
    "/api/health",
    "/api/v1/health",
    "/status",
    "/live",
)
_STORE_HEALTH: tuple[tuple[str, int, str], ...] = (
    ("chroma", 8000, "/api/v2/heartbeat"),
    ("qdrant", 6333, "/readyz"),
    ("weaviate", 8080, "/v1/.well-known/ready"),
)
_STORE_METRICS: tuple[tuple[str, int, str], ...] = (("rabbitmq", 15692, "/metrics"), ("qdrant", 6333, "/metrics"))
_STORE_PORTS = {
    Role.MYSQL: 3306,
    Role.MONGO: 27017,
    Role.CLICKHOUSE: 8123,
    Role.SEARCH: 9200,
    Role.BROKER: 5672,
    Role.OBJECT_STORE: 9000,
    Role.POSTGRES: 5432,
    Role.REDIS: 6379,
}
_PROBED = APPLICATION | DATASTORES | {Role.PROXY, Role.ML_INFERENCE, Role.CACHE}


def ports_of(service: Service) -> tuple[int, ...]:
    """Return the ports that a service listens at, by its own files."""
    published = tuple(port.target for port in service.ports if port.target and port.protocol != "udp")
    return tuple(dict.fromkeys((*published, *service.expose, *service.listens)))


def health_url(project: Project, service: Service) -> tuple[str, bool] | None:
    """Return a URL that says whether the service works, and whether its own healthcheck asks for it as localhost."""
    checked = _healthcheck_url(project, service)
    if checked:
        return checked
    known = _image_name(service.image)
    for name, port, path in _STORE_HEALTH:
        if known == name:
            return f"http://{service.name}:{port}{_path_of_version(service.image, path)}", False
    return _route_url(project, service)


def _healthcheck_url(project: Project, service: Service) -> tuple[str, bool] | None:
    command = _healthcheck_command(project, service)
    if service.is_datastore and _CURL.search(command) and not _FAILS.search(command):
        # Without -f, curl takes the 401 of a store with a password for an answer, which the prober would not.
        return None
    image = known_image(service.image) if not service.build else None
    retired = image.facts.retired if image else ()
    for match in _URL.finditer(command):
        port = int(match["port"] or 80)
        path = match["path"] or "/"
        own = match["host"] in THIS_MACHINE or match["host"] in service.names
        if own and "$" not in path and port in ports_of(service) and not any(path.startswith(old) for old in retired):
            scheme = "https" if match[0].startswith("https") else "http"
            return f"{scheme}://{service.name}:{port}{path}", match["host"] in THIS_MACHINE
    return None


def _healthcheck_command(project: Project, service: Service) -> str:
    if service.healthcheck and (service.healthcheck.disabled or service.healthcheck.test):
        return "" if service.healthcheck.disabled else service.healthcheck.command
    dockerfile = project.image_of(service)
    instruction = dockerfile.effective("HEALTHCHECK", service.build.target) if dockerfile and service.build else None
    return instruction.text if instruction else ""


def _path_of_version(image: ImageReference | None, path: str) -> str:
    """Return the path; Chroma before 1.0 answers at version 1 of its API."""
    old = image is not None and image.name == "chroma" and image.major == 0
    return path.replace("/api/v2/", "/api/v1/") if old else path


def _route_url(project: Project, service: Service) -> tuple[str, bool] | None:
    ports = ports_of(service)
    if service.role is not Role.WEB or len(ports) != 1:
        return None
    routes = {fact.detail for fact in facts_of(project, service, "http-route")}
    found = next((route for route in _HEALTH_ROUTES if route in routes), None)
    return (f"http://{service.name}:{ports[0]}{found}", False) if found else None


def facts_of(project: Project, service: Service, kind: str) -> Iterator[CodeFact]:
    """Yield the facts of one kind in the code that a service is built from."""
    context = service.build.context if service.build else None
    if context is None:
        return
    prefix = "" if context in {"", "."} else f"{context.rstrip('/')}/"
    for fact in project.code_facts:
        if fact.kind == kind and fact.reachable is not False and fact.location.path.startswith(prefix):
            yield fact


def metrics_routes(project: Project, service: Service) -> tuple[tuple[ScrapeAddress, str, str], ...]:
    """Return address, path and library of the metrics route that the code of a served application shows; at most one."""
    ports = ports_of(service)
    if service.role not in {Role.WEB, Role.FRONTEND, Role.ML_INFERENCE} or not ports:
        return ()
    fact = next(facts_of(project, service, "metrics-route"), None)
    if fact is None or not fact.detail.startswith("/"):
        return ()
    seen = {fact.detail.replace("_", "-") for fact in facts_of(project, service, "metrics-library")}
    library = next((name for name in METRICS if name in seen), "")
    return ((ScrapeAddress(f"{service.name}:{ports[0]}", service.name), fact.detail, library),)


def store_metrics(service: Service) -> tuple[int, str, str] | None:
    """Return port, path and program of the metrics that the image of a store serves by itself, or None."""
    known = _image_name(service.image)
    return next(((port, path, name) for name, port, path in _STORE_METRICS if known == name), None)


def tcp_address(service: Service) -> ScrapeAddress | None:
    """Return the port by which a service is seen to be up, or None when no file names one or it serves none."""
    if service.role not in _PROBED or service.role in {Role.WORKER, Role.SCHEDULER}:
        return None
    usual = _STORE_PORTS.get(service.role) if service.role else None
    ports = ports_of(service)
    if usual and (given := given_port(service)):
        usual, ports = given, ()
    port = usual if usual and (usual in ports or not ports) else next(iter(ports), None)
    return ScrapeAddress(f"{service.name}:{port}", service.name) if port else None


def _image_name(image: ImageReference | None) -> str:
    return image.name if image else ""
