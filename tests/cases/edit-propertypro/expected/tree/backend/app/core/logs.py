"""Where log lines go and what they look like."""

import json
import logging
import sys
import time

from celery.signals import after_setup_logger, after_setup_task_logger

from app.core.settings import settings


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
    """Gives every handler the JSON formatter, the server's too; lines for a file go to the standard output as well."""
    if not logging.root.handlers:
        logging.root.addHandler(logging.StreamHandler(sys.stdout))
    for name in ("", *logging.root.manager.loggerDict):
        for handler in logging.getLogger(name).handlers:
            handler.setFormatter(JsonFormatter())


@after_setup_logger.connect
@after_setup_task_logger.connect
def log_celery_as_json(logger: logging.Logger, **_: object) -> None:
    """Does the same for the handlers that Celery sets up after the application's."""
    for handler in logger.handlers:
        handler.setFormatter(JsonFormatter())


def setup_logging() -> None:
    """Sends the records of the application to its log file."""
    handler = logging.FileHandler(settings.LOG_FILE, encoding="utf-8")
    handler.setFormatter(JsonFormatter())
    logger = logging.getLogger("app")
    logger.setLevel(settings.LOG_LEVEL)
    logger.handlers = [handler]
    log_as_json()
