"""Settings of production by which mails, payments and the like go to a stand-in that sends nothing."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.compose import Stack
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.names import EnvironmentClass
from scaffold.model.project import Project
from scaffold.model.regex import regex

_CHOICE = regex(
    r"(?:.*_)?(?:E?MAIL|SMS|PAYMENTS?|BILLING|NOTIFICATIONS?|AI|LLM|OTP|WHATSAPP)_?(?:PROVIDER|BACKEND|DRIVER|MAILER|TRANSPORT|GATEWAY)"
    r"|(?:.*__)?(?:AI|E?MAIL|SMS|PAYMENTS?|BILLING)[A-Z]*__PROVIDER"
)
"""Names of variables, in upper case, that choose who sends or charges."""
_STAND_IN = frozenset(
    {
        "development",
        "dev",
        "fake",
        "mock",
        "mocked",
        "stub",
        "dummy",
        "noop",
        "console",
        "log",
        "array",
        "inmemory",
        "in-memory",
    }
)
_CHARGES = regex(
    r"(?:.*_)?(?:PAYPAL|BRAINTREE|SQUARE|ADYEN|MPESA|DARAJA|RAZORPAY|IYZICO|PLAID|QBO|QUICKBOOKS|PAYMENTS?)_(?:MODE|ENV|ENVIRONMENT)"
)
_DROPS = regex(r"null://")
"""The transport of Symfony's mailer that sends nothing."""


@frozen
class StandIn:
    """A variable, the word that it is set to, the line, and whether a file may still set another one over it."""

    name: str
    word: str
    place: Location
    is_default: bool


def stand_ins(project: Project, stacks: tuple[Stack, ...]) -> Iterator[StandIn]:
    """Yield what the stacks and the env templates of production choose."""
    templates = [file for file in project.env_files if file.environment == EnvironmentClass.PRODUCTION]
    offered = {entry.name: entry for file in templates for entry in file.entries if not entry.commented}
    said: set[str] = set()
    for stack in stacks:
        for service in stack.services if stack.environment is EnvironmentClass.PRODUCTION else ():
            for entry in service.environment:
                word = _word(entry.name, entry.value or "")
                names = {reference.name for reference in entry.references}
                told = any(name in offered and not _word(entry.name, offered[name].value) for name in names)
                if word and not told and entry.location.path not in project.owned:
                    said |= names
                    yield StandIn(entry.name, word, entry.location, is_default=bool(names - offered.keys()))
    for name, line in offered.items():
        word = _word(name, line.value)
        if word and name not in said and line.location.path not in project.owned:
            yield StandIn(name, word, line.location, is_default=False)


def _word(name: str, value: str) -> str:
    """Return the word in lower case where a variable of this name is set to a stand-in, else ""."""
    word, upper = value.strip().strip("\"'").lower(), name.upper()
    if _DROPS.match(word) and upper.endswith("MAILER_DSN"):
        return "null"
    if word == "sandbox":
        return word if _CHARGES.fullmatch(upper) or _CHOICE.fullmatch(upper) else ""
    return word if word in _STAND_IN and _CHOICE.fullmatch(upper) else ""
