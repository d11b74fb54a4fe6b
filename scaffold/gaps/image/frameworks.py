"""Frameworks that a project pins in its manifests, and those of their releases whose makers no longer publish fixes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from scaffold.gaps.facts import is_test_path
from scaffold.gaps.image.end_of_life import Ended, ended
from scaffold.model.document import Location
from scaffold.model.project import Project
from scaffold.model.regex import regex

_LAST = {"Django": {"1": "1.11", "2": "2.2", "3": "3.2", "4": "4.2"}, "Rails": {"5": "5.2", "6": "6.1", "7": "7.2"}}
"""The last release of each line of versions: what a range within the line installs."""

_Found = Iterator[tuple[str, int]]
_DJANGO = regex(
    r"(?im)^[ \t\"']*django[ \t]*(?:\[[^\]\n]*\])?[ \t]*(?:=[ \t]*[\"'](?:\{[^\n}]*version[ \t]*=[ \t]*[\"'])?)?"
    r"(?P<sign>===?|~=|\^|>=|(?<=[\"'])(?=\d))[ \t]*(?P<version>\d+(?:\.\d+){0,2})(?P<rest>[^\n;#\"']*)"
)
_RAILS = regex(r"(?m)^[ \t]*gem[ (]+['\"]rails['\"],[ \t]*['\"](?P<sign>~>|=)?[ \t]*(?P<version>\d+(?:\.\d+){1,3})['\"]")
_LARAVEL = regex(r"\"laravel/framework\"[ \t]*:[ \t]*\"(?P<sign>[\^~v]*)(?P<version>\d+(?:\.\d+)?)(?P<rest>[^\"|]*)\"")
_SPRING = regex(
    r"<artifactId>\s*spring-boot-(?:starter-parent|dependencies)\s*</artifactId>\s*<version>\s*(?P<pom>\d+\.\d+)\."
    r"|org\.springframework\.boot[\"']\)?[ \t]+version[ \t]*\(?[ \t]*[\"'](?P<gradle>\d+\.\d+)\."
)
_PROGRAM = regex(r"Sdk=\"Microsoft\.NET\.Sdk\.(?:Web|Worker|BlazorWebAssembly)\"|<OutputType>\s*(?:Win)?Exe\s*</OutputType>")
_DOTNET = regex(r"<TargetFramework>\s*(?:netcoreapp(?P<core>\d\.\d)|net(?P<net>[5-9]|\d\d)\.0)(?:-\w+)?\s*</TargetFramework>")


def ended_frameworks(project: Project) -> Iterator[tuple[Ended, Location]]:
    """Yield the pinned releases of frameworks that are out of support, with the lines that pin them: those of lock files, which
    are what is installed, and those of manifests for what no lock file beside them holds.
    """
    for manifest in project.manifests:
        text = project.source(manifest.path) if not is_test_path(manifest.path) else None
        if text is None:
            continue
        held = [(_PRODUCTS[item.name], item) for item in manifest.locked]
        for product, item in held:
            found = _ended(product, item.version)
            if found:
                yield found, item.location
        named = {product for product, _ in held}
        for product, read in _READERS.get(manifest.ecosystem, ()):
            for release, offset in read(text) if product not in named else ():
                found = ended(product, release)
                if found:
                    yield found, Location(manifest.path, text.count("\n", 0, offset) + 1)


def _ended(product: str, version: str) -> Ended | None:
    major, minor = (*version.split("."), "")[:2]
    return ended(product, f"{major}.{minor}") or ended(product, major)


def _of_django(text: str) -> _Found:
    for match in _DJANGO.finditer(text):
        release = _installed("Django", match["sign"], match["version"], match["rest"])
        if release:
            yield release, match.start("version")


def _installed(product: str, sign: str, version: str, rest: str) -> str:
    """Return the release that a requirement installs; "" where newer ones may be, or where it is not clear."""
    parts = version.split(".")
    last = _LAST[product].get(parts[0], "")
    if sign in {"==", "===", "=", ""}:
        return ".".join(parts[:2]) if len(parts) > 1 else last
    if sign in {"~=", "~>"}:
        return ".".join(parts[:2]) if len(parts) > 2 else last
    if sign == "^":
        return last
    # `>=4.2,<5` stays within the line.
    bound = re.match(r"[.\d]*[ \t]*,[ \t]*<[ \t]*(\d+)(?:\.0)*[ \t]*(?:,|$)", rest)
    return last if bound and int(bound[1]) == int(parts[0]) + 1 else ""


def _of_rails(text: str) -> _Found:
    for match in _RAILS.finditer(text):
        release = _installed("Rails", match["sign"] or "", match["version"], "")
        if release:
            yield release, match.start("version")


def _of_node(name: str) -> Callable[[str], _Found]:
    """Return the reader of a package whose major releases end as a whole: `^14.2.0` and `~14.2` stay within one."""
    pattern = regex(rf"\"{re.escape(name)}\"[ \t]*:[ \t]*\"[\^~]?(?P<major>\d+)(?:\.[\dx]+){{0,2}}\"", words=(name,))

    def read(text: str) -> _Found:
        for match in pattern.finditer(text):
            yield match["major"], match.start("major")

    return read


def _of_laravel(text: str) -> _Found:
    for match in _LARAVEL.finditer(text):
        major = match["version"].partition(".")[0]
        yield match["version"] if major == "5" else major, match.start()


def _of_spring(text: str) -> _Found:
    for match in _SPRING.finditer(text):
        group = "pom" if match["pom"] else "gradle"
        yield match[group], match.start(group)


def _of_dotnet(text: str) -> _Found:
    # A library runs on what the program that takes it is made for.
    if not _PROGRAM.search(text):
        return
    for match in _DOTNET.finditer(text):
        yield match["core"] or match["net"], match.start()


_READERS: dict[str, tuple[tuple[str, Callable[[str], _Found]], ...]] = {
    "python": (("Django", _of_django),),
    "ruby": (("Rails", _of_rails),),
    "php": (("Laravel", _of_laravel),),
    "java": (("Spring Boot", _of_spring),),
    "dotnet": ((".NET", _of_dotnet),),
    "node": (("Next.js", _of_node("next")), ("Angular", _of_node("@angular/core")), ("Nuxt", _of_node("nuxt"))),
}
_PRODUCTS = {"rails": "Rails", "laravel/framework": "Laravel", "symfony/framework-bundle": "Symfony", "django": "Django"}
"""The frameworks of lock files, by the names of their packages."""
