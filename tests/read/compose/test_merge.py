"""Several files: what each key does when a later file names it too, and what `!reset` and `!override` take away."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scaffold.model.document import find
from scaffold.read.compose import LoadedStack
from scaffold.read.compose.values import Value, plain_value

Load = Callable[..., LoadedStack]


def merged(load: Load, base: str, override: str) -> dict[str, Value]:
    """The web service of two files whose web services have these keys."""
    files = {
        "compose.yaml": f"services: {{web: {{image: a, {base}}}}}",
        "over.yaml": f"services: {{web: {{{override}}}}}",
    }
    stack = load(files, "compose.yaml", "over.yaml")
    assert stack.problems == ()
    node = find(stack.node, "services", "web")
    assert node is not None
    value = plain_value(node)
    assert isinstance(value, dict)
    return value


RULES = [
    # replaced
    ("command: [a, b]", "command: [c]", "command", ["c"]),
    ("command: a b", "command: [c]", "command", ["c"]),
    ("entrypoint: a", "entrypoint: [b]", "entrypoint", ["b"]),
    (
        "healthcheck: {test: [CMD, a], retries: 1}",
        "healthcheck: {test: [CMD, b]}",
        "healthcheck",
        {"test": ["CMD", "b"], "retries": 1},
    ),
    ("restart: always", "restart: 'no'", "restart", "no"),
    # appended, each value once
    ("dns: 1.1.1.1", "dns: [8.8.8.8, 1.1.1.1]", "dns", ["1.1.1.1", "8.8.8.8"]),
    ("tmpfs: /a", "tmpfs: [/b]", "tmpfs", ["/a", "/b"]),
    ("security_opt: [a]", "security_opt: [b, a]", "security_opt", ["a", "b"]),
    ("expose: ['80']", "expose: ['81', '80']", "expose", ["80", "81"]),
    ("cap_drop: [ALL]", "cap_drop: [NET_RAW, ALL]", "cap_drop", ["ALL", "NET_RAW"]),
    ("profiles: [a]", "profiles: [b]", "profiles", ["a", "b"]),
    # by key, list and mapping mixed
    ("environment: {A: 1, B: x}", "environment: [B=y, C]", "environment", ["A=1", "B=y", "C"]),
    ("environment: [A=1]", "environment: {A: true, D: 1.0}", "environment", ["A=true", "D=1"]),
    ("labels: {a: b}", "labels: {a: c, d: ''}", "labels", ["a=c", "d="]),
    ("sysctls: [x=1]", "sysctls: {x: 2}", "sysctls", ["x=2"]),
    # mappings of names
    (
        "depends_on: [db]",
        "depends_on: {db: {condition: service_healthy}, q: {condition: service_started}}",
        "depends_on",
        {"db": {"condition": "service_healthy", "required": True}, "q": {"condition": "service_started", "required": True}},
    ),
    ("networks: [a]", "networks: {b: {aliases: [x]}}", "networks", {"a": None, "b": {"aliases": ["x"]}}),
    ("ulimits: {nofile: {soft: 1, hard: 2}}", "ulimits: {nofile: {hard: 3}}", "ulimits", {"nofile": {"soft": 1, "hard": 3}}),
    ("ulimits: {nofile: {soft: 1, hard: 2}}", "ulimits: {nofile: 9}", "ulimits", {"nofile": 9}),
    ("build: ./a", "build: {target: t}", "build", {"context": "./a", "target": "t"}),
    ("build: {context: a, args: {X: 1}}", "build: {args: [X=2, Y=3]}", "build", {"context": "a", "args": ["X=2", "Y=3"]}),
    (
        "logging: {driver: json-file, options: {max-size: 1m}}",
        "logging: {options: {max-file: '3'}}",
        "logging",
        {"driver": "json-file", "options": {"max-size": "1m", "max-file": "3"}},
    ),
    (
        "logging: {driver: json-file, options: {max-size: 1m}}",
        "logging: {driver: syslog}",
        "logging",
        {"driver": "syslog"},
    ),
    ("deploy: {replicas: 1, labels: {a: b}}", "deploy: {labels: [a=c]}", "deploy", {"replicas": 1, "labels": ["a=c"]}),
    # by target
    (
        "volumes: ['./a:/data', 'vol:/x']",
        "volumes: ['./b:/data:ro']",
        "volumes",
        [
            {"type": "bind", "source": "./b", "target": "/data", "read_only": True, "bind": {"create_host_path": True}},
            {"type": "volume", "source": "vol", "target": "/x", "volume": {}},
        ],
    ),
    (
        "secrets: [s]",
        "secrets: [{source: s, target: /run/secrets/s, mode: 0400}]",
        "secrets",
        [{"source": "s", "target": "/run/secrets/s", "mode": 0o400}],
    ),
    (
        "env_file: a.env",
        "env_file: [b.env, a.env]",
        "env_file",
        [{"path": "a.env", "required": True}, {"path": "b.env", "required": True}],
    ),
    # null leaves what stands
    ("working_dir: /a", "working_dir: ", "working_dir", "/a"),
]


@pytest.mark.parametrize(("base", "override", "key", "expected"), RULES, ids=[f"{row[2]}-{n}" for n, row in enumerate(RULES)])
def test_a_later_file_changes_a_key_as_the_specification_says(
    load: Load, base: str, override: str, key: str, expected: Value
) -> None:
    assert merged(load, base, override)[key] == expected


def test_ports_are_added_and_the_same_one_counts_once(load: Load) -> None:
    ports = merged(load, "ports: ['8080:80']", "ports: ['8080:80', '127.0.0.1:9000:90/udp']")["ports"]
    assert ports == [
        {"mode": "ingress", "target": 80, "published": "8080", "protocol": "tcp"},
        {"mode": "ingress", "host_ip": "127.0.0.1", "target": 90, "published": "9000", "protocol": "udp"},
    ]


def test_pools_of_a_network_merge_by_subnet(load: Load) -> None:
    files = {
        "compose.yaml": "services: {a: {image: b}}\nnetworks: {n: {ipam: {config: [{subnet: 10.0.0.0/8, gateway: 10.0.0.1}]}}}",
        "over.yaml": "networks: {n: {ipam: {config: [{subnet: 10.0.0.0/8, ip_range: 10.1.0.0/16}]}}}",
    }
    node = find(load(files, "compose.yaml", "over.yaml").node, "networks", "n", "ipam", "config")
    assert node is not None
    assert plain_value(node) == [{"subnet": "10.0.0.0/8", "gateway": "10.0.0.1", "ip_range": "10.1.0.0/16"}]


def test_reset_removes_and_override_replaces(load: Load) -> None:
    found = merged(
        load, "ports: ['1:1'], volumes: ['vol:/a'], environment: {A: 1}", "ports: !reset [], environment: !override {B: 2}"
    )
    assert "ports" not in found
    assert found["environment"] == {"B": 2}
    assert found["volumes"] == [{"type": "volume", "source": "vol", "target": "/a", "volume": {}}]


def test_reset_reaches_one_key_of_a_mapping(load: Load) -> None:
    found = merged(load, "environment: {A: 1, B: 2}, labels: {x: y}", "environment: {A: !reset null}")
    assert found["environment"] == ["B=2"]


def test_reset_through_an_anchor_counts_where_the_alias_stands(load: Load) -> None:
    files = {
        "compose.yaml": "services: {a: {image: i, ports: ['1:1']}, b: {image: i, ports: ['2:2']}}",
        "over.yaml": "x-none: &none {ports: !reset []}\nservices: {a: *none}",
    }
    stack = load(files, "compose.yaml", "over.yaml")
    assert {service.name: len(service.ports) for service in stack.services} == {"a": 0, "b": 1}


def test_kinds_that_do_not_merge_are_a_problem_at_the_later_place(load: Load) -> None:
    files = {"compose.yaml": "services: {web: {image: a, ports: [80]}}", "over.yaml": "services:\n  web:\n    ports: {a: b}\n"}
    stack = load(files, "compose.yaml", "over.yaml")
    assert [(p.location.path, p.location.line) for p in stack.problems] == [("over.yaml", 3)]
    assert [service.name for service in stack.services] == ["web"]


def test_merging_a_file_over_itself_changes_nothing(load: Load) -> None:
    text = """
    services:
      web:
        image: a
        command: [x]
        ports: ["80:80", "443"]
        environment: {A: 1}
        volumes: ["./a:/a", "vol:/v"]
        depends_on: [db]
        networks: [n]
      db: {image: b, tmpfs: /t}
    networks: {n: {}}
    volumes: {vol: }
    """
    once, twice = load({"compose.yaml": text}), load({"compose.yaml": text}, "compose.yaml", "compose.yaml")
    facts = [
        [(p.target, p.published) for p in s.ports] + [e.name for e in s.environment] + list(s.networks) for s in once.services
    ]
    again = [
        [(p.target, p.published) for p in s.ports] + [e.name for e in s.environment] + list(s.networks) for s in twice.services
    ]
    assert facts == again


def test_each_fact_keeps_the_file_that_said_it_last(load: Load) -> None:
    files = {
        "compose.yaml": "services:\n  web:\n    image: a:1\n    environment:\n      A: 1\n",
        "over.yaml": "services:\n  web:\n    image: a:2\n    environment:\n      B: 2\n",
    }
    web = load(files, "compose.yaml", "over.yaml").services[0]
    assert web.image_location is not None
    assert (web.image_location.path, web.image_location.line) == ("over.yaml", 3)
    assert {entry.name: entry.location.path for entry in web.environment} == {"A": "compose.yaml", "B": "over.yaml"}
    assert web.location.path == "compose.yaml"
