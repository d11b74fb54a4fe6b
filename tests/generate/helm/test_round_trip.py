"""What a container gets under Compose is what it gets in the cluster: words, variables, files, folder and user."""

from __future__ import annotations

import base64
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from scaffold.model.compose import Service
from scaffold.model.target import Target
from scaffold.model.workload import Text, Workload
from scaffold.plan.target import make_target
from scaffold.read.project import read_project
from tests.generate.helm import support
from tests.projects import copy_corpus_project, corpus_projects

TRAPS = (
    *("on", "no", "08", "1e3", "12:30:00", "0x1F", "", "~", "null", "1000000", "-", "- a", "#c", " a ", "a: b", "'", '"', "\\"),
    *("{{ .Values.x }}", "{{ $labels.y }}", "$HOME", "$(HOME)", "$$", "$$(A)", "$", "a\nb\n", "\t", "%q", "é☃", "`x`"),
    *("{{- /* c */ -}}", "{ {", "}}", "&a", "*a", "!t", "---", "...", "|", ">", "@", "%YAML"),
)
texts = st.one_of(
    st.sampled_from(TRAPS), st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=20)
)


def compose_text(text: str) -> str:
    return text.replace("$", "$$")


# Every example starts Helm: a failing one is shown as it was found.
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(
    values=st.lists(texts, min_size=30, max_size=60),
    words=st.lists(texts, min_size=1, max_size=20),
    entry=st.lists(texts.filter(bool), min_size=1, max_size=5),
    probe=st.lists(texts, min_size=1, max_size=8),
    content=texts,
)
def test_any_text_arrives_as_it_is(
    require_tool: Callable[[str], str], values: list[str], words: list[str], entry: list[str], probe: list[str], content: str
) -> None:
    service = {
        "image": "acme/web:1",
        "entrypoint": [compose_text(word) for word in entry],
        "command": [compose_text(word) for word in words],
        "environment": {f"V{number}": compose_text(value) for number, value in enumerate(values)},
        "healthcheck": {"test": ["CMD", "check", *(compose_text(word) for word in probe)]},
        "working_dir": "/srv/{{ app }}",
        "user": "4000:5000",
        "volumes": ["./app.conf:/etc/app.conf:ro"],
    }
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch, "shop")
        root.mkdir()
        (root / "compose.yaml").write_text(yaml.safe_dump({"services": {"web": service}}, default_style='"'), encoding="utf-8")
        (root / "app.conf").write_bytes(content.encode())
        target = make_target(read_project(root), ())
        chart = support.write_chart(target, Path(scratch, "out"))
        found = support.objects(support.template(require_tool("helm"), chart))
    _, pod = next(support.pods(found))
    view = support.container_view(pod, {})
    assert view == {
        "command": entry,
        "args": words,
        "env": {f"V{number}": value for number, value in enumerate(values)},
        "workingDir": "/srv/{{ app }}",
        "user": 4000,
    }
    asked = pod["spec"]["containers"][0]["readinessProbe"]["exec"]["command"]
    assert [support.expand(word, view["env"]) for word in asked] == ["check", *probe]
    (config,) = (item for item in found if item["kind"] == "ConfigMap")
    assert files_of(config) == {"app.conf": content.encode()}


def files_of(config: dict[str, Any]) -> dict[str, bytes]:
    texts = {key: value.encode() for key, value in config.get("data", {}).items()}
    return texts | {key: base64.b64decode(value) for key, value in config.get("binaryData", {}).items()}


def test_the_expansion_of_the_kubelet() -> None:
    """The examples of Kubernetes' own documentation of Container.command and of its expansion."""
    known = {"VAR": "x", "B": "$(VAR)"}
    cases = {
        "$(VAR)": "x",
        "$$(VAR)": "$(VAR)",
        "$$$(VAR)": "$x",
        "$(MISSING)": "$(MISSING)",
        "$VAR": "$VAR",
        "$(VAR": "$(VAR",
        "$": "$",
        "$$": "$",
        "a$(B)": "a$(VAR)",
    }
    assert {text: support.expand(text, known) for text in cases} == cases


# --- real projects ----------------------------------------------------------------------------------------------------


def plain(text: Text, target: Target) -> str | None:
    """Return a text that needs neither a secret nor Terraform, with the settings of ci/; None for any other."""
    defaults = {item.name: "stand-in" if item.default is None else item.default for item in target.settings}
    if any(piece.kind not in {"literal", "setting"} for piece in text):
        return None
    return "".join(defaults[piece.text] if piece.kind == "setting" else piece.text for piece in text)


def asked_for(text: Text, target: Target) -> bool:
    required = {item.name for item in target.settings if item.default is None}
    return any(piece.kind == "setting" and piece.text in required for piece in text)


def assert_same(service: Service, workload: Workload, view: dict[str, Any], target: Target) -> int:
    """Hold what the container gets against Compose's words; return how many variables were compared."""
    compared = 0
    for variable in workload.environment:
        wanted = plain(variable.value, target)
        entry = service.env(variable.name)
        if wanted is None or entry is None:
            continue
        assert view["env"][variable.name] == wanted, variable.name
        renamed = any(name in (entry.value or "") for name in service_names(target))
        if not asked_for(variable.value, target) and not renamed:
            assert wanted == (entry.value or ""), variable.name
            compared += 1
    for words, rendered in ((workload.command, view["command"]), (workload.args, view["args"])):
        expected = [plain(word, target) for word in words or ()]
        assert [word for word, want in zip(rendered, expected, strict=True) if want is not None] == [
            want for want in expected if want is not None
        ]
    return compared


def service_names(target: Target) -> set[str]:
    return {item.service for item in target.workloads if item.service != item.name}


@pytest.mark.parametrize("name", corpus_projects() or ["missing"])
def test_charts_of_real_projects_hold_what_compose_says(
    corpus: Path, tmp_path: Path, name: str, require_tool: Callable[[str], str]
) -> None:
    project = read_project(copy_corpus_project(corpus, name, tmp_path))
    target = make_target(project, ())
    if not target.chart_folder or not target.workloads:
        assert not target.workloads or project.infrastructure or project.configuration.compute == "ecs"
        return
    chart = support.write_chart(target, tmp_path / "out")
    manifests = support.template(require_tool("helm"), chart, "--values", "values-production.yaml")
    support.kubeconform(require_tool("kubeconform"), manifests, "1.36.0")
    views = {label: support.container_view(pod, {}) for label, pod in support.pods(support.objects(manifests))}
    stack = project.main_stack
    assert stack is not None
    for workload in target.workloads:
        service = stack.service(workload.service)
        assert service is not None
        assert_same(service, workload, views[workload.name], target)
        assert views[workload.name]["user"] == workload.security.user
        assert views[workload.name]["workingDir"] == workload.working_dir
    shutil.rmtree(tmp_path / "out")


def test_something_is_compared(example: Callable[[str], Path], tmp_path: Path, require_tool: Callable[[str], str]) -> None:
    project = read_project(example("propertypro"))
    target = make_target(project, ())
    found = support.objects(support.template(require_tool("helm"), support.write_chart(target, tmp_path / "out")))
    views = {label: support.container_view(pod, {}) for label, pod in support.pods(found)}
    stack = project.main_stack
    assert stack is not None
    services = {service.name: service for service in stack.services}
    counts = {item.name: assert_same(services[item.service], item, views[item.name], target) for item in target.workloads}
    assert counts == {"api": 18, "chromadb": 0, "frontend": 0, "scheduler": 4, "worker": 8}
