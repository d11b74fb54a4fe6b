"""The variables of env files that git does not track, by the templates that people copy: Compose hands all of them over."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from scaffold.model.compose import Service, Stack
from scaffold.model.document import scalars_in
from scaffold.model.env_templates import missing_env_files, template_of
from scaffold.model.environment import NeededVariable
from scaffold.model.image_code import reads_in_image
from scaffold.model.project import EnvEntry, Project
from scaffold.model.regex import regex
from scaffold.model.secret_names import may_be_sensitive_name, names_whole_address
from scaffold.model.secrets import SecretClass, classify, is_provider_key, names_secret, url_host, url_password
from scaffold.model.starting import is_below
from scaffold.plan.env_entries import resolved
from scaffold.plan.needs.addresses import address_of, login_of
from scaffold.plan.production_values import is_nobody, keeps_mail, lists_origins, production_value

_OF_TOOLS = regex(r"(?:COMPOSE|DOCKER|BUILDKIT|COMPOSER)_.*")
"""Variables of Compose, Docker and package managers, which no program in a container reads."""
_OF_STORES = regex(
    r"(?:POSTGRES|PG(?!ADMIN)|MYSQL|MARIADB|MONGO|REDIS|VALKEY|RABBITMQ|MINIO|CLICKHOUSE|ELASTIC|ES|OPENSEARCH|MEILI|TYPESENSE|QDRANT|WEAVIATE"
    r"|CHROMA|NEO4J|KAFKA|NATS|CASSANDRA|COUCHDB|INFLUXDB|DOCKER_INFLUXDB|discovery)[A-Z0-9]*[_.].*|PGDATA"
)
"""Variables that the images of stores read."""
_OF_ONE_MACHINE = regex(
    r"\*|(?:.*[^\w.-])?(?:localhost|127\.0\.0\.1|host\.docker\.internal)(?:[^\w-].*)?|.*\bexample\.(?:com|org|net)\b.*",
    re.DOTALL,
)
"""Values that are right for the developer who copies the template, and for nobody else."""
_ASKED_FOR = frozenset({"APP_KEY"})
"""What templates leave empty and a framework ends each request without: Laravel's key."""


def env_file_variables(
    project: Project, stack: Stack, service: Service, managed: frozenset[str], *, runs_code: bool
) -> Iterator[NeededVariable]:
    """Yield what the templates of a service's untracked env files bring to its container, beside its environment.

    What only the compose files themselves interpolate is left out, and what images of stores do not know.
    """
    if service.build and not runs_code:
        return
    entries = _entries(project, service)
    of_developers = not entries
    entries = entries or entries_of_other_stacks(project, stack, service)
    if not entries:
        return
    given = {entry.name for entry in service.environment}
    read = set(reads_in_image(project, service)) if runs_code else set()
    interpolated = {
        reference.name for item in stack.services for scalar in scalars_in(item.node) for reference in scalar.references
    }
    for name, entry in entries.items():
        known = name in read or name not in interpolated or _is_its_own(service, entry)
        known = bool(_OF_STORES.fullmatch(name)) if service.is_datastore else known
        if name not in given and known and not _OF_TOOLS.fullmatch(name):
            yield replace(_need(service, stack, entry, entries, managed), of_developers=of_developers)


def _is_its_own(service: Service, entry: EnvEntry) -> bool:
    """Whether a template lies in the folder of one application: its framework may read what no line of its code names."""
    context = service.build.context if service.build else None
    return bool(context) and is_below(entry.location.path, context or "")


def _entries(project: Project, service: Service) -> dict[str, EnvEntry]:
    """Return the entries by name; of several files the last one that sets a variable wins, as in Compose."""
    found: dict[str, EnvEntry] = {}
    for path in missing_env_files(project, service):
        template = template_of(project, path)
        found |= {entry.name: entry for entry in template.entries if not entry.commented} if template else {}
    return resolved(found)


def entries_of_other_stacks(project: Project, stack: Stack, service: Service) -> dict[str, EnvEntry]:
    """Return what the service is given where developers run it, for one whose env files neither git nor a template has: what
    an env file of theirs sets, and of its `environment` what its code or its store reads by name.
    """
    if not missing_env_files(project, service):
        return {}
    read = set(reads_in_image(project, service)) if service.build else set()
    for other in project.stacks:
        twin = other.service(service.name) if other.files != stack.files and not other.is_kept else None
        if twin is None or not _is_same_program(service, twin):
            continue
        listed = {
            entry.name: EnvEntry(entry.name, entry.value or "", entry.location)
            for entry in twin.environment
            if entry.source != "environment" or _is_read(service, entry.name, read)
        }
        if listed:
            return resolved(listed)
    return {}


def _is_read(service: Service, name: str, read: set[str]) -> bool:
    return name in read or (service.is_datastore and _OF_STORES.fullmatch(name) is not None)


def _is_same_program(service: Service, twin: Service) -> bool:
    if service.build and twin.build:
        return service.build.context == twin.build.context
    images = (service.image, twin.image)
    return not (service.build or twin.build) and all(images) and len({image.repository for image in images if image}) == 1


def _need(
    service: Service, stack: Stack, entry: EnvEntry, entries: Mapping[str, EnvEntry], managed: frozenset[str]
) -> NeededVariable:
    name, value = entry.name, entry.value

    def need(kind: str, text: str = "", *, secret: bool = False, login: str = "") -> NeededVariable:
        empty = kind == "asked" and not value and name not in _ASKED_FOR
        return NeededVariable(
            service.name, name, kind, entry.location, text, secret=secret, may_be_empty=empty, login=login, source="env-file"
        )

    in_production = production_value(name, value)
    if in_production is not None:
        return need("default", in_production)
    address = address_of(name, value, stack, entries)
    has_login = bool(url_password(value))
    if has_login or names_secret(name, value or "unknown") or is_provider_key(value):
        leads = has_login and ("$" not in value or _leads_to(value, stack) in managed)
        kept = address if leads else "" if has_login or may_be_sensitive_name(name) else value
        return need("asked", kept, secret=True, login=login_of(name, stack, entries))
    if names_whole_address(name) and _is_for_nobody(value):
        return need("asked", secret=True, login=login_of(name, stack, entries))
    if "$" in value or _is_of_each_team(name, value) or (not address and _is_for_developers(value)):
        return need("asked", login=login_of(name, stack, entries))
    return need("fixed" if address or "}" in value else "default", address or value)


def _leads_to(value: str, stack: Stack) -> str:
    service = stack.resolve_host(url_host(value) or "")
    return service.name if service else ""


def _is_of_each_team(name: str, value: str) -> bool:
    return lists_origins(name, value) or keeps_mail(name, value) or is_nobody(name, value)


def _is_for_nobody(value: str) -> bool:
    return not value or classify(value) is SecretClass.PLACEHOLDER


def _is_for_developers(value: str) -> bool:
    return bool(_OF_ONE_MACHINE.fullmatch(value)) or classify(value) is SecretClass.PLACEHOLDER
