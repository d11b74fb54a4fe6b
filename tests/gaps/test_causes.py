"""What one decision mends is one finding with every place; the other findings of the cause are details of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.app.examination import Place, examine, look
from scaffold.app.generation import plan_generation
from scaffold.app.presentation import show_gaps
from scaffold.app.preview import show_generation
from scaffold.app.view import View
from scaffold.gaps.judge import judge
from scaffold.model.gap import Gap
from scaffold.model.names import Room, Severity

MakeProject = Callable[..., Path]


def found(root: Path, code: str) -> list[Gap]:
    """Return the open gaps of a rule, the leading ones first."""
    return [gap for gap in examine(Place(root)).judgement.open if gap.code == code]


def told(root: Path, code: str) -> list[Gap]:
    """Return the open gaps of a rule that are counted."""
    return [gap for gap in found(root, code) if not gap.is_detail]


# --- one service, one stack -------------------------------------------------------------------------------------------

STORES = """\
services:
  files:
    image: minio/minio:RELEASE.2025-04-22T22-12-26Z
    command: server /data
    ports: ["9000:9000", "9001:9001"]
  db:
    image: postgres:17
    ports: ["5432:5432"]
    restart: always
"""


def test_the_ports_of_one_store_are_one_finding_and_two_stores_are_two(make_project: MakeProject) -> None:
    root = make_project({"docker-compose.yml": STORES})
    assert [(gap.resource, gap.subject) for gap in told(root, "NET001")] == [
        ("base/db", "ports/5432"),
        ("base/files", "ports/9000"),
    ]
    first = told(root, "NET001")[1]
    assert first.message.startswith("files publishes 9000 on every interface of the host (the same for 9001): whoever reaches")
    assert [(item.location.line, item.role) for item in first.evidence] == [(5, "primary"), (5, "related")]
    (detail,) = [gap for gap in found(root, "NET001") if gap.is_detail]
    assert (detail.subject, detail.severity, detail.blocked_by) == ("ports/9001", Severity.INFO, ("NET001",))


def test_no_fingerprint_comes_or_goes(make_project: MakeProject) -> None:
    place = Place(make_project({"docker-compose.yml": STORES}))
    project, _ = look(place)
    before = {gap.fingerprint for gap in judge(project).open}
    assert {gap.fingerprint for gap in examine(place).judgement.open} == before


SERVICES = """\
services:
  api:
    image: example.org/api:1.0
    depends_on: [db]
    environment:
      JWT_SECRET: ${JWT_SECRET}
      SESSION_SECRET: ${SESSION_SECRET}
    privileged: true
  web:
    image: example.org/web:1.0
    depends_on: [db]
    environment:
      COOKIE_SECRET: ${COOKIE_SECRET}
    privileged: true
    volumes: ["/var/run/docker.sock:/var/run/docker.sock"]
  db:
    image: postgres:17
    privileged: true
    healthcheck:
      test: ["CMD-SHELL", "pg_isready -U postgres"]
    restart: always
"""


@pytest.mark.parametrize(
    ("code", "start"),
    [
        ("CMP001", "api starts as soon as db's container exists (the same for web → db), not when db answers."),
        (
            "CFG005",
            "Where JWT_SECRET is not set, Compose gives api an empty text with no more than a warning (the same for "
            "SESSION_SECRET and COOKIE_SECRET), and a check",
        ),
    ],
)
def test_what_is_mended_line_by_line_in_one_file_is_one_finding(make_project: MakeProject, code: str, start: str) -> None:
    (first,) = told(make_project({"docker-compose.yml": SERVICES}), code)
    assert first.message.startswith(start)


def test_different_rights_of_the_host_are_different_findings(make_project: MakeProject) -> None:
    root = make_project({"docker-compose.yml": SERVICES})
    assert sorted(gap.actual for gap in told(root, "CMP012")) == [
        "privileged: true",
        "privileged: true and the socket docker.sock",
    ]
    message = next(gap.message for gap in told(root, "CMP012") if gap.actual == "privileged: true")
    assert message == "api has privileged: true (the same for db): whoever breaks into it is root on the host."


# --- files that are variants of one another ---------------------------------------------------------------------------

STACK = """\
services:
  app:
    image: example.org/shop:1.0
    depends_on: [redis]
  redis:
    image: redis:8.2
  {proxy}:
    image: {proxy}:1
"""


def logins(root: Path) -> dict[str, Gap]:
    """Return the gaps of the store's missing login by the file they are at."""
    return {gap.primary.path: gap for gap in found(root, "SEC006")}


def test_variants_in_folders_beside_each_other_give_one_finding(make_project: MakeProject) -> None:
    names = ("angie", "caddy", "nginx")
    files = {f"deploy/proxies/{name}/docker-compose.yml": STACK.format(proxy=name) for name in names}
    gaps = logins(make_project(files))
    assert {path: gap.severity for path, gap in gaps.items()} == {
        "deploy/proxies/angie/docker-compose.yml": Severity.MEDIUM,
        "deploy/proxies/caddy/docker-compose.yml": Severity.INFO,
        "deploy/proxies/nginx/docker-compose.yml": Severity.INFO,
    }
    first = gaps["deploy/proxies/angie/docker-compose.yml"]
    assert {item.location.path for item in first.evidence} == set(files)
    assert "without a login (the same in caddy/docker-compose.yml and nginx/docker-compose.yml): neither" in first.message


def test_other_systems_and_two_environments_keep_their_own(make_project: MakeProject) -> None:
    two = {f"deploy/{name}/docker-compose.yml": STACK.format(proxy="nginx") for name in ("east", "west")}
    other = "services:\n  redis: {image: 'redis:8.2'}\n  mail: {image: 'example.org/mail:1'}\n  news: {image: 'example.org/news:1'}\n"
    gaps = logins(make_project({**two, "deploy/letters/docker-compose.yml": other}))
    assert {gap.severity for gap in gaps.values()} == {Severity.MEDIUM}
    assert len(gaps) == 3


def test_two_files_of_one_folder_are_enough(make_project: MakeProject) -> None:
    files = {f"deploy/compose.{name}.yaml": STACK.format(proxy="caddy") for name in ("http", "registry")}
    gaps = logins(make_project(files))
    assert [gap.severity for _, gap in sorted(gaps.items())] == [Severity.MEDIUM, Severity.INFO]
    assert "(the same in compose.registry.yaml beside it)" in gaps["deploy/compose.http.yaml"].message


def test_production_and_development_stay_apart(make_project: MakeProject) -> None:
    open_store = STACK.format(proxy="caddy").replace("image: redis:8.2", "image: redis:8.2\n    ports: ['6379:6379']")
    files = {"deploy/compose.prod.yaml": open_store, "deploy/compose.dev.yaml": open_store}
    gaps = told(make_project(files), "NET001")
    assert {gap.primary.path: gap.severity for gap in gaps} == {
        "deploy/compose.prod.yaml": Severity.HIGH,
        "deploy/compose.dev.yaml": Severity.LOW,
    }
    assert not any("the same" in gap.message for gap in gaps)


DEFAULTED = """\
services:
  {service}:
    image: example.org/{service}:1.0
    environment:
      SESSION_SECRET: ${{SESSION_SECRET:-f81kd93hTzq0}}
"""


def test_a_variable_of_one_folder_is_one_finding_whatever_service_gets_it(make_project: MakeProject) -> None:
    files = {
        "deploy/compose.prod.yaml": DEFAULTED.format(service="api"),
        "deploy/compose.prod.web.yaml": DEFAULTED.format(service="web"),
        "other/compose.prod.yaml": DEFAULTED.format(service="mail"),
    }
    gaps = told(make_project(files), "SEC001")
    assert [(gap.primary.path, gap.severity) for gap in gaps] == [
        ("deploy/compose.prod.web.yaml", Severity.HIGH),
        ("other/compose.prod.yaml", Severity.HIGH),
    ]
    assert "(literal; the same for api, and in compose.prod.yaml beside it)" in gaps[0].message


# --- one variable, one package, one project ---------------------------------------------------------------------------

PACKAGE = '{"name": "%s", "dependencies": {"express": "5.0.0", "jsonwebtoken": "9.0.0"}}'
FALLBACK = "const secret = process.env.%s || '%s';\nmodule.exports = secret;\n"
COMPOSE = "services:\n  server:\n    build: packages/server\n    ports: ['80:3000']\n"


def test_a_default_that_was_copied_is_one_finding_and_another_one_is_not(make_project: MakeProject) -> None:
    root = make_project(
        {
            "docker-compose.yml": COMPOSE,
            "packages/server/Dockerfile": "FROM node:24\nCOPY . .\nCMD node src/auth.js\n",
            "packages/server/package.json": PACKAGE % "server",
            "packages/server/src/auth.js": FALLBACK % ("JWT_SECRET", "changeme"),
            "packages/server/src/routes/auth.js": FALLBACK % ("JWT_SECRET", "changeme"),
            "packages/server/src/session.js": FALLBACK % ("SESSION_SECRET", "changeme"),
            "packages/worker/src/auth.js": FALLBACK % ("JWT_SECRET", "Wq83kdLz71hxPv0c"),
        }
    )
    assert [(gap.resource, gap.subject) for gap in told(root, "SEC003")] == [
        ("packages/server/src/auth.js", "JWT_SECRET"),
        ("packages/server/src/session.js", "SESSION_SECRET"),
        ("packages/worker/src/auth.js", "JWT_SECRET"),
    ]
    assert told(root, "SEC003")[0].message == (
        "Without JWT_SECRET in the environment the application runs with a value that stands in its code (placeholder; the same "
        "in routes/auth.js)."
    )


# --- one variable, one value ------------------------------------------------------------------------------------------

SHOP = """\
services:
  api:
    build: ./api
    environment:
      JWT_SECRET: ${JWT_SECRET:-shop-signing-word}
    restart: always
  other:
    build: ./other
    restart: always
"""
READS = "const key = process.env.JWT_SECRET || 'another-signing-word';\n"
BUILT = {
    "docker-compose.yml": SHOP,
    "api/Dockerfile": 'FROM node:22\nCOPY . .\nCMD ["node", "keys.js"]\n',
    "other/Dockerfile": 'FROM node:22\nCOPY . .\nCMD ["node", "keys.js"]\n',
}


def test_a_default_of_compose_and_one_of_the_code_for_one_variable_are_one_finding(make_project: MakeProject) -> None:
    root = make_project(BUILT | {"api/keys.js": READS})
    (first,) = told(root, "SEC001")
    assert first.message == (
        "Where JWT_SECRET is not set, api runs with a default credential of the repository (literal; another default in "
        "api/keys.js)."
    )
    assert [(item.location.path, item.location.line) for item in first.evidence] == [
        ("docker-compose.yml", 5),
        ("api/keys.js", 1),
    ]
    assert told(root, "SEC003") == []
    (detail,) = found(root, "SEC003")
    assert (detail.severity, detail.is_detail, detail.told_by) == (Severity.INFO, True, "SEC001")


def test_the_more_severe_one_leads(make_project: MakeProject) -> None:
    behind = SHOP.replace("build: ./api", "build: ./api\n    profiles: [extra]")
    compose = f"{behind}# docker compose --profile extra up\n  shop:\n    build: ./api\n"
    root = make_project(BUILT | {"docker-compose.yml": compose, "api/keys.js": READS, "deploy.sh": "docker compose up -d\n"})
    (first,) = told(root, "SEC003")
    assert first.message == (
        "Without JWT_SECRET in the environment the application runs with a value that stands in its code (high entropy; another "
        "default in docker-compose.yml); docker-compose.yml:12 starts this code without it."
    )
    assert told(root, "SEC001") == []
    assert [gap.told_by for gap in found(root, "SEC001")] == ["SEC003"]


def test_the_code_of_another_image_keeps_its_own_finding(make_project: MakeProject) -> None:
    root = make_project(BUILT | {"other/keys.js": READS})
    assert [gap.resource for gap in told(root, "SEC001")] == ["base/api"]
    assert [gap.resource for gap in told(root, "SEC003")] == ["other/keys.js"]


def test_one_key_in_two_files_is_one_finding_and_two_keys_are_two(make_project: MakeProject) -> None:
    key = "AIzaSyFAKEfakeFAKEfakeFAKEfakeFAKEfake"
    root = make_project(
        {
            "docker-compose.yml": STORES,
            "a.env": f"GEMINI_API_KEY={key}1\n",
            "load.py": f'KEY = "{key}1"\n',
            "b.env": f"GEMINI_API_KEY={key}2\n",
        }
    )
    first, second = told(root, "SEC004")
    assert first.message.startswith(
        "a.env holds a key in the form that google issues in GEMINI_API_KEY (the same in load.py): "
    )
    assert second.message.startswith("b.env holds a key in the form that google issues in GEMINI_API_KEY: ")


def test_many_dockerfiles_are_one_finding_with_a_readable_message(make_project: MakeProject) -> None:
    names = [f"service-{number:02}" for number in range(20)]
    files = {f"services/{name}/Dockerfile": "FROM python:3.13\nCOPY main.py .\nCMD python main.py\n" for name in names}
    files["docker-compose.yml"] = "services:\n" + "".join(f"  {name}: {{build: services/{name}}}\n" for name in names)
    (first,) = told(make_project(files), "IMG002")
    assert len([item for item in first.evidence if item.location.path.startswith("services/")]) == 20
    assert first.message == (
        "Containers of services/service-00/Dockerfile run as root (no USER; the same in services/service-01/Dockerfile, "
        "services/service-02/Dockerfile and 17 more), so a hole in the program opens all of the container."
    )


# --- what is accepted leads nobody ------------------------------------------------------------------------------------


def test_a_suppressed_place_hides_no_other(make_project: MakeProject) -> None:
    text = STORES.replace("  db:", "  # scaffold: ignore NET001 -- the firewall of the site\n  db:")
    many = text.replace(
        '["9000:9000", "9001:9001"]',
        '\n      # scaffold: ignore NET001 -- asked for\n      - "9000:9000"\n      - "9001:9001"\n      - "9002:9002"',
    )
    root = make_project({"docker-compose.yml": many})
    (first,) = told(root, "NET001")
    assert (first.subject, first.severity) == ("ports/9001", Severity.HIGH)
    assert "(the same for 9002): whoever" in first.message
    statuses = {item.gap.subject: item.status for item in examine(Place(root)).judgement.gaps if item.gap.code == "NET001"}
    assert statuses == {
        "ports/9001": "open",
        "ports/5432": "suppressed",
        "ports/9000": "suppressed",
        "ports/9002": "open",
    }


def test_a_new_place_of_an_accepted_cause_is_told(make_project: MakeProject) -> None:
    root = make_project({"docker-compose.yml": STORES})
    accepted = frozenset(gap.fingerprint for gap in examine(Place(root)).judgement.open)
    (root / "docker-compose.yml").write_text(STORES.replace('"9001:9001"', '"9001:9001", "9002:9002"'))
    fresh = examine(Place(root), baseline=accepted).judgement.open
    assert [(gap.code, gap.subject, gap.severity) for gap in fresh] == [("NET001", "ports/9002", Severity.HIGH)]
    assert "the same" not in fresh[0].message


# --- what the reports count -------------------------------------------------------------------------------------------


def report(root: Path, form: str, *, everything: bool = False, fail_on: Severity = Severity.HIGH) -> str:
    """Return a report of `gaps` in one of its formats."""
    view = View(form=form, width=100, color=False)
    return show_gaps(examine(Place(root), codes=frozenset({"NET001"})), view, everything=everything, fail_on=fail_on).text


def test_details_are_counted_nowhere_and_stand_in_json(make_project: MakeProject) -> None:
    root = make_project({"docker-compose.yml": STORES})
    text = report(root, "text")
    assert "2 gaps: 2 high" in text
    assert "more gap" not in text
    assert "exit 1: 2 gaps are high or worse" in text
    assert "**2 open gaps** (2 high); 2 at or above high." in report(root, "markdown")
    document = json.loads(report(root, "json"))
    assert document["summary"] == {"critical": 0, "high": 2, "medium": 0, "low": 0, "info": 0}
    assert [(gap["subject"], gap["severity"], gap["status"], gap["blocked_by"]) for gap in document["gaps"]] == [
        ("ports/5432", "high", "open", []),
        ("ports/9000", "high", "open", []),
        ("ports/9001", "info", "open", ["NET001"]),
    ]
    levels = [result["level"] for result in json.loads(report(root, "sarif"))["runs"][0]["results"]]
    assert levels == ["error", "error", "note"]


def test_all_shows_the_details(make_project: MakeProject) -> None:
    text = report(make_project({"docker-compose.yml": STORES}), "text", everything=True)
    assert "files publishes 9001 on every interface" in text
    assert "with the NET001 that names this place" in text


def test_generate_counts_as_gaps_does(make_project: MakeProject) -> None:
    place = Place(make_project({"docker-compose.yml": STORES}))
    generation = plan_generation(place, rooms=frozenset({Room.OVERLAYS}), edit_codes=None)
    said = show_generation(generation, View(), diff=False, written=False).splitlines()[-1]
    title = show_gaps(examine(place), View(), everything=False, fail_on=None).text.splitlines()[0]
    assert said.rpartition(" of ")[2].rstrip(".") == title.partition("  ")[2].partition(":")[0]
