"""Programs that take `${NAME}` in their configuration as it stands: data with its day, from the documentation of each."""

from __future__ import annotations

import re

from scaffold.model.frozen import frozen
from scaffold.model.regex import regex

AS_OF = "2026-11-26"
SOURCE = "the reference of each program's configuration, and the entrypoint of its official image"


@frozen
class PlainFile:
    """A file of configuration in which a program replaces no variables."""

    program: str
    images: re.Pattern[str]
    """Repositories of images that run it, without a registry."""
    target: re.Pattern[str]
    """Where the image looks for it."""
    holds_logins: bool = False
    """Whether a password in it is one that the program asks others for."""
    expands_with: re.Pattern[str] | None = None
    """The option by which the program replaces variables after all."""


_YAML = r".*\.ya?ml"

PLAIN_FILES = (
    PlainFile(
        "psql",
        regex(r"(?:library/)?postgres|postgis/postgis|timescale/timescaledb(?:-ha)?|pgvector/pgvector|supabase/postgres"),
        regex(r"/docker-entrypoint-initdb\.d(?:/.*)?\.sql"),
        holds_logins=True,
    ),
    PlainFile(
        "the client of the database",
        regex(r"(?:library/)?(?:mysql|mariadb|percona)|bitnami/(?:mysql|mariadb)"),
        regex(r"/docker-entrypoint-initdb\.d(?:/.*)?\.sql"),
        holds_logins=True,
    ),
    PlainFile(
        "PostgreSQL",
        regex(r"(?:library/)?postgres|postgis/postgis|timescale/timescaledb(?:-ha)?|pgvector/pgvector"),
        regex(r"/.*(?:postgresql|pg_hba)[\w.-]*\.conf"),
    ),
    PlainFile("MySQL", regex(r"(?:library/)?(?:mysql|mariadb|percona)"), regex(r"/etc/(?:my\.cnf|mysql/.*\.cnf)")),
    PlainFile("MongoDB", regex(r"(?:library/)?mongo"), regex(r"/etc/mongod?\.(?:conf|ya?ml)")),
    PlainFile(
        "ClickHouse",
        regex(r"clickhouse/clickhouse-server"),
        regex(r"/etc/clickhouse-server/.*\.(?:xml|ya?ml)"),
        holds_logins=True,
    ),
    PlainFile("Mosquitto", regex(r"(?:library/)?eclipse-mosquitto"), regex(r"/mosquitto/.*"), holds_logins=True),
    PlainFile("RabbitMQ", regex(r"(?:library/)?rabbitmq"), regex(r"/etc/rabbitmq/.*\.(?:conf|config|json)"), holds_logins=True),
    PlainFile(
        "PgBouncer", regex(r".*pgbouncer.*"), regex(r"/etc/pgbouncer/(?:pgbouncer\.ini|userlist\.txt)"), holds_logins=True
    ),
    PlainFile(
        "coturn", regex(r"(?:coturn|instrumentisto)/coturn"), regex(r"/etc/(?:coturn/)?turnserver\.conf"), holds_logins=True
    ),
    PlainFile(
        "Synapse", regex(r"matrixdotorg/synapse|element-hq/synapse"), regex(r"/data/homeserver\.yaml"), holds_logins=True
    ),
    PlainFile("Prometheus", regex(r"prom/prometheus"), regex(rf"/etc/prometheus/{_YAML}")),
    PlainFile(
        "Loki", regex(r"grafana/loki"), regex(rf"/(?:etc|mnt)/{_YAML}"), expands_with=regex(r"-config\.expand-env(?!=false)")
    ),
    PlainFile(
        "Promtail", regex(r"grafana/promtail"), regex(rf"/etc/{_YAML}"), expands_with=regex(r"-config\.expand-env(?!=false)")
    ),
    PlainFile("Tempo", regex(r"grafana/tempo"), regex(rf"/etc/{_YAML}"), expands_with=regex(r"-config\.expand-env(?!=false)")),
    PlainFile("Mimir", regex(r"grafana/mimir"), regex(rf"/etc/{_YAML}"), expands_with=regex(r"-config\.expand-env(?!=false)")),
    PlainFile("Traefik", regex(r"(?:library/)?traefik"), regex(r"/.*\.(?:ya?ml|toml)")),
    PlainFile(
        "nginx",
        regex(r"(?:library/)?nginx|nginxinc/nginx-unprivileged"),
        regex(r"/etc/nginx/(?!templates/)(?!.*\.(?:m?js|lua|s?html?|sh|template|tmpl|tpl)$).*"),
    ),
    PlainFile("Kong", regex(r"(?:library/)?kong(?:/kong(?:-gateway)?)?"), regex(rf"/.*kong{_YAML}")),
)
"""Left out are those that replace them: HAProxy, Grafana, Vector, Fluent Bit, the OpenTelemetry Collector, Elasticsearch,
Kibana, Logstash, Caddy. Alertmanager and Redis have rules of their own (ALR007, SEC006).
"""
