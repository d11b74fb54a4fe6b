"""Env files: every spelling of the name, every spelling of an entry."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaffold.model.project import EnvFile
from scaffold.read.env_files import read_env_file
from scaffold.read.paths import is_env_file


def parse(text: str, path: str = ".env.example") -> EnvFile:
    return read_env_file(path, text)[0]


@pytest.mark.parametrize(
    ("path", "kind", "environment"),
    [
        (".env", "real", ""),
        (".env.example", "template", ""),
        ("env.example", "template", ""),
        ("env-example-relational", "template", ""),
        ("example.env", "template", ""),
        (".env.sample", "template", ""),
        (".env.template", "template", ""),
        ("config/.env.dist", "template", ""),
        (".env.production.example", "template", "production"),
        (".env.prod", "real", "production"),
        (".env.staging", "real", "staging"),
        (".env.test", "real", "test"),
        ("docker.env", "real", ""),
        ("env/production.env", "real", "production"),
        (".envs/.production/.postgres.env", "real", "production"),
        (".env.local", "real", "dev"),
    ],
)
def test_kind_and_environment_by_name(path: str, kind: str, environment: str) -> None:
    assert is_env_file(path)
    found = parse("A=1\n", path)
    assert (found.kind, found.environment) == (kind, environment)


@pytest.mark.parametrize(
    "path", ["env.py", "src/environment.ts", ".envrc.md", "env.example.ts", "environment.yml", "config.yaml", "events"]
)
def test_other_files_are_no_env_files(path: str) -> None:
    assert not is_env_file(path)


def test_entries_as_compose_reads_them() -> None:
    found = parse(
        "# Settings\n"
        "PLAIN=value # a remark\n"
        "export SHELL_STYLE='single # kept'\n"
        'DOUBLE="a \\"b\\" # c"\n'
        "EMPTY=\n"
        "HASH=a#b\n"
        "SPACED = x \n"
        "no entry here\n"
    )
    assert [(entry.name, entry.value, entry.location.line) for entry in found.entries] == [
        ("PLAIN", "value", 2),
        ("SHELL_STYLE", "single # kept", 3),
        ("DOUBLE", 'a "b" # c', 4),
        ("EMPTY", "", 5),
        ("HASH", "a#b", 6),
        ("SPACED", "x", 7),
    ]


def test_commented_keys_count_and_sentences_do_not() -> None:
    found = parse("#SENTRY_DSN=\n# REDIS_URL=redis://cache\n# Set DEBUG=true for development.\n# note = nothing\n")
    assert [(entry.name, entry.commented) for entry in found.entries] == [("SENTRY_DSN", True), ("REDIS_URL", True)]


def test_the_entry_that_counts_is_the_last_uncommented_one() -> None:
    found = parse("A=1\n#A=2\nA=3\n# B=4\n")
    first, second = found.entry("A"), found.entry("B")
    assert first is not None
    assert second is not None
    assert (first.value, second.value, second.commented) == ("3", "4", True)
    assert found.entry("C") is None


def test_a_quoted_value_over_several_lines() -> None:
    found = parse('KEY="one\ntwo"\nNEXT=1\n')
    assert [(entry.name, entry.value, entry.location.line) for entry in found.entries] == [
        ("KEY", "one\ntwo", 1),
        ("NEXT", "1", 3),
    ]


def test_a_quote_that_never_closes_ends_with_its_line() -> None:
    assert [entry.name for entry in parse("A='open\nB=2\n").entries] == ["A", "B"]


def test_windows_line_ends_and_a_byte_order_mark() -> None:
    found = parse("\ufeffA=1\r\nB='2'\r\n")
    assert [(entry.name, entry.value) for entry in found.entries] == [("A", "1"), ("B", "2")]


def test_values_stay_out_of_what_is_printed() -> None:
    assert "obviously-fake" not in repr(parse("TOKEN=obviously-fake\n"))


@given(st.text(alphabet=st.sampled_from("AB=#'\"\\ \n\r\texport:\ufeff\x0c"), max_size=120) | st.text(max_size=120))
def test_any_text_is_read_with_places_inside_it(text: str) -> None:
    lines = text.split("\n")
    for entry in parse(text).entries:
        assert 1 <= entry.location.line <= len(lines)
        assert 1 <= entry.location.column <= len(lines[entry.location.line - 1]) + 1
