"""One login has one secret: in the edits, the templates, the secrets and the chart, whatever the two ends call it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.app.examination import Place
from scaffold.app.generation import Generation, plan_generation, write_generation
from scaffold.plan.same_logins import same_logins
from scaffold.read.project import read_project

Make = Callable[..., Path]
BROKER = "RABBITMQ_DEFAULT_USER: {user}, RABBITMQ_DEFAULT_PASS: {password}"
STACK = """\
services:
  jobs:
    image: acme/jobs:1
    command: python jobs.py
    environment: {{{client}}}
  queue:
    image: {image}
    environment: {{{store}}}
  {more}
"""
RABBIT = "rabbitmq:4"
POSTGRES = "postgres:17"
MINIO = "minio/minio:RELEASE.2025-04-22T22-12-26Z"


def stack(client: str, store: str, image: str = RABBIT, more: str = "") -> str:
    return STACK.format(client=client, store=store, image=image, more=more)


def linked(make_project: Make, text: str) -> list[tuple[str, str]]:
    (found,) = read_project(make_project({"compose.yaml": text})).stacks
    return [(login.entry.name, login.password.name) for login in same_logins(found)]


@pytest.mark.parametrize(
    ("client", "store", "image"),
    [
        ("RABBIT_USER: tiger, RABBIT_PASS: tiger-4711", BROKER.format(user="tiger", password="tiger-4711"), RABBIT),
        ("RABBIT_PASS: admin", BROKER.format(user="admin", password="admin"), RABBIT),
        ("USER_NAME: x, PASSWORD: tiger-4711, USER: hunter", BROKER.format(user="hunter", password="tiger-4711"), RABBIT),
        ("DB_PASS: '${DB_PASS:-tiger-4711}'", "POSTGRES_PASSWORD: '${PG_PASS:-tiger-4711}'", POSTGRES),
        (
            "SPRING_DATASOURCE_URL: 'jdbc:postgresql://queue/shop', SPRING_DATASOURCE_USERNAME: postgres, "
            "SPRING_DATASOURCE_PASSWORD: '${A}'",
            "POSTGRES_PASSWORD: '${B}'",
            POSTGRES,
        ),
        ("database__host: queue, database__user: postgres, database__password: a-4711", "POSTGRES_PASSWORD: b-4711", POSTGRES),
        (
            "DB_HOST: queue, DB_ROOT_USER: root, DB_ROOT_PASSWORD: '${A}'",
            "MYSQL_PASSWORD: '${C}', MYSQL_ROOT_PASSWORD: '${B}'",
            "mysql:8",
        ),
        ("DB_HOST: queue, DB_PASSWORD: tiger-4711", "POSTGRES_USER: shop, POSTGRES_PASSWORD: tiger-4711", POSTGRES),
        ("URL: 'postgres://postgres:tiger-4711@queue/shop'", "POSTGRES_PASSWORD: tiger-4711", POSTGRES),
        ("AWS_ACCESS_KEY_ID: root, AWS_SECRET_ACCESS_KEY: a-4711", "MINIO_ROOT_USER: root, MINIO_ROOT_PASSWORD: a-4711", MINIO),
        (
            "FILES_ENDPOINT: 'http://queue:9000', FILES_ACCESS_KEY: shop, FILES_SECRET_KEY: '${A:?}'",
            "MINIO_ROOT_USER: shop, MINIO_ROOT_PASSWORD: '${B:?}'",
            MINIO,
        ),
    ],
    ids=[
        "user and password",
        "a name that speaks of the only broker",
        "a user that only this project has",
        "defaults",
        "a JDBC address",
        "small letters",
        "another account beside a host",
        "a host without a user",
        "a URL",
        "the keys of an object store",
        "the endpoint of an object store",
    ],
)
def test_one_login_is_found(client: str, store: str, image: str, make_project: Make) -> None:
    ((_, account),) = linked(make_project, stack(client, store, image))
    assert account in store


@pytest.mark.parametrize(
    ("client", "store", "image", "more"),
    [
        ("ADMIN_USER: admin, ADMIN_PASSWORD: admin", BROKER.format(user="admin", password="admin"), RABBIT, ""),
        ("RABBIT_USER: shop, RABBIT_PASS: admin-4711", BROKER.format(user="admin", password="admin-4711"), RABBIT, ""),
        ("RABBIT_PASS: abc", BROKER.format(user="admin", password="abc"), RABBIT, ""),
        ("RABBIT_PASS: a-4711", BROKER.format(user="admin", password="b-4711"), RABBIT, ""),
        ("SMTP_USER: hunter, SMTP_PASSWORD: tiger-4711", BROKER.format(user="hunter", password="tiger-4711"), RABBIT, ""),
        (
            "RABBIT_HOST: mq.example.com, RABBIT_PASS: tiger-4711",
            BROKER.format(user="hunter", password="tiger-4711"),
            RABBIT,
            "",
        ),
        (
            "DB_PASSWORD: postgres",
            "POSTGRES_PASSWORD: postgres",
            POSTGRES,
            "other: {image: 'postgres:17', environment: {POSTGRES_PASSWORD: postgres}}",
        ),
        (
            "DB_PASSWORD: tiger-4711",
            "POSTGRES_PASSWORD: tiger-4711",
            POSTGRES,
            "other: {image: 'mysql:8', environment: {MYSQL_ROOT_PASSWORD: tiger-4711}}",
        ),
        ("DB_PASSWORD: root", "MYSQL_USER: shop, MYSQL_PASSWORD: root, MYSQL_ROOT_PASSWORD: root", "mysql:8", ""),
        ("URL: 'postgres://postgres:other-4711@queue/shop'", "POSTGRES_PASSWORD: tiger-4711", POSTGRES, ""),
        (
            "RABBIT_HOST: queue, RABBIT_UI_USER: tiger, RABBIT_UI_PASS: tiger-4711",
            BROKER.format(user="tiger", password="tiger-4711"),
            RABBIT,
            "",
        ),
        ("DB_SECRET_KEY: tiger-4711", "POSTGRES_PASSWORD: tiger-4711", POSTGRES, ""),
        ("S3_ENDPOINT: 'https://s3.example.com', S3_SECRET_KEY: a-4711", "MINIO_ROOT_PASSWORD: a-4711", MINIO, ""),
        ("RABBIT_PASS: '${RABBIT_PASS}'", "RABBITMQ_DEFAULT_PASS: '${RABBITMQ_DEFAULT_PASS}'", RABBIT, ""),
    ],
    ids=[
        "the administrator of the application",
        "another user",
        "a short text",
        "another password",
        "a login of another party",
        "a host elsewhere",
        "two stores of one kind",
        "two kinds of databases",
        "two accounts",
        "another password in a URL",
        "the login of a page",
        "a key that signs",
        "an object store elsewhere",
        "texts that nobody knows",
    ],
)
def test_what_only_looks_alike_is_none(client: str, store: str, image: str, more: str, make_project: Make) -> None:
    assert linked(make_project, stack(client, store, image, more)) == []


def generated(make_project: Make, text: str) -> tuple[Path, Generation]:
    """Return the project with everything that is written and edited."""
    root = make_project({"compose.yaml": text, ".gitignore": ".env\n"})
    plan = plan_generation(Place(root), rooms=None, edit_codes=frozenset())
    write_generation(plan)
    return root, plan


def test_texts_of_one_login_become_one_secret_everywhere(make_project: Make) -> None:
    client, store = "RABBIT_USER: admin, RABBIT_PASS: admin", BROKER.format(user="admin", password="admin")
    root, plan = generated(make_project, stack(client, store))
    compose = (root / "compose.yaml").read_text()
    assert compose.count("${RABBITMQ_DEFAULT_PASS:?see .env.example}") == 2
    written = {change.path: (root / change.path).read_text() for change in plan.changes if change.after is not None}
    assert {path for path, text in written.items() if "RABBIT_PASS" in text} == {"deploy/helm/app/values.yaml"}
    assert "used by queue, jobs; make one with" in written[".env.production.example"]
    (app,) = (secret for secret in plan.target.secrets if secret.name == "app")
    assert [(key.key, [service for service, _ in key.consumers]) for key in app.keys] == [
        ("RABBITMQ_DEFAULT_PASS", ["jobs", "queue"])
    ]


def test_an_edit_of_one_end_takes_the_other_end_along(make_project: Make) -> None:
    client, store = "RABBIT_USER: admin, RABBIT_PASS: admin", BROKER.format(user="admin", password="admin")
    root = make_project({"compose.yaml": stack(client, store)})
    write_generation(plan_generation(Place(root), rooms=frozenset(), edit_codes=frozenset({"SEC002"})))
    assert (root / "compose.yaml").read_text().count("${RABBITMQ_DEFAULT_PASS:?see .env.example}") == 2


def test_two_accounts_with_one_text_get_two_passwords_and_each_client_its_own(make_project: Make) -> None:
    client = "PMA_HOST: queue, PMA_USER: root, PMA_PASSWORD: root"
    store = "MYSQL_USER: shop, MYSQL_PASSWORD: root, MYSQL_ROOT_PASSWORD: root, MYSQL_DATABASE: shop"
    root, plan = generated(make_project, stack(client, store, "mysql:8"))
    compose = (root / "compose.yaml").read_text()
    assert 'PMA_PASSWORD: "${MYSQL_ROOT_PASSWORD:?see .env.example}"' in compose
    assert 'MYSQL_ROOT_PASSWORD: "${MYSQL_ROOT_PASSWORD:?see .env.example}"' in compose
    assert ' MYSQL_PASSWORD: "${MYSQL_PASSWORD:?see .env.example}"' in compose
    sources = [item.variable for item in plan.target.environment.sources]
    assert sources.count("MYSQL_ROOT_PASSWORD") == 1
    assert "PMA_PASSWORD" not in sources


def test_two_accounts_with_one_text_stay_one_where_nobody_knows_who_takes_which(make_project: Make) -> None:
    store = "MYSQL_USER: shop, MYSQL_PASSWORD: root, MYSQL_ROOT_PASSWORD: root, MYSQL_DATABASE: shop"
    root, _ = generated(make_project, stack("DB_PASSWORD: root", store, "mysql:8"))
    assert (root / "compose.yaml").read_text().count("${MYSQL_PASSWORD:?see .env.example}") == 3


def test_a_text_at_the_store_and_a_variable_at_its_client_are_told_as_one(make_project: Make) -> None:
    client = "DB_HOST: queue, DB_USER: postgres, DB_PASS: '${DB_PASS:-tiger-4711}'"
    root, plan = generated(make_project, stack(client, "POSTGRES_PASSWORD: tiger-4711", POSTGRES))
    told = "the text of POSTGRES_PASSWORD: both are the password of one login of queue\nDB_PASS=\n"
    for name in (".env.example", ".env.production.example"):
        assert told in (root / name).read_text()
    sources = {item.variable: (item.secret, item.key) for item in plan.target.environment.sources}
    assert sources["DB_PASS"] == sources["POSTGRES_PASSWORD"]


def test_a_url_in_the_chart_holds_the_password_of_the_store(make_project: Make) -> None:
    store = "MYSQL_USER: shop, MYSQL_PASSWORD: tiger-4711, MYSQL_RANDOM_ROOT_PASSWORD: 'yes'"
    _, plan = generated(make_project, stack("DATABASE_URL: 'mysql://shop:tiger-4711@queue/shop?a=b'", store, "mysql:8"))
    (app,) = (secret for secret in plan.target.secrets if secret.name == "app")
    assert [key.key for key in app.keys] == ["MYSQL_PASSWORD"]
    (jobs,) = (item for item in plan.target.workloads if item.service == "jobs")
    texts = [(piece.kind, piece.field or piece.text) for variable in jobs.environment for piece in variable.value]
    assert texts == [("literal", "mysql://shop:"), ("secret", "MYSQL_PASSWORD"), ("literal", "@queue/shop?a=b")]
