"""The chart of the examples in the real programs: helm lint, helm template, kubeconform, checkov."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from scaffold.app.examination import Place
from scaffold.app.generation import plan_generation, write_generation
from scaffold.gaps.judge import judge
from scaffold.generate.helm.accepted import conditions, load
from scaffold.model.target import Target
from scaffold.plan.target import make_target
from scaffold.read.project import read_project
from tests.generate.helm import support
from tests.projects import EXAMPLES


def target_of(root: Path) -> Target:
    project = read_project(root)
    return make_target(project, judge(project).open)


EVERYTHING = """\
services:
  migrate:
    image: ghcr.io/acme/shop:1.4.2
    command: ["migrate", "--to", "$$(latest)"]
    environment: {DATABASE_URL: "postgresql://shop:${DB_PASSWORD:?}@db:5432/shop"}
    depends_on: {db: {condition: service_healthy}}
    restart: "no"
  web:
    image: ghcr.io/acme/shop:1.4.2
    ports: ["80:8080"]
    read_only: true
    user: "20000:20000"
    cpus: 0.5
    mem_limit: 512m
    tmpfs: /tmp
    networks: [front, back_net]
    environment:
      DATABASE_URL: postgresql://shop:${DB_PASSWORD:?}@db:5432/shop
      QUEUE: "amqp://shop:${QUEUE_PASSWORD}@queue:5672/"
      REGION: ${REGION}
      TEMPLATE: "{{ .Values.x }} {{ $$labels.y }} $$(HOME) $$$$"
    volumes: ["./conf/app.conf:/etc/app.conf:ro", "uploads:/srv/uploads"]
    secrets: [license]
    depends_on:
      migrate: {condition: service_completed_successfully}
      queue: {condition: service_healthy}
    healthcheck: {test: ["CMD", "check", "$$PORT", "{{ x }}"], start_period: 30s}
  agent: {image: "ghcr.io/acme/agent@sha256:1111111111111111111111111111111111111111111111111111111111111111", deploy: {mode: global}, networks: [back_net]}
  beat: {image: "ghcr.io/acme/shop:1.4.2", command: celery -A app beat, volumes: ["uploads:/srv/uploads"], networks: [back_net]}
  queue: {image: "rabbitmq:4.3", volumes: ["queue:/var/lib/rabbitmq"], networks: [back_net]}
  db: {image: "postgres:16", environment: {POSTGRES_USER: shop, POSTGRES_DB: shop, POSTGRES_PASSWORD: "${DB_PASSWORD:?}"}, networks: [back_net]}
volumes: {uploads: , queue: }
networks: {front: , back_net: {internal: true}}
secrets: {license: {file: ./license.key}}
"""

KEPT = """\
services:
  web: {image: "acme/web:1", user: "20000", volumes: ["uploads:/srv/uploads"]}
  series: {image: "timescale/timescaledb", environment: {POSTGRES_PASSWORD: "${DB_PASSWORD:?}"}, volumes: ["series:/var/lib/postgresql/data"]}
volumes: {uploads: , series: }
"""


@pytest.fixture
def everything(make_project: Callable[..., Path]) -> Target:
    return target_of(make_project({"compose.yaml": EVERYTHING, "conf/app.conf": "a = {{ b }}\n$c\n"}, name="shop"))


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_chart_of_an_example_passes(
    name: str, example: Callable[[str], Path], tmp_path: Path, require_tool: Callable[[str], str]
) -> None:
    target = target_of(example(name))
    chart = support.write_chart(target, tmp_path / "out")
    helm, conform = require_tool("helm"), require_tool("kubeconform")
    support.lint(helm, chart)
    for environment in target.environments:
        manifests = support.template(helm, chart, "--values", f"values-{environment.name}.yaml")
        support.kubeconform(conform, manifests, "1.36.0")


def test_every_kind_of_object_passes_on_every_supported_version(
    everything: Target, tmp_path: Path, require_tool: Callable[[str], str]
) -> None:
    chart = support.write_chart(everything, tmp_path / "out")
    helm, conform = require_tool("helm"), require_tool("kubeconform")
    support.lint(helm, chart)
    for version in support.VERSIONS:
        manifests = support.template(helm, chart, "--values", "values-production.yaml", version=version)
        support.kubeconform(conform, manifests, version)
    kinds = {item["kind"] for item in support.objects(manifests)}
    assert kinds >= {
        *("Deployment", "StatefulSet", "DaemonSet", "Job", "Service", "ConfigMap", "SecretStore", "ExternalSecret"),
        *("ServiceAccount", "NetworkPolicy", "Ingress", "PersistentVolumeClaim", "PersistentVolume", "Role", "RoleBinding"),
    }


def checkov(program: str, folder: Path) -> dict[str, Any]:
    argv = [
        program,
        "--directory",
        str(folder),
        "--framework",
        "kubernetes",
        "--skip-download",
        "--output",
        "json",
        "--compact",
    ]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=folder)
    return dict(json.loads(done.stdout))


def test_checkov_accepts_the_manifests_and_every_accepted_check_is_needed(
    everything: Target,
    example: Callable[[str], Path],
    make_project: Callable[..., Path],
    tmp_path: Path,
    require_tool: Callable[[str], str],
) -> None:
    helm, program = require_tool("helm"), require_tool("checkov")
    folder = tmp_path / "rendered"
    folder.mkdir()
    kept = target_of(make_project({"compose.yaml": KEPT}, name="kept"))
    for number, target in enumerate([everything, kept, *(target_of(example(name)) for name in EXAMPLES)]):
        chart = support.write_chart(target, tmp_path / f"chart-{number}")
        (folder / f"{number}.yaml").write_text(support.template(helm, chart, "--values", "values-production.yaml"))
    report = checkov(program, folder)
    failed = [(check["check_id"], check["resource"]) for check in report["results"]["failed_checks"]]
    assert failed == []
    assert report["summary"]["resource_count"] > 50
    # A skip comment on a check that passes is listed as skipped too, so each scope is proven without its comments.
    for path in folder.iterdir():
        path.write_text("".join(line for line in path.read_text().splitlines(True) if "checkov.io/skip" not in line))
    bare = {(check["check_id"], check["resource"]) for check in checkov(program, folder)["results"]["failed_checks"]}
    skipped = {(check["check_id"], check["resource"]) for check in report["results"]["skipped_checks"]}
    assert skipped == bare
    assert {check for check, _ in bare} == {check.id for check in load()}
    assert {check.scope for check in load()} == set(conditions())


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("infrastructure.region=", "terraform output -json helm_values"),
        ("infrastructure.stores.db.host=", "infrastructure.stores.db.host"),
        ("images.api.digest=", "images.api has neither digest nor tag"),
        ("ingress.domain=", "ingress.domain is empty"),
    ],
)
def test_a_missing_value_stops_the_installation_and_says_what_to_do(
    option: str, message: str, example: Callable[[str], Path], tmp_path: Path, require_tool: Callable[[str], str]
) -> None:
    chart = support.write_chart(target_of(example("propertypro")), tmp_path / "out")
    argv = [require_tool("helm"), "template", "x", ".", *support.stand_ins(), "--set-string", option]
    done = subprocess.run(argv, cwd=chart, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert message in done.stderr


def test_a_setting_without_a_default_is_asked_for(
    everything: Target, tmp_path: Path, require_tool: Callable[[str], str]
) -> None:
    chart = support.write_chart(everything, tmp_path / "out")
    argv = [require_tool("helm"), "template", "x", ".", "--values", "ci/values-infra.json", "--set", "ingress.domain=a.example"]
    done = subprocess.run(argv, cwd=chart, capture_output=True, text=True, check=False)
    assert "settings.REGION has no value" in done.stderr
    done = subprocess.run([*argv, "--set-string", "settings.REGION="], cwd=chart, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_scaling_is_coherent(everything: Target, example: Callable[[str], Path], tmp_path: Path, require_tool) -> None:
    for number, target in enumerate([everything, target_of(example("propertypro"))]):
        chart = support.write_chart(target, tmp_path / f"chart-{number}")
        found = support.objects(support.template(require_tool("helm"), chart, "--values", "values-production.yaml"))
        scaled = {item["spec"]["scaleTargetRef"]["name"]: item for item in found if item["kind"] == "HorizontalPodAutoscaler"}
        guarded = {item["metadata"]["name"] for item in found if item["kind"] == "PodDisruptionBudget"}
        for item in (item for item in found if item["kind"] == "Deployment"):
            name, spec = item["metadata"]["name"], item["spec"]
            assert ("replicas" in spec) != (name in scaled)
            least = scaled[name]["spec"]["minReplicas"] if name in scaled else spec["replicas"]
            assert (name in guarded) == (least >= 2)
            if spec["strategy"]["type"] == "Recreate":
                assert "rollingUpdate" not in spec["strategy"]
                assert spec["replicas"] == 1
            else:
                assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}


def test_no_chart_beside_one_of_the_users_and_none_for_ecs(make_project: Callable[..., Path]) -> None:
    compose = "services: {web: {image: 'acme/web:1', ports: ['80:80']}}\n"
    assert target_of(make_project({"compose.yaml": compose}, name="a")).chart_folder == "deploy/helm/a"
    ecs = make_project({"compose.yaml": compose, "scaffold.yaml": "compute: ecs\n"}, name="b")
    assert target_of(ecs).chart_folder == ""
    chart = {"compose.yaml": compose, "charts/web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n"}
    assert target_of(make_project(chart, name="c")).chart_folder == ""


def test_the_ingress_has_the_paths_of_the_example_s_own_proxy(
    example: Callable[[str], Path], tmp_path: Path, require_tool: Callable[[str], str]
) -> None:
    chart = support.write_chart(target_of(example("propertypro")), tmp_path / "out")
    manifests = support.template(require_tool("helm"), chart, "--values", "values-production.yaml")
    (ingress,) = [item for item in support.objects(manifests) if item["kind"] == "Ingress"]
    routes = [
        (rule["host"].partition(".")[0], path["path"], path["backend"]["service"]["name"])
        for rule in ingress["spec"]["rules"]
        for path in rule["http"]["paths"]
    ]
    domain = ingress["spec"]["rules"][0]["host"]
    assert [rule["host"] for rule in ingress["spec"]["rules"]] == [domain, domain, f"api.{domain}"]
    assert [(path, name) for _, path, name in routes] == [("/api", "api"), ("/", "frontend"), ("/", "api")]


def test_the_ingress_has_the_names_and_paths_of_traefik_s_labels(
    make_project: Callable[..., Path], require_tool: Callable[[str], str], tmp_path: Path
) -> None:
    labels = {
        "web": "Host(`shop.example`)",
        "api": "Host(`shop.example`) && Path(`/health`) || Host(`api.shop.example`)",
    }
    services = {
        name: {
            "image": f"acme/{name}:1",
            "labels": {
                f"traefik.http.routers.{name}.rule": rule,
                f"traefik.http.services.{name}.loadbalancer.server.port": "8080",
            },
        }
        for name, rule in labels.items()
    }
    project = make_project({"compose.yaml": yaml.safe_dump({"services": services})}, name="shop")
    chart = support.write_chart(target_of(project), tmp_path)
    found = support.objects(support.template(require_tool("helm"), chart, "--set", "ingress.domain=shop.test"))
    (ingress,) = [item for item in found if item["kind"] == "Ingress"]
    assert [
        (rule["host"], path["path"], path["pathType"], path["backend"]["service"]["name"])
        for rule in ingress["spec"]["rules"]
        for path in rule["http"]["paths"]
    ] == [
        ("shop.test", "/health", "Exact", "api"),
        ("shop.test", "/", "Prefix", "web"),
        ("api.shop.test", "/", "Prefix", "api"),
    ]


def test_the_load_balancer_takes_any_answer_but_an_error_where_no_path_is_known(
    make_project: Callable[..., Path], require_tool: Callable[[str], str], tmp_path: Path
) -> None:
    health = "healthcheck: {test: curl -f http://localhost:8080/ready}"
    compose = (
        f"services:\n  web: {{image: 'acme/web:1', ports: ['80:8080'], {health}}}\n"
        "  api: {image: 'acme/api:1', ports: ['81:8081']}\n  queue: {image: 'rabbitmq:4.3'}\n"
    )
    chart = support.write_chart(target_of(make_project({"compose.yaml": compose}, name="shop")), tmp_path)
    found = support.objects(support.template(require_tool("helm"), chart))
    given = {item["metadata"]["name"]: item["metadata"].get("annotations") for item in found if item["kind"] == "Service"}
    prefix = "alb.ingress.kubernetes.io"
    assert given == {
        "web": {f"{prefix}/healthcheck-path": "/ready", f"{prefix}/success-codes": "200-399"},
        "api": {f"{prefix}/success-codes": "200-499"},
        "queue": None,
    }


def test_a_pod_that_serves_drains_before_its_program_is_told_to_end(
    make_project: Callable[..., Path], require_tool: Callable[[str], str], tmp_path: Path
) -> None:
    compose = (
        "services:\n  web: {image: 'acme/web:1', ports: ['80:8080'], command: gunicorn app}\n"
        "  beat: {image: 'acme/web:1', command: celery -A app beat}\n  queue: {image: 'rabbitmq:4.3'}\n"
    )
    root = make_project({"compose.yaml": compose}, name="shop")
    chart = support.write_chart(target_of(root), tmp_path)
    pods = {
        item["metadata"]["name"]: item["spec"]["template"]["spec"]
        for item in support.objects(support.template(require_tool("helm"), chart))
        if item["kind"] in {"Deployment", "StatefulSet"}
    }
    (web,) = pods["web"]["containers"]
    assert web["lifecycle"] == {"preStop": {"sleep": {"seconds": 15}}}
    assert pods["web"]["terminationGracePeriodSeconds"] == 15 + 10  # Compose's own default comes after it
    for name in ("beat", "queue"):
        assert "lifecycle" not in pods[name]["containers"][0]
    plain = support.objects(support.template(require_tool("helm"), chart, "--set", "drainSeconds=0"))
    pod = next(item for item in plain if item["kind"] == "Deployment" and item["metadata"]["name"] == "web")
    assert "lifecycle" not in pod["spec"]["template"]["spec"]["containers"][0]


@pytest.mark.parametrize(("address", "is_said"), [("127.0.0.1:8000:8000", True), ("8000:8000", False)])
def test_what_only_a_proxy_of_the_host_reaches_is_told_with_what_takes_its_place(
    make_project: Callable[..., Path], require_tool: Callable[[str], str], address: str, *, is_said: bool
) -> None:
    compose = f"services: {{web: {{build: ., ports: ['{address}']}}}}\n"
    root = make_project({"compose.yaml": compose, "Dockerfile": "FROM python:3.14\nCOPY . .\n"}, name="shop")
    write_generation(plan_generation(Place(root), rooms=None, edit_codes=None))
    chart = root / "deploy/helm/shop"
    assert ("to programs of the host alone" in (chart / "README.md").read_text()) is is_said
    if is_said:
        told = {
            "workloads": {"web": {"ports": [{"name": "http", "port": 8000, "protocol": "TCP", "published": True}]}},
            "ingress": {
                "enabled": True,
                "domain": "a.example.com",
                "routes": [{"workload": "web", "port": 8000, "subdomain": ""}],
            },
        }
        (root / "told.yaml").write_text(yaml.safe_dump(told))
        files = [chart / "ci/values-infra.json", chart / "ci/values-release.json", root / "told.yaml"]
        command = [require_tool("helm"), "template", "shop", str(chart), *(f"--values={path}" for path in files)]
        made = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert "kind: Ingress" in made
        assert "published-web" in made
