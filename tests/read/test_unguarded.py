"""Code that several programs share is looked at once, and not for each of them."""

from __future__ import annotations

from collections import Counter

from scaffold.read.open_apis import unguarded

PROGRAM = "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.delete('/items')\ndef clear():\n    return {}\n"


def test_shared_code_is_read_once() -> None:
    files = {"shared.py": "import os\n"}
    for number in range(5):
        files |= {f"p{number}/pyproject.toml": "", f"p{number}/main.py": PROGRAM}
    asked: Counter[str] = Counter()

    def glance(path: str) -> str | None:
        asked[path] += 1
        return files.get(path)

    code = [path for path in files if path.endswith(".py")]
    found = list(unguarded([path for path in code if path != "shared.py"], code, files, glance))
    assert [fact.location.path for fact in found] == [f"p{number}/main.py" for number in range(5)]
    assert asked["shared.py"] == 1
