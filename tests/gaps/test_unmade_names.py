"""For which images a name may stand that a workflow pushes."""

from __future__ import annotations

import pytest

from scaffold.gaps.supply_chain.unmade_names import may_stand_for

OWNER, WHOLE, ANY = "${{ github.repository_owner }}", "${{ github.repository }}", "${{ inputs.part }}"


@pytest.mark.parametrize(
    ("pushed", "image", "may"),
    [
        ("ghcr.io/Acme/shop", "ghcr.io/acme/shop", True),
        ("ghcr.io/acme/shop", "ghcr.io/acme/shops", False),
        (f"ghcr.io/{OWNER}/shop", "ghcr.io/acme/shop", True),
        (f"ghcr.io/{OWNER}/shop", "ghcr.io/acme/shop-api", False),
        (f"ghcr.io/{OWNER}/shop", "ghcr.io//shop", False),
        (f"ghcr.io/{WHOLE}", "ghcr.io/acme/shop", True),
        (f"ghcr.io/{WHOLE}", "ghcr.io/acme/shop/api", False),
        (f"ghcr.io/{WHOLE}/api", "ghcr.io/acme/shop/api", True),
        (f"ghcr.io/{WHOLE}-api", "ghcr.io/acme/shop-api-api", True),
        (f"{ANY}/{WHOLE}", "registry.example.com/team/acme/shop", True),
        (f"ghcr.io/acme/{ANY}-{ANY}", "ghcr.io/acme/shop-api", True),
        (f"ghcr.io/acme/{ANY}-{ANY}", "ghcr.io/acme/shop-", False),
        (f"ghcr.io/acme/{ANY}{ANY}", "ghcr.io/acme/s", False),
    ],
)
def test_a_name_stands_for_images_that_its_expressions_may_make(pushed: str, image: str, may: bool) -> None:
    assert may_stand_for(pushed, image) is may


def test_many_expressions_in_a_name_end() -> None:
    assert not may_stand_for(f"ghcr.io/{ANY}a" * 30 + "b", "ghcr.io/" + "a" * 240)
    assert not may_stand_for("ghcr.io/" + ANY * 500 + "/x", "ghcr.io/" + "ab/" * 80)
    assert not may_stand_for(WHOLE * 40, "a/" * 120)
