"""Signing for real: the scripts of the workflows, run by bash against a registry, with a key in place of GitHub's identity."""

from __future__ import annotations

import base64
import io
import json
import os
import re
import socket
import subprocess
import tarfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from scaffold.app.examination import Place
from scaffold.app.generation import plan_generation, write_generation
from scaffold.model.names import Room

IDENTITY = "https://github.com/acme/propertypro/.github/workflows/images.yml@refs/heads/main"
ISSUER = "https://token.actions.githubusercontent.com"
SBOM = {
    "spdxVersion": "SPDX-2.3",
    "SPDXID": "SPDXRef-DOCUMENT",
    "name": "image",
    "dataLicense": "CC0-1.0",
    "documentNamespace": "https://example.org/image",
    "creationInfo": {"created": "2026-01-01T00:00:00Z", "creators": ["Tool: test"]},
    "packages": [{"SPDXID": "SPDXRef-a", "name": "openssl", "versionInfo": "3.5.4", "downloadLocation": "NOASSERTION"}],
}
# Keyless signing needs GitHub: the key stands in for the identity, which has to be asked for exactly all the same.
COSIGN = """\
#!/bin/bash
command=$1
shift
words=() identity= issuer=
while (($#)); do
  case $1 in
    --certificate-identity) identity=$2; shift ;;
    --certificate-oidc-issuer) issuer=$2; shift ;;
    *) words+=("$1") ;;
  esac
  shift
done
case $command in
  sign | attest) words=(--key "$KEYS/cosign.key" --signing-config "$KEYS/signing.json" "${words[@]}") ;;
  *)
    [[ $identity == "$WANTED_IDENTITY" && $issuer == "$WANTED_ISSUER" ]] || exit 97
    words=(--key "$KEYS/cosign.pub" --insecure-ignore-tlog "${words[@]}")
    ;;
esac
exec "$REAL_COSIGN" "$command" --allow-http-registry "${words[@]}"
"""


@dataclass(frozen=True)
class Registry:
    """A registry on loopback, a key pair, and the folder that the scripts run in."""

    host: str
    folder: Path
    crane: str
    environment: dict[str, str]

    def push(self, name: str, content: bytes) -> str:
        """Push an image with one file in it under the tag 1; return its digest."""
        layer = self.folder / "layer.tar"
        with tarfile.open(layer, "w") as archive:
            entry = tarfile.TarInfo("app")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        reference = f"{self.host}/{name}:1"
        self.run([self.crane, "append", "--insecure", "-f", str(layer), "-t", reference])
        return self.run([self.crane, "digest", "--insecure", reference]).stdout.strip()

    def run(self, argv: list[str], **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            argv, cwd=self.folder, env={**self.environment, **more}, capture_output=True, text=True, check=True, timeout=120
        )

    def script(self, step: dict[str, Any], **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a step's script as GitHub does, with its environment evaluated."""
        assert set(step["env"]) <= set(environment)
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-c", step["run"]],
            cwd=self.folder,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )


@pytest.fixture
def registry(tmp_path: Path, require_tool: Callable[[str], str]) -> Iterator[Registry]:
    crane, cosign = require_tool("crane"), require_tool("cosign")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path / "runner"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "cosign").write_text(COSIGN)
    (folder / "bin" / "cosign").chmod(0o755)
    environment = {
        "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
        "HOME": str(folder),
        "COSIGN_PASSWORD": "",
        "KEYS": str(folder),
        "REAL_COSIGN": cosign,
        "WANTED_IDENTITY": IDENTITY,
        "WANTED_ISSUER": ISSUER,
    }
    server = subprocess.Popen(
        [crane, "registry", "serve", "--address", f"127.0.0.1:{port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        made = Registry(f"127.0.0.1:{port}", folder, crane, environment)
        wait_for(f"http://127.0.0.1:{port}/v2/")
        made.run([cosign, "generate-key-pair"])
        made.run([cosign, "signing-config", "create", "--out", "signing.json"])
        (folder / "sbom.spdx.json").write_text(json.dumps(SBOM))
        yield made
    finally:
        server.terminate()
        server.wait(timeout=30)


def wait_for(address: str) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except urllib.error.URLError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


def steps_of(path: Path, job: str) -> dict[str, dict[str, Any]]:
    document = yaml.load(path.read_text(), Loader=yaml.BaseLoader)
    return {step["name"]: step for step in document["jobs"][job]["steps"] if "run" in step and "name" in step}


def sign_and_verify(registry: Registry, sign: dict[str, Any], verify: dict[str, Any], images: str) -> None:
    known = {"IMAGES": images, "IDENTITY": IDENTITY, "ISSUER": ISSUER}
    assert registry.script(verify, **known).returncode != 0, "an image that nobody signed is refused"
    signed = registry.script(sign, IMAGES=images)
    assert signed.returncode == 0, signed.stderr
    verified = registry.script(verify, **known)
    assert verified.returncode == 0, verified.stderr
    assert registry.script(verify, **{**known, "IDENTITY": IDENTITY.replace("main", "other")}).returncode == 97
    for image in images.split():
        assert image.partition("@")[2] in verified.stdout
        assert attested(registry, image) == SBOM


def attested(registry: Registry, image: str) -> object:
    """Return the SBOM that is attached to an image, as its signature covers it."""
    cosign = registry.environment["REAL_COSIGN"]
    keys = ["--key", "cosign.pub", "--insecure-ignore-tlog", "--allow-http-registry"]
    done = registry.run([cosign, "verify-attestation", "--type", "spdxjson", *keys, image])
    statement = json.loads(base64.b64decode(json.loads(done.stdout.splitlines()[0])["payload"]))
    assert statement["predicateType"] == "https://spdx.dev/Document"
    return statement["predicate"]


def test_the_images_workflow_signs_by_digest_and_refuses_a_tampered_image(
    registry: Registry, example: Callable[[str], Path]
) -> None:
    root = example("propertypro")
    write_generation(plan_generation(Place(root), rooms=frozenset({Room.WORKFLOWS}), edit_codes=None))
    steps = steps_of(root / ".github/workflows/images.yml", "publish")
    sign, verify = steps["Sign the digest and attest the SBOM"], steps["Verify as a deployment does"]
    assert sign["env"] == {"IMAGES": "${{ steps.image.outputs.name }}@${{ steps.build.outputs.digest }}"}
    assert verify["env"]["IDENTITY"] == "${{ github.server_url }}/${{ github.workflow_ref }}"
    assert verify["env"]["ISSUER"] == ISSUER
    digest = registry.push("acme/propertypro/frontend", b"as built")
    image = f"{registry.host}/acme/propertypro/frontend"
    sign_and_verify(registry, sign, verify, f"{image}@{digest}")

    other = registry.push("acme/propertypro/frontend", b"as somebody else pushed it over the tag")
    assert other != digest
    known = {"IDENTITY": IDENTITY, "ISSUER": ISSUER}
    refused = registry.script(verify, IMAGES=f"{image}@{other}", **known)
    assert refused.returncode not in {0, 97}
    assert re.search(r"no (?:matching )?signatures|no attestations|not found", refused.stderr, re.IGNORECASE), refused.stderr
    assert registry.script(verify, IMAGES=f"{image}:1", **known).returncode not in {0, 97}
    assert registry.script(verify, IMAGES=f"{image}@{digest}", **known).returncode == 0


def test_an_edited_workflow_signs_every_name_that_it_pushed(registry: Registry, example: Callable[[str], Path]) -> None:
    root = example("propertypro")
    write_generation(plan_generation(Place(root), rooms=frozenset(), edit_codes=frozenset({"SUP003"})))
    steps = steps_of(root / ".github/workflows/ci.yml", "build")
    digests = {registry.push(name, b"the backend") for name in ("acme/backend", "acme/mirror")}
    assert len(digests) == 1
    output = registry.folder / "output"
    tags = f"{registry.host}/Acme/backend:latest\n{registry.host}/Acme/backend:1\n{registry.host}/acme/mirror:1\n"
    name = steps["Name the pushed image by its digest"]
    named = registry.script(name, TAGS=tags, DIGEST=next(iter(digests)), GITHUB_OUTPUT=str(output))
    assert named.returncode == 0, named.stderr
    images = dict(line.split("=", 1) for line in output.read_text().splitlines())["images"]
    assert len(images.split()) == 2
    sign_and_verify(registry, steps["Sign the digest and attest the SBOM"], steps["Verify as a deployment does"], images)
