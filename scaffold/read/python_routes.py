"""Routes in Python code: FastAPI, Starlette, Flask and Django, with the routers that they hang on."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from scaffold.model.regex import regex
from scaffold.read.code import Inclusion, Route, RoutePart, Routing
from scaffold.read.lines import Places
from scaffold.read.python_tree import Function, Tree, at, below, dotted, first_text, keyword, last_name, texts_below
from scaffold.read.reach import absolute_module

_METHODS = frozenset({"get", "post", "put", "delete", "patch", "head", "options", "route", "api_route", "websocket", "view"})
_ROUTE_CALLS = frozenset(
    {
        "add_api_route",
        "add_url_rule",
        "add_route",
        "add_get",
        "add_post",
        "Route",
        "APIRoute",
        "add_api_websocket_route",
    }
)
_DJANGO_ROUTES = frozenset({"path", "re_path", "url"})
_DJANGO_ROUTER = "urlpatterns"
_METRICS_APPS = frozenset({"make_asgi_app", "make_wsgi_app", "metrics_app"})
_ROUTER_CLASSES = frozenset({"APIRouter", "Blueprint", "FastAPI", "Flask", "Starlette", "Quart", "Router"})
_SCRAPE_WORD = regex(
    r"generate_latest|CONTENT_TYPE_LATEST|text/plain|PlainTextResponse",
    words=("CONTENT_TYPE_LATEST", "PlainTextResponse", "generate_latest", "text/plain"),
)

_BY_HAND = regex(
    r"\bself\.path(?:\.partition\(\"\?\"\)\[0\])?\s*==\s*[\"'](?P<path>/[^\"'\n]{0,200})[\"']", words=("self.path",)
)
"""What a handler of Python's own server compares the path with that it was asked for."""


class RoutesReader:
    """Finds routes, routers and inclusions in the nodes of one file."""

    def __init__(self, path: str, tree: Tree) -> None:
        self.path = path
        self.tree = tree
        self.routers = dict(_routers(tree))
        self.scraped = _scrape_handlers(tree) if _SCRAPE_WORD.search(tree.text) else frozenset()
        self.is_django = path.endswith("urls.py")

    def routing(self) -> Routing | None:
        """Return the routes of the file, None when it has nothing to do with routes."""
        routes = [route for function in self.tree.functions() for route in self._decorated(function)]
        inclusions: list[Inclusion] = []
        for call, _ in self.tree.of(ast.Call):
            routes += self._called(call)
            inclusions += self._included(call)
        if "HTTPRequestHandler" in self.tree.text:
            routes += self._compared()
        if not routes and not inclusions and not self.routers:
            return None
        aliases = tuple(sorted(_aliases(self.path, self.tree).items()))
        return Routing(self.path, tuple(routes), tuple(inclusions), tuple(sorted(self.routers.items())), aliases)

    def _route(self, kind: str, router: str, part: RoutePart, node: ast.AST) -> Route:
        return Route(kind, router, part, at(self.path, node))

    def _decorated(self, function: Function) -> Iterator[Route]:
        for decorator in function.decorator_list:
            if not isinstance(decorator, ast.Call) or not isinstance(decorator.func, ast.Attribute):
                continue
            router = dotted(decorator.func.value)
            part = _part(decorator.args[0] if decorator.args else keyword(decorator, "path"))
            if decorator.func.attr not in _METHODS or part is None or not self._is_route(part, router, function):
                continue
            yield self._route("http-route", router, part, decorator)
            if function.name in self.scraped:
                yield self._route("metrics-route", router, part, decorator)

    def _is_route(self, part: RoutePart, router: str, function: Function) -> bool:
        if part.setting:
            return router in self.routers or function.name in self.scraped
        return part.text.startswith("/") or (not part.text and router in self.routers)

    def _compared(self) -> Iterator[Route]:
        places = Places(self.path, self.tree.text)
        for match in _BY_HAND.finditer(self.tree.text):
            yield Route("http-route", "", RoutePart(match["path"]), places.at(match.start()))

    def _called(self, node: ast.Call) -> Iterator[Route]:
        name, path = last_name(node), first_text(node)
        router = dotted(node.func).rpartition(".")[0]
        if path is None:
            return
        if name in _ROUTE_CALLS and path.startswith("/"):
            yield self._route("http-route", router, RoutePart(path), node)
            handler = next((last_name(item) for item in [*node.args[1:], *(word.value for word in node.keywords)]), "")
            if handler in self.scraped or handler == "handle_metrics":
                yield self._route("metrics-route", router, RoutePart(path), node)
        elif name in {"mount", "Mount"} and not _METRICS_APPS.isdisjoint(last_name(item) for item in below(node)):
            yield self._route("metrics-route", router, RoutePart(path), node)
        elif name in _DJANGO_ROUTES and self.is_django and not _included_module(node):
            yield self._route("http-route", _DJANGO_ROUTER, RoutePart(_django(path)), node)
            if any(last_name(item) in self.scraped for item in node.args[1:2]):
                yield self._route("metrics-route", _DJANGO_ROUTER, RoutePart(_django(path)), node)
        elif name in _DJANGO_ROUTES and self.is_django and "django_prometheus.urls" in texts_below(node):
            yield self._route("metrics-route", _DJANGO_ROUTER, RoutePart(f"{_django(path)}metrics"), node)

    def _included(self, node: ast.Call) -> Iterator[Inclusion]:
        name = last_name(node)
        if name in {"include_router", "register_blueprint", "mount"} and isinstance(node.func, ast.Attribute):
            child = next((word for item in node.args[:2] if (word := dotted(item))), "")
            given = node.args[0] if name == "mount" and node.args else keyword(node, "prefix", "url_prefix")
            prefix = _part(given) if given is not None else RoutePart("")
            if child.strip("."):
                yield Inclusion(dotted(node.func.value), child, prefix or RoutePart("", "?"))
        elif name in _DJANGO_ROUTES and self.is_django:
            module, path = _included_module(node), first_text(node)
            if module and path is not None:
                yield Inclusion(_DJANGO_ROUTER, f"{module}.{_DJANGO_ROUTER}", RoutePart(_django(path)))


def _part(node: ast.AST | None) -> RoutePart | None:
    """Return a literal path, or the last name of the setting that holds it."""
    if isinstance(node, ast.Constant):
        return RoutePart(node.value) if isinstance(node.value, str) else None
    name = last_name(node) if isinstance(node, ast.Name | ast.Attribute) else ""
    return RoutePart("", name) if name else None


def _django(path: str) -> str:
    return re.sub(r"^\^|\$$", "", path)


def _included_module(node: ast.Call) -> str:
    """Return the module that `include("shop.urls")` names, "" for another route."""
    view = node.args[1] if len(node.args) > 1 else None
    if not isinstance(view, ast.Call) or last_name(view) != "include":
        return ""
    return first_text(view) or "?"


def _routers(tree: Tree) -> Iterator[tuple[str, RoutePart]]:
    """Yield each router, blueprint or app that the file makes, with its own prefix."""
    for node, _ in tree.of(ast.Assign):
        if isinstance(node.value, ast.Call) and last_name(node.value) in _ROUTER_CLASSES:
            prefix = keyword(node.value, "prefix", "url_prefix")
            part = _part(prefix) if prefix is not None else RoutePart("")
            for target in node.targets:
                if isinstance(target, ast.Name):
                    yield target.id, part or RoutePart("", "?")


def _aliases(path: str, tree: Tree) -> dict[str, str]:
    folder = path.rpartition("/")[0]
    found = {}
    for plain, _ in tree.of(ast.Import):
        for alias in plain.names:
            found[alias.asname or alias.name.partition(".")[0]] = alias.name if alias.asname else alias.name.partition(".")[0]
    for named, _ in tree.of(ast.ImportFrom):
        module = absolute_module("." * named.level + (named.module or ""), folder)
        for alias in named.names:
            found[alias.asname or alias.name] = f"{module}.{alias.name}" if module else alias.name
    return found


def _scrape_handlers(tree: Tree) -> frozenset[str]:
    """Return the functions that answer with the Prometheus text format."""
    found = set()
    for node in tree.functions():
        words = {last_name(item) for item in below(node)}
        plain = any("text/plain" in text for text in texts_below(node)) or "PlainTextResponse" in words
        writes = plain and words & {"export", "render", "generate", "exposition"}
        if writes or words & {"generate_latest", "CONTENT_TYPE_LATEST"}:
            found.add(node.name)
    return frozenset(found)
