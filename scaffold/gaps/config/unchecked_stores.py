"""Variables of templates and pages for production with which code takes any certificate of a store or another end."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import path_environment
from scaffold.model.document import Location
from scaffold.model.names import TRIED, EnvironmentClass
from scaffold.model.own_machine import LOOPBACK
from scaffold.model.project import EnvFile, Project
from scaffold.model.regex import regex
from scaffold.model.secrets import url_host

_WORDS = ("REJECT_UNAUTHORIZED", "_VERIFY", "VERIFY_", "_CERT_REQS")
_SETTING = regex(
    r"(?:export[ \t]+)?(?P<name>(?:[A-Z][A-Z0-9]*_)*(?:(?:SSL|TLS)_)?"
    r"(?:REJECT_UNAUTHORIZED|(?:SSL|TLS)_VERIFY(?:_CERTS?|_PEER)?|VERIFY_(?:SSL|TLS)|(?:SSL|TLS)_CERT_REQS))"
    r"=[\"']?(?i:false|0|no|off|none|cert_none)[\"']?[ \t]*(?:#[^\n]*)?",
    words=_WORDS,
)
_OF_OTHERS = regex(r"(?i)(?:^|[^a-z])(?:dev|development|local|tests?|ci|demo|preview|staging|stage|example-?dev)(?:[^a-z]|$)")
_ON_DEPLOYMENT = regex(r"(?i)deploy|production|(?<![a-z])prod(?![a-z])|infrastructure|hosting|(?<![a-z])vps(?![a-z])")


def unchecked_settings(project: Project) -> Iterator[tuple[str, tuple[Location, ...]]]:
    """Yield each variable that code reads and that such files set so, with its places, those of production first."""
    found: dict[str, list[Location]] = {}
    for file in project.env_files:
        if file.kind in {"template", "real"} and _is_for_production(project, file):
            for entry in file.entries:
                if not entry.commented and _SETTING.fullmatch(f"{entry.name}={entry.value}"):
                    found.setdefault(entry.name, []).append(entry.location)
    for page in project.docs:
        title = page.headings[0].text if page.headings else ""
        told = any(word in page.text for word in _WORDS) and page.path not in project.owned
        if told and _ON_DEPLOYMENT.search(f"{page.path.rpartition('/')[2]} {title}"):
            for number, line in enumerate(page.text.split("\n"), 1):
                if match := _SETTING.fullmatch(line.strip()):
                    found.setdefault(match["name"], []).append(Location(page.path, number))
    read = {item.name for item in project.env_reads} | project.mentioned if found else frozenset()
    yield from ((name, tuple(places)) for name, places in found.items() if name in read)


def _is_for_production(project: Project, file: EnvFile) -> bool:
    """Whether people fill a file in for production, and a store that it names stands outside of what the project starts."""
    tried = file.environment in {"dev", "test", "staging"} or path_environment(file.path) in {*TRIED, EnvironmentClass.STAGING}
    if tried or _OF_OTHERS.search(file.path) or file.path in project.owned:
        return False
    hosts = [host for entry in file.entries if (host := url_host(entry.value)) and "://" in entry.value]
    return not hosts or not all(host in LOOPBACK or any(stack.resolve_host(host) for stack in project.stacks) for host in hosts)
