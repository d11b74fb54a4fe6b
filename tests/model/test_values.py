"""Image references, durations, sizes and labels, by the rules of Docker and of RFC 1123."""

from __future__ import annotations

import pytest

from scaffold.errors import UnsafePathError
from scaffold.model.artifact import Splice, apply_splices, safe_relative_path
from scaffold.model.document import Span
from scaffold.model.values import ImageReference, dns_label, parse_byte_size, parse_duration


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("redis", ("", "redis", "", "")),
        ("postgres:16-alpine", ("", "postgres", "16-alpine", "")),
        ("registry:5000/app", ("registry:5000", "app", "", "")),
        ("registry:5000/team/app:1", ("registry:5000", "team/app", "1", "")),
        ("ghcr.io/acme/web:1@sha256:abc", ("ghcr.io", "acme/web", "1", "sha256:abc")),
        ("localhost/app", ("localhost", "app", "", "")),
        ("acme/app:v2", ("", "acme/app", "v2", "")),
    ],
)
def test_image_references(text: str, parts: tuple[str, ...]) -> None:
    found = ImageReference.parse(text)
    assert (found.registry, found.repository, found.tag, found.digest) == parts
    assert str(found) == text


@pytest.mark.parametrize(
    ("tag", "major"), [("16-alpine", 16), ("v3.1", 3), ("latest", None), ("", None), ("15.4", 15), ("alpine", None), ("7", 7)]
)
def test_majors_of_tags(tag: str, major: int | None) -> None:
    assert ImageReference.parse(f"postgres:{tag}" if tag else "postgres").major == major


@pytest.mark.parametrize(
    ("text", "seconds"), [("1m30s", 90.0), ("500ms", 0.5), ("2h", 7200.0), ("0s", 0.0), ("10", None), ("", None), ("1x", None)]
)
def test_durations(text: str, seconds: float | None) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "size"), [("512M", 512 * 2**20), ("1.5g", 1536 * 2**20), ("1000000b", 1_000_000), ("64k", 65_536), ("x", None)]
)
def test_sizes(text: str, size: int | None) -> None:
    assert parse_byte_size(text) == size


@pytest.mark.parametrize(("text", "label"), [("My App", "my-app"), ("a_b.c", "a-b-c"), ("ÄÖ", "app"), ("x" * 80, "x" * 63)])
def test_labels(text: str, label: str) -> None:
    assert dns_label(text) == label


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../../x", "", ".git/config", "a\\b", "a\nb"])
def test_paths_that_leave_the_project_are_refused(path: str) -> None:
    with pytest.raises(UnsafePathError):
        safe_relative_path(path)


def test_splices_apply_from_the_end_and_must_not_overlap() -> None:
    assert apply_splices("abcdef", (Splice(Span(4, 5), "E"), Splice(Span(0, 2), "x"), Splice(Span(3, 3), "-"))) == "xc-dEf"
    with pytest.raises(ValueError, match="overlap"):
        apply_splices("abc", (Splice(Span(0, 2), ""), Splice(Span(1, 3), "")))
