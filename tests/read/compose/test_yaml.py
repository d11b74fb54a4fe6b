"""YAML nodes keep their place to the character, scalars resolve as go-yaml resolves them, hostile text is a problem."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import scaffold.read.yaml as reader
from scaffold.model.document import Mapping, Node, Scalar, Sequence, find
from scaffold.read.yaml import parse_documents, resolve, resolve_merges, resolve_plain


def root(text: str) -> Node:
    documents, problems = parse_documents("a.yaml", text)
    assert problems == ()
    assert documents[0].root is not None
    return documents[0].root


def nodes(node: Node) -> Iterator[Node]:
    yield node
    if isinstance(node, Sequence):
        for item in node.items:
            yield from nodes(item)
    elif isinstance(node, Mapping):
        for entry in node.entries:
            yield entry.key
            yield from nodes(entry.value)


STYLES = """\
# a comment
plain: some words  # behind
single: 'it''s'
double: "tab\\t and \\"quotes\\""
literal: |
  one
  two

folded: >-
  three
  four
empty:
flow: [1, "two", {three: 'drei'}]
block:
  - x
  -   y   # spaces
  # tail comment

indentless:
- p
- q: r
  s: t
? asked
: answer
anchored: &name !tag "value"
tagged: !override
  - z
reset: !reset
uses: *name
last: end"""


@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("bom", ["", "\ufeff"], ids=["no BOM", "BOM"])
@pytest.mark.parametrize(
    ("route", "source"),
    [
        (("plain",), "some words"),
        (("single",), "'it''s'"),
        (("double",), '"tab\\t and \\"quotes\\""'),
        (("literal",), "|\n  one\n  two"),
        (("folded",), ">-\n  three\n  four"),
        (("empty",), ""),
        (("flow",), "[1, \"two\", {three: 'drei'}]"),
        (("flow", 0), "1"),
        (("flow", 1), '"two"'),
        (("flow", 2), "{three: 'drei'}"),
        (("flow", 2, "three"), "'drei'"),
        (("block",), "- x\n  -   y"),
        (("block", 1), "y"),
        (("indentless",), "- p\n- q: r\n  s: t"),
        (("indentless", 1), "q: r\n  s: t"),
        (("asked",), "answer"),
        (("anchored",), '"value"'),
        (("tagged",), "- z"),
        (("reset",), ""),
        (("uses",), '"value"'),
        (("last",), "end"),
    ],
)
def test_the_span_of_a_node_is_its_source_text(route: tuple[str | int, ...], source: str, bom: str, line_end: str) -> None:
    text = bom + STYLES.replace("\n", line_end)
    node = find(root(text), *route)
    assert node is not None
    assert text[node.span.start : node.span.end] == source.replace("\n", line_end)
    if route != ("uses",):  # an alias stands for its anchor, which has its own route
        assert node.location.route == route


@pytest.mark.parametrize("loader", [None, yaml.SafeLoader], ids=["default", "pure Python"])
def test_line_and_column_count_from_one_with_both_parsers(loader: type | None, monkeypatch: pytest.MonkeyPatch) -> None:
    if loader is not None:
        monkeypatch.setattr(reader, "_LOADER", loader)
    document = root(STYLES)
    places = {route: find(document, *route) for route in (("plain",), ("flow", 2, "three"), ("block", 1), ("anchored",))}
    assert {route: (n.location.line, n.location.column) for route, n in places.items() if n} == {
        ("plain",): (2, 8),
        ("flow", 2, "three"): (13, 26),
        ("block", 1): (16, 7),
        ("anchored",): (25, 22),
    }


def test_both_parsers_give_the_same_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    fast = root(STYLES)
    monkeypatch.setattr(reader, "_LOADER", yaml.SafeLoader)
    assert root(STYLES) == fast


def test_keys_have_the_span_of_their_text_and_the_route_of_their_value() -> None:
    text = '"quoted key": {inner: 1}'
    entry = root(text).entries[0]  # type: ignore[union-attr]
    assert text[entry.key.span.start : entry.key.span.end] == '"quoted key"'
    assert entry.key.location.route == ("quoted key",)
    assert not entry.key.plain


def test_duplicate_keys_are_kept_and_the_last_one_wins() -> None:
    mapping = root("a: 1\nb: 2\na: 3\n")
    assert isinstance(mapping, Mapping)
    assert [entry.key.location.line for entry in mapping.duplicates()] == [3]
    assert mapping.get("a") == find(mapping, "a")
    assert isinstance(found := mapping.get("a"), Scalar)
    assert found.value == "3"


def test_documents_before_a_broken_one_are_kept() -> None:
    documents, problems = parse_documents("a.yaml", "a: 1\n---\nb: 2\n---\nc: [\n")
    assert len(documents) == 2
    assert [(problem.location.path, problem.location.line) for problem in problems] == [("a.yaml", 6)]


# --- scalars ----------------------------------------------------------------------------------------------------------

# Expected values: resolve_test and decode_test of go-yaml v3, and the YAML 1.2 core schema where it follows it.
RESOLVED = [
    ("true", True),
    ("True", True),
    ("TRUE", True),
    ("false", False),
    ("yes", "yes"),
    ("on", "on"),
    ("off", "off"),
    ("y", "y"),
    ("tRUE", "tRUE"),
    ("~", None),
    ("null", None),
    ("Null", None),
    ("", None),
    ("nULL", "nULL"),
    ("08", 8.0),
    ("010", 8),
    ("0o10", 8),
    ("0o644", 420),
    ("0x1F", 31),
    ("0b101", 5),
    ("1_000", 1000),
    ("+12", 12),
    ("-7", -7),
    ("12:30:00", "12:30:00"),
    ("22:22", "22:22"),
    ("2020-01-01", "2020-01-01"),
    ("1.0", 1.0),
    ("1e3", 1000.0),
    (".5", 0.5),
    ("1.2.3", "1.2.3"),
    ("-", "-"),
    ("0x", "0x"),
    ("18446744073709551615", 2**64 - 1),
    (".inf", math.inf),
    ("-.INF", -math.inf),
]


@pytest.mark.parametrize(("text", "value"), RESOLVED, ids=[text or "empty" for text, _ in RESOLVED])
def test_plain_scalars_resolve_as_go_yaml_does(text: str, value: object) -> None:
    found = resolve_plain(text)
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize("text", ['"true"', "'8'", "!!str 8", "|\n  8"])
def test_quoted_block_and_tagged_scalars_are_text(text: str) -> None:
    node = find(root(f"a: {text}\n"), "a")
    assert isinstance(node, Scalar)
    assert isinstance(resolve(node), str)


@given(st.text())
def test_resolving_any_text_raises_nothing(text: str) -> None:
    resolve_plain(text)


# --- merge keys -------------------------------------------------------------------------------------------------------


def resolved(text: str) -> dict[str, str]:
    mapping = find(resolve_merges(root(text)), "x")
    assert isinstance(mapping, Mapping)
    return {entry.key.value: entry.value.value for entry in mapping.entries if isinstance(entry.value, Scalar)}


def test_explicit_keys_win_over_merged_ones_wherever_they_stand() -> None:
    assert resolved("base: &b {a: 1, b: 2}\nx: {a: 9, <<: *b, c: 3}") == {"a": "9", "c": "3", "b": "2"}


def test_the_first_of_several_merged_mappings_wins() -> None:
    assert resolved("p: &p {a: 1}\nq: &q {a: 2, b: 2}\nx: {<<: [*p, *q]}") == {"a": "1", "b": "2"}


def test_merged_mappings_may_themselves_merge() -> None:
    assert resolved("p: &p {a: 1}\nq: &q {<<: *p, b: 2}\nx: {<<: *q, c: 3}") == {"c": "3", "b": "2", "a": "1"}


def test_a_quoted_merge_key_is_an_ordinary_key() -> None:
    assert resolved('x: {"<<": plain}') == {"<<": "plain"}


def test_a_merged_value_keeps_the_place_of_its_anchor() -> None:
    node = find(resolve_merges(root("base: &b\n  a: 1\nx:\n  <<: *b\n")), "x", "a")
    assert node is not None
    assert (node.location.line, node.location.route) == (2, ("base", "a"))


# --- hostile ----------------------------------------------------------------------------------------------------------


def bomb(levels: int) -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (bomb(9), 6, "aliases expand to more than"),
        ("a: &a [*a]", 1, "contains itself"),
        ("a: 1\nb: *nowhere", 2, "not defined"),
        ("[" * 100_000, 1, "nested deeper"),
        ("{a: " * 100_000, 1, "nested deeper"),
        ("\n".join(["a0: &a0 {}"] + [f"a{n}: &a{n} {{x: *a{n - 1}}}" for n in range(1, 400)]), 200, "nested deeper"),
        ("a: 1\nb: \x00", 2, "not valid YAML"),
        ("a: 1\nb: \x07", 2, "not valid YAML"),
        ("a: 1\nb:\n\t- x", 3, "not valid YAML"),
        ("a: 1\nb: \udc80", 2, "not valid YAML"),
        ("a: 1\nb: 'open", 2, "not valid YAML"),
    ],
    ids=["bomb", "cycle", "unknown", "deep-list", "deep-map", "deep-aliases", "NUL", "BEL", "tab", "surrogate", "quote"],
)
def test_hostile_text_is_a_problem_with_its_line(text: str, line: int, words: str) -> None:
    _, problems = parse_documents("bad.yaml", text)
    assert len(problems) == 1
    assert words in problems[0].message
    assert problems[0].location.path == "bad.yaml"
    assert line <= problems[0].location.line <= line + 1  # a token that never ends is noticed at its end


def test_a_key_that_is_a_mapping_is_a_problem_and_the_rest_is_read() -> None:
    documents, problems = parse_documents("a.yaml", "? {x: 1}\n: y\nb: 2\n")
    assert [problem.location.line for problem in problems] == [1]
    assert find(documents[0].root, "b") is not None


def test_a_million_characters_are_one_scalar() -> None:
    node = find(root(f"a: {'x' * 1_000_000}"), "a")
    assert isinstance(node, Scalar)
    assert node.span.end - node.span.start == 1_000_000


@given(st.text(alphabet=st.sampled_from("ab:-#&*!|>'\"[]{},\n \t?<0~%@`\\\r\ufeff\x85"), max_size=60))
def test_any_text_gives_documents_or_problems_whose_places_are_in_the_text(text: str) -> None:
    documents, problems = parse_documents("a.yaml", text)
    lines = text.count("\n") + text.count("\r") + text.count("\x85") + 2
    for document in documents:
        for node in nodes(document.root) if document.root else ():
            assert 0 <= node.span.start <= node.span.end <= len(text)
            assert node.location.line <= lines
    for problem in problems:
        assert problem.location.line <= lines


@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=12)),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=5), inner, max_size=3),
        max_leaves=12,
    ),
    st.booleans(),
)
def test_a_scalar_parsed_again_from_its_span_is_the_same(data: object, flow: bool) -> None:
    text = yaml.safe_dump({"top": data}, default_flow_style=flow, allow_unicode=True)
    for node in nodes(root(text)):
        source = text[node.span.start : node.span.end]
        if isinstance(node, Scalar) and "\n" not in source:
            again = root(f"- {source}\n")
            assert isinstance(again, Sequence)
            assert isinstance(item := again.items[0], Scalar)
            assert (item.value, item.plain) == (node.value, node.plain)


def test_the_recursion_limit_is_never_the_judge() -> None:
    assert sys.getrecursionlimit() / 4 > reader.MAX_DEPTH
