"""Keys and kinds that the specification does not know are problems with their line; what it knows is read and printed."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

import pytest

from scaffold.read.compose import LoadedStack
from scaffold.read.compose.schema import specification
from scaffold.read.compose.shape import BUILD, SERVICE

Load = Callable[..., LoadedStack]


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("services:\n  a:\n    image: a\n    port: [80]\n", 4, 5, "services.a.port is not a key that Compose knows"),
        ("service:\n  a: {image: a}\n", 1, 1, "service is not a key that Compose knows"),
        ("services:\n  a:\n    image: [a]\n", 3, 12, "services.a.image must be text"),
        ("services:\n  a:\n    image: a\n    ports: 80\n", 4, 12, "services.a.ports must be a list"),
        (
            "services:\n  a:\n    image: a\n    depends_on:\n      b: {}\n",
            5,
            10,
            "services.a.depends_on.b lacks the key condition",
        ),
        ("services:\n  a:\n", 2, 5, "services.a must be a mapping"),
        ("services: [a]\n", 1, 11, "services must be a mapping"),
        ("services:\n  a:\n    image: a\n    cgroup: other\n", 4, 13, "services.a.cgroup must be one of host, private"),
        ("services:\n  a:\n    build:\n      contxt: .\n", 4, 7, "services.a.build.contxt is not a key that Compose knows"),
        ("services:\n  a: {image: a, environment: {A: [1]}}\n", 2, 34, "must be text, a number, true or false or nothing"),
    ],
)
def test_what_the_specification_does_not_know_is_a_problem(load: Load, text: str, line: int, column: int, message: str) -> None:
    problems = [(p.location.line, p.location.column, p.message) for p in load(text).problems]
    assert len(problems) == 1
    assert problems[0][:2] == (line, column)
    assert message in problems[0][2]


@pytest.mark.parametrize(
    "text",
    [
        "x-anything: [1]\nservices: {a: {image: a, x-own: {b: c}, build: {context: ., x-y: z}}}\nvolumes: {v: {x-z: 1}}",
        "version: '3.8'\nservices: {a: {image: a}}",
        "services: {a: {image: a, ports: [80, '81:81', {target: 82}], expose: [1, '2'], cpus: 0.5, mem_limit: 1g}}",
        "services: {a: {image: a, ports: ['${PORT}:80'], read_only: '${RO:-true}', scale: '${N}', cgroup: '${C}'}}",
        "services: {a: {image: a, pre_start: [{command: [m], per_replica: true}], use_api_socket: true}}",
        "models: {m: {model: x}}\nservices: {a: {image: a, models: [m], provider: {type: t, options: {a: b}}}}",
        "services: {a: {image: a, deploy: {resources: {limits: {cpus: '0.5', memory: 1g, pids: 1}}}}}\nnetworks: {n: }\nvolumes: {v: }",
    ],
)
def test_what_the_specification_knows_is_no_problem(load: Load, text: str) -> None:
    assert load(text).problems == ()


def properties(name: str) -> set[str]:
    """The keys of a definition, those of the definitions that it combines included."""
    schema = specification()["$defs"][name]
    found = set(schema.get("properties", {}))
    for part in schema.get("allOf", ()):
        found |= properties(part["$ref"].rpartition("/")[2])
    return found


def test_every_key_of_a_service_has_a_decoder() -> None:
    resolved_before_printing = {"env_file", "extends", "label_file"}
    assert properties("service") - set(SERVICE) - resolved_before_printing == set()


def test_every_key_of_a_build_is_printed(load: Load) -> None:
    from scaffold.model.document import find
    from scaffold.read.compose.decode import OMIT

    keys = set(specification()["$defs"]["workload_spec"]["properties"]["build"]["oneOf"][1]["properties"])
    values = {
        "args": "[A=1]",
        "ulimits": "{n: 1}",
        "extra_hosts": "['a:1.1.1.1']",
        "ssh": "[default]",
        "additional_contexts": "{a: b}",
        "labels": "{a: b}",
        "secrets": "[s]",
        "no_cache": "true",
        "pull": "true",
        "privileged": "true",
        "shm_size": "1g",
    }
    lists = {"cache_from", "cache_to", "no_cache_filter", "tags", "platforms", "entitlements"}
    for key in sorted(keys):
        value = values.get(key, "[x]" if key in lists else "x")
        node = find(load(f"services: {{a: {{build: {{context: c, {key}: {value}}}}}}}").node, "services", "a", "build")
        assert node is not None
        printed = BUILD(node)
        assert printed is not OMIT
        assert isinstance(printed, dict)
        assert key in printed


def test_thousands_of_services_take_time_in_proportion(load: Load) -> None:
    def seconds(count: int, attempt: int) -> float:
        rows = (
            f"  s{n}:\n    <<: *common\n    image: a{attempt}-{n}:${{TAG:-1}}\n    ports: ['{n}:80']\n    depends_on: [s{max(0, n - 1)}]\n"
            for n in range(count)
        )
        text = "x-c: &common {restart: always, environment: {A: 1}}\nservices:\n" + "".join(rows)
        # Else the collector walks through what other tests left.
        gc.collect()
        gc.freeze()
        start = time.process_time()
        stack = load(text)
        spent = time.process_time() - start
        gc.unfreeze()
        assert (len(stack.services), stack.problems) == (count, ())
        return spent

    # Of large numbers, for which no cache of small texts counts; the better of two, as other programs only ever add.
    few, many = (min(seconds(count, attempt) for attempt in (count, count + 1)) for count in (1000, 3000))
    assert many < 3 * few * 2.5
    assert many < 10
