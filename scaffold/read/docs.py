"""READMEs and pages below docs/: their headings, and the commands that they show."""

from __future__ import annotations

import itertools
import re

from scaffold.model.document import Location
from scaffold.model.project import Command, DocFile, Heading
from scaffold.model.regex import regex
from scaffold.read.lines import numbered

_HEADING = regex(r" {0,3}(#{1,6})(?:[ \t](.*))?")
_FENCE = regex(r"\s*(?:[-*>]\s+)?(`{3,}|~{3,})\s*([\w+-]*).*")
_UNDERLINE = regex(r"([=\-~^\"'`#*+.:_])\1{2,}\s*")
_SHELLS = frozenset(
    {"", "bash", "sh", "shell", "console", "zsh", "shell-session", "shellsession", "terminal", "text", "cmd", "powershell"}
)
_PROMPT = regex(r"\s*(?:[$>%]\s+|\w[\w.@:~/-]*[$#]\s+)")
_COMMAND_WORD = regex(
    r"\s*(?:sudo\s+)?(?:[A-Z_]+=\S+\s+)*(?:\./|docker|make|npm|npx|yarn|pnpm|pip|python|uv|poetry|cp|mv|cd|git|kubectl|helm|terraform|just|tox|nox|"
    r"bash|sh|curl|psql|pg_|redis-cli|aws|go|cargo|bundle|rails|mix|php|composer|celery|alembic|export|source|mkdir|chmod|scripts/|bin/)\b"
)


def is_doc(path: str) -> bool:
    """Whether the file is a README, or a page that people read (Markdown, reStructuredText, AsciiDoc as text)."""
    name = path.rpartition("/")[2].lower()
    return name.endswith((".md", ".rst", ".mdx", ".markdown")) or name in {"readme", "readme.txt", "readme.adoc"}


def read_doc(path: str, text: str) -> tuple[DocFile, tuple[Command, ...]]:
    """Return headings and text of a page, and the lines of its shell blocks as commands."""
    lines = numbered(text)
    if path.lower().endswith(".rst"):
        return DocFile(path, _rst_headings(path, lines), text), _rst_commands(path, lines)
    headings = []
    commands: list[Command] = []
    index = 0
    while index < len(lines):
        number, line = lines[index]
        index += 1
        fence = _FENCE.fullmatch(line)
        if fence:
            block, index = _block(lines, index, fence[1])
            if fence[2].lower() in _SHELLS:
                commands += _shell_lines(path, block, typed=bool(fence[2]))
        elif heading := _heading(path, lines, index - 1, number, line):
            headings.append(heading)
        elif _starts_indented_code(lines, index - 1):
            block, index = _indented(lines, index - 1)
            commands += _shell_lines(path, block, typed=False)
    return DocFile(path, tuple(headings), text), tuple(commands)


def _heading(path: str, lines: list[tuple[int, str]], index: int, number: int, line: str) -> Heading | None:
    match = _HEADING.fullmatch(line)
    if match:
        return Heading(len(match[1]), _without_closing(match[2] or ""), Location(path, number))
    following = lines[index + 1][1] if index + 1 < len(lines) else ""
    if line.strip() and not line.startswith((" ", "-", "|", ">")) and re.fullmatch(r"=+\s*|-{3,}\s*", following):
        before = lines[index - 1][1].strip() if index else ""
        return None if before else Heading(1 if following.startswith("=") else 2, line.strip(), Location(path, number))
    return None


def _without_closing(text: str) -> str:
    """Return the text of a heading without the number signs that may close it."""
    bare = text.strip()
    opened = bare.rstrip("#")
    return opened.strip() if opened != bare and opened.endswith((" ", "\t")) else bare


def _block(lines: list[tuple[int, str]], index: int, fence: str) -> tuple[list[tuple[int, str]], int]:
    """Return the lines up to the closing fence (same character, at least as long), and the index after it."""
    for end in range(index, len(lines)):
        closing = lines[end][1].strip()
        if closing.startswith(fence) and not closing.strip(fence[0]):
            return lines[index:end], end + 1
    return lines[index:], len(lines)


def _starts_indented_code(lines: list[tuple[int, str]], index: int) -> bool:
    """Whether an indented code block begins here: after an empty line, and not inside a list item (CommonMark 4.4)."""
    if not lines[index][1].startswith(("    ", "\t")) or not lines[index][1].strip() or (index and lines[index - 1][1].strip()):
        return False
    before = next((lines[place][1] for place in range(index - 1, -1, -1) if lines[place][1].strip()), "")
    return not re.match(r"\s*(?:[-*+]|\d+[.)])\s", before) and not before.startswith((" ", "\t"))


def _indented(lines: list[tuple[int, str]], index: int) -> tuple[list[tuple[int, str]], int]:
    """Return the lines of an indented code block without the empty ones, and the index after it."""
    end = index
    while end < len(lines) and (not lines[end][1].strip() or lines[end][1].startswith(("    ", "\t"))):
        end += 1
    return [row for row in lines[index:end] if row[1].strip()], end


def _shell_lines(path: str, block: list[tuple[int, str]], *, typed: bool) -> list[Command]:
    """Return the commands of a block, continuations joined; a block that names no language needs a known program in front."""
    prompts = any(re.match(r"\s*\$\s", line) for _, line in block)
    commands = []
    index = 0
    while index < len(block):
        number, line = block[index]
        index += 1
        prompt = _PROMPT.match(line)
        if prompts and prompt is None:
            continue
        words = line[prompt.end() :] if prompt else line
        parts = [words.strip()]
        while parts[-1].endswith("\\") and index < len(block):
            parts[-1] = parts[-1][:-1].rstrip()
            parts.append(block[index][1].strip())
            index += 1
        text = " ".join(parts)
        if text and not text.startswith("#") and (typed or prompts or _COMMAND_WORD.match(text)):
            commands.append(Command(text, "doc", "", Location(path, number, len(line) - len(words.lstrip()) + 1)))
    return commands


def _rst_headings(path: str, lines: list[tuple[int, str]]) -> tuple[Heading, ...]:
    levels: dict[str, int] = {}
    headings = []
    for (number, line), (_, under) in itertools.pairwise(lines):
        text = line.strip()
        if (
            text
            and not line.startswith(" ")
            and _UNDERLINE.fullmatch(under)
            and not _UNDERLINE.fullmatch(line)
            and len(under.rstrip()) >= len(text)
        ):
            headings.append(Heading(levels.setdefault(under[0], len(levels) + 1), text, Location(path, number)))
    return tuple(headings)


def _rst_commands(path: str, lines: list[tuple[int, str]]) -> tuple[Command, ...]:
    commands: list[Command] = []
    index = 0
    while index < len(lines):
        line = lines[index][1]
        index += 1
        directive = re.fullmatch(r"(\s*)\.\. (?:code-block|code|sourcecode|prompt)::\s*(\w*).*", line)
        literal = line.rstrip().endswith("::") and not line.lstrip().startswith("..")
        if not directive and not literal:
            continue
        block = []
        while index < len(lines) and (not lines[index][1].strip() or lines[index][1].startswith((" ", "\t"))):
            block.append(lines[index])
            index += 1
        language = directive[2].lower() if directive else ""
        if language in _SHELLS:
            commands += _shell_lines(
                path, [row for row in block if row[1].strip() and not row[1].strip().startswith(":")], typed=bool(language)
            )
    return tuple(commands)
