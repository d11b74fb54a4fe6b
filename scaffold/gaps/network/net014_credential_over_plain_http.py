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
_HIDDEN = regex(r"\bssh\s+(?:-\S+\s+)*-\w*[ld]\b|\bwireguard\b|\btailscale\b|\bzerotier\b|\bwg-quick\b|\bvpn\b|port-forward")
"""What carries a plain request through a tunnel."""


def _detect(project: Project) -> Iterator[Gap]:
    pages = {page.path: page.text for page in own_pages(project)}
    found: dict[str, list[Location]] = {}
    for command in project.commands:
        path = command.location.path
        if not _sends(command) or path in project.owned or is_test_path(path) or path_environment(path) in TRIED:
            continue
        around = pages.get(path) if command.context == "doc" else project.source(path) or ""
        if around is not None and not _HIDDEN.search(around.lower()):
            found.setdefault(path, []).append(command.location)
    yield from map(_gap, found.values())


def _sends(command: Command) -> bool:
    """Whether a command sends a credential to a host of the internet by plain HTTP."""
    address = _ADDRESS.search(command.text) if command.context in _CONTEXTS else None
    if address is None or not is_public_host(address["host"].lower()):
        return False
    return ":" in (address["login"] or "") or bool(_CREDENTIAL.search(command.text.lower()))


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
