"""Stores that no role describes: graphs, time series, documents and SQL of other makers, each with the copy that it needs."""

from __future__ import annotations

import re

from scaffold.model.compose import Service
from scaffold.model.frozen import frozen
from scaffold.model.regex import regex


@frozen
class OtherStore:
    """What a store is copied with, how that is known in a command, and the resources of a cloud that keep the same."""

    way: str
    copies: re.Pattern[str]
    managed: tuple[str, ...] = ()
    fed_by_tools: bool = False
    """Whether it mostly holds the metrics of machines, so that it is a store of the application where that names it alone."""


_RDS = ("aws_db_instance", "AWS::RDS::")
_STORES: tuple[tuple[str, OtherStore], ...] = (
    (
        "neo4j",
        OtherStore(
            "`neo4j-admin database dump` while the database is stopped (Enterprise: `neo4j-admin database backup`)",
            regex(r"\bneo4j-admin\b[^\n]{0,80}?\b(?:dump|backup)\b|\bapoc\.export\b"),
            ("neo4jaura_", "aws_neptune_"),
        ),
    ),
    (
        "memgraph memgraph-platform memgraph-mage",
        OtherStore("`CREATE SNAPSHOT`, and a copy of its snapshots", regex(r"(?i)\bcreate snapshot\b|\bdump database\b")),
    ),
    ("arangodb", OtherStore("`arangodump`", regex(r"\barango(?:dump|backup)\b"))),
    ("dgraph", OtherStore("its export (`/admin`, mutation export)", regex(r"\bdgraph\b[^\n]{0,80}?backup|\bexport\s*\("))),
    ("surrealdb", OtherStore("`surreal export`", regex(r"\bsurreal\b[^\n]{0,80}?\bexport\b"))),
    (
        "mssql/server mssql-server-linux mssql-server azure-sql-edge",
        OtherStore(
            "`BACKUP DATABASE ... TO DISK` by sqlcmd",
            regex(r"(?i)\bbackup\s+database\b|\bsqlpackage\b|\bmssql-scripter\b"),
            (*_RDS, "azurerm_mssql_", "google_sql_database_instance", "Microsoft.Sql/"),
        ),
    ),
    (
        "oracle-xe oracle-free database/free database/express database/enterprise",
        OtherStore("Data Pump (`expdp`) or RMAN", regex(r"(?i)\bexpdp\b|\brman\b"), (*_RDS, "oci_database_")),
    ),
    (
        "cockroach",
        OtherStore("`BACKUP INTO` by `cockroach sql`", regex(r"(?i)\bbackup\b[^\n;]{0,80}?\binto\b"), ("cockroach_",)),
    ),
    (
        "cassandra scylla",
        OtherStore(
            "`nodetool snapshot`, and a copy of it", regex(r"\bnodetool\b[^\n]{0,80}?\bsnapshot\b"), ("aws_keyspaces_",)
        ),
    ),
    ("couchdb", OtherStore("a replication to another server, or couchbackup", regex(r"\bcouchbackup\b|/_replicat"))),
    ("couchbase couchbase/server", OtherStore("`cbbackupmgr backup`", regex(r"\bcbbackup(?:mgr)?\b"))),
    ("rethinkdb", OtherStore("`rethinkdb dump`", regex(r"\brethinkdb[ -]dump\b"))),
    (
        "eventstore eventstoredb kurrentdb",
        OtherStore(
            "a copy of its folder, the checkpoints (*.chk) first", regex(r"\.chk\b|(?i:eventstore|kurrentdb)[^\n]{0,80}?backup")
        ),
    ),
    (
        "influxdb",
        OtherStore(
            "`influx backup` (1.x: `influxd backup -portable`)",
            regex(r"\binfluxd?\b[^\n]{0,80}?\bbackup\b"),
            ("aws_timestreaminfluxdb_",),
            fed_by_tools=True,
        ),
    ),
    ("questdb", OtherStore("a copy of its folder after `CHECKPOINT CREATE`", regex(r"(?i)\bcheckpoint\s+create\b"))),
)
"""Ends of the repositories of images, and the store; as the pages of the makers on backups tell."""
_BY_NAME = {name: store for names, store in _STORES for name in names.split()}


def other_store(service: Service) -> OtherStore | None:
    """Return the store that the image of a service is where no role describes it, or None."""
    if service.role is not None or service.build is not None or service.image is None:
        return None
    parts = service.image.repository.lower().split("/")
    return _BY_NAME.get("/".join(parts[-2:])) or _BY_NAME.get(parts[-1])


def is_store(service: Service) -> bool:
    """Whether a service is a store by its role, or one that no role describes: its files are none while it runs."""
    return service.is_datastore or other_store(service) is not None
