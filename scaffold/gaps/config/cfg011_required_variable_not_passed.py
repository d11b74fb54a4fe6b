"""CFG011: the program refuses to start without a variable that no service of production gets, or gets it by another name."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from scaffold.gaps.alike_names import plain_words
from scaffold.gaps.ci_signals import ci_steps, pushes_image
from scaffold.gaps.config.asked import Asked, asked_for
from scaffold.gaps.config.offered import Offered, offered_in_vain
from scaffold.gaps.config.other_binaries import is_of_another_program
from scaffold.gaps.config.reaching import holds_env_file, is_given_more, is_set_by_code, templates_of
from scaffold.gaps.facts import listed
from scaffold.gaps.supply_chain.images import is_built
from scaffold.model.compose import EnvValue, Service, Stack
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.image_code import given_names, is_in_image, reads_in_image, runs_code
from scaffold.model.lasting import packages_of
from scaffold.model.names import Confidence, Layer, Severity
from scaffold.model.project import EnvFile, EnvRead, Project
from scaffold.model.regex import regex
from scaffold.model.starting import is_below

_READ_PORT_THEMSELVES = frozenset(
    {
        "next",
        "nuxt",
        "@remix-run/serve",
        "@sveltejs/adapter-node",
        "react-scripts",
        "gunicorn",
        "puma",
        "serve",
        "@adonisjs/core",
    }
)
"""Packages whose server takes its port from PORT."""
_LOOPBACK = regex(r"(?:^|//|@)(?:localhost|127\.0\.0\.1)(?=[:/]|$)")
_WRITES_ENV = regex(r"\.env\b")
"""A step that speaks of an env file, and may write it."""
_OF_SPRING, _SPRING_SETTINGS = ("SPRING_", "SERVER_", "MANAGEMENT_", "EUREKA_"), (".properties", ".yml", ".yaml")
"""Beginnings of variables that Spring takes in place of a setting, whatever variable its settings file names for it."""
_LEFT_OUT = frozenset({"API", "KEY", "SECRET", "TOKEN", "ACCESS", "AUTH", "URL", "ID", "APP", "CLIENT"})
"""Words that people leave out of the name of a key."""


def _detect(project: Project) -> Iterator[Gap]:
    stack = project.production_stack
    if stack is None:
        return
    offered: dict[str, list[Offered]] = {}
    for found in offered_in_vain(project, stack):
        offered.setdefault(found.template.path, []).append(found)
    yield from (_offered_gap(stack, path, found) for path, found in offered.items())
    own = (item for item in stack.services if item.runs_own_image and runs_code(project, item))
    built = sorted(own, key=lambda item: (not item.is_application, item.location.sort_key()))
    yield from _misnamed_gaps(project, stack, built)
    passed = {name for service in stack.services for name in given_names(project, stack, service)}
    yield from (_asked_gap(stack, item) for item in asked_for(project, stack, built, passed))
    templates = templates_of(project, built)
    if templates is None or any(is_given_more(project, service) for service in built):
        return
    holding = [service.name for service in built if holds_env_file(project, service)]
    given = {name for service in stack.services for name in given_names(project, stack, service)}
    given |= {entry.name for file in templates for entry in file.entries}
    renamed = [] if holding else [(service, item) for service in built for item in _renamed(project, service, given)]
    if renamed:
        yield _renamed_gap(stack, renamed)
    refused = _refused_defaults(project) if _says_production(stack, templates) else {}
    for service in built:
        missing = {
            name: next(read.location for read in reads if read.fails)
            for name, reads in sorted(reads_in_image(project, service).items())
            if _is_missing(project, service, name, reads, given)
        }
        missing |= {
            name: place
            for name, place in refused.items()
            if name not in given and is_in_image(project, service, place.path) and not is_set_by_code(project, service, name)
        }
        if missing and (not holding or (holding == [service.name] and _is_pushed_without(project, service))):
            given |= missing.keys()
            certain = all(_is_of_its_program(project, service, place.path) for place in missing.values())
            yield _held_gap(stack, service, missing) if holding else _gap(stack, service, missing, templates, certain=certain)


def _is_of_its_program(project: Project, service: Service, path: str) -> bool:
    """Whether a file belongs to the program that a service starts, as far as folders tell.

    The nearest manifest above it is that of the folder which is built, of its Dockerfile, or of a folder called as the service.
    A repository holds programs beside each other, and the image may have the sources of more than one.
    """
    folders = {item.folder for item in project.manifests if is_below(path, item.folder) or not item.folder}
    nearest = max(folders, key=len, default="")
    made = service.made
    built = {made.context, posixpath.dirname(made.dockerfile or "")} if made else set()
    return nearest in built or posixpath.basename(nearest) == service.name


def _says_production(stack: Stack, templates: list[EnvFile]) -> bool:
    """Whether a variable of the stack or of a template has the value production."""
    values = [entry.value for service in stack.services for entry in service.environment]
    values += [entry.value for file in templates for entry in file.entries if not entry.commented]
    return any((value or "").strip().lower() in {"production", "prod"} for value in values)


def _refused_defaults(project: Project) -> dict[str, Location]:
    """Return the variables whose default is this machine, where the code refuses such a value."""
    return {
        item.name: item.location
        for item in project.settings
        if item.guarded and item.kind == "field" and _LOOPBACK.search(item.value or "")
    }


def _offered_gap(stack: Stack, path: str, found: list[Offered]) -> Gap:
    """Return the gap for what one template offers, and what does not reach the services whose code reads it."""
    entries = list(dict.fromkeys(entry for item in found for entry in item.entries))
    services = [item.service for item in found]
    names = listed((entry.name for entry in entries), shown=4)
    it = "it" if len(entries) == 1 else "them"
    return RULE.gap(
        resource=stack.resource(services[0].name),
        subject=f"offered-variables/{entries[0].name}",
        message=f"{path} offers {names}, and the variables of {listed(service.name for service in services)} are a list "
        f"without {it}: what somebody sets beside the compose file reaches no code.",
        expected=", ".join(f"{entry.name}: ${{{entry.name}:-}}" for entry in entries[:4]),
        actual="not in the environment, and no env_file",
        locations=(*(service.location for service in services), *(entry.location for entry in entries)),
        related=tuple(dict.fromkeys(place for item in found for place in item.reads)),
        severity=Severity.MEDIUM,
        confidence=Confidence.MEDIUM,
        environment=stack.environment,
        closers=(
            Closer(None, "advice", "Pass every variable that the template offers, or name the ones that Compose supports."),
        ),
    )


@frozen
class _Renamed:
    """A variable of a service that is filled from another one, and where the code reads that other one."""

    entry: EnvValue
    wanted: str
    read: EnvRead


def _renamed(project: Project, service: Service, given: set[str]) -> Iterator[_Renamed]:
    """Yield each variable that Compose fills from another one, where the code reads that other one and never the first."""
    reads = reads_in_image(project, service)
    for entry in service.environment:
        names = {reference.name for reference in entry.references}
        wanted = next(iter(names)) if len(names) == 1 else ""
        is_whole = bool(wanted) and bool(re.fullmatch(r"\$\{?\w+(?::?[-?][^{}]*)?\}?", entry.raw or ""))
        if (
            not is_whole
            or wanted in given
            or entry.name in reads
            or wanted not in reads
            or (entry.name.startswith(_OF_SPRING) and reads[wanted][0].location.path.endswith(_SPRING_SETTINGS))
            or is_set_by_code(project, service, wanted)
        ):
            continue
        if entry.name != "PORT" or not packages_of(project, service) & _READ_PORT_THEMSELVES:
            yield _Renamed(entry, wanted, reads[wanted][0])


def _renamed_gap(stack: Stack, found: list[tuple[Service, _Renamed]]) -> Gap:
    first = found[0][1]
    names = listed(dict.fromkeys(f"{item.wanted} as {item.entry.name}" for _, item in found))
    services = list(dict.fromkeys(service.name for service, _ in found))
    one = len(services) == 1
    return RULE.gap(
        resource=stack.resource(services[0]),
        subject="renamed-variables",
        message=f"{listed(services)} {'gets' if one else 'get'} {names}: the code never reads the second name, and does not get"
        " the first, so its default holds whatever somebody sets.",
        expected=f"{first.wanted}: ${{{first.wanted}}} in the environment of {services[0]}",
        actual=f"{first.entry.name} alone",
        locations=tuple(item.entry.location for _, item in found),
        related=tuple(item.read.location for _, item in found),
        severity=Severity.MEDIUM,
        environment=stack.environment,
        closers=(Closer(None, "advice", "Pass each variable by the name that the code reads."),),
    )


def _misnamed_gaps(project: Project, stack: Stack, built: list[Service]) -> Iterator[Gap]:
    """Yield one gap for the services that get variables by a name that no code reads, where it reads one like it."""
    given = {name for service in stack.services for name in given_names(project, stack, service)}
    found = [(service, item) for service in built for item in _misnamed(project, service, given)]
    if found:
        yield _misnamed_gap(stack, found)


def misnamed_names(project: Project, stack: Stack) -> frozenset[str]:
    """Return the variables of a stack that no code reads, where it asks for one like each: they are told of here."""
    given = {name for service in stack.services for name in given_names(project, stack, service)}
    own = (item for item in stack.services if item.delivers_image and runs_code(project, item))
    return frozenset(item.entry.name for service in own for item in _misnamed(project, service, given))


def _misnamed(project: Project, service: Service, given: set[str]) -> Iterator[_Renamed]:
    """Yield each variable of a template that a service gets and no code names, where the code reads one of nearly the same name
    that nothing sets: a word more or less, or another word for the same.
    """
    offered = {entry.name for file in project.env_files if file.kind == "template" for entry in file.entries}
    unread = offered - {read.name for read in project.env_reads} - project.mentioned
    entries = [entry for entry in service.environment if entry.source == "environment" and entry.name in unread]
    reads = reads_in_image(project, service) if entries else {}
    for entry in entries:
        alike = (name for name in reads if name not in given and _are_alike(entry.name, name))
        wanted = next((name for name in alike if not is_set_by_code(project, service, name)), "")
        if wanted:
            yield _Renamed(entry, wanted, reads[wanted][0])


def _are_alike(first: str, second: str) -> bool:
    """Whether two names begin with one word and mean one thing: the same words, or one in the middle or at the end more."""
    one, two = plain_words(first), plain_words(second)
    apart = set(one) ^ set(two)
    if one[0] != two[0] or len(one) < 2:
        return False
    return not apart or (len(apart) == 1 and len(set(one) & set(two)) >= 2 and apart <= _LEFT_OUT)


def _misnamed_gap(stack: Stack, found: list[tuple[Service, _Renamed]]) -> Gap:
    services = list(dict.fromkeys(service.name for service, _ in found))
    pairs = listed(dict.fromkeys(f"{item.entry.name}, and the code asks for {item.wanted}" for _, item in found))
    return RULE.gap(
        resource=stack.resource(services[0]),
        subject="misnamed-variables",
        message=f"{listed(services)} {'gets' if len(services) == 1 else 'get'} {pairs}: no code reads the first name, and what "
        "somebody puts there reaches nobody.",
        expected=f"{found[0][1].wanted} in the environment of {services[0]}",
        actual=f"{found[0][1].entry.name} alone",
        locations=tuple(item.entry.location for _, item in found),
        related=tuple(dict.fromkeys(item.read.location for _, item in found)),
        severity=Severity.MEDIUM,
        environment=stack.environment,
        closers=(Closer(None, "advice", "Use one name in Compose, in the templates and in the code."),),
    )


def _asked_gap(stack: Stack, found: Asked) -> Gap:
    one = len(found.reads) == 1
    service, names = found.service, listed((read.name for read in found.reads), shown=4)
    first = found.reads[0].location
    it = "it" if one else "them"
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="asked-variables",
        message=f"The code of {service.name} has no value in place of {names} ({first.path}:{first.line}), and neither "
        f"Compose, a template nor a page names {it}: what needs {it} fails, and nobody was told to set {it}.",
        expected=f"environment of {service.name}: " + ", ".join(f"{read.name}: ${{{read.name}:?}}" for read in found.reads[:4]),
        actual="not passed, and named in the code alone",
        locations=(service.location,),
        related=tuple(dict.fromkeys(read.location for read in found.reads)),
        severity=Severity.MEDIUM,
        confidence=Confidence.MEDIUM,
        environment=stack.environment,
    )


def _is_missing(project: Project, service: Service, name: str, reads: list[EnvRead], given: set[str]) -> bool:
    """Whether the code ends without the variable wherever it reads it, and nothing of the stack or of a script sets it."""
    if not given.isdisjoint({name, f"{name}_FILE"}) or not any(read.fails for read in reads):
        return False
    if all(is_of_another_program(project, service, read.location.path) for read in reads if read.fails):
        return False
    return all(read.required for read in reads) and not is_set_by_code(project, service, name)


def _gap(stack: Stack, service: Service, missing: dict[str, Location], templates: list[EnvFile], *, certain: bool) -> Gap:
    one = len(missing) == 1
    names = listed(missing, shown=4)
    link = "" if templates else "and "
    page = f" and {templates[0].path} does not name {'it' if one else 'them'}" if templates else ""
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="required-variables",
        message=f"The code of {service.name} refuses to run without {names}, {link}no service of the stack gets"
        f" {'it' if one else 'them'}{page}: the container stops at its start, or at the first use.",
        expected=f"environment of {service.name}: " + ", ".join(f"{name}: ${{{name}:?}}" for name in list(missing)[:4]),
        actual="not passed" if templates else "not passed; a variable in .env reaches no container by itself",
        locations=(service.location,),
        related=tuple(dict.fromkeys((*missing.values(), *(Location(file.path, 1) for file in templates)))),
        severity=Severity.MEDIUM if templates or not certain else Severity.HIGH,
        confidence=Confidence.MEDIUM,
        environment=stack.environment,
    )


def _is_pushed_without(project: Project, service: Service) -> bool:
    """Whether a workflow builds and pushes the image of a service, and none writes an `.env` before."""
    steps = ci_steps(project)
    if any(_WRITES_ENV.search(item.text) for item in steps):
        return False
    return is_built(service, tuple(item for item in steps if pushes_image(item)))


def _held_gap(stack: Stack, service: Service, missing: dict[str, Location]) -> Gap:
    """Return the gap for variables that only an `.env` can bring that was there when the image was built."""
    names, it = listed(missing, shown=4), "it" if len(missing) == 1 else "them"
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="required-variables",
        message=f"The code of {service.name} refuses to run without {names}, and no service of the stack gets {it}: only an "
        f".env that lay beside the sources as the image was built can bring {it}, and is part of the image then. The image "
        "that CI builds and pushes has none.",
        expected=f"environment of {service.name}: " + ", ".join(f"{name}: ${{{name}:?}}" for name in list(missing)[:4]),
        actual="not passed",
        locations=(service.location,),
        related=tuple(dict.fromkeys(missing.values())),
        severity=Severity.MEDIUM,
        confidence=Confidence.MEDIUM,
        environment=stack.environment,
    )


RULE = Rule(
    code="CFG011",
    name="required-variable-not-passed",
    layer=Layer.CONFIG,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Add each of them to the service's environment as `NAME: ${NAME:?}`, and to the templates.",
        ),
    ),
)
