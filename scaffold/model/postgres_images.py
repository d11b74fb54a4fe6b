"""How the images of PostgreSQL call the login that they begin with: the official one, and those with words of their own."""

from __future__ import annotations

from scaffold.model.compose import Service
from scaffold.model.frozen import frozen


@frozen
class PostgresLogin:
    """The variables of an image's first login, and the name of the user where nobody gives one."""

    password: str
    user: str
    database: str
    user_without: str


_OFFICIAL = PostgresLogin("POSTGRES_PASSWORD", "POSTGRES_USER", "POSTGRES_DB", "postgres")
_KARTOZA = PostgresLogin("POSTGRES_PASS", "POSTGRES_USER", "POSTGRES_DB", "docker")
"""Its README: without POSTGRES_USER and POSTGRES_PASS, the superuser is `docker`."""


def postgres_login(service: Service) -> PostgresLogin:
    """Return how the image of a PostgreSQL calls its first login."""
    image = None if service.build else service.image
    return _KARTOZA if image is not None and image.repository == "kartoza/postgis" else _OFFICIAL
