"""The version of the installed package."""

from __future__ import annotations


def scaffold_version() -> str:
    """Return the version of the installed package, "0" when it is not installed."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("scaffold-iac")
    except PackageNotFoundError:
        return "0"
