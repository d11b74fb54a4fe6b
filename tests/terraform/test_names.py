"""Names hold the limits of AWS's API for any text; two texts never share one by accident."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from terraform import names


@given(st.text(), st.integers(12, 40))
def test_a_slug_is_a_name_that_rds_and_elasticache_take(text: str, limit: int) -> None:
    """RDS identifiers: letters, digits and single hyphens, a letter first, no hyphen last."""
    slug = names.slug(text, limit)
    assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", slug)
    assert len(slug) <= limit


@given(st.lists(st.text(), unique=True, max_size=6))
def test_slugs_of_different_texts_differ(texts: list[str]) -> None:
    slugs = names.unique_slugs(texts, names.CACHE_LENGTH)
    assert len(set(slugs.values())) == len(texts)
    assert all(len(slug) <= 8 for slug in slugs.values())
