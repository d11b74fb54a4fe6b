"""IAC010: Terraform code calls a module of this repository that is not in it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from scaffold.gaps.facts import has_submodules, is_generated, listed
from scaffold.gaps.iac.blocks import Block, terraform_folders
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Cause, Layer, Severity
from scaffold.model.project import Project

_CODE = (".tf", ".tf.json", ".tofu", ".tofu.json")


def _detect(project: Project) -> Iterator[Gap]:
    folders = terraform_folders(project)
    if not folders or has_submodules(project):
        return
    coded = {path.rpartition("/")[0] for path in project.present | set(project.files) if path.endswith(_CODE)}
    for folder, blocks in folders.items():
        missing = [(block, path) for block in blocks if (path := _local_source(folder, block)) and path not in coded]
        missing = [(block, path) for block, path in missing if not is_generated(project, path.rpartition("/")[2])]
        if missing:
            paths = listed(dict.fromkeys(path for _, path in missing))
            yield RULE.gap(
                resource=folder or ".",
                subject="module-source",
                kind=paths,
                message=f"The code in {folder or 'the root'} calls modules in {paths}, where no Terraform code is:"
                " init stops there, and nothing can be planned or applied.",
                expected="the folder of each module, with its code",
                actual="no such folder",
                locations=tuple(_place(block) for block, _ in missing),
            )


def _local_source(folder: str, block: Block) -> str:
    """Return the folder that a block `module` names below the project, "" for any other source."""
    source = block.get("source") if block.kind == "module" else None
    text = source.literal if source else None
    if not text or not text.startswith(("./", "../")):
        return ""
    path = posixpath.normpath(posixpath.join(folder, text))
    return "" if path.startswith("..") or path == "." else path


def _place(block: Block) -> Location:
    source = block.get("source")
    return source.location if source else block.location


RULE = Rule(
    code="IAC010",
    name="module-source-missing",
    layer=Layer.IAC,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(
        Closer(
            None, "advice", "Commit the module's folder (look at .gitignore first), or take the block out until it is written."
        ),
    ),
    cause=Cause.PROJECT,
)
