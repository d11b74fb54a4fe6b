"""Probes by Docker's rules: period, timeout and retries with Docker's defaults; the start period as a startup probe."""

from __future__ import annotations

import math
import re
import shlex
from dataclasses import replace

from scaffold.model.compose import Healthcheck, Service
from scaffold.model.document import find, scalars_of
from scaffold.model.frozen import frozen
from scaffold.model.lasting import follows_models
from scaffold.model.names import Role
from scaffold.model.probes import known_image, working_healthcheck
from scaffold.model.project import Instruction
from scaffold.model.regex import regex
from scaffold.model.values import parse_duration
from scaffold.model.workload import Note, Probe, Probes, Text, WorkloadPort, is_literal, literal
from scaffold.plan.workloads.code import routes_of
from scaffold.plan.workloads.scope import Scope
from scaffold.plan.workloads.texts import of_scalar

_READY = ("/ready", "/readyz", "/health/ready", "/readiness", "/health", "/healthz", "/healthcheck", "/api/health")
_READY_MORE = ("/api/v1/health", "/ping", "/up", "/status")
_LIVE = ("/live", "/livez", "/health/live", "/liveness")
_LOOPBACK = r"(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])"
_URL = regex(rf"(?P<scheme>https?)://(?P<host>{_LOOPBACK}|[A-Za-z0-9_.\-]+)(?::(?P<port>\d+))?(?P<path>/[^\s'\"|;&]*)?")
_SUCCEEDS = regex(r"exit(?: 0)?|(?:/usr)?(?:/bin/)?true|:|echo\b[^|;&<>`$()]*")
"""Commands that say nothing about the service that they are run in."""
_HTTP_STORES: dict[str, tuple[int, str]] = {
    "chroma": (8000, "/api/v2/heartbeat"),
    "qdrant": (6333, "/readyz"),
    "weaviate": (8080, "/v1/.well-known/ready"),
}
"""Stores that say over HTTP whether they are ready, by family: port and path."""
_DOCKER_PERIOD, _DOCKER_TIMEOUT, _DOCKER_RETRIES, _DOCKER_START_INTERVAL = 30, 30, 3, 5
_LIVENESS = (20, 5, 6)
"""Period, timeout and failures of a liveness probe: Docker restarts nothing that is unhealthy, so it waits two minutes."""
_MODELS = (10, 60)
"""Period and failures of the startup probe of what loads models: a start that fetches them first takes minutes."""
_SERVED = frozenset({Role.WEB, Role.FRONTEND, Role.ML_INFERENCE})


@frozen
class _Timing:
    """Whole seconds, as Kubernetes wants them."""

    period: int = _DOCKER_PERIOD
    timeout: int = _DOCKER_TIMEOUT
    retries: int = _DOCKER_RETRIES
    start_period: int = 0
    start_interval: int = _DOCKER_START_INTERVAL


def plan_probes(service: Service, scope: Scope, ports: tuple[WorkloadPort, ...]) -> tuple[Probes, tuple[Note, ...]]:
    """Return what the kubelet asks, and a note where the healthcheck of the compose file does not carry over."""
    notes: list[Note] = []
    readiness, timing = _checked(service, scope, ports, notes)
    off = service.healthcheck is not None and service.healthcheck.disabled
    if readiness is None and not off:
        readiness = _by_image(service, timing) or _by_route(service, scope, ports) or _by_port(service, ports)
    liveness = _live(service, scope, ports)
    startup = _startup(readiness, timing) if readiness is not None and timing.start_period else None
    if startup is None and liveness is not None and follows_models(scope.project, service):
        startup = replace(liveness, period=_MODELS[0], failures=_MODELS[1])
    return Probes(readiness, liveness, startup), tuple(notes)


def _checked(
    service: Service, scope: Scope, ports: tuple[WorkloadPort, ...], notes: list[Note]
) -> tuple[Probe | None, _Timing]:
    check = service.healthcheck
    if check is not None and check.disabled:
        return None, _Timing()
    if check is not None and check.test:
        timing = _timing_of(check)
        words = _words_of_test(service, check, scope)
        return _usable(service, scope, ports, words, timing, notes), timing
    instruction = _of_dockerfile(service, scope)
    if instruction is None:
        return None, _timing_of(check) if check else _Timing()
    timing = _timing_of_flags(instruction)
    plain = _words_of_instruction(instruction)
    if plain is None or _asks_nothing(plain):
        return None, timing
    probe = _http(plain, ports) or Probe("exec", tuple(literal(word) for word in plain))
    return _timed(probe, timing, "Dockerfile"), timing


def _usable(  # noqa: PLR0913, PLR0917 - each is a fact of its own
    service: Service,
    scope: Scope,
    ports: tuple[WorkloadPort, ...],
    words: tuple[Text, ...],
    timing: _Timing,
    notes: list[Note],
) -> Probe | None:
    """Return the probe of a healthcheck: over HTTP where it only asks a URL, else the command; None where it cannot pass."""
    plain = tuple("".join(piece.text for piece in text) for text in words)
    if _asks_nothing(plain):
        where = service.healthcheck.test_location if service.healthcheck else service.location
        why = "it passes whatever the service does, so the pod would get requests before it can answer"
        notes.append(Note(service.name, "healthcheck", f"the healthcheck is not used as a probe: {why}", where))
        return None
    secret = any(not is_literal(text) for text in words) or scope.shows_secret(" ".join(plain))
    cannot = _cannot_pass(service, plain)
    if secret or cannot:
        where = service.healthcheck.test_location if service.healthcheck else service.location
        why = cannot or "it holds a secret, and a command in a probe is plain text"
        notes.append(Note(service.name, "healthcheck", f"the healthcheck is not used as a probe: {why}", where))
        return None
    return _timed(_http(plain, ports) or Probe("exec", words), timing, "healthcheck")


def _asks_nothing(words: tuple[str, ...]) -> bool:
    """Whether a test is one command that succeeds by itself."""
    line = words[2] if words[:2] == ("/bin/sh", "-c") and len(words) == 3 else " ".join(words)
    return _SUCCEEDS.fullmatch(line.strip()) is not None


def _words_of_test(service: Service, check: Healthcheck, scope: Scope) -> tuple[Text, ...]:
    node = find(service.node, "healthcheck", "test")
    scalars = scalars_of(node)
    if len(scalars) == 1 and check.test[:1] == ("CMD-SHELL",) and scalars[0].value != "CMD-SHELL":
        return (literal("/bin/sh"), literal("-c"), of_scalar(scalars[0], scope))
    texts = tuple(of_scalar(scalar, scope) for scalar in scalars[1:])
    if check.test[:1] == ("CMD-SHELL",):
        return (literal("/bin/sh"), literal("-c"), *texts[:1])
    return texts


def _of_dockerfile(service: Service, scope: Scope) -> Instruction | None:
    dockerfile = scope.project.image_of(service)
    if dockerfile is None or service.build is None:
        return None
    instruction = dockerfile.effective("HEALTHCHECK", service.build.target)
    return None if instruction is None or instruction.text.strip().upper() == "NONE" else instruction


def _words_of_instruction(instruction: Instruction) -> tuple[str, ...] | None:
    text = instruction.text.strip()
    match = re.match(r"(?:--\S+\s+)*CMD\s+(?P<rest>.*)", text, re.DOTALL | re.IGNORECASE)
    if match is None:
        return None
    rest = match["rest"].strip()
    if rest.startswith("["):
        import json

        try:
            words = json.loads(rest)
        except ValueError:
            words = None
        if isinstance(words, list) and words and all(isinstance(word, str) for word in words):
            return tuple(words)
    return ("/bin/sh", "-c", rest)


def _seconds(text: str, default: int) -> int:
    """Return a duration in whole seconds, rounded up; Docker takes 0 for its default."""
    value = parse_duration(text) if text else None
    return math.ceil(value) if value else default


def _timing_of(check: Healthcheck) -> _Timing:
    return _Timing(
        period=_seconds(check.interval, _DOCKER_PERIOD),
        timeout=_seconds(check.timeout, _DOCKER_TIMEOUT),
        retries=int(check.retries) if check.retries.isdecimal() and int(check.retries) else _DOCKER_RETRIES,
        start_period=_seconds(check.start_period, 0),
        start_interval=_seconds(check.start_interval, _DOCKER_START_INTERVAL),
    )


def _timing_of_flags(instruction: Instruction) -> _Timing:
    flags = dict(
        re.findall(
            r"--(interval|timeout|retries|start-period|start-interval)=(\S+)",
            " ".join(instruction.flags) + " " + instruction.text,
        )
    )
    return _Timing(
        period=_seconds(flags.get("interval", ""), _DOCKER_PERIOD),
        timeout=_seconds(flags.get("timeout", ""), _DOCKER_TIMEOUT),
        retries=int(flags["retries"]) if flags.get("retries", "").isdecimal() and int(flags["retries"]) else _DOCKER_RETRIES,
        start_period=_seconds(flags.get("start-period", ""), 0),
        start_interval=_seconds(flags.get("start-interval", ""), _DOCKER_START_INTERVAL),
    )


def _timed(probe: Probe, timing: _Timing, source: str) -> Probe:
    return Probe(
        probe.kind, probe.words, probe.path, probe.port, probe.scheme, timing.period, timing.timeout, timing.retries, source
    )


def _startup(probe: Probe, timing: _Timing) -> Probe:
    """While it starts, failures count only after the start period; the kubelet then begins with the readiness probe."""
    failures = math.ceil(timing.start_period / timing.start_interval) + timing.retries
    return Probe(
        probe.kind,
        probe.words,
        probe.path,
        probe.port,
        probe.scheme,
        timing.start_interval,
        probe.timeout,
        failures,
        probe.source,
    )


def _cannot_pass(service: Service, words: tuple[str, ...]) -> str:
    """Return why a test fails in a known image: a program that is not in it, or a path that it no longer serves."""
    known = None if service.build else known_image(service.image)
    if known is None or (known.assumed and not known.facts.retired and not known.facts.absent):
        return ""
    line = " ".join(words)
    program = next((word for word in re.findall(r"[\w.\-/]+", line) if word in known.facts.absent), "")
    first = words[2].split() if words[:2] == ("/bin/sh", "-c") and len(words) > 2 else words
    if program and program in {word.rpartition("/")[2] for word in first[:1]}:
        return f"the image {service.image} has no {program}"
    retired = next((path for path in known.facts.retired if path in line), "")
    return f"{retired} is no path of {service.image} any more" if retired else ""


def _http(words: tuple[str, ...], ports: tuple[WorkloadPort, ...]) -> Probe | None:
    """Return the same question over HTTP where a test is one call of curl or wget to a port that others reach too.

    A server that answers them is bound to more than the loopback address, so the kubelet reaches it.
    """
    line = words[2] if words[:2] == ("/bin/sh", "-c") and len(words) == 3 else shlex.join(words)
    line = re.sub(r"\s*\|\|\s*exit\s+\d+\s*$", "", line.strip())
    if re.search(r"[|;&<>`$(){}]", line) or not re.match(r"(?:/usr/bin/)?(?:curl|wget)\s", line):
        return None
    options = [word for word in shlex.split(line)[1:] if word.startswith("-")]
    if any(word.lstrip("-").startswith(("H", "header", "d", "data", "X", "request", "u", "user", "post")) for word in options):
        return None
    urls = [word for word in shlex.split(line)[1:] if not word.startswith("-") and ("/" in word or ":" in word or "." in word)]
    match = _URL.fullmatch(urls[0] if "://" in urls[0] else f"http://{urls[0]}") if len(urls) == 1 else None
    if match is None or not re.fullmatch(_LOOPBACK, match["host"]):
        return None
    port = int(match["port"] or (443 if match["scheme"] == "https" else 80))
    if port not in {item.port for item in ports}:
        return None
    return Probe("http", path=match["path"] or "/", port=port, scheme=match["scheme"].upper())


def _by_image(service: Service, timing: _Timing) -> Probe | None:
    """Return what the table of images knows."""
    known = None if service.build else known_image(service.image)
    if known is None:
        return None
    address = _HTTP_STORES.get(known.facts.family)
    if address:
        old = known.facts.family == "chroma" and service.image is not None and service.image.major == 0
        path = address[1].replace("/v2/", "/v1/") if old else address[1]
        return _timed(Probe("http", path=path, port=address[0]), timing, "image")
    test = working_healthcheck(service)
    if not test or any("${" in word.replace("$${", "") for word in test):
        return None
    words = tuple(word.replace("$$", "$") for word in test[1:])
    words = ("/bin/sh", "-c", *words) if test[0] == "CMD-SHELL" else words
    return _timed(Probe("exec", tuple(literal(word) for word in words)), timing, "image")


def _by_route(service: Service, scope: Scope, ports: tuple[WorkloadPort, ...]) -> Probe | None:
    route = _route(service, scope, (*_READY, *_READY_MORE))
    port = _web_port(ports)
    return Probe("http", path=route, port=port, period=10, timeout=5, failures=3, source="route") if route and port else None


def _by_port(service: Service, ports: tuple[WorkloadPort, ...]) -> Probe | None:
    """A server that nothing asks for its health counts as ready once its port answers."""
    tcp = [port.port for port in ports if port.protocol == "TCP"]
    if service.role in {Role.WORKER, Role.SCHEDULER, Role.ONE_SHOT}:
        # A block that many services share may expose a port at what serves nothing: its own command has to name it.
        line = " ".join((*(service.entrypoint or ()), *(service.command or ())))
        tcp = [port for port in tcp if re.search(rf":{port}\b", line)]
    if not tcp:
        return None
    web = _web_port(ports)
    return Probe("tcp", port=web if web in tcp else tcp[0], period=10, timeout=5, failures=3, source="port")


def _live(service: Service, scope: Scope, ports: tuple[WorkloadPort, ...]) -> Probe | None:
    route, port = _route(service, scope, _LIVE), _web_port(ports)
    period, timeout, failures = _LIVENESS
    return (
        Probe("http", path=route, port=port, period=period, timeout=timeout, failures=failures, source="route")
        if route and port
        else None
    )


def _route(service: Service, scope: Scope, wanted: tuple[str, ...]) -> str:
    """Return the first of the routes that the service's code serves, "" when it serves none of them."""
    if service.role not in _SERVED:
        return ""
    served = routes_of(service, scope)
    return next((route for route in wanted if route in served or f"{route}/" in served), "")


def _web_port(ports: tuple[WorkloadPort, ...]) -> int:
    http = next((port.port for port in ports if port.name == "http"), 0)
    return http or (ports[0].port if len(ports) == 1 and ports[0].protocol == "TCP" else 0)
