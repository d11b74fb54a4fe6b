"""CFG017: a variable that need not be set reaches the program as an empty text, which is another thing to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from scaffold.gaps.facts import judged_stacks, listed
from scaffold.model.compose import EnvValue, Service, Stack
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.image_code import reads_in_image, runs_code
from scaffold.model.names import Layer, Severity
from scaffold.model.project import EnvRead, Project
from scaffold.model.regex import regex

_EMPTY = regex(r"(?:\$\{(?P<optional>\w+):?-\}|\$\{?(?P<plain>\w+)\}?)?")
"""The texts of an entry that are empty as long as nobody sets the variable."""
_LEADS_ELSEWHERE = regex(
    r"(?:^|_)(?:HOST|PORT|URL|URI|ENDPOINT|ADDR(?:ESS)?|BUCKET|REGION|DIR|PATH|MODEL|TIMEOUT|TTL|LIMIT|SIZE|NAME)$"
)
"""Names of variables without whose value the code reaches nothing, or reckons with nothing."""


@frozen
class _Found:
    """A variable that a service gets empty, and where the code reads it."""

    entry: EnvValue
    read: EnvRead


def _detect(project: Project) -> Iterator[Gap]:
    offered = _offered(project)
    seen: set[str] = set()
    for stack in judged_stacks(project):
        for service in stack.services if stack.is_runnable_in_production else ():
            if service.made is None or not service.runs_own_image or not runs_code(project, service):
                continue
            found = [item for item in _found(project, service, offered) if item.entry.name not in seen]
            seen |= {item.entry.name for item in found}
            for fate in ("refused", "kept"):
                same = sorted(
                    (item for item in found if item.read.empty == fate), key=lambda item: item.entry.location.sort_key()
                )
                if same:
                    yield _gap(stack, service, same, fate)


def _offered(project: Project) -> dict[str, bool]:
    """Return the variables that env files name, and whether one of them has a value for it."""
    found: dict[str, bool] = {}
    for file in project.env_files:
        for entry in file.entries:
            if not entry.commented:
                found[entry.name] = found.get(entry.name, False) or bool(entry.value.strip())
    return found


def _found(project: Project, service: Service, offered: Mapping[str, bool]) -> Iterator[_Found]:
    """Yield the variables of a service that are empty as the files stand, and whose empty text the code takes for a value."""
    entries = [entry for entry in service.environment if _is_empty(entry, offered, optional=False)]
    reads = reads_in_image(project, service) if entries else {}
    for entry in entries:
        fates = {read.empty: read for read in reversed(reads.get(entry.name, []))}
        if "refused" in fates:
            yield _Found(entry, fates["refused"])
        elif "kept" in fates and _is_empty(entry, offered, optional=True):
            yield _Found(entry, fates["kept"])


def _is_empty(entry: EnvValue, offered: Mapping[str, bool], *, optional: bool) -> bool:
    """Whether an entry is empty as long as nobody sets it: by a default of Compose that is, or because the template names it
    without a value; the second also asks people for one, and is left out where `optional`.
    """
    match = _EMPTY.fullmatch((entry.raw or "").strip()) if entry.value is not None else None
    if match is None or (entry.source != "environment" and optional):
        return False
    name = match["optional"] or match["plain"] or entry.name
    says_so = match["optional"] is not None or (match["plain"] is None and entry.source == "environment")
    return not offered.get(name, False) and (says_so or (name in offered and not optional))


def _gap(stack: Stack, service: Service, found: list[_Found], fate: str) -> Gap:
    names = listed(dict.fromkeys(item.entry.name for item in found))
    one = len({item.entry.name for item in found}) == 1
    it = "it" if one else "them"
    effect = (
        f"the code takes {it} with a value or not at all, and ends at an empty text where it could do without"
        if fate == "refused"
        else "the default of the code is for a variable that is not set, and the empty text stands in its place"
    )
    harmful = fate == "refused" or any(_LEADS_ELSEWHERE.search(item.entry.name) for item in found)
    return RULE.gap(
        resource=stack.resource(service.name),
        subject=f"empty-variables/{fate}",
        message=f"{service.name} gets {names} as an empty text unless somebody sets {it}: {effect}.",
        expected="the default of the code in Compose too (`${NAME:-value}`), or code that takes an empty text for none",
        actual="an empty text",
        locations=tuple(item.entry.location for item in found),
        related=tuple(dict.fromkeys(item.read.location for item in found)),
        severity=Severity.MEDIUM if harmful else Severity.LOW,
        environment=stack.environment,
    )


RULE = Rule(
    code="CFG017",
    name="empty-text-for-no-value",
    layer=Layer.CONFIG,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Take an empty text for a variable that is not set before the schema looks (`emptyStringAsUndefined`, "
            "`env_ignore_empty=True`, `z.literal('').or(...)`, `||` for `??`), or give the default in Compose as well.",
        ),
    ),
)
