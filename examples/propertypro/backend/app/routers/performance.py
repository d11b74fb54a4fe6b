"""How fast the API has been since it started, as JSON for its own pages."""

import math
import time
from collections import deque
from statistics import mean
from typing import Any

from fastapi import APIRouter

performance_router = APIRouter(prefix="/api/v1/performance", tags=["performance"])

STARTED = time.monotonic()
DURATIONS: deque[float] = deque(maxlen=1000)
FAILURES: deque[str] = deque(maxlen=100)


def record(path: str, status: int, seconds: float) -> None:
    """Remembers one request."""
    DURATIONS.append(seconds)
    if status >= 500:
        FAILURES.append(path)


@performance_router.get("/metrics")
def metrics() -> dict[str, Any]:
    """Returns the figures of the last thousand requests."""
    ordered = sorted(DURATIONS)
    return {
        "uptime_seconds": round(time.monotonic() - STARTED),
        "requests": len(ordered),
        "mean_milliseconds": round(1000 * mean(ordered), 1) if ordered else 0,
        "p95_milliseconds": round(1000 * ordered[math.ceil(0.95 * len(ordered)) - 1], 1) if ordered else 0,
        "failed_paths": list(FAILURES),
    }
