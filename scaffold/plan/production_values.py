"""What production makes of the values that developers work with."""

from __future__ import annotations

from scaffold.model.regex import regex

_MODE = frozenset(
    {
        "ENVIRONMENT",
        "ENV",
        "APP_ENV",
        "APP_ENVIRONMENT",
        "NODE_ENV",
        "RAILS_ENV",
        "FLASK_ENV",
        "DEPLOY_ENV",
        "DEPLOYMENT_ENVIRONMENT",
    }
)
_DEBUG = regex(r"(?:^|_)(?:DEBUG|(?:AUTO_?|HOT_?)?RELOAD)$", words=("DEBUG", "RELOAD"))
_ORIGINS = regex(r"(?:^|_)(?:CORS|ORIGINS?)(?:_|$)")
_OFF = {"true": "false", "false": "false", "True": "False", "False": "False", "1": "0", "0": "0", "on": "off", "off": "off"}


def lists_origins(name: str) -> bool:
    """Whether a variable of this name holds the origins of web pages, which every environment has its own of."""
    return bool(_ORIGINS.search(name))


def production_value(name: str, value: str) -> str | None:
    """Return what production sets where a developer has `value`: by the name of the variable; None where that says nothing."""
    if name in _MODE:
        return "production"
    if _DEBUG.search(name) and (not value or value in _OFF):
        return _OFF.get(value, "false")
    return None
