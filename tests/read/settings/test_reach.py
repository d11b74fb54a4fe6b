"""Which modules served code reaches: entry points out of commands, then imports."""

from __future__ import annotations

import pytest

from scaffold.read.reach import entry_modules, module_graph, reachable


@pytest.mark.parametrize(
    ("command", "modules"),
    [
        ("uvicorn app.main:app --host 0.0.0.0 --port 8000", ("app.main",)),
        ("gunicorn -w 4 -k uvicorn.workers.UvicornWorker shop.wsgi:application", ("shop.wsgi",)),
        ("gunicorn 'app:create_app()' -b :5000", ("app",)),
        ("celery -A app.workers.celery_app worker -l info", ("app.workers.celery_app",)),
        ("celery --app=proj beat", ("proj",)),
        ("python -m friday_ai.api", ("friday_ai.api",)),
        ("python -m uvicorn app.main:app", ("app.main",)),
        ("python3.12 /srv/app/run.py --port 1", ("srv/app/run.py",)),
        ("poetry run python manage.py runserver 0.0.0.0:8000", ("manage.py",)),
        ("/opt/venv/bin/uvicorn app.main:app", ("app.main",)),
        ("fastapi run app/main.py", ("app/main.py",)),
        ("fastapi run --workers 4", ("main.py", "app.py", "api.py", "app/main.py", "app/app.py", "app/api.py")),
        ("sh -c uvicorn my-worker:app --port ${PORT:-8000}", ("my-worker",)),
        ("node dist/main.js", ()),
        ("nginx -g 'daemon off;'", ()),
        ("docker run redis:7", ()),
    ],
)
def test_entry_modules(command: str, modules: tuple[str, ...]) -> None:
    assert entry_modules(command) == modules


FILES = {
    "backend/app/__init__.py": "",
    "backend/app/main.py": "from app.core import (\n    logs,  # a remark\n    settings as s,\n)\nfrom .routers import users\nimport app.metrics, os\n",
    "backend/app/core/__init__.py": "",
    "backend/app/core/logs.py": "",
    "backend/app/core/settings.py": "",
    "backend/app/core/unused.py": "",
    "backend/app/routers/__init__.py": "",
    "backend/app/routers/users.py": "def f():\n    from ..late import thing\n",
    "backend/app/late.py": "",
    "backend/app/metrics.py": "celery = Celery(include=['app.tasks'])\n",
    "backend/app/tasks.py": "from app.main import x\n",
    "other/app/main.py": "import app.alone\n",
    "other/app/alone.py": "",
    "monitoring/logging_config.py": "",
}


def test_imports_are_followed_and_cycles_end() -> None:
    found = reachable(module_graph(FILES), ["app.main"], FILES.get)
    assert found is not None
    assert set(FILES) - found == {"backend/app/core/unused.py", "monitoring/logging_config.py"}


def test_the_module_nearest_to_the_importing_file_is_meant() -> None:
    found = reachable(module_graph(FILES), ["other/app/main.py"], FILES.get)
    assert found == {"other/app/main.py", "other/app/alone.py"}


def test_a_package_is_started_by_its_main_module() -> None:
    files = {"tool/__init__.py": "", "tool/__main__.py": "from tool import work\n", "tool/work.py": ""}
    assert reachable(module_graph(files), ["tool"], files.get) == set(files)


def test_no_known_entry_means_that_nobody_can_tell() -> None:
    assert reachable(module_graph(FILES), [], FILES.get) is None
    assert reachable(module_graph(FILES), ["elsewhere.main"], FILES.get) is None
