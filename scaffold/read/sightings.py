"""Credentials in forms that providers issue, seen in the text of tracked files; the values are never kept."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.model.digest import sha256_hex
from scaffold.model.document import Location
from scaffold.model.project import SecretSighting
from scaffold.model.regex import regex
from scaffold.model.secrets import is_drawn_token, is_provider_key
from scaffold.read.fact_words import holds
from scaffold.read.lines import Places

_OF_A_MAILBOX = "Google app password"
"""What Google draws for one program that reads or sends the mail of an account."""
_PROVIDERS = (
    ("aws", ("AKIA", "ASIA")),
    ("google", ("AIza",)),
    ("anthropic", ("sk-ant-",)),
    ("openai", ("sk-",)),
    ("github", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_")),
    ("slack", ("xoxa-", "xoxb-", "xoxp-", "xoxr-", "xoxs-")),
    ("gitlab", ("glpat-",)),
    ("stripe", ("sk_live_", "rk_live_")),
    ("sendgrid", ("SG.",)),
    ("npm", ("npm_",)),
    ("PyPI", ("pypi-AgEI",)),
    ("Docker Hub", ("dckr_pat_",)),
    ("Hugging Face", ("hf_",)),
    ("SonarQube", ("squ_", "sqp_", "sqa_")),
    ("private key", ("PRIVATE KEY-----",)),
)
"""Each provider with the letters that its credentials begin with: a cheap test before the pattern of the model."""
_FIRST = ("sk-", "k_live_", "_pat_", "xox", "glpat-", "SG.", "pypi-AgEI", "PRIVATE KEY-----")
"""What most of these hold: every text of the tree is asked."""
_BEGINS = (
    regex(r"A(?=KIA|SIA|Iza)"),
    regex(r"gh[oprsu]_"),
    regex(r"npm_\w{36}", words=("npm_",)),
    regex(r"hf_\w{34}", words=("hf_",)),
    regex(r"sq[apu]_[0-9a-f]{40}"),
)
"""The rest, each form by itself: a search for what begins with the same letter passes over all others at once."""

_MAILBOX = ("gmail", "GMAIL", "Gmail")
"""One of these is in a text that gives a password to a program for a mailbox at Google."""
_APP_PASSWORD = regex(
    r"\b(?P<key>\w{0,40}(?:PASS|[Pp]ass)\w{0,40})[\"'`]?[ \t]{0,4}[:=][ \t]{0,4}[\"'`]?"
    r"(?P<value>[a-z]{4} [a-z]{4} [a-z]{4} [a-z]{4})(?![a-z ])",
    words=("PASS", "ass"),
)
"""Four groups of four letters (support.google.com, Sign in with app passwords)."""
_HOOKS = ("hooks.slack.com/services/", "/api/webhooks/", "/stacks/webhooks/", "api.render.com/deploy/")
_HOOK = regex(
    r"https://(?:(?P<slack>hooks\.slack\.com/services/T[A-Z0-9]{8,12}/B[A-Z0-9]{8,12}/(?P<a>[A-Za-z0-9]{24}))"
    r"|(?P<discord>discord(?:app)?\.com/api/webhooks/[0-9]{17,20}/(?P<b>[\w-]{60,80}))"
    r"|(?P<render>api\.render\.com/deploy/srv-[a-z0-9]{20}\?key=(?P<c>[\w-]{8,40}))"
    r"|(?P<portainer>(?P<host>[\w.-]{1,200})(?::[0-9]{1,5})?/api/(?P<stacks>stacks/)?webhooks/(?P<d>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})))(?![\w-])",
    words=("https://",),
)
"""Addresses whose path is the key: whoever has one may post to the channel, or start the deployment."""
_OF_NOBODY = regex(r"(?i)(?:^|[.-])(?:example|your|my-?(?:domain|server|host))")
_ISSUERS = {"slack": "Slack", "discord": "Discord", "render": "Render", "portainer": "Portainer"}
_CLOUDINARY = ("cloudinary", "Cloudinary", "CLOUDINARY")
_API_SECRET = regex(
    r"\b(?P<key>\w{0,40}(?:api_?secret|API_SECRET|apiSecret))[\"']?[ \t]{0,4}[:=][ \t]{0,4}[\"']?"
    r"(?P<value>[\w-]{27})(?![\w.(\[-])",
    words=("api", "API_SECRET"),
)
"""What Cloudinary gives with the name of its cloud and a key that everybody may see: 27 letters of the base64 of addresses."""
_SIGNED = ("X-Amz-Credential=", "AWSAccessKeyId=")
"""What stands before the id of a key in an address signed with it (AWS, Signature Version 4): the id alone opens nothing."""
_SAYS_MADE_UP = regex(
    r"(?i)\b(?:no|not)\s+(?:an?\s+)?(?:actual|real|valid)\s+(?:\w+\s+)?(?:tokens?|keys?|secrets?|credentials?)\b"
    r"|\b(?:tokens?|keys?|secrets?|credentials?) from (?:the )?(?:\w+ )?doc(?:s|umentation)\b"
)
_CLOSE_ABOVE = 320
"""Characters before the line of a credential in which a comment says that it is none: about six lines."""
_KEY = regex(r"([A-Za-z_][A-Za-z0-9_.-]*)[\"']?\s*[:=]\s*[\"']?[^\"'\s=:]*$")
_KEY_BODY = regex(r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?:\s|\\[rn])*(?:[A-Za-z0-9-]+: [^\n]*\n\s*)*[A-Za-z0-9+/=]{40}")
_LOCKED = regex(r"-----BEGIN ENCRYPTED PRIVATE KEY-----|-----BEGIN [A-Z ]*PRIVATE KEY-----\s+Proc-Type: 4,ENCRYPTED")
"""The heads of keys under a passphrase (RFC 7468, section 11; RFC 1421 as OpenSSL writes it)."""
_COMMENT = regex(r"[ \t]*(?:#|//(?=[ \t/!]|$)|/\*|\*[ \t]|--[ \t]|;|<!--)")
_TOKEN = regex(r"[A-Za-z0-9_\-]+")
_VALUE = regex(r"[A-Za-z0-9_.\-]+")
_HEAD_OF_BODY, _TELLING = 40, 200
"""Characters of a private key that `_KEY_BODY` takes, which are alike in keys of one length, and as many more that are not."""
_WHOLE = regex(r"(?:SG\.|[a-z]{2,6}[_-](?:pat_|live_)?)(?P<body>[A-Za-z0-9_.\-]+)")
_OF_SLACK = regex(
    r"xox[abprs]-(?:[0-9]-)?(?:[0-9]{8,15}-[A-Za-z0-9-]{8,}|(?=[A-Za-z]{0,400}[0-9])(?=[A-Za-z0-9]{0,400}[A-Za-z])[A-Za-z0-9]{16,400})",
    words=("xox",),
)
"""The ids of a team and a user, or a version, before what Slack draws; the oldest tokens have that alone. Words are none."""
_DRAWN = frozenset({"github", "gitlab", "stripe", "sendgrid", "npm", "PyPI", "Docker Hub", "Hugging Face", "SonarQube"})
"""Whose credentials are drawn of letters of more than one kind."""
_HEX_BODY = regex(r"sk-[0-9a-f]{32}")
_LEAST_DIGITS = 10
"""Different hexadecimal digits among 32: fewer than ten are one in ten thousand random keys, and the rule among stand-ins."""
_LIKE_OPENAI = "DeepSeek or Open WebUI"
"""Issuers of `sk-` and 32 hexadecimal digits (their documentation of API keys)."""
_LONGEST_LINE = 2000
"""Characters; longer lines are minified code or data."""


def read_sightings(path: str, text: str) -> tuple[SecretSighting, ...]:
    """Return where a text holds a provider's credential, with the key that it is given to; one a line at most."""
    others = (
        *(_app_passwords(path, text) if holds(text, _MAILBOX) else ()),
        *(_hooks(path, text) if holds(text, _HOOKS) else ()),
        *(_cloudinary_secrets(path, text) if holds(text, _CLOUDINARY) else ()),
    )
    if not holds(text, _FIRST) and not any(pattern.search(text) for pattern in _BEGINS):
        return others
    places = Places(path, text)
    found: dict[int, SecretSighting] = {}
    for provider, begin in ((name, begin) for name, begins in _PROVIDERS for begin in begins):
        offset = text.find(begin)
        while offset != -1:
            start, end = _line_around(text, offset)
            known = start in found or end - start > _LONGEST_LINE
            sighting = None if known else _sighting(places, text[start:end], text, provider, offset)
            if sighting is not None:
                found[start] = sighting
            # A line that is done, or that nobody wrote by hand, is left at once.
            offset = text.find(begin, end if known else offset + len(begin))
    return (*(found[start] for start in sorted(found)), *others)


def _app_passwords(path: str, text: str) -> tuple[SecretSighting, ...]:
    """Return the passwords that Google draws for one program: pages show `abcd efgh ijkl mnop` or words in their place."""
    found = [match for match in _APP_PASSWORD.finditer(text) if _is_drawn(match["value"].split())]
    places = Places(path, text) if found else None
    return tuple(
        SecretSighting(_OF_A_MAILBOX, match["key"], places.at(match.start("value")), mark=_mark(match["value"]))
        for match in found
        if places
    )


def _mark(value: str) -> str:
    return sha256_hex(value.encode())[:16]


def _hooks(path: str, text: str) -> Iterator[SecretSighting]:
    """Yield the addresses of webhooks whose path is their key."""
    places = Places(path, text)
    for match in _HOOK.finditer(text):
        provider = next(name for name in _ISSUERS if match[name])
        token = next(match[name] for name in "abcd" if match[name])
        if is_drawn_token(token) and (provider != "portainer" or _is_of_portainer(match, text)):
            yield SecretSighting(f"{_ISSUERS[provider]} webhook", "", places.at(match.start()), mark=_mark(token))


def _is_of_portainer(match: re.Match[str], text: str) -> bool:
    """Whether an address is one of Portainer's on a host of somebody: others have routes for webhooks as well."""
    return not _OF_NOBODY.search(match["host"]) and (match["stacks"] is not None or "portainer" in text.lower())


def _cloudinary_secrets(path: str, text: str) -> Iterator[SecretSighting]:
    """Yield the secrets of Cloudinary's API in a text that speaks of it."""
    places = Places(path, text)
    for match in _API_SECRET.finditer(text):
        if is_drawn_token(match["value"]) and all(re.search(kind, match["value"]) for kind in ("[a-z]", "[A-Z]", "[0-9]")):
            yield SecretSighting("Cloudinary", match["key"], places.at(match.start("value")), mark=_mark(match["value"]))


def _is_drawn(groups: list[str]) -> bool:
    """Whether groups of letters were drawn: one has no vowel, none goes on as the alphabet does, and no letter fills one."""
    in_order = any(ord(group[3]) - ord(group[0]) == 3 and sorted(group) == list(group) for group in groups)
    return (
        not in_order and all(len(set(group)) > 1 for group in groups) and any(not set(group) & set("aeiou") for group in groups)
    )


def _line_around(text: str, offset: int) -> tuple[int, int]:
    """Return start and end of the line at an offset; of one that is too long, more than its longest length before its end."""
    start = text.rfind("\n", max(offset - _LONGEST_LINE - 1, 0), offset) + 1
    end = text.find("\n", offset)
    end = len(text) if end == -1 else end
    return (start if start or offset <= _LONGEST_LINE else end - _LONGEST_LINE - 1), end


def _looks_issued(text: str, provider: str, offset: int) -> bool:
    """Whether more than the first letters look real: a key's body follows its head, what was drawn mixes letters and digits."""
    if provider == "private key":
        return bool(_KEY_BODY.match(text, offset))
    if provider == "slack":
        return _OF_SLACK.match(text, offset) is not None
    if provider in _DRAWN:
        whole = _WHOLE.match(text, offset)
        return whole is not None and is_drawn_token(whole["body"])
    if provider in {"openai", "anthropic"}:
        body = _TOKEN.match(text, offset)
        if body is not None and _is_hexadecimal(body[0]):
            return True
        return body is not None and all(re.search(kind, body[0]) for kind in ("[a-z]", "[A-Z]", "[0-9]"))
    return True


def _is_hexadecimal(token: str) -> bool:
    """Whether it is a key of the other form that begins with `sk-`: hexadecimal digits alone."""
    return bool(_HEX_BODY.fullmatch(token)) and len(set(token.removeprefix("sk-"))) >= _LEAST_DIGITS


def _sighting(places: Places, line: str, text: str, provider: str, offset: int) -> SecretSighting | None:
    found_at = places.at(offset)
    column = found_at.column - 1
    start = offset - column
    if column and provider != "private key" and (line[column - 1].isalnum() or line[column - 1] in "_-"):
        return None
    if provider == "private key":
        column = max(line.find("-----BEGIN"), 0)
    if provider == "aws" and line[:column].endswith(_SIGNED):
        return None
    if _SAYS_MADE_UP.search(text[max(0, start - _CLOSE_ABOVE) : start]):
        return None
    if not is_provider_key(line[column:]) or not _looks_issued(text, provider, start + column):
        return None
    if provider == "private key" and _LOCKED.match(text, start + column):
        provider = "locked private key"
    key = _KEY.search(line[:column])
    token = _TOKEN.match(line, column)
    if provider == "openai" and token is not None and _is_hexadecimal(token[0]):
        provider = _LIKE_OPENAI
    place = Location(places.path, found_at.line, column + 1)
    mark = _mark(_value(line, text, column, start))
    return SecretSighting(
        provider, key[1] if key else "", place, in_comment=_COMMENT.match(line[:column]) is not None, mark=mark
    )


def _value(line: str, text: str, column: int, start: int) -> str:
    """Return the credential, of a private key the part that tells it from others, however its lines are joined."""
    body = _KEY_BODY.match(text, start + column)
    if body is not None:
        return re.sub(r"\\[rn]|\s", "", text[body.end() - _HEAD_OF_BODY : body.end() + _TELLING]).partition("-")[0]
    value = _VALUE.match(line, column)
    return value[0] if value is not None else ""
