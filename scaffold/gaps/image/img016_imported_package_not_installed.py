"""IMG016: a Python program imports as it starts what its image does not install."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.facts import judged_stacks, listed
from scaffold.gaps.image.builds import environment_of
from scaffold.gaps.image.python_installs import Installed, installed
from scaffold.gaps.image.python_packages import packages
from scaffold.gaps.image.unmade_clients import UnmadeClient, unmade_clients
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.image_code import is_copied
from scaffold.model.names import EnvironmentClass, Layer, Severity
from scaffold.model.project import CodeFact, Dockerfile, Project
from scaffold.model.regex import regex
from scaffold.model.starting import start_of

_INSTALLS = regex(r"\b(?:pip3?|uv|poetry|pipenv|pdm|hatch|conda|mamba|pixi)[\"']?,?\s")
"""What installs as the container starts, or runs in an environment of its own."""


def _detect(project: Project) -> Iterator[Gap]:
    yield from (_client_gap(project, found) for found in unmade_clients(project))
    facts = [fact for fact in project.code_facts if fact.kind == "starts-with"]
    seen: set[str] = set()
    for stack in judged_stacks(project) if facts else ():
        for service in stack.services if stack.is_runnable_in_production and stack.complete else ():
            dockerfile = project.image_of(service)
            if dockerfile is None or service.profiles or dockerfile.path in seen:
                continue
            imported = _imported(project, service, dockerfile, facts)
            held = _held(project, service, dockerfile) if imported else None
            missing = _missing(imported, held) if held else {}
            if held and missing:
                seen.add(dockerfile.path)
                yield _gap(stack, service, dockerfile, held, missing)


def _imported(project: Project, service: Service, dockerfile: Dockerfile, facts: list[CodeFact]) -> dict[str, Location]:
    """Return what the program of a service imports as it starts, and where; nothing where the program is not one file."""
    start = start_of(project, service)
    if start is None or service.made is None or service.made.context is None:
        return {}
    text = "\n".join(line for line, _ in start.taken())
    if _INSTALLS.search(text):
        return {}
    found: dict[str, dict[str, Location]] = {}
    for fact in facts:
        entry, path, package = fact.detail.split(" ")
        if re.search(rf"(?<![\w.]){re.escape(entry)}(?![\w])", text) and is_copied(
            dockerfile, service.made.target, service.made.context, path
        ):
            found.setdefault(path, {})[package] = fact.location
    return next(iter(found.values())) if len(found) == 1 else {}


def _held(project: Project, service: Service, dockerfile: Dockerfile) -> Installed | None:
    context = service.made.context if service.made else None
    is_tried = environment_of(project, dockerfile) in {EnvironmentClass.DEV, EnvironmentClass.TEST}
    return None if is_tried or context is None else installed(project, dockerfile, context)


def _missing(imported: dict[str, Location], held: Installed) -> dict[str, Location]:
    """Return the packages that no installed distribution is known to hold or to bring, those left out that a distribution which
    the table does not know may bring.
    """
    table = packages()
    there = table.with_brought(held.names).union(extra for _, extra in held.extras)
    known = not _unknown(held)
    return {
        name: place
        for name, place in imported.items()
        if name in table.imports and not table.imports[name] & there and (known or not table.often_brought(name))
    }


def _unknown(held: Installed) -> frozenset[str]:
    """Return the distributions of which nobody knows here what they bring along."""
    return packages().unknown(held.names) | packages().unknown_extras(held.extras)


def _gap(stack: Stack, service: Service, dockerfile: Dockerfile, held: Installed, missing: dict[str, Location]) -> Gap:
    table = packages()
    asked = " ".join(min(table.imports[name], key=len) for name in missing)
    unknown = _unknown(held)
    hint = f"; what {listed(sorted(unknown))} may bring along is not known here" if unknown else ""
    return RULE.gap(
        resource=dockerfile.path,
        subject="imports",
        message=f"{service.name} ends as it starts: its program imports {listed(missing)}, which nothing in its image "
        f"installs{hint}.",
        expected=f"{asked} in the list that the image installs",
        actual="not installed",
        locations=held.steps[-1:],
        related=tuple(dict.fromkeys(missing.values())),
        severity=Severity.MEDIUM if unknown else Severity.HIGH,
        environment=stack.environment,
    )


def _client_gap(project: Project, found: UnmadeClient) -> Gap:
    path = found.dockerfile.path
    return RULE.gap(
        resource=path,
        subject="client/prisma",
        message=f"Nothing in {path} makes the client of Prisma (`prisma generate`, which {found.other} has), and the"
        " schema comes after the installation, which would make it: the program ends as it first uses the client.",
        expected="`prisma generate` after the schema is there, and the client in the image that runs",
        actual="@prisma/client as it was installed",
        locations=(found.installation,),
        related=(Location(found.schema, 1), Location(found.other, 1)),
        severity=Severity.MEDIUM,
        environment=environment_of(project, found.dockerfile),
        closers=(
            Closer(
                None,
                "advice",
                "Copy the schema and run `prisma generate` in the stage whose node_modules the image runs with.",
            ),
        ),
    )


RULE = Rule(
    code="IMG016",
    name="imported-package-not-installed",
    layer=Layer.IMAGE,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Add the package to the list that the Dockerfile installs, install from one list in the image and in development, "
            "and start the image once in the pipeline before it is pushed.",
        ),
    ),
)
