"""SEC004: a credential in the form that one provider issues is in tracked text."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import is_test_path
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Confidence, EnvironmentClass, Layer, Severity
from scaffold.model.project import Project, SecretSighting


def _detect(project: Project) -> Iterator[Gap]:
    found: dict[tuple[str, str], list[SecretSighting]] = {}
    for sighting in project.sightings:
        found.setdefault((sighting.location.path, sighting.key or sighting.provider), []).append(sighting)
    for (path, key), sightings in sorted(found.items()):
        yield _gap(path, key, sightings)


def _gap(path: str, key: str, sightings: list[SecretSighting]) -> Gap:
    provider = sightings[0].provider
    what = "a private key" if provider == "private key" else f"a key in the form that {provider} issues"
    is_test = is_test_path(path)
    return RULE.gap(
        resource=path,
        subject=key,
        message=f"{path} holds {what}{f' in {key}' if key != provider else ''}: whoever has read the repository has it.",
        expected="no credential in tracked text",
        actual="provider key",
        locations=tuple(sighting.location for sighting in sightings),
        confidence=Confidence.MEDIUM if is_test else Confidence.HIGH,
        environment=EnvironmentClass.TEST if is_test else EnvironmentClass.BASE,
    )


RULE = Rule(
    code="SEC004",
    name="provider-key-tracked",
    layer=Layer.SECRETS,
    severity=Severity.CRITICAL,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Revoke the key at the provider now and issue a new one outside git; removing the line does not undo history.",
        ),
    ),
)
