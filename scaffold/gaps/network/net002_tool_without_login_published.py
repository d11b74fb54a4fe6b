"""NET002: a tool that asks for no login is published on every interface of the host."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.facts import every_stack, in_words, listed, once
from scaffold.gaps.kubernetes.objects import common_environment
from scaffold.gaps.network.cloud_firewall import wall_before
from scaffold.gaps.network.net001_store_port_on_all_interfaces import open_ports
from scaffold.model.compose import Port, Service, Stack
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.lasting import words_of
from scaffold.model.names import EnvironmentClass, Layer, Severity
from scaffold.model.project import CodeFact, Project
from scaffold.model.regex import regex
from scaffold.model.secrets import counts

_NOTEBOOKS = ("base-notebook", "minimal-notebook", "scipy-notebook", "datascience-notebook", "pyspark-notebook")
_TOOLS: dict[str, tuple[frozenset[int], tuple[str, ...]]] = {
    "prometheus": (frozenset({9090}), ("--web.config.file",)),
    "alertmanager": (frozenset({9093}), ("--web.config.file",)),
    "node-exporter": (frozenset({9100}), ("--web.config.file",)),
    "cadvisor": (frozenset({8080}), ("--http_auth_file", "--http_digest_file")),
    "flower": (frozenset({5555}), ("--basic_auth", "--basic-auth", "--auth", "FLOWER_BASIC_AUTH", "FLOWER_AUTH")),
    "all-in-one": (frozenset({16686}), ()),
    "jaeger": (frozenset({16686}), ()),
    "redis-commander": (frozenset({8081}), ("HTTP_USER",)),
    "dozzle": (frozenset({8080}), ("DOZZLE_AUTH_PROVIDER",)),
    "kafka-ui": (frozenset({8080}), ("AUTH_TYPE",)),
    "attu": (frozenset({3000}), ()),
    "redisinsight": (frozenset({5540}), ()),
    "loki": (frozenset({3100}), ()),
    "tempo": (frozenset({3200}), ()),
    "alloy": (frozenset({12345}), ()),
    "zipkin": (frozenset({9411}), ()),
    "kafdrop": (frozenset({9000}), ()),
    "ollama": (frozenset({11434}), ()),
    "mlflow": (frozenset({5000}), ("basic-auth",)),
    "pgweb": (frozenset({8081}), ("--auth-user", "PGWEB_AUTH_USER")),
    "registry": (frozenset({5000}), ("REGISTRY_AUTH",)),
    "pushgateway": (frozenset({9091}), ("--web.config.file",)),
    "netdata": (frozenset({19999}), ()),
    "consul": (frozenset({8500}), ("acl", "CONSUL_LOCAL_CONFIG")),
    "graphql-engine": (frozenset({8080}), ("HASURA_GRAPHQL_ADMIN_SECRET", "--admin-secret")),
    "grafana": (frozenset({3000}), ()),
    "grafana-oss": (frozenset({3000}), ()),
    "traefik": (frozenset({8080}), ()),
    "prefect": (frozenset({4200}), ("PREFECT_SERVER_API_AUTH_STRING",)),
    "glances": (frozenset({61208}), ("--password",)),
    "akhq": (frozenset({8080}), ("security", "AKHQ_CONFIGURATION")),
    "asynqmon": (frozenset({8080}), ()),
    "rq-dashboard": (frozenset({9181}), ("--username", "RQ_DASHBOARD_USERNAME")),
    "vllm-openai": (frozenset({8000}), ("--api-key", "VLLM_API_KEY")),
    "text-generation-inference": (frozenset({80}), ("--api-key", "API_KEY")),
    "localai": (frozenset({8080}), ("--api-keys", "API_KEY", "LOCALAI_API_KEY")),
    "open-webui": (frozenset({8080}), ()),
    "mongo-express": (frozenset({8081}), ()),
    "studio": (frozenset({3000}), ()),
    "postgres-meta": (frozenset({1337, 8080, 8081}), ()),
    "kibana": (frozenset({5601}), ()),
    "opensearch-dashboards": (frozenset({5601}), ()),
    "console": (frozenset({8080}), ("CONSOLE_CONFIG_FILE", "CONFIG_FILEPATH", "AUTHENTICATION")),
    "cerebro": (frozenset({9000}), ("AUTH_TYPE",)),
    "openfga": (frozenset({8080, 8081}), ("--authn-", "OPENFGA_AUTHN_")),
    "pgadmin4": (frozenset({80}), ()),
    "phpmyadmin": (frozenset({80}), ()),
    "flink": (frozenset({8081}), ()),
    **dict.fromkeys(
        _NOTEBOOKS,
        (frozenset({8888}), ("PasswordIdentityProvider",)),
    ),
}
"""Image names with the ports that answer anybody, and the words by which a login is turned on."""
_OPENED: dict[str, re.Pattern[str]] = {
    **dict.fromkeys(("grafana", "grafana-oss"), regex(r"\bGF_AUTH_ANONYMOUS_ENABLED=true\b", re.IGNORECASE)),
    "open-webui": regex(r"\bWEBUI_AUTH=false\b", re.IGNORECASE),
    "pgadmin4": regex(r"\bPGADMIN_CONFIG_SERVER_MODE=[\"']?false\b", re.IGNORECASE),
    "phpmyadmin": regex(r"\bPMA_PASSWORD="),
    "opensearch-dashboards": regex(r"\bDISABLE_SECURITY_DASHBOARDS_PLUGIN=true\b", re.IGNORECASE),
    "flink": regex(r"\bjobmanager\b"),
    "mongo-express": regex(r"\bME_CONFIG_BASICAUTH(?:_ENABLED)?=false\b", re.IGNORECASE),
    **dict.fromkeys(
        _NOTEBOOKS,
        regex(r"\.token=[\"']*(?=\s|$)"),
    ),
    "traefik": regex(r"--api\.insecure(?:=true)?(?=\s|$)|\bTRAEFIK_API_INSECURE=true\b", re.IGNORECASE),
}
"""Tools that ask for a login, or show nothing, until somebody says otherwise."""
_CHANGES_DATA = frozenset({"studio", "postgres-meta", "phpmyadmin", "mongo-express", "pgweb"})
"""Consoles that are logged in to the store themselves, and let visitors do there what they may."""
_CONSOLES: dict[str, frozenset[int]] = {
    "phpmyadmin": frozenset({80}),
    "adminer": frozenset({8080}),
    "mongo-express": frozenset({8081}),
}
"""Consoles whose login is that of the store, or admin and pass (mongo-express), with their ports."""
_STORE_PASSWORD = regex(r"(?:MYSQL|MARIADB|POSTGRES|MONGO_INITDB)_(?:ROOT_)?PASSWORD")
_NO_SECURITY = regex(r"\bxpack\.security\.enabled=false\b", re.IGNORECASE)
_GRANTS = frozenset({"openfga"})
"""Tools that answer who may do what, and take new answers."""
_OWNERS = {
    "openfga": "openfga/",
    "studio": "supabase/",
    "console": "redpandadata/",
    "postgres-meta": "supabase/",
    "registry": "registry",
}
"""Image names that others use as well, with how the repository of the tool begins."""
_MODELS = frozenset({"ollama", "vllm-openai", "text-generation-inference", "localai", "open-webui"})
"""Tools that answer questions, and show nothing of the system."""
_WORKERS = ("flower",)
"""Tools that are a command of the application's own image."""
_COMMON = frozenset({"app", "src", "server", "main", "py", "ts", "js", "python", "packages", "core"})
"""Words of commands and paths that tie neither to the other."""


_OVER_THE_NETWORK = regex(r"(?i)--transport[= ](?:sse|(?:streamable[-_])?http)\b|\bTRANSPORT=(?:sse|(?:streamable[-_])?http)\b")
_WORD = regex(r"[\w-]+")
_PAID = regex(r"(?:^|_)(?:API_KEY|API_TOKEN|SECRET_KEY|ACCESS_TOKEN)$")


def _detect(project: Project) -> Iterator[Gap]:
    lending = [fact for fact in project.code_facts if fact.kind == "mcp-server"]
    servers = () if any(fact.detail == "asks" for fact in lending) else tuple(lending)
    found = (
        gap
        for stack in every_stack(project)
        for gap in (
            *_of_stack(project, stack),
            *(_servers_of(project, stack, servers) if servers else ()),
            *_forwarded(project, stack),
            *_relays(project, stack),
            *_consoles(project, stack),
        )
    )
    yield from once(found)
    yield from _of_the_cluster(project)


def _relays(project: Project, stack: Stack) -> Iterator[Gap]:
    """Yield the forward proxies that relay for everybody who reaches the host."""
    if not stack.is_runnable_in_production:
        return
    from scaffold.gaps.network.open_relays import open_relay

    for service in stack.services:
        place = open_relay(project, service)
        if place is not None and place.path not in project.owned:
            yield _relay_gap(project, stack, service, place)


def _relay_gap(project: Project, stack: Stack, service: Service, place: Location) -> Gap:
    wall = wall_before(project, open_ports(project, service))
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="relay",
        message=f"{service.name} is a forward proxy that asks for no login and can be reached on every interface of the host: "
        "whoever reaches the host sends traffic to anywhere under its address, to the services inside as well.",
        expected="users with passwords of their own, or the addresses of the callers, or 127.0.0.1 before the port",
        actual="no login",
        locations=(place,),
        severity=Severity.LOW if wall else Severity.HIGH,
        environment=stack.environment,
        closers=(
            Closer(
                None,
                "advice",
                "Give the proxy users (auth strong, proxy_auth, BasicAuth), or bind it to an address of your own network.",
            ),
        ),
    )


def _consoles(project: Project, stack: Stack) -> Iterator[Gap]:
    """Yield the consoles of stores that ask for a login which stands in the same files."""
    for service in stack.services if stack.is_runnable_in_production else ():
        name = service.image.name if service.image else ""
        ports = open_ports(project, service) if name in _CONSOLES and not _open_tool(stack, service) else ()
        port = next((port for port in ports if port.target in _CONSOLES[name]), None)
        known = _known_login(stack, service, name) if port is not None and port.location.path not in project.owned else None
        if port is not None and known is not None:
            yield _console_gap(project, stack, service, port, known)


def _known_login(stack: Stack, console: Service, name: str) -> tuple[str, Location] | None:
    """Return whose login a console takes, in words, and the line where it stands in the repository; None where it does not."""
    if name == "mongo-express":
        is_set = any(entry.name.startswith("ME_CONFIG_BASICAUTH") for entry in console.environment)
        return None if is_set else ("its image", console.location)
    for service in stack.services:
        for entry in service.environment if service.is_datastore else ():
            if _STORE_PASSWORD.fullmatch(entry.name) and not entry.references and counts(entry.value or ""):
                return service.name, entry.location
    return None


def _console_gap(project: Project, stack: Stack, service: Service, port: Port, known: tuple[str, Location]) -> Gap:
    whose, place = known
    wall = wall_before(project, (port,))
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="ports/console",
        message=f"{service.name} can be reached on every interface of the host and asks for the login of {whose}, which "
        "everybody who has the repository can read: it reads and changes what the store holds.",
        expected="127.0.0.1 before the port, and a password from outside the repository",
        actual="no host address (all interfaces), a known login",
        locations=(port.location,),
        related=(place,),
        severity=Severity.LOW if wall else None,
        environment=stack.environment,
    )


def _forwarded(project: Project, stack: Stack) -> Iterator[Gap]:
    """Yield the tools that a proxy of the stack hands visitors on to without asking who they are."""
    if not stack.is_runnable_in_production:
        return
    for service in stack.services:
        tool = _open_tool(stack, service)
        if tool and tool not in _WORKERS:
            from scaffold.gaps.network.forwarded_tools import forwarding_line

            place = forwarding_line(project, stack, service, _TOOLS[tool][0])
            if place is not None and place.path not in project.owned:
                yield _forwarded_gap(stack.resource(service.name), service.name, (place,), stack.environment)


def _of_the_cluster(project: Project) -> Iterator[Gap]:
    if any("Ingress" in {kind for kind, _, _ in item.resources} for item in project.infrastructure):
        from scaffold.gaps.network.forwarded_tools import open_backends

        for tool, place in open_backends(project):
            yield _forwarded_gap(place.path, tool, (place,), common_environment((place,)))


def _forwarded_gap(resource: str, name: str, places: tuple[Location, ...], environment: EnvironmentClass) -> Gap:
    return RULE.gap(
        resource=resource,
        subject=f"forwarded/{name}",
        message=f"{name} asks for no login, and what takes visitors in hands them on to it without one: everybody who knows"
        " the address uses it.",
        expected="a login at the proxy (basic authentication, a forward-auth middleware), or no route to it",
        actual="a route without a login",
        locations=places,
        environment=environment,
    )


def _of_stack(project: Project, stack: Stack) -> Iterator[Gap]:
    found = [
        (service.name, port)
        for service in stack.services
        for tool in (_open_tool(stack, service),)
        if tool and not service.network_mode.startswith("host")
        for port in open_ports(project, service)
        if port.target in _TOOLS[tool][0] and port.location.path not in project.owned
    ]
    if found:
        yield _gap(project, stack, found)


def _servers_of(project: Project, stack: Stack, servers: tuple[CodeFact, ...]) -> Iterator[Gap]:
    """Yield the services that lend their tools to every assistant that reaches the host."""
    from scaffold.model.starting import start_of

    for service in stack.services:
        ports = open_ports(project, service) if service.made else ()
        start = start_of(project, service) if ports else None
        words = f"{start.text if start else ''} {_settings(service)}"
        if not start or not _OVER_THE_NETWORK.search(words):
            continue
        lines = [line for line, _ in start.lines if _OVER_THE_NETWORK.search(line)] or [start.lines[0][0]]
        started = {word for line in lines for word in _WORD.findall(line)} - _COMMON
        fact = next((fact for fact in servers if started & set(_WORD.findall(fact.location.path))), None)
        if fact is not None:
            yield _server_gap(project, stack, service, ports[0], fact)


def _server_gap(project: Project, stack: Stack, service: Service, port: Port, fact: CodeFact) -> Gap:
    wall = wall_before(project, (port,))
    keys = [entry.name for entry in service.environment if _PAID.search(entry.name)]
    paid = f", with the keys that it holds ({listed(keys)})" if keys else ""
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="ports/mcp",
        message=f"{service.name} is an MCP server that asks for no login and can be reached on every interface of the host:"
        f" whoever reaches the host uses its tools{paid}.",
        expected="127.0.0.1 before the port, a proxy with a login, or auth= at the server",
        actual="no host address (all interfaces), no word of a login in the server's code",
        locations=(port.location,),
        related=(fact.location,),
        severity=Severity.LOW if wall else None,
        environment=stack.environment,
    )


def _tool(service: Service) -> str:
    # Other images may be called so too: a registry of services, of events.
    is_other = service.image is not None and not service.image.repository.startswith(_OWNERS.get(service.image.name, ""))
    if service.image and service.image.name in _TOOLS and not is_other:
        opened = _OPENED.get(service.image.name)
        return service.image.name if opened is None or opened.search(_settings(service)) else ""
    words = " ".join(service.command or ()).split()
    return next((name for name in _WORKERS if name in words and "celery" in words), "")


def _open_tool(stack: Stack, service: Service) -> str:
    """Return which tool a service is that asks for no login, "" for none; Kibana asks for that of its store."""
    tool = _tool(service)
    if not tool or _asks_for_login(service, tool):
        return ""
    if tool == "kibana" and not any(_NO_SECURITY.search(_settings(other)) for other in stack.services):
        return ""
    return tool


def _settings(service: Service) -> str:
    values = (f"{entry.name}={entry.value or ''}" for entry in service.environment)
    return " ".join((words_of(service), *values))


def _asks_for_login(service: Service, tool: str) -> bool:
    words = " ".join((*(service.entrypoint or ()), *(service.command or ()), *(entry.name for entry in service.environment)))
    return any(word in words for word in _TOOLS[tool][1])


def _gap(project: Project, stack: Stack, found: list[tuple[str, Port]]) -> Gap:
    wall = wall_before(project, tuple(port for _, port in found))
    drawn = ", at a port that Docker draws at each start" if all(port.drawn for _, port in found) else ""
    inside = f" from inside its network alone (the firewall of its cloud opens other ports, {wall.path})" if wall else ""
    names = list(dict.fromkeys(name for name, _ in found))
    verb = "asks" if len(names) == 1 else "ask"
    tools = {_tool(service) for service in stack.services if service.name in names}
    effect = f"uses {'it' if len(names) == 1 else 'them'}" if tools <= _MODELS else "sees the inside of the system"
    if tools & _GRANTS:
        effect = "reads and changes who may do what"
    consoles = [service.name for service in stack.services if service.name in names and _tool(service) in _CHANGES_DATA]
    if consoles:
        effect = f"reads and changes what the store holds through {listed(consoles)}, logged in already"
    return RULE.gap(
        resource=stack.extends_stack or stack.id,
        subject="ports/tools",
        message=f"{in_words(names)} {verb} for no login and can be reached on every interface of the host{drawn}: "
        f"whoever reaches the host{inside} {effect}.",
        expected="127.0.0.1 before the port, or a proxy with a login",
        actual="no host address (all interfaces)",
        locations=tuple(dict.fromkeys(port.location for _, port in found)),
        severity=Severity.LOW if wall else Severity.HIGH if consoles and not drawn else None,
        environment=stack.environment,
    )


RULE = Rule(
    code="NET002",
    name="tool-without-login-published",
    layer=Layer.NETWORK,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Bind the port to 127.0.0.1 and reach it through an SSH tunnel, or put it behind a proxy that asks for a login.",
        ),
    ),
)
