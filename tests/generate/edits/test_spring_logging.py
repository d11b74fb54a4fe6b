"""Spring Boot's own JSON format, set where its settings are: other settings, comments and line ends stay."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from scaffold.app.examination import Place, examine
from tests.generate.edits.test_logging_edits import edit

Make = Callable[..., Path]
POM = """\
<project>
  <parent>
    <groupId>org.springframework.boot</groupId>
    <artifactId>spring-boot-starter-parent</artifactId>
    <version>VERSION</version>
  </parent>
  <artifactId>shop</artifactId>
  <dependencies>
    <dependency><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-web</artifactId></dependency>
  </dependencies>
</project>
"""
FILES = {
    "compose.yaml": "services:\n  shop:\n    build: .\n    ports: ['8080:8080']\n",
    "Dockerfile": 'FROM eclipse-temurin:21\nCOPY target/shop.jar /shop.jar\nCMD ["java", "-jar", "/shop.jar"]\n',
    "pom.xml": POM.replace("VERSION", "3.4.1"),
    "src/main/java/Shop.java": "class Shop {}\n",
}
SETTINGS = "src/main/resources/application.yml"


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    "text",
    [
        "server:\n  port: 8080 # ours\n",
        "server:\n  port: 8080",
        "logging:\n    level:\n        root: INFO\nserver:\n  port: 8080\n",
        "# all\nspring: {application: {name: shop}}\n\n---\nspring:\n  config:\n    activate:\n      on-profile: dev\n",
    ],
)
def test_the_format_is_set_beside_the_other_settings(make_project: Make, text: str, line_end: str) -> None:
    before = text.replace("\n", line_end)
    root = make_project({**FILES, SETTINGS: before})
    edit(root, "LOG001")
    after = (root / SETTINGS).read_bytes().decode()
    assert after.count("\r\n") in {0, after.count("\n")}
    first, *others = yaml.safe_load_all(after)
    expected, *rest = yaml.safe_load_all(before)
    assert first.pop("logging") == {**expected.pop("logging", {}), "structured": {"format": {"console": "ecs"}}}
    assert first == expected
    assert others == rest
    assert [line for line in before.splitlines() if line not in after.splitlines()] == []


def test_properties_and_gradle(make_project: Make) -> None:
    files = {key: value for key, value in FILES.items() if key != "pom.xml"}
    gradle = 'plugins {\n  id("org.springframework.boot") version "3.5.0"\n}\ndependencies {\n  implementation("org.springframework.boot:spring-boot-starter-web")\n}\n'
    path = "src/main/resources/application.properties"
    root = make_project({**files, "build.gradle.kts": gradle, path: "server.port=8080"})
    edit(root, "LOG001")
    assert (root / path).read_text() == "server.port=8080\nlogging.structured.format.console=ecs\n"


def log_gaps(root: Path) -> list[str]:
    return [
        closer.text or closer.kind
        for gap in examine(Place(root)).judgement.open
        if gap.code == "LOG001"
        for closer in gap.closes
    ]


@pytest.mark.parametrize(("version", "said"), [("3.3.4", "3.3 has none"), ("2.7.18", "2.7 has none"), ("${boot}", "not known")])
def test_an_older_version_is_said(make_project: Make, version: str, said: str) -> None:
    root = make_project({**FILES, "pom.xml": POM.replace("VERSION", version), SETTINGS: "server:\n  port: 8080\n"})
    (text,) = log_gaps(root)
    assert "From Spring Boot 3.4 on" in text
    assert said in text
    edit(root, "LOG001")
    assert (root / SETTINGS).read_text() == "server:\n  port: 8080\n"


@pytest.mark.parametrize(
    "changed",
    [
        {"src/main/resources/logback-spring.xml": "<configuration/>\n"},
        {SETTINGS: "logging:\n  structured:\n    format:\n      console: logstash\n"},
        {"compose.yaml": FILES["compose.yaml"] + "    environment: {LOGGING_STRUCTURED_FORMAT_CONSOLE: ecs}\n"},
    ],
)
def test_a_logging_of_its_own_is_left_alone(make_project: Make, changed: dict[str, str]) -> None:
    assert log_gaps(make_project({**FILES, SETTINGS: "server:\n  port: 8080\n", **changed})) == []
