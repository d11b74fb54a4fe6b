"""Django projects whose django-axes locks logins by the address that connects, and by nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.lines import Places
from scaffold.read.paths import is_test_code

_BACKEND = regex(r"[\"']axes\.backends\.Axes\w+[\"']", words=("axes.backends.",))
_PARAMETERS = regex(r"\bAXES_LOCKOUT_PARAMETERS\b[^=\n]{0,40}=\s*(?P<value>[^\n]{1,200})", words=("AXES_LOCKOUT_PARAMETERS",))
_ADDRESS = regex(r"[\[(]\s*[\"']ip_address[\"']\s*,?\s*[\])]\s*(?:#.*)?", words=("ip_address",))
_TOLD = regex(
    r"(?i)\bAXES_(?:IPWARE|CLIENT_IP|PROXY|REVERSE_PROXY|NUM_PROXIES|BEHIND|META|HANDLER|ONLY_USER|LOCK_OUT_BY|USE_USER_AGENT)\w*"
    r"|\bAXES_ENABLED\s*[:=]\s*False|META\[[\"']REMOTE_ADDR[\"']\]\s*=[^=]|ipware|\bxff\.middleware|xforwardedfor",
    words=("axes_", "remote_addr", "ipware", "xff.middleware", "xforwardedfor"),
)
"""What takes the address from elsewhere, locks by something else, or locks nobody."""
_OF_A_TRY = regex(r"(?i)(?:^|[/_.-])(?:dev|development|local|debug|ci)(?=[/_.-])")
_VERSION = regex(
    r"django[-_]axes(?:[\"']\s*version\s*=\s*[\"']|[\"'][^\d\n]{0,40}|[^\d\n]{1,20})(?P<major>\d{1,3})", words=("axes",)
)
_PACKAGES = ("pyproject.toml", "Pipfile", ".lock", "setup.py", "setup.cfg")
_OWN_ADDRESS = 6
"""The first version that asks ipware only where it is installed."""


def address_locks(
    marked: Iterable[str], code: Iterable[str], files: Iterable[str], glance: Callable[[str], str | None]
) -> Iterator[CodeFact]:
    """Yield a `proxy` fact `locks django` for the settings by which failed logins of an address lock out all who share it."""
    python = [path for path in code if path.endswith(".py") and not is_test_code(path) and not _OF_A_TRY.search(path)]
    texts = {path: text for path in python if (text := glance(path)) is not None and "axes" in text.lower()}
    others = (glance(path) or "" for path in python if path not in texts)
    if any(map(_TOLD.search, texts.values())) or any(map(_TOLD.search, others)) or not _is_without_ipware(files, glance):
        return
    chosen = [(path, match) for path, text in texts.items() for match in _PARAMETERS.finditer(text)]
    if any(not _ADDRESS.fullmatch(match["value"].strip()) for _, match in chosen):
        return
    backends = [(path, match) for path in marked if path in texts for match in _BACKEND.finditer(texts[path])]
    if backends:
        path, match = (chosen or backends)[0]
        yield CodeFact("proxy", "locks django", Places(path, texts[path]).at(match.start()))


def _is_without_ipware(files: Iterable[str], glance: Callable[[str], str | None]) -> bool:
    """Whether the packages of the project hold a django-axes that works without ipware, and no ipware."""
    majors: list[int] = []
    for path in files:
        name = path.rpartition("/")[2]
        if name.endswith(_PACKAGES) or ("requirements" in path and name.endswith((".txt", ".in"))):
            text = glance(path) or ""
            if "ipware" in text:
                return False
            majors += (int(match["major"]) for match in _VERSION.finditer(text))
    return bool(majors) and min(majors) >= _OWN_ADDRESS
