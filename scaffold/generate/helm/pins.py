"""The images of the small programs that the chart uses itself."""

from __future__ import annotations

AS_OF = "2026-11-22"
"""The day on which the digests were looked up; each names the index for all platforms."""

TOOLS = {
    "busybox": "docker.io/library/busybox:1.37.0@sha256:9db7b59979c38555a39def84a31fb98b5296952f9e3afd4f6f11f05b07adfab0",
    "kubectl": "registry.k8s.io/kubectl:v1.36.4@sha256:b8d523e7b8cdc5e3caa0f8891ee9f504abf137dec786e6e0ddd33e4f272c2f13",
    "psql": "docker.io/library/postgres:17-alpine@sha256:742f40ea20b9ff2ff31db5458d127452988a2164df9e17441e191f3b72252193",
}
"""What waits for an address, what for a Job, what logs in at PostgreSQL (psql 17 speaks with every server from 9.2 on)."""
