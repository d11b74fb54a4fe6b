"""kubeconform -strict over rendered charts, with the schemas of the Kubernetes versions that kubernetes-validate carries."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from scaffold.model.finding import Finding, ToolRun
from scaffold.model.names import Severity
from scaffold.model.regex import regex
from scaffold.process import find_program, run
from scaffold.resources import package_file
from scaffold.validate.material import Material
from scaffold.validate.outcome import judged, not_run, parsed, version_of
from scaffold.validate.rendered import Rendered, render_charts
from scaffold.validate.request import ValidationRequest

NAME = "kubeconform"
_PACKAGE = "kubernetes_validate"
_VERSIONS = 3
"""Kubernetes itself supports its last three minor versions (kubernetes.io, version skew policy)."""
_DEFINITION = regex(r'"#/\$defs/([^"]+)"')
_KIND = regex(r"^(?:kind|apiVersion): *[\"']?([\w./-]+)[\"']?[ \t]*$", re.MULTILINE)
_FILE = "{{ .ResourceKind }}{{ .KindSuffix }}.json"


def judge(request: ValidationRequest, material: Material) -> ToolRun:
    """Hold every object of every environment against the schemas; unknown fields are refused, unknown kinds passed over."""
    if not material.charts:
        return not_run(NAME)
    program, helm = find_program(NAME), find_program("helm")
    if program is None or helm is None:
        return not_run(
            NAME, f"{NAME} is not installed" if program is None else "helm is not installed, which renders the charts"
        )
    versions = _schema_folders()
    if not versions:
        return not_run(NAME, "the schemas of Kubernetes are not here: pip install 'scaffold-iac[kubernetes]'")
    rendered = tuple(item for item in render_charts(request, material.charts, helm) if item.manifests)
    if not rendered:
        return not_run(NAME, "no chart could be rendered")
    with tempfile.TemporaryDirectory(prefix="scaffold-schemas-") as scratch:
        folders = [_complete(source, Path(scratch) / source.name, rendered) for source in versions]
        runs = [_run(request, program, item, folder) for item in rendered for folder in folders]
    findings = {finding for done in runs for finding in done.findings}
    looked_at = sum(done.looked_at for done in runs[:: len(versions)])
    note = f"Kubernetes {', '.join(_version(source) for source in versions)}"
    return judged(NAME, version_of(program, "-v", cwd=request.folder), looked_at, findings, note if looked_at else "")


def _run(request: ValidationRequest, program: str, item: Rendered, folder: Path) -> ToolRun:
    places = (str(folder / _FILE), str(package_file("validate", "kubernetes") / _FILE))
    words = [word for place in places for word in ("-schema-location", place)]
    argv = [program, "-strict", "-ignore-missing-schemas", "-output", "json", "-verbose", *words, "-"]
    done = run(argv, cwd=request.folder, timeout=request.seconds, input=item.manifests)
    return parsed(NAME, "", done, request.folder, lambda text: _read(text, item))


def _read(text: str, item: Rendered) -> tuple[int, Iterable[Finding]]:
    found = json.loads(text)["resources"]
    wrong = [entry for entry in found if entry["status"] in {"statusInvalid", "statusError"}]
    judged_ones = [entry for entry in found if entry["status"] != "statusSkipped"]
    return len(judged_ones), [Finding(NAME, "schema", item.path, 0, Severity.HIGH, _said(entry)) for entry in wrong]


def _said(entry: dict[str, Any]) -> str:
    return f"{entry['kind']} {entry['name']}: {' '.join(str(entry['msg']).split())}"[:400]


# --- schemas ----------------------------------------------------------------------------------------------------------


def _schema_folders() -> tuple[Path, ...]:
    """Return the folders of the newest versions that the package has, the oldest of them first."""
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        return ()
    folders = Path(spec.origin).parent.glob("kubernetes-json-schema/v*-local-strict")
    return tuple(sorted(folders, key=lambda path: [int(part) for part in _version(path).split(".")])[-_VERSIONS:])


def _version(folder: Path) -> str:
    return folder.name.removeprefix("v").removesuffix("-local-strict")


def _complete(source: Path, target: Path, rendered: tuple[Rendered, ...]) -> Path:
    """Write the schema of each kind of the manifests complete in itself: kubeconform follows no reference into another file."""
    target.mkdir()
    definitions = json.loads((source / "_definitions.json").read_text(encoding="utf-8"))["$defs"]
    for name in _schemas_of(rendered):
        path = source / name
        if path.is_file():
            (target / name).write_text(_standalone(path.read_text(encoding="utf-8"), definitions), encoding="utf-8")
    return target


def _schemas_of(rendered: tuple[Rendered, ...]) -> Iterator[str]:
    """Yield the file of each kind, as kubeconform names it: `deployment-apps-v1.json`, `service-v1.json`."""
    pairs = set()
    for item in rendered:
        for document in re.split(r"^---$", item.manifests, flags=re.MULTILINE):
            words = _KIND.findall(document)
            version = next((word for word in words if re.fullmatch(r"(?:[\w.-]+/)?v\d\w*", word)), "")
            kind = next((word for word in words if word != version), "")
            pairs.add((kind.lower(), version))
    for kind, version in sorted(pairs):
        group, _, number = version.rpartition("/")
        yield "-".join(part for part in (kind, group.partition(".")[0], number) if part) + ".json"


def _standalone(text: str, definitions: dict[str, Any]) -> str:
    schema = json.loads(text.replace("/api/_definitions.json#", "#"))
    needed: dict[str, Any] = {}
    waiting = _DEFINITION.findall(json.dumps(schema))
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed[name] = definitions[name]
            waiting += _DEFINITION.findall(json.dumps(definitions[name]))
    return json.dumps({**schema, "$defs": needed})
