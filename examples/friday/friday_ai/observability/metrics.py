"""Counters, gauges and histograms, and an exporter in the Prometheus text format."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TypeVar

BUCKETS = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0)

Labels = tuple[tuple[str, str], ...]
Key = tuple[str, Labels]
Value = TypeVar("Value")


class MetricsCollector:
    """Holds the values of one process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.counters: dict[Key, float] = {}
        self.gauges: dict[Key, float] = {}
        self.histograms: dict[Key, list[float]] = {}

    def count(self, name: str, amount: float = 1, **tags: str) -> None:
        """Adds to a counter."""
        with self._lock:
            key = _key(name, tags)
            self.counters[key] = self.counters.get(key, 0) + amount

    def gauge(self, name: str, value: float, **tags: str) -> None:
        """Sets a gauge."""
        with self._lock:
            self.gauges[_key(name, tags)] = value

    def observe(self, name: str, value: float, **tags: str) -> None:
        """Adds a value to a histogram: a count a bucket, then the sum."""
        with self._lock:
            cells = self.histograms.setdefault(_key(name, tags), [0.0] * (len(BUCKETS) + 2))
            for index, bound in enumerate((*BUCKETS, float("inf"))):
                if value <= bound:
                    cells[index] += 1
            cells[-1] += value

    @contextmanager
    def timer(self, name: str, **tags: str) -> Iterator[None]:
        """Observes how many seconds the block took."""
        started = time.monotonic()
        try:
            yield
        finally:
            self.observe(name, time.monotonic() - started, **tags)


class PrometheusExporter:
    """Writes a collector's values in the Prometheus text format, version 0.0.4."""

    def __init__(self, collector: MetricsCollector) -> None:
        self._collector = collector

    def export(self) -> str:
        """Returns one page for a scraper."""
        lines: list[str] = []
        for kind, values in (
            ("counter", self._collector.counters),
            ("gauge", self._collector.gauges),
        ):
            for (name, labels), value in _by_name(values, kind, lines):
                lines.append(f"{name}{_braces(labels)} {value:g}")
        for (name, labels), cells in _by_name(self._collector.histograms, "histogram", lines):
            for bound, count in zip((*BUCKETS, "+Inf"), cells, strict=False):
                lines.append(f"{name}_bucket{_braces((*labels, ('le', str(bound))))} {count:g}")
            lines.append(f"{name}_sum{_braces(labels)} {cells[-1]:g}")
            lines.append(f"{name}_count{_braces(labels)} {cells[-2]:g}")
        return "\n".join(lines) + "\n"


def _by_name(values: dict[Key, Value], kind: str, lines: list[str]) -> Iterator[tuple[Key, Value]]:
    last = ""
    for key in sorted(values):
        if key[0] != last:
            lines.append(f"# TYPE {key[0]} {kind}")
            last = key[0]
        yield key, values[key]


def _key(name: str, tags: dict[str, str]) -> Key:
    return name, tuple(sorted(tags.items()))


def _braces(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
