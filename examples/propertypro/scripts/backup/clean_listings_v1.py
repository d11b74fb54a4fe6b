#!/usr/bin/env python3
"""The first version of the cleaning step, kept for comparison."""

import json
import sys


def main() -> None:
    """Drops the listings that have no price."""
    listings = json.load(sys.stdin)
    json.dump([item for item in listings if item.get("price")], sys.stdout)


if __name__ == "__main__":
    main()
