"""Where application code sends messages over the WebSockets that its own process holds, and what hands them to other copies."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.lines import Places, is_comment

_SCRIPTS = (".js", ".ts", ".mjs", ".cjs", ".mts")
_IO = r"(?:from|require\(|import\()\s*[\"'`]socket\.io[\"'`]"
_UPGRADES = regex(r"\bwebsocket\.Upgrader\b", words=("websocket.Upgrader",))
_HUB = regex(r"\b[hH]ub\b", words=("ub",))
"""Go calls what holds the sockets of all visitors by this name, after the example of gorilla/websocket."""
_HELD = {
    **dict.fromkeys(
        _SCRIPTS,
        (
            (regex(r"@WebSocketGateway\(", words=("@WebSocketGateway(",)), "Socket.IO"),
            (regex(_IO, words=("socket.io",)), "Socket.IO"),
            (regex(r"\b(?:wss|ws|\w{0,40}[sS]ocket\w{0,40}|wsServer|this\.server)\.clients\b", words=(".clients",)), "ws"),
        ),
    ),
    ".py": (
        (regex(r"\bsocketio\.(?:Async)?Server\(|\bSocketIO\(\s*(?:app\b|cors|async_mode|\))", words=("ocket",)), "Socket.IO"),
        (regex(r"\bInMemoryChannelLayer\b", words=("InMemoryChannelLayer",)), "Channels"),
        (regex(r"\bfor\s+\w+\s+in\s+(?:list\()?self\.active_connections\b", words=("active_connections",)), "WebSockets"),
    ),
    ".go": (
        (
            regex(
                r"\b[Uu]nregister\s+(?:<-)?chan\s+\*?\w|\bmap\[\*(?:websocket\.Conn|\w{0,30}(?:Client|Connection))\]"
                r"|\bmap\[[^\]\n]{1,40}\](?:\*websocket\.Conn|map\[\*websocket\.Conn\])",
                words=("nregister", "Client", "Connection", "websocket.Conn"),
            ),
            "WebSockets",
        ),
        (_UPGRADES, "WebSockets"),
    ),
    ".cs": ((regex(r"\.MapHub<", words=("MapHub<",)), "SignalR"),),
    ".java": ((regex(r"\.enableSimpleBroker\(", words=("enableSimpleBroker",)), "STOMP"),),
    ".kt": ((regex(r"\.enableSimpleBroker\(", words=("enableSimpleBroker",)), "STOMP"),),
}
_SHARES = regex(
    r"@socket\.io/[\w-]*(?:adapter|streams|emitter|sticky)|socket\.io-redis|createAdapter\(|extends\s+IoAdapter|ChannelLayer\b(?<!InMemoryChannelLayer)"
    r"|message_queue\s*=|client_manager\s*=|AddStackExchangeRedis\(|AddAzureSignalR\(|enableStompBrokerRelay\("
    r"|\b(?:redis|rdb|sub|subscriber|pubsub|nats|nc|js|broker|channel|consumer|client)\w*\.(?:p?subscribe|P?Subscribe)\(|\bpubsub\b",
    words=(
        *("@socket.io/", "socket.io-redis", "createAdapter(", "IoAdapter", "ChannelLayer", "message_queue", "client_manager"),
        *("AddStackExchangeRedis(", "AddAzureSignalR(", "enableStompBrokerRelay(", "subscribe", "Subscribe", "pubsub"),
    ),
)
"""What hands messages to every copy: an adapter, a layer, a relay, or a channel of the code's own."""


def socket_facts(path: str, text: str) -> Iterator[CodeFact]:
    """Yield a `socket` fact where a file keeps the sockets of its visitors (detail: the kind in words) and one with the detail
    `shared` where it hands messages to other copies.
    """
    places = Places(path, text)
    forms = _HELD.get(f".{path.rpartition('.')[2]}", ())
    told = (form for form in forms if form[0] is not _UPGRADES or _HUB.search(text))
    found = ((match, kind) for pattern, kind in told if (match := pattern.search(text)) is not None)
    held = next(((match, kind) for match, kind in found if not is_comment(text, match.start())), None)
    if held:
        yield CodeFact("socket", held[1], places.at(held[0].start()))
    shared = _SHARES.search(text)
    if shared and not is_comment(text, shared.start()):
        yield CodeFact("socket", "shared", places.at(shared.start()))
