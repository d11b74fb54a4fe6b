"""SUP021: every name that a workflow gives an image is overwritten by the next push, so there is no image to go back to."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.ci_signals import CiStep, calls_remote_workflow, ci_steps, effective_env, input_location, pushes_image
from scaffold.gaps.facts import listed
from scaffold.gaps.signals import main_services
from scaffold.model.document import find
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project, Step, Workflow
from scaffold.model.regex import regex
from scaffold.model.workflow_steps import BUILD_ACTION

_MOVES = regex(
    r"(?i)^(?:latest|main|master|trunk|edge|develop|dev|development|stable|staging|stage|prod|production|release|nightly|canary"
    r"|branch)(?:-[a-z]+\d*(?:v\d)?)?$"
)
_FOR_USERS = regex(r"(?i)^(?:latest|main|master|trunk|stable|prod|production|release|branch)(?:-|$)")
_OF_BRANCH = regex(r"\$\{\{\s*github\.(?:ref_name|head_ref)\s*\}\}|\$\{?GITHUB_REF_NAME\}?")
_VARIABLE = regex(r"\$\{\{\s*env\.(\w+)\s*\}\}|\$\{(\w+)\}|\$(\w+)")
_EXPRESSION = regex(r"\$\{\{[^}]*\}\}|\$\([^)]*\)|\$\{[^}]*\}|\$\w+|`[^`]*`")
_OF_GITHUB = regex(r"\$\{\{[^}]*\}\}")
_FROM_METADATA = regex(r"^\$\{\{\s*steps\.(?P<id>[\w-]+)\.outputs\.tags\s*\}\}$")
_PUSHES = regex(r"\b(?:docker|podman)\s+(?:image\s+)?push\s+(?P<words>[^\n;&|]+)")
_SAVES = regex(
    r"\b(?:docker|podman)\s+(?:image\s+)?save\s+(?:(?:-o|--output)[= ]\s*\S+\s+)?[\"']?(?P<name>[^\s\"';&|>-][^\s\"';&|>]*)",
    words=("save",),
)
_SENDS = regex(r"\b(?:scp|rsync|sftp)\s|\|\s*ssh\s|\bdocker\s+(?:image\s+)?load\b|\bssh\b[^\n]*\bload\b")
"""How an image gets to a host without a registry."""
_TAGS = regex(r"(?:\s-t|\s--tag)[=\s]+[\"']?(?P<name>[^\s\"'\\]+)")
_RETAGS = regex(
    r"\bimagetools\s+create|\bcrane\s|\bskopeo\s|\bmanifest\s+push|\bgoreleaser\b|\bcompose\b[^\n]*\spush\b|\bmake\s+\S*(?:push|release)"
)
_FOR_BUILDS = regex(r"(?i)cache|builder|devcontainer|(?<![a-z])(?:ci|base|tests?|e2e|tools?|demo|preview|playground)(?![a-z])")
"""Images that nobody goes back to: for the builds themselves, for tries."""
_SIGN = "\0"
"""What nobody can tell from the file."""


@frozen
class _Name:
    """One name of an image that a step pushes: the repository as written, and the tag as far as it is known, "" for none."""

    repository: str
    tag: str
    item: CiStep

    @property
    def moves(self) -> bool:
        """Whether the next push of the workflow takes the name."""
        return not self.tag or bool(_MOVES.match(self.tag))

    @property
    def is_for_users(self) -> bool:
        """Whether it names what people run, and no nightly build."""
        return self.moves and (not self.tag or bool(_FOR_USERS.match(self.tag))) and not _FOR_BUILDS.search(self.repository)


def _detect(project: Project) -> Iterator[Gap]:
    steps = [item for item in ci_steps(project) if item.workflow.path not in project.owned]
    if calls_remote_workflow(project) or any(_RETAGS.search(f"{item.text}\n{item.step.uses}") for item in steps):
        return
    pushing = [item for item in steps if pushes_image(item) or _SAVES.search(item.step.run)]
    names = [name for item in pushing for name in _names(item)]
    if any(not _names(item) for item in pushing):  # A push whose names nobody can see may be of any image.
        return
    lasting = [name for name in names if not name.moves]
    for repository in sorted({name.repository for name in names if name.is_for_users}):
        if not any(_may_be(name.repository, repository) for name in lasting):
            yield _gap(project, repository, [name for name in names if name.repository == repository])


def _may_be(name: str, repository: str) -> bool:
    """Whether two names of repositories may mean the same: one is the other, or an expression stands in one of them."""
    return name == repository or "$" in name or "$" in repository


# --- the names --------------------------------------------------------------------------------------------------------


def _names(item: CiStep) -> list[_Name]:
    """Return the names that a step pushes; none where the step does not show them."""
    step = item.step
    if step.action == BUILD_ACTION:
        return [name for word in _words(step.input("tags")) for name in _of_input(item, word)]
    if step.uses:
        return []
    text = _in_one_word(step.run)
    built = [match["name"] for match in _TAGS.finditer(_of_job(item))]
    found = [match["name"] for match in _TAGS.finditer(text)] if "--push" in text else []
    if _SENDS.search(_of_job(item)):
        found += [match["name"] for match in _SAVES.finditer(text)]
    for match in _PUSHES.finditer(text):
        words = [word.strip("\"'") for word in match["words"].split()]
        pushed = [word for word in words if not word.startswith(("-", ">"))][:1]
        if {"--all-tags", "-a"} & set(words):
            pushed = [name for name in built if pushed and name.rpartition(":")[0] == pushed[0]]
        found += pushed
    return [_name(item, word) for word in found]


def _of_job(item: CiStep) -> str:
    return _in_one_word("\n".join(step.run for step in item.job.steps))


def _in_one_word(text: str) -> str:
    """Return a text with each expression written without spaces, and the lines that a backslash continues as one."""
    return _OF_GITHUB.sub(lambda match: re.sub(r"\s", "", match[0]), text.replace("\\\n", " "))


def _words(text: str) -> list[str]:
    return [word.strip() for word in re.split(r"[\n,]+", text) if word.strip() and not word.strip().startswith("#")]


def _of_input(item: CiStep, word: str) -> list[_Name]:
    """Return the names of one entry of `tags`, those that docker/metadata-action makes included."""
    made_by = _FROM_METADATA.match(word)
    if made_by is None:
        return [_name(item, word)]
    steps = [step for step in item.job.steps if step.id == made_by["id"] and step.action == "docker/metadata-action"]
    images = [image for step in steps for image in _words(step.input("images"))]
    tags = [tag for step in steps for tag in _made_tags(item, step)]
    return [_Name(_filled(item, image), tag, item) for image in images for tag in tags]


def _made_tags(item: CiStep, step: Step) -> list[str]:
    """Return the tags that docker/metadata-action gives, those for pull requests left out."""
    lines = [line.strip() for line in step.input("tags").splitlines() if line.strip() and not line.strip().startswith("#")]
    if not lines:
        return ["branch" if _is_for_branches(item.workflow) else _SIGN]
    return [_made_tag(item, line) for line in lines if "event=pr" not in line]


def _made_tag(item: CiStep, line: str) -> str:
    fields = dict(field.partition("=")[::2] for field in line.split(","))
    if "type" not in fields:
        return _tag(item, line)
    if fields["type"] == "raw":
        return _tag(item, fields.get("value", ""))
    of_branch = fields["type"] == "edge" or (fields["type"] == "ref" and fields.get("event") == "branch")
    return "branch" if of_branch and "prefix" not in fields and "suffix" not in fields else _SIGN


def _name(item: CiStep, word: str) -> _Name:
    text = _filled(item, word)
    bare = _EXPRESSION.sub(lambda match: _SIGN * len(match[0]), text)
    cut = bare.rfind(":")
    if cut > bare.rfind("/"):
        return _Name(text[:cut], _tag(item, text[cut + 1 :]), item)
    # What an expression ends with may be a tag.
    return _Name(text, _SIGN if _SIGN in bare.rpartition("/")[2] else "", item)


def _filled(item: CiStep, text: str) -> str:
    """Return a text with the variables that the workflow gives a value filled in."""
    env = effective_env(item)
    return _VARIABLE.sub(lambda match: env.get(match[1] or match[2] or match[3], match[0]), text)


def _tag(item: CiStep, text: str) -> str:
    if _is_for_branches(item.workflow):
        text = _OF_BRANCH.sub("branch", text)
    return _EXPRESSION.sub(_SIGN, _filled(item, text)).strip()


def _is_for_branches(workflow: Workflow) -> bool:
    """Whether a branch alone starts the workflow: then the name of the ref is that of a branch."""
    tagged = any(trigger.event == "push" and find(trigger.node, "tags") for trigger in workflow.triggers)
    return not tagged and not {"release", "workflow_call", "create"} & set(workflow.events)


# --- the gap ----------------------------------------------------------------------------------------------------------


def _gap(project: Project, repository: str, names: list[_Name]) -> Gap:
    tags = listed(sorted({name.tag or "latest" for name in names}))
    users = [
        service.image_location or service.location
        for _, service in main_services(project)
        if service.image and service.image.repository and repository.endswith(service.image.repository)
    ]
    short = _EXPRESSION.sub("*", repository).rpartition("/")[2]
    return RULE.gap(
        resource=f"image/{short}",
        subject="tags",
        message=f"The workflows push {short} as {tags} alone, which the next push overwrites: there is no earlier image to go"
        " back to, and nobody can tell which commit runs.",
        expected="a second tag by version or commit, such as ${{ github.sha }}",
        actual=f"only {tags}",
        locations=tuple(dict.fromkeys(input_location(name.item, "tags") for name in names)),
        related=tuple(users),
        severity=Severity.MEDIUM if users else Severity.LOW,
    )


RULE = Rule(
    code="SUP021",
    name="tags-are-overwritten",
    layer=Layer.SUPPLY_CHAIN,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(None, "advice", "Push `image:${{ github.sha }}` or the version beside the tag that moves, and run that one."),
    ),
)
