"""Host names inside texts: whole host tokens in host position, and nothing that only looks like one."""

from __future__ import annotations

import re
from dataclasses import replace

from scaffold.model.frozen import frozen
from scaffold.model.regex import regex
from scaffold.model.values import dns_label
from scaffold.model.workload import Text
from scaffold.plan.workloads.scope import Scope

HOST_ENDINGS = ("HOST", "HOSTNAME", "HOSTS", "SERVER", "SERVERS", "ENDPOINT", "ADDR", "ADDRESS", "UPSTREAM", "BROKERS")
_URL = regex(
    r"(?P<scheme>(?:jdbc:)?[A-Za-z][A-Za-z0-9+.\-]*)://(?:(?P<userinfo>[^\s/]*)@)?"
    r"(?P<host>[^\s:@/?#,]+)(?::(?P<port>\d*))?(?P<path>/[^\s?#]*)?(?P<query>\?[^\s#]*)?"
)
_HOST_PORT = regex(r"(?P<host>[A-Za-z0-9_][A-Za-z0-9_.\-]*):(?P<port>\d{1,5})")


@frozen
class Url:
    """A URL in its parts; `query` without the question mark."""

    scheme: str
    userinfo: str
    host: str
    port: str
    path: str
    query: str


def parse_url(text: str) -> Url | None:
    """Return the parts of a text that is one URL from end to end, or None."""
    match = _URL.fullmatch(text.strip())
    if match is None:
        return None
    query = (match["query"] or "").removeprefix("?")
    return Url(match["scheme"], match["userinfo"] or "", match["host"], match["port"] or "", match["path"] or "", query)


def host_and_port(text: str) -> tuple[str, int] | None:
    """Return host and port of a text that is exactly `host:port`, or None."""
    match = _HOST_PORT.fullmatch(text.strip())
    return (match["host"], int(match["port"])) if match else None


def names_host(name: str) -> bool:
    """Whether a variable of this name holds a host: only then is a bare word one."""
    return name.upper().replace("-", "_").endswith(HOST_ENDINGS)


def addresses_in(text: str) -> list[tuple[str, int]]:
    """Return every `host:port` in host position of a text: alone, in a comma list, behind `://` or behind its userinfo."""
    pattern = re.compile(r"(?:^|(?<=[\s,@'\"=])|(?<=://))([A-Za-z0-9_][A-Za-z0-9_.\-]*):(\d{1,5})(?=$|[\s,/?#'\"])")
    return [(host, int(port)) for host, port in pattern.findall(text)]


def hosts_in(text: str, name: str = "") -> set[str]:
    """Return the host tokens in host position of a text; a bare word is one only where the variable's name says so."""
    found = {host for host, _ in addresses_in(text)}
    found |= set(re.findall(r"://(?:[^\s/'\"]*@)?+([A-Za-z0-9_][A-Za-z0-9_.\-]*)(?=$|[\s:,/?#'\"])", text))
    if names_host(name):
        found |= {word for word in re.split(r"[\s,]+", text) if re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.\-]*", word)}
    return found


def rewrite_hosts(text: Text, name: str, scope: Scope) -> Text:
    """Return the text with each host that Kubernetes cannot name, such as `my_db`, under the name that it has there."""
    changes = {old: new for old, new in renamed_hosts(scope).items() if any(old in piece.text for piece in text)}
    if not changes:
        return text
    bare = len(text) == 1 and names_host(name)
    return tuple(
        replace(piece, text=_rewritten(piece.text, changes, first=index == 0, bare=bare)) if piece.kind == "literal" else piece
        for index, piece in enumerate(text)
    )


def _rewritten(text: str, changes: dict[str, str], *, first: bool, bare: bool) -> str:
    names = "|".join(re.escape(name) for name in sorted(changes, key=len, reverse=True))
    begin = r"(?:(?<=://)|(?<=@)|(?<=,)" + (r"|^)" if first else ")")
    end = r"(?=[:/?#,]|$)" if bare else r"(?=:\d|[/?#,]|$)"
    alone = bare or not re.fullmatch(names, text)
    return re.sub(f"{begin}({names}){end}(?![^\\s/@]*@)", lambda match: changes[match[1]], text) if alone else text


def renamed_hosts(scope: Scope) -> dict[str, str]:
    """Return each name of a kept service that is no DNS label, with the label that stands for it."""
    found = {}
    for service in scope.kept:
        label = scope.names[service.name]
        for name in service.names:
            if name != label and (name == service.name or dns_label(name) != name):
                found[name] = label
    return found
