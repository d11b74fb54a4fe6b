"""Whom well-known images run as, and which of them need more than nothing to start (dated data)."""

from __future__ import annotations

from scaffold.model.frozen import frozen
from scaffold.model.values import ImageReference

AS_OF = "2026-11-22"
"""Sources: the images' Dockerfiles and entrypoints, by the projects that publish them."""

_HAND_OVER = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID")
"""What an entrypoint uses that starts as root, takes over its folders and goes on as another user."""

UNKNOWN_CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "NET_BIND_SERVICE", "SETGID", "SETUID")
"""What an image keeps of Docker's default set while nobody knows how it starts."""


@frozen
class ImageUser:
    """One row: images whose repository ends so, and whose tag holds `tag_part`.

    `user` is the number under which the image works without root, None where it has to start as root; `why` says why it
    needs the capabilities.
    """

    repositories: tuple[str, ...]
    user: int | None
    group: int | None = None
    tag_part: str = ""
    capabilities: tuple[str, ...] = ()
    why: str = ""
    folder: str = ""
    """A folder that belongs to root in the image: without a volume there it has to run as root."""


STARTS_AS: dict[str, int] = {
    **dict.fromkeys(("grafana/grafana", "grafana/grafana-oss", "grafana/grafana-enterprise"), 472),
    **dict.fromkeys(("prom/prometheus", "prom/alertmanager"), 65534),
    **dict.fromkeys(("grafana/loki", "grafana/tempo"), 10001),
    **dict.fromkeys(("jenkins/jenkins", "n8nio/n8n", "elasticsearch/elasticsearch", "opensearchproject/opensearch"), 1000),
    "dpage/pgadmin4": 5050,
    "mssql/server": 10001,
    "nginxinc/nginx-unprivileged": 101,
    "solr": 8983,
    "sonatype/nexus3": 200,
}
"""Images that start as another user than root, by the numbers of their Dockerfiles, so that they take over no folder."""

ROWS: tuple[ImageUser, ...] = (
    ImageUser(("postgres", "pgvector/pgvector", "postgis/postgis"), 70, 70, tag_part="alpine"),
    ImageUser(("postgres", "pgvector/pgvector", "postgis/postgis"), 999, 999),
    ImageUser(("timescale/timescaledb", "timescale/timescaledb-ha"), 1000, 1000, tag_part="ha"),
    ImageUser(("timescale/timescaledb",), 70, 70),
    ImageUser(("redis", "valkey/valkey"), 999, 1000, tag_part="alpine"),
    ImageUser(("redis", "valkey/valkey"), 999, 999),
    ImageUser(("redis/redis-stack-server",), None, capabilities=_HAND_OVER, why="redis-stack starts as root"),
    ImageUser(("mysql", "mariadb", "mongo"), 999, 999),
    ImageUser(("rabbitmq",), 100, 101, tag_part="alpine"),
    ImageUser(("rabbitmq",), 999, 999),
    ImageUser(("memcached",), 11211, 11211),
    ImageUser(("elasticsearch", "elasticsearch/elasticsearch", "opensearchproject/opensearch"), 1000, 1000),
    ImageUser(("clickhouse/clickhouse-server",), 101, 101),
    ImageUser(("chromadb/chroma", "chroma-core/chroma"), 1000, 1000, folder="/data"),
    ImageUser(("minio/minio",), 1000, 1000, folder="/data"),
    ImageUser(("qdrant/qdrant",), 1000, 1000, tag_part="unprivileged"),
    ImageUser(("qdrant/qdrant",), None, why="qdrant keeps files in its own folder, which only root may write"),
    ImageUser(("nginxinc/nginx-unprivileged",), 101, 101),
    ImageUser(
        ("nginx",),
        None,
        capabilities=("CHOWN", "NET_BIND_SERVICE", "SETGID", "SETUID"),
        why="nginx binds its port as root and starts its workers as another user",
    ),
    ImageUser(
        ("httpd", "wordpress", "nextcloud"),
        None,
        capabilities=(*_HAND_OVER, "NET_BIND_SERVICE"),
        why="Apache binds its port as root and starts its workers as another user",
    ),
    ImageUser(
        ("php",),
        None,
        capabilities=(*_HAND_OVER, "NET_BIND_SERVICE"),
        why="PHP's server starts as root and its workers as another user",
    ),
    ImageUser(("caddy",), None, capabilities=("NET_BIND_SERVICE",), why="Caddy binds ports below 1024"),
)

_PLAIN_BASES = frozenset(
    {
        *("python", "node", "golang", "ruby", "rust", "debian", "ubuntu", "alpine", "busybox", "scratch", "eclipse-temurin"),
        *("openjdk", "amazoncorretto", "oven/bun", "denoland/deno", "elixir", "erlang", "dotnet/aspnet", "dotnet/runtime"),
        *("dotnet/sdk", "maven", "gradle", "buildpack-deps", "fedora", "rockylinux", "amazonlinux"),
    }
)
"""Bases without an entrypoint that changes users: what is built on them runs as one user from the start."""


def image_user(image: ImageReference) -> ImageUser | None:
    """Return the row of an image, or None when the table does not know it."""
    repository = image.repository.removeprefix("library/")
    for row in ROWS:
        if repository in row.repositories and row.tag_part in image.tag:
            return row
    return None


def is_plain_base(image: ImageReference) -> bool:
    """Whether a base image runs what is built on it as one user from the start."""
    return image.repository.removeprefix("library/") in _PLAIN_BASES or image.repository.startswith("distroless/")
