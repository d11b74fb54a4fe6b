"""The folders of a Java package say nothing about what the code below them is for."""

from __future__ import annotations

import pytest

from scaffold.gaps.facts import is_test_path
from scaffold.model.java_packages import without_package
from scaffold.read.paths import is_documentation, is_excluded


@pytest.mark.parametrize(
    ("path", "is_test"),
    [
        ("src/main/java/com/example/demo/UserController.java", False),
        ("server/src/main/kotlin/org/example/Main.kt", False),
        ("src/test/java/com/acme/UserTest.java", True),
        ("examples/src/main/java/com/acme/Main.java", True),
        ("example/Main.java", True),
    ],
)
def test_a_package_is_no_folder_of_examples(path: str, is_test: bool) -> None:
    assert is_test_path(path) is is_test


def test_the_path_without_its_package() -> None:
    assert without_package("api/src/main/java/com/example/Main.java") == "api/src/main/java/Main.java"
    assert without_package("app/main.py") == "app/main.py"


def test_code_in_the_package_of_a_generator_is_read() -> None:
    assert not is_excluded("src/main/java/com/example/shop/Main.java")
    assert is_excluded("example/src/main/java/com/acme/Main.java")


def test_a_package_called_docs_is_code() -> None:
    assert not is_documentation("web/src/main/java/com/acme/docs/rest/Users.java")
    assert is_documentation("docs/src/main.py")
