"""The settings, read from the environment once at start."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """What the process is told from outside."""

    api_key: str = ""
    log_level: str = "INFO"
    max_iterations: int = 20
    rate_limit: int = 60
    data_dir: Path = Path("data")
    redis_url: str = ""

    @classmethod
    def from_environment(cls) -> Settings:
        """Reads the FRIDAY_ variables."""
        return cls(
            api_key=os.getenv("FRIDAY_API_KEY", ""),
            log_level=os.getenv("FRIDAY_LOG_LEVEL", "INFO"),
            max_iterations=int(os.getenv("FRIDAY_MAX_ITERATIONS", "20")),
            rate_limit=int(os.getenv("FRIDAY_RATE_LIMIT", "60")),
            data_dir=Path(os.getenv("FRIDAY_DATA_DIR", "data")),
            redis_url=os.getenv("FRIDAY_REDIS_URL", ""),
        )
