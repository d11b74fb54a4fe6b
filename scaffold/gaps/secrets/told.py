"""Whether a repository tells who deploys to set a variable that has a default in code, and what is seen to start without it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from scaffold.gaps.facts import active_profiles, is_test_path, path_environment
from scaffold.gaps.remembered import remembered
from scaffold.gaps.secrets.given import services_that_run, takes_empty_for_unset, written_names
from scaffold.gaps.signals import foreign_infrastructure
from scaffold.gaps.starts import OF_AGENTS, Strength, calls_of, strength_of
from scaffold.model.compose import EnvValue, Service, Stack
from scaffold.model.document import Location
from scaffold.model.env_templates import missing_env_files
from scaffold.model.names import EnvironmentClass
from scaffold.model.project import Project, SettingDefault
from scaffold.model.regex import regex

_OF_TRIES = frozenset({EnvironmentClass.DEV, EnvironmentClass.TEST})
_TRIED = ("dev", "test")
"""What the environment of an env file says of one that nobody deploys with."""
_SCRIPTS = (".sh", ".bash", ".ps1", ".mk", ".j2", ".tpl", ".tftpl")
_FILES = (".yml", ".yaml", ".toml", ".json", ".nix", ".conf", ".tf", ".tfvars", ".service", ".hcl", ".bicep")
_NO_CONTRACTS = regex(
    r"(?i)(?:^|/)(?:locales?|i18n|translations?|lang|node_modules|src|public|static)/|(?:^|/)(?:package(?:-lock)?|composer|tsconfig"
    r"|appsettings|launchsettings)[\w.-]*\.json$"
)
"""Files of the program itself and of its packages: nobody who deploys reads them."""
_OF_WORKFLOWS = ".github/"
_HEAD = r"(?<![\w.$-])"
_GIVES = (
    rf"(?:{_HEAD}(?:NAMES)[\"']?[ \t]*[:=]|[Nn]ame[\"']?[ \t]*[:=][ \t]*[\"']?(?:NAMES)\b"
    r"|secrets\.(?:NAMES)\b|-[ \t]+(?:NAMES)[ \t]*$)"
)
"""How a text gives a variable: `NAME=`, `NAME:`, the entry of a list, or a secret of a workflow."""
_ON_PAGES = (
    rf"(?:{_HEAD}(?:NAMES)[\"'`]?[ \t]*=|`(?:NAMES)`"
    r"|\|[ \t*]*(?:NAMES)[ \t*]*\||^[ \t]*[-*][ \t]+\**(?:NAMES)\b)"
)
"""How a page has people set one: a line of an env file, or its name in a table, a list or backticks."""


def told(project: Project, settings: list[SettingDefault]) -> Location | None:
    """Return the first place that tells who deploys to set the variable of a default, by any of its names; None for nowhere."""
    if settings[0].kind == "assignment":
        return None
    names = written_names(settings[0].name)
    return next(_places(project, names, needs_value=takes_empty_for_unset(settings)), None)


def started_without(project: Project, settings: list[SettingDefault]) -> Location | None:
    """Return the first service of a stack which runs for others that runs the code and cannot get the variable: its environment
    has it not, and no env file is given to it.
    """
    if settings[0].kind == "assignment":
        return None
    names = written_names(settings[0].name)
    for path in sorted({setting.location.path for setting in settings}):
        running = services_that_run(project, path)
        for stack, service in running:
            is_its_code = len(running) == 1 or not _is_of_another_package(project, service, path)
            starts = _is_of_others(project, stack) and _starts(project, service)
            if is_its_code and starts and _gets_nothing(project, service, names):
                return service.location
    return None


def _starts(project: Project, service: Service) -> bool:
    """Whether something turns on a profile of a service that has some."""
    asked = {"*", *service.profiles}
    return (
        not service.profiles
        or bool(asked & set(active_profiles(project)))
        or any(asked & call.profiles and call.start.strength > Strength.DEVELOPERS for call in calls_of(project))
    )


def _is_of_another_package(project: Project, service: Service, path: str) -> bool:
    """Whether the Dockerfile of a service lies in the folder of a package without the code: the context may hold much more."""
    dockerfile = project.image_of(service)
    folder = posixpath.dirname(dockerfile.path) if dockerfile else ""
    is_package = any(manifest.folder == folder for manifest in project.manifests)
    return bool(folder) and is_package and not path.startswith(f"{folder}/")


def _gets_nothing(project: Project, service: Service, names: tuple[str, ...]) -> bool:
    has_file = service.env_files or missing_env_files(project, service)
    return not has_file and all(entry.name not in names for entry in service.environment)


def _is_of_others(project: Project, stack: Stack) -> bool:
    is_theirs = stack.environment is EnvironmentClass.PRODUCTION
    return is_theirs or strength_of(project, stack).strength is Strength.OTHERS


def _places(project: Project, names: tuple[str, ...], *, needs_value: bool) -> Iterator[Location]:
    for file in (*project.env_files, *project.written_env_files):
        if file.path not in project.owned and file.environment not in _TRIED and not _is_for_tries(file.path):
            yield from (entry.location for entry in file.entries if entry.name in names)
    for stack in project.stacks:
        if stack.is_runnable_in_production and project.owned.isdisjoint(stack.files):
            entries = (entry for service in stack.services for entry in service.environment if entry.name in names)
            yield from (entry.location for entry in entries if _asks(entry, needs_value=needs_value))
    spelled = "|".join(re.escape(name) for name in names)
    gives = re.compile(_GIVES.replace("NAMES", spelled), re.MULTILINE)
    shows = re.compile(_ON_PAGES.replace("NAMES", spelled), re.MULTILINE)
    for path, text in _texts(project):
        match = gives.search(text) if any(name in text for name in names) else None
        if match:
            yield Location.at_offset(path, text, match.start())
    for page in project.docs:
        match = shows.search(page.text) if any(name in page.text for name in names) else None
        if match and page.path not in project.owned and not _is_for_tries(page.path) and not OF_AGENTS.fullmatch(page.path):
            yield Location.at_offset(page.path, page.text, match.start())


def _asks(entry: EnvValue, *, needs_value: bool) -> bool:
    """Whether an entry of a service gives the variable, or has Compose warn who leaves it out: `${NAME:-}` does neither."""
    if not entry.references:
        return bool(entry.value) or entry.value is None or not needs_value
    return any(reference.argument or not reference.has_default for reference in entry.references) or not needs_value


def _is_for_tries(path: str) -> bool:
    """Whether the name of a file and its folders speak of development or of tests: nobody deploys by it."""
    return path_environment(path) in _OF_TRIES


@remembered
def _texts(project: Project) -> tuple[tuple[str, str], ...]:
    """Return path and text of the files that deploy, or say what a deployment needs: scripts, charts, infrastructure, settings,
    and the lines of workflows that hand secrets over.
    """
    composed = {file.path for file in project.compose_files}
    packaged = {item.path for item in foreign_infrastructure(project)}
    found = []
    for source in project.sources:
        path = source.path
        if path in composed or path in project.owned or is_test_path(path) or _is_for_tries(path):
            continue
        if path.startswith(_OF_WORKFLOWS):
            found.append((path, "\n".join(line if "secrets." in line else "" for line in source.text.splitlines())))
        elif path in packaged or path.endswith(_SCRIPTS) or (path.endswith(_FILES) and not _NO_CONTRACTS.search(path)):
            found.append((path, source.text))
    return tuple(found)
