"""Python code: defaults, variables and facts by its tree, and never by running it."""

from __future__ import annotations

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaffold.model.secrets import SecretClass
from scaffold.read.code import CodeReading
from scaffold.read.python_code import read_python
from scaffold.read.reach import module_graph
from scaffold.read.routes import route_facts


def parse(text: str, path: str = "app/settings.py") -> CodeReading:
    found, problems = read_python(path, textwrap.dedent(text))
    assert problems == ()
    return found


def defaults(found: CodeReading) -> list[tuple[str, str | None, str, bool]]:
    return [(item.name, item.value, item.kind, item.guarded) for item in found.settings]


def reads(found: CodeReading) -> dict[str, bool]:
    return {item.name: item.required for item in found.reads}


def facts(found: CodeReading, *kinds: str) -> list[tuple[str, str]]:
    routes = route_facts([found.routing], module_graph([]), found.settings) if found.routing else []
    listed = sorted([*found.facts, *routes], key=lambda item: (item.location.sort_key(), item.kind))
    return [(item.kind, item.detail) for item in listed if item.kind in kinds or not kinds]


def test_every_form_of_reading_the_environment() -> None:
    found = parse(
        """\
        import os
        from os import environ, getenv
        A = os.getenv("A")
        B = os.getenv("B", "b")
        C = os.environ["C"]
        D = os.environ.get("D", default="d")
        E = int(os.environ.get("E", "5"))
        F = environ["F"]
        G = getenv("G", None)
        H = os.getenv("H") or "h"
        os.environ["SET"] = "x"
        os.environ.setdefault("I", "i")
        """,
        "app/main.py",
    )
    assert reads(found) == {
        "A": True,
        "B": False,
        "C": True,
        "D": False,
        "E": False,
        "F": True,
        "G": True,
        "H": False,
        "I": False,
    }
    assert defaults(found) == [
        ("B", "b", "getenv", False),
        ("D", "d", "getenv", False),
        ("E", "5", "getenv", False),
        ("H", "h", "expression", False),
        ("I", "i", "getenv", False),
    ]
    assert [item.location.line for item in found.settings] == [4, 6, 7, 10, 12]


def test_a_default_that_is_no_literal_is_not_guessed() -> None:
    found = parse('import os\nA = os.getenv("A", f"x{1}")\nB = os.getenv("B", other)\nC = os.getenv(name, "x")\n', "a.py")
    assert defaults(found) == []
    assert reads(found) == {"A": False, "B": False}


def test_pydantic_settings() -> None:
    found = parse(
        """\
        from pydantic import Field, SecretStr
        from pydantic_settings import BaseSettings, SettingsConfigDict

        class Settings(BaseSettings):
            model_config = SettingsConfigDict(env_prefix="APP_", env_file=".env")
            secret_key: str = "change-me"
            token: SecretStr = SecretStr("fake-token")
            port: int = 8000
            database_url: str
            redis_url: str = Field(default="redis://cache:6379", description="x")
            sentry: str = Field(..., alias="SENTRY_DSN")
            names: list[str] = Field(default_factory=list)
            _private: str = "x"
        """
    )
    assert reads(found) == {
        "APP_SECRET_KEY": False,
        "APP_TOKEN": False,
        "APP_PORT": False,
        "APP_DATABASE_URL": True,
        "APP_REDIS_URL": False,
        "SENTRY_DSN": True,
        "APP_NAMES": False,
    }
    assert [(name, value, kind) for name, value, kind, _ in defaults(found)] == [
        ("APP_SECRET_KEY", "change-me", "field"),
        ("APP_TOKEN", "fake-token", "field"),
        ("APP_PORT", "8000", "field"),
        ("APP_REDIS_URL", "redis://cache:6379", "field"),
    ]
    assert found.settings[0].value_class is SecretClass.PLACEHOLDER


def test_the_prefix_of_an_inner_config_class() -> None:
    found = parse("class S(BaseSettings):\n    key: str\n    class Config:\n        env_prefix = 'X_'\n")
    assert reads(found) == {"X_KEY": True}


def test_assignments_in_settings_modules_and_classes() -> None:
    found = parse(
        """\
        SECRET_KEY = "django-insecure-fake"
        DEBUG = True
        ALLOWED_HOSTS = ["*", "shop.example"]
        DATABASES = {"default": {"ENGINE": "x", "PASSWORD": "postgres"}}
        lower = "x"
        class Config:
            JWT_SECRET = "secret"
            def method(self):
                PASSWORD = "local"
        """
    )
    assert [(name, value) for name, value, _, _ in defaults(found)] == [
        ("SECRET_KEY", "django-insecure-fake"),
        ("DEBUG", "True"),
        ("ALLOWED_HOSTS", "*"),
        ("ALLOWED_HOSTS", "shop.example"),
        ("DATABASES.default.PASSWORD", "postgres"),
        ("JWT_SECRET", "secret"),
    ]


def test_other_modules_give_only_what_is_named_like_a_secret() -> None:
    found = parse(
        'RETRIES = 3\nSECRET_KEY = "abc"\napp.config["JWT_SECRET_KEY"] = "x1"\napp.secret_key = "y1"\n', "app/auth.py"
    )
    assert [(name, value) for name, value, _, _ in defaults(found)] == [
        ("SECRET_KEY", "abc"),
        ("JWT_SECRET_KEY", "x1"),
        ("secret_key", "y1"),
    ]


def test_decouple_and_environ() -> None:
    found = parse(
        """\
        import environ
        from decouple import config
        env = environ.Env()
        A = config("A", default="a", cast=str)
        B = config("B")
        C = env("C", default="c")
        D = env.bool("D", default=False)
        E = env.db("E")
        """
    )
    assert reads(found) == {"A": False, "B": True, "C": False, "D": False, "E": True}
    assert [(name, value) for name, value, kind, _ in defaults(found) if kind == "getenv"] == [
        ("A", "a"),
        ("C", "c"),
        ("D", "False"),
    ]
    assert reads(parse('def config(x): ...\nX = config("A")\n', "a.py")) == {}


@pytest.mark.parametrize(
    "text",
    [
        'class DevConfig:\n    SECRET_KEY = "dev"\n',
        'if DEBUG:\n    SECRET_KEY = "dev"\n',
        'if ENVIRONMENT == "development":\n    SECRET_KEY = "dev"\n',
        'if env != "production":\n    SECRET_KEY = "dev"\n',
        'if settings.is_production:\n    pass\nelse:\n    SECRET_KEY = "dev"\n',
        'if not IS_PROD:\n    SECRET_KEY = "dev"\n',
        'SECRET_KEY = "dev"\nif ENV == "production" and SECRET_KEY == "dev":\n    raise RuntimeError\n',
        'import os\nclass Settings:\n    SECRET_KEY = os.getenv("SECRET_KEY", "dev")\n    def check(self):\n'
        '        if self.SECRET_KEY == "dev":\n            raise ValueError\n',
        'class Settings(BaseSettings):\n    SECRET_KEY: str = "dev"\n    @field_validator("SECRET_KEY")\n    def strong(cls, v):\n'
        '        if v in ("dev",):\n            raise ValueError\n        return v\n',
        'class Settings(BaseSettings):\n    SECRET_KEY: str = "dev"\n    def _check(self, name, value):\n        if value == "dev":\n'
        '            raise ValueError\n    @model_validator(mode="after")\n    def all(self):\n        self._check("SECRET_KEY", self.SECRET_KEY)\n',
    ],
)
def test_defaults_that_production_refuses_are_guarded(text: str) -> None:
    found = parse(text)
    assert {item.guarded for item in found.settings if item.name == "SECRET_KEY"} == {True}


@pytest.mark.parametrize(
    "text",
    [
        'SECRET_KEY = "dev"\nif not SECRET_KEY:\n    raise RuntimeError\n',
        'SECRET_KEY = "dev"\nif OTHER == "x":\n    raise RuntimeError\n',
        'if ENVIRONMENT == "production":\n    SECRET_KEY = "dev"\n',
        'class ProductionConfig:\n    SECRET_KEY = "dev"\n',
    ],
)
def test_a_check_that_lets_the_default_pass_guards_nothing(text: str) -> None:
    assert {item.guarded for item in parse(text).settings if item.name == "SECRET_KEY"} == {False}


def test_settings_files_of_development_are_guarded() -> None:
    assert parse('SECRET_KEY = "x"\n', "config/settings/local.py").settings[0].guarded
    assert not parse('SECRET_KEY = "x"\n', "config/settings/production.py").settings[0].guarded


def test_routes() -> None:
    found = parse(
        """\
        from fastapi import APIRouter, FastAPI
        app = FastAPI()
        router = APIRouter(prefix="/users")
        @app.get("/live")
        async def live(): ...
        @router.post("/{id}")
        def one(): ...
        @bp.route("/old", methods=["GET"])
        def old(): ...
        app.add_api_route("/ready", ready)
        data.get("/not-a-route")
        """,
        "app/main.py",
    )
    assert facts(found, "http-route") == [("http-route", path) for path in ("/live", "/users/{id}", "/old", "/ready")]
    django = parse(
        'urlpatterns = [path("health/", view), re_path(r"^x/$", view), path("", include("django_prometheus.urls"))]\n',
        "app/urls.py",
    )
    assert facts(django, "http-route", "metrics-route") == [
        ("http-route", "/health/"),
        ("http-route", "/x/"),
        ("metrics-route", "/metrics"),
    ]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (
            "from prometheus_fastapi_instrumentator import Instrumentator\nInstrumentator().instrument(app).expose(app)\n",
            "/metrics",
        ),
        (
            "from prometheus_fastapi_instrumentator import Instrumentator\ni = Instrumentator()\ni.expose(app, endpoint='/m')\n",
            "/m",
        ),
        ("from prometheus_client import make_asgi_app\napp.mount('/metrics', make_asgi_app())\n", "/metrics"),
        (
            "from prometheus_client import make_asgi_app\nmetrics_app = make_asgi_app()\napp.mount('/prom', metrics_app)\n",
            "/prom",
        ),
        (
            "from prometheus_client import generate_latest\n@app.get('/metrics')\ndef m():\n    return Response(generate_latest())\n",
            "/metrics",
        ),
        ("from prometheus_client import start_http_server\nstart_http_server(9000)\n", "/metrics"),
        ("from prometheus_flask_exporter import PrometheusMetrics\nPrometheusMetrics(app)\n", "/metrics"),
        (
            "@app.get('/metrics', response_class=PlainTextResponse)\ndef m():\n    return PlainTextResponse(exporter.export())\n",
            "/metrics",
        ),
    ],
)
def test_routes_that_serve_the_prometheus_format(text: str, path: str) -> None:
    assert facts(parse(text, "app/main.py"), "metrics-route") == [("metrics-route", path)]


def test_a_route_called_metrics_that_answers_json_is_no_metrics_route() -> None:
    found = parse("@router.get('/metrics')\ndef m():\n    return {'requests': 3}\n", "app/api.py")
    assert facts(found, "http-route", "metrics-route") == [("http-route", "/metrics")]


def test_an_exporter_of_their_own() -> None:
    found = parse(
        'class PrometheusExporter:\n    def export(self):\n        return f"# TYPE {name} counter"\n', "app/metrics.py"
    )
    assert facts(found) == [("metrics-exporter", "PrometheusExporter")]
    assert facts(parse('def page():\n    return "# HELP requests Total"\n', "app/metrics.py")) == [("metrics-exporter", "page")]


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("import logging\nlogging.basicConfig(level='INFO')\n", {"logging-text", "logging-stream"}),
        ("import logging\nlogging.basicConfig(filename='a.log')\n", {"logging-text", "logging-file"}),
        ("import logging\nlogging.basicConfig(handlers=[h])\n", set()),
        ("h.setFormatter(logging.Formatter('%(message)s'))\n", {"logging-text"}),
        ("from pythonjsonlogger import jsonlogger\nh.setFormatter(jsonlogger.JsonFormatter())\n", {"logging-json"}),
        ("import structlog\nstructlog.configure(processors=[structlog.processors.JSONRenderer()])\n", {"logging-json"}),
        ("from loguru import logger\nlogger.add(sys.stdout, serialize=True)\n", {"logging-json"}),
        ("h = logging.handlers.RotatingFileHandler('x')\n", {"logging-file"}),
        ("class J(logging.Formatter):\n    def format(self, r):\n        return json.dumps({})\n", {"json-formatter"}),
        ("logging.config.dictConfig({'formatters': {'a': {'format': '%(asctime)s %(message)s'}}})\n", {"logging-text"}),
        (
            "logging.config.dictConfig({'formatters': {'a': {'()': 'pythonjsonlogger.jsonlogger.JsonFormatter'}}})\n",
            {"logging-json"},
        ),
    ],
)
def test_logging(text: str, kinds: set[str]) -> None:
    assert {kind for kind, _ in facts(parse(text, "app/logs.py"))} == kinds


def test_workers_tracing_servers_and_cors() -> None:
    found = parse(
        """\
        import sentry_sdk
        from fastapi import FastAPI
        sentry_sdk.init(dsn="")
        celery = Celery("tasks")
        app = FastAPI()
        app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_credentials=True)
        FastAPIInstrumentor.instrument_app(app)
        """,
        "app/main.py",
    )
    assert facts(found) == [
        ("tracing", "sentry"),
        ("celery-app", "app/main.py"),
        ("server-entry", "app/main.py"),
        ("cors", "credentials any-origin"),
        ("tracing", "opentelemetry"),
    ]


def test_newer_syntax_is_read_by_older_pythons_too() -> None:
    found = parse(
        "import os\ntry:\n    A = os.environ['A']\nexcept KeyError, TypeError:\n    pass\ntype X[T] = list[T]\ndef f[T](x: T) -> T: ...\nclass B[T]: ...\n",
        "a.py",
    )
    assert reads(found) == {"A": True}


def test_code_that_cannot_be_parsed_is_a_problem_with_its_line() -> None:
    found, problems = read_python("app/settings.py", "import os\nprint 'x'\n")
    assert found == CodeReading()
    assert [(item.location.line, "Python" in item.message) for item in problems] == [(2, True)]


@pytest.mark.parametrize(
    "text", ["(" * 5000, "x = " + "-" * 9000 + "1", "[" * 400 + "]" * 400, "a" + ".b" * 8000, "x = 1" + " + 1" * 9000]
)
def test_deep_code_is_no_traceback(text: str) -> None:
    read_python("app/settings.py", text + "\nSECRET_KEY = 'x'\n")


def test_invalid_escapes_warn_nobody() -> None:
    assert reads(parse("import os\nA = os.getenv('A')\nB = '\\d'\nassert (1, 2)\n", "a.py")) == {"A": True}


_CODE = st.sampled_from(
    [
        "import os", "A = os.getenv('A', 'b')", "class S(BaseSettings):", "    x: str = 'y'", "if DEBUG:", "    B = 'c'", "else:", "    pass",
        "@app.get('/x')", "def f():", "    return generate_latest()", "app.mount('/m', make_asgi_app())", "from a import b", "x = {'PASSWORD': 'p'}",
        "    raise ValueError", "path('x', y)", "logging.basicConfig()", "logging.config.dictConfig(*a)", "Instrumentator().expose()", "config()", "os.getenv()",
    ]
)  # fmt: skip


@given(st.lists(_CODE, max_size=12).map("\n".join) | st.text(max_size=80).map(lambda text: f"SECRET_KEY = {text!r}\n{text}"))
def test_any_text_is_read_with_places_inside_it(text: str) -> None:
    for path in ("app/settings.py", "app/urls.py"):
        found, problems = read_python(path, text)
        lines = text.split("\n")
        places = [item.location for group in (found.settings, found.reads, found.facts, problems) for item in group]
        assert all(1 <= place.line <= len(lines) for place in places)


def test_values_stay_out_of_what_is_printed() -> None:
    assert "obviously-fake" not in repr(parse('SECRET_KEY = "obviously-fake-value"\n'))


def test_the_second_argument_of_a_config_call_is_a_default_where_it_is_no_type() -> None:
    text = (
        'from environs import Env\nA = env("A", "a")\nB = env.int("B", 3600 * 24)\nC = env("C", bool)\nD = env("D", DOMAIN)\n'
        'E = env.int("E", env.int("B", 5))\n'
    )
    assert reads(parse(text, "settings.py")) == {"A": False, "B": False, "C": True, "D": False, "E": False}
