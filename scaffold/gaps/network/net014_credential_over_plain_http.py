"""NET014: a command sends a token or a password to a host of the internet without TLS."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import is_test_path, listed, path_environment
from scaffold.gaps.network.pages_on_tls import own_pages
from scaffold.gaps.network.plain_addresses import is_public_host
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import TRIED, Layer, Severity
from scaffold.model.project import Command, Project
from scaffold.model.regex import regex

_CONTEXTS = frozenset({"doc", "script", "workflow", "makefile", "playbook"})
_ADDRESS = regex(r"\bhttp://(?P<login>[^\s\"'/@]+@)?(?P<host>[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)+)(?![\w.-])", words=("http://",))
_CREDENTIAL = regex(
    r"(?:-h|--header)[= ]\s*[\"']?(?:(?:proxy-)?authorization:\s*\S|x-(?:api-key|auth-token|access-token):|private-token:)"
    r"|\s(?:-u|--user)[= ]\s*[\"']?[^\s\"':]+:|\s--(?:token|password)[= ]\S|\b(?:docker|podman)\s+login\b",
    words=("uthorization", "-key", "-token", "--user", "-u", "--token", "--password", "login"),
)
"""Words of a command, in lower case, that go out as a login."""
_ENDS = regex(r"&&|\|\||\s\|\s|\n")
"""What ends one of several commands: the login of one is not sent to the host of the next."""
_IN_CONTAINER = regex(r"\b(?:docker|podman|compose)\s(?:[^\n]{0,200}\s)?(?:run|exec|create)\s")
"""A container that is started or entered: its user and variables are sent nowhere."""
_HIDDEN = regex(r"\bssh\s+(?:-\S+\s+)*-\w*[ld]\b|\bwireguard\b|\btailscale\b|\bzerotier\b|\bwg-quick\b|\bvpn\b|port-forward")
"""What carries a plain request through a tunnel."""


def _detect(project: Project) -> Iterator[Gap]:
    sending: dict[str, list[Command]] = {}
    for command in project.commands:
        if _sends(command):
            sending.setdefault(command.location.path, []).append(command)
    pages = {page.path: page.text for page in own_pages(project)} if sending else {}
    for path, commands in sending.items():
        if path in project.owned or is_test_path(path) or path_environment(path) in TRIED:
            continue
        around = pages.get(path) if commands[0].context == "doc" else project.source(path) or ""
        if around is not None and not _HIDDEN.search(around.lower()):
            yield _gap([command.location for command in commands])


def _sends(command: Command) -> bool:
    """Whether a command sends a credential to a host of the internet by plain HTTP."""
    told = command.context in _CONTEXTS and "http://" in command.text
    return told and any(map(_is_sent, _ENDS.split(command.text)))


def _is_sent(part: str) -> bool:
    address = _ADDRESS.search(part) if "https://" not in part and not _IN_CONTAINER.search(part) else None
    if address is None or not is_public_host(address["host"].lower()):
        return False
    return ":" in (address["login"] or "") or bool(_CREDENTIAL.search(part.lower()))


def _gap(places: list[Location]) -> Gap:
    files = listed(dict.fromkeys(f"{place.path}:{place.line}" for place in places))
    one = len(places) == 1
    return RULE.gap(
        resource=places[0].path,
        subject="credential",
        message=f"{'A command sends' if one else 'Commands send'} a token or a password to a host of the internet over plain "
        f"HTTP ({files}): everybody on the way reads it, and what it opens in the answer.",
        expected="an https:// address, or the request through a tunnel (ssh -L) to the host's own 127.0.0.1",
        actual="http://",
        locations=tuple(places),
        severity=Severity.MEDIUM,
    )


RULE = Rule(
    code="NET014",
    name="credential-over-plain-http",
    layer=Layer.NETWORK,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Give the panel or API a name with a certificate and close its plain port, or reach it through `ssh -L`; then "
            "replace the token, which has crossed the network readable.",
        ),
    ),
)
