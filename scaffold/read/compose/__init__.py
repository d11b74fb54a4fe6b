"""Reading Compose: files to one merged, interpolated model and its typed facts, following compose-go's loader."""

from __future__ import annotations

from collections.abc import Mapping as Variables
from dataclasses import field

from scaffold.model.compose import Network, Service, Volume
from scaffold.model.document import Location, Mapping, Problem
from scaffold.model.frozen import frozen
from scaffold.read.compose.dotenv import parse_env
from scaffold.read.compose.load import Loader, declared_name, project_name
from scaffold.read.compose.reader import Documents, TextReader, join
from scaffold.read.compose.services import Surroundings, extract_networks, extract_services, extract_volumes

__all__ = ["Documents", "LoadedStack", "TextReader", "load_stack", "project_variables"]


@frozen
class LoadedStack:
    """A set of files, merged: the model's mapping, its typed facts, and what could not be read."""

    node: Mapping = field(repr=False)
    services: tuple[Service, ...]
    networks: tuple[Network, ...]
    volumes: tuple[Volume, ...]
    name: str
    problems: tuple[Problem, ...]


def project_variables(
    reader: TextReader, directory: str, outer: Variables[str, str] | None = None
) -> tuple[dict[str, str], tuple[Problem, ...]]:
    """Return the variables of the tracked `.env` of a project directory; none where there is no such file.

    Those in `outer` win where the file refers to them.
    """
    path = join(directory, ".env") or ".env"
    text = reader.text(path)
    if text is None:
        return {}, ()
    lines, problems = parse_env(path, text, (outer or {}).get)
    return {line.name: line.value for line in lines if line.value is not None}, problems


def load_stack(  # noqa: PLR0913
    reader: TextReader,
    files: tuple[str, ...],
    *,
    directory: str,
    variables: Variables[str, str] | None = None,
    profiles: tuple[str, ...] | None = None,
    documents: Documents | None = None,
    name: str = "",
    strict: bool = False,
) -> LoadedStack:
    """Load `files` in order; paths in them start from `directory`, which is relative to the root.

    `variables` alone are interpolated (never the process's environment); with None, those of a tracked `.env` are.
    `name` is the project name that counts where the files declare none: a variable can refer to it.
    `profiles` keeps only the services that these profiles enable, None keeps all. With `strict`, an unset required
    variable is a problem and `COMPOSE_PROJECT_NAME` names the project, as when Compose starts it. Nothing is raised: what
    Compose refuses is in the problems.
    """
    documents = documents or Documents(reader)
    problems: list[Problem] = []
    if variables is None:
        variables, found = project_variables(reader, directory)
        problems.extend(found)
    given = dict(variables)
    loader = Loader(documents, strict, problems)
    name = declared_name(documents, files, given.get) or name
    if strict and (wanted := given.get("COMPOSE_PROJECT_NAME")):
        name = project_name(wanted)
        if name != wanted:
            problems.append(Problem(Location(files[0], 1), "COMPOSE_PROJECT_NAME holds a name that Compose refuses"))
    if name:
        given["COMPOSE_PROJECT_NAME"] = name
    root = loader.load(files, directory, given)
    services = extract_services(root, Surroundings(reader, directory, given, problems))
    if profiles is not None:
        services = tuple(s for s in services if not s.profiles or "*" in profiles or set(s.profiles) & set(profiles))
    unique = sorted(dict.fromkeys(problems), key=lambda problem: (problem.location.sort_key(), problem.message))
    return LoadedStack(root, services, extract_networks(root), extract_volumes(root), name, tuple(unique))
