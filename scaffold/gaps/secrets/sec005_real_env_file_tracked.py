"""SEC005: an env file with the values of a running system is in the repository."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import replace

from scaffold.gaps.secrets.defaults import is_file_of_defaults, keys_of_providers
from scaffold.gaps.secrets.env_file_credentials import (
    OF_PAGES,
    Excuse,
    environment_of,
    excuse_of,
    is_of_a_system,
    is_taken,
    literal_credentials,
)
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import EnvFile, Project
from scaffold.model.regex import regex
from scaffold.model.secrets import holds_secret

_REFERENCE = regex(r"\$(?:\w+|\{\w+\})")


def _detect(project: Project) -> Iterator[Gap]:
    for file in project.env_files:
        if file.kind != "template" and file.path not in project.owned and _says_something(file):
            groups = literal_credentials(project, file)
            issued = keys_of_providers(project).get(file.path, frozenset())
            for_pages = any(entry.name.startswith(OF_PAGES) for entry in file.entries)
            if groups or issued or _is_sensitive(file) or not for_pages:
                names = issued.union(entry.name for entries in groups.values() for entry in entries)
                yield _gap(project, file, tuple(sorted({*groups, *issued})), names)


def _says_something(file: EnvFile) -> bool:
    """Whether a value of the file is more than the name of another variable, from which a build takes it."""
    return any(not entry.commented and not _REFERENCE.fullmatch(entry.value) for entry in file.entries)


def _is_sensitive(file: EnvFile) -> bool:
    return any(entry.value and holds_secret(entry.name, entry.value) for entry in file.entries if not entry.commented)


def _excuse(project: Project, file: EnvFile, names: frozenset[str]) -> Excuse:
    """Return what says of these credentials that no system runs with them: no template where a provider issued one, which is
    nobody's default, or where the file counts for less as a whole, as part of an example.
    """
    excuse = excuse_of(project, file, names)
    if file.path in keys_of_providers(project):
        return replace(excuse, template=None, own=None)
    return replace(excuse, template=None) if any(note.is_whole for note in project.development_notes) else excuse


def _gap(project: Project, file: EnvFile, held: tuple[str, ...], names: frozenset[str]) -> Gap:
    excuse = _excuse(project, file, names) if held else None
    of_a_system = bool(held) and is_of_a_system(project, file, names)
    related = [entry.location for entry in file.entries if entry.name in held and not entry.commented]
    opens = of_a_system and excuse is not None and file.kind == "real" and not excuse.says_something
    severity = Severity.HIGH if opens else Severity.MEDIUM if held else Severity.LOW
    return RULE.gap(
        resource=file.path,
        subject="tracked",
        message=_message(project, file, held, excuse, of_a_system=of_a_system),
        expected=f"a template such as {file.path}.example in git, the file itself in .gitignore",
        actual="tracked",
        locations=(related[0] if related else Location(file.path, 1),),
        related=(*related[1:], *((excuse.own.location,) if excuse and excuse.own else ())),
        severity=severity,
        environment=environment_of(project, file),
        closers=(Closer(None, "advice", _advice(file.path)),),
    )


def _message(project: Project, file: EnvFile, held: tuple[str, ...], excuse: Excuse | None, *, of_a_system: bool) -> str:
    if excuse is None and is_file_of_defaults(project, file):
        return (
            f"{file.path} is the file of defaults that projects of Symfony commit: what no .env.local sets runs with values "
            "that everybody can read."
        )
    why = _of_nobody(excuse)
    same = f"{_of_no_system(excuse)}{why}"
    if excuse and excuse.stand_ins:
        names = ", ".join(held)
        return (
            f"{file.path} is an env file with which services start, and part of the repository; its credentials are stand-ins "
            f"({names}): whoever leaves them as they are runs with what everybody can read{same}."
        )
    what = f"with credentials ({', '.join(held)})" if held else "with stand-ins only" if _is_sensitive(file) else ""
    what = what or "without credentials"
    use = "with which services start" if why or (held and not of_a_system) else "of a running system"
    if held and not of_a_system and not why and not is_taken(project, file):
        use = "that nothing here was seen to read"
    return f"{file.path} is an env file {use}, {what}, and it is part of the repository{same}."


def _of_no_system(excuse: Excuse | None) -> str:
    """Return why nobody drew for one system what the file holds, in words, "" where nothing says so."""
    if excuse and excuse.template:
        return f"; {excuse.template.path} shows the same values, so nobody drew them for one system"
    if excuse and excuse.by_its_head:
        return ", and its head tells people to change them: whoever does not runs with values that everybody can read"
    return ""


def _of_nobody(excuse: Excuse | None) -> str:
    """Return why others do not reach a system that runs with what the file holds, in words, "" where nothing says so."""
    if excuse and excuse.exported:
        return f"; {excuse.exported.path}:{excuse.exported.line} exports others over them for production"
    return f"; {excuse.own.name} says that the file is for one's own machine" if excuse and excuse.own else ""


def _advice(path: str) -> str:
    word = shlex.quote(path)
    ignore = shlex.quote(f"/{path}")
    return f"git rm --cached {word} && echo {ignore} >> .gitignore; keep a template, and change what the file held."


RULE = Rule(
    code="SEC005",
    name="real-env-file-tracked",
    layer=Layer.SECRETS,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None, "advice", "Take the file out of git (`git rm --cached`), ignore it, keep a template, and change what it held."
        ),
    ),
)
