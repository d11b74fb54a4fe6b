"""Code that encrypts what an application stores, and the variables that the same file calls its keys."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.lines import Places

_ENCRYPTS = regex(
    r"(?m)\b(?:Multi)?Fernet\(|\bAESGCM\(|\bcreateCipheriv\(|\bcipher\.NewGCM\(|\bnew\s+AesGcm\("
    r"|\bCipher\.getInstance\(\s*\"AES|=>\s*'encrypted(?:[:'])|\bCrypt::encrypt|^[ \t]*encrypts[ \t]+:",
    words=("Fernet", "AESGCM", "createCipheriv", "NewGCM", "AesGcm", "getInstance", "encrypt"),
)
_OF_FRAMEWORKS = {
    ".php": ("APP_KEY",),
    ".rb": ("ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY", "RAILS_MASTER_KEY", "SECRET_KEY_BASE"),
}
"""The variables whose values Laravel and Rails encrypt columns with."""
_VARIABLE = regex(r"(?<![\w$])[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*_?(?:KEYS?|SECRET)(?!\w)", words=("KEY", "SECRET"))
_SAYS_SO = regex(r"ENCRYPT|FERNET|CIPHER|CRYPT|VAULT")
_MOST = 6


def cipher_facts(path: str, text: str) -> Iterator[CodeFact]:
    """Yield an `encrypts` fact where a file encrypts what is kept; its detail names the variables that may hold the key."""
    match = _ENCRYPTS.search(text)
    if match is None:
        return
    ending = path[path.rindex(".") :] if "." in path else ""
    names = list(_OF_FRAMEWORKS.get(ending, ()))
    if not names:
        # A file that signs tokens as well names the key of these too, and scripts encrypt the tokens themselves.
        signs = "jwt" in text.lower() or not path.endswith(".py")
        found = dict.fromkeys(item[0] for item in _VARIABLE.finditer(text))
        names = [name for name in found if not signs or _SAYS_SO.search(name)][:_MOST]
    if names:
        yield CodeFact("encrypts", " ".join(names), Places(path, text).at(match.start()))
