"""The steps that sign an image by its digest, attest its SBOM and verify both: for workflows of ours and in edits of theirs."""

from __future__ import annotations

from typing import Any

from scaffold.generate.actions import COSIGN, run, use

ISSUER = "https://token.actions.githubusercontent.com"
"""Who vouches for a workflow of GitHub: the issuer of the token that cosign exchanges for a certificate."""
SBOM = "sbom.spdx.json"

_SIGN = f"""\
for image in $IMAGES; do
  cosign sign --yes "$image"
  cosign attest --yes --type spdxjson --predicate {SBOM} "$image"
done
"""
_VERIFY = """\
for image in $IMAGES; do
  cosign verify \\
    --certificate-identity "$IDENTITY" --certificate-oidc-issuer "$ISSUER" "$image"
  cosign verify-attestation --type spdxjson \\
    --certificate-identity "$IDENTITY" --certificate-oidc-issuer "$ISSUER" "$image" > /dev/null
done
"""


def sbom(image: str, **more: Any) -> dict[str, Any]:
    """Return the step that lists what is in an image, from the registry, in SPDX."""
    inputs = {
        "image": image,
        "format": "spdx-json",
        "output-file": SBOM,
        "upload-artifact": False,
        "upload-release-assets": False,
    }
    return use("anchore/sbom-action", "List what is in the image", with_=inputs, **more)


def signing(images: str, **more: Any) -> list[dict[str, Any]]:
    """Return the steps that sign and verify; `images` is an expression that gives names with digests, a space between two.

    The identity is the workflow itself at the ref that it runs on, exactly: what a deployment asks for, too.
    """
    identity = {"IDENTITY": "${{ github.server_url }}/${{ github.workflow_ref }}", "ISSUER": ISSUER}
    return [
        use("sigstore/cosign-installer", "Install cosign", with_={"cosign-release": COSIGN}, **more),
        run("Sign the digest and attest the SBOM", _SIGN, {"IMAGES": images}, **more),
        run("Verify as a deployment does", _VERIFY, {"IMAGES": images, **identity}, **more),
    ]
