"""Deployments that a job waits for, and files of values that it hands to Helm, where no chart or manifest has them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from scaffold.gaps.ci.asking_places import AskingPlace
from scaffold.gaps.remembered import remembered
from scaffold.model.deployments import Line
from scaffold.model.document import Location, find, scalars_of, text_of
from scaffold.model.frozen import frozen
from scaffold.model.known import below
from scaffold.model.project import Project
from scaffold.model.regex import regex

_HELM = regex(
    r"\bhelm\s+(?:upgrade|install)\s+(?:-[\w-]+(?:=\S+)?\s+){0,6}[\"']?(?P<release>[a-z0-9][a-z0-9-]*)[\"']?\s+[\"']?(?P<chart>\.{0,2}/?[\w./-]+)[\"']?(?P<rest>.*)",
    words=("helm",),
)
_VALUES = regex(r"\s(?:-f|--values)[= ]\s*[\"']?(?P<path>(?:\$\{\{[^}]*\}\}|[\w./-])+)[\"']?(?=\s|$)")
_INPUT = regex(r"\$\{\{\s*(?:github\.event\.)?inputs\.(?P<name>[\w-]+)\s*\}\}")
_WAITS = regex(
    r"\bkubectl\b[^\n;&|]{0,200}?\brollout\s+(?:status|restart|undo)\b[^\n;&|]{0,200}?\bdeploy(?:ment)?s?(?:\.apps)?[/ ]"
    r"(?P<name>[a-z][a-z0-9.-]*)",
    words=("kubectl",),
)
_NAME = regex(r"(?m)^metadata:[ \t]*\n(?:[ \t]++(?!name:)\S[^\n]*\n)*+[ \t]+name:[ \t]*(?P<name>[^\n#]+)")
_DEPLOYMENT = regex(r"(?m)^kind:\s*Deployment\s*$")
_OF_A_VARIABLE_KIND = regex(r"(?m)^kind:\s*\{\{")
_PLAIN = regex(r"[a-z0-9.-]+")
_LONGEST_NAME = 63
"""Where the helper cuts a name off (RFC 1123, a label)."""
_FULL = regex(r"\{\{-?\s*(?:include|template)\s+[\"'][\w.-]+\.fullname[\"']\s+[.$]\s*-?\}\}(?P<tail>[a-z0-9-]*)")
_USUAL = "contains $name .Release.Name"
"""How the helper of `helm create` tells whether the release is called after the chart."""
_OVERRIDES = regex(r"(?m)(?:fullnameOverride|nameOverride)[\"']?\s*[:=]\s*[\"']?[\w$]|name(?:Prefix|Suffix):")
_APPLIES = regex(r"\bkubectl\b[^\n]{0,200}\s(?:apply|create|replace)\b|\bkustomize\s+build\b|\bargocd\b|\bflux\b")


@frozen
class AbsentPart:
    """A Deployment or a file of values that is not there, what is instead, and the command that names it."""

    kind: str
    name: str
    there: tuple[str, ...]
    place: Location


def absent_deployments(project: Project, asking: AskingPlace) -> Iterator[AbsentPart]:
    """Yield the Deployments that a job which installs one chart of the repository waits for, and that the chart never makes."""
    installs = [match for line in asking.commands for match in _HELM.finditer(line.text)]
    if len({(match["release"], match["chart"]) for match in installs}) != 1 or _OVERRIDES.search(asking.text):
        return
    chart = posixpath.normpath(installs[0]["chart"])
    names = _rendered(project, chart, installs[0]["release"])
    if not names:
        return
    plain = _plain_names(project)
    for line in asking.commands:
        for match in _WAITS.finditer(line.text):
            if match["name"] not in names and match["name"] not in plain:
                yield AbsentPart("Deployment", match["name"], names, line.place)


def _rendered(project: Project, chart: str, release: str) -> tuple[str, ...]:
    """Return the names of the Deployments that a chart makes for a release; () where they are not told for certain."""
    described = project.document(f"{chart}/Chart.yaml")
    inside = {path: project.source(path) or "" for path in below(project.files, chart)}
    values = [text for path, text in inside.items() if "/templates/" not in path]
    if described is None or find(described.root, "dependencies") or any(map(_OVERRIDES.search, values)):
        return ()
    called = text_of(find(described.root, "name"))
    prefix = release if called in release else f"{release}-{called}"
    objects = [part for path, text in inside.items() if "/templates/" in path for part in text.split("\n---")]
    if any(map(_OF_A_VARIABLE_KIND.search, objects)):
        return ()
    usual = any(_USUAL in text for text in inside.values())
    names = [_name_in(text, prefix if usual else "") for text in objects if _DEPLOYMENT.search(text)]
    return tuple(dict.fromkeys(names)) if all(names) else ()


def _name_in(template: str, prefix: str) -> str:
    """Return the name that a template gives its object; "" where it is not told, as without the prefix for the usual helper."""
    match = _NAME.search(template)
    written = match["name"].strip() if match else ""
    full = _FULL.fullmatch(written)
    if full and prefix:
        return f"{prefix}{full['tail']}"[:_LONGEST_NAME]
    return written if _PLAIN.fullmatch(written) else ""


@remembered
def _plain_names(project: Project) -> frozenset[str]:
    """Return the names of all objects in manifests, where some command applies manifests."""
    run = (item.text for item in project.commands if item.context in {"workflow", "script", "makefile"})
    if not any(_APPLIES.search(text) and "--dry-run" not in text for text in run):
        return frozenset()
    return frozenset(name for item in project.infrastructure for _, name, _ in item.resources)


def absent_values(project: Project, asking: AskingPlace) -> Iterator[AbsentPart]:
    """Yield the files of values beside a chart of the repository that a job hands to Helm and that are not there."""
    for line in asking.commands:
        for match in _HELM.finditer(line.text):
            for path in (item["path"] for item in _VALUES.finditer(match["rest"])):
                yield from _missing(project, asking, line, path)


def _missing(project: Project, asking: AskingPlace, line: Line, written: str) -> Iterator[AbsentPart]:
    for path in map(posixpath.normpath, _written_out(project, asking.path, written)):
        folder, _, name = path.rpartition("/")
        if not project.exists(f"{folder}/Chart.yaml") or project.exists(path) or project.ignored_at(path):
            continue
        stem = posixpath.basename(written)
        # A second command that names the file may make it.
        if sum(stem in item.text or name in item.text for item in asking.commands) > 1:
            continue
        beside = (item for item in below(project.files, folder) if item.startswith(f"{folder}/values"))
        there = tuple(item for item in beside if item.endswith((".yaml", ".yml")))
        yield AbsentPart("file of values", path, there, line.place)


def _written_out(project: Project, workflow: str, path: str) -> tuple[str, ...]:
    """Return a path with each choice of the workflow's input that stands in it; () where that is not told."""
    given = _INPUT.search(path)
    if given is None:
        return () if "${{" in path else (path,)
    triggers = (trigger for item in project.workflows if item.path == workflow for trigger in item.triggers)
    options = (find(item.node, "inputs", given["name"], "options") for item in triggers if item.event == "workflow_dispatch")
    choices = [scalar.value for node in options for scalar in scalars_of(node)]
    filled = tuple(f"{path[: given.start()]}{choice}{path[given.end() :]}" for choice in choices)
    return tuple(item for item in filled if "${{" not in item)
