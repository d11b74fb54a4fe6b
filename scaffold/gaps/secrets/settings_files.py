"""Credentials that settings files of Spring Boot and .NET hold: which of them an application runs with, each told once."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.facts import path_environment
from scaffold.gaps.secrets.credentials import OTHER_PARTY
from scaffold.model.compose import Service
from scaffold.model.frozen import frozen
from scaffold.model.names import EnvironmentClass
from scaffold.model.project import Project, SettingDefault
from scaffold.model.regex import regex
from scaffold.model.secrets import SecretClass

_FILES = (".properties", ".yml", ".yaml", ".json")
_OF_RAILS = regex(r"(?:^|/)config/(?!application)[\w-]+\.ya?ml$")
_COUNTED = frozenset({SecretClass.WEAK, SecretClass.PLACEHOLDER, SecretClass.LITERAL, SecretClass.RANDOM})
_STAND_INS = frozenset({SecretClass.WEAK, SecretClass.PLACEHOLDER})
_CHOOSES = ("SPRING_PROFILES_ACTIVE", "ASPNETCORE_ENVIRONMENT", "DOTNET_ENVIRONMENT")
_CHOSEN = regex(rf"(?:{'|'.join(_CHOOSES)}|spring\.profiles\.active)\"?\s*[=:, ]\s*\"?([\w,-]+)")
_VALUE_BELOW = regex(rf"name:\s*[\"']?(?:{'|'.join(_CHOOSES)})[\"']?\s+value:\s*[\"']?([\w,-]+)")


@frozen
class FileCredential:
    """One credential of settings files and every place that gives it."""

    places: tuple[SettingDefault, ...]
    environment: EnvironmentClass
    is_set: bool
    """Whether the environment of what production runs takes its place."""


def is_in_settings_file(setting: SettingDefault) -> bool:
    """Whether a setting stands in a settings file and not in code, as which the templates of Rails count."""
    is_code = setting.kind == "getenv" and _OF_RAILS.search(setting.location.path)
    return setting.location.path.endswith(_FILES) and not is_code


def module_of(setting: SettingDefault) -> str:
    """Return the folder of the build module that a file of Java or Kotlin, or its settings file, belongs to."""
    return setting.location.path.partition("src/main/")[0]


def keys_of_modules(project: Project) -> frozenset[tuple[str, str]]:
    """Return the keys that settings files of each module give: a default beside a read of one is never used."""
    return frozenset((module_of(setting), setting.name) for setting in project.settings if is_in_settings_file(setting))


def file_credentials(project: Project) -> Iterator[FileCredential]:
    """Yield each credential of the settings files that an application can run with; equal values are one credential."""
    settings = [setting for setting in project.settings if is_in_settings_file(setting)]
    if not settings:
        return
    chosen = _chosen_profiles(project)
    given, mounting = _given_names(project), _mounting(project)
    found: dict[tuple[EnvironmentClass, bool, str], list[SettingDefault]] = {}
    for setting in settings:
        # What a service mounts is in force under the name that its place has there.
        runs = setting.location.path in mounting or _runs(setting, chosen)
        if _counts(setting) and runs and not _is_replaced(setting, settings, chosen):
            name = re.sub(r"[^A-Z0-9]", "", setting.name.upper())
            is_set = setting.kind == "property" and name in mounting.get(setting.location.path, given)
            found.setdefault((_environment(setting), is_set, setting.value or ""), []).append(setting)
    for (environment, is_set, _), places in found.items():
        yield FileCredential(tuple(places), environment, is_set)


def _counts(setting: SettingDefault) -> bool:
    if setting.value is None or setting.value_class not in _COUNTED:
        return False
    # A stand-in for what another party issues opens nothing: what needs it fails.
    return not (setting.value_class in _STAND_INS and OTHER_PARTY.search(re.sub(r"[.:-]", "_", setting.name)))


def _environment(setting: SettingDefault) -> EnvironmentClass:
    return path_environment(setting.profile)


def _runs(setting: SettingDefault, chosen: frozenset[str]) -> bool:
    """Whether the setting holds for every profile, for one of a known kind, or for one that something starts."""
    words = _profile_words(setting)
    return not words or "default" in words or bool(words & chosen) or _environment(setting) is not EnvironmentClass.BASE


def _profile_words(setting: SettingDefault) -> set[str]:
    return set(re.findall(r"[\w-]+", setting.profile.lower()))


def _is_replaced(setting: SettingDefault, settings: list[SettingDefault], chosen: frozenset[str]) -> bool:
    """Whether the file of a profile that production runs with, or that something starts, gives the key itself."""
    folder = setting.location.path.rpartition("/")[0]
    others = (other for other in settings if other.profile and other.kind == "property" and other.name == setting.name)
    return not setting.profile and any(
        other.location.path.rpartition("/")[0] == folder
        and (_environment(other) is EnvironmentClass.PRODUCTION or bool(_profile_words(other) & chosen))
        for other in others
    )


def _chosen_profiles(project: Project) -> frozenset[str]:
    """Return the profiles that a service, an image or a manifest starts an application with, in lower case."""
    services = [service for stack in project.stacks for service in stack.services]
    texts = [entry.value or "" for service in services for entry in service.environment if entry.name in _CHOOSES]
    lines = [" ".join(words) for service in services for words in (service.command, service.entrypoint) if words]
    lines += [item.text for file in project.dockerfiles for stage in file.stages for item in stage.instructions]
    lines += [project.source(item.path) or "" for item in project.infrastructure]
    texts += [match[1] for line in lines for pattern in (_CHOSEN, _VALUE_BELOW) for match in pattern.finditer(line)]
    return frozenset(word.strip().lower() for text in texts for word in text.split(",") if word.strip())


def _given_names(project: Project) -> frozenset[str]:
    """Return the variables that applications of production get, without what Spring and .NET pass over in a name."""
    stacks = [stack for stack in project.stacks if stack.is_runnable_in_production]
    applications = (service for stack in stacks for service in stack.services if service.is_application)
    return frozenset(name for service in applications for name in _names_of(service))


def _names_of(service: Service) -> frozenset[str]:
    return frozenset(re.sub(r"[^A-Z0-9]", "", entry.name.upper()) for entry in service.environment)


def _mounting(project: Project) -> dict[str, frozenset[str]]:
    """Return, for each file that applications of production mount, the variables that all of these get."""
    found: dict[str, frozenset[str]] = {}
    for stack in (stack for stack in project.stacks if stack.is_runnable_in_production):
        for service in stack.services:
            for mount in service.mounts if service.is_application else ():
                if mount.resolved:
                    names = _names_of(service)
                    found[mount.resolved] = found.get(mount.resolved, names) & names
    return found
