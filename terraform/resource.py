"""A thin builder over cdktn's constructs: arguments are checked, logical ids are fixed, and each block knows its file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cdktn
from constructs import Construct

from terraform.errors import BuildError
from terraform.schema.check import ResourceType, problems, resource_type
from terraform.values import Expression, Value, synthesise

_CONSTRUCTS: dict[str, Any] = {
    "resource": cdktn.TerraformResource,
    "data": cdktn.TerraformDataSource,
    "ephemeral": cdktn.TerraformEphemeralResource,
}


@dataclass(frozen=True, slots=True)
class Placed:
    """One block in the order of building: its file, its kind (resource, variable ...), its type and its name."""

    file: str
    kind: str
    type: str
    name: str

    @property
    def address(self) -> str:
        """The address by which Terraform and checkov name it."""
        prefix = "" if self.kind == "resource" else f"{self.kind}."
        return f"{prefix}{self.type}.{self.name}" if self.type else f"{prefix}{self.name}"


@dataclass(frozen=True, slots=True)
class Reference:
    """A built resource, from which expressions are made; attributes that the type does not have are refused."""

    type: ResourceType
    address: str

    def attribute(self, name: str, index: str = "") -> Expression:
        """Return the expression of one attribute; `index` is the code between brackets for a resource with count."""
        if not self.type.knows(name):
            raise BuildError(self.address, f"{self.type.name} has no attribute {name}")
        return Expression(f"{self.address}[{index}].{name}" if index else f"{self.address}.{name}")

    @property
    def whole(self) -> Expression:
        """The resource itself, for depends_on."""
        return Expression(self.address)


@dataclass(frozen=True, slots=True)
class Variable:
    """An input of the module: `condition` is code that must hold, `error` the sentence shown when it does not."""

    name: str
    type: str
    description: str
    default: Value = None
    condition: str = ""
    error: str = ""
    sensitive: bool = False
    """Whether no output of a command may show it."""


class Stack:
    """The one stack of a project; `outdir` is a folder that cdktn may use and nobody reads."""

    def __init__(self, outdir: str) -> None:
        versions = {"targetVersions": {"terraform": ">=1.11.0", "opentofu": ">=1.11.0"}}
        self._app = cdktn.App(outdir=outdir, context=versions, skip_validation=True)
        self._stack = cdktn.TerraformStack(self._app, "main")
        self._scopes: dict[str, Construct] = {}
        self._placed: list[Placed] = []
        self._arguments: dict[str, dict[str, Any]] = {}

    @property
    def placed(self) -> tuple[Placed, ...]:
        """Every block in the order of building."""
        return tuple(self._placed)

    @property
    def variables(self) -> frozenset[str]:
        """The names of the inputs that were added."""
        return frozenset(item.name for item in self._placed if item.kind == "variable")

    def resource(self, file: str, type_name: str, name: str, arguments: Mapping[str, Value]) -> Reference:
        """Add a resource; raises BuildError when the schema refuses an argument or the name is taken."""
        return self._add(Placed(file, "resource", type_name, name), arguments)

    def data(self, file: str, type_name: str, name: str, arguments: Mapping[str, Value]) -> Reference:
        """Add a data source; raises BuildError as `resource` does."""
        return self._add(Placed(file, "data", type_name, name), arguments)

    def ephemeral(self, file: str, type_name: str, name: str, arguments: Mapping[str, Value]) -> Reference:
        """Add an ephemeral resource, whose values reach neither state nor plan; raises BuildError as `resource` does."""
        return self._add(Placed(file, "ephemeral", type_name, name), arguments)

    def variable(self, file: str, variable: Variable) -> Expression:
        """Add an input and return the expression that reads it."""
        placed = self._place(Placed(file, "variable", "", variable.name))
        construct = cdktn.TerraformVariable(self._scope(placed), placed.name, type=variable.type, nullable=False)
        construct.override_logical_id(placed.name)
        given: dict[str, Value] = {"description": variable.description}
        if variable.default is not None:
            given["default"] = variable.default
        if variable.sensitive:
            given["sensitive"] = True
        if variable.condition:
            given["validation"] = [{"condition": Expression(variable.condition), "error_message": variable.error}]
        self._give(placed, given)
        return Expression(f"var.{placed.name}")

    def local(self, file: str, name: str, value: Value) -> Expression:
        """Add a local value and return the expression that reads it."""
        placed = self._place(Placed(file, "locals", "", name))
        cdktn.TerraformLocal(self._scope(placed), name, synthesise(value)).override_logical_id(name)
        return Expression(f"local.{name}")

    def output(self, file: str, name: str, description: str, value: Value) -> None:
        """Add an output."""
        placed = self._place(Placed(file, "output", "", name))
        construct = cdktn.TerraformOutput(
            self._scope(placed), name, value=synthesise(value), description=str(synthesise(description))
        )
        construct.override_logical_id(name)

    def provider(self, file: str, arguments: Mapping[str, Value]) -> None:
        """Configure the AWS provider."""
        placed = self._place(Placed(file, "provider", "", "aws"))
        construct = cdktn.TerraformProvider(self._scope(placed), "aws", terraform_resource_type="aws")
        for key, value in arguments.items():
            construct.add_override(key, synthesise(value))

    def settings(self, required_version: str, providers: Mapping[str, Value]) -> None:
        """Set the versions, and a partial S3 backend: bucket, key and region come from each environment's backend file."""
        cdktn.S3Backend(self._stack, bucket="", key="", encrypt=True, use_lockfile=True)
        self._stack.add_override("terraform.backend.s3.bucket", None)
        self._stack.add_override("terraform.backend.s3.key", None)
        self._stack.add_override("terraform.required_version", required_version)
        self._stack.add_override("terraform.required_providers", synthesise(providers))

    def synthesise(self) -> dict[str, Any]:
        """Return the stack in Terraform's JSON syntax; nothing is added to it afterwards."""
        # One call a kind of block, not one a block: each call goes to Node and back, and there are hundreds of them.
        for kind, arguments in self._arguments.items():
            self._stack.add_override(kind, arguments)
        document: dict[str, Any] = self._stack.to_terraform()
        return document

    def _add(self, wanted: Placed, arguments: Mapping[str, Value]) -> Reference:
        path = f"{wanted.file}/{wanted.address}"
        found = resource_type(wanted.kind, wanted.type)
        if found is None:
            raise BuildError(path, f"the provider schema holds no {wanted.kind} {wanted.type}")
        wrong = next(problems(found.arguments, arguments), None)
        if wrong is not None:
            raise BuildError(f"{path}/{wrong.path}", wrong.message)
        placed = self._place(wanted)
        make = _CONSTRUCTS[placed.kind]
        construct: cdktn.TerraformElement = make(
            self._scope(placed), f"{placed.type}.{placed.name}", terraform_resource_type=placed.type
        )
        construct.override_logical_id(placed.name)
        self._give(placed, {key: value for key, value in arguments.items() if value is not None})
        return Reference(found, placed.address)

    def _give(self, placed: Placed, arguments: Mapping[str, Value]) -> None:
        """Keep the arguments of a block until the stack is synthesised."""
        of_kind = self._arguments.setdefault(placed.kind, {})
        siblings = of_kind.setdefault(placed.type, {}) if placed.type else of_kind
        siblings[placed.name] = {key: synthesise(value) for key, value in arguments.items()}

    def _place(self, placed: Placed) -> Placed:
        if any(other.address == placed.address for other in self._placed):
            raise BuildError(f"{placed.file}/{placed.address}", "the name is taken")
        self._placed.append(placed)
        return placed

    def _scope(self, placed: Placed) -> Construct:
        """Return the construct of a file: cdktn's paths then name the concern."""
        key = f"{placed.file}/{placed.kind}"
        if key not in self._scopes:
            self._scopes[key] = Construct(self._stack, key.replace("/", "-"))
        return self._scopes[key]
