"""Generates for every project of the corpus and runs every validator over what was written; run by `make corpus`.

Prints a line for each project, and at the end how often each validator passed, failed or did not run, with its findings.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from tests.conftest import commit_all  # noqa: E402 - the tests stand in the checkout, not in the environment
from tests.projects import copy_corpus_project, corpus_folder, corpus_projects  # noqa: E402
from tests.terraform import support  # noqa: E402

STEPS = (["generate", "--yes", "--no-validate", "-q"], ["generate", "--edit", "--yes", "--no-validate", "-q"])


def scaffold(root: Path, arguments: list[str]) -> subprocess.CompletedProcess[str]:
    """Run one command of ours in a project."""
    argv = [sys.executable, "-m", "scaffold", *arguments]
    return subprocess.run(argv, cwd=root, env=os.environ, capture_output=True, text=True, check=False)


def judged(root: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """Generate files, edits and what follows from them; return what the validators say, and what went wrong before."""
    wrong = []
    for step in (*STEPS, STEPS[0]):
        done = scaffold(root, step)
        if done.returncode not in (0, 3):
            wrong.append(f"{' '.join(step)}: exit {done.returncode}: {done.stderr.strip()[-300:]}")
        commit_all(root)
    if not (root / "scaffold.lock").is_file():
        return [], wrong
    return json.loads(scaffold(root, ["validate", "--format", "json", "-q"]).stdout)["tools"], wrong


def terraform_validate(root: Path, prepared: Path, scratch: Path) -> str:
    """Validate the Terraform of a project with the older provider where the pinned one is not here; return what it says."""
    folder = root / "infra" / "terraform"
    if not folder.is_dir() or support.mirror() is None:
        return ""
    files = {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}
    copy = {
        path: support.without_arguments(text, support.LACKING_ARGUMENTS) if path.endswith(".tf") else text
        for path, text in support.lowered(files).items()
    }
    support.write(copy, scratch)
    support.initialise(prepared, scratch)
    done = support.terraform("terraform", scratch, "validate", "-no-color", codes=(0, 1))
    return done.stdout + done.stderr if done.returncode else "passed"


def prepared_folder(scratch: Path) -> Path:
    """Return a folder that is initialised with the older provider."""
    folder = scratch / "prepared"
    support.write({"versions.tf": support.lowered(support.rendered(support.STATELESS))["versions.tf"]}, folder)
    place = support.mirror()
    if place is not None:
        support.terraform("terraform", folder, "init", "-input=false", f"-plugin-dir={place}")
    return folder


def main() -> int:
    """Judge all projects, or those whose names are given; exit 1 when a validator failed or a command ended in error."""
    names = sys.argv[1:] or corpus_projects()
    states: Counter[tuple[str, str]] = Counter()
    failed: list[str] = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        prepared = prepared_folder(folder)
        for name in names:
            start = time.monotonic()
            place = folder / name.replace("/", "--")
            place.mkdir()
            root = copy_corpus_project(corpus_folder(), name, place)
            tools, wrong = judged(root)
            older = terraform_validate(root, prepared, folder / "older" / place.name)
            states.update((tool["tool"], tool["state"]) for tool in tools)
            if older:
                states["terraform-validate, older provider", "passed" if older == "passed" else "failed"] += 1
                wrong += [] if older == "passed" else [older[:500]]
            wrong += [f"{tool['tool']}: {json.dumps(item)[:400]}" for tool in tools for item in tool["findings"]]
            failed += [f"{name}: {text}" for text in wrong]
            looked = sum(tool["looked_at"] for tool in tools)
            print(f"{name:60} {looked:4} files, {len(wrong)} findings, {time.monotonic() - start:.0f} s", flush=True)
    for (tool, state), count in sorted(states.items()):
        print(f"{tool:36} {state:8} {count}")
    print(*failed, sep="\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
