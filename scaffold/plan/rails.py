"""The database of Rails in production, which its own file names where no variable does."""

from __future__ import annotations

from scaffold.model.compose import Service, Stack
from scaffold.model.names import Role
from scaffold.model.project import Project
from scaffold.plan.workloads.hosts import parse_url


def rails_databases(project: Project, stack: Stack) -> dict[str, str]:
    """Return the database that Rails opens in the only PostgreSQL of a stack, by the service of that; empty where a variable
    names another one, or the program of another folder does.
    """
    facts = [fact for fact in project.code_facts if fact.kind == "rails-database"]
    stores = [service for service in stack.services if service.role is Role.POSTGRES]
    if len(facts) != 1 or len(stores) != 1:
        return {}
    name, _, variable = facts[0].detail.partition(" ")
    programs = [service for service in stack.services if service is not stores[0]]
    if not any(_is_built_with(service, facts[0].location.path) for service in programs):
        return {}
    is_named = any(_names_database(service, variable, stores[0]) for service in programs)
    return {} if is_named else {stores[0].name: name}


def _is_built_with(service: Service, path: str) -> bool:
    context = service.build.context if service.build else None
    return context is not None and path.rpartition("config/")[0] == ("" if context in {"", "."} else f"{context.rstrip('/')}/")


def _names_database(service: Service, variable: str, store: Service) -> bool:
    """Whether the environment of a service says which database it opens: by the variable that Rails reads, or in a URL."""
    given = service.env(variable) if variable else None
    if given is not None and given.value != "":
        return True
    urls = (parse_url(entry.value or "") for entry in service.environment)
    return any(url is not None and url.host in store.names and url.path.strip("/") for url in urls)
