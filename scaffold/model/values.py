"""Small values that own their rules: image references, durations, byte sizes, names."""

from __future__ import annotations

import re

from scaffold.model.frozen import frozen
from scaffold.model.regex import regex

_DURATION = regex(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_LONGEST = 100
"""Characters of a duration or size that can mean anything; longer numbers overflow."""
_SIZE = regex(r"(\d+(?:\.\d+)?)\s*([kmgtp]?)(i?b?)", re.IGNORECASE)


@frozen
class ImageReference:
    """An image name split as the distribution specification does: registry/repository:tag@digest."""

    registry: str
    repository: str
    tag: str
    digest: str

    @classmethod
    def parse(cls, text: str) -> ImageReference:
        """Split `text`; a first part counts as registry when it holds a dot or a port, or is `localhost`."""
        name, _, digest = text.strip().partition("@")
        head, slash, tail = name.rpartition("/")
        base, colon, tag = tail.partition(":")
        path = f"{head}{slash}{base}"
        first, _, rest = path.partition("/")
        if rest and ("." in first or ":" in first or first == "localhost"):
            return cls(first, rest, tag if colon else "", digest)
        return cls("", path, tag if colon else "", digest)

    @property
    def name(self) -> str:
        """The last part of the repository: `postgres` of `docker.io/library/postgres:16`."""
        return self.repository.rsplit("/", 1)[-1]

    @property
    def is_mutable(self) -> bool:
        """Whether the same text can name another image tomorrow by convention (no tag, latest, stable, edge ...)."""
        return not self.digest and self.tag in {"", "latest", "stable", "edge", "nightly", "main", "master", "dev"}

    @property
    def major(self) -> int | None:
        """The leading number of the tag (`16-alpine` is 16, `v3.1` is 3), or None for `latest`, digests and words."""
        match = re.match(r"v?([0-9]{1,9})(?![0-9]|[0-9a-f]{6,})", self.tag)
        return int(match[1]) if match else None

    def __str__(self) -> str:
        registry = f"{self.registry}/" if self.registry else ""
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{registry}{self.repository}{tag}{digest}"


def parse_duration(text: str) -> float | None:
    """Return the seconds of a Compose duration such as `1m30s` or `500ms`, or None for anything else."""
    compact = text.strip()
    parts = _DURATION.findall(compact) if len(compact) <= _LONGEST else []
    if not parts or "".join(number + unit for number, unit in parts) != compact:
        return None
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def parse_byte_size(text: str) -> int | None:
    """Return the bytes of a Compose size; `512m` and `512MB` are MiB as in Docker (units.RAMInBytes), or None."""
    match = _SIZE.fullmatch(text.strip())
    if not match or len(match[1]) > _LONGEST:
        return None
    power = " kmgtp".index(match[2].lower() or " ")
    return int(float(match[1]) * 1024**power)


def means_true(value: str | None) -> bool:
    """Whether a value turns a switch of an application on; YAML and Compose have words of their own."""
    return (value or "").strip().lower() in {"1", "true", "yes", "on"}


def dns_label(text: str, limit: int = 63) -> str:
    """Return `text` as a DNS label (RFC 1123): lower case letters, digits and hyphens, at most `limit` characters."""
    label = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:limit].strip("-")
    return label or "app"


def closest(name: str, candidates: tuple[str, ...]) -> str | None:
    """Return the candidate that `name` is most likely a slip for, or None."""
    import difflib

    return next(iter(difflib.get_close_matches(name, candidates, n=1, cutoff=0.6)), None)
