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
    if entry.commented or "$" in entry.value or not _SIGNING.search(entry.name) or not is_sensitive_name(entry.name):
        return False
    if classify(entry.value) not in _COUNTED or _SAYS_SO.search(entry.value) or _SAYS_SO.search(_above(project, file, entry)):
        return False
    code = (item.text for item in project.sources if item.path.endswith(_CODE) and entry.value in item.text)
    return not any(_REFUSES.search(text) for text in code)


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
        actual=classify(entries[0].value).value,
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
