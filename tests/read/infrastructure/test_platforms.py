"""A platform is one that something deploys to: a Procfile or an app.json alone shows none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.read.project import read_project

APP = {"docker-compose.yml": "services:\n  api:\n    build: .\n", "Procfile": "web: gunicorn shop.wsgi\n"}
WORKFLOW = "on: push\njobs:\n  ship:\n    runs-on: ubuntu-latest\n    steps:\n      - {step}\n"


def kinds(root: Path) -> list[tuple[str, str]]:
    return [(item.path, item.kind) for item in read_project(root).infrastructure]


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        ({}, "heroku"),
        ({"README.md": "# Shop\n\nA demo runs at shop-test.herokuapp.com.\n"}, "heroku"),
        ({"README.md": "# Shop\n\n```sh\ngit push -f heroku main\n```\n"}, "paas"),
        ({"README.md": "# Shop\n\n```sh\nheroku create shop\n```\n"}, "paas"),
        ({".github/workflows/d.yml": WORKFLOW.format(step="uses: akhileshns/heroku-deploy@v3.14.15")}, "paas"),
        ({".github/workflows/d.yml": WORKFLOW.format(step="run: git push dokku main")}, "paas"),
        ({".github/workflows/d.yml": WORKFLOW.format(step="run: git push origin main")}, "heroku"),
    ],
)
def test_a_procfile_is_a_platform_where_something_deploys(
    files: dict[str, str], kind: str, make_project: Callable[..., Path]
) -> None:
    assert kinds(make_project({**APP, **files})) == [("Procfile", kind)]


def test_app_engine_is_told_by_its_runtime(make_project: Callable[..., Path]) -> None:
    files = {"docker-compose.yml": APP["docker-compose.yml"], "app.yaml": "runtime: python313\n", "web/app.yaml": "name: x\n"}
    assert kinds(make_project(files)) == [("app.yaml", "paas")]


def test_templates_that_tests_read_are_no_infrastructure(make_project: Callable[..., Path]) -> None:
    template = "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n  B: {Type: 'AWS::S3::Bucket'}\n"
    files = {"docker-compose.yml": APP["docker-compose.yml"], "infra/a.yaml": template, "unittests/scans/b.yaml": template}
    assert kinds(make_project(files)) == [("infra/a.yaml", "cloudformation")]
