"""Feeds one reader with texts that atheris invents, for so many seconds of CPU; run by `make fuzz`.

What it finds is written to `--crashes`; such a text goes to tests/fuzz/seeds/<reader>/ with the change that mends it.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

import atheris

ROOT = Path(__file__).resolve().parent.parent
CORPUS = Path(os.environ.get("SCAFFOLD_CORPUS", ROOT.parent / "shared" / "corpus"))
LONGEST = 4096
"""Characters of an invented text; the readers' bounds for long ones are tests of their own."""
STUCK = 900
"""Seconds on the clock, not of CPU, after which a reading is taken to have no end: a busy machine slows many."""
PUMPED = 60_000
"""Characters of a text in which one part is repeated: what takes more than linear time shows there."""

sys.path.insert(0, str(ROOT))
with atheris.instrument_imports(include=["scaffold"]):
    from tests.fuzz.readers import READERS, Reader, judge


def seeds(reader: Reader) -> Iterator[str]:
    """Yield the kept texts, and those of the examples and the corpus that the reader is for."""
    for folder in (ROOT / "tests" / "fuzz" / "seeds" / reader.name, ROOT / "examples", ROOT / "tests" / "cases", CORPUS):
        for path in sorted(folder.rglob("*")):
            kept = folder.name == reader.name or reader.is_for(path.relative_to(folder).as_posix())
            if path.is_file() and kept and path.stat().st_size < 4 * LONGEST:
                yield path.read_text(encoding="utf-8", errors="replace")[:LONGEST]


class Run:
    """One reader's run: counts, times, keeps what fails, and ends the process when its time is over."""

    def __init__(self, reader: Reader, seconds: float, crashes: Path) -> None:
        self.reader = reader
        self.seconds = seconds
        self.crashes = crashes
        self.count = 0
        self.seen: set[str] = set()
        self.random = random.Random(1)

    def feed(self, data: bytes) -> None:
        """Read one text with the function that its first byte names; every 32nd with a part of it repeated."""
        if not data:
            return
        function = self.reader.functions[data[0] % len(self.reader.functions)]
        text = data[1:].decode("utf-8", "replace").replace("\0", "")
        self.count += 1
        if self.count % 32 == 0:
            text = self.pumped(text)
        try:
            judge(function, text)
        except Exception as error:
            self.keep(text, error)
        if self.count % 64 == 0 and time.process_time() > self.seconds:
            print(
                f"{self.reader.name}: {self.count} texts in {time.process_time():.0f} s, {len(self.seen)} failures", flush=True
            )
            os._exit(1 if self.seen else 0)

    def pumped(self, text: str) -> str:
        """Return the text with one part of it repeated."""
        start = self.random.randrange(len(text) + 1)
        part = text[start : start + self.random.choice((1, 2, 3, 5, 8, 20, 60))]
        return text[:start] + part * (PUMPED // max(len(part), 1)) + text[start + len(part) :]

    def keep(self, text: str, error: Exception) -> None:
        """Write a failing text once for each place that fails."""
        frames = traceback.extract_tb(error.__traceback__)[-3:]
        place = f"{type(error).__name__} " + " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in reversed(frames))
        if place in self.seen:
            return
        self.seen.add(place)
        name = f"{self.reader.name}-{hashlib.sha256(place.encode()).hexdigest()[:8]}"
        (self.crashes / name).write_text(text, encoding="utf-8", errors="surrogatepass")
        print(f"FAILED {self.reader.name}: {place}: {str(error)[:200]} -> {name}", flush=True)


def main() -> None:
    """Run one reader."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("reader", choices=sorted(READERS))
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "fuzz", help="where texts are kept between runs")
    arguments = parser.parse_args()
    reader = READERS[arguments.reader]
    kept = arguments.folder / reader.name
    kept.mkdir(parents=True, exist_ok=True)
    for text in seeds(reader):
        for index in range(len(reader.functions)):
            data = bytes([index]) + text.encode()
            (kept / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
    run = Run(reader, arguments.seconds, arguments.folder / "failures")
    run.crashes.mkdir(parents=True, exist_ok=True)
    options = [
        f"-max_len={LONGEST}",
        f"-timeout={STUCK}",
        "-rss_limit_mb=2000",
        "-verbosity=0",
        f"-artifact_prefix={run.crashes}/",
    ]
    atheris.Setup([sys.argv[0], *options, str(kept)], run.feed, enable_python_coverage=True)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
