"""What is emitted is read back as the same value by other readers of the format: PyYAML, compose-go, a shell."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from scaffold.errors import ScaffoldError
from scaffold.generate.emit import to_json, to_shell_word, to_yaml
from scaffold.model.environment import quoted

TEXT = st.text(st.characters(blacklist_categories=["Cs"]))
WORDS = [
    "on",
    "off",
    "yes",
    "No",
    "y",
    "n",
    "true",
    "null",
    "~",
    "",
    "08",
    "0o17",
    "1_000",
    "12:30",
    "1e3",
    ".5",
    "0x1F",
    "1.0",
]
AWKWARD = [
    "{{ $labels.x }}",
    "${X:-y}",
    "a: b",
    "- a",
    "# a",
    "a #b",
    "'",
    '"',
    "a\n\nb\n",
    "  a",
    "a\tb",
    "@a",
    "%a",
    "!a",
    "&a",
    "*a",
]


@settings(max_examples=40, deadline=None)
@given(st.recursive(TEXT, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=8))
def test_yaml_is_read_back_as_it_was(value: object) -> None:
    assert yaml.safe_load(to_yaml(value)) == value


@pytest.mark.parametrize("word", [*WORDS, *AWKWARD])
def test_a_text_stays_a_text(word: str) -> None:
    assert yaml.safe_load(to_yaml({"key": word, word: 1})) == {"key": word, word: 1}


def test_compose_go_reads_the_same_environment(tmp_path: Path, require_tool: Callable[[str], str]) -> None:
    environment = {f"V{index}": text for index, text in enumerate([*WORDS, "'", '"', "a: b", "# a", "a\nb", "  a", "- a"])}
    (tmp_path / "compose.yaml").write_text(to_yaml({"services": {"a": {"image": "a", "environment": environment}}}))
    done = subprocess.run([require_tool("compose-go-config")], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["services"]["a"]["environment"] == environment


class _PyYaml(yaml.SafeDumper):
    """PyYAML's own layout, with lists indented below their key and lines of texts as a block."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, data: object) -> bool:
        return True


def _as_a_block(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text.rstrip("\n") and not re.search(r" \n|\A[ \n]", text) else '"' if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_PyYaml.add_representer(str, _as_a_block)
LINES = st.text("abMé -:#'\"{}[],?*&!|>%@`=./\n", max_size=12) | st.text("ab", min_size=115, max_size=130)
"""Texts that no reader takes for a number, a date or a word such as `on`."""
SCALARS = LINES | st.integers() | st.booleans() | st.none() | st.floats()


@settings(max_examples=150, deadline=None)
@given(
    st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(LINES | st.integers(), inner, max_size=3))
)
def test_the_layout_is_that_of_pyyaml(value: object) -> None:
    reference = yaml.dump(value, Dumper=_PyYaml, sort_keys=False, default_flow_style=False, allow_unicode=True, width=1_000_000)
    assert to_yaml(value) == reference.removesuffix("...\n")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": "x\ny"}, "a: |-\n  x\n  y\n"),
        ({"a": ["x\n\n  y\n"]}, "a:\n  - |\n    x\n\n      y\n"),
        ({"a": "x\ny\n\n", "b": 1}, "a: |+\n  x\n  y\n\nb: 1\n"),
        ({"a": [["x"], {"b": {}, "c": []}]}, "a:\n  - - x\n  - b: {}\n    c: []\n"),
        # A line separator ends a line for some readers of YAML only: a block would change the text for the others.
        ({"a": "x\n\u2028y"}, 'a: "x\\n\\Ly"\n'),
    ],
)
def test_lines_of_a_text_are_a_block_where_every_reader_sees_the_same(value: object, expected: str) -> None:
    assert to_yaml(value) == expected


@pytest.mark.parametrize("value", [{"a": object()}, [Path("a")]])
def test_what_is_no_data_is_refused(value: object) -> None:
    with pytest.raises(yaml.YAMLError):
        to_yaml(value)


def test_lists_are_indented_and_nothing_is_aliased() -> None:
    shared = ["a"]
    assert to_yaml({"x": shared, "z": shared}) == "x:\n  - a\nz:\n  - a\n"


def test_a_header_is_a_comment_on_every_line() -> None:
    assert to_yaml({"a": 1}, "first\n\nsecond\x07") == "# first\n#\n# second\na: 1\n"


def test_json_refuses_what_json_has_not() -> None:
    assert json.loads(to_json({"a": "é"})) == {"a": "é"}
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json(float("nan"))


ENV_TEXTS = [
    "",
    "plain",
    "two words",
    "a#b",
    "a #b",
    "$HOME",
    "${X}",
    "it's",
    'say "no"',
    "back\\slash",
    "a\nb",
    "=",
    "'$a'",
    " a ",
]


def test_compose_go_reads_the_same_env_file(tmp_path: Path, require_tool: Callable[[str], str]) -> None:
    # A template has one line for each value: those of several lines stand in no template.
    entries = {f"V{index}": text for index, text in enumerate(ENV_TEXTS) if "\n" not in text}
    (tmp_path / "app.env").write_text("".join(f"{name}={quoted(text)}\n" for name, text in entries.items()))
    (tmp_path / "compose.yaml").write_text(to_yaml({"services": {"a": {"image": "a", "env_file": ["app.env"]}}}))
    done = subprocess.run([require_tool("compose-go-config")], cwd=tmp_path, capture_output=True, text=True, check=True)
    # The canonical form doubles every dollar, so that it can be read as a compose file again.
    read = {name: value.replace("$$", "$") for name, value in json.loads(done.stdout)["services"]["a"]["environment"].items()}
    assert read == entries


def test_nul_is_refused() -> None:
    with pytest.raises(ScaffoldError, match="NUL"):
        to_shell_word("a\x00b")


@pytest.mark.parametrize("text", [*ENV_TEXTS, "`id`", "$(id)", "a;b", "*", "~", "-n"])
def test_a_shell_reads_one_word(text: str) -> None:
    done = subprocess.run(["sh", "-c", f"printf %s {to_shell_word(text)}"], capture_output=True, text=True, check=True)
    assert done.stdout == text
