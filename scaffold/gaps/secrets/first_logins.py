"""Logins that a store or a tool makes on its first start from a file of the repository, with passwords that stand in it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

from scaffold.gaps.facts import every_stack, is_test_path, listed, store_port_is_open
from scaffold.model.compose import Mount, Service, Stack
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Severity
from scaffold.model.project import MountedFile, Project
from scaffold.model.regex import regex
from scaffold.model.secrets import SecretClass, classify

_INIT = "/docker-entrypoint-initdb.d"
_VALUE = r"'(?P<value>[^'\n${}<>%@]{1,100})'"
_SQL = regex(
    r"\b(?:CREATE|ALTER)\s+(?:ROLE|USER)\s+(?:IF\s+NOT\s+EXISTS\s+)?[\"'`]?(?P<name>[\w-]{1,63})[\"'`]?(?:@\S{1,80})?"
    rf"(?=\s)(?P<options>[^;']{{0,200}}?)\b(?:PASSWORD|IDENTIFIED\s+(?:WITH\s+\w+\s+)?BY)\s+{_VALUE}",
    re.IGNORECASE,
)
_GRANT = regex(
    rf"\bGRANT\s[^;']{{1,200}}?\sTO\s+[\"'`]?(?P<name>[\w-]{{1,63}})[\"'`]?(?:@\S{{1,80}})?\s+IDENTIFIED\s+BY\s+{_VALUE}",
    re.IGNORECASE,
)
_MONGO = regex(
    r"\bcreateUser\(\s*\{[^{}]{0,300}?\buser[\"']?\s*:\s*[\"'](?P<name>[^\"'\s]{1,60})[\"'][^{}]{0,300}?\bpwd[\"']?\s*:\s*[\"'](?P<value>[^\"'\s${}<>]{1,100})[\"']"
)
_ACL = regex(r"(?m)^[ \t]*user[ \t]+(?P<name>[\w-]+)[ \t]+(?=[^\n]*\bon\b)[^\n]*?[ \t]>(?P<value>[^\s${}<>]{1,100})(?=\s|$)")
_REDIS = regex(r"(?m)^[ \t]*(?P<name>requirepass|masterauth)[ \t]+[\"']?(?P<value>[^\s\"'${}<>]{1,200})")
_COMMENT = regex(r"(?m)^[ \t]*(?:--|#|//)[^\n]*$")
_LONGEST = 400_000
"""Characters of a file of first logins; a larger one is a dump."""
_NONE = frozenset({SecretClass.EMPTY, SecretClass.REFERENCE, SecretClass.FILE_PATH})
_DRAWN = regex(r"[*x]{4,}", re.IGNORECASE)
"""A value that an export has hidden."""

_Found = Iterator[tuple[str, str, int]]
"""Name of a login, its password, and the offset in the file."""


def first_logins(project: Project, rule: Rule) -> Iterator[Gap]:
    """Yield one gap for each file that a service of a stack reads by itself as it starts, and that sets such passwords."""
    seen: set[str] = set()
    for stack in every_stack(project):
        for service in stack.services:
            for item, reader, mount in _files(project, service):
                if item.path in seen or item.path in project.owned or is_test_path(item.path):
                    continue
                logins = _logins(stack, item, reader)
                if logins:
                    seen.add(item.path)
                    yield _gap(stack, service, mount, logins, rule)


def _files(project: Project, service: Service) -> Iterator[tuple[MountedFile, Callable[[str], _Found], Mount]]:
    """Yield the mounted files from which the image of a service makes logins, with what reads them and the mount."""
    image = service.image.name if service.image else ""
    for mount in service.mounts:
        target, source = mount.target or "", mount.resolved
        if not source:
            continue
        reader = _reader(image, target)
        if reader is not None:
            for item in project.mounted:
                if (item.path == source or item.path.startswith(f"{source}/")) and not item.template:
                    yield item, reader, mount


def makes_logins(image: str, target: str) -> bool:
    """Whether an image makes its logins from what is mounted at this place."""
    return _reader(image, target) is not None


def _reader(image: str, target: str) -> Callable[[str], _Found] | None:
    if target.startswith(_INIT):
        return _of_scripts
    if "rabbitmq" in image and target.startswith("/etc/rabbitmq") and not target.endswith(".conf"):
        return _of_rabbitmq
    if "keycloak" in image and "/import" in target:
        return _of_keycloak
    if image.startswith(("redis", "valkey")) and target.endswith((".acl", ".conf")):
        return _of_redis
    return None


def _of_scripts(text: str) -> _Found:
    bare = _COMMENT.sub(lambda match: " " * len(match[0]), text)
    for word, pattern in (("assword", _SQL), ("dentified", _SQL), ("dentified", _GRANT), ("createUser", _MONGO)):
        if word in bare or word.upper() in bare:
            for match in pattern.finditer(bare):
                if "nologin" not in match.groupdict().get("options", "").lower():
                    yield match["name"], match["value"], match.start("value")


def _of_redis(text: str) -> _Found:
    bare = _COMMENT.sub(lambda match: " " * len(match[0]), text)
    for pattern in (_ACL, _REDIS):
        yield from ((match["name"], match["value"], match.start("value")) for match in pattern.finditer(bare))


def _of_rabbitmq(text: str) -> _Found:
    for user in _items(_json(text), "users"):
        yield from _shown(text, user.get("name"), user.get("password"))


def _of_keycloak(text: str) -> _Found:
    realms = _json(text)
    for realm in realms if isinstance(realms, list) else [realms]:
        for user in _items(realm, "users"):
            for credential in _items(user, "credentials"):
                if credential.get("type") == "password" and not credential.get("temporary"):
                    yield from _shown(text, user.get("username"), credential.get("value"))
        for client in _items(realm, "clients"):
            yield from _shown(text, client.get("clientId"), client.get("secret"))


def _json(text: str) -> object:
    try:
        return json.loads(text) if text.lstrip().startswith(("{", "[")) else None
    except (ValueError, RecursionError):
        return None


def _items(holder: object, key: str) -> list[dict[str, object]]:
    found = holder.get(key) if isinstance(holder, dict) else None
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _shown(text: str, name: object, value: object) -> _Found:
    if isinstance(name, str) and isinstance(value, str) and not any(mark in value for mark in "${}<>"):
        yield name, value, max(0, text.find(json.dumps(value)))


def _logins(stack: Stack, file: MountedFile, reader: Callable[[str], _Found]) -> list[tuple[str, Location]]:
    """Return the logins of a file with the places of their passwords, without those that the stack's variables show as well."""
    text = file.data.decode("utf-8", "replace")
    known = {entry.value for other in stack.services for entry in other.environment if entry.value and not entry.references}
    return [
        (name, Location.at_offset(file.path, text, offset))
        for name, value, offset in (reader(text) if len(text) <= _LONGEST else ())
        if classify(value) not in _NONE and not _DRAWN.fullmatch(value) and value not in known
    ]


def _gap(stack: Stack, service: Service, mount: Mount, logins: list[tuple[str, Location]], rule: Rule) -> Gap:
    path = logins[0][1].path
    names = list(dict.fromkeys(name for name, _ in logins))
    is_open = store_port_is_open(service)
    reached = ", and its port is open on all interfaces" if is_open else ""
    return rule.gap(
        # The stack's own: what is said of its files, that they are for development, holds for this too.
        resource=stack.resource(service.name),
        subject=f"logins/{path}",
        message=f"{path}, from which {service.name} makes its logins as it first starts, sets the password of {listed(names)} "
        f"itself{reached}: who can read the repository can log in, and no variable changes it.",
        expected="a script that takes the passwords from the environment or a secret file",
        actual="passwords in a tracked file",
        locations=(mount.location, *dict.fromkeys(place for _, place in logins)),
        severity=Severity.HIGH if is_open else Severity.MEDIUM,
        environment=stack.environment,
        closers=(
            Closer(
                None,
                "advice",
                "Set the passwords in a script (psql -v, a shell's variable) from the environment, and change what stood here: "
                "a store that has run once keeps the old ones.",
            ),
        ),
    )
