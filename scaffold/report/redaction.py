"""Keeps secret values out of every text: at the places where diffs show values, and wherever a known one turns up."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import TypeVar

from scaffold.model.compose import EnvValue
from scaffold.model.document import Mapping, Node, Scalar, Sequence
from scaffold.model.project import Project, SettingDefault
from scaffold.model.regex import regex
from scaffold.model.secret_names import may_be_sensitive_name
from scaffold.model.secrets import (
    KEY_ENDINGS,
    SecretClass,
    classify,
    is_drawn_key,
    is_provider_key,
    reads_as_name,
    url_password,
)

MARK = "<redacted>"
SHORTEST = 8
"""Shorter values are too common as words to be replaced outside the place of a value."""
_HEAD = 32
"""How much of a long value is compared; behind it everything to the end of the line goes."""
_PREFIX = 4
_LONGEST_KEY = 200
"""Of longer texts under a name that only ends in KEY, none is a key."""
_SECRET_CLASSES = frozenset({SecretClass.RANDOM, SecretClass.PROVIDER_KEY, SecretClass.LITERAL})
_OPEN_CLASSES = frozenset({SecretClass.EMPTY, SecretClass.REFERENCE, SecretClass.FILE_PATH})
_START = regex(r"(?<!\w)\w|[^\w\s]")
_WORD = regex(r"\w")
_DEFAULT = regex(r"\$\{(?P<name>[A-Za-z_]\w*)(?P<operator>:?[-+])(?P<value>[^{}\n]*)\}")
_USERINFO = regex(
    r"(?P<head>(?<![A-Za-z0-9+.\-])[A-Za-z][A-Za-z0-9+.\-]{0,30}://"
    r"(?:\$\{[^{}\s\"']{0,200}\}|[^\s:/@?#\"'])*+:)(?P<value>[^\s/?#\"']+)(?=@)"
)
"""The name before the colon may be a reference, whose default has a colon of its own."""
_COMPLAINT = regex(r"\$\{[A-Za-z_]\w*:?\?[^{}\n]*\}")
"""What Compose says of a variable that is not set: words, and no place of a value."""
_WRITTEN = regex(r"[^\s{}\"',;]+")
_KEY = regex(r"(?:^|[\s,;?&\[(\"']|(?<!\$)\{)(?P<name>[A-Za-z_][\w.\-]{0,100})[\"']?\s{0,20}[:=][ \t]{0,20}")
_VALUE = regex(r"\"(?:[^\"\\]|\\.)*\"|'[^']*'|[^\s#].*")
_OPTION = regex(
    r"(?P<head>(?<![\w-])--?(?:[\w-]{0,30}-)?(?:requirepass|masterauth|pass(?:word|wd)?|token|secret"
    r"|(?:api|access|auth|private|encryption|license)-?key)[\"']?(?:\s{0,9},\s{0,9}|\s{1,9}|=)[\"']?)"
    r"(?P<value>\$\{[^{}\n]{0,200}\}|[^\s\"',\]]+)",
    re.IGNORECASE,
)
_CLIENT_OPTION = regex(
    r"(?P<head>(?<![\w-])(?:-a[\"']?(?:\s{0,9},\s{0,9}|\s{1,9})[\"']?|-p(?=\S)))(?P<value>\$\{[^{}\n]{0,200}\}|[^\s\"',\]]+)"
)
"""`redis-cli -a VALUE` and `mysql -pVALUE`."""
_CLIENTS = ("redis-cli", "mysql", "mariadb")
_CREDENTIALS = regex(
    r"(?P<head>(?<![\w-])(?:-u|--user|--proxy-user)(?:\s{1,9}|=)[\"']?[^\s:\"']*:"
    r"|\bAuthorization[\"']?\s{0,9}[:=]\s{0,9}[\"']?(?:[A-Za-z]{1,20}\s{1,9})?|\blogin\b[^\n]{0,200}?\s-p\s{1,9}[\"']?|hooks\.slack\.com/services/)(?P<value>[^\s\"',\]]+)"
)
"""`curl -u user:VALUE`, an Authorization header, `docker login -p VALUE`, the path of a web hook."""
_LOOK_UP = regex(
    r"(?P<head>(?:getenv|environ\.get|config|env)\(\s{0,9}[\"'](?P<name>\w{1,100})[\"']\s{0,9},\s{0,9}(?:default\s?=\s?)?[\"'])"
    r"(?P<value>[^\"'\n]+)"
)
_REFERENCE = regex(
    r"(?:\$\{(?:[^{}]|\{[^{}]*\})*\}|\$\([^()]*\)|\$[A-Za-z_]\w*|<[^<>]*>)[\"']?[,\]})]{0,9}(?:\s+#.*)?|" + re.escape(MARK)
)
_CALLS = ("os.", "env(", "getenv", "process.env")
_KEY_BEGINS = "PRIVATE KEY-----"
_TOKEN = regex(r"[A-Za-z0-9_\-.]{16,}")
_KEYS_OF_COMPOSE = frozenset(
    {
        "container_name",
        "depends_on",
        "entrypoint",
        "env_file",
        "environment",
        "healthcheck",
        "networks",
        "privileged",
        "read_only",
    }
)
"""Words of the format that reports say of every service."""
_NAME_WORD = regex(r"[A-Za-z0-9]+")
_MOST_WORDS = 12
_VARIABLE_NAME = regex(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")

Tree = TypeVar("Tree")


class Redactor:
    """Replaces the secret values of one project in text; made once, used for every output of a command."""

    def __init__(self, project: Project | None = None) -> None:
        values = set(_values(project)) if project else set()
        ordinary = _ordinary_words(project) if project else frozenset()
        lines = {part.strip() for value in values for part in value.splitlines()}
        secret = {value for value in lines if len(value) >= SHORTEST and value not in ordinary}
        self._everywhere = _Finder(value for value in secret if classify(value) in _SECRET_CLASSES)
        self._in_diffs = _Finder(
            value for value in secret if classify(value) not in _OPEN_CLASSES | {SecretClass.WEAK, SecretClass.PLAIN}
        )
        self._weak = _Finder(value for value in lines if _is_weak_but_telling(value) and value not in ordinary)

    def clean(self, text: str) -> str:
        """Return the text of a report without any known secret value."""
        return self._everywhere.replace(text)

    def clean_diff(self, text: str) -> str:
        """Return a diff, or lines of the user's files, with every value of a secret replaced, known or not."""
        kept = "\n".join(_clean_lines(text.split("\n")))
        return self._weak.replace(self._in_diffs.replace(kept))

    def clean_tree(self, tree: Tree) -> Tree:
        """Return dictionaries, lists and texts with every text cleaned; keys stay."""
        return self._clean(tree)  # type: ignore[return-value]

    def _clean(self, tree: object) -> object:
        if isinstance(tree, str):
            return self.clean(tree)
        if isinstance(tree, dict):
            return {key: self._clean(value) for key, value in tree.items()}
        if isinstance(tree, (list, tuple)):
            return [self._clean(value) for value in tree]
        return tree


class _Finder:
    """Finds any of many values in a text, in time that grows with the text and not with their number."""

    def __init__(self, values: Iterable[str]) -> None:
        heads: dict[int, set[str]] = {}
        for value in values:
            heads.setdefault(min(len(value), _HEAD), set()).add(value[:_HEAD])
        self.heads = sorted(heads.items(), reverse=True)
        self.prefixes = {value[:_PREFIX] for group in heads.values() for value in group}

    def replace(self, text: str) -> str:
        """Return the text with each value that stands between token borders replaced, longest first."""
        if not self.heads:
            return text
        result: list[str] = []
        done = 0
        for start, end in self._matches(text):
            result += [text[done:start], MARK]
            done = end
        return "".join([*result, text[done:]])

    def _matches(self, text: str) -> Iterator[tuple[int, int]]:
        done = 0
        for match in _START.finditer(text):
            start = match.start()
            if start < done or text[start : start + _PREFIX] not in self.prefixes:
                continue
            end = self._end(text, start)
            if end:
                yield start, end
                done = end

    def _end(self, text: str, start: int) -> int:
        """Return the end of the value at `start`, 0 when there is none."""
        for length, group in self.heads:
            candidate = text[start : start + length]
            if candidate not in group:
                continue
            end = start + length
            if length == _HEAD:
                stop = text.find("\n", end)
                return len(text) if stop < 0 else stop
            if not (_WORD.match(candidate[-1]) and _WORD.match(text[end : end + 1] or " ")):
                return end
        return 0


def _is_weak_but_telling(value: str) -> bool:
    """Whether a weak value is still no word of ordinary text: `redis123` is, `redis` is not."""
    return len(value) >= 5 and classify(value) is SecretClass.WEAK and any(char.isdigit() for char in value)


# --- the places of values in a line -----------------------------------------------------------------------------------


def _clean_lines(lines: Iterable[str]) -> Iterator[str]:
    """Yield each line with its values replaced, and nothing of what stands inside a private key."""
    inside = False
    for line in lines:
        begins = _KEY_BEGINS in line and "BEGIN " in line
        if inside and not (_KEY_BEGINS in line and "END " in line):
            yield MARK
            continue
        inside = begins and "END " not in line
        yield _clean_places(line)


def _clean_places(line: str) -> str:
    """Return one line of a diff with values replaced where a secret stands by its place."""
    line = _LOOK_UP.sub(_replace_looked_up, line)
    line = _USERINFO.sub(_replace_unless_reference, line)
    line = _DEFAULT.sub(_replace_default, line)
    line = _clean_assignments(line)
    line = _OPTION.sub(_replace_unless_reference, line)
    line = _CREDENTIALS.sub(_replace_unless_reference, line)
    if any(client in line for client in _CLIENTS):
        line = _CLIENT_OPTION.sub(_replace_unless_reference, line)
    return _TOKEN.sub(lambda match: MARK if is_provider_key(match[0]) else match[0], line)


def _replace_unless_reference(match: re.Match[str]) -> str:
    return match[0] if _is_reference(match["value"]) else match["head"] + MARK


def _replace_default(match: re.Match[str]) -> str:
    named = _is_secret_name(match["name"]) or is_drawn_key(match["name"], match["value"])
    if not named or not match["value"] or match["value"] == MARK:
        return match[0]
    return f"${{{match['name']}{match['operator']}{MARK}}}"


def _replace_looked_up(match: re.Match[str]) -> str:
    named = _is_secret_name(match["name"]) or is_drawn_key(match["name"], match["value"])
    return match["head"] + MARK if named else match[0]


def _is_secret_name(name: str) -> bool:
    """Whether a name is sensitive; some programs write theirs without a border, such as PGPASSWORD."""
    return may_be_sensitive_name(name) or name.upper().endswith(("PASSWORD", "PASSWD", "REDISCLI_AUTH"))


def _clean_assignments(line: str) -> str:
    """Return the line with the value behind each sensitive key replaced; an unquoted one goes to the end of the line."""
    parts: list[str] = []
    done = position = 0
    complaints = [found.span() for found in _COMPLAINT.finditer(line)]
    while match := _KEY.search(line, position):
        position = max(match.start() + 1, match.end() - 1)
        before = bisect_left(complaints, (match.start("name"), 0)) - 1
        complains = before >= 0 and match.start("name") < complaints[before][1]
        if complains and not match[0].rstrip().endswith("="):
            continue
        named = _is_secret_name(match["name"])
        value = None
        if complains:
            # `set NAME=VALUE` shows what somebody may have set; `NAME: words` are words.
            value = _WRITTEN.match(line, match.end()) if named else None
        elif named:
            value = _VALUE.match(line, match.end())
        elif match["name"].upper().endswith(KEY_ENDINGS):
            value = _VALUE.match(line, match.end(), match.end() + _LONGEST_KEY)
        if value and _holds_secret(value[0]) and (named or is_drawn_key(match["name"], value[0])):
            parts += [line[done : value.start()], MARK]
            done = position = value.end()
    return "".join([*parts, line[done:]])


def _holds_secret(value: str) -> bool:
    bare = value.strip().strip("\"'")
    return not _is_reference(bare) and classify(bare) not in {*_OPEN_CLASSES, SecretClass.PLAIN}


def _is_reference(value: str) -> bool:
    """Whether a value is nothing but a reference or a call, so that no secret stands in it."""
    return _REFERENCE.fullmatch(value) is not None or value.startswith(_CALLS)


# --- what the project holds -------------------------------------------------------------------------------------------


def _values(project: Project) -> Iterator[str]:
    for stack in project.stacks:
        for service in stack.services:
            for entry in service.environment:
                yield from _environment_values(entry)
            if service.build:
                yield from (value for name, value in service.build.args if _is_secret_name(name))
    for file in project.env_files:
        for item in file.entries:
            yield from _named(item.name, item.value)
    for setting in project.settings:
        yield from _named(setting.name, setting.value or "")
        if setting.value and _is_token(setting):
            yield setting.value
    for document in project.documents:
        yield from _document_values(document.root)
        yield from _text_values(document.text)


def _is_token(setting: SettingDefault) -> bool:
    """Whether a setting's value is a secret whatever the setting is called."""
    if setting.value_class is SecretClass.RANDOM:
        return not reads_as_name(setting.value or "")
    return setting.value_class is SecretClass.PROVIDER_KEY


def _environment_values(entry: EnvValue) -> Iterator[str]:
    for text in (entry.value, entry.raw):
        if text:
            yield from _named(entry.name, text)
    for reference in entry.references:
        if reference.has_default:
            yield from _named(reference.name, reference.argument)
            yield from _named(entry.name, reference.argument)


def _named(name: str, value: str) -> Iterator[str]:
    """Yield the value when its name is sensitive, and the password of a URL under any name."""
    if "${" not in value and (_is_secret_name(name) or is_drawn_key(name, value)):
        yield value
    password = url_password(value)
    if password and not _is_reference(password):
        yield password


def _document_values(root: Node | None) -> Iterator[str]:
    """Yield the scalars that stand under a sensitive key of a YAML document, and `KEY=value` items of its lists."""
    pending: list[tuple[str, Node]] = [("", root)] if root else []
    seen: set[int] = set()
    while pending:
        name, node = pending.pop()
        if isinstance(node, Scalar):
            key, equals, value = node.value.partition("=")
            yield from _named(key.strip(), value) if equals and not name else _named(name, node.value)
        elif id(node) not in seen:
            seen.add(id(node))
            if isinstance(node, Mapping):
                pending += [(entry.key.value, entry.value) for entry in node.entries]
            elif isinstance(node, Sequence):
                pending += [("", item) for item in node.items]


def _text_values(text: str) -> Iterator[str]:
    """Yield defaults of sensitive references and passwords after options, wherever they stand in a file."""
    for match in _DEFAULT.finditer(text):
        if _is_secret_name(match["name"]) or is_drawn_key(match["name"], match["value"]):
            yield match["value"]
    options = _OPTION, *([_CLIENT_OPTION] if any(client in text for client in _CLIENTS) else ())
    for match in (found for option in options for found in option.finditer(text)):
        if not _is_reference(match["value"]):
            yield match["value"]


def _ordinary_words(project: Project) -> frozenset[str]:
    """Return the names that reports have to say: a password that equals one is not told by it."""
    paths = {part for path in project.files for part in (path, *path.split("/"))}
    return frozenset(_named_parts(project) | paths | project.directories | _KEYS_OF_COMPOSE | set(_variables(project)))


def _named_parts(project: Project) -> set[str]:
    """Return the names of the project, its services and images, and the words of each: `shop-api` is one of `shop-api-dev`."""
    services = [service for stack in project.stacks for service in stack.services]
    names = {project.name, *(stack.name for stack in project.stacks), *(service.name for service in services)}
    repositories = {service.image.repository for service in services if service.image}
    found = names | repositories
    for name in names | {part for repository in repositories for part in repository.split("/")}:
        words = [match.span() for match in _NAME_WORD.finditer(name)][:_MOST_WORDS]
        found.update(name[start:end] for start, _ in words for _, end in words if start < end)
    return found


def _variables(project: Project) -> Iterator[str]:
    """Yield the names of variables: manifests for a cluster write one as the value of a key (`secretKey: DATABASE_URL`)."""
    names = [entry.name for stack in project.stacks for service in stack.services for entry in service.environment]
    names += [read.name for read in project.env_reads]
    names += [entry.name for file in project.env_files for entry in file.entries]
    steps = (step for workflow in project.workflows for job in workflow.jobs for step in job.all_steps)
    given = (*(workflow.env for workflow in project.workflows), *(step.env for step in steps))
    names += [name for pairs in given for name, _ in pairs]
    return (name for name in names if _VARIABLE_NAME.fullmatch(name))
