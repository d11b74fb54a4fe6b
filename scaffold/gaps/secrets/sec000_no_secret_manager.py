"""SEC000: secrets are needed, and nothing in the repository says where they come from."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.facts import is_test_path, listed, path_environment, sensitive_references
from scaffold.gaps.secrets.credentials import credential_groups
from scaffold.gaps.secrets.signals import file_signals, manager_signals
from scaffold.model.compose import Stack
from scaffold.model.deployments import is_deployment
from scaffold.model.document import Location, VariableReference, scalars_in
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.known import known
from scaffold.model.names import Layer, Room, Severity
from scaffold.model.project import Project

_SHOWN = 4
_DRAWS = (
    r"(?:openssl rand|/dev/u?random|token_(?:hex|urlsafe)|\buuidgen\b|\bpwgen\b|\bgen(?:erate)?_\w+|\brandom_\w+"
    r"|\b(?:prompt|ask)_?\w*|\bread\s+-\w*[prs])"
)
"""How a script makes a secret up, or asks for one, near its name."""
_NEAR = r"(?:.|\n){0,200}?"
_ADVICE = Closer(
    None, "advice", "Keep the values in AWS Secrets Manager, and write them to an env file outside git when the stack starts."
)


def _detect(project: Project) -> Iterator[Gap]:
    stack = project.main_stack
    needed = _needed(stack) if stack and stack.is_runnable_in_production else {}
    if stack is None or not needed or manager_signals(project) or file_signals(project):
        return
    platform = any(file.kind == "paas" for file in project.infrastructure)
    needed = {name: place for name, place in needed.items() if not _may_be_empty(stack, name)} or needed
    given = _given(project, stack, needed)
    open_ones = sorted(needed.keys() - given.keys())
    yield RULE.gap(
        resource="secrets",
        subject="manager",
        message=_message(open_ones, given),
        expected="a secret manager, or files under /run/secrets",
        actual="plain variables",
        locations=(min(needed.values(), key=Location.sort_key),),
        severity=Severity.LOW if platform or not open_ones else Severity.MEDIUM,
        closers=None if stack.complete else (_ADVICE,),
    )


def _message(open_ones: list[str], given: dict[str, str]) -> str:
    """Say where the secrets come from that a place of the repository tells of, and which ones nothing tells of."""
    lacks = "no secret manager, no encrypted file, no secret of Compose"
    if open_ones:
        more = f" and {len(open_ones) - _SHOWN} more" if len(open_ones) > _SHOWN else ""
        shown = ", ".join(open_ones[:_SHOWN]) + more
        return f"Where production gets {shown} from is not declared in this repository: {lacks}."
    places = tuple(dict.fromkeys(given[name] for name in sorted(given)))
    verb = "gives" if len(places) == 1 else "give"
    return f"{listed(places)} {verb} production {listed(sorted(given), _SHOWN)} as plain text: {lacks}."


def _given(project: Project, stack: Stack, needed: dict[str, Location]) -> dict[str, str]:
    """Return the secrets that a place puts into a file or a variable of the host: the stack itself, a workflow, a script."""
    written = {key for group in credential_groups(stack, "literal") for key in group.keys}
    found = {name: needed[name].path for name in written & needed.keys()}
    for name in sorted(needed.keys() - found.keys()):
        place = _passed_by_workflow(project, name) or _made_by_script(project, name)
        if place:
            found[name] = place
    return found


def _may_be_empty(stack: Stack, name: str) -> bool:
    """Whether the stack runs without it: every reference falls back to an empty text."""
    references = known(_references_by_name, stack).get(name, ())
    return bool(references) and all(item.has_default and not item.argument for item in references)


def _references_by_name(stack: Stack) -> dict[str, list[VariableReference]]:
    found: dict[str, list[VariableReference]] = {}
    scalars = (scalar for service in stack.services for scalar in scalars_in(service.node))
    for item in (item for scalar in scalars for item in scalar.references):
        found.setdefault(item.name, []).append(item)
    return found


def _passed_by_workflow(project: Project, name: str) -> str:
    """Return the workflow that starts a release and hands the secret of GitHub on, "" for none."""
    hands_on = re.compile(rf"\b{re.escape(name)}\b[^\n]{{0,40}}\$\{{\{{\s*secrets\.\w+|secrets\.{re.escape(name)}\b")
    for workflow in project.workflows:
        deploys = any(is_deployment(workflow, job) for job in workflow.jobs)
        if deploys and hands_on.search(project.source(workflow.path) or ""):
            return workflow.path
    return ""


def _made_by_script(project: Project, name: str) -> str:
    """Return the script that draws the value, or asks for it, and writes an env file, "" for none."""
    word = rf"(?<!\w){re.escape(name)}(?!\w)"
    made = re.compile(rf"{word}{_NEAR}{_DRAWS}|{_DRAWS}{_NEAR}{word}")
    for source in project.sources:
        is_script = source.path.endswith((".sh", ".bash", ".ps1")) and not is_test_path(source.path)
        is_script = is_script and not path_environment(source.path).severity_steps
        if is_script and ".env" in source.text and name in source.text and made.search(source.text):
            return source.path
    return ""


def _needed(stack: Stack) -> dict[str, Location]:
    """Return the secrets that the stack takes from variables, or holds itself, each with its first place."""
    groups = credential_groups(stack, "literal")
    return sensitive_references(stack) | {group.owner.key: group.owner.location for group in groups}


RULE = Rule(
    code="SEC000",
    name="no-secret-manager",
    layer=Layer.SECRETS,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(Closer(Room.ENV, "files"),),
)
