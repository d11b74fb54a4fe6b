"""Which folders of a container nginx and Apache hand out as they lie, and what of the repository is there."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from scaffold.gaps.compose.image_content import copies_of
from scaffold.gaps.facts import final_stages, root_image
from scaffold.model.compose import Service
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.nginx import Directive, parse_nginx, walk
from scaffold.model.nginx_services import nginx_files
from scaffold.model.project import Project
from scaffold.model.regex import regex
from scaffold.model.starting import is_below

_HANDS_ON = ("proxy_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass", "grpc_pass", "return")
_ASKS = ("internal", "auth_request", "auth_basic", "deny", "secure_link", "auth_jwt", "access_by_lua_file")
_REFUSES_DOTS = regex(r"\\\.|/\.")
_REFUSALS = frozenset({"deny", "return"})
_APACHE_ROOTS = {"php": "/var/www/html", "httpd": "/usr/local/apache2/htdocs"}
_MOVES = regex(r"(?i)document_?root|sites-(?:available|enabled)|conf\.d|httpd\.conf|apache2\.conf|a2(?:en|dis)")


@frozen
class WebRoot:
    """A folder of a container whose files everybody gets who knows their names.

    `path` is the part of the URL at which they are; `hides_dots` whether files are refused whose names start with a dot.
    """

    folder: str
    path: str
    location: Location
    hides_dots: bool


@frozen
class Escape:
    """A `location` without a last slash whose `alias` has one: `/name../` leads to the folder above."""

    folder: str
    path: str
    location: Location


def nginx_roots(project: Project, service: Service) -> Iterator[WebRoot]:
    """Yield what the servers of a service's nginx hand out: `alias`, `root`, and the start page's `root` of the server."""
    for path, server in _servers(project, service):
        hides = any(_refuses_dots(item) for item in server.block or ())
        own = _place(server, "root")
        for item in _open_locations(server):
            prefix, alias = item.arguments[-1], _place(item, "alias")
            root = _place(item, "root") or (own if prefix == "/" else None)
            found = alias or root
            if found is not None:
                folder = found.arguments[0] if alias else posixpath.join(found.arguments[0], prefix.lstrip("/"))
                place = Location(path, found.line, found.column)
                yield WebRoot(posixpath.normpath(folder), prefix, place, hides)


def nginx_escapes(project: Project, service: Service) -> Iterator[Escape]:
    """Yield the aliases past which a request climbs one folder up (nginx documentation, `alias`)."""
    for path, server in _servers(project, service):
        for item in _open_locations(server):
            prefix, alias = item.arguments[-1], _place(item, "alias")
            if alias is not None and not prefix.endswith("/") and alias.arguments[0].endswith("/"):
                place = Location(path, alias.line, alias.column)
                yield Escape(posixpath.dirname(posixpath.normpath(alias.arguments[0])), prefix, place)


def apache_root(project: Project, service: Service) -> WebRoot | None:
    """Return the folder that the official images of PHP and Apache serve, None where anything may name another one."""
    dockerfile = project.image_of(service) if service.made else None
    image = root_image(dockerfile, service.made.target) if dockerfile and service.made else service.image
    name = image.name if image else ""
    if name not in _APACHE_ROOTS or (name == "php" and "apache" not in (image.tag or "" if image else "")):
        return None
    steps = (item.text for stage in final_stages(dockerfile) for item in stage.instructions) if dockerfile else ()
    words = (*steps, *(entry.name for entry in service.environment), *(mount.target for mount in service.mounts))
    if any(map(_MOVES.search, words)) or service.command or service.entrypoint:
        return None
    return WebRoot(_APACHE_ROOTS[name], "/", service.location, hides_dots=False)


def repository_folder(project: Project, service: Service, folder: str) -> tuple[str, bool] | None:
    """Return the folder of the repository that lies at a place of the container, and whether a mount brings it; None where
    nothing of the repository is known to be there.
    """
    mounts = [item for item in service.mounts if item.target and is_below(folder.strip("/"), item.target.strip("/"))]
    if mounts:
        mount = max(mounts, key=lambda item: len(item.target))
        if mount.resolved is None or mount.resolved in project.present:
            return None
        rest = posixpath.relpath(folder, mount.target)
        return posixpath.normpath(posixpath.join(mount.resolved or ".", rest)), True
    dockerfile, build = project.image_of(service), service.made
    if dockerfile is None or build is None or build.context is None:
        return None
    copies = copies_of(dockerfile, build.target, build.context)
    found = [item for item in copies if is_below(folder.strip("/"), item.destination)]
    if not found:
        return None
    copy = max(found, key=lambda item: len(item.destination))
    if copy.source != "." and copy.source not in project.directories:
        return None
    return posixpath.normpath(posixpath.join(copy.source, posixpath.relpath(folder, copy.destination))), False


def _servers(project: Project, service: Service) -> Iterator[tuple[str, Directive]]:
    """Yield the servers of a service's nginx that answer strangers, each with the file that it stands in."""
    for file in nginx_files(project, service):
        for item in walk(parse_nginx(file.text) or ()):
            if item.name == "server" and item.block and not any(inside.name in _ASKS for inside in item.block):
                yield file.path, item


def _open_locations(server: Directive) -> Iterator[Directive]:
    """Yield the locations of a prefix that answer with files themselves and ask nobody for anything."""
    for item in server.of("location"):
        words = item.arguments
        by_prefix = len(words) == 1 or (len(words) == 2 and words[0] == "^~")
        inside = {found.name for found in walk(item.block or ())}
        if by_prefix and words[-1].startswith("/") and not inside & {*_HANDS_ON, *_ASKS}:
            yield item


def _place(block: Directive, name: str) -> Directive | None:
    found = next(iter(block.of(name)), None)
    if found is None or not found.arguments or not found.arguments[0].startswith("/") or "$" in found.arguments[0]:
        return None
    return found


def _refuses_dots(item: Directive) -> bool:
    """Whether a location takes the request for an env file and answers with a refusal."""
    if item.name != "location" or not item.arguments:
        return False
    *modifier, where = item.arguments
    if modifier and modifier[0].startswith("~"):
        takes = _REFUSES_DOTS.search(where) is not None
    else:
        takes = where.startswith("/.") and "/.env".startswith(where)
    return takes and any(inside.name in _REFUSALS for inside in item.block or ())
