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


def precision_page() -> str:
    """Return the verdicts on findings in public repositories, the figures counted from the rows."""
    data = json.loads((ROOT / PRECISION).read_text(encoding="utf-8"))
    rows, later = data["findings"], data["later"]
    severe = [row for row in rows if row["now"] in {"high", "critical"}]
    lines = ["# Precision", "", *data["method"], "", "## Figures", ""]
    lines += [f"- First look ({data['as_of']}): {len(rows)} findings, {_share(rows, 'verdict')}."]
    lines += [f"- Of these, {len(severe)} are high or critical after the changes: {_share(severe, 'verdict_now')}."]
    lines += [f"- High or critical since, and not in the first look: {len(later)}, {_share(later, 'verdict')}."]
    lines += ["", "## The first look", "", "| # | Repository | Rule | Said | Verdict | Reason | Changed | Now |"]
    lines += ["|---|---|---|---|---|---|---|---|"]
    for row in rows:
        said = f"{row['severity']}: {row['said']}"
        cells = (row["repository"], row["code"], said, row["verdict"], row["reason"], row["changed"], row["now"])
        lines.append(f"| {row['id']} | {' | '.join(map(_cell, cells))} |")
    lines += ["", "## Since then", "", *data["method_later"], "", "| Repository | Rule | Said | Where | Verdict | Reason |"]
    lines += ["|---|---|---|---|---|---|"]
    for row in later:
        cells = (
            row["repository"],
            row["code"],
            f"{row['severity']}: {row['said']}",
            row["where"],
            row["verdict"],
            row["reason"],
        )
        lines.append(f"| {' | '.join(map(_cell, cells))} |")
    return "\n".join(lines) + "\n"


def _share(rows: list[dict[str, str]], key: str) -> str:
    """Return how many rows are true, false and unclear, and the share of false ones in percent."""
    counted = {word: sum(row[key] == word for row in rows) for word in ("true", "false", "unclear")}
    share = 100 * counted["false"] / len(rows) if rows else 0.0
    return f"{counted['true']} true, {counted['false']} false ({share:.1f} %), {counted['unclear']} unclear"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


PRECISION = "docs/precision.json"
ACCEPTED = {
    "Terraform": "terraform/accepted_checks.json",
    "Chart": "scaffold/generate/helm/accepted_checks.json",
}
PAGES = {"docs/rules.md": rules_page, "docs/accepted-checks.md": accepted_page, "docs/precision.md": precision_page}


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
