"""Where application code keeps what people send it, and its database file, by the plain forms of each language."""

from __future__ import annotations

import posixpath
import re
import string
from collections.abc import Callable, Iterator

from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.lines import Places

_SCRIPTS = (".js", ".ts", ".mjs", ".cjs", ".mts")
_KEPT = regex(
    r"(?:^|/)(?:uploads?|uploaded|user[_-]?uploads?|media|attachments?|user[_-]?files|avatars?|photos|pictures|images|documents|files)(?:/|$)",
    re.IGNORECASE,
)
_PASSING = regex(r"(?:^|[/_.-])(?:te?mp|cache|caches|chunks?|processing|scratch|logs?|tests?|fixtures?)$", re.IGNORECASE)
_DELETES = regex(
    r"\bunlink(?:Sync)?\(|\bos\.(?:remove|unlink)\(|\brmtree\(|\brmSync\(|\bfs\.rm\(|\bos\.Remove(?:All)?\(|deleteIfExists\(|TemporaryDirectory|NamedTemporaryFile|tempfile\."
)
_SERVES = regex(
    r"express\.static|StaticFiles\(|send_from_directory|send_file\(|sendFile\(|FileResponse\(|MEDIA_URL|[\"'`]/(?:static/|media/)?uploads?/",
)
LITERAL = regex(r"(?<!\[)(?P<mark>[\"'`])(?P<text>[\w./ -]{1,120})(?P=mark)")

_SENT = regex(r"[uU]pload|UPLOAD|[aA]ttachment|ATTACHMENT|[aA]vatar|AVATAR|[mM]edia|MEDIA|[pP]hoto|PHOTO")
"""What people send, as the names of folders for it say: the forms with names are looked for around these words alone."""
_OF_A_NAME = string.ascii_letters + string.digits + "_"
_LONGEST_NAME = 60
"""Characters of a name before such a word, at most."""
_WAITS = regex(r"\b(?:journal_mode|busy_timeout)\b", re.IGNORECASE, words=("busy_timeout", "journal_mode"))

# --- JavaScript -------------------------------------------------------------------------------------------------------

_JS_VARIABLE = r"(?:process\.env\.(?P<variable>[A-Z]\w*)\s*(?:\|\||\?\?)\s*)?"
_JS_PATH = (
    r"(?:(?:path\.)?(?:join|resolve)\(\s*+(?P<base>process\.cwd\(\)|__dirname|import\.meta\.dirname)?\s*+,?\s*+"
    r"(?P<parts>[\"'`][\w./-]+[\"'`](?:\s*,\s*[\"'`][\w./-]+[\"'`])*)|(?P<mark>[\"'`])(?P<text>[\w./-]+)(?P=mark))"
)
_JS_NAMED = regex(
    rf"\b(?P<name>\w{{0,60}}(?:upload|attachment|avatar|media|photo)\w{{0,60}}(?:dir|directory|folder|path|root))\s*[:=]\s*"
    rf"{_JS_VARIABLE}{_JS_PATH}",
    re.IGNORECASE,
)
_JS_MULTER = regex(
    rf"\b(?:multer\(\s*\{{[^;]{{0,200}}?\bdest\s*:|diskStorage\(\s*\{{[^;]{{0,300}}?\bdestination\s*:[^;]{{0,200}}?(?:cb|callback|done)\(\s*null\s*,"
    rf"|diskStorage\(\s*\{{[^;]{{0,80}}?\bdestination\s*:)\s*{_JS_VARIABLE}{_JS_PATH}",
    words=("diskStorage(", "multer("),
)
_JS_TAKES = regex(
    r"\bmulter\(|\bdiskStorage\(|\bformidable\(|FileInterceptor\(",
    words=("FileInterceptor(", "diskStorage(", "formidable(", "multer("),
)
_JS_WRITES = regex(r"\bwriteFile(?:Sync)?\(|\bcreateWriteStream\(|\bBun\.write\(|\.mv\(")
_JS_SENT = regex(r"\.formData\(\)|req\.files?\b|\barrayBuffer\(\)|\.mv\(|file\.filename|createReadStream\(\)")
_JS_DATABASE = regex(
    r"process\.env\.(?P<variable>DATABASE_(?:URL|PATH|FILE)|DB_(?:PATH|FILE|URL)|SQLITE_\w+)\s*(?:\|\||\?\?)\s*"
    r"(?P<mark>[\"'`])(?P<text>(?:file:|sqlite:)?[\w./-]+\.(?:db|sqlite3?))(?P=mark)"
)

# --- Python -----------------------------------------------------------------------------------------------------------

_PY_NAMED = regex(
    r"^[ \t]*(?:\w+\.config\[\s*[\"'])?"
    r"(?P<name>\w*(?:UPLOAD|MEDIA|ATTACHMENT|AVATAR|PHOTO)S?(?:_?(?:DIR|DIRECTORY|FOLDER|PATH|ROOT))+)"
    r"(?:[\"']\s*\])?(?:\s*:\s*+[\w.\[\]| ]++)?\s*=\s*(?P<value>[^\n#]*(?:\((?:[^()\n]|\n)*\)[^\n#]*)?)",
    re.MULTILINE | re.IGNORECASE,
)
_PY_ASKS = regex(r"(?:getenv|environ\.get|config|env(?:\.str|\.path)?)\(\s*[\"'](?P<variable>[A-Za-z_]\w*)[\"']")
_PY_MODULE = regex(r"__file__")
_PY_WORKS = regex(r"getcwd|cwd\(\)")
_PY_JOINED = regex(r"\b[A-Za-z_]\w*\s*/|\bjoin\(|\broot\(")
_PY_BASE = regex(
    r"\b(?P<base>[A-Z_]*(?:BASE|ROOT|PROJECT|APP|CURRENT|PACKAGE)[A-Z_]*(?:DIR|PATH|ROOT|FOLDER)?|settings\.BASE_DIR|basedir|base_dir|root)\b\s*(?:/|,)"
)
_PY_TAKES = regex(
    r"\bUploadFile\b|request\.files\b|request\.FILES\b|file\.save\(|\.save\(os\.path\.join\(",
    words=(".save(os.path.join(", "UploadFile", "file.save(", "request.FILES", "request.files"),
)
_PY_WRITES = regex(r"[\"']wb\+?[\"']|write_bytes\(|copyfileobj\(|\.save\(|aiofiles\.open\(")
_PY_FIELD = regex(r"\bmodels\.(?:File|Image)Field\(|\bupload_to\s*=", words=("models.", "upload_to"))
_PY_DOCUMENT = regex(
    r"^[ \t]+(?P<name>\w+)\s*=\s*models\.FileField\([^()]{0,300}?\bupload_to\s*=\s*"
    r"[\"'](?P<folder>[\w/%.-]{1,80})[\"']",
    re.MULTILINE,
    words=("models.FileField(",),
)
_OF_PEOPLE = regex(
    r"(?:^|[_/.-])(?:pdfs?|docs?|documents?|manuscripts?|papers?|attachments?|resumes?|cvs?|invoices?|contracts?|submissions?"
    r"|passports?|receipts?|certificates?|prescriptions?|medical|private|statements?|evidence|homework|assignments?)(?:[_/.-]|$)",
    re.IGNORECASE,
)
_PY_USERS = regex(
    r"AUTH_USER_MODEL|[\"']auth\.User[\"']|\bget_user_model\(|import User\b", words=("User", "USER", "user_model")
)
_PY_DATABASE = regex(
    r"(?:(?:getenv|environ\.get|config|env(?:\.db|\.str)?)\(\s*[\"'](?P<variable>[A-Z]\w*)[\"']\s*,\s*(?:default\s*=\s*)?"
    r"|^[ \t]+(?P<field>(?:database|db|sqlalchemy_database)_(?:url|uri))\s*:\s*str\s*=\s*(?:Field\(\s*(?:default\s*=\s*)?)?)"
    r"f?[\"']sqlite(?:\+\w+)?:///(?P<text>[\w./-]+)[\"']",
    re.MULTILINE,
    words=("sqlite",),
)

# --- other languages --------------------------------------------------------------------------------------------------

_RAILS_LOCAL = regex(
    r"^[ \t]*config\.active_storage\.service\s*=\s*(?::local\b|\(?ENV(?:\.fetch\(\s*[\"'](?P<fetched>[A-Z]\w*)[\"']\s*,\s*"
    r"|\[[\"'](?P<read>[A-Z]\w*)[\"']\]\s*\|\|\s*)[\"':]local\b)",
    re.MULTILINE,
    words=("config.active_storage.service",),
)
_RAILS_TAKES = regex(r"^[ \t]*has_(?:one|many)_attached\b", re.MULTILINE)
_LARAVEL = regex(
    r"->store(?:As|Publicly|PubliclyAs)?\((?:[^()\n]|\([^()\n]*\)){0,200}[\"']public[\"']\s*\)|Storage::disk\(\s*[\"'](?:public|local)[\"']\s*\)->put(?:File|FileAs)?\("
)
_PHP_PLAIN = regex(r"->move\(\s*public_path\(\s*[\"'](?P<text>[\w./-]+)[\"']")
_SPRING_NAMED = regex(
    r"(?:^[ \t]*|\.)(?:file\.)?upload[.-]?(?:dir|directory|path|location|folder)\s*[:=]\s*"
    r"(?:\$\{(?P<variable>[A-Z]\w*):)?[\"']?(?P<text>[\w./-]+)",
    re.MULTILINE,
)
_JAVA_NAMED = regex(r"Paths?\.(?:get|of)\(\s*\"(?P<text>[\w./-]*(?:upload|media|avatar|attachment)[\w./-]*)\"", re.IGNORECASE)
_JAVA_VALUE = regex(r"@Value\(\s*\"\$\{[\w.-]*upload[\w.-]*:(?P<text>[\w./-]+)\}\"", re.IGNORECASE)
_JAVA_TAKES = regex(r"\bMultipartFile\b")
_JAVA_WRITES = regex(r"transferTo\(|Files\.(?:copy|write)\(")
_GO_NAMED = regex(
    r"(?:os\.MkdirAll\(\s*|os\.Create\(\s*|SaveUploadedFile\(\s*\w+\s*,\s*|filepath\.Join\(\s*|(?i:upload\w*(?:dir|path|folder))\s*:?=\s*)\"(?P<text>(?:\./|/)?[\w./-]+)\""
)
_GO_TAKES = regex(r"SaveUploadedFile\(|\.FormFile\(|ParseMultipartForm\(|MultipartForm\(")


def kept_file_facts(path: str, text: str) -> Iterator[CodeFact]:
    """Yield `kept-files` for a place that code keeps files at, `takes-files` where it takes them from people, `sqlite-waits`
    where it lets the processes of one SQLite file wait for each other.

    The detail of `kept-files` is three words: `files`, `media` or `database`; the variable that may name another place, `-`
    for none; and the place: absolute, `work:` for one below the working directory, `code:` for one of the repository, or
    `name:` where only its last part is known. That of `takes-files` is the word of the place that it belongs to.
    """
    places = Places(path, text)
    waits = _WAITS.search(text)
    if waits:
        yield CodeFact("sqlite-waits", waits[0], places.at(waits.start()))
    if path.endswith(".py"):
        yield from _python_stores(places, text)
        kept = tuple(_python(places, text))
    elif path.endswith(_SCRIPTS):
        yield from _javascript_stores(places, text)
        kept = tuple(_javascript(places, text))
    else:
        yield from _ruby(places, text) if path.endswith(".rb") else ()
        kept = tuple(_other(places, text))
    # Asked last: few texts keep files, and whether they pass takes longer to say.
    if kept and not (_DELETES.search(text) and not _SERVES.search(text)):
        yield from kept


def _fact(places: Places, offset: int, words: str) -> CodeFact:
    return CodeFact("kept-files", words, places.at(offset))


def _takes(places: Places, found: re.Match[str] | None, word: str) -> Iterator[CodeFact]:
    if found:
        yield CodeFact("takes-files", word, places.at(found.start()))


def _is_kept(place: str) -> bool:
    """Whether a folder is called after what people send, and not after what passes."""
    clean = place.rstrip("/")
    passes = _PASSING.search(clean) or clean.startswith(("/tmp", "/dev/")) or "." in posixpath.basename(clean).lstrip(".")  # noqa: S108
    return bool(_KEPT.search(clean)) and not passes


def _named(pattern: re.Pattern[str], text: str, first: Callable[[int], int]) -> Iterator[re.Match[str]]:
    """Yield the matches of a form around what people send; `first` gives where one begins by the offset of such a word."""
    end = 0
    for word in _SENT.finditer(text):
        match = pattern.match(text, max(end, first(word.start()))) if word.start() >= end else None
        if match is not None:
            end = match.end()
            yield match


def _javascript_names(text: str) -> Iterator[re.Match[str]]:
    def first(offset: int) -> int:
        before = text[max(offset - _LONGEST_NAME, 0) : offset]
        return offset - len(before) + len(before.rstrip(_OF_A_NAME))

    return _named(_JS_NAMED, text, first)


def _python_names(text: str) -> Iterator[re.Match[str]]:
    return _named(_PY_NAMED, text, lambda offset: text.rfind("\n", 0, offset) + 1)


def _javascript_stores(places: Places, text: str) -> Iterator[CodeFact]:
    for match in _JS_DATABASE.finditer(text):
        place = re.sub(r"^(?:file|sqlite):(?://)?", "", match["text"])
        yield _fact(places, match.start(), f"database {match['variable']} {below_work(place)}")


def _javascript(places: Places, text: str) -> Iterator[CodeFact]:
    yield from _takes(places, _JS_TAKES.search(text) if "memoryStorage" not in text else None, "files")
    named = [*_JS_MULTER.finditer(text), *_javascript_names(text)]
    for match in named:
        parts = [found["text"] for found in LITERAL.finditer(match["parts"] or "")] or [match["text"] or ""]
        place = posixpath.join(*parts)
        # A path that starts at the root and is only called a path may be one of a URL.
        is_url = place.startswith("/") and (match.groupdict().get("name") or "").lower().endswith("path")
        if _is_kept(place) and not is_url:
            here = (match["base"] or "").startswith(("__dirname", "import"))
            # What a compiler makes of a script may lie elsewhere than the script.
            where = of_module(places.path, place) if here and not places.path.endswith("ts") else None
            where = where or (f"name:{_clean(place)}" if here else below_work(place))
            yield _fact(places, match.start(), f"files {match['variable'] or '-'} {where}")
            if _JS_WRITES.search(text) and _JS_SENT.search(text):
                yield CodeFact("takes-files", "files", places.at(match.start()))


def _python_stores(places: Places, text: str) -> Iterator[CodeFact]:
    for match in _PY_DATABASE.finditer(text):
        variable = match["variable"] or match["field"].upper()
        yield _fact(places, match.start(), f"database {variable} {below_work(match['text'])}")
    yield from _takes(places, _PY_FIELD.search(text), "media")
    yield from _python_documents(places, text)


def _python_documents(places: Places, text: str) -> Iterator[CodeFact]:
    """Yield the first field of a model by which users of the application hand in a document; the detail is its folder."""
    fields = (found for found in _PY_DOCUMENT.finditer(text) if _OF_PEOPLE.search(found["folder"]))
    found = next(fields, None)
    if found is not None and _PY_USERS.search(text):
        yield CodeFact("takes-documents", found["folder"].rstrip("/"), places.at(found.start("name")))


def _python(places: Places, text: str) -> Iterator[CodeFact]:
    taken = _PY_TAKES.search(text)
    yield from _takes(places, taken if taken and _PY_WRITES.search(text) else None, "files")
    for match in _python_names(text):
        value = match["value"]
        asked = _PY_ASKS.search(value)
        rest = value[asked.end() :] if asked else value
        parts = [found["text"] for found in LITERAL.finditer(rest)]
        name = match["name"].upper()
        kind = "media" if name.endswith("MEDIA_ROOT") else "files"
        place = posixpath.join(*parts) if parts else ""
        if place and "tempfile" not in value and _is_kept(posixpath.join("media", place) if kind == "media" else place):
            where = python_place(places.path, text, value, place)
            variable = asked["variable"].upper() if asked else "-"
            yield _fact(places, match.start("name"), f"{kind} {variable} {where}")


def python_place(path: str, text: str, value: str, place: str) -> str:
    """Return where a folder of Python code is: below the module's folder, or one of its parents, or the working directory."""
    if place.startswith("/"):
        return _clean(place)
    if _PY_MODULE.search(value):
        return of_module(path, place, folders_above(value)) or f"name:{_clean(place)}"
    based = _PY_BASE.search(value)
    if based is None:
        known = _PY_WORKS.search(value) or not _PY_JOINED.search(value)
        return below_work(place) if known else f"name:{_clean(place)}"
    held = re.search(rf"^{re.escape(based['base'])}\s*(?::[^=\n]+)?=\s*(?P<value>[^\n]*__file__[^\n]*)", text, re.MULTILINE)
    found = of_module(path, place, folders_above(held["value"])) if held else None
    return found or f"name:{_clean(place)}"


def folders_above(value: str) -> int:
    """Return how many folders above the module's own an expression of `__file__` names."""
    listed = re.search(r"\.parents\[(\d)\]", value)
    if listed:
        return int(listed[1])
    return max(len(re.findall(r"\.parent\b|\bdirname\(", value)) - 1, 0)


def of_module(path: str, place: str, ups: int = 0) -> str | None:
    """Return a place below a file's folder as one of the repository, None where it lies outside."""
    found = posixpath.normpath(posixpath.join(posixpath.dirname(path), "../" * ups, place.lstrip("/")))
    return None if found.startswith("..") or " " in found else f"code:{found}"


def below_work(place: str) -> str:
    """Return a place as that of a fact: absolute, or below the working directory."""
    return _clean(place) if place.startswith("/") else f"work:{_clean(place)}"


def _clean(place: str) -> str:
    return posixpath.normpath(place.replace(" ", "_"))


def _other(places: Places, text: str) -> Iterator[CodeFact]:
    path = places.path
    if path.endswith(".php"):
        yield from _php(places, text)
    elif path.endswith(".go"):
        yield from _go(places, text)
    elif path.endswith((".java", ".kt", ".properties", ".yml", ".yaml")):
        yield from _java(places, text)


def _ruby(places: Places, text: str) -> Iterator[CodeFact]:
    yield from _takes(places, _RAILS_TAKES.search(text), "attached")
    local = _RAILS_LOCAL.search(text) if places.path.endswith("environments/production.rb") else None
    if local:
        yield _fact(places, local.start(), f"attached {local['fetched'] or local['read'] or '-'} work:storage")


def _php(places: Places, text: str) -> Iterator[CodeFact]:
    stored, moved = _LARAVEL.search(text), _PHP_PLAIN.search(text)
    for match, where in ((stored, "work:storage/app"), (moved, f"work:public/{moved['text']}" if moved else "")):
        if match:
            yield _fact(places, match.start(), f"disk - {where}")
            yield CodeFact("takes-files", "disk", places.at(match.start()))


def _java(places: Places, text: str) -> Iterator[CodeFact]:
    taken = _JAVA_TAKES.search(text)
    yield from _takes(places, taken if taken and _JAVA_WRITES.search(text) else None, "files")
    for pattern in (_JAVA_NAMED, _JAVA_VALUE) if places.path.endswith((".java", ".kt")) else (_SPRING_NAMED,):
        for match in pattern.finditer(text):
            if _is_kept(match["text"]):
                variable = match.groupdict().get("variable") or "-"
                yield _fact(places, match.start(), f"files {variable} {below_work(match['text'])}")


def _go(places: Places, text: str) -> Iterator[CodeFact]:
    taken = _GO_TAKES.search(text)
    yield from _takes(places, taken, "files")
    for match in _GO_NAMED.finditer(text) if taken else ():
        if _is_kept(match["text"]):
            yield _fact(places, match.start(), f"files - {below_work(match['text'])}")
