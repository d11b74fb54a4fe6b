"""How commands call Compose, what of it starts containers, and which files a call names."""

from __future__ import annotations

import pytest

from scaffold.model.deployments import STARTS_CONTAINERS, is_elsewhere, named_files
from scaffold.model.document import Location
from scaffold.model.project import Step


@pytest.mark.parametrize(
    ("line", "files"),
    [
        ("docker compose up", set()),
        (
            "sudo docker-compose -f docker-compose.yml -f docker-compose.prod.yml up -d",
            {"docker-compose.yml", "docker-compose.prod.yml"},
        ),
        ("docker compose --env-file .env.prod --file=deploy/compose.yaml up --wait", {"compose.yaml"}),
        ("docker --context shop compose -f compose.yaml up -d", {"compose.yaml"}),
        ('docker compose --profile "all in one" up', set()),
        ('docker compose -f "$DIR/compose.prod.yaml" up -d', {"compose.prod.yaml"}),
        ("docker compose -f ${PREFIX}compose.yml create", {"compose.yml"}),
        ("docker compose -f {{folder}}/compose.yml up -d", {"compose.yml"}),
        ("docker compose -p run-shop start web", set()),
        ("podman-compose up -d", set()),
        ("$(COMPOSE) $(FLAGS) up -d", set()),
        ('"${COMPOSE[@]}" up -d', set()),
        ("${DC} -f a.yml up", {"a.yml"}),
        ("$DOCKER compose up -d", set()),
        ("docker compose pull && docker compose up -d", set()),
        ("docker stack deploy -c stack.yml shop", {"stack.yml"}),
    ],
)
def test_what_starts_containers(line: str, files: set[str]) -> None:
    assert STARTS_CONTAINERS.search(line)
    assert named_files(line) == files


@pytest.mark.parametrize(
    "line",
    [
        "docker compose -f up.yml down",
        "docker compose -p run-shop pull",
        "docker compose logs -f web",
        "let compose start the services",
        "$STACK is up",
        "make up",
    ],
)
def test_what_starts_none(line: str) -> None:
    assert not STARTS_CONTAINERS.search(line)


@pytest.mark.parametrize(
    ("uses", "inputs", "run", "elsewhere"),
    [
        ("appleboy/ssh-action@v1", {"script_path": "deploy.sh"}, "", True),
        ("someone/ssh-command-action@v2", {"command": "cd /srv && docker compose up -d"}, "", True),
        ("webfactory/ssh-agent@v0.9.0", {"ssh-private-key": "${{ secrets.KEY }}"}, "", False),
        ("", {}, "ssh shop 'docker compose up -d'", True),
        ("", {}, "docker --context shop compose up -d", True),
        ("", {}, "docker compose up -d", False),
    ],
)
def test_which_steps_work_on_another_machine(uses: str, inputs: dict[str, str], run: str, elsewhere: bool) -> None:
    step = Step("", "", uses, run, Location("deploy.yml", 1), inputs=tuple(inputs.items()))
    assert is_elsewhere(step) is elsewhere
