"""What a tracked env file holds of credentials, and what says that no system which others reach runs with them."""

from __future__ import annotations

import re

from scaffold.gaps.facts import is_test_path, path_environment, stacks_by_env_file
from scaffold.gaps.remembered import remembered
from scaffold.gaps.secrets.credentials import fills_a_field
from scaffold.gaps.secrets.defaults import (
    is_to_be_filled,
    keys_of_providers,
    made_by_framework,
    says_to_change,
    template_with_the_same,
)
from scaffold.gaps.secrets.exported import replaced_at
from scaffold.gaps.secrets.own_machine import of_the_own_machine
from scaffold.gaps.secrets.refused import is_refused
from scaffold.gaps.secrets.sec009_template_ships_a_signing_key import SIGNING
from scaffold.gaps.starts import SAID_BEFORE
from scaffold.model.document import Location, scalars_in
from scaffold.model.frozen import frozen
from scaffold.model.names import TRIED, EnvironmentClass
from scaffold.model.own_machine import LOOPBACK
from scaffold.model.project import EnvEntry, EnvFile, Project
from scaffold.model.regex import regex
from scaffold.model.secret_names import is_sensitive_name
from scaffold.model.secrets import (
    SecretClass,
    classify,
    counts,
    holds_secret,
    is_drawn_token,
    reads_as_name,
    url_host,
    url_password,
)

_CLASSES = {"dev": EnvironmentClass.DEV, "test": EnvironmentClass.TEST, "staging": EnvironmentClass.STAGING}
_PLAIN_ADDRESS = regex(r"[a-z][\w+.-]*://[^@\s?]*")
"""A data source name without user, password or parameters: it says where something is, and opens nothing."""
_KEY_FILE = regex(r"[%\w./@~-]{0,200}/[\w.-]{1,100}\.(?:pem|key|crt|p12|pfx|jks)")
"""Where a key lies, which is no key."""
_AT_HOME = regex(
    r"(?<![\w-])[\w-]+\.localhost\b|\brun(?:s|ning)?\b[^.\n]{0,30}\blocally\b", re.IGNORECASE, words=("localhost", "locally")
)
"""A name that leads to the own machine (RFC 6761), and the words for a start on it."""
_SAYS_NOTHING = (".md", ".mdx", ".rst", ".adoc", ".txt", "ignore")
"""How files end that name others, and read none: pages, `.gitignore` and its like."""
_HEXADECIMAL = regex(r"[0-9a-fA-F]{32,128}")
OF_PAGES = ("VITE_", "NEXT_PUBLIC_", "REACT_APP_", "VUE_APP_", "NUXT_PUBLIC_", "GATSBY_", "EXPO_PUBLIC_", "PUBLIC_", "NG_APP_")
"""How variables begin that a bundler writes into the pages, where everybody reads them; its `.env` is meant to be committed."""


@frozen
class Excuse:
    """What says of the credentials of an env file that no system which others reach runs with them."""

    template: EnvFile | None
    """The template that shows each of them as well."""
    by_its_head: bool
    """Whether the head of the file says that they are to be changed."""
    is_form: bool
    """Whether stand-ins beside them show that people fill the file in."""
    stand_ins: bool
    """Whether each of them is a stand-in that says so."""
    repeats_names: bool
    """Whether each of them is the text of another line."""
    own: EnvEntry | None
    """The entry that says that the file is for the machine of who develops."""
    exported: Location | None
    """Where a script for production exports other values over them."""

    @property
    def says_something(self) -> bool:
        """Whether anything does."""
        flags = (self.by_its_head, self.is_form, self.stand_ins, self.repeats_names)
        return any(flags) or any(item is not None for item in (self.template, self.own, self.exported))


def excuse_of(project: Project, file: EnvFile, names: frozenset[str]) -> Excuse:
    """Return what says so of the credentials that stand under these names in a file."""
    held = tuple(entry for entry in file.entries if entry.name in names and not entry.commented)
    return Excuse(
        template=template_with_the_same(project, file, held),
        by_its_head=says_to_change(project, file),
        is_form=is_to_be_filled(file, names),
        stand_ins=_are_stand_ins(file, names),
        repeats_names=_repeats_names(project, file, names),
        own=of_the_own_machine(file),
        exported=replaced_at(project, file.path, names),
    )


def environment_of(project: Project, file: EnvFile) -> EnvironmentClass:
    """Return the environment class that the name of an env file says, else that of its folder: `.devcontainer`, `tests`; else
    the one class, of tests or of development, of all stacks whose services name the file.
    """
    named = _CLASSES.get(file.environment)
    said = named if named is not None else path_environment(file.path.rpartition("/")[0])
    # The code of frameworks reads a plain `.env` by itself, whichever stack names it too.
    if said is not EnvironmentClass.BASE or file.environment or file.path.rpartition("/")[2] == ".env":
        return said
    takers = {stack.environment for stack in stacks_by_env_file(project).get(file.path, ())}
    return next(iter(takers)) if len(takers) == 1 and takers <= TRIED else said


def _are_stand_ins(file: EnvFile, names: frozenset[str]) -> bool:
    """Whether each of these credentials of a file is a stand-in that says so: services may run with it, and nobody drew it for
    a system. With a key that signs, whoever knows the stand-in is everybody's user.
    """
    if any(SIGNING.search(name) for name in names):
        return False
    values = [credential_in(entry) for entry in file.entries if entry.name in names and not entry.commented]
    return bool(values) and all(classify(value) is SecretClass.PLACEHOLDER for value in values)


def literal_credentials(project: Project, file: EnvFile) -> dict[str, tuple[EnvEntry, ...]]:
    """Return the entries of an env file that hold a credential, by the name of the first one; a stand-in is one where it is
    what a service runs with.
    """
    runtime = _runtime_names(project, file)
    by_value: dict[str, list[EnvEntry]] = {}
    made = made_by_framework(project, file)
    for entry in file.entries:
        if entry.name in made:
            continue
        runs = entry.name in runtime and not _is_refused(project, entry.value)
        value = None if entry.commented else _credential(entry, placeholders=runs)
        if value is not None:
            by_value.setdefault(value, []).append(entry)
    return {entries[0].name: tuple(entries) for entries in by_value.values()}


def _repeats_names(project: Project, file: EnvFile, names: frozenset[str]) -> bool:
    """Whether each of these credentials of a file is the text of another line, such as the user's name, so that nobody drew it
    for a system, and no service of production gets it from the file.
    """
    entries = [entry for entry in file.entries if not entry.commented]
    plain = {entry.value for entry in entries if entry.name not in names and not is_sensitive_name(entry.name)}
    repeated = bool(names) and all(entry.value in plain for entry in entries if entry.name in names)
    return repeated and names.isdisjoint(_runtime_names(project, file))


def _runtime_names(project: Project, file: EnvFile) -> frozenset[str]:
    """Return the variables that services of production get from this file: by env_file, or as the project directory's .env."""
    taken = any(stack.is_runnable_in_production for stack in stacks_by_env_file(project).get(file.path, ()))
    names = frozenset(entry.name for entry in file.entries) if taken else frozenset()
    # Code that refuses the stand-in does not run with it.
    return (names | _filled_in_from(project).get(file.path, frozenset())) - _guarded(project)


@remembered
def _filled_in_from(project: Project) -> dict[str, frozenset[str]]:
    """Return the variables that Compose fills into stacks of production, by the env file that it takes them from."""
    found: dict[str, frozenset[str]] = {}
    for stack in (stack for stack in project.stacks if stack.is_runnable_in_production):
        scalars = (scalar for service in stack.services for scalar in scalars_in(service.node))
        names = frozenset(reference.name for scalar in scalars for reference in scalar.references)
        path = f"{stack.directory}/.env" if stack.directory else ".env"
        found[path] = found.get(path, frozenset()) | names
    return found


@remembered
def _guarded(project: Project) -> frozenset[str]:
    return frozenset(setting.name for setting in project.settings if setting.guarded)


def _is_refused(project: Project, value: str) -> bool:
    return classify(value) is SecretClass.PLACEHOLDER and is_refused(project, value)


def _credential(entry: EnvEntry, *, placeholders: bool) -> str | None:
    password = url_password(entry.value)
    if password is not None and "$" not in password:
        return password if url_host(entry.value) not in LOOPBACK and counts(password, placeholders=placeholders) else None
    if entry.name.endswith("DSN") and _PLAIN_ADDRESS.fullmatch(entry.value):
        return None
    if _KEY_FILE.fullmatch(entry.value) or fills_a_field(entry.name, entry.value):
        return None
    if "$" in entry.value or not holds_secret(entry.name, entry.value) or not counts(entry.value, placeholders=placeholders):
        return None
    # A provider's key has a rule of its own (SEC004).
    return None if classify(entry.value) is SecretClass.PROVIDER_KEY else entry.value


def credential_in(entry: EnvEntry) -> str:
    """Return what of an entry is the credential: the password of a URL, else the value."""
    return url_password(entry.value) or entry.value


def is_of_a_system(project: Project, file: EnvFile, names: frozenset[str]) -> bool:
    """Whether something shows that a system runs with these credentials: a provider issued one, or the file is read, and its
    name says production and one is no stand-in, or one was drawn at random and nothing in it speaks of the own machine.
    """
    if any(not name.startswith(OF_PAGES) for name in keys_of_providers(project).get(file.path, ())):
        return True
    if not is_taken(project, file):
        return False
    values = [credential_in(entry) for entry in file.entries if entry.name in names and not entry.commented]
    if path_environment(file.path) is EnvironmentClass.PRODUCTION:
        return any(classify(value) is not SecretClass.PLACEHOLDER for value in values)
    text = project.source(file.path) or ""
    return any(map(_was_drawn, values)) and not (_AT_HOME.search(text) or SAID_BEFORE.search(text))


def is_taken(project: Project, file: EnvFile) -> bool:
    """Whether a stack that others may run reads an env file, or mounts it, or a text that runs or starts something names it."""
    stacks = stacks_by_env_file(project).get(file.path, ())
    if any(stack.is_runnable_in_production and not stack.is_of_developers for stack in stacks):
        return True
    names = frozenset(entry.name for entry in file.entries)
    if not names.isdisjoint(_filled_in_from(project).get(file.path, frozenset())):
        return True
    mounts = (mount.resolved for stack in project.stacks for service in stack.services for mount in service.mounts)
    return file.path in mounts or _is_named(project, file.path, names)


def _is_named(project: Project, path: str, names: frozenset[str]) -> bool:
    """Whether a text that runs or starts something names an env file; of a plain `.env`, whether it lies beside the manifest of
    a program or code reads one of its variables, since frameworks and tools load that by themselves.
    """
    folder, _, name = path.rpartition("/")
    if name == ".env":
        beside = any(manifest.folder == folder for manifest in project.manifests)
        return beside or any(read.name in names for read in project.env_reads)
    others = (item for item in project.sources if item.path != path and not item.path.endswith(_SAYS_NOTHING))
    return any(name in item.text and not is_test_path(item.path) for item in others)


def _was_drawn(value: str) -> bool:
    drawn = _HEXADECIMAL.fullmatch(value) or classify(value) is SecretClass.RANDOM
    return bool(drawn) and is_drawn_token(value) and not reads_as_name(value)
