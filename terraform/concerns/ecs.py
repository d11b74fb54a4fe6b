"""ECS on Fargate: a task definition for each workload, a service where it runs for ever, names as in Compose, autoscaling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from terraform import names
from terraform.concerns import iam, registry
from terraform.concerns.balancer import Balancer
from terraform.concerns.environment import Environment
from terraform.concerns.files import Files
from terraform.concerns.foundation import Foundation, log_group
from terraform.concerns.network import Door, Network, security_group
from terraform.resource import Reference, Variable
from terraform.values import Expression, JsonDocument, Value, join
from terraform.workload import Mount, Workload

FILE = "ecs.tf"
_CPU_TARGET = 60
"""Percent of the processor at which the autoscaler aims: what is above has room for the minutes that a new task needs."""


@dataclass(frozen=True, slots=True)
class Material:
    """What the tasks are built from."""

    network: Network
    application: Reference
    key: Reference
    environment: Environment
    files: Files | None
    buckets: Mapping[str, Reference]
    balancer: Balancer | None


def application_group(base: Foundation, network: Network) -> Reference:
    """Add the security group of all tasks, which may talk to each other and call out."""
    door = Door(FILE, "application", "application", "What runs the application", 0)
    group = security_group(base, network, door)
    base.stack.resource(
        FILE,
        "aws_vpc_security_group_ingress_rule",
        "application",
        {
            "security_group_id": group.attribute("id"),
            "description": "Between the tasks of the application",
            "referenced_security_group_id": group.attribute("id"),
            "ip_protocol": "-1",
        },
    )
    base.stack.resource(
        FILE,
        "aws_vpc_security_group_egress_rule",
        "application",
        {
            "security_group_id": group.attribute("id"),
            "description": "The application may call out",
            "ip_protocol": "-1",
            "cidr_ipv4": "0.0.0.0/0",
        },
    )
    return group


@dataclass(frozen=True, slots=True)
class _Shared:
    material: Material
    cluster: Reference
    namespace: Reference
    log: Reference
    execution: Reference
    identity: Reference


def build(base: Foundation, material: Material) -> Reference:
    """Add the cluster with everything that runs in it, and return it."""
    for variable in _variables(base):
        base.variable(variable)
    log = log_group(base, FILE, "ecs", join("/ecs/", base.name), material.key)
    cluster = _cluster(base, material.key, log)
    namespace = base.stack.resource(FILE, "aws_service_discovery_http_namespace", "main", {"name": base.name})
    shared = _Shared(material, cluster, namespace, log, _execution_role(base, material), _plain_role(base))
    jobs: dict[str, Value] = {}
    for workload in base.plan.workloads:
        task = _task(base, shared, workload)
        if workload.kind == "job":
            jobs[workload.name] = task.attribute("family")
        else:
            _service(base, shared, workload, task)
    told = "Task definitions that run to their end, for aws ecs run-task."
    base.stack.output("outputs.tf", "jobs", told, jobs)
    return cluster


def deploys(cluster: Reference) -> list[iam.Statement]:
    """Return what a workflow needs to look after the services."""
    return [iam.allow(["ecs:DescribeClusters"], cluster.attribute("arn"))]


def _cluster(base: Foundation, key: Reference, log: Reference) -> Reference:
    sessions: Value = {"cloud_watch_encryption_enabled": True, "cloud_watch_log_group_name": log.attribute("name")}
    cluster = base.stack.resource(
        FILE,
        "aws_ecs_cluster",
        "main",
        {
            "name": base.name,
            "setting": [{"name": "containerInsights", "value": "enhanced"}],
            "configuration": {
                "execute_command_configuration": {
                    "kms_key_id": key.attribute("arn"),
                    "logging": "OVERRIDE",
                    "log_configuration": sessions,
                }
            },
        },
    )
    providers: dict[str, Value] = {"cluster_name": cluster.attribute("name"), "capacity_providers": ["FARGATE"]}
    base.stack.resource(FILE, "aws_ecs_cluster_capacity_providers", "main", providers)
    return cluster


def _execution_role(base: Foundation, material: Material) -> Reference:
    """The role that starts tasks: it pulls images, writes logs, and reads exactly the secrets that tasks are given."""
    role = iam.role(base, FILE, "ecs_execution", "ecs-execution", iam.service_trust(base, "ecs-tasks.amazonaws.com"))
    iam.attach(base, FILE, "ecs_execution", role, "service-role/AmazonECSTaskExecutionRolePolicy")
    arns = material.environment.secret_arns
    if arns:
        reads = iam.allow(["secretsmanager:GetSecretValue"], list(arns))
        statements = [reads, iam.decrypt_through(base, "secretsmanager", material.key)]
        iam.grant(base, FILE, "ecs_execution_secrets", role, statements)
    return role


def _plain_role(base: Foundation) -> Reference:
    """The role of a task that needs nothing of AWS: it may do nothing."""
    return iam.role(base, FILE, "ecs_task", "ecs-task", iam.service_trust(base, "ecs-tasks.amazonaws.com"))


def _task_role(base: Foundation, shared: _Shared, workload: Workload) -> Reference:
    purposes = base.plan.bucket_users.get(workload.name, ())
    if not purposes:
        return shared.identity
    suffix = _slugs(base)[workload.name]
    name = names.identifier(suffix)
    role = iam.role(base, FILE, f"task_{name}", f"task-{suffix}", iam.service_trust(base, "ecs-tasks.amazonaws.com"))
    statements = [item for purpose in purposes for item in iam.bucket_access(shared.material.buckets[purpose])]
    uses = iam.decrypt_through(base, "s3", shared.material.key, ["kms:Decrypt", "kms:GenerateDataKey"])
    iam.grant(base, FILE, f"task_{name}", role, [*statements, uses])
    return role


def _slugs(base: Foundation) -> dict[str, str]:
    return names.unique_slugs([workload.name for workload in base.plan.workloads], 28)


def _task(base: Foundation, shared: _Shared, workload: Workload) -> Reference:
    suffix = _slugs(base)[workload.name]
    used = {mount.volume for mount in workload.mounts if mount.volume}
    scratch = [{"name": _scratch(index)} for index, mount in enumerate(workload.mounts) if not mount.volume]
    lasting: list[Value] = [_volume(shared.material.files, volume) for volume in sorted(used)]
    return base.stack.resource(
        FILE,
        "aws_ecs_task_definition",
        names.identifier(suffix),
        {
            "family": base.named(suffix),
            "requires_compatibilities": ["FARGATE"],
            "network_mode": "awsvpc",
            "cpu": str(workload.cpu),
            "memory": str(workload.memory),
            "execution_role_arn": shared.execution.attribute("arn"),
            "task_role_arn": _task_role(base, shared, workload).attribute("arn"),
            "container_definitions": JsonDocument([_container(base, shared, workload)]),
            "runtime_platform": {"cpu_architecture": "X86_64", "operating_system_family": "LINUX"},
            "volume": [*lasting, *scratch] or None,
        },
    )


def _volume(files: Files | None, volume: str) -> Value:
    assert files is not None, "a mounted volume is in the plan, and on Fargate all of them are on EFS"  # noqa: S101
    return {
        "name": volume,
        "efs_volume_configuration": {
            "file_system_id": files.system.attribute("id"),
            "transit_encryption": "ENABLED",
            "authorization_config": {"access_point_id": files.access_points[volume].attribute("id")},
        },
    }


def _scratch(index: int) -> str:
    return f"scratch-{index}"


def _container(base: Foundation, shared: _Shared, workload: Workload) -> Value:
    material = shared.material
    environment = material.environment
    plain, secret = environment.split(workload)
    logs: Value = {
        "awslogs-group": shared.log.attribute("name"),
        "awslogs-region": base.region,
        "awslogs-stream-prefix": workload.name,
    }
    container: dict[str, Value] = {
        "name": workload.name,
        "image": _image(base, workload),
        "essential": True,
        "entryPoint": [environment.template(text) for text in workload.entry_point] or None,
        "command": [environment.template(text) for text in workload.command] or None,
        "workingDirectory": workload.working_dir or None,
        "user": workload.user or None,
        "environment": [{"name": name, "value": value} for name, value in plain.items()],
        "secrets": [{"name": name, "valueFrom": value} for name, value in secret.items()],
        "portMappings": [{"name": f"tcp-{port.port}", "containerPort": port.port} for port in workload.ports],
        "mountPoints": [_mount_point(index, mount) for index, mount in enumerate(workload.mounts)],
        "readonlyRootFilesystem": workload.read_only_root,
        "linuxParameters": {"initProcessEnabled": True},
        "stopTimeout": workload.stop_seconds,
        "healthCheck": _health(workload),
        "logConfiguration": {"logDriver": "awslogs", "options": logs},
    }
    return container


def _image(base: Foundation, workload: Workload) -> Value:
    if not workload.built:
        return workload.image
    repository = next(image.repository for image in base.plan.images if image.name == workload.built)
    return join(*registry.url(base, repository).parts, ":", Expression("var.image_tag"))


def _mount_point(index: int, mount: Mount) -> Value:
    return {
        "sourceVolume": mount.volume or _scratch(index),
        "containerPath": mount.path,
        "readOnly": mount.read_only,
    }


def _health(workload: Workload) -> Value:
    health = workload.health
    if health is None:
        return None
    return {
        "command": list(health.command),
        "interval": health.interval,
        "timeout": health.timeout,
        "retries": health.retries,
        "startPeriod": health.start,
    }


def _service(base: Foundation, shared: _Shared, workload: Workload, task: Reference) -> None:
    """A singleton is stopped before the next one starts: two schedulers would do everything twice."""
    name = names.identifier(_slugs(base)[workload.name])
    material = shared.material
    scales = workload.maximum > workload.replicas
    target = material.balancer.targets.get(workload.name) if material.balancer else None
    served: Value = None
    if target is not None:
        port = target.port
        served = [{"target_group_arn": target.group.attribute("arn"), "container_name": workload.name, "container_port": port}]
    service = base.stack.resource(
        FILE,
        "aws_ecs_service",
        name,
        {
            "name": workload.name,
            "cluster": shared.cluster.attribute("id"),
            "task_definition": task.attribute("arn"),
            "desired_count": Expression(f'var.task_counts["{workload.name}"]'),
            "capacity_provider_strategy": [{"capacity_provider": "FARGATE", "weight": 1}],
            "deployment_minimum_healthy_percent": 0 if workload.singleton else 100,
            "deployment_maximum_percent": 100 if workload.singleton else 200,
            "availability_zone_rebalancing": "DISABLED" if workload.singleton else "ENABLED",
            "deployment_circuit_breaker": {"enable": True, "rollback": True},
            "health_check_grace_period_seconds": 60 if target else None,
            "enable_execute_command": False,
            "enable_ecs_managed_tags": True,
            "propagate_tags": "SERVICE",
            "network_configuration": {
                "subnets": material.network.private_subnets,
                "security_groups": [material.application.attribute("id")],
                "assign_public_ip": False,
            },
            "load_balancer": served,
            "service_connect_configuration": _names(shared, workload),
            "lifecycle": {"ignore_changes": [Expression("desired_count")]} if scales else None,
            "depends_on": [item.whole for item in target.listeners] if target else None,
        },
    )
    if scales:
        _autoscaling(base, shared, workload, service, name)


def _names(shared: _Shared, workload: Workload) -> Value:
    """Give a workload the name that it has in Compose, at each of its ports; Service Connect takes one name for each."""
    served: list[Value] = [
        {
            "port_name": f"tcp-{port.port}",
            "discovery_name": f"{workload.name[:50]}-{port.port}",
            "client_alias": {"dns_name": workload.name, "port": port.port},
        }
        for port in workload.ports
    ]
    return {"enabled": True, "namespace": shared.namespace.attribute("arn"), "service": served or None}


def _autoscaling(base: Foundation, shared: _Shared, workload: Workload, service: Reference, name: str) -> None:
    identity: dict[str, Value] = {
        "service_namespace": "ecs",
        "scalable_dimension": "ecs:service:DesiredCount",
        "resource_id": join("service/", shared.cluster.attribute("name"), "/", service.attribute("name")),
    }
    least = Expression(f'var.task_counts["{workload.name}"]')
    bounds: dict[str, Value] = {"min_capacity": least, "max_capacity": Expression(f"max({least.code}, {workload.maximum})")}
    target = base.stack.resource(FILE, "aws_appautoscaling_target", name, {**identity, **bounds})
    follows: Value = {
        "target_value": _CPU_TARGET,
        "predefined_metric_specification": {"predefined_metric_type": "ECSServiceAverageCPUUtilization"},
    }
    base.stack.resource(
        FILE,
        "aws_appautoscaling_policy",
        name,
        {
            "name": "cpu",
            "policy_type": "TargetTrackingScaling",
            "service_namespace": target.attribute("service_namespace"),
            "scalable_dimension": target.attribute("scalable_dimension"),
            "resource_id": target.attribute("resource_id"),
            "target_tracking_scaling_policy_configuration": follows,
        },
    )


def _variables(base: Foundation) -> tuple[Variable, ...]:
    services = {workload.name: workload.replicas for workload in base.plan.workloads if workload.kind == "service"}
    listed = ", ".join(f'"{name}"' for name in services)
    counts = Variable(
        "task_counts",
        "map(number)",
        "Tasks of each service: the fewest, where the autoscaler adds to them.",
        services,
        f"alltrue([for name in [{listed}] : contains(keys(var.task_counts), name)])",
        "Every service needs its number.",
    )
    tag = Variable(
        "image_tag",
        "string",
        "Tag of the images to run, such as the commit that they were built from: another one is a deployment.",
        None,
        'can(regex("^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$", var.image_tag))',
        "A tag of an image.",
    )
    return (counts, tag) if any(workload.built for workload in base.plan.workloads) else (counts,)
