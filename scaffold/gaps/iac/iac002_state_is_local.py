"""IAC002: the state of Terraform stays on the machine of whoever applied last."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.facts import is_test_path
from scaffold.gaps.signals import foreign_infrastructure
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Confidence, Layer, Severity
from scaffold.model.project import InfrastructureFile, Project
from scaffold.model.regex import regex

_KINDS = frozenset({"terraform", "opentofu"})
_ROOT = regex(r"^[ \t]*provider\s+\"", re.MULTILINE)
_BACKEND = regex(r"^[ \t]*(?:backend\s+\"(?!local\")|cloud\s*\{)", re.MULTILINE)


def _detect(project: Project) -> Iterator[Gap]:
    folders: dict[str, list[InfrastructureFile]] = {}
    for item in foreign_infrastructure(project):
        if item.kind in _KINDS and not is_test_path(item.path):
            folders.setdefault(item.path.rpartition("/")[0], []).append(item)
    if _is_configured_elsewhere(project):
        return
    for folder, files in sorted(folders.items()):
        text = "\n".join(project.source(item.path) or "" for item in files)
        resources = [place for item in files for kind, _, place in item.resources if "_" in kind]
        # A folder without a provider of its own is a module: whoever calls it has the state.
        if resources and _ROOT.search(text) and not _BACKEND.search(text):
            yield RULE.gap(
                resource=folder or ".",
                subject="state",
                message=f"The Terraform code in {folder or 'the root'} names no backend: its state is a file on one machine.",
                expected='a backend with locking, such as `backend "s3"` with `use_lockfile = true`',
                actual="local state",
                locations=(resources[0],),
                confidence=Confidence.MEDIUM,
            )


def _is_configured_elsewhere(project: Project) -> bool:
    """Whether Terragrunt, a backend file or an option gives the backend."""
    names = (path.rpartition("/")[2] for path in project.files)
    if any(name in {"terragrunt.hcl", "root.hcl"} or name.endswith(".tfbackend") for name in names):
        return True
    return any("-backend-config" in command.text for command in project.commands)


RULE = Rule(
    code="IAC002",
    name="state-is-local",
    layer=Layer.IAC,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            'Add `backend "s3"` with `use_lockfile = true` and encryption, then `terraform init -migrate-state`.',
        ),
    ),
)
