"""Where log lines go and what they look like."""

import logging

from app.core.settings import settings


def setup_logging() -> None:
    """Sends the records of the application to its log file."""
    handler = logging.FileHandler(settings.LOG_FILE, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s - %(name)s - %(levelname)s - %(message)s"))
    logger = logging.getLogger("app")
    logger.setLevel(settings.LOG_LEVEL)
    logger.handlers = [handler]
