"""SUP014: what runs in production is chosen by a tag, which may point to another image tomorrow, signed or not."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.ci_signals import CiStep, ci_steps, pushes_image
from scaffold.gaps.kubernetes.objects import running
from scaffold.gaps.signals import resource_types
from scaffold.gaps.supply_chain.sup003_images_unsigned import signing_steps
from scaffold.model.document import Location, find, text_of
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import EnvironmentClass, Layer, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_UNKNOWN = "\0"
_EXPRESSION = regex(r"\$\{\{[^}]*\}\}|\$\{?\w+\}?")
_VARIABLE = regex(r"\$\{\{\s*env\.(\w+)\s*\}\}|\$\{?([A-Z_]+)\}?")
_IMAGE = regex(r"[\w.\0-]+(?::\d+)?(?:/[\w.\0-]+)+(?::[\w.\0-]+)?|\0(?:/[\w.\0-]+)+")
_TAG = regex(r":[^/]*$")
_PUSH = regex(r"\bpush\s+(\S+)")
_INPUTS = ("tags", "images", "image")
_VERIFIES = regex(r"\bcosign\s+verify|\bnotation\s+verify|\bgh\s+attestation\s+verify|\bverifyImages\b|\bconnaisseur\b")
_POLICIES = frozenset({"ClusterImagePolicy", "ImageValidatingPolicy"})


def _detect(project: Project) -> Iterator[Gap]:
    pushing = [item for item in ci_steps(project) if item.workflow.path not in project.owned and pushes_image(item)]
    # What the steps of a job give to actions is the same for each of them.
    jobs = {(item.workflow.path, item.job.id): item for item in pushing}
    words = [word for item in jobs.values() for word in _given(item)] + [word for item in pushing for word in _called(item)]
    parts = [parts for word in dict.fromkeys(words) if (parts := _parts(word))]
    if not parts or _is_verified(project):
        return
    written = {item[0].lower() for item in parts if len(item) == 1}
    patterns = [re.compile(r"[\w./-]+".join(map(re.escape, item)), re.IGNORECASE) for item in parts if len(item) > 1]
    deployed = ((image, place, _repository(image)) for image, place in _deployed(project))
    used = [(image, at) for image, at, name in deployed if name.lower() in written or any(p.fullmatch(name) for p in patterns)]
    moving = [(image, place) for image, place in used if "@sha256:" not in image]
    if not moving:
        return
    signed = any(item.workflow.path not in project.owned for item in signing_steps(project))
    names = ", ".join(dict.fromkeys(_repository(image).rpartition("/")[2] for image, _ in moving))
    yield RULE.gap(
        resource="supply-chain",
        subject="deployed-by-tag",
        message=f"{names}: deployed by tag, and nothing checks a signature: whoever may push can swap what runs.",
        expected="the digest of the image that was signed, or a policy of the cluster that verifies it",
        actual="a tag",
        locations=tuple(place for _, place in moving),
        severity=Severity.LOW if signed else Severity.INFO,
        blocked_by=() if signed else ("SUP003",),
    )


def _given(item: CiStep) -> list[str]:
    """Return the words that the steps of a step's job give to actions as names of images."""
    env = _env(item)
    return [word for step in item.job.steps for name in _INPUTS for word in _words(step.input(name), env)]


def _called(item: CiStep) -> list[str]:
    """Return what the commands of a step push."""
    found: list[str] = _PUSH.findall(" ".join(_words(item.text, _env(item))))
    return found


def _env(item: CiStep) -> dict[str, str]:
    return {**dict(item.workflow.env), **dict(item.job.env)}


def _parts(word: str) -> list[str]:
    """Return what is written of the repository of an image, between what expressions give, which may be any word; nothing where
    that is too little: it would match every image.
    """
    fixed = _TAG.sub("", word).split(_UNKNOWN) if _IMAGE.fullmatch(word) else []
    has_name = any(re.search(r"[a-z]", part.partition("/")[2]) for part in fixed) or (len(fixed) > 1 and "." in fixed[0])
    return fixed if has_name else []


def _words(text: str, env: dict[str, str]) -> list[str]:
    """Return the words of a text with the variables of the workflow filled in; other expressions are one sign."""
    filled = _VARIABLE.sub(lambda match: env.get(match[1] or match[2], match[0]), text)
    return re.split(r"[\s,\"']+", _EXPRESSION.sub(_UNKNOWN, filled))


def _deployed(project: Project) -> Iterator[tuple[str, Location]]:
    """Yield the images of manifests and of the compose stacks that are called production."""
    for item in running(project):
        for container in item.containers:
            node = find(container, "image")
            if node is not None and text_of(node):
                yield text_of(node), node.location
    for stack in project.stacks:
        for service in stack.services if stack.environment is EnvironmentClass.PRODUCTION else ():
            node, place = service.node.get("image"), service.image_location or service.location
            if service.build is None and node is not None and text_of(node) and place.path not in project.owned:
                yield text_of(node), place


def _repository(image: str) -> str:
    return re.sub(r"(?::[^/:@]*)?(?:@.*)?$", "", image)


def _is_verified(project: Project) -> bool:
    if not _POLICIES.isdisjoint(resource_types(project.infrastructure)):
        return True
    policies = [item.path for item in project.infrastructure if any(kind == "ClusterPolicy" for kind, _, _ in item.resources)]
    texts = [*(command.text for command in project.commands), *(project.source(path) or "" for path in policies)]
    return any(_VERIFIES.search(text) for text in texts)


RULE = Rule(
    code="SUP014",
    name="deployed-by-tag",
    layer=Layer.SUPPLY_CHAIN,
    severity=Severity.LOW,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Deploy `image@sha256:...` from the workflow that pushed it, and verify the signature before or in the cluster.",
        ),
    ),
    maps_to=("CKV_K8S_43",),
)
