"""What well-known images hold that a healthcheck can use: programs, commands that pass, retired paths, ports.

The rows come from the images' Dockerfiles and entrypoints; `AS_OF` is the day on which they were read.
"""

from __future__ import annotations

import re

from scaffold.model.compose import Service
from scaffold.model.document import Scalar, Sequence
from scaffold.model.frozen import frozen
from scaffold.model.regex import regex
from scaffold.model.values import ImageReference, parse_duration

AS_OF = "2026-08-22"

Version = tuple[int, ...]
_NEWEST: Version = (10**6,)
_DIGITS = regex(r"v?(\d+(?:\.\d+)*)(?![0-9a-f]{6,})")
_SHELL_TOOLS = frozenset({"curl", "wget", "sh", "bash", "python", "python3", "node", "nc"})


@frozen
class ImageFacts:
    """One row: the images of these repositories from version `since` (inclusive) to `until` (exclusive).

    `tag_part` limits the row to tags that hold the word. `test` is the healthcheck that passes in the image, in the words of
    Compose (`$$` for a variable of the container), empty where the image has no program for it or needs more than the table
    knows. `retired` are URL paths that the version no longer serves.
    """

    family: str
    repositories: tuple[str, ...]
    source: str
    since: Version = ()
    until: Version = (*_NEWEST, 1)
    tag_part: str = ""
    absent: frozenset[str] = frozenset()
    test: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    retired: tuple[str, ...] = ()


@frozen
class KnownImage:
    """The row of an image; `assumed` when its tag names no version, so that the newest one was taken."""

    facts: ImageFacts
    assumed: bool


def _tcp(port: int) -> tuple[str, ...]:
    return ("CMD", "bash", "-c", f": </dev/tcp/127.0.0.1/{port}")


def _wget(url: str) -> tuple[str, ...]:
    return ("CMD", "wget", "-q", "--spider", url)


_POSTGRES = ("postgres", "pgvector/pgvector", "postgis/postgis", "timescale/timescaledb")
_PG_READY = (
    "CMD-SHELL",
    'pg_isready -h 127.0.0.1 -U "$${POSTGRES_USER:-postgres}" -d "$${POSTGRES_DB:-$${POSTGRES_USER:-postgres}}"',
)
_MONGO_PING = "quit(db.adminCommand('ping').ok ? 0 : 2)"
_DEBIAN_SLIM = frozenset({"curl", "wget", "nc"})
_NO_SHELL = _SHELL_TOOLS

ROWS: tuple[ImageFacts, ...] = (
    ImageFacts(
        "postgres",
        _POSTGRES,
        "docker-library/postgres",
        tag_part="alpine",
        absent=frozenset({"curl"}),
        test=_PG_READY,
        ports=(5432,),
    ),
    ImageFacts("postgres", _POSTGRES, "docker-library/postgres", absent=_DEBIAN_SLIM, test=_PG_READY, ports=(5432,)),
    ImageFacts("redis", ("redis",), "redis/docker-library-redis", tag_part="alpine", absent=frozenset({"curl"}), ports=(6379,)),
    ImageFacts("redis", ("redis",), "redis/docker-library-redis", absent=_DEBIAN_SLIM, ports=(6379,)),
    ImageFacts("valkey", ("valkey/valkey",), "valkey-io/valkey-container", absent=frozenset({"curl"}), ports=(6379,)),
    ImageFacts(
        "mysql", ("mysql",), "docker-library/mysql", test=("CMD", "mysqladmin", "ping", "-h", "127.0.0.1"), ports=(3306,)
    ),
    # healthcheck.sh needs a user that only volumes initialised by newer images hold; ping passes on every volume.
    ImageFacts(
        "mariadb",
        ("mariadb",),
        "MariaDB/mariadb-docker",
        since=(11,),
        absent=frozenset({"mysqladmin", "mysql"}),
        test=("CMD", "mariadb-admin", "ping", "-h", "127.0.0.1"),
        ports=(3306,),
    ),
    ImageFacts(
        "mariadb",
        ("mariadb",),
        "MariaDB/mariadb-docker",
        since=(10, 5),
        test=("CMD", "mariadb-admin", "ping", "-h", "127.0.0.1"),
        ports=(3306,),
    ),
    ImageFacts(
        "mongo",
        ("mongo",),
        "docker-library/mongo",
        since=(6,),
        absent=frozenset({"mongo"}),
        test=("CMD", "mongosh", "--quiet", "--eval", _MONGO_PING),
        ports=(27017,),
    ),
    ImageFacts(
        "mongo",
        ("mongo",),
        "docker-library/mongo",
        since=(5,),
        test=("CMD", "mongosh", "--quiet", "--eval", _MONGO_PING),
        ports=(27017,),
    ),
    ImageFacts(
        "mongo",
        ("mongo",),
        "docker-library/mongo",
        absent=frozenset({"mongosh"}),
        test=("CMD", "mongo", "--quiet", "--eval", _MONGO_PING),
        ports=(27017,),
    ),
    ImageFacts(
        "chroma",
        ("chromadb/chroma", "chroma-core/chroma"),
        "chroma-core/chroma",
        since=(1,),
        absent=frozenset({"curl", "wget", "python", "python3", "nc"}),
        test=_tcp(8000),
        ports=(8000,),
        retired=("/api/v1",),
    ),
    ImageFacts(
        "qdrant",
        ("qdrant/qdrant",),
        "qdrant/qdrant",
        absent=frozenset({"curl", "wget", "python", "python3", "nc"}),
        test=_tcp(6333),
        ports=(6333, 6334),
    ),
    ImageFacts(
        "rabbitmq",
        ("rabbitmq",),
        "docker-library/rabbitmq",
        test=("CMD", "rabbitmq-diagnostics", "-q", "check_port_connectivity"),
        ports=(5672, 15672, 15692),
    ),
    ImageFacts(
        "weaviate",
        ("semitechnologies/weaviate", "weaviate/weaviate"),
        "weaviate/weaviate",
        absent=frozenset({"curl"}),
        test=_wget("http://127.0.0.1:8080/v1/.well-known/ready"),
        ports=(8080, 50051),
    ),
    ImageFacts("elasticsearch", ("elasticsearch", "elasticsearch/elasticsearch"), "elastic/elasticsearch", ports=(9200, 9300)),
    ImageFacts(
        "prometheus",
        ("prom/prometheus",),
        "prometheus/prometheus",
        tag_part="distroless",
        absent=_NO_SHELL,
        test=("CMD", "promtool", "check", "healthy", "--url=http://127.0.0.1:9090"),
        ports=(9090,),
    ),
    ImageFacts(
        "prometheus",
        ("prom/prometheus",),
        "prometheus/prometheus",
        absent=frozenset({"curl"}),
        test=("CMD", "promtool", "check", "healthy", "--url=http://127.0.0.1:9090"),
        ports=(9090,),
    ),
    ImageFacts(
        "alertmanager",
        ("prom/alertmanager",),
        "prometheus/alertmanager",
        absent=frozenset({"curl"}),
        test=_wget("http://127.0.0.1:9093/-/healthy"),
        ports=(9093,),
    ),
    ImageFacts(
        "grafana",
        ("grafana/grafana", "grafana/grafana-oss"),
        "grafana/grafana",
        test=_wget("http://127.0.0.1:3000/api/health"),
        ports=(3000,),
    ),
    ImageFacts(
        "loki",
        ("grafana/loki",),
        "grafana/loki",
        since=(3, 7),
        absent=_NO_SHELL,
        test=("CMD", "/usr/bin/loki", "-health"),
        ports=(3100,),
    ),
    ImageFacts("loki", ("grafana/loki",), "grafana/loki", since=(3, 6), absent=_NO_SHELL, ports=(3100,)),
    ImageFacts("alloy", ("grafana/alloy",), "grafana/alloy", absent=frozenset({"wget"}), test=_tcp(12345), ports=(12345,)),
    ImageFacts(
        "redis-exporter",
        ("oliver006/redis_exporter",),
        "oliver006/redis_exporter",
        tag_part="alpine",
        absent=frozenset({"curl"}),
        ports=(9121,),
    ),
    ImageFacts("redis-exporter", ("oliver006/redis_exporter",), "oliver006/redis_exporter", absent=_NO_SHELL, ports=(9121,)),
    ImageFacts(
        "nginx-exporter",
        ("nginx/nginx-prometheus-exporter",),
        "nginx/nginx-prometheus-exporter",
        absent=_NO_SHELL,
        ports=(9113,),
    ),
    ImageFacts(
        "postgres-exporter",
        ("prometheuscommunity/postgres-exporter",),
        "prometheus-community/postgres_exporter",
        absent=frozenset({"curl"}),
        test=_wget("http://127.0.0.1:9187/"),
        ports=(9187,),
    ),
    # The variant for AMD starts from another base, which holds more.
    ImageFacts("ollama", ("ollama/ollama",), "ollama/ollama", tag_part="rocm", test=("CMD", "ollama", "list"), ports=(11434,)),
    ImageFacts(
        "ollama",
        ("ollama/ollama",),
        "ollama/ollama",
        absent=frozenset({"curl", "wget", "nc", "python", "python3"}),
        test=("CMD", "ollama", "list"),
        ports=(11434,),
    ),
    ImageFacts("nginx", ("nginx",), "nginx/docker-nginx", tag_part="alpine-slim", absent=frozenset({"curl"})),
    ImageFacts("nginx", ("nginx",), "nginx/docker-nginx", tag_part="alpine"),
    ImageFacts("nginx", ("nginx",), "nginx/docker-nginx", absent=frozenset({"wget", "nc"})),
    # Bases of own images: what the project's Dockerfile does not install is not there.
    ImageFacts("python", ("python",), "docker-library/python", tag_part="slim", absent=_DEBIAN_SLIM),
    ImageFacts("python", ("python",), "docker-library/python", tag_part="alpine", absent=frozenset({"curl", "bash"})),
    ImageFacts("node", ("node",), "nodejs/docker-node", tag_part="slim", absent=_DEBIAN_SLIM),
    ImageFacts("node", ("node",), "nodejs/docker-node", tag_part="alpine", absent=frozenset({"curl", "bash"})),
    ImageFacts("ruby", ("ruby",), "docker-library/ruby", tag_part="slim", absent=_DEBIAN_SLIM),
    ImageFacts("ruby", ("ruby",), "docker-library/ruby", tag_part="alpine", absent=frozenset({"curl", "bash"})),
    ImageFacts("bun", ("oven/bun",), "oven-sh/bun", tag_part="distroless", absent=_NO_SHELL),
    ImageFacts("bun", ("oven/bun",), "oven-sh/bun", tag_part="alpine", absent=frozenset({"curl", "bash"})),
    ImageFacts("bun", ("oven/bun",), "oven-sh/bun", absent=_DEBIAN_SLIM),
    ImageFacts("dotnet", ("dotnet/aspnet",), "dotnet/dotnet-docker", since=(6,), tag_part="chiseled", absent=_NO_SHELL),
    ImageFacts("dotnet", ("dotnet/aspnet",), "dotnet/dotnet-docker", since=(6,), tag_part="alpine", absent=frozenset({"curl"})),
    ImageFacts("dotnet", ("dotnet/aspnet",), "dotnet/dotnet-docker", since=(8,), absent=_DEBIAN_SLIM),
    ImageFacts("golang", ("golang",), "docker-library/golang", tag_part="alpine", absent=frozenset({"curl", "bash"})),
    ImageFacts("debian", ("debian", "ubuntu"), "debuerreotype/docker-debian-artifacts", absent=_DEBIAN_SLIM),
    ImageFacts("alpine", ("alpine",), "alpinelinux/docker-alpine", absent=frozenset({"curl", "bash"})),
)


def _version(tag: str) -> Version:
    match = _DIGITS.match(tag)
    return tuple(int(part) for part in match[1].split(".")) if match else _NEWEST


def _repository(image: ImageReference) -> str:
    if image.repository.startswith("distroless/"):
        return "distroless"
    return image.repository.rpartition("library/")[2]


_DISTROLESS = ImageFacts(
    "distroless", ("distroless",), "GoogleContainerTools/distroless", absent=_NO_SHELL - {"python", "python3", "node"}
)


def known_image(image: ImageReference | None) -> KnownImage | None:
    """Return what the table knows of an image, or None; a digest without a tag is unknown."""
    if image is None or (image.digest and not image.tag):
        return None
    repository = _repository(image)
    if repository == "distroless":
        return None if "debug" in image.tag else KnownImage(_DISTROLESS, assumed=False)
    version = _version(image.tag)
    for row in ROWS:
        if repository in row.repositories and row.tag_part in image.tag and row.since <= version < row.until:
            return KnownImage(row, assumed=version == _NEWEST)
    return None


def requires_password(service: Service) -> bool:
    """Whether a Redis or Valkey server is started with a password or an ACL by its command line or environment."""
    words = (*(service.entrypoint or ()), *(service.command or ()))
    text = " ".join(words)
    if re.search(r"--(?:aclfile|user)\b", text):
        return True
    # A password that is an unset variable is empty here, and still meant as one; `""` turns authentication off.
    match = re.search(r"--requirepass(?:[= ]+(\S+)|\s*$)", text)
    return match is not None and match[1] not in {'""', "''"}


_PORT = regex(r"(?<![\w-])(?:--port|-p|-c\s+port)[= ]+[\"']?(?P<port>\d{1,5})\b")
_CONFIGURED = regex(r"\.(?:conf|cfg|ini)\b|--tls-port\b")


def given_port(service: Service) -> int | None:
    """Return the port that a store's command line, or PostgreSQL's own PGPORT, gives its server in place of the usual one."""
    match = _PORT.search(" ".join((*(service.entrypoint or ()), *(service.command or ()))))
    entry = service.env("PGPORT")
    text = match["port"] if match else (entry.value or "") if entry else ""
    return int(text) if text.isdecimal() and 0 < int(text) < 65_536 else None


def working_healthcheck(service: Service) -> tuple[str, ...] | None:
    """Return a `test:` list for Compose that passes in the service's image when it answers, or None when none is known.

    Container-side variables are escaped (`$$NAME`). For a Redis whose password is a Compose variable of its command line, the
    text repeats that reference as the file writes it, so it belongs into the same file only.
    """
    known = None if service.made else known_image(service.image)
    if known is None:
        return None
    family = known.facts.family
    if family in _BUILDERS:
        return _BUILDERS[family](service)
    return (known.facts.test or None) if given_port(service) is None else None


def _redis(service: Service) -> tuple[str, ...] | None:
    if _CONFIGURED.search(" ".join(service.command or ())):
        return None  # Port, password and TLS may stand in that file.
    program = "valkey-cli" if service.image and "valkey" in service.image.repository else "redis-cli"
    port = given_port(service)
    asked = (program,) if port in {None, 6379} else (program, "-p", str(port))
    # `-e` (fail on an error reply) came with redis-cli 7.0; every Valkey has it.
    has_exit_option = program == "valkey-cli" or (service.image is not None and _version(service.image.tag) >= (7,))
    line = " ".join(asked)
    if not requires_password(service):
        return ("CMD", *asked, "-e", "ping") if has_exit_option else ("CMD-SHELL", f"{line} ping | grep -q PONG")
    check = f"{line} -e ping" if has_exit_option else f"{line} ping | grep -q PONG"
    if service.env("REDISCLI_AUTH"):
        return ("CMD-SHELL", check)
    raw = _password_reference(service)
    if raw is None:
        return None
    variable = re.sub(r"\W.*", "", raw.lstrip("${"))
    for entry in service.environment:
        if any(reference.name == variable for reference in entry.references) and entry.raw in {raw, f"${variable}"}:
            return ("CMD-SHELL", f'REDISCLI_AUTH="$${entry.name}" {check}')
    return ("CMD", *asked, "--no-auth-warning", "-e", "-a", raw, "ping") if has_exit_option else None


def _password_reference(service: Service) -> str | None:
    """Return the Compose reference behind `--requirepass` as written, or None when a literal or something else stands there."""
    node = service.node.get("command")
    if isinstance(node, Scalar):
        text = node.raw
    elif isinstance(node, Sequence):
        text = " ".join(item.raw for item in node.items if isinstance(item, Scalar))
    else:
        return None
    match = re.search(r"--requirepass[= ]+[\"']?(\$\{[A-Za-z_]\w*(?:[:?+-][^{}$]*)?\}|\$[A-Za-z_]\w*)[\"']?(?:\s|$)", text)
    return match[1] if match else None


def _rabbitmq(service: Service) -> tuple[str, ...]:
    timeout = parse_duration(service.healthcheck.timeout) if service.healthcheck and service.healthcheck.timeout else None
    check = "ping" if timeout is not None and timeout < 10 else "check_port_connectivity"
    return ("CMD", "rabbitmq-diagnostics", "-q", check)


def _chroma(service: Service) -> tuple[str, ...]:
    return _tcp(given_port(service) or 8000)


def _elasticsearch(service: Service) -> tuple[str, ...] | None:
    security = service.env("xpack.security.enabled")
    if security is None or (security.value or "").lower() != "false":
        return None
    return ("CMD-SHELL", "curl -fsS 'http://127.0.0.1:9200/_cluster/health?wait_for_status=yellow&timeout=1s' > /dev/null")


_BUILDERS = {"redis": _redis, "valkey": _redis, "rabbitmq": _rabbitmq, "chroma": _chroma, "elasticsearch": _elasticsearch}
