"""What of Rust code only tests compile."""

from __future__ import annotations

import time

import pytest

from scaffold.read.other_code import read_other_code
from scaffold.read.rust_tests import is_compiled_for_tests_alone, without_tests

CODE = """
fn first<'a>(text: &'a str) -> char { '}' }
#[cfg(test)]
#[allow(dead_code)]
mod tests {
    const KEY: &str = "} gone \\" {";
    const RAW: &str = r#"} "gone" "#; // }
    /* } */ fn quote() -> char { let _ = '"'; '\\'' }
    fn gone() {}
}
fn kept() {}
#[cfg(all(test, feature = "x"))] use gone::{other};
#[cfg(test)] const GONE: &[u8] = &[1, 2];
#[tokio::test(flavor = "multi_thread")]
async fn gone_too() { assert!(true); }
#[cfg(any(test, feature = "mock"))]
fn kept_too() {}
"""


def test_items_behind_the_mark_are_left_out() -> None:
    bare = without_tests(CODE)
    assert len(bare) == len(CODE)
    assert bare.count("\n") == CODE.count("\n")
    assert "gone" not in bare.lower()
    assert all(f"fn {name}" in bare for name in ("first", "kept", "kept_too"))
    assert without_tests("#![cfg(test)]\nfn gone() {}\n").strip() == ""
    assert without_tests("fn kept() {}\n") == "fn kept() {}\n"


def test_settings_of_tests_are_none_of_the_program() -> None:
    read = 'std::env::var("{}").unwrap_or("{}".to_string())'
    code = f"fn main() {{ {read.format('PORT', '80')} }}\n#[cfg(test)]\nmod tests {{ fn a() {{ {read.format('KEY', 'secret')} }} }}\n"
    assert {item.name for item in read_other_code("src/main.rs", code).settings} == {"PORT"}


@pytest.mark.parametrize(
    ("path", "files", "alone"),
    [
        ("src/keys.rs", {"src/lib.rs": "mod a;\n#[cfg(test)]\nmod keys;\n"}, True),
        ("src/keys.rs", {"src/lib.rs": "#[cfg(test)]\nmod a;\nmod keys;\n"}, False),
        ("src/keys.rs", {"src/lib.rs": "#[cfg(test)]\nmod keys;\n", "src/main.rs": "fn main() {}\n"}, True),
        ("src/keys/mod.rs", {"src/main.rs": "#[cfg(test)] pub(crate) mod keys;\n"}, True),
        ("src/a/keys.rs", {"src/a.rs": "#[cfg(test)]\n#[allow(x)]\nmod keys;\n"}, True),
        ("src/a/keys.rs", {"src/a/mod.rs": "mod keys;\n", "src/lib.rs": "#[cfg(test)]\nmod a;\n"}, True),
        ("src/a/keys.rs", {"src/a/mod.rs": "mod keys;\n", "src/lib.rs": "mod a;\n"}, False),
        ("src/made_up.rs", {"src/lib.rs": '#[cfg(test)]\n#[path = "made_up.rs"]\nmod keys;\n'}, True),
        ("src/keys.rs", {}, False),
        ("keys.rs", {"lib.rs": "#[cfg(test)] mod keys;"}, True),
    ],
)
def test_files_that_only_tests_compile(path: str, files: dict[str, str], alone: bool) -> None:
    assert is_compiled_for_tests_alone(path, files.get) is alone


@pytest.mark.parametrize(
    "piece", ["#[cfg(test)]", "#[cfg(test)] mod {", '#[test]"', '#[cfg(test)]r#"', "#[test]'", "mod a;", '\\"']
)
def test_long_hostile_texts_end_soon(piece: str) -> None:
    text = "#[cfg(test)]" + piece * 20_000
    start = time.monotonic()
    without_tests(text)
    is_compiled_for_tests_alone("src/a.rs", lambda _: text)
    assert time.monotonic() - start < 5
