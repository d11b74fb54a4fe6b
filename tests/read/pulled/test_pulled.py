"""What the images that services pull are built from: by workflows, other stacks and scripts, and where nobody can tell."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from scaffold.read.project import read_project

DOCKERFILE = 'FROM python:3.13-slim\nCMD ["python", "main.py"]\n'


def made(tmp_path: Path, image: str, files: dict[str, str]) -> tuple[str | None, str | None, str] | None:
    """Return Dockerfile, context and stage of the image of one service; the folder is called `shop`."""
    root = tmp_path / "shop"
    texts = {"compose.yaml": f"services:\n  app:\n    image: {image}\n", "api/Dockerfile": DOCKERFILE, **files}
    for path, text in texts.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(textwrap.dedent(text), encoding="utf-8")
    stack = next(stack for stack in read_project(root).stacks if "compose.yaml" in stack.files)
    service = stack.service("app")
    build = service.made if service else None
    return (build.dockerfile, build.context, build.target) if build else None


def pushed(tags: str, *, env: str = "", before: str = "", more: str = "", inputs: str = "context: api") -> dict[str, str]:
    return {
        ".github/workflows/publish.yml": f"""\
on: {{push: {{branches: [main]}}}}
env: {{{env}}}
jobs:
  publish:
    runs-on: ubuntu-latest
    {more or "timeout-minutes: 5"}
    steps:
      - uses: actions/checkout@v4
      {before or "- run: 'true'"}
      - uses: docker/build-push-action@v6
        with:
          {inputs}
          push: true
          tags: {tags}
"""
    }


API = ("api/Dockerfile", "api", "")


@pytest.mark.parametrize(
    ("image", "tags", "how"),
    [
        ("ghcr.io/acme/shop-api:1", "ghcr.io/acme/shop-api:latest", {}),
        ("${REGISTRY:-ghcr.io}/acme/api:${TAG}", "ghcr.io/${{ github.repository_owner }}/api:${{ github.sha }}", {}),
        ("${OWNER}/api", "${{ secrets.HUB_USER }}/api:latest", {}),
        ("ghcr.io/acme/shop:1", "ghcr.io/${{ github.repository }}:latest", {}),
        ("ghcr.io/acme/shop/api:1", "${{ env.IMAGE }}:latest", {"env": "IMAGE: 'ghcr.io/${{ github.repository }}/api'"}),
        (
            "ghcr.io/acme/shop/api",
            "ghcr.io/${{ env.NAME }}/api",
            {"before": "- run: echo \"NAME=$(echo '${{ github.repository }}' | tr A-Z a-z)\" >> $GITHUB_ENV"},
        ),
        (
            "ghcr.io/acme/shop/api",
            "ghcr.io/${{ steps.name.outputs.low }}/api",
            {"before": "- {id: name, run: 'echo \"low=${GITHUB_REPOSITORY,,}\" >> $GITHUB_OUTPUT'}"},
        ),
        (
            "acme/api",
            "acme/${{ matrix.part }}:1",
            {"more": "strategy: {matrix: {part: [api, web]}}", "inputs": "context: ${{ matrix.part }}"},
        ),
        (
            "acme/api",
            "${{ steps.meta.outputs.tags }}",
            {"before": "- {id: meta, uses: docker/metadata-action@v5, with: {images: acme/api}}"},
        ),
        ("ghcr.io/acme/shop", "${{ steps.made.outputs.tags }}", {}),
    ],
)
def test_a_pushed_image_is_known_by_its_name(tmp_path: Path, image: str, tags: str, how: dict[str, str]) -> None:
    assert made(tmp_path, image, pushed(tags, **how)) == API


@pytest.mark.parametrize(
    ("image", "tags", "how"),
    [
        ("ghcr.io/acme/web", "ghcr.io/acme/api", {}),
        ("bitnami/redis", "${{ secrets.HUB_USER }}/redis", {}),
        ("other/api", "acme/api", {}),
        ("acme/api", "acme/api", {"inputs": "context: elsewhere"}),
        ("acme/api", "acme/api", {"before": "- {uses: actions/checkout@v4, with: {repository: acme/other}}"}),
        ("ghcr.io/acme/api", "${{ steps.made.outputs.tags }}", {}),
    ],
)
def test_an_image_of_others_stays_unknown(tmp_path: Path, image: str, tags: str, how: dict[str, str]) -> None:
    assert made(tmp_path, image, pushed(tags, **how)) is None


def test_the_tag_decides_between_two_ways(tmp_path: Path) -> None:
    files = pushed("acme/api:1", inputs="{context: api, target: run}") | {
        "api/Dockerfile": "FROM alpine AS run\nFROM run AS debug\n"
    }
    second = pushed("acme/api:debug", inputs="{context: api, target: debug}")[".github/workflows/publish.yml"]
    for name, text in (("a.yml", files.pop(".github/workflows/publish.yml")), ("b.yml", second)):
        files[f".github/workflows/{name}"] = text.replace(
            "{context: api, target: ", "context: api\n          target: "
        ).replace("}\n          push", "\n          push")
    assert made(tmp_path / "1", "acme/api:1", files) == ("api/Dockerfile", "api", "run")
    assert made(tmp_path / "2", "acme/api:debug", files) == ("api/Dockerfile", "api", "debug")
    assert made(tmp_path / "3", "acme/api:7", files) == ("api/Dockerfile", "api", "run")


@pytest.mark.parametrize(
    "script",
    [
        "docker build -t acme/api:1 api\n",
        "docker buildx build --platform linux/amd64 -f api/Dockerfile --tag=acme/api api --push\n",
        'IMAGE=acme/api\ncd api\ndocker build -t "$IMAGE:$(git rev-parse HEAD)" .\n',
        "docker build -t api ./api\ndocker tag api acme/api\ndocker push acme/api\n",
        "for part in api web; do\n  docker build -t acme/$part $part\ndone\n",
        "docker build \\\n  -t acme/api \\\n  api\n",
    ],
)
def test_scripts_build_images(tmp_path: Path, script: str) -> None:
    assert made(tmp_path, "acme/api", {"scripts/push.sh": f"#!/bin/sh\n{script}"}) == API


def test_a_step_of_shell_builds_in_its_folder(tmp_path: Path) -> None:
    text = """\
        on: {push: {branches: [main]}}
        jobs:
          publish:
            runs-on: ubuntu-latest
            steps:
              - uses: actions/checkout@v4
              - run: docker build -t ${{ env.HOST }}/api:${{ github.sha }} .
                working-directory: api
        """
    assert made(tmp_path, "registry.example.com/api", {".github/workflows/ci.yml": text}) is None
    assert made(tmp_path / "2", "registry.example.com/acme/api", {".github/workflows/ci.yml": text}) == API


def test_another_stack_builds_the_image(tmp_path: Path) -> None:
    other = "services:\n  api:\n    image: acme/api:dev\n    build: {context: api, target: %s}\n"
    assert made(tmp_path / "1", "acme/api:1", {"docker-compose.build.yml": other % "run"}) == ("api/Dockerfile", "api", "run")
    assert made(tmp_path / "2", "acme/api:1", {"docker-compose.build.yml": other % "dev"}) is None


def test_values_that_name_each_other_end(tmp_path: Path) -> None:
    script = "A=$B$B$B$B\nB=$A$A$A$A\ndocker build -t $A/api api\n"
    assert made(tmp_path, "acme/api", {"scripts/push.sh": script}) is None


def test_a_step_hands_on_what_its_variables_are_made_of(tmp_path: Path) -> None:
    step = "- {id: name, run: \"PLACE=acme\\nNAME=$PLACE/api\\necho 'image=ghcr.io/${NAME}' >> $GITHUB_OUTPUT\\n\"}"
    assert made(tmp_path, "ghcr.io/acme/api", pushed("${{ steps.name.outputs.image }}:latest", before=step)) == API
