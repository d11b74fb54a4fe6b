"""Keys of env templates that no file of the project names in any spelling: whoever fills them in is told so."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from scaffold.model.compose import Stack
from scaffold.model.framework_variables import TAKES_ALL
from scaffold.model.project import EnvFile, EnvRead
from scaffold.model.secret_names import is_sensitive_name
from scaffold.read.sets import is_compose_path

_NAMES_NOTHING = (
    *(".md", ".mdx", ".rst", ".adoc", ".txt", ".html", ".css", ".scss", ".svg", ".csv", ".sql", ".map", ".lock", ".sum"),
    *(
        ".png",
        ".jpg",
        ".jpeg",
        ".gif",
        ".webp",
        ".ico",
        ".woff",
        ".woff2",
        ".ttf",
        ".pdf",
        "package-lock.json",
        "pnpm-lock.yaml",
    ),
)
"""How files end that neither read variables nor hand them on: pages, pictures, locks."""
_MOST = 40
"""Keys that are looked for: where more are missing, the code takes its environment in a way that is not known."""


def unnamed_keys(
    templates: tuple[EnvFile, ...],
    named: Iterable[EnvRead | str],
    stacks: Iterable[Stack],
    paths: Iterable[str],
    glance: Callable[[str], str | None],
) -> frozenset[str]:
    """Return the keys of the templates that are not among the `named` ones and in no file of `paths`, in any spelling.

    Empty where code takes variables without their names, and where no container that is built here gets a whole env file.
    """
    if not any(service.build and service.env_files for stack in stacks for service in stack.services):
        return frozenset()
    known = {_plain(item if isinstance(item, str) else item.name) for item in named}
    keys = {entry.name for file in templates if file.kind == "template" for entry in file.entries if not entry.commented}
    missing = {name: plain for name in keys if (plain := _plain(name)) not in known}
    pages = {file.path for file in templates if file.kind == "template"}
    return _without_named(missing, (path for path in paths if path not in pages), glance)


def handed_on_keys(
    stacks: tuple[Stack, ...],
    named: Iterable[EnvRead | str],
    setting: Iterable[str],
    paths: Iterable[str],
    glance: Callable[[str], str | None],
) -> frozenset[str]:
    """Return the variables of secrets that services get with a default, and those that choose their values, which are not
    among the `named` ones and in no file of `paths`, in any spelling: Compose files and those of `setting`, which only set
    variables, say nothing.

    Empty where code takes variables without their names.
    """
    known = {_plain(item if isinstance(item, str) else item.name) for item in named}
    names = {
        name
        for stack in stacks
        for service in stack.services
        for entry in service.environment
        for reference in entry.references
        if entry.source == "environment" and reference.has_default and is_sensitive_name(reference.name)
        for name in (entry.name, reference.name)
    }
    missing = {name: plain for name in names if (plain := _plain(name)) not in known}
    skipped = {*setting, *(service.location.path for stack in stacks for service in stack.services)}
    return _without_named(missing, (path for path in paths if path not in skipped and not is_compose_path(path)), glance)


def _without_named(missing: dict[str, str], paths: Iterable[str], glance: Callable[[str], str | None]) -> frozenset[str]:
    for path in paths if len(missing) <= _MOST else ():
        text = glance(path) if missing and not path.endswith(_NAMES_NOTHING) else None
        if text is not None:
            if TAKES_ALL.search(text):
                return frozenset()
            plain = _plain(text)
            missing = {name: word for name, word in missing.items() if word not in plain}
    return frozenset(missing) if len(missing) <= _MOST else frozenset()


def _plain(text: str) -> str:
    return text.lower().replace("_", "").replace("-", "")
