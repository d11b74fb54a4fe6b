"""Settings modules that nothing uses: what stands in them never runs."""

from __future__ import annotations

import pytest

from scaffold.model.document import Location
from scaffold.model.project import EnvRead
from scaffold.read.code import CodeReading, setting
from scaffold.read.idle import without_idle

READING = CodeReading(
    settings=(setting("JWT_SECRET", "default-jwt-secret", "getenv", Location("app/config_production.py", 3), guarded=False),),
    reads=(EnvRead("JWT_SECRET", required=False, location=Location("app/config_production.py", 3)),),
)
FILES = {
    "app/config.py": "DAYS = 3\n",
    "app/config_production.py": "import os\n\nJWT_SECRET = os.getenv('JWT_SECRET', 'default-jwt-secret')\n",
    "app/main.py": "from app.config import DAYS\n",
}


def test_a_second_settings_module_that_no_file_names_is_left_out() -> None:
    assert without_idle(READING, FILES, FILES.get) == CodeReading()


@pytest.mark.parametrize(
    "more",
    [
        {"app/main.py": "from app.config_production import JWT_SECRET\n"},
        {"app/main.py": "import importlib, os\nsettings = importlib.import_module(f'app.config_{os.environ[\"MODE\"]}')\n"},
        {"Dockerfile": "COPY app/config_production.py /srv/app/config.py\n"},
        {"deploy.md": "Then `cp config_production.py config.py`.\n"},
        {"compose.yaml": "services:\n  api:\n    environment:\n      SETTINGS: app.config_production\n"},
    ],
)
def test_a_module_that_a_file_names_may_run(more: dict[str, str]) -> None:
    files = FILES | more
    assert without_idle(READING, files, files.get) == READING


def test_without_another_module_beside_it_nothing_is_known() -> None:
    files = {path: text for path, text in FILES.items() if path != "app/config.py"}
    assert without_idle(READING, files, files.get) == READING
