"""The monitoring part of the plan: which components run, which are the user's own, and what is scraped."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MonitoringPlan:
    """Every decision about monitoring that more than one output shares."""

    folder: str
