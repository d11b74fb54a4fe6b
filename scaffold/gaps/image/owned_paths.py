"""Whether the user that an image runs as may write to one of its places, by the steps that made the place."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from scaffold.gaps.compose.image_content import copy_words
from scaffold.gaps.facts import final_stages, root_image
from scaffold.model.document import Location
from scaffold.model.image_users import is_plain_base
from scaffold.model.project import Dockerfile, Instruction, Stage
from scaffold.model.regex import regex
from scaffold.model.starting import is_below

_ROOT = frozenset({"root", "0", ""})
_OF_ALL = regex(r"/?(?:home|tmp|var/tmp|dev|run/user)(?:/.*)?")
"""Places that users own, or where everybody may write."""
_GIVES = regex(r"\b(?:chown|chmod|chgrp|setfacl|install|usermod)\b")
_MAKES_USERS = regex(r"\b(?:useradd|adduser)\b")
_RUNS_SCRIPT = regex(r"(?:^|[;&|]\s*|\b(?:ba|da|a)?sh\s+(?:-\w+\s+)*)(?:\./|/)?[\w./-]+\.sh\b", words=(".sh",))
_UNKNOWN = frozenset("${`")
_WORDS = regex(r"[^\s\"';&|()]+")


def refuses_to_write(dockerfile: Dockerfile, target: str, place: str) -> Location | None:
    """Return where an image gets its user, who may not write to an absolute place; None where it may, or that is unknown.

    A place that no step makes belongs to the folder above it, and root's is what no step gives away.
    """
    user = unprivileged_user(dockerfile, target)
    if user is None or not is_of_application(place):
        return None
    folder, is_root = "/", True
    for item in _steps(dockerfile, target):
        if item.keyword == "USER":
            is_root = _name(item) in _ROOT
        elif item.keyword == "WORKDIR":
            folder = posixpath.join(folder, item.text.strip().strip("\"'"))
            if not is_root and _touches(place, folder):
                return None
        elif _may_give(dockerfile, item, folder, place):
            return None
    return user


def is_of_application(place: str) -> bool:
    """Whether a place is one of the application's: known, and neither a home nor a folder in which everybody may write."""
    return not _OF_ALL.fullmatch(place) and not _UNKNOWN & set(place)


def unprivileged_user(dockerfile: Dockerfile, target: str) -> Location | None:
    """Return the line that makes an image run as another user than root; None where none does, or where that is unknown."""
    base, stage = root_image(dockerfile, target), dockerfile.stage(target)
    if base is None or stage is None or not is_plain_base(base):
        return None
    user = dockerfile.effective("USER", target)
    if user is None:
        is_nonroot = base.repository.startswith("distroless/") and "nonroot" in base.tag
        return final_stages(dockerfile, target)[-1].location if is_nonroot else None
    return None if _name(user) in _ROOT or "$" in user.text else user.location


def _name(item: Instruction) -> str:
    return item.text.split(":")[0].strip().strip("\"'")


def _steps(dockerfile: Dockerfile, target: str) -> Iterator[Instruction]:
    for stage in reversed(final_stages(dockerfile, target)):
        yield from stage.instructions


def _may_give(dockerfile: Dockerfile, item: Instruction, folder: str, place: str) -> bool:
    """Whether a step may let the user write to the place."""
    if item.keyword == "RUN":
        return _run_may_give(item.text, folder, place)
    if item.keyword not in {"COPY", "ADD"} or "<<" in item.text:
        return False
    destination = posixpath.join(folder, (copy_words(item) or ["."])[-1])
    if "$" not in destination and not _touches(place, destination):
        return False
    origin = next((flag.partition("=")[2].lower() for flag in item.flags if flag.startswith("--from")), "")
    given = any(flag.startswith(("--chown", "--chmod")) for flag in item.flags)
    # A copy from another stage keeps the owners that it had there.
    return given or (bool(origin) and _gives_away(dockerfile.chain(origin)))


def _run_may_give(text: str, folder: str, place: str) -> bool:
    if _RUNS_SCRIPT.search(text):
        return True
    makes_users = _MAKES_USERS.search(text)
    if not makes_users and not _GIVES.search(text):
        return False
    if _GIVES.search(text) and _UNKNOWN & set(text):
        return True
    # `--home-dir=/app` names a place as well as `--home-dir /app`.
    words = [word for word in (found.rpartition("=")[2] for found in _WORDS.findall(text)) if not word.startswith("-")]
    if not _GIVES.search(text):
        words = [word for word in words if word.startswith("/")]
    return any(_touches(place, posixpath.join(folder, word.rstrip("*"))) for word in words)


def _gives_away(stages: tuple[Stage, ...]) -> bool:
    """Whether the files of another stage may belong to a user; those of an image from elsewhere may."""
    items = [item for stage in stages for item in stage.instructions]
    return not stages or any(
        item.keyword == "USER" or _GIVES.search(item.text) or any(flag.startswith("--chown") for flag in item.flags)
        for item in items
    )


def _touches(place: str, path: str) -> bool:
    one, other = posixpath.normpath(place).strip("/"), posixpath.normpath(path).strip("/")
    return is_below(one, other) or is_below(other, one)
