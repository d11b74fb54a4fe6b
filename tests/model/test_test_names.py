"""Files that belong to tests by what their language calls them."""

from __future__ import annotations

import pytest

from scaffold.gaps.facts import is_test_path
from scaffold.model.test_names import is_named_for_tests
from scaffold.read.paths import is_beside_programs, is_test_code


@pytest.mark.parametrize(
    "path",
    [
        "internal/ssh_test.go",
        "crates/auth/src/auth_tests.rs",
        "src/tests.rs",
        "shop/tests.py",
        "Shop.Tests/KeyReader.cs",
        "src/Shop.Api.IntegrationTests/Program.cs",
        "Shop.UnitTest/Keys.cs",
        "src/main_test/OrderServiceTests.cs",
        "app/src/androidTest/java/Login.kt",
        "core/src/testFixtures/java/Keys.java",
        "module/OrderTest.java",
        "module/OrderRepositoryIT.java",
        "module/OrderSpec.scala",
        "web/src/__mocks__/keys.ts",
        "web/src/__fixtures__/keys.json",
        "web/src/tls.test.tsx",
        "web/src/tls.spec.mts",
        "web/login.cy.js",
        "lib/order_spec.rb",
        "ShopTests/Keys.swift",
        "app/OrderControllerTest.php",
        "test/shop/order_test.exs",
    ],
)
def test_files_of_tests(path: str) -> None:
    assert is_named_for_tests(path)
    assert all(known(path) for known in (is_test_path, is_test_code, is_beside_programs))


@pytest.mark.parametrize(
    "path",
    [
        "src/latest/keys.ts",
        "src/contest.py",
        "app/Latest.java",
        "src/main/java/com/shop/SpeedTest.java",
        "src/main/kotlin/Tests/Keys.kt",
        "web/src/spectrum.ts",
        "web/src/testimonials.tsx",
        "Protests/list.cs",
        "EXIT.java",
        "attestation/verify.go",
        "src/inspec/reader.rb",
    ],
)
def test_files_of_programs(path: str) -> None:
    assert not is_named_for_tests(path)
