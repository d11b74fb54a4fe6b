"""What the code of Rails says for itself: signing keys that are constants, and consoles of engines in its routes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.model.project import CodeFact, SettingDefault
from scaffold.model.regex import regex
from scaffold.model.secrets import SecretClass, classify
from scaffold.read.lines import Places

_KEY = regex(
    r"(?m)^(?P<indent>[ \t]*)(?:[\w:]+\.)*config\.(?P<name>secret_key_base|secret_token)[ \t]*=[ \t]*"
    r"(?:'(?P<single>[^'\\\n]{1,300})'|\"(?P<double>[^\"\\\n#]{1,300})\")[ \t]*(?:#[^\n]*)?$",
    words=("secret_key_base", "secret_token"),
)
_OF_SECRETS = regex(r"(?:^|/)config/secrets\.ya?ml$")
_BLOCK = regex(r"(?m)^production:[^\n]*\n(?P<body>(?:[ \t][^\n]*\n|\n|#[^\n]*\n)*)", words=("production:",))
_OF_DATABASES = regex(r"(?:^|/)config/database\.ya?ml$")
_DATABASE = regex(r"(?m)^[ \t]+database:[ \t]*(?P<value>[^\s][^\n]{0,200})$", words=("database:",))
_NAME_OF_DATABASE = regex(
    r"<%=[ \t]*ENV(?:\.fetch\(|\[)[\"'](?P<variable>\w{1,60})[\"'][\])]?[ \t]*(?:,|\{|\|\|)[ \t]*"
    r"[\"'](?P<given>[a-z_][a-z0-9_]{0,62})[\"'][ \t})]*%>"
    r"|(?P<mark>[\"']?)(?P<plain>[a-z_][a-z0-9_]{0,62})(?P=mark)"
)
_PLAIN_KEY = regex(
    r"(?m)^[ \t]+(?P<name>secret_key_base|secret_token):[ \t]*(?P<mark>[\"']?)"
    r"(?P<value>[^\s\"'<>#&*!|{\[][^\s\"'<>#]{0,300})(?P=mark)[ \t]*$",
    words=("secret_key_base", "secret_token"),
)
_CONDITION = regex(r"(?:if|unless|when|else|elsif|case|begin|rescue)\b")
_ABOVE = 4000
"""Characters above a line in which the condition stands that it is below."""
_ROUTES = regex(r"(?:^|/)config/routes\.rb$")
_NAMES = "PgHero|Sidekiq::Web|GoodJob|Flipper::UI|RailsAdmin|Resque::Server"
_MOUNT = regex(rf"[ \t]*mount[ \t(]+(?P<name>{_NAMES})\b(?P<rest>[^\n]*)$", words=("mount",))
_BEHIND = regex(r"[ \t]#[ \t][^\n]*$")
_OPENS = regex(r"(?:\bdo|\{)(?:[ \t]*\|[^|\n]*\|)?$|^[ \t]*(?:if|unless|case|begin|def|class|module|while|until)\b")
_CLOSES = regex(r"[ \t]*(?:end\b|\})")
_PLAIN_BLOCK = regex(r"(?:[\w.:]*\broutes\.draw\b|namespace\b|scope\b)(?!.*\b(?:constraints?|if|unless|lambda)\b|.*->)")
"""Blocks that ask nobody: the whole of the routes, and a part below a path."""
_ASKS = regex(r"\b(?:constraints?|if|unless|lambda|do|authenticate\w*)\b|[,\\{(][ \t]*$|->|[Aa]uth")
_LOGIN = regex(
    rf"(?P<name>{_NAMES})[\w:]*[ \t]*(?:\.\w+)*\.use\b"
    r"|(?:config\.)?middleware\.(?:use|insert\w*)[ \t(]+[^\n]{0,80}?Rack::Auth\b",
    words=(".use", "middleware."),
)
_NAMED = regex(rf"(?<![\w:])(?:{_NAMES})\b")
_SPEAKS = regex(
    r"Auth::Basic|authenticate|authorize|before_action|http_basic|parent_controller|base_controller|\.use\b|_proc\b"
)
_EVERY = "*"


def fixed_keys(path: str, places: Places, bare: str) -> Iterator[SettingDefault]:
    """Yield the keys with which Rails signs, where a line sets one to a text: a tag of ERB between the quotes of a file of Ruby
    is no more than that. One that stands below a condition, or has one behind it, is left out.
    """
    if path.endswith(".rb"):
        for match in _KEY.finditer(bare):
            value = match["single"] or match["double"]
            if not _is_below_a_condition(bare, match):
                found = SecretClass.LITERAL if "<%" in value or "#{" in value else classify(value)
                text = "".join(value.split())
                yield SettingDefault(match["name"].upper(), text, found, "assignment", places.at(match.start("name")))
    elif _OF_SECRETS.search(path):
        for block in _BLOCK.finditer(bare):
            for match in _PLAIN_KEY.finditer(bare, block.start("body"), block.end("body")):
                where = places.at(match.start("name"))
                yield SettingDefault(match["name"].upper(), match["value"], classify(match["value"]), "assignment", where)


def database_facts(path: str, places: Places, bare: str) -> Iterator[CodeFact]:
    """Yield a `rails-database` fact with the database that Rails opens in production, where its own file names it, and behind
    it the variable that comes before that name; the first of several is the primary one.
    """
    for block in _BLOCK.finditer(bare) if _OF_DATABASES.search(path) else ():
        line = _DATABASE.search(bare, block.start("body"), block.end("body"))
        found = _NAME_OF_DATABASE.fullmatch(line["value"].strip()) if line else None
        if line is not None and found is not None:
            name = found["plain"] or f"{found['given']} {found['variable']}"
            yield CodeFact("rails-database", name, places.at(line.start("value")))


def _is_below_a_condition(text: str, match: re.Match[str]) -> bool:
    """Whether the nearest line above that stands further left is a condition."""
    width = len(match["indent"])
    for line in reversed(text[max(0, match.start() - _ABOVE) : match.start()].splitlines()):
        bare = line.lstrip()
        if bare and len(line) - len(bare) < width:
            return bool(_CONDITION.match(bare))
    return False


def console_facts(path: str, places: Places, bare: str) -> Iterator[CodeFact]:
    """Yield a `console` fact for each console that the routes lend everybody (detail: the engine's name), and a `console-login`
    for each one of which code says who may open it (`*`: for the whole program).
    """
    of_routes = _ROUTES.search(path) is not None
    for match in _LOGIN.finditer(bare):
        yield CodeFact("console-login", match["name"] or _EVERY, places.at(match.start()))
    if of_routes:
        yield from _mounted(places, bare)
    elif _SPEAKS.search(bare):
        for match in _NAMED.finditer(bare):
            yield CodeFact("console-login", match[0], places.at(match.start()))


def _mounted(places: Places, bare: str) -> Iterator[CodeFact]:
    blocks: list[bool] = []
    offset = 0
    for whole in bare.splitlines(keepends=True):
        line = _BEHIND.sub("", whole.rstrip()).rstrip()
        mount = _MOUNT.match(line)
        if mount and blocks and all(blocks) and not _ASKS.search(mount["rest"]):
            yield CodeFact("console", mount["name"], places.at(offset + mount.start("name")))
        elif _CLOSES.match(line) and blocks:
            blocks.pop()
        elif _OPENS.search(line):
            blocks.append(_PLAIN_BLOCK.match(line.lstrip()) is not None)
        offset += len(whole)
