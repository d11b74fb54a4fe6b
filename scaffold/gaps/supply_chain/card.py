"""The card of the layer SUPPLY_CHAIN: what the workflows build, push and sign."""

from __future__ import annotations

from scaffold.gaps.ci_signals import ci_steps, pushes_image
from scaffold.gaps.facts import listed
from scaffold.gaps.supply_chain.images import building_steps, built_elsewhere, is_built, own_images
from scaffold.gaps.supply_chain.sup003_images_unsigned import signing_steps
from scaffold.gaps.update_bots import renovate_limit
from scaffold.model.document import Location
from scaffold.model.gap import LayerCard, Praise
from scaffold.model.names import Layer, LayerState
from scaffold.model.project import Project
from scaffold.model.regex import regex

_PACKAGES = regex(r"twine\s+upload|(?:npm|pnpm|yarn|poetry|flit|hatch|uv|cargo|gem)\s+(?:publish|push)|goreleaser")
_UPDATES = regex(
    r"\.github/dependabot\.ya?ml|(?:\.github/|\.gitlab/)?(?:\.?renovate(?:rc)?)(?:\.json5?)?",
    words=(".github/dependabot.y", "renovate"),
)


def card(project: Project) -> LayerCard:
    """Return present where every image is built and pushed, partial where only some are, or only packages."""
    steps = building_steps(project)
    pushing = [item for item in ci_steps(project) if pushes_image(item)]
    packages = [item for item in ci_steps(project) if _PACKAGES.search(item.text) or "pypi-publish" in item.step.uses]
    complete = all(is_built(service, steps) for _, service in own_images(project))
    if (pushing and complete) or (built_elsewhere(project) and not steps):
        state = LayerState.PRESENT
    else:
        state = LayerState.PARTIAL if steps or packages else LayerState.ABSENT
    evidence = tuple(dict.fromkeys(item.place for item in (*steps, *pushing, *packages)))
    good = [Praise("Images are signed or attested.", item.place) for item in signing_steps(project)[:1]]
    good += [Praise(_of_updates(project), Location(path, 1)) for path in project.files if _UPDATES.fullmatch(path)]
    return LayerCard(Layer.SUPPLY_CHAIN, state, evidence, tuple(good))


def _of_updates(project: Project) -> str:
    limit = renovate_limit(project)
    return f"A bot proposes updates of {listed(limit.managers)}." if limit else "Dependency updates are proposed by a bot."
