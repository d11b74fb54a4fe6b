#!/usr/bin/env bash
# Fetches the JSON schema of SARIF 2.1.0 from the npm package that carries it; run it from this folder to renew the copy.
set -euo pipefail
cd "$(dirname "$0")"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
npm pack --silent --pack-destination "$scratch" @microsoft/jest-sarif@1.0.0-beta.0 >/dev/null
tar -xzf "$scratch"/*.tgz -C "$scratch"
cp "$scratch/package/lib/schemas/sarif-2.1.0-rtm.5.json" sarif-2.1.0.json
