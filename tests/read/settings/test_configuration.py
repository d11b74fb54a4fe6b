"""scaffold.yaml: what it may say, how each mistake is told, and that the schema for editors says the same."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scaffold
from scaffold.errors import UsageError
from scaffold.model.configuration import Configuration, Ignore
from scaffold.model.names import Layer, Role, Severity
from scaffold.read.configuration import read_configuration
from scaffold.read.yaml import parse_documents

SCHEMA = json.loads((Path(scaffold.__file__).parent / "schemas" / "configuration.schema.json").read_text(encoding="utf-8"))
FULL = """\
project: shop
region: eu-central-1
compute: ecs
redis: memorydb
environments: [staging, production]
roles:
  api: web
ports:
  api: 8000
ignore:
  - rule: CMP001
    reason: The worker retries.
    resource: base/worker
    until: 2027-01-31
external: [iac, logging]
severity:
  DOC001: info
limits:
  yaml_bytes: 1048576
production: [docker-compose.yml, ./ops/prod.yaml]
blueprints: ./ops/blueprints/
"""


def test_an_absent_or_empty_file_means_the_defaults() -> None:
    for text in ("", "# nothing\n", "---\n", "{}\n"):
        assert read_configuration("scaffold.yaml", text) == Configuration()


def test_every_key() -> None:
    assert read_configuration("scaffold.yaml", FULL) == Configuration(
        project="shop",
        region="eu-central-1",
        compute="ecs",
        redis="memorydb",
        environments=("staging", "production"),
        roles=(("api", Role.WEB),),
        ports=(("api", 8000),),
        ignores=(Ignore("CMP001", "The worker retries.", resource="base/worker", until="2027-01-31"),),
        external=frozenset({Layer.IAC, Layer.LOGGING}),
        severities=(("DOC001", Severity.INFO),),
        production=("docker-compose.yml", "ops/prod.yaml"),
        blueprints="ops/blueprints",
        max_yaml_bytes=1048576,
    )


MISTAKES = [
    ("regoin: eu-central-1\n", 1, "unknown key `regoin`", "did you mean `region`?"),
    ("project: shop\nzzz: 1\n", 2, "unknown key `zzz`", "known keys"),
    ("project: [a]\n", 1, "`project` must be a text", ""),
    ("project: 12\n", 1, "`project` must be a text", ""),
    ("project: ''\n", 1, "`project` must be a text", ""),
    ("region: Frankfurt\n", 1, "must look like eu-central-1", ""),
    ("compute: lambda\n", 1, "must be one of eks, ecs", ""),
    ("environments: []\n", 1, "at least one", ""),
    ("environments: [a, a]\n", 1, "each once", ""),
    ("environments: production\n", 1, "must be a list", ""),
    ("environments:\n  - a b\n", 2, "an environment is at most 12 lower-case letters", ""),
    ("roles:\n  api: wbe\n", 2, "must be one of postgres", ""),
    ("ports:\n  api: '80'\n", 2, "whole number from 1 to 65535", ""),
    ("ports:\n  api: 70000\n", 2, "whole number", ""),
    ("ports:\n  api: true\n", 2, "whole number", ""),
    ("ignore:\n  - rule: CMP001\n", 2, "needs the key `reason`", ""),
    ("ignore:\n  - reason: x\n", 2, "needs the key `rule`", ""),
    ("ignore:\n  - rule: cmp1\n    reason: x\n", 2, "must look like CMP001", ""),
    ("ignore:\n  - rule: CMP001\n    reason: x\n    utnil: 2027-01-01\n", 4, "unknown key `utnil`", "`until`"),
    ("ignore:\n  - rule: CMP001\n    reason: x\n    until: 2027-02-30\n", 4, "must be a date", ""),
    ("ignore:\n  rule: CMP001\n", 2, "must be a list", ""),
    ("external: [clouds]\n", 1, "must be one of image", ""),
    ("severity:\n  DOC001: worst\n", 2, "must be one of info", ""),
    ("severity:\n  doc: low\n", 2, "named by its code", ""),
    ("limits:\n  yaml_bytes: 5\n", 2, "whole number from 1024", ""),
    ("limits:\n  yaml: 5\n", 2, "unknown key `yaml` in `limits`", ""),
    ("production: []\n", 1, "at least one", ""),
    ("production: compose.yaml\n", 1, "must be a list", ""),
    ("production: [compose.yaml, compose.yaml]\n", 1, "each once", ""),
    ("production:\n  - ../compose.yaml\n", 2, "compose files of the project", ""),
    ("production:\n  - compose.toml\n", 2, "compose files of the project", ""),
    ("blueprints: ../ours\n", 1, "folder of the project", ""),
    ("blueprints: /etc\n", 1, "folder of the project", ""),
    ("project: a\nproject: b\n", 2, "stands here twice", ""),
    ("- a\n", 1, "must be a mapping", ""),
    ("just text\n", 1, "must be a mapping", ""),
    ("project: a\n---\nproject: b\n", 3, "one YAML document", ""),
    ("project: [\n", 2, "", ""),
]


@pytest.mark.parametrize(("text", "line", "message", "hint"), MISTAKES)
def test_a_mistake_is_told_with_its_line(text: str, line: int, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_configuration("scaffold.yaml", text)
    assert caught.value.where == f"scaffold.yaml:{line}"
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.exit_code == 2


def _plain(text: str) -> object:
    import yaml

    return yaml.safe_load(text)


def test_the_schema_accepts_what_the_reader_accepts() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    value = _plain(FULL)
    assert isinstance(value, dict)
    value["ignore"][0]["until"] = "2027-01-31"
    jsonschema.validate(value, SCHEMA)
    jsonschema.validate(None, SCHEMA)


@pytest.mark.parametrize(
    "text",
    [
        text
        for text, _, message, _ in MISTAKES
        if message
        and "twice" not in message
        and "one YAML" not in message
        and "date" not in message
        and "folder" not in message
    ],
)
def test_the_schema_refuses_what_the_reader_refuses(text: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(_plain(text), SCHEMA)


def test_the_schema_knows_every_field_and_every_word() -> None:
    renamed = {"ignores": "ignore", "severities": "severity", "max_yaml_bytes": "limits"}
    fields = {renamed.get(item.name, item.name) for item in dataclasses.fields(Configuration)}
    properties = SCHEMA["properties"]
    assert set(properties) == fields
    assert properties["roles"]["additionalProperties"]["enum"] == [role.value for role in Role]
    assert properties["external"]["items"]["enum"] == [layer.value for layer in Layer]
    assert properties["severity"]["additionalProperties"]["enum"] == [item.word for item in reversed(Severity)]
    assert properties["limits"]["properties"]["yaml_bytes"]["default"] == Configuration().max_yaml_bytes


_KEYS = st.sampled_from([*SCHEMA["properties"], "rule", "reason", "api"])
_TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["web", "iac", "eks", "CMP001", "2027-01-01", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=15,
)


@given(_TREES)
def test_any_tree_is_accepted_or_refused_with_a_line(tree: object) -> None:
    text = json.dumps(tree, indent=1)
    assert parse_documents("scaffold.yaml", text)[1] == ()
    where = "scaffold.yaml:1"
    try:
        read_configuration("scaffold.yaml", text)
    except UsageError as error:
        where = error.where
    assert 1 <= int(where.rpartition(":")[2]) <= text.count("\n") + 1
