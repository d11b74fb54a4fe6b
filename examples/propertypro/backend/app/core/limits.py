"""The rate limit of one process."""

import time
from collections import defaultdict, deque


class RateLimiter:
    """Admits so many requests in a window of seconds."""

    def __init__(self, requests: int, window: float) -> None:
        self._requests = requests
        self._window = window
        self._seen: dict[str, deque[float]] = defaultdict(deque)

    def admits(self, caller: str) -> bool:
        """Says whether the caller is within the limit, and counts the request if so."""
        now = time.monotonic()
        seen = self._seen[caller]
        while seen and now - seen[0] >= self._window:
            seen.popleft()
        if len(seen) >= self._requests:
            return False
        seen.append(now)
        return True
