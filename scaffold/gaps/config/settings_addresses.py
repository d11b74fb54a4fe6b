"""Addresses of a developer's machine in settings files that an image brings to production, where nothing replaces them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from scaffold.model.compose import Service
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.image_code import is_in_image
from scaffold.model.project import CodeFact, Project
from scaffold.model.regex import regex

_KIND = "settings-address"
_SPRING_PROFILES = regex(r"spring\.profiles\.active=(?P<value>[\w,-]+)", words=("spring.profiles.active",))
_DEFAULT = regex(r"\$\{\w{1,80}:?-(?P<value>[\w,-]*)\}")
_ASSEMBLY = regex(r"(?P<name>[\w.-]+)\.dll\b", words=(".dll",))
_PLAIN = regex(r"[\w-]+")
_ENVIRONMENTS = ("ASPNETCORE_ENVIRONMENT", "DOTNET_ENVIRONMENT")
_DECIDES = ("SPRING_APPLICATION_JSON", "SPRING_CONFIG_")
"""Variables that bring settings of their own."""
_PLACES = ("url", "uri", "uris", "host", "hosts", "addresses", "hostname", "servers", "nodes")


@frozen
class Address:
    """A key whose value leads to the machine itself; `hosts` where it names the only hosts that may be asked for."""

    key: str
    location: Location
    port: str = ""
    hosts: bool = False
    variables: tuple[str, ...] = ()

    @property
    def variable(self) -> str:
        """Return the variable that takes its place."""
        if self.variables:
            return self.variables[0]
        dotnet = ":" in self.key or self.hosts
        return self.key.replace(":", "__") if dotnet else self.key.replace("-", "").replace(".", "_").upper()


def own_addresses(project: Project, service: Service, given: set[str]) -> Iterator[Address]:
    """Yield what the settings of a service say of its own machine in production, in the order of their places."""
    facts = [fact for fact in project.code_facts if fact.kind == _KIND]
    facts = [fact for fact in facts if is_in_image(project, service, fact.location.path)]
    folder = _folder(project, service, facts)
    facts = [fact for fact in facts if posixpath.dirname(fact.location.path) == folder]
    active = _active(project, service, facts) if facts and not any(name.startswith(_DECIDES) for name in given) else None
    merged = _merged(facts, active) if active is not None else {}
    words = {_plain(name) for name in given}
    for key, fact in sorted(merged.items(), key=lambda item: item[1].location.sort_key()):
        address = _address(fact)
        if address and not _is_given(address, key, words) and _is_read(project, service, address):
            yield address


def _folder(project: Project, service: Service, facts: list[CodeFact]) -> str:
    """Return the folder of the settings that the program of a service reads, "" where several may be it."""
    folders = {posixpath.dirname(fact.location.path) for fact in facts}
    names = {match["name"] for text in starts(project, service) for match in _ASSEMBLY.finditer(text)}
    named = {folder for folder in folders if posixpath.basename(folder) in names}
    found = named or folders
    return found.pop() if len(found) == 1 else ""


def starts(project: Project, service: Service) -> Iterator[str]:
    """Yield the texts by which a service starts: those of Compose, and those of its image."""
    yield " ".join((*(service.entrypoint or ()), *(service.command or ())))
    dockerfile = project.image_of(service)
    for keyword in ("ENTRYPOINT", "CMD"):
        item = dockerfile.effective(keyword, service.build_target) if dockerfile else None
        yield item.text if item else ""


def _active(project: Project, service: Service, facts: list[CodeFact]) -> set[str] | None:
    """Return the profiles that are on, in small letters; None where that cannot be told."""
    if any(fact.detail.split()[2] == "outside" for fact in facts):
        return None
    if facts[0].location.path.endswith(".json"):
        return _chosen(project, service, _ENVIRONMENTS, "production")
    texts = (*starts(project, service), *(entry.value or "" for entry in service.environment))
    for text in texts:
        match = _SPRING_PROFILES.search(text)
        if match is not None:
            return _split(match["value"])
    own = [fact.detail.split()[2][3:] for fact in facts if fact.detail.split()[1] == "spring.profiles.active"]
    return _chosen(project, service, ("SPRING_PROFILES_ACTIVE",), own[-1] if own else "default")


def _split(text: str) -> set[str]:
    return set(text.casefold().split(","))


def _chosen(project: Project, service: Service, names: tuple[str, ...], otherwise: str) -> set[str] | None:
    """Return what one of some variables says in a service: by its environment, by its image, or else by default."""
    for entry in service.environment:
        if entry.name in names:
            value = entry.value or ""
            match = _DEFAULT.fullmatch(value)
            value = match["value"] if match else value
            return None if "$" in value or not value else _split(value)
    dockerfile = project.image_of(service)
    stages = dockerfile.chain(service.made.target) if dockerfile and service.made else ()
    for stage in stages:
        for item in stage.instructions:
            if item.keyword == "ENV" and any(name in item.text for name in names):
                words = item.text.replace("=", " ").replace('"', " ").split()
                place = next(number for number, word in enumerate(words) if any(name in word for name in names))
                return _split(words[place + 1]) if len(words) > place + 1 else None
    return _split(otherwise) if not otherwise.startswith("$") else None


def _merged(facts: list[CodeFact], active: set[str]) -> dict[str, CodeFact]:
    """Return, by the plain form of its key, what holds in production; nothing for keys of which profiles in words decide."""
    found: dict[str, CodeFact] = {}
    unclear: set[str] = set()
    layers = sorted(facts, key=lambda fact: (fact.detail.split()[0] != "-", not fact.location.path.endswith((".yml", ".yaml"))))
    for fact in layers:
        profile, key, _, _ = fact.detail.split()
        if profile != "-" and not _PLAIN.fullmatch(profile):
            unclear.add(_plain(key))
        elif profile == "-" or profile.casefold() in active:
            found[_plain(key)] = fact
    return {key: fact for key, fact in found.items() if key not in unclear}


def _address(fact: CodeFact) -> Address | None:
    _, key, what, names = fact.detail.split()
    if what != "hosts" and not what.startswith("own"):
        return None
    return Address(key, fact.location, what[4:], what == "hosts", () if names == "-" else tuple(names.split(",")))


def _plain(name: str) -> str:
    """Return a name as relaxed binding compares it."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _is_given(address: Address, plain: str, words: set[str]) -> bool:
    """Whether a variable takes the place of a key, or of another one that says where the same store is."""
    if words & {_plain(name) for name in address.variables}:
        return True
    parent = _plain(address.key.rpartition(":")[0] or address.key.rpartition(".")[0])
    same = {word for word in words if word.endswith(plain) or word.startswith(plain)}
    if same or ":" in address.key or not parent:
        return bool(same)
    return any(word.startswith(parent) and word.endswith(_PLACES) for word in words)


def _is_read(project: Project, service: Service, address: Address) -> bool:
    """Whether the program reads a key: a connection string by its name, a store of Spring by a library that the build names."""
    if address.hosts or address.variables or address.key.startswith("spring.datasource"):
        return True
    name = address.key.rpartition(":")[2]
    if ":" in address.key:
        asked = (fact for fact in project.code_facts if fact.kind == "connection" and fact.detail == name)
        return any(is_in_image(project, service, fact.location.path) for fact in asked)
    words = [
        word
        for word in ("redis", "mongodb", "amqp", "kafka", "elasticsearch", "neo4j", "r2dbc")
        if word in _library(address.key)
    ]
    root = address.location.path.partition("src/main/")[0]
    return any(
        word in dependency
        for word in words
        for manifest in project.manifests
        if posixpath.dirname(manifest.path) in {root.rstrip("/"), ""}
        for dependency in manifest.dependencies
    )


def _library(key: str) -> str:
    return key.replace("rabbitmq", "amqp")
