"""IAC001: a store of the stack has no managed counterpart in the infrastructure code."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.managed_stores import has_managed_twin, is_kept
from scaffold.gaps.signals import main_services, resource_types
from scaffold.model.compose import Service, Stack
from scaffold.model.durability import runs_a_script
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Role, Room, Severity
from scaffold.model.project import Project

_ADVICE = {
    Role.VECTOR_DB: "AWS runs no such store: keep its volume on EBS or EFS with snapshots, or move to pgvector on RDS.",
    Role.MYSQL: "Declare an RDS for MySQL or MariaDB instance (aws_db_instance) and point the DSN at it.",
    Role.MONGO: "Declare a DocumentDB cluster (aws_docdb_cluster) or an Atlas cluster and point the URL at it.",
    Role.SEARCH: "Declare an OpenSearch domain (aws_opensearch_domain) and point the URL at it.",
    Role.OBJECT_STORE: "Declare an S3 bucket (aws_s3_bucket) and use its endpoint instead of the container's.",
    Role.BROKER: "Declare an Amazon MQ broker, an MSK cluster or an SQS queue and point the URL at it.",
}


def _detect(project: Project) -> Iterator[Gap]:
    if any(item.kind == "paas" for item in project.infrastructure):
        return
    main = project.main_stack
    types = resource_types(project.infrastructure)
    for stack, service in main_services(project):
        if service.is_datastore and service.role and not runs_a_script(service) and not is_kept(service, types):
            yield _gap(stack, service, service.role, declared=stack is main and has_managed_twin(service))


def _gap(stack: Stack, service: Service, role: Role, *, declared: bool) -> Gap:
    """Return the gap of one store; `declared` tells that scaffold writes the resource."""
    fallback = "Keep it on a volume that is snapshotted, and declare that volume in the infrastructure code."
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="managed-counterpart",
        message=f"{service.name} ({role.value}) has no counterpart in the infrastructure code: its data lives on one host.",
        expected=f"a managed {role.value} or a snapshotted volume, declared as a resource",
        actual="only the container",
        locations=(service.location,),
        environment=stack.environment,
        closers=RULE.closers if declared else (Closer(None, "advice", _ADVICE.get(role, fallback)),),
    )


RULE = Rule(
    code="IAC001",
    name="store-without-managed-counterpart",
    layer=Layer.IAC,
    severity=Severity.LOW,
    detect=_detect,
    closers=(Closer(Room.TERRAFORM, "files"),),
)
