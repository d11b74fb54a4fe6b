"""Settings modules that nothing uses: what stands in them never runs."""

from __future__ import annotations

import pytest

from scaffold.model.document import Location
from scaffold.model.project import CodeFact, EnvRead
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


def test_a_program_is_started_by_people() -> None:
    files = FILES | {
        "app/config_production.py": f"{FILES['app/config_production.py']}\nif __name__ == '__main__':\n    run()\n"
    }
    assert without_idle(READING, files, files.get) == READING


def test_without_another_module_beside_it_nothing_is_known() -> None:
    files = {path: text for path, text in FILES.items() if path != "app/config.py"}
    assert without_idle(READING, files, files.get) == READING


SCRIPT = CodeReading(
    settings=(setting("JWT_SECRET", "not-so-secret", "fallback", Location("api/src/routes/auth.ts", 1), guarded=False),)
)
PACKAGE = {
    "api/package.json": '{"scripts": {"start": "node dist/index.js"}, "dependencies": {"express": "4"}}',
    "api/src/index.ts": "import { login } from './login.js';\n",
    "api/src/login.ts": "export const login = 1;\n",
    "api/src/routes/auth.ts": "const secret = process.env.JWT_SECRET || 'not-so-secret';\n",
}


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"README.md": "Routes are in api/src/routes/auth.ts.\n"},
        {"api/src/routes/auth.test.ts": "import { router } from './auth';\n"},
        {"api/src/other.ts": "import { auth } from './auth';\n"},
    ],
)
def test_a_module_that_no_other_one_imports_is_left_out(more: dict[str, str]) -> None:
    files = PACKAGE | more
    assert without_idle(SCRIPT, files, files.get) == CodeReading()


@pytest.mark.parametrize(
    "more",
    [
        {"api/src/index.ts": "import { router } from './routes/auth.js';\n"},
        {"api/src/index.ts": "const router = require('./routes/auth');\n"},
        {"api/src/index.ts": "export * from '@/routes/auth';\n"},
        {"api/src/index.ts": "import { router } from 'auth';\n"},
        {"api/src/Login.vue": "<script setup>\nimport { secret } from './routes/auth'\n</script>\n"},
        {"api/public/index.html": '<script type="module" src="/src/routes/auth.ts"></script>\n'},
        {"api/src/index.ts": "for (const file of fs.readdirSync('routes')) app.use(require(`./routes/${file}`));\n"},
        {"api/package.json": '{"scripts": {"start": "node dist/index.js"}, "dependencies": {"@fastify/autoload": "6"}}'},
        {"api/package.json": '{"scripts": {"start": "node dist/index.js", "auth": "tsx src/routes/auth.ts"}}'},
        {"Procfile": "auth: node api/dist/routes/auth.js\n"},
        {"api/package.json": '{"dependencies": {"express": "4"}}'},
    ],
)
def test_a_module_that_may_be_loaded_stays(more: dict[str, str]) -> None:
    files = PACKAGE | more
    assert without_idle(SCRIPT, files, files.get) == SCRIPT


def test_a_script_that_nothing_starts_drops_no_tables() -> None:
    dropping = CodeReading(facts=(CodeFact("schema", "sequelize force", Location("api/src/verify_setup.ts", 3)),))
    files = PACKAGE | {"api/src/verify_setup.ts": "await sequelize.sync({ force: true });\n"}
    assert without_idle(dropping, files, files.get) == CodeReading()
    started = files | {"api/src/index.ts": "import './verify_setup';\n"}
    assert without_idle(dropping, started, started.get) == dropping
