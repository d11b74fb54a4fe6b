"""What one file of application code gives, whatever its language."""

from __future__ import annotations

from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.project import CodeFact, EnvRead, SettingDefault
from scaffold.model.secrets import classify


@frozen
class RoutePart:
    """A piece of a route: its text, or the name of the setting that holds it."""

    text: str
    setting: str = ""


@frozen
class Route:
    """A route on a router of the file; kind is that of the fact it becomes."""

    kind: str
    router: str
    part: RoutePart
    location: Location


@frozen
class Inclusion:
    """A router that hangs below another one; both are names as the file writes them."""

    parent: str
    child: str
    prefix: RoutePart


@frozen
class Routing:
    """The routes of one file, and what is needed to tell the whole path of each."""

    path: str
    routes: tuple[Route, ...] = ()
    inclusions: tuple[Inclusion, ...] = ()
    routers: tuple[tuple[str, RoutePart], ...] = ()
    aliases: tuple[tuple[str, str], ...] = ()
    """Each imported name with the module, or the module and name, that it stands for."""


@frozen
class CodeReading:
    """Defaults of settings, environment variables that are read, and facts, each in the order of lines."""

    settings: tuple[SettingDefault, ...] = ()
    reads: tuple[EnvRead, ...] = ()
    facts: tuple[CodeFact, ...] = ()
    routing: Routing | None = None


def setting(name: str, value: str, kind: str, location: Location, *, guarded: bool) -> SettingDefault:
    """Return a default with the class of its value."""
    return SettingDefault(name, value, classify(value), kind, location, guarded)


def is_kept(default: str | None) -> bool:
    """Whether an empty text in the place of a default is another setting than the default itself."""
    return bool(default) and (default or "").strip().lower() not in {"", "false", "0", "no", "off", "none", "null", "undefined"}


def reading(settings: list[SettingDefault], reads: list[EnvRead], facts: list[CodeFact]) -> CodeReading:
    """Return the lists as a value: sorted by place, each item once."""
    return CodeReading(
        tuple(sorted(dict.fromkeys(settings), key=lambda item: (item.location.sort_key(), item.name))),
        tuple(sorted(dict.fromkeys(reads), key=lambda item: (item.location.sort_key(), item.name))),
        tuple(sorted(dict.fromkeys(facts), key=lambda item: (item.location.sort_key(), item.kind, item.detail))),
    )
