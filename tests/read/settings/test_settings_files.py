"""Settings files of Spring Boot and .NET: which keys, places and profiles come out, and which files are read at all."""

from __future__ import annotations

import pytest

from scaffold.model.secrets import SecretClass
from scaffold.read.application import is_application_code
from scaffold.read.settings_files import read_settings_file

RESOURCES = "src/main/resources"


def found(path: str, text: str) -> list[tuple[str, str, str, int]]:
    """Return name, kind, profile and line of every setting that holds a credential."""
    settings = read_settings_file(path, text).settings
    return [(item.name, item.kind, item.profile, item.location.line) for item in settings if item.value is not None]


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        (f"{RESOURCES}/application.yml", True),
        (f"api/{RESOURCES}/config/application-prod.properties", True),
        (f"{RESOURCES}/bootstrap.yaml", True),
        ("src/Shop/appsettings.Production.json", True),
        ("src/test/resources/application.yml", False),
        ("tests/Shop/appsettings.json", False),
        ("helm/application.yaml", False),
        (f"{RESOURCES}/messages.properties", False),
    ],
)
def test_which_files_are_settings(path: str, wanted: bool) -> None:
    assert is_application_code(path) is wanted


def test_properties_with_both_separators_comments_and_lines_that_go_on() -> None:
    text = (
        "# a.password=commented\n"
        "! b.password=commented\n"
        "c.password = first one\n"
        "d.password: canary\n"
        "e.password=can\\\n"
        "   f.password=ary\n"
        "g.password=${G_PASSWORD}\n"
        "h.password=ENC(abcdef)\n"
        "i.secret-key\tcanary\r\n"
    )
    path = f"{RESOURCES}/application.properties"
    assert found(path, text) == [("d.password", "property", "", 4), ("i.secret-key", "property", "", 9)]
    assert [(read.name, read.required) for read in read_settings_file(path, text).reads] == [("G_PASSWORD", True)]


def test_documents_of_one_file_have_profiles_of_their_own() -> None:
    yaml = "a: {password: canary-1}\n---\nspring: {config: {activate: {on-profile: 'prod & eu'}}}\na: {password: canary-2}\n"
    path = f"{RESOURCES}/application.yml"
    assert found(path, yaml) == [("a.password", "property", "", 1), ("a.password", "property", "prod & eu", 4)]
    properties = "a.password=canary-1\n#---\nspring.config.activate.on-profile=test\na.password=canary-2\n"
    assert found(path.replace("yml", "properties"), properties) == [
        ("a.password", "property", "", 1),
        ("a.password", "property", "test", 4),
    ]
    assert found(f"{RESOURCES}/application-dev.yml", "a: {password: canary}\n") == [("a.password", "property", "dev", 1)]


def test_defaults_of_placeholders_are_those_of_variables() -> None:
    text = "a: ${A_PASSWORD:canary}\nb: {password: '${B:canary}', other: '${C:8080}', d: '${D_SECRET:}'}\n"
    reading = read_settings_file(f"{RESOURCES}/application.yml", text)
    assert [(item.name, item.kind) for item in reading.settings if item.value is not None] == [
        ("A_PASSWORD", "getenv"),
        ("B", "getenv"),
    ]
    assert [(read.name, read.required) for read in reading.reads] == [
        ("A_PASSWORD", False),
        ("B", False),
        ("C", False),
        ("D_SECRET", False),
    ]


@pytest.mark.parametrize(
    ("server", "is_told"),
    [
        ("Server=db;Password=canary", True),
        ("Host=tcp:db.shop.test,1433;Pwd=canary", True),
        ("Server=localhost;Password=canary", False),
        ("Data Source=(localdb)\\\\v11;Password=canary", False),
        ("Data Source=.\\\\SQLEXPRESS;Password=canary", False),
        ("Server=db;Integrated Security=true", False),
        ("postgres://app:canary@db/shop", True),
        ("postgres://app:canary@127.0.0.1/shop", False),
    ],
)
def test_connection_strings_of_another_host_alone(server: str, is_told: bool) -> None:
    text = f'{{"ConnectionStrings": {{"Shop": "{server}"}}}}'
    assert found("appsettings.json", text) == ([("ConnectionStrings:Shop", "property", "", 1)] if is_told else [])


def test_json_with_comments_lists_and_mistakes() -> None:
    text = (
        '\ufeff{ // "Password": "no"\n'
        '  /* "Secret": "no" */\n'
        '  "List": ["Password", {"Host": "mq", "Password": "canary"}],\n'
        '  "Password": 5, "Secret": null, "Url": "http://x//y",\n'
        '  "Jwt": {"Key": "canary-key", "SigningKey": "canary"},,\n'
    )
    assert found("appsettings.json", text) == [
        ("List:Password", "property", "", 3),
        ("Jwt:Key", "property", "", 5),
        ("Jwt:SigningKey", "property", "", 5),
    ]
    assert found("appsettings.json", '{"A":' * 5000) == []


def test_a_password_beside_a_local_address_stays_on_the_machine() -> None:
    text = "a: {host: localhost, password: canary}\nb: {url: 'jdbc:h2:mem:shop', password: canary}\nc: {host: '${H:localhost}', password: canary}\n"
    assert found(f"{RESOURCES}/application.yml", text) == [("c.password", "property", "", 3)]


def test_a_class_is_kept_and_the_value_does_not_show() -> None:
    reading = read_settings_file("appsettings.json", '{"Mail": {"Password": "changeme"}}')
    assert reading.settings[0].value_class is SecretClass.PLACEHOLDER
    assert "changeme" not in repr(reading)
