"""Writes the pages of docs/ that are made from data: the rules, and the checks that are accepted; `--check` compares only."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from scaffold.gaps.catalogue import all_rules
from scaffold.gaps.texts import rule_text, title_of
from scaffold.model.gap import Rule

ROOT = Path(__file__).resolve().parent.parent


def closing(rule: Rule) -> str:
    """Return how a rule's gaps are closed, in a few words."""
    words = {"files": "`scaffold generate`", "edit": f"`scaffold generate --edit {rule.code}`", "advice": "by hand"}
    return ", ".join(dict.fromkeys(words[closer.kind] for closer in rule.closers))


def rules_page() -> str:
    """Return the table of every rule, followed by its text."""
    lines = [
        "# Rules",
        "",
        "Made from the rules themselves by `scripts/docs.py`; `scaffold explain CODE` shows the same texts.",
        "",
        "| Code | Name | Layer | Severity | Closed by |",
        "|---|---|---|---|---|",
    ]
    for rule in all_rules():
        anchor = f"#{rule.code.lower()}"
        lines.append(f"| [{rule.code}]({anchor}) | {rule.name} | {rule.layer.value} | {rule.severity.word} | {closing(rule)} |")
    for rule in all_rules():
        text = rule_text(rule)
        body = "\n".join(f"#{line}" if line.startswith("#") else line for line in text.splitlines()[1:]).strip()
        lines += ["", f'## <a id="{rule.code.lower()}"></a>{rule.code}: {title_of(text)}', "", body]
    return "\n".join(lines) + "\n"


def accepted_page() -> str:
    """Return the tables of the checkov checks that the generated Terraform and the chart do not follow."""
    lines = [
        "# Accepted checks",
        "",
        "What the output does not follow of checkov, and why. Each entry is a skip comment inside its Terraform resource, or",
        "an annotation of its workload; a test proves that each is still needed. Made by `scripts/docs.py`.",
    ]
    for title, path in ACCEPTED.items():
        rows = json.loads((ROOT / path).read_text(encoding="utf-8"))["checks"]
        lines += ["", f"## {title}", "", f"Made from `{path}`.", "", "| Check | Where | Reason | Source |", "|---|---|---|---|"]
        lines += [f"| {row['id']} | {row['scope']} | {row['reason']} | {row['source']} |" for row in rows]
    return "\n".join(lines) + "\n"


ACCEPTED = {
    "Terraform": "terraform/accepted_checks.json",
    "Chart": "scaffold/generate/helm/accepted_checks.json",
}
PAGES = {"docs/rules.md": rules_page, "docs/accepted-checks.md": accepted_page}


def main() -> int:
    """Write the pages, or tell which are stale."""
    stale = []
    for name, make in PAGES.items():
        path = ROOT / name
        text = make()
        if "--check" in sys.argv:
            if not path.is_file() or path.read_text(encoding="utf-8") != text:
                stale.append(name)
        else:
            path.write_text(text, encoding="utf-8")
    if stale:
        print(f"stale: {', '.join(stale)}; run python scripts/docs.py")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
