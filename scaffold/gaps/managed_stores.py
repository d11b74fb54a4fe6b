"""Which resources of a cloud stand for which store, and which kinds of file declare infrastructure."""

from __future__ import annotations

from scaffold.model.compose import Service
from scaffold.model.engines import managed_engine
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

_VOLUMES = (
    "aws_efs_file_system",
    "aws_ebs_volume",
    "google_compute_disk",
    "google_filestore_",
    "azurerm_managed_disk",
    "timescale_",
)
"""What keeps the data of a store that stays a container."""


def is_kept(service: Service, types: frozenset[str]) -> bool:
    """Whether a resource type keeps what the store keeps; a PostgreSQL or Redis beyond what AWS offers needs a volume."""
    if service.role is None:
        return False
    stays = service.role in {Role.POSTGRES, Role.REDIS} and not has_managed_twin(service)
    return any(kind.startswith(_VOLUMES if stays else MANAGED.get(service.role, ())) for kind in types)


def has_managed_twin(service: Service) -> bool:
    """Whether AWS runs this very image as a service, so that scaffold declares it."""
    image = None if service.made else service.image
    return service.role in {Role.POSTGRES, Role.REDIS} and bool(
        managed_engine(image, postgres=service.role is Role.POSTGRES)[0]
    )
