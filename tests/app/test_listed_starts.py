"""The loop stays honest where a deployment starts production with a list of files of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from scaffold.app.examination import Place, examine
from scaffold.app.generation import plan_generation, write_generation
from scaffold.model.gap import Gap
from scaffold.model.names import Room, Severity
from tests.app.test_loop import assert_loop_closes, generate_edits, generate_files
from tests.conftest import commit_all

COMPOSE = """\
services:
  web:
    image: ghcr.io/acme/web:1.4.2
    environment:
      DATABASE_URL: postgresql://shop:${DB_PASSWORD:?}@db:5432/shop
    depends_on: [db]
  db:
    image: postgres:16
    environment:
      POSTGRES_USER: shop
      POSTGRES_DB: shop
      POSTGRES_PASSWORD: ${DB_PASSWORD:?}
    volumes: [data:/var/lib/postgresql/data]
volumes:
  data:
"""
PRODUCTION = """\
services:
  web:
    ports: ["8080:8080"]
"""
DEPLOYS = """\
on: {push: {branches: [main]}}
jobs:
  deploy:
    runs-on: ubuntu-24.04
    steps:
      - uses: appleboy/ssh-action@v1
        with:
          host: shop.example.com
          script: |
            set -e
            cd /srv/shop
            git pull
            docker compose -f docker-compose.yml -f docker-compose.prod.yml pull
            docker compose \\
              -f docker-compose.yml \\
              -f docker-compose.prod.yml \\
              up -d
"""
MAKEFILE = """\
FILES = -f docker-compose.yml

release:
\tdocker compose --file=docker-compose.yml --file="docker-compose.prod.yml" up -d && docker compose ps

dev:
\tdocker compose -f docker-compose.yml -f docker-compose.prod.yml up
"""
SCRIPT = """\
#!/bin/sh
COMPOSE="docker compose -f /srv/shop/docker-compose.yml -f /srv/shop/docker-compose.prod.yml"
$COMPOSE pull
$COMPOSE up -d
"""
FILES = {
    "docker-compose.yml": COMPOSE,
    "docker-compose.prod.yml": PRODUCTION,
    ".github/workflows/deploy.yml": DEPLOYS,
    "Makefile": MAKEFILE,
    "scripts/deploy.sh": SCRIPT,
}
PLACES = {".github/workflows/deploy.yml/deploy", "Makefile/release", "scripts/deploy.sh"}


def left_out(root: Path) -> dict[str, Gap]:
    gaps = (judged.gap for judged in examine(Place(root)).judgement.gaps)
    return {gap.resource: gap for gap in gaps if gap.code == "CIQ024"}


def kinds(gap: Gap) -> set[str]:
    return {closer.kind for closer in gap.closes}


def test_the_loop_closes_with_the_overlays_on_the_list(make_project: Callable[..., Path]) -> None:
    root = make_project(FILES)
    assert_loop_closes(root)
    assert left_out(root) == {}
    ours = "compose.hardening.yaml", "compose.monitoring.yaml", "compose.backup.yaml"
    job = (root / ".github/workflows/deploy.yml").read_text()
    assert all(f"docker-compose.prod.yml -f {' -f '.join(ours)} pull" in text for text in (job,))
    assert f"-f docker-compose.prod.yml -f {' -f '.join(ours)} \\\n              up -d" in job
    make = (root / "Makefile").read_text()
    named = " ".join(f'--file="{path}"' for path in ours)
    assert f'--file="docker-compose.prod.yml" {named} up -d && docker compose ps' in make
    assert "-f docker-compose.prod.yml up\n" in make
    script = (root / "scripts/deploy.sh").read_text()
    assert f'-f /srv/shop/docker-compose.prod.yml -f /srv/shop/{" -f /srv/shop/".join(ours)}"\n' in script
    assert "of files of its own" not in (root / "docs/operations/deployment.md").read_text()


LISTED = "export COMPOSE_FILE=docker-compose.yml:docker-compose.prod.yml\n"


def test_a_list_in_the_variable_of_compose_gets_the_overlays(make_project: Callable[..., Path]) -> None:
    files = {path: text for path, text in FILES.items() if path.startswith("docker-compose")}
    exported = f"{LISTED}\nrelease:\n\tdocker compose up -d\n"
    swarm = "#!/bin/sh\ndocker stack deploy -c docker-compose.yml -c docker-compose.prod.yml shop\n"
    script = f'#!/bin/sh\n{LISTED.replace("=", "=" + chr(34)).strip()}"\ndocker compose up -d\n'
    root = make_project({**files, "Makefile": exported, "scripts/deploy.sh": script, "scripts/deploy-swarm.sh": swarm})
    generate_files(root)
    commit_all(root)
    generate_edits(root)
    ours = "compose.hardening.yaml:compose.monitoring.yaml:compose.backup.yaml"
    assert (root / "Makefile").read_text() == exported.replace("prod.yml\n", f"prod.yml:{ours}\n")
    assert (root / "scripts/deploy.sh").read_text() == script.replace('prod.yml"', f'prod.yml:{ours}"')
    assert (root / "scripts/deploy-swarm.sh").read_text() == swarm
    assert not left_out(root)


def test_what_is_written_and_does_not_run_is_told(make_project: Callable[..., Path]) -> None:
    root = make_project(FILES)
    first = left_out(root)
    assert first.keys() == PLACES
    assert {gap.severity for gap in first.values()} == {Severity.INFO}
    assert all(kinds(gap) == {"advice"} for gap in first.values())
    generate_files(root)
    second = left_out(root)
    assert {gap.fingerprint for gap in second.values()} == {gap.fingerprint for gap in first.values()}
    assert {name: gap.severity for name, gap in second.items() if gap.severity is not Severity.MEDIUM} == {
        "Makefile/release": Severity.LOW
    }
    assert all("edit" in kinds(gap) for gap in second.values())
    job = second[".github/workflows/deploy.yml/deploy"]
    assert [(item.location.line, item.role) for item in job.evidence] == [(14, "primary"), (13, "related")]
    assert "compose.hardening.yaml, compose.monitoring.yaml, compose.backup.yaml" in job.message
    page = (root / "docs/operations/deployment.md").read_text()
    assert "`.github/workflows/deploy.yml:14`" in page
    assert "`Makefile:4`" in page


def test_without_the_overlays_no_list_is_edited(make_project: Callable[..., Path]) -> None:
    root = make_project(FILES)
    generate_edits(root)
    assert (root / "Makefile").read_text() == MAKEFILE


def test_only_the_overlays_that_are_written_come_onto_the_list(make_project: Callable[..., Path]) -> None:
    root = make_project(FILES)
    write_generation(plan_generation(Place(root), rooms=frozenset({Room.OVERLAYS}), edit_codes=None))
    commit_all(root)
    write_generation(plan_generation(Place(root), rooms=frozenset(), edit_codes=frozenset({"CIQ024"})))
    assert left_out(root) == {}
    assert "-f docker-compose.prod.yml -f compose.hardening.yaml pull" in (root / ".github/workflows/deploy.yml").read_text()
    commit_all(root)
    generate_files(root)
    assert left_out(root).keys() == PLACES
    commit_all(root)
    generate_edits(root)
    assert left_out(root) == {}
    assert (
        "-f compose.hardening.yaml -f compose.monitoring.yaml -f compose.backup.yaml pull"
        in (root / ".github/workflows/deploy.yml").read_text()
    )


def test_a_job_that_sends_single_files_is_told_and_not_edited(make_project: Callable[..., Path]) -> None:
    sends = DEPLOYS.replace("git pull", "docker login registry.example.com")
    root = make_project({**FILES, ".github/workflows/deploy.yml": sends})
    generate_files(root)
    commit_all(root)
    generate_edits(root)
    gap = left_out(root)[".github/workflows/deploy.yml/deploy"]
    assert kinds(gap) == {"advice"}
    assert (root / ".github/workflows/deploy.yml").read_text() == sends


def test_pages_are_edited_where_nothing_else_starts_production(make_project: Callable[..., Path]) -> None:
    page = "# Deployment\n\n```sh\ndocker compose -f docker-compose.yml -f docker-compose.prod.yml {}\n```\n"
    files = {path: text for path, text in FILES.items() if path.startswith("docker-compose")}
    root = make_project({**files, "docs/deployment.md": page.format("up -d"), "docs/hosting.md": page.format("up -d --build")})
    assert left_out(root).keys() == {"docs/deployment.md"}
    assert_loop_closes(root)
    for path in ("docs/deployment.md", "docs/hosting.md"):
        assert "prod.yml -f compose.hardening.yaml -f compose.monitoring.yaml" in (root / path).read_text()


def test_a_list_that_the_command_of_a_line_does_not_read_is_left_alone(make_project: Callable[..., Path]) -> None:
    files = {path: text for path, text in FILES.items() if path.startswith("docker-compose")}
    command = "COMPOSE_FILE=other.yml docker stack deploy -c docker-compose.yml -c docker-compose.prod.yml shop"
    script = f"#!/bin/sh\ngit pull\n{command}\n"
    root = make_project({**files, "deploy.sh": script})
    generate_files(root)
    commit_all(root)
    generate_edits(root)
    assert (root / "deploy.sh").read_text() == script
