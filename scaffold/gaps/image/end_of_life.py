"""Releases whose makers no longer publish fixes: data with the day on which it was true.

Debian counts with its long term support and Ubuntu with its free one; paid extensions are not counted.
"""

from __future__ import annotations

from scaffold.model.frozen import frozen
from scaffold.model.regex import regex
from scaffold.model.values import ImageReference

AS_OF = "2026-11-25"
SOURCE = "endoflife.date, with the dates of the makers; for Rails its maintenance policy"

_ENDED: dict[str, dict[str, str]] = {
    "Python": {
        "2.7": "2020-01-01",
        "3.4": "2019-03-18",
        "3.5": "2020-09-13",
        "3.6": "2021-12-23",
        "3.7": "2023-06-27",
        "3.8": "2024-10-07",
        "3.9": "2025-10-31",
        "3.10": "2026-10-31",
    },
    "Node.js": {
        "8": "2019-12-31",
        "9": "2018-06-30",
        "10": "2021-04-30",
        "11": "2019-06-30",
        "12": "2022-04-30",
        "13": "2020-06-01",
        "14": "2023-04-30",
        "15": "2021-06-01",
        "16": "2023-09-11",
        "17": "2022-06-01",
        "18": "2025-04-30",
        "19": "2023-06-01",
        "20": "2026-04-30",
        "21": "2024-06-01",
        "23": "2025-06-01",
        "25": "2026-06-01",
    },
    "Debian": {"8": "2020-06-30", "9": "2022-07-01", "10": "2024-06-30", "11": "2026-08-31"},
    "Ubuntu": {
        "14.04": "2019-04-02",
        "16.04": "2021-04-02",
        "18.04": "2023-05-31",
        "20.04": "2025-05-31",
        "23.04": "2024-01-20",
        "23.10": "2024-07-12",
        "24.10": "2025-07-10",
        "25.04": "2026-01-17",
        "25.10": "2026-07-01",
    },
    "Alpine": {
        "3.10": "2021-05-01",
        "3.11": "2021-11-01",
        "3.12": "2022-05-01",
        "3.13": "2022-11-01",
        "3.14": "2023-05-01",
        "3.15": "2023-11-01",
        "3.16": "2024-05-23",
        "3.17": "2024-11-22",
        "3.18": "2025-05-09",
        "3.19": "2025-11-01",
        "3.20": "2026-04-01",
        "3.21": "2026-11-01",
    },
    "Ruby": {
        "2.5": "2021-03-31",
        "2.6": "2022-03-31",
        "2.7": "2023-03-31",
        "3.0": "2024-04-23",
        "3.1": "2025-03-31",
        "3.2": "2026-03-31",
    },
    "PHP": {
        "5.6": "2018-12-31",
        "7.0": "2019-01-10",
        "7.1": "2019-12-01",
        "7.2": "2020-11-30",
        "7.3": "2021-12-06",
        "7.4": "2022-11-28",
        "8.0": "2023-11-26",
        "8.1": "2025-12-31",
    },
    "PostgreSQL": {
        "9.4": "2020-02-13",
        "9.5": "2021-02-11",
        "9.6": "2021-11-11",
        "10": "2022-11-10",
        "11": "2023-11-09",
        "12": "2024-11-21",
        "13": "2025-11-13",
        "14": "2026-11-12",
    },
    "MongoDB": {
        "3.2": "2018-09-30",
        "3.4": "2020-01-31",
        "3.6": "2021-04-30",
        "4.0": "2022-04-30",
        "4.2": "2023-04-30",
        "4.4": "2024-02-29",
        "4": "2024-02-29",
        "5": "2024-10-31",
        "6": "2025-07-31",
    },
    # Of the older lines, the makers still mend 6.2 and those from 7.2 on.
    "Redis": {"4": "2020-04-30", "5": "2022-04-27", "6.0": "2022-05-31", "7.0": "2024-07-29"},
    # A release ends on the day on which the second one after it comes out.
    "Go": {
        "1.13": "2020-08-11",
        "1.14": "2021-02-16",
        "1.15": "2021-08-16",
        "1.16": "2022-03-15",
        "1.17": "2022-08-02",
        "1.18": "2023-02-01",
        "1.19": "2023-08-08",
        "1.20": "2024-02-06",
        "1.21": "2024-08-13",
        "1.22": "2025-02-11",
        "1.23": "2025-08-12",
        "1.24": "2026-02-10",
    },
    "Eclipse Temurin": {
        "16": "2021-09-30",
        "18": "2022-09-30",
        "19": "2023-03-31",
        "20": "2023-09-19",
        "22": "2024-09-17",
        "23": "2025-03-18",
    },
    "MySQL": {"5.5": "2018-12-31", "5.6": "2021-02-28", "5.7": "2023-10-31", "8.0": "2026-04-30"},
    "Django": {
        "1.11": "2020-04-01",
        "2.0": "2019-04-01",
        "2.1": "2019-12-02",
        "2.2": "2022-04-11",
        "3.0": "2021-04-06",
        "3.1": "2021-12-07",
        "3.2": "2024-04-01",
        "4.0": "2023-04-01",
        "4.1": "2023-12-01",
        "4.2": "2026-04-07",
        "5.0": "2025-04-02",
        "5.1": "2025-12-03",
    },
    "Rails": {
        "5.2": "2022-06-01",
        "6.0": "2023-06-01",
        "6.1": "2024-10-01",
        "7.0": "2025-04-01",
        "7.1": "2025-10-01",
        "7.2": "2026-08-09",
        "8.0": "2026-11-07",
    },
    "Laravel": {
        "5.5": "2020-08-30",
        "5.8": "2020-02-26",
        "6": "2022-09-06",
        "7": "2021-03-03",
        "8": "2023-01-24",
        "9": "2024-02-06",
        "10": "2025-02-04",
        "11": "2026-03-12",
    },
    # Support that is paid for goes on for longer.
    "Spring Boot": {
        "1.5": "2019-08-06",
        "2.0": "2019-03-01",
        "2.1": "2019-10-30",
        "2.2": "2020-10-16",
        "2.3": "2021-05-20",
        "2.4": "2021-11-18",
        "2.5": "2022-05-19",
        "2.6": "2022-11-24",
        "2.7": "2023-06-30",
        "3.0": "2023-12-31",
        "3.1": "2024-06-30",
        "3.2": "2024-12-31",
        "3.3": "2025-06-30",
        "3.4": "2025-12-31",
        "3.5": "2026-06-30",
    },
    ".NET": {
        "2.1": "2021-08-21",
        "2.2": "2019-12-23",
        "3.0": "2020-03-03",
        "3.1": "2022-12-13",
        "5": "2022-05-10",
        "6": "2024-11-12",
        "7": "2024-05-14",
        "8": "2026-11-10",
        "9": "2026-11-10",
    },
}
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
}
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
    if image.registry not in _OFFICIAL or "/" in name:
        return ()
    found = [_release(_PRODUCTS[name], image.tag)] if name in _PRODUCTS else []
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
    day = _ENDED[product].get(release)
    return Ended(product, release, day) if day else None
