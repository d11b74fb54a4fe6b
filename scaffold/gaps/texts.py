"""The long text of a rule, read from the file beside its module only when somebody wants to see it."""

from __future__ import annotations

from pathlib import Path

from scaffold.gaps.catalogue import all_rules
from scaffold.model.gap import Rule


def rule_text(rule: Rule) -> str:
    """Return the Markdown text of a rule."""
    return _text_file(rule).read_text(encoding="utf-8")


def _text_file(rule: Rule) -> Path:
    room = Path(__file__).parent / rule.layer.value.replace("-", "_")
    return next(iter(sorted(room.glob(f"{rule.code.lower()}_*.md"))))


def title_of(text: str) -> str:
    """Return the first heading of a rule's text."""
    return text.partition("\n")[0].lstrip("# ").strip()


def find_rule(word: str) -> Rule | None:
    """Return the rule with this code or name, in any case, or None."""
    wanted = word.strip().lower()
    return next((rule for rule in all_rules() if wanted in {rule.code.lower(), rule.name.lower()}), None)
