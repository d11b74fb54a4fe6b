"""The whole path of a route, over the files that its routers are joined in."""

from __future__ import annotations

import textwrap

from scaffold.read.python_code import read_python
from scaffold.read.reach import module_graph
from scaffold.read.routes import route_facts


def routes(files: dict[str, str]) -> dict[str, set[str]]:
    """Return the paths of each kind of route in a project of these files."""
    readings = [read_python(path, textwrap.dedent(text))[0] for path, text in files.items()]
    settings = tuple(item for reading in readings for item in reading.settings)
    found: dict[str, set[str]] = {}
    for fact in route_facts([item.routing for item in readings if item.routing], module_graph(files), settings):
        found.setdefault(fact.kind, set()).add(fact.detail)
    return found


def test_prefixes_add_up_over_files() -> None:
    assert routes(
        {
            "backend/app/main.py": """\
                from fastapi import FastAPI
                from app.api.main import api_router
                from app.routers import health
                from .core.config import settings
                app = FastAPI()
                app.include_router(api_router, prefix=settings.API_V1_STR)
                app.include_router(health.router)
                """,
            "backend/app/api/main.py": """\
                from fastapi import APIRouter
                from app.api.routes import utils as tools
                api_router = APIRouter()
                api_router.include_router(tools.router, prefix="/inner")
                """,
            "backend/app/api/routes/utils.py": """\
                from fastapi import APIRouter
                router = APIRouter(prefix="/utils")
                @router.get("/health-check/")
                def check(): ...
                """,
            "backend/app/routers/health.py": """\
                from fastapi import APIRouter
                router = APIRouter()
                @router.get("")
                def root(): ...
                @router.get("/live")
                def live(): ...
                """,
            "backend/app/core/config.py": 'class Settings(BaseSettings):\n    API_V1_STR: str = "/api/v1"\n',
        }
    ) == {"http-route": {"/api/v1/inner/utils/health-check/", "/live", "/"}}


def test_what_no_file_tells_is_not_guessed() -> None:
    assert routes(
        {
            "app/main.py": "from app import api\napp = FastAPI()\napp.include_router(api.router, prefix=settings.prefix)\n",
            "app/api.py": "router = APIRouter(prefix=make())\n@router.get('/ready')\ndef a(): ...\n",
        }
    ) == {"http-route": {"*/ready"}}


def test_a_metrics_path_out_of_the_settings() -> None:
    files = {
        "app/metrics.py": "def install(app):\n    @app.get(settings.metrics_path)\n    def metrics():\n        return Response(generate_latest())\n",
        "app/config.py": 'class S(BaseSettings):\n    model_config = SettingsConfigDict(env_prefix="SHOP_")\n    metrics_path: str = "/internal/metrics"\n',
    }
    assert routes(files) == {"http-route": {"/internal/metrics"}, "metrics-route": {"/internal/metrics"}}
    assert routes({"app/metrics.py": files["app/metrics.py"]})["metrics-route"] == {"*/"}


def test_a_router_that_is_included_twice_and_one_that_includes_itself() -> None:
    assert routes(
        {
            "a.py": "from b import router\napp = FastAPI()\napp.include_router(router, prefix='/v1')\napp.include_router(router, prefix='/v2')\n",
            "b.py": "router = APIRouter()\nrouter.include_router(router, prefix='/x')\n@router.get('/y')\ndef y(): ...\n",
        }
    ) == {"http-route": {"/v1/y", "/v2/y"}}
    assert routes(
        {
            "c.py": "from d import two\none = APIRouter()\none.include_router(two)\n@one.get('/one')\ndef f(): ...\n",
            "d.py": "from c import one\ntwo = APIRouter()\ntwo.include_router(one)\n",
        }
    ) == {"http-route": {"/one"}}


def test_flask_blueprints_and_django_includes() -> None:
    assert routes(
        {
            "web/__init__.py": "from .admin import bp as admin_bp\napp = Flask(__name__)\napp.register_blueprint(admin_bp, url_prefix='/admin')\n",
            "web/admin.py": "bp = Blueprint('a', __name__)\n@bp.route('/users')\ndef users(): ...\n",
        }
    ) == {"http-route": {"/admin/users"}}
    assert routes(
        {
            "site/urls.py": "urlpatterns = [path('shop/', include('shop.urls')), path('health/', view), path('admin/', admin.site.urls), path('', include('django_prometheus.urls'))]\n",
            "shop/urls.py": "urlpatterns = [path('items/<int:pk>/', view), re_path(r'^old$', view)]\n",
        }
    ) == {"http-route": {"/shop/items/<int:pk>/", "/shop/old", "/health/", "/admin/"}, "metrics-route": {"/metrics"}}


def test_paths_that_a_handler_compares_are_its_routes() -> None:
    assert routes(
        {
            "worker.py": """\
                from http.server import BaseHTTPRequestHandler, HTTPServer
                class Health(BaseHTTPRequestHandler):
                    def do_GET(self):
                        if self.path == "/health":
                            self.send_response(200)
                        elif self.path == '/ready':
                            self.send_response(503)
                HTTPServer(("", 8080), Health).serve_forever()
                """
        }
    ) == {"http-route": {"/health", "/ready"}}
