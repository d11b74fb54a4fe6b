"""Which Linux capabilities well-known images need to start, by what their entrypoints do; all others can go.

A row is there only where the image's entrypoint or Dockerfile was read; an image without a row keeps Docker's default set.
"""

from __future__ import annotations

from scaffold.model.frozen import frozen
from scaffold.model.values import ImageReference

AS_OF = "2026-11-22"

_OWN_DATA = ("CHOWN", "DAC_OVERRIDE", "SETGID", "SETUID")
_OWN_DATA_WHY = "its entrypoint gives the data folder to its own user and then becomes that user"

_MASTER_WHY = "its master process stays root: it opens ports, reads keys of any owner, and directs workers of another user"


@frozen
class ImageNeeds:
    """The capabilities that the image needs when it starts as root, and why.

    `as_any_user` are needed whoever starts it: a program file that carries a capability does not run without it.
    `writable` are the folders outside of the data that it writes to, None where a read-only root is not known to work;
    `data` is the folder that has to be mounted for that.
    """

    repositories: tuple[str, ...]
    keep: tuple[str, ...] = ()
    why: str = ""
    as_any_user: tuple[str, ...] = ()
    writable: tuple[str, ...] | None = None
    data: str = ""


_NEEDS: tuple[ImageNeeds, ...] = (
    ImageNeeds(
        ("postgres", "pgvector/pgvector", "postgis/postgis", "timescale/timescaledb"),
        ("CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"),
        "its entrypoint gives the data folder to its own user, sets its mode and then becomes that user",
        writable=("/var/run/postgresql", "/tmp"),  # noqa: S108 - a path in the container
        data="/var/lib/postgresql",
    ),
    # The entrypoint of Redis 8 empties the bounding set as well, for which it needs SETPCAP.
    ImageNeeds(
        ("redis",),
        ("CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETPCAP", "SETUID"),
        f"{_OWN_DATA_WHY}, without any capability",
        writable=(),
        data="/data",
    ),
    ImageNeeds(("valkey/valkey",), _OWN_DATA, _OWN_DATA_WHY, writable=(), data="/data"),
    ImageNeeds(("mysql", "mariadb", "mongo", "rabbitmq"), _OWN_DATA, _OWN_DATA_WHY),
    ImageNeeds(
        ("nginx",),
        ("CHOWN", "DAC_OVERRIDE", "KILL", "NET_BIND_SERVICE", "SETGID", "SETUID"),
        _MASTER_WHY,
    ),
    ImageNeeds(
        ("httpd",),
        ("CHOWN", "DAC_OVERRIDE", "KILL", "NET_BIND_SERVICE", "SETGID", "SETUID"),
        _MASTER_WHY,
    ),
    ImageNeeds(("nginxinc/nginx-unprivileged",), writable=("/tmp",)),  # noqa: S108 - a path in the container
    ImageNeeds(
        ("caddy",),
        ("DAC_OVERRIDE",),
        "it runs as root and writes certificates into folders of any owner; its program file carries NET_BIND_SERVICE",
        as_any_user=("NET_BIND_SERVICE",),
    ),
    ImageNeeds(
        ("traefik",),
        ("DAC_OVERRIDE", "NET_BIND_SERVICE"),
        "it runs as root, opens the ports and keeps certificates in files of any owner",
    ),
    ImageNeeds(
        ("chromadb/chroma", "qdrant/qdrant", "semitechnologies/weaviate", "weaviate/weaviate"),
        ("DAC_OVERRIDE",),
        "it runs as root and writes to a data folder of any owner",
    ),
    # Images that start as a user of their own: no process of theirs has a capability to lose or to keep.
    ImageNeeds(
        (
            *("memcached", "haproxy", "elasticsearch", "elasticsearch/elasticsearch", "apache/kafka"),
            *("confluentinc/cp-kafka", "confluentinc/cp-zookeeper", "redpandadata/redpanda"),
            *("prom/prometheus", "prom/alertmanager", "prom/node-exporter", "grafana/grafana", "grafana/grafana-oss"),
            *("grafana/loki", "prometheuscommunity/postgres-exporter", "oliver006/redis_exporter"),
            "nginx/nginx-prometheus-exporter",
        ),
    ),
)

OWN_IMAGE_KEEPS = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "NET_BIND_SERVICE", "SETGID", "SETUID")
"""What an image of the project that runs as root keeps: to own and read files, to open low ports, to change the user."""
OWN_IMAGE_WHY = "its image runs as root; with a USER in the Dockerfile it could lose these too"


def image_needs(image: ImageReference | None) -> ImageNeeds | None:
    """Return the row of an image, or None when it is unknown."""
    if image is None:
        return None
    repository = image.repository.rpartition("library/")[2]
    return next((row for row in _NEEDS if repository in row.repositories), None)
