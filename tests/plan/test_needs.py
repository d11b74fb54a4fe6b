"""What the code requires and only a developer's `.env` sets reaches the chart, the overlay, the templates and the guide."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import yaml

from scaffold.app.examination import Place
from scaffold.app.generation import plan_generation, write_generation
from scaffold.model.names import Room
from scaffold.model.target import Target
from scaffold.plan.target import make_target
from scaffold.read.project import read_project

COMPOSE = """\
services:
  web: {build: ., ports: ["3000:3000"], volumes: [".:/srv"], environment: {GIVEN: "1"}}
  worker: {build: ., command: node worker.js, environment: {GIVEN: "1"}}
  db: {image: "postgres:17", environment: {POSTGRES_PASSWORD: "${POSTGRES_PASSWORD:?}"}}
  queue: {image: "rabbitmq:4"}
"""
CONFIG = """\
const schema = Joi.object({
  NODE_ENV: Joi.string().required(), JWT_SECRET: Joi.string().required(), GIVEN: Joi.string().required(),
  DATABASE_URL: Joi.string().required(), QUEUE_HOST: Joi.string().required(), QUEUE_PORT: Joi.number().required(),
  SENDER: Joi.string().required(), REPLY_TO: Joi.string().allow('').required(), IN_IMAGE: Joi.string().required(),
  SMTP_HOST: Joi.string(), NOWHERE: Joi.string().required(), PAGE_SIZE: Joi.number().default(20),
}).unknown();
schema.validate(process.env);
"""
TEMPLATE = """\
JWT_SECRET=thisisasamplesecret
DATABASE_URL=postgres://postgres:hunter22@localhost:5432/postgres
QUEUE_HOST=localhost
QUEUE_PORT=5672
SENDER=shop@example.com
REPLY_TO=
IN_IMAGE=x
SMTP_HOST=mail.example.com
PAGE_SIZE=20
"""
FILES = {
    "compose.yaml": COMPOSE,
    "Dockerfile": "FROM node:24\nENV IN_IMAGE=1\nCOPY . /srv\nCMD [node, .]\n",
    "src/config.js": CONFIG,
    ".env.example": TEMPLATE,
    "package.json": '{"name": "shop", "dependencies": {"express": "5"}}',
}
Make = Callable[..., Path]


def needs(target: Target, service: str = "web") -> dict[str, tuple[str, str]]:
    return {need.name: (need.kind, need.text) for need in target.needs if need.service == service}


def test_each_variable_is_decided_once(make_project: Make) -> None:
    target = make_target(read_project(make_project(FILES, name="shop")), ())
    assert needs(target) == {
        "DATABASE_URL": ("asked", "${DATABASE_URL:?}"),
        "JWT_SECRET": ("asked", "${JWT_SECRET:?}"),
        "NODE_ENV": ("fixed", "production"),
        "NOWHERE": ("unknown", "${NOWHERE:?}"),
        "QUEUE_HOST": ("fixed", "queue"),
        "QUEUE_PORT": ("default", "${QUEUE_PORT:-5672}"),
        "REPLY_TO": ("asked", "${REPLY_TO-}"),
        "SENDER": ("asked", "${SENDER:?}"),
        "SMTP_HOST": ("unknown", "${SMTP_HOST:?}"),
    }
    assert needs(target, "worker") == needs(target)


def test_what_a_runner_of_ci_sets_by_itself_is_asked_of_nobody(make_project: Make) -> None:
    code = "const onRunner = process.env.GITHUB_ACTIONS, ci = process.env.CI, sender = process.env.SENDER;\n"
    template = "GITHUB_ACTIONS=\nCI=\nSENDER=shop@example.com\n"
    target = make_target(read_project(make_project({**FILES, "src/config.js": code, ".env.example": template})), ())
    assert needs(target) == {"SENDER": ("unknown", "${SENDER:?}")}


def test_a_login_of_a_store_is_that_of_the_store(make_project: Make) -> None:
    config = FILES["src/config.js"].replace("SMTP_HOST: Joi.string(),", "QUEUE_PASSWORD: Joi.string().required(),")
    template = f"{TEMPLATE}QUEUE_PASSWORD=guest\n"
    root = make_project({**FILES, "src/config.js": config, ".env.example": template}, name="shop")
    production = make_target(read_project(root), ()).environment.production
    assert production
    variable = production.variable("QUEUE_PASSWORD")
    assert variable
    assert variable.comments == ("src/config.js:5 requires it", "Secret, used by web, worker; the password of queue")
    write_generation(plan_generation(Place(root), rooms=frozenset({Room.GUIDES}), edit_codes=None))
    rotation = (root / "docs/operations/rotation.md").read_text()
    assert "| `QUEUE_PASSWORD` | `web`, `worker` | the same text as the password of queue |" in rotation


def test_a_proxy_that_forwards_to_what_is_left_out_is_told(make_project: Make) -> None:
    proxy = "  proxy: {image: 'nginx:1.30', volumes: ['./nginx.conf:/etc/nginx/nginx.conf:ro'], ports: ['80:80']}\n"
    flower = "  flower: {image: 'mher/flower:2.0', command: celery flower}\n"
    conf = "events {}\nhttp { server {\n  location / { proxy_pass http://web:3000; }\n  location /f { proxy_pass http://flower:5555; }\n} }\n"
    root = make_project({**FILES, "compose.yaml": f"{COMPOSE}{proxy}{flower}", "nginx.conf": conf}, name="shop")
    (note,) = [item for item in make_target(read_project(root), ()).notes if item.service == "proxy" and item.urgent]
    assert (note.location.path, note.location.line) == ("nginx.conf", 4)
    assert "it forwards to flower, which gets no workload" in note.message


def test_what_a_twin_gets_and_another_context_reads_is_not_needed(make_project: Make) -> None:
    compose = """\
services:
  web: {build: ., environment: {JWT_SECRET: "${JWT_SECRET:?}"}}
  worker: {build: ., command: node worker.js}
  site: {build: {context: ., dockerfile: site/Dockerfile}}
  static: {build: {context: ., dockerfile: Dockerfile.static}}
"""
    code = "if (!process.env.JWT_SECRET) throw new Error('JWT_SECRET');\n"
    files = {
        "compose.yaml": compose,
        "Dockerfile": "FROM node:24\nCOPY . /srv\n",
        "site/Dockerfile": "FROM node:24\nCOPY site /srv\n",
        "Dockerfile.static": "FROM node:24 AS build\nCOPY . /srv\nFROM nginx:1\nCOPY --from=build /srv /srv\n",
        "src/a.js": code,
        "tests/b.js": "if (!process.env.FAKE) throw new Error('FAKE');\n",
        ".env.example": "JWT_SECRET=\nFAKE=\n",
    }
    assert make_target(read_project(make_project(files, name="shop")), ()).needs == ()


def test_every_output_says_the_same(make_project: Make, require_tool: Callable[[str], str]) -> None:
    root = make_project(FILES, name="shop")
    write_generation(plan_generation(Place(root), rooms=None, edit_codes=None))
    overlay = yaml.safe_load((root / "compose.hardening.yaml").read_text())["services"]["web"]["environment"]
    assert overlay["JWT_SECRET"] == "${JWT_SECRET:?}"
    assert (overlay["QUEUE_HOST"], overlay["NODE_ENV"]) == ("queue", "production")
    template = (root / ".env.production.example").read_text()
    assert {"JWT_SECRET=", "DATABASE_URL=", "SENDER=", "# REPLY_TO=", "# QUEUE_PORT=5672"} <= set(template.splitlines())
    asked = json.loads(re.search(r"^VARIABLES = (\[.*?^\])", (root / "scripts/secrets-env").read_text(), re.S | re.M)[1])  # type: ignore[index]
    assert ["JWT_SECRET", "app", "JWT_SECRET", "required"] in asked
    guide = (root / "docs/operations/deployment.md").read_text()
    assert "- `web`: `NOWHERE`, `SMTP_HOST` (at `src/config.js:5`)" in guide
    everything = "".join(path.read_text() for path in root.rglob("*") if path.is_file() and ".git" not in path.parts)
    assert everything.count("hunter22") == everything.count("thisisasamplesecret") == 1  # the template of theirs
    chart = root / "deploy/helm/shop"
    values = ["--values", "ci/values-infra.json", "--values", "ci/values-release.json"]
    helm = [require_tool("helm"), "template", "shop", "."]
    done = subprocess.run([*helm, *values], cwd=chart, capture_output=True, text=True, check=True)
    pods = [item for item in yaml.safe_load_all(done.stdout) if item and item["kind"] == "Deployment"]
    web = next(item for item in pods if item["metadata"]["name"] == "web")["spec"]["template"]["spec"]["containers"][0]
    env = {item["name"]: item for item in web["env"]}
    assert env["JWT_SECRET"]["valueFrom"]["secretKeyRef"]["key"] == "JWT_SECRET"
    assert "secretKeyRef" in env["DATABASE_URL"]["valueFrom"]
    assert (env["NODE_ENV"]["value"], env["QUEUE_HOST"]["value"]) == ("production", "queue")
    assert env["QUEUE_PORT"]["value"] == "5672"
    refused = subprocess.run([*helm, *values[:2]], cwd=chart, capture_output=True, text=True, check=False)
    assert refused.returncode


def test_uploads_below_a_static_folder_are_data(make_project: Make) -> None:
    compose = (
        "services:\n  web: {build: ., volumes: ['app_static:/srv/static', 'app_static_upload:/srv/static/upload', "
        "'upload_tmp:/srv/upload/tmp']}\n  my_db: {image: 'postgres:17', environment: {POSTGRES_PASSWORD: '${P:?}'}, "
        "volumes: ['data:/var/lib/postgresql/data']}\nvolumes: {app_static: , app_static_upload: , upload_tmp: , data: }\n"
    )
    root = make_project({"compose.yaml": compose, "Dockerfile": "FROM node:24\n"}, name="shop")
    generation = plan_generation(Place(root), rooms=None, edit_codes=None)
    assert generation.target.backup
    assert [volume.name for volume in generation.target.backup.volumes] == ["app_static_upload"]
    write_generation(generation)
    # The object of the cluster has the name that the chart gives it.
    assert "annotate externalsecret shop-my-db force-sync" in (root / "docs/operations/rotation.md").read_text()


SETTINGS = """\
import environ

env = environ.Env(DEBUG=(bool, False))
SECRET_KEY = env("SECRET_KEY")
BUCKET = env("BUCKET")
BUCKET_SECRET_KEY = env("BUCKET_SECRET_KEY")
DEBUG = env("DEBUG")
"""


def test_what_mounted_code_requires_and_the_template_of_its_env_file_forgot_is_asked(make_project: Make) -> None:
    compose = "services:\n  web: {build: ., ports: ['80:80'], volumes: ['./app:/srv/app'], env_file: [.env.prod]}\n"
    files = {
        "compose.yaml": compose,
        "Dockerfile": "FROM python:3.13\nCOPY conf /srv/conf\nCMD python manage.py runserver\n",
        "app/shop/settings.py": SETTINGS,
        "app/manage.py": "import django\n",
        "app/requirements.txt": "django==5.2\ndjango-environ\n",
        ".env.example": "SECRET_KEY=...\n",
    }
    target = make_target(read_project(make_project(files)), ())
    found = {need.name: (need.kind, need.secret) for need in target.needs}
    assert found == {"SECRET_KEY": ("asked", True), "BUCKET": ("asked", False), "BUCKET_SECRET_KEY": ("asked", True)}
    assert target.environment.production
    assert {"BUCKET", "BUCKET_SECRET_KEY"} <= {item.name for item in target.environment.production.variables}
    tracked = {**files, "compose.yaml": compose.replace(", env_file: [.env.prod]", "")}
    other = make_target(read_project(make_project(tracked)), ())
    assert {need.name: need.kind for need in other.needs} == {
        "SECRET_KEY": "asked",
        "BUCKET": "unknown",
        "BUCKET_SECRET_KEY": "unknown",
    }


LOCAL_CODE = """\
import os
from pathlib import Path

DATABASE_URL = os.getenv("DATABASE_URL", "sqlite:///./shop.db")
FRONTEND_URL = os.getenv("FRONTEND_URL", "http://localhost:3000")
BROKER_URL = os.getenv("BROKER_URL", "amqp://guest:guest@localhost:5672/")
GIVEN_URL = os.getenv("GIVEN_URL", "redis://localhost:6379/0")
TEST_DATABASE_URL = os.getenv("TEST_DATABASE_URL", "sqlite:///./test.db")
METRICS_URL = os.getenv("METRICS_URL", "http://metrics.example.com/push")
PAGE_SIZE = int(os.getenv("PAGE_SIZE", "20"))
"""
LOCAL_FILES = {
    "compose.yaml": """\
services:
  web: {build: ., ports: ["8000:8000"], environment: {GIVEN_URL: "redis://cache:6379/0"}}
  db: {image: "mysql:8.4", environment: {MYSQL_ROOT_PASSWORD: "${MYSQL_ROOT_PASSWORD:?}", MYSQL_DATABASE: shop}}
  cache: {image: "redis:8"}
""",
    "Dockerfile": "FROM python:3.14-slim\nWORKDIR /srv\nCOPY . .\nCMD [python, main.py]\n",
    "main.py": LOCAL_CODE,
    "requirements.txt": "fastapi==0.120.0\n",
}


def test_what_falls_back_to_a_developers_machine_is_asked_for(make_project: Make) -> None:
    """SQLite beside a server, and stores or pages at localhost: production would start, and run on the wrong thing."""
    target = make_target(read_project(make_project(LOCAL_FILES)), ())
    local = {need.name: need.secret for need in target.needs if need.source == "local"}
    assert local == {"DATABASE_URL": True, "FRONTEND_URL": False, "BROKER_URL": True}


def test_a_sqlite_file_alone_is_the_database_of_the_application(make_project: Make) -> None:
    alone = LOCAL_FILES | {"compose.yaml": 'services:\n  web: {build: ., ports: ["8000:8000"]}\n'}
    target = make_target(read_project(make_project(alone)), ())
    assert "DATABASE_URL" not in {need.name for need in target.needs if need.source == "local"}


def test_a_local_default_is_asked_for_in_chart_overlay_and_template(make_project: Make) -> None:
    root = make_project(LOCAL_FILES, name="shop")
    write_generation(plan_generation(Place(root), rooms=None, edit_codes=None))
    wanted = {"DATABASE_URL", "FRONTEND_URL", "BROKER_URL"}
    overlay = yaml.safe_load((root / "compose.hardening.yaml").read_text())["services"]["web"]["environment"]
    assert {name for name in overlay if overlay[name] == f"${{{name}:?}}"} == wanted
    template = (root / ".env.production.example").read_text().splitlines()
    assert {f"{name}=" for name in wanted} <= set(template)
    values = (root / "deploy/helm/shop/values.yaml").read_text()
    assert all(name in values for name in wanted)
    assert "sqlite" not in values
