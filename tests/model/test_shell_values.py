"""Which compose files the variables of scripts and Makefiles stand for."""

from __future__ import annotations

import time

import pytest

from scaffold.model.deployments import hides_its_file, named_files
from scaffold.model.shell_values import file_values, filled_in

SCRIPT = """\
STACK_FILE="stack.prod.yml"   # what the swarm runs
COMPOSE := docker compose -f compose.prod.yaml
DC=(docker compose -f a.yml -f b.yml)
if [ "$1" = live ]; then
  export FILE=live.yml
else
  export FILE='trial.yml'
fi
NAME=shop
"""


@pytest.mark.parametrize(
    ("line", "files"),
    [
        ("docker stack deploy -c $STACK_FILE shop", {"stack.prod.yml"}),
        ('docker stack deploy -c "${STACK_FILE}" shop', {"stack.prod.yml"}),
        ("$(COMPOSE) up -d", {"compose.prod.yaml"}),
        ('"${DC[@]}" up -d', {"a.yml", "b.yml"}),
        ("docker compose -f $FILE up -d", {"live.yml", "trial.yml"}),
        ("docker compose -f deploy/$FILE up -d", {"live.yml", "trial.yml"}),
        ("docker compose -f ${OTHER:-other.yml} up -d", {"other.yml"}),
        ("docker compose -f $OTHER up -d", set()),
        ("docker compose -p $NAME up -d", set()),
    ],
)
def test_the_files_behind_the_variables_of_a_line(line: str, files: set[str]) -> None:
    lines = filled_in(line, file_values(SCRIPT))
    assert {name for text in lines for name in named_files(text)} == files


@pytest.mark.parametrize(
    ("line", "hidden"),
    [
        ("docker compose -f $OTHER up -d", True),
        ('docker compose --file="${OTHER}" up', True),
        ("docker stack deploy shop", True),
        ("docker compose -f $DIR/compose.yml up", False),
        ("docker compose up -d", False),
        ("docker compose -p $NAME up -d", False),
    ],
)
def test_a_line_whose_file_only_a_variable_knows(line: str, hidden: bool) -> None:
    assert hides_its_file(line) is hidden


def test_long_lines_cost_no_time() -> None:
    begun = time.process_time()
    file_values("A=" + "x" * 200_000 + "\n" + "export " * 30_000)
    filled_in("$" * 100_000 + "{A:-" * 20_000, {})
    hides_its_file(" -f $" * 40_000)
    assert time.process_time() - begun < 2
