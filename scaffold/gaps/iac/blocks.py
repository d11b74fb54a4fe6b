"""Terraform code as blocks and attributes, each with its place, and what their expressions say where that is certain."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import field
from functools import cache

from scaffold.gaps.facts import is_test_path
from scaffold.gaps.remembered import remembered
from scaffold.gaps.signals import foreign_infrastructure
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.known import known
from scaffold.model.project import Project
from scaffold.model.regex import regex

_KINDS = frozenset({"terraform", "opentofu"})
_SPACE = regex(r"(?:[ \t\r\n]++|(?>(?:#|//)[^\n]*|/\*.*?(?:\*/|\Z)))+", re.DOTALL)
_LABELS = regex(r"((?:[ \t]+(?:\"[^\"\n]*\"|[A-Za-z_][\w-]*))*)[ \t]*\{")
_LABEL = regex(r"\"([^\"\n]*)\"|([A-Za-z_][\w-]*)")
_NAME = regex(r"[A-Za-z_][\w-]*")
_ASSIGNMENT = regex(r"[ \t]*=(?!=)[ \t]*")
_HEREDOC = regex(r"<<-?([A-Za-z_]\w*)[^\n]*\n.*?^[ \t]*\1[ \t]*$", re.DOTALL | re.MULTILINE)
_VARIABLE = regex(r"var\.([A-Za-z_][\w-]*)")
_DEEPEST = 40


@frozen
class Attribute:
    """One `name = expression`."""

    name: str
    expression: str = field(repr=False)
    location: Location = field(default=Location("", 1))

    @property
    def literal(self) -> str | None:
        """The value of a text, number or boolean that stands there itself; None for everything that is computed."""
        text = self.expression
        if text in {"true", "false"} or re.fullmatch(r"-?\d+(?:\.\d+)?", text):
            return text
        quoted = re.fullmatch(r"\"((?:[^\"\\]|\\.)*)\"", text, re.DOTALL)
        return quoted[1] if quoted and "${" not in quoted[1] and "%{" not in quoted[1] else None

    @property
    def variable(self) -> str:
        """The name of the variable that the whole expression is, "" for all others."""
        match = _VARIABLE.fullmatch(self.expression)
        return match[1] if match else ""


@frozen
class Block:
    """One block, such as `resource "aws_db_instance" "main" { ... }`."""

    kind: str
    labels: tuple[str, ...]
    location: Location
    attributes: tuple[Attribute, ...] = ()
    blocks: tuple[Block, ...] = ()

    @property
    def type(self) -> str:
        """The first label: the type of a resource, the name of a provider, a variable or a module."""
        return self.labels[0] if self.labels else ""

    @property
    def address(self) -> str:
        """How Terraform calls a resource: `aws_db_instance.main`."""
        return ".".join(self.labels)

    @property
    def folder(self) -> str:
        """The folder of the file, which is the module that the block belongs to."""
        return self.location.path.rpartition("/")[0]

    def get(self, name: str) -> Attribute | None:
        """Return the attribute of this name, or None."""
        return next((item for item in self.attributes if item.name == name), None)

    def inner(self, kind: str) -> Block | None:
        """Return the first block of this kind inside, or None."""
        return next((item for item in self.blocks if item.kind == kind), None)


Folders = dict[str, tuple[Block, ...]]
"""The blocks of each folder of Terraform code."""


# --- the code of a project --------------------------------------------------------------------------------------------


@remembered
def terraform_folders(project: Project) -> dict[str, tuple[Block, ...]]:
    """Return the blocks of each folder of Terraform code that people wrote, tests and samples left out."""
    found: dict[str, list[Block]] = {}
    for item in foreign_infrastructure(project):
        if item.kind in _KINDS and not item.path.endswith(".json") and not is_test_path(item.path):
            found.setdefault(item.path.rpartition("/")[0], []).extend(read_blocks(item.path, project.source(item.path) or ""))
    return {folder: tuple(blocks) for folder, blocks in sorted(found.items())}


def resources(folders: dict[str, tuple[Block, ...]], *types: str) -> Iterator[Block]:
    """Yield the resources of these types."""
    by_type = known(_by_type, folders)
    for _, block in sorted((item for kind in dict.fromkeys(types) for item in by_type.get(kind, ())), key=lambda item: item[0]):
        yield block


def _by_type(folders: Folders) -> dict[str, list[tuple[int, Block]]]:
    """Return the resources of each type, numbered in the order of the code."""
    found: dict[str, list[tuple[int, Block]]] = {}
    for number, block in enumerate(block for blocks in folders.values() for block in blocks):
        if block.kind == "resource" and len(block.labels) == 2:
            found.setdefault(block.type, []).append((number, block))
    return found


def is_root(blocks: tuple[Block, ...]) -> bool:
    """Whether a folder is what people apply: it configures a provider or keeps a state; all others are modules."""
    return known(_is_root, blocks)


def _is_root(blocks: tuple[Block, ...]) -> bool:
    settings = [block for block in blocks if block.kind == "terraform"]
    return any(block.kind == "provider" for block in blocks) or any(
        block.inner("backend") or block.inner("cloud") for block in settings
    )


def value_of(project: Project, folders: dict[str, tuple[Block, ...]], block: Block, name: str) -> str | None:
    """Return what an attribute says: "" when it is not set, None when it depends on something that the files don't show.

    A variable is its default where the folder is a root and no tfvars file of it sets the variable.
    """
    attribute = block.get(name)
    if attribute is None:
        return None if block.inner("dynamic") else ""
    if not attribute.variable:
        return None if attribute.expression == "null" else attribute.literal
    blocks = folders.get(block.folder, ())
    if not is_root(blocks) or attribute.variable in _given(project, block.folder):
        return None
    declared = known(_variables, blocks).get(attribute.variable)
    default = declared.get("default") if declared else None
    return default.literal if default else None


def _variables(blocks: tuple[Block, ...]) -> dict[str, Block]:
    return {block.type: block for block in reversed(blocks) if block.kind == "variable"}


def is_given(project: Project, block: Block, variable: str) -> bool:
    """Whether a tfvars file in or below the folder of a block sets a variable."""
    return variable in _given(project, block.folder)


def _given(project: Project, folder: str) -> frozenset[str]:
    """Return the variables that a tfvars file in or below a folder sets."""
    paths = [path for path in known(_files_of_values, project.files) if not folder or path.startswith(f"{folder}/")]
    return frozenset(item.name for path in paths for item in read_assignments(path, project.source(path) or ""))


def _files_of_values(files: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(path for path in files if path.endswith(".tfvars"))


# --- reading ----------------------------------------------------------------------------------------------------------


@cache
def read_blocks(path: str, text: str) -> tuple[Block, ...]:
    """Return the blocks of one file in their order; what cannot be read is passed over."""
    return _Reader(path, text).body(0)[1]


@cache
def read_assignments(path: str, text: str) -> tuple[Attribute, ...]:
    """Return the `name = value` lines of a tfvars file."""
    return _Reader(path, text).body(0)[0]


class _Reader:
    """Walks through one text; `position` is the offset of what comes next."""

    def __init__(self, path: str, text: str) -> None:
        self.path, self.text, self.position = path, text, 0
        self._line, self._line_start, self._counted = 1, 0, 0

    def body(self, depth: int) -> tuple[tuple[Attribute, ...], tuple[Block, ...]]:
        """Return what stands up to the brace that closes the body, or up to the end of the text."""
        attributes: list[Attribute] = []
        blocks: list[Block] = []
        while self._next():
            name = _NAME.match(self.text, self.position)
            if self.text[self.position] == "}":
                self.position += 1
                break
            if name is None:
                self.position = self._skip(self.position)
                continue
            item = self._item(name[0], depth)
            if isinstance(item, Attribute):
                attributes.append(item)
            elif item is not None:
                blocks.append(item)
        return tuple(attributes), tuple(blocks)

    def _next(self) -> bool:
        space = _SPACE.match(self.text, self.position)
        self.position = space.end() if space else self.position
        return self.position < len(self.text)

    def _item(self, name: str, depth: int) -> Attribute | Block | None:
        start = self.position
        place = self._place(start)
        self.position += len(name)
        assignment = _ASSIGNMENT.match(self.text, self.position)
        if assignment:
            self.position = assignment.end()
            return Attribute(name, self._expression(), place)
        head = _LABELS.match(self.text, self.position)
        if head is None or depth > _DEEPEST:
            return None
        self.position = head.end()
        labels = tuple(first or second for first, second in _LABEL.findall(head[1]))
        return Block(name, labels, place, *self.body(depth + 1))

    def _place(self, start: int) -> Location:
        """Return the place of an offset; each is behind the one before, from which lines are counted on."""
        self._line += self.text.count("\n", self._counted, start)
        self._line_start = max(self._line_start, self.text.rfind("\n", self._counted, start) + 1)
        self._counted = start
        return Location(self.path, self._line, start - self._line_start + 1)

    def _expression(self) -> str:
        """Return the text up to the end of the line, or further while a bracket is open."""
        start = self.position
        depth = 0
        while self.position < len(self.text):
            sign = self.text[self.position]
            if depth == 0 and (sign in "\n}#" or self.text.startswith("//", self.position)):
                break
            depth += (sign in "([{") - (sign in ")]}")
            self.position = self._skip(self.position)
        return self.text[start : self.position].strip()

    def _skip(self, position: int) -> int:
        """Return the offset behind a text, a heredoc, a comment or a single sign."""
        sign = self.text[position]
        if sign == '"':
            return self._quoted(position)
        if sign == "<":
            heredoc = _HEREDOC.match(self.text, position)
            return heredoc.end() if heredoc else position + 1
        if sign in "#/":
            comment = _SPACE.match(self.text, position)
            return comment.end() if comment else position + 1
        return position + 1

    def _quoted(self, position: int) -> int:
        """Return the offset behind a quoted text; `${ ... }` inside may hold further quoted texts."""
        end = position + 1
        depth = 0
        while end < len(self.text):
            if self.text[end] == "\\":
                end += 2
                continue
            if self.text.startswith(("${", "%{"), end):
                depth += 1
                end += 2
                continue
            if depth and self.text[end] == '"':
                end = self._quoted(end)
                continue
            if depth and self.text[end] == "}":
                depth -= 1
            elif self.text[end] == '"' or (self.text[end] == "\n" and not depth):
                return end + 1
            end += 1
        return end
