"""Modules that never run, though they hold settings or drop tables: a second settings module, scripts that nothing imports."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from scaffold.model.regex import regex
from scaffold.model.secret_names import is_sensitive_name
from scaffold.read.code import CodeReading
from scaffold.read.paths import is_test_code

_TextOf = Callable[[str], str | None]

_MOST = 8
"""Candidates that are looked for in all files: more of them are no leftovers, but a layout of its own."""
_OF_SETTINGS = regex(r"(?:\w+_)?(?:config|conf|settings?|env|environment|constants|defaults|secrets)")
_SCRIPTS = (".js", ".ts", ".mjs", ".cjs", ".mts", ".cts")
_SCRIPT = regex(r"\.[cm]?[jt]sx?$")
_IMPORTING = regex(r"\.(?:[cm]?[jt]sx?|vue|svelte|astro|mdx)$")
"""Files that import scripts: scripts, and components that hold some."""
_IMPORTED = regex(r"(?:\bfrom|\bimport|\brequire|\bmock)\s*(?:\(\s*)?[\"'`](?P<name>[^\"'`\n]+)[\"'`]")
_LOADS_BY_NAME = regex(
    r"readdir|\bglob(?:Sync)?\(|meta\.glob|autoload|autoLoad|Autoload|AutoLoad|requireAll|\b(?:require|import)\(\s*[^\"')\s]",
    words=("readdir", "glob", "autoload", "autoLoad", "Autoload", "AutoLoad", "require", "import"),
)
_BY_PATH = regex(
    r"\"(?:next|nuxt|nitropack|astro|gatsby|vinxi|@sveltejs/kit|@remix-run/[\w-]+|@react-router/[\w-]+|@tanstack/[\w-]*start"
    r"|@fastify/autoload|@adonisjs/core|@strapi/[\w-]+|sails|@medusajs/[\w-]+|@feathersjs/[\w-]+|egg|midway|@redwoodjs/[\w-]+)\""
)
"""Frameworks that load modules by their place in the tree."""
_STARTED_BY_PATH = frozenset(
    {"api", "functions", "scripts", "bin", "migrations", "seeds", "seeders", "cron", "tasks", "commands"}
)
"""Folders whose files a platform or a person starts one by one."""
_STARTS = regex(
    r"(?:^|/)(?:package\.json|Procfile|Makefile|[\w.-]*Dockerfile[\w.-]*|ecosystem[\w.]*)$|\.(?:sh|ya?ml|toml|html?)$"
)
"""Files that start programs, and pages that load scripts by their path."""
_ENDING = r"\.[cm]?[jt]s"
_SETS_A_TOOL = regex(
    r"(?:^|/)(?:(?:knexfile|ormconfig|drizzle\.config|prisma\.config|mikro-orm\.config)\.[cm]?[jt]s|(?:alembic|migrations)/env\.py)$"
)
"""What knex, TypeORM, Drizzle, Prisma, MikroORM and Alembic read when somebody calls them."""
_ENTRY = regex(r"(?<![\w@./-])[\w@./-]+\.[cm]?[jt]s\b")
_BUILT = regex(r"^(?:\./)?(?:dist|build|out|lib)/(?:src/)?")


def without_idle(code: CodeReading, files: Iterable[str], text_of: _TextOf) -> CodeReading:
    """Return the reading without what stands in modules that never run; where that is not certain, nothing is left out."""
    listed = tuple(files)
    secrets = (item.location.path for item in code.settings if item.value and is_sensitive_name(item.name))
    dropping = (item.location.path for item in code.facts if item.kind == "schema" and item.detail == "sequelize force")
    holding = sorted({*secrets, *dropping})
    idle = frozenset((*_settings_modules(holding, listed, text_of), *_scripts(holding, listed, text_of)))
    of_tools = _of_tools(holding, listed, text_of)
    if of_tools:
        marked = (replace(item, idle=True) if item.location.path in of_tools else item for item in code.settings)
        code = replace(code, settings=tuple(marked))
    if not idle:
        return code
    return replace(
        code,
        settings=tuple(item for item in code.settings if item.location.path not in idle),
        reads=tuple(item for item in code.reads if item.location.path not in idle),
        facts=tuple(item for item in code.facts if item.location.path not in idle),
    )


# --- files that only the command line of a tool reads ---------------------------------------------------------------------


def _of_tools(holding: list[str], listed: tuple[str, ...], text_of: _TextOf) -> frozenset[str]:
    """Return the files with the settings of a tool for migrations that no module takes in."""
    candidates = {path: _import_of(posixpath.basename(path)) for path in holding if _SETS_A_TOOL.search(path)}
    if len(candidates) > _MOST:
        return frozenset()
    for path in (path for path in listed if path.endswith(_SCRIPTS)) if candidates else ():
        text = text_of(path) or ""
        candidates = {own: name for own, name in candidates.items() if own == path or not name.search(text)}
    return frozenset(candidates)


def _import_of(name: str) -> re.Pattern[str]:
    """Return how a module of JavaScript names a file that it takes in, with the file's ending or without."""
    return re.compile(rf"[\"'`/]{re.escape(re.sub(_ENDING, '', name))}(?:{_ENDING})?[\"'`]")


# --- Python: a module that is called after the settings of the application ----------------------------------------------


def _settings_modules(holding: list[str], listed: tuple[str, ...], text_of: _TextOf) -> Iterable[str]:
    """Return the modules (`config_production.py`) called after another one beside it (`config.py`) whose name no other file
    has: no import, no command, no mount, no page. Where code puts a module's name together, each of them may run.
    """
    modules = frozenset(path for path in listed if path.endswith(".py"))
    candidates = {path: named for path in holding if path in modules and (named := _called_after(path, modules))}
    candidates = {path: named for path, named in candidates.items() if "__main__" not in (text_of(path) or "")}
    if len(candidates) > _MOST:
        return ()
    for path in listed if candidates else ():
        text = text_of(path) or ""
        candidates = {own: after for own, after in candidates.items() if own == path or not _names(text, own, after)}
        if not candidates:
            break
    return candidates


def _called_after(path: str, modules: frozenset[str]) -> str:
    """Return the name of the module in the same folder after which this one is called, "" for none."""
    folder, stem = posixpath.split(path.removesuffix(".py"))
    shorter = (stem.rpartition("_")[0], stem.partition("_")[2])
    beside = (name for name in shorter if _OF_SETTINGS.fullmatch(name) and posixpath.join(folder, f"{name}.py") in modules)
    return next(beside, "")


def _names(text: str, path: str, after: str) -> bool:
    """Whether a text has the name of a module, or puts together names that begin as it does."""
    stem = posixpath.basename(path).removesuffix(".py")
    if stem in text:
        return True
    begin = f"{after}_" if stem.startswith(f"{after}_") else ""
    return bool(begin) and begin in text and re.search(rf"\b{re.escape(begin)}[\"'{{%$]", text) is not None


# --- JavaScript: a module that no other one imports -----------------------------------------------------------------------


def _scripts(holding: list[str], listed: tuple[str, ...], text_of: _TextOf) -> Iterable[str]:
    """Return the modules of packages whose program is known that no module of the project imports and no command names, in
    packages that load all their modules by import.
    """
    packages = {posixpath.dirname(path) for path in listed if posixpath.basename(path) == "package.json"}
    candidates = {path: root for path in holding if path.endswith(_SCRIPTS) and (root := _root(path, packages)) is not None}
    candidates = {path: root for path, root in candidates.items() if _STARTED_BY_PATH.isdisjoint(path[len(root) :].split("/"))}
    known = {root for root in set(candidates.values()) if _has_known_program(root, frozenset(listed), text_of)}
    wanted = {_bare(path): path for path, root in candidates.items() if root in known}
    if not wanted or len(wanted) > _MOST:
        return ()
    loading: set[str] = set()
    for path in listed:
        is_script = _IMPORTING.search(path) is not None and not is_test_code(path)
        text = text_of(path) or "" if is_script or _STARTS.search(path) else ""
        if is_script:
            wanted = {own: file for own, file in wanted.items() if own not in _imports(path, text, wanted)}
            loading |= {root for root in known - loading if _is_below(path, root) and _LOADS_BY_NAME.search(text)}
        else:
            wanted = {own: file for own, file in wanted.items() if "/".join(own.split("/")[-2:]) not in text}
        if not wanted:
            break
    return [file for file in wanted.values() if candidates[file] not in loading]


def _root(path: str, packages: set[str]) -> str | None:
    """Return the folder of the package that holds a file, None for none."""
    folder = posixpath.dirname(path)
    while folder and folder not in packages:
        folder = posixpath.dirname(folder)
    return folder if folder in packages else None


def _has_known_program(root: str, listed: frozenset[str], text_of: _TextOf) -> bool:
    """Whether the package names a file that it starts, and no framework that finds modules by their place."""
    text = text_of(posixpath.join(root, "package.json")) or ""
    if not text or _BY_PATH.search(text):
        return False
    named = (posixpath.normpath(posixpath.join(root, name)) for name in _ENTRY.findall(_sources_of(text)))
    return any(_SCRIPT.sub(end, path) in listed for path in named for end in (".ts", ".js", ".mjs", ".cjs"))


def _sources_of(text: str) -> str:
    """Return the text of a manifest with the files that a build makes as those that it makes them of."""
    return " ".join([*_ENTRY.findall(text), *(_BUILT.sub("src/", name) for name in _ENTRY.findall(text))])


def _imports(path: str, text: str, wanted: dict[str, str]) -> set[str]:
    """Return those of the wanted modules that a file imports; other names may mean any with their last part."""
    stems = {posixpath.basename(own) for own in wanted}
    if not any(stem in text for stem in stems):
        return set()
    found: set[str] = set()
    for match in _IMPORTED.finditer(text):
        name = _SCRIPT.sub("", match["name"])
        if name.startswith("."):
            found.add(_bare(posixpath.normpath(posixpath.join(posixpath.dirname(path), name))))
        else:
            found |= {own for own in wanted if posixpath.basename(own) == posixpath.basename(name)}
    return (found & set(wanted)) - {_bare(path)}


def _bare(path: str) -> str:
    """Return the path by which a module is imported: without its ending, a folder for its `index`."""
    return _SCRIPT.sub("", path).removesuffix("/index")


def _is_below(path: str, root: str) -> bool:
    return not root or path.startswith(f"{root}/")
