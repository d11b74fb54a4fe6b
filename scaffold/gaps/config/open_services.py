"""Variables of services by which a program follows addresses into its own network, or lets everybody in without a login."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.network.net001_store_port_on_all_interfaces import open_ports
from scaffold.model.compose import EnvValue, Service
from scaffold.model.frozen import frozen
from scaffold.model.project import Project
from scaffold.model.regex import regex

_ON = frozenset({"true", "1", "yes", "on"})
_OFF = frozenset({"false", "0", "no", "off"})
_INSIDE = r"(?:PRIVATE|LOCAL|INTERNAL)_?(?:IPS?|NETWORKS?|ADDRESS(?:ES)?|HOSTS?|TARGETS?|WEBHOOKS?)"
_FOLLOWS_IF_ON = regex(
    r"(?:[A-Z0-9]+_)*(?:(?:DISABLE|SKIP|BYPASS)_(?:SSRF|TARGET_IP|PRIVATE_IP)(?:_(?:PROTECTION|FILTER|GUARD|CHECKS?|VALIDATION))?"
    rf"|ALLOW_{_INSIDE}(?:_(?:ACCESS|TARGETS?|ADDRESS(?:ES)?|RANGES?))?"
    r"|SSRF_(?:PROTECTION_|FILTER_|GUARD_|CHECK_)?(?:DISABLED?|OFF))",
    words=("SSRF", "TARGET_IP", "PRIVATE", "LOCAL", "INTERNAL"),
)
"""Names of switches whose yes lets a program call whatever address it is handed."""
_FOLLOWS_IF_OFF = regex(
    r"(?:[A-Z0-9]+_)*(?:SSRF_(?:PROTECTION|FILTER|GUARD|CHECK)(?:_ENABLED)?|ENABLE_SSRF_(?:PROTECTION|FILTER|GUARD|CHECK)"
    rf"|BLOCK_{_INSIDE})",
    words=("SSRF", "BLOCK_"),
)
_NO_LOGIN = regex(
    r"(?m)^(?P<indent>[ ]*)(?:basicAuth|basic-auth|basic_auth):[ \t]*\n(?:(?P=indent)[ ]+[^\n]*\n)??"
    r"(?P=indent)[ ]+enabled:[ \t]*false[ \t]*$",
    words=("basicAuth", "basic-auth", "basic_auth"),
)
"""Lines of a configuration in YAML by which a program asks for no password."""

_ASKS_IF_ON = regex(
    r"(?:AUTH(?:ENTICATION|ORIZATION)?_(?:ENABLED?|REQUIRED)|(?:ENABLE|REQUIRE)_AUTH(?:ENTICATION|ORIZATION)?)", words=("AUTH",)
)
_OPEN_IF_ON = regex(
    r"(?:DISABLE|SKIP|BYPASS|NO)_AUTH(?:ENTICATION|ORIZATION)?|AUTH(?:ENTICATION|ORIZATION)?_DISABLED?", words=("AUTH",)
)
"""Names of the switch of a whole program, without one of a single way to log in (`GITHUB_AUTH_ENABLED`)."""


@frozen
class OpenService:
    """A variable that turns a protection of its service off: what of the program then follows, in words, what closes it, and
    whether whoever reaches the host needs no more than its port.
    """

    entry: EnvValue
    effect: str
    expected: str
    fix: str
    is_grave: bool = False


def open_services(project: Project, service: Service) -> Iterator[OpenService]:
    """Yield the variables of a service that turn off what keeps strangers out of it or of the network around it."""
    for entry in service.environment:
        value = (entry.value or "").strip()
        switch = value.lower()
        if (switch in _ON and _FOLLOWS_IF_ON.fullmatch(entry.name)) or (
            switch in _OFF and _FOLLOWS_IF_OFF.fullmatch(entry.name)
        ):
            yield OpenService(
                entry,
                "calls addresses of its own network as well: whoever hands it one, as of a webhook, reaches the stores"
                " of the stack and the metadata of the cloud through it",
                "addresses looked at before they are called",
                f"Take {entry.name} out, and name the hosts inside that it has to call, where it takes such a list.",
            )
        elif (
            (switch in _OFF and _ASKS_IF_ON.fullmatch(entry.name)) or (switch in _ON and _OPEN_IF_ON.fullmatch(entry.name))
        ) and (service.is_application and open_ports(project, service)):
            yield OpenService(
                entry,
                "asks nobody who they are, and its port is published on every interface of the host",
                "a look at the caller's token or session",
                f"Take {entry.name} out, or set it in a compose file for development alone.",
            )
        elif "\n" in value and _NO_LOGIN.search(value) and open_ports(project, service):
            yield OpenService(
                entry,
                "asks for no login, and its port is published on every interface of the host: whoever reaches the host uses it"
                f"{' as root of the host, whose Docker socket it holds' if _holds_the_socket(service) else ''}",
                "a login of its own, with a name and a password that the operator gives",
                "Turn basicAuth on, with its name and password by variables without a default (`${NAME:?}`), or publish the"
                " port on 127.0.0.1 alone, behind a proxy that asks for a login.",
                is_grave=True,
            )


def _holds_the_socket(service: Service) -> bool:
    return any(mount.source is not None and mount.source.endswith("/docker.sock") for mount in service.mounts)
