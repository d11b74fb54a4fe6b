"""IMG005: a secret stands in a layer of the image, where whoever pulls it can read it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase

from scaffold.gaps.facts import final_stages, holds_a_secret, listed
from scaffold.gaps.image.build_arguments import BuildArgument, secret_arguments
from scaffold.gaps.image.builds import environment_of, is_built, released_targets, targets_of
from scaffold.gaps.image.context_flow import copies_everything, reaches_image, removed
from scaffold.gaps.image.img003_no_dockerignore import build_contexts
from scaffold.model.dockerignore import ignore_file, ignore_patterns, leaves_out
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Confidence, EnvironmentClass, Layer, Severity
from scaffold.model.own_machine import LOOPBACK
from scaffold.model.project import Dockerfile, EnvEntry, EnvFile, Instruction, Project
from scaffold.model.regex import regex
from scaffold.model.secret_names import is_sensitive_name
from scaffold.model.secrets import SecretClass, classify, holds_secret, url_host, url_password

_ENV_FILE = regex(r"(?:.*/)?\.env(?:\*|\.(?!example|sample|template|dist|defaults?)[\w.*-]+)?")
_TEMPLATE = regex(r"[._-](?:example|sample|template|dist|defaults?|tmpl|tpl)$", re.IGNORECASE)
_USUAL_FILES = (".env", ".env.local", ".env.production")
"""What a pattern such as `.env*` takes on the machine that builds."""
_MADE_FROM_TEMPLATE = regex(r"\b(?:cp|mv)\s+(?:-\w+\s+)*(?P<source>\S+)\s+(?:\S*/)?\.env(?=[\s;&|)]|$)")
_SIGNING = regex(r"(?:^|_)(?:SECRET_?KEY(?:_BASE)?|JWT|SIGNING|SESSION|COOKIE|ENCRYPTION|APP_KEY)(?:_|$)", re.IGNORECASE)
"""Names of keys that work with any value: whoever knows it signs as well."""
_FOR_BUILD = regex(
    r"(?i)(?<![a-z])(?:not[-_ ]?(?:used|needed)|un(?:used|needed)|build[-_ ]?(?:time|only|phase|step)"
    r"|(?:for|during|at)[-_ ](?:the[-_ ])?build|collect[-_]?static)(?![a-z])",
    words=("not", "un", "build", "collect"),
)
"""What people write where a step of the build asks for a variable and does nothing with its value."""
_IN_IMAGE = {
    "ENV": {
        SecretClass.LITERAL: Severity.MEDIUM,
        SecretClass.RANDOM: Severity.HIGH,
        SecretClass.WEAK: Severity.MEDIUM,
        SecretClass.PLACEHOLDER: Severity.MEDIUM,
    },
    "ARG": {SecretClass.LITERAL: Severity.MEDIUM, SecretClass.RANDOM: Severity.MEDIUM, SecretClass.WEAK: Severity.MEDIUM},
}
"""What a value does in the image that runs; keys of providers are SEC004's. Only one that was drawn at random is for sure more
than the default of a try, and an argument is gone when the container starts.
"""
_DRAWN_OR_TYPED = frozenset({SecretClass.LITERAL, SecretClass.RANDOM})
_IN_BUILD = {"ENV": {SecretClass.RANDOM: Severity.MEDIUM}, "ARG": {SecretClass.RANDOM: Severity.MEDIUM}}
"""In a stage that is left behind, stand-ins that only make a build pass are usual."""


def _detect(project: Project) -> Iterator[Gap]:
    for dockerfile in project.dockerfiles:
        kept = tuple(stage for target in released_targets(project, dockerfile) for stage in final_stages(dockerfile, target))
        final = {stage.location for stage in kept}
        found: dict[str, list[tuple[Instruction, Severity, SecretClass]]] = {}
        for stage in dockerfile.stages:
            table = _IN_IMAGE if stage.location in final else _IN_BUILD
            for item in stage.instructions:
                for name, kind in _secrets(item):
                    severity = table[item.keyword].get(kind)
                    if severity is not None:
                        found.setdefault(name, []).append((item, severity, kind))
        for name, places in sorted(found.items()):
            yield _value_gap(project, dockerfile, name, places)
        yield from _taken(project, dockerfile)
        for item in (item for stage in dict.fromkeys(kept) for item in stage.instructions):
            yield from _copied(project, dockerfile, item)
            yield from _made(project, dockerfile, item)
    yield from _given(project)


def _given(project: Project) -> Iterator[Gap]:
    """Yield the secrets that builds get as arguments, those of the same files as one."""
    places: dict[str, list[BuildArgument]] = {}
    for item in secret_arguments(project):
        places.setdefault(item.name, []).append(item)
    alike: dict[tuple[str, ...], list[str]] = {}
    for name, items in sorted(places.items()):
        alike.setdefault(tuple(dict.fromkeys(item.location.path for item in items)), []).append(name)
    for names in alike.values():
        yield _argument_gap(names, [item for name in names for item in places[name]])


def _argument_gap(names: list[str], items: list[BuildArgument]) -> Gap:
    path = items[0].location.path
    return RULE.gap(
        resource=path,
        subject=f"argument/{names[0]}",
        message=f"{listed(names)} {'is an argument' if len(names) == 1 else 'are arguments'} of a build "
        f"({listed(dict.fromkeys(item.giver for item in items))}): `docker history` shows the value to whoever pulls the "
        "image, has it as a file, or gets on the host that runs it.",
        expected="`RUN --mount=type=secret` where the build needs it, else the value given when the container starts",
        actual="a secret as a build argument",
        locations=tuple(dict.fromkeys(item.location for item in items)),
        severity=Severity.MEDIUM,
        closers=(
            Closer(
                None,
                "advice",
                "Give it as a secret of the build (`--secret id=...`, `build.secrets` of Compose, `secrets` of the action), or "
                "only when the container starts, and change it: images that were made keep the old one.",
            ),
        ),
    )


def _secrets(item: Instruction) -> Iterator[tuple[str, SecretClass]]:
    """Yield the name and the class of each secret that an ENV or ARG gives a value of its own."""
    for name, value in _pairs(item) if item.keyword in {"ENV", "ARG"} else ():
        if "$" in value:
            continue
        host = url_host(value) or ""
        password = url_password(value) if host not in LOOPBACK else None
        if password is not None:
            found = _class_of(password)
            # Of a store that only the network of the containers knows, as far as the value says, a login alone opens nothing.
            yield name, SecretClass.WEAK if found in _DRAWN_OR_TYPED and "." not in host else found
        elif is_sensitive_name(name):
            yield name, _class_of(value)


def _class_of(value: str) -> SecretClass:
    return SecretClass.PLACEHOLDER if _FOR_BUILD.search(value) else classify(value)


def _pairs(item: Instruction) -> Iterator[tuple[str, str]]:
    first, _, rest = item.text.strip().partition(" ")
    if item.keyword == "ENV" and "=" not in first:
        yield first, rest.strip()
        return
    try:
        words = shlex.split(item.text)
    except ValueError:
        return
    for word in words:
        name, separator, value = word.partition("=")
        if separator and re.fullmatch(r"\w+", name):
            yield name, value


def _value_gap(
    project: Project, dockerfile: Dockerfile, name: str, places: list[tuple[Instruction, Severity, SecretClass]]
) -> Gap:
    worst = max(severity for _, severity, _ in places)
    kind = next(kind for _, severity, kind in places if severity is worst)
    keyword = places[0][0].keyword
    who = "whoever can pull it" if keyword == "ENV" else "whoever can pull it and asks for its history"
    built = is_built(project, dockerfile)
    note = "" if built else " (nothing in this repository builds it)"
    return RULE.gap(
        resource=dockerfile.path,
        subject=f"environment/{name}",
        message=f"{name} has a value of its own in {dockerfile.path} ({kind.value}): it is part of the image, for {who}, and "
        f"it is what runs where nobody sets another one{note}.",
        expected=f"{name} given when the container starts, or `RUN --mount=type=secret` where the build needs it",
        actual=f"{keyword} with a value",
        locations=tuple(dict.fromkeys(item.location for item, _, _ in places)),
        severity=worst if built else Severity.LOW,
        environment=environment_of(project, dockerfile),
    )


def _copied(project: Project, dockerfile: Dockerfile, item: Instruction) -> Iterator[Gap]:
    # The text of a heredoc is the file that it makes: what it names is copied by nobody.
    if item.keyword not in {"COPY", "ADD"} or "<<" in item.text:
        return
    stage = next((flag.partition("=")[2] for flag in item.flags if flag.startswith("--from=")), "")
    if stage:
        yield from _handed_on(project, dockerfile, item, stage)
        return
    for word in re.split(r"[\s,\[\]\"]+", item.text.strip())[:-1]:
        if not word or not _ENV_FILE.fullmatch(word) or _TEMPLATE.search(word) or _is_kept_out(project, dockerfile, word):
            continue
        real = [file for file in project.env_files if file.path.rpartition("/")[2] == word.rpartition("/")[2]]
        if not real or any(_holds_secret(file) for file in real):
            yield _copy_gap(project, dockerfile, word, item.location, known=bool(real))


def _is_kept_out(project: Project, dockerfile: Dockerfile, word: str) -> bool:
    """Whether the ignore file of every build keeps from the context what is copied: the build fails, or takes nothing."""
    folder, _, name = word.removeprefix("./").rpartition("/")
    names = (name,) if "*" not in name else (*_USUAL_FILES, *_tracked(project, name))
    paths = [f"{folder}/{each}" if folder else each for each in names if fnmatchcase(each, name)]
    contexts = build_contexts(project, dockerfile)
    patterns = [ignore_patterns(project, dockerfile, context) for context in contexts]
    return bool(contexts) and all(leaves_out(each, path) for each in patterns for path in paths)


def _tracked(project: Project, pattern: str) -> Iterator[str]:
    names = (file.path.rpartition("/")[2] for file in project.env_files if file.kind != "template")
    return (name for name in names if fnmatchcase(name, pattern))


def _handed_on(project: Project, dockerfile: Dockerfile, item: Instruction, name: str) -> Iterator[Gap]:
    """Yield each tracked env file with secrets that comes out of a stage which copies the whole context."""
    stage = dockerfile.stage(name)
    if stage is None or not any(map(copies_everything, stage.instructions)):
        return
    for context in build_contexts(project, dockerfile):
        patterns = dict(project.dockerignores).get(ignore_file(project, dockerfile, context)) or ()
        for word in filter(_ENV_FILE.fullmatch, item.text.split()[:-1]):
            for file in project.env_files:
                path = file.path.removeprefix(f"{context}/" if context else "")
                is_there = word.endswith(f"/{path}") and not leaves_out(patterns, path)
                if is_there and file.kind != "template" and _holds_secret(file):
                    yield replace(
                        _copy_gap(project, dockerfile, file.path, item.location, known=True), severity=Severity.MEDIUM
                    )


def _taken(project: Project, dockerfile: Dockerfile) -> Iterator[Gap]:
    """Yield each tracked env file with secrets that a copy of the whole context takes into the image past the ignore file."""
    places = tuple(item.location for stage in dockerfile.stages for item in stage.instructions if copies_everything(item))
    if not places or environment_of(project, dockerfile) in {EnvironmentClass.DEV, EnvironmentClass.TEST}:
        return
    for context in build_contexts(project, dockerfile):
        path = ignore_file(project, dockerfile, context)
        patterns = dict(project.dockerignores).get(path)
        # Without such a file IMG003 says what the copy takes in.
        for file in project.env_files if patterns is not None else ():
            folder, _, name = file.path.rpartition("/")
            kept = folder == context and file.kind != "template" and file.environment not in {"dev", "test"}
            if kept and not leaves_out(patterns or (), name) and _holds_secret(file) and _reaches(project, dockerfile, name):
                yield _taken_gap(project, dockerfile, file, path, places)


def _reaches(project: Project, dockerfile: Dockerfile, name: str) -> bool:
    targets = targets_of(project, dockerfile)
    return any(reaches_image(dockerfile, target) and name not in removed(dockerfile, target) for target in targets)


def _taken_gap(project: Project, dockerfile: Dockerfile, file: EnvFile, ignores: str, places: tuple[Location, ...]) -> Gap:
    secrets = [entry for entry in file.entries if not entry.commented and _is_kept_secret(entry)]
    return RULE.gap(
        resource=dockerfile.path,
        subject=f"context/{file.path.rpartition('/')[2]}",
        message=f"{dockerfile.path} copies the whole context, and {ignores} lets {file.path} through: "
        f"{listed(entry.name for entry in secrets)} are part of the image, for whoever can pull it, and what runs where nobody "
        "sets others.",
        expected=f"`{file.path.rpartition('/')[2]}` in {ignores}",
        actual=f"{file.path} in the image",
        locations=places,
        related=tuple(entry.location for entry in secrets),
        severity=Severity.MEDIUM if is_built(project, dockerfile) else Severity.LOW,
        environment=environment_of(project, dockerfile),
        closers=(
            Closer(None, "advice", f"Add the file to {ignores}, give the values when the container starts, and change them."),
        ),
    )


def _holds_secret(file: EnvFile) -> bool:
    return any(_is_kept_secret(entry) for entry in file.entries if not entry.commented)


def _holds_drawn(file: EnvFile) -> bool:
    """Whether a file has a secret that was drawn at random or that a provider issued: more than the default of a try."""
    drawn = {SecretClass.RANDOM, SecretClass.PROVIDER_KEY}
    return any(_is_kept_secret(entry) and classify(entry.value) in drawn for entry in file.entries if not entry.commented)


def _is_kept_secret(entry: EnvEntry) -> bool:
    harmless = {SecretClass.EMPTY, SecretClass.PLACEHOLDER, SecretClass.REFERENCE, SecretClass.PLAIN}
    # An address alone opens nothing, whatever its variable is called: MAILER_DSN=null://null.
    bare = "://" in entry.value and not url_password(entry.value)
    return not bare and holds_secret(entry.name, entry.value) and classify(entry.value) not in harmless


def _copy_gap(project: Project, dockerfile: Dockerfile, word: str, place: Location, *, known: bool) -> Gap:
    return RULE.gap(
        resource=dockerfile.path,
        subject=f"copy/{word}",
        message=f"{dockerfile.path} copies {word} into the image: the settings of the machine that builds it, with its "
        "secrets, go to whoever can pull it.",
        expected="settings that are given when the container starts",
        actual=f"{word} in the image",
        locations=(place,),
        severity=Severity.HIGH if known and is_built(project, dockerfile) else Severity.MEDIUM,
        confidence=Confidence.HIGH if known else Confidence.MEDIUM,
        environment=environment_of(project, dockerfile),
    )


def _made(project: Project, dockerfile: Dockerfile, item: Instruction) -> Iterator[Gap]:
    """Yield the signing keys of a template that becomes the image's `.env`: what runs where nobody sets others."""
    match = _MADE_FROM_TEMPLATE.search(item.text) if item.keyword == "RUN" else None
    if match is None:
        return
    source = match["source"].strip("\"'").rpartition("/")[2]
    for file in (file for file in project.env_files if file.path.rpartition("/")[2] == source):
        keys = [
            (entry, severity)
            for entry in file.entries
            if not entry.commented and _SIGNING.search(entry.name) and holds_a_secret(entry.name)
            for severity in (_IN_IMAGE["ENV"].get(classify(entry.value)),)
            if severity is not None
        ]
        if keys:
            yield _template_gap(project, dockerfile, item, file, keys)
            return


def _template_gap(
    project: Project, dockerfile: Dockerfile, item: Instruction, file: EnvFile, keys: list[tuple[EnvEntry, Severity]]
) -> Gap:
    return RULE.gap(
        resource=dockerfile.path,
        subject="template/.env",
        message=f"{dockerfile.path} makes the image's .env from {file.path}: a container that is given no other values signs "
        f"with {listed(entry.name for entry, _ in keys)} as everybody can read them there.",
        expected="no .env in the image; a start that fails where a key is missing",
        actual=f"{file.path} as .env in the image",
        locations=(item.location,),
        related=tuple(entry.location for entry, _ in keys),
        # Whether a container is ever left without other values does not stand here.
        severity=Severity.MEDIUM if is_built(project, dockerfile) else Severity.LOW,
        environment=environment_of(project, dockerfile),
    )


RULE = Rule(
    code="IMG005",
    name="secret-in-image",
    layer=Layer.IMAGE,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Take the value out of the Dockerfile, give it at start (`environment`, a secret), use `RUN --mount=type=secret` "
            "for what a build needs, and change the secret: images that were pushed keep it.",
        ),
    ),
    maps_to=("DS-0031", "DL3064"),
)
