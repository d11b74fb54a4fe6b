"""Builds of Node that call a tool which their own installation left out, as only the packages of development name it."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator, Mapping

from scaffold.gaps.image.held_paths import Content, inside_image
from scaffold.model.bundlers import POSTCSS_SETTINGS
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.project import Instruction, Manifest, Project, Stage
from scaffold.model.regex import regex
from scaffold.model.starting import is_below

_INSTALLS = regex(
    r"\b(?:npm\s+(?:ci|clean-install|install|i)|pnpm\s+(?:install|i)|yarn(?:\s+install)?(?=\s*(?:$|&&|;|--)))(?P<words>[^\n;&|]*)"
)
_LEAVES_OUT = regex(
    r"--omit[= ]dev(?=\s|$)|--only[= ]prod(?:uction)?(?=\s|$)|--prod(?:uction)?(?:=true)?(?=\s|$)|\s-P(?=\s|$)",
    words=("omit", "only", "prod", "-P"),
)
_TAKES_ALL = regex(r"--include[= ]dev\b|=false\b|--dev\b|NODE_ENV=dev", words=("dev", "false"))
_OF_A_MACHINE = regex(r"(?:^|\s)(?:-g|--global|--prefix|--cwd|-C|--workspaces?|-w|--filter|-F|-r)(?=[=\s]|$)")
_RUNS = regex(r"(?:^|[\s;&|])(?:npm\s+run|pnpm(?:\s+run)?|yarn(?:\s+run)?)\s+(?P<name>[\w:.-]+)")
_ELSEWHERE = regex(r"(?:^|[\s;&|(])cd\s|\|\||--(?:prefix|cwd|workspace|filter)\b|\s-(?:C|w|F|r)\s|\bnpx\b|\bnode_modules\b")
_FOR_PRODUCTION = regex(r"\bNODE_ENV[=\s]\s*[\"']?production\b", words=("NODE_ENV",))
_TOOLS = {
    "vite": (
        "vite",
        ("vite", "astro", "nuxt", "svelte", "storybook", "remix-run/", "react-router/", "@tanstack", "solid", "vinxi"),
    ),
    "tsc": ("typescript", ("typescript", "ts-", "tsup", "nest", "next", "angular", "vue-tsc", "tsx")),
    "nest": ("@nestjs/cli", ("@nestjs/cli",)),
    "webpack": ("webpack", ("webpack", "react-scripts", "encore", "vue", "next", "mix")),
    "react-scripts": ("react-scripts", ("react-scripts", "craco")),
    "ng": ("@angular/cli", ("@angular/cli",)),
    "vue-tsc": ("vue-tsc", ("vue-tsc",)),
    "vue-cli-service": ("@vue/cli-service", ("@vue/cli",)),
    "tsup": ("tsup", ("tsup",)),
    "rollup": ("rollup", ("rollup", "vite", "tsup")),
    "parcel": ("parcel", ("parcel",)),
    "nuxt": ("nuxt", ("nuxt",)),
    "astro": ("astro", ("astro",)),
}
"""Tools of builds: the package that holds each, and words in the names of packages that may bring it along."""


_READ_POSTCSS = frozenset({"vite", "next"})
"""Tools that read the settings of PostCSS themselves."""
_STEMS = {"tailwindcss": "tailwind", "@tailwindcss/postcss": "tailwind", "autoprefixer": "autoprefixer"}
"""Plugins of PostCSS, and the word in the names of packages that may bring each."""
_PLUGIN = regex(
    r"(?<![\w@/.-])(?P<name>tailwindcss|@tailwindcss/postcss|autoprefixer)(?![\w/.-])", words=("tailwindcss", "autoprefixer")
)


@frozen
class OmittedTool:
    """A step that runs a script whose tool is not installed: the script, the tool, the installation, and the package."""

    step: Instruction
    script: str
    tool: str
    installation: Location
    manifest: str


def omitted_tool(project: Project, chain: tuple[Stage, ...], stage: Stage, content: Content) -> OmittedTool | None:
    """Return the first script of a stage whose tool an installation before it left out, None where it may be there."""
    left_out: Instruction | None = None
    production, folder = False, "/"
    for item in (item for each in reversed(chain) for item in each.instructions):
        if item.keyword == "WORKDIR":
            folder = posixpath.join(folder, item.text.strip().strip("\"'"))
        elif item.keyword in {"ENV", "ARG"}:
            production = production or bool(_FOR_PRODUCTION.search(item.text))
        elif item.keyword in {"COPY", "ADD"} and "node_modules" in item.text:
            return None
        elif item.keyword == "RUN":
            kinds = tuple(_installs(item.text, production=production))
            if "all" in kinds:
                return None
            left_out = left_out or (item if kinds else None)
            found = _script(project, item, content, folder) if left_out is not None and item in stage.instructions else None
            if found is not None and left_out is not None:
                manifest, name, tool = found
                return OmittedTool(item, name, tool, left_out.location, manifest.path)
    return None


def _installs(text: str, *, production: bool) -> Iterator[str]:
    """Yield, for each installation of a step, whether it takes all packages or may, or leaves out those of development."""
    if _ELSEWHERE.search(text):
        yield "all"
    for match in _INSTALLS.finditer(text):
        words = match["words"]
        names_packages = any(not word.startswith("-") and "=" not in word for word in words.split())
        if _TAKES_ALL.search(text) or (names_packages and not _OF_A_MACHINE.search(words)):
            yield "all"
        elif not _OF_A_MACHINE.search(words):
            is_npm = match[0].startswith("npm")
            yield "left-out" if _LEAVES_OUT.search(words) or (production and is_npm) else "all"


def _script(project: Project, item: Instruction, content: Content, folder: str) -> tuple[Manifest, str, str] | None:
    """Return the package, the script and the tool of a step that runs a script of which the tool is left out."""
    runs = [match["name"] for match in _RUNS.finditer(item.text)]
    manifest = _manifest(project, content, inside_image(folder)) if runs else None
    if manifest is None:
        return None
    table = _table(project.source(manifest.path) or "")
    needed, wanted = table.get("dependencies"), table.get("devDependencies")
    scripts = dict(manifest.scripts)
    for name in runs:
        for part in scripts.get(name, "").split("&&"):
            tool = (part.split() or [""])[0]
            there = frozenset(needed) if isinstance(needed, dict) else frozenset()
            left = frozenset(wanted) - there if isinstance(wanted, dict) else frozenset()
            package, bringers = _TOOLS.get(tool, ("", ()))
            if package in left and not any(word in other for other in there for word in bringers):
                return manifest, name, tool
            plugin = _plugin(project, manifest, left, there) if tool in _READ_POSTCSS else ""
            if plugin:
                return manifest, name, f"{tool}, which loads {plugin}"
    return None


def _plugin(project: Project, manifest: Manifest, left: frozenset[str], there: frozenset[str]) -> str:
    """Return a plugin that the settings of PostCSS name and that is left out, "" where another package may bring it."""
    texts = (project.source(posixpath.join(manifest.folder, name)) or "" for name in POSTCSS_SETTINGS)
    names = {match["name"] for text in texts for match in _PLUGIN.finditer(text)} & left
    return next((name for name in sorted(names) if not any(_STEMS[name] in other for other in there)), "")


def _manifest(project: Project, content: Content, folder: str) -> Manifest | None:
    """Return the one package.json that lies at a folder of the stage, by what its copies bring."""
    found: set[str] = set()
    for item in content.held:
        name = posixpath.basename(item.source)
        if set(name) & set("*?["):
            if item.place == folder and (name.startswith("package") or name == "*"):
                found.add(posixpath.join(posixpath.dirname(item.source), "package.json"))
        elif name == "package.json":
            found |= {item.source} if item.place in {folder, posixpath.join(folder, name)} else set()
        elif is_below(folder, item.place) and (item.source in project.directories or not item.source):
            inside = posixpath.relpath(folder or ".", item.place or ".")
            found.add(posixpath.normpath(posixpath.join(item.source, inside, "package.json")))
    there = [manifest for manifest in project.manifests if manifest.path in found]
    return there[0] if len(there) == 1 else None


def _table(text: str) -> Mapping[str, object]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}
