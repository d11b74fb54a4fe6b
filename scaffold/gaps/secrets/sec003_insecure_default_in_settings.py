"""SEC003: application code falls back to a credential that stands in the code."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import replace

from scaffold.gaps.config.django_settings import module_path, settings_chain, used_modules
from scaffold.gaps.config.mode_left_out import modes_left_out
from scaffold.gaps.facts import is_test_path, listed, path_environment
from scaffold.gaps.remembered import remembered
from scaffold.gaps.secrets.credentials import OF_A_STORE, OTHER_PARTY
from scaffold.gaps.secrets.given import is_given_everywhere, is_left_empty, is_run_by_nobody, mark_of
from scaffold.gaps.secrets.loaded_settings import loaded_settings
from scaffold.gaps.secrets.misnamed import Misnamed, misnamed
from scaffold.gaps.secrets.provisioned import provisioned
from scaffold.gaps.secrets.refused import is_refused
from scaffold.gaps.secrets.settings_files import (
    FileCredential,
    file_credentials,
    is_in_settings_file,
    keys_of_modules,
    module_of,
)
from scaffold.gaps.secrets.told import started_without, told
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Cause, EnvironmentClass, Layer, Room, Severity
from scaffold.model.own_machine import is_of_nobody
from scaffold.model.project import Project, SettingDefault
from scaffold.model.regex import regex
from scaffold.model.secret_names import is_sensitive_name
from scaffold.model.secrets import SecretClass, classify, url_password

_COUNTED = frozenset({SecretClass.WEAK, SecretClass.PLACEHOLDER, SecretClass.LITERAL, SecretClass.RANDOM})
_ENDING = regex(
    r"(?:passw(?:or)?d|pass|pwd|secret|token|key|apikey|dsn|salt|jwt|credentials?|passphrase|base|default)$", re.IGNORECASE
)
_PRODUCTION_MODULES = ("production", "prod", "settings_production", "settings_prod", "production_settings", "prod_settings")
_CALLED_AFTER = regex(r"(?:AUTH|LOGIN|GRANT|METHOD|SCHEME|TYPE|KIND|MODE|PK|FK|COL|COLUMN|FIELD|ATTR|PARAM|CLAIM)_")
_SETTINGS = regex(r"(?:^|[/_])(?:settings?|config)(?:/[^/]+|_\w+)\.py$")
_OF_A_MODE = regex(r"(?:^|/)config/(?:environments/)?(?P<mode>dev|development|test)\.(?:exs|rb)$")
_PLACE = regex(r"(?:^|_)(?:COOKIE|HEADER)(?:_|$)")
_SECRET_WORD = regex(r"SECRET|SIGN|ENCRYPT|PASSW|SALT")
_IDENTIFIER = regex(r"[A-Za-z][A-Za-z_-]*")
_OF_SETTINGS = regex(r"(?:^|[/_])(?:settings?|config|conf)(?:/|[^/]*\.py$)", re.IGNORECASE)
_NAMES_A_PLACE = regex(
    r"(?<!SECRET)(?<!API)(?<!ACCESS)(?<!PRIVATE)(?<!SIGNING)(?<!ENCRYPTION)(?<!MASTER)(?<!FERNET)(?<!JWT)_?(?:KEY|TOKEN)$"
)
"""Names that may call a place where something is kept, such as a key of a session."""
_STAND_INS = frozenset({SecretClass.WEAK, SecretClass.PLACEHOLDER})
"""Classes of values that may stand in for what another party issues."""
_SAYS_STAND_IN = regex(r"(?i)test|default|fake|dummy|demo|sample|example|mock")
_OF_ANOTHER = regex(r"(?:^|_)(?:H?CAPTCHA|LDAP|SQS|SES|S3|PUSHER|MAILCHIMP|TURNSTILE)(?:_|$)")
_SAYS_NONE = regex(
    r"(?i)none|null|unset|missing|not[-_]?set|undefined|n/?a|disabled|unknown|unavailable|no[-_]?(?:key|token|secret|auth)"
)
_PUBLIC_NAME = regex(
    r"^(?:VITE|NEXT_PUBLIC|REACT_APP|NUXT_PUBLIC|EXPO_PUBLIC|PUBLIC|GATSBY)_|(?:^|_)(?:TELEMETRY|POSTHOG|ANALYTICS|SEGMENT|AMPLITUDE|MIXPANEL"
    r"|SENTRY|ANON|SITE_?KEY|SEARCH_?KEY|VAPID_PUBLIC|BITABLE_(?:APP_)?TOKEN)(?:_|$)"
)
_PUBLIC_VALUE = regex(r"^(?:phc_|pk_(?:live|test)_|G-[A-Z0-9])|^https?://[0-9a-f]+@[^/]+/\d+$")
_CLASS_OF_PRODUCTION = regex(r"(?m)^class\s+\w*Prod\w*\s*(?:\([^)]*\))?:[^\n]*\n(?:(?>[ \t][^\n]*\n?)|\n|#[^\n]*\n)*")
_MODE_OF_PRODUCTION = regex(r"(?:^|[\s.:\"'])(?:production|prod|ProductionConfig|ProdConfig)\b")
_ADDRESS = regex(r"[A-Z][A-Z0-9_]*(?:URL|URI|HOST|ENDPOINT|SERVER|BASE)\s*(?::[^=]+)?=\s*[\"']https?://(?P<host>[\w.-]+)")
_ROWS_BESIDE = 5
_ROWS_OF_CHECK = 20
_SALT = regex(r"(?i)(?:^|_)SALT(?:_|$)")
_KIND_OF_SECRET = regex(r"_(?:SECRET|KEY|TOKEN|PASSWORD|CREDENTIAL)(?:_(?:NAME|ID|KEY))?$")
"""How the constants of a table end that call the secrets of a store by their names."""
_ROWS_OF_TABLE = 2
_CONFIRMS = regex(r"(?:^|_)CONFIRM(?:ATION)?_(?:TOKEN|PHRASE|KEY)$")
"""What somebody types to say that they mean it."""
_INTO_ENV = regex(r"[ \t]*(?P<env>[a-z_]\w*)\[[\"'](?P<name>\w+)[\"']\][ \t]*=[ \t]*(?P=env)\.get\(")
"""A dictionary that becomes the environment of another program gets one of its keys, where it has none."""
_ROWS_OF_CALL = 20
_RAILS = regex(
    r"(?m)^[ \t]*gem[ (]+['\"]rails['\"],[ \t]*['\"][~>=< ]*(?P<major>\d{1,3})(?:\.(?P<minor>\d{1,3}))?", words=("rails",)
)
_TAKES_CONSTANT = (7, 2)
"""The version of Rails from which the constant comes before the variable of the environment; up to there the variable did
(Rails::Application#secret_key_base).
"""
_KEY_OF_PLUG, _LEAST_OF_PLUG = "SECRET_KEY_BASE", 64
"""Plug.Session.COOKIE raises where the key base has fewer bytes (hexdocs.pm/plug, Plug.Session.COOKIE)."""
_SIGNING = regex(r"(?:^|_)(?:SECRET_?KEY(?:_BASE)?|JWT|SIGNING|SESSION|COOKIE|ENCRYPTION)(?:_|$)", re.IGNORECASE)


def _detect(project: Project) -> Iterator[Gap]:
    found: dict[tuple[str, str], list[SettingDefault]] = {}
    in_files = keys_of_modules(project)
    # What a compiler wrote beside its source is no second place.
    files = frozenset(project.files)
    of_dotnet = frozenset(name for path, name in in_files if path.endswith(".json"))
    taken = {(item.location.path, item.value) for item in project.settings if item.kind != "assignment"}
    named = _named_in_tables(project)
    for setting in project.settings:
        if is_in_settings_file(setting) or (module_of(setting), setting.name) in in_files or not _is_credential(setting):
            continue
        if setting.location.path.endswith(".cs") and setting.name in of_dotnet:
            continue
        if setting.location.path.removesuffix(".js") + ".ts" in files:
            continue
        if (setting.location.path, setting.name) in named or _is_of_a_throwaway_call(project, setting):
            continue
        # The constant is the default of a read, which names the variable.
        if setting.kind == "assignment" and (setting.location.path, setting.value) in taken:
            continue
        # Classes of Spring that read the same key repeat its default.
        place = module_of(setting) if "." in setting.name else setting.location.path
        found.setdefault((place, setting.name), []).append(setting)
    numbers: dict[str, str] = {}
    for (_, name), settings in sorted(found.items()):
        path = settings[0].location.path
        if not _is_replaced(project, path, name):
            yield replace(_gap(project, path, name, settings), kind=_kind(settings[0].value or "", numbers))
    for credential in file_credentials(project):
        yield _file_gap(project, credential)


def _named_in_tables(project: Project) -> frozenset[tuple[str, str]]:
    """Return file and name of the constants that call the secrets of a store: in a module that holds no settings, several of
    them, each called after its value (`BOT_TOKEN_SECRET = "bot_token"`).
    """
    found: dict[str, list[str]] = {}
    for setting in project.settings:
        value = setting.value or ""
        bare = _KIND_OF_SECRET.sub("", setting.name.upper())
        called = bare == re.sub(r"[-. ]", "_", value.upper()) != setting.name.upper()
        if called and setting.kind == "assignment" and not _OF_SETTINGS.search(setting.location.path):
            found.setdefault(setting.location.path, []).append(setting.name)
    return frozenset((path, name) for path, names in found.items() if len(names) >= _ROWS_OF_TABLE for name in names)


def _is_of_a_throwaway_call(project: Project, setting: SettingDefault) -> bool:
    """Whether a default only fills the environment that the code hands to a container which it removes after one command."""
    if setting.kind == "assignment" or not setting.location.path.endswith(".py"):
        return False
    rows = (project.source(setting.location.path) or "").splitlines()
    at = setting.location.line - 1
    match = _INTO_ENV.match(rows[at]) if at < len(rows) else None
    if match is None or match["name"] != setting.name:
        return False
    after = "\n".join(rows[at + 1 : at + 1 + _ROWS_OF_CALL])
    return "--rm" in after and f"env={match['env']}" in after


def _kind(value: str, numbers: dict[str, str]) -> str:
    """Return what defaults of one variable share that are one cause: a class of what is no password, else a number for the same
    password, which tells nothing of it.
    """
    held = url_password(value) or value
    found = classify(held)
    known = found in {SecretClass.PLACEHOLDER, SecretClass.WEAK}
    return found.value if known else numbers.setdefault(held, f"password {len(numbers)}")


def _is_replaced(project: Project, path: str, name: str) -> bool:
    """Whether a settings module of production beside this one takes it over and sets the name itself, or each one that
    production starts with does, by way of others too.
    """
    folder, _, file = path.rpartition("/")
    module = file.rpartition(".")[0]
    taken_over = regex(rf"(?m)^[ \t]*from\s+(?:[\w.]*\.)?{re.escape(module)}\s+import\s+\*")
    sets = regex(rf"(?m)^[ \t]*{re.escape(name)}\s*(?::[^=\n]+)?=")
    beside = (f"{folder}/{other}.py" if folder else f"{other}.py" for other in _PRODUCTION_MODULES)
    texts = [project.source(place) or "" for place in beside if place != path]
    loaded = (project.source(place) or "" for place in loaded_settings(project) if place != path)
    if any(taken_over.search(text) and sets.search(text) for text in texts) or any(sets.search(text) for text in loaded):
        return True
    chains = _chains(project)
    return bool(chains) and all(_is_set_before(chain, path, sets) for chain in chains)


@remembered
def _chains(project: Project) -> tuple[tuple[tuple[str, str], ...], ...]:
    """Return path and text of the settings modules that production starts with, each with those that it takes over."""
    starts = dict.fromkeys(module_path(project, module.name) for module in used_modules(project))
    return tuple(tuple(settings_chain(project, start)) for start in starts)


def _is_set_before(chain: tuple[tuple[str, str], ...], path: str, sets: re.Pattern[str]) -> bool:
    """Whether one of the settings modules that take over one another up to this one sets the name itself. Not all of them were
    read: a module in the same folder is taken over, or production has nothing to do with it.
    """
    found = False
    for place, text in chain:
        if place == path:
            return found
        found = found or bool(sets.search(text))
    return found and posixpath.dirname(chain[0][0]) == posixpath.dirname(path)


def _is_a_name(setting: SettingDefault) -> bool:
    """Whether the value only names something: a cookie, a header, or what the setting is called after, such as a column."""
    name, value = setting.name.upper(), setting.value or ""
    if setting.kind == "assignment":
        if _CALLED_AFTER.match(name) and name.endswith(f"_{value.upper()}"):
            return True
        if _is_constant_of_code(setting, name, value):
            return True
    elif _NAMES_A_PLACE.search(name) and _IDENTIFIER.fullmatch(value) and set(_parts(value)) <= set(_parts(name)):
        return True
    of_a_place = bool(_PLACE.search(name)) and not _SECRET_WORD.search(name)
    return of_a_place and setting.value_class is not SecretClass.RANDOM and bool(_IDENTIFIER.fullmatch(value))


def _is_constant_of_code(setting: SettingDefault, name: str, value: str) -> bool:
    """Whether a constant names a kind, a key of a dictionary or a mark in a text: a token that no settings module holds."""
    if name == value.upper().replace("-", "_") or "<|" in value or _CONFIRMS.search(name):
        return True
    return not _OF_SETTINGS.search(setting.location.path) and bool(_NAMES_A_PLACE.search(name) and _IDENTIFIER.fullmatch(value))


def _parts(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", text).lower())


def _is_public(setting: SettingDefault) -> bool:
    """Whether everybody may have the value: what programs send to collectors of telemetry, and keys for browsers."""
    return bool(_PUBLIC_NAME.search(setting.name.upper()) or _PUBLIC_VALUE.search(setting.value or ""))


def _opens_nothing(setting: SettingDefault) -> bool:
    """Whether a default stands in for what another party issues, or says that there is none."""
    value = setting.value or ""
    if setting.kind == "assignment":
        return False
    stands_in = setting.value_class in _STAND_INS or bool(_SAYS_STAND_IN.search(value))
    of_another = OTHER_PARTY.search(_words(setting.name)) or _OF_ANOTHER.search(setting.name.upper())
    return bool((stands_in and of_another) or _SAYS_NONE.fullmatch(value))


def _is_credential(setting: SettingDefault) -> bool:
    if setting.value is None or _is_a_name(setting) or _is_public(setting) or _opens_nothing(setting):
        return False
    password = url_password(setting.value)
    if password is not None:
        return "$" not in password and "{" not in password
    # Constants of code hold texts about passwords as well: the name has to end in the secret, and the value is one word.
    named = is_sensitive_name(setting.name) and bool(_ENDING.search(setting.name))
    return named and setting.value_class in _COUNTED and len(setting.value.split()) == 1


_ONLY_BARE = "; every service that runs this code gets the variable, so only a bare start on one machine takes it"
_NOTES = {
    "guarded": "; the code refuses it outside development",
    "asleep": "; the code refuses it outside development alone, which is what it takes where nothing says the mode, as here",
    "refused": "; another place of the code ends the program where the variable is missing or has this value",
    "overridden": "; the class of settings for production takes the variable without a default",
    "unread": "; no code of this repository reads it",
    "idle": "; no program that production starts imports this module",
    "given": _ONLY_BARE,
    "apart": "; no service of a stack for production is built from this code",
    "provisioned": "; {place} gives the deployed application the variable, so only a start by Compose or a bare one takes it",
    "empty": "; the env template leaves it empty, the code takes that for unset, and nothing refuses to start",
}
"""What keeps a default from being taken, by its word, and how the message says it."""
_LESS = frozenset({"empty", "apart", "provisioned"})
"""What makes a default matter one step less: it is not taken by what the files start as they stand."""


def _standing(project: Project, settings: list[SettingDefault]) -> str:
    """Return what keeps the default from being taken in production, "" where nothing does."""
    asleep = _is_left_alone(project, settings)
    if all(setting.guarded for setting in settings) and not asleep:
        return "guarded"
    if all(setting.unread or _is_idle(project, setting) for setting in settings):
        return "unread" if settings[0].unread else "idle"
    if _is_refused_elsewhere(project, settings):
        return "refused"
    if all(_is_overridden(project, setting) for setting in settings):
        return "overridden"
    if is_given_everywhere(project, settings):
        return "empty" if is_left_empty(project, settings) else "given"
    return _standing_of_the_ungiven(project, settings) or ("asleep" if asleep else "")


def _standing_of_the_ungiven(project: Project, settings: list[SettingDefault]) -> str:
    if is_run_by_nobody(project, settings):
        return "apart"
    given = settings[0].kind != "assignment" and provisioned(project, settings[0].name) is not None
    return "provisioned" if given else ""


def _is_idle(project: Project, setting: SettingDefault) -> bool:
    """Whether no program of production takes the module in, by an import or by the path in a variable."""
    path = setting.location.path
    return (setting.idle and path not in loaded_settings(project)) or path in _unused_modules(project)


@remembered
def _unused_modules(project: Project) -> frozenset[str]:
    """Return the settings modules of Django that neither production starts with nor those take over, where all of these are
    known.
    """
    used = [module_path(project, module.name) for module in used_modules(project)]
    if not used or not all(used):
        return frozenset()
    taken = {path for module in used for path, _ in settings_chain(project, module)}
    modules = (source for source in project.sources if source.path.endswith(".py") and "INSTALLED_APPS" in source.text)
    return frozenset(source.path for source in modules if source.path not in taken)


def _is_left_alone(project: Project, settings: list[SettingDefault]) -> bool:
    """Whether the check that refuses the default never acts: nothing tells an application its mode."""
    check = _sleeping_checks(project).get(settings[0].location.path)
    name = settings[0].name.lower()
    return check is not None and (all(setting.guarded for setting in settings) or name in check)


@remembered
def _sleeping_checks(project: Project) -> dict[str, str]:
    """Return, by file, the checks of values made for a try that never act, in lower case."""
    guards = dict.fromkeys(item.guard for item in modes_left_out(project))
    texts = ((place, (project.source(place.path) or "").splitlines()) for place in guards)
    return {place.path: "\n".join(rows[place.line - 1 : place.line + _ROWS_OF_CHECK]).lower() for place, rows in texts}


def _is_overridden(project: Project, setting: SettingDefault) -> bool:
    """Whether another class of the file, called after production, takes the same variable without a default, and something of
    the project chooses the mode of production.
    """
    text = project.source(setting.location.path) or ""
    if not setting.location.path.endswith(".py") or setting.kind not in {"getenv", "field"}:
        return False
    name = re.escape(setting.name)
    blocks = [match for match in _CLASS_OF_PRODUCTION.finditer(text) if not _holds(text, match, setting.location.line)]
    taken = regex(
        rf"(?m)^[ \t]+{name}\s*(?::[^=\n]+)?=\s*os\.(?:environ\.get\(|getenv\(|environ\[)[\"']{name}[\"'][)\]]\s*(?:#.*)?$"
    )
    return any(taken.search(match[0]) for match in blocks) and _chooses_production(project)


def _holds(text: str, match: re.Match[str], line: int) -> bool:
    return text.count("\n", 0, match.start()) < line <= text.count("\n", 0, match.end()) + 1


def _chooses_production(project: Project) -> bool:
    set_by_services = (
        entry.value or "" for stack in project.stacks for service in stack.services for entry in service.environment
    )
    set_by_images = (
        item.text.replace("=", " ")
        for image in project.dockerfiles
        for stage in image.stages
        for item in stage.instructions
        if item.keyword == "ENV"
    )
    return any(_MODE_OF_PRODUCTION.search(value) for value in (*set_by_services, *set_by_images))


def _is_refused_elsewhere(project: Project, settings: list[SettingDefault]) -> bool:
    """Whether the program ends without the variable, or other code compares with the same value before it ends."""
    name, value, path = settings[0].name, settings[0].value or "", settings[0].location.path
    if settings[0].kind == "assignment":
        return False
    package = path.partition("/")[0]
    if any(read.name == name and read.fails and read.location.path.partition("/")[0] == package for read in project.env_reads):
        return True
    return is_refused(project, value, defined_in=path)


def _gap(project: Project, path: str, name: str, settings: list[SettingDefault]) -> Gap:
    what = "a URL with a password" if url_password(settings[0].value or "") else settings[0].value_class.value
    standing = _standing(project, settings)
    severity = _severity(_words(name), harmless=standing not in {"", "asleep", *_LESS})
    if standing in _LESS:
        severity = severity.lowered(1)
    address = _address_beside(project, settings) if not standing else None
    if address:
        severity = Severity.HIGH
    if _is_too_short(path, name, settings[0].value or ""):
        severity = min(severity, Severity.MEDIUM)
    other = misnamed(project, name) if not standing and settings[0].kind != "assignment" else None
    note = _of_another_name(other) if other else _NOTES.get(standing, "")
    place = provisioned(project, name) if standing == "provisioned" else None
    note = note.format(place=f"{place.path}:{place.line}") if place else note
    if severity > Severity.MEDIUM:
        severity, note, place = _by_what_is_told(project, settings, severity, note)
    return RULE.gap(
        resource=path,
        subject=name,
        message=_message(name, what, settings, address, note, is_replaced=_takes_variable(project, path, name)),
        expected="no value that stands in git, whether or not the variable is set",
        actual=f"a default: {what}",
        locations=tuple(dict.fromkeys(setting.location for setting in settings)),
        related=other.places if other else (place,) if place else (),
        severity=severity,
        environment=_environment(path),
        variables=tuple(dict.fromkeys(mark_of(setting) for setting in settings)),
        closers=(
            *((Closer(Room.EDITS, "edit"),) if _has_edit(path, name, settings) else ()),
            Closer(None, "advice", _advice(path, name, settings[0].kind)),
        ),
    )


def _by_what_is_told(
    project: Project, settings: list[SettingDefault], severity: Severity, note: str
) -> tuple[Severity, str, Location | None]:
    """Return the severity of a default that signs, the note, and the place that decides: what runs for others is seen to start
    without the variable, or something tells who deploys to set it, which leaves medium; else nothing names it, and it stays.
    """
    without = started_without(project, settings)
    if without:
        return severity, f"{note}; {without.path}:{without.line} starts this code without it", without
    place = told(project, settings)
    if place is None:
        return severity, note, None
    return Severity.MEDIUM, f"{note}; {place.path}:{place.line} names it to who deploys", place


def _of_another_name(other: Misnamed) -> str:
    files = listed(place.path for place in other.places)
    return f": nothing sets it, and {other.name}, which nothing reads, stands in {files}"


def _takes_variable(project: Project, path: str, name: str) -> bool:
    """Whether Rails takes a key from the environment before it takes the constant of the code: by the version of a Gemfile."""
    if name != "SECRET_KEY_BASE" or not path.endswith(".rb"):
        return False
    gemfiles = [item.path for item in project.manifests if item.ecosystem == "ruby" and path.startswith(item.folder)]
    match = _RAILS.search(project.source(max(gemfiles, key=len)) or "") if gemfiles else None
    return match is not None and (int(match["major"]), int(match["minor"] or 0)) < _TAKES_CONSTANT


def _message(  # noqa: PLR0913
    name: str, what: str, settings: list[SettingDefault], address: Location | None, note: str, *, is_replaced: bool
) -> str:
    if any(setting.kind != "assignment" for setting in settings):
        return f"Without {name} in the environment the application runs with a value that stands in its code ({what}){note}."
    beside = f", beside the address of the system that takes it (line {address.line})" if address else ""
    effect = "who can read the repository has it, and no variable replaces it"
    if is_replaced:
        effect = f"who can read the repository has it, and so does each system that starts without {name}"
    if "<%" in (settings[0].value or ""):
        effect = f"the tag of ERB stands in a file of Ruby, which reads it as text; {effect}"
    return f"{name} is a constant of the code ({what}){beside}: {effect}{note}."


def _address_beside(project: Project, settings: list[SettingDefault]) -> Location | None:
    """Return the constant with the address of a system on another machine that stands beside a drawn key, None for none."""
    first = settings[0]
    if any(setting.kind != "assignment" or setting.value_class is not SecretClass.RANDOM for setting in settings):
        return None
    rows = (project.source(first.location.path) or "").splitlines()
    from_row = max(0, first.location.line - 1 - _ROWS_BESIDE)
    for number, row in enumerate(rows[from_row : first.location.line + _ROWS_BESIDE], from_row + 1):
        match = _ADDRESS.match(row)
        if match and not is_of_nobody(match["host"]):
            return Location(first.location.path, number)
    return None


def _has_edit(path: str, name: str, settings: list[SettingDefault]) -> bool:
    return path.endswith(".py") and bool(_SIGNING.search(name)) and all(setting.kind != "fallback" for setting in settings)


def _environment(path: str) -> EnvironmentClass:
    """Return what the files count for: those of tests, settings that only they and CI start with (`settings/ci.py`), and the
    settings of Elixir and Rails for one mode.
    """
    mode = _OF_A_MODE.search(path)
    if mode:
        return EnvironmentClass.DEV if mode["mode"].startswith("dev") else EnvironmentClass.TEST
    of_tests = _SETTINGS.search(path) and path_environment(path.rpartition("/")[2]) is EnvironmentClass.TEST
    return EnvironmentClass.TEST if of_tests or is_test_path(path) else EnvironmentClass.BASE


def _file_gap(project: Project, credential: FileCredential) -> Gap:
    first = credential.places[0]
    what = first.value_class.value
    names = listed(setting.name for setting in credential.places)
    given = first.kind == "getenv" and is_given_everywhere(project, list(credential.places))
    elsewhere = [provisioned(project, setting.name) for setting in credential.places if first.kind == "getenv" and not given]
    place = elsewhere[0] if elsewhere and all(elsewhere) else None
    severity = _severity(_words(first.name), harmless=credential.is_set or given).lowered(1 if place else 0)
    if first.kind == "getenv":
        note = _NOTES["provisioned"].format(place=f"{place.path}:{place.line}") if place else _ONLY_BARE if given else ""
        if severity > Severity.MEDIUM:
            severity, note, place = _by_what_is_told(project, list(credential.places), severity, note)
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
        kind=f"file {what}",
        locations=tuple(dict.fromkeys(setting.location for setting in credential.places)),
        related=(place,) if place else (),
        severity=severity,
        environment=credential.environment,
        variables=tuple(mark_of(setting) for setting in credential.places),
        closers=(Closer(None, "advice", advice),),
    )


def _is_too_short(path: str, name: str, value: str) -> bool:
    """Whether the framework refuses the default as a key: nobody forges a session with it, as there is none."""
    return path.endswith((".ex", ".exs")) and name == _KEY_OF_PLUG and len(value.encode()) < _LEAST_OF_PLUG


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
    # A salt need not be secret: it makes one key of another that is.
    signs = _SIGNING.search(name) and not OTHER_PARTY.search(name) and not OF_A_STORE.search(name) and not _SALT.search(name)
    return Severity.HIGH if signs else Severity.MEDIUM


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
    cause=Cause.PROJECT,
)
