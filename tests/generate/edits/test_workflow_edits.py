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
    assert PATH not in again.edited_paths
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
    for name, text in (("called", called), ("command", command)):
        root = make_project({PATH: text}, name=name)
        generation = plan_generation(Place(root), rooms=frozenset(), edit_codes=frozenset({"SUP003"}))
        assert generation.edited_paths == ()
        gaps = [judged.gap for judged in examine(Place(root)).judgement.gaps if judged.gap.code == "SUP003"]
        assert [closer.kind for gap in gaps for closer in gap.closes] == ["advice"]


@pytest.mark.parametrize("name", ["propertypro"])
def test_linters_have_no_more_to_say_of_the_edited_workflow(
    name: str, example: Callable[[str], Path], require_tool: Callable[[str], str]
) -> None:
    root = example(name)
    before = findings(root / PATH, require_tool)
    edit(root)
    after = findings(root / PATH, require_tool)
    assert after - before == set()


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
