"""The typed facts of services, each with the place at which it was written."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scaffold.model.compose import Service
from scaffold.model.document import Location, find
from scaffold.read.compose import LoadedStack, load_stack
from scaffold.read.yaml import parse_documents

Load = Callable[..., LoadedStack]

WEB = """\
services:
  web:
    image: registry.example.org:5000/team/web:${TAG:-1.2}@sha256:abc
    build:
      context: ./src
      dockerfile: docker/Dockerfile
      target: prod
      args: {A: 1, B: }
    command: gunicorn 'my app' --bind "0.0.0.0:8000"
    entrypoint: [/entry, -x]
    user: 1000:1000
    restart: no
    container_name: the-web
    hostname: web-host
    environment:
      PLAIN: text
      NUMBER: 010
      FROM: ${OUTER:-there}
      BARE:
    env_file:
      - path: common.env
        required: false
      - web.env
    ports:
      - "127.0.0.1:8080:80"
      - "443"
      - target: 9000
        published: 9001
        protocol: udp
      - "${HIDDEN}:${HIDDEN}"
    expose: [3000, "3001"]
    volumes:
      - ./config:/etc/app:ro
      - data:/data
      - /cache
      - type: tmpfs
        target: /run
    tmpfs: /tmp:size=1m
    depends_on:
      db: {condition: service_healthy}
      queue: {condition: service_started, required: false}
    healthcheck:
      test: ["CMD", "curl", "-f", "http://localhost"]
      interval: 10s
      retries: 3
    profiles: [full]
    networks:
      front: {aliases: [www]}
      back:
  db:
    image: postgres
    depends_on: [web]
    network_mode: host
networks: {front: {}, back: {internal: true}, outer: {external: true, name: shared}}
volumes: {data: {external: true}}
"""


@pytest.fixture
def web(load: Load) -> Service:
    files = {
        "app/compose.yaml": WEB,
        "app/common.env": "PLAIN=from file\nCOMMON=1\n",
        "app/web.env": "COMMON=2\nWITH=${COMMON}${OUTER}\n",
    }
    stack = load(files, directory="app", variables={"OUTER": "outside"})
    assert stack.problems == ()
    return next(service for service in stack.services if service.name == "web")


def place(location: Location | None) -> tuple[str, int, int]:
    assert location is not None
    return location.path, location.line, location.column


def test_image_build_and_process(web: Service) -> None:
    assert web.image is not None
    assert (web.image.registry, web.image.repository, web.image.tag) == ("registry.example.org:5000", "team/web", "1.2")
    assert [reference.name for reference in web.image_references] == ["TAG"]
    assert place(web.image_location) == ("app/compose.yaml", 3, 12)
    assert web.build is not None
    assert (web.build.context, web.build.dockerfile, web.build.target) == ("app/src", "app/src/docker/Dockerfile", "prod")
    assert web.build.args == (("A", "1"), ("B", ""))
    assert place(web.build.dockerfile_location) == ("app/compose.yaml", 6, 19)
    assert web.command == ("gunicorn", "my app", "--bind", "0.0.0.0:8000")
    assert web.entrypoint == ("/entry", "-x")
    assert (web.user, web.restart, web.container_name) == ("1000:1000", "no", "the-web")
    assert web.names == ("web", "the-web", "web-host", "www")
    assert place(web.location) == ("app/compose.yaml", 2, 3)


def test_environment_knows_where_each_value_comes_from(web: Service) -> None:
    values = {entry.name: (entry.value, entry.source, entry.location.line) for entry in web.environment}
    assert values == {
        "BARE": (None, "environment", 19),
        "COMMON": ("2", "app/web.env", 1),
        "FROM": ("outside", "environment", 18),
        "NUMBER": ("8", "environment", 17),
        "PLAIN": ("text", "environment", 16),
        "WITH": ("2outside", "app/web.env", 2),
    }
    fetched = web.env("FROM")
    assert fetched is not None
    assert (fetched.raw, fetched.references[0].argument) == ("${OUTER:-there}", "there")
    assert [path for path, _ in web.env_files] == ["app/common.env", "app/web.env"]


def test_ports_and_the_one_that_a_variable_hides(web: Service) -> None:
    assert [(p.host_ip, p.published, p.target, p.protocol, p.location.line) for p in web.ports] == [
        ("127.0.0.1", 8080, 80, "tcp", 25),
        ("", None, 443, "tcp", 26),
        ("", 9001, 9000, "udp", 27),
        ("", None, None, "tcp", 30),
    ]
    assert web.ports[3].raw == "${HIDDEN}:${HIDDEN}"
    assert web.expose == (3000, 3001)


def test_mounts(web: Service) -> None:
    assert [(m.kind, m.source, m.target, m.read_only, m.resolved) for m in web.mounts] == [
        ("bind", "./config", "/etc/app", True, "app/config"),
        ("volume", "data", "/data", False, None),
        ("volume", "", "/cache", False, None),
        ("tmpfs", "", "/run", False, None),
        ("tmpfs", "", "/tmp", False, None),
    ]


@pytest.mark.parametrize("source", ["./config", "${DIR:-./config}", "${DIR}", "${DIR:?}"])
def test_a_mount_is_read_only_whatever_names_its_folder(source: str, load: Load) -> None:
    loaded = load(f"services:\n  web: {{image: nginx, volumes: ['{source}:/a:ro', '{source}:/b', '{source}:/c:rw']}}\n")
    assert [mount.read_only for mount in loaded.services[0].mounts] == [True, False, False]


def test_dependencies_health_profiles_networks(web: Service, load: Load) -> None:
    assert [(d.service, d.condition, d.required, d.short_form, d.location.line) for d in web.depends_on] == [
        ("db", "service_healthy", True, False, 40),
        ("queue", "service_started", False, False, 41),
    ]
    assert web.healthcheck is not None
    assert web.healthcheck.command == "curl -f http://localhost"
    assert (web.healthcheck.interval, web.healthcheck.retries, web.healthcheck.disabled) == ("10s", "3", False)
    assert place(web.healthcheck.test_location) == ("app/compose.yaml", 43, 13)
    assert (web.profiles, web.networks) == (("full",), ("front", "back"))
    assert web.profiles_location is not None
    db = load(WEB).services[0]
    assert (db.network_mode, db.depends_on[0].short_form, db.depends_on[0].condition) == ("host", True, "service_started")


def test_networks_and_volumes_of_the_top_level(load: Load) -> None:
    stack = load(WEB)
    assert [(n.name, n.external, n.internal, n.real_name) for n in stack.networks] == [
        ("back", False, True, ""),
        ("front", False, False, ""),
        ("outer", True, False, "shared"),
    ]
    assert [(v.name, v.external) for v in stack.volumes] == [("data", True)]


@pytest.mark.parametrize(
    ("healthcheck", "test", "disabled"),
    [
        ("{test: curl localhost}", ("CMD-SHELL", "curl localhost"), False),
        ("{test: [NONE]}", ("NONE",), True),
        ("{disable: true}", (), True),
        ("{interval: 1m}", (), False),
    ],
)
def test_forms_of_a_healthcheck(load: Load, healthcheck: str, test: tuple[str, ...], disabled: bool) -> None:
    found = load(f"services: {{a: {{image: a, healthcheck: {healthcheck}}}}}").services[0].healthcheck
    assert found is not None
    assert (found.test, found.disabled) == (test, disabled)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("80", [("", None, 80, "tcp")]),
        ("8080:80", [("", 8080, 80, "tcp")]),
        ("8000-8001:80-81", [("", 8000, 80, "tcp"), ("", 8001, 81, "tcp")]),
        ("8000-8010:80", [("", 8000, 80, "tcp")]),
        ("127.0.0.1::80", [("127.0.0.1", None, 80, "tcp")]),
        ("[::1]:80:80", [("::1", 80, 80, "tcp")]),
        ("::1:80:80", [("::1", 80, 80, "tcp")]),
        ("53:53/udp", [("", 53, 53, "udp")]),
        ("0.0.0.0:53:53/UDP", [("0.0.0.0", 53, 53, "udp")]),
    ],
)
def test_short_ports(load: Load, spec: str, expected: list[tuple[str, int | None, int, str]]) -> None:
    stack = load(f"services: {{a: {{image: a, ports: ['{spec}']}}}}")
    assert [(p.host_ip, p.published, p.target, p.protocol) for p in stack.services[0].ports] == expected
    assert stack.problems == ()


@pytest.mark.parametrize("spec", ["x", "80:", "1-3:80-81", "host:80:80", "80/smtp", "70000", "80:80:80:80:z", ":", "-1"])
def test_a_port_that_docker_refuses_is_a_problem_with_its_place(load: Load, spec: str) -> None:
    stack = load(f"services:\n  a:\n    image: a\n    ports:\n      - '{spec}'\n")
    assert [(p.location.line, p.location.column) for p in stack.problems] == [(5, 9)]


@pytest.mark.parametrize(
    ("context", "resolved", "remote"),
    [
        (".", "", False),
        ("./x/../y", "y", False),
        ("../up", None, False),
        ("/abs", None, False),
        ("https://github.com/team/app.git", None, True),
        ("git@github.com:team/app.git", None, True),
    ],
)
def test_build_contexts(load: Load, context: str, resolved: str | None, remote: bool) -> None:
    build = load(f"services: {{a: {{build: '{context}'}}}}").services[0].build
    assert build is not None
    assert (build.context, build.remote) == (resolved, remote)
    assert build.dockerfile == (None if resolved is None else f"{resolved}/Dockerfile".lstrip("/"))


def test_every_location_finds_its_node_in_its_document(web: Service) -> None:
    documents, _ = parse_documents("app/compose.yaml", WEB)
    locations = [
        web.location,
        web.image_location,
        web.command_location,
        web.profiles_location,
        *(port.location for port in web.ports),
        *(mount.location for mount in web.mounts),
        *(dependency.location for dependency in web.depends_on),
        *(entry.location for entry in web.environment if entry.source == "environment"),
    ]
    for location in locations:
        assert location is not None
        assert find(documents[0].root, *location.route) is not None, location


# --- properties -------------------------------------------------------------------------------------------------------

_VALUES = st.recursive(
    st.sampled_from(["a", "80:80", "${X}", "${", "", "./x:/y", "A=1", None, True, 0, 1.5, "../..", "service:web", "x" * 300]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "target", "test", "condition"]), inner, max_size=3)
    ),
    max_leaves=6,
)
_KEYS = st.sampled_from(
    [
        "image",
        "build",
        "command",
        "ports",
        "volumes",
        "environment",
        "env_file",
        "depends_on",
        "networks",
        "healthcheck",
        "deploy",
        "extends",
        "profiles",
        "secrets",
        "configs",
        "ulimits",
        "logging",
        "tmpfs",
        "labels",
        "dns",
        "expose",
        "entrypoint",
        "links",
        "network_mode",
        "develop",
        "gpus",
        "devices",
        "pre_start",
        "x-any",
        "unknown",
    ]
)
_SERVICES = st.dictionaries(
    st.sampled_from(["web", "db", "q"]), st.none() | st.dictionaries(_KEYS, _VALUES, max_size=4), max_size=3
)


class _Texts:
    def __init__(self, files: dict[str, str]) -> None:
        self.files = files

    def text(self, path: str) -> str | None:
        return self.files.get(path)


def _dump(data: object) -> str:
    import yaml

    return str(yaml.safe_dump(data, sort_keys=False))


@given(_SERVICES, _SERVICES, st.dictionaries(st.sampled_from(["include", "networks", "volumes", "name"]), _VALUES, max_size=3))
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_no_model_however_wrong_raises(first: object, second: object, rest: dict[str, object]) -> None:
    files = {"a.yaml": _dump({"services": first, **rest}), "b.yaml": _dump({**rest, "services": second})}
    stack = load_stack(_Texts(files), ("a.yaml", "b.yaml"), directory="")
    for problem in stack.problems:
        text = files.get(problem.location.path, "")
        assert problem.location.line <= text.count("\n") + 1


@given(_SERVICES, st.randoms(use_true_random=False))
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_the_order_of_services_changes_nothing(services: dict[str, object], random: object) -> None:
    names = list(services)
    random.shuffle(names)  # type: ignore[attr-defined]
    one = load_stack(_Texts({"a.yaml": _dump({"services": services})}), ("a.yaml",), directory="")
    other = load_stack(
        _Texts({"a.yaml": _dump({"services": {name: services[name] for name in names}})}), ("a.yaml",), directory=""
    )
    assert [_facts(service) for service in one.services] == [_facts(service) for service in other.services]
    assert sorted(p.message for p in one.problems) == sorted(p.message for p in other.problems)


def _facts(service: Service) -> tuple[object, ...]:
    return (
        service.name,
        str(service.image),
        service.command,
        [(entry.name, entry.value) for entry in service.environment],
        [(port.target, port.published) for port in service.ports],
        [mount.target for mount in service.mounts],
        service.networks,
    )
