"""What the pages say of proxies that redirect to https behind a load balancer, and of an application without a door."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.gaps.judge import judge
from scaffold.model.workload import Note
from scaffold.plan.target import make_target
from scaffold.read.project import read_project

Make = Callable[..., Path]
COMPOSE = """\
services:
  app: {build: ., expose: ["8000"]}
  front:
    image: %s
    ports: ["80:80", "443:443"]
    environment: {SITE: "%s"}
    volumes: ["%s", "certificates:/etc/letsencrypt"]
volumes: {certificates: }
"""


def notes_of(root: Path) -> list[Note]:
    project = read_project(root)
    return [note for note in make_target(project, judge(project).open).notes if note.urgent]


def front(make_project: Make, image: str, path: str, target: str, text: str, site: str = "") -> list[Note]:
    compose = COMPOSE % (image, site, f"./{path}:{target}:ro")
    files = {"compose.yaml": compose, "Dockerfile": "FROM node:24\nCMD [node, a.js]\n", "a.js": "", path: text}
    return notes_of(make_project(files))


@pytest.mark.parametrize(
    ("text", "site", "line"),
    [
        ("{\n\temail a@example.com\n}\n\nshop.example.com, www.example.com {\n\treverse_proxy app:8000\n}\n", "", 5),
        ("{$DOMAIN:localhost} {\n  handle /api/* {\n    reverse_proxy app:8000\n  }\n}\n", "", 1),
        ("{$SITE} {\n  reverse_proxy app:8000\n}\n", "shop.example.com", 1),
        ("{$SITE} {\n  reverse_proxy app:8000\n}\n", ":80", 0),
        ("{$SITE::80} {\n  reverse_proxy app:8000\n}\n", "", 0),
        (":80 {\nhandle /api/* {\nreverse_proxy app:8000\n}\n}\n", "", 0),
        ("http://shop.example.com {\n  reverse_proxy app:8000\n}\n", "", 0),
        ("{\n  auto_https disable_redirects\n}\nshop.example.com {\n  reverse_proxy app:8000\n}\n", "", 0),
        ("(shared) {\n  encode gzip\n}\n:8080 {\n  reverse_proxy app:8000\n}\n", "", 0),
    ],
)
def test_a_site_of_caddy_with_a_name_redirects_in_a_circle(make_project: Make, text: str, site: str, line: int) -> None:
    found = front(make_project, "caddy:2.10", "Caddyfile", "/etc/caddy/Caddyfile", text, site)
    assert [note.location.line for note in found if "in a circle" in note.message] == ([line] if line else [])
    assert all(note.location.path == "Caddyfile" for note in found)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (":80 {\n\t@allowed remote_ip 203.0.113.7\n\thandle @allowed {\n\t\treverse_proxy app:8000\n\t}\n}\n", 2),
        (":80 {\n  @others {\n    not remote_ip 203.0.113.0/24\n  }\n  respond @others 403\n}\n", 3),
        (":80 {\n\t@allowed client_ip 203.0.113.7\n\thandle @allowed {\n\t\treverse_proxy app:8000\n\t}\n}\n", 0),
        (":80 {\n\t# remote_ip 203.0.113.7\n\treverse_proxy app:8000\n}\n", 0),
    ],
)
def test_addresses_that_caddy_lets_in_are_the_balancers_in_the_cluster(make_project: Make, text: str, line: int) -> None:
    found = front(make_project, "caddy:2.10", "Caddyfile", "/etc/caddy/Caddyfile", text)
    assert [note.location.line for note in found if "load balancer, for everybody" in note.message] == ([line] if line else [])


@pytest.mark.parametrize(
    ("inside", "line"),
    [
        ("allow 203.0.113.7;\n  deny all;", 3),
        ("allow 10.0.0.0/8;\n  deny all;", 3),
        ("allow 127.0.0.1;\n  deny all;", 0),
        ("deny 203.0.113.7;\n  allow all;", 0),
        ("set_real_ip_from 10.0.0.0/8;\n  real_ip_header X-Forwarded-For;\n  allow 203.0.113.7;\n  deny all;", 0),
    ],
)
def test_addresses_that_nginx_lets_in_are_the_balancers_in_the_cluster(make_project: Make, inside: str, line: int) -> None:
    text = f"server {{\n listen 80; location / {{\n  {inside}\n  proxy_pass http://app:8000;\n }}\n}}\n"
    found = front(make_project, "nginx:1.30", "site.conf", "/etc/nginx/conf.d/default.conf", text)
    assert [note.location.line for note in found if "load balancer, for everybody" in note.message] == ([line] if line else [])


REDIRECT = (
    "server { listen 80; location /.well-known/ { root /var/www; } location / { return 301 https://$host$request_uri; } }\n"
)
FORWARD = "server { listen %s; location / { proxy_pass http://app:8000; } }\n"
TLS = "server {\n listen 443 ssl;\n ssl_certificate /etc/letsencrypt/live/a/fullchain.pem;\n location / { proxy_pass http://app:8000; } }\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (REDIRECT + TLS, ["in a circle", "does not start without /etc/letsencrypt/live/a/fullchain.pem"]),
        (REDIRECT + FORWARD % "80", []),
        (FORWARD % "80", []),
        ("server { listen 80; if ($http_x_forwarded_proto = http) { return 301 https://$host; } }\n", []),
        (TLS + FORWARD % "80", ["does not start without"]),
    ],
)
def test_nginx_that_only_redirects_and_certificates_that_stand_nowhere_are_told(
    make_project: Make, text: str, told: list[str]
) -> None:
    found = front(make_project, "nginx:1.30", "nginx/site.conf", "/etc/nginx/conf.d/default.conf", text)
    messages = [note.message for note in found]
    assert len(messages) == len(told)
    assert all(any(part in message for message in messages) for part in told)


HIDDEN = """\
services:
  api: {build: ., expose: ["8000"], networks: [edge]}
  site: {image: "nginx:1.30", expose: ["80"], networks: [edge]}
networks: {edge: {external: true}}
"""


@pytest.mark.parametrize(
    ("compose", "told"),
    [
        (HIDDEN, True),
        (HIDDEN.replace('expose: ["80"]', 'ports: ["80:80"]'), False),
        (
            HIDDEN.replace(
                "networks: {edge", "  tunnel: {image: 'cloudflare/cloudflared:2026.1.0', networks: [edge]}\nnetworks: {edge"
            ),
            False,
        ),
    ],
    ids=["its proxy is elsewhere", "a port is open", "a tunnel"],
)
def test_an_application_without_a_door_is_told(make_project: Make, compose: str, told: bool) -> None:
    files = {
        "compose.yaml": compose,
        "Dockerfile": "FROM node:24\nEXPOSE 8000\nCMD [node, a.js]\n",
        "a.js": "require('express')().listen(8000)\n",
    }
    found = [note for note in notes_of(make_project(files)) if "no port for visitors" in note.message]
    assert bool(found) is told
    assert all("published to true at port" in note.message for note in found)
