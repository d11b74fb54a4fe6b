"""Hosts in the files that containers read: renamed as in the environment, or named where only Terraform knows the address."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from scaffold.model.compose import Service
from scaffold.model.document import Location
from scaffold.model.env_templates import is_env_target
from scaffold.model.nginx_services import nginx_files
from scaffold.model.regex import regex
from scaffold.model.workload import ConfigFile, Note
from scaffold.plan.production_values import is_this_machine
from scaffold.plan.workloads.hosts import renamed_hosts
from scaffold.plan.workloads.scope import Scope

_CODE = regex(r"\.(?:py|js|mjs|cjs|ts|go|rb|java|kt|cs|php|rs|ex|exs|properties|ya?ml|json|toml|conf|cfg|ini)$")
_NOT_RUN = regex(
    r"(?:^|/)(?:tests?|spec|docs?|examples?|node_modules|\.github|deploy|infra|monitoring)/|(?:^|/)test_|[._]test\.|compose"
)
_TEST = regex(r"(?:^|/)(?:tests?|__tests__)/|(?:^|/)(?:test_|conftest\.py$)|[._](?:test|spec)\.\w+$")
"""Files that tests alone run; a stack for them is started by the tests themselves."""


def rewrite_files(files: tuple[ConfigFile, ...], scope: Scope) -> tuple[ConfigFile, ...]:
    """Return the files with each host that Kubernetes cannot name, such as `my_api`, under the name that it has there."""
    changes = renamed_hosts(scope)
    if not changes:
        return files
    return tuple(
        ConfigFile(item.name, tuple((path, _rewritten(data, changes)) for path, data in item.files), item.workloads)
        for item in files
    )


def _rewritten(data: bytes, changes: dict[str, str]) -> bytes:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return data
    for old, new in sorted(changes.items()):
        # A group of nginx may have the name of a service: `http://name` without a port then means the group.
        grouped = re.search(rf"\bupstream\s+{re.escape(old)}\b", text)
        text = re.sub(rf"(?<![\w.@/-]){re.escape(old)}(?=:\d)|(?<=//){re.escape(old)}(?=:\d)", new, text)
        text = text if grouped else re.sub(rf"(?<=://){re.escape(old)}(?=[/;\s\"']|$)", new, text)
        text = re.sub(rf"(?<![\w-])(server\s+){re.escape(old)}(?=[\s;])", rf"\g<1>{new}", text)
    return text.encode("utf-8")


def host_notes(service: Service, scope: Scope) -> tuple[Note, ...]:
    """Return a note for each managed store that a file of the service names, whose address stands in no file, and for each
    service that a proxy forwards to and that does not run in the cluster.
    """
    found: dict[tuple[str, str], Note] = {}
    for path, text in _texts(service, scope):
        for line, host in _hosts(path, text, scope):
            store = scope.managed(host)
            if store is not None:
                message = (
                    f"{path} names {host}, which AWS runs then: its address is in values-infra alone. Let the program take it "
                    f"from its environment, where {host} is replaced"
                )
                found.setdefault((path, host), Note(service.name, "volumes", message, Location(path, line), urgent=True))
        for item in scope.project.upstreams:
            if item.location.path == path and _is_left_out(item.host, scope):
                message = (
                    f"it forwards to {item.host}, which gets no workload: a proxy that cannot look up such a name does not "
                    "start, or answers with errors. Take that part out of the file for the cluster, or run the service too"
                )
                found.setdefault((path, item.host), Note(service.name, "volumes", message, item.location, urgent=True))
    return tuple(found.values())


def _is_left_out(host: str, scope: Scope) -> bool:
    service = scope.stack.resolve_host(host)
    return service is not None and service not in scope.kept and scope.managed(host) is None


def code_host_notes(service: Service, scope: Scope, used: tuple[str, ...]) -> tuple[Note, ...]:
    """Return a note for each managed store whose host stands in the code of the service; `used` are those that its
    environment names, so that the text in the code is a default that nothing takes.
    """
    context = service.build.context if service.build else None
    if context is None:
        return ()
    prefix = "" if context in {"", "."} else f"{context.rstrip('/')}/"
    found: dict[str, Note] = {}
    for source in scope.project.sources:
        if source.path.startswith(prefix) and _CODE.search(source.path) and not _NOT_RUN.search(source.path):
            for line, host in _addresses(source.text, scope):
                store = scope.managed(host)
                if store is not None and store.service not in used:
                    message = (
                        f"{source.path} names {host}, which AWS runs then, with a login of its own over TLS: let the program "
                        "take host, user and password from its environment, and generate again"
                    )
                    found.setdefault(host, Note(service.name, "build", message, Location(source.path, line), urgent=True))
    return tuple(found.values())


def local_notes(service: Service, scope: Scope, rewired: Iterable[str]) -> tuple[Note, ...]:
    """Return a note for each URL that the files spell out and that leads to the machine of a developer: in a cluster it is the
    pod itself. `rewired` are the variables that get another value there.
    """
    if service.network_mode == "host":
        return ()
    name = scope.names[service.name]
    found = []
    for entry in service.environment:
        value = entry.value or ""
        if entry.references or entry.name in rewired or "://" not in value or not is_this_machine(value):
            continue
        message = (
            f"{entry.name} leads to a developer's own machine, which in a cluster is the pod itself: set it below "
            f"workloads.{name}.env of the values of each environment"
        )
        found.append(Note(service.name, "environment", message, entry.location, urgent=True))
    return tuple(found)


def _texts(service: Service, scope: Scope) -> Iterator[tuple[str, str]]:
    """Yield path and text of the files that the container reads: mounted ones, and what an nginx image was built with."""
    known: set[str] = set()
    for mount in service.mounts:
        for item in scope.project.mounted if mount.resolved is not None and not is_env_target(mount.target) else ():
            inside = item.path == mount.resolved or item.path.startswith(f"{mount.resolved}/")
            if inside and item.path not in known and not _TEST.search(item.path):
                known.add(item.path)
                yield item.template or item.path, item.data.decode("utf-8", "replace")
    yield from ((file.path, file.text) for file in nginx_files(scope.project, service) if file.path not in known)


def _hosts(path: str, text: str, scope: Scope) -> Iterator[tuple[int, str]]:
    """Yield line and host: upstreams of proxies, and names of stores with their port or behind a scheme."""
    yield from ((item.location.line, item.host) for item in scope.project.upstreams if item.location.path == path)
    yield from _addresses(text, scope)


def _addresses(text: str, scope: Scope) -> Iterator[tuple[int, str]]:
    """Yield line and host of each name of a managed store with its port or behind a scheme."""
    names = {name for service in scope.stack.services if service.name in scope.stores for name in service.names}
    for name in sorted(name for name in names if name in text):
        for match in re.finditer(
            rf"(?:(?<![\w.@/-])|(?<=//)|(?<=@)){re.escape(name)}:\d|(?<=://){re.escape(name)}(?=[/;\s\"'])", text
        ):
            yield text.count("\n", 0, match.start()) + 1, name
