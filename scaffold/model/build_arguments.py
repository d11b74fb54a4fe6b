"""Which build arguments may stand in files that everybody reads; each stays in the image's history as well."""

from __future__ import annotations

import re

from scaffold.model.bundlers import BUNDLERS
from scaffold.model.secret_names import may_be_sensitive_name
from scaffold.model.secrets import SecretClass, classify, is_provider_key, reads_as_name, url_password
from scaffold.model.target import BuiltImage, FilledArgument


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
    public = ((name, value) for name, value in image.args if is_public(name, value))
    return tuple(filled.get(name) or FilledArgument(name, (("", value),)) for name, value in public)
