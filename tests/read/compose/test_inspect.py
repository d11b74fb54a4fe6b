"""`scaffold inspect --show-secrets --format json` against compose-go for the same files, options and environment."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import commit_all
from tests.read.compose.features import FIXTURES, ORDERS, REFUSED, write
from tests.read.compose.reference import differences

SAMPLE = ("CTFd__CTFd", "fastapi__full-stack-fastapi-template", "matthannigan__fastapi-streamlit-llm-starter")


def inspect(root: Path, *options: str, env: Mapping[str, str] | None = None) -> Any:
    argv = [sys.executable, "-m", "scaffold", "inspect", str(root), "--format", "json", "--show-secrets", "-q", *options]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, env={**os.environ, **(env or {})})
    return json.loads(done.stdout)


def reference(program: str, root: Path, **request: object) -> dict[str, Any]:
    text = json.dumps({"dir": str(root), **request}) + "\n"
    done = subprocess.run([program, "--batch"], input=text, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize("name", FIXTURES)
def test_a_set_of_files_is_shown_as_compose_shows_it(name: str, tmp_path: Path, require_tool: Callable[[str], str]) -> None:
    program = require_tool("compose-go-config")
    root = write(tmp_path / "Shop.1", FIXTURES[name])
    commit_all(root)
    files = ORDERS.get(name, ("compose.yaml",))
    named = [option for file in files for option in ("-f", file)]
    for profiles in ((), ("*",), ("q", "r")):
        shown = inspect(root, *named, *(option for item in profiles for option in ("--profile", item)))
        answer = reference(program, root, files=[str(root / file) for file in files], profiles=list(profiles))
        assert [stack["files"] for stack in shown["stacks"]] == [list(files)]
        assert list(differences(shown["stacks"][0]["compose"], answer["project"])) == []
        assert shown["problems"] == []


def test_variables_come_from_env_files_and_the_environment_as_in_compose(
    tmp_path: Path, require_tool: Callable[[str], str]
) -> None:
    program = require_tool("compose-go-config")
    text = (
        "services: {a: {image: 'a:${ONE}-${TWO:-none}-${THREE}', environment: [TWO, HOME], volumes: ['~/d:/d', '${PWD}:/w']}}"
    )
    files = {
        "compose.yaml": text,
        ".env": "ONE=dot\nTWO=dot\n",
        "first.env": "ONE=1\nTWO=$ONE\n",
        "second.env": "TWO=2\nTHREE=$TWO\n",
    }
    root = write(tmp_path / "shop", files)
    commit_all(root)
    env = {"THREE": "given", "COMPOSE_PROJECT_NAME": "named", "HOME": "/home/me", "PWD": str(root)}
    paths = [str(root / "first.env"), str(root / "second.env")]
    twice = ["--env-file", paths[0], "--env-file", paths[1]]
    for options, more, request in (
        ([], {}, {}),
        (twice, {}, {"env_files": paths}),
        (["--os-env"], env, {"env": env}),
        ([*twice, "--os-env"], env, {"env": env, "env_files": paths}),
        (["--os-env"], {**env, "COMPOSE_ENV_FILES": paths[0]}, {"env": {**env, "COMPOSE_ENV_FILES": paths[0]}}),
    ):
        stacks = inspect(root, *options, env=more)["stacks"]
        assert list(differences(stacks[0]["compose"], reference(program, root, **request)["project"])) == [], options


@pytest.mark.parametrize("name", SAMPLE)
def test_every_stack_of_real_projects_is_shown_as_compose_shows_it(
    name: str, corpus: Path, tmp_path: Path, require_tool: Callable[[str], str]
) -> None:
    program = require_tool("compose-go-config")
    root = tmp_path / name
    shutil.copytree(corpus / name, root)
    commit_all(root)
    accepted = 0
    for profiles in ((), ("*",)):
        shown = inspect(root, *(option for item in profiles for option in ("--profile", item)))
        blamed = {problem["path"] for problem in shown["problems"]}
        for stack in shown["stacks"]:
            files = [str(root / file) for file in stack["files"]]
            answer = reference(program, (root / stack["files"][0]).parent, files=files, profiles=list(profiles))
            if "error" in answer:
                assert blamed & set(stack["files"]), (stack["files"], answer)
            else:
                accepted += 1
                assert list(differences(stack["compose"], answer["project"])) == []
    assert accepted


def test_what_compose_refuses_is_told_with_file_and_line(tmp_path: Path) -> None:
    name = "cpus against deploy"
    root = write(tmp_path / "shop", {"compose.yaml": REFUSED[name][0]})
    commit_all(root)
    problems = inspect(root)["problems"]
    assert [(problem["path"], problem["line"]) for problem in problems] == [("compose.yaml", REFUSED[name][1])]
    assert "cpus" in problems[0]["message"]


def test_the_environment_counts_only_when_it_is_asked_for(tmp_path: Path) -> None:
    root = write(tmp_path / "shop", {"compose.yaml": "services: {a: {image: 'a:${TAG:-none}'}}"})
    commit_all(root)
    images = [
        inspect(root, *options, env={"TAG": "given"})["stacks"][0]["compose"]["services"]["a"]["image"]
        for options in ((), ("--os-env",))
    ]
    assert images == ["a:none", "a:given"]


@pytest.mark.parametrize(
    ("option", "path"),
    [("-f", "gone.yaml"), ("-f", "../../etc/passwd"), ("-f", "/dev/zero"), ("--env-file", "gone"), ("--env-file", "/dev/zero")],
)
def test_a_named_file_that_cannot_be_read_is_a_usage_error(tmp_path: Path, option: str, path: str) -> None:
    root = write(tmp_path / "shop", {"compose.yaml": "services: {a: {image: a}}"})
    argv = [sys.executable, "-m", "scaffold", "inspect", str(root), option, path]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert path in done.stderr
