"""The JSON of `inspect`: version 1 of its shape; where values come from is told, what they are only in `compose`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scaffold.model.compose import EnvValue, Service, Stack
from scaffold.model.document import Location
from scaffold.model.project import Project
from scaffold.model.secret_names import may_be_sensitive_name
from scaffold.model.secrets import classify, url_password
from scaffold.report.json_text import json_text
from scaffold.report.redaction import Redactor

VERSION = 1


def inspect_json(project: Project, compose: Mapping[str, Any], redactor: Redactor) -> str:
    """Return the JSON text; `compose` gives each stack, by id, as `docker compose config` does, already redacted or not."""
    return json_text(inspect_shape(project, compose), redactor)


def inspect_shape(project: Project, compose: Mapping[str, Any]) -> dict[str, Any]:
    """Return the project as the dictionaries that become JSON."""
    return {
        "version": VERSION,
        "project": project.name,
        "stacks": [_stack(stack, compose.get(stack.id, {})) for stack in project.stacks],
        "services": [_service(stack, service) for stack in project.stacks for service in stack.services],
        "problems": [{**_place(problem.location), "message": problem.message} for problem in project.problems],
    }


def _place(location: Location) -> dict[str, Any]:
    return {"path": location.path, "line": location.line}


def _stack(stack: Stack, compose: Any) -> dict[str, Any]:
    return {
        "id": stack.id,
        "files": list(stack.files),
        "environment": stack.environment.value,
        "complete": stack.complete,
        "evidence": list(stack.evidence),
        "compose": compose,
    }


def _service(stack: Stack, service: Service) -> dict[str, Any]:
    return {
        "name": service.name,
        "stack": stack.id,
        **_place(service.location),
        "roles": [{"role": item.role.value, "score": item.score, "signals": list(item.signals)} for item in service.roles],
        "env": [_entry(entry) for entry in service.environment],
        "listens": list(service.listens),
        "datastore": service.role.value if service.role and service.is_datastore else None,
        "version": service.datastore_version or None,
    }


def _entry(entry: EnvValue) -> dict[str, Any]:
    """Return where an entry comes from; its class is told only where the entry holds a secret."""
    secret = may_be_sensitive_name(entry.name) or url_password(entry.value or "") is not None
    return {
        "name": entry.name,
        "source": entry.source,
        **_place(entry.location),
        "references": [reference.name for reference in entry.references],
        "secret": classify(entry.value, entry.references).value if secret else None,
    }
