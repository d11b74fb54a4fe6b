"""The images that the backups need beside those of the stores."""

from __future__ import annotations

AS_OF = "2026-11-22"
"""The day on which the tag was looked up; no digest was known then."""
RESTIC = "restic/restic:0.19.1"
"""Encrypts, deduplicates, sends and checks; Alpine with a shell. Recheck monthly."""
