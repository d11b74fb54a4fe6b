"""Infrastructure as code and Kubernetes packaging: which kind a file is, and the resources that it names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import replace

from scaffold.model.document import Document, Location, Mapping, Node, Sequence, text_of
from scaffold.model.project import InfrastructureFile
from scaffold.model.regex import regex
from scaffold.read.lines import Places, blank, line_of, numbered

Resource = tuple[str, str, Location]

_BLOCK = regex(
    r"^(?P<indent>[ \t]*)(?P<kind>resource|data|module|provider|backend|cloud|terraform|variable|output)"
    r"(?P<labels>(?:[ \t]+(?:\"[^\"\n]*\"|[A-Za-z_][\w-]*))*)[ \t]*\{",
    re.MULTILINE,
)
_LABEL = regex(r"\"([^\"\n]*)\"|([A-Za-z_][\w-]*)")
_BICEP = regex(r"^[ \t]*resource[ \t]+(\w+)[ \t]+'([^'@\n]+)", re.MULTILINE)
_TEMPLATE_KIND = regex(r"^kind:[ \t]*[\"']?([A-Za-z]\w*)", re.MULTILINE)
_FRONT_ENDS = "front-end-host"
"""Hosts of static sites: they run, log and secure nothing of what Compose runs behind them."""
_HEROKU = "heroku"
"""Files that buildpacks and a button on a page read, foreman too: a platform only where something deploys to it."""
_DEPLOYS_TO_HEROKU = regex(
    r"\bgit\s+push\s+(?:-\S+\s+)*(?:heroku|dokku|scalingo)\b|\bheroku\s+(?:create|apps:create|git:remote|container:|builds:create|deploy)"
    r"|\b(?:dokku|scalingo|piku)\s+\S|\beb\s+deploy\b|heroku-deploy|actionsdesk/heroku"
)
_BY_NAME = {
    "Pulumi.yaml": "pulumi",
    "Pulumi.yml": "pulumi",
    "cdk.json": "cdk",
    "cdktf.json": "cdktf",
    "fly.toml": "paas",
    "vercel.json": _FRONT_ENDS,
    "netlify.toml": _FRONT_ENDS,
    "railway.json": "paas",
    "railway.toml": "paas",
    "app.json": _HEROKU,
    "Procfile": _HEROKU,
    "render.yaml": "paas",
    "render.yml": "paas",
    "apprunner.yaml": "paas",
    "heroku.yml": "paas",
}
_BY_PATH = (
    (regex(r".*\.tf(?:\.json)?"), "terraform"),
    (regex(r".*\.tofu(?:\.json)?"), "opentofu"),
    (regex(r".*\.bicep"), "bicep"),
    (regex(r"(?:.*/)?serverless\.(?:ya?ml|ts|js|json)", words=("serverless.",)), "serverless"),
    (regex(r"config/deploy\.ya?ml"), "paas"),  # Kamal
)
_GENERATED = regex(r"^image:[ \t]*[\"']?your-user/", re.MULTILINE, words=("your-user/",))
_WORKLOADS = frozenset(
    {
        "Deployment",
        "StatefulSet",
        "DaemonSet",
        "ReplicaSet",
        "Job",
        "CronJob",
        "Pod",
        "Service",
        "Ingress",
        "Gateway",
        "HTTPRoute",
        "ConfigMap",
        "Secret",
        "Namespace",
        "PersistentVolumeClaim",
        "HorizontalPodAutoscaler",
        "PodDisruptionBudget",
        "NetworkPolicy",
        "CiliumNetworkPolicy",
        "CiliumClusterwideNetworkPolicy",
        "AuthorizationPolicy",
        "LimitRange",
        "VerticalPodAutoscaler",
        "ClusterPolicy",
        "ClusterImagePolicy",
        "ServiceAccount",
        "Role",
        "RoleBinding",
        "ClusterRole",
        "ClusterRoleBinding",
        "ExternalSecret",
        "SealedSecret",
        "ServiceMonitor",
        "PodMonitor",
        "PrometheusRule",
        "Rollout",
        "ScaledObject",
        "Application",
        "HelmRelease",
        "Kustomization",
        "Certificate",
        "ClusterIssuer",
        "Issuer",
    }
)


def infrastructure_kind(path: str) -> str:
    """Return the kind that the name alone tells, "" when the content has to."""
    name = path.rpartition("/")[2]
    if name in _BY_NAME:
        return _BY_NAME[name] if name != "app.json" or "/" not in path else ""
    return next((kind for pattern, kind in _BY_PATH if pattern.fullmatch(path)), "")


def is_as_generated(text: str) -> bool:
    """Whether a file of Kamal is what its generator wrote: the image of a user whom nobody has replaced by a real one."""
    return _GENERATED.search(text) is not None


def is_blueprint(path: str) -> bool:
    """Whether a file is a blueprint of Render, whose services and databases rules look at."""
    return path.rpartition("/")[2] in {"render.yaml", "render.yml"}


def read_infrastructure(path: str, text: str) -> InfrastructureFile:
    """Return a file whose name tells its kind, with its resources where the format names them."""
    kind = infrastructure_kind(path)
    if kind in {"terraform", "opentofu"}:
        resources = _terraform_json(path, text) if path.endswith(".json") else _terraform(path, text)
    elif kind == "bicep":
        resources = tuple((m[2], m[1], Location(path, line_of(text, m.start()))) for m in _BICEP.finditer(text))
    elif path.rpartition("/")[2] == "Procfile":
        resources = _procfile(path, text)
    else:
        resources = ()
    return InfrastructureFile(path, kind, Location(path, 1), resources)


def with_platforms(files: tuple[InfrastructureFile, ...], texts: Iterable[str]) -> tuple[InfrastructureFile, ...]:
    """Return the files, those of Heroku as a platform where one of the texts (commands, actions) deploys to it."""
    if not any(file.kind == _HEROKU for file in files) or not any(map(_DEPLOYS_TO_HEROKU.search, texts)):
        return files
    return tuple(replace(file, kind="paas") if file.kind == _HEROKU else file for file in files)


def _terraform(path: str, text: str) -> tuple[Resource, ...]:
    """Return each block with labels: a resource by type and name, the others as `data.<type>`, `module`, `backend`, ..."""
    bare = _without_comments(text)
    places = Places(path, bare)
    found = []
    for match in _BLOCK.finditer(bare):
        labels = [first or second for first, second in _LABEL.findall(match["labels"])]
        kind = match["kind"]
        location = places.at(match.start("kind"))
        if kind == "resource" and len(labels) == 2:
            found.append((labels[0], labels[1], location))
        elif kind == "data" and len(labels) == 2:
            found.append((f"data.{labels[0]}", labels[1], location))
        elif kind not in {"resource", "data"}:
            found.append((kind, labels[0] if labels else "", location))
    return tuple(found)


def _without_comments(text: str) -> str:
    """Blank out comments, quoted text over lines and heredocs, so that blocks inside them do not count; offsets stay."""
    pattern = re.compile(
        r"\"(?:[^\"\\\n]|\\.)*+\"?|/\*.*?(?:\*/|\Z)|(?:#|//)[^\n]*"
        r"|<<-?(?P<word>[A-Za-z_]\w*)\n.*?(?:\n[ \t]*(?P=word)[ \t]*(?=\n|\Z)|\Z)",
        re.DOTALL,
    )

    def kept(match: re.Match[str]) -> str:
        return match[0] if match[0].startswith('"') else blank(match[0])

    return pattern.sub(kept, text.replace("\r\n", " \n"))


def _terraform_json(path: str, text: str) -> tuple[Resource, ...]:
    try:
        data = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return ()
    found: list[Resource] = []
    blocks = data.get("resource") if isinstance(data, dict) else None
    for kind, named in blocks.items() if isinstance(blocks, dict) else ():
        for name in named if isinstance(named, dict) else ():
            offset = max(text.find(f'"{name}"', max(text.find(f'"{kind}"'), 0)), 0)
            found.append((kind, name, Location(path, line_of(text, offset))))
    return tuple(found)


def _procfile(path: str, text: str) -> tuple[Resource, ...]:
    rows = ((number, re.match(r"([A-Za-z0-9_-]+):\s*\S", line)) for number, line in numbered(text))
    return tuple(("process", match[1], Location(path, number)) for number, match in rows if match)


def read_manifests(documents: tuple[Document, ...]) -> InfrastructureFile | None:
    """Return what the YAML documents of one file declare (CloudFormation, Kubernetes, Kustomize, a chart), or None."""
    roots = [document.root for document in documents if isinstance(document.root, Mapping)]
    if not roots:
        return None
    path = documents[0].path
    name = path.rpartition("/")[2]
    if name in {"Chart.yaml", "Chart.yml"}:
        return InfrastructureFile(
            path, "helm", Location(path, 1), (("Chart", text_of(roots[0].get("name")), roots[0].location),)
        )
    if name in {"kustomization.yaml", "kustomization.yml"}:
        return InfrastructureFile(path, "kustomize", Location(path, 1))
    if name in {"app.yaml", "app.yml"} and text_of(roots[0].get("runtime")):
        return InfrastructureFile(path, "paas", roots[0].location)  # App Engine
    if "AWSTemplateFormatVersion" in roots[0].keys() or _is_cloudformation(roots[0]):  # noqa: SIM118 - a Mapping node
        return InfrastructureFile(path, "cloudformation", roots[0].location, _cloudformation(roots[0]))
    return _kubernetes(path, roots)


def _is_cloudformation(root: Mapping) -> bool:
    resources = root.get("Resources")
    items = [entry.value for entry in resources.entries] if isinstance(resources, Mapping) else []
    return bool(items) and all(isinstance(item, Mapping) and text_of(item.get("Type")).startswith("AWS::") for item in items)


def _cloudformation(root: Mapping) -> tuple[Resource, ...]:
    resources = root.get("Resources")
    entries = resources.entries if isinstance(resources, Mapping) else ()
    return tuple(
        (text_of(entry.value.get("Type")), entry.key.value, entry.key.location)
        for entry in entries
        if isinstance(entry.value, Mapping)
    )


def _kubernetes(path: str, roots: list[Mapping]) -> InfrastructureFile | None:
    found: list[Resource] = []
    crossplane = False
    for root in _objects(roots):
        version, kind = text_of(root.get("apiVersion")), text_of(root.get("kind"))
        crossplane = crossplane or "crossplane.io" in version or "upbound.io" in version
        if version and (kind in _WORKLOADS or crossplane):
            metadata = root.get("metadata")
            found.append((kind, text_of(metadata.get("name")) if isinstance(metadata, Mapping) else "", root.location))
    if not found:
        return None
    return InfrastructureFile(path, "crossplane" if crossplane else "kubernetes", found[0][2], tuple(found))


def _objects(roots: list[Mapping]) -> list[Mapping]:
    """Return the roots, and the items of those that are a List."""
    result: list[Mapping] = []
    for root in roots:
        items: Node | None = root.get("items") if text_of(root.get("kind")) == "List" else None
        result += [item for item in items.items if isinstance(item, Mapping)] if isinstance(items, Sequence) else [root]
    return result


def read_chart_template(path: str, text: str) -> InfrastructureFile:
    """Return the kinds that a chart's template names; it is no YAML before Helm has run."""
    kinds = tuple((match[1], "", Location(path, line_of(text, match.start()))) for match in _TEMPLATE_KIND.finditer(text))
    return InfrastructureFile(path, "helm", Location(path, 1), kinds)
