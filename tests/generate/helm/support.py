"""Charts on the disk, rendered by the real Helm, and the expansion that the kubelet makes of commands and variables."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from scaffold.generate.helm import render
from scaffold.model.target import Target
from scaffold.resources import package_file

VERSIONS = ("1.35.0", "1.36.0", "1.37.0")
"""The Kubernetes versions that are supported upstream."""

KINDS = (
    *("configmap-v1", "persistentvolume-v1", "persistentvolumeclaim-v1", "service-v1", "serviceaccount-v1"),
    *(
        "deployment-apps-v1",
        "statefulset-apps-v1",
        "daemonset-apps-v1",
        "job-batch-v1",
        "cronjob-batch-v1",
        "ingress-networking-v1",
    ),
    *("networkpolicy-networking-v1", "poddisruptionbudget-policy-v1", "horizontalpodautoscaler-autoscaling-v2"),
    *("role-rbac-v1", "rolebinding-rbac-v1"),
)
"""The kinds that the chart may hold, in the names of the schemas."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def write_chart(target: Target, folder: Path) -> Path:
    """Write the chart of a target and return its folder."""
    chart = folder / target.chart_folder
    for artifact in render(target).artifacts:
        path = folder / artifact.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(artifact.text, encoding="utf-8", newline="")
    return chart


def stand_ins() -> list[str]:
    """Return the options with which a chart is rendered without an environment."""
    return ["--values", "ci/values-infra.json", "--values", "ci/values-release.json"]


def lint(helm: str, chart: Path) -> None:
    """Run helm lint --strict."""
    done = subprocess.run([helm, "lint", "--strict", *stand_ins(), "."], cwd=chart, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def template(helm: str, chart: Path, *options: str, version: str = "1.36.0") -> str:
    """Return what helm template prints."""
    argv = [helm, "template", "shop", ".", "--namespace", "shop", "--kube-version", version, *options, *stand_ins()]
    done = subprocess.run(argv, cwd=chart, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def objects(manifests: str) -> list[dict[str, Any]]:
    """Return the objects of a rendered chart."""
    return [document for document in yaml.load_all(manifests, Loader=_LOADER) if document]


def pods(manifests: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield name and pod template of each object that makes pods."""
    for item in manifests:
        if item["kind"] in {"Deployment", "StatefulSet", "DaemonSet", "Job"}:
            yield item["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/name"], item["spec"]["template"]


def schemas(version: str) -> Path:
    """Return a folder with the schemas of a Kubernetes version as kubeconform reads them, each complete in itself."""
    spec = importlib.util.find_spec("kubernetes_validate")
    if spec is None or spec.origin is None:
        pytest.skip("kubernetes-validate is not installed: pip install -e '.[dev]'")
    source = Path(spec.origin).parent / "kubernetes-json-schema" / f"v{version}-local-strict"
    kinds = hashlib.sha256(" ".join(KINDS).encode()).hexdigest()[:12]
    target = Path(tempfile.gettempdir()) / f"scaffold-schemas-{spec.origin.replace('/', '-')}-{version}-{kinds}"
    if not target.is_dir():
        definitions = json.loads((source / "_definitions.json").read_text())["$defs"]
        with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
            folder = Path(scratch) / "schemas"
            folder.mkdir()
            for kind in KINDS:
                (folder / f"{kind}.json").write_text(_standalone((source / f"{kind}.json").read_text(), definitions))
            with contextlib.suppress(OSError):  # another worker was faster
                folder.rename(target)
    return target


def _standalone(text: str, definitions: dict[str, Any]) -> str:
    schema = json.loads(text.replace("/api/_definitions.json#", "#"))
    needed: dict[str, Any] = {}
    waiting = re.findall(r'"#/\$defs/([^"]+)"', json.dumps(schema))
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed[name] = definitions[name]
            waiting += re.findall(r'"#/\$defs/([^"]+)"', json.dumps(definitions[name]))
    return json.dumps({**schema, "$defs": needed})


def kubeconform(program: str, manifests: str, version: str) -> None:
    """Hold manifests against the schemas of Kubernetes and those of External Secrets, unknown fields refused."""
    name = "{{ .ResourceKind }}{{ .KindSuffix }}.json"
    own = package_file("validate", "kubernetes") / name
    argv = [program, "-strict", "-summary", *_locations(schemas(version) / name, own)]
    done = subprocess.run([*argv, "-"], input=manifests, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Skipped: 0" in done.stdout, done.stdout


def _locations(*paths: Path) -> list[str]:
    return [word for path in paths for word in ("-schema-location", str(path))]


def expand(text: str, variables: dict[str, str]) -> str:
    """Return what the kubelet makes of a text: `$(NAME)` of a known variable, `$$` as one dollar, all else as it is
    (Kubernetes, third_party/forked/golang/expansion, described in the API reference of Container.command).
    """
    result = []
    position = 0
    while position < len(text):
        char = text[position]
        following = text[position + 1 : position + 2]
        if char != "$" or not following:
            result.append(char)
            position += 1
        elif following == "$":
            result.append("$")
            position += 2
        elif following == "(":
            end = text.find(")", position + 2)
            if end < 0:
                result.append("$(")
                position += 2
                continue
            name = text[position + 2 : end]
            result.append(variables.get(name, f"$({name})"))
            position = end + 1
        else:
            result.append(char + following)
            position += 2
    return "".join(result)


def container_view(pod: dict[str, Any], secrets: dict[str, str]) -> dict[str, Any]:
    """Return what the container gets: words and variables after the kubelet's expansion; `secrets` by name and key."""
    container = pod["spec"]["containers"][0]
    environment: dict[str, str] = {}
    for item in container.get("env", ()):
        if "value" in item:
            environment[item["name"]] = expand(item["value"], environment)
        else:
            reference = item["valueFrom"]["secretKeyRef"]
            environment[item["name"]] = secrets.get(f"{reference['name']}/{reference['key']}", "")
    return {
        "command": [expand(word, environment) for word in container.get("command", ())],
        "args": [expand(word, environment) for word in container.get("args", ())],
        "env": environment,
        "workingDir": container.get("workingDir", ""),
        "user": container["securityContext"].get("runAsUser"),
    }
