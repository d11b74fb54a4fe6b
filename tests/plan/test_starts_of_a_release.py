"""The commands of the deployment page, where a plain `up --wait` does not start the release: copies, what ends, a swarm."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.app.examination import Place
from scaffold.app.generation import plan_generation, write_generation
from scaffold.model.names import Room

Make = Callable[..., Path]
WEB = """\
services:
  web:
    image: acme/web:1
    ports: ["{port}"]
    deploy: {{replicas: 2}}
"""
PROXY = "  edge: {image: 'nginx:1.29', ports: ['80:80'], depends_on: [web]}\n"
CERTBOT = """\
  certbot:
    image: certbot/certbot:v5.1.0
    command: certonly --webroot -w /var/www/certbot -d shop.example.net
    volumes: ["certificates:/etc/letsencrypt"]
volumes: {certificates: }
"""
RENEWING = CERTBOT.replace(
    "    command: certonly", "    entrypoint: sh -c\n    command: while :; do certbot renew; sleep 12h; done #"
)
AT_ONCE = "asked for in 2 copies"


def page(root: Path, name: str = "deployment") -> str:
    write_generation(plan_generation(Place(root), rooms=frozenset({Room.GUIDES, Room.OVERLAYS}), edit_codes=None))
    return (root / f"docs/operations/{name}.md").read_text()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (PROXY, "take the port out of its `ports` and let `edge` reach it by its name"),
        ("", "put a proxy on its network"),
    ],
    ids=["proxy", "none"],
)
def test_copies_that_want_one_port_are_told_with_what_to_do(more: str, said: str, make_project: Make) -> None:
    text = page(make_project({"compose.yaml": WEB.format(port="8080:8080") + more}))
    before, _, behind = text.partition(AT_ONCE)
    assert said in behind
    assert "publish a range with a port for each copy (`8080-8081:8080`)" in behind
    # Docker takes one free port of a range for each copy (docs.docker.com, compose file, ports).
    assert "up -d --wait" not in before
    assert "up -d --wait" in behind


@pytest.mark.parametrize("port", ["8080-8081:8080", "8080", "127.0.0.1::8080"])
def test_copies_that_take_a_port_each_are_not_told(port: str, make_project: Make) -> None:
    root = make_project({"compose.yaml": WEB.format(port=port)})
    assert AT_ONCE not in page(root)
    assert "gone from its entry" not in (root / "docs/operations/scaling.md").read_text()


def test_what_gets_certificates_is_no_proxy_and_its_end_fails_no_start(make_project: Make) -> None:
    root = make_project({"compose.yaml": WEB.format(port="8080") + PROXY + CERTBOT})
    text = page(root)
    assert "| `certbot` | certificates |" in text
    start = text.index("docker compose up -d --wait --scale certbot=0\n")
    assert text[start:].splitlines()[1].strip() == "docker compose up -d"
    # Started again and again it asks for a certificate each time, of which Let's Encrypt gives five a week.
    hardening = (root / "compose.hardening.yaml").read_text()
    assert "restart" not in hardening.partition("\n  certbot:")[2].partition("\n  edge:")[0]
    assert "docker compose up -d --wait --scale certbot=0\n" in (root / "docs/operations/rotation.md").read_text()


def test_what_renews_them_in_a_loop_is_waited_for(make_project: Make) -> None:
    text = page(make_project({"compose.yaml": WEB.format(port="8080") + PROXY + RENEWING}))
    assert "| `certbot` | certificates |" in text
    assert "docker compose up -d --wait\n" in text
    assert "--scale" not in text


AWAITED = """\
services:
  web:
    image: acme/web:1
    depends_on: {migrate: {condition: service_completed_successfully}}
  migrate: {image: "acme/web:1", command: migrate, restart: "no"}
"""


def test_an_end_that_another_service_waits_for_fails_no_start(make_project: Make) -> None:
    assert "--scale" not in page(make_project({"compose.yaml": AWAITED}))


STACK = WEB.format(port="8080:8080") + "    networks: [inside]\nnetworks: {inside: {driver: overlay}}\n"


def test_a_swarm_has_its_own_commands_and_takes_no_overlay_but_its_own(make_project: Make) -> None:
    root = make_project(
        {"docker-compose.yml": "services: {web: {build: .}}\n", "docker-stack.yml": STACK, "Dockerfile": "FROM scratch\n"}
    )
    text = page(root)
    assert "docker stack deploy --with-registry-auth -c docker-stack.yml -c compose.hardening.yaml " in text
    told = text.partition("Hand no other overlay to it")[2].partition("\n\n")[0]
    assert "`compose.monitoring.yaml`" in told
    assert "`compose.hardening.yaml`" not in told
    assert AT_ONCE not in text


def test_a_stack_of_compose_is_told_nothing_of_swarms(make_project: Make) -> None:
    assert "swarm" not in page(make_project({"compose.yaml": WEB.format(port="8080")}))


PAGES = {
    "compose.yaml": "services:\n  frontend: {build: frontend, ports: ['3000:80']}\n",
    "frontend/Dockerfile": (
        "FROM node:24 AS build\nWORKDIR /app\nCOPY . .\nRUN npm ci && npm run build\n"
        "FROM nginx:1.29\nCOPY --from=build /app/dist /usr/share/nginx/html\n"
    ),
    "frontend/package.json": '{"name": "pages", "scripts": {"build": "vite build"}, "dependencies": {"react": "19.0.0", "vite": "7.0.0"}}',
    "frontend/src/user.ts": (
        "import api from './client'\n\nexport const account = {\n  rename: (name) => api.post('/account/name', name),\n}\n"
    ),
}


def test_a_start_page_is_asked_for_though_the_browser_calls_other_paths(make_project: Make) -> None:
    assert "http://127.0.0.1:3000/\n" in page(make_project(PAGES))
