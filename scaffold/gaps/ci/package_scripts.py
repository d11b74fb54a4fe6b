"""Package scripts that a job calls and that cannot run there: the manifest lacks them, or their tool was left out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from posixpath import normpath

from scaffold.gaps.ci_signals import CiStep, effective_env
from scaffold.model.frozen import frozen
from scaffold.model.project import Manifest, Project
from scaffold.model.regex import regex

_PARTS = regex(r"&&|;")
_CD = regex(r"cd\s+(?P<path>[\w./-]+)")
_INSTALL = regex(
    r"(?:npm\s+(?:ci|i|install|clean-install)|yarn(?:\s+install)?(?=\s+-|$)|(?:pnpm|bun)\s+(?:i|install))(?P<rest>(?:\s+.*)?)"
)
_WITHOUT = regex(r"--omit[= ]dev\b|--(?:production|prod)(?:=true)?(?=\s|$)|--only[= ]prod\w*")
_WITH = regex(r"--include[= ]dev\b|--(?:production|prod)=false\b|--dev\b|-D\b")
_CALLS = regex(
    r"(?:(?:npm|pnpm)\s+run\s+(?P<name>[\w:.-]+)|npm\s+(?P<test>test|t)|(?:yarn|bun)\s+(?:run\s+)?(?P<other>[\w:.-]+))(?=\s|$)(?P<rest>.*)"
)
_ELSEWHERE = regex(r"--prefix|--dir\b|--cwd\b|\s-C\b|--filter|--workspaces?\b|\s-ws?\b|--if-present|\|\||\$\(")
_SETS_SCRIPTS = regex(r"\bnpm\s+(?:pkg\s+set|init)\b|\bnpm\s+set-script\b")
_ENVIRONMENT = regex(r"(?:\w+=\S*\s+)*(?P<word>[\w@./-]+)")
_PACKAGES = {
    "tsc": "typescript",
    "playwright": "@playwright/test",
    "biome": "@biomejs/biome",
    "vue-tsc": "vue-tsc",
    "ng": "@angular/cli",
}
"""Programs whose package is called otherwise."""


@frozen
class Call:
    """A call of a package script that ends with an error: the script, the tool that is not installed ("" where the manifest
    has no such script), the command as far as it may be shown, the manifest, and its step.
    """

    script: str
    tool: str
    command: str
    manifest: str
    item: CiStep


def broken_calls(project: Project, steps: list[CiStep], folders: dict[int, str]) -> Iterator[Call]:
    """Yield the calls of one job that cannot run; `folders` is where each step works."""
    manifests = {item.folder: item for item in project.manifests if item.path.endswith("package.json")}
    without: dict[str, bool] = {}
    if any(_SETS_SCRIPTS.search(item.step.run) for item in steps):
        return
    for number, item in enumerate(steps):
        for place, part in _parts(item, folders[number]):
            installed = _INSTALL.fullmatch(part)
            manifest = manifests.get(place)
            if installed:
                without[place] = _leaves_out(item, installed["rest"])
            elif manifest is not None and not item.step.continue_on_error and not _ELSEWHERE.search(part):
                yield from _of_part(project, manifest, item, part, left_out=without.get(place, False))


def _parts(item: CiStep, folder: str) -> Iterator[tuple[str, str]]:
    """Yield each command of a step behind the folder that it works in, "" for the top; the rest of a line that goes to a folder
    which is not known is left out.
    """
    for line in item.step.run.replace("\\\n", " ").splitlines():
        for part in (text.strip() for text in _PARTS.split(line)):
            moved = _CD.fullmatch(part)
            if moved:
                folder = normpath(f"{folder or '.'}/{moved['path']}")
                continue
            place = "" if folder == "." else folder.removeprefix("./")
            if part.startswith("cd ") or "$" in place:
                break
            yield place, part


def _leaves_out(item: CiStep, rest: str) -> bool:
    """Whether an installation leaves the tools of development out: by an option, or as NODE_ENV has npm do."""
    if any(not word.startswith("-") for word in rest.split()) and not _WITHOUT.search(rest):
        return False
    production = effective_env(item).get("NODE_ENV", "").lower() == "production"
    return not _WITH.search(rest) and bool(_WITHOUT.search(rest) or production)


def _of_part(project: Project, manifest: Manifest, item: CiStep, part: str, *, left_out: bool) -> Iterator[Call]:
    match = _CALLS.match(part)
    if match is None:
        return
    name = match["name"] or match["other"] or "test"
    scripts = dict(manifest.scripts)
    command = " ".join(part.split()[: 3 if match["name"] else 2])
    if name not in scripts:
        # yarn and bun take programs and files as well.
        if not match["other"] and name != "env":
            yield Call(name, "", command, manifest.path, item)
        return
    word = _ENVIRONMENT.match(scripts[name])
    tool = word["word"] if word and left_out else ""
    if tool and _is_left_out(project, manifest, tool):
        yield Call(name, tool, command, manifest.path, item)


def _is_left_out(project: Project, manifest: Manifest, tool: str) -> bool:
    """Whether a program comes with a package that is needed for development alone."""
    try:
        data = json.loads(project.source(manifest.path) or "{}")
    except ValueError:
        return False
    package = _PACKAGES.get(tool, tool)
    tables = {key: data.get(key) for key in ("devDependencies", "dependencies", "optionalDependencies", "peerDependencies")}
    has = {key: isinstance(table, dict) and package in table for key, table in tables.items()}
    return has.pop("devDependencies") and not any(has.values())
