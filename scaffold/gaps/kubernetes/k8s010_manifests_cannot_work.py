"""K8S010: manifests that the cluster refuses, or whose pods cannot start, as they stand in the repository."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from scaffold.gaps.facts import is_test_path, listed, path_environment
from scaffold.gaps.kubernetes.common_labels import Mixed, mixed_services, selector_labels
from scaffold.gaps.kubernetes.objects import KubernetesObject, objects, running
from scaffold.gaps.kubernetes.probe_ports import LostProbe, lost_probes
from scaffold.gaps.kubernetes.references import Reference, chart_references, is_made, references
from scaffold.gaps.kubernetes.set_values import UnreadValue, unread_values
from scaffold.gaps.served_paths import all_routes, meant_route
from scaffold.gaps.signals import foreign_infrastructure
from scaffold.model.document import Location, Mapping, Scalar, Sequence, find, scalars_in, scalars_of, text_of
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.known import known
from scaffold.model.names import Confidence, Layer, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_HELM = regex(r"\.Files\.Get\b|\{\{-?\s*(?:\.Release\.|\.Chart\.|\.Values\.|include\s+\"|tpl\s+\(?\.)")
_VARIABLE = regex(r"\$\{(?P<name>[A-Za-z_]\w*)\}")
_FILLERS = regex(
    r"\b(?:envsubst|gomplate|ytt|jinja2?|cookiecutter|werf|skaffold|kluctl|ansible\S*|postBuild|substituteFrom)\b"
    r"|\bsed\b[^\n]*(?:\$\{|\{\{|IMAGE|TAG|REGISTRY|VERSION)|\bkubectl\s+set\s+image\b"
)
_TEMPLATES = regex(r"(?:^|/)(?:templates?|charts?)/|\.(?:tpl|j2|tmpl|erb)(?:\.|$)")
_STAGING = "acme-staging"


def _detect(project: Project) -> Iterator[Gap]:
    everything = objects(project)
    yield from _unmade(project, everything)
    yield from _unread(project)
    if everything:
        yield from _twice(project, everything)
        yield from _unfilled(project, everything)
        yield from _empty(everything)
        yield from _untrusted(everything)
        yield from _mixed(project, everything)
        yield from _unserved(project)
        yield from _unanswered(project)


# --- what no file makes -----------------------------------------------------------------------------------------------


def _unmade(project: Project, everything: tuple[KubernetesObject, ...]) -> Iterator[Gap]:
    found = [*references(everything), *chart_references(project)]
    missing: dict[str, list[Reference]] = {}
    made: dict[tuple[str, str], bool] = {}
    for item in found:
        key = (item.kind, item.name)
        if key not in made:
            made[key] = is_made(project, everything, *key, [other.location for other in found if other.name == item.name])
        if not made[key]:
            folder = item.location.path.partition("/templates/")[0] if "/templates/" in item.location.path else ""
            missing.setdefault(folder or item.location.path.rpartition("/")[0] or ".", []).append(item)
    for folder, items in missing.items():
        names = listed(f"{item.kind} {item.name}" for item in items)
        yield RULE.gap(
            resource=folder,
            subject="missing",
            message=f"Pods take {names}, and nothing in the repository makes that: no manifest or template, no external secret,"
            " no command. They never start.",
            expected="a manifest, an ExternalSecret or a documented command that makes it",
            actual="only references",
            locations=tuple(dict.fromkeys(item.location for item in items)),
            environment=path_environment(folder),
        )


def _unread(project: Project) -> Iterator[Gap]:
    """Yield each chart for which a command sets values that its templates do not read."""
    found: dict[str, list[UnreadValue]] = {}
    for item in unread_values(project):
        found.setdefault(item.chart, []).append(item)
    for chart, items in found.items():
        yield RULE.gap(
            resource=chart,
            subject="unread-values",
            message=f"A command sets {listed(item.key for item in items)}, which no template of {chart} reads: helm is silent,"
            " and what was meant, such as a new image, does not happen.",
            expected="the name of a value that a template reads",
            actual="a value that nothing reads",
            locations=tuple(dict.fromkeys(item.command.location for item in items)),
        )


def _unserved(project: Project) -> Iterator[Gap]:
    """Yield the probes that ask for a path which the code serves below a prefix only: the pod never becomes ready."""
    asked = [probe for item in running(project) for container in item.containers for probe in _probes(container)]
    facts = all_routes(project) if asked else ()
    found = [(path, meant, place) for path, place in asked if (meant := meant_route(facts, path)) is not None]
    folders = dict.fromkeys(posixpath.dirname(place.path) for _, _, place in found)
    for folder in folders:
        own = [item for item in found if posixpath.dirname(item[2].path) == folder]
        yield RULE.gap(
            resource=folder or ".",
            subject="probes",
            message=f"Probes ask for {listed(path for path, _, _ in own)}, which the code does not serve: it has "
            f"{listed(meant.detail for _, meant, _ in own)}. The pods never become ready, or are started again and again.",
            expected="the whole path of the route",
            actual="a path that is answered with 404",
            locations=tuple(dict.fromkeys(place for _, _, place in own)),
            related=tuple(dict.fromkeys(meant.location for _, meant, _ in own)),
            severity=Severity.HIGH,
            confidence=Confidence.MEDIUM,
            environment=path_environment(folder),
        )


def _unanswered(project: Project) -> Iterator[Gap]:
    """Yield the probes that ask a port which nothing says their pod listens on."""
    found: dict[str, list[LostProbe]] = {}
    for item in lost_probes(project):
        found.setdefault(item.workload, []).append(item)
    for workload, items in found.items():
        path = items[0].place.path
        declared = dict.fromkeys(port for item in items for port in item.declared)
        yield RULE.gap(
            resource=f"{path}/{workload}",
            subject="probe-ports",
            message=f"The probes of {workload} ask port {listed(dict.fromkeys(item.asked for item in items))}, and its "
            f"container declares {listed(declared)}: the pod never becomes ready, or is started again and again.",
            expected="a port of the container",
            actual="a port that nothing else names",
            locations=tuple(dict.fromkeys(item.place for item in items)),
            related=tuple(dict.fromkeys(item.port for item in items)),
            confidence=Confidence.MEDIUM,
            environment=path_environment(path),
        )


def _probes(container: Mapping) -> Iterator[tuple[str, Location]]:
    for name in ("startupProbe", "readinessProbe", "livenessProbe"):
        node = find(container, name, "httpGet", "path")
        if isinstance(node, Scalar) and node.value.startswith("/") and "$" not in node.value:
            yield node.value.partition("?")[0], node.location


# --- what stands twice ------------------------------------------------------------------------------------------------


def _twice(project: Project, everything: tuple[KubernetesObject, ...]) -> Iterator[Gap]:
    """Yield the kustomizations whose files hold the same object in more than one place."""
    by_path: dict[str, list[KubernetesObject]] = {}
    for item in everything:
        by_path.setdefault(item.location.path, []).append(item)
    for file in foreign_infrastructure(project):
        if file.kind != "kustomize" or is_test_path(file.path):
            continue
        seen: dict[tuple[str, str, str, str], KubernetesObject] = {}
        again: list[tuple[KubernetesObject, KubernetesObject]] = []
        for item in (item for path in _files(project, file.path, 0) for item in by_path.get(path, ())):
            key = _identity(item)
            if item.name and seen.setdefault(key, item) is not item:
                again.append((item, seen[key]))
        outside = _outside(project, file.path)
        if again:
            yield _twice_gap(file.path, again, outside)
        elif outside is not None:
            yield _outside_gap(file.path, outside)


def _twice_gap(path: str, again: list[tuple[KubernetesObject, KubernetesObject]], outside: Scalar | None) -> Gap:
    names = listed(dict.fromkeys(f"{item.kind}/{item.name}" for item, _ in again))
    effect = "kustomize stops with an id that is already registered"
    if outside:
        effect = (
            f"kustomize refuses {outside.value}, a file outside of its folder, and once that is mended stops with an id that is"
            " already registered"
        )
    return RULE.gap(
        resource=path,
        subject="duplicates",
        message=f"Several files of {path} hold the same objects, {names}: {effect}.",
        expected="each object in one of its files",
        actual=f"{len({_identity(item) for item, _ in again})} objects in several places",
        locations=tuple(dict.fromkeys(item.location for item, _ in again)),
        related=tuple(dict.fromkeys((*(first.location for _, first in again), *((outside.location,) if outside else ())))),
        severity=Severity.HIGH,
    )


def _outside_gap(path: str, outside: Scalar) -> Gap:
    return RULE.gap(
        resource=path,
        subject="outside",
        message=f"{path} takes {outside.value}, a file outside of its folder: kustomize refuses to load it, and"
        " `kubectl apply -k` applies nothing.",
        expected="a folder with a kustomization of its own, or the file below this folder",
        actual=outside.value,
        locations=(outside.location,),
        severity=Severity.HIGH,
        environment=path_environment(path),
    )


def _outside(project: Project, path: str) -> Scalar | None:
    """Return the first file that a kustomization takes from outside of its folder, None for none: only folders may lie there.

    The places of commands that lift the rule are not asked for: with one of them anywhere nothing is outside.
    """
    if any("LoadRestrictionsNone" in command.text for command in project.commands):
        return None
    document = project.document(path)
    folder = posixpath.dirname(path)
    for item in scalars_of(find(document.root, "resources")) if document else ():
        target = posixpath.normpath(posixpath.join(folder, item.value))
        if item.value.startswith("../") and target in project.present and not target.startswith(f"{folder}/"):
            return item
    return None


def _identity(item: KubernetesObject) -> tuple[str, str, str, str]:
    group = text_of(item.node.get("apiVersion")).rpartition("/")[0]
    return group, item.kind, item.name, text_of(find(item.node, "metadata", "namespace"))


def _files(project: Project, path: str, depth: int) -> Iterator[str]:
    """Yield the manifests that a kustomization names, those of the folders that it names included; each once."""
    document = project.document(path)
    folder = path.rpartition("/")[0]
    listed_here = scalars_of(find(document.root, "resources")) if document else ()
    for listed_name in dict.fromkeys(item.value for item in listed_here):
        target = posixpath.normpath(posixpath.join(folder, listed_name))
        inner = next(
            (
                f"{target}/{file}"
                for file in ("kustomization.yaml", "kustomization.yml")
                if f"{target}/{file}" in project.present
            ),
            "",
        )
        if inner and depth < 4:
            yield from _files(project, inner, depth + 1)
        else:
            yield target


# --- what is found by the wrong Service -----------------------------------------------------------------------------------


def _mixed(project: Project, everything: tuple[KubernetesObject, ...]) -> Iterator[Gap]:
    """Yield the kustomizations whose labels take the place of those by which Services tell the pods apart."""
    for file in foreign_infrastructure(project):
        document = project.document(file.path) if file.kind == "kustomize" and not is_test_path(file.path) else None
        labels, place = selector_labels(document) if document else ({}, None)
        if not labels or place is None:
            continue
        paths = frozenset(_files(project, file.path, 0))
        found = tuple(mixed_services((item for item in everything if item.location.path in paths), labels))
        if found:
            yield _mixed_gap(file.path, place, found)


def _mixed_gap(path: str, place: Location, found: tuple[Mixed, ...]) -> Gap:
    first = found[0]
    more = f", and {len(found) - 1} more Services do alike" if len(found) > 1 else ""
    return RULE.gap(
        resource=path,
        subject="selectors",
        message=f"{path} lays labels over every selector that take the place of those by which the Services tell pods apart: "
        f"{first.service.name} sends its connections to the pods of {listed(item.name for item in first.workloads)} too{more}.",
        expected="`labels` with `pairs` and without `includeSelectors`, or a key that the selectors do not use",
        actual="one label in all selectors",
        locations=(place,),
        related=tuple(dict.fromkeys(item.service.location for item in found)),
        environment=path_environment(path),
    )


# --- what nobody fills in ---------------------------------------------------------------------------------------------


def _has_expressions(text: str) -> bool:
    return bool(_HELM.search(text))


def _unfilled(project: Project, everything: tuple[KubernetesObject, ...]) -> Iterator[Gap]:
    """Yield plain manifests with expressions of Helm, or images with variables, where no command fills them."""
    if any(_FILLERS.search(command.text) for command in project.commands):
        return
    names = _image_names(project)
    found: dict[str, list[Location]] = {}
    for item in everything:
        path = item.location.path
        if _TEMPLATES.search(path) or item.kind in {"Application", "ApplicationSet", "PrometheusRule", "HelmRelease"}:
            continue
        if known(_has_expressions, project.source(path) or ""):
            found.setdefault(path, []).extend(place.location for place in scalars_in(item.node) if _HELM.search(place.value))
        images = [node for container in item.containers if isinstance(node := container.get("image"), Scalar)]
        wrong = [node.location for node in images if _VARIABLE.search(node.value) and not _is_set(node.value, names)]
        if wrong:
            found.setdefault(path, []).extend(wrong)
    for path, places in found.items():
        if places:
            yield RULE.gap(
                resource=path,
                subject="placeholders",
                message=f"{path} holds expressions that kubectl passes on as they are, and no command fills them in.",
                expected="the values, or the command that renders the file before it is applied",
                actual="text of a template in a plain manifest",
                locations=tuple(dict.fromkeys(places)),
                environment=path_environment(path),
            )


def _image_names(project: Project) -> dict[str, str]:
    """Return the image names that kustomizations replace, with what they become: the new name, else the same."""
    found = {}
    for file in foreign_infrastructure(project):
        document = project.document(file.path) if file.kind == "kustomize" else None
        images = find(document.root, "images") if document else None
        for item in images.items if isinstance(images, Sequence) else ():
            name = text_of(find(item, "name"))
            found[name] = text_of(find(item, "newName"), name)
    return found


def _is_set(image: str, names: dict[str, str]) -> bool:
    name = re.sub(r"[:@][^/]*$", "", image)
    return name in names and not _VARIABLE.search(names[name])


# --- what is empty, and what no browser trusts ------------------------------------------------------------------------


def _empty(everything: tuple[KubernetesObject, ...]) -> Iterator[Gap]:
    """Yield the files with ConfigMaps that a pod mounts and that hold comments and nothing else."""
    used = {item.name for item in references(everything) if item.kind == "ConfigMap"}
    found: dict[str, list[KubernetesObject]] = {}
    for item in everything:
        data = item.node.get("data")
        if item.kind != "ConfigMap" or item.name not in used or not isinstance(data, Mapping) or not data.entries:
            continue
        values = [entry.value for entry in data.entries]
        if all(isinstance(value, Scalar) and "#" in value.value and _only_comments(value.value) for value in values):
            found.setdefault(item.location.path, []).append(item)
    for path, maps in found.items():
        yield RULE.gap(
            resource=path,
            subject="empty",
            message=f"Pods mount {listed(item.name for item in maps)}, which hold comments and no setting.",
            expected="the configuration that each program needs",
            actual="ConfigMaps with comments only",
            locations=tuple(item.location for item in maps),
            environment=path_environment(path),
        )


def _only_comments(text: str) -> bool:
    return all(not line.strip() or line.lstrip().startswith(("#", "//", ";")) for line in text.splitlines())


def _untrusted(everything: tuple[KubernetesObject, ...]) -> Iterator[Gap]:
    """Yield the issuers of Let's Encrypt's staging service that an Ingress or a Certificate uses and nothing stands beside."""
    issuers = [item for item in everything if item.kind in {"ClusterIssuer", "Issuer"}]
    servers = {item.name: text_of(find(item.node, "spec", "acme", "server")) for item in issuers}
    used = {
        node.value
        for item in everything
        if item.kind in {"Ingress", "Certificate", "Gateway"}
        for node in scalars_in(item.node)
    }
    for item in issuers:
        if _STAGING in servers[item.name] and item.name in used and all(_STAGING in server for server in servers.values()):
            server = find(item.node, "spec", "acme", "server")
            yield RULE.gap(
                resource=f"{item.location.path}/{item.kind}/{item.name}",
                subject="staging-issuer",
                message=f"The certificates come from {item.name}, Let's Encrypt's staging service: no browser trusts them.",
                expected="an issuer with https://acme-v02.api.letsencrypt.org/directory",
                actual="the staging service alone",
                locations=(server.location if server else item.location,),
                environment=path_environment(item.location.path),
            )


RULE = Rule(
    code="K8S010",
    name="manifests-cannot-work",
    layer=Layer.KUBERNETES,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None, "advice", "Write what is missing, and try the whole: `kubectl apply --dry-run=server` on an empty namespace."
        ),
    ),
)
