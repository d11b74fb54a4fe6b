"""A mode that code takes for development where nothing says it, and on which what it refuses in production depends."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.config.reaching import is_set_by_code, may_get_more
from scaffold.gaps.facts import is_test_path, judged_stacks
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.image_code import defaults_in_image, given_names
from scaffold.model.names import EnvironmentClass
from scaffold.model.project import Project, SettingDefault
from scaffold.model.regex import regex

_MODES = frozenset(
    {"ENVIRONMENT", "APP_ENV", "APP_ENVIRONMENT", "NODE_ENV", "GO_ENV", "GIN_MODE", "DEPLOY_ENV", "RUN_MODE", "ENV"}
)
_FOR_DEVELOPMENT = frozenset({"development", "dev", "local", "debug"})
_IN_PRODUCTION = regex(
    r"(?i)(?:[!=]={1,2}|\.equals\(|\beq\b)\s*[\"'](?:production|prod)[\"']|\bis_?production\b", words=("prod",)
)
_LEAVES = regex(r"(?i)={2,3}\s*[\"'](?:development|dev|local)[\"']\s*\)?\s*[:{]?\s*return\b", words=("dev", "local"))
"""A check that ends at once in development: what stands behind it counts everywhere else."""
_NEXT_FUNCTION = regex(r"\n[ \t]*(?:async )?(?:def|func|function|class)\b")
_OF_MODE = regex(r"(?i)env|mode|stage|is_?production")
_LONGEST_BEFORE = 60
_ENDS = regex(
    r"\bpanic\(|\bprocess\.exit\(|\blog\.Fatal|\bos\.Exit\(|\bsys\.exit\(|\braise\s|\bthrow\s",
    words=("panic(", "process.exit(", "log.Fatal", "os.Exit(", "sys.exit(", "raise", "throw"),
)
_REFUSES = regex(
    r"(?i)\b(?:must|required?|not allowed|refus\w+|insecure|forbidden)\b[^\n\"'`]{0,80}\bproduction\b", words=("production",)
)
"""What a program says as it refuses values that are for development."""
_NEAR, _FAR = 400, 1500
"""Characters behind a comparison in which the program ends, and in which it says that it refuses something."""
_CREDENTIAL = regex(r"(?i)secret|passw|_?key\b|token|origin|credential")


@frozen
class LeftOut:
    """A service that nothing tells its mode, the default that code takes, and the place of what it refuses in production."""

    stack: Stack
    service: Service
    default: SettingDefault
    guard: Location


def modes_left_out(project: Project) -> Iterator[LeftOut]:
    """Yield the applications of runnable stacks whose mode is that of development, as neither stack nor image says another."""
    defaults = [item for item in project.settings if item.name in _MODES and _is_for_development(item)]
    guards = {item.location.path: _guard(project, item.location.path) for item in defaults}
    for stack in judged_stacks(project) if any(guards.values()) else ():
        if stack.is_runnable_in_production and stack.environment is not EnvironmentClass.DEV:
            for service in stack.services:
                if service.is_application and service.made:
                    yield from _of_service(project, stack, service, guards)


def _is_for_development(item: SettingDefault) -> bool:
    return (item.value or "").lower() in _FOR_DEVELOPMENT and not is_test_path(item.location.path)


def _of_service(project: Project, stack: Stack, service: Service, guards: dict[str, Location | None]) -> Iterator[LeftOut]:
    for item in defaults_in_image(project, service):
        guard = guards.get(item.location.path) if item.name in _MODES and _is_for_development(item) else None
        if guard is None or item.name in given_names(project, stack, service) or may_get_more(project, service):
            continue
        if _reads_other_files(project, service) or is_set_by_code(project, service, item.name):
            continue
        if not _is_set_elsewhere(project, item.name):
            yield LeftOut(stack, service, item, guard)
            return


def _reads_other_files(project: Project, service: Service) -> bool:
    """Whether a service takes env files that are not in the repository: people write what they want there."""
    return any(path not in project.present for path, _ in service.env_files)


def _is_set_elsewhere(project: Project, name: str) -> bool:
    """Whether another file that starts something gives the variable the value of production: a workflow, a manifest."""
    pattern = re.compile(rf"\b{re.escape(name)}\b[\"']?\s*(?:[:=]|,?\s*\n?\s*\"?value\"?\s*[:=])\s*[\"']?prod", re.IGNORECASE)
    texts = [project.source(item.path) or "" for item in project.infrastructure]
    texts += [item.text for item in project.commands]
    texts += [source.text for source in project.sources if source.path.endswith((".yml", ".yaml", ".toml", ".tf"))]
    return any(name in text and pattern.search(text) for text in texts)


def _guard(project: Project, path: str) -> Location | None:
    """Return the place where code refuses something in production alone, or anywhere but in development."""
    text = project.source(path) or ""
    for match in _IN_PRODUCTION.finditer(text):
        before = text[max(match.start() - _LONGEST_BEFORE, 0) : match.end()]
        near = text[match.end() : match.end() + _NEAR]
        ends = bool(_ENDS.search(near)) and bool(_CREDENTIAL.search(near))
        if _OF_MODE.search(before) and (ends or _REFUSES.search(text, match.end(), match.end() + _FAR)):
            return Location(path, text.count("\n", 0, match.start()) + 1)
    for match in _LEAVES.finditer(text):
        before = text[max(match.start() - _LONGEST_BEFORE, 0) : match.start()]
        behind = _NEXT_FUNCTION.split(text[match.end() : match.end() + _FAR], maxsplit=1)[0]
        if _OF_MODE.search(before) and _ENDS.search(behind) and _CREDENTIAL.search(behind):
            return Location(path, text.count("\n", 0, match.start()) + 1)
    return None
