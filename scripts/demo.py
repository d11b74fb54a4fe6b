"""The main job on a bundled example, in a copy: gaps, generate, edits, gaps again, validate."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = "propertypro"


def show(title: str, *arguments: str, cwd: Path) -> None:
    """Run one command of scaffold in the copy and show it as a user would see it."""
    print(f"\n$ scaffold {' '.join(arguments)}        # {title}", flush=True)
    subprocess.run([sys.executable, "-m", "scaffold", *arguments], cwd=cwd, check=False)


def tree(folder: Path, names: set[str]) -> None:
    """Print the files that were written."""
    for name in sorted(names):
        print(f"  {name}  ({(folder / name).stat().st_size:,} bytes)")


def files_of(folder: Path) -> set[str]:
    """Return every file of the copy but git's own."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts}


def main() -> None:
    """Run the demonstration in a temporary folder."""
    with tempfile.TemporaryDirectory() as scratch:
        project = Path(scratch) / EXAMPLE
        shutil.copytree(ROOT / "examples" / EXAMPLE, project)
        identity = ["-c", "user.name=demo", "-c", "user.email=demo@example.org"]
        for arguments in (["init", "-q"], ["add", "-A", "-f"], [*identity, "commit", "-qm", "the app as it is"]):
            subprocess.run(["git", *arguments], cwd=project, check=True)
        before = files_of(project)
        show("what is missing", "gaps", cwd=project)
        show("write what closes it", "generate", "--yes", "--no-validate", cwd=project)
        print("\nthe generated tree:")
        tree(project, files_of(project) - before)
        show("mend wrong lines where they are", "generate", "--edit", "--no-validate", cwd=project)
        show("look again", "gaps", cwd=project)
        show("prove it with the real tools", "validate", cwd=project)


if __name__ == "__main__":
    main()
