#!/usr/bin/env python3
"""Fetches the listings of a partner's feed, page by page: fetch_listings.py URL > raw.json"""

import json
import sys
import urllib.request
from urllib.parse import urlencode


def pages(url: str):
    """Yields the listings of each page until one is empty."""
    number = 1
    while True:
        address = f"{url}?{urlencode({'page': number})}"
        with urllib.request.urlopen(address, timeout=30) as answer:
            listings = json.load(answer)
        if not listings:
            return
        yield from listings
        number += 1


def main() -> None:
    """Writes all listings to the standard output."""
    if len(sys.argv) != 2 or not sys.argv[1].startswith("https://"):
        sys.exit("usage: fetch_listings.py https://FEED > raw.json")
    json.dump(list(pages(sys.argv[1])), sys.stdout)


if __name__ == "__main__":
    main()
