"""The routes that Traefik has by labels: the Ingress gets the same names and paths, and says what it cannot do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from scaffold.model.target import Target
from scaffold.plan.target import make_target
from scaffold.read.project import read_project

Routes = Callable[..., Target]
RULE = "traefik.http.routers.{name}.rule={rule}"
FILES = {
    "api/Dockerfile": 'FROM python:3.13\nCMD ["uvicorn", "app:app"]\n',
    "api/app.py": "from fastapi import FastAPI\n\napp = FastAPI()\n",
    "ui/Dockerfile": "FROM node:22 AS build\nCOPY . .\nRUN npm run build\n\nFROM nginx:1.28\nCOPY --from=build /dist /usr/share/nginx/html\n",
    "ui/package.json": '{"name": "ui", "scripts": {"build": "vite build"}, "dependencies": {"react": "19.0.0"}}\n',
}  # fmt: skip


@pytest.fixture
def routed(make_project: Callable[..., Path]) -> Routes:
    def plan(ui: list[str], api: list[str]) -> Target:
        services = {
            "traefik": {
                "image": "traefik:v3.6",
                "ports": ["443:443"],
                "volumes": ["/var/run/docker.sock:/var/run/docker.sock:ro"],
            },
            "ui": {"build": "ui", "labels": ["traefik.http.services.ui.loadbalancer.server.port=80", *ui]},
            "api": {"build": "api", "labels": ["traefik.http.services.api.loadbalancer.server.port=8000", *api]},
        }
        text = yaml.safe_dump({"services": services})
        return make_target(read_project(make_project({"compose.yaml": text, **FILES}, name="shop")), ())

    return plan


def shown(target: Target) -> list[tuple[str, int, str, str, bool]]:
    return [(item.workload, item.port, item.subdomain, item.path, item.exact) for item in target.routes or ()]


def rule(name: str, text: str) -> str:
    return RULE.format(name=name, rule=text)


def test_one_host_with_paths_stays_one_host(routed: Routes):
    host = "Host(`${APP_HOST:-shop.local}`)"
    target = routed([rule("ui", host)], [rule("api", f"{host} && (PathPrefix(`/api`) || Path(`/health`))")])
    assert shown(target) == [
        ("api", 8000, "", "/health", True),
        ("api", 8000, "", "/api", False),
        ("ui", 80, "", "", False),
    ]


@pytest.mark.parametrize(
    ("ui", "api", "places"),
    [
        ("app.shop.example", "api.shop.example", ["api", "app"]),
        ("${DOMAIN}", "api.${DOMAIN}", ["", "api"]),
        # Two names that share nothing: the domain is the user interface's.
        ("${UI_HOST}", "${API_HOST}", ["", "api"]),
    ],
)
def test_names_below_one_domain(routed: Routes, ui: str, api: str, places: list[str]):
    target = routed([rule("ui", f"Host(`{ui}`)")], [rule("api", f"Host(`{api}`)")])
    assert sorted(item.subdomain for item in target.routes or ()) == places


def test_what_a_login_of_the_proxy_guards_gets_no_route(routed: Routes):
    labels = [
        rule("api", "Host(`api.shop.example`)"),
        "traefik.http.routers.api.middlewares=chained@docker",
        "traefik.http.middlewares.chained.chain.middlewares=login",
        "traefik.http.middlewares.login.basicauth.usersfile=/users",
    ]
    target = routed([rule("ui", "Host(`shop.example`)")], labels)
    assert [item.workload for item in target.routes or ()] == ["ui"]
    (note,) = [note for note in target.notes if note.key == "labels"]
    assert note.service == "api"
    assert note.urgent
    assert "middleware chained" in note.message


def test_a_path_that_the_proxy_takes_off_is_a_name_instead(routed: Routes):
    labels = [
        rule("api", "Host(`shop.example`) && PathPrefix(`/api`)"),
        "traefik.http.routers.api.middlewares=off",
        "traefik.http.middlewares.off.stripprefix.prefixes=/api",
    ]
    target = routed([rule("ui", "Host(`shop.example`)")], labels)
    assert shown(target) == [("ui", 80, "", "", False), ("api", 8000, "api", "", False)]
    assert [note.service for note in target.notes if note.key == "labels"] == ["api"]


def test_a_redirect_and_a_private_entry_point_are_no_routes(routed: Routes):
    labels = [
        rule("plain", "Host(`old.shop.example`)"),
        "traefik.http.routers.plain.middlewares=tls",
        "traefik.http.middlewares.tls.redirectscheme.scheme=https",
        rule("inner", "Host(`inner.shop.example`)"),
        "traefik.http.routers.inner.entrypoints=internal",
        rule("api", "Host(`api.shop.example`)"),
        "traefik.http.routers.api.entrypoints=websecure",
    ]
    target = routed([rule("ui", "Host(`shop.example`)")], labels)
    assert [(item.workload, item.subdomain) for item in target.routes or ()] == [("ui", ""), ("api", "api")]


def test_without_labels_the_routes_go_by_names(routed: Routes):
    target = routed(["traefik.enable=true"], ["traefik.enable=true"])
    assert target.routes is None
