"""Where the files live that ship with the package: in the wheel below _data/, in a checkout beside the package."""

from __future__ import annotations

from pathlib import Path

from scaffold.errors import ScaffoldError

_PACKAGE = Path(__file__).resolve().parent


def data_folder(name: str) -> Path:
    """Return the folder `terraform`, `blueprints` or `helm-templates`; raises ScaffoldError when the install is broken."""
    for candidate in (_PACKAGE / "_data" / name, _PACKAGE.parent / name):
        if candidate.is_dir():
            return candidate
    raise ScaffoldError(f"the installed package lacks its folder {name}", hint="install scaffold-iac again")


def package_file(*parts: str) -> Path:
    """Return a file inside the package, such as a rule's text or a JSON schema."""
    return _PACKAGE.joinpath(*parts)
