"""The agent's loop: one tool call a line, until the task is done or the limit is reached."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime

from friday_ai.monitoring.limits import CircuitBreaker
from friday_ai.observability.metrics import MetricsCollector

logger = logging.getLogger(__name__)

Tool = Callable[[str], str]


def _add(text: str) -> str:
    return str(sum(float(word) for word in text.split()))


def _now(_: str) -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


TOOLS: dict[str, Tool] = {"add": _add, "echo": lambda text: text, "now": _now}


class Agent:
    """Runs tasks with the tools that it was given."""

    def __init__(
        self,
        metrics: MetricsCollector,
        breaker: CircuitBreaker,
        max_iterations: int,
        tools: dict[str, Tool] | None = None,
    ) -> None:
        self._metrics = metrics
        self._breaker = breaker
        self._max_iterations = max_iterations
        self._tools = TOOLS if tools is None else tools

    def run(self, task: str) -> list[dict[str, str]]:
        """Works through the lines of a task and returns what each one gave."""
        steps = []
        for line in task.splitlines()[: self._max_iterations]:
            if line.strip():
                steps.append(self._step(line.strip()))
        self._metrics.gauge("friday_last_task_steps", len(steps))
        return steps

    def _step(self, line: str) -> dict[str, str]:
        name, _, argument = line.partition(" ")
        tool = self._tools.get(name)
        if tool is None:
            return {"tool": name, "state": "unknown", "result": ""}
        if not self._breaker.allows():
            return {"tool": name, "state": "refused", "result": "circuit breaker is open"}
        started = time.monotonic()
        try:
            result = tool(argument)
        except (ValueError, OSError) as error:
            self._breaker.failed()
            self._metrics.count("friday_tool_calls_total", tool=name, state="failed")
            logger.warning("tool %s failed: %s", name, error)
            return {"tool": name, "state": "failed", "result": str(error)}
        self._breaker.succeeded()
        self._metrics.count("friday_tool_calls_total", tool=name, state="done")
        self._metrics.observe("friday_tool_seconds", time.monotonic() - started, tool=name)
        return {"tool": name, "state": "done", "result": result}
