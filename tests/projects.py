"""The projects that the whole pipeline is tried on: both examples and every project of the corpus."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.conftest import ROOT, commit_all

EXAMPLES = ("friday", "propertypro")


def corpus_folder() -> Path:
    """Return where the corpus is expected; it may be missing."""
    import os

    return Path(os.environ.get("SCAFFOLD_CORPUS", ROOT.parent / "shared" / "corpus"))


def corpus_projects() -> list[str]:
    """Return the folder names of the corpus; the samples collection counts as one project per sample."""
    folder = corpus_folder()
    if not folder.is_dir():
        return []
    names = [path.name for path in sorted(folder.iterdir()) if path.is_dir() and path.name != "docker__awesome-compose"]
    samples = folder / "docker__awesome-compose"
    return names + [f"docker__awesome-compose/{path.name}" for path in sorted(samples.iterdir()) if path.is_dir()]


def copy_corpus_project(corpus: Path, name: str, target: Path) -> Path:
    """Copy one project of the corpus into a git repository of its own."""
    destination = target / name.rpartition("/")[2]
    shutil.copytree(corpus / name, destination)
    for path in destination.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    destination.chmod(0o755)
    commit_all(destination)
    return destination


def read_json(text: str) -> dict[str, object]:
    """Return a JSON object."""
    document = json.loads(text)
    assert isinstance(document, dict)
    return document
