"""The rate limiter and the circuit breaker that keep the agent safe."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable


class RateLimiter:
    """Admits so many calls a minute and caller."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._calls: dict[str, deque[float]] = {}

    def admits(self, caller: str) -> bool:
        """Says whether this call is within the limit, and counts it if so."""
        now = self._clock()
        calls = self._calls.setdefault(caller, deque())
        while calls and now - calls[0] >= 60:
            calls.popleft()
        if len(calls) >= self._per_minute:
            return False
        calls.append(now)
        return True


class CircuitBreaker:
    """Opens after failures in a row and closes again after a rest."""

    def __init__(
        self, failures: int, rest_seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit = failures
        self._rest = rest_seconds
        self._clock = clock
        self._failures = 0
        self._opened = 0.0

    @property
    def state(self) -> str:
        """Either open or closed."""
        return "closed" if self.allows() else "open"

    def allows(self) -> bool:
        """Says whether a call may be tried."""
        return self._failures < self._limit or self._clock() - self._opened >= self._rest

    def failed(self) -> None:
        """Counts a failed call."""
        self._failures += 1
        if self._failures >= self._limit:
            self._opened = self._clock()

    def succeeded(self) -> None:
        """Forgets the failures."""
        self._failures = 0
