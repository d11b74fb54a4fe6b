"""`scaffold inspect --show-secrets --format json` against compose-go for the same files, options and environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from scaffold.cli.commands import cli
from scaffold.model.document import Location
from tests.conftest import commit_all
from tests.projects import copy_corpus_project, corpus_projects
from tests.read.compose.features import FIXTURES, ORDERS, REFUSED, write
from tests.read.compose.reference import DIFFERENCES, differences, is_place, sets

CORPUS = corpus_projects()


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


@pytest.mark.parametrize("name", CORPUS or ["none"])
def test_every_set_of_real_projects_is_shown_as_compose_shows_it(
    name: str, corpus: Path, tmp_path: Path, require_tool: Callable[[str], str]
) -> None:
    """Each stack and each file alone, with no profile and all of them, with the `.env` that the project has and without."""
    root = copy_corpus_project(corpus, name, tmp_path)
    found: list[str] = []
    calls = list(calls_of(root))
    answers = references(require_tool("compose-go-config"), root, calls)
    for call, answer in zip(calls, answers, strict=True):
        shown = call.shown
        label = f"{' '.join(call.files)} {' '.join(call.options)}"
        if "error" in answer:
            if call.files not in {tuple(stack["files"]) for stack in shown["stacks"]} or len(shown["stacks"]) > 1:
                shown = run_command(root, *call.options, *named(call.files))
            problems = [Location(item["path"], item["line"]) for item in shown["problems"]]
            found += [] if problems else [f"{label} accepted, refused there: {answer['error']}"]
            found += [f"{label} nowhere: {place}" for place in problems if not is_place(root, place)]
            continue
        stack = next(stack for stack in shown["stacks"] if tuple(stack["files"]) == call.files)
        found += [f"{label} {row}" for row in differences(stack["compose"], answer["project"])]
        if shown["problems"] and len(shown["stacks"]) > 1:  # which of the stacks they belong to is not told
            shown = run_command(root, *call.options, *named(call.files))
        found += [f"{label} refused: {item}" for item in shown["problems"]]
    assert [row for row in found if row not in DIFFERENCES] == []
    assert calls


@dataclass(frozen=True)
class Call:
    """One set of files as the command showed it, maybe beside others."""

    files: tuple[str, ...]
    options: tuple[str, ...]
    shown: Any


def calls_of(root: Path) -> Iterator[Call]:
    """Run the command for the whole project and for each file that is no stack of it, in every variant."""
    variants: list[tuple[str, ...]] = [(), ("--profile", "*")]
    if any(root.rglob(".env")):
        variants += [("--env-file", os.devnull), ("--env-file", os.devnull, "--profile", "*")]
    for options in variants:
        shown = run_command(root, *options)
        stacks = [tuple(stack["files"]) for stack in shown["stacks"]]
        yield from (Call(files, options, shown) for files in stacks)
        for files, _ in sets(root):
            if files not in stacks:
                yield Call(files, options, run_command(root, *options, *named(files)))


def named(files: tuple[str, ...]) -> list[str]:
    return [word for file in files for word in ("-f", file)]


def run_command(root: Path, *options: str) -> Any:
    """Run the command in this process: a start of Python for each set would take minutes."""
    argv = ["inspect", str(root), "--format", "json", "--show-secrets", "-q", *options]
    done = CliRunner().invoke(cli, argv, catch_exceptions=False)
    return json.loads(done.stdout)


def references(program: str, root: Path, calls: list[Call]) -> list[dict[str, Any]]:
    requests = [
        {
            "id": number,
            "dir": str((root / call.files[0]).parent),
            "files": [str(root / file) for file in call.files],
            "profiles": ["*"] if "--profile" in call.options else [],
            "dot_env": "--env-file" not in call.options,
        }
        for number, call in enumerate(calls)
    ]
    text = "".join(json.dumps(request) + "\n" for request in requests)
    done = subprocess.run([program, "--batch"], input=text, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


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
