"""The hardening overlay: Compose takes it, it only adds, it repeats nothing, and what must keep its rights keeps them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from scaffold.errors import NothingToReadError
from scaffold.gaps.judge import judge
from scaffold.generate.overlays import render
from scaffold.model.hardening import HardeningPlan, ServiceHardening
from scaffold.plan.hardening import plan_hardening
from scaffold.plan.target import make_target
from scaffold.read.project import read_project
from tests.generate.monitoring.conftest import load
from tests.projects import EXAMPLES, copy_corpus_project, corpus_projects

Tool = Callable[[str], str]
ADDS_TO_LISTS = {"cap_add", "cap_drop", "security_opt", "tmpfs"}


def harden(root: Path) -> tuple[tuple[str, ...], HardeningPlan, str] | None:
    """Write the overlay of a project; return the base set, the plan and the overlay's path."""
    target = make_target(read_project(root), ())
    if target.hardening is None:
        return None
    (artifact,) = render(target).artifacts
    assert not (root / artifact.path).exists()
    (root / artifact.path).write_text(artifact.text, encoding="utf-8")
    return target.base_set, target.hardening, artifact.path


def assert_only_adds(before: Any, after: Any, route: tuple[str, ...] = ()) -> None:
    """Whatever the base says is still there: mappings and some lists may get more, nothing changes and nothing goes."""
    if isinstance(before, Mapping):
        assert isinstance(after, Mapping), route
        for key, value in before.items():
            assert key in after, (*route, key)
            assert_only_adds(value, after[key], (*route, str(key)))
    elif isinstance(before, list) and route[-1] in ADDS_TO_LISTS:
        assert set(before) <= set(after), route
    else:
        assert before == after, route


def assert_merges(loader: str, root: Path, base: tuple[str, ...], overlay: str, profiles: tuple[str, ...]) -> None:
    before, broken = load(loader, root, base, profiles)
    if broken:
        return
    after, error = load(loader, root, (*base, overlay), profiles)
    assert not error
    assert set(before["services"]) == set(after["services"])
    assert_only_adds(before, after)


@pytest.mark.parametrize("name", EXAMPLES)
def test_compose_takes_the_examples(name: str, example: Callable[[str], Path], require_tool: Tool) -> None:
    root = example(name)
    made = harden(root)
    assert made is not None
    base, plan, overlay = made
    loader = require_tool("compose-go-config")
    assert_merges(loader, root, base, overlay, ("*",))
    project, _ = load(loader, root, (*base, overlay), ("*",))
    for item in plan.services:
        service = project["services"][item.service]
        assert service["logging"]["options"]["max-size"] == "10m"
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert int(service["deploy"]["resources"]["limits"]["memory"]) >= 512 * 1024**2
    redis = project["services"]["redis"]
    assert redis["cap_drop"] == ["ALL"]
    assert set(redis["cap_add"]) == {"CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETPCAP", "SETUID"}
    assert "e2e" not in {item.service for item in plan.services}


@pytest.mark.parametrize("name", corpus_projects())
def test_real_projects(name: str, corpus: Path, tmp_path: Path, require_tool: Tool) -> None:
    root = copy_corpus_project(corpus, name, tmp_path)
    try:
        made = harden(root)
    except NothingToReadError:
        return
    if made is None:
        return
    base, _, overlay = made
    assert_merges(require_tool("compose-go-config"), root, base, overlay, ("*",))


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_the_base_has_is_not_repeated(name: str, example: Callable[[str], Path]) -> None:
    root = example(name)
    made = harden(root)
    assert made is not None
    base, _, overlay = made
    assert plan_hardening(read_project(root, production_set=(*base, overlay))) is None


@pytest.fixture
def planned(make_project: Callable[..., Path]) -> Callable[..., ServiceHardening]:
    """Return a function that plans a stack of one service, `it`, written as YAML, and gives what it gets."""

    def plan(service: str, files: Mapping[str, str] | None = None, extra: str = "") -> ServiceHardening:
        services = {"it": yaml.safe_load(service), **(yaml.safe_load(extra) or {})}
        secrets = {"a": {"environment": "A"}}
        compose = yaml.safe_dump({"services": services, "volumes": {"data": {}}, "secrets": secrets})
        root = make_project({"compose.yaml": compose, **(files or {})})
        made = plan_hardening(read_project(root))
        found = [item for item in made.services if item.service == "it"] if made else []
        return found[0] if found else ServiceHardening("it")

    return plan


Plan = Callable[..., ServiceHardening]


@pytest.mark.parametrize(
    ("service", "limit"),
    [
        ("{image: 'postgres:16'}", "2048M"),
        ("{image: 'postgres:16', command: postgres -c shared_buffers=2GB}", "6144M"),
        ("{image: 'postgres:16', shm_size: 2gb}", "4096M"),
        ("{image: 'redis:7', command: redis-server --maxmemory 4gb}", "8448M"),
        ("{image: 'mysql:8.4', command: --innodb-buffer-pool-size=4G}", "6656M"),
        ("{image: 'elasticsearch:8.15.0', environment: {ES_JAVA_OPTS: -Xms6g -Xmx6g}}", "9472M"),
        ("{image: 'postgres:16', deploy: {resources: {reservations: {memory: 3G}}}}", "6144M"),
        ("{image: 'postgres:16', deploy: {resources: {limits: {memory: 300M}}}}", ""),
        ("{image: 'postgres:16', mem_limit: 300m}", ""),
    ],
)
def test_the_limit_leaves_room_for_what_the_service_is_told_to_use(planned: Plan, service: str, limit: str) -> None:
    assert planned(service).memory == limit


NODE = {
    "Dockerfile": "FROM node:24-slim\nUSER node\nCMD node server.js\n",
    "package.json": '{"dependencies": {"express": "5"}}',
}


def test_node_gets_room_for_its_heap_and_a_process_that_passes_signals_on(planned: Plan) -> None:
    made = planned("{build: ., ports: ['3000:3000'], environment: {NODE_OPTIONS: --max-old-space-size=4096}}", NODE)
    assert made.memory == "5376M"
    assert made.init
    assert (made.drop_capabilities, made.keep_capabilities) == (True, ())


def test_an_init_that_the_image_has_is_not_doubled(planned: Plan) -> None:
    text = 'FROM node:24-slim\nRUN apt-get install -y tini\nENTRYPOINT ["tini", "--"]\nCMD node server.js\n'
    assert not planned("{build: ., ports: ['3000:3000']}", {**NODE, "Dockerfile": text}).init


JAVA = {"Dockerfile": "FROM eclipse-temurin:21-jre\nCOPY app.jar .\nEXPOSE 8080\nCMD java -jar app.jar\n"}


def test_a_jvm_takes_its_heap_from_the_limit_unless_it_is_told_another(planned: Plan) -> None:
    made = planned("{build: ., ports: ['8080:8080']}", JAVA)
    assert (made.memory, made.environment) == ("4096M", (("JAVA_TOOL_OPTIONS", "-XX:MaxRAMPercentage=75.0"),))
    told = planned("{build: ., ports: ['8080:8080'], environment: {JAVA_OPTS: -Xmx6g}}", JAVA)
    assert (told.memory, told.environment) == ("9472M", ())


def test_no_cpu_limit_is_above_one(planned: Plan) -> None:
    """Docker refuses to start a container with more CPUs than the host has."""
    for image in ("postgres:16", "redis:7", "nginx:1.28", "rabbitmq:4", "grafana/grafana:13.2.3"):
        made = planned(f"{{image: '{image}'}}")
        assert made.cpus == ""
        assert made.cpu_shares >= 512
    assert planned("{image: 'postgres:16', cpus: 2}").cpu_shares == 0


def test_a_model_gets_no_limit_and_the_reason_is_said(planned: Plan) -> None:
    made = planned("{image: 'ollama/ollama:0.12.0'}")
    assert made.memory == ""
    assert any("models" in reason for reason in made.reasons)


@pytest.mark.parametrize(
    ("service", "kept"),
    [
        (
            "{image: 'postgres:16', volumes: ['data:/var/lib/postgresql/data']}",
            {"CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"},
        ),
        ("{image: 'docker.io/library/mysql:8.4'}", {"CHOWN", "DAC_OVERRIDE", "SETGID", "SETUID"}),
        ("{image: 'nginx:1.28-alpine'}", {"CHOWN", "DAC_OVERRIDE", "KILL", "NET_BIND_SERVICE", "SETGID", "SETUID"}),
        ("{image: 'caddy:2'}", {"DAC_OVERRIDE", "NET_BIND_SERVICE"}),
        # The program file of Caddy carries a capability: without it in the set the kernel refuses to run it for anybody.
        ("{image: 'caddy:2', user: '1000'}", {"NET_BIND_SERVICE"}),
        ("{image: 'postgres:16', user: '999:999'}", set()),
    ],
)
def test_images_that_start_as_root_keep_what_their_entrypoint_needs(planned: Plan, service: str, kept: set[str]) -> None:
    made = planned(service)
    assert made.drop_capabilities
    assert set(made.keep_capabilities) == kept


@pytest.mark.parametrize(
    "service",
    [
        "{image: 'ghcr.io/somebody/something:1'}",
        "{image: 'clickhouse/clickhouse-server:25.8'}",
        "{image: 'postgres:16', cap_drop: [NET_RAW]}",
    ],
)
def test_capabilities_stay_where_nothing_is_known_or_something_was_chosen(planned: Plan, service: str) -> None:
    assert not planned(service).drop_capabilities


@pytest.mark.parametrize(
    "extra", ["privileged: true", "network_mode: host", "pid: host", "devices: ['/dev/fuse']", "command: sudo run"]
)
def test_what_works_on_the_host_keeps_its_rights(planned: Plan, extra: str) -> None:
    made = planned(f"{{image: 'postgres:16', {extra}}}")
    assert (made.no_new_privileges, made.drop_capabilities, made.read_only) == (False, False, False)


def test_an_image_with_sudo_keeps_its_rights(planned: Plan) -> None:
    text = "FROM python:3.13-slim\nRUN apt-get install -y sudo\nUSER app\nCMD uvicorn app:app\n"
    assert not planned("{build: .}", {"Dockerfile": text}).no_new_privileges


@pytest.mark.parametrize(
    ("service", "read_only"),
    [
        ("{image: 'redis:8', volumes: ['data:/data']}", True),
        ("{image: 'redis:8'}", False),
        ("{image: 'redis:8', volumes: ['data:/data'], command: redis-server /etc/redis.conf}", False),
        ("{image: 'redis:8', volumes: ['data:/data'], command: sh -c 'echo x > /x; redis-server'}", False),
        ("{image: 'redis:8', volumes: ['data:/data'], secrets: [a]}", False),
        ("{image: 'postgres:16', volumes: ['data:/var/lib/postgresql/data']}", True),
        (
            "{image: 'postgres:16', volumes: ['data:/var/lib/postgresql/data'], command: postgres -c logging_collector=on}",
            False,
        ),
        ("{image: 'rabbitmq:4', volumes: ['data:/var/lib/rabbitmq']}", False),
    ],
)
def test_the_root_is_read_only_only_where_the_image_bears_it(planned: Plan, service: str, read_only: bool) -> None:
    assert planned(service).read_only is read_only


@pytest.mark.parametrize(
    ("service", "restart"),
    [
        ("{image: 'postgres:16'}", "unless-stopped"),
        ("{image: 'postgres:16', restart: always}", ""),
        ("{image: 'postgres:16', restart: 'no'}", ""),
        ("{image: 'postgres:16', deploy: {restart_policy: {condition: on-failure}}}", ""),
        ("{image: 'busybox', command: chown -R 1000 /data}", ""),
        ("{image: 'flyway/flyway:11', command: migrate}", ""),
    ],
)
def test_only_what_runs_for_ever_is_started_again(planned: Plan, service: str, restart: str) -> None:
    assert planned(service).restart == restart


def test_a_job_that_others_wait_for_gets_no_restart_and_no_limit(planned: Plan) -> None:
    waiting = "{api: {image: 'nginx:1.28', depends_on: {it: {condition: service_completed_successfully}}}}"
    made = planned("{image: 'ghcr.io/somebody/server:1', command: uvicorn app:app}", extra=waiting)
    assert (made.restart, made.memory, made.rotation) == ("", "", True)


@pytest.mark.parametrize(
    ("logging", "rotates"),
    [
        ("{}", True),
        ("{driver: json-file}", True),
        ("{driver: local}", False),
        ("{driver: awslogs}", False),
        ("{options: {max-size: 1m}}", False),
    ],
)
def test_only_logs_without_a_limit_are_rotated(planned: Plan, logging: str, rotates: bool) -> None:
    assert planned(f"{{image: 'postgres:16', logging: {logging}}}").rotation is rotates


def test_a_service_whose_image_a_variable_names_is_looked_at_too(planned: Plan) -> None:
    made = planned("{image: '${SHOP_IMAGE:?}', ports: ['80:80']}")
    assert (made.rotation, made.no_new_privileges, made.drop_capabilities) == (True, True, False)


@pytest.mark.parametrize("image", ["adminer:5", "mcr.microsoft.com/playwright:v1.55.0", "localstack/localstack:4"])
def test_tools_are_left_alone(planned: Plan, image: str) -> None:
    assert not planned(f"{{image: '{image}'}}").changes


STACK = """\
version: "3.8"
services:
  web: {image: "nginx:1.30", ports: ["80:80"], deploy: {replicas: 2}}
  db: {image: "postgres:17", environment: {POSTGRES_PASSWORD: "${PASSWORD}"}, volumes: ["rows:/var/lib/postgresql/data"]}
volumes: {rows: }
"""


def test_a_swarm_takes_its_overlay_whole(make_project: Callable[..., Path], require_tool: Tool) -> None:
    """docker/cli ends at another `version` and at `cpu_shares`, and leaves out `restart` and `security_opt`."""
    root = make_project({"docker-stack.yml": STACK, "deploy.sh": "docker stack deploy -c docker-stack.yml shop\n"}, name="shop")
    hardened = harden(root)
    assert hardened is not None
    _, plan, overlay = hardened
    assert plan.swarm
    written = yaml.safe_load((root / overlay).read_text())
    assert written["version"] == "3.8"
    assert not {"restart", "security_opt", "cpu_shares", "read_only", "tmpfs"} & {
        key for service in written["services"].values() for key in service
    }
    command = [require_tool("docker"), "stack", "config", "-c", "docker-stack.yml", "-c", overlay]
    merged = subprocess.run(
        command, cwd=root, env={**os.environ, "PASSWORD": "x"}, capture_output=True, text=True, check=True
    ).stdout
    services = yaml.safe_load(merged)["services"]
    assert services["web"]["cap_drop"] == ["ALL"]
    assert services["db"]["logging"]["options"] == {"max-size": "10m", "max-file": "3"}
    assert services["db"]["deploy"]["resources"]["limits"]["memory"]


def test_what_a_swarm_does_not_take_counts_as_missing(make_project: Callable[..., Path]) -> None:
    root = make_project({"docker-stack.yml": STACK, "deploy.sh": "docker stack deploy -c docker-stack.yml shop\n"}, name="shop")
    target = make_target(read_project(root), judge(read_project(root)).open)
    assert target.production_set == (
        "docker-stack.yml",
        "compose.hardening.yaml",
        "compose.monitoring.yaml",
        "compose.backup.yaml",
    )
    assert target.deployed_set == ("docker-stack.yml", "compose.hardening.yaml")
