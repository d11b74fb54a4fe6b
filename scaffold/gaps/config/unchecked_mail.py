"""Settings of Rails by which its mails go to a server whose certificate nobody looks at."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from scaffold.gaps.config.code_switches import Switch
from scaffold.gaps.facts import is_test_path
from scaffold.model.document import Location
from scaffold.model.names import Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_FILES = regex(
    r"^(?P<root>(?:[^/]+/)*?)config/(?:environments/production|application|initializers/\w+)\.rb$", words=("config/",)
)
_MODE = regex(
    r"(?m)^(?P<before>[^#\n]*?):?\bopenssl_verify_mode[\"']?\s*(?:=>|:)\s*"
    r"(?::?[\"']?(?P<none>none)\b|Settings\.(?P<setting>[a-z]\w*)[ \t]*,?[ \t]*(?:#[^\n]*)?$)",
    words=("openssl_verify_mode",),
)
_GUARD = regex(r"Rails\.env|\bdevelopment\?|\bENV\b[^\n]*\?")
"""Conditions by which such a line may hold for development alone."""
_OFF = "none"
_EFFECT = "Rails hands its mails, and the login of the mail server, to whoever answers in that server's place"


def unchecked_mail(project: Project) -> Iterator[tuple[str, Switch]]:
    """Yield each file with a literal that turns the check off, in code or in the settings that the code takes it from."""
    for source in project.sources:
        place = _FILES.search(source.path) if "openssl_verify_mode" in source.text else None
        match = _MODE.search(source.text) if place and not is_test_path(source.path) else None
        if place is None or match is None or _GUARD.search(source.text, max(match.start() - 400, 0), match.end()):
            continue
        if not project.exists(f"{place['root']}config/environments/production.rb"):
            continue
        if match["none"]:
            yield source.path, _switch(Location(source.path, source.text.count("\n", 0, match.end()) + 1))
        elif (found := _in_settings(project, place["root"], match["setting"])) is not None:
            yield found.path, _switch(found, f"{_EFFECT}, unless a config/settings.local.yml of the host says else")


def _in_settings(project: Project, root: str, name: str) -> Location | None:
    """Return the line of the settings for every environment that turns the check off, unless those of production say else."""
    path = posixpath.join(root, "config/settings.yml")
    line = re.compile(rf"(?m)^{re.escape(name)}[ \t]*:[ \t]*[\"']?{_OFF}[\"']?[ \t]*(?:#[^\n]*)?$")
    own = project.source(posixpath.join(root, "config/settings/production.yml")) or ""
    text = project.source(path) or ""
    match = line.search(text)
    if match is None or re.search(rf"(?m)^{re.escape(name)}[ \t]*:", own):
        return None
    return Location(path, text.count("\n", 0, match.start()) + 1)


def _switch(place: Location, effect: str = _EFFECT) -> Switch:
    return Switch(
        "openssl_verify_mode",
        place,
        effect,
        Severity.LOW,
        "Write 'peer' there, and give the program the certificate of the authority that signed the mail server's.",
    )
