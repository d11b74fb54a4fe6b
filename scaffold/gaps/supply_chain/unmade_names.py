"""Names and versions of images that no step which pushes can make, though each of them pushes nearly the same name."""

from __future__ import annotations

import re

from scaffold.gaps.supply_chain.pushed_names import EXPRESSION, PushedName
from scaffold.model.document import Scalar
from scaffold.model.project import Project, Step
from scaffold.model.regex import regex
from scaffold.model.values import ImageReference

_REPOSITORY = regex(r"github\.repository\s*\}")
_LONGEST = 255
"""Characters that a name of an image may have."""
_SEPARATORS = regex(r"[-_./]+")
_PUSHES = regex(r"(?<![\w:-])(?:docker|podman|buildah|nerdctl)\s[^\n]{0,400}(?:\bpush\b|--push\b)")
_VERSION = regex(r"(?P<v>v?)\d{1,6}\.\d{1,6}(?:\.\d{1,6})?(?:[-.][\w.-]+)?")
_OUTPUT = regex(r"\$\{\{\s*steps\.(?P<step>[\w-]+)\.outputs\.(?P<name>[\w-]+)\s*\}\}")
_OF_COMMIT = regex(r"\$\{\{\s*github\.sha\s*\}\}")
_WITHOUT_V = regex(r"=[\"']?(?:\$\{\w+(?:#v|#refs/tags/v|:1)\}|\d[^\s]*)[\"']?\s*$")
"""What a shell makes of the tag v1.2.3 where it takes the first letter away, and a version that is written out."""


def near_name(project: Project, image: ImageReference, names: tuple[PushedName, ...]) -> tuple[PushedName, str] | None:
    """Return the push of the image under another name of the same owner, and that name: one that differs by its separators
    (`shop-api`, `shop/api`), or of which the image's is a part (`shop`, `shop/api`). None where a push may be of the image.
    """
    full = f"{image.registry}/{image.repository}".lstrip("/")
    owner, _, tail = image.repository.partition("/")
    if (
        not tail
        or len(full) > _LONGEST
        or any(may_stand_for(name.repository, full) for name in names)
        or _pushed_by_scripts(project)
    ):
        return None
    for name in names:
        registry, pushed_owner, pushed = _parts(name.repository)
        same = registry == image.registry and (pushed_owner.lower() == owner.lower() or EXPRESSION.fullmatch(pushed_owner))
        if same and pushed and not EXPRESSION.search(pushed) and _is_near(tail.lower(), pushed.lower()):
            return name, f"{owner}/{pushed}"
    return None


def _is_near(tail: str, pushed: str) -> bool:
    return _SEPARATORS.sub("", tail) == _SEPARATORS.sub("", pushed) or tail.startswith(f"{pushed}/")


def may_stand_for(repository: str, image: str) -> bool:
    """Whether a pushed name may stand for an image: an owner has no slash, other expressions may have any.

    Each part is tried from all the places at once that the ones before may reach; a pattern would try each by itself.
    """
    repository, image = repository.lower(), image.lower()
    reached, position = {0}, 0
    for match in EXPRESSION.finditer(repository):
        reached = _behind(image, reached, repository[position : match.start()])
        if _REPOSITORY.search(match[0]):
            reached = {end for start in reached for end in _ends_of_repository(image, start)}
        else:
            reached = set(range(min(reached) + 1, len(image) + 1)) if reached else set()
        position = match.end()
    return len(image) in _behind(image, reached, repository[position:])


def _behind(image: str, reached: set[int], literal: str) -> set[int]:
    return {start + len(literal) for start in reached if image.startswith(literal, start)}


def _ends_of_repository(image: str, start: int) -> range:
    """Return where an owner and a name that begin at a place may end."""
    slash = image.find("/", start + 1)
    if slash < 0 or image.startswith("/", start):
        return range(0)
    end = image.find("/", slash + 1)
    return range(slash + 2, (end if end >= 0 else len(image)) + 1)


def _parts(repository: str) -> tuple[str, str, str]:
    """Return registry, owner and the rest of a pushed name; the rest is "" where an expression is more than the owner."""
    first, _, rest = repository.partition("/")
    registry = first if "." in first or ":" in first else ""
    owner, _, tail = (rest if registry else repository).partition("/")
    return registry, owner, "" if _REPOSITORY.search(owner) else tail


def _pushed_by_scripts(project: Project) -> bool:
    """Whether a script or a recipe pushes images, whose names its variables make."""
    return any(_PUSHES.search(command.text) for command in project.commands if command.context not in {"doc", "workflow"})


def is_default(node: Scalar) -> bool:
    """Whether the whole name of an image is the default of a variable."""
    text = node.raw or node.value
    return text.startswith("${") and text.find("}") == len(text) - 1


def other_form(tag: str, names: list[PushedName]) -> str:
    """Return how the pushes write versions where none can write the tag: 1.2.3 for v1.2.3; "" where one may."""
    version = _VERSION.fullmatch(tag)
    forms = {form for name in names for form in _forms(name)} if version is not None and version["v"] else {"?"}
    return tag[1:] if forms and "?" not in forms and "plain" in forms else ""


def _forms(name: PushedName) -> set[str]:
    """Return `plain` for versions without the letter v, `other` for what is no version, `?` for what nobody can tell."""
    words = [word for word in re.split(r"[\n,]+", name.item.step.input("tags")) if name.repository.lower() in word.lower()]
    if not words:
        return {"?"}
    return {_form(name, word.strip().rpartition(":")[2] if "}}" not in word else _tag_of(word.strip())) for word in words}


def _tag_of(word: str) -> str:
    return word.partition("${{")[1] + word.partition("${{")[2] if word.partition("${{")[0].endswith(":") else "?"


def _form(name: PushedName, tag: str) -> str:
    output = _OUTPUT.fullmatch(tag)
    if output is not None:
        step = next((step for step in name.item.job.steps if step.id == output["step"]), None)
        return "plain" if step is not None and _loses_v(step, output["name"]) else "?"
    if _OF_COMMIT.fullmatch(tag):
        return "other"
    if EXPRESSION.search(tag) or "?" in tag:
        return "?"
    version = _VERSION.fullmatch(tag)
    return "other" if version is None else "?" if version["v"] else "plain"


def _loses_v(step: Step, output: str) -> bool:
    """Whether all that a step hands out under a name is a version without its v, by what its shell gives the variable."""
    written = regex(rf"\becho\s+[\"']?{re.escape(output)}=\$\{{?(?P<name>\w+)\}}?[\"']?\s*>>").findall(step.run)
    given = [line for line in step.run.splitlines() if written and re.match(rf"\s*{written[0]}=", line)]
    return len(set(written)) == 1 and bool(given) and all(_WITHOUT_V.search(line.rstrip()) for line in given)
