"""Writing the monitoring closes the gaps that are its own, and gives rise to none."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.gaps.catalogue import all_rules
from scaffold.model.names import Layer
from scaffold.model.project import Project
from scaffold.read.project import read_project
from tests.generate.monitoring.conftest import Monitored

_RULES = [
    rule for rule in all_rules() if rule.layer in {Layer.COMPOSE, Layer.METRICS, Layer.ALERTING, Layer.LOGGING, Layer.NETWORK}
]


def fingerprints(project: Project) -> dict[str, str]:
    return {gap.fingerprint: gap.code for rule in _RULES for gap in rule.detect(project)}


@pytest.mark.parametrize(
    ("name", "closed"),
    [("friday", ["CMP008", "CMP008", "CMP008", "LOG000"]), ("propertypro", ["ALR005", "LOG000", "MET000"])],
)
def test_the_loop_closes(name: str, closed: list[str], monitored: Callable[[str], Monitored], tmp_path: Path) -> None:
    made = monitored(name)
    owned = frozenset(item.path for item in made.artifacts)
    root = tmp_path / name
    shutil.copytree(made.root, root)
    before = fingerprints(read_project(root, hide=owned))
    after = fingerprints(read_project(root, production_set=made.production_set, owned=owned))
    assert [after[found] for found in after if found not in before] == []
    assert set(closed) <= {code for found, code in before.items() if found not in after}
