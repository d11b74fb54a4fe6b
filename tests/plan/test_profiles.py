"""Profiles that exclude each other: one set of them is planned for, all outputs follow it, and the user is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import yaml

from scaffold.app.examination import Place, examine
from scaffold.app.generation import plan_generation, write_generation
from scaffold.model.alternatives import ProfileChoice, choose_profiles
from scaffold.read.project import read_project

Make = Callable[..., Path]


def service(profiles: str, **keys: str) -> str:
    """Return a service as one line of flow style."""
    given = {"image": "example/web:1", "profiles": f"[{profiles}]" if profiles else "", **keys}
    return "{" + ", ".join(f"{key}: {value}" for key, value in given.items() if value) + "}"


def chosen(make_project: Make, services: Mapping[str, str], files: Mapping[str, str] | None = None) -> ProfileChoice | None:
    compose = "services:\n" + "".join(f"  {name}: {text}\n" for name, text in services.items())
    project = read_project(make_project({"compose.yaml": compose, **(files or {})}, name="shop"))
    assert project.main_stack is not None
    return choose_profiles(project, project.main_stack)


PORT = '["8080:80"]'
TWO = {"one": service("aio", ports=PORT), "parts": service("split", ports=PORT), "extra": service("extra", ports='["9:9"]')}
CPU = {
    "gpu": service("gpu-nvidia", container_name="ollama", image="ollama/ollama:1"),
    "cpu": service("cpu", container_name="ollama", image="ollama/ollama:1"),
    "db": service("", image="postgres:17"),
}
STORES = {
    "api": service("", depends_on="{pg: {condition: service_started, required: false}}"),
    "pg": service("postgresql", image="postgres:17", ports='["5432:5432"]'),
    "my": service("mysql", image="mysql:8.4", ports='["3306:3306"]'),
    "weaviate": service("weaviate", image="semitechnologies/weaviate:1.30"),
    "qdrant": service("qdrant", image="qdrant/qdrant:v1.15"),
}


@pytest.mark.parametrize(
    ("services", "files", "profiles", "left"),
    [
        # By name: what is called default, production or all; what is old or wants special hardware comes last.
        ({**TWO, "whole": service("default", ports=PORT)}, {}, ("default",), {"one", "parts"}),
        ({**TWO, "whole": service("production", ports=PORT)}, {}, ("production",), {"one", "parts"}),
        ({**TWO, "one": service("legacy", ports=PORT)}, {}, ("split",), {"one"}),
        (CPU, {}, ("cpu",), {"gpu"}),
        # A command that starts one says more than a name, a script that deploys more than a page, development nothing.
        (TWO, {"README.md": "```sh\ndocker compose --profile split up -d\n```\n"}, ("split",), {"one"}),
        (
            TWO,
            {
                "README.md": "```sh\ndocker compose --profile aio up -d\n```\n",
                "scripts/deploy.sh": "#!/bin/sh\ndocker compose --profile split up -d\n",
            },
            ("split",),
            {"one"},
        ),
        (TWO, {"README.md": "```sh\ndocker compose --profile split logs\n```\n"}, ("aio",), {"parts"}),
        # COMPOSE_PROFILES of an env file or its template lists everything that starts.
        (TWO, {".env.example": "COMPOSE_PROFILES=split\n"}, ("split",), {"one", "extra"}),
        (TWO, {".env.example": "KIND=split\nCOMPOSE_PROFILES=${KIND},extra\n"}, ("split", "extra"), {"one"}),
        (STORES, {".env.example": "COMPOSE_PROFILES=qdrant,mysql\n"}, ("qdrant", "mysql"), {"pg", "weaviate"}),
    ],
)
def test_one_set_is_chosen(
    make_project: Make, services: Mapping[str, str], files: Mapping[str, str], profiles: tuple[str, ...], left: set[str]
) -> None:
    choice = chosen(make_project, services, files)
    assert choice is not None
    assert (choice.profiles, {name for name, _ in choice.left_out}) == (profiles, left)


@pytest.mark.parametrize(
    ("services", "files"),
    [
        # Extra workers and tools, watchers on a port of the app, stores with users of their own, and profiles that overlap.
        ({"web": service("", ports=PORT), "jobs": service("jobs"), "mails": service("mails")}, {}),
        ({"web": service("app", ports=PORT), "grafana": service("monitoring", image="grafana/grafana:12.0.0", ports=PORT)}, {}),
        (
            {
                "one": service("one", ports='["81:80"]', image="example/one:1", depends_on="[one-db]"),
                "one-db": service("one", image="postgres:17"),
                "two": service("two", ports='["82:80"]', image="example/two:1", depends_on="[two-db]"),
                "two-db": service("two", image="postgres:17"),
            },
            {},
        ),
        ({"web": service("app", ports=PORT), "door": service("app, edge", ports=PORT)}, {}),
        ({"dev": service("dev", ports=PORT), "test": service("test", ports=PORT)}, {}),
        (TWO, {"Makefile": 'up:\n\tdocker compose --profile "*" up -d\n'}),
    ],
)
def test_profiles_that_may_start_together_are_left_as_they_are(
    make_project: Make, services: Mapping[str, str], files: Mapping[str, str]
) -> None:
    assert chosen(make_project, services, files) is None


def test_what_a_comment_calls_deprecated_does_not_start(make_project: Make) -> None:
    compose = "services:\n  web: {image: 'example/web:1'}\n  # Deprecated, use web.\n  old: {image: 'example/old:1', profiles: [more]}\n"
    project = read_project(make_project({"compose.yaml": compose}, name="shop"))
    assert project.main_stack is not None
    choice = choose_profiles(project, project.main_stack)
    assert choice is not None
    assert choice.left_out == (("old", "it is deprecated, as its profile or the comment above it says"),)


COMPOSE = """\
services:
  whole:
    build: {context: ., target: whole}
    profiles: [default]
    ports: ["8080:80"]
    depends_on: [db]
    environment: {DATABASE_URL: "${DATABASE_URL:?}", MODE: "${MODE:-whole}"}
  api:
    build: {context: ., target: api}
    profiles: [parts]
    ports: ["8081:80"]
    depends_on: [db]
    environment: {DATABASE_URL: "${DATABASE_URL:?}", API_MODE: "${API_MODE:-split}", API_KEY: "${API_KEY:?}"}
  page:
    build: {context: ., target: page}
    profiles: [parts]
    ports: ["8080:80"]
  old:
    image: example/old:1
    profiles: [deprecated]
  db:
    image: postgres:17
    profiles: [default, parts, deprecated]
    environment: {POSTGRES_PASSWORD: "${POSTGRES_PASSWORD:?}"}
    volumes: ["data:/var/lib/postgresql/data"]
volumes: {data: }
"""
STAGES = "".join(f"FROM node:24 AS {name}\nCMD [node, {name}]\n" for name in ("whole", "api", "page"))


def test_every_output_follows_the_choice(make_project: Make) -> None:
    root = make_project({"compose.yaml": COMPOSE, "Dockerfile": STAGES, "package.json": '{"name": "shop"}\n'}, name="shop")
    before = {gap.fingerprint for gap in examine(Place(root)).judgement.open}
    generation = plan_generation(Place(root), rooms=None, edit_codes=None)
    target = generation.target
    assert [workload.service for workload in target.workloads] == ["whole"]
    assert [image.target for image in target.images] == ["whole"]
    assert {item.service for item in target.left_out} == {"api", "db", "old", "page"}
    said = next(item.reason for item in generation.skipped if item.path == "compose.yaml")
    assert "page and whole publish the same port 8080" in said
    assert "everything here is for default, by its name; parts, deprecated do not start with that;" in said
    assert not any(" api" in item.reason for item in generation.skipped if item.path != "compose.yaml")
    write_generation(generation)
    template = (root / ".env.production.example").read_text()
    assert "\nCOMPOSE_PROFILES=default\n" in template
    # Compose asks for a required variable whatever starts; what has a default is of no use to what does not start.
    assert "\nAPI_KEY=\n" in template
    assert "API_MODE" not in template
    values = yaml.safe_load((root / "deploy/helm/shop/values.yaml").read_text())
    assert list(values["workloads"]) == ["whole"]
    assert [route["workload"] for route in values["ingress"]["routes"]] == ["whole"]
    page = (root / "docs/operations/deployment.md").read_text()
    assert "All of this is for `default`, by its name" in page
    assert "Left out: `parts`, `deprecated`" in page
    assert "`api`" not in page
    # The overlay hardens what somebody else may start too; and nothing new is wrong afterwards.
    hardened = yaml.safe_load((root / "compose.hardening.yaml").read_text())["services"]
    assert {"whole", "api", "page", "old", "db"} <= hardened.keys()
    after = {gap.fingerprint for gap in examine(Place(root)).judgement.open}
    assert after < before


def test_another_choice_is_made_in_the_template(make_project: Make) -> None:
    files = {"compose.yaml": COMPOSE, "Dockerfile": STAGES, ".env.example": "COMPOSE_PROFILES=parts\n"}
    root = make_project(files, name="shop")
    target = plan_generation(Place(root), rooms=frozenset(), edit_codes=None).target
    assert [workload.service for workload in target.workloads] == ["api", "page"]


def test_the_application_starts_where_all_of_it_is_behind_a_profile(make_project: Make) -> None:
    services = "  web: {build: ., ports: ['80:80'], profiles: [app]}\n  db: {image: 'postgres:17'}\n"
    files = {"compose.yaml": f"services:\n{services}", "Dockerfile": "FROM node:24\nCMD [node, .]\n"}
    root = make_project(files, name="shop")
    write_generation(plan_generation(Place(root), rooms=None, edit_codes=None))
    assert "\nCOMPOSE_PROFILES=app\n" in (root / ".env.production.example").read_text()
    # One that starts by itself is what people reach, and another one is a choice of theirs.
    other = make_project(
        {**files, "compose.yaml": f"services:\n{services}  page: {{build: ., ports: ['81:80']}}\n"}, name="other"
    )
    write_generation(plan_generation(Place(other), rooms=None, edit_codes=None))
    assert "COMPOSE_PROFILES" not in (other / ".env.production.example").read_text()


def test_what_developers_services_require_is_asked_for_beside_those_of_production(make_project: Make) -> None:
    """Compose fills in the whole file: without the variable of a service that nobody starts it refuses the command."""
    compose = (
        "services:\n"
        "  app: {image: 'example/app:1', profiles: [dev], environment: {A: '${A:?}', C: '${C:-c}'}}\n"
        "  live: {image: 'example/live:1', profiles: [live], ports: ['8080:80'], environment: {B: '${B:?}'}}\n"
    )
    root = make_project({"compose.yaml": compose}, name="shop")
    write_generation(plan_generation(Place(root), rooms=None, edit_codes=None))
    lines = (root / ".env.production.example").read_text().splitlines()
    assert {"A=", "B=", "COMPOSE_PROFILES=live"} <= set(lines)
    assert not any(line.lstrip("# ").startswith("C=") for line in lines)
