"""What the tables of real projects taught: each kind of evidence for sets and roles by itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.read.argument_lists import read_cargo_make, read_cloud_build
from scaffold.read.environments import class_of_files, class_of_word
from scaffold.read.project import read_project

BASE = "services: {web: {image: shop-web, ports: ['8080:8080']}}\n"
OVERLAY = "services: {web: {restart: always}}\n"
CARGO = '[tasks.up]\ncommand = "docker"\nargs = ["compose", "-f", "a.yml", "-f", "b c.yml", "up"]\n\n[tasks.lint]\ncommand = "cargo"\n'
CLOUD = "steps:\n  - id: e2e\n    name: docker/compose:1.29.2\n    args: ['-f', a.yml, up]\n  - {name: golang, entrypoint: ./test.sh}\n"


def sets(root: Path) -> dict[tuple[str, ...], str]:
    return {stack.files: stack.environment.value for stack in read_project(root).stacks}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("deploy.sh", 'FLAGS=1\nCOMPOSE_OPTIONS="-f compose.yaml -f compose.logs.yaml"\ndocker compose $COMPOSE_OPTIONS up\n'),
        ("release.sh", "docker stack deploy -c compose.yaml -c compose.logs.yaml shop\n"),
        (
            "Makefile.toml",
            '[tasks.up]\ncommand = "docker"\nargs = ["compose", "-f", "compose.yaml", "-f", "compose.logs.yaml"]\n',
        ),
        ("cloudbuild.yaml", "steps: [{name: docker/compose, args: [-f, compose.yaml, -f, compose.logs.yaml, up]}]\n"),
    ],
)
def test_a_set_is_found_where_its_files_are_named(make_project: Callable[..., Path], path: str, text: str) -> None:
    extra = "services: {web: {restart: always}, logs: {image: grafana/loki}}\n"
    root = make_project({"compose.yaml": BASE, "compose.logs.yaml": extra, path: text})

    assert ("compose.yaml", "compose.logs.yaml") in sets(root)


def test_an_overlay_named_alone_by_mistake_is_no_stack(make_project: Callable[..., Path]) -> None:
    guide = (
        "```\ndocker compose -f compose.prod.yaml up\n```\n\n```\ndocker compose -f compose.yaml -f compose.prod.yaml up\n```\n"
    )
    root = make_project({"compose.yaml": BASE, "compose.prod.yaml": OVERLAY, "README.md": guide})

    assert sets(root) == {("compose.yaml",): "base", ("compose.yaml", "compose.prod.yaml"): "production"}


def test_a_variant_of_the_override_is_a_set_of_its_own_beside_the_longer_one(make_project: Callable[..., Path]) -> None:
    names = ("compose.yaml", "compose.override.ci.yaml", "compose.speed.yaml")
    script = f"docker compose -f {names[0]} -f {names[1]} -f {names[2]} up\n"
    root = make_project({names[0]: BASE, names[1]: OVERLAY, names[2]: OVERLAY, "run.sh": script})

    assert names[:2] in sets(root)
    assert names in sets(root)


@pytest.mark.parametrize("folder", ["packages/e2e_tests", "load-tests", "smoke.test"])
def test_a_folder_of_tests_by_several_words_is_one(make_project: Callable[..., Path], folder: str) -> None:
    root = make_project({f"{folder}/compose.yaml": BASE, "docker/compose.yaml": BASE, "latest-release/compose.yaml": BASE})

    assert sets(root) == {
        (f"{folder}/compose.yaml",): "test",
        ("docker/compose.yaml",): "base",
        ("latest-release/compose.yaml",): "base",
    }


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        *(("deploy-staging", "staging"), ("deploy", "production"), ("deploy-test-prod", None), ("release_qa", "staging")),
        *(("self-hosted", "production"), ("self_host", "production"), ("self-hosted-dev", "dev"), ("myself-host", None)),
        *(("local-prod", "dev"), ("production_local", "dev"), ("deploy-local-prod", "dev"), ("local-products", "dev")),
    ],
)
def test_what_is_deployed_counts_for_more_than_that_it_is(word: str, expected: str | None) -> None:
    assert class_of_word(word) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *(("compose.selfhosted.yml", "production"), ("compose.self-hosted.yml", "production")),
        *(("selfhost.compose.yml", "production"), ("compose.selfhosted.dev.yml", "dev"), ("compose.dev.deploy.yml", "dev")),
    ],
)
def test_a_set_for_hosting_it_oneself_is_for_production_unless_it_says_what_else_it_is_for(name: str, expected: str) -> None:
    assert class_of_files((name,))[0] == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *(("compose.override.yml", "dev"), ("compose.override.https.yml", None), ("compose.override.ci.yml", "test")),
        *(("compose.local-prod.yml", "dev"), ("compose.prod.local.yml", "dev"), ("compose.prod.yml", "production")),
    ],
)
def test_only_the_override_itself_speaks_of_development(name: str, expected: str | None) -> None:
    assert class_of_files(("compose.yml", name))[0] == expected


def test_tasks_of_cargo_make_are_commands_at_their_lines() -> None:
    found = [(item.text, item.owner, item.location.line) for item in read_cargo_make("Makefile.toml", CARGO)]

    assert found == [("docker compose -f a.yml -f 'b c.yml' up", "up", 1), ("cargo", "lint", 5)]


def test_steps_of_cloud_build_are_commands() -> None:
    found = [(item.text, item.owner) for item in read_cloud_build("cloudbuild.yaml", CLOUD)]

    assert found == [("docker-compose -f a.yml up", "e2e"), ("./test.sh", "")]


@pytest.mark.parametrize(
    "text", ["", "tasks = 1", "[tasks]\na = 1", "x = ", "a = " + "[" * 5000, "[tasks.a]\ncommand = 1\nargs = 2"]
)
def test_a_broken_cargo_make_file_has_no_commands(text: str) -> None:
    assert read_cargo_make("Makefile.toml", text) == ()


@pytest.mark.parametrize("text", ["", "steps: 1", "steps: [1, [a]]", "- a", "steps: {a: b}", "a: [" * 3000])
def test_a_broken_cloud_build_file_has_no_commands(text: str) -> None:
    assert read_cloud_build("cloudbuild.yaml", text) == ()


@pytest.mark.parametrize(
    ("services", "expected"),
    [
        ("x: {image: alpine}, y: {image: a, depends_on: {x: {condition: service_completed_successfully}}}", "one-shot"),
        ("x: {image: 'postgres:16', command: [sh, -c, 'while true; do /scripts/save.sh; sleep 60; done']}", "scheduler"),
        ("x: {build: ., command: [sh, -c, 'while true; do ./prune; sleep 60; done']}", "scheduler"),
        ("x: {image: 'postgres:16', command: [sh, -c, 'while [ ! -f /ready ]; do sleep 1; done; exec postgres']}", "postgres"),
        ("x: {build: {context: ., dockerfile: nginx.dockerfile}}", "proxy"),
        ("x: {build: docker/pubsub-emulator, ports: ['8085:8085']}", "mock"),
        ("postgres: {build: {context: ., dockerfile: postgres-upgrade.dockerfile}}", "one-shot"),
        ("x: {build: ., environment: {POSTGRES_PASSWORD: a}, ports: ['5432:5432']}", "postgres"),
        (
            "x: {build: ., environment: {POSTGRES_PASSWORD: a}, volumes: ['data:/var/lib/postgresql/data']}, y: {build: .}",
            "postgres",
        ),
        ("x: {build: ., environment: {POSTGRES_PASSWORD: a}, ports: ['8000:8000']}", "web"),
        ("x: {image: shop-web, ports: ['8080:8080']}", "web"),
        ("x: {image: mcr.microsoft.com/mssql/server, ports: ['1433:1433', '8080:8080']}", None),
        ("x: {image: eventstore/eventstore, ports: ['8080:8080']}", None),
        (
            "worker: {image: shop, ports: ['8000:8000'], healthcheck: {test: [CMD, curl, 'http://localhost:8000/health']}}",
            "web",
        ),
        ("worker: {image: shop}", "worker"),
        ("app: {build: ., command: yarn test}", "e2e"),
        ("x: {build: ., entrypoint: [composer, --ignore-platform-reqs]}", "one-shot"),
        ("x: {build: ., command: sh -c 'npm run build && npm start'}", "web"),
    ],
)
def test_a_role_by_one_kind_of_evidence(make_project: Callable[..., Path], services: str, expected: str | None) -> None:
    root = make_project({"compose.yaml": f"services: {{{services}}}\nvolumes: {{data: {{}}}}\n"})
    (stack,) = read_project(root).stacks

    assert min(stack.services, key=lambda service: service.location.column).role == expected
