"""Keys of env templates that no file of the project names in any spelling: whoever fills them in is told so."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from scaffold.model.bundlers import BUNDLERS
from scaffold.model.compose import Stack
from scaffold.model.framework_variables import OF_FRAMEWORKS, OF_RUNTIMES, TAKES_ALL
from scaffold.model.image_code import is_served
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
_OF_PACKAGES = frozenset({"SENTRY_DSN", "REDIS_URL"})
"""Variables that packages read by themselves, where the project has one of these."""
_BEGINNING = 2
"""Words that a beginning common to all variables of a program mostly has, at most."""
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


def unread_variables(
    stacks: tuple[Stack, ...],
    named: Iterable[EnvRead | str],
    setting: Iterable[str],
    paths: Iterable[str],
    glance: Callable[[str], str | None],
) -> frozenset[str]:
    """Return the variables of containers built here that are not among the `named` ones and in no file of `paths`, in any
    spelling: Compose files and those of `setting`, which only set variables, say nothing.

    Left out is what frameworks and runtimes read by themselves. Where code that serves takes variables without their names,
    one counts as named whose name without its first words is.
    """
    known = {_plain(item if isinstance(item, str) else item.name) for item in named}
    missing = {
        entry.name: plain
        for stack in stacks
        for service in stack.services
        for entry in (service.environment if service.build else ())
        if entry.source == "environment" and _is_of_people(entry.name) and (plain := _plain(entry.name)) not in known
    }
    skipped = {*setting, *(service.location.path for stack in stacks for service in stack.services)}
    texts = []
    for path in paths if 0 < len(missing) <= _MOST else ():
        if path in skipped or path.endswith(_NAMES_NOTHING) or is_compose_path(path) or not missing:
            continue
        text = glance(path)
        if text is not None:
            missing = {name: plain for name, plain in missing.items() if name not in text}
            texts.append((path, text))
    without_names = False
    for path, text in texts if missing else ():
        plain_text = _plain(text)
        missing = {name: plain for name, plain in missing.items() if plain not in plain_text}
        without_names = without_names or (is_served(path) and bool(TAKES_ALL.search(text)))
    if without_names:
        words = {name: _without_first(name) for name in missing}
        for _, text in texts if words else ():
            plain_text = _plain(text)
            words = {name: ends for name, ends in words.items() if not any(end in plain_text for end in ends)}
        missing = {name: plain for name, plain in missing.items() if name in words}
    return frozenset(missing) if len(missing) <= _MOST else frozenset()


def _is_of_people(name: str) -> bool:
    """Whether a variable may be one of the project's own: in capitals, of more than one word, and not of a framework."""
    if not name.isupper() or "_" not in name or "__" in name or OF_RUNTIMES.fullmatch(name):
        return False
    return name in _OF_PACKAGES or name.startswith(tuple(BUNDLERS)) or not OF_FRAMEWORKS.fullmatch(name)


def _without_first(name: str) -> tuple[str, ...]:
    """Return what code that knows the beginning of a name, of one or two words or more, spells of it."""
    words = name.split("_")
    ends = ("".join(words[index:]).lower() for index in range(1, len(words)) if index <= _BEGINNING or index < len(words) - 1)
    return tuple(ends)


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
