"""Releases that an image holds and whose makers no longer publish fixes."""

from __future__ import annotations

from scaffold.gaps.image.support_ends import ENDED
from scaffold.model.frozen import frozen
from scaffold.model.regex import regex
from scaffold.model.values import ImageReference

_PRODUCTS = {
    "python": "Python",
    "node": "Node.js",
    "debian": "Debian",
    "ubuntu": "Ubuntu",
    "alpine": "Alpine",
    "ruby": "Ruby",
    "php": "PHP",
    "eclipse-temurin": "Eclipse Temurin",
    "golang": "Go",
    "mongo": "MongoDB",
    "postgres": "PostgreSQL",
    "redis": "Redis",
    "mysql": "MySQL",
    "mariadb": "MariaDB",
    "elasticsearch": "Elasticsearch",
    "rabbitmq": "RabbitMQ",
    "nginx": "nginx",
    "traefik": "Traefik",
    "elixir": "Elixir",
    "amazoncorretto": "Amazon Corretto",
    "centos": "CentOS",
    "tomcat": "Tomcat",
    "solr": "Solr",
}
_OF_MAKERS = {
    ("quay.io", "keycloak/keycloak"): "Keycloak",
    ("docker.elastic.co", "elasticsearch/elasticsearch"): "Elasticsearch",
    ("", "opensearchproject/opensearch"): "OpenSearch",
    ("", "nginxinc/nginx-unprivileged"): "nginx",
    ("", "hexpm/elixir"): "Elixir",
}
"""Images that the makers of a program, or those of its language's packages, publish in a place of their own."""
_RETIRED = {"openjdk": "2022-07-31"}
"""Official images that were given up as a whole, whatever their release: only tags of early access builds are still made."""
_EARLY_ACCESS = regex(r"^\d+-ea\b")
_OFFICIAL = frozenset({"", "docker.io", "public.ecr.aws", "mirror.gcr.io", "registry-1.docker.io"})
_MICROSOFT = "mcr.microsoft.com"
_DOTNET = regex(r"dotnet/(?:core/)?(?:aspnet|runtime|runtime-deps|sdk)")
_CODENAMES = {
    "jessie": ("Debian", "8"),
    "stretch": ("Debian", "9"),
    "buster": ("Debian", "10"),
    "bullseye": ("Debian", "11"),
    "xenial": ("Ubuntu", "16.04"),
    "bionic": ("Ubuntu", "18.04"),
    "focal": ("Ubuntu", "20.04"),
}
_VERSION = regex(r"v?(\d+)(?:\.(\d+))?")
_ALPINE = regex(r"-alpine(\d+\.\d+)(?![\d.])")
_WORD = regex(r"[a-z]+")


@frozen
class Ended:
    """A release that an image holds, and the day on which its support ended (ISO date)."""

    product: str
    release: str
    day: str
    instead: str = ""
    """What to take in its place, "" for another release of the same."""


def ended_releases(image: ImageReference) -> tuple[Ended, ...]:
    """Return the releases of an official image that are out of support: the program's own, and the system's below it."""
    if image.registry == _MICROSOFT and _DOTNET.fullmatch(image.repository):
        own = _release(".NET", image.tag)
        return (own,) if own else ()
    name = image.repository.removeprefix("docker/library/").removeprefix("library/")
    registry = "" if image.registry in _OFFICIAL else image.registry
    product = _OF_MAKERS.get((registry, name))
    if product is None and (registry or "/" in name):
        return ()
    product = product or _PRODUCTS.get(name)
    found = [_release(product, image.tag)] if product else []
    if name in _RETIRED and not _EARLY_ACCESS.match(image.tag):
        found.append(Ended(name, "image", _RETIRED[name], "an image that is still made, such as eclipse-temurin"))
    system = _ALPINE.search(image.tag)
    if system:
        found.append(ended("Alpine", system[1]))
    found += [ended(*_CODENAMES[word]) for word in _WORD.findall(image.tag) if word in _CODENAMES]
    return tuple(dict.fromkeys(item for item in found if item))


def _release(product: str, tag: str) -> Ended | None:
    match = _VERSION.match(tag)
    if match is None:
        return None
    with_minor = f"{match[1]}.{match[2]}" if match[2] else ""
    return ended(product, with_minor) or ended(product, match[1])


def ended(product: str, release: str) -> Ended | None:
    """Return a release of a product of the table where its support has ended, else None."""
    day = ENDED[product].get(release)
    return Ended(product, release, day) if day else None
