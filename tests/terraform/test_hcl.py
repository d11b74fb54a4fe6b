"""The HCL writer: what `terraform fmt` would write, and text that comes back as it went in."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from terraform.hcl import Attribute, Block, Code, quote, scalar, split_template, write_assignments, write_file
from terraform.resource import Stack
from terraform.values import Expression, JsonDocument, join, synthesise
from tests.terraform import support

HOSTILE = [
    "${var.region}",
    "$${var.region}",
    "$$${x}",
    "$",
    "$$",
    "a$",
    "%{ if true }",
    "%%{",
    "%",
    '"',
    "\\",
    "\\n",
    "\n",
    "\r\n",
    "\t",
    '"}\nresource "aws_iam_user" "x" {}\n',
    "<<EOT\nx\nEOT",
    "# comment",
    "/* x */",
    "{{ .Values.x }}",
    "$(whoami)",
    "`id`",
    "${TfToken[TOKEN.0]}",
    "#{TfToken[TOKEN.0]}",
    "&{TfToken[TOKEN.0]}",
    "TfToken[TOKEN.1]",
    "\u2028\u200b\u202e\ufeff",
    "e\u0301",
    "日本語 🐘",
    "\x1b[31m",
    "",
    " ",
    "${",
    "}",
    "${${",
    "-1.8881545897087500e+289",
]

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.lists(
    st.sampled_from(["$", "{", "}", "%", '"', "\\", "\n", "x", "${", "%{", "~"]), max_size=8
).map("".join)
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**50), 2**50) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


def outputs(values: dict[str, Any]) -> str:
    return write_file(Block("output", (name,), (Attribute("value", synthesise(value)),)) for name, value in values.items())


def normal(value: Any) -> Any:
    """Terraform keeps strings in Unicode's normal form C, and an object's absent values are ours to leave out."""
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, dict):
        return {normal(key): normal(item) for key, item in value.items() if item is not None}
    return [normal(item) for item in value] if isinstance(value, list) else value


def evaluated(program: str, folder: Path, text: str) -> dict[str, Any]:
    """What Terraform makes of a file of outputs."""
    support.write({"main.tf": text}, folder)
    support.terraform(program, folder, "fmt", "-check", "-diff", "-no-color")
    support.terraform(program, folder, "apply", "-auto-approve", "-no-color")
    document = json.loads(support.terraform(program, folder, "output", "-json").stdout)
    return {name: entry["value"] for name, entry in document.items()}


def test_text_is_data(terraform: str, tmp_path: Path) -> None:
    values = {f"t{index}": text for index, text in enumerate(HOSTILE)}
    joined = {f"j{index}": join(text, Expression('"-"'), text) for index, text in enumerate(HOSTILE)}
    keys = {f"k{index}": {text: 1} for index, text in enumerate(HOSTILE)}
    found = evaluated(terraform, tmp_path, outputs({**values, **joined, **keys}))
    for index, text in enumerate(HOSTILE):
        assert found[f"t{index}"] == normal(text)
        assert found[f"j{index}"] == normal(f"{text}-{text}")
        assert found[f"k{index}"] == {normal(text): 1}


def test_text_is_data_through_cdktn_too(tmp_path: Path) -> None:
    """Hostile text passes the constructs unchanged: cdktn's own markers in it are not taken for cdktn's."""
    support.main.use_bundled_node()
    stack = Stack(str(tmp_path))
    for index, text in enumerate(HOSTILE):
        stack.resource("kms.tf", "aws_kms_key", f"k{index}", {"description": text, "tags": {text or "-": text}})
        stack.output("outputs.tf", f"o{index}", text, {text: [text]})
        stack.local("locals.tf", f"l{index}", text)
    document = stack.synthesise()
    for index, text in enumerate(HOSTILE):
        key = document["resource"]["aws_kms_key"][f"k{index}"]
        assert split_template(key["description"]) == [text]
        assert key["tags"] == synthesise({text or "-": text})
        assert document["output"][f"o{index}"]["value"] == synthesise({text: [text]})
        assert document["locals"][f"l{index}"] == synthesise(text)


def batch(strategy: st.SearchStrategy[Any], count: int) -> list[Any]:
    """As many values as asked for: Terraform takes half a second to start, so one run judges them all."""
    values: list[Any] = []

    @settings(
        max_examples=count, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    @given(strategy)
    def collect(value: Any) -> None:
        values.append(value)

    collect()
    return values


def test_any_value_comes_back_and_is_formatted(terraform: str, tmp_path: Path) -> None:
    named = {f"v{index}": value for index, value in enumerate(batch(VALUE, 400)) if value is not None}
    found = evaluated(terraform, tmp_path, outputs(named))
    for name, value in named.items():
        assert normal(found[name]) == normal(value)


def test_blocks_are_formatted(terraform: str, tmp_path: Path) -> None:
    """Bodies of attributes and nested blocks, with comments and JSON text, are as `terraform fmt` wants them."""
    values = batch(st.dictionaries(st.from_regex(r"[a-z_]{1,12}", fullmatch=True), VALUE, max_size=6), 200)
    bodies = [tuple(Attribute(name, synthesise(value), json_text=True) for name, value in body.items()) for body in values]
    blocks = [
        Block("resource", ("a", f"b{index}"), (*body, Block("nested", (), body), Block("empty")), ("checkov:skip=X:y",))
        for index, body in enumerate(bodies)
    ]
    assignments = {f"v{index}": synthesise(value) for index, value in enumerate(values)}
    support.write({"blocks.tf": write_file(blocks), "inputs.tfvars": write_assignments(assignments)}, tmp_path)
    support.terraform(terraform, tmp_path, "fmt", "-check", "-diff", "-no-color")


def test_references_stand_alone_and_templates_are_quoted() -> None:
    name = Expression("local.name")
    assert scalar(str(synthesise(name))) == "local.name"
    assert scalar(str(synthesise(join(name, "-db")))) == '"${local.name}-db"'
    assert scalar(str(synthesise("local.name"))) == '"local.name"'
    assert scalar(str(synthesise(join("cost: $", name)))) == '"cost: ${"$"}${local.name}"'


def test_expressions_may_hold_braces_and_strings() -> None:
    code = 'join("}", [for k, v in { a = "${x}" } : "${k}}"])'
    assert split_template(f"a${{{code}}}b") == ["a", Code(code), "b"]
    with pytest.raises(ValueError, match="does not end"):
        split_template("${local.name")


def test_documents_become_json_text(terraform: str, tmp_path: Path) -> None:
    policy = {"Statement": [{"Action": "*", "Resource": ["a", "b"]}, {"Action": ["x"]}], "Version": "2012-10-17"}
    block = Block("output", ("policy",), (Attribute("value", synthesise(JsonDocument(policy)), json_text=True),))
    found = evaluated(terraform, tmp_path, write_file([block]))
    assert json.loads(found["policy"]) == policy


def test_characters_that_editors_hide_are_escaped() -> None:
    assert quote("a\u202eb\u200bc\x00") == '"a\\u202eb\\u200bc\\u0000"'
