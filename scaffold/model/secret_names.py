"""Which names call a secret: one answer for findings, and a more careful one for what may be written or shown."""

from __future__ import annotations

import re
from itertools import pairwise

from scaffold.model.regex import regex

_SECRETS = frozenset(
    {
        *("PASSWORD", "PASSWD", "PASS", "PWD", "PASSPHRASE", "SECRET", "TOKEN", "APIKEY", "DSN", "SALT", "PEPPER"),
        *("CREDENTIAL", "CREDENTIALS", "JWT"),
        # As people mistype it, in code and Compose alike.
        "SECERT",
    }
)
_KINDS_OF_KEYS = frozenset({"API", "PRIVATE", "ENCRYPTION", "SIGNING", "MASTER", "FERNET", "VAULT", "HMAC"})
"""Before KEY, these make the name of a secret."""
_SERVICE_ROLE = ("SERVICE", "ROLE")
"""Before KEY: the key of Supabase that passes by all policies of its tables."""
_SERVICE_ACCOUNT = ("SERVICE", "ACCOUNT")
"""Before KEY and the ways to write one down: the private key of an account of Google."""
_WRITTEN_DOWN = frozenset({"KEY", "JSON", "B64", "BASE64"})
_WHOLE_ADDRESS = regex(
    r"(?!VITE_|NEXT_PUBLIC_|REACT_APP_)(?:\w*_)?(?:(?:DATABASE|MONGO|MONGODB|POSTGRES|POSTGRESQL|MYSQL|REDIS|AMQP|RABBITMQ|BROKER)_UR[LI]"
    r"|CONNECTION_STRING|DIRECT_URL)"
)
_MAY_BE_USERS = ("ACCESS", "KEY")
"""An access key of S3 is who logs in; its secret stands beside it. Other parties call their secret so."""
_WHOLE_NAMES = frozenset({("APP", "KEY")})
"""Laravel's key, by which it signs and encrypts; PUSHER_APP_KEY is a public name."""
_OF_A_SERVICE = ("SERVICE", "KEY")
"""SUPABASE_SERVICE_KEY passes by all policies of its tables."""
_IN_ONE_WORD = regex(r"[A-Z0-9]{2,}PASSWORD|[A-Z0-9]*(?:SECRET|SECRETACCESS|PRIVATE|API|MASTER|ENCRYPTION)KEY")
"""Programs that write two words as one: `PGPASSWORD`, `SEQ_FIRSTRUN_ADMINPASSWORD`, `ZITADEL_MASTERKEY`."""
_NO_PASSWORD = ("NO", "WRONG", "INVALID")
_READ_BY_CLIENTS = frozenset({"REDISCLI_AUTH"})
"""Variables from which a client takes a password, and whose names have no word for one."""
_NO_SECRETS = frozenset(
    {
        *("PWD", "OLDPWD", "SECRET_KEY_BASE_DUMMY", "MYSQL_RANDOM_ROOT_PASSWORD", "MARIADB_RANDOM_ROOT_PASSWORD"),
        "PASSWORD_ENCRYPTION",
    }
)
"""Folders of the shell, and switches: a build of Rails needs no secret, a database draws its own, or is told how
to hash."""
_DIRECTIVES = frozenset({"PROXY", "UWSGI", "FASTCGI", "GRPC", "SCGI"})
"""Before PASS, these make a directive of nginx, whose value is an address."""
_SWITCHES = frozenset({"ALLOW", "ENABLE", "DISABLE", "REQUIRE", "ENFORCE", "FORGOT", "SKIP"})
"""With these, what stands at the end of a name is switched: `MYSQL_ALLOW_EMPTY_PASSWORD`, `ENABLE_JWT`."""
_SWITCHED = frozenset({"PASSWORD", "CREDENTIALS", "JWT"})
_COUNTS = frozenset({"NUM", "TOTAL", "PER"})
"""Right behind these, a token is a piece of a text that a model reads."""

_STILL_THE_SECRET = frozenset(
    {
        # The value itself, or how it is written down.
        *("VALUE", "BASE", "B64", "BASE64", "HEX", "PEM", "JSON", "STR", "STRING", "RAW", "CONTENT", "CONTENTS", "HMAC"),
        # Which of several.
        *("OLD", "NEW", "CURRENT", "PREVIOUS", "PREV", "PRIMARY", "SECONDARY", "DEFAULT", "FALLBACK", "FALLBACKS"),
        *("MAIN", "SHARED", "GLOBAL", "INTERNAL", "EXTERNAL", "BACKUP", "READ", "WRITE", "READONLY", "RW", "RO"),
        # Where it counts.
        *("PROD", "PRODUCTION", "STAGING", "STAGE", "DEV", "DEVELOPMENT", "TEST", "TESTING", "LOCAL", "LIVE", "SANDBOX"),
        *("DEMO", "CI", "QA", "UAT", "INIT", "INITIAL"),
        # What kind of key it is.
        *("KEY", "API", "PRIVATE", "ACCESS", "REFRESH", "ENCRYPTION", "ENC", "SIGNING", "SIGN", "SIGNATURE", "MASTER"),
        *("AES", "RSA", "EC", "BOX", "SESSION", "CSRF", "WEBHOOK"),
        # Whose it is.
        *("ADMIN", "ROOT", "SUPERUSER", "OWNER", "APP", "WEB", "CLIENT", "WORKER", "BOT"),
        *("JS", "DJANGO", "FLASK", "RAILS", "LARAVEL", "NODE", "DB", "DATABASE", "SQL", "POSTGRES", "POSTGRESQL"),
        *("PG", "MYSQL", "MARIADB", "MONGO", "MONGODB", "REDIS", "RABBITMQ", "KAFKA", "ELASTIC", "ELASTICSEARCH"),
        *("KIBANA", "CLICKHOUSE", "NEO4J", "QDRANT", "MINIO", "S3", "SMTP", "MAIL", "GRAFANA", "KEYCLOAK", "TELEGRAM"),
        *("DISCORD", "SLACK", "GITHUB", "GITLAB", "GOOGLE", "AWS", "AZURE", "GCP", "BEDROCK", "OPENAI", "ANTHROPIC"),
        *("GEMINI", "STRIPE", "TWILIO", "SENDGRID"),
    }
)
"""Words behind the one for a secret that leave it one. A closed list: any other word tells something about the secret."""
_NUMBER = regex(r"[VR]?[0-9]{1,4}")

_TELLS_ABOUT = frozenset(
    {
        # How long it counts, how it is made, from whom and for whom; how it travels.
        *("TTL", "EXPIRE", "EXPIRES", "EXPIRED", "EXPIRATION", "EXPIRY", "EXP", "MINUTES", "SECONDS", "HOURS", "DAYS", "MS"),
        *("AGE", "PERIOD", "INTERVAL", "LEEWAY", "DELTA", "TIMEOUT", "GRACE", "WINDOW", "ROTATION", "DATE", "TIME"),
        *("ALGORITHM", "ALGORITHMS", "ALGO", "ALG", "ROUNDS", "ITERATIONS", "HASH", "HASHERS", "ENCODING", "FORMAT"),
        *("ISSUER", "AUDIENCE", "AUD", "ISS", "CLAIM", "CLAIMS", "ROLES", "SCOPE", "SCOPES", "GROUPS"),
        *("HEADER", "HEADERS", "PREFIX", "SCHEME", "LOCATION", "SAMESITE", "SECURE", "HTTPONLY", "DOMAIN"),
        # What it has to look like, and whether it is asked for.
        *("LENGTH", "LEN", "BYTES", "SIZE", "MIN", "MAX", "COUNT", "LIMIT", "LIMITS", "BUDGET", "THRESHOLD", "ATTEMPTS"),
        *("RETRIES", "POLICY", "COMPLEXITY", "STRENGTH", "REGEX", "PATTERN", "VALIDATORS", "VALIDATION", "REQUIREMENTS"),
        *("ENABLED", "DISABLED", "REQUIRED", "ALLOWED", "ACTIVE", "CHECK", "MODE", "METHOD", "METHODS", "STRATEGY"),
        *("AUTHENTICATION", "LOGIN", "RESET", "CHANGE", "STATUS"),
        # Where it stands, and what it is called.
        *("FILE", "PATH", "DIR", "URL", "URI", "HOST", "PORT", "ENDPOINT", "NAME", "ID", "ARN", "TYPE", "TYPES", "VERSION"),
        *("CLASS", "TABLE", "COLUMN", "FIELD", "FIELDS", "PARAM", "USERNAME", "BROKER", "NAMESPACE"),
    }
)
"""Words at the end of a name that say something about a secret: its value is no secret, and stays readable wherever it goes."""
_OF_A_SECRET = frozenset(
    {
        *("TTL", "EXPIRE", "EXPIRES", "EXPIRATION", "EXPIRY", "LIFETIME", "LIFESPAN", "DURATION", "VALIDITY"),
        *("ALGORITHM", "ALGORITHMS", "ALGO", "ALG", "ISSUER", "AUDIENCE", "CLAIM", "SAME"),
    }
)
"""Such words that may stand before others: `JWT_EXPIRES_IN`, `JWT_ROLE_CLAIM_KEY`."""


def names_whole_address(name: str) -> bool:
    """Whether a variable of this name is the address of a store with the login in it, as far as nothing shows what it holds."""
    return _WHOLE_ADDRESS.fullmatch(name) is not None


def is_sensitive_name(name: str) -> bool:
    """Whether a name calls a secret: the word for one is its last, or all behind it leave it one (`_OLD`, `_PROD`)."""
    words = _words(name)
    if _is_harmless(name, words):
        return False
    if name.upper() in _READ_BY_CLIENTS:
        return True
    ends = [index for index in range(len(words)) if _ends_secret(words, index)]
    rest = words[ends[-1] + 1 :] if ends else ()
    if not ends or not all(word in _STILL_THE_SECRET or _NUMBER.fullmatch(word) for word in rest):
        return False
    # Of tokens that are signed, most names set how: only the token and its key are secrets.
    return words[ends[-1]] != "JWT" or not rest or "KEY" in rest


def may_be_sensitive_name(name: str) -> bool:
    """Whether a name may call a secret: where its value would be written or shown, what nobody knows counts as one.

    A false alarm of a finding costs trust; here it costs one entry more to fill in, and a miss would publish a password.
    """
    words = _words(name)
    if _is_harmless(name, words):
        return False
    if is_sensitive_name(name):
        return True
    if words[-1] in _TELLS_ABOUT or (_OF_A_SECRET.intersection(words) and words[-1] not in _SECRETS):
        return False
    if (
        words in _WHOLE_NAMES
        or words[-2:] == _OF_A_SERVICE
        or _MAY_BE_USERS in pairwise(words)
        or any(word in _SECRETS for word in words)
    ):
        return True
    return any(_ends_secret(words, index) for index in range(len(words)))


def _words(name: str) -> tuple[str, ...]:
    """Return the words of a name in capitals: it is split at `_`, `-`, `.` and where camel case starts one."""
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    return tuple(word for word in re.split(r"[^A-Za-z0-9]+", spaced.upper()) if word)


def _ends_secret(words: tuple[str, ...], index: int) -> bool:
    """Whether the word for a secret ends at an index, alone or with the one before it."""
    word, before = words[index], words[index - 1] if index else ""
    if word in _SECRETS:
        return word != "TOKEN" or before not in _COUNTS
    if word in _WRITTEN_DOWN and words[max(index - 2, 0) : index] == _SERVICE_ACCOUNT:
        return True
    if word == "KEY":
        if before in _KINDS_OF_KEYS or words[max(index - 2, 0) : index] == _SERVICE_ROLE:
            return True
        return "ENCRYPTION" in words[:index] and not _OF_A_SECRET.intersection(words)
    if (before, word) == ("KEY", "BASE"):
        return True
    return _IN_ONE_WORD.fullmatch(word) is not None and not word.startswith(_NO_PASSWORD)


def _is_harmless(name: str, words: tuple[str, ...]) -> bool:
    """Whether a name surely calls no secret, whatever words it has."""
    if not words or name.upper() in _NO_SECRETS or "PUBLIC" in words or "PUBLISHABLE" in words:
        return True
    if words[-1] == "PASS":
        return not _DIRECTIVES.isdisjoint(words[-2:-1])
    return words[-1] in _SWITCHED and not _SWITCHES.isdisjoint(words)
