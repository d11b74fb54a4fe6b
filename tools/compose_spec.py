"""Write the JSON schema of the Compose specification, as compose-go has it and without its prose, for the reader."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
TARGET = HERE.parent / "scaffold" / "read" / "compose" / "compose-spec.json"
MODULE = "github.com/compose-spec/compose-go/v2"
PROSE = frozenset({"description", "title", "deprecated", "default", "examples", "$comment", "$id", "$schema"})
NAMED = frozenset({"properties", "patternProperties", "$defs"})


def without_prose(node: object) -> object:
    """Return the schema with only what decides whether a file is valid; keys of `properties` are names, not keywords."""
    if isinstance(node, dict):
        kept = {key: value for key, value in node.items() if key not in PROSE}
        return {
            key: {name: without_prose(item) for name, item in value.items()} if key in NAMED else without_prose(value)
            for key, value in kept.items()
        }
    return [without_prose(item) for item in node] if isinstance(node, list) else node


def main() -> int:
    """Find the pinned compose-go, and write its schema with licence, source and version."""
    query = ["go", "list", "-m", "-f", '{{.Dir}} {{.Version}} {{.Time.Format "2006-01-02"}}', MODULE]
    done = subprocess.run(query, cwd=HERE / "compose-go", capture_output=True, text=True, check=True)
    folder, version, date = done.stdout.split()
    schema = without_prose(json.loads((Path(folder) / "schema" / "compose-spec.json").read_text(encoding="utf-8")))
    source = f"{MODULE} {version} of {date}, schema/compose-spec.json, licence Apache-2.0, prose removed"
    text = json.dumps({"$comment": source, **dict(schema)}, indent=1, sort_keys=True)  # type: ignore[call-overload]
    TARGET.write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
