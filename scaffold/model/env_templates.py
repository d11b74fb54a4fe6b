"""Env files that git does not track, which services get or mount, and the templates that people copy to them."""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache

from scaffold.model.built_in_env import built_in_env_file
from scaffold.model.compose import Service
from scaffold.model.document import Mapping, Sequence, text_of
from scaffold.model.frozen import frozen
from scaffold.model.known import known
from scaffold.model.project import EnvFile, Project

_TEMPLATE_WORDS = frozenset({"default", "defaults", "dist", "example", "sample", "template", "tmpl", "tpl"})
_PRODUCTION_WORDS = frozenset({"prod", "prd", "production"})
_FOLDERS_OF_TEMPLATES = frozenset({"conf", "config", "deploy", "docker", "env", "envs", "examples"})


def missing_env_files(project: Project, service: Service) -> tuple[str, ...]:
    """Return the env files of a service inside the project that git does not track, in their order: those that Compose reads
    for it, those that it mounts where programs look for one, and the one that its image has to hold.
    """
    tracked = known(_paths, project.env_files)
    mounted = (mount.resolved for mount in service.mounts if mount.kind == "bind" and is_env_target(mount.target))
    built_in = built_in_env_file(project, service)
    found = (*(path for path, _ in service.env_files), *(path for path in mounted if path), built_in.path if built_in else "")
    paths = dict.fromkeys(path for path in found if path)
    return tuple(path for path in paths if path not in tracked and not path.startswith(("/", "..")))


def made_env_files(project: Project, service: Service) -> tuple[str, ...]:
    """Return those of `missing_env_files` that people make of the values of production: a container may write to the others,
    which it mounts and for which nobody keeps a template, as an installer does.
    """
    read = {path for path, _ in service.env_files} | {mount.resolved for mount in service.mounts if mount.read_only}
    return tuple(path for path in missing_env_files(project, service) if path in read or template_of(project, path))


def optional_env_files(service: Service) -> frozenset[str]:
    """Return the names of the env files without which Compose starts the service all the same (`required: false`)."""
    listed = service.node.get("env_file")
    items = listed.items if isinstance(listed, Sequence) else ()
    return frozenset(
        posixpath.basename(text_of(item.get("path")))
        for item in items
        if isinstance(item, Mapping) and text_of(item.get("required")) == "false"
    )


def template_of(project: Project, path: str) -> EnvFile | None:
    """Return the template that people copy to an env file: the one that they are told to copy there, else of the same name,
    for production first, in its folder or below; else the one in its folder whose name says nothing else, such as
    `example.env` for `shop.env`.
    """
    folder, wanted = posixpath.dirname(path), purpose_words(path)
    templates = known(_templates, project)
    if path in templates.copied:
        return templates.copied[path]
    near = [file for place in (folder, *_folders_of_templates(folder)) for file in templates.by_folder.get(place, ())]
    named = [file for file in near if wanted in (purpose_words(file.path), purpose_words(file.path) - _PRODUCTION_WORDS)]
    plain = [file for file in near if posixpath.dirname(file.path) == folder and purpose_words(file.path) == {"env"}]

    def distance(file: EnvFile) -> tuple[bool, bool, str]:
        return posixpath.dirname(file.path) != folder, purpose_words(file.path) == wanted, file.path

    return min(named or plain, key=distance, default=None)


@lru_cache(maxsize=4096)
def purpose_words(path: str) -> frozenset[str]:
    """Return the words of a name that say what an env file is for, those that only call it a template left out."""
    words = re.split(r"[^a-z0-9]+", posixpath.basename(path).lower())
    return frozenset(word for word in words if word) - _TEMPLATE_WORDS


def _folders_of_templates(folder: str) -> list[str]:
    return [posixpath.join(folder, name) for name in sorted(_FOLDERS_OF_TEMPLATES)]


@frozen
class _Templates:
    """The templates that people keep: by the path to which they are copied, and by the folder in which they are."""

    copied: dict[str, EnvFile]
    by_folder: dict[str, list[EnvFile]]


def _templates(project: Project) -> _Templates:
    found = _Templates({}, {})
    for file in project.env_files:
        if file.kind == "template" and file.path not in project.owned:
            found.copied.setdefault(file.copied_to, file)
            found.by_folder.setdefault(posixpath.dirname(file.path), []).append(file)
    return found


def _paths(files: tuple[EnvFile, ...]) -> frozenset[str]:
    return frozenset(file.path for file in files)


def is_env_target(path: str) -> bool:
    """Whether a path in a container is where programs look for an env file."""
    name = posixpath.basename(path)
    return name.startswith(".env") or name.endswith(".env")
