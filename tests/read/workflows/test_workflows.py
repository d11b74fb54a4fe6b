"""Workflows as GitHub's syntax reference describes them, and the local calls that are followed."""

from __future__ import annotations

import textwrap

from hypothesis import given
from hypothesis import strategies as st

from scaffold.model.document import Document
from scaffold.model.project import Workflow
from scaffold.read.commands import workflow_commands
from scaffold.read.workflows import follow_local, read_workflow
from scaffold.read.yaml import parse_documents


def document(text: str, path: str = ".github/workflows/ci.yml") -> Document:
    return parse_documents(path, textwrap.dedent(text))[0][0]


def parse(text: str, path: str = ".github/workflows/ci.yml") -> Workflow:
    workflow, _ = read_workflow(document(text, path))
    assert workflow is not None
    return workflow


def test_triggers_in_all_three_forms() -> None:
    assert parse("on: push\njobs: {}\n").events == ("push",)
    assert parse("on: [push, pull_request]\njobs: {}\n").events == ("push", "pull_request")
    full = parse("on:\n  push:\n    branches: [main]\n  workflow_dispatch:\njobs: {}\n")
    assert [(item.event, item.location.line, item.node is not None) for item in full.triggers] == [
        ("push", 2, True),
        ("workflow_dispatch", 4, False),
    ]
    assert full.on_location is not None
    assert full.on_location.line == 1


def test_a_list_over_lines_keeps_the_place_of_each_event() -> None:
    found = parse("on:\n  - push\n  - merge_group\njobs: {}\n")
    assert [(item.event, item.location.line) for item in found.triggers] == [("push", 2), ("merge_group", 3)]


def test_jobs_and_steps() -> None:
    found = parse(
        """\
        on: push
        permissions:
          contents: read
        env:
          CI_MODE: "1"
        jobs:
          build:
            name: Build
            needs: [lint, test]
            if: github.ref == 'refs/heads/main'
            environment: {name: production, url: https://x}
            permissions: write-all
            strategy:
              matrix:
                os: [a, b]
                include:
                  - os: a
                    extra: 1
            steps:
              - uses: actions/checkout@v4
              - id: img
                name: Push
                uses: docker/build-push-action@v6
                with: {push: true, tags: a}
              - run: |
                  # first
                  make test
                  docker compose up \\
                    --wait
                working-directory: backend
                continue-on-error: true
                env: {TOKEN: "${{ secrets.TOKEN }}"}
          lint:
            needs: build
            steps: [{run: ruff check}]
        """
    )
    assert found.permissions == (("contents", "read"),)
    assert found.env == (("CI_MODE", "1"),)
    build, lint = found.jobs
    assert (build.id, build.name, build.needs, build.environment, build.matrix) == (
        "build",
        "Build",
        ("lint", "test"),
        "production",
        ("os", "extra"),
    )
    assert build.permissions == (("*", "write"),)
    assert lint.needs == ("build",)
    assert lint.permissions is None
    checkout, push, run = build.steps
    assert (checkout.uses, push.action, push.input("push"), push.input("file", "none")) == (
        "actions/checkout@v4",
        "docker/build-push-action",
        "true",
        "none",
    )
    assert (run.working_directory, run.continue_on_error, run.env) == ("backend", True, (("TOKEN", "${{ secrets.TOKEN }}"),))
    commands = workflow_commands([found])
    assert [(item.text, item.owner, item.location.line) for item in commands] == [
        ("make test", "build", 27),
        ("docker compose up --wait", "build", 28),
        ("ruff check", "lint", 35),
    ]


def test_a_matrix_that_an_expression_computes() -> None:
    found = parse("on: push\njobs:\n  a:\n    strategy:\n      matrix: ${{ fromJSON(needs.x.outputs.m) }}\n    steps: []\n")
    assert found.jobs[0].matrix == ("*",)


def test_a_document_that_is_no_workflow_is_a_problem() -> None:
    for text in ("- a\n- b\n", "just text\n"):
        workflow, problems = read_workflow(document(text))
        assert workflow is None
        assert problems[0].location.path == ".github/workflows/ci.yml"
    workflow, problems = read_workflow(document("on: push\n"))
    assert workflow is not None
    assert "jobs" in problems[0].message


def test_local_workflows_and_actions_are_followed_one_level() -> None:
    caller = parse(
        "on: push\njobs:\n  call:\n    uses: ./.github/workflows/shared.yml\n  own:\n    steps:\n      - uses: ./.github/actions/setup\n"
    )
    shared = parse(
        "on: workflow_call\njobs:\n  inner:\n    steps:\n      - run: pytest\n      - uses: ./.github/actions/setup\n",
        ".github/workflows/shared.yml",
    )
    action = document("runs:\n  using: composite\n  steps:\n    - run: pip install .\n", ".github/actions/setup/action.yml")
    asked = []

    def load(path: str) -> Document | None:
        asked.append(path)
        return action if path == ".github/actions/setup/action.yml" else None

    followed = follow_local([caller, shared], load)
    call, own = followed[0].jobs
    assert [step.run or step.uses for step in call.all_steps] == ["pytest", "./.github/actions/setup", "pip install ."]
    assert [step.run for step in own.followed_steps] == ["pip install ."]
    assert own.followed_steps[0].location.path == ".github/actions/setup/action.yml"
    assert asked == [".github/actions/setup/action.yml"]


def test_a_workflow_that_calls_itself_ends() -> None:
    loop = parse("on: push\njobs:\n  a:\n    uses: ./.github/workflows/ci.yml\n")
    assert follow_local([loop], lambda _: None)[0].jobs[0].followed_steps == ()


def test_an_action_outside_the_repository_is_not_asked_for() -> None:
    outside = parse("on: push\njobs:\n  a:\n    steps:\n      - uses: ./../../etc\n")
    asked: list[str] = []
    follow_local([outside], asked.append)
    assert asked == []


_NAMES = st.sampled_from(
    ["on", "jobs", "steps", "run", "uses", "with", "env", "needs", "permissions", "strategy", "matrix", "include", "if", "a"]
)
_TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet=st.characters(categories=("L", "N", "P")), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=4),
    max_leaves=25,
)


@given(_TREES)
def test_any_tree_is_read(tree: object) -> None:
    import json

    documents, _ = parse_documents(
        "w.yml", json.dumps({"on": tree, "jobs": {"a": tree, "b": {"steps": [tree], "strategy": tree}}}, ensure_ascii=False)
    )
    workflow, _ = read_workflow(documents[0])
    assert workflow is not None
    follow_local([workflow], lambda _: documents[0])
    workflow_commands([workflow])
