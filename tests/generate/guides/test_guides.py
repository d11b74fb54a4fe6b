"""The guides speak of the project itself: its services, profiles, scripts and commands, and nothing that is not there."""

from __future__ import annotations

import posixpath
import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from scaffold.gaps.docs.doc002_no_disaster_recovery_guide import recovery_pages
from scaffold.gaps.judge import judge
from scaffold.generate import backup, guides, monitoring, workflows
from scaffold.model.guides import Copies
from scaffold.model.names import Role
from scaffold.model.target import Target
from scaffold.plan.guides import plan_guides
from scaffold.plan.target import make_target
from scaffold.read.project import read_project

COMPOSE = """\
name: shop
services:
  web:
    build: ./web
    container_name: shop-web
    ports: ["8080:8000"]
    healthcheck: {test: ["CMD", "curl", "-f", "http://localhost:8000/healthz"]}
    environment:
      DATABASE_URL: postgresql://shop:${DB_PASSWORD}@db:5432/shop
      STRIPE_API_KEY: ${STRIPE_API_KEY}
      SECRET_KEY: ${SECRET_KEY}
    depends_on: [db]
    volumes: [uploads:/app/uploads]
  worker:
    build: ./web
    command: celery -A shop worker --concurrency=4
    volumes: [uploads:/app/uploads]
  beat:
    build: ./web
    command: celery -A shop beat
  migrate:
    build: ./web
    command: alembic upgrade head
    restart: "no"
  db:
    image: postgres:16
    environment: {POSTGRES_PASSWORD: "${DB_PASSWORD}"}
    volumes: [data:/var/lib/postgresql/data]
  tests:
    image: mcr.microsoft.com/playwright:v1.55.0
    command: npx playwright test
    profiles: [e2e]
volumes: {data: {}, uploads: {}}
"""
FILES = {
    "compose.yaml": COMPOSE,
    "web/Dockerfile": "FROM python:3.13\nCOPY . /app\n",
    "README.md": "# Shop\n",
    "scripts/import_orders.py": '#!/usr/bin/env python3\n"""Takes in the orders of a day: import_orders.py FILE\n\nmore\n"""\n',
    "scripts/reindex.sh": "#!/bin/sh\n# Builds the search index anew.\n# Takes an hour.\nset -e\n",
    "scripts/leak.sh": "#!/bin/sh\n# Uses AKIA5ZQXWPLMNBVC7TRK to log in.\n",
    "scripts/silent.py": "print(1)\n",
}


@pytest.fixture
def made(make_project: Callable[..., Path]) -> Callable[..., tuple[Target, dict[str, str]]]:
    """Return a function that gives the target of a project and the pages by the name of their file."""

    def make(**changed: str) -> tuple[Target, dict[str, str]]:
        root = make_project({**FILES, **{path.replace("__", "/"): text for path, text in changed.items()}})
        project = read_project(root)
        target = make_target(project, judge(project).open)
        return target, {item.path: item.text for item in guides.render(target).artifacts}

    return make


def page(pages: dict[str, str], name: str) -> str:
    return pages[f"docs/operations/{name}.md"]


def section(text: str, heading: str) -> str:
    """Return what stands below a heading, up to the next one of its level."""
    level = heading.partition(" ")[0]
    match = re.search(rf"^{re.escape(heading)}\n(.*?)(?=^{level} |\Z)", text, re.DOTALL | re.MULTILINE)
    assert match, f"no heading {heading}"
    return match[1]


def test_a_scheduler_is_never_scaled_and_what_blocks_a_second_copy_is_said(made):
    scaling = page(made()[1], "scaling")
    many, one = section(scaling, "## Several copies, as far as the files show"), section(scaling, "## One copy, always")
    assert "`beat`" in one
    assert "`beat`" not in many
    assert "`web`" in many
    assert "`worker`" in many
    (web,) = [line for line in many.splitlines() if line.startswith("- `web`")]
    assert "container\\_name" in web
    assert "8080" in web
    assert "uploads" in web
    (worker,) = [line for line in many.splitlines() if line.startswith("- `worker`")]
    assert "`--concurrency=4`" in worker


def test_stores_and_their_managed_twins_are_told_apart(made):
    stores = section(page(made()[1], "scaling"), "## Stores grow in size, not in copies")
    assert "`db`" in stores
    assert "Amazon RDS" in stores
    assert "max_connections" in stores


def test_each_profile_has_its_command_and_tests_are_no_production(made):
    runs = section(page(made()[1], "deployment"), "## What runs")
    assert re.search(
        r"^# tests \(tests and tools, not for production\)\ndocker compose .*--profile e2e up -d$", runs, re.MULTILINE
    )


def test_scripts_are_described_in_their_own_words_and_never_with_a_credential(made):
    scripts = section(page(made()[1], "deployment"), "## Scripts")
    assert "| `python scripts/import_orders.py` | Takes in the orders of a day |" in scripts
    assert "| `bash scripts/reindex.sh` | Builds the search index anew |" in scripts
    assert "`bash scripts/leak.sh`" in scripts
    assert "AKIA" not in scripts


def test_only_what_people_run_is_a_command(made):
    scripts = section(
        page(
            made(
                **{
                    "package.json": '{"name": "shop", "scripts": {"build-geo": "node scripts/geo.js && true"}}',
                    "pnpm-lock.yaml": "",
                    "Makefile": "seed:\n\tnode scripts/seed.js\n",
                    "scripts/geo.js": "load()\n",
                    "scripts/seed.js": "load()\n",
                    "scripts/told.js": "load()\n",
                    "README.md": "# Shop\n\n```sh\nnode scripts/told.js\n```\n",
                    "scripts/telemetry.js": "module.exports = {}\n",
                    "scripts/seed/utils.ts": "export const a = 1\n",
                    "scripts/seed/more/index.ts": "export const a = 1\n",
                    "scripts/helpers.py": "def help():\n    return 1\n",
                }
            )[1],
            "deployment",
        ),
        "## Scripts",
    )
    assert {"`pnpm run build-geo`", "`make seed`", "`node scripts/told.js`", "`python scripts/silent.py`"} <= set(
        re.findall("`[^`]+`", scripts)
    )
    assert "Nothing shows that people run these: `scripts/helpers.py`, `scripts/seed/`, `scripts/telemetry.js`.\n" in scripts


def test_a_provider_s_key_is_made_at_the_provider_and_a_signing_key_here(made):
    rotation = page(made()[1], "rotation")
    rows = {line.split("|")[1].strip(): line for line in rotation.splitlines() if line.startswith("| `")}
    assert "provider" in rows["`STRIPE_API_KEY`"]
    assert "openssl rand" in rows["`SECRET_KEY`"]
    assert "`web`" in rows["`SECRET_KEY`"]


def test_the_runbook_names_who_suffers_and_leaves_stores_running(made):
    runbook = page(made()[1], "runbook")
    database = section(runbook, "### db")
    assert "`web`" in database
    assert " restart db" not in database
    assert " restart web" in section(runbook, "### web")
    assert "http://127.0.0.1:8080/healthz" in section(runbook, "### web")
    assert "### migrate" not in runbook


@pytest.mark.parametrize(("route", "asked"), [("/health", "curl -fsS http://127.0.0.1:8080/health\n"), ("/orders", "")])
def test_an_api_is_asked_at_the_health_route_of_its_code_and_never_at_a_start_page_that_it_lacks(make_project, route, asked):
    compose = "services: {api: {build: ., ports: ['8080:8000'], command: 'uvicorn main:app --host 0.0.0.0 --port 8000'}}"
    code = f"from fastapi import FastAPI\napp = FastAPI()\n\n\n@app.get('{route}')\ndef answer():\n    return {{}}\n"
    files = {"compose.yaml": compose, "Dockerfile": "FROM python:3.13\nCOPY . /app\n", "main.py": code}
    project = read_project(make_project({**files, "requirements.txt": "fastapi\nuvicorn\n"}))
    rendered = guides.render(make_target(project, ()))
    deployment = next(item.text for item in rendered.artifacts if item.path.endswith("deployment.md"))
    assert asked in deployment
    assert ("curl -fsS http://127.0.0.1:8080/" in deployment) is bool(asked)


def test_a_release_is_not_asked_for_what_waits_for_its_profile(make_project):
    compose = """\
services:
  web: {image: "nginx:1.29", ports: ["8080:80"]}
  console: {image: "nginx:1.29", ports: ["9090:80"], profiles: [tools]}
"""
    rendered = guides.render(make_target(read_project(make_project({"compose.prod.yaml": compose})), ()))
    pages = {item.path.rpartition("/")[2]: item.text for item in rendered.artifacts}
    assert "-w '%{http_code}\\n' http://127.0.0.1:8080/" in pages["deployment.md"]
    assert "127.0.0.1:9090" not in pages["deployment.md"]


def test_every_alert_stands_in_the_runbook(made):
    target, pages = made()
    assert target.monitoring is not None
    names = {alert.name for group in target.monitoring.alert_groups for alert in group.alerts}
    assert names
    assert set(re.findall(r"\[(\w+)\]\([./]*monitoring/README\.md#", page(pages, "runbook"))) == names


def test_links_lead_to_files_and_headings_that_are_written(made):
    target, pages = made()
    rooms = (guides, monitoring, backup)
    written = {item.path: item.text for room in rooms for item in room.render(target).artifacts}
    for path, text in pages.items():
        for link in re.findall(r"\]\(([^)]+)\)", text):
            file, _, anchor = link.partition("#")
            aim = posixpath.normpath(posixpath.join(posixpath.dirname(path), file))
            assert aim in written, f"{path}: {link}"
            headings = {line.lstrip("# ").lower() for line in written[aim].splitlines() if line.startswith("#")}
            assert not anchor or anchor in headings


def test_commands_are_shell(made, require_tool):
    shellcheck = require_tool("shellcheck")
    blocks = [block for text in made()[1].values() for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL)]
    assert len(blocks) > 5
    for block in blocks:
        script = re.sub(r"^   ", "", block, flags=re.MULTILINE)
        # SC2164: these lines are typed by a person, who sees that a `cd` failed.
        command = [shellcheck, "-s", "bash", "-S", "warning", "-e", "SC2164", "-"]
        done = subprocess.run(command, input=script, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{script}\n{done.stdout}"


def test_a_shell_of_the_pages_has_the_production_set_and_every_value(made):
    target, pages = made()
    assert len(target.production_set) > 2
    for name in ("deployment", "recovery", "runbook"):
        shell = page(pages, name)
        assert f"export COMPOSE_FILE={':'.join(target.production_set)}\n" in shell
        assert 'export COMPOSE_ENV_FILES="$HOME/shop-settings.env,$HOME/shop-secrets.env"\n' in shell
    assert '--out "$HOME/shop-secrets.env"' in page(pages, "deployment")
    assert not re.search(r"docker compose -f", "".join(pages.values()))


def test_pages_of_theirs_are_left_alone(made):
    assert "docs/operations/runbook.md" in made()[1]
    _, pages = made(**{"docs/operations/deployment.md": "# Ours\n"})
    assert sorted(pages) == [
        f"docs/operations-scaffold/{name}.md" for name in ("deployment", "recovery", "rotation", "runbook", "scaling")
    ]


def test_a_project_without_stores_or_secrets_has_pages_without_empty_parts(make_project):
    root = make_project({"compose.yaml": "services:\n  site:\n    image: nginx:1.30\n    ports: ['80:80']\n"})
    project = read_project(root)
    target = make_target(project, judge(project).open)
    assert not any(store.role is Role.POSTGRES for store in target.stores)
    for item in guides.render(target).artifacts:
        assert "\n\n\n" not in item.text, item.path
        assert not re.search(r"\n(#+ [^\n]*)\n+(?=#+ )", re.sub(r"## The (?:services|secrets)\n", "", item.text)), item.path


def test_the_command_that_verifies_an_image_names_this_repository_and_workflow(made, tmp_path):
    ci = "on: {push: {branches: [main]}}\njobs: {a: {runs-on: x, steps: [{run: pytest}]}}\n"
    deployment = page(made(**{".github__workflows__ci.yml": ci})[1], "deployment")
    command = re.search(r"^ +repository=.*?@sha256:DIGEST$", deployment, re.DOTALL | re.MULTILINE)
    assert command
    for remote in ("git@github.com:acme/shop.git", "https://github.com/acme/shop", "ssh://git@github.com/acme/shop.git"):
        folder = tmp_path / remote.replace("/", "-")
        folder.mkdir()
        subprocess.run(["git", "init", "-q", "."], cwd=folder, check=True)
        subprocess.run(["git", "remote", "add", "origin", remote], cwd=folder, check=True)
        script = f'cosign() {{ printf "%s\\n" "$@"; }}\n{command[0]}\n'
        done = subprocess.run(["bash", "-eu", "-c", script], cwd=folder, capture_output=True, text=True, check=True)
        words = done.stdout.splitlines()
        identity = words[words.index("--certificate-identity") + 1]
        assert identity == "https://github.com/acme/shop/.github/workflows/images.yml@refs/heads/main"
        assert words[words.index("--certificate-oidc-issuer") + 1] == "https://token.actions.githubusercontent.com"


def test_every_variable_that_a_workflow_of_ours_reads_is_explained(made):
    target, pages = made()
    told = set(re.findall(r"^\| `(\w+)` \|", section(page(pages, "deployment"), "## What GitHub has to know"), re.MULTILINE))
    texts = [item.text for item in workflows.render(target).artifacts]
    read = {name for text in texts for name in re.findall(r"\bvars\.(\w+)", text)}
    assert read >= {"SCAFFOLD_PACKAGE", "AWS_PLAN_ROLE_ARN_PRODUCTION", "ECR_REGISTRY"}
    assert told >= read


def test_what_has_to_change_before_the_first_release_is_said(made):
    compose = COMPOSE.replace("  worker:", "  cache: {image: 'redis:7'}\n  worker:\n    environment: {REDIS_HOST: cache}")
    before = section(page(made(**{"compose.yaml": compose})[1], "deployment"), "## Before the first release on AWS")
    assert re.search(r"`worker` \(`compose.yaml:\d+`\): REDIS\\_HOST reaches the managed cache", before)


def test_secrets_that_may_be_empty_are_told_from_those_that_may_not(made):
    line = "      STRIPE_API_KEY: ${STRIPE_API_KEY}\n"
    assert "an empty text is enough" not in page(made()[1], "deployment")
    optional = COMPOSE.replace(line, f"{line}      SENTRY_DSN: ${{SENTRY_DSN:-}}\n")
    text = page(made(**{"compose.yaml": optional})[1], "deployment")
    (sentence,) = re.findall(r"The application runs without\n(.*): an empty text is enough there\.", text)
    assert sentence == "`SENTRY_DSN`"


def test_digests_are_asked_for_only_where_the_project_builds_images(made):
    pulled = COMPOSE.replace("build: ./web", "image: ghcr.io/acme/shop:1.4")
    assert "by the digests of its signed images" in page(made()[1], "deployment")
    text = page(made(**{"compose.yaml": pulled})[1], "deployment")
    assert "helm upgrade --install" in text
    assert "digests" not in text


def test_where_nothing_of_ours_pushes_the_images_the_page_says_how(made):
    target, pages = made()
    deployment = page(pages, "deployment")
    (image,) = target.images
    if target.delivery and target.delivery.images:
        assert "docker buildx build --push" not in deployment
    target = replace(target, delivery=None)
    text = next(item.text for item in guides.render(target).artifacts if item.path.endswith("deployment.md"))
    repository = f"$(jq -r '.infrastructure.images[\"{image.name}\"]' infra/terraform/values-infra-production.json)"
    assert f'docker buildx build --push --tag "{repository}:$(git rev-parse HEAD)" {image.context}\n' in text


SMALL = (
    "services:\n  web:\n    build: .\n    ports: ['80:8000']\n    volumes: ['{volume}']\n    environment: {{{environment}}}\n"
)


@pytest.mark.parametrize(
    ("volume", "environment", "said"),
    [
        (
            "./data:/app/data",
            "DATABASE_URL: 'sqlite:////app/data/shop.db'",
            "keeps its data in its folder ./data, and no database server",
        ),
        ("./data:/app/data", "DATABASE_URL: '${DATABASE_URL}'", "it alone keeps its folder ./data, and nothing"),
        ("./src:/app/src:ro", "", "the files show no volume and no folder of its own; what it holds in memory"),
    ],
    ids=["SQLite in a folder", "a server elsewhere", "a folder that is read"],
)
def test_a_folder_of_the_host_counts_as_what_a_service_keeps(
    volume: str, environment: str, said: str, make_project: Callable[..., Path]
) -> None:
    compose = SMALL.format(volume=volume, environment=environment)
    root = make_project({"compose.yaml": compose, "Dockerfile": "FROM python:3.13\nCOPY . /app\n", "README.md": "# Shop\n"})
    project = read_project(root)
    plan = plan_guides(project)
    assert plan is not None
    web = next(item for item in plan.services if item.name == "web")
    assert said in web.why
    assert (web.copies is Copies.ONE) == ("keeps" in said)


def test_without_a_store_a_lost_host_is_restored_before_anything_starts(make_project: Callable[..., Path]) -> None:
    compose = SMALL.format(volume="./data:/app/data", environment="DATABASE_URL: 'sqlite:////app/data/shop.db'")
    root = make_project({"compose.yaml": compose, "Dockerfile": "FROM python:3.13\nCOPY . /app\n", "README.md": "# Shop\n"})
    project = read_project(root)
    target = make_target(project, judge(project).open)
    text = next(item.text for item in guides.render(target).artifacts if item.path.endswith("recovery.md"))
    assert "stores alone" not in text
    assert "up to the start" in text


DEPLOYS = """\
on: push
jobs:
  deploy:
    runs-on: ubuntu-latest
    steps:
      - uses: appleboy/ssh-action@v1
        with:
          host: shop.example.com
          script: |
            cd /srv/shop
            docker compose {files} up -d
"""


@pytest.mark.parametrize(
    ("files", "places"), [("-f compose.yaml -f more.yaml", (".github/workflows/deploy.yml:11",)), ("", ())]
)
def test_a_job_that_names_its_files_is_told_of(files: str, places: tuple[str, ...], make_project: Callable[..., Path]) -> None:
    root = make_project({**FILES, ".github/workflows/deploy.yml": DEPLOYS.format(files=files)})
    plan = plan_guides(read_project(root))
    assert plan is not None
    assert plan.starts == places


SETTINGS = """\
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
DATABASES = {
    'default': {
        'ENGINE': 'django.db.backends.sqlite3',
        'NAME': BASE_DIR / 'db.sqlite3',
    }
}
"""
BARE = {
    "docker/compose.yaml": "services: {web: {build: ., volumes: ['../app:/app'], ports: ['80:80']}}\n",
    "docker/Dockerfile": "FROM python:3.13\nWORKDIR /app\nCMD python manage.py runserver 0.0.0.0:80\n",
    "app/manage.py": "import django\n",
    "app/requirements.txt": "django==5.2\n",
    "README.md": "# Shop\n",
}


def pages_of(root: Path) -> dict[str, str]:
    """Return the pages of a project by the name of their file."""
    project = read_project(root)
    target = make_target(project, judge(project).open)
    return {item.path.rpartition("/")[2]: item.text for item in guides.render(target).artifacts}


def test_a_database_file_in_the_mounted_sources_is_named_as_what_nothing_copies(make_project: Callable[..., Path]) -> None:
    pages = pages_of(make_project({**BARE, "app/shop/settings.py": SETTINGS}))
    recovery = pages["recovery.md"]
    assert "The files show nothing that a service here keeps" not in recovery
    assert "- The SQLite database `app/db.sqlite3` (`app/shop/settings.py:7`) in `../app`, mounted by `web`.\n" in recovery
    assert "up -d --wait" not in recovery
    assert "Restore each" not in recovery
    assert "next backup of the restored" not in recovery
    assert "Queues" not in recovery
    assert "keeps its data in a SQLite file (app/shop/settings.py:7)" in section(pages["scaling.md"], "## One copy, always")
    assert "--scale" not in pages["scaling.md"]
    assert "connections refused by a database" not in pages["scaling.md"]
    assert "find what grows |\n\nOne host reaches its end" in pages["scaling.md"]
    assert "the queue grows" not in pages["scaling.md"]


@pytest.mark.parametrize(
    "settings",
    [
        SETTINGS + "if not DEBUG:\n    DATABASES['default'] = url()\n",
        SETTINGS.replace("BASE_DIR / 'db", "os.getenv('DB', 'db").replace("3',", "3'),"),
        SETTINGS.replace("DATABASES = ", "if DEBUG:\n  DATABASES = "),
    ],
    ids=["another one by a condition", "by a variable", "for developers"],
)
def test_settings_that_may_name_another_database_name_no_file(settings: str, make_project: Callable[..., Path]) -> None:
    pages = pages_of(make_project({**BARE, "app/shop/settings.py": settings}))
    assert "The files show nothing that a service here keeps: no store" in pages["recovery.md"]


def test_a_page_without_steps_is_not_praised_for_them(make_project: Callable[..., Path]) -> None:
    root = make_project({**BARE, "app/shop/settings.py": SETTINGS})
    for name, text in pages_of(root).items():
        (root / "docs/operations").mkdir(parents=True, exist_ok=True)
        (root / "docs/operations" / name).write_text(text)
    assert recovery_pages(read_project(root)) == ()


def test_a_check_of_which_no_path_is_known_prints_the_code(make_project: Callable[..., Path]) -> None:
    pages = pages_of(make_project(BARE))
    asked = "curl -sS -o /dev/null -w '%{http_code}\\n' http://127.0.0.1:80/"
    assert f"   {asked}\n   ```\n   A command that prints a number shows whether" in pages["deployment.md"]
    assert f"    {asked}   # below 500 is an answer, 404 too\n" in pages["runbook.md"]
    assert "wait until every container runs:\n" in pages["deployment.md"]
    assert "Its role: web.\n" in pages["runbook.md"]


def test_a_host_alone_is_told_how_its_secrets_come_to_be(made):
    text = section(page(made()[1], "deployment"), "## On one host with Docker Compose")
    assert "aws secretsmanager create-secret --name shop/production/NAME" in text
    assert "every container runs and every healthcheck passes" in text
    assert "reaches `web as" not in page(made()[1], "rotation")


GATEWAY = """\
services:
  gateway:
    image: nginx:1.27
    ports: ["80:80", "443:443"]
    volumes: ["certs:/etc/letsencrypt", "challenges:/var/www/certbot"]
  api:
    build: .
    {api}
    environment: {{DATABASE_URL: "${{DATABASE_URL}}"}}
volumes: {{certs: , challenges: }}
"""


@pytest.mark.parametrize(
    ("api", "said"),
    [
        ("container_name: shop-api", "On one host no second copy starts before the fixed container\\_name is gone"),
        ("ports: ['8000:8000']", "before the host port 8000 is gone"),
        ("network_mode: host", "before the network of the host is gone"),
        ("networks: {default: {ipv4_address: 10.5.0.3}}", "before the fixed address is gone"),
        ("expose: [8000]", ""),
    ],
)
def test_no_page_scales_what_compose_cannot_start_twice(api: str, said: str, make_project: Callable[..., Path]) -> None:
    root = make_project({"compose.yaml": GATEWAY.format(api=api), "Dockerfile": "FROM python:3.13\nCOPY . /app\n"})
    scaling = pages_of(root)["scaling.md"]
    assert said in section(scaling, "## Several copies, as far as the files show")
    assert ("--scale api=2 api" in scaling) == (not said)
    assert ("On one host no service can have a second copy yet" in scaling) == bool(said)


def test_the_page_and_the_chart_agree_on_what_has_one_copy(make_project: Callable[..., Path]) -> None:
    project = read_project(
        make_project({"compose.yaml": GATEWAY.format(api="expose: [8000]"), "Dockerfile": "FROM python:3.13\nCOPY . /app\n"})
    )
    target = make_target(project, judge(project).open)
    assert target.guides
    alone = {item.service for item in target.workloads if item.scaling.singleton}
    assert alone == {"gateway"} == {item.name for item in target.guides.of(Copies.ONE)}
    (gateway,) = target.guides.of(Copies.ONE)
    assert gateway.why.startswith("it alone keeps its volumes certs, challenges, and nothing shows that two copies")


def test_a_database_file_of_the_code_keeps_the_chart_to_one_copy_too(make_project: Callable[..., Path]) -> None:
    project = read_project(make_project({**BARE, "app/shop/settings.py": SETTINGS}))
    (web,) = make_target(project, judge(project).open).workloads
    assert (web.scaling.singleton, web.scaling.maximum) == (True, 1)
    assert web.scaling.reason.startswith("the code keeps its data in a SQLite file (app/shop/settings.py:7)")
    pages = pages_of(make_project({**BARE, "app/shop/settings.py": SETTINGS}, name="again"))
    assert "no volume holds it: what is written is gone with each pod" in pages["deployment.md"]
    held = {**BARE, "docker/compose.yaml": BARE["docker/compose.yaml"].replace("'../app:/app'", "'../app:/app', 'data:/data'")}
    held["docker/compose.yaml"] += "volumes: {data: }\n"
    assert (
        "no volume holds it"
        not in pages_of(make_project({**held, "app/shop/settings.py": SETTINGS}, name="held"))["deployment.md"]
    )


def test_a_page_says_what_a_copy_of_a_volume_holds_on_the_host_and_in_the_cluster(make_project: Callable[..., Path]) -> None:
    one = """\
        services:
          api: {image: "acme/api:1", restart: always, volumes: ["data:/data"], environment: {DATABASE_URL: "sqlite:////data/a.db"}}
        volumes: {data: }
    """
    page = pages_of(make_project({"compose.yaml": one}))["recovery.md"]
    assert "| `data` (volume of api) | under Compose 7 hours; in the cluster 7 hours |" in page
    assert "the SQLite databases are copied by SQLite's own backup" in page
    assert "the round fails, and its last copy stays the newest" in page
    assert "their databases come from the round of that copy" in page
    assert "lies on EFS" not in page
    two = one.replace(
        "volumes: {data: }",
        '  worker: {image: "acme/worker:1", restart: always, volumes: ["data:/data"]}\n        volumes: {data: }',
    )
    assert "- `data` lies on EFS there" in pages_of(make_project({"compose.yaml": two}, name="two"))["recovery.md"]


STORED = """\
app:
  database:
    driver: postgresql
    network: {host: store.internal.example.com, port: 5432, username: shop, password: hunter-4711}
  cache: {host: cache.internal.example.com}
"""
OUTSIDE = {
    "compose.yaml": "services: {web: {build: api, ports: ['80:80'], volumes: ['./api/settings.local.yaml:/srv/settings.yaml:ro']}}\n",
    "api/Dockerfile": "FROM node:24\nCOPY src /srv\nCMD node /srv\n",
    "api/package.json": '{"name": "shop", "dependencies": {"express": "5"}}',
    "README.md": "# Shop\n",
}
NAMED = (
    "- The PostgreSQL database at `store.internal.example.com` that `api/settings.production.yaml:4` names; "
    "no service of the stack is called so.\n"
)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"api/settings.production.yaml": STORED}, NAMED),
        ({"api/settings.development.yaml": STORED}, ""),
        ({"other/settings.production.yaml": STORED}, ""),
        ({"api/settings.production.yaml": STORED.replace("store.internal.example.com", "localhost")}, ""),
        ({"api/settings.production.yaml": STORED.replace("store.internal.example.com", "${DB_HOST}")}, ""),
        ({"api/settings.production.yaml": STORED.replace("postgresql", "sqlite")}, ""),
        ({"api/settings.production.yaml": STORED.replace("store.", "shop:hunter2-9xQ7zz@store.")}, ""),
        ({"api/settings.production.yaml": STORED.replace("example.com", "example.com;Password=hunter2-9xQ7zz")}, ""),
        ({"api/settings.production.yaml": STORED.replace("example.com", "example.com:5432")}, NAMED),
        (
            {"api/settings.yaml": "db: {url: 'jdbc:mysql://store.internal.example.com:3306/shop'}\n"},
            NAMED.replace("PostgreSQL", "MySQL").replace("settings.production.yaml:4", "settings.yaml:1"),
        ),
        (
            {"compose.yaml": OUTSIDE["compose.yaml"].replace("build: api", "build: api, environment: [DATABASE_URL]")},
            "- The database that `DATABASE_URL` of `web` names (`compose.yaml:1`).\n",
        ),
    ],
)
def test_a_database_elsewhere_is_told_with_the_line_that_names_it(
    files: dict[str, str], said: str, make_project: Callable[..., Path]
) -> None:
    recovery = pages_of(make_project({**OUTSIDE, **files}))["recovery.md"]
    assert ("What follows lives elsewhere, and nothing here copies it" in recovery) == bool(said)
    assert said in recovery
    assert ("The files show nothing that a service here keeps" in recovery) == (not said)
    assert "\n\n## First\n" in recovery
    assert "\n\n\n" not in recovery
    assert "hunter" not in recovery


def test_a_release_of_pulled_images_pulls_them_and_goes_back_by_their_tags(make_project: Callable[..., Path]) -> None:
    compose = """\
services:
  web:
    image: ghcr.io/acme/shop/web:${WEB_TAG:-latest}
    ports: ["8080:8000"]
  pages:
    image: ghcr.io/acme/shop/frontend:latest
    ports: ["8081:80"]
  db:
    image: postgres:${POSTGRES_VERSION:-16}
    volumes: [data:/var/lib/postgresql/data]
volumes: {data: {}}
"""
    project = read_project(make_project({"docker-compose.prod.yml": compose, "README.md": "# Shop\n"}))
    target = make_target(project, judge(project).open)
    pages = {item.path: item.text for item in guides.render(target).artifacts}
    start = section(page(pages, "deployment"), "## On one host with Docker Compose")
    assert "   docker compose pull pages web\n   docker compose up -d --wait\n" in start
    assert "For each release set `WEB_TAG` there to the tag that was pushed for it" in start
    back = section(page(pages, "deployment"), "## Going back")
    assert "set `WEB_TAG` back to the tags noted there, and start it with the last command of step 3." in back
    assert "`docker tag IMAGE_ID ghcr.io/acme/shop/frontend:latest`" in back


def test_an_image_that_people_load_on_the_host_is_brought_there_and_built_for_the_cluster(
    make_project: Callable[..., Path],
) -> None:
    compose = """\
services:
  web:
    image: shop:latest
    ports: ["8080:8000"]
  scan:
    image: clamav/clamav:1.4
    volumes: [signatures:/var/lib/clamav]
volumes: {signatures: {}}
"""
    how = "# Deployment\n\n```sh\ndocker build -t shop:latest .\ndocker save shop:latest -o shop.tar\n```\n"
    dockerfile = 'FROM python:3.13\nCOPY . /srv\nUSER 1000\nCMD ["python", "-m", "shop"]\n'
    files = {
        "docker-compose.prod.yml": compose,
        "docs/deploy.md": how,
        "Dockerfile": dockerfile,
        "shop.py": "import http.server\n",
    }
    project = read_project(make_project(files))
    target = make_target(project, judge(project).open)
    pages = {item.path: item.text for item in guides.render(target).artifacts}
    start = section(page(pages, "deployment"), "## On one host with Docker Compose")
    assert "compose pull" not in start
    assert "`shop:latest` lies in no registry" in start
    assert "(`docs/deploy.md:4`)" in start
    assert "`docker save shop:latest | gzip | ssh HOST 'gunzip | docker load'`" in start
    assert [(image.dockerfile, image.services) for image in target.images] == [("Dockerfile", ("web",))]
    # ClamAV's manual asks for 3 GiB at least, and its signatures come from its own servers every day.
    assert {item.name: item.resources.memory_limit for item in target.workloads}["scan"] == "4Gi"
    assert target.backup is None


def test_a_release_that_is_built_where_it_runs_pulls_nothing(made: Callable[..., tuple[Target, dict[str, str]]]) -> None:
    _, pages = made()
    start = section(page(pages, "deployment"), "## On one host with Docker Compose")
    assert "up -d --build --wait" in start
    assert "compose pull" not in start


def test_an_env_file_is_no_folder_of_data_and_a_store_that_nothing_copies_is_not_called_safe(
    make_project: Callable[..., Path],
) -> None:
    compose = """\
    services:
      web: {build: ., ports: ["80:80"], volumes: ["./.env:/srv/.env", "${EXTRA_DIR:-./extra}:/srv/extra:ro"]}
      cache: {image: "redis:7", command: "redis-server --save ''"}
    """
    files = {"compose.yaml": compose, "Dockerfile": "FROM python:3.13\nCOPY . /srv\n", "extra/rules.txt": "a\n"}
    pages = pages_of(make_project(files))
    (web,) = [line for line in pages["scaling.md"].splitlines() if line.startswith("- `web`")]
    assert "the files show no volume and no folder of its own" in web
    (cache,) = [line for line in pages["recovery.md"].splitlines() if line.startswith("| `cache`")]
    assert "nothing shows more than a cache" in cache


@pytest.mark.parametrize(
    ("mount", "more", "told"),
    [
        ("./env_file:/var/www/html/.env", {}, False),
        ("./env_file:/var/www/html/.env:ro", {}, True),
        ("./.env:/var/www/html/.env", {".env.example": "APP_KEY=\n"}, True),
    ],
    ids=["an installer writes it", "it is only read", "there is a template"],
)
def test_no_page_writes_over_a_file_that_a_container_fills(
    mount: str, more: dict[str, str], told: bool, make_project: Callable[..., Path]
) -> None:
    compose = f"""\
services:
  panel:
    image: ghcr.io/acme/panel:1.2.0
    ports: ["80:80"]
    environment: {{API_TOKEN: "${{API_TOKEN}}"}}
    volumes: ["{mount}"]
"""
    pages = pages_of(make_project({"docker-compose.yml": compose, "README.md": "# Panel\n", ".gitignore": ".env\n", **more}))
    assert ("(umask 077 && grep" in pages["deployment.md"]) is told


# --- how it is deployed today -----------------------------------------------------------------------------------------

CALLS = """\
on: {push: {branches: [main]}}
jobs:
  ship:
    name: Ship to production
    uses: example/pipelines/.github/workflows/deploy.yaml@v3
    with: {environment: prod, app: shop}
  image:
    uses: example/pipelines/.github/workflows/build.yaml@v3
  deploy-docs:
    uses: example/pipelines/.github/workflows/deploy.yaml@v3
"""
RUN = """\
on: {push: {branches: [main]}}
jobs:
  deploy:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: google-github-actions/deploy-cloudrun@v2
        with: {service: shop}
  preview:
    runs-on: ubuntu-latest
    steps:
      - run: flyctl deploy --app shop-preview
  site:
    runs-on: ubuntu-latest
    steps:
      - uses: nwtgck/actions-netlify@v3
        with: {publish-dir: ./docs}
"""


def test_the_page_names_the_job_of_another_repository_that_deploys(made):
    today = section(page(made(**{".github__workflows__ship.yml": CALLS})[1], "deployment"), "## How it is deployed today")
    assert "`ship` (`.github/workflows/ship.yml:5`)" in today
    assert "`example/pipelines/.github/workflows/deploy.yaml@v3` for `prod`" in today
    assert "is not read here" in today
    assert "`compose.hardening.yaml`" in today
    assert "`infra/terraform`" in today
    assert "Nothing in that job names" in today
    assert "`image`" not in today
    assert "deploy-docs" not in today


def test_the_page_names_the_platform_that_a_job_deploys_to_and_no_preview(made):
    today = section(page(made(**{".github__workflows__run.yml": RUN})[1], "deployment"), "## How it is deployed today")
    assert "`deploy` (`.github/workflows/run.yml:7`) deploys to Google Cloud Run" in today
    assert "Fly" not in today
    assert "Netlify" not in today
    assert "twice" in today


def test_a_part_that_the_job_names_is_used_today(made):
    job = """\
on: {push: {branches: [main]}}
jobs:
  deploy:
    runs-on: ubuntu-latest
    steps:
      - run: ssh root@shop.example.com 'cd shop && docker compose -f compose.yaml -f compose.hardening.yaml up -d'
"""
    today = section(page(made(**{".github__workflows__deploy.yml": job})[1], "deployment"), "## How it is deployed today")
    assert "`deploy` (`.github/workflows/deploy.yml:6`) starts the release with commands of its own" in today
    assert "compose.hardening.yaml" not in today
    assert "`infra/terraform`" in today
    assert "twice" not in today


def test_infrastructure_of_their_own_is_named_and_ours_is_no_second_copy(made):
    own = 'resource "aws_vpc" "main" {}\n\nresource "aws_db_instance" "shop" {}\n'
    today = section(
        page(made(**{"cloud/main.tf": own, "tests/k8s/pod.yaml": "apiVersion: v1\nkind: Pod\n"})[1], "deployment"),
        "## How it is deployed today",
    )
    assert "`cloud`: the project's own infrastructure as code" in today
    assert "a network (`cloud/main.tf:1`), a database (`cloud/main.tf:3`)" in today
    assert "Apply one of the two for an environment, never both" in today
    assert "Kubernetes" not in today


def test_nothing_is_said_of_today_where_nothing_deploys(made):
    assert "deployed today" not in page(made()[1], "deployment")


# --- signatures and names ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("default", "pushes", "branch", "told"),
    [
        ("", "[master]", "master", ""),
        ("main", "[master]", "main", ""),
        ("trunk", "[develop]", "trunk", ""),
        ("", "[develop]", "BRANCH", "`main` or `master` or `develop`"),
        ("", "['release/**']", "BRANCH", "`main` or `master`."),
    ],
)
def test_a_signature_is_verified_by_the_branch_that_is_known_or_one_to_fill_in(make_project, default, pushes, branch, told):
    ci = f"on: {{push: {{branches: {pushes}}}}}\njobs: {{a: {{runs-on: x, steps: [{{run: pytest}}]}}}}\n"
    project = replace(read_project(make_project({**FILES, ".github/workflows/ci.yml": ci})), default_branch=default)
    text = page(
        {item.path: item.text for item in guides.render(make_target(project, judge(project).open)).artifacts}, "deployment"
    )
    assert f'images.yml@refs/heads/{branch}"' in text
    assert (told in text) if told else "`BRANCH`" not in text


# --- migrations that nobody runs --------------------------------------------------------------------------------------

UNPREPARED = """\
services:
  api:
    build: ./api
    ports: ["8000:8000"]
    command: uvicorn shop:app --host 0.0.0.0
  db: {image: "postgres:16", volumes: ["data:/var/lib/postgresql/data"]}
volumes: {data: {}}
"""
API = {"api__Dockerfile": "FROM python:3.13\nCOPY . /app\n"}


def test_the_projects_own_migration_is_named_where_nothing_that_starts_runs_it(made):
    readme = "# Shop\n\n```sh\npytest\nalembic upgrade head && uvicorn shop:app\n```\n"
    text = page(made(**{"compose.yaml": UNPREPARED, **API, "README.md": readme})[1], "deployment")
    host = section(text, "## On one host with Docker Compose")
    assert "3. Migrate the database, then start the release" in host
    assert "- `alembic upgrade head` (`README.md:5`); where the image holds the tool: `docker compose" in host
    assert "run --rm --build api alembic upgrade head`" in host
    assert "`alembic upgrade head` (`README.md:5`)" in section(text, "## On AWS")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("dart bin/main.dart --apply-migrations", "`dart bin/main.dart --apply-migrations`"),
        ("docker compose exec api bin/rails db:migrate", "run --rm --build api bin/rails db:migrate`"),
        ("php artisan migrate:status", ""),
        ("migrate -path db -database postgres://shop:hunter2@db/shop up", ""),
        ("alembic downgrade -1", ""),
    ],
)
def test_a_migration_is_shown_as_it_stands_and_never_with_a_login(made, command, said):
    readme = f"# Shop\n\n```sh\n{command}\n```\n"
    text = page(made(**{"compose.yaml": UNPREPARED, **API, "README.md": readme})[1], "deployment")
    assert "hunter2" not in text
    assert ("is seen to migrate the database" in text) is bool(said)
    assert said in text


def test_nothing_is_asked_where_a_service_or_its_start_migrates(made):
    readme = "# Shop\n\n```sh\nalembic upgrade head\n```\n"
    assert "is seen to migrate" not in page(made(**{"README.md": readme})[1], "deployment")
    started = UNPREPARED.replace("uvicorn", "sh -c 'alembic upgrade head && uvicorn").replace("0.0.0.0", "0.0.0.0'")
    assert "is seen to migrate" not in page(made(**{"compose.yaml": started, **API, "README.md": readme})[1], "deployment")


# --- a redis that is a cache, and one that is a queue -----------------------------------------------------------------

WITH_REDIS = """\
services:
  api:
    build: ./api
    ports: ["8000:8000"]
    environment: {{REDIS_URL: "redis://:${{REDIS_PASSWORD}}@cache:6379/0"}}
    depends_on: [cache]
  cache: {{image: "redis:7", command: "redis-server --requirepass ${{REDIS_PASSWORD}}{more}"}}
"""


@pytest.mark.parametrize(
    ("more", "refills"),
    [("", True), (" --maxmemory-policy allkeys-lru", True), (" --appendonly yes", False)],
)
def test_a_cache_has_nothing_to_bring_back_and_a_queue_has(made, more, refills):
    pages = made(**{"compose.yaml": WITH_REDIS.format(more=more), **API})[1]
    recovery, rotation = page(pages, "recovery"), page(pages, "rotation")
    (row,) = [line for line in recovery.splitlines() if line.startswith("| `cache` ")]
    assert ("nothing shows more than a cache, which fills itself anew" in row and "none is needed" in row) is refills
    assert ("aws elasticache describe-snapshots" in recovery) is not refills
    assert ("Nothing shows more in it than a cache" in rotation) is refills
    assert ("see first that the queue is empty" in rotation) is not refills
    assert ("The next backup" in recovery) is not refills


def test_a_store_that_nothing_copies_is_not_restored_as_above(made):
    compose = COMPOSE.replace("  tests:\n", "  files: {image: minio/minio, volumes: ['files:/data']}\n  tests:\n")
    recovery = page(made(**{"compose.yaml": compose.replace("uploads: {}", "uploads: {}, files: {}")})[1], "recovery")
    assert "3. Restore what is copied as above, `files` from copies of your own, then start the rest" in recovery
    assert "3. Restore what is copied as above, then start the rest" in page(made()[1], "recovery")


def test_a_volume_that_only_the_cluster_copies_is_not_called_copied_under_compose(made):
    compose = UNPREPARED.replace(
        "volumes: {data", "  graph: {image: 'neo4j:5', volumes: ['graph:/data']}\nvolumes: {graph: {}, data"
    )
    recovery = page(made(**{"compose.yaml": compose, **API})[1], "recovery")
    (row,) = [line for line in recovery.splitlines() if line.startswith("| `graph` (volume of")]
    assert "under Compose everything since the last copy that you made yourself; in the cluster" in row
    assert "from copies of your own" in section(recovery, "## When the host is gone")


CIPHERS = """\
import os
from cryptography.fernet import Fernet

box = Fernet(os.environ["NOTES_SECRET"])
"""


def test_the_page_on_recovery_names_the_keys_that_the_copies_need(make_project: Callable[..., Path]) -> None:
    """By what code that encrypts calls its key, and by the usual names; the password of the store is none."""
    compose = """\
services:
  web: {build: ., environment: {NOTES_SECRET: "${NOTES_SECRET:?}", ENCRYPTION_KEY: "${ENCRYPTION_KEY:?}", PGPASSWORD: "${PGPASSWORD:?}"}}
  db: {image: "postgres:17", volumes: ["data:/var/lib/postgresql/data"], environment: {POSTGRES_PASSWORD: "${PGPASSWORD:?}"}}
volumes: {data: {}}
"""
    files = {"compose.yaml": compose, "Dockerfile": "FROM python:3.14\nCOPY . .\nCMD python app.py\n", "app.py": CIPHERS}
    page = pages_of(make_project(files))["recovery.md"]
    assert "encrypts a part of what it stores with `ENCRYPTION_KEY`, `NOTES_SECRET`. Keep the values where" in page
    without = pages_of(
        make_project({**files, "compose.yaml": compose.replace("NOTES_SECRET", "TITLE").replace("ENCRYPTION_KEY", "BODY")})
    )
    assert "encrypts" not in without["recovery.md"]
