"""Extract the slim provider schema from the prebuilt bindings: `python -m terraform.schema.extract WHEEL DATE OUT`.

The bindings (PyPI `cdktn-provider-aws`, MPL-2.0) are a development dependency only; their JavaScript names every
argument with its type, whether it is a block, and whether it is required, computed or write-only.
"""

from __future__ import annotations

import io
import json
import re
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

_TYPES = Path(__file__).with_name("types.txt")
_VERSION = re.compile(r"providerVersion: '([0-9.]+)'")
_PROPERTY = re.compile(r"^    // (\w+) - computed: (true|false), optional: (true|false), required: (true|false)$", re.M)
_ENTRY = re.compile(
    r"^ +(\w+): \{\n +value: (.+),\n +isBlock: (true|false),\n +type: \"(\w+)\",\n +storageClassType: \"(\w+)\",\n", re.M
)
_NESTED = re.compile(r"(?<![\w.])(\w+)ToHclTerraform")
_SCALARS = {
    "string": "string",
    "number": "number",
    "boolean": "bool",
    "any": "any",
    "stringList": "string",
    "numberList": "number",
    "booleanList": "bool",
    "stringMap": "string",
    "numberMap": "number",
    "booleanMap": "bool",
    "anyMap": "any",
    "stringListList": "list(string)",
}


_NULLABLE_BOOLEANS = frozenset(
    {
        ("aws_elasticache_replication_group", "at_rest_encryption_enabled"),
        ("aws_elasticache_replication_group", "auto_minor_version_upgrade"),
        ("aws_lb_target_group", "load_balancing_cross_zone_enabled"),
        ("aws_lb_target_group", "preserve_client_ip"),
    }
)
"""Booleans that the provider declares as strings to know an absent one from a false one."""


class ExtractError(Exception):
    """The bindings do not look as this script expects."""


def wanted(text: str) -> Iterator[tuple[str, str]]:
    """Yield kind and type of every line of types.txt."""
    for line in text.splitlines():
        if line and not line.startswith("#"):
            kind, name = line.split()
            yield kind, name


def folder(kind: str, name: str) -> str:
    """Return the folder in which the bindings keep a type."""
    stem = name.removeprefix("aws_").replace("_", "-")
    return stem if kind == "resource" else f"{kind}-aws-{stem}"


def extract(source: str) -> dict[str, object]:
    """Return the schema of the one type that `source` (an index.js of the bindings) defines."""
    classes = _classes(source)
    main = next(
        body
        for header, body in classes.items()
        if re.search(r"extends cdktn\.Terraform(Resource|DataSource|Ephemeral)", header)
    )
    attributes = main.split("synthesizeHclAttributes()")[1]
    return _level(source, classes, main, attributes)


def mend(type_name: str, schema: dict[str, object]) -> dict[str, object]:
    """Return the schema with the type that people write for the provider's nullable booleans."""
    arguments = schema["arguments"]
    if isinstance(arguments, dict):
        for owner, name in _NULLABLE_BOOLEANS:
            if owner == type_name:
                arguments[name] = {**arguments[name], "type": "bool"}
    return schema


def _classes(source: str) -> dict[str, str]:
    parts = re.split(r"^(class \w+ extends cdktn\.\w+) \{$", source, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def _level(source: str, classes: dict[str, str], body: str, attributes: str) -> dict[str, object]:
    entries = {match[1]: match for match in _ENTRY.finditer(attributes)}
    arguments: dict[str, object] = {}
    exports: list[str] = []
    for name, computed, optional, required in _PROPERTY.findall(body):
        if optional == "false" and required == "false":
            exports.append(name)
        elif name not in entries:
            raise ExtractError(f"no type for {name}")
        else:
            flags = {"required": required == "true", "computed": computed == "true"}
            arguments[name] = _argument(source, classes, entries[name], flags, body)
    return {"arguments": arguments, **({"exports": exports} if exports else {})}


def _argument(
    source: str, classes: dict[str, str], entry: re.Match[str], flags: dict[str, bool], body: str
) -> dict[str, object]:
    name, value, is_block, container, storage = entry.groups()
    flags = {**flags, "write_only": "markWriteOnlyAttribute" in value}
    said = {key: True for key, held in flags.items() if held}
    if storage in _SCALARS:
        scalar = _SCALARS[storage]
        return {"type": scalar if container == "simple" else f"{container}({scalar})", **said}
    nested = _NESTED.search(value)
    if nested is None:
        raise ExtractError(f"no nested type for {name}: {value}")
    level = _nested_level(source, classes, nested[1])
    single = re.search(rf"new \w+OutputReference\(this, \"{name}\"\)", body) is not None
    shape = "single" if single or container == "struct" else container
    return {"block" if is_block == "true" else "object": shape, **said, "arguments": level["arguments"]}


def _nested_level(source: str, classes: dict[str, str], function: str) -> dict[str, object]:
    match = re.search(rf"^function {function}ToHclTerraform\(.*?^\}}$", source, re.M | re.S)
    title = function[0].upper() + function[1:]
    body = classes.get(f"class {title}OutputReference extends cdktn.ComplexObject")
    if match is None or body is None:
        raise ExtractError(f"no definition of {title}")
    return _level(source, classes, body, match[0])


def read_bindings(wheel: Path) -> dict[str, str]:
    """Return every index.js of the bindings by its folder."""
    with zipfile.ZipFile(wheel) as outer:
        inner = next(name for name in outer.namelist() if name.endswith(".jsii.tgz"))
        data = outer.read(inner)
    needed = {folder(kind, name) for kind, name in wanted(_TYPES.read_text(encoding="utf-8"))}
    found = {}
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive:
            parts = member.name.split("/")
            if len(parts) == 4 and parts[3] == "index.js" and parts[2] in needed:
                file = archive.extractfile(member)
                found[parts[2]] = file.read().decode() if file else ""
    return found


def build(sources: dict[str, str], wheel: str, date: str) -> dict[str, object]:
    """Return the whole document: where it comes from, then each type by its kind."""
    kinds: dict[str, dict[str, object]] = {}
    version = ""
    for kind, name in sorted(wanted(_TYPES.read_text(encoding="utf-8"))):
        source = sources[folder(kind, name)]
        version = _VERSION.search(source)[1]  # type: ignore[index] # no match is a broken wheel: the traceback says so
        kinds.setdefault(kind, {})[name] = mend(name, extract(source))
    return {
        "provider": "registry.terraform.io/hashicorp/aws",
        "version": version,
        "source": f"{wheel} from PyPI, by terraform/schema/extract.py",
        "licence": "MPL-2.0",
        "date": date,
        **kinds,
    }


def dump(document: dict[str, object]) -> str:
    """Return the JSON text with one line for each type: small, and its diffs are readable."""
    lines = []
    for key, value in document.items():
        if isinstance(value, dict):
            rows = [f"  {json.dumps(name)}: {json.dumps(row, separators=(',', ':'))}" for name, row in value.items()]
            lines.append(f"{json.dumps(key)}: {{\n" + ",\n".join(rows) + "\n}")
        else:
            lines.append(f"{json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main() -> None:
    """Write the schema that the wheel named on the command line holds."""
    wheel, date, out = sys.argv[1:]
    document = build(read_bindings(Path(wheel)), Path(wheel).name, date)
    Path(out).write_text(dump(document), encoding="utf-8")


if __name__ == "__main__":
    main()
