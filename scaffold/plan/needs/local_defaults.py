"""Variables that nothing sets and whose default in code is right on a developer's machine alone: a store at localhost, a SQLite
file beside a database server, or localhost as the address under which people reach the application.
"""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.compose import Service, Stack
from scaffold.model.environment import NeededVariable
from scaffold.model.image_code import defaults_in_image, given_names
from scaffold.model.names import Role
from scaffold.model.own_machine import THIS_MACHINE
from scaffold.model.project import Project, SettingDefault
from scaffold.model.regex import regex
from scaffold.model.secret_names import may_be_sensitive_name
from scaffold.plan.production_values import is_this_machine
from scaffold.plan.workloads.hosts import parse_url

_OF_A_STORE = regex(r"(?:postgres(?:ql)?|mysql|mariadb|mongodb|rediss?|valkey|amqps?|nats|kafka|clickhouse)(?:\+\w+)?")
_SQLITE = regex(r"sqlite(?:\+\w+)?:.*|file:[^?\s]+\.(?:db|sqlite3?)")
_DATABASE = regex(r"(?:^|_)(?:DATABASE|DB|SQL)\w*_(?:URL|URI|DSN)$|^SQLALCHEMY_DATABASE_URI$")
_SEEN_BY_PEOPLE = regex(
    r"^(?:FRONTEND|FRONT_END|CLIENT|SITE|PUBLIC|APP|WEB|WEBSITE|WEB_APP|BASE|EXTERNAL|PUBLIC_APP|APP_BASE|PUBLIC_BASE)_?(?:URL|URI|ORIGIN|HOST)$"
    r"|^(?:CORS_)?(?:ALLOWED_)?(?:ORIGINS?|CORS)$|^(?:CORS_ORIGINS?|CORS_ALLOWED_ORIGINS|ALLOWED_HOSTS|CSRF_TRUSTED_ORIGINS)$"
)
_SERVERS = frozenset({Role.POSTGRES, Role.MYSQL})
_OF_TESTS = regex(r"(?:^|_)TEST(?:ING)?(?:_|$)", words=("TEST",))
_SCRIPTS = (".js", ".ts", ".mjs", ".cjs", ".mts", ".tsx", ".jsx")
_ENDINGS = {"python": (".py",), "node": _SCRIPTS, "bun": _SCRIPTS, "golang": (".go",)}
"""What images that are named after a language run; one that copies the whole repository runs no other code."""


def local_variables(project: Project, stack: Stack, service: Service) -> Iterator[NeededVariable]:
    """Yield the variables of a service whose default production cannot mean, each as one that somebody has to set."""
    given = given_names(project, stack, service)
    has_server = any(other.role in _SERVERS for other in stack.services)
    for item in defaults_in_image(project, service):
        idle = item.name in given or item.guarded or item.unread or item.idle or _OF_TESTS.search(item.name)
        if idle or not _is_local(item, has_server=has_server) or not _runs(project, service, item.location.path):
            continue
        address = _SEEN_BY_PEOPLE.search(item.name) is None
        secret = address or may_be_sensitive_name(item.name)
        yield NeededVariable(service.name, item.name, "asked", item.location, secret=secret, source="local")


def _is_local(item: SettingDefault, *, has_server: bool) -> bool:
    value = item.value or ""
    if has_server and _DATABASE.search(item.name) and _SQLITE.fullmatch(value):
        return True
    if _SEEN_BY_PEOPLE.search(item.name):
        return "localhost" in value and is_this_machine(value)
    url = parse_url(value)
    return url is not None and url.host in THIS_MACHINE and _OF_A_STORE.fullmatch(url.scheme) is not None


def _runs(project: Project, service: Service, path: str) -> bool:
    """Whether the image of a service may run a file, as far as the name of its base tells a language."""
    dockerfile = project.image_of(service)
    stage = dockerfile.stage(service.build.target) if dockerfile and service.build else None
    base = stage.base.rpartition("/")[2].partition(":")[0] if stage else ""
    return path.endswith(_ENDINGS.get(base, ("",)))
