"""Env files that say of themselves that they are for the machine of who develops: by the address or by the mode."""

from __future__ import annotations

import re

from scaffold.gaps.facts import path_environment
from scaffold.gaps.modes import mode_of
from scaffold.model.names import EnvironmentClass
from scaffold.model.own_machine import LOCAL_DOMAIN
from scaffold.model.project import EnvEntry, EnvFile
from scaffold.model.regex import regex

_VISITED = regex(
    r"(?:.*_)?(?:DOMAIN(?:_NAMES?)?|DNS(?:_\w+)?|ORIGIN|ISSUER"
    r"|(?:SITE|APP|WEB|ROOT|BASE|PUBLIC|SERVER|ADMIN|DEFAULT|FRONTEND|EXTERNAL)_(?:HOST(?:NAME)?|URL))",
    re.IGNORECASE,
)
"""Names of variables for the address at which visitors reach the application."""
_OF_A_STORE = regex(
    r"(?:^|_)(?:DB|DATABASE|POSTGRES|PG|MYSQL|MARIADB|MONGO|REDIS|CACHE|SMTP|MAIL\w*|RABBIT\w*|AMQP|KAFKA|ELASTIC\w*|S3|MINIO|SOLR)(?:_|$)",
    re.IGNORECASE,
)
_HERE = regex(
    rf"(?:\w+://)?(?:[^\s/:@]*\.)?(?:localhost|127\.0\.0\.1|{LOCAL_DOMAIN}|[\w-]+\.test)(?::\d+)?(?:/\S*)?",
    re.IGNORECASE,
    words=("localhost", "127.0.0.1", "localhost.direct", "lvh.me", "localtest.me", "vcap.me", ".test"),
)
"""Addresses that resolve to the machine itself (RFC 6761 for `localhost` and `test`; public names that point to 127.0.0.1)."""


def of_the_own_machine(file: EnvFile) -> EnvEntry | None:
    """Return the entry by which an env file says that it is for one's own machine: where visitors go, else the mode; None for
    one whose name says staging or production, in which such a value is a mistake.
    """
    if path_environment(file.path) in {EnvironmentClass.PRODUCTION, EnvironmentClass.STAGING}:
        return None
    entries = [entry for entry in file.entries if not entry.commented]
    visited = (item for item in entries if _VISITED.fullmatch(item.name) and not _OF_A_STORE.search(item.name))
    own = next((item for item in visited if _HERE.fullmatch(item.value.strip())), None)
    modes = {EnvironmentClass.DEV, EnvironmentClass.TEST}
    return own or next((item for item in entries if mode_of(item.name, item.value) in modes), None)
