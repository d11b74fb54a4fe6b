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
    """Return the table of every rule."""
    lines = [
        "# Rules",
        "",
        "Made from the rules themselves by `scripts/docs.py`; `scaffold explain CODE` shows the text of each page. What the",
        "severities mean, and what lowers them, is told in [severities](severities.md).",
        "",
        "| Code | Name | Layer | Severity | Closed by |",
        "|---|---|---|---|---|",
    ]
    for rule in all_rules():
        link = f"[{rule.code}](rules/{rule.code}.md)"
        lines.append(f"| {link} | {rule.name} | {rule.layer.value} | {rule.severity.word} | {closing(rule)} |")
    return "\n".join(lines) + "\n"


def rule_page(rule: Rule) -> str:
    """Return the page of one rule: its facts, then its text."""
    text = rule_text(rule)
    body = "\n".join(text.splitlines()[1:]).strip()
    severity = f"Severity {rule.severity.word}, unless the case or its environment says otherwise."
    facts = f"`{rule.name}`, layer {rule.layer.value}. {severity}"
    closed = f"Closed by: {closing(rule)}."
    return f"# {rule.code}: {title_of(text)}\n\n{facts} {closed}\n\n{body}\n\n[All rules](../rules.md)\n"


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
    """Return the verdicts on findings in public repositories, look by look, the figures counted from the rows."""
    data = json.loads((ROOT / PRECISION).read_text(encoding="utf-8"))
    lines = ["# Precision", "", *data["method"], "", "## Figures", ""]
    for look in data["looks"]:
        severe = [row for row in look["rows"] if row["now"] in _SEVERE]
        lines.append(f"- {look['title']} ({look['as_of']}): {len(look['rows'])} findings, {_share(look['rows'], 'verdict')}.")
        if len(severe) < len(look["rows"]):
            lines.append(f"  Of these, {len(severe)} are high or critical after the changes: {_share(severe, 'verdict_now')}.")
    today = [row for look in data["looks"][1:] for row in look["rows"] if row["now"] in _SEVERE]
    where = f"these {data['repositories']} repositories"
    after = f"- High or critical in {where} after all changes: {len(today)}, {_share(today, 'verdict')}"
    lines.append(f"{after}; with those that were overturned, {_share(today, 'verdict_now')}.")
    lines += ["", "## Recall", "", *data["recall"]]
    for look in data["looks"]:
        lines += ["", f"## {look['title']}", "", *look["method"], "", *_table(look["rows"])]
    return "\n".join(lines) + "\n"


def _table(rows: list[dict[str, str]]) -> list[str]:
    lines = ["| # | Repository | Rule | Said | Verdict | Reason | Changed | Now |", "|---|---|---|---|---|---|---|---|"]
    for row in rows:
        said = f"{row['severity']}: {row['said']}"
        cells = (row["repository"], row["code"], said, row["verdict"], row["reason"], row.get("changed", ""), row["now"])
        lines.append(f"| {row['id']} | {' | '.join(map(_cell, cells))} |")
    return lines


def _share(rows: list[dict[str, str]], key: str) -> str:
    """Return how many rows are true, false and unclear, and the share of false ones in percent."""
    counted = {word: sum(row.get(key, row["verdict"]) == word for row in rows) for word in ("true", "false", "unclear")}
    share = 100 * counted["false"] / len(rows) if rows else 0.0
    return f"{counted['true']} true, {counted['false']} false ({share:.1f} %), {counted['unclear']} unclear"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


PRECISION = "docs/precision.json"
_SEVERE = frozenset({"high", "critical"})
ACCEPTED = {
    "Terraform": "terraform/accepted_checks.json",
    "Chart": "scaffold/generate/helm/accepted_checks.json",
}


def pages() -> dict[str, str]:
    """Return every page by its path."""
    fixed = {"docs/rules.md": rules_page(), "docs/accepted-checks.md": accepted_page(), "docs/precision.md": precision_page()}
    return fixed | {f"docs/rules/{rule.code}.md": rule_page(rule) for rule in all_rules()}


def main() -> int:
    """Write the pages and take away those of rules that are gone, or tell which are stale."""
    texts = pages()
    left = [path for path in (ROOT / "docs" / "rules").glob("*.md") if path.relative_to(ROOT).as_posix() not in texts]
    if "--check" not in sys.argv:
        (ROOT / "docs" / "rules").mkdir(exist_ok=True)
        for path in left:
            path.unlink()
        for name, text in texts.items():
            (ROOT / name).write_text(text, encoding="utf-8")
        return 0
    stale = [path.name for path in left]
    for name, text in texts.items():
        path = ROOT / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
    if stale:
        print(f"stale: {', '.join(stale)}; run python scripts/docs.py")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
