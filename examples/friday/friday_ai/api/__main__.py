"""Starts the API: python -m friday_ai.api"""

import logging

import uvicorn

from friday_ai.api.app import create_app
from friday_ai.settings import Settings


def main() -> None:
    """Serves until the process is told to stop."""
    settings = Settings.from_environment()
    logging.basicConfig(
        level=settings.log_level,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    logging.getLogger(__name__).info("serving on port 8000, data in %s", settings.data_dir)
    uvicorn.run(create_app(settings), host="0.0.0.0", port=8000, log_config=None)


if __name__ == "__main__":
    main()
