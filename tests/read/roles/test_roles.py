"""What services are for: each role by its signals, the traps between roles, stores' versions and listening ports."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from scaffold.model.compose import Service
from scaffold.model.names import Role
from scaffold.model.project import Dockerfile, Manifest
from scaffold.read import role_data
from scaffold.read.dockerfiles import read_dockerfile
from scaffold.read.roles import THRESHOLD, RoleContext, with_roles
from scaffold.read.stacks import assemble


@dataclass(frozen=True)
class Texts:
    files: dict[str, str]

    def text(self, path: str) -> str | None:
        return self.files.get(path)


def services(compose: str, context: RoleContext | None = None) -> dict[str, Service]:
    _, stacks, _ = assemble(["compose.yaml"], Texts({"compose.yaml": compose}))
    (stack,) = with_roles(stacks, context or RoleContext())
    return {service.name: service for service in stack.services}


def role(entry: str, name: str = "x", context: RoleContext | None = None) -> Role | None:
    return services(f"services: {{{name}: {{{entry}}}}}", context)[name].role


def image(path: str, text: str) -> Dockerfile:
    return read_dockerfile(path, text)[0]


def manifest(path: str, *dependencies: str, ecosystem: str = "python") -> Manifest:
    return Manifest(path, ecosystem, "", dependencies)


@pytest.mark.parametrize(
    ("repository", "expected"),
    [
        ("postgres:16-alpine", Role.POSTGRES),
        ("docker.io/library/postgres", Role.POSTGRES),
        ("registry.example.org:5000/mirror/postgis:16-3.4", Role.POSTGRES),
        ("pgvector/pgvector:pg16", Role.POSTGRES),
        ("timescale/timescaledb-ha:pg16", Role.POSTGRES),
        ("bitnami/postgresql:16", Role.POSTGRES),
        ("mariadb:11", Role.MYSQL),
        ("mongo:7", Role.MONGO),
        ("clickhouse/clickhouse-server:24", Role.CLICKHOUSE),
        ("valkey/valkey:8", Role.REDIS),
        ("redis/redis-stack-server", Role.REDIS),
        ("memcached", Role.CACHE),
        ("chromadb/chroma:1.0", Role.VECTOR_DB),
        ("qdrant/qdrant", Role.VECTOR_DB),
        ("docker.elastic.co/elasticsearch/elasticsearch:8.15.0", Role.SEARCH),
        ("getmeili/meilisearch", Role.SEARCH),
        ("rabbitmq:3-management", Role.BROKER),
        ("confluentinc/cp-kafka", Role.BROKER),
        ("minio/minio", Role.OBJECT_STORE),
        ("localstack/localstack", Role.MOCK),
        ("traefik:v3", Role.PROXY),
        ("prom/prometheus", Role.MONITORING),
        ("grafana/grafana", Role.MONITORING),
        ("grafana/loki", Role.LOGGING),
        ("grafana/alloy", Role.LOGGING),
        ("jaegertracing/all-in-one", Role.TRACING),
        ("otel/opentelemetry-collector-contrib", Role.TRACING),
        ("mcr.microsoft.com/playwright:v1.55.0-noble", Role.E2E),
        ("adminer", Role.ADMIN_UI),
        ("mher/flower", Role.ADMIN_UI),
        ("ollama/ollama", Role.ML_INFERENCE),
        ("flyway/flyway", Role.ONE_SHOT),
        # what watches or serves a store is not the store
        ("prometheuscommunity/postgres-exporter", Role.MONITORING),
        ("oliver006/redis_exporter", Role.MONITORING),
        ("nginx/nginx-prometheus-exporter", Role.MONITORING),
        ("dpage/pgadmin4", Role.ADMIN_UI),
        ("edoburu/pgbouncer", Role.PROXY),
        ("postgrest/postgrest", Role.PROXY),
        ("prodrigestivill/postgres-backup-local", Role.ONE_SHOT),
        ("somebody/unheard-of", None),
    ],
)
def test_images(repository: str, expected: Role | None) -> None:
    assert role(f"image: '{repository}'") is expected


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("celery -A app worker -l info", Role.WORKER),
        ("celery -A app beat", Role.SCHEDULER),
        ("/start-celerybeat", Role.SCHEDULER),
        ("rq worker default", Role.WORKER),
        ("bundle exec sidekiq", Role.WORKER),
        ("dramatiq app.tasks", Role.WORKER),
        ("php artisan queue:work", Role.WORKER),
        ("uvicorn app.main:app --host 0.0.0.0", Role.WEB),
        ("gunicorn config.wsgi", Role.WEB),
        ("alembic upgrade head", Role.ONE_SHOT),
        ("python manage.py migrate", Role.ONE_SHOT),
        ("npx prisma migrate deploy", Role.ONE_SHOT),
        ("sh -c 'alembic upgrade head && uvicorn app:app'", Role.WEB),
        ("sh -c 'php artisan migrate --force && apache2-foreground'", Role.WEB),
        ("npx playwright test", Role.E2E),
        ("pytest -q", Role.E2E),
        ("next start", Role.FRONTEND),
        ("supercronic /crontab", Role.SCHEDULER),
    ],
)
def test_commands(command: str, expected: Role) -> None:
    assert role(f'build: ., command: "{command}"') is expected


@pytest.mark.parametrize(
    ("name", "entry", "expected"),
    [
        ("api", "build: ., ports: ['8000:8000']", Role.WEB),
        ("worker", "build: .", Role.WORKER),
        ("celery-beat", "build: .", Role.SCHEDULER),
        ("frontend", "build: ./web", Role.FRONTEND),
        ("migrate", "build: .", Role.ONE_SHOT),
        ("e2e", "build: .", Role.E2E),
        ("backend-test", "build: ., ports: ['1:1']", Role.WEB),
        ("api-gateway", "image: ghcr.io/team/api-gateway", Role.WEB),
        ("something", "build: ., ports: ['1:1']", Role.WEB),
        ("something", "build: .", None),
        ("nginx", "build: ./nginx, ports: ['80:80']", Role.PROXY),
    ],
)
def test_names_speak_for_what_the_team_builds(name: str, entry: str, expected: Role | None) -> None:
    assert role(entry, name) is expected


def test_a_web_server_is_a_front_end_when_it_is_built_from_node() -> None:
    dockerfile = image(
        "web/Dockerfile",
        "FROM node:22 AS build\nRUN npm run build\nFROM nginx:1.28\nCOPY --from=build /d /usr/share/nginx/html\n",
    )
    assert role("build: ./web", "ui", RoleContext((dockerfile,))) is Role.FRONTEND
    assert (
        role("build: ./web", "edge", RoleContext((image("web/Dockerfile", "FROM nginx:1.28\nCOPY nginx.conf /etc/nginx/\n"),)))
        is Role.PROXY
    )


def test_a_web_server_with_files_and_no_configuration_serves_a_front_end() -> None:
    assert role("image: nginx, volumes: ['./public:/usr/share/nginx/html:ro']") is Role.FRONTEND
    mounts = "['./public:/usr/share/nginx/html', './nginx.conf:/etc/nginx/nginx.conf']"
    assert role(f"image: nginx, volumes: {mounts}") is Role.PROXY


def test_a_web_server_that_is_built_with_files_alone_serves_a_front_end_whatever_made_them() -> None:
    built = "FROM ghcr.io/example/flutter:3 AS build\nRUN flutter build web\nFROM nginx:1.28\n"
    files = "COPY --from=build /app/build/web /usr/share/nginx/html\n"

    def of(text: str, entry: str = "build: ./web") -> Role | None:
        return role(entry, "ui", RoleContext((image("web/Dockerfile", built + text),)))

    assert of(f'{files}CMD ["nginx", "-g", "daemon off;"]\n') is Role.FRONTEND
    assert of(f"{files}COPY site.conf /etc/nginx/conf.d/\n") is Role.PROXY
    assert of(f"{files}RUN echo 'server {{}}' > /etc/nginx/conf.d/default.conf\n") is Role.PROXY
    assert of(files, "build: ./web, volumes: ['./n.conf:/etc/nginx/nginx.conf:ro']") is Role.PROXY
    assert of('CMD ["nginx"]\n') is Role.PROXY


def test_a_build_counts_by_the_image_that_it_starts_from() -> None:
    dockerfile = image(
        "db/Dockerfile", "FROM registry.example.org:5000/postgres:16.4-bookworm AS base\nFROM base\nCOPY init.sql /\n"
    )
    found = services("services: {data: {build: ./db}}", RoleContext((dockerfile,)))["data"]
    assert (found.role, found.datastore_version) == (Role.POSTGRES, "16.4")


def test_an_application_that_takes_the_stores_password_is_no_store() -> None:
    variables = "{POSTGRES_USER: a, POSTGRES_PASSWORD: b, POSTGRES_HOST: db}"
    assert role(f"build: ., environment: {variables}", "backend") is Role.WEB
    assert role(f"image: somebody/app, environment: {variables}") is None
    assert role("image: somebody/database, environment: {POSTGRES_USER: a, POSTGRES_PASSWORD: b}") is Role.POSTGRES


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("pg_dump -h db -f /backup/x.sql", Role.ONE_SHOT),
        ("sh -c 'while true; do pg_dump -h db -U postgres > /b; sleep 86400; done'", Role.SCHEDULER),
        ("postgres -c shared_buffers=1GB", Role.POSTGRES),
        ("sh -c 'psql -f /seed.sql'", Role.ONE_SHOT),
    ],
)
def test_a_stores_image_that_runs_a_client_is_no_store(command: str, expected: Role) -> None:
    assert role(f'image: postgres:16, command: "{command}"') is expected


@pytest.mark.parametrize(
    ("dependencies", "expected"),
    [
        (("express", "pg"), Role.WEB),
        (("next", "react"), Role.FRONTEND),
        (("react", "vite"), Role.FRONTEND),
        (("@nestjs/core",), Role.WEB),
    ],
)
def test_the_framework_says_what_a_node_program_is(dependencies: tuple[str, ...], expected: Role) -> None:
    context = RoleContext(manifests=(manifest("app/package.json", *dependencies, ecosystem="node"),))
    assert role("build: ./app, command: yarn start, ports: ['3000:3000']", "app", context) is expected


def test_a_redis_is_also_what_others_use_it_for() -> None:
    found = services(
        """
        services:
          redis: {image: "redis:7"}
          plain: {image: "redis:7"}
          api: {build: ., environment: {CACHE_URL: "redis://redis:6379/1", REDIS_URL: "redis://plain:6379"}}
          worker: {build: ., command: celery -A a worker, environment: {CELERY_BROKER_URL: "redis://:pw@redis:6379/0"}}
        """
    )
    assert [evidence.role for evidence in found["redis"].roles] == [Role.REDIS, Role.BROKER, Role.CACHE]
    assert found["redis"].has_role(Role.BROKER)
    assert [evidence.role for evidence in found["plain"].roles] == [Role.REDIS]
    signals = {evidence.role: evidence.signals for evidence in found["redis"].roles}
    assert signals[Role.BROKER] == ("worker takes it as CELERY_BROKER_URL",)


def test_settings_override_roles_and_ports() -> None:
    context = RoleContext(roles=(("x", Role.MOCK),), ports=(("x", 1234),))
    found = services("services: {x: {image: 'postgres:16'}}", context)["x"]
    assert (found.role, found.listens) == (Role.MOCK, (1234,))


@pytest.mark.parametrize(
    ("tag", "version"),
    [("postgres:16-alpine", "16"), ("postgres:16.4-bookworm", "16.4"), ("pgvector/pgvector:0.8.0-pg17", "17"), ("pgvector/pgvector:pg16", "16"),
     ("postgres", ""), ("postgres:latest", ""), ("postgres@sha256:abc", ""), ("redis:7.4-alpine", "7.4"), ("mongo:4.2.1-bionic", "4.2.1")],
)  # fmt: skip
def test_versions_of_stores(tag: str, version: str) -> None:
    assert services(f"services: {{x: {{image: '{tag}'}}}}")["x"].datastore_version == version


@pytest.mark.parametrize(
    ("compose", "listens"),
    [
        ("{x: {image: 'postgres:16'}}", (5432,)),
        ("{x: {image: 'postgres:16', ports: ['5433:5432']}}", (5432,)),
        ("{x: {image: team/x, expose: ['3000']}}", (3000,)),
        ("{x: {image: team/x}, y: {image: y, environment: {API: 'http://x:7000/api'}}}", (7000,)),
        ("{x: {image: team/x, ports: ['53:53/udp']}}", ()),
        ("{x: {image: team/x}}", ()),
        ("{x: {image: oliver006/redis_exporter}}", (9121,)),
        ("{x: {image: 'timescale/timescaledb-ha:pg16'}}", (5432,)),
        ("{x: {image: 'nginxinc/nginx-unprivileged'}}", (8080,)),
    ],
)
def test_listening_ports(compose: str, listens: tuple[int, ...]) -> None:
    assert services(f"services: {compose}")["x"].listens == listens


def test_the_dockerfile_says_the_port_of_what_is_built() -> None:
    context = RoleContext((image("Dockerfile", "FROM python:3.12\nEXPOSE 8000\n"),))
    assert services("services: {x: {build: .}}", context)["x"].listens == (8000,)


def test_a_worker_does_not_listen_on_the_port_of_the_image_that_it_shares() -> None:
    context = RoleContext((image("Dockerfile", "FROM python:3.12\nEXPOSE 8000\n"),))
    found = services(
        "services: {api: {build: ., command: gunicorn a}, worker: {build: ., command: celery -A a worker}}", context
    )
    assert (found["api"].listens, found["worker"].listens) == ((8000,), ())


def test_a_built_server_listens_where_its_base_image_does() -> None:
    context = RoleContext((image("web/Dockerfile", "FROM node:22 AS b\nFROM nginxinc/nginx-unprivileged:1.28\n"),))
    assert services("services: {web: {build: ./web}}", context)["web"].listens == (8080,)


def test_every_role_tells_the_signals_that_gave_it() -> None:
    (evidence,) = services("services: {db: {image: 'postgres:16', environment: {POSTGRES_PASSWORD: x}, expose: [5432]}}")[
        "db"
    ].roles
    assert (evidence.role, evidence.score) == (Role.POSTGRES, 6)
    assert evidence.signals == ("image postgres", "takes POSTGRES_PASSWORD", "listens on 5432")


def test_the_tables_are_patterns_that_compile_and_have_a_date() -> None:
    for table in (role_data.COMMANDS, role_data.NAMES):
        for pattern, _, _ in table:
            re.compile(pattern)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", role_data.AS_OF)


_ENTRIES = st.fixed_dictionaries(
    {},
    optional={
        "image": st.sampled_from(["postgres:16", "nginx", "team/app", "redis", "", "a:b:c", "@sha256:x"]),
        "build": st.sampled_from([".", "./web", {"context": "../x"}, None]),
        "command": st.sampled_from(["celery worker", ["npm", "start"], "", None, "psql"]),
        "environment": st.dictionaries(
            st.sampled_from(["POSTGRES_PASSWORD", "REDIS_URL", "X"]), st.sampled_from(["redis://b:6379", "", None, "b:1"])
        ),
        "ports": st.lists(st.sampled_from(["80:80", "6379", "x"]), max_size=2),
    },
)


@given(st.dictionaries(st.sampled_from(["a", "b", "worker", "redis"]), _ENTRIES, min_size=1), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=80)
def test_roles_never_raise_and_do_not_depend_on_the_order(entries: dict[str, object], random: object) -> None:
    names = list(entries)
    random.shuffle(names)  # type: ignore[attr-defined]
    context = RoleContext((image("Dockerfile", "FROM redis\n"),), (manifest("package.json", "react", ecosystem="node"),))
    first = services(yaml.safe_dump({"services": entries}, sort_keys=False), context)
    second = services(yaml.safe_dump({"services": {name: entries[name] for name in names}}, sort_keys=False), context)
    for name, service in first.items():
        assert (service.roles, service.listens) == (second[name].roles, second[name].listens)
        assert all(evidence.score >= THRESHOLD for evidence in service.roles)


def test_the_examples_have_the_roles_that_their_readers_would_give(example: Callable[[str], object]) -> None:
    from scaffold.read.project import read_project

    project = read_project(example("propertypro"))  # type: ignore[arg-type]
    base = project.stack("base")
    assert base is not None
    assert {service.name: service.role for service in base.services} == {
        "api": Role.WEB,
        "worker": Role.WORKER,
        "scheduler": Role.SCHEDULER,
        "frontend": Role.FRONTEND,
        "nginx": Role.PROXY,
        "db": Role.POSTGRES,
        "redis": Role.REDIS,
        "chromadb": Role.VECTOR_DB,
        "e2e": Role.E2E,
    }


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("npx prisma studio --port 5555", Role.ADMIN_UI),
        ("sh -c 'npx prisma migrate deploy && npx prisma studio'", Role.ADMIN_UI),
        ("npx drizzle-kit studio", Role.ADMIN_UI),
        ("npm run storybook", Role.ADMIN_UI),
        ("npx storybook dev -p 6006", Role.ADMIN_UI),
        ("celery -A shop --broker=redis://:f8Jk2mQz@redis flower --port=5555", Role.ADMIN_UI),
        ("bundle exec rails console", Role.ADMIN_UI),
        ("python manage.py shell_plus --notebook", Role.ADMIN_UI),
        ("sh -c 'npx prisma studio & node server.js'", Role.WEB),
        ("sh -c 'celery -A shop worker & celery -A shop flower'", Role.WORKER),
        ("python manage.py runserver_plus 0.0.0.0:8000", Role.WEB),
        ("npx storybook build", None),
    ],
)
def test_a_tool_of_developers_from_the_projects_own_image(command: str, expected: Role | None) -> None:
    found = services(f'services: {{x: {{build: ., command: "{command}", ports: ["5555:5555"]}}}}')["x"]
    if expected is None:
        assert found.role is not Role.ADMIN_UI
    else:
        assert found.role is expected
    assert found.delivers_image is (expected is not Role.ADMIN_UI)
    assert "f8Jk2mQz" not in str(found.roles)


def test_a_tool_stays_one_whatever_the_image_is_built_with() -> None:
    context = RoleContext(manifests=(manifest("package.json", "express", ecosystem="node"),))
    found = services(
        'services: {app: {build: ., command: "npx prisma studio", ports: ["5555:5555"]}, prisma-studio: {build: .}}', context
    )
    assert {name: service.role for name, service in found.items()} == {"app": Role.ADMIN_UI, "prisma-studio": Role.ADMIN_UI}


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        ("[CMD, healthcheck.sh, --su-mysql, --connect, --innodb_initialized]", Role.MYSQL),
        ("[CMD-SHELL, 'mysqladmin ping -h 127.0.0.1']", Role.MYSQL),
        ("[CMD-SHELL, 'pg_isready -U shop']", Role.POSTGRES),
        ("[CMD-SHELL, 'true']", Role.POSTGRES),
    ],
)
def test_the_health_check_tells_which_store_a_variable_chooses(check: str, expected: Role) -> None:
    accounts = "MARIADB_ROOT_PASSWORD: '${P:?}', POSTGRES_USER: '${U:?}', POSTGRES_PASSWORD: '${P:?}'"
    entry = f"image: '${{DB_IMAGE:?}}', environment: {{{accounts}}}, healthcheck: {{test: {check}}}"
    assert role(entry, "db") is expected


def test_a_health_check_with_the_client_of_a_store_makes_no_store() -> None:
    assert role("image: acme/web:1, command: gunicorn app, healthcheck: {test: [CMD-SHELL, pg_isready -h db]}") is Role.WEB


def test_an_image_of_its_own_with_a_port_and_a_database_takes_visitors_on_any_port() -> None:
    database = "environment: {DATABASE_URL: 'postgres://shop:x@db:5432/shop'}"
    assert role(f"image: shop/shop, ports: ['7000:7000'], {database}", "shop") is Role.WEB
    assert role(f"image: shop/shop, {database}", "shop") is None
    assert role("image: shop/shop, ports: ['7000:7000'], environment: {UPSTREAM_URL: 'tcp://db:5432'}", "shop") is None
