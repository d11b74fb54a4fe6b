"""Whether infrastructure as code gives a deployed application a variable."""

from __future__ import annotations

import posixpath

from scaffold.gaps.facts import is_test_path, path_environment
from scaffold.gaps.remembered import remembered
from scaffold.gaps.signals import foreign_infrastructure
from scaffold.model.document import Location
from scaffold.model.names import EnvironmentClass
from scaffold.model.project import Project
from scaffold.model.regex import regex

_KINDS = frozenset({"terraform", "opentofu", "bicep", "cloudformation"})
_SET = regex(
    r"(?m)^[ \t]*(?:- |\{)?[ \t]*(?:[Nn]ame[\"']?[ \t]*[:=][ \t]*[\"']?(?P<named>[A-Z][A-Z0-9_]*)[\"']?(?=[ \t]*[,}\r\n]|$)"
    r"|[\"']?(?P<key>[A-Z][A-Z0-9_]*)[\"']?[ \t]*[=:](?!=)[ \t]*[^\s])"
)
"""A line that gives a variable: a key of a map (`app_settings`, `environment`), or the name in a list of names and values."""
_NUMBER = regex(r"(?<=[a-z])\d+(?=[/._-])")
"""What tells one system from others of its kind: `dev2`."""


def provisioned(project: Project, name: str) -> Location | None:
    """Return where the infrastructure of a system gives its application the variable, None for nowhere."""
    return _given(project).get(name)


@remembered
def _given(project: Project) -> dict[str, Location]:
    """Return the variables that the code of infrastructure gives, files of production first."""
    files = [item.path for item in foreign_infrastructure(project) if item.kind in _KINDS and not is_test_path(item.path)]
    classes = {path: path_environment(_NUMBER.sub("", path)) for path in files}
    of_production = {posixpath.basename(path) for path in files if classes[path] is EnvironmentClass.PRODUCTION}
    wanted = [path for path in files if classes[path] is EnvironmentClass.PRODUCTION]
    # Beside a folder for production, folders of other names hold the same files for systems that are not it.
    wanted += [
        path for path in files if classes[path] is EnvironmentClass.BASE and posixpath.basename(path) not in of_production
    ]
    found: dict[str, Location] = {}
    for path in wanted:
        text = project.source(path) or ""
        for match in _SET.finditer(text):
            found.setdefault(match["named"] or match["key"], Location.at_offset(path, text, match.start()))
    return found
