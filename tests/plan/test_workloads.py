"""What of a compose file ends up in a workload: argv, environment, ports, probes, volumes, users (behaviours.md)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.errors import UsageError
from scaffold.model.target import Target
from scaffold.model.workload import Text, Workload
from scaffold.plan.target import make_target
from scaffold.plan.workloads.keys import KEYS
from scaffold.read.compose.shape import SERVICE
from scaffold.read.project import read_project

Planned = Callable[..., Target]


@pytest.fixture
def planned(make_project: Callable[..., Path]) -> Planned:
    def plan(compose: str, **files: str) -> Target:
        named = {name.replace("__", "/").replace("_dot_", "."): text for name, text in files.items()}
        return make_target(read_project(make_project({"compose.yaml": compose, **named}, name="shop")), ())

    return plan


def shown(text: Text) -> str:
    """Return a text with what is looked up in angle brackets."""
    return "".join(
        piece.text if piece.kind == "literal" else f"<{piece.text}{'.' if piece.field else ''}{piece.field}>" for piece in text
    )


def workload(target: Target, service: str) -> Workload:
    return next(item for item in target.workloads if item.service == service)


def env(target: Target, service: str) -> dict[str, str]:
    return {variable.name: shown(variable.value) for variable in workload(target, service).environment}


DATABASE = """\
      db:
        image: postgres:16-alpine
        environment: {POSTGRES_USER: shop, POSTGRES_PASSWORD: "${DB_PASSWORD:-hunter22}", POSTGRES_DB: orders}
      cache: {image: "redis:7"}
"""


def test_urls_of_managed_stores_get_tls_and_the_login_of_the_application(planned: Planned):
    target = planned(
        f"""\
    services:
{DATABASE}
      web:
        image: acme/web:1
        environment:
          DATABASE_URL: postgresql+psycopg://shop:${{DB_PASSWORD:-hunter22}}@db:5432/orders?connect_timeout=5
          ASYNC_URL: postgresql+asyncpg://shop:${{DB_PASSWORD:-hunter22}}@db/orders
          OTHER_URL: postgres://shop:hunter22@db:5432/reports?sslmode=disable
          CACHE_URL: redis://cache:6379/3
          DB_HOST: db
          DB_PORT: "5432"
          DB_USER: shop
          DB_NAME: orders
          DB_PASSWORD: ${{DB_PASSWORD:-hunter22}}
          CACHE_ADDR: cache:6379
          POSTGRES_DB: db
    """
    )
    found = env(target, "web")
    login = "<db.username>:<db.password>@<db.host>:<db.port>"
    assert found["DATABASE_URL"] == f"postgresql+psycopg://{login}/<db.database>?connect_timeout=5&sslmode=require"
    assert found["ASYNC_URL"] == f"postgresql+asyncpg://{login}/<db.database>?ssl=require"
    assert found["OTHER_URL"] == f"postgres://{login}/reports?sslmode=require"
    assert found["CACHE_URL"] == "rediss://:<cache.password>@<cache.host>:<cache.port>/3"
    parts = [found[f"DB_{name}"] for name in ("HOST", "PORT", "USER", "NAME", "PASSWORD")]
    assert parts == ["<db.host>", "<db.port>", "<db.username>", "<db.database>", "<db.password>"]
    assert found["CACHE_ADDR"] == "<cache.host>:<cache.port>"
    assert found["POSTGRES_DB"] == "db"  # a word in no host position stays
    assert {item.service: item.kind for item in target.left_out} == {"db": "managed", "cache": "managed"}
    assert "hunter22" not in repr(target.secrets) + str(found)


def test_defaults_are_settings_required_ones_are_asked_for_and_secrets_are_keys(planned: Planned):
    target = planned(
        """\
    services:
      web:
        image: acme/web:1
        environment:
          LOG_LEVEL: ${LOG_LEVEL:-INFO}
          REGION: ${REGION:?say where}
          NESTED: ${A:-${B:-inner}}
          PRESENT: ${C:+unseen}
          PRICE: $$5
          API_KEY: ${API_KEY:-}
          SESSION_SECRET: f8Jk2mQz9LpX4vRt
          TOKEN_TTL: "3600"
          AUTH_ENABLED: "true"
          BARE:
          LINK: https://${USER_PART}:${PASS_PART}@api.example.org/${VERSION:-v1}
      worker:
        image: acme/web:1
        environment: {LOG_LEVEL: "${LOG_LEVEL:-INFO}", SESSION_SECRET: another-8Jk2mQz9Lp}
    """
    )
    found = env(target, "web")
    assert {setting.name: setting.default for setting in target.settings} == {
        "A": "inner",
        "BARE": None,
        "LOG_LEVEL": "INFO",
        "REGION": None,
        "USER_PART": None,
        "VERSION": "v1",
    }
    assert (found["LOG_LEVEL"], found["REGION"], found["NESTED"], found["PRESENT"]) == ("<LOG_LEVEL>", "<REGION>", "<A>", "")
    assert (found["PRICE"], found["TOKEN_TTL"], found["AUTH_ENABLED"], found["BARE"]) == ("$5", "3600", "true", "<BARE>")
    assert found["API_KEY"] == "<app.API_KEY>"
    assert found["LINK"] == "https://<USER_PART>:<app.PASS_PART>@api.example.org/<VERSION>"
    keys = {found["SESSION_SECRET"], env(target, "worker")["SESSION_SECRET"]}
    assert keys == {"<app.WEB_SESSION_SECRET>", "<app.WORKER_SESSION_SECRET>"}
    assert "f8Jk2mQz" not in repr(target.workloads) + str(found)


def test_a_variable_of_a_command_that_nobody_has_set_is_asked_for(planned: Planned):
    target = planned("services: {web: {image: 'acme/web:1', command: 'serve --name a --port $PORT'}}")
    assert [shown(word) for word in workload(target, "web").args or ()] == ["serve", "--name", "a", "--port", "<PORT>"]


def test_a_tls_mode_that_the_managed_database_refuses_becomes_one_that_it_takes(planned: Planned):
    target = planned(
        f"""\
    services:
{DATABASE}
      web:
        image: acme/web:1
        environment:
          APP_db__host: db
          APP_db__ssl_mode: disable
          PGHOST: db
          PGSSLMODE: prefer
          OTHER_HOST: elsewhere.example.org
          OTHER_SSLMODE: disable
      strict:
        image: acme/web:1
        environment: {{DB_HOST: db, DB_SSLMODE: verify-full}}
    """
    )
    found = env(target, "web")
    assert (found["APP_db__ssl_mode"], found["PGSSLMODE"], found["OTHER_SSLMODE"]) == ("require", "require", "disable")
    assert env(target, "strict")["DB_SSLMODE"] == "verify-full"


@pytest.mark.parametrize("value", ["${%s}", "changethis"])
def test_the_same_stand_in_does_not_make_two_secrets_one(planned: Planned, value: str):
    names = ("SECRET_KEY", "FIRST_SUPERUSER_PASSWORD", "ADMIN_PASSWORD", "DB_PASS", "PGPASSWORD", "SPRING_DATASOURCE_PASSWORD")
    said = {name: value % name if "%" in value else value for name in (*names, "POSTGRES_PASSWORD")}
    lines = "".join(f"\n          {name}: {said[name]}" for name in names)
    target = planned(
        f"""\
    services:
      db:
        image: postgres:18
        environment: {{POSTGRES_PASSWORD: "{said["POSTGRES_PASSWORD"]}", POSTGRES_DB: app}}
      web:
        image: acme/web:1
        environment:{lines}
    """,
        _dot_env="".join(f"{name}=changethis\n" for name in said),
    )
    found = env(target, "web")
    assert {name for name in names if found[name] == "<db.password>"} == {
        *("DB_PASS", "PGPASSWORD", "SPRING_DATASOURCE_PASSWORD")
    }
    assert found["SECRET_KEY"] == "<app.SECRET_KEY>"
    assert found["ADMIN_PASSWORD"] == "<app.ADMIN_PASSWORD>"


def test_words_of_a_command_are_those_of_compose_and_hold_no_secret(planned: Planned):
    target = planned(
        """\
    services:
      search:
        image: acme/search:1
        entrypoint: []
        command: server --requirepass ${SEARCH_PASSWORD:-weak-pass-1} --name "two words" --cost $$5
      other:
        image: acme/search:1
        entrypoint: ["/bin/run", "--"]
        command: [serve, --token=abc123secret, "{{ .Values.x }}"]
    """
    )
    search, other = workload(target, "search"), workload(target, "other")
    assert [shown(word) for word in search.command or ()] == [
        *("server", "--requirepass", "<SEARCH_PASSWORD>", "--name", "two words", "--cost", "$5")
    ]
    assert search.args is None
    assert env(target, "search") == {"SEARCH_PASSWORD": "<app.SEARCH_PASSWORD>"}
    assert [shown(word) for word in other.command or ()] == ["/bin/run", "--"]
    assert [shown(word) for word in other.args or ()] == ["serve", "--token=<OTHER_TOKEN>", "{{ .Values.x }}"]
    assert "abc123secret" not in repr(target)


LISTMONK = """\
    services:
      app:
        image: acme/listmonk:1
        command: %s
        healthcheck: {test: ["CMD-SHELL", "./listmonk --check"]}
        environment: {DB_USER: listmonk, DB_PASSWORD: listmonk, DB_HOST: db}
      db:
        image: acme/db:1
        environment: {DB_ROOT_PASSWORD: listmonk}
"""


@pytest.mark.parametrize(
    "words",
    [
        ["sh", "-c", "./listmonk --install --config '' && /opt/listmonk/bin/listmonk --config ''"],
        ["listmonk", "--name", "listmonk", "serve", "listmonk"],
        [
            "sh",
            "-c",
            "mkdir -p listmonk && createdb -U listmonk listmonk; echo listmonk is ready: http://listmonk:9000/listmonk",
        ],
        ["sh", "-c", "psql user=listmonk dbname=listmonk"],
    ],
)
def test_a_password_that_is_a_word_is_no_secret_where_the_word_means_something_else(planned: Planned, words: list[str]):
    target = planned(LISTMONK % json.dumps(words))
    app = workload(target, "app")
    assert [shown(word) for word in app.args or ()] == words
    assert app.probes.readiness is not None
    assert [shown(word) for word in app.probes.readiness.words] == ["/bin/sh", "-c", "./listmonk --check"]
    application = next(secret for secret in target.secrets if secret.name == "app")
    assert {key.key for key in application.keys} == {"DB_PASSWORD", "DB_ROOT_PASSWORD"}


@pytest.mark.parametrize(
    "word",
    [
        "./listmonk --password listmonk",
        "./listmonk --db-password=listmonk serve",
        "mysql -plistmonk",
        "redis-cli -a listmonk ping",
        "curl -u admin:listmonk http://localhost",
        "PGPASSWORD=listmonk psql",
        "PGPASSWORD='listmonk' psql",
        "psql 'user=listmonk password=listmonk'",
        "psql -c \"create role x with encrypted password 'listmonk'\"",
        "mysql -e \"create user x identified by 'listmonk'\"",
        "redis-server --requirepass listmonk",
        "wait mysql://root:listmonk@db/x",
        "wait root:listmonk@tcp(db:3306)/x",
        "curl -H 'Authorization: Bearer listmonk'",
        "echo listmonk | docker login --password-stdin",
        "mc alias set local http://minio:9000 listmonk listmonk",
        '{"password": "listmonk"}',
    ],
)
def test_a_password_that_is_a_word_is_a_secret_where_it_stands_as_one(planned: Planned, word: str):
    target = planned(LISTMONK % json.dumps(["sh", "-c", word]))
    assert [shown(text) for text in workload(target, "app").args or ()] == ["sh", "-c", "<APP_COMMAND_2>"]


def test_a_password_that_is_a_word_is_a_secret_as_a_word_of_its_own(planned: Planned):
    target = planned(
        LISTMONK.replace("DB_USER: listmonk, DB_PASSWORD: listmonk", "DB_PASSWORD: bananas") % '["run", "bananas"]'
    )
    assert [shown(text) for text in workload(target, "app").args or ()] == ["run", "<APP_COMMAND_1>"]


def test_a_file_that_only_names_what_the_password_is_called_like_stays_a_file(planned: Planned):
    mounted = LISTMONK.replace("command: %s", "volumes: ['./a.conf:/etc/a.conf', './b.json:/etc/b.json']")
    target = planned(
        mounted,
        a_dot_conf='proxy_pass http://listmonk:9000;\n# the listmonk app\njob = "listmonk"\n',
        b_dot_json='{"user": "listmonk", "pass": "listmonk"}\n',
    )
    mounts = {mount.path: mount.kind for mount in workload(target, "app").mounts}
    assert mounts == {"/etc/a.conf": "file", "/etc/b.json": "secret"}


@pytest.mark.parametrize(
    ("value", "is_secret"),
    [
        ("Server=mq;Username=app;Password=f8Jk2mQz", True),
        ("host=mq user=app password=f8Jk2mQz sslmode=disable", True),
        ('{"user": "app", "password": "f8Jk2mQz"}', True),
        ("-Xmx1g -Dspring.rabbitmq.password=f8Jk2mQz", True),
        ("x-prefix-hunter22x-suffix", True),
        ("listmonk", False),
        ("/srv/listmonk/data", False),
        ("--token-ttl=30 --auth=basic", False),
        ("Server=mq;Integrated Security=true", False),
        ("jwt=true,session=false", False),
    ],
)
def test_a_variable_whose_value_names_a_secret_is_one(planned: Planned, value: str, is_secret: bool):
    target = planned(
        f"""\
    services:
      web:
        image: acme/web:1
        environment:
          APP_VALUE: {json.dumps(value)}
          APP_DEFAULT: "${{APP_DEFAULT:-Server=mq;Password=f8Jk2mQz}}"
          OTHER_PASSWORD: hunter22x
          LAST_PASSWORD: listmonk
    """
    )
    assert env(target, "web")["APP_VALUE"] == ("<app.APP_VALUE>" if is_secret else value)
    assert env(target, "web")["APP_DEFAULT"] == "<app.APP_DEFAULT>"
    assert [setting.name for setting in target.settings] == []
    assert "f8Jk2mQz" not in repr(target)


def test_connection_strings_of_keywords_lead_to_the_managed_database(planned: Planned):
    target = planned(
        f"""\
    services:
{DATABASE}
      web:
        image: acme/web:1
        environment:
          ConnectionStrings__Default: "Host=db;Port=5432;Database=orders;User Id=shop;Password=hunter22;Pooling=true"
          OTHER: "Server=db:5432;Database=reports;Username=shop;Password=${{DB_PASSWORD:-hunter22}};SSL Mode=Disable"
          GORM_DSN: "host=db user=shop password=hunter22 dbname=orders port=5432 sslmode=disable TimeZone=UTC"
          ELSEWHERE: "Host=pg.example.org;Username=shop;Password=f8Jk2mQz"
          TEXT: "a = b; c"
    """
    )
    login = ("<db.host>", "<db.port>", "<db.username>", "<db.password>", "<db.database>")
    host, port, user, password, database = login
    assert env(target, "web") == {
        "ConnectionStrings__Default": f"Host={host};Port={port};Database={database};User Id={user};Password={password};Pooling=true",
        "OTHER": f"Server={host}:{port};Database=reports;Username={user};Password={password};SSL Mode=Prefer",
        "GORM_DSN": f"host={host} user={user} password={password} dbname={database} port={port} sslmode=require TimeZone=UTC",
        "ELSEWHERE": "<app.ELSEWHERE>",
        "TEXT": "a = b; c",
    }
    assert workload(target, "web").stores == ("db",)


def test_a_mounted_env_file_is_no_secret_as_a_whole_where_its_variables_stand_one_by_one(planned: Planned):
    target = planned(
        f"""\
    services:
{DATABASE}
      web:
        image: acme/web:1
        environment: {{MODE: production}}
        volumes: ["./deploy/server.env:/app/.env", "./deploy/other.env:/app/other.env:ro"]
    """,
        deploy__server_dot_env="MODE=test\nDB_HOST=db\nDB_PASSWORD=hunter22\nTOKEN_SECRET='f8Jk2mQz'\n# OLD_SECRET=x\n",
        deploy__other_dot_env="BASE=http://x\nAPI_TOKEN=${BASE}f8Jk2mQz\n",
    )
    assert env(target, "web") == {
        "MODE": "production",
        "DB_HOST": "<db.host>",
        "DB_PASSWORD": "<db.password>",
        "TOKEN_SECRET": "<app.TOKEN_SECRET>",
    }
    assert {mount.path: (mount.kind, mount.key) for mount in workload(target, "web").mounts} == {
        "/app/.env": ("file", ""),
        "/app/other.env": ("secret", "WEB_OTHER_ENV_FILE"),
    }
    (file,) = target.config_files
    assert file.files == (("server.env", b"# What stood here is set in the environment of the container.\n"),)
    assert "f8Jk2mQz" not in repr(target.workloads) + str(file.files)


@pytest.mark.parametrize(
    ("ports", "expected"),
    [
        ('["8080:3000"]', [(3000, "TCP", True)]),
        ('["127.0.0.1:8080:3000"]', [(3000, "TCP", False)]),
        ('["[::1]:8080:3000"]', [(3000, "TCP", False)]),
        ('["3000"]', [(3000, "TCP", True)]),
        ('["6000-6002:7000-7002/udp"]', [(7000, "UDP", True), (7001, "UDP", True), (7002, "UDP", True)]),
        ('["53:53/tcp", "53:53/udp"]', [(53, "TCP", True), (53, "UDP", True)]),
        ('["${PORT:-80}:80"]', [(80, "TCP", True)]),
        ('[{target: 80, published: "9000-9001"}]', [(80, "TCP", True)]),
    ],
)
def test_ports_are_those_of_the_container(planned: Planned, ports: str, expected: list[tuple[int, str, bool]]):
    found = workload(planned(f"services: {{web: {{image: 'acme/web:1', ports: {ports}}}}}"), "web").ports
    assert [(port.port, port.protocol, port.published) for port in found] == expected
    names = [port.name for port in found]
    assert len(set(names)) == len(names)
    assert all(len(name) <= 15 for name in names)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (
            'labels: ["traefik.enable=true", "traefik.http.routers.web.rule=Host(`x`)",'
            ' "traefik.http.services.web.loadbalancer.server.port=8000"]',
            [(8000, True)],
        ),
        ("labels: {traefik.http.routers.web.rule: Host(`x`)}, expose: ['9000']", [(9000, True)]),
        ("labels: {traefik.enable: 'false', traefik.http.routers.web.rule: Host(`x`)}, expose: ['9000']", [(9000, False)]),
        ("labels: {caddy: example.org, caddy.reverse_proxy: '{{upstreams 3000}}'}", [(3000, True)]),
        ("environment: {VIRTUAL_HOST: example.org, VIRTUAL_PORT: '5000'}", [(5000, True)]),
        ("healthcheck: {test: [CMD, curl, -f, 'http://localhost:8000/health']}", [(8000, False)]),
        ("command: gunicorn --bind 0.0.0.0:8080 shop.wsgi", [(8080, False)]),
        ("command: fastapi run --workers 4", [(8000, False)]),
        ("command: uvicorn app:app --port 9001", [(9001, False)]),
        ("command: 'uvicorn app:app --port $PORT'", []),
    ],
)
def test_ports_that_only_a_proxys_label_a_healthcheck_or_the_command_names(
    planned: Planned, keys: str, expected: list[tuple[int, bool]]
):
    found = workload(planned(f"services: {{web: {{build: ., {keys}}}}}", Dockerfile="FROM python:3.13\n"), "web").ports
    assert [(port.port, port.published) for port in found] == expected
    assert all(port.name == "http" for port in found)


def test_a_port_that_only_others_name_is_a_port(planned: Planned):
    target = planned(
        """\
    services:
      web: {image: "acme/web:1", environment: {BACKEND: "http://engine:9123/run", PEER: "my_db:7000"}}
      engine: {image: "acme/engine:1"}
      my_db: {image: "acme/store:1"}
    """
    )
    assert [port.port for port in workload(target, "engine").ports] == [9123]
    assert workload(target, "my_db").name == "my-db"
    assert env(target, "web")["PEER"] == "my-db:7000"


@pytest.mark.parametrize(
    ("health", "kind", "words", "timing", "startup"),
    [
        ("{test: [CMD, check, now]}", "exec", ["check", "now"], (30, 30, 3), None),
        ("{test: check now}", "exec", ["/bin/sh", "-c", "check now"], (30, 30, 3), None),
        (
            '{test: [CMD-SHELL, "a && b"], interval: 1m30s, timeout: 1500ms}',
            "exec",
            ["/bin/sh", "-c", "a && b"],
            (90, 2, 3),
            None,
        ),
        ("{test: [CMD, x], interval: 2h, retries: 7, timeout: 0s}", "exec", ["x"], (7200, 30, 7), None),
        ("{test: [CMD, x], start_period: 21s}", "exec", ["x"], (30, 30, 3), (5, 8)),
        ("{test: [CMD, x], start_period: 20s, start_interval: 2s}", "exec", ["x"], (30, 30, 3), (2, 13)),
        ("{test: [CMD, curl, -f, 'http://localhost:3000/ok']}", "http", [], (30, 30, 3), None),
        ("{test: [CMD-SHELL, 'curl -f http://localhost:3000/ok || exit 1']}", "http", [], (30, 30, 3), None),
        (
            "{test: [CMD, curl, -f, 'http://localhost:9999/ok']}",
            "exec",
            ["curl", "-f", "http://localhost:9999/ok"],
            (30, 30, 3),
            None,
        ),
    ],
)
def test_healthchecks_become_readiness_by_dockers_rules(
    planned: Planned,
    health: str,
    kind: str,
    words: list[str],
    timing: tuple[int, int, int],
    startup: tuple[int, int] | None,
):
    compose = f"services: {{web: {{image: 'acme/web:1', ports: ['80:3000'], healthcheck: {health}}}}}"
    probes = workload(planned(compose), "web").probes
    assert probes.readiness is not None
    assert probes.readiness.kind == kind
    assert [shown(word) for word in probes.readiness.words] == words
    assert (probes.readiness.period, probes.readiness.timeout, probes.readiness.failures) == timing
    assert (probes.startup and (probes.startup.period, probes.startup.failures)) == startup
    assert probes.liveness is None


@pytest.mark.parametrize("health", ["{disable: true}", "{test: [NONE]}"])
def test_a_disabled_healthcheck_is_no_probe(planned: Planned, health: str):
    compose = f"services: {{web: {{image: 'acme/web:1', ports: ['80:3000'], healthcheck: {health}}}}}"
    assert workload(planned(compose), "web").probes.readiness is None


def test_the_healthcheck_of_the_right_stage_and_the_users_number_come_from_the_dockerfile(planned: Planned):
    dockerfile = """\
        FROM python:3.13-slim AS base
        RUN groupadd --gid 4000 team && useradd --uid 4321 --gid team --create-home worker
        HEALTHCHECK --interval=7s --retries=2 CMD ["python", "ping.py"]
        FROM base AS development
        HEALTHCHECK NONE
        FROM base AS runtime
        USER worker
        """
    compose = "services: {web: {build: {context: ., target: runtime}, ports: ['80:3000']}}"
    web = workload(planned(compose, Dockerfile=dockerfile), "web")
    assert web.probes.readiness is not None
    assert [shown(word) for word in web.probes.readiness.words] == ["python", "ping.py"]
    assert (web.probes.readiness.period, web.probes.readiness.failures) == (7, 2)
    assert (web.security.user, web.security.group, web.security.non_root, web.security.add_capabilities) == (
        4321,
        4000,
        True,
        (),
    )


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("${MODELS:-http://host.docker.internal:11434}", "MODELS"),
        ("http://host.docker.internal:${PORT:-11434}", "MODELS_URL"),
        ("http://host.docker.internal:11434", "MODELS_URL"),
    ],
)
def test_the_host_that_runs_docker_is_a_setting_that_each_environment_gives(planned: Planned, written: str, name: str):
    plan = planned(f"services: {{web: {{build: ., ports: ['80:3000'], environment: {{MODELS_URL: '{written}'}}}}}}")
    assert {setting.name: setting.default for setting in plan.settings} == {name: None}


def test_what_loads_models_gets_memory_and_time_for_them(planned: Planned):
    compose = "services: {web: {build: ., ports: ['80:3000']}}"
    code = "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/live')\ndef live(): return {}\n"
    for packages, limit, minutes in (("fastapi\nsentence-transformers\n", "4Gi", 10), ("fastapi\n", "1Gi", None)):
        files = {"requirements.txt": packages, "main.py": code}
        web = workload(planned(compose, Dockerfile="FROM python:3.14\nCOPY . .\n", **files), "web")
        startup = web.probes.startup
        assert web.resources.memory_limit == limit
        assert web.probes.liveness is not None
        assert (startup.period * startup.failures // 60 if startup else None) == minutes


def test_a_user_whose_group_has_the_same_name_has_its_number(planned: Planned):
    dockerfile = """\
        FROM python:3.13-slim
        RUN groupadd -r worker && useradd -r -g worker -u 1000 worker
        USER worker
        """
    web = workload(planned("services: {web: {build: ., ports: ['80:3000']}}", Dockerfile=dockerfile), "web")
    assert (web.security.user, web.security.group, web.security.non_root) == (1000, None, True)


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        ('{image: "acme/a:1", user: "1000:2000"}', (1000, 2000, True, False)),
        ('{image: "acme/a:1", user: "0"}', (0, None, False, True)),
        ('{image: "acme/a:1", user: "app:app"}', (None, None, False, True)),
        ('{image: "mysql:8.4"}', (999, 999, True, False)),
        ('{image: "nginx:1.30", command: [nginx]}', (None, None, False, True)),
        ('{image: "nginxinc/nginx-unprivileged:1.30"}', (101, 101, True, False)),
    ],
)
def test_users_are_numbers_or_left_to_the_image(
    planned: Planned, service: str, expected: tuple[int | None, int | None, bool, bool]
):
    found = workload(planned(f"services: {{a: {service}}}"), "a").security
    assert (found.user, found.group, found.non_root, bool(found.add_capabilities)) == expected


def test_volumes_files_and_sources(planned: Planned):
    target = planned(
        """\
    services:
      web:
        build: .
        volumes: ["uploads:/srv/uploads", ".:/app", /app/node_modules, "./conf/app.toml:/etc/app.toml:ro", "./data:/data"]
        tmpfs: ["/tmp:size=64m"]
      worker: {build: ., volumes: ["uploads:/srv/uploads:ro"]}
      store: {image: "mysql:8", volumes: ["rows:/var/lib/mysql"]}
    volumes: {uploads: , rows: }
    """,
        Dockerfile="FROM python:3.13\n",
        conf__app_dot_toml="title = '{{ x }}'\n",
    )
    assert [(volume.name, volume.shared, volume.workloads) for volume in target.volumes] == [
        ("data", False, ("web",)),
        ("rows", False, ("store",)),
        ("uploads", True, ("web", "worker")),
    ]
    mounts = {mount.path: mount for mount in workload(target, "web").mounts}
    assert set(mounts) == {"/srv/uploads", "/etc/app.toml", "/data", "/tmp"}
    assert (mounts["/tmp"].kind, mounts["/tmp"].size) == ("memory", str(64 * 1024**2))
    assert mounts["/etc/app.toml"].sub_path == "app.toml"
    assert [item.files for item in target.config_files] == [(("app.toml", b"title = '{{ x }}'\n"),)]
    assert workload(target, "web").scaling.singleton
    assert not workload(target, "worker").scaling.singleton
    store = workload(target, "store")
    assert (store.kind, store.mounts[0].sub_path) == ("stateful-set", "data")


@pytest.mark.parametrize(
    ("service", "kind"),
    [
        ("{image: 'a:1', command: serve}", "deployment"),
        ("{image: 'a:1', command: migrate, restart: no}", "job"),
        ("{image: 'a:1', command: migrate, restart: 'on-failure:3'}", "job"),
        ("{image: 'a:1', restart: on-failure, ports: ['80:80']}", "deployment"),
        ("{image: 'a:1', deploy: {mode: global}}", "daemon-set"),
        ("{image: 'mysql:8'}", "stateful-set"),
    ],
)
def test_kinds(planned: Planned, service: str, kind: str):
    assert workload(planned(f"services: {{thing: {service}}}"), "thing").kind == kind


def test_waits(planned: Planned):
    target = planned(
        f"""\
    services:
{DATABASE}
      migrate: {{image: "acme/web:1", command: migrate, environment: {{DATABASE_URL: "postgres://shop:x@db/orders"}}}}
      broker: {{image: "rabbitmq:4"}}
      web:
        image: acme/web:1
        depends_on:
          migrate: {{condition: service_completed_successfully}}
          broker: {{condition: service_healthy}}
          cache: {{condition: service_healthy}}
          helper: {{condition: service_started}}
      helper: {{image: "acme/helper:1"}}
    """
    )
    assert {(wait.kind, wait.target, wait.port) for wait in workload(target, "web").waits} == {
        ("job", "migrate", 0),
        ("tcp", "broker", 5672),
        ("tcp", "cache", 6379),
    }
    assert [(wait.kind, wait.target) for wait in workload(target, "migrate").waits] == [("login", "db")]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("mem_limit: 512M, cpus: 0.5", ("100m", "500m", "256Mi", "512Mi")),
        ("deploy: {resources: {limits: {memory: 1.5g, cpus: '0.0001'}}}, mem_limit: 1g", ("1m", "1m", "256Mi", "1536Mi")),
        ("deploy: {resources: {limits: {memory: 128m}, reservations: {memory: 1000000b}}}", ("100m", "", "1000000", "128Mi")),
        ("deploy: {resources: {limits: {memory: 128m}}}", ("100m", "", "128Mi", "128Mi")),
    ],
)
def test_resources_are_in_kubernetes_units(planned: Planned, keys: str, expected: tuple[str, str, str, str]):
    found = workload(planned(f"services: {{web: {{image: 'a:1', {keys}}}}}"), "web").resources
    assert (found.cpu_request, found.cpu_limit, found.memory_request, found.memory_limit) == expected


def test_a_scheduler_runs_once_and_a_web_service_may_grow(planned: Planned):
    target = planned(
        """\
    services:
      beat: {image: "a:1", command: celery -A app beat}
      both: {image: "a:1", command: celery -A app worker -B, deploy: {replicas: 3}}
      web: {image: "a:1", command: gunicorn app, ports: ["80:80"], deploy: {replicas: 2}}
    """
    )
    assert [workload(target, name).scaling.singleton for name in ("beat", "both", "web")] == [True, True, False]
    assert (workload(target, "web").scaling.replicas, workload(target, "web").scaling.maximum) == (2, 6)


def test_what_reads_the_docker_socket_or_lacks_its_file_is_left_out_and_said(planned: Planned):
    target = planned(
        """\
    services:
      proxy: {image: "traefik:3", volumes: ["/var/run/docker.sock:/var/run/docker.sock:ro"]}
      edge: {image: "nginx:1.30", volumes: ["./nginx.conf:/etc/nginx/nginx.conf"]}
      web: {image: "acme/web:1", stop_grace_period: 1m30s, ulimits: {nofile: 1024}}
    """
    )
    reasons = {item.service: item.reason for item in target.left_out}
    assert "/var/run/docker.sock" in reasons["proxy"]
    assert "./nginx.conf is not in the repository" in reasons["edge"]
    assert [(note.service, note.key) for note in target.notes] == [("web", "ulimits")]
    assert workload(target, "web").grace_seconds == 90


def test_a_credential_that_is_placed_on_the_host_comes_out_of_the_secret(planned: Planned):
    """Google's key of a service account is never committed: the workload that reads it starts all the same."""
    target = planned(
        """\
    services:
      web:
        image: acme/web:1
        volumes: ["./secrets/firebase-adminsdk.json:/app/firebase.json:ro", "./keys:/app/keys", "./pgpass.conf:/root/.pgpass"]
    """
    )
    assert target.left_out == ()
    mounts = {mount.path: (mount.kind, mount.key) for mount in workload(target, "web").mounts}
    assert mounts["/app/firebase.json"] == ("secret", "WEB_FIREBASE_ADMINSDK_JSON_FILE")
    assert mounts["/root/.pgpass"] == ("secret", "WEB_PGPASS_CONF_FILE")
    assert mounts["/app/keys"][0] == "volume"


def test_what_gets_certificates_for_the_proxy_has_no_place_behind_a_load_balancer(planned: Planned):
    """A certbot without a command ends at once, and one with a loop waits for a challenge that never reaches it."""
    compose = """\
    services:
      edge: {image: "nginx:1.30", ports: ["80:80"], volumes: ["certs:/etc/letsencrypt"]}
      certbot: {image: "certbot/certbot:v5.1.0", volumes: ["certs:/etc/letsencrypt"]}
      dns: {image: "certbot/dns-route53:v5.1.0", volumes: ["certs:/etc/letsencrypt"]}
      web: {image: "acme/web:1", ports: ["8080:8080"]}
    volumes: {certs: {}}
    """
    target = planned(compose)
    reason = "the load balancer has the certificate and renews it"
    assert {item.service: item.reason for item in target.left_out} == {"certbot": reason, "dns": reason}
    broker = 'broker: {image: "eclipse-mosquitto:2", volumes: ["certs:/mosquitto/certs"]}'
    assert planned(compose.replace("      web:", f"      {broker}\n      web:")).left_out == ()


def test_every_key_of_a_service_has_a_fate():
    assert set(SERVICE) - set(KEYS) == set()
    assert {key.fate for key in KEYS.values()} == {"mapped", "not-applicable", "noted"}
    assert all(key.why for key in KEYS.values())


# --- managed Redis by host and port -----------------------------------------------------------------------------------

BY_HOST = """\
    services:
      cache: {image: "redis:7"}
      api:
        build: api
        command: uvicorn app:app
        environment: {REDIS_HOST: cache, REDIS_PORT: 6379MORE}
"""


@pytest.mark.parametrize(
    ("more", "code", "name", "value"),
    [
        # The code reads a switch that nobody sets yet, with a default that shows its words.
        ("", 'import os\n\nTLS = os.getenv("REDIS_TLS", "false") == "true"\n', "REDIS_TLS", "true"),
        ("", 'import os\n\nTLS = os.environ.get("REDIS_USE_SSL", "0") == "1"\n', "REDIS_USE_SSL", "1"),
        ("", 'import os\n\nTLS = os.getenv("REDIS_SSL_ENABLED", "False")\n', "REDIS_SSL_ENABLED", "True"),
        # The compose file switches it off, for a Redis beside it.
        (", REDIS_SSL: 'no'", "", "REDIS_SSL", "yes"),
        (", REDIS_SCHEME: redis", "", "REDIS_SCHEME", "rediss"),
        (", REDIS_SCHEME: tcp", "", "REDIS_SCHEME", "tls"),
    ],
)
def test_a_switch_for_tls_is_set_where_host_and_port_reach_a_managed_redis(
    planned: Planned, more: str, code: str, name: str, value: str
):
    target = planned(
        BY_HOST.replace("MORE", more), api__app_dot_py=code or "import redis\n", api__Dockerfile="FROM python:3.13\n"
    )
    found = env(target, "api")
    assert found[name] == value
    assert found["REDIS_HOST"] == "<cache.host>"
    assert not [note for note in target.notes if "TLS" in note.message]


@pytest.mark.parametrize(
    ("more", "code", "noted"),
    [
        ("", 'import os\nimport redis\n\nclient = redis.Redis(os.environ["REDIS_HOST"])\n', True),
        ("", 'import os\nimport redis\n\nclient = redis.Redis(os.environ["REDIS_HOST"], ssl=True)\n', False),
        (", REDIS_URL: 'redis://cache:6379/0'", "", False),
    ],
)
def test_a_client_without_tls_is_said(planned: Planned, more: str, code: str, noted: bool):
    target = planned(
        BY_HOST.replace("MORE", more), api__app_dot_py=code or "import redis\n", api__Dockerfile="FROM python:3.13\n"
    )
    notes = [note for note in target.notes if "TLS" in note.message]
    assert [(note.service, note.location.path, note.location.line) for note in notes] == (
        [("api", "compose.yaml", 6)] if noted else []
    )


def test_a_client_without_tls_is_said_of_a_host_that_nobody_gives(planned: Planned):
    compose = """\
services:
  cache: {image: 'redis:7', command: 'redis-server --requirepass ${REDIS_PASSWORD}', environment: {REDIS_PASSWORD: '${REDIS_PASSWORD}'}}
  api:
    image: acme/api:1.0.0
    environment: {REDIS_HOST: '${REDIS_HOST}', REDIS_PORT: '${REDIS_PORT}', REDIS_PASSWORD: '${REDIS_PASSWORD}'}
"""
    (note,) = [note for note in planned(compose).notes if "takes TLS alone" in note.message]
    assert note.message.startswith("REDIS_HOST reaches the managed cache")


SAME_LOGIN = """\
    services:
      db: {image: "postgres:17", environment: {POSTGRES_USER: "${DB_USER}", POSTGRES_PASSWORD: "${DB_PASS}", POSTGRES_DB: "${DB_NAME}"}}
      api:
        image: acme/api:1
        environment:
          MAIN_DB_HOST: HOST
          MAIN_DB_PORT: ${DB_PORT}
          MAIN_DB_USER: ${DB_USER}
          MAIN_DB_PASSWORD: ${DB_PASS}
          MAIN_DB_SSL_MODE: ${DB_SSL}
          OTHER_DB_HOST: ${OTHER_HOST}
          OTHER_DB_PASSWORD: ${OTHER_PASS}
"""


def test_a_host_that_nobody_gives_is_that_of_the_store_with_the_same_login(planned: Planned):
    """The variables of one connection lead to one server: whoever filled in the rest would have to look the address up."""
    found = env(planned(SAME_LOGIN.replace("HOST: HOST", "HOST: ${DB_HOST}")), "api")
    assert found["MAIN_DB_HOST"] == "<db.host>"
    assert found["MAIN_DB_PORT"] == "<db.port>"
    assert found["MAIN_DB_SSL_MODE"] == "require"
    assert "<db" not in found["OTHER_DB_HOST"]


def test_a_host_with_a_default_of_its_own_stays_what_it_is(planned: Planned):
    found = env(planned(SAME_LOGIN.replace("HOST: HOST", "HOST: ${DB_HOST:-db.example.com}")), "api")
    assert "<db" not in found["MAIN_DB_HOST"]


# --- hosts in files ---------------------------------------------------------------------------------------------------


def test_files_name_hosts_as_the_cluster_does(planned: Planned):
    conf = (
        "upstream other_api { server my_api:8000; server my_api; }\nupstream my_worker { server 10.0.0.1:80; }\n"
        "server {\n  location / { proxy_pass http://my_api:8000; }\n  location /w { proxy_pass http://my_worker; }\n"
        "  location /a { proxy_pass http://my_api/x; }\n  # my_api stays in words, as in log/my_api:1 and x-my_api:80\n}\n"
    )
    target = planned(
        """\
    services:
      my_api: {image: "acme/api:1", expose: [8000]}
      my_worker: {image: "acme/worker:1", expose: [80]}
      proxy:
        image: nginx:1.28
        volumes: ["./nginx.conf:/etc/nginx/conf.d/default.conf:ro"]
""",
        nginx_dot_conf=conf,
    )
    ((_, data),) = [file for item in target.config_files for file in item.files]
    expected = conf.replace("server my_api", "server my-api").replace("http://my_api", "http://my-api")
    assert data.decode() == expected


def test_a_file_that_names_a_managed_store_is_said(planned: Planned):
    target = planned(
        """\
    services:
      cache: {image: "redis:7"}
      proxy:
        image: nginx:1.28
        volumes: ["./nginx.conf:/etc/nginx/nginx.conf:ro"]
      api:
        image: acme/api:1
        volumes: ["./settings.yaml:/app/settings.yaml:ro"]
""",
        nginx_dot_conf="stream {\n  upstream store {\n    server cache:6379;\n  }\n}\n",
        settings_dot_yaml="name: cache\nurl: redis://cache:6379/0\n",
    )
    notes = {(note.service, note.location.path, note.location.line) for note in target.notes if "AWS runs" in note.message}
    assert notes == {("proxy", "nginx.conf", 3), ("api", "settings.yaml", 2)}


def test_a_store_that_only_a_test_starts_is_nothing_that_the_cluster_lacks(planned: Planned):
    compose = f"""\
    services:
{DATABASE}
      api: {{image: "golang:1.26", command: go run ., volumes: ["./api:/app"]}}
"""
    started = 'package api\nvar url = "postgres://u@db:5432/orders"\n'
    files = {"api__go_dot_mod": "module example.com/shop\n", "api__auth_test_dot_go": started}
    assert not [note for note in planned(compose, **files).notes if "AWS runs" in note.message]


@pytest.mark.parametrize(
    ("image", "dockerfile", "told"),
    [
        ("build: ./api", "FROM node:24\nWORKDIR /app\nCOPY . .\n", ": the image holds it"),
        (
            "build: ./api",
            "FROM node:24 AS made\nCOPY src src\nFROM nginx\nCOPY --from=made /dist /srv\n",
            ": the image holds it",
        ),
        (
            "build: ./api",
            "FROM node:24\nWORKDIR /app\nCOPY package.json ./\nRUN npm install\n",
            ", and api/Dockerfile copies none of it: before the chart can run, let a COPY take it into the image",
        ),
        (
            "image: 'node:24'",
            "FROM node:24\nCOPY . .\n",
            ", and node:24 does not hold it: before the chart can run, build an image that copies it and name that one",
        ),
        ("image: 'acme/api:1'", "FROM node:24\n", ": the image has to hold it, and nothing here shows that it does"),
    ],
)
def test_mounted_code_is_in_the_image_only_where_a_copy_takes_it(planned: Planned, image: str, dockerfile: str, told: str):
    compose = f"services:\n  api:\n    {image}\n    volumes: ['./api:/app']\n"
    files = {"api__package_dot_json": "{}", "api__src__index_dot_js": "serve()\n", "api__Dockerfile": dockerfile}
    notes = [note.message for note in planned(compose, **files).notes if note.key == "volumes"]
    assert notes == [f"./api is code of the repository{told}"]


# --- circles ----------------------------------------------------------------------------------------------------------


def test_a_circle_of_dependencies_is_refused_with_its_place(planned: Planned):
    circle = """\
    services:
      a: {image: "acme/a:1", depends_on: [b]}
      b: {image: "acme/b:1", depends_on: {c: {condition: service_started}, d: {condition: service_started}}}
      c: {image: "acme/c:1", depends_on: [b]}
      d: {image: "acme/d:1"}
"""
    with pytest.raises(UsageError) as caught:
        planned(circle)
    assert caught.value.message == "depends_on goes in a circle: b -> c -> b"
    assert caught.value.where == "compose.yaml:3"
    assert planned(circle.replace("depends_on: [b]}\n      d", "depends_on: [d]}\n      d")).workloads


@pytest.mark.parametrize(
    ("image", "noted"),
    [
        ("registry.example.org/team/web:1", True),
        ("ghcr.io/team/web:1", False),
        ("team/web:1", False),
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1", False),
    ],
)
def test_a_registry_that_may_ask_for_a_login_is_said(planned: Planned, image: str, noted: bool):
    target = planned(f"    services:\n      web: {{image: '{image}', command: uvicorn app:app}}\n")
    assert bool([note for note in target.notes if "imagePullSecrets" in note.message]) is noted


@pytest.mark.parametrize(
    ("entry", "asked"),
    [
        ("URL: '${URL:-http://localhost:8000/api}'", ["URL"]),
        ("URL: '${URL-https://127.0.0.1}'", ["URL"]),
        ("CORS: '${ORIGINS:-http://localhost:3000, http://127.0.0.1:3000}'", ["ORIGINS"]),
        ("ALLOWED_HOSTS: '${ALLOWED_HOSTS:-localhost,127.0.0.1}'", ["ALLOWED_HOSTS"]),
        ("URL: 'https://${DOMAIN:-localhost}/api'", ["DOMAIN"]),
        ("URL: '${URL:-http://api:8000}'", []),
        ("CORS: '${ORIGINS:-http://localhost:3000,https://shop.example.com}'", []),
        ("LEVEL: '${LEVEL:-localhost}'", []),
        ("URL: '${URL:-http://localhost:8000}'\n        network_mode: host", []),
    ],
)
def test_an_address_of_a_developer_s_machine_is_no_default_of_a_cluster(entry: str, asked: list[str], planned: Planned):
    target = planned(f"services:\n  web:\n        image: acme/web:1\n        environment:\n          {entry}\n")
    assert [item.name for item in target.settings if item.default is None] == asked


def test_what_compose_demands_is_asked_for_whatever_the_env_file_of_developers_says(planned: Planned):
    target = planned(
        """\
    services:
      web:
        image: acme/web:1
        environment:
          ADMIN: ${ADMIN:?}
          ALSO: ${ADMIN}
          MAIL: ${MAIL}
          LINK: ${LINK}
          NAME: ${NAME}
          KEPT: ${KEPT:-localhost}
    """,
        _dot_env="ADMIN=me@example.com\nMAIL=localhost\nLINK=http://127.0.0.1:9000/a\nNAME=localhost.example.com\n",
    )
    settings = {item.name: item.default for item in target.settings}
    assert settings == {"ADMIN": None, "MAIL": None, "LINK": None, "NAME": "localhost.example.com", "KEPT": "localhost"}
    assert env(target, "web")["ALSO"] == "<ADMIN>"


# --- routes by path ---------------------------------------------------------------------------------------------------

UI = """\
    services:
      api:
        build: api
        ports: ["8000:8000"]
      admin:
        build: api
        expose: ["9000"]
      frontend:
        build: pages
        ports: ["3000:80"]
        environment: {API: "http://api:8000", ADMIN: "http://admin:9000"}
"""
UI_FILES = {
    "api__Dockerfile": 'FROM python:3.13\nCMD ["uvicorn", "app:app"]\n',
    "api__app_dot_py": "from fastapi import FastAPI\n\napp = FastAPI()\n",
    "pages__Dockerfile": "FROM node:22 AS build\nCOPY . .\nRUN npm run build\n\nFROM nginx:1.28\n"
    "COPY nginx.conf /etc/nginx/conf.d/default.conf\nCOPY --from=build /dist /usr/share/nginx/html\n",
    "pages__package_dot_json": '{"name": "pages", "scripts": {"build": "vite build"}, "dependencies": {"react": "19.0.0"}}\n',
}


@pytest.mark.parametrize(
    ("conf", "paths"),
    [
        ("server { location / { root /x; } location /api/ { proxy_pass http://api:8000; } }", ["/api"]),
        ("upstream backend { server api:8000; }\nserver { location ^~ /v1/api { proxy_pass http://backend; proxy_set_header Host $host; } }", ["/v1/api"]),
        # It strips the prefix, guards it, matches a pattern, or leads to a service that nobody outside may reach.
        ("server { location /api/ { proxy_pass http://api:8000/; } }", []),
        ("server { location /api/ { auth_basic x; proxy_pass http://api:8000; } }", []),
        ("server { location ~ ^/api { proxy_pass http://api:8000; } location = /one { proxy_pass http://api:8000; } }", []),
        ("server { location /admin/ { proxy_pass http://admin:9000; } }", []),
        ("server { location /api/ { proxy_pass http://$api:8000; } }", []),
    ],
)  # fmt: skip
def test_paths_that_the_user_interface_passes_on(planned: Planned, conf: str, paths: list[str]):
    target = planned(UI, **UI_FILES, pages__nginx_dot_conf=conf)
    assert [(item.front, item.path, item.workload, item.port) for item in target.paths] == [
        ("frontend", path, "api", 8000) for path in paths
    ]


def test_a_proxy_that_stays_routes_by_itself(planned: Planned):
    compose = UI.replace(
        "build: pages\n", "image: nginx:1.28\n        volumes: ['./nginx.conf:/etc/nginx/conf.d/default.conf:ro']\n"
    )
    target = planned(compose, **UI_FILES, nginx_dot_conf="server { location /api { proxy_pass http://api:8000; } }")
    assert target.paths == ()


STORE_WITH_A_FILE = """\
    services:
      db:
        image: postgres:17
        secrets: [db-password]
        environment: {POSTGRES_DB: example, POSTGRES_PASSWORD_FILE: /run/secrets/db-password}
      api: {build: api, secrets: [db-password, other]}
      proxy: {image: "nginx:1.29", ports: ["80:80"], volumes: ["./proxy/nginx.conf:/etc/nginx/conf.d/default.conf:ro"]}
    secrets: {db-password: {file: db/password.txt}, other: {file: other.txt}}
"""
PROXY = "server {\n  listen 80;\n  location / { proxy_pass http://api:8000; }\n}\n"


def test_a_secret_of_compose_that_is_a_stores_password_comes_from_the_stores_secret(planned: Planned):
    target = planned(STORE_WITH_A_FILE, api__Dockerfile="FROM scratch\n", proxy__nginx_dot_conf=PROXY)
    mounts = {mount.path: (mount.name, mount.key) for mount in workload(target, "api").mounts}
    assert mounts == {"/run/secrets/db-password": ("db", "password"), "/run/secrets/other": ("app", "other")}
    keys = {secret.name: [key.key for key in secret.keys] for secret in target.secrets if not secret.host_only}
    assert keys == {"db": ["password"], "app": ["other"]}


def test_a_port_that_only_a_proxys_configuration_names_is_a_port(planned: Planned):
    target = planned(STORE_WITH_A_FILE, api__Dockerfile="FROM scratch\n", proxy__nginx_dot_conf=PROXY)
    assert [(port.port, port.published) for port in workload(target, "api").ports] == [(8000, False)]


def test_a_managed_host_in_the_code_is_said_where_the_environment_does_not_name_it(planned: Planned):
    go = 'package main\nimport "net/http"\n\nvar url = "postgres://postgres@db:5432/example"\nfunc main() { http.ListenAndServe(":1", nil) }\n'
    target = planned(STORE_WITH_A_FILE, api__main_dot_go=go, api__Dockerfile="FROM scratch\n", proxy__nginx_dot_conf=PROXY)
    (note,) = [note for note in target.notes if note.service == "api" and note.urgent]
    assert (note.location.path, note.location.line) == ("api/main.go", 4)
    told = STORE_WITH_A_FILE.replace("other]}", "other], environment: {DB: 'postgres://u@db/example'}}")
    target = planned(told, api__main_dot_go=go, api__Dockerfile="FROM scratch\n", proxy__nginx_dot_conf=PROXY)
    assert not [note for note in target.notes if note.service == "api" and note.urgent]


BESIDE_A_URL = """\
services:
  db: {image: 'postgres:17', environment: {POSTGRES_PASSWORD: '${DB_PASSWORD}', POSTGRES_DB: shop}}
  api:
    image: acme/api:1.0.0
    environment: {spring.datasource.url: '%s', spring.datasource.username: %s, spring.datasource.password: '${DB_PASSWORD}'}
"""


def test_a_user_beside_an_address_without_one_is_the_role_of_the_application(planned: Planned):
    # RDS refuses `postgres` as the role of an application, so that the name of today would log nobody in.
    found = env(planned(BESIDE_A_URL % ("jdbc:postgresql://db:5432/shop", "postgres")), "api")
    assert found["spring.datasource.username"] == "<db.username>"
    assert found["spring.datasource.password"] == "<db.password>"


@pytest.mark.parametrize(
    ("url", "user"),
    [
        ("jdbc:postgresql://db:5432/shop", "reports"),
        ("jdbc:postgresql://elsewhere.example:5432/shop", "postgres"),
    ],
)
def test_another_role_or_another_host_keeps_its_user(planned: Planned, url: str, user: str):
    assert env(planned(BESIDE_A_URL % (url, user)), "api")["spring.datasource.username"] == user


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("application_dot_properties", "a=1\nspring.datasource.url = jdbc:postgresql://db:5432/${POSTGRES_DB}\n"),
        ("application-prod_dot_yml", "spring:\n  datasource:\n    username: postgres\n    url: jdbc:postgresql://db/example\n"),
    ],
)
def test_spring_is_told_the_managed_database_before_its_own_properties(planned: Planned, name: str, text: str):
    java = {f"api__src__main__resources__{name}": text, "api__Dockerfile": "FROM eclipse-temurin:21\n"}
    target = planned(STORE_WITH_A_FILE, **java, proxy__nginx_dot_conf=PROXY)
    assert env(target, "api") == {
        "SPRING_DATASOURCE_URL": "jdbc:postgresql://<db.host>:<db.port>/<db.database>?sslmode=require",
        "SPRING_DATASOURCE_USERNAME": "<db.username>",
        "SPRING_DATASOURCE_PASSWORD": "<db.password>",
    }
    assert [(wait.kind, wait.target) for wait in workload(target, "api").waits] == [("login", "db")]
    assert not [note for note in target.notes if note.service == "api" and note.urgent]


@pytest.mark.parametrize(
    ("code", "asked"),
    [
        ("const app = express();\napp.get('/live', f);\napp.listen(3000);\n", "/live"),
        ("export const health = express.Router();\nhealth.get('/live', f);\n", None),
    ],
    ids=["of the application", "of a router that is mounted somewhere"],
)
def test_a_pod_is_ended_by_a_route_that_the_program_certainly_serves(planned: Planned, code: str, asked: str | None):
    compose = "services: {web: {build: ., command: node server.js, ports: ['80:3000']}}"
    target = planned(compose, Dockerfile="FROM node:24-slim\nCOPY . .\nEXPOSE 3000\n", server_dot_js=code)
    liveness = workload(target, "web").probes.liveness
    assert (liveness.path if liveness else None) == asked


@pytest.mark.parametrize(
    ("entry", "noted"),
    [
        ("API_URL: http://localhost:8000/api", True),
        ("API_URL: http://api:8000/api", False),
        ("BIND: 127.0.0.1", False),
        ("API_URL: http://localhost:8000\n        network_mode: host", False),
    ],
)
def test_a_url_of_a_developer_s_machine_that_the_files_spell_out_is_noted(entry: str, noted: bool, planned: Planned):
    target = planned(f"services:\n  web:\n        image: acme/web:1\n        environment:\n          {entry}\n")
    said = [note for note in target.notes if "workloads.web.env" in note.message]
    assert [(note.key, note.urgent) for note in said] == [("environment", True)] * noted


def test_a_variable_that_is_a_secret_to_one_service_is_the_same_key_for_all(planned: Planned):
    target = planned(
        """\
    services:
      api: {image: "acme/api:1", environment: {STORE_ACCESS_KEY: "${STORE_USER}", STORE_SECRET_KEY: "${STORE_PASSWORD}"}}
      store: {image: "minio/minio:1", environment: {MINIO_ROOT_USER: "${STORE_USER}", MINIO_ROOT_PASSWORD: "${STORE_PASSWORD}"}}
    """
    )
    assert env(target, "store") == {"MINIO_ROOT_USER": "<app.STORE_USER>", "MINIO_ROOT_PASSWORD": "<app.STORE_PASSWORD>"}
    assert env(target, "api") == {"STORE_ACCESS_KEY": "<app.STORE_USER>", "STORE_SECRET_KEY": "<app.STORE_PASSWORD>"}
    assert not target.settings
    (app,) = (secret for secret in target.secrets if secret.name == "app")
    assert {key.key: [name for name, _ in key.consumers] for key in app.keys} == {
        "STORE_PASSWORD": ["api", "store"],
        "STORE_USER": ["api", "store"],
    }


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        ("DB_URL: db/orders", "<db.host>/<db.database>"),
        ("DB_URL: db:5432/reports", "<db.host>:<db.port>/reports"),
        ("DB_URL: other/orders", "other/orders"),
        ("IMAGE: db/orders", "db/orders"),
    ],
)
def test_host_and_database_without_a_scheme_lead_to_the_managed_store(entry: str, value: str, planned: Planned):
    target = planned(f"services:\n{DATABASE}\n      web:\n        image: acme/web:1\n        environment:\n          {entry}\n")
    assert env(target, "web")[entry.partition(":")[0]] == value


def test_a_folder_that_only_a_variable_names_is_a_volume_and_not_somebody_s_home(planned: Planned):
    target = planned(
        """\
    services:
      web:
        image: acme/web:1
        volumes: ["${DATA_DIR}:/srv/data", "${EXTRA_DIR}:/srv/extra:ro", "${SOCKET}:/var/run/docker.sock"]
      db: {image: "${DB_IMAGE:?}", environment: {POSTGRES_PASSWORD: "${DB_PASSWORD}"}}
    """
    )
    assert [(mount.name, mount.path) for mount in workload(target, "web").mounts] == [("data-dir", "/srv/data")]
    said = [note.message for note in target.notes if note.key == "volumes"]
    assert len(said) == 3
    assert not any("home folder" in message for message in said)
    assert {item.service: item.reason for item in target.left_out}["db"].startswith("no file gives DB_IMAGE a value")
    assert "no file gives DB_IMAGE a value" in next(store.reason for store in target.stores)


BESIDE_A_PROXY = """\
services:
  proxy: {image: "nginx:1.30", ports: ["80:80"], volumes: ["./nginx.conf:/etc/nginx/conf.d/default.conf:ro"]}
  api: {build: api, ports: ["8000:8000"]}
  reports: {build: reports, ports: ["9000:9000"]}
"""


@pytest.mark.parametrize(
    ("passes", "expected"),
    [
        ("http://api:8000", {"reports"}),
        ("http://api:8000; } location /reports { proxy_pass http://reports:9000", set()),
        ("http://$backend:8000", set()),
    ],
)
def test_what_a_proxy_does_not_name_has_no_route_and_a_note_says_so(planned, passes, expected):
    conf = f"server {{ location / {{ proxy_pass {passes}; }} }}\n"
    files = {f"{name}__Dockerfile": "FROM python:3.13\nEXPOSE 8000\n" for name in ("api", "reports")}
    target = planned(BESIDE_A_PROXY, nginx_dot_conf=conf, **files)
    found = {note.service: note for note in target.notes if note.key == "ports"}
    assert set(found) == expected
    assert all(note.urgent and "ingress.routes" in note.message for note in found.values())
