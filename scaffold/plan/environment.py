"""Plans the env templates: every variable that the stack interpolates or its code requires, by consumer, without a secret."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from scaffold.model.alternatives import ProfileChoice, choose_profiles, profiles_of_the_doors
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location, VariableReference, scalars_in
from scaffold.model.edits import Append, EditTask
from scaffold.model.env_templates import made_env_files, template_of
from scaffold.model.environment import (
    EnvGroup,
    EnvPlan,
    EnvTemplate,
    EnvVariable,
    NeededVariable,
    SecretSource,
    is_of_the_machine,
    quoted,
)
from scaffold.model.frozen import frozen
from scaffold.model.known import PATH, first
from scaffold.model.monitoring import Variable
from scaffold.model.profiles import PROFILES_VARIABLE, declared_profiles, env_path
from scaffold.model.project import EnvEntry, EnvFile, Project
from scaffold.model.regex import regex
from scaffold.model.secret_names import may_be_sensitive_name, names_whole_address
from scaffold.model.secrets import SecretClass, classify, counts, holds_secret, is_provider_key, names_its_secret
from scaffold.plan.production_values import is_nobody, is_this_machine, keeps_mail, leads_home, lists_origins, production_value
from scaffold.plan.same_logins import same_variables
from scaffold.plan.url_forms import url_form

if TYPE_CHECKING:
    from scaffold.model.target import Secret

TEMPLATE_LINES = "template-lines"
"""The kind of edit that only appends to templates."""
_LOGIN = regex(r"://[^\s:/@]*:[^\s@]+@")
_SHOWN = regex(r"[A-Za-z0-9_./:@%+,-]{1,60}")
"""Defaults that a sentence can hold."""
_COMPOSE_FILE = "COMPOSE_FILE"
_NAMED = 6
"""How many variables a sentence names."""
_OF_COMPOSE = frozenset({_COMPOSE_FILE, PROFILES_VARIABLE, "COMPOSE_PROJECT_NAME"})


@frozen
class _Use:
    """One reference to a variable, with the service that it stands at."""

    service: Service
    reference: VariableReference


def plan_environment(  # noqa: PLR0913 - each is another source of variables
    project: Project,
    stack: Stack | None,
    production_set: tuple[str, ...],
    added: tuple[Variable, ...],
    tasks: tuple[EditTask, ...],
    *,
    needs: tuple[NeededVariable, ...] = (),
) -> EnvPlan:
    """Return the templates: one a project directory for developers, and one of `stack` for production.

    `added` are variables of overlays that scaffold writes, `tasks` are edits after which services read more variables, and
    `needs` are those that the code requires.
    """
    if stack is None:
        return EnvPlan()
    introduced = tuple(item for task in tasks for item in task.introduces)
    edits = _Edits(introduced, frozenset(name for task in tasks for name in task.guards), _optional(tasks))
    taken_out = {place: name for task in tasks for place, name in task.puts}
    templates = [
        _development(
            project,
            first,
            _with_forms(project, first, _linked(_groups(_uses(project, stacks, edits), edits), stacks, taken_out)),
        )
        for first, stacks in _directories(project, stack, tasks)
    ]
    choice = choose_profiles(project, stack)
    uses = _with_required(_in_use(_uses(project, [stack], edits), edits, choice), _beside(project, stack, edits))
    own = _linked(_groups(uses, edits), [stack], taken_out)
    own = _with_forms(project, stack, _with_needed(own, needs))
    if own or added:
        templates.append(_production(project, stack, own, production_set, added, choice))
    return EnvPlan(tuple(template for template in templates if template.groups))


def _linked(groups: tuple[EnvGroup, ...], stacks: list[Stack], taken_out: Mapping[Location, str]) -> tuple[EnvGroup, ...]:
    """Return the groups in which the passwords of one login are one: the store's variable says what the others hold."""
    links = {name: found for stack in reversed(stacks) for name, found in same_variables(stack, taken_out).items()}
    known = {item.name for group in groups for item in group.variables if item.secret and not item.url}
    linked = {name: found for name, found in links.items() if {name, found[0]} <= known}
    return tuple(
        replace(group, variables=tuple(_link(item, *linked.get(item.name, ("", ""))) for item in group.variables))
        for group in groups
    )


def _link(variable: EnvVariable, same: str, store: str) -> EnvVariable:
    return replace(variable, same=same, login=store) if same else variable


def _with_forms(project: Project, stack: Stack, groups: tuple[EnvGroup, ...]) -> tuple[EnvGroup, ...]:
    """Return the groups in which a URL that is a secret says how it is written."""
    return tuple(
        replace(
            group,
            variables=tuple(
                replace(item, form=url_form(project, stack, item.name)) if item.url else item for item in group.variables
            ),
        )
        for group in groups
    )


def _with_needed(groups: tuple[EnvGroup, ...], needs: tuple[NeededVariable, ...]) -> tuple[EnvGroup, ...]:
    """Return the groups with the variables that production sets for the code, each below the first service that needs it."""
    known = {variable.name for group in groups for variable in group.variables}
    users: dict[str, list[NeededVariable]] = {}
    for need in needs:
        is_set = need.kind in {"asked", "default"} if need.source in {"code", "local"} else need.source == "env-file"
        if is_set and need.name not in known:
            users.setdefault(need.name, []).append(need)
    made = {group.title: list(group.variables) for group in groups}
    secrets = [variable for group in groups for variable in group.variables if variable.secret]
    for name, found in users.items():
        first = found[0]
        required = first.kind == "asked" and not first.may_be_empty
        # Compose hands the file over that is made of these lines, and nothing else sets what they leave out.
        stands = first.source == "env-file" and not first.secret
        made.setdefault(first.service, []).append(
            EnvVariable(
                name,
                tuple(need.service for need in found),
                "" if first.secret else first.value,
                secret=first.secret,
                url=first.secret and ("://" in first.value or names_whole_address(name)),
                active=required or stands,
                why=_required_by(found) + _that_differs(found),
                login=first.login,
                same=_login_of(first.login, secrets) if first.login and first.secret and "://" not in first.value else "",
                as_it_is=True,
            )
        )
    return tuple(EnvGroup(title, tuple(sorted(items, key=lambda item: item.name))) for title, items in made.items())


def _required_by(needs: list[NeededVariable]) -> str:
    need = needs[0]
    user = f": the user of {need.login}" if need.login and not need.secret else ""
    if need.source == "local":
        return f"{need.location.path}:{need.location.line} falls back to what a developer's machine alone has"
    verb = "sets" if need.source == "env-file" else "requires"
    theirs = " for developers, and no file in git says what production sets" if need.of_developers else ""
    unread = ", and no code of this repository names it" if all(item.unread for item in needs) else ""
    return f"{need.location.path}:{need.location.line} {verb} it{theirs}{user}{unread}"


def _that_differs(needs: list[NeededVariable]) -> str:
    """Return the end of the sentence on a variable for which services have different texts."""
    own = [(need.service, need.value) for need in needs if need.kind == "default" and not need.secret]
    differ = _differing(needs[0].name, own)
    return f". {differ}" if differ else ""


def _optional(tasks: tuple[EditTask, ...]) -> frozenset[str]:
    """Return the variables that an edit lets be empty on purpose."""
    found = (dict(task.decided) for task in tasks)
    return frozenset(decided["variable"] for decided in found if decided.get("optional"))


@frozen
class _Edits:
    """What the edits of the user's files bring: variables that services read, and those that become required."""

    introduced: tuple[tuple[str, str, str], ...]
    guards: frozenset[str]
    optional: frozenset[str]


def _directories(project: Project, stack: Stack, tasks: tuple[EditTask, ...]) -> list[tuple[Stack, list[Stack]]]:
    """Return each project directory as its first stack and all of them: the main one, and those where an edit needs one."""
    edited = {document.path for task in tasks if task.guards for document in task.documents}
    written = [item for item in project.stacks if not item.is_kept]
    wanted = {stack.directory, *(item.directory for item in written if edited & set(item.files))}
    found = []
    for directory in sorted(wanted):
        stacks = [item for item in written if item.directory == directory]
        first = stack if stack.directory == directory else stacks[0]
        found.append((first, stacks or [stack]))
    return found


def _uses(project: Project, stacks: list[Stack], edits: _Edits) -> dict[str, list[_Use]]:
    """Return every variable that the user's files of the stacks interpolate, and those that edits of theirs will."""
    found: dict[str, list[_Use]] = {}
    introduced: dict[str, list[tuple[str, str]]] = {}
    for path, name, variable in edits.introduced:
        introduced.setdefault(name, []).append((path, variable))
    services = [(service, stack) for stack in stacks for service in stack.services]
    for service, stack in sorted(services, key=lambda item: _order(item[0])):
        for scalar in scalars_in(service.node):
            if scalar.location.path not in project.owned:
                for reference in scalar.references:
                    if reference.name not in _OF_COMPOSE and not is_of_the_machine(reference.name):
                        found.setdefault(reference.name, []).append(_Use(service, reference))
        for path, variable in introduced.get(service.name, ()):
            if path in stack.files:
                found.setdefault(variable, []).append(_Use(service, VariableReference(variable, ":?")))
    return found


def _in_use(uses: dict[str, list[_Use]], edits: _Edits, choice: ProfileChoice | None) -> dict[str, list[_Use]]:
    """Return the uses without those of services that do not start; what is required, Compose asks for whatever starts."""
    gone = {name for name, _ in choice.left_out} if choice else frozenset()
    found = {
        name: [use for use in listed if use.service.name not in gone or use.reference.is_required or name in edits.guards]
        for name, listed in uses.items()
    }
    return {name: listed for name, listed in found.items() if listed}


def _beside(project: Project, stack: Stack, edits: _Edits) -> dict[str, list[_Use]]:
    """Return the uses by services of developers in the files of a stack: Compose asks for what these require as well."""
    theirs = [other for other in project.stacks if other.is_of_developers and other.files == stack.files]
    return _uses(project, theirs, edits)


def _with_required(uses: dict[str, list[_Use]], beside: dict[str, list[_Use]]) -> dict[str, list[_Use]]:
    """Return the uses with those of others that Compose refuses to go without."""
    asked = {name: [use for use in listed if use.reference.is_required] for name, listed in beside.items() if name not in uses}
    return {**uses, **{name: listed for name, listed in asked.items() if listed}}


def _order(service: Service) -> tuple[bool, bool, str]:
    return (not service.is_datastore, not service.is_application, service.name)


def _groups(uses: dict[str, list[_Use]], edits: _Edits) -> tuple[EnvGroup, ...]:
    """Return the variables by the service that owns them: a store that reads one, else the first application."""
    groups: dict[str, list[EnvVariable]] = {}
    for name, found in uses.items():
        groups.setdefault(found[0].service.name, []).append(_variable(name, found, edits))
    return tuple(EnvGroup(title, tuple(sorted(items, key=lambda item: item.name))) for title, items in groups.items())


def _variable(name: str, uses: list[_Use], edits: _Edits) -> EnvVariable:
    users = tuple(dict.fromkeys(use.service.name for use in uses))
    references = [use.reference for use in uses]
    defaults = [reference.argument for reference in references if reference.has_default]
    default = next((text for text in defaults if text), "")
    url = any(_has_login(text) for text in defaults) or (not default and names_whole_address(name))
    login = url or any(names_its_secret(text) for text in defaults)
    secret = login or (holds_secret(name, default) and (not default or counts(default)))
    optional = bool(references) and all(reference.has_default or reference.operator in {":+", "+"} for reference in references)
    if secret:
        # An empty default says that the secret may be missing; any other one is a credential that an edit removes.
        required = not optional or (bool(default) and not login)
        active = name in edits.guards or (required and name not in edits.optional)
        return EnvVariable(name, users, secret=True, url=url, active=active, why=_asked_by_profile(name, uses, edits))
    shown = "" if "$" in default or "\n" in default or may_be_sensitive_name(name) else default
    own = ((use.service.name, use.reference.argument) for use in uses if use.reference.has_default)
    differ = _differing(name, own) if shown and optional else ""
    return EnvVariable(name, users, shown if optional else "", active=not optional, why=differ)


def _differing(name: str, defaults: Iterable[tuple[str, str]]) -> str:
    """Return what each service takes without a variable, by pairs of service and text; "" where all take the same."""
    users: dict[str, dict[str, None]] = {}
    for service, text in defaults:
        users.setdefault(text, {})[service] = None
    told = (f"{_told(name, text)} for {' and '.join(services)}" for text, services in users.items())
    return f"Its defaults differ: {', '.join(told)}" if len(users) > 1 else ""


def _told(name: str, default: str) -> str:
    is_word = _SHOWN.fullmatch(default) and not holds_secret(name, default) and not is_provider_key(default)
    return default if is_word else "another text" if default else "nothing"


def _asked_by_profile(name: str, uses: list[_Use], edits: _Edits) -> str:
    """Return why a variable has to be set although no service that starts by itself reads it, "" where one does."""
    profiles = dict.fromkeys(profile for use in uses for profile in use.service.profiles)
    is_required = name in edits.guards or any(use.reference.is_required for use in uses)
    if not is_required or not all(use.service.profiles for use in uses):
        return ""
    return f"Compose asks for it at every start, though only the profile {' or '.join(profiles)} reads it"


def _has_login(text: str) -> bool:
    """Whether a text is a URL with a password, be it a literal or a reference."""
    return bool(_LOGIN.search(text))


# --- development ------------------------------------------------------------------------------------------------------


def development_path(project: Project, stack: Stack) -> str:
    """Return the template that developers copy: the user's own, or the one that scaffold writes."""
    own = _template_of(project, stack, "")
    return own.path if own else _in(stack, ".env.example")


def _development(project: Project, stack: Stack, groups: tuple[EnvGroup, ...]) -> EnvTemplate:
    own = _template_of(project, stack, "")
    path = development_path(project, stack)
    named = frozenset(variable.name for group in groups for variable in group.variables)
    heading = (
        *(_beside_a_tracked_file(project, stack, named) or _to_be_copied(project, stack)),
        "A comment shows the value that holds when the variable is not set.",
    )
    return EnvTemplate(path, own is not None, production=False, heading=heading, groups=groups)


def _to_be_copied(project: Project, stack: Stack) -> tuple[str, ...]:
    return (f"The variables of {stack.files[0]}: copy this file to {_in(stack, '.env')}{_until_filled_in(project, stack)}",)


def _beside_a_tracked_file(project: Project, stack: Stack, named: frozenset[str]) -> tuple[str, ...]:
    """Return what is said where git holds the file that Compose reads: a copy over it loses what it sets beside `named`."""
    copy = env_path(stack.directory)
    tracked = first(project.env_files, PATH, copy)
    if tracked is None:
        return ()
    rest = [entry.name for entry in tracked.entries if not entry.commented and entry.name not in named]
    more = f", and {len(rest) - _NAMED} more" if len(rest) > _NAMED else ""
    lost = f": it alone sets {', '.join(rest[:_NAMED])}{more}" if rest else ""
    return (
        f"The variables of {stack.files[0]}. Do not copy this file over {copy}, which is in git{lost}.",
        f"Add the lines that {copy} lacks to it. What is a secret does not belong into git: first take the file out of it",
        f"(git rm --cached {shlex.quote(copy)}) and list /{copy} in .gitignore.",
    )


def _until_filled_in(project: Project, stack: Stack) -> str:
    """Return the end of the sentence on the copy: what git does with it, as far as that is known, and what comes next."""
    copy = env_path(stack.directory)
    if project.ignored_at(copy):
        return ", which git ignores, and set what is empty."
    if project.git:
        return f". Git does not ignore it:\nadd /{copy} to .gitignore before you set what is empty."
    return f" and set what is empty.\nIt holds secrets: where .gitignore does not list /{copy}, add it first."


def _template_of(project: Project, stack: Stack, environment: str) -> EnvFile | None:
    """Return the user's template of an environment: in the project directory, else in the root; usual names come first."""
    found = [
        file
        for file in project.env_files
        if file.kind == "template" and file.environment == environment and file.path not in project.owned
    ]
    near = [file for file in found if file.path.rpartition("/")[0] in {stack.directory, ""}]
    copied = None if near or environment else template_of(project, env_path(stack.directory))
    return min(near, key=lambda file: _nearness(stack, file), default=copied)


def _nearness(stack: Stack, file: EnvFile) -> tuple[bool, bool, str]:
    folder, _, name = file.path.rpartition("/")
    return (folder != stack.directory, not name.startswith(".env."), file.path)


def _in(stack: Stack, name: str) -> str:
    return f"{stack.directory}/{name}" if stack.directory else name


# --- production -------------------------------------------------------------------------------------------------------


def _production(  # noqa: PLR0913, PLR0917 - each is another source of lines
    project: Project,
    stack: Stack,
    groups: tuple[EnvGroup, ...],
    production_set: tuple[str, ...],
    added: tuple[Variable, ...],
    choice: ProfileChoice | None,
) -> EnvTemplate:
    own = _template_of(project, stack, "production")
    path = own.path if own else _in(stack, ".env.production.example")
    heading = (
        "The variables of production. Keep the filled-in copy outside the repository and readable by its owner alone, or let",
        "scripts/secrets-env write the secrets; start with: docker compose --env-file FILE up -d",
        *_handed_on(project, stack),
    )
    known = {variable.name for group in groups for variable in group.variables}
    # Two overlays that log in to one store ask for the same variable.
    asked = {variable.name: variable for variable in reversed(added) if variable.name not in known}
    extra = tuple(_added(asked[name]) for name in dict.fromkeys(item.name for item in added) if name in asked)
    # Without these the overlays do not start, whatever the stack takes in their place.
    demanded = {item.name for item in added if not item.optional}
    theirs = {entry.name: entry for entry in _entries_of_developers(project, stack)}
    tracked = first(project.env_files, PATH, env_path(stack.directory))
    wanted = (
        (group.title, [_in_production(_as_tracked(item, tracked), theirs.get(item.name)) for item in group.variables])
        for group in groups
    )
    ours = tuple(
        EnvGroup(title, tuple(replace(item, active=item.active or item.name in demanded) for item in items))
        for title, items in wanted
    )
    monitoring = (EnvGroup("monitoring and backup", extra),) if extra else ()
    files = ":".join(_relative(stack, file) for file in production_set)
    lacking = f"{_COMPOSE_FILE}={quoted(files)}" if own and own.entry(_COMPOSE_FILE) is None else ""
    compose = EnvGroup("Compose", (EnvVariable(_COMPOSE_FILE, (), files, why="The files that production runs, in this order"),))
    compose = replace(compose, variables=(*compose.variables, *_profiles(project, stack, choice)))
    listed = tuple(entry.name for entry in own.entries) if own else ()
    every = (compose, *ours, *monitoring)
    return EnvTemplate(path, own is not None, production=True, heading=heading, groups=every, lacking=lacking, listed=listed)


def _handed_on(project: Project, stack: Stack) -> tuple[str, ...]:
    """Return what is said of the files inside the repository that containers get as a whole, which hold the values too."""
    paths = sorted({path for service in stack.services for path in made_env_files(project, service)})
    return tuple(
        f"{path}, which containers get as a whole, lies inside the repository and gets these values too: git"
        + (" ignores it." if project.ignored_at(path) else f" must ignore it (/{path} in .gitignore).")
        for path in paths
    )


def _profiles(project: Project, stack: Stack, choice: ProfileChoice | None) -> Iterable[EnvVariable]:
    """Yield the profiles that the env file of the project directory enables: Compose reads it no more beside other files.

    Of profiles that exclude each other it names those that are planned for, and without any, those of what people reach.
    """
    if choice and choice.profiles:
        why = f"The profiles that start, {choice.source}; {', '.join(choice.others)} do not start with them"
        yield EnvVariable(PROFILES_VARIABLE, (), ",".join(choice.profiles), why=why)
        return
    path, listed = declared_profiles(project, stack.directory)
    known = {profile for service in stack.services for profile in service.profiles} | {"*"}
    names = [name for name in listed if name in known]
    if names:
        yield EnvVariable(PROFILES_VARIABLE, (), ",".join(names), why=f"The profiles that start, from {path}")
    elif choice is None and (doors := profiles_of_the_doors(stack)):
        why = "The profiles that start: without them nothing does that people reach"
        yield EnvVariable(PROFILES_VARIABLE, (), ",".join(doors), why=why)


def _relative(stack: Stack, path: str) -> str:
    return path.removeprefix(f"{stack.directory}/") if stack.directory else path


def _added(variable: Variable) -> EnvVariable:
    secret = may_be_sensitive_name(variable.name)
    return EnvVariable(variable.name, (), secret=secret, active=not variable.optional, why=_sentence(variable.why))


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _entries_of_developers(project: Project, stack: Stack) -> tuple[EnvEntry, ...]:
    template = _template_of(project, stack, "")
    return tuple(entry for entry in template.entries if not entry.commented) if template else ()


def _as_tracked(variable: EnvVariable, tracked: EnvFile | None) -> EnvVariable:
    """Return the variable with what the env file in git sets: Compose reads that file no more beside the one of production."""
    entry = tracked.entry(variable.name) if tracked else None
    if entry is None or entry.commented or variable.secret or variable.as_it_is or entry.value in {"", variable.value}:
        return variable
    name, value = entry.name, entry.value
    is_stand_in = "/path/to" in value or classify(value) is SecretClass.PLACEHOLDER
    secret = holds_secret(name, value) or is_provider_key(value)
    is_plain = "\n" not in value and "$" not in value and not is_stand_in and not secret
    return replace(variable, value=value, active=True) if is_plain else variable


def _in_production(variable: EnvVariable, entry: EnvEntry | None = None) -> EnvVariable:
    """Return the variable as production sets it: its mode and debug by name, origins to be filled in, the rest as it is.

    `entry` is what the template of developers has for it: its words, such as 1 for a switch, are those that the code reads.
    """
    if variable.secret or variable.as_it_is:
        return variable
    name, users = variable.name, variable.users
    value = production_value(name, variable.value or (entry.value if entry else ""))
    if value is not None:
        return EnvVariable(name, users, value)
    why = _why_asked(variable) or _hint(variable, entry)
    return EnvVariable(name, users, why=why) if why else variable


def _hint(variable: EnvVariable, entry: EnvEntry | None) -> str:
    """Return what the template of developers has for a variable that is to be filled in, "" where that is theirs alone."""
    if entry is None or variable.value or variable.why or not variable.active:
        return ""
    name, value = entry.name, entry.value
    of_one = leads_home(name, value) or lists_origins(name, value) or is_nobody(name, value) or keeps_mail(name, value)
    secret = holds_secret(name, value) or classify(value) is SecretClass.PLACEHOLDER
    if of_one or secret or is_this_machine(value) or not _SHOWN.fullmatch(value):
        return ""
    return f"{entry.location.path}:{entry.location.line} has {value}"


def _why_asked(variable: EnvVariable) -> str:
    """Return why production has a value of its own in place of the one that is known; "" where that one is right there too."""
    name, value = variable.name, variable.value
    if lists_origins(name, value):
        return "The origins of the web pages that call the API, such as https://app.example.com"
    if is_nobody(name, value):
        return f"{value} stands for a number of your own"
    if keeps_mail(name, value):
        return f"How mail goes out; the default, {value}, sends none"
    if leads_home(name, value):
        return f"The default, {value}, is right on a developer's own machine: the address that production has"
    return ""


# --- secrets ----------------------------------------------------------------------------------------------------------


def secret_sources(plan: EnvPlan, secrets: tuple[Secret, ...]) -> tuple[SecretSource, ...]:
    """Return secret and key of each secret variable of production: a store's password, the application's or the host's."""
    variables = [variable for variable in plan.production.variables if variable.secret] if plan.production else []
    logins = {secret.store: _login_of(secret.store, variables) for secret in secrets if secret.kind == "store"}
    sources = {variable.name: _source(variable, secrets, logins) for variable in variables}
    return tuple(_of_one_login(variable, sources) for variable in variables)


def _of_one_login(variable: EnvVariable, sources: dict[str, SecretSource]) -> SecretSource:
    """Return where a variable comes from: two passwords of one login come from one key."""
    own, first = sources[variable.name], sources.get(variable.same)
    return replace(own, secret=first.secret, key=first.key) if first else own


def host_secrets(sources: tuple[SecretSource, ...]) -> tuple[Secret, ...]:
    """Return the secret of the host that runs Compose, where production has values that no other secret holds."""
    # Imported here: what `gaps` takes from this module needs no Target.
    from scaffold.model.target import HOST_SECRET, Secret, SecretKey

    names = dict.fromkeys(source.key for source in sources if source.secret == HOST_SECRET)
    keys = tuple(SecretKey(name) for name in names)
    return (Secret(HOST_SECRET, "application", keys),) if keys else ()


def _login_of(store: str, variables: list[EnvVariable]) -> str:
    """Return the variable from which a store takes its password, "" where it reads several secrets or none."""
    read = [variable.name for variable in variables if store in variable.users]
    return read[0] if len(read) == 1 else ""


def _source(variable: EnvVariable, secrets: tuple[Secret, ...], logins: dict[str, str]) -> SecretSource:
    from scaffold.model.target import HOST_SECRET

    name = variable.name
    holder = next((secret.name for secret in secrets if any(key.key == name for key in secret.keys)), "")
    store = next((secret.name for secret in secrets if logins.get(secret.store) == name), "")
    place = (holder, name) if holder else (store, "password") if store else (HOST_SECRET, name)
    return SecretSource(name, *place, required=variable.active)


# --- edits ------------------------------------------------------------------------------------------------------------


def with_templates(project: Project, tasks: tuple[EditTask, ...], plan: EnvPlan) -> tuple[EditTask, ...]:
    """Return the edits with what the templates need for them: lines for the user's own, or the file that scaffold writes."""
    shared = _shared_variables(plan)
    return tuple(_with_templates(project, task, plan, shared) for task in tasks)


def _shared_variables(plan: EnvPlan) -> dict[tuple[str, str], EnvVariable]:
    """Return each variable of a file by its name, as the stack tells it that has the most readers: two edits for stacks of one
    template add the same lines, which stand there once.
    """
    found: dict[tuple[str, str], EnvVariable] = {}
    for template in plan.templates:
        for variable in template.variables:
            known = found.get((template.path, variable.name))
            if known is None or len(variable.users) > len(known.users):
                found[template.path, variable.name] = variable
    return found


def _with_templates(project: Project, task: EditTask, plan: EnvPlan, shared: dict[tuple[str, str], EnvVariable]) -> EditTask:
    brings, appends = [], []
    for template in plan.templates:
        names = _required_names(template) if task.kind == TEMPLATE_LINES else task.guards
        known = [name for name in names if template.variable(name) and _lacks(project, template, name)]
        missing = [shared[template.path, name] for name in known]
        if not template.theirs and any(template.variable(name) for name in task.guards):
            brings.append(template.path)
        source = first(project.sources, PATH, template.path)
        if template.theirs and source is not None:
            # What goes with the first line that is missing: without it Compose would not start the production set.
            head = template.variable(_COMPOSE_FILE) if missing and template.lacking else None
            appends += [Append(source, f"\n{item.text}") for item in ((head,) if head else ()) + tuple(missing)]
    return replace(task, brings=tuple(brings), appends=(*task.appends, *appends))


def _required_names(template: EnvTemplate) -> tuple[str, ...]:
    """Return what a template of developers has to name: what is required, and secrets."""
    needed = [item.name for item in template.variables if item.active or item.secret]
    return () if template.production else tuple(needed)


def _lacks(project: Project, template: EnvTemplate, name: str) -> bool:
    file = next((item for item in project.env_files if item.path == template.path), None)
    return file is None or file.entry(name) is None
