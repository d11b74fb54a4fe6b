"""SEC005: an env file with the values of a running system is in the repository."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from scaffold.gaps.secrets.defaults import is_file_of_defaults, is_to_be_filled, says_to_change, template_with_the_same
from scaffold.gaps.secrets.exported import replaced_at
from scaffold.gaps.secrets.own_machine import of_the_own_machine
from scaffold.gaps.secrets.sec002_literal_credential import are_stand_ins, environment_of, literal_credentials, repeats_names
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import EnvEntry, EnvFile, Project
from scaffold.model.regex import regex
from scaffold.model.secrets import holds_secret

_OF_PAGES = ("VITE_", "NEXT_PUBLIC_", "REACT_APP_", "VUE_APP_", "NUXT_PUBLIC_", "GATSBY_", "EXPO_PUBLIC_", "PUBLIC_", "NG_APP_")
"""How variables begin that a bundler writes into the pages, where everybody reads them; its `.env` is meant to be committed."""
_REFERENCE = regex(r"\$(?:\w+|\{\w+\})")


def _detect(project: Project) -> Iterator[Gap]:
    for file in project.env_files:
        if file.kind != "template" and file.path not in project.owned and _says_something(file):
            held = _held(project, file)
            if held or _is_sensitive(file) or not any(entry.name.startswith(_OF_PAGES) for entry in file.entries):
                yield _gap(project, file, held)


def _says_something(file: EnvFile) -> bool:
    """Whether a value of the file is more than the name of another variable, from which a build takes it."""
    return any(not entry.commented and not _REFERENCE.fullmatch(entry.value) for entry in file.entries)


def _held(project: Project, file: EnvFile) -> tuple[str, ...]:
    keys = {sighting.key for sighting in project.sightings if sighting.location.path == file.path}
    return tuple(sorted({*literal_credentials(project, file), *keys}))


def _is_sensitive(file: EnvFile) -> bool:
    return any(entry.value and holds_secret(entry.name, entry.value) for entry in file.entries if not entry.commented)


def _gap(project: Project, file: EnvFile, held: tuple[str, ...]) -> Gap:
    names = frozenset(held)
    related = [entry.location for entry in file.entries if entry.name in names and not entry.commented]
    template = _template(project, file, held)
    shipped = template is not None or says_to_change(project, file) or is_to_be_filled(file, held)
    shipped = shipped or repeats_names(project, file, names)
    place = replaced_at(project, file.path, held)
    own = None if not held or _issued(project, file) else of_the_own_machine(file)
    opens = held and file.kind == "real" and not shipped and not place and not own and not are_stand_ins(file, held)
    severity = Severity.HIGH if opens else Severity.MEDIUM if held else Severity.LOW
    return RULE.gap(
        resource=file.path,
        subject="tracked",
        message=_message(project, file, held, template, _of_nobody(place, own)),
        expected=f"a template such as {file.path}.example in git, the file itself in .gitignore",
        actual="tracked",
        locations=(related[0] if related else Location(file.path, 1),),
        related=(*related[1:], *((own.location,) if own else ())),
        severity=severity,
        environment=environment_of(project, file),
        closers=(Closer(None, "advice", _advice(file.path)),),
    )


def _template(project: Project, file: EnvFile, held: tuple[str, ...]) -> EnvFile | None:
    """Return the template that shows all of the file's credentials; a key that a provider issued is nobody's default, and the
    files of an example count for less as a whole.
    """
    if any(note.is_whole for note in project.development_notes) or _issued(project, file):
        return None
    entries = tuple(entry for entry in file.entries if entry.name in held and not entry.commented)
    return template_with_the_same(project, file, entries)


def _issued(project: Project, file: EnvFile) -> bool:
    """Whether the file holds a key that a provider issued, which works wherever it is written."""
    return any(sighting.location.path == file.path for sighting in project.sightings)


def _of_nobody(place: Location | None, own: EnvEntry | None) -> str:
    """Return why what the file holds is not what a system runs with that others reach, "" where nothing says so."""
    exported = f"; {place.path}:{place.line} exports others over them for production" if place else ""
    return exported or (f"; {own.name} says that the file is for one's own machine" if own else "")


def _message(project: Project, file: EnvFile, held: tuple[str, ...], template: EnvFile | None, why: str) -> str:
    if not held and is_file_of_defaults(project, file):
        return (
            f"{file.path} is the file of defaults that projects of Symfony commit: what no .env.local sets runs with values "
            "that everybody can read."
        )
    same = f"; {template.path} shows the same values, so nobody drew them for one system" if template else ""
    if held and not template and says_to_change(project, file):
        same = ", and its head tells people to change them: whoever does not runs with values that everybody can read"
    same += why
    if held and are_stand_ins(file, held):
        names = ", ".join(held)
        return (
            f"{file.path} is an env file with which services start, and part of the repository; its credentials are stand-ins "
            f"({names}): whoever leaves them as they are runs with what everybody can read{same}."
        )
    what = f"with credentials ({', '.join(held)})" if held else "with stand-ins only" if _is_sensitive(file) else ""
    what = what or "without credentials"
    use = "with which services start" if why else "of a running system"
    return f"{file.path} is an env file {use}, {what}, and it is part of the repository{same}."


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
