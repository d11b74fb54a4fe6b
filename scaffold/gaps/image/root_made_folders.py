"""Folders of the host that Docker makes as root's at the first start, below a container that runs as another user."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from scaffold.gaps.image.owned_paths import unprivileged_user
from scaffold.gaps.remembered import remembered
from scaffold.model.compose import Mount, Service, Stack
from scaffold.model.document import Location, Sequence, find, text_of
from scaffold.model.frozen import frozen
from scaffold.model.image_users import STARTS_AS
from scaffold.model.known import is_within, known
from scaffold.model.project import Project
from scaffold.model.regex import regex

_WRITTEN = frozenset(
    {
        *("data", "db", "database", "sqlite", "storage", "store", "state", "persist", "persistent", "blob", "blobs", "volumes"),
        *("upload", "uploads", "media", "files", "attachments", "documents", "thumbnails", "recordings", "replays"),
        *("log", "logs", "output", "outputs", "results", "reports", "export", "exports", "downloads"),
        *("backup", "backups", "cache", "tmp", "temp", "sessions"),
    }
)
"""Names of folders that a program fills; for what it reads, somebody makes the folder and brings the files."""
_READ = frozenset(
    {
        *(
            "config",
            "conf",
            "configs",
            "certs",
            "ssl",
            "keys",
            "secrets",
            "models",
            "init",
            "scripts",
            "plugins",
            "import",
            "input",
        ),
        *("templates", "themes", "fixtures", "seed", "seeds", "static", "source", "sources"),
    }
)
_HOMES = frozenset(
    {
        *("/var/lib/grafana", "/prometheus", "/alertmanager", "/loki", "/var/loki", "/var/tempo", "/var/jenkins_home"),
        *("/home/node/.n8n", "/var/lib/pgadmin", "/nexus-data", "/var/opt/mssql", "/var/solr"),
    }
)
"""Where the images that start as a user of their own keep what they know."""
_PREPARES = regex(
    r"\b(?:mkdir|chown|chmod|chgrp|setfacl|install -d)\b", words=("chgrp", "chmod", "chown", "install -d", "mkdir", "setfacl")
)
_GIVES = regex(r"\b(?:chown|setfacl|chmod\s+-\w*R)\b", words=("chmod", "chown", "setfacl"))
_EVERYTHING = regex(r"\$|~|\s[\"']?(?:(?:\.{1,2}|\*)/?[\"']?|/(?:opt|srv|home|root|mnt|data|var/www)\b\S*)(?:\s|$)")
"""What a command gives away that names no folder of the project: all of it, or a place of the host that may hold it."""
_WORDS = regex(r"[\w-]+")
_MOST = 200
"""Commands with one word that are looked at for one folder."""
_ROOT = frozenset({"root", "0", ""})


@frozen
class RootMade:
    """A bind whose folder Docker makes as root's, and the line that makes its container run as another user."""

    service: Service
    mount: Mount
    path: str
    user: Location


def root_made(project: Project, stack: Stack, service: Service) -> Iterator[RootMade]:
    """Yield the folders that a service fills, that a clone does not hold, and that nothing here makes or gives away."""
    for mount in service.mounts:
        path = mount.resolved if mount.kind == "bind" and not mount.read_only else None
        if not path or not _is_filled(mount) or project.exists(path) or not _is_made_by_docker(service, mount):
            continue
        user = _user(project, service)
        if user is not None and not _is_prepared(project, mount, path) and not _is_taken_over(project, stack, path):
            yield RootMade(service, mount, path, user)


def _is_filled(mount: Mount) -> bool:
    """Whether a program writes into a folder, by the names that it has on the two sides."""
    source = [part.lstrip(".").lower() for part in mount.source.rstrip("/").split("/")]
    if source[-1] in _READ or "." in source[-1]:
        return False
    target = mount.target.rstrip("/")
    return target in _HOMES or bool(_WRITTEN & {*source, posixpath.basename(target).lower()})


def _is_made_by_docker(service: Service, mount: Mount) -> bool:
    """Whether Docker makes the folder where it is missing, and does not refuse to start."""
    listed = service.node.get("volumes")
    items = listed.items if isinstance(listed, Sequence) else ()
    return not any(
        item.location == mount.location and text_of(find(item, "bind", "create_host_path")) == "false" for item in items
    )


def _user(project: Project, service: Service) -> Location | None:
    """Return the line that makes a container run as another user than root; None for root, or where that is unknown."""
    if service.node.get("userns_mode") is not None:
        return None
    said = service.node.get("user")
    if said is not None:
        known = "$" not in service.user and service.user.partition(":")[0] not in _ROOT
        return said.location if known else None
    dockerfile = project.image_of(service)
    if dockerfile is not None:
        return unprivileged_user(dockerfile, service.build_target)
    image = service.image if service.made is None else None
    return service.image_location if image and image.repository in STARTS_AS else None


def _is_taken_over(project: Project, stack: Stack, path: str) -> bool:
    """Whether another container has the folder that may be root, and give it to the user."""
    places = known(_taken_over, project, stack)
    return "." in places or is_within(path, places)


def _taken_over(project: Project, stack: Stack) -> frozenset[str]:
    """Return the folders of the host into which containers write that run as root, or nobody knows as whom."""
    services = (service for service in stack.services if service.mounts and _user(project, service) is None)
    mounts = (mount for service in services for mount in service.mounts if mount.kind == "bind" and not mount.read_only)
    return frozenset(posixpath.normpath(mount.resolved) for mount in mounts if mount.resolved is not None)


def _is_prepared(project: Project, mount: Mount, path: str) -> bool:
    """Whether a page, a script or a playbook makes the folder, or gives it to somebody."""
    if _gives_everything(project):
        return True
    base = posixpath.basename(path)
    name = re.compile(rf"(?<![\w-]){re.escape(base)}(?![\w-])")
    words = _WORDS.findall(base)
    texts = _by_word(project).get(words[-1], ()) if words else ()
    return any(name.search(text.replace(mount.target, "")) for text in texts[:_MOST])


@remembered
def _gives_everything(project: Project) -> bool:
    return any(_GIVES.search(text) and _EVERYTHING.search(text) for text in _preparations(project))


@remembered
def _by_word(project: Project) -> dict[str, list[str]]:
    """Return the commands that make or give away folders by each word in them."""
    found: dict[str, list[str]] = {}
    for text in _preparations(project):
        for word in set(_WORDS.findall(text)):
            found.setdefault(word, []).append(text)
    return found


def _preparations(project: Project) -> Iterator[str]:
    commands = (command for command in project.commands if command.context != "dockerfile")
    return (command.text for command in commands if _PREPARES.search(command.text))
