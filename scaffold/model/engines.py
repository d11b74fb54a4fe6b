"""Which store images have a managed twin on AWS, with the versions that can be created there (dated data)."""

from __future__ import annotations

from scaffold.model.values import ImageReference

AS_OF = "2026-11-22"
"""Sources: AWS API models as carried by cfn-lint 1.58 (2026-10-20), endoflife.date (2026-08-22), AWS documentation."""

POSTGRES_MAJORS = ("14", "15", "16", "17", "18")
"""Major versions that RDS for PostgreSQL creates in standard support; recheck by 2027-02-28, when 14 leaves it."""

POSTGRES_RAISED = "17"
"""The major that a database older than all of these is moved to by dump and restore."""

VALKEY_VERSION = "8.2"
"""The ElastiCache engine version for a Redis of any version: Redis OSS ends at 7.1 there."""

MEMORYDB_VERSION = "7.3"
"""The newest Valkey that MemoryDB creates (its engine versions page, read 2026-11-22)."""

RDS, ELASTICACHE, MEMORYDB = "rds", "elasticache", "memorydb"
"""The products that run a managed store."""

_POSTGRES_IMAGES = frozenset(
    {
        "postgres",
        "library/postgres",
        "pgvector/pgvector",
        "ankane/pgvector",
        "postgis/postgis",
        "imresamu/postgis",
        "bitnami/postgresql",
        "bitnamilegacy/postgresql",
    }
)
_REDIS_IMAGES = frozenset(
    {
        "redis",
        "library/redis",
        "valkey/valkey",
        "bitnami/redis",
        "bitnamilegacy/redis",
        "bitnami/valkey",
        "bitnamilegacy/valkey",
        "eqalpha/keydb",
        "dragonflydb/dragonfly",
    }
)
_STAYING = {
    "timescale": "RDS does not offer the extension timescaledb",
    "citusdata": "RDS does not offer the extension citus",
    "supabase": "RDS does not offer the extensions of the supabase image",
    "paradedb": "RDS does not offer the extension pg_search",
    "tensorchord": "RDS does not offer the extension vectorchord",
    "redis-stack": "ElastiCache does not offer all modules of redis-stack",
}

MASTER_USER = "appadmin"
"""The master user of every managed database: letters only, so that Aurora would take it too. One job alone logs in as it."""

RESERVED_USERS = frozenset(
    {
        "admin", "administrator", "all", "analyse", "analyze", "and", "any", "array", "as", "authorization", "binary",
        "both", "case", "cast", "check", "collate", "column", "constraint", "create", "current_role", "current_user",
        "default", "deferrable", "desc", "distinct", "do", "else", "end", "except", "false", "fetch", "for", "foreign",
        "from", "grant", "group", "having", "in", "initially", "intersect", "into", "leading", "limit", "localtime",
        "master", "new", "none", "not", "null", "off", "offset", "old", "on", "only", "or", "order", "placing",
        "postgres", "primary", "public", "references", "root", "select", "session_user", "some", "symmetric", "table",
        "then", "to", "trailing", "true", "union", "unique", "user", "using", "variadic", "when", "where", "window",
        "with", MASTER_USER,
    }
)  # fmt: skip
"""Role names that RDS refuses for some engine, that PostgreSQL reserves (its key words, table C.1) or that are the master's;
sources: cfn-lint issue 4425, RDS API text."""


def managed_engine(image: ImageReference | None, *, postgres: bool) -> tuple[str, str]:
    """Return the engine of the managed twin and the reason; the engine is "" when the store has to stay a container."""
    wanted = "postgres" if postgres else "valkey"
    service = "Amazon RDS for PostgreSQL" if postgres else "Amazon ElastiCache for Valkey"
    if image is None:
        return "", "the image is built by the project, so its extensions or modules are unknown"
    staying = next((why for part, why in _STAYING.items() if part in image.repository), "")
    if staying:
        return "", staying
    if image.repository in (_POSTGRES_IMAGES if postgres else _REDIS_IMAGES):
        return wanted, f"{service} runs it: backups, failover and patches come with it"
    return "", f"{image.repository} is not an image that is known to match {service}"


def postgres_version(source: str) -> str:
    """Return the RDS engine version for a tag's version: the bare major, raised when too old, "" when unknown."""
    major = source.partition(".")[0]
    if not (major.isascii() and major.isdigit() and len(major) < 5):
        return ""
    if major in POSTGRES_MAJORS:
        return major
    return POSTGRES_RAISED if int(major) < int(POSTGRES_MAJORS[0]) else ""
