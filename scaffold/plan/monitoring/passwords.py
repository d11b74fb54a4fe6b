"""Where the base has the login of a PostgreSQL: at the store, in its env file, or in a URL of a service that logs in."""

from __future__ import annotations

import re

from scaffold.model.compose import EnvValue, Service, Stack
from scaffold.model.env_templates import missing_env_files, template_of
from scaffold.model.postgres_images import postgres_login
from scaffold.model.profiles import env_path
from scaffold.model.project import Project
from scaffold.plan.monitoring.references import login_of, plain_text, required, secret_reference, secret_text
from scaffold.plan.needs.env_files import entries_of_other_stacks

_USER = "POSTGRES_USER"


def postgres_user(project: Project, stack: Stack, store: Service) -> str:
    """Return the user that a store begins with, as Compose text. A store whose env file git does not track begins with what
    people write there, when the template of that file, or what developers run it with, has the variable: there is no user
    `postgres` then.
    """
    entry = store.env(_USER)
    templates = (template_of(project, path) for path in missing_env_files(project, store))
    asked = any(item.name == _USER and not item.commented for file in templates if file for item in file.entries)
    asked = asked or _USER in entries_of_other_stacks(project, stack, store)
    if entry is None and asked:
        return required(_USER, store.name)
    return plain_text(entry, postgres_login(store).user_without, store.name)


def postgres_password(store: Service, stack: Stack) -> tuple[str, bool]:
    """Return how to refer to the password of a store, and whether the base takes it from a variable.

    The .env of the project directory counts as variables of the base, because Compose reads it by itself.
    """
    name = postgres_login(store).password
    entry = store.env(name)
    if entry is not None and entry.source == "environment":
        return secret_reference(entry, name, store.name)
    found = _of_urls(store, stack)
    if found:
        return found, True
    read = any(path == env_path(stack.directory) for path, _ in store.env_files)
    if read or any(item.name == name for other in _written(stack) for item in other.references):
        return required(name, store.name), True
    return required(name, store.name), False


def _written(stack: Stack) -> tuple[EnvValue, ...]:
    return tuple(entry for service in stack.services for entry in service.environment if entry.source == "environment")


def _without_default(text: str) -> str:
    """Return a text with each reference as its bare name, so that `$A`, `${A}` and `${A:-b}` are the same."""
    return re.sub(r"\$\{(\w+)(?::?[-?][^{}]*)?\}", r"$\1", text)


def _of_urls(store: Service, stack: Stack) -> str:
    """Return the reference that URLs have as the password of the store's own user, or ""."""
    entry = store.env(_USER)
    spelled = entry.raw if entry and entry.source == "environment" else None
    login_of_image = postgres_login(store)
    user = _without_default(spelled or "$POSTGRES_USER") if entry else login_of_image.user_without
    for written in _written(stack):
        login = login_of(written.raw or "")
        if login and login.host in store.names and _without_default(login.user) == user:
            text, known = secret_text(login.password, login_of_image.password, store.name)
            if known:
                return text
    return ""
