"""SEC003: application code falls back to a credential that stands in the code."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.facts import is_test_path, listed, path_environment
from scaffold.gaps.secrets.given import is_given_everywhere
from scaffold.gaps.secrets.settings_files import (
    FileCredential,
    file_credentials,
    is_in_settings_file,
    keys_of_modules,
    module_of,
)
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import EnvironmentClass, Layer, Room, Severity
from scaffold.model.project import Project, SettingDefault
from scaffold.model.regex import regex
from scaffold.model.secrets import SecretClass, is_sensitive_name, url_password

_COUNTED = frozenset({SecretClass.WEAK, SecretClass.PLACEHOLDER, SecretClass.LITERAL, SecretClass.RANDOM})
_ENDING = regex(
    r"(?:passw(?:or)?d|pass|pwd|secret|token|key|apikey|dsn|salt|jwt|credentials?|passphrase|base|default)$", re.IGNORECASE
)
_PRODUCTION_MODULES = ("production", "prod", "settings_production", "settings_prod", "production_settings", "prod_settings")
_CALLED_AFTER = regex(r"(?:AUTH|LOGIN|GRANT|METHOD|SCHEME|TYPE|KIND|MODE|PK|FK|COL|COLUMN|FIELD|ATTR|PARAM|CLAIM)_")
_SETTINGS = regex(r"(?:^|[/_])(?:settings?|config)(?:/[^/]+|_\w+)\.py$")
_PLACE = regex(r"(?:^|_)(?:COOKIE|HEADER)(?:_|$)")
_SECRET_WORD = regex(r"SECRET|SIGN|ENCRYPT|PASSW|SALT")
_IDENTIFIER = regex(r"[A-Za-z][A-Za-z_-]*")
_SIGNING = regex(r"(?:^|_)(?:SECRET_?KEY(?:_BASE)?|JWT|SIGNING|SESSION|COOKIE|ENCRYPTION)(?:_|$)", re.IGNORECASE)


def _detect(project: Project) -> Iterator[Gap]:
    found: dict[tuple[str, str], list[SettingDefault]] = {}
    in_files = keys_of_modules(project)
    for setting in project.settings:
        if is_in_settings_file(setting) or (module_of(setting), setting.name) in in_files or not _is_credential(setting):
            continue
        # Classes of Spring that read the same key repeat its default.
        place = module_of(setting) if "." in setting.name else setting.location.path
        found.setdefault((place, setting.name), []).append(setting)
    for (_, name), settings in sorted(found.items()):
        path = settings[0].location.path
        if not _is_replaced(project, path, name):
            yield _gap(project, path, name, settings)
    for credential in file_credentials(project):
        yield _file_gap(project, credential)


def _is_replaced(project: Project, path: str, name: str) -> bool:
    """Whether a settings module of production beside this one takes it over and sets the name itself."""
    folder, _, file = path.rpartition("/")
    module = file.rpartition(".")[0]
    taken_over = regex(rf"(?m)^[ \t]*from\s+(?:[\w.]*\.)?{re.escape(module)}\s+import\s+\*")
    sets = regex(rf"(?m)^[ \t]*{re.escape(name)}\s*(?::[^=\n]+)?=")
    beside = (f"{folder}/{other}.py" if folder else f"{other}.py" for other in _PRODUCTION_MODULES)
    texts = [project.source(place) or "" for place in beside if place != path]
    return any(taken_over.search(text) and sets.search(text) for text in texts)


def _is_a_name(setting: SettingDefault) -> bool:
    """Whether the value only names something: a cookie, a header, or what the setting is called after, such as a column."""
    name, value = setting.name.upper(), setting.value or ""
    if setting.kind == "assignment" and _CALLED_AFTER.match(name) and name.endswith(f"_{value.upper()}"):
        return True
    of_a_place = bool(_PLACE.search(name)) and not _SECRET_WORD.search(name)
    return of_a_place and setting.value_class is not SecretClass.RANDOM and bool(_IDENTIFIER.fullmatch(value))


def _is_credential(setting: SettingDefault) -> bool:
    if setting.value is None or _is_a_name(setting):
        return False
    password = url_password(setting.value)
    if password is not None:
        return "$" not in password and "{" not in password
    # Constants of code hold texts about passwords as well: the name has to end in the secret, and the value is one word.
    named = is_sensitive_name(setting.name) and bool(_ENDING.search(setting.name))
    return named and setting.value_class in _COUNTED and len(setting.value.split()) == 1


_ONLY_BARE = "; every service that runs this code gets the variable, so only a bare start on one machine takes it"


def _gap(project: Project, path: str, name: str, settings: list[SettingDefault]) -> Gap:
    guarded = all(setting.guarded for setting in settings)
    what = "a URL with a password" if url_password(settings[0].value or "") else settings[0].value_class.value
    unread = all(setting.unread for setting in settings)
    given = not guarded and not unread and is_given_everywhere(project, settings)
    note = (
        _ONLY_BARE
        if given
        else "; the code refuses it outside development"
        if guarded
        else "; no code of this repository reads it"
        if unread
        else ""
    )
    return RULE.gap(
        resource=path,
        subject=name,
        message=f"Without {name} in the environment the application runs with a value that stands in its code ({what}){note}.",
        expected="no value that stands in git, whether or not the variable is set",
        actual=f"a default: {what}",
        locations=tuple(setting.location for setting in settings),
        severity=_severity(_words(name), harmless=guarded or unread or given),
        environment=_environment(path),
        closers=(
            *((Closer(Room.EDITS, "edit"),) if path.endswith(".py") and _SIGNING.search(name) else ()),
            Closer(None, "advice", _advice(path, name, settings[0].kind)),
        ),
    )


def _environment(path: str) -> EnvironmentClass:
    """Return test for files of tests, and for settings that only they and CI start with (`settings/ci.py`)."""
    of_tests = _SETTINGS.search(path) and path_environment(path.rpartition("/")[2]) is EnvironmentClass.TEST
    return EnvironmentClass.TEST if of_tests or is_test_path(path) else EnvironmentClass.BASE


def _file_gap(project: Project, credential: FileCredential) -> Gap:
    first = credential.places[0]
    what = first.value_class.value
    names = listed(setting.name for setting in credential.places)
    given = first.kind == "getenv" and is_given_everywhere(project, list(credential.places))
    if first.kind == "getenv":
        note = _ONLY_BARE if given else ""
        message = f"Without {names} in the environment the application runs with a value of its settings file ({what}){note}."
    else:
        note = ", and the stack for production sets another one" if credential.is_set else ""
        file = first.location.path.rpartition("/")[2]
        message = f"{file} gives {names} a value that stands in git ({what}): who can read the repository has it{note}."
    advice = f"Write a reference to a variable without a default in place of {names}, and set it outside git."
    return RULE.gap(
        resource=first.location.path,
        subject=first.name,
        message=message,
        expected="a reference to a variable without a default",
        actual=f"a default: {what}" if first.kind == "getenv" else what,
        locations=tuple(dict.fromkeys(setting.location for setting in credential.places)),
        severity=_severity(_words(first.name), harmless=credential.is_set or given),
        environment=credential.environment,
        closers=(Closer(None, "advice", advice),),
    )


def _words(name: str) -> str:
    """Return a key with underscores between its words, as variables are written."""
    return re.sub(r"[^A-Za-z0-9]+", "_", re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name))


def _advice(path: str, name: str, kind: str) -> str:
    """Return what to write in place of the default; tests and tools that start without the variable have to set one."""
    if not path.endswith(".py"):
        fix = f"End the process where {name} is not set"
    elif kind == "field":
        fix = f"Declare {name} without a default"
    else:
        fix = f'Read os.environ["{name}"]'
    return f"{fix}, and set it in tests and CI: they run without it today."


def _severity(name: str, *, harmless: bool) -> Severity:
    if harmless:
        return Severity.LOW
    return Severity.HIGH if _SIGNING.search(name) else Severity.MEDIUM


RULE = Rule(
    code="SEC003",
    name="insecure-default-in-settings",
    layer=Layer.SECRETS,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(
        Closer(Room.EDITS, "edit"),
        Closer(
            None, "advice", "Read the variable without a default and end the process with a clear message where it is missing."
        ),
    ),
)
