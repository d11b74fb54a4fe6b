"""What the pages say of env files that containers get as a whole, of what Compose only uses, and of passwords that stores keep."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from scaffold.gaps.judge import judge
from scaffold.generate import guides
from scaffold.plan.target import make_target
from scaffold.read.project import read_project


def pages_of(root: Path, *, theirs: bool = False) -> dict[str, str]:
    """Return the pages of a project by the name of their file; `theirs` where a pipeline of the user's builds the images."""
    project = read_project(root)
    target = make_target(project, judge(project).open)
    if theirs and target.delivery:
        target = replace(target, delivery=replace(target.delivery, images=None))
    return {item.path.rpartition("/")[2]: item.text for item in guides.render(target).artifacts}


HANDED = """\
services:
  api: {build: ., ports: ["8080:8080"], env_file: [.env.prod], networks: [front, back], depends_on: [store]}
  store:
    image: mysql:8.4
    environment: {MYSQL_ROOT_PASSWORD: "${DB_PASSWORD}", MYSQL_DATABASE: shop}
    volumes: [rows:/var/lib/mysql]
    networks: [back]
  cache: {image: "redis:8", networks: [back]}
networks: {front: {external: true, name: edge}, back: {}, spare: {external: true}}
volumes: {rows: {external: true}}
"""
HANDED_FILES = {
    "docker-compose.prod.yml": HANDED,
    "Dockerfile": "FROM node:24\nCOPY . /srv\nCMD [node, /srv/main.js]\n",
    ".env.example": "PORT=8080\nMODE_LIST=\nREDIS_HOST=cache\nREDIS_PASSWORD=changeme\nDB_PASSWORD=changeme\nWALLET_PRIVATE_KEY=changeme\n",
    ".gitignore": ".env.prod\n",
}


def test_the_file_of_a_container_keeps_what_it_reads_and_the_page_makes_what_compose_does_not(
    make_project: Callable[..., Path],
) -> None:
    pages = pages_of(make_project(HANDED_FILES))
    command = next(line for line in pages["deployment.md"].splitlines() if "> .env.prod)" in line)
    # Redis takes it from nothing, so that only the host has it; the application reads it all the same.
    assert "REDIS_PASSWORD" not in command
    assert "GRAFANA_ADMIN_PASSWORD" in command
    assert "   docker network create edge\n   docker volume create rows\n   ```" in pages["deployment.md"]
    rotation = pages["rotation.md"]
    (row,) = [line for line in rotation.splitlines() if line.startswith("| `DB_PASSWORD`")]
    assert row.count("`store`") == 1
    assert "`DB_PASSWORD` is a password of `store`, which keeps it in its data" in rotation
    assert "docker compose exec store sh -c" in rotation
    assert "| `WALLET_PRIVATE_KEY` | `api` | the program that makes the pair of keys |" in rotation


def test_a_template_of_theirs_is_called_so_and_a_start_that_hands_the_file_over_gets_all_of_it(
    make_project: Callable[..., Path],
) -> None:
    job = """\
on: {push: {branches: [main]}}
jobs:
  deploy:
    runs-on: self-hosted
    steps:
      - uses: actions/checkout@v4
      - run: docker compose --env-file .env.prod -f docker-compose.prod.yml up -d
"""
    files = {**HANDED_FILES, ".env.prod.example": HANDED_FILES[".env.example"], ".github/workflows/cd.yml": job}
    page = pages_of(make_project(files))["deployment.md"]
    assert "`.env.prod.example` is yours. It lacks what a start with the files below asks for: `BACKUP_REPOSITORY`." in page
    assert "lists every variable" not in page
    assert "`.github/workflows/cd.yml:7` hands it to Compose as well\n   (`--env-file`)" in page
    assert '(umask 077 && cat "$HOME/' in page


BUILT = """\
services:
  web:
    build:
      context: .
      args: {VITE_API_URL: "${API_URL:-http://localhost:8000}", VITE_TITLE: "The ${SHOP:-Shop}", NPM_TOKEN: "${NPM_TOKEN}", SIZE: "3 m"}
    ports: ["80:80"]
"""


def test_the_pages_give_a_build_what_variables_of_compose_give_it(make_project: Callable[..., Path]) -> None:
    dockerfile = "FROM node:24 AS build\nARG VITE_API_URL\nRUN vite build\nFROM nginx:1.30\nCOPY --from=build /dist /usr/share/nginx/html\n"
    files = {"compose.yaml": BUILT, "Dockerfile": dockerfile}
    root = make_project(files)
    row = "| `API_URL` | `.github/workflows/images.yml` | the build argument VITE\\_API\\_URL of web; without it what the Dockerfile says |"
    assert row in pages_of(root)["deployment.md"]
    page = pages_of(root, theirs=True)["deployment.md"]
    arguments = '--build-arg "VITE_API_URL=${API_URL?}" --build-arg "VITE_TITLE=The ${SHOP:-Shop}" --build-arg \'SIZE=3 m\' .'
    assert arguments in page
    assert "What a build takes has to be in the shell first, as production has it:\n   `API_URL`, `SHOP`:" in page
    assert "NPM_TOKEN" not in page.partition("docker buildx build")[2].partition("```")[0]
