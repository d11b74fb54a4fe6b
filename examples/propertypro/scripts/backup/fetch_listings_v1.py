#!/usr/bin/env python3
"""The first version of the listings collector, kept for comparison."""

import json
import sys
import urllib.request


def main() -> None:
    """Prints the listings of one feed."""
    with urllib.request.urlopen(sys.argv[1], timeout=30) as answer:
        print(json.dumps(json.load(answer), indent=2))


if __name__ == "__main__":
    main()
