"""No secret value reaches a diff or a report: not a character of it."""

from __future__ import annotations

import time

import pytest

from scaffold.read.project import read_project
from scaffold.report.diff import unified_diff
from scaffold.report.redaction import MARK, Redactor

CANARY = "CANARY-3f9a-not-a-real-value"
NONE = Redactor()


@pytest.mark.parametrize(
    "line",
    [
        "      POSTGRES_PASSWORD: {}",
        '      POSTGRES_PASSWORD: "{}"',
        "      POSTGRES_PASSWORD: '{}' # why",
        "      - POSTGRES_PASSWORD={}",
        '      - "POSTGRES_PASSWORD={}"',
        "POSTGRES_PASSWORD={}",
        "export JWT_SECRET={}",
        "    environment: {{POSTGRES_PASSWORD: {}, TZ: UTC}}",
        '  "apiKey": "{}",',
        "      DB_PASSWORD: ${{DB_PASSWORD:-{}}}",
        "      URL: postgres://${{DB_USER:-${{USER}}}}:{}@db/shop",
        "      URL: postgres://${{{{secrets.USER}}}}:{}@db/shop",
        "      URL: postgres://app:{}@db:5432/app",
        "      URL: redis://:{}@redis:6379/0",
        "    command: redis-server --requirepass {}",
        '    command: ["redis-server", "--requirepass", "{}"]',
        '      test: ["CMD", "redis-cli", "-a", "{}", "ping"]',
        "      test: redis-cli -a {} ping | grep PONG",
        "      test: mysqladmin ping -p{}",
        "      test: PGPASSWORD={} pg_dump app",
        "      test: curl -u admin:{} http://localhost:8080/health",
        '      run: curl -H "Authorization: Bearer {}" https://example.org',
        '      test: curl -H "X-Token: {}" localhost',
        "      run: docker login -u bot -p {} registry.example",
        "      api_url: https://hooks.slack.com/services/T0/B0/{}",
        "      url: https://example.org/hook?channel=a&token={}",
        'SECRET_KEY = "{}"',
        'SECRET_KEY: str = "{}"',
        'key = os.getenv("SECRET_KEY", "{}")',
        'key = os.environ.get("SECRET_KEY", default="{}")',
        "      POSTGRES_PASSWORD: {} with, commas and # signs",
        "      POSTGRES_PASSWORD: ${{PREFIX}}{}",
        "      URL: ${{DB_PASSWORD:?set the text: DB_PASSWORD={} here}}",
        "      POSTGRES_PASSWORD: $${}",
    ],
)
def test_the_place_of_a_value_is_hidden_in_a_diff(line):
    shown = NONE.clean_diff(line.format(CANARY))
    assert MARK in shown
    assert not any(part in shown for part in ("CANARY", "3f9a", "real", "commas"))


@pytest.mark.parametrize("word", ["postgres", "admin", "password", "redis123", "changeme"])
def test_weak_words_are_hidden_at_their_place_too(word):
    shown = NONE.clean_diff(f"      POSTGRES_PASSWORD: ${{POSTGRES_PASSWORD:-{word}}}\n    image: postgres:16")
    assert shown == f"      POSTGRES_PASSWORD: ${{POSTGRES_PASSWORD:-{MARK}}}\n    image: postgres:16"


@pytest.mark.parametrize(
    "line",
    [
        "      POSTGRES_PASSWORD: ${POSTGRES_PASSWORD:?set it}",
        '      PGPASSWORD: "${POSTGRES_PASSWORD:?set POSTGRES_PASSWORD: postgres has it}"',
        "      URL: postgres://${POSTGRES_USER:-shop}:${POSTGRES_PASSWORD}@db:5432/${POSTGRES_DB:-shop}",
        '      - "POSTGRES_PASSWORD=${POSTGRES_PASSWORD}"',
        "      password: ${{ secrets.TOKEN }}",
        "      POSTGRES_PASSWORD_FILE: /run/secrets/db",
        "      POSTGRES_PASSWORD:",
        "      AUTH_ENABLED: true",
        "      TOKEN_TTL: 3600",
        "      test: redis-cli -a $$REDIS_PASSWORD ping".replace("$$", "$"),
        "    image: registry.example:5000/app:1",
        "SECRET_KEY = os.environ['SECRET_KEY']",
        "      timeout: 5s",
        "      user: app:app",
        "    # Basic checks come first",
        "      run: docker login -u bot -p ${TOKEN} registry.example",
    ],
)
def test_what_is_no_secret_stays(line):
    assert NONE.clean_diff(line) == line


def test_a_private_key_is_hidden_whole():
    text = "key: |\n  -----BEGIN RSA PRIVATE KEY-----\n  MIIEabc\n  def\n  -----END RSA PRIVATE KEY-----\nname: x\n"
    shown = NONE.clean_diff(text)
    assert "MIIE" not in shown
    assert "name: x" in shown


COMPOSE = f"""\
services:
  api:
    image: example/api:1
    command: serve --flag {CANARY}
    environment:
      JWT_SECRET: {CANARY}
      DATABASE_URL: postgres://app:Str0ngEnough-77@db/app
      ADMIN_PASSWORD: admin
      STORE_PASSWORD: production-store
  db:
    image: postgres:16
    environment:
      POSTGRES_PASSWORD: ${{DB_PASS:-fallback-9271-value}}
"""


@pytest.fixture
def redactor(make_project):
    files = {"docker-compose.yml": COMPOSE, ".env.example": "SMTP_PASSWORD=mail-pass-48151623\n"}
    return Redactor(read_project(make_project(files, name="production-store")))


@pytest.mark.parametrize("secret", [CANARY, "Str0ngEnough-77", "fallback-9271-value", "mail-pass-48151623"])
def test_known_values_are_hidden_wherever_they_turn_up(redactor, secret):
    for text in (f"refused: '{secret}' is no port", f"{secret}\n", f"x={secret};y", f'"{secret}"'):
        assert secret not in redactor.clean(text)
        assert secret not in redactor.clean_diff(text)
    assert redactor.clean_tree({"a": [f"at {secret}!"]}) == {"a": [f"at {MARK}!"]}


def test_common_words_and_names_of_the_project_stay_in_reports(redactor):
    text = "admin-ui of production-store: the admin user of postgres"
    assert redactor.clean(text) == text


def test_words_of_the_names_of_project_services_and_images_stay_and_longer_secrets_go(make_project):
    compose = """\
services:
  ledgerbook-web:
    image: registry.example.org/acme-corporation/invoicing:1
    environment:
      DB_PASSWORD: ${DB_PASSWORD:-ledgerbook}
      CACHE_PASSWORD: acme-corporation
      STORE_PASSWORD: invoicing
      MAIL_PASSWORD: ledgerbook-4711-dev
"""
    redactor = Redactor(read_project(make_project({"docker-compose.yml": compose}, name="ledgerbook-dev")))
    text = "ledgerbook-dev runs registry.example.org/acme-corporation/invoicing:1 as ledgerbook-web"
    assert redactor.clean(text) == text
    assert redactor.clean("at ledgerbook-4711-dev") == f"at {MARK}"


CLUSTER = """\
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: app}
spec:
  data:
    - secretKey: DATABASE_URL
      remoteRef: {key: app, property: QUEUE_TOKEN_VALUE}
"""


def test_a_name_that_stands_as_a_value_stays_and_a_secret_that_only_looks_like_one_goes(make_project):
    compose = """\
services:
  app:
    image: example.org/app:1
    environment: {DATABASE_URL: "postgres://db/app", APP_PASSWORD: KITCHEN_4711_TABLE}
  db:
    image: mysql:8.4
    healthcheck: {test: mysqladmin ping -phealthcheck}
"""
    project = read_project(make_project({"docker-compose.yml": compose, "k8s/secret.yaml": CLUSTER}))
    text = "app has no healthcheck and gets DATABASE_URL"
    assert Redactor(project).clean(text) == text
    assert Redactor(project).clean("at KITCHEN_4711_TABLE") == f"at {MARK}"
    assert "phealthcheck" not in Redactor(project).clean_diff("    test: mysqladmin ping -phealthcheck")


SETTINGS = """\
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    embedding_model: str = "text-embedding-3-small"
    fernet: str = "k9F2vQ8xLm4Zt7Rb1Yw6"
"""


def test_the_name_of_a_model_is_no_secret_and_a_token_under_an_innocent_name_is(make_project):
    compose = "services: {api: {image: example/api:1, environment: {MODEL: text-embedding-3-small}}}\n"
    redactor = Redactor(read_project(make_project({"compose.yaml": compose, "app/settings.py": SETTINGS})))
    assert redactor.clean("text-embedding-3-small and k9F2vQ8xLm4Zt7Rb1Yw6") == f"text-embedding-3-small and {MARK}"


def test_no_part_of_a_password_with_an_at_sign_stays():
    line = "+  URL: postgres://app:Str0ng@Enough-77@db:5432/app"
    assert Redactor().clean_diff(line) == f"+  URL: postgres://app:{MARK}@db:5432/app"


def test_a_value_inside_a_longer_word_stays(redactor):
    text = f"pre{CANARY}post"
    assert redactor.clean(text) == text


def test_the_longest_of_two_values_wins(make_project):
    compose = (
        "services:\n  a:\n    image: x\n    environment:\n      A_TOKEN: abc-1234-xyz\n      B_TOKEN: abc-1234-xyz-5678-uvw\n"
    )
    redactor = Redactor(read_project(make_project({"docker-compose.yml": compose})))
    assert redactor.clean("see abc-1234-xyz-5678-uvw here") == f"see {MARK} here"


def test_time_grows_with_the_text_and_not_with_the_number_of_values(make_project):
    entries = "".join(f"      K{number}_TOKEN: aaaaaaaa-{number:05d}-zz\n" for number in range(3000))
    compose = f"services:\n  a:\n    image: x\n    environment:\n{entries}"
    redactor = Redactor(read_project(make_project({"docker-compose.yml": compose})))
    text = "aaaaaaaa-99999-zz " * 10_000
    start = time.perf_counter()
    assert redactor.clean(text) == text
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize(
    "text",
    [
        "a" * 1_000_000,
        '{A_PASSWORD: "x", ' * 60_000,
        "A_TOKEN=" * 100_000,
        "${A_TOKEN:-" * 100_000,
        "x://a:" * 150_000,
        "-u a" * 200_000,
        'A_TOKEN: "' * 50_000,
        "A_KEY=" * 200_000,
        "${${" * 200_000,
    ],
    ids=["word", "pairs", "equals", "defaults", "urls", "options", "quotes", "keys", "braces"],
)
def test_a_hostile_line_takes_no_more_time_than_its_length(text):
    start = time.perf_counter()
    NONE.clean_diff(text)
    assert time.perf_counter() - start < 10


def test_a_diff_shows_what_changes_and_hides_values():
    before = f"services:\n  db:\n    environment:\n      POSTGRES_PASSWORD: {CANARY}\n"
    after = before.replace(CANARY, "${POSTGRES_PASSWORD:?}")
    shown = unified_diff("docker-compose.yml", before, after, NONE)
    assert shown.splitlines()[:2] == ["--- a/docker-compose.yml", "+++ b/docker-compose.yml"]
    assert f"-      POSTGRES_PASSWORD: {MARK}" in shown
    assert "+      POSTGRES_PASSWORD: ${POSTGRES_PASSWORD:?}" in shown


def test_a_drawn_key_goes_whatever_its_name_says():
    key = "b31e60724269fb0aeaccf241a81b1438"
    for line in (
        "SHOP_BOX_KEY={}",
        "  SHOP_BOX_KEY: '{}'",
        "  - SHOP_BOX_KEY=${{SHOP_BOX_KEY:-{}}}",
        'os.getenv("BOX_KEY", "{}")',
    ):
        shown = NONE.clean_diff(line.format(key))
        assert key not in shown
        assert MARK in shown
    assert NONE.clean_diff(f"CAPTCHA_SITE_KEY={key}") == f"CAPTCHA_SITE_KEY={key}"


def test_a_diff_never_tells_that_one_hidden_value_became_another():
    assert unified_diff("a.env", "A_TOKEN=one-value\n", "A_TOKEN=another\n", NONE) == ""


def test_the_diff_of_a_new_file():
    assert unified_diff("a.txt", None, "x\n", NONE) == "--- /dev/null\n+++ b/a.txt\n@@ -0,0 +1 @@\n+x\n"


def test_a_default_inside_a_url_keeps_the_braces_around_it():
    line = "      URL: postgres://${POSTGRES_USER:-shop}:${POSTGRES_PASSWORD:-%s}@db/${POSTGRES_DB:-shop}"
    assert NONE.clean_diff(line % CANARY) == line % MARK
    assert (
        NONE.clean_diff(f"      URL: postgres://${{USER:-shop}}:{CANARY}@db")
        == f"      URL: postgres://${{USER:-shop}}:{MARK}@db"
    )
