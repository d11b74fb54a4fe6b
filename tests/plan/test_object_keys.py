"""A key of an object store that the stack runs itself comes from nobody else: templates and pages say so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.app.examination import Place
from scaffold.app.generation import plan_generation, write_generation

Make = Callable[..., Path]
STORES = {
    "minio": "  objects: {image: 'minio/minio:RELEASE.2025-04-22T22-12-26Z', command: server /data, volumes: ['kept:/data']}\n",
    "rustfs": (
        "  objects:\n    image: rustfs/rustfs:1.0.0\n    volumes: ['kept:/data']\n"
        "    environment: {RUSTFS_ACCESS_KEY: '${RUSTFS_ACCESS_KEY}', RUSTFS_SECRET_KEY: '${RUSTFS_SECRET_KEY}'}\n"
    ),
    "garage": "  objects: {image: 'dxflrs/garage:v2.1.0', volumes: ['kept:/var/lib/garage']}\n",
}


def compose(store: str, address: str, name: str = "S3_ENDPOINT") -> str:
    given = f"{name}: {address}, " if name else ""
    return (
        "services:\n  api:\n    image: acme/api:1\n    ports: ['8000:8000']\n"
        f"    environment: {{{given}S3_ACCESS_KEY_ID: '${{S3_ACCESS_KEY_ID}}', "
        f"S3_SECRET_ACCESS_KEY: '${{S3_SECRET_ACCESS_KEY}}'}}\n{STORES[store]}volumes: {{kept: }}\n"
    )


def line_above(text: str, name: str) -> str:
    before, _, _ = text.partition(f"\n{name}=")
    return before.rpartition("\n")[2]


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("address", ["http://objects:9000", "'${S3_ENDPOINT:-http://objects:9000}'", "'${S3_ENDPOINT}'"])
def test_the_key_of_an_own_store_is_made_by_its_team(store: str, address: str, make_project: Make) -> None:
    root = make_project({"compose.yaml": compose(store, address)})
    write_generation(plan_generation(Place(root), rooms=None, edit_codes=None))
    template = (root / ".env.production.example").read_text()
    assert "a key of objects, which you run yourselves" in line_above(template, "S3_SECRET_ACCESS_KEY")
    page = (root / "docs/operations/rotation.md").read_text()
    (row,) = [line for line in page.splitlines() if line.startswith("| `S3_SECRET_ACCESS_KEY` |")]
    assert "a key of objects, which you run yourselves" in row
    assert "console" not in row


def test_the_store_itself_starts_with_a_key_that_is_made_here(make_project: Make) -> None:
    root = make_project({"compose.yaml": compose("rustfs", "http://objects:9000")})
    write_generation(plan_generation(Place(root), rooms=None, edit_codes=None))
    template = (root / ".env.production.example").read_text()
    assert "the key that objects starts with: openssl rand -hex 32" in line_above(template, "RUSTFS_SECRET_KEY")


@pytest.mark.parametrize("name", ["S3_ENDPOINT", ""], ids=["elsewhere", "nowhere"])
def test_the_key_of_another_party_is_issued_by_it(name: str, make_project: Make) -> None:
    root = make_project({"compose.yaml": compose("minio", "https://s3.eu-central-1.amazonaws.com", name)})
    write_generation(plan_generation(Place(root), rooms=None, edit_codes=None))
    template = (root / ".env.production.example").read_text()
    assert "its provider issues the value" in line_above(template, "S3_SECRET_ACCESS_KEY")
