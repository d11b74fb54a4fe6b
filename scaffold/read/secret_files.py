"""Credentials in files that Compose mounts as secrets, and in env files that scripts write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scaffold.model.compose import Stack
from scaffold.model.document import Location, Mapping, find, text_of
from scaffold.model.project import EnvFile, SecretFile
from scaffold.model.regex import regex
from scaffold.model.secrets import classify
from scaffold.read.compose.reader import join
from scaffold.read.env_files import read_env_file
from scaffold.read.inventory import Inventory, TextReader
from scaffold.read.lines import numbered

_SCRIPTS = (".sh", ".bash", ".tftpl", ".tpl")
_PAGES = (".md", ".rst")
_OPENS = regex(r"<<-?\s*[\"']?(?P<word>[A-Za-z_]\w*)")
_INTO_ENV_FILE = regex(r"(?:>\s*|\btee\s+(?:-a\s+)?)[\"']?[^\s\"'<>|;]*\.env(?:\.\w+)?(?![\w.])")
_FOR_ONE_MACHINE = regex(r"\.env\.(?:dev|development|local|test)(?![\w])")
_JINJA = (".j2", ".jinja2")
_OF_ENV = regex(
    r"(?:^|/)templates/(?:[\w.-]+/)*(?:[\w-]*\.)?env(?:\.(?!dev|local|test)[\w-]+)?\.j(?:inja)?2$", words=("templates/",)
)
_LONGEST = 4096
"""Characters; a secret of Compose is one word or one key, and a longer file is data."""


def read_secret_files(inventory: Inventory, stacks: Iterable[Stack], texts: TextReader) -> tuple[SecretFile, ...]:
    """Return the tracked files behind the `secrets:` of the stacks, by path; files that git does not track are not read."""
    found: dict[str, list[tuple[str, str, Location]]] = {}
    for stack in stacks:
        named = stack.node.get("secrets")
        for entry in named.entries if isinstance(named, Mapping) else ():
            file = find(entry.value, "file")
            path = join(stack.directory, text_of(file) or "..") if file is not None else None
            if file is not None and path in inventory.present and path not in inventory.private | inventory.untracked:
                found.setdefault(path, []).append((stack.id, entry.key.value, file.location))
    read = ((path, texts.glance(path)) for path in sorted(found))
    return tuple(
        SecretFile(path, classify(_without_comments(text)), tuple(dict.fromkeys(found[path])))
        for path, text in read
        if text is not None and len(text) <= _LONGEST
    )


def _without_comments(text: str) -> str:
    """Return the text, "" where every line is a comment, as in an empty file that a build may mount."""
    return "" if all(line.startswith("#") for line in text.split("\n") if line.strip()) else text


def read_written_env_files(inventory: Inventory, texts: TextReader) -> tuple[EnvFile, ...]:
    """Return what scripts write into env files by here documents and plays by templates (kind `written`), and what pages have
    people write so (`shown`).
    """
    found = []
    for path in inventory.files:
        text = texts.glance(path) if path.endswith((*_SCRIPTS, *_PAGES)) else None
        if text is not None and "<<" in text and ".env" in text:
            kind = "shown" if path.endswith(_PAGES) else "written"
            found += [file for file in [read_written(path, text, kind)] if file.entries]
    found += _rendered(inventory, texts)
    return tuple(found)


def _rendered(inventory: Inventory, texts: TextReader) -> Iterator[EnvFile]:
    """Yield the templates of Ansible of which a play makes the env file of a host, without the values that it fills in."""
    for path in sorted(path for path in inventory.present if path.endswith(_JINJA)):
        text = texts.glance(path) if _OF_ENV.search(path) and path not in inventory.untracked else None
        if text is not None:
            entries = (item for item in read_env_file(path, text)[0].entries if "{" not in item.value)
            yield EnvFile(path, "written", tuple(entries))


def read_written(path: str, text: str, kind: str = "written") -> EnvFile:
    """Return the entries of every here document of a text that goes into an env file, at their lines of the text."""
    kept = []
    word, writes = "", False
    for _, line in numbered(text):
        opened = None if word else _OPENS.search(line)
        if word and line.strip() == word:
            word = ""
        kept.append(line if word and writes else "")
        if opened is not None and "<<<" not in line:
            word, writes = opened["word"], bool(_INTO_ENV_FILE.search(line)) and not _FOR_ONE_MACHINE.search(line)
    return EnvFile(path, kind, read_env_file(path, "\n".join(kept))[0].entries)
