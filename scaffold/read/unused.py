"""Stores of a stack that nothing of the repository was found to use: no service, no code, no dependency and no setting."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator

from scaffold.model.compose import Service, Stack
from scaffold.model.durability import WATCHERS
from scaffold.model.known import PATH, all_below, first, known
from scaffold.model.names import DATASTORES, Role
from scaffold.model.project import Dockerfile
from scaffold.model.regex import regex
from scaffold.model.values import ImageReference
from scaffold.read import paths
from scaffold.read.docs import is_doc
from scaffold.read.name_table import NameTable
from scaffold.read.sets import is_compose_path

_SQL = (
    *("database_url", "database_uri", "databaseurl", "db_url", "db_uri", "db_host", "dbhost", "db_dsn", "database_host"),
    *("jdbc:", "r2dbc", "odbc", "django.db", "activerecord", "eloquent", "/database/sql"),
)
"""How code names a database of whatever make."""
_POSTGRES = (
    "postgres",
    "psycopg",
    "pgsql",
    "asyncpg",
    "pg8000",
    "aiopg",
    "pgx",
    "lib/pq",
    "libpq",
    "'pg'",
    '"pg"',
    "timescale",
)
_QUEUES = ("celery", '"bull"', "'bull'", "bullmq", "sidekiq", "resque", "dramatiq", "huey", "asynq")
_WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "postgres postgis pgvector pg_vector timescaledb* postgresql* paradedb supabase-postgres citus pgvecto-rs",
        (*_POSTGRES, "npgsql", "pgvector", "postgrex", "5432", *_SQL),
    ),
    ("mysql mysql-server mariadb percona percona-server", ("mysql", "mariadb", "3306", *_SQL)),
    ("mongo mongodb*", ("mongo", "27017", "beanie", "motor", *_SQL)),
    (
        "redis redis-stack* valkey keydb dragonfly",
        ("redis", "valkey", "6379", "jedis", "lettuce", "keydb", "cache_url", *_QUEUES),
    ),
    ("rabbitmq", ("rabbit", "amqp", "5672", "pika", "kombu", "mqtt", "stomp", "masstransit", "broker", *_QUEUES)),
    ("kafka cp-kafka cp-server redpanda", ("kafka", "redpanda", "9092", "sarama", "franz-go", "faust", "broker")),
    ("nats", ("nats", "4222", "broker")),
    ("clickhouse clickhouse-server", ("clickhouse", "8123", "jdbc:")),
    ("elasticsearch elasticsearch-oss opensearch", ("elastic", "opensearch", "9200", "searchkick", "scout")),
    ("meilisearch", ("meili", "7700", "scout")),
    ("typesense", ("typesense", "8108", "scout")),
    ("qdrant", ("qdrant", "6333", "6334")),
    ("weaviate", ("weaviate",)),
    ("milvus", ("milvus", "19530")),
    (
        "chroma chromadb",
        (
            *("chroma_host", "chroma_url", "chroma_server", "chroma_port", "chroma_api", "chroma_endpoint", "chroma_http"),
            *("chromadb_host", "chromadb_url", "chromadb_port", "chroma_db_host", "chroma_db_url", "chroma_db_port"),
            *("chromaclient", "chroma-go", "chromadb.client(settings", "://chroma"),
        ),
    ),
    ("minio", ("minio", "s3", "boto", "bucket", "object_storage", "objectstorage", "9000")),
)
"""Images of stores, and the words by which code, dependencies and settings know one; a store without a row is not judged."""
_FAMILIES = NameTable(_WORDS)
_CHROMA = "chroma"
_OVER_HTTP = regex(r"httpclient|cloudclient|chroma\w*\s*\([^()]{0,300}\bhost\s*=|/api/v[12]/(?:collections|tenants)")
"""How Python speaks to a server of Chroma, and not to files in its own process."""
_ECOSYSTEMS_OVER_HTTP = (".ts", ".js", ".mjs", ".cjs", ".tsx", ".json", ".xml", ".gradle", ".kts", ".mod", ".rb", ".csproj")
"""Where a dependency on Chroma is one on its server: only Python has it in the process."""
_FROM_CHROMA = ('"chromadb"', "'chromadb'", "-chroma", "vectorstores/chroma")
_CODE = (
    *(".py", ".js", ".ts", ".mjs", ".cjs", ".mts", ".cts", ".tsx", ".jsx", ".vue", ".svelte", ".astro", ".go", ".rb", ".php"),
    *(".java", ".kt", ".scala", ".clj", ".cs", ".fs", ".rs", ".ex", ".exs", ".cpp", ".c", ".swift", ".dart"),
)
_LANGUAGES = NameTable(
    (
        (
            "python node golang rust ruby php openjdk eclipse-temurin amazoncorretto maven gradle sbt elixir erlang swift perl"
            " debian ubuntu alpine amazonlinux fedora rockylinux almalinux centos busybox buildpack-deps scratch oven/bun bun"
            " deno uv nginx nginx-unprivileged httpd caddy dotnet/* distroless/* cuda pytorch tensorflow miniconda3 playwright"
            " composer jre jdk zulu-openjdk* ubi* micromamba frankenphp serversideup/php* static-web-server serve tomcat jetty",
            True,
        ),
    )
)
"""Images that bring a language and no program of others, which might use a store by settings of its own."""
_BRINGS_CODE = regex(
    r"\bgit\s+clone\b|\bnpm\s+(?:i|install)\s+(?:-g|--global)\b|\b(?:curl|wget)\b[^\n]*\.(?:tar|tgz|zip|jar|war)"
)
_KNOWN_PROGRAMS = WATCHERS | DATASTORES | {Role.PROXY, Role.ML_INFERENCE, Role.ONE_SHOT, Role.CACHE}
"""Roles of prebuilt images that put nothing into a store unless their own lines name it."""
_PASSED_OVER = (
    *(".lock", ".sum", ".min.js", ".map", ".svg", ".csv", ".ipynb", "package-lock.json", "pnpm-lock.yaml", "ignore"),
    *(".md", ".mdx", ".rst", ".adoc", ".html", ".css", ".scss"),
)
"""Endings of what tells of a program or is written by one, and uses nothing."""


def unused_stores(
    stacks: tuple[Stack, ...], images: tuple[Dockerfile, ...], files: Iterable[str], glance: Callable[[str], str | None]
) -> frozenset[str]:
    """Return the stores, as gaps name them, that nothing was found to use in a stack whose own code is all in the repository.

    `glance` gives the text of a path. That another service waits for a store to start is no use of it: its code is looked at.
    """
    wanted: dict[str, tuple[str, ...]] = {}
    listed = tuple(files)
    told = [(service, "\n".join(_lines(service)).lower()) for stack in stacks for service in stack.services]
    everything = "\n".join(text for _, text in told)
    for stack in stacks:
        candidates = [(service, words) for service in stack.services if (words := _words(service))]
        if not candidates or not _has_all_code(stack, images, listed):
            continue
        for service, words in candidates:
            names = (*words, *(name.lower() for name in service.names))
            if not any(word in everything for word in names) or not _is_named(told, service, names):
                wanted[stack.resource(service.name)] = (*words, *(f"//{name}" for name in service.names))
    return frozenset(_without_mention(wanted, listed, glance)) if wanted else frozenset()


def _words(service: Service) -> tuple[str, ...]:
    """Return the words of a store of a known family; none for what is built here or reached over other networks."""
    if not service.is_datastore or service.build is not None or service.image is None or service.network_mode:
        return ()
    return _FAMILIES.of_path(service.image.repository.lower()) or ()


# --- whether all of its code is here ----------------------------------------------------------------------------------


def _has_all_code(stack: Stack, images: tuple[Dockerfile, ...], files: tuple[str, ...]) -> bool:
    """Whether a stack runs an application, and no program that is not known to use no store by itself."""
    if any(network.external for network in stack.networks) or known(_has_submodules, files):
        return False
    built = [service for service in stack.services if service.build is not None]
    others = (service for service in stack.services if service.build is None)
    return (
        bool(built)
        and all(_is_built_from_code(service, images, files) for service in built)
        and all(service.role in _KNOWN_PROGRAMS for service in others)
    )


def _has_submodules(files: tuple[str, ...]) -> bool:
    return any(path.endswith(".gitmodules") for path in files)


def _is_built_from_code(service: Service, images: tuple[Dockerfile, ...], files: tuple[str, ...]) -> bool:
    build = service.build
    dockerfile = first(images, PATH, build.dockerfile) if build is not None else None
    if build is None or build.remote or build.inline or build.context is None or dockerfile is None:
        return False
    chain = dockerfile.chain(build.target)
    base = ImageReference.parse(chain[-1].base) if chain and "$" not in chain[-1].base else None
    if base is None or not _LANGUAGES.of_path(base.repository.lower()):
        return False
    if any(_BRINGS_CODE.search(step.text) for stage in dockerfile.stages for step in stage.instructions):
        return False
    return any(path.endswith(_CODE) for path in all_below(files, build.context))


# --- whether anything names it ----------------------------------------------------------------------------------------


def _is_named(told: list[tuple[Service, str]], store: Service, words: tuple[str, ...]) -> bool:
    """Whether the lines of another service, of whatever stack, hold one of the words for a store."""
    others = (text for service, text in told if service.name != store.name and service.role not in WATCHERS)
    return any(word in text for text in others for word in words)


def _lines(service: Service) -> Iterator[str]:
    """Yield what a service is told: its command and its settings."""
    yield from service.entrypoint or ()
    yield from service.command or ()
    for entry in service.environment:
        yield f"{entry.name}={entry.value or ''}"


def _without_mention(
    wanted: dict[str, tuple[str, ...]], files: tuple[str, ...], glance: Callable[[str], str | None]
) -> set[str]:
    """Return the stores whose words stand in no file of code, dependencies or settings."""
    left = set(wanted)
    for path in files:
        text = glance(path) if left and _may_use(path) else None
        if text is not None:
            lower = text.lower()
            left -= {name for name in left if _mentions(path, lower, wanted[name])}
    return left


def _may_use(path: str) -> bool:
    name = posixpath.basename(path).lower()
    apart = is_compose_path(path) or paths.is_workflow(path) or is_doc(path)
    return not apart and not name.endswith(_PASSED_OVER)


def _mentions(path: str, text: str, words: tuple[str, ...]) -> bool:
    if any(word in text for word in words):
        return True
    if "chromaclient" not in words or _CHROMA not in text:
        return False
    if path.endswith(_ECOSYSTEMS_OVER_HTTP):
        return any(word in text for word in _FROM_CHROMA)
    return bool(_OVER_HTTP.search(text))
