"""Edits of workflows: an image that they push is guarded, attested, signed and verified; every other byte stays."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from scaffold.app.examination import Place, examine
from scaffold.app.generation import plan_generation, write_generation
from tests.projects import EXAMPLES

PATH = ".github/workflows/ci.yml"
HEAD = """\
# ours
name: CI
on:
  push:
    branches: [main]
  pull_request:
"""


def edit(root: Path, *codes: str) -> str:
    """Apply the edits of these codes (none is all of delivery) and hold the second run to having nothing left to do."""
    wanted = frozenset(codes or ("SUP002", "SUP003", "SUP004", "SUP005"))
    write_generation(plan_generation(Place(root), rooms=frozenset(), edit_codes=wanted))
    text = (root / PATH).read_bytes().decode()
    subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@e", "commit", "-qam", "edited"], cwd=root, check=False)
    again = plan_generation(Place(root), rooms=frozenset(), edit_codes=wanted)
    assert PATH not in again.texts_before
    return text


def codes_of(root: Path) -> set[str]:
    return {judged.gap.code for judged in examine(Place(root)).judgement.gaps if judged.gap.primary.path == PATH}


def steps_of(text: str, job: str) -> list[dict[str, Any]]:
    document = yaml.load(text, Loader=yaml.BaseLoader)
    return list(document["jobs"][job]["steps"])


def without_added(before: str, after: str) -> list[str]:
    """Return the lines of `before` that `after` lacks, in order."""
    left = after.splitlines()
    missing = []
    for line in before.splitlines():
        if line in left:
            left = left[left.index(line) + 1 :]
        else:
            missing.append(line)
    return missing


BUILD = """\
jobs:
  image:
    runs-on: ubuntu-24.04
    permissions: {contents: read, packages: write}
    steps:
      # the sources
      - uses: actions/checkout@v4

      - uses: docker/build-push-action@v6   # pinned later
        with:
          push: true # every time
          tags: ghcr.io/Acme/web:latest,ghcr.io/Acme/web:1

      - run: echo done
"""


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_pushed_image_is_guarded_signed_and_verified_and_every_other_line_stays(
    make_project: Callable[..., Path], line_end: str
) -> None:
    before = (HEAD + BUILD).replace("\n", line_end)
    root = make_project({PATH: before})
    assert {"SUP002", "SUP003", "SUP004", "SUP005"} <= codes_of(root)
    after = edit(root)
    assert not {"SUP002", "SUP003", "SUP004", "SUP005"} & codes_of(root)
    assert line_end == "\n" or "\n" not in after.replace("\r\n", "")
    assert [line.strip() for line in without_added(before, after)] == [
        "permissions: {contents: read, packages: write}",
        "- uses: docker/build-push-action@v6   # pinned later",
        "push: true # every time",
    ]
    assert "push: ${{ github.event_name != 'pull_request' }} # every time" in after
    assert "permissions: {contents: read, packages: write, id-token: write}" in after
    steps = steps_of(after, "image")
    build = steps[1]
    assert build["with"]["sbom"] == "true"
    assert build["with"]["provenance"] == "mode=max"
    assert steps[-1] == {"run": "echo done"}
    added = steps[2:-1]
    assert {step["if"] for step in added} == {"github.event_name != 'pull_request'"}
    assert added[0]["env"]["DIGEST"] == f"${{{{ steps.{build['id']}.outputs.digest }}}}"


def test_signing_alone_guards_the_push_too(make_project: Callable[..., Path]) -> None:
    root = make_project({PATH: HEAD + BUILD})
    after = edit(root, "SUP003")
    assert "push: ${{ github.event_name != 'pull_request' }}" in after
    assert "sbom: true" not in after


def test_the_names_that_are_signed_are_those_that_were_pushed(make_project: Callable[..., Path], tmp_path: Path) -> None:
    root = make_project({PATH: HEAD + BUILD})
    script = next(step for step in steps_of(edit(root), "image") if "TAGS" in step.get("env", {}))["run"]
    output = tmp_path / "output"
    tags = "ghcr.io/Acme/web:latest\nlocalhost:5000/Acme/api:1, ghcr.io/Acme/web:2\n\n"
    environment = {"TAGS": tags, "DIGEST": "sha256:ab", "GITHUB_OUTPUT": str(output), "PATH": "/usr/bin:/bin"}
    subprocess.run(["bash", "-e", "-c", script], env=environment, check=True)
    assert dict(line.split("=", 1) for line in output.read_text().splitlines()) == {
        "images": "ghcr.io/acme/web@sha256:ab localhost:5000/acme/api@sha256:ab",
        "first": "ghcr.io/acme/web@sha256:ab",
    }


MATRIX = """\
on:
  push:
    tags: ["v*"]
permissions:
  contents: read
  packages: write
jobs:
  image:
    runs-on: ubuntu-24.04
    strategy:
      matrix:
        name: [web, api]
    steps:
    - uses: actions/checkout@v4
    - name: First
      id: first
      if: ${{ matrix.name == 'web' }}
      uses: docker/build-push-action@v6
      with:
        platforms: linux/amd64,linux/arm64
        push: ${{ github.ref_type == 'tag' }}
        tags: |
          ghcr.io/acme/${{ matrix.name }}:1
        sbom: false
    - name: Second
      uses: docker/build-push-action@v6
      with:
        push: true
        tags: ${{ env.TAGS }}
"""


def test_a_matrix_with_two_builds_signs_each_when_it_was_pushed(make_project: Callable[..., Path]) -> None:
    root = make_project({PATH: MATRIX})
    after = edit(root)
    document = yaml.load(after, Loader=yaml.BaseLoader)
    assert document["jobs"]["image"]["permissions"] == {"contents": "read", "packages": "write", "id-token": "write"}
    assert document["permissions"] == {"contents": "read", "packages": "write"}
    steps = steps_of(after, "image")
    signing = [step for step in steps if "cosign sign" in step.get("run", "")]
    assert [step.get("if") for step in signing] == ["(matrix.name == 'web') && (github.ref_type == 'tag')", None]
    assert [step["env"]["IMAGES"] for step in signing] == [
        "${{ steps.first-pushed.outputs.images }}",
        "${{ steps.build-2-pushed.outputs.images }}",
    ]
    assert [step["with"]["sbom"] for step in steps if "build-push" in step.get("uses", "")] == ["true", "true"]


def test_a_workflow_that_others_call_and_a_push_by_a_command_are_left_to_people(make_project: Callable[..., Path]) -> None:
    called = MATRIX.replace('  push:\n    tags: ["v*"]', "  workflow_call:")
    command = "on: [push]\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: docker push acme/web\n"
    action = "      - uses: docker/build-push-action@v6\n        with: {push: true, tags: acme/web}\n"
    for name, text in (("called", called), ("command", command), ("both", command.replace("      -", f"{action}      -"))):
        root = make_project({PATH: text}, name=name)
        generation = plan_generation(Place(root), rooms=frozenset(), edit_codes=frozenset({"SUP003"}))
        assert not generation.texts_before
        gaps = [judged.gap for judged in examine(Place(root)).judgement.gaps if judged.gap.code == "SUP003"]
        assert [closer.kind for gap in gaps for closer in gap.closes] == ["advice"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_linters_have_no_more_to_say_of_the_edited_workflows(
    name: str, example: Callable[[str], Path], require_tool: Callable[[str], str]
) -> None:
    root = example(name)
    paths = sorted((root / ".github/workflows").iterdir())
    before = {path: findings(path, require_tool) for path in paths}
    write_generation(plan_generation(Place(root), rooms=frozenset(), edit_codes=frozenset()))
    for path in paths:
        assert findings(path, require_tool) - before[path] == set()


def findings(path: Path, require_tool: Callable[[str], str]) -> set[str]:
    arguments = [f"-shellcheck={require_tool('shellcheck')}", "-pyflakes=", "-format", "{{json .}}", str(path)]
    lint = subprocess.run([require_tool("actionlint"), *arguments], capture_output=True, text=True, check=False)
    audit = [require_tool("zizmor"), "--offline", "--persona", "auditor", "--no-exit-codes", "--quiet", "--format", "json"]
    found = subprocess.run([*audit, str(path)], capture_output=True, text=True, check=True)
    said = {f"{item['kind']}: {item['snippet'].splitlines()[0]}" for item in json.loads(lint.stdout)}
    for item in json.loads(found.stdout):
        for place in item["locations"]:
            if place["symbolic"].get("kind") == "Primary":
                said.add(f"{item['ident']}: {place['concrete']['feature'].splitlines()[0]}")
    return said


PUBLISH = """\
on:
  release:
    types: [published]
permissions:
  contents: read
jobs:
  publish:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v4
      # to the index
      - name: Upload
        env:
          TWINE_USERNAME: __token__   # always
          TWINE_PASSWORD: ${{ secrets.PYPI_TOKEN }}
        run: python -m twine upload --skip-existing pkg/dist/*
      - run: echo done
"""


def test_an_upload_with_a_token_becomes_trusted_publishing(make_project: Callable[..., Path]) -> None:
    root = make_project({PATH: PUBLISH})
    assert "SUP009" in codes_of(root)
    after = edit(root, "SUP009")
    assert "SUP009" not in codes_of(root)
    document = yaml.load(after, Loader=yaml.BaseLoader)
    job = document["jobs"]["publish"]
    assert job["permissions"] == {"contents": "read", "id-token": "write"}
    assert job["environment"] == "pypi"
    assert "secrets." not in after
    upload = job["steps"][1]
    assert upload["uses"].startswith("pypa/gh-action-pypi-publish@")
    assert upload["with"] == {"packages-dir": "pkg/dist/", "skip-existing": "true"}
    assert "# to the index\n      - name: Upload\n        uses: " in after
    assert job["steps"][2] == {"run": "echo done"}


@pytest.mark.parametrize(
    "change",
    [
        ("runs-on: ubuntu-24.04", "runs-on: macos-15"),
        ("pkg/dist/*", "pkg/dist/* && echo published"),
        ("    steps:", "    environment: release\n    steps:"),
        ("on:\n  release:\n    types: [published]", "on: workflow_call"),
    ],
    ids=["no container on this runner", "more than an upload", "an environment of its own", "called by others"],
)
def test_an_upload_that_the_action_cannot_stand_in_for_is_left(
    make_project: Callable[..., Path], change: tuple[str, str]
) -> None:
    root = make_project({PATH: PUBLISH.replace(*change)})
    assert edit(root, "SUP009") == PUBLISH.replace(*change)


REPORTS = """\
on: [push]
permissions: {contents: read}
defaults:
  run:
    working-directory: backend
jobs:
  test:
    runs-on: ubuntu-24.04
    strategy:
      matrix:
        python: ["3.12", "3.13"]
    steps:
      - uses: actions/checkout@v4
      - name: Unit tests
        run: |
          pytest --cov=app --cov-report=xml --junit-xml=out/junit.xml

          echo done
      - run: make lint
"""


def test_reports_are_kept_under_a_name_for_each_leg(make_project: Callable[..., Path]) -> None:
    root = make_project({PATH: REPORTS, "Makefile": "lint:\n\truff check\n"})
    assert "CIQ006" in codes_of(root)
    after = edit(root, "CIQ006")
    assert "CIQ006" not in codes_of(root)
    steps = steps_of(after, "test")
    assert steps[1]["run"].endswith("echo done\n")
    assert steps[2]["if"] == "${{ !cancelled() }}"
    assert steps[2]["with"]["name"] == "test-unit-tests-${{ matrix.python }}"
    assert steps[2]["with"]["path"] == "backend/out/junit.xml\nbackend/coverage.xml\n"
    assert steps[3] == {"run": "make lint"}


@pytest.mark.parametrize(
    ("name", "matrix", "expected"),
    [
        ("coverage", "os: [linux, mac]\n        python: ['3.12']", "coverage-${{ matrix.os }}-${{ matrix.python }}"),
        ("'coverage'", "image: ['a/b:1', 'c/d:2']", "coverage-${{ strategy.job-index }}"),
        ('"a report"  # kept', "include:\n          - {x: 1}\n          - {x: 2}", "a report-${{ strategy.job-index }}"),
    ],
)
def test_an_artifact_gets_a_name_for_each_leg(make_project: Callable[..., Path], name: str, matrix: str, expected: str) -> None:
    text = f"""\
on: [push]
permissions: {{}}
jobs:
  test:
    runs-on: ubuntu-24.04
    strategy:
      matrix:
        {matrix}
    steps:
      - uses: actions/upload-artifact@v7
        with:
          name: {name}
          path: out
"""
    root = make_project({PATH: text})
    after = edit(root, "CIQ007")
    assert steps_of(after, "test")[0]["with"]["name"] == expected
    assert "CIQ007" not in codes_of(root)


SILENT = """\
on: [push]

# what runs
jobs:
  test:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v4
      - run: pytest
"""


def test_a_token_reads_only_where_no_step_needs_more(make_project: Callable[..., Path]) -> None:
    root = make_project({PATH: SILENT})
    assert edit(root, "SUP008") == SILENT.replace("# what runs\n", "permissions:\n  contents: read\n\n# what runs\n")
    releasing = SILENT.replace("run: pytest", "run: gh release create v1")
    other = make_project({PATH: releasing}, name="other")
    assert edit(other, "SUP008") == releasing
