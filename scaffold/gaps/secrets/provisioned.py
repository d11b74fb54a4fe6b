"""Whether infrastructure as code gives a deployed application a variable."""

from __future__ import annotations

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


def provisioned(project: Project, name: str) -> Location | None:
    """Return where the infrastructure of a system gives its application the variable, None for nowhere."""
    return _given(project).get(name)


@remembered
def _given(project: Project) -> dict[str, Location]:
    """Return the variables that the code of infrastructure gives, files of production first."""
    files = [item.path for item in foreign_infrastructure(project) if item.kind in _KINDS and not is_test_path(item.path)]
    classes = {path: path_environment(path) for path in files}
    wanted = [path for path in files if classes[path] in {EnvironmentClass.PRODUCTION, EnvironmentClass.BASE}]
    found: dict[str, Location] = {}
    for path in sorted(wanted, key=lambda path: (classes[path] is EnvironmentClass.BASE, path)):
        text = project.source(path) or ""
        for match in _SET.finditer(text):
            found.setdefault(match["named"] or match["key"], Location.at_offset(path, text, match.start()))
    return found
