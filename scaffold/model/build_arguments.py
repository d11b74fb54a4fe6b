"""Which build arguments may stand in files that everybody reads; each stays in the image's history as well."""

from __future__ import annotations

import re

from scaffold.model.bundlers import BUNDLERS
from scaffold.model.regex import regex
from scaffold.model.secret_names import may_be_sensitive_name
from scaffold.model.secrets import SecretClass, classify, is_provider_key, reads_as_name, url_password
from scaffold.model.target import BuiltImage, FilledArgument

_NAME = regex(r"[A-Za-z_][\w.-]*")
"""What a Dockerfile can declare: an argument of another name is taken by none, and no text of a shell or a workflow."""


def is_public(name: str, value: str) -> bool:
    """Whether an argument and its value are no secret; what is built into pages is none, whatever its name says."""
    token = classify(value) is SecretClass.RANDOM and re.fullmatch(r"[\w+/=-]+", value) and not reads_as_name(value)
    named = may_be_sensitive_name(name) and not name.startswith(tuple(BUNDLERS))
    return not (named or is_provider_key(value) or url_password(value) or token)


def of_a_runner(variable: str) -> bool:
    """Whether a runner of GitHub sets a variable: a repository can have none of such a name."""
    return variable.upper().startswith("GITHUB_")


def public_arguments(image: BuiltImage) -> tuple[FilledArgument, ...]:
    """Return the arguments of an image that are no secret, each in pieces."""
    filled = {item.name: item for item in image.filled}
    named = ((name, value) for name, value in image.args if _NAME.fullmatch(name) and is_public(name, value))
    found = (filled.get(name) or FilledArgument(name, (("", value),)) for name, value in named)
    return tuple(argument for argument in found if not _is_filled_by_secret(argument))


def private_names(image: BuiltImage) -> tuple[str, ...]:
    """Return the names of the arguments that are left out because they look like secrets."""
    public = {argument.name for argument in public_arguments(image)}
    return tuple(name for name, _ in image.args if name not in public and _NAME.fullmatch(name))


def _is_filled_by_secret(argument: FilledArgument) -> bool:
    """Whether a variable in an argument is one for a secret, or the text that stands for it without one looks like it."""
    of_pages = argument.name.startswith(tuple(BUNDLERS))
    return not of_pages and any(not is_public(variable, text) for variable, text in argument.pieces if variable)
