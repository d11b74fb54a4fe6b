"""Starts the API: python -m friday_ai.api"""

import json
import logging
import time

import uvicorn

from friday_ai.api.app import create_app
from friday_ai.settings import Settings


class JsonFormatter(logging.Formatter):
    """Writes a record as one JSON object a line, with the time in UTC."""

    converter = time.gmtime
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def format(self, record: logging.LogRecord) -> str:
        """Returns the line."""
        entry = {
            "timestamp": self.formatTime(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        if record.stack_info:
            entry["stack"] = self.formatStack(record.stack_info)
        return json.dumps(entry, ensure_ascii=False)


def log_as_json() -> None:
    """Gives every handler the JSON formatter, those of the server that runs the application too."""
    for name in ("", *logging.root.manager.loggerDict):
        for handler in logging.getLogger(name).handlers:
            handler.setFormatter(JsonFormatter())


def main() -> None:
    """Serves until the process is told to stop."""
    settings = Settings.from_environment()
    logging.basicConfig(
        level=settings.log_level,
    )
    log_as_json()
    logging.getLogger(__name__).info("serving on port 8000, data in %s", settings.data_dir)
    uvicorn.run(create_app(settings), host="0.0.0.0", port=8000, log_config=None)


if __name__ == "__main__":
    main()
