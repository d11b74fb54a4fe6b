"""Jobs that run the end-to-end tests."""

from __future__ import annotations

from scaffold.gaps.ci_signals import CiStep
from scaffold.model.regex import regex

_RUNS = regex(
    r"\bplaywright\s+test\b|\bcypress\s+run\b|\bwdio\s+run\b|\btestcafe\s|\bnightwatch\s"
    r"|\b(?:npm|pnpm|yarn|bun|npx)\b[^\n;&|]*?\s(?:[\w-]*:)?e2e(?::[\w-]+)?(?=\s|$)",
    words=("playwright", "cypress", "wdio", "testcafe", "nightwatch", "e2e"),
)
_ACTIONS = frozenset({"cypress-io/github-action"})


def end_to_end_steps(jobs: dict[tuple[str, str], list[CiStep]]) -> dict[tuple[str, str], CiStep]:
    """Return the jobs, by workflow and id, that run end-to-end tests, each with the step that does."""
    found: dict[tuple[str, str], CiStep] = {}
    for key, steps in jobs.items():
        running = (item for item in steps if item.step.action in _ACTIONS or _RUNS.search(item.text))
        first = next(running, None)
        if first is not None:
            found[key] = first
    return found
