"""An `env_file` that git does not track, and what code takes without it: chart, templates and guide bring what containers get."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from scaffold.app.examination import Place
from scaffold.app.generation import plan_generation, write_generation

Make = Callable[..., Path]
COMPOSE = """\
services:
  web: {build: ., env_file: [.env], ports: ["${WEB_PORT:-8000}:8000"], environment: {GIVEN: "1"}, profiles: [web]}
  db: {image: "postgres:17", env_file: .env, volumes: ["data:/var/lib/postgresql/data"]}
  cache: {image: "redis:8"}
  proxy:
    image: nginx:1.30
    ports: ["80:80"]
    volumes: ["./proxy.conf:/etc/nginx/conf.d/default.conf:ro", "./private/app.env:/run/app.env:ro"]
volumes: {data: }
"""
SETTINGS = """\
import os
SECRET_KEY = os.environ["SECRET_KEY"]
DEBUG = os.getenv("DEBUG", "false")
DATABASE = {
    "HOST": os.getenv("POSTGRES_HOST", "db"), "PORT": os.getenv("POSTGRES_PORT", "5432"),
    "USER": os.getenv("POSTGRES_USER", "shop"), "PASSWORD": os.getenv("POSTGRES_PASSWORD", "hunter22"),
}
REDIS_URL = os.getenv("REDIS_URL", "redis://cache:6379/0")
"""
TEMPLATE = """\
export COMPOSE_PROFILES=web,tools
export WEB_PORT=8000
export SECRET_KEY=insecure_key_for_dev
export DEBUG=true
WEB_RELOAD=1
ALLOWED_HOSTS="*"
SITE_URL=http://localhost:8000
POSTGRES_USER=shop
POSTGRES_PASSWORD=hunter22
MAIL_SERVICE_ACCOUNT_JSON=
EMAIL_BACKEND=django.core.mail.backends.console.EmailBackend
GIVEN=2
PAGE_TITLE='The "Shop"'
REPORTS=postgres://${POSTGRES_USER}:${POSTGRES_PASSWORD}@db:5432/reports
PAGE_OF=${PAGE_OF:-Rome}
OWNER=${OWNER:-Shop of ${PAGE_OF}}
SIGNATURE_KEY=ywvTuNQw6bWUlEyS0ykTqiz9on1cyMlHT7e1Ddo060
"""
FILES = {
    "compose.yaml": COMPOSE,
    "Dockerfile": "FROM python:3.14\nCOPY . /srv\nCMD [python, -m, shop]\n",
    "shop/settings.py": SETTINGS,
    "requirements.txt": "django\n",
    ".env.example": TEMPLATE,
    "proxy.conf.example": "server { listen 80; location / { proxy_pass http://web:8000; } }\n",
    "private/app.env.sample": "TOKEN=\n",
    ".gitignore": ".env\nproxy.conf\n/private/app.env\n",
}


@pytest.fixture
def root(make_project: Make) -> Path:
    root = make_project(FILES, name="shop")
    write_generation(plan_generation(Place(root), rooms=None, edit_codes=None))
    return root


def values(root: Path) -> dict[str, Any]:
    found = yaml.safe_load((root / "deploy/helm/shop/values.yaml").read_text())
    assert isinstance(found, dict)
    return found


def env_of(root: Path, workload: str) -> Mapping[str, Any]:
    found = values(root)["workloads"][workload]["env"]
    assert isinstance(found, dict)
    return found


def test_the_chart_gives_what_the_env_file_would(root: Path) -> None:
    env, settings = env_of(root, "web"), values(root)["settings"]
    assert env["SECRET_KEY"] == {"secret": "app", "key": "SECRET_KEY"}
    assert env["SIGNATURE_KEY"] == {"secret": "app", "key": "SIGNATURE_KEY"}
    assert {name: settings[name] for name in ("DEBUG", "WEB_RELOAD", "PAGE_TITLE", "OWNER")} == {
        "DEBUG": "false",
        "WEB_RELOAD": "0",
        "PAGE_TITLE": 'The "Shop"',
        "OWNER": "Shop of Rome",
    }
    # Of the developer's machine alone: every environment has its own.
    assert env["ALLOWED_HOSTS"] == {"setting": "ALLOWED_HOSTS"}
    assert "ALLOWED_HOSTS" not in settings
    assert env["EMAIL_BACKEND"] == {"setting": "EMAIL_BACKEND"}
    assert "EMAIL_BACKEND" not in settings
    assert env["SITE_URL"] == {"setting": "SITE_URL"}
    assert "SITE_URL" not in settings
    # Of Compose alone, or set beside it.
    assert not {"COMPOSE_PROFILES", "WEB_PORT"} & set(env)
    assert env["GIVEN"] == "1"


def test_what_code_takes_without_a_variable_leads_to_the_managed_store(root: Path) -> None:
    env = env_of(root, "web")
    assert env["POSTGRES_HOST"] == {"store": "db", "field": "host"}
    assert env["POSTGRES_PORT"] == {"store": "db", "field": "port"}
    assert env["POSTGRES_USER"] == {"store": "db", "field": "username"}
    assert env["POSTGRES_PASSWORD"] == {"secret": "db", "key": "password"}
    assert env["REDIS_URL"] == {"secret": "cache", "key": "REDIS_URL"}
    assert env["REPORTS"] == {"secret": "db", "key": "REPORTS"}
    assert "let the program" not in (root / "docs/operations/deployment.md").read_text()


def test_no_value_of_the_template_that_is_a_secret_is_written(root: Path) -> None:
    texts = [path.read_text() for path in root.rglob("*") if path.is_file() and ".git" not in path.parts]
    for secret in ("insecure_key_for_dev", "ywvTuNQw6bWUlEyS0ykTqiz9on1cyMlHT7e1Ddo060"):
        assert sum(secret in text for text in texts) == 1
    assert sum("hunter22" in text for text in texts) == 2  # the template and the settings, both theirs


def test_what_logs_in_to_a_store_asks_for_the_user_that_its_env_file_makes(root: Path) -> None:
    """There is no user `postgres` where the store begins with another one: every copy and every scrape would be refused."""
    user = "${POSTGRES_USER:?set POSTGRES_USER: db has it, and what logs in to it needs it}"
    dumper = yaml.safe_load((root / "compose.backup.yaml").read_text())["services"]["backup-db"]
    exporter = yaml.safe_load((root / "compose.monitoring.yaml").read_text())["services"]["postgres-exporter"]
    assert dumper["environment"]["PGUSER"] == exporter["environment"]["DATA_SOURCE_USER"] == user
    assert "POSTGRES_USER=shop" in (root / ".env.production.example").read_text().splitlines()


def test_the_template_of_production_and_the_guide_make_the_file(root: Path, tmp_path: Path) -> None:
    template = (root / ".env.production.example").read_text().splitlines()
    assert template[template.index("# MAIL_SERVICE_ACCOUNT_JSON=") - 1].endswith("its provider issues the value")
    asked = {"ALLOWED_HOSTS=", "EMAIL_BACKEND=", "SITE_URL=", "SECRET_KEY="}
    assert {"COMPOSE_PROFILES=web", *asked, "WEB_RELOAD=0"} <= set(template)
    guide = (root / "docs/operations/deployment.md").read_text()
    command = next(line.strip() for line in guide.splitlines() if "> .env)" in line)
    assert "Compose hands `.env` to `db`, `web` as a whole" in guide
    assert "holds the values of production; git ignores it." in guide
    assert "On a host that runs already it is there" in guide
    assert "   cp proxy.conf.example proxy.conf\n" in guide
    (tmp_path / "shop-settings.env").write_text("A=1\nBACKUP_REPOSITORY=s3:x\nCOMPOSE_FILE=compose.yaml\n")
    # What the containers of the host alone read is in no application's environment.
    (tmp_path / "shop-secrets.env").write_text("B=2\nBACKUP_PASSWORD=3\nGRAFANA_ADMIN_PASSWORD=4\nBACKUP_SECRET_ACCESS_KEY=5\n")
    subprocess.run(["sh", "-c", command], cwd=tmp_path, env={**os.environ, "HOME": str(tmp_path)}, check=True)
    assert (tmp_path / ".env").read_text() == "A=1\nB=2\n"
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600


def test_a_mounted_file_that_people_copy_from_a_template_is_that_template(root: Path) -> None:
    found = values(root)
    mounts = {item["path"]: item for item in found["workloads"]["proxy"]["mounts"]}
    assert found["config"]["proxy-proxy-conf"]
    assert mounts["/etc/nginx/conf.d/default.conf"]["subPath"] == "proxy.conf"
    # An env file that is mounted is there, and its variables stand in the environment.
    assert found["workloads"]["proxy"]["env"] == {"TOKEN": {"secret": "app", "key": "TOKEN"}}
    assert "What stood here is set in the environment" in str(found["config"]["proxy-app-env"])


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("docker/.env", "docker/conf/.env.example"),
        ("docker/.env", "docker/.env.production.sample"),
        ("docker/web.env", "docker/web.env.dist"),
        ("docker/shop.env", "docker/example.env"),
    ],
)
def test_templates_are_found_by_name_and_place(make_project: Make, path: str, template: str) -> None:
    compose = f"services: {{web: {{image: 'acme/web:1', env_file: {path}, ports: ['80:80']}}}}\n"
    others = {"docker/.env.dev.example": "MODE_OF=dev\n", "web/.env.example": "MODE_OF=elsewhere\n"}
    root = make_project({"compose.yaml": compose, template: "MODE_OF=wanted\n", **others}, name="shop")
    write_generation(plan_generation(Place(root), rooms=None, edit_codes=None))
    assert values(root)["settings"] == {"MODE_OF": "wanted"}


def test_a_template_in_a_folder_below_stays_the_only_one(make_project: Make) -> None:
    compose = "services: {web: {image: 'acme/web:1', env_file: .env, ports: ['${PORT:?}:80']}}\n"
    root = make_project({"docker/compose.yaml": compose, "docker/conf/.env.example": "PORT=80\n"}, name="shop")
    write_generation(plan_generation(Place(root), rooms=None, edit_codes=None))
    assert not (root / "docker/.env.example").exists()
    guide = (root / "docs/operations/deployment.md").read_text()
    # The commands start in the folder of Compose, the page names files from the root.
    assert '   ../scripts/secrets-env production --out "$HOME/shop-secrets.env"\n' in guide
    assert "`docker/.env.production.example` lists every variable" in guide
    assert "copy `.env.production.example` to" in guide


RAILS = {
    "compose.yaml": "services:\n  web: {build: ., ports: ['8000:8000']}\n  db: {image: 'postgres:17', environment: "
    "{POSTGRES_PASSWORD: '${P:?}'}, volumes: ['data:/var/lib/postgresql/data']}\nvolumes: {data: }\n",
    "Dockerfile": "FROM ruby:3.4\nCOPY . /srv\nCMD [puma]\n",
    "Gemfile": "gem 'rails'\n",
    "config/database.yml": "default: &default\n  adapter: postgresql\n  host: \"<%= ENV.fetch('DB_HOST') { 'db' } %>\"\n"
    "  port: <%= ENV.fetch('DB_PORT') { 5432 } %>\n  database: <%= ENV['DB_NAME'] %>\n  username: <%= ENV.fetch('DB_USER', 'shop') %>\n"
    "  password: <%= ENV['DB_PASSWORD'] %>\nproduction:\n  <<: *default\n",
}


def test_rails_finds_the_managed_database(make_project: Make) -> None:
    root = make_project(RAILS, name="shop")
    write_generation(plan_generation(Place(root), rooms=None, edit_codes=None))
    assert {name: value for name, value in env_of(root, "web").items() if name.startswith("DB_")} == {
        "DB_HOST": {"store": "db", "field": "host"},
        "DB_PORT": {"store": "db", "field": "port"},
        "DB_NAME": {"store": "db", "field": "database"},
        "DB_USER": {"store": "db", "field": "username"},
        "DB_PASSWORD": {"secret": "db", "key": "password"},
    }


def test_lines_that_multiply_the_ones_before_end_somewhere(make_project: Make) -> None:
    lines = ["L0=" + "x" * 50, *(f"L{index}={f'${{L{index - 1}}}' * 60}" for index in range(1, 12)), "LAST=1"]
    compose = "services: {web: {image: 'acme/web:1', env_file: .env, ports: ['80:80']}}\n"
    root = make_project({"compose.yaml": compose, ".env.example": "\n".join(lines) + "\n"}, name="shop")
    # Sixty to the power of eleven times fifty characters, if all of it were written out.
    write_generation(plan_generation(Place(root), rooms=None, edit_codes=None))
    assert values(root)["settings"]["LAST"] == "1"
    assert (root / "deploy/helm/shop/values.yaml").stat().st_size < 100_000


def test_an_application_gets_all_of_the_env_file_in_its_folder_and_its_framework_its_key(make_project: Make) -> None:
    """Laravel reads DB_* where no line of the project names them, though Compose fills the store's variables from the same names."""
    compose = (
        "services:\n"
        '  db: {image: "postgres:17", environment: {POSTGRES_DB: "${DB_DATABASE}", POSTGRES_PASSWORD: "${DB_PASSWORD}"}}\n'
        '  shop: {build: ./backend, ports: ["80:9000"], env_file: [./backend/.env], depends_on: [db]}\n'
    )
    template = "APP_KEY=\nDB_HOST=db\nDB_DATABASE=shop\nDB_USERNAME=postgres\nDB_PASSWORD=hunter22\nSUPABASE_SERVICE_KEY=\nLOG_LEVEL=debug\n"
    files = {
        "compose.prod.yaml": compose,
        "backend/Dockerfile": 'FROM php:8.4-fpm\nCOPY . .\nCMD ["php-fpm"]\n',
        "backend/composer.json": '{"require": {"laravel/framework": "^12.0"}}',
        "backend/.env.example": template,
        ".gitignore": ".env\n",
    }
    root = make_project(files, name="shop")
    write_generation(plan_generation(Place(root), rooms=None, edit_codes=None))
    values = yaml.safe_load((root / "deploy/helm/shop/values.yaml").read_text(encoding="utf-8"))
    env = values["workloads"]["shop"]["env"]
    assert env["DB_DATABASE"] == {"store": "db", "field": "database"}
    assert env["DB_PASSWORD"] == {"secret": "db", "key": "password"}
    assert env["APP_KEY"] == {"secret": "app", "key": "APP_KEY"}
    assert values["settings"]["LOG_LEVEL"] == "info"
    assert env["SUPABASE_SERVICE_KEY"] == {"secret": "app", "key": "SUPABASE_SERVICE_KEY"}
    lines = (root / ".env.production.example").read_text(encoding="utf-8").splitlines()
    assert "APP_KEY=" in lines
    # What `php artisan key:generate --show` prints: base64: and 32 bytes.
    assert lines[lines.index("APP_KEY=") - 1].endswith('make one with: echo "base64:$(openssl rand -base64 32)"')
    assert lines[lines.index("# SUPABASE_SERVICE_KEY=") - 1].endswith("its provider issues the value")


def test_numbers_that_stand_for_somebodys_own_are_asked_for_and_own_keys_are_made(make_project: Make) -> None:
    template = (
        "ADMIN_IDS=123456789, 987654321\nALERT_CHAT_ID=-1001234567890\nWORKER_IDS=7\nSITE_API_KEY=\nAPI_KEY=\nMAPS_API_KEY=\n"
    )
    files = {
        "compose.yaml": "services:\n  web: {build: ., env_file: [.env], ports: ['8000:8000']}\n",
        "Dockerfile": "FROM python:3.14\nCOPY . /srv\nCMD [python, -m, shop]\n",
        ".env.example": template,
        ".gitignore": ".env\n",
    }
    root = make_project(files, name="shop")
    write_generation(plan_generation(Place(root), rooms=None, edit_codes=None))
    lines = (root / ".env.production.example").read_text(encoding="utf-8").splitlines()
    assert {"ADMIN_IDS=", "ALERT_CHAT_ID=", "WORKER_IDS=7"} <= set(lines)
    comments = {line.removeprefix("# "): lines[index - 1] for index, line in enumerate(lines)}
    own = "make one with: openssl rand -hex 32"
    assert comments["SITE_API_KEY="].endswith(own)
    assert comments["API_KEY="].endswith(
        "its provider issues the value, or, where your own code asks its callers for it: openssl rand -hex 32"
    )
    assert comments["MAPS_API_KEY="].endswith("its provider issues the value")
    values = yaml.safe_load((root / "deploy/helm/shop/values.yaml").read_text(encoding="utf-8"))
    assert "123456789" not in str(values)


OF_DEVELOPERS = {
    "compose.yaml": """\
services:
  web: {build: ./web, command: python manage.py runserver 0.0.0.0:8000, ports: ["8000:8000"], env_file: ./.env.dev}
  db:
    image: kartoza/postgis:16-3.4
    volumes: ["data:/var/lib/postgresql"]
    environment: {POSTGRES_USER: shop_dev, POSTGRES_PASS: dev_pwd, POSTGRES_DB: shop, ALLOW_IP_RANGE: 0.0.0.0/0}
volumes: {data: }
""",
    "compose.prod.yaml": """\
services:
  web:
    build: ./web
    command: sh -c "celery -A shop worker & gunicorn shop.wsgi --bind 0.0.0.0:8000"
    expose: [8000]
    env_file: ./.env.prod
    depends_on: [db]
  db:
    image: kartoza/postgis:16-3.4
    volumes: ["data:/var/lib/postgresql"]
    env_file: ./.env.prod.db
    healthcheck: {test: "exit 0"}
  proxy: {image: "nginx:1.30", ports: ["80:80"], depends_on: [web]}
volumes: {data: }
""",
    ".env.dev": "DEBUG=1\nSECRET_KEY=very-secret-of-dev\nSQL_HOST=db\nSQL_USER=shop_dev\nSQL_PASSWORD=dev_pwd\n"
    "SITE_URL=http://localhost:8000\n",
    ".gitignore": ".env.prod*\n",
    "web/Dockerfile": "FROM python:3.14\nCOPY . /srv\nRUN useradd app\nUSER app\n",
    "web/shop/settings.py": "import os\nSECRET_KEY = os.environ.get('SECRET_KEY')\nHOST = os.environ.get('SQL_HOST')\n",
    "web/requirements.txt": "django\ncelery\ngunicorn\n",
}
"""Production's env files lie on the host alone, without a template; developers' are in git."""


def test_an_env_file_that_nobody_keeps_is_what_developers_run_the_service_with(
    make_project: Make, require_tool: Callable[[str], str]
) -> None:
    root = make_project(OF_DEVELOPERS, name="shop")
    write_generation(plan_generation(Place(root), rooms=None, edit_codes=None))
    web, db, settings = env_of(root, "web"), env_of(root, "db"), values(root)["settings"]
    assert web["SQL_HOST"] == "db"
    assert web["SECRET_KEY"] == {"secret": "app", "key": "SECRET_KEY"}
    # One login: the application sends what the store begins with.
    assert web["SQL_PASSWORD"] == db["POSTGRES_PASS"] == {"secret": "app", "key": "POSTGRES_PASS"}
    assert settings["SQL_USER"] == settings["POSTGRES_USER"] == "shop_dev"
    assert settings["DEBUG"] == "0"
    assert web["SITE_URL"] == {"setting": "SITE_URL"}
    assert "SITE_URL" not in settings
    template = (root / ".env.production.example").read_text()
    assert ".env.dev:2 sets it for developers, and no file in git says what production sets\n" in template
    written = [path for path in root.rglob("*") if path.is_file() and ".git" not in path.parts]
    assert sum("very-secret-of-dev" in path.read_text() for path in written) == 1
    # It renders, and what each pod is asked for can say no.
    chart = root / "deploy/helm/shop"
    stand_ins = [f"--values={chart}/ci/{name}.json" for name in ("values-infra", "values-release")]
    given = [f"--set-string=settings.{name}=x" for name in ("SITE_URL",)]
    command = [require_tool("helm"), "template", "shop", str(chart), "--set=ingress.domain=a.example", *stand_ins, *given]
    rendered = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    probes = {
        (pod := item["spec"]["template"]["spec"]["containers"][0])["name"]: pod
        for item in yaml.safe_load_all(rendered)
        if item and item["kind"] in {"Deployment", "StatefulSet"}
    }
    assert probes["db"]["readinessProbe"]["tcpSocket"] == {"port": 5432}
    assert probes["web"]["readinessProbe"]["tcpSocket"] == {"port": 8000}


def test_what_logs_in_to_kartozas_image_uses_its_words(make_project: Make) -> None:
    """Its README: POSTGRES_PASS is the password, and `docker` the superuser without POSTGRES_USER."""
    compose = OF_DEVELOPERS["compose.yaml"].replace(
        "POSTGRES_USER: shop_dev, POSTGRES_PASS: dev_pwd", "POSTGRES_PASS: '${P:?}'"
    )
    files = {**OF_DEVELOPERS, "compose.yaml": compose.replace(", command: python manage.py runserver 0.0.0.0:8000", "")}
    del files["compose.prod.yaml"]
    root = make_project(files, name="shop")
    write_generation(plan_generation(Place(root), rooms=None, edit_codes=None))
    dumper = yaml.safe_load((root / "compose.backup.yaml").read_text())["services"]["backup-db"]["environment"]
    exporter = yaml.safe_load((root / "compose.monitoring.yaml").read_text())["services"]["postgres-exporter"]["environment"]
    assert (dumper["PGUSER"], exporter["DATA_SOURCE_USER"]) == ("docker", "docker")
    assert dumper["PGPASSWORD"].startswith("${P:?")
    assert exporter["DATA_SOURCE_PASS"].startswith("${P:?")


def test_a_service_of_another_stack_that_is_another_program_says_nothing(make_project: Make) -> None:
    files = {**OF_DEVELOPERS, "other/Dockerfile": "FROM python:3.14\n"}
    files["compose.yaml"] = files["compose.yaml"].replace("./web", "./other")
    root = make_project(files, name="shop")
    write_generation(plan_generation(Place(root), rooms=None, edit_codes=None))
    assert "SQL_HOST" not in env_of(root, "web")


def test_a_key_store_comes_to_the_pod_as_bytes(make_project: Make, require_tool: Callable[[str], str]) -> None:
    compose = "services: {api: {image: 'acme/api:1', ports: ['80:80'], volumes: ['./keys/sign.p12:/keys/sign.p12:ro'], secrets: [token]}}\n"
    root = make_project({"compose.yaml": f"{compose}secrets: {{token: {{file: ./token}}}}\n"}, name="shop")
    write_generation(plan_generation(Place(root), rooms=None, edit_codes=None))
    remote = values(root)["secrets"]["app"]["remote"]
    assert remote["API_SIGN_P12_FILE_BASE64"] == {"secret": "app", "key": "API_SIGN_P12_FILE_BASE64", "decode": True}
    assert remote["token"] == {"secret": "app", "key": "token"}
    chart = root / "deploy/helm/shop"
    stand_ins = [f"--values={chart}/ci/{name}.json" for name in ("values-infra", "values-release")]
    command = [require_tool("helm"), "template", "shop", str(chart), "--set=ingress.domain=a.example", *stand_ins]
    rendered = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    (fetched,) = [item for item in yaml.safe_load_all(rendered) if item and item["kind"] == "ExternalSecret"]
    strategies = {item["secretKey"]: item["remoteRef"].get("decodingStrategy") for item in fetched["spec"]["data"]}
    assert strategies == {"API_SIGN_P12_FILE_BASE64": "Base64", "token": None}


ENDS = {
    "compose.yaml": """\
services:
  web:
    build: .
    command: gunicorn shop.wsgi --bind 0.0.0.0:8000 --threads ${THREADS}
    ports: ["8000:8000"]
    environment: {DEBUG: "${DEBUG}", CORS_ALLOW_CREDENTIALS: "${CORS_ALLOW_CREDENTIALS}", HOST: "${HOST}"}
    volumes: ["./certs:/certs:ro"]
  base: {build: ./base, tty: true, command: bash -c "echo built"}
  grids: {image: "acme/wget:1", command: "wget --mirror https://example.org/ -P /grids", volumes: ["grids:/grids"]}
  maker: {image: "acme/maker:1", command: "/bin/sh -c 'make-certs && tail -f /dev/null'", volumes: ["./certs:/out"]}
volumes: {grids: }
""",
    "Dockerfile": "FROM python:3.14\nCOPY . /srv\n",
    "base/Dockerfile": "FROM debian:13\n",
    "certs/README.md": "Certificates come here.\n",
    ".env.example": "# 0 or 1\nDEBUG=1\nTHREADS=4\nCORS_ALLOW_CREDENTIALS=0\nHOST=localhost\n",
}


def test_what_ends_by_its_command_is_a_job_and_nothing_waits_for_it(make_project: Make) -> None:
    root = make_project(ENDS, name="shop")
    write_generation(plan_generation(Place(root), rooms=None, edit_codes=None))
    kinds = {name: item["kind"] for name, item in values(root)["workloads"].items()}
    assert kinds == {"base": "Job", "grids": "Job", "maker": "Deployment", "web": "Deployment"}
    guide = (root / "docs/operations/deployment.md").read_text()
    assert "| `base` | service | `base` | runs and ends |" in guide
    # `up --wait` ends with an error at a container that has ended.
    assert "docker compose up -d --build --wait --scale base=0 --scale grids=0\n" in guide
    hardened = yaml.safe_load((root / "compose.hardening.yaml").read_text())["services"]
    assert "restart" not in hardened.get("base", {})


def test_a_folder_with_a_page_about_it_is_filled_by_a_container(make_project: Make) -> None:
    root = make_project(ENDS, name="shop")
    write_generation(plan_generation(Place(root), rooms=None, edit_codes=None))
    workloads = values(root)["workloads"]
    assert workloads["maker"]["volumes"] == workloads["web"]["volumes"] == {"certs": {"claim": "certs"}}
    assert values(root)["volumes"]["certs"]["shared"]


def test_production_speaks_in_the_words_of_the_template(make_project: Make) -> None:
    root = make_project(ENDS, name="shop")
    write_generation(plan_generation(Place(root), rooms=None, edit_codes=None))
    lines = (root / ".env.production.example").read_text().splitlines()
    # `int("false")` is an error: the code reads a digit.
    assert "DEBUG=0" in lines
    assert lines[lines.index("THREADS=") - 2] == "# .env.example:3 has 4"
    assert lines[lines.index("CORS_ALLOW_CREDENTIALS=") - 2] == "# .env.example:4 has 0"
    assert "localhost" not in "\n".join(lines)
