"""K8S006: Compose runs something, passes a variable or opens a port that the manifests for the cluster know nothing of."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.facts import is_test_path
from scaffold.gaps.kubernetes.objects import KubernetesObject, chart_templates, objects, running
from scaffold.gaps.signals import application_services, foreign_infrastructure
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location, Mapping, Node, Sequence, find, scalars_in, text_of
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.known import is_within
from scaffold.model.names import Confidence, Layer, Role, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex
from scaffold.model.starting import is_below
from scaffold.model.values import dns_label

_KINDS = frozenset({"helm", "kustomize", "kubernetes"})
_DOOR = regex(r"router|proxy|gateway|ingress|edge|nginx|traefik|caddy|balancer|\blb\b")
_RUNS = frozenset({Role.WEB, Role.WORKER, Role.SCHEDULER, Role.FRONTEND})


def _detect(project: Project) -> Iterator[Gap]:
    services = [
        (stack, service)
        for stack, service in application_services(project)
        if service.role in _RUNS and not service.profiles and stack is project.main_stack and not _is_a_door(service)
    ]
    if not services or not any(item.kind in _KINDS for item in foreign_infrastructure(project)):
        return
    yield from _missing(project, services)
    everything = objects(project)
    for item in running(project):
        for stack, service in services:
            if dns_label(service.name) == item.name and len(item.containers) == 1:
                yield from _unset(project, everything, item, stack, service)
                yield from _other_port(project, everything, item, stack, service)


def _is_a_door(service: Service) -> bool:
    """Whether an image of others stands before the app: on Kubernetes an Ingress or a load balancer does that."""
    return service.build is None and bool(_DOOR.search(service.name))


# --- services without a workload --------------------------------------------------------------------------------------


def _missing(project: Project, services: list[tuple[Stack, Service]]) -> Iterator[Gap]:
    """Yield the services that no text of the packaging names, where it names at least as many of the others."""
    text = _packaging(project)
    workloads = [item.name for item in running(project)] or [item.location.path for item in chart_templates(project)]
    unknown = [(stack, service) for stack, service in services if not any(_names(text, word) for word in _words(service))]
    known = [service for _, service in services if any(_names(text, word) for word in _words(service))]
    named = [service for service in known if any(dns_label(service.name) in name for name in workloads)]
    if not named or len(unknown) > len(known):
        return
    for stack, service in unknown:
        yield RULE.gap(
            resource=stack.resource(service.name),
            subject="workload",
            message=f"{service.name} runs under Compose, and no workload on Kubernetes runs it: there it does not exist.",
            expected=f"a workload for {service.name} beside those for {', '.join(item.name for item in named)}",
            actual="not named in charts or manifests",
            locations=(service.location,),
            confidence=Confidence.MEDIUM,
            environment=stack.environment,
        )


def _packaging(project: Project) -> str:
    """Return all texts of charts, kustomizations and manifests that people wrote, in lower case."""
    paths = {item.path for item in foreign_infrastructure(project) if item.kind in _KINDS and not is_test_path(item.path)}
    charts = {path.rpartition("/")[0] for path in paths if path.endswith(("Chart.yaml", "Chart.yml"))}
    paths |= {path for path in project.files if is_within(path.rpartition("/")[0], charts) and path not in project.owned}
    return "\n".join((project.source(path) or "").lower() + f"\n{path.lower()}" for path in sorted(paths))


def _words(service: Service) -> set[str]:
    """Return what a workload of the service could be called by: its name, its image, its folder."""
    context = service.build.context.rpartition("/")[2] if service.build and service.build.context else ""
    image = service.image.name if service.image else ""
    return {word.lower() for word in (service.name, dns_label(service.name), image, context, service.container_name) if word}


def _names(text: str, word: str) -> bool:
    loose = re.escape(word).replace("_", "[-_]?").replace(r"\-", "[-_]?")
    return bool(re.search(rf"(?<![a-z0-9]){loose}(?![a-z0-9])", text))


# --- variables and ports ----------------------------------------------------------------------------------------------


def _unset(
    project: Project, everything: tuple[KubernetesObject, ...], item: KubernetesObject, stack: Stack, service: Service
) -> Iterator[Gap]:
    """Yield the variables that the code cannot do without, that Compose gives and the workload does not."""
    given = _given(everything, item.containers[0])
    context = service.build.context if service.build else None
    if given is None or context is None:
        return
    needed = {
        read.name
        for read in project.env_reads
        if read.required and is_below(read.location.path, context) and not is_test_path(read.location.path)
    }
    missing = [entry for entry in service.environment if entry.name in needed and entry.name not in given]
    if missing:
        names = ", ".join(dict.fromkeys(entry.name for entry in missing))
        yield RULE.gap(
            resource=stack.resource(service.name),
            subject="environment",
            message=f"{service.name} gets {names} under Compose and not on Kubernetes, and the code has no default for it.",
            expected=f"{names} in the env of the workload",
            actual="not set there",
            locations=(_place(item), *(entry.location for entry in missing)),
            environment=stack.environment,
        )


def _given(everything: tuple[KubernetesObject, ...], container: Mapping) -> frozenset[str] | None:
    """Return the variables that a container gets, None when some come from an object that is not in the repository."""
    names = {text_of(find(item, "name")) for item in _items(container.get("env"))}
    for source in _items(container.get("envFrom")):
        kind, key = ("ConfigMap", "configMapRef") if find(source, "configMapRef") else ("Secret", "secretRef")
        wanted = text_of(find(source, key, "name"))
        found = [item for item in everything if item.kind == kind and item.name == wanted]
        if not found or find(source, "prefix"):
            return None
        for part in ("data", "stringData"):
            node = find(found[0].node, part)
            names |= set(node.keys()) if isinstance(node, Mapping) else set()
    return frozenset(names)


def _other_port(
    project: Project, everything: tuple[KubernetesObject, ...], item: KubernetesObject, stack: Stack, service: Service
) -> Iterator[Gap]:
    """Yield the port that a Service sends to while the program, as far as Compose and its image say, listens on another."""
    dockerfile = project.image_of(service)
    published = {port.target for port in service.ports if port.target}
    listens = published | set(service.expose) | set(service.listens) | set(dockerfile.exposed if dockerfile else ())
    if len(published) != 1:
        return
    told = " ".join(scalar.value for key in ("env", "args", "command") for scalar in scalars_in(item.containers[0].get(key)))
    for port, place in _targets(everything, item):
        if port not in listens and str(port) not in told:
            yield RULE.gap(
                resource=stack.resource(service.name),
                subject=f"port/{port}",
                message=f"A Service sends to port {port} of {service.name}, which listens on {published.pop()} under Compose.",
                expected="the port that the program listens on",
                actual=str(port),
                locations=(place, service.location),
                confidence=Confidence.MEDIUM,
                environment=stack.environment,
            )
            return


def _targets(everything: tuple[KubernetesObject, ...], item: KubernetesObject) -> Iterator[tuple[int, Location]]:
    named = {
        text_of(find(port, "name")): text_of(find(port, "containerPort")) for port in _items(item.containers[0].get("ports"))
    }
    for other in everything:
        selector = find(other.node, "spec", "selector") if other.kind == "Service" else None
        chosen = {entry.key.value: text_of(entry.value) for entry in selector.entries} if isinstance(selector, Mapping) else {}
        if chosen and chosen.items() <= item.labels.items():
            for port in _items(find(other.node, "spec", "ports")):
                node = find(port, "targetPort") or find(port, "port")
                text = named.get(text_of(node), text_of(node))
                if node and text.isascii() and text.isdigit() and len(text) < 6:
                    yield int(text), node.location


def _items(node: Node | None) -> tuple[Node, ...]:
    return node.items if isinstance(node, Sequence) else ()


def _place(item: KubernetesObject) -> Location:
    name = find(item.containers[0], "name")
    return name.location if name else item.location


RULE = Rule(
    code="K8S006",
    name="manifests-behind-compose",
    layer=Layer.KUBERNETES,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Bring the manifests to what the compose file runs: a workload for each service, the same variables and ports.",
        ),
    ),
)
