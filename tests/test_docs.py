"""The pages made from data are those in docs/, and every link of our own pages leads somewhere."""

from __future__ import annotations

import re
import subprocess
import sys

from scaffold.read.configuration import read_configuration
from tests.conftest import ROOT


def test_generated_pages_are_not_stale() -> None:
    done = subprocess.run([sys.executable, "scripts/docs.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_relative_links_lead_somewhere() -> None:
    dead = []
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "tools").glob("*.md"))]:
        for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if "://" not in link and not (page.parent / link).exists():
                dead.append(f"{page.name}: {link}")
    assert dead == []


def test_the_documented_configuration_is_accepted() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    shown = re.search(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert shown
    configuration = read_configuration("scaffold.yaml", shown[1])
    assert configuration.project == "shop"
    assert {layer.value for layer in configuration.external} == {"iac", "kubernetes"}
    assert [ignore.code for ignore in configuration.ignores] == ["NET001"]
