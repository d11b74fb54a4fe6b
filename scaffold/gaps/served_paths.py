"""Which paths the code serves, and which of them a check means that asks for another one."""

from __future__ import annotations

import re

from scaffold.gaps.facts import is_test_path
from scaffold.model.compose import Service
from scaffold.model.project import CodeFact, Project
from scaffold.model.regex import regex
from scaffold.model.starting import is_below

_READ_WELL = (".py", ".js", ".ts", ".mjs", ".cjs", ".jsx", ".tsx")
"""Languages whose routes are read well enough to say that one is missing."""
_OTHERS = (".go", ".java", ".kt", ".rb", ".php", ".cs", ".rs", ".ex", ".scala")
"""Languages whose programs may serve paths that are not read."""
_ROUTES = frozenset({"http-route", "metrics-route"})
_PARAMETER = regex(r"\{[^{}]*\}|<[^<>]*>|:\w+|\([^()]*\)|\*+")
_LOCAL_URL = regex(
    r"https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::(?:\d+|\$\{?[^/\s\"']*))?(?P<path>/[\w./-]+)(?![\w$?{/])"
)
_FAILS_BY_STATUS = regex(
    r"\bcurl\b[^|;&]*\s(?:-[a-zA-Z]*f[a-zA-Z]*|--fail(?:-with-body)?)\b|\bwget\b|\burlopen\b|\.ok\b|raise_for_status"
)


def service_routes(project: Project, service: Service) -> tuple[CodeFact, ...]:
    """Return the routes that the code of a service serves, where it is built here from a language that is read well."""
    context = service.made.context if service.made else None
    return () if context is None else tuple(fact for fact in _routes(project) if is_below(fact.location.path, context))


def _routes(project: Project) -> tuple[CodeFact, ...]:
    return tuple(
        fact
        for fact in project.code_facts
        if fact.kind in _ROUTES and fact.location.path.endswith(_READ_WELL) and not is_test_path(fact.location.path)
    )


def serves(fact: CodeFact, path: str) -> bool:
    """Whether a route may be the path: the same, one whose beginning is unknown, or one with a parameter."""
    route, wanted = fact.detail.rstrip("/"), path.partition("?")[0].rstrip("/")
    start = ".*" if route.startswith("*") else ""
    parts = [re.escape(part) for part in _PARAMETER.split(route.removeprefix("*"))]
    return re.fullmatch(start + "[^/]+".join(parts), wanted) is not None


def meant_route(facts: tuple[CodeFact, ...], path: str) -> CodeFact | None:
    """Return the route that ends like the path, where the code serves the path nowhere; None where that is not certain."""
    if not path.strip("/") or any(serves(fact, path) for fact in facts):
        return None
    return next(
        (fact for fact in facts if fact.detail.startswith("/") and fact.detail.rstrip("/").endswith(path.rstrip("/"))), None
    )


def all_routes(project: Project) -> tuple[CodeFact, ...]:
    """Return the routes of all code, where no program of the project is written in a language that is not read well."""
    if any(path.endswith(_OTHERS) for path in project.files):
        return ()
    return _routes(project)


def asked_paths(project: Project, command: str) -> tuple[str, ...]:
    """Return the paths of which a healthcheck fails without a success: those of its text, or of the script that it runs."""
    texts = [command]
    for word in command.split():
        if word.endswith(".sh"):
            texts += [project.source(path) or "" for path in project.files if f"/{word.lstrip('/')}".endswith(f"/{path}")]
    found = (match["path"] for text in texts if _FAILS_BY_STATUS.search(text) for match in _LOCAL_URL.finditer(text))
    return tuple(dict.fromkeys(found))
