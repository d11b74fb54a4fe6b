#!/usr/bin/env python3
"""Makes collected listings uniform: clean_listings.py < raw.json > clean.json"""

import json
import sys


def clean(listing: dict) -> dict | None:
    """Returns the listing with trimmed text and a whole price, or None when it is unusable."""
    title = str(listing.get("title", "")).strip()
    try:
        price = int(float(listing["price"]))
    except (KeyError, TypeError, ValueError):
        return None
    if not title or price <= 0:
        return None
    return {"title": title, "city": str(listing.get("city", "")).strip().title(), "price": price}


def main() -> None:
    """Reads a list and writes the usable part of it."""
    cleaned = (clean(listing) for listing in json.load(sys.stdin))
    json.dump([listing for listing in cleaned if listing], sys.stdout)


if __name__ == "__main__":
    main()
