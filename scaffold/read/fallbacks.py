"""Literals that code takes in place of a secret variable: behind a helper, an operator, a declaration or a condition."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from scaffold.model.frozen import frozen
from scaffold.model.project import SettingDefault
from scaffold.model.regex import regex
from scaffold.model.secret_names import is_sensitive_name
from scaffold.read.code import setting
from scaffold.read.lines import Places

WORDS = regex(r"(?i:env)|onfig|viper|getProperty|GetValue|default_value|defaultValue")
"""Without one of these a text reads no variable."""
_SECRETS = ("secret", "passw", "token", "jwt", "salt", "key", "dsn", "credential", "pwd")
"""Without one of these, in any case, it reads no secret one."""
_NAME = r"[A-Za-z_][A-Za-z0-9_.:-]*"
_LITERAL = r"[&bf]?(?P<mark>[\"'`])(?P<value>(?:(?!(?P=mark))[^\\\n$]){1,300})(?P=mark)"
_WRAPPED = r"(?:String(?:::from)?\(\s*|Buffer\.from\(\s*|\[\]byte\(\s*|SecretString::(?:from|new)\(\s*)?"
_FALLBACK = rf"{_WRAPPED}(?:{_LITERAL}|(?P<constant>[A-Za-z_]\w*(?:\.[A-Z]\w*)?)\b(?!\s*[(.\[]))"
_READ = regex(
    r"(?:\bos\.(?:Getenv|LookupEnv)|\b(?:process|Bun|import\.meta)\.env|\bDeno\.env\.get|(?<![\w.$])env(?:\.get)?|\bENV(?:\.fetch)?"
    r"|\$_(?:ENV|SERVER)|\bgetenv|\benv::var|\bdotenvy::var|\boption_env!|\bEnvironment\.GetEnvironmentVariable"
    r"|\bSystem\.getenv(?:\(\))?|\bdotenv(?:\.get)?|\b_?[cC]onfiguration(?:\.GetValue<string\??>|\.GetSection)?"
    r"|(?<=\))\.GetValue<string\??>|\b[bB]uilder\.Configuration(?:\.GetValue<string\??>|\.GetSection)?|\bconfig(?:Service)?\.get(?:<[^>\n]{0,60}>)?|\bpropertyOrNull)"
    rf"(?:(?<=env)\.(?P<bare>[A-Z][A-Z0-9_]*)|\s*[\[(]\s*[\"'](?P<name>{_NAME})[\"']\s*(?:,\s*(?:nil|null|\{{[^{{}}\n]{{0,80}}\}})\s*)?[\])])"
)
_READ_WORD = regex(r"[eE][nN][vV]|onfig|GetValue|propertyOrNull|_SERVER")
"""What each of these forms holds, near its start."""
_LONGEST_HEAD = 16
"""Characters before such a word, as in `import.meta.env`, at most."""
_LONGEST_READ = 400
"""Characters behind it that belong to the read, at most."""
_TAIL = r"(?:\s*(?:!(?!=)|\)|\bas\s+\w+|\?\.\w+\(\)|\.(?:presence\b|strip\b|to_s\b|Value\b|\w+\(\))))*\s*"
_OPERATOR = regex(rf"{_TAIL}(?:\|\||\?\?|\?:|\bor\b)=?\s*(?:[A-Za-z_$][\w.$\[\]\"']*\s*(?:\|\||\?\?|\?:)\s*){{0,3}}{_FALLBACK}")
_METHOD = regex(
    rf"{_TAIL}\.(?:orElse|orElseGet|unwrap_or|unwrap_or_else|getOrElse|default)\(\s*(?:\(\)\s*->\s*|\|\w*\|\s*)?"
    rf"(?:\{{(?:[^{{}}]{{0,300}};)?\s*)?{_FALLBACK}"
)
_CHOICE = regex(rf"[^?;\n]{{0,60}}\?(?![.?:])\s*(?P<middle>[^:;\n?]{{1,120}}):\s*{_FALLBACK}")
_ARM = regex(
    rf"\s*\{{[^{{}}]{{0,200}}(?:\b(?:Err|None)\b[^{{}}=]{{0,20}}=>\s*(?:\{{(?:[^{{}}]{{0,300}};)?)?|\}}\s*else\s*\{{(?:[^{{}}]{{0,300}};)?)"
    rf"\s*{_FALLBACK}"
)
_OTHER_ARM = regex(r"\b(?:Err\(\w{1,40}\)|None|_)\s{0,4}=>\s{0,20}", words=("=>",))
_LAST = regex(rf"{_FALLBACK}(?:\s*\.\w+\(\))*\)*\s*")
"""An expression at the end of a block of Rust, which is its value."""
_LONGEST_MATCH = 1500
"""Characters of a `match` on a variable, whose arms may warn at length."""
_BLOCK = regex(rf"\s*(?:do\b|\{{)\s*(?:[^\n\"']*(?:warn|logger|puts)[^\n]*\n\s*)?{_FALLBACK}\s*(?:end\b|\}})")
_FIRST_OF = regex(r"(?:\bcmp\.Or|[cC]oalesce\w*|NonNullElse|defaultString|defaultIfBlank|firstNonEmpty)\(\s*$")
_NEXT_ARGUMENT = regex(rf"\s*,\s*{_FALLBACK}")
_GIVEN = regex(rf"\s*=(?!=)\s*{_FALLBACK}")
_AFTER = (_OPERATOR, _METHOD, _CHOICE, _ARM, _BLOCK)
_HELPER = regex(
    r"(?<![\w.:$>-])(?P<function>[\w.:$>-]{0,60}(?:[eE][nN][vV]\w{0,30}(?:\.fetch)?|SetDefault|GetString|getString|getProperty|getOrDefault|\.get|\bget))"
    rf"(?:<[^>\n]{{0,60}}>)?(?:\(\s*|\s+(?=[\"']))[\"'](?P<name>{_NAME})[\"']\s*,\s*(?:default(?:_value)?\s*[:=]\s*)?{_FALLBACK}\s*[,)\n;]"
)
_FIRST_ARGUMENT = regex(rf"[\"'](?P<name>{_NAME})[\"']\s*,")
"""A text in quotes before a comma, which each call of a helper holds."""
_NO_FALLBACK = regex(
    r"(?i)(?:^|[.:>_-])(?:set|put|unset|with|must|require|check|assert|expect|stub|mock|replace|validate|has|del|remove|update|log)_?\w*$"
)
"""Functions that take a name and a text, and do not return the text where the name is not set."""
_OF_DEVELOPERS = regex(
    r"(?i)(?<![a-z])(?:dev|development)_?(?:default|fallback|only)|(?:default|fallback|only)_?(?:in|for)_?dev"
)
"""Functions whose name says that they return the text for developers alone."""
_SETS_DEFAULT = regex(r"(?:^|\.)SetDefault$")
_DECLARED = (
    regex(rf"env\s*=\s*\"(?P<name>{_NAME})\"[^\]]{{0,200}}?\bdefault_value(?:_t)?\s*=\s*{_FALLBACK}", words=("default_value",)),
    regex(
        r"\bdefault_value(?:_t)?\s*=\s*\"(?P<value>[^\"\\\n]{1,300})\"[^\]]{0,200}?\benv\s*=\s*\"(?P<name>[A-Z][A-Z0-9_]*)\"",
        words=("default_value",),
    ),
    regex(
        r"\benv\s*,[^\]\"\n]{0,100}\bdefault_value\s*=\s*\"(?P<value>[^\"\\\n]{1,300})\"\s*\)\s*\]\s*(?:pub\s+)?(?P<field>[a-z]\w*)\s*:",
        words=("default_value",),
    ),
    regex(
        r"`[^`\n]{0,200}?\benv(?:config)?:\"(?P<name>[A-Za-z_]\w*)[^\"\n]*\"[^`\n]{0,200}?\b(?:envDefault|default|env-default):\"(?P<value>[^\"\n]{1,300})\"",
        words=("default", "envDefault"),
    ),
    regex(r"`[^`\n]{0,200}?\benv:\"(?P<name>[A-Za-z_]\w*),[^\"\n]*?default=(?P<value>[^\",\n]{1,300})\"", words=("default=",)),
    regex(
        rf"@ConfigProperty\(\s*name\s*=\s*\"(?P<name>{_NAME})\"\s*,\s*defaultValue\s*=\s*\"(?P<value>[^\"\n]{{1,300}})\"",
        words=("@ConfigProperty(",),
    ),
)
_CONSTANT = regex(
    r"(?m)^[^\S\n]*(?:(?:export|public|private|internal|static|readonly|pub|final)\s+)*(?:(?:const|let|var|val|String|string)\s+){0,2}"
    rf"(?P<constant>[A-Za-z_]\w*)\s*(?::\s*[&\w' ]{{1,30}}|\s+string)?\s*:?=\s*{_LITERAL}\s*;?\s*$"
)
_ASSIGNED = regex(
    r"(?P<variable>[$@]?[A-Za-z_][\w.$>-]*)(?:\s*,\s*(?P<found>\w+))?\s*(?::\s*[\w<>?| ]{1,40})?\s*:?=\s*"
    r"(?:(?:\w+\.)?\w+\(\s*){0,2}$"
)
_REFUSES = regex(
    r"\bthrow\b|\bpanic!?\(|\.Fatal\w*\(|os\.Exit|\bexit\(|\bdie\(|\braise\b|\babort\b|\bbail!|Environment\.Exit|errors\.New\(|fmt\.Errorf"
    r"|\bErr\("
)
_PRODUCTION = regex(
    r"(?i)prod(?:uction)?(?![a-z])|release|live|[\"']dev|development|debug|[\"'](?:local|test)|is_?(?:dev|local|test)"
)
_BRACE = regex(r"[{}]")
_IF = regex(r"\b(?:if|unless|when)\b[^\n]{0,200}")
_MOST_READS = 200
"""Reads of secrets in one file that are followed: nobody wrote more."""
_LONGEST_LEFT = 300
"""Characters before a read in which the variable stands that keeps it."""
_NEAR = 500
"""Characters behind a read in which its condition stands, and behind a condition in which its block does."""


@frozen
class _Found:
    """A literal that stands in for a variable, at an offset of the text."""

    name: str
    value: str
    offset: int
    guarded: bool = False


def with_fallbacks(places: Places, bare: str, known: list[SettingDefault]) -> list[SettingDefault]:
    """Return the defaults of a file: those that are known, and the literals that stand in for secrets in any other form. Those
    that the file refuses in production are marked. `bare` is the text with blanks for its comments.
    """
    lowered = bare.lower()
    if not any(word in lowered for word in _SECRETS) or not WORDS.search(bare):
        return known
    seen = {(item.name, item.location.line) for item in known}
    found = list(known)
    for item in sorted(_fallbacks(bare), key=lambda item: item.offset):
        where = places.at(item.offset)
        if (item.name, where.line) not in seen:
            seen.add((item.name, where.line))
            found.append(setting(item.name, item.value, "fallback", where, guarded=item.guarded))
    if not any(_may_be_refused(item) for item in found):
        return found
    refusing = _refusing_blocks(bare)
    return [replace(item, guarded=True) if _may_be_refused(item) and _is_refused(item, refusing) else item for item in found]


def _fallbacks(bare: str) -> Iterator[_Found]:
    sensitive = (match for match in _reads(bare) if is_sensitive_name(match["bare"] or match["name"]))
    reads = list(islice(sensitive, _MOST_READS))
    named = any(is_sensitive_name(match["name"]) for match in _FIRST_ARGUMENT.finditer(bare))
    helpers = list(_HELPER.finditer(bare)) if named else []
    declared = [match for pattern in _DECLARED for match in pattern.finditer(bare)]
    constants: dict[str, str] = {}
    for match in _CONSTANT.finditer(bare) if reads or helpers or declared else ():
        constants.setdefault(match["constant"], match["value"])
    for match in reads:
        found = _of_read(bare, match, match["bare"] or match["name"], constants)
        if found is not None:
            yield found
    for match in helpers:
        function, name = match["function"], match["name"]
        stands_in = bool(_SETS_DEFAULT.search(function)) or not _NO_FALLBACK.search(function)
        is_variable = "nv" in function.lower() or "." in name or ":" in name or name.isupper()
        value = _literal(match, constants) if stands_in and is_variable and is_sensitive_name(name) else ""
        if value:
            guarded = bool(_OF_DEVELOPERS.search(function))
            yield _Found(_as_variable(name, bare), value, match.start("name") - 1, guarded=guarded)
    for match in declared:
        groups = match.groupdict()
        name = groups.get("name") or (groups.get("field") or "").upper()
        value = _literal(match, constants) if is_sensitive_name(name) else ""
        if value:
            yield _Found(name, value, match.start())


def _reads(bare: str) -> Iterator[re.Match[str]]:
    """Yield the reads of variables, each looked for only around a word that it holds: the forms are many, and the words few."""
    end = 0
    for word in _READ_WORD.finditer(bare):
        if word.start() >= end:
            read = _read_around(bare, max(end, word.start() - _LONGEST_HEAD), word.end())
            if read is not None:
                end = read.end()
                yield read


def _read_around(bare: str, start: int, end: int) -> re.Match[str] | None:
    """Return the read that begins at or behind `start` and holds the word that ends at `end`, None where there is none."""
    reads = (_READ.match(bare, begin, end + _LONGEST_READ) for begin in range(start, end))
    return next(filter(None, reads), None)


def _as_variable(name: str, bare: str) -> str:
    """Return the variable from which viper takes a key, where it takes keys from the environment."""
    return re.sub(r"[.-]", "_", name).upper() if "AutomaticEnv" in bare else name


def _literal(match: re.Match[str] | None, constants: dict[str, str]) -> str:
    """Return the value of a match, "" for none, and where its constant is none of the file."""
    if match is None:
        return ""
    groups = match.groupdict()
    constant = groups.get("constant") or ""
    return groups.get("value") or constants.get(constant.rpartition(".")[2], "")


def _of_read(bare: str, read: re.Match[str], name: str, constants: dict[str, str]) -> _Found | None:
    """Return the literal behind one read: in its expression, beside it in a call, or in a condition that follows it."""
    end = read.end()
    chained = _OPERATOR.match(bare, end)
    if chained is not None and _READ.search(chained[0]):
        return None  # The literal is the default of the variable behind this one.
    line = bare[max(bare.rfind("\n", 0, read.start()) + 1, read.start() - _LONGEST_LEFT) : read.start()]
    value = _in_expression(bare, end, name, constants)
    if not value and _FIRST_OF.search(line):
        value = _literal(_NEXT_ARGUMENT.match(bare, end), constants)
        return _Found(name, value, read.start()) if value else None
    if not value and f"!{read[0]}" in bare[max(read.start() - _NEAR, 0) : read.start()]:
        value = _literal(_GIVEN.match(bare, end), constants)
    if value:
        return _Found(name, value, read.start())
    assigned = _ASSIGNED.search(line)
    found = _of_variable(bare, end, assigned["variable"], assigned["found"] or "", constants) if assigned else None
    return None if found is None else replace(found, name=name)


def _in_expression(bare: str, end: int, name: str, constants: dict[str, str]) -> str:
    """Return the literal that what stands right behind a read takes in its place, "" for none."""
    for pattern in _AFTER:
        match = pattern.match(bare, end)
        value = _literal(match, constants)
        if match is not None and value and (pattern is not _CHOICE or name in match["middle"]):
            return value
    return _of_other_arm(bare[end : end + _LONGEST_MATCH], constants)


def _of_other_arm(window: str, constants: dict[str, str]) -> str:
    """Return the literal that a `match` takes where the variable is not there, whatever its other arms and warnings hold."""
    if not window.lstrip().startswith("{"):
        return ""
    first, end = _body(window, 0)
    block, depth, seen = window[first:end], 0, 0
    for arm in _OTHER_ARM.finditer(block):
        between = block[seen : arm.start()]
        depth, seen = depth + between.count("{") - between.count("}"), arm.start()
        if depth:
            continue
        inner, closing = _body(block, arm.end()) if block.startswith("{", arm.end()) else (arm.end(), len(block))
        last = block[inner:closing].rpartition(";")[2] if inner > arm.end() else ""
        value = _literal(_LAST.fullmatch(last.strip()), constants)
        if value:
            return value
    return ""


def _of_variable(bare: str, start: int, variable: str, flag: str, constants: dict[str, str]) -> _Found | None:
    """Return the literal that a condition on the variable gives it, or returns in its place, where it is empty."""
    window = _rest_of_block(bare[start : start + _NEAR])
    word = re.escape(variable)
    found = _where_empty(window, word, _is_empty(word, flag), constants) or _behind_set(window, word, flag, constants)
    return None if found is None else replace(found, offset=start + found.offset)


def _where_empty(window: str, word: str, empty: str, constants: dict[str, str]) -> _Found | None:
    """Return what the block of a condition gives an empty variable, or returns where the variable is returned behind it."""
    condition = re.search(rf"(?:\b(?:if|unless)\b|;)[^\n{{}};]{{0,80}}?{empty}[^\n{{;]{{0,120}}", window)
    if condition is None:
        return None
    first, end = _body(window, condition.end())
    body = window[first:end]
    assigns = re.search(rf"(?<![\w.]){word}\s*:?=(?!=)\s*{_FALLBACK}", body)
    returns = re.search(rf"\breturn\s+{_FALLBACK}", body) if re.search(rf"\breturn\s[^\n]*{word}\b", window[end:]) else None
    match = assigns or returns
    value = _literal(match, constants)
    guarded = bool(_REFUSES.search(body) or _PRODUCTION.search(condition[0]))
    return _Found("", value, first + match.start(), guarded) if match is not None and value else None


def _behind_set(window: str, word: str, flag: str, constants: dict[str, str]) -> _Found | None:
    """Return what is returned behind a block that returns the variable where it is set."""
    returned = re.search(
        rf"(?:\b(?:if|unless)\b|;)[^\n{{}}]{{0,80}}?{_is_set(word, flag)}[^\n{{]{{0,40}}\{{"
        rf"\s*return\s+[^\n{{}}]*{word}[^\n{{}}]*\s*\}}"
        rf"\s*(?:[^\n{{}}]*(?:log|console|warn|print)[^\n]*\n\s*){{0,3}}return\s+{_FALLBACK}",
        window,
        re.IGNORECASE,
    )
    value = _literal(returned, constants)
    return _Found("", value, returned.end() - 1) if returned is not None and value else None


def _rest_of_block(text: str) -> str:
    """Return a text up to the brace that closes what was open at its start."""
    depth = 0
    for match in _BRACE.finditer(text):
        depth += 1 if match[0] == "{" else -1
        if depth < 0:
            return text[: match.start()]
    return text


def _is_empty(word: str, flag: str) -> str:
    """Return the pattern of a condition that holds where a variable is not set."""
    of_flag = rf"|!\s*{re.escape(flag)}\b" if flag and flag != "_" else ""
    return (
        rf"(?:!\s*{word}\b(?!\s*[.(\[])|(?<![\w.]){word}\s*={{2,3}}\s*(?:\"\"|''|nil\b|null\b|undefined\b|false\b)|\blen\(\s*{word}\s*\)\s*(?:==|<)"
        rf"|(?<![\w.]){word}\.(?:isEmpty|isBlank|is_empty)\(\)|(?<![\w.]){word}\.(?:empty|blank|nil)\?|IsNullOr\w+\(\s*{word}\b|\bempty\(\s*{word}"
        rf"|(?<=unless )\s*{word}\b{of_flag})"
    )


def _is_set(word: str, flag: str) -> str:
    """Return the pattern of a condition that holds where a variable is set."""
    of_flag = rf"|(?<![\w!.]){re.escape(flag)}\b" if flag and flag != "_" else ""
    differs = rf"(?<![\w!.]){word}\s*!={{1,2}}\s*(?:\"\"|''|nil\b|null\b|undefined\b)"
    return rf"(?:{differs}|\blen\(\s*{word}\s*\)\s*>|\(\s*{word}\s*\){of_flag})"


def _body(window: str, start: int) -> tuple[int, int]:
    """Return where the block or statement behind a condition begins, and where it ends."""
    opened = re.compile(r"\s*\{").match(window, start)
    if opened is None:
        rest = window[start:]
        ending = re.search(r"\n\s*end\b", rest) if rest.startswith("\n") else re.search(r"[\n]", rest)
        # A statement on the line of its condition was taken with it.
        return window.rfind("\n", 0, start) + 1, start + (ending.start() if ending else len(rest))
    depth = 0
    for index in range(opened.end() - 1, len(window)):
        depth += {"{": 1, "}": -1}.get(window[index], 0)
        if depth == 0:
            return opened.end(), index
    return opened.end(), len(window)


def _refusing_blocks(bare: str) -> list[str]:
    """Return the conditions of a file, with what follows each, after which the program ends."""
    found = []
    for match in _IF.finditer(bare) if _REFUSES.search(bare) else ():
        block = bare[match.start() : match.start() + _NEAR]
        if _REFUSES.search(block):
            found.append(block)
    return found


def _may_be_refused(item: SettingDefault) -> bool:
    return not item.guarded and bool(item.value) and is_sensitive_name(item.name)


def _is_refused(item: SettingDefault, blocks: list[str]) -> bool:
    """Whether a condition that asks for production, or for the value itself, ends the program for this variable."""
    name = re.sub(r"[^a-z0-9]", "", item.name.lower())
    for block in blocks:
        if item.value and item.value in block.partition("\n")[0]:
            return True
        if _PRODUCTION.search(block.partition("\n")[0]) and name in re.sub(r"[^a-z0-9]", "", block.lower()):
            return True
    return False
