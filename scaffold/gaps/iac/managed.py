"""Which resources of a cloud stand for which store, and which kinds of file declare infrastructure."""

from __future__ import annotations

from scaffold.model.compose import Service
from scaffold.model.names import Role

IAC_KINDS = frozenset(
    {"terraform", "opentofu", "pulumi", "cdk", "cdktf", "bicep", "cloudformation", "serverless", "crossplane"}
)
_SQL = (
    *("aws_db_instance", "aws_rds_cluster", "aws_rds_global_cluster", "AWS::RDS::", "google_sql_database_instance"),
    *("azurerm_postgresql_", "azurerm_mysql_", "digitalocean_database_cluster", "Microsoft.DBforPostgreSQL"),
    "Microsoft.DBforMySQL",
)
MANAGED: dict[Role, tuple[str, ...]] = {
    Role.POSTGRES: _SQL,
    Role.MYSQL: _SQL,
    Role.MONGO: ("aws_docdb_cluster", "mongodbatlas_", "azurerm_cosmosdb_", "AWS::DocDB::"),
    Role.REDIS: (
        *("aws_elasticache_", "aws_memorydb_cluster", "google_redis_", "google_memorystore_", "azurerm_redis_"),
        *("AWS::ElastiCache::", "AWS::MemoryDB::"),
    ),
    Role.SEARCH: ("aws_opensearch_domain", "aws_opensearchserverless_collection", "aws_elasticsearch_domain", "ec_deployment"),
    Role.OBJECT_STORE: ("aws_s3_bucket", "google_storage_bucket", "azurerm_storage_", "AWS::S3::Bucket"),
    Role.BROKER: ("aws_mq_broker", "aws_msk_", "aws_sqs_queue", "google_pubsub_", "azurerm_servicebus_", "confluent_"),
    Role.VECTOR_DB: ("aws_efs_file_system", "aws_ebs_volume", "aws_opensearchserverless_collection", "pinecone_", "qdrant"),
    Role.CLICKHOUSE: ("clickhouse_service", "aws_efs_file_system", "aws_ebs_volume"),
}
"""The beginnings of resource types that keep what a store of this role keeps."""

_UNMANAGED_IMAGES = ("timescale", "paradedb", "citus", "redis-stack", "falkordb")
"""Extensions and modules that RDS and ElastiCache do not offer (Amazon RDS: supported PostgreSQL extensions)."""


def is_kept_by(role: Role, types: frozenset[str]) -> bool:
    """Whether one of the resource types keeps what a store of `role` keeps."""
    return any(kind.startswith(MANAGED.get(role, ())) for kind in types)


def has_managed_twin(service: Service) -> bool:
    """Whether AWS runs this store as a service: PostgreSQL and Redis without modules that AWS lacks."""
    repository = service.image.repository if service.image else ""
    return service.role in {Role.POSTGRES, Role.REDIS} and not any(word in repository for word in _UNMANAGED_IMAGES)
