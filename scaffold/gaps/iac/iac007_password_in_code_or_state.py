"""IAC007: a password stands in the infrastructure code, or Terraform keeps it in its state."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import holds_a_secret, is_test_path, path_environment
from scaffold.gaps.iac.blocks import Attribute, Block, read_assignments, terraform_folders
from scaffold.gaps.signals import without_repeats
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project
from scaffold.model.secrets import SecretClass, classify, counts

_PASSWORDS = frozenset(
    {"password", "master_password", "auth_token", "admin_password", "administrator_password", "administrator_login_password"}
)
_MANAGED = frozenset({"manage_master_user_password", "manage_master_password"})
_TEMPLATE = (".example.tfvars", ".sample.tfvars", "example.tfvars", "template.tfvars")

_LITERAL = Closer(
    None,
    "advice",
    "Take it out, rotate it (it stays in the history), and let AWS keep it: manage_master_user_password = true, or *_wo.",
)
_STATE = Closer(
    None,
    "advice",
    "On RDS set manage_master_user_password = true; elsewhere use a write-only argument with an ephemeral value.",
)


def _detect(project: Project) -> Iterator[Gap]:
    folders = terraform_folders(project)
    for blocks in folders.values():
        for block in blocks:
            yield from _literals(block)
    for path in project.files:
        if path.endswith(".tfvars") and not is_test_path(path) and path not in project.owned and not path.endswith(_TEMPLATE):
            yield from _given(path, read_assignments(path, project.source(path) or ""))
    kept = [item for blocks in folders.values() for block in blocks for item in _kept_in_state(block)]
    if kept:
        yield _state_gap(kept)


def _literals(block: Block) -> Iterator[Gap]:
    if block.kind == "variable" and holds_a_secret(block.type):
        default = block.get("default")
        if default and _is_credential(default):
            yield _gap(block.folder, f"variable/{block.type}", f"The default of the variable {block.type}", default)
    elif block.kind == "resource" and not _is_ignored(block):
        for item in block.attributes:
            if item.name in _PASSWORDS and _is_credential(item):
                yield _gap(block.folder, f"{block.address}/{item.name}", f"{item.name} of {block.address}", item)


def _given(path: str, items: tuple[Attribute, ...]) -> Iterator[Gap]:
    for item in items:
        # What a person has to replace is a template, whatever the file is called.
        if holds_a_secret(item.name) and item.literal and counts(item.literal, placeholders=False):
            yield _gap(path, item.name, f"{item.name} in {path.rpartition('/')[2]}", item)


def _is_credential(item: Attribute) -> bool:
    return item.literal is not None and counts(item.literal)


def _is_ignored(block: Block) -> bool:
    """Whether Terraform sets the attribute once and leaves later values alone: a stand-in for the first apply."""
    lifecycle = block.inner("lifecycle")
    ignored = lifecycle.get("ignore_changes") if lifecycle else None
    words = ignored.expression if ignored else ""
    return words.startswith("all") or any(name in words for name in _PASSWORDS)


def _gap(resource: str, subject: str, what: str, item: Attribute) -> Gap:
    found = classify(item.literal)
    return RULE.gap(
        resource=resource or ".",
        subject=subject,
        message=f"{what} is a password in plain text: everybody who may read the repository has it, and so has its history.",
        expected="a value that AWS makes and keeps, or a reference to a secret",
        actual=f"a literal ({found.value})",
        locations=(item.location,),
        severity=Severity.MEDIUM if found is SecretClass.PLACEHOLDER else Severity.HIGH,
        environment=path_environment(item.location.path),
        closers=(_LITERAL,),
    )


def _kept_in_state(block: Block) -> Iterator[Attribute]:
    """Yield the passwords that are no literal, made by Terraform or given to it: it writes each into its state as text."""
    if block.kind != "resource" or any(block.get(name) for name in _MANAGED):
        return
    for item in block.attributes:
        if (
            item.name in _PASSWORDS
            and item.literal is None
            and item.expression != "null"
            and not block.type.startswith("random_")
        ):
            yield item


def _state_gap(kept: list[Attribute]) -> Gap:
    return RULE.gap(
        resource="iac",
        subject="state",
        message="Terraform keeps a password in its state: whoever may read the state, or a plan of it, has the login.",
        expected="a password that the cloud makes and keeps, or a write-only argument with an ephemeral value",
        actual=f"{len(kept)} {'password, an argument' if len(kept) == 1 else 'passwords, arguments'} that Terraform keeps",
        locations=without_repeats(item.location for item in kept),
        severity=Severity.MEDIUM,
        closers=(_STATE,),
    )


RULE = Rule(
    code="IAC007",
    name="password-in-code-or-state",
    layer=Layer.IAC,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(_LITERAL,),
    maps_to=("CKV_SECRET_6",),
)
