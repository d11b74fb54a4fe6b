"""SEC001: a reference falls back to a credential that everybody can read."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import (
    active_profiles,
    commented_profiles,
    every_stack,
    is_test_path,
    listed,
    once,
    path_environment,
    profile_uses,
)
from scaffold.gaps.secrets.absent_feature import absent_feature
from scaffold.gaps.secrets.credentials import CredentialGroup, credential_groups, parts_of, store_without_default
from scaffold.gaps.secrets.given import defaults_in_code
from scaffold.gaps.secrets.opened import doubt, works_alone
from scaffold.gaps.secrets.refused import refused_by_schema, too_short
from scaffold.gaps.secrets.switched_stores import switched_off
from scaffold.gaps.secrets.unread import is_read_by_nobody
from scaffold.model.compose import EnvValue, Stack
from scaffold.model.deployments import STARTS_CONTAINERS
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Cause, EnvironmentClass, Layer, Room, Severity
from scaffold.model.project import Project
from scaffold.model.refused import refuses
from scaffold.model.regex import regex
from scaffold.model.secret_names import is_sensitive_name
from scaffold.model.secrets import SecretClass, classify, is_drawn_key, reads_as_name

_DEFAULT = regex(r"\$\{(?P<name>[A-Za-z_]\w*):?-(?P<value>[\"']?[A-Za-z0-9+/_=-]{16,}[\"']?)\}")
_EXPORT = regex(
    r"export[ \t]+(?P<name>[A-Z][A-Z0-9_]*)=(?P<mark>[\"']?)(?P<value>[^\s\"'$`;&|()]{4,})(?P=mark)[ \t]*(?:#[^\n]*)?",
    words=("export",),
)
"""A literal that a script gives what it starts, whatever the shell had; an env file that it loads later may replace it."""
_OPENS = frozenset({SecretClass.PLACEHOLDER, SecretClass.WEAK, SecretClass.RANDOM, SecretClass.LITERAL, SecretClass.PLAIN})
_DRAWN = regex(r"(?=[^0-9]*[0-9])(?=[^A-Za-z]*[A-Za-z])[A-Za-z0-9+/_=-]{16,}")
_RUNS_HOSTS = regex(r"\bdocker(?:-compose| compose| run)\b|\bsystemctl\b|\bkubectl\b|\bhelm\b|\bssh\b")
"""Words of a script that starts or sets up what runs."""

_FOR_CONTRIBUTORS = regex(r"(?i)(?:^|/)(?:contributing|contribute|development|developing|dev)(?:[/._-]|$)")
_KEY_OF_PLAY, _REFUSED_BY_PLAY = "play.http.secret.key", "changeme"
"""In production Play ends with this value (playframework.com, The application secret)."""


def _detect(project: Project) -> Iterator[Gap]:
    profiles = active_profiles(project)
    groups = (
        group
        for stack in every_stack(project)
        for group in credential_groups(stack, "default", profiles, _set_by_env_file(project, stack))
    )
    yield from once(_gap(project, group) for group in groups if not group.is_of_a_client and not _is_fixed(group))
    yield from _of_scripts(project)


def _is_fixed(group: CredentialGroup) -> bool:
    """Whether the store that the clients' default opens has the same value as a literal: SEC002 judges it there."""
    servers = [service for service in group.stack.services if service.is_datastore]
    given = {entry.value for service in servers for entry in service.environment if not entry.references}
    return not any(item.service.is_datastore for item in group.places) and all(item.value in given for item in group.places)


def _set_by_env_file(project: Project, stack: Stack) -> frozenset[str]:
    """Return what the .env of the project directory sets, which Compose reads by itself: SEC002 judges the values there.
    A host that gets another .env runs with the default all the same where that is a key which the file repeats.
    """
    path = f"{stack.directory}/.env" if stack.directory else ".env"
    entries = (entry for file in project.env_files if file.path == path for entry in file.entries)
    given = {entry.name: entry.value.strip("\"'") for entry in entries if entry.value and not entry.commented}
    keys = {name for name, value in given.items() if is_drawn_key(name, value)}
    values = {given[name] for name in keys}
    keys |= {name for name, value in given.items() if not values.isdisjoint(parts_of(value))} if keys else set()
    repeated = {
        reference.name
        for service in (stack.services if keys else ())
        for entry in service.environment
        for reference in entry.references
        if reference.name in keys and reference.has_default and reference.argument == given[reference.name]
    }
    return frozenset(given) - repeated


def _of_scripts(project: Project) -> Iterator[Gap]:
    """Yield the scripts that start or set up a host and fall back to a credential that was drawn for some system, or that give
    what they start one of their own text.
    """
    for source in project.sources:
        if not source.path.endswith(".sh") or is_test_path(source.path) or not _RUNS_HOSTS.search(source.text):
            continue
        found: dict[str, tuple[Location, SecretClass]] = {}
        starts = not _is_for_developers(source.path) and STARTS_CONTAINERS.search(source.text)
        for number, line in enumerate(source.text.split("\n"), 1):
            for name, kind in (*_defaults_of(line), *(_exports_of(line) if starts else ())):
                found.setdefault(name, (Location(source.path, number), kind))
        if found:
            yield _script_gap(source.path, found)


def _defaults_of(line: str) -> Iterator[tuple[str, SecretClass]]:
    for match in _DEFAULT.finditer(line):
        name, value = match["name"], match["value"].strip("\"'")
        drawn = is_drawn_key(name, value) or (is_sensitive_name(name) and _is_drawn_password(value))
        if drawn and not line.lstrip().startswith("#"):
            yield name, SecretClass.RANDOM


def _exports_of(line: str) -> Iterator[tuple[str, SecretClass]]:
    match = _EXPORT.fullmatch(line)
    if match is not None and is_sensitive_name(match["name"]):
        kind = classify(match["value"])
        if kind in _OPENS:
            yield match["name"], kind


def _is_for_developers(path: str) -> bool:
    return path_environment(path) in {EnvironmentClass.DEV, EnvironmentClass.TEST}


def _is_drawn_password(value: str) -> bool:
    return classify(value) is SecretClass.RANDOM and bool(_DRAWN.fullmatch(value)) and not reads_as_name(value)


def _script_gap(path: str, found: dict[str, tuple[Location, SecretClass]]) -> Gap:
    names = listed(sorted(found))
    kind = ", ".join(sorted({kind.value for _, kind in found.values()}))
    return RULE.gap(
        resource=path,
        subject="defaults",
        message=f"Where {names} {'is' if len(found) == 1 else 'are'} not set, {path} goes on with a value that stands in it "
        f"({kind}): the host runs with a credential that everybody who reads the repository has.",
        expected=f"${{{min(found)}:?}}, so that the script ends without it",
        actual=f"a default: {kind}",
        locations=tuple(found[name][0] for name in sorted(found)),
        # What else a host runs with it for, and who reaches that, stands elsewhere.
        severity=None if any(works_alone(name, kind) for name, (_, kind) in found.items()) else Severity.MEDIUM,
        environment=path_environment(path),
        closers=(Closer(None, "advice", "Write `${NAME:?}` in place of the default, and change the credential."),),
    )


def _gap(project: Project, group: CredentialGroup) -> Gap:
    owner = group.owner
    unused = _of_unused(project, group)
    if unused is not None:
        return unused
    count = len(group.locations)
    places = f" in {count} places" if count > 1 else ""
    return RULE.gap(
        resource=group.stack.resource(owner.service.name),
        subject=f"environment/{owner.key}",
        message=f"Where {' or '.join(group.keys)} is not set, {owner.service.name} runs with a default credential of the "
        f"repository ({owner.value_class.value}){places}{_reach(project, group)}.",
        expected=f"${{{owner.key}:?}}, so that Compose refuses to start without it",
        actual=f"a default: {owner.value_class.value}",
        locations=group.locations,
        severity=_severity(project, group),
        environment=group.stack.environment,
        variables=_read_by_code(project, group),
    )


def _of_unused(project: Project, group: CredentialGroup) -> Gap | None:
    """Return the gap of a default that opens nothing, None for one that is used."""
    if group.stands_in:
        return _stand_in_gap(group)
    feature = absent_feature(project, group)
    if feature:
        return _unread_gap(group, feature)
    if is_read_by_nobody(project, group):
        return _named_nowhere_gap(group)
    refusal = _refusal(project, group)
    if refusal is not None:
        return _refused_gap(group, refusal)
    asked = store_without_default(group)
    return _empty_store_gap(group, asked) if asked is not None and asked.references[0].name in group.keys else None


def _reach(project: Project, group: CredentialGroup) -> str:
    """Return what says for whom the credential opens something, as the end of the message."""
    if group.opens_published_store:
        idle = switched_off(project, group)
        aside = f", though {idle.path}:{idle.line} has the applications keep their files elsewhere" if idle else ""
        return f"; the store's port is published too, so anybody who reaches the host can log in{aside}"
    if group.opens_hidden_store(project.stacks):
        return "; no port of the store is published, so it helps who is already inside"
    if _is_left_out(project, group):
        profiles = ", ".join(group.owner.service.profiles)
        return f"; it starts only with its profile ({profiles}), which no command for production names"
    return doubt(project, group)


def _read_by_code(project: Project, group: CredentialGroup) -> tuple[str, ...]:
    """Return the defaults that the code of the services has of its own for the variables that take the credential as it is."""
    services = {item.service.name: item.service for item in group.places}
    entries = (entry for service in services.values() for entry in service.environment)
    passed = {entry.name for entry in entries if len(entry.references) == 1 and _is_reference_alone(entry, group.keys)}
    return defaults_in_code(project, services.values(), frozenset(passed))


def _is_reference_alone(entry: EnvValue, keys: tuple[str, ...]) -> bool:
    raw = entry.raw or ""
    return entry.references[0].name in keys and raw.startswith("${") and raw.find("}") == len(raw) - 1


def _severity(project: Project, group: CredentialGroup) -> Severity:
    if group.opens_published_store:
        return Severity.HIGH if switched_off(project, group) else Severity.CRITICAL
    lower = group.opens_hidden_store(project.stacks) or _is_left_out(project, group) or doubt(project, group)
    return Severity.MEDIUM if lower else Severity.HIGH


def _is_left_out(project: Project, group: CredentialGroup) -> bool:
    """Whether all services of a credential are behind profiles that no env file and no command turns on; comments and the
    pages for contributors only say that one may.
    """
    profiles = {name for item in group.places for name in item.service.profiles}
    if "*" in group.profiles or not all(item.service.profiles for item in group.places) or profiles & group.profiles:
        return False
    uses = profile_uses(project)
    commands = (command for name in (*profiles, "*") for command in uses.get(name, ()))
    return bool(commented_profiles(project) & profiles) and all(
        command.context == "doc" and _FOR_CONTRIBUTORS.search(command.location.path) for command in commands
    )


def _refusal(project: Project, group: CredentialGroup) -> Location | None:
    """Return where code compares one of the variables with this very default and then ends the program, or takes it for the
    key of a framework that does; None for neither.
    """
    if group.owner.value == _REFUSED_BY_PLAY:
        for source in project.sources:
            at = source.text.find(_KEY_OF_PLAY)
            if at >= 0 and any(key in source.text for key in group.keys):
                return Location.at_offset(source.path, source.text, at)
    facts = (fact for fact in project.code_facts if fact.kind == "refuses" and not is_test_path(fact.location.path))
    named = next((f.location for f in facts if any(refuses(f.detail, key, group.owner.value) for key in group.keys)), None)
    of_a_store = any(item.service.is_datastore or item.host for item in group.places)
    if named or of_a_store:
        return named
    short = too_short(project, group)
    return short.location if short and short.known else refused_by_schema(project, group.keys, group.owner.value)


def _unused_gap(group: CredentialGroup, happens: str, expected: str, related: tuple[Location, ...] = ()) -> Gap:
    """Return the gap of a default that opens nothing: what happens where no value is given, and what to write."""
    owner = group.owner
    return RULE.gap(
        resource=group.stack.resource(owner.service.name),
        subject=f"environment/{owner.key}",
        message=f"Where {' or '.join(group.keys)} is not set, {happens}",
        expected=expected,
        actual=f"a default: {owner.value_class.value}",
        locations=group.locations,
        related=related,
        severity=Severity.LOW,
        environment=group.stack.environment,
    )


def _refused_gap(group: CredentialGroup, refusal: Location) -> Gap:
    owner = group.owner
    happens = (
        f"Compose gives {owner.service.name} a default of the repository ({owner.value_class.value}), and "
        f"{refusal.path}:{refusal.line} refuses it: the container starts, and ends at once."
    )
    return _unused_gap(group, happens, f"${{{owner.key}:?}}, so that Compose says which variable is missing", (refusal,))


def _empty_store_gap(group: CredentialGroup, asked: EnvValue) -> Gap:
    owner = group.owner
    happens = (
        f"{owner.service.name} gets a default of the repository ({owner.value_class.value}), and its store an empty "
        f"{asked.name}: the store does not start without one."
    )
    return _unused_gap(group, happens, f"${{{owner.key}:?}}, so that Compose says which variable is missing", (asked.location,))


def _unread_gap(group: CredentialGroup, feature: str) -> Gap:
    owner = group.owner
    happens = (
        f"{owner.service.name} gets a default credential of the repository ({owner.value_class.value}); its configuration "
        f"has no {feature}, so nothing reads it yet."
    )
    return _unused_gap(group, happens, f"no variables of {feature}, or ${{{owner.key}:?}}")


def _named_nowhere_gap(group: CredentialGroup) -> Gap:
    owner = group.owner
    happens = (
        f"{owner.service.name} gets a default credential of the repository ({owner.value_class.value}); no code of this "
        "repository reads it."
    )
    return _unused_gap(group, happens, f"no {owner.key}, or ${{{owner.key}:?}}")


def _stand_in_gap(group: CredentialGroup) -> Gap:
    owner = group.owner
    happens = (
        f"{owner.service.name} sends a stand-in to another party: the container starts, and what needs the credential fails "
        "later."
    )
    return _unused_gap(group, happens, f"${{{owner.key}:?}}, so that Compose refuses to start without it")


RULE = Rule(
    code="SEC001",
    name="default-credential",
    layer=Layer.SECRETS,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(
        Closer(Room.EDITS, "edit"),
        Closer(
            None,
            "advice",
            "Write `${NAME:?}` in place of the default, put the value into an env file outside git, and change it.",
        ),
    ),
    cause=Cause.VARIABLE,
)
