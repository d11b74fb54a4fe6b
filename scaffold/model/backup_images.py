"""The images that the backups need beside those of the stores."""

from __future__ import annotations

AS_OF = "2026-11-22"
"""The day on which the tags were looked up; no digests were known then."""
RESTIC = "restic/restic:0.19.1"
"""Encrypts, deduplicates, sends and checks; Alpine with a shell. Recheck monthly."""
PYTHON = "python:3.13-alpine"
"""Copies a Chroma, whose own image has no program for it, and the SQLite databases in volumes."""
