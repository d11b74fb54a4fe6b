"""Environment classes: what the names of files and the values of services say that a stack is for."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable

from scaffold.model.compose import Service
from scaffold.model.names import EnvironmentClass
from scaffold.model.regex import regex

_WORDS = {
    EnvironmentClass.PRODUCTION: (
        "prod",
        "production",
        "prd",
        "live",
        "selfhost",
        "selfhosted",
        "deploy",
        "deployment",
        "release",
        "swarm",
    ),
    EnvironmentClass.STAGING: ("staging", "stage", "stg", "preprod", "uat", "qa", "preview"),
    EnvironmentClass.TEST: (
        *("test", "tests", "testing", "ci", "cicd", "e2e", "integration", "cypress", "playwright", "spec"),
        *("restore", "drill"),
    ),
    EnvironmentClass.EXAMPLE: ("example", "examples", "sample", "samples", "demo", "template", "templates"),
    EnvironmentClass.DEV: (
        "dev",
        "devel",
        "develop",
        "development",
        "local",
        "override",
        "debug",
        "hot",
        "watch",
        "devcontainer",
        "localprod",
        "prodlocal",
    ),
}
_CLASSES = {word: kind for kind, words in _WORDS.items() for word in words}
_WEAK = frozenset({"deploy", "deployment", "release", "selfhost", "selfhosted", "swarm"})
"""Words that mean production only where nothing else says what is deployed: `deploy-staging` is staging."""
_FOLDERS = {
    **dict.fromkeys(("test", "tests", "e2e", "testing", "testdata", "fixtures", "cypress", "ci"), EnvironmentClass.TEST),
    **dict.fromkeys(("example", "examples", "sample", "samples", "demo", "demos"), EnvironmentClass.EXAMPLE),
    **dict.fromkeys(("dev", "development", "local", ".devcontainer", "devcontainer"), EnvironmentClass.DEV),
    **dict.fromkeys(("benchmark", "benchmarks", "contrib", "experiments", "extras", "playground"), EnvironmentClass.DEV),
    **dict.fromkeys(("prod", "production", "prd"), EnvironmentClass.PRODUCTION),
    **dict.fromkeys(("staging", "stage"), EnvironmentClass.STAGING),
}
_VARIABLES = frozenset(
    {
        "ENVIRONMENT",
        "ENV",
        "APP_ENV",
        "NODE_ENV",
        "RAILS_ENV",
        "RACK_ENV",
        "MIX_ENV",
        "FLASK_ENV",
        "DJANGO_ENV",
        "ASPNETCORE_ENVIRONMENT",
        "SPRING_PROFILES_ACTIVE",
    }
)

_STACK = regex(r"\bdocker[-_]stack\b", words=("docker",))
"""What people call a file for `docker stack deploy`: one for a swarm."""
_LOCAL_PRODUCTION = regex(
    r"(?<![a-z])local[-_.]prod(?:uction)?(?![a-z])|(?<![a-z])prod(?:uction)?[-_.]local(?![a-z])", words=("local",)
)
_SELF_HOSTED = regex(r"\bself[-_](host(?:ed)?)\b", words=("host",))


def _tokens(text: str) -> list[str]:
    """Return the words of a name; `self-hosted` and `self_host` are one word, as people write them without the hyphen too, and
    what is tried on one's own machine as production runs it is local.
    """
    plain = _LOCAL_PRODUCTION.sub("local", _STACK.sub("swarm", text.lower()))
    return [token for token in re.split(r"[^a-z0-9]+", _SELF_HOSTED.sub(r"self\1", plain)) if token]


def _kinds(tokens: list[str]) -> list[EnvironmentClass]:
    """Return the classes that words speak of, in their order: the weak ones only where no other does."""
    found = [token for token in tokens if token in _CLASSES]
    return [_CLASSES[token] for token in [token for token in found if token not in _WEAK] or found]


def class_of_word(word: str) -> EnvironmentClass | None:
    """Return the class that a make target's, job's or file's name speaks of, None when it names none or several."""
    found = set(_kinds(_tokens(word)))
    return next(iter(found)) if len(found) == 1 else None


def class_of_files(
    files: tuple[str, ...], title_of: Callable[[str], EnvironmentClass | None] = lambda _: None
) -> tuple[EnvironmentClass | None, str]:
    """Return the class by the names of a set's files, the last one first, else by their folders, and why. `title_of` tells
    what the first lines of a file call it, which counts where its name is silent.
    """
    folders = _classes_of_folders(files[0])
    for path in reversed(files):
        tokens = _tokens(posixpath.basename(path).rpartition(".")[0])
        if "override" in tokens[:-1]:
            tokens.remove("override")  # a variant that stands in for the override says by its last word what it is for
        named = _kinds(tokens)
        specific = [kind for kind in named if kind is not EnvironmentClass.DEV] or named
        if specific:
            return specific[-1], f"the name of {path} says {specific[-1].value}"
        title = title_of(path)
        if title is not None and not (folders and title is EnvironmentClass.PRODUCTION):
            return title, f"the first lines of {path} say {title.value}"
        # What lies over a base from a folder of tests is for them.
        if path != files[0] and EnvironmentClass.TEST in _classes_of_folders(path):
            return EnvironmentClass.TEST, f"the folder of {path} says {EnvironmentClass.TEST.value}"
    return (folders[0], f"the folder of {files[0]} says {folders[0].value}") if folders else (None, "")


def _classes_of_folders(path: str) -> list[EnvironmentClass]:
    found = (_class_of_folder(folder) for folder in posixpath.dirname(path).lower().split("/"))
    return [kind for kind in found if kind is not None]


def _class_of_folder(folder: str) -> EnvironmentClass | None:
    """Return what a folder is called after: a known word, or a name of several that ends as one of tests does."""
    if folder in _FOLDERS:
        return _FOLDERS[folder]
    words = re.split(r"[^a-z0-9]+", folder)
    return EnvironmentClass.TEST if len(words) > 1 and ("e2e" in words or words[-1] in {"test", "tests"}) else None


def declared_class(services: tuple[Service, ...]) -> tuple[EnvironmentClass | None, str]:
    """Return the class that the services' own environment variables agree on, and why."""
    found = {}
    for service in services:
        if service.env("LARAVEL_SAIL") is not None:
            return EnvironmentClass.DEV, f"{service.name} is Laravel Sail, which is for development"
        for entry in service.environment:
            kind = class_of_word(entry.value or "") if entry.name in _VARIABLES else None
            if kind is not None:
                found[kind] = f"{service.name} sets {entry.name} to a {kind.value} value"
    if len(found) == 1:
        return next(iter(found.items()))
    return None, ""
