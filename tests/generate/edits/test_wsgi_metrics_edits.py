"""Edited Flask and Django applications serve metrics under the host name with which a Prometheus of the stack asks."""

from __future__ import annotations

import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import commit_all
from tests.generate.edits.test_logging_edits import answers, edit, free_port, running, wait_for

Make = Callable[..., Path]
COMPOSE = "services:\n  web:\n    build: .\n    ports: ['8000:8000']\n"


def metrics(argv: list[str], root: Path, port: int, path: str, log: Path) -> dict[str, float]:
    """Serve the application, ask it twice, and return the sums of its metrics as Prometheus reads them."""
    with running(argv, root, log):
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/live"), log)
        asked = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Host": "web:8000"})
        with urllib.request.urlopen(asked, timeout=5) as response:
            assert response.headers["Content-Type"].startswith("text/plain; version=")
            families = list(text_string_to_metric_families(response.read().decode()))
    return {item.name: sum(sample.value for sample in item.samples) for item in families}


# --- Flask ------------------------------------------------------------------------------------------------------------

FLASK = """\
from flask import Flask
from prometheus_client import Counter

ORDERS = Counter("orders", "Orders that were placed.")
app = Flask(__name__)


@app.get("/live")
def live() -> str:
    ORDERS.inc()
    return "ok"
"""
FACTORY = '''\
"""The shop."""

import os

from flask import Flask, Response, jsonify
from prometheus_client import Counter
from werkzeug.middleware.proxy_fix import ProxyFix

ORDERS = Counter("orders", "Orders that were placed.")


def create_app():
    app = Flask(__name__)
    app.wsgi_app = ProxyFix(app.wsgi_app)
    app.add_url_rule("/live", "live", live)
    return app


def live():
    ORDERS.inc()
    return jsonify(os.environ.get("NAME", "shop"))
'''
FLASK_FILES = {
    "compose.yaml": COMPOSE,
    "Dockerfile": 'FROM python:3.13-slim\nCOPY . .\nCMD ["gunicorn", "app:app", "--bind", "0.0.0.0:8000"]\n',
    "requirements.txt": "flask\ngunicorn\nprometheus-client\n",
    "app.py": FLASK,
}


def flask(port: int) -> list[str]:
    return [sys.executable, "-m", "flask", "--app", "app", "run", "--port", str(port)]


@pytest.mark.parametrize("text", [FLASK, FACTORY])
def test_flask_with_the_client_library(make_project: Make, tmp_path: Path, text: str) -> None:
    root = make_project({**FLASK_FILES, "app.py": text})
    edit(root, "MET004")
    port = free_port()
    found = metrics(flask(port), root, port, "/metrics", tmp_path / "log")
    assert found["orders"] >= 1


def test_flask_with_the_exporter_that_the_manifest_names(make_project: Make, tmp_path: Path) -> None:
    text = FLASK.replace("from prometheus_client import Counter\n", "").replace(
        'ORDERS = Counter("orders", "Orders that were placed.")\n', ""
    )
    root = make_project({**FLASK_FILES, "requirements.txt": "flask\nprometheus-flask-exporter\n", "app.py": text.replace("    ORDERS.inc()\n", "")})  # fmt: skip
    edit(root, "MET004")
    port = free_port()
    found = metrics(flask(port), root, port, "/metrics", tmp_path / "log")
    assert found["flask_http_request"] >= 1


# --- Django -----------------------------------------------------------------------------------------------------------

SETTINGS = """\
import os

SECRET_KEY = os.environ.get("SECRET_KEY") or os.urandom(32).hex()
ALLOWED_HOSTS = ["web", "127.0.0.1"]
ROOT_URLCONF = "shop.urls"
INSTALLED_APPS = [
    "django.contrib.contenttypes",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
]
"""
URLS = '''\
"""Routes."""

from django.http import HttpResponse
from django.urls import path
from prometheus_client import Counter

ORDERS = Counter("orders", "Orders that were placed.")


def live(request):
    ORDERS.inc()
    return HttpResponse("ok")


urlpatterns = [
    path("live", live),
]
'''
MANAGE = """\
import os
import sys

from django.core.management import execute_from_command_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
execute_from_command_line(sys.argv)
"""
DJANGO_FILES = {
    "compose.yaml": COMPOSE,
    "Dockerfile": 'FROM python:3.13-slim\nCOPY . .\nCMD ["./start.sh"]\n',
    "start.sh": "#!/bin/sh\nexec gunicorn shop.wsgi --workers 1\n",
    "requirements.txt": "django\nprometheus-client\n",
    "manage.py": MANAGE,
    "shop/__init__.py": "",
    "shop/settings.py": SETTINGS,
    "shop/urls.py": URLS,
    "shop/wsgi.py": "from django.core.wsgi import get_wsgi_application\n\napplication = get_wsgi_application()\n",
}


def django(port: int) -> list[str]:
    return [sys.executable, "manage.py", "runserver", "--noreload", str(port)]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_django_with_the_client_library(make_project: Make, tmp_path: Path, line_end: str) -> None:
    root = make_project({**DJANGO_FILES, "shop/urls.py": URLS.replace("\n", line_end)})
    edit(root, "MET004")
    after = (root / "shop/urls.py").read_bytes().decode()
    assert after.count("\r\n") in {0, after.count("\n")}
    port = free_port()
    found = metrics(django(port), root, port, "/metrics", tmp_path / "log")
    assert found["orders"] >= 1


def test_django_with_the_exporter_that_the_manifest_names(make_project: Make, tmp_path: Path) -> None:
    urls = URLS.replace("from prometheus_client import Counter\n", "").replace(
        'ORDERS = Counter("orders", "Orders that were placed.")\n', ""
    )
    root = make_project({**DJANGO_FILES, "requirements.txt": "django\ndjango-prometheus\n", "shop/urls.py": urls.replace("    ORDERS.inc()\n", "")})  # fmt: skip
    edit(root, "MET004")
    port = free_port()
    found = metrics(django(port), root, port, "/metrics", tmp_path / "log")
    assert found["django_http_responses_total_by_status"] >= 1 or found["django_http_requests_before_middlewares"] >= 1


@pytest.mark.parametrize(
    "changed",
    [
        {"shop/settings.py": SETTINGS.replace('"web", ', "")},
        {"shop/settings.py": SETTINGS.replace('["web", "127.0.0.1"]', 'os.environ["ALLOWED_HOSTS"].split(",")')},
        {"start.sh": "#!/bin/sh\nexec gunicorn shop.wsgi -w 4\n"},
        {"start.sh": "#!/bin/sh\nexec gunicorn shop.wsgi -w4\n"},
        {"Dockerfile": DJANGO_FILES["Dockerfile"].replace("start.sh", "elsewhere.sh")},
        {"gunicorn.conf.py": "workers = 4\n"},
        {"shop/urls.py": URLS.replace("urlpatterns = [", "urlpatterns = list() + [")},
        {"requirements.txt": "django\ndjango-prometheus\n", "shop/settings.py": SETTINGS + 'MIDDLEWARE += ["debug"]\n'},
    ],
)
def test_what_is_not_certain_is_left_to_a_person(make_project: Make, changed: dict[str, str]) -> None:
    root = make_project({**DJANGO_FILES, **changed})
    commit_all(root)
    before = {path: path.read_bytes() for path in (root / "shop").glob("*.py")}
    edit(root, "MET004")
    assert {path: path.read_bytes() for path in (root / "shop").glob("*.py")} == before
