"""What the first lines of a compose file call it."""

from __future__ import annotations

import pytest

from scaffold.model.names import EnvironmentClass
from scaffold.read.stacks import assemble
from scaffold.read.titles import class_of_title
from tests.read.stacks.test_stacks import ALONE, BASE, Texts

PROD, DEV, TEST, EXAMPLE = (
    EnvironmentClass.PRODUCTION,
    EnvironmentClass.DEV,
    EnvironmentClass.TEST,
    EnvironmentClass.EXAMPLE,
)


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        ("# Docker Compose for API development\n# Usage: docker compose -f a.yml up\n", DEV),
        ("# Development Tools Docker Compose Configuration\n", DEV),
        ("# ======\n# Shop Full Stack Development Environment\n# ======\n", DEV),
        ("# Shop — Development Docker Compose\n", DEV),
        ("# for local testing only\n", DEV),
        ("# Convenience Postgres for local development.\n", DEV),
        ("# Local dev overrides, so that ports do not clash\n", DEV),
        ("version: '3.8'\n\n# Development docker-compose: hot reload, no auth required\n", DEV),
        ("# Services for local development and testing\n", DEV),
        ("# Test stack for the E2E tests\n", TEST),
        ("# Demo environment with seeded data\n", EXAMPLE),
        ("# Production stack: Django, PostgreSQL, Nginx\n", PROD),
        ("# Production-ready Docker Compose configuration\n", PROD),
        ("# Shop production Docker Compose (nginx on the host)\n", PROD),
        ("## overrides for production\n", PROD),
        ("# The compose file of the shop.\n# For local development.\n", DEV),
    ],
)
def test_a_title_says_what_the_file_is_for(head: str, kind: EnvironmentClass) -> None:
    assert class_of_title(head + BASE) is kind


@pytest.mark.parametrize(
    "head",
    [
        "",
        "# Not for development\n",
        "# Never use this stack in production\n",
        "# This is no production setup\n",
        "# For development and production\n",
        "# Production-like environment\n",
        "# Differences from the development stack:\n",
        "# For production use docker-compose.prod.yml\n",
        "# See the development stack for the ports\n",
        "# Business development platform\n",
        "# Shared services\n# of the company\n# For local development\n",
        "# For the users of the test results page\n",
        "# Monitoring\n\n# For local development: see below\n",
        "services: {}\n# For local development\n",
    ],
)
def test_a_line_that_denies_compares_or_speaks_of_something_else_is_no_title(head: str) -> None:
    assert class_of_title(head + ALONE) is None


def classes(files: dict[str, str]) -> dict[str, str]:
    return {stack.id: stack.environment.value for stack in assemble(files, Texts(files))[1]}


def test_a_file_of_another_name_is_what_its_first_lines_say() -> None:
    tools = "# Development tools\nservices: {admin: {image: adminer, networks: [back]}}\n"
    files = {"compose.yaml": BASE, "compose.api.yml": "# For API development\n" + ALONE, "compose.tools.yml": tools}
    assert classes(files) == {"base": "base", "api": "dev", "tools": "dev"}


def test_the_name_counts_more_than_the_first_lines() -> None:
    assert classes({"compose.prod.yml": "# Development stack\n" + ALONE}) == {"prod": "production"}


def test_the_folder_of_examples_counts_more_than_a_title_of_production() -> None:
    assert classes({"examples/compose.full.yml": "# Production stack\n" + ALONE}) == {"examples/full": "example"}


def test_a_base_is_for_development_where_its_folder_has_a_production_file() -> None:
    base = "# Development stack\n" + BASE
    assert classes({"compose.yaml": base}) == {"base": "base"}
    assert classes({"compose.yaml": base, "compose.prod.yml": ALONE}) == {"base": "dev", "prod": "production"}


def test_a_base_is_production_where_its_first_lines_say_so_and_no_file_is_named_for_it() -> None:
    base = "# Production stack\n" + BASE
    assert classes({"compose.yaml": base}) == {"base": "production"}
    assert classes({"compose.yaml": base, "compose.prod.yml": ALONE}) == {"base": "base", "prod": "production"}
