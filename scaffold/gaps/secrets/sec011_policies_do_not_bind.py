"""SEC011: policies separate the rows of tenants, and the application logs in as the superuser, whom no policy binds."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.signals import application_services, main_services
from scaffold.model.compose import EnvValue, Service, Stack
from scaffold.model.document import Location
from scaffold.model.env_templates import missing_env_files, template_of
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Role, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_ADDRESS = regex(r"(?i)postgres(?:ql)?(?:\+\w+)?://(?P<user>\$\{[^}]*\}|\$\w+|[\w.-]+)?(?::[^@\s]*)?@(?P<host>[\w.-]+)")
_NAME = regex(r"\$\{?(?P<name>\w+)")
_SUPERUSER = "postgres"
"""Whom the image makes where POSTGRES_USER is not set."""


@frozen
class _Login:
    """The user that an address names, as written or as it comes out, the host, and the place."""

    user: str
    host: str
    location: Location


def _detect(project: Project) -> Iterator[Gap]:
    policy = next((fact.location for fact in project.code_facts if fact.kind == "row-security"), None)
    if policy is None:
        return
    logins = [login for _, service in application_services(project) for login in _logins(project, service)]
    for stack, store in main_services(project):
        if store.role is Role.POSTGRES:
            login = next((item for item in logins if item.host in store.names and _is_superuser(store, item.user)), None)
            if login is not None:
                yield _gap(stack, store, login, policy)


def _logins(project: Project, service: Service) -> Iterator[_Login]:
    """Yield the logins in the addresses of a service: what Compose gives it, then the template of an env file that it reads."""
    for entry in service.environment:
        for text in (entry.raw or "", entry.value or ""):
            yield from _found(text, entry.location)
    for path in missing_env_files(project, service):
        template = template_of(project, path)
        for line in template.entries if template else ():
            if not line.commented:
                yield from _found(line.value, line.location)


def _found(text: str, place: Location) -> Iterator[_Login]:
    match = _ADDRESS.search(text)
    if match and match["user"]:
        yield _Login(match["user"], match["host"], place)


def _is_superuser(store: Service, user: str) -> bool:
    """Whether a user, or a variable that names it, is the one whom the image of a store makes."""
    entry: EnvValue | None = store.env("POSTGRES_USER")
    if entry is None:
        return user == _SUPERUSER
    match = _NAME.match(user)
    return match["name"] in {item.name for item in entry.references} if match else user == entry.value


def _gap(stack: Stack, store: Service, login: _Login, policy: Location) -> Gap:
    entry = store.env("POSTGRES_USER")
    return RULE.gap(
        resource=stack.resource(store.name),
        subject="row-security",
        message=f"The policies that separate the rows of tenants bind nobody: the application logs in to {store.name} as the"
        " user of POSTGRES_USER, a superuser, and PostgreSQL asks no policy for one, FORCE or not. A query without its own"
        " condition gives the rows of all tenants.",
        expected="a role of its own for the application, neither superuser nor owner of the tables, with BYPASSRLS off",
        actual="the application logs in as the superuser",
        locations=(entry.location if entry else store.location,),
        related=(login.location, policy),
        environment=stack.environment,
    )


RULE = Rule(
    code="SEC011",
    name="policies-do-not-bind",
    layer=Layer.SECRETS,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Make a role without SUPERUSER and BYPASSRLS in a migration, grant it the tables, give the application its login,"
            " and leave the superuser to the migrations.",
        ),
    ),
)
