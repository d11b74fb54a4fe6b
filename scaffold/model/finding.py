"""What a validator says."""

from __future__ import annotations

from scaffold.model.frozen import frozen
from scaffold.model.names import Severity


@frozen
class Finding:
    """One message of one tool about one place; `line` is 0 when the tool names none."""

    tool: str
    id: str
    path: str
    line: int
    severity: Severity
    message: str


@frozen
class ToolRun:
    """What became of one validator: passed, failed or not-run with the reason; never passed over nothing looked at."""

    tool: str
    version: str
    state: str
    looked_at: int
    reason: str = ""
    findings: tuple[Finding, ...] = ()

    @property
    def could_run(self) -> bool:
        """Whether there was something for the tool to look at."""
        return self.state != "not-run" or not self.reason.startswith("nothing")
