"""IAC004: nothing in the repository says which version of a provider the next `terraform init` takes."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.iac.blocks import Block, is_root, terraform_folders
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project

_LOCK = ".terraform.lock.hcl"
_BUILT_IN = frozenset({"terraform"})
_TERRAGRUNT = frozenset({"terragrunt.hcl", "root.hcl"})


def _detect(project: Project) -> Iterator[Gap]:
    if any(path.rpartition("/")[2] in _TERRAGRUNT for path in project.files):
        return
    open_roots: list[tuple[Location, tuple[str, ...]]] = []
    for folder, blocks in terraform_folders(project).items():
        used = _providers(blocks)
        if is_root(blocks) and used and not project.exists(f"{folder}/{_LOCK}".lstrip("/")):
            open_roots.append((_place(blocks), tuple(sorted(used - _pinned(blocks)))))
    if open_roots:
        yield _gap(open_roots)


def _gap(open_roots: list[tuple[Location, tuple[str, ...]]]) -> Gap:
    free = sorted({name for _, names in open_roots for name in names})
    unpinned = f", and no version is asked of {', '.join(free)}" if free else ""
    folders = ", ".join(place.path.rpartition("/")[0] or "the root" for place, _ in open_roots)
    return RULE.gap(
        resource="iac",
        subject="provider-lock",
        message=f"No lock file keeps the providers of {folders}{unpinned}: two runs of init may take two versions.",
        expected=f"{_LOCK} committed beside the code, and a version of each provider under required_providers",
        actual="no lock file",
        locations=tuple(place for place, _ in open_roots),
    )


def _providers(blocks: tuple[Block, ...]) -> set[str]:
    """Return the providers that a folder configures or requires by name."""
    required = {item.name for block in _required(blocks) for item in block.attributes}
    return ({block.type for block in blocks if block.kind == "provider"} | required) - _BUILT_IN


def _pinned(blocks: tuple[Block, ...]) -> set[str]:
    """Return the providers for which a version is asked, the old way in the provider's own block included."""
    asked = {item.name for block in _required(blocks) for item in block.attributes if "version" in item.expression}
    asked |= {item.name for block in _required(blocks) for item in block.attributes if item.literal}
    return asked | {block.type for block in blocks if block.kind == "provider" and block.get("version")}


def _required(blocks: tuple[Block, ...]) -> Iterator[Block]:
    for block in blocks:
        inner = block.inner("required_providers") if block.kind == "terraform" else None
        if inner:
            yield inner


def _place(blocks: tuple[Block, ...]) -> Location:
    """Return where the versions are asked, else the first provider, else the settings."""
    providers = (block for block in blocks if block.kind == "provider")
    settings = (block for block in blocks if block.kind == "terraform")
    return next(iter((*_required(blocks), *providers, *settings))).location


RULE = Rule(
    code="IAC004",
    name="providers-not-locked",
    layer=Layer.IAC,
    severity=Severity.LOW,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Run `terraform providers lock -platform=linux_amd64 -platform=darwin_arm64` in each folder and commit the file.",
        ),
    ),
)
