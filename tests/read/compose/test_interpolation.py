"""Variables: every form of the specification's interpolation chapter, provenance, and texts that Compose refuses."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaffold.model.document import Scalar, VariableReference, find
from scaffold.model.interpolation import InterpolationError, references, substitute
from scaffold.read.compose import LoadedStack

SET = {"SET": "value", "EMPTY": "", "OTHER": "other"}

FORMS = [
    ("$SET", "value"),
    ("${SET}", "value"),
    ("a${SET}b$OTHER.c", "avaluebother.c"),
    ("${UNSET}", ""),
    ("$UNSET", ""),
    ("${UNSET-default}", "default"),
    ("${EMPTY-default}", ""),
    ("${SET-default}", "value"),
    ("${UNSET:-default}", "default"),
    ("${EMPTY:-default}", "default"),
    ("${SET:-default}", "value"),
    ("${UNSET+replaced}", ""),
    ("${EMPTY+replaced}", "replaced"),
    ("${SET+replaced}", "replaced"),
    ("${EMPTY:+replaced}", ""),
    ("${SET:+replaced}", "replaced"),
    ("${SET:?needed}", "value"),
    ("${EMPTY?needed}", ""),
    ("${UNSET:-}", ""),
    ("${UNSET:-${OTHER}}", "other"),
    ("${UNSET:-${ALSO:-${OTHER}-x}}!", "other-x!"),
    ("${UNSET:-a}${SET}", "avalue"),
    ("${UNSET:-a:b-c?d+e}", "a:b-c?d+e"),
    ("${UNSET:-http://h:80/p}/q", "http://h:80/p/q"),
    ("$$SET", "$SET"),
    ("$${SET}", "${SET}"),
    ("$$$SET", "$value"),
    ("${UNSET:-$$x}", "$x"),
    ("100$", "100$"),
    ("$1 costs $ 5", "$1 costs $ 5"),
    ("${set-lower}", "lower"),
    ("${_U1}", ""),
    ("no variables", "no variables"),
    ("${UNSET:-two words}", "two words"),
    ("${UNSET:-{json}}", "{json}"),
]


@pytest.mark.parametrize(("text", "value"), FORMS)
def test_each_form_gives_what_compose_gives(text: str, value: str) -> None:
    assert substitute(text, SET.get) == value


@pytest.mark.parametrize("text", ["${}", "${", "${SET", "${1A}", "${SET!x}", "${UNSET:-never closed", "${A B}"])
def test_a_malformed_reference_is_refused(text: str) -> None:
    with pytest.raises(InterpolationError, match="malformed"):
        substitute(text, SET.get)


@pytest.mark.parametrize(("text", "name", "reason"), [("${A:?say why}", "A", "say why"), ("${A?}", "A", "no value")])
def test_a_required_variable_without_a_value_is_refused_by_name(text: str, name: str, reason: str) -> None:
    with pytest.raises(InterpolationError, match=f"{name}.*{reason}"):
        substitute(text, SET.get)
    assert substitute(text, SET.get, strict=False) == ""


def test_an_empty_value_does_not_satisfy_the_colon_form() -> None:
    with pytest.raises(InterpolationError, match="EMPTY"):
        substitute("${EMPTY:?}", SET.get)


def test_references_name_the_operator_and_the_argument_and_those_inside_defaults() -> None:
    assert references("$A ${B:-x${C?why}} $$D ${E+y}") == (
        VariableReference("A"),
        VariableReference("B", ":-", "x${C?why}"),
        VariableReference("C", "?", "why"),
        VariableReference("E", "+", "y"),
    )


def test_nested_deeper_than_anybody_writes_is_refused_without_a_crash() -> None:
    with pytest.raises(InterpolationError, match="deeper"):
        substitute("${A:-" * 5_000 + "x" + "}" * 5_000, SET.get)
    assert len(references("${A:-" * 500 + "x" + "}" * 500)) <= 21


@pytest.mark.parametrize("part", ["${A-x}", "$A", "$$", "${A:-{x}", "}{", "${A-${B-", "${A-x}\n", "${\n"])
def test_long_texts_take_no_quadratic_time(part: str) -> None:
    text = part * (100_000 // len(part))
    start = time.perf_counter()
    with contextlib.suppress(InterpolationError):
        substitute(text, SET.get)
    references(text)
    assert time.perf_counter() - start < 10


@given(st.text(alphabet="${}:-?+AB_ x\n", max_size=40))
def test_any_text_is_substituted_or_refused(text: str) -> None:
    references(text)
    with contextlib.suppress(InterpolationError):
        assert substitute(text, {"A": "1"}.get, strict=False).count("$A") <= text.count("$$A")


def test_the_model_keeps_the_text_as_written_and_its_references(load: Callable[..., LoadedStack]) -> None:
    stack = load("services: {web: {image: 'app:${TAG:-1}'}}")
    node = find(stack.node, "services", "web", "image")
    assert isinstance(node, Scalar)
    assert (node.value, node.raw, node.references) == ("app:1", "app:${TAG:-1}", (VariableReference("TAG", ":-", "1"),))


def test_an_unset_variable_is_empty_and_no_problem_unless_asked(load: Callable[..., LoadedStack]) -> None:
    text = "services: {web: {image: a, environment: {KEY: '${KEY:?set it}'}}}"
    assert load(text).problems == ()
    assert [problem.message for problem in load(text, strict=True).problems] == [
        "the required variable KEY has no value: set it"
    ]


def test_a_malformed_reference_is_a_problem_at_its_place_and_the_rest_is_read(load: Callable[..., LoadedStack]) -> None:
    stack = load("services:\n  web:\n    image: '${'\n    restart: always\n")
    assert [(problem.location.line, problem.location.column) for problem in stack.problems] == [(3, 12)]
    assert stack.services[0].restart == "always"


def test_a_tracked_env_file_of_the_directory_gives_variables(load: Callable[..., LoadedStack]) -> None:
    files = {"app/compose.yaml": "services: {web: {image: 'a:${TAG}'}}", "app/.env": "TAG=7\n", ".env": "TAG=wrong\n"}
    assert str(load(files, directory="app").services[0].image) == "a:7"
    assert str(load(files, directory="app", variables={}).services[0].image) == "a:"[:-1]


def test_the_environment_of_the_process_never_counts(load: Callable[..., LoadedStack], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAG", "leaked")
    assert load("services: {web: {image: 'a:${TAG-clean}'}}").services[0].image.tag == "clean"
