"""NET006: the list of origins that browsers may call from is open, a stand-in, or does not mean what it says."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.config.django_settings import runnable_stacks
from scaffold.gaps.config.reaching import is_set_by_code
from scaffold.gaps.facts import is_test_path, path_environment
from scaffold.gaps.network.fronts import has_login_in_front
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.image_code import given_names, is_in_image
from scaffold.model.lasting import builder_of
from scaffold.model.names import TRIED, Cause, Layer, Role, Room, Severity
from scaffold.model.project import CodeFact, Project
from scaffold.model.regex import regex
from scaffold.model.secrets import SecretClass

_ORIGINS = regex(r"(?:^|_)(?:CORS|ORIGINS?)(?:_|$)", re.IGNORECASE)
_WILDCARD_HOST = regex(r"https?://[^/]*\*")


def _detect(project: Project) -> Iterator[Gap]:
    facts = [fact for fact in project.code_facts if fact.kind == "cors" and fact.reachable is not False]
    for fact in facts:
        words = set(fact.detail.split())
        if {"any-origin", "credentials"} <= words and _is_served(project, fact.location.path):
            harmless = "no-login" in words and not has_login_in_front(project)
            # Cookies that these frameworks set stay home on calls from other sites, unless somebody says otherwise.
            yield _open(fact.location, harmless=harmless, certain="mirrored" not in words)
        if "tunnels" in words and _is_served(project, fact.location.path):
            yield _tunnel_gap(fact.location, sorted(words - {"tunnels", "credentials"}))
    if facts:
        regex = any("regex" in fact.detail.split() for fact in facts)
        yield from _lists(project, tuple(fact.location for fact in facts), regex=regex)
    for fact in project.code_facts:
        if fact.kind == "open-origins" and fact.reachable is not False and _is_served(project, fact.location.path):
            yield from _by_default(project, fact)


def _by_default(project: Project, fact: CodeFact) -> Iterator[Gap]:
    """Yield the settings that let any origin in, where a service of production runs with them and nothing sets the variable."""
    name, _, cookies = fact.detail.partition(" ")
    if any(file.entry(name) is not None and file.environment not in {"dev", "test"} for file in project.env_files):
        return
    for stack in runnable_stacks(project):
        for service in stack.services:
            if _runs_without(project, stack, service, fact.location.path, name):
                yield _default_gap(stack, service, fact.location, name, cookies=bool(cookies))
                return


def _runs_without(project: Project, stack: Stack, service: Service, path: str, name: str) -> bool:
    builder = builder_of(project, service)
    if not service.is_application or service.role is Role.WORKER:
        return False
    if not (is_in_image(project, builder, path) or (builder.build is None and _is_called(service, path.partition("/")[0]))):
        return False
    given = given_names(project, stack, service) | given_names(project, stack, builder)
    return name not in given and not is_set_by_code(project, builder, name)


def _is_called(service: Service, folder: str) -> bool:
    """Whether an image that another place builds has the name of a folder of the code, and its service too."""
    image = service.image.repository.rpartition("/")[2] if service.image else ""
    return folder == service.name and (image == folder or image.endswith(f"-{folder}"))


def _default_gap(stack: Stack, service: Service, place: Location, name: str, *, cookies: bool) -> Gap:
    at = f"{service.location.path}:{service.location.line}"
    home = "" if cookies else "; the cookies of Django's own session stay home unless their SameSite is None"
    return RULE.gap(
        resource=place.path,
        subject=f"cors/{name}",
        message=f"Every web site may call the API with credentials unless {name} is set, and {service.name} ({at}) runs "
        f"without it{home}.",
        expected="no origin by default, and a list of those that the frontend is served from",
        actual="any origin, with credentials",
        locations=(place,),
        related=(service.location,),
        severity=Severity.MEDIUM if cookies else Severity.LOW,
        environment=stack.environment,
        closers=(_BY_HAND,),
    )


def _is_served(project: Project, path: str) -> bool:
    """Whether a file of code is one of production; of what is no Python module, an image of the project has to hold it."""
    if path_environment(path) in TRIED or is_test_path(path):
        return False
    services = [service for stack in project.stacks for service in stack.services if service.build]
    return path.endswith(".py") or not services or any(is_in_image(project, service, path) for service in services)


def _open(place: Location, *, harmless: bool, certain: bool) -> Gap:
    note = "; no code beside it reads a cookie yet, so the first that does is open to all of them" if harmless else ""
    return RULE.gap(
        resource=place.path,
        subject="cors",
        message="Every web site may call the API with the visitor's cookies: any origin is allowed together with credentials"
        f"{note}.",
        expected="a list of the origins that the frontend is served from",
        actual="any origin, with credentials",
        locations=(place,),
        severity=Severity.HIGH if certain and not harmless else Severity.MEDIUM,
        closers=(_BY_HAND,),
    )


def _tunnel_gap(place: Location, ignored: list[str]) -> Gap:
    note = f"; {ignored[0]} is read and used nowhere, so the origin that a deployment sets decides nothing" if ignored else ""
    return RULE.gap(
        resource=place.path,
        subject="cors/tunnels",
        message="Every page on a host where anybody opens one, such as a tunnel of ngrok, may call the API with the visitor's "
        f"cookies, in production too{note}.",
        expected="a list of the origins that the frontend is served from",
        actual="any page of such a host, with credentials",
        locations=(place,),
        severity=Severity.MEDIUM,
        closers=(_BY_HAND,),
    )


def _lists(project: Project, users: tuple[Location, ...], *, regex: bool) -> Iterator[Gap]:
    stand_ins: dict[tuple[str, str], list[Location]] = {}
    wildcards: dict[tuple[str, str], list[Location]] = {}
    for setting in project.settings:
        if not _ORIGINS.search(setting.name) or setting.value is None:
            continue
        key = (setting.location.path, setting.name)
        if setting.value_class is SecretClass.PLACEHOLDER:
            stand_ins.setdefault(key, []).append(setting.location)
        if _WILDCARD_HOST.search(setting.value) and not regex:
            wildcards.setdefault(key, []).append(setting.location)
    for path, name in sorted(stand_ins.keys() | wildcards.keys()):
        yield _list_gap(path, name, users, stand_ins.get((path, name), []), wildcards.get((path, name), []))


def _list_gap(path: str, name: str, users: tuple[Location, ...], stand_ins: list[Location], wildcards: list[Location]) -> Gap:
    parts = []
    if stand_ins:
        parts.append("its origins are stand-ins, so browsers refuse the real frontend")
    if wildcards:
        parts.append("a pattern such as https://*.example is compared letter by letter and matches nothing")
    return RULE.gap(
        resource=path,
        subject=name,
        message=f"{name} decides who may call the API from a browser: {'; '.join(parts)}.",
        expected=f"{name} from the environment of each deployment",
        actual=" and ".join((["stand-ins"] if stand_ins else []) + (["a pattern in a literal list"] if wildcards else [])),
        locations=tuple(dict.fromkeys((*stand_ins, *wildcards))),
        related=users,
        severity=Severity.MEDIUM if stand_ins else Severity.LOW,
    )


_BY_HAND = Closer(
    None,
    "advice",
    "Read the origins from a variable without a default outside development, and set it in each deployment.",
)

RULE = Rule(
    code="NET006",
    name="unsafe-or-placeholder-origins",
    layer=Layer.NETWORK,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(Closer(Room.EDITS, "edit"), _BY_HAND),
    cause=Cause.PROJECT,
)
