"""What the tests of reading share: examples by hypothesis may take as long as a busy machine needs."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("reading", deadline=None)
settings.load_profile("reading")
