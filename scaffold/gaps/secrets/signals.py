"""Signs that a project keeps its secrets in a manager or in files, told by content and not by folder names."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import has_resource
from scaffold.gaps.remembered import remembered
from scaffold.model.document import Location, Mapping, scalars_in
from scaffold.model.project import Project
from scaffold.model.regex import regex

_MANAGER_RESOURCES = (
    r"aws_secretsmanager_secret|aws_ssm_parameter|google_secret_manager|azurerm_key_vault|vault_|ExternalSecret|SealedSecret"
    r"|SecretProviderClass|ClusterSecretStore|SecretStore"
)
_MANAGER_WORDS = regex(
    r"secretsmanager|hashicorp/vault-action|\bvault (?:kv|agent|read)\b|\bdoppler (?:run|secrets)\b"
    r"|\binfisical (?:run|export)\b|\bsops (?:-d|--decrypt|exec-env|decrypt)\b|aws ssm get-parameter"
    r"|gcloud secrets versions access|az keyvault secret show|\bop run\b",
    words=(
        "aws ssm get-parameter",
        "doppler ",
        "gcloud secrets versions access",
        "hashicorp/vault-action",
        "infisical ",
        "op run",
        "secretsmanager",
        "sops ",
        "vault ",
    ),
)
_MANAGER_FILES = regex(
    r"(?:^|/)(?:\.sops\.yaml|\.sops\.yml|doppler\.yaml|\.infisical\.json)$|\.sops\.(?:ya?ml|json|env)$",
    words=(".infisical.json", ".sops.", "doppler.yaml"),
)

_MANAGER_CLIENT = regex(r"[\"']secretsmanager[\"']|\bhvac\.Client\(|\bSecretsManagerClient\(|\bSecretManagerServiceClient\(")
_CLIENT_WORDS = ("secretsmanager", "hvac.Client(", "SecretsManagerClient(", "SecretManagerServiceClient(")
"""Texts without one of these name no client: looking for a word costs next to nothing."""
_CODE = (".py", ".js", ".ts", ".mjs", ".go", ".rb", ".java", ".php")


@remembered
def manager_signals(project: Project) -> tuple[Location, ...]:
    """Return the places that take secrets from a manager: infrastructure, manifests, commands, encrypted files."""
    return tuple(_manager_signals(project))


def file_signals(project: Project) -> tuple[Location, ...]:
    """Return the places where a service of Compose reads a secret from a file: `secrets:` and `*_FILE` variables."""
    return tuple(_file_signals(project))


def _manager_signals(project: Project) -> Iterator[Location]:
    resource = has_resource(project, _MANAGER_RESOURCES)
    if resource:
        yield resource
    for command in project.commands:
        if _MANAGER_WORDS.search(command.text) and command.context != "doc":
            yield command.location
    for workflow in project.workflows:
        for step in (step for job in workflow.jobs for step in job.all_steps):
            if _MANAGER_WORDS.search(step.uses) and step.uses_location:
                yield step.uses_location
    yield from _code_signals(project)
    for path in project.files:
        if _MANAGER_FILES.search(path):
            yield Location(path, 1)


def _code_signals(project: Project) -> Iterator[Location]:
    for source in project.sources:
        name = source.path.rpartition("/")[2]
        if name.endswith(_CODE) or "." not in name:
            text = source.text
            match = _MANAGER_CLIENT.search(text) if any(word in text for word in _CLIENT_WORDS) else None
            if match:
                yield Location.at_offset(source.path, source.text, match.start())


def _file_signals(project: Project) -> Iterator[Location]:
    for stack in project.stacks:
        for service in stack.services:
            secrets = service.node.get("secrets")
            if secrets is not None and next(scalars_in(secrets), None) is not None:
                yield secrets.location
            for entry in service.environment:
                if entry.name.endswith("_FILE") and (entry.value or "").startswith("/run/secrets/"):
                    yield entry.location
        top = stack.node.get("secrets")
        if isinstance(top, Mapping) and top.entries:
            yield top.entries[0].key.location
