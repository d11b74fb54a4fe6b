"""SEC009: an env template ships a value that works as the signing key, and nothing in the code refuses it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Confidence, Layer, Severity
from scaffold.model.project import EnvEntry, EnvFile, Project
from scaffold.model.regex import regex
from scaffold.model.secrets import SecretClass, classify, is_sensitive_name

_SIGNING = regex(
    r"(?:^|_)(?:SECRET_?KEY(?:_BASE)?|APP_SECRET|(?:JWT|SIGNING|SESSION|COOKIE|ENCRYPTION)_(?:\w+_)?(?:SECRET|KEY))$"
)
_KEPT = regex(
    r"\b(?:SECRET_?KEY(?:_BASE)?|JWT_SECRET(?:_KEY)?|SIGNING_KEY|secret_?key)\b[\"']?\]?\s*(?::\s*\w+\s*)?[=:]\s*\S*$",
    re.IGNORECASE,
)
"""The left side of the line that reads a variable."""
_OWN_DEFAULT = regex(r"\$\{(?P<name>\w+):?-(?P<value>[^${}]+)\}")
_COUNTED = frozenset({SecretClass.WEAK, SecretClass.LITERAL, SecretClass.RANDOM})
_SAYS_SO = regex(
    r"dev|local|insecure|test|change|replace|unsafe|not[-_ ]?for|generate|openssl|random|here|todo|demo", re.IGNORECASE
)
"""Words of a value, or of the comment above it, that tell whoever copies the template to write another one."""
_CODE = (".py", ".js", ".ts", ".mjs", ".go", ".rb", ".php", ".java", ".kt", ".rs", ".ex", ".exs", ".cs")
_REFUSES = regex(r"\braise\b|\bthrow\b|process\.exit|sys\.exit|log\.Fatal|panic[!(]|\babort\b")


def _detect(project: Project) -> Iterator[Gap]:
    read = {item.name for item in project.env_reads}
    for file in project.env_files:
        if file.kind != "template" or file.path in project.owned or file.environment in {"dev", "test"}:
            continue
        kept = [entry for entry in file.entries if entry.name in read and _works(project, file, entry)]
        if kept:
            yield _gap(file, kept)


def _works(project: Project, file: EnvFile, entry: EnvEntry) -> bool:
    """Whether the value of an entry is taken for a key: no stand-in, no word that it has to be changed, refused nowhere."""
    value = _value(entry)
    if entry.commented or "$" in value or not is_sensitive_name(entry.name):
        return False
    if classify(value) not in _COUNTED or _SAYS_SO.search(value) or _SAYS_SO.search(_above(project, file, entry)):
        return False
    if not _SIGNING.search(entry.name) and not _is_read_as_key(project, entry.name):
        return False
    code = (item.text for item in project.sources if item.path.endswith(_CODE) and value in item.text)
    return not any(_REFUSES.search(text) for text in code)


def _value(entry: EnvEntry) -> str:
    """Return the value of an entry, or the default of its own name in it (`NAME=${NAME:-value}`)."""
    match = _OWN_DEFAULT.fullmatch(entry.value)
    return match["value"] if match and match["name"] == entry.name else entry.value


def _is_read_as_key(project: Project, name: str) -> bool:
    """Whether the code keeps a variable of any name as its signing key: `SECRET_KEY = os.getenv("SHOP_SECRET")`."""
    for read in project.env_reads:
        if read.name == name:
            lines = (project.source(read.location.path) or "").splitlines()
            line = next(iter(lines[read.location.line - 1 : read.location.line]), "")
            if _KEPT.search(line[: read.location.column]):
                return True
    return False


def _above(project: Project, file: EnvFile, entry: EnvEntry) -> str:
    """Return the comments right above an entry and beside its value."""
    lines = (project.source(file.path) or "").split("\n")[: entry.location.line]
    if not lines:
        return ""
    found = [lines[-1].partition(" #")[2]]
    for line in reversed(lines[:-1]):
        if not line.lstrip().startswith("#"):
            break
        found.append(line)
    return re.sub(re.escape(entry.name), "", " ".join(found))


def _gap(file: EnvFile, entries: list[EnvEntry]) -> Gap:
    names = ", ".join(dict.fromkeys(entry.name for entry in entries))
    return RULE.gap(
        resource=file.path,
        subject=entries[0].name,
        message=f"{file.path} ships a value for {names} that works: who copies the template and goes on signs with a key that "
        "everybody can read, and nothing notices it.",
        expected="an empty value, and a start that fails without one",
        actual=classify(_value(entries[0])).value,
        locations=tuple(entry.location for entry in entries),
        confidence=Confidence.MEDIUM,
    )


RULE = Rule(
    code="SEC009",
    name="template-ships-a-signing-key",
    layer=Layer.SECRETS,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Leave the value empty and write the command that makes one above it; refuse short and known keys at start.",
        ),
    ),
)
