"""Credentials by reference: the variables that the base names, never a value or a default of its."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from scaffold.model.compose import EnvValue, Service
from scaffold.model.document import Node, Scalar, scalars_of
from scaffold.model.regex import regex
from scaffold.model.secret_names import may_be_sensitive_name
from scaffold.model.secrets import url_password

_REFERENCE = regex(r"\$(?:(?P<dollar>\$)|(?P<bare>[A-Za-z_]\w*)|\{(?P<name>[A-Za-z_]\w*)(?P<rest>(?:[^{}]|\{[^{}]*\})*)\})")
_LOGIN = regex(r"\w://([^\s:/@?#]+):([^\s/?#]+)@([^\s:/@?#]+)")
_USERINFO = regex(r"://(?P<user>[^\s:/@?#]*):(?P<password>[^\s/]*)@")
"""The last `@` before the path ends it: a password may hold others."""
_REQUIREPASS = regex(r"--requirepass[=\s]+[\"']?(?P<value>\$\$?\{[^}]*\}|[^\s\"']+)")


@dataclass(frozen=True, slots=True)
class Login:
    """User, password and host of a URL as the base writes them."""

    user: str
    password: str = field(repr=False)
    host: str


def login_of(raw: str) -> Login | None:
    """Return the login of a URL whose parts may be references, or None when it has none."""
    masked = _REFERENCE.sub(lambda match: "R" * len(match[0]), raw)
    found = _LOGIN.search(masked)
    if found is None:
        return None
    user, password, host = (raw[slice(*found.span(group))] for group in (1, 2, 3))
    return Login(user, password, host)


def required(name: str, service: str) -> str:
    """Return a reference that stops Compose with a message when the variable is unset or empty."""
    return f"${{{name}:?set {name}: {service} has it, and what logs in to it needs it}}"


def secret_reference(entry: EnvValue | None, fallback: str, service: str) -> tuple[str, bool]:
    """Return how to refer to a secret, and whether the base refers to it in the same way.

    A value that the base spells out, or takes from an env file, is asked for under the name `fallback`.
    """
    if entry is None or entry.source != "environment":
        return required(fallback, service), False
    if entry.raw is None:
        return required(entry.name, service), True
    return secret_text(entry.raw, fallback, service)


def secret_text(raw: str, fallback: str, service: str) -> tuple[str, bool]:
    """Return `raw` with its references made required, or a reference to `fallback` when it holds any literal character."""
    text = _required_references(raw.strip(), service)
    if not raw.strip() or _REFERENCE.sub("", raw.strip()):
        return required(fallback, service), False
    return text, True


def _required_references(raw: str, service: str) -> str:
    def replace(match: re.Match[str]) -> str:
        name = match["name"] or match["bare"]
        if name is None:
            return match[0]
        default = re.match(r":?-(.*)", match["rest"] or "", re.DOTALL)
        if default and _REFERENCE.search(default[1]) and not _REFERENCE.sub("", default[1]).strip():
            return f"${{{name}:-{_required_references(default[1], service)}}}"
        return required(name, service)

    return _REFERENCE.sub(replace, raw)


def plain_text(entry: EnvValue | None, default: str, service: str) -> str:
    """Return a value that is no secret (a user, a database) as Compose text; a secret-like part is made required."""
    if entry is None:
        return default
    if entry.source != "environment":
        return default if entry.value is None else entry.value.replace("$", "$$")
    if entry.raw is None:
        return required(entry.name, service)
    return _REFERENCE.sub(lambda match: _plain_reference(match, service), entry.raw)


def _plain_reference(match: re.Match[str], service: str) -> str:
    name = match["name"] or match["bare"]
    if name is None:
        return match[0]
    rest = match["rest"] or ""
    if may_be_sensitive_name(name) or url_password(rest) or rest.startswith((":?", "?")):
        return required(name, service)
    return match[0]


def url_text(entry: EnvValue, fallback: str, service: str) -> tuple[str, bool]:
    """Return a URL as Compose text with its password by reference; `fallback` stands for one that is spelled out."""
    if entry.source != "environment":
        value = entry.value or ""
        return (required(fallback, service), False) if _has_password(value) else (value.replace("$", "$$"), True)
    if entry.raw is None:
        return required(entry.name, service), True
    raw = entry.raw
    masked = _REFERENCE.sub(lambda match: "R" * len(match[0]), raw)
    userinfo = _USERINFO.search(masked)
    if not userinfo:
        return plain_text(entry, "", service), True
    start, end = userinfo.span("password")
    password, known = secret_text(raw[start:end], fallback, service) if start < end else ("", True)
    if not known:
        return required(fallback, service), False
    head = _REFERENCE.sub(lambda match: _plain_reference(match, service), raw[:start])
    return head + password + _REFERENCE.sub(lambda match: _plain_reference(match, service), raw[end:]), True


def _has_password(value: str) -> bool:
    userinfo = _USERINFO.search(value)
    return bool(userinfo and userinfo["password"])


def redis_password(service: Service, fallback: str) -> tuple[str, bool] | None:
    """Return how to refer to the password that `--requirepass` or the image's variable sets, or None when there is none."""
    match = _REQUIREPASS.search(_raw_command(service.node.get("command")))
    if match is None:
        entry = next((found for name in ("REDIS_PASSWORD", "VALKEY_PASSWORD") if (found := service.env(name))), None)
        return secret_reference(entry, fallback, service.name) if entry and _reads_password(service) else None
    value = match["value"]
    if value.startswith("$$"):
        name = value.strip("${}").partition(":")[0]
        return secret_reference(service.env(name), name if re.fullmatch(r"[A-Za-z_]\w*", name) else fallback, service.name)
    return secret_text(value, fallback, service.name)


def _reads_password(service: Service) -> bool:
    """Whether the image sets the password by itself from REDIS_PASSWORD, as Bitnami's do."""
    return service.image is not None and "bitnami" in service.image.repository


def _raw_command(node: Node | None) -> str:
    return " ".join((item.raw or item.value) if isinstance(item, Scalar) else "" for item in scalars_of(node))
