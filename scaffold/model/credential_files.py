"""Files that hold a credential, told by their names: they belong on the host or in a store of secrets, never into git."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from scaffold.model.regex import regex

if TYPE_CHECKING:
    from scaffold.model.compose import Mount
    from scaffold.model.project import Project

_CREDENTIAL = regex(
    r"adminsdk|service[-_]?account|client[-_]secret|htpasswd|pgpass|kubeconfig|(?:cloudflare|digitalocean|linode|route53|gandi)\.ini"
    r"|(?:^|[._-])(?:tokens?|secrets?|credentials?|creds|passwords?|passwd|keystore|(?:(?:api|private|ssh)[-_]?)?keys?)(?:\.\w{1,12}){0,2}$",
    re.IGNORECASE,
)
"""Keys that a cloud draws, those of certbot, and what says so."""
_BINARY = regex(r"(?:^|[._-])(?:p12|pfx|jks|jceks|keystore|truststore|bcfks|keytab)$", re.IGNORECASE)
"""Endings of files that hold keys as bytes: Java's key stores, PKCS #12, and keys of Kerberos."""
FILE, FILE_IN_BASE64 = "_FILE", "_FILE_BASE64"
"""How the keys of secrets end that hold the text of a file, and those that hold the bytes of one."""
_CODE = regex(r".*\.(?:sh|sql|lua|te?mpl|template|vcl|alloy|rules)", re.IGNORECASE)
"""Endings of what is written by hand and holds no credential, whatever it is about."""


def is_credential_file(path: str) -> bool:
    """Whether a file is a credential by its name: `path` with `/` between its folders, of which the last part decides."""
    name = posixpath.basename(path)
    return bool(_CREDENTIAL.search(name) or _BINARY.search(name)) and not _CODE.fullmatch(name)


def is_binary_credential(path: str) -> bool:
    """Whether a file holds keys as bytes by its name, which no text of a secret manager can."""
    return bool(_BINARY.search(posixpath.basename(path)))


def is_placed_credential(project: Project, mount: Mount) -> bool:
    """Whether a bind mount is of a credential that git does not hold, nor a template of it: people place it on the host."""
    path = mount.resolved
    if mount.kind != "bind" or path is None or path in project.directories:
        return False
    held = any(item.path == path for item in project.mounted)
    return not held and "." in posixpath.basename(path) and is_credential_file(path)
