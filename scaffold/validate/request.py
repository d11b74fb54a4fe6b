"""What is to be judged: a temporary copy of the project with everything laid in, and the paths that count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from scaffold.model.frozen import frozen


@frozen
class ValidationRequest:
    """What `validate` works on; all paths are relative to `folder`, which is a copy that the caller removes."""

    folder: Path
    paths: tuple[str, ...]
    """The files to judge: what the lock lists, what an edit changed, or with --all the user's too."""
    compose_sets: tuple[tuple[str, ...], ...] = ()
    """Sets of compose files that are loaded together, base first: the production set, and the base alone."""
    profile_sets: Mapping[tuple[str, ...], tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    """For such a set with profiles, those that are started together: none, each alone, and what production starts."""
    terraform_folders: tuple[str, ...] = ()
    """Folders with HCL; without any, the folders of the .tf files among `paths`."""
    before: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The text before the edit of each of the user's files that was edited: what it had wrong already does not count."""
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The process environment as the command line passes it; read for where Terraform's providers are."""
    jobs: int = 2
    """How many tools run at the same time."""
    seconds: float = 300.0
    """The time limit of one tool, in seconds."""

    def text(self, path: str) -> str:
        """Return the text of a file of the copy, "" when it is not there; bytes that are no UTF-8 are replaced."""
        try:
            return (self.folder / path).read_bytes().decode("utf-8", errors="replace")
        except OSError:
            return ""
