"""The names under which the workflows push images, and send them to hosts, as far as the files show them."""

from __future__ import annotations

import re

from scaffold.gaps.ci_signals import CiStep, calls_remote_workflow, ci_steps, effective_env, pushes_image
from scaffold.gaps.remembered import remembered
from scaffold.model.document import find
from scaffold.model.frozen import frozen
from scaffold.model.known import known
from scaffold.model.project import Job, Project, Step, Workflow
from scaffold.model.regex import regex
from scaffold.model.workflow_steps import BUILD_ACTION

_OF_BRANCH = regex(r"\$\{\{\s*github\.(?:ref_name|head_ref)\s*\}\}|\$\{?GITHUB_REF_NAME\}?")
_VARIABLE = regex(r"\$\{\{\s*env\.(\w+)\s*\}\}|\$\{(\w+)\}|\$(\w+)")
EXPRESSION = regex(r"\$\{\{[^}]{0,2000}\}\}|\$\([^)]{0,2000}\)|\$\{[^}]{0,2000}\}|\$\w+|`[^`]{0,2000}`")
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
_SIGN = "\0"
"""What nobody can tell from the file."""


@frozen
class PushedName:
    """One name of an image that a step pushes: the repository as written, and the tag as far as it is known, "" for none."""

    repository: str
    tag: str
    item: CiStep


@remembered
def pushed_names(project: Project) -> tuple[PushedName, ...]:
    """Return every name that the workflows push; none where one of the pushes may be of any image, or moves tags elsewhere."""
    steps = [item for item in ci_steps(project) if item.workflow.path not in project.owned]
    if calls_remote_workflow(project) or any(_RETAGS.search(f"{item.text}\n{item.step.uses}") for item in steps):
        return ()
    pushing = [item for item in steps if pushes_image(item) or _sends_saved(item)]
    by_step = [_names(item) for item in pushing]
    return tuple(name for names in by_step for name in names) if all(by_step) else ()


def _names(item: CiStep) -> list[PushedName]:
    """Return the names that a step pushes; none where the step does not show them."""
    step = item.step
    if step.action == BUILD_ACTION:
        return [name for word in _words(step.input("tags")) for name in _of_input(item, word)]
    if step.uses:
        return []
    text = _in_one_word(step.run)
    built = [match["name"] for match in _TAGS.finditer(_of_job(item))]
    found = [match["name"] for match in _TAGS.finditer(text)] if "--push" in text else []
    if _sends_saved(item):
        found += [match["name"] for match in _SAVES.finditer(text)]
    for match in _PUSHES.finditer(text):
        words = [word.strip("\"'") for word in match["words"].split()]
        pushed = [word for word in words if not word.startswith(("-", ">"))][:1]
        if {"--all-tags", "-a"} & set(words):
            pushed = [name for name in built if pushed and name.rpartition(":")[0] == pushed[0]]
        found += pushed
    return [_name(item, word) for word in found]


def _sends_saved(item: CiStep) -> bool:
    """Whether a step saves an image that its job sends to a host."""
    return bool(_SAVES.search(item.step.run)) and bool(_SENDS.search(_of_job(item)))


def _of_job(item: CiStep) -> str:
    return known(_text_of_job, item.job)


def _text_of_job(job: Job) -> str:
    return _in_one_word("\n".join(step.run for step in job.steps))


def filled_text(item: CiStep, text: str) -> str:
    """Return a text of a step as the names are written here: variables filled in, expressions without spaces, lines joined."""
    return _filled(item, _in_one_word(text))


def _in_one_word(text: str) -> str:
    """Return a text with each expression written without spaces, and the lines that a backslash continues as one."""
    return _OF_GITHUB.sub(lambda match: re.sub(r"\s", "", match[0]), text.replace("\\\n", " "))


def _words(text: str) -> list[str]:
    return [word.strip() for word in re.split(r"[\n,]+", text) if word.strip() and not word.strip().startswith("#")]


def _of_input(item: CiStep, word: str) -> list[PushedName]:
    """Return the names of one entry of `tags`, those that docker/metadata-action makes included."""
    made_by = _FROM_METADATA.match(word)
    if made_by is None:
        return [_name(item, word)]
    steps = [step for step in item.job.steps if step.id == made_by["id"] and step.action == "docker/metadata-action"]
    images = [image for step in steps for image in _words(step.input("images"))]
    tags = [tag for step in steps for tag in _made_tags(item, step)]
    return [PushedName(_filled(item, image), tag, item) for image in images for tag in tags]


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


def _name(item: CiStep, word: str) -> PushedName:
    text = _filled(item, word)
    bare = EXPRESSION.sub(lambda match: _SIGN * len(match[0]), text)
    cut = bare.rfind(":")
    if cut > bare.rfind("/"):
        return PushedName(text[:cut], _tag(item, text[cut + 1 :]), item)
    # What an expression ends with may be a tag.
    return PushedName(text, _SIGN if _SIGN in bare.rpartition("/")[2] else "", item)


def _filled(item: CiStep, text: str) -> str:
    """Return a text with the variables that the workflow gives a value filled in."""
    env = effective_env(item)
    return _VARIABLE.sub(lambda match: env.get(match[1] or match[2] or match[3], match[0]), text)


def _tag(item: CiStep, text: str) -> str:
    if _is_for_branches(item.workflow):
        text = _OF_BRANCH.sub("branch", text)
    return EXPRESSION.sub(_SIGN, _filled(item, text)).strip()


def _is_for_branches(workflow: Workflow) -> bool:
    """Whether a branch alone starts the workflow: then the name of the ref is that of a branch."""
    tagged = any(trigger.event == "push" and find(trigger.node, "tags") for trigger in workflow.triggers)
    return not tagged and not {"release", "workflow_call", "create"} & set(workflow.events)
