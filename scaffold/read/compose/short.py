"""The short forms of ports, volumes and devices, parsed by the rules of Docker's own parsers."""

from __future__ import annotations

import ipaddress

from scaffold.model.frozen import frozen

_PROPAGATION = frozenset({"rprivate", "private", "rshared", "shared", "rslave", "slave"})
_SELINUX = frozenset({"z", "Z"})
MAX_RANGE = 65536


@frozen
class ShortVolume:
    """A volume's short form; kind is bind or volume."""

    kind: str
    source: str
    target: str
    read_only: bool = False
    nocopy: bool = False
    propagation: str = ""
    selinux: str = ""


@frozen
class ShortPort:
    """One port of a short form; published is a number, a range, or "" for an ephemeral one."""

    target: int
    published: str
    host_ip: str
    protocol: str


def is_path(source: str) -> bool:
    """Whether a volume's source names a path of the host rather than a named volume."""
    return source[:1] in {".", "/", "~"} or source.startswith("\\\\") or _is_drive(source)


def _is_drive(text: str) -> bool:
    return len(text) > 1 and text[0].isalpha() and text[1] == ":"


def _sections(spec: str) -> list[str]:
    """Split at colons, not at those of a Windows drive or inside `${}`."""
    sections: list[str] = []
    current = ""
    depth = 0
    for index, char in enumerate(spec):
        if char == "$" and spec[index + 1 : index + 2] == "{":
            depth += 1
        elif char == "}" and depth:
            depth -= 1
        is_drive = char == ":" and len(current) == 1 and current.isalpha()
        if char == ":" and not depth and not is_drive:
            sections.append(current)
            current = ""
        else:
            current += char
    return [*sections, current]


def parse_volume(spec: str) -> ShortVolume | None:
    """Parse `[source:]target[:options]`; None for what Docker refuses."""
    if len(spec) in {1, 2}:
        return ShortVolume("volume", "", spec)
    sections = _sections(spec)
    if not all(sections) or len(sections) > 3:
        return None
    if len(sections) == 1:
        return ShortVolume("volume", "", sections[0])
    source, target = sections[0], sections[1]
    options = sections[2].split(",") if len(sections) == 3 else []
    propagation = next((option for option in reversed(options) if option in _PROPAGATION), "")
    selinux = next((option for option in reversed(options) if option in _SELINUX), "")
    mode = next((option for option in reversed(options) if option in {"ro", "rw"}), "rw")
    kind = "bind" if is_path(source) else "volume"
    return ShortVolume(kind, source, target, mode == "ro", "nocopy" in options, propagation, selinux)


def _port_range(text: str) -> tuple[int, int] | None:
    start, dash, end = text.partition("-")
    if not start.isdecimal() or (dash and not end.isdecimal()):
        return None
    first, last = int(start[:6]), int(end[:6]) if dash else int(start[:6])
    return (first, last) if first <= last < MAX_RANGE else None


def _address(text: str) -> str | None:
    """The IP without brackets, "" for none, None for what is no IP."""
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if not bare:
        return ""
    try:
        ipaddress.ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    return bare


def written_address(spec: str) -> str:
    """Return the IP before a port whose numbers are variables that nothing sets, "" where none is written."""
    sections = _sections(spec)
    return (_address(sections[0]) or "") if len(sections) == 3 else ""


def parse_ports(spec: str) -> tuple[ShortPort, ...] | None:
    """Parse `[[ip:][published]:]target[/protocol]` with ranges; None for what Docker refuses."""
    head, _, container = spec.rpartition(":")
    host, _, published = head.rpartition(":")
    container, slash, protocol = container.partition("/")
    protocol = protocol.lower() if slash else "tcp"
    address = _address(host)
    targets = _port_range(container)
    hosts = _port_range(published) if published else (0, 0)
    if address is None or targets is None or hosts is None or protocol not in {"tcp", "udp", "sctp"}:
        return None
    count, width = targets[1] - targets[0], hosts[1] - hosts[0]
    if published and count != width and count:
        return None
    ports = []
    for offset in range(count + 1):
        number = str(hosts[0] + offset) if published else ""
        text = f"{number}-{hosts[1]}" if not count and width else number
        ports.append(ShortPort(targets[0] + offset, text, address, protocol))
    return tuple(sorted(ports, key=lambda port: f"{port.target}/{port.protocol}"))


def parse_device(spec: str) -> tuple[str, str, str] | None:
    """Parse `source[:target[:permissions]]`; None for more parts."""
    parts = spec.split(":")
    if len(parts) > 3:
        return None
    source = parts[0]
    target = parts[1] if len(parts) > 1 and parts[1] else source
    return source, target, parts[2] if len(parts) == 3 else "rwm"
