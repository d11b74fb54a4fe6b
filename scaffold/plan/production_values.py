"""What production makes of the values that developers work with."""

from __future__ import annotations

import re

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
_LEVEL = regex(r"(?:^|_)LOG_?LEVEL$")
_FOR_DEVELOPERS = frozenset({"debug", "trace", "verbose", "silly"})
"""Levels of logs by which a program tells each query and body: much to keep, and what people sent stands in it."""
_ORIGINS = regex(r"(?:^|_)(?:CORS|ORIGINS?)(?:_|$)")
_NO_ORIGINS = regex(r"(?:^|_)(?:CREDENTIALS?|HEADERS?|METHODS?|MAX_AGE|ENABLED?)$")
"""What else variables about origins choose."""
_MAIL = regex(r"(?:^|_)E?MAIL(?:ER)?_(?:BACKEND|DRIVER|MAILER|PROVIDER|SERVICE|TRANSPORT)$")
_KEEPS_MAIL = frozenset({"array", "console", "dummy", "filebased", "locmem", "log"})
_SWITCHES = frozenset({"true", "false", "yes", "no", "on", "off"})
_OFF = {"true": "false", "false": "false", "True": "False", "False": "False", "1": "0", "0": "0", "on": "off", "off": "off"}

_LOOPBACK = regex(
    r"(?:[a-z][a-z0-9+.-]*://)?(?:[^@/\s]*@)?(?:localhost|127(?:\.\d+){3}|\[?::1\]?)(?::\d+)?(?:/\S*)?", re.IGNORECASE
)
_NAMES_ITSELF = regex(r"(?:HOSTS|ORIGINS?|DOMAINS?)$")

_NAMES_SITE = regex(
    r"(?:(?!DB|DATABASE|POSTGRES|PG|MYSQL|MONGO|REDIS|CACHE|SMTP|E?MAIL|IMAP|LDAP|S3|MINIO|KAFKA|MQTT|NATS)[A-Z0-9]+_)?"
    r"(?:DOMAIN(?:_NAME)?|HOST(?:NAME)?|FQDN|(?:APP|BASE|FRONTEND|PUBLIC|ROOT|SERVER|SITE|WEB)_?(?:DOMAIN|HOST|UR[IL]))"
)
"""Variables by which an application knows the address under which people reach it."""
_STAND_IN_DOMAIN = regex(
    r"(?:[a-z][a-z0-9+.-]*://)?(?:[a-z0-9-]+\.)+(?:local|localhost|test|example|invalid|example\.(?:com|net|org))(?::\d+)?(?:/\S*)?",
    re.IGNORECASE,
)
"""Names that nobody can own or reach over the internet (RFC 2606, RFC 6762)."""

_NAMES_SOMEBODY = regex(r"(?:^|_)(?:IDS?|ADMINS?|OWNERS?|CHATS?|CHANNELS?|USERS?|GUILDS?|PHONES?(?:_NUMBERS?)?)$")
_STAND_IN = regex(r"[-+]?(?:100)?(?:0?123456\d*|0?987654\d*|(?P<digit>\d)(?P=digit){5,})")
"""Numbers that people write where they mean somebody's own; chats of Telegram begin with -100."""


def is_nobody(name: str, value: str) -> bool:
    """Whether a variable names people, chats or accounts by number, and the value is a row of digits that stands for one."""
    parts = [part.strip(" \"'[]") for part in value.split(",")]
    return _NAMES_SOMEBODY.search(name) is not None and all(_STAND_IN.fullmatch(part) for part in parts)


def is_this_machine(value: str) -> bool:
    """Whether a value is, or points at, the machine of whoever reads it: right for a developer, wrong in production."""
    return all(_LOOPBACK.fullmatch(part.strip()) for part in value.split(","))


def leads_home(name: str, value: str) -> bool:
    """Whether a value is an address of a developer's own machine: a URL, or a name under which people reach the app, which may
    be one that nobody else can reach.
    """
    if _NAMES_SITE.fullmatch(name) and _STAND_IN_DOMAIN.fullmatch(value):
        return True
    return is_this_machine(value) and ("://" in value or _NAMES_ITSELF.search(name) is not None)


def keeps_mail(name: str, value: str) -> bool:
    """Whether a variable chooses how mail goes out, and the value is a way for developers that sends none."""
    return bool(_MAIL.search(name)) and value.rpartition("backends.")[2].partition(".")[0].lower() in _KEEPS_MAIL


def lists_origins(name: str, value: str) -> bool:
    """Whether a variable holds the origins of web pages, which every environment has its own of, and is no switch or number."""
    if _NO_ORIGINS.search(name):
        return False
    return bool(_ORIGINS.search(name)) and value.lower() not in _SWITCHES and not value.isdigit()


def production_value(name: str, value: str) -> str | None:
    """Return what production sets where a developer has `value`: by the name of the variable; None where that says nothing."""
    if name in _MODE:
        return "production"
    if _DEBUG.search(name) and (not value or value in _OFF):
        return _OFF.get(value, "false")
    if _LEVEL.search(name) and value.lower() in _FOR_DEVELOPERS:
        return "INFO" if value.isupper() else "info"
    return None
