"""Keys and passwords of a system that a page shows under the names of the project's own variables."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import listed
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Cause, Confidence, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex
from scaffold.model.secret_names import is_sensitive_name
from scaffold.model.secrets import SecretClass, classify, is_drawn_token, reads_as_name

_SHOWN = regex(
    r"(?<![\w$])(?P<name>[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)[\"'`]?[ \t]{0,8}[:=][ \t]{0,8}[\"'`]?"
    r"(?P<value>[0-9a-f]{32,128}|[A-Za-z0-9+/_-]{40,172}={0,2})(?![\w+/=.-])"
)
"""16 bytes as hexadecimal digits, 30 in base64: what commands that make keys print."""
_PASSWORD = regex(
    r"(?<![\w$])(?P<name>[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*_PASS(?:WORD)?)[\"'`]?[ \t]{0,8}[:=][ \t]{0,8}[\"'`]?"
    r"(?P<value>(?=[^\s\"'`]{0,59}[A-Z])(?=[^\s\"'`]{0,59}[a-z])(?=[^\s\"'`]{0,56}\d{4})[\w.#!@%^&*+=?~-]{14,60})(?=[\s\"'`,;]|$)",
    words=("PASS",),
)
"""A password of small and capital letters with four digits in a row, such as a year: what people choose for a system."""
_WORDS = regex(r"(?i)pass|secret|change|strong|secure|1234|test|demo|local")
_MAY_SHOW = regex(r"TOKEN|SECRET|PASS|KEY")
_OF_OTHERS = regex(
    r"CLIENT_?SECRET|OAUTH|OIDC|SAML|SSO_|_ID$|PUBLIC|PUBLISHABLE|ANON|SITE_?KEY|CAPTCHA|TURNSTILE|^(?:VITE|NEXT_PUBLIC|REACT_APP|EXPO)_"
)
"""Names of what pages of a product show of another party's console, with a value made up, and of what everybody may see."""
_IN_TESTS = regex(r"(?i)(?:^|/)(?:tests?|__tests__|spec|e2e|fixtures?|examples?|samples?|node_modules|vendor|third_party)/")
_MADE_UP = regex(
    r"(?i)example|sample|fake|dummy|generated|e\.g\.|your|random|placeholder|<[a-z_ -]+>|resultado|output|输出|例如|示例"
)
"""Words in the line or the one above it by which a value is one of many."""
_DRAWS = regex(r"\bopenssl rand\b|\brandomBytes\(|\bsecrets\.token_|/dev/u?random\b|\bget_random_secret_key\(")
"""A command that draws a value, as a page tells it before it shows where the value goes."""
_OF_A_SYSTEM = regex(r"(?i)deploy|production|server|hosting|operat|runbook")
"""Pages that are about a system that runs: others show how a program is tried, mostly with a value made for the page."""
_NEAR = 12
"""Lines before a value in which its command stands."""


@frozen
class _Shown:
    """One value that a page shows for a variable of the project."""

    name: str
    value: str
    place: Location
    is_drawn: bool
    """Whether the value was drawn at random, and not chosen by a person."""
    drawn_at: int
    """The line right before that tells how to draw another one, 0 where none does."""


def shown_values(project: Project, rule: Rule) -> Iterator[Gap]:
    """Yield a gap of `rule` for each page that is the first to show a key or password for a variable of the project."""
    found = [
        item
        for page in project.docs
        if page.path not in project.owned and not _IN_TESTS.search(page.path) and _MAY_SHOW.search(page.text)
        for item in _on_page(page.path, page.text)
    ]
    if not found:
        return
    known, published = _variables(project), _in_templates(project)
    by_page: dict[str, list[_Shown]] = {}
    first: dict[str, str] = {}
    for item in found:
        if item.name in known and item.value not in published:
            by_page.setdefault(first.setdefault(item.value, item.place.path), []).append(item)
    for path, items in by_page.items():
        yield _gap(path, items, rule)


def _on_page(path: str, text: str) -> Iterator[_Shown]:
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if not _MAY_SHOW.search(line):
            continue
        above = lines[number - 1] if number else ""
        drawn = [match for match in _SHOWN.finditer(line) if _works(match["name"], match["value"])]
        chosen = [match for match in _PASSWORD.finditer(line) if not drawn and not _WORDS.search(match["value"])]
        for match in (*drawn, *chosen):
            if not _MADE_UP.search(line.replace(match["value"], "")) and not _MADE_UP.search(above):
                how = next((index + 1 for index in range(max(0, number - _NEAR), number) if _DRAWS.search(lines[index])), 0)
                yield _Shown(match["name"], match["value"], Location(path, number + 1), is_drawn=bool(drawn), drawn_at=how)


def _works(name: str, value: str) -> bool:
    if not is_sensitive_name(name) or _OF_OTHERS.search(name) or reads_as_name(value):
        return False
    return classify(value) is SecretClass.RANDOM and is_drawn_token(value) and any(map(str.isdigit, value))


def _variables(project: Project) -> frozenset[str]:
    """Return the variables that the project's code reads, its services get, and its env files set."""
    services = [service for stack in project.stacks for service in stack.services]
    return frozenset(
        (
            *(item.name for item in project.env_reads),
            *(item.name for item in project.settings),
            *(entry.name for file in project.env_files for entry in file.entries),
            *(entry.name for service in services for entry in service.environment),
            *(reference.name for service in services for entry in service.environment for reference in entry.references),
        )
    )


def _in_templates(project: Project) -> frozenset[str]:
    """Return the values that an env file of the repository holds too: other findings speak of these."""
    return frozenset(entry.value for file in project.env_files for entry in file.entries)


def _gap(path: str, items: list[_Shown], rule: Rule) -> Gap:
    names = list(dict.fromkeys(item.name for item in items))
    pages = len({item.place.path for item in items})
    drawn = any(item.is_drawn for item in items)
    told = next((item for item in items if item.is_drawn and item.drawn_at), None)
    how = "a value that was drawn at random" if drawn else "a password in the form that people choose for a system"
    told_of = f"; line {told.drawn_at} has people draw their own" if told else ""
    more = "" if pages == 1 else f" {pages - 1} more page{'s' if pages > 2 else ''} {'repeat' if pages > 2 else 'repeats'} it."
    return rule.gap(
        resource=path,
        subject="shown",
        message=f"{path} shows {listed(names)} with {how}, and nothing calls it an example: if a system runs with it,"
        f" whoever reads the repository has it{told_of}.{more}",
        expected="the command that draws the value, or the place where it is kept",
        actual="high entropy" if drawn else "literal",
        cause=Cause.PROJECT,
        kind=listed(names, shown=len(names)),
        locations=tuple(dict.fromkeys(item.place for item in items)),
        severity=Severity.HIGH if drawn and told is None and _OF_A_SYSTEM.search(path) else Severity.MEDIUM,
        confidence=Confidence.MEDIUM,
        closers=(
            Closer(
                None,
                "advice",
                "Draw a new value for every system that has this one, and put `openssl rand -hex 32` in its place on the page.",
            ),
        ),
    )
