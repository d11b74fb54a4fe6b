"""What `docker compose` is given beside the files: variables, env files, profiles and files named on the command line."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import field

from scaffold.model.document import Problem
from scaffold.model.frozen import frozen
from scaffold.read.compose import TextReader, project_variables
from scaffold.read.compose.dotenv import parse_env
from scaffold.read.compose.load import project_name


@frozen
class Outside:
    """One way to call Compose; `root` is the absolute path of the project, `env_files` are paths with their texts.

    `environment` is that of the process, empty unless asked for; `files` are relative to the root, none for every set that
    the project has.
    """

    root: str
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    env_files: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    profiles: tuple[str, ...] = ()
    files: tuple[str, ...] = ()

    def folder(self, directory: str) -> str:
        """Return the absolute path of a project directory."""
        return posixpath.normpath(posixpath.join(self.root, directory))

    def default_name(self, directory: str) -> str:
        """Return the project name that Compose makes of a project directory."""
        return project_name(posixpath.basename(self.folder(directory)))

    def variables(self, reader: TextReader, directory: str) -> tuple[dict[str, str], tuple[Problem, ...]]:
        """Return the variables of a project directory: the environment wins over the env files, or else its `.env`."""
        outer = {"PWD": self.folder(directory), **self.environment}
        if not self.env_files:
            found, problems = project_variables(reader, directory, outer)
            return {**found, **outer}, problems
        values: dict[str, str] = {}
        problems = ()
        for path, text in self.env_files:
            lines, more = parse_env(path, text, outer.get, known=values)
            values.update((line.name, line.value) for line in lines if line.value is not None)
            problems += more
        return {**values, **outer}, problems

    def active_profiles(self, variables: Mapping[str, str]) -> tuple[str, ...]:
        """Return the profiles that are asked for, else those of `COMPOSE_PROFILES`."""
        named = variables.get("COMPOSE_PROFILES", "").split(",")
        return self.profiles or tuple(name for item in named if (name := item.strip()))
