"""Cookies of a login that code of production makes without Secure."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.config.code_switches import is_run
from scaffold.model.project import CodeFact, Project
from scaffold.model.regex import regex

_ADDED_BY_THE_EDGE = regex(
    r"(?i)\bproxy_cookie_flags\b|\bproxy_cookie_path\b[^\n]{0,200}secure|Set-Cookie[^\n]{0,200}secure",
    words=("proxy_cookie_flags", "proxy_cookie_path", "set-cookie"),
)
"""How a proxy or a middleware writes Secure into the cookies of the program behind it."""


def login_cookies(project: Project, told: frozenset[str]) -> Iterator[CodeFact]:
    """Yield the first such cookie of each file, but of those that are told for another one of theirs."""
    facts = [
        fact
        for fact in project.code_facts
        if fact.kind == "plain-cookie" and fact.reachable is not False and fact.location.path not in told
    ]
    if facts and not any(_ADDED_BY_THE_EDGE.search(source.text) for source in project.sources):
        yield from (fact for fact in facts if is_run(project, fact.location.path))
