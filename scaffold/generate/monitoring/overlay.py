"""compose.monitoring.yaml: the services that are missing, and mounts for those that run already."""

from __future__ import annotations

import posixpath
from typing import Any

from scaffold.generate.emit import to_shell_word, to_yaml
from scaffold.generate.monitoring.pins import AS_OF, IMAGES, Image
from scaffold.model.artifact import Artifact
from scaffold.model.monitoring import Component, FileMount, MonitoringPlan, SecretFile
from scaffold.model.names import Room
from scaffold.model.target import Target

_TIMING = {"interval": "30s", "timeout": "10s", "retries": 3, "start_period": "30s"}


def render_overlay(target: Target, plan: MonitoringPlan) -> Artifact:
    """Return the overlay; every path in it is relative to the project directory of the base."""
    services: dict[str, Any] = {}
    for component in plan.components:
        node = _joined(plan, component) if component.theirs else _service(plan, component)
        if node:
            services[component.service] = node
    document: dict[str, Any] = {"services": services}
    volumes = [component.volume for component in plan.components if component.volume]
    if volumes:
        document["volumes"] = {name: {} for name in sorted(volumes)}
    secrets = {item.name: {"environment": item.variable} for c in plan.components for item in c.secrets if item.variable}
    if secrets:
        document["secrets"] = dict(sorted(secrets.items()))
    if plan.new_networks:
        document["networks"] = {name: {} for name in plan.new_networks}
    return Artifact(plan.overlay, to_yaml(document, _header(target, plan)), Room.MONITORING, target.closed_by(Room.MONITORING))


def _header(target: Target, plan: MonitoringPlan) -> str:
    lines = ["Monitoring beside the app. Start it together with the base:", f"  {compose_command(target, plan)} up -d"]
    if plan.variables:
        lines += ["Needs these variables, in the environment or an env file (--env-file):"]
        lines += [f"  {item.name}: {item.why}" for item in plan.variables]
    lines += [f"Image tags looked up on {AS_OF}. More in {plan.folder}/README.md."]
    return "\n".join(lines)


def compose_command(target: Target, plan: MonitoringPlan) -> str:
    """Return the start of a command for the production set, to be run in the project directory."""
    relative = (posixpath.relpath(path, plan.directory or ".") for path in target.production_set)
    files = [f"-f {to_shell_word(path)}" for path in relative]
    return " ".join(["docker compose", *files, *(f"--profile {to_shell_word(name)}" for name in plan.profiles[:1])])


def _service(plan: MonitoringPlan, component: Component) -> dict[str, Any]:
    image = IMAGES[component.kind]
    node: dict[str, Any] = {"image": image.reference}
    if plan.profiles:
        node["profiles"] = list(plan.profiles)
    node["restart"] = "unless-stopped"
    if image.command:
        node["command"] = [item.replace("$", "$$") for item in image.command]
    if image.user:
        node["user"] = image.user
    environment = _environment(component, image)
    if environment:
        node["environment"] = environment
    if component.secrets:
        node["secrets"] = [_secret(item, image) for item in component.secrets]
    if any(item.variable for item in component.secrets) and image.with_secret:
        node["entrypoint"] = list(image.with_secret)
    if component.host_port:
        node["ports"] = [f"127.0.0.1:${{{port_variable(component)}:-{component.host_port}}}:{component.port}"]
    volumes = [*_data(component, image), *_binds(plan, component.mounts), *(_host(*pair) for pair in image.host_mounts)]
    if volumes:
        node["volumes"] = volumes
    node["networks"] = list(component.networks)
    hardening = _hardening(image)
    if any(item.variable for item in component.secrets):
        # Compose copies such a secret into the container, which Docker refuses where the root is read-only.
        hardening.pop("read_only", None)
    return {**node, **hardening}


def _secret(secret: SecretFile, image: Image) -> str | dict[str, Any]:
    """Return the grant of a secret; one that Compose writes belongs to the user of the image alone."""
    if not secret.variable:
        return secret.name
    return {"source": secret.name, "target": secret.name, "uid": image.uid, "gid": image.uid, "mode": 0o400}


def port_variable(component: Component) -> str:
    """Return the variable that moves the port on the host."""
    return f"{component.kind.name}_PORT"


def _environment(component: Component, image: Image) -> dict[str, str]:
    return {**dict(image.environment), **dict(component.environment)}


def _hardening(image: Image) -> dict[str, Any]:
    node: dict[str, Any] = {}
    if image.healthcheck:
        node["healthcheck"] = {"test": [item.replace("$", "$$") for item in image.healthcheck], **_TIMING}
    node["security_opt"] = ["no-new-privileges:true"]
    if image.drop_capabilities:
        node["cap_drop"] = ["ALL"]
    if image.read_only:
        node["read_only"] = True
    if image.tmpfs:
        node["tmpfs"] = list(image.tmpfs)
    node["deploy"] = {"resources": {"limits": {"cpus": image.cpus, "memory": image.memory}}}
    node["logging"] = {"driver": "json-file", "options": {"max-size": "10m", "max-file": "3"}}
    return node


def _data(component: Component, image: Image) -> list[dict[str, Any]]:
    if not component.volume:
        return []
    return [{"type": "volume", "source": component.volume, "target": image.data}]


def _binds(plan: MonitoringPlan, mounts: tuple[FileMount, ...]) -> list[dict[str, Any]]:
    return [_bind(plan, mount) for mount in mounts if mount.added]


def _bind(plan: MonitoringPlan, mount: FileMount) -> dict[str, Any]:
    source = posixpath.relpath(mount.source, plan.directory or ".")
    text = source if source.startswith("../") else f"./{source}"
    return {"type": "bind", "source": text.replace("$", "$$"), "target": mount.target.replace("$", "$$"), "read_only": True}


def _host(source: str, target: str) -> dict[str, Any]:
    node: dict[str, Any] = {"type": "bind", "source": source, "target": target, "read_only": True}
    if source == "/":
        node["bind"] = {"propagation": "rslave"}
    return node


def _joined(plan: MonitoringPlan, component: Component) -> dict[str, Any]:
    """Return what the overlay adds to a service of theirs: mounts, and networks where it lacks one."""
    node: dict[str, Any] = {}
    if component.command:
        node["command"] = list(component.command)
    volumes = _binds(plan, component.mounts)
    if volumes:
        node["volumes"] = volumes
    if component.added_networks:
        node["networks"] = list(component.networks)
    return node
