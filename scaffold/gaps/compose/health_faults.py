"""Why a healthcheck cannot pass or cannot fail in the container that runs it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.compose.caddy_admin import admin_off
from scaffold.gaps.compose.presence_checks import presence_reason
from scaffold.gaps.compose.proxy_answers import constant_answers
from scaffold.gaps.compose.shellless_checks import sign_in_arguments
from scaffold.gaps.facts import HealthSource, final_stages, health_source, root_image
from scaffold.gaps.served_paths import asked_paths, meant_route, serves, service_routes
from scaffold.model.compose import Service
from scaffold.model.document import Location
from scaffold.model.durability import writes_nothing
from scaffold.model.frozen import frozen
from scaffold.model.image_code import is_in_image
from scaffold.model.names import Confidence, Role
from scaffold.model.probes import AS_OF, KnownImage, known_image, requires_password
from scaffold.model.project import Project
from scaffold.model.regex import regex

_SEGMENTS = regex(r"\|\||&&|[|;\n()]|\$\(|`")
_ASSIGNMENT = regex(r"[A-Za-z_]\w*=\S*\s+")
_LEADING = regex(r"(?:exec|if|then|while|until|!|timeout\s+\S+|/?(?:\w+/)*(?:su-exec|gosu)\s+\S+)\s+")
_NO_CHECKS = frozenset({"exit", "true", "false", ":", "echo"})
_NEVER_FAILS = regex(r"^echo\s[^$|&;`]*$|(?:^|(?:\|\||;|&)\s*)(?:/bin/)?(?:exit\s+0|true|:)\s*(?:;\s*)?$")
_LOCAL_PORT = regex(r"(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])[:/](\d{1,5})\b")
_REDIS_CLI = regex(r"\b(?:redis|valkey|keydb)-cli\b")
_REDIS_AUTH = regex(r"(?:^|\s)(?:-a|--pass|-u|--user|--askpass)(?:\s|=|$)|REDISCLI_AUTH")
_EXIT_ON_ERROR = regex(r"(?:^|\s)-e(?:\s|$)|grep|PONG")


@frozen
class Fault:
    """One reason; `effect` is `pass` when the check can never pass, `fail` when it cannot fail, `idle` when it looks whether
    the process is there and at nothing that it does, `wait` when it passes early, `blind` when it asks the web server in front
    of the application alone, `deaf` when the route that it asks does not say that the store is away.
    """

    effect: str
    reason: str
    related: tuple[Location, ...] = ()
    confidence: Confidence = Confidence.HIGH


def health_faults(project: Project, service: Service) -> tuple[Fault, ...]:
    """Return every reason why the service's healthcheck does not tell whether the service answers."""
    source = health_source(project, service)
    if source is None:
        return ()
    return (
        *_redis_faults(service, source),
        *_program_faults(project, service, source),
        *_path_faults(service, source),
        *_port_faults(project, service, source),
        *_route_faults(project, service, source),
        *_constant_faults(source),
        *_shellless_faults(source),
        *_presence_faults(project, service, source),
        *_deaf_faults(project, service, source),
        *_proxy_faults(project, service, source),
        *_admin_faults(project, service, source),
    )


def _where(service: Service) -> tuple[Location, ...]:
    return (service.image_location,) if service.image_location else ()


def _route_faults(project: Project, service: Service, source: HealthSource) -> Iterator[Fault]:
    """Yield each path that the check asks for and that the code serves below a prefix only."""
    facts = service_routes(project, service) if service.role is Role.WEB else ()
    for path in asked_paths(project, source.command) if facts else ():
        meant = meant_route(facts, path)
        if meant is not None:
            yield Fault(
                "pass", f"the code does not serve {path}, it serves {meant.detail}", (meant.location,), Confidence.MEDIUM
            )


# --- (a) Redis answers an error with exit status 0 --------------------------------------------------------------------


def _redis_faults(service: Service, source: HealthSource) -> Iterator[Fault]:
    if not _REDIS_CLI.search(source.command) or not service.has_role(Role.REDIS):
        return
    strict = bool(_EXIT_ON_ERROR.search(source.command))
    given = bool(_REDIS_AUTH.search(source.command)) or service.env("REDISCLI_AUTH") is not None
    if requires_password(service) and not given:
        places = (service.command_location,) if service.command_location else ()
        if strict:
            yield Fault("pass", "it sends no password and the server requires one", places)
        else:
            reason = "the server requires a password, the check sends none, and the client exits 0 on that error"
            yield Fault("refused", reason, places)
    elif not strict and not writes_nothing(service):
        yield Fault(
            "wait", "without -e the client exits 0 on an error reply such as LOADING, so it passes before the data is there"
        )


# --- (b) a program that the image does not hold -----------------------------------------------------------------------


def programs(source: HealthSource) -> tuple[str, ...]:
    """Return the base names of the programs that a check starts, shell built-ins included."""
    test = source.healthcheck.test if source.healthcheck else ()
    argv = source.instruction.argv if source.instruction and source.instruction.exec_form else ()
    words = test[1:] if test[:1] == ("CMD",) else argv
    if words:
        shell = words[0].rpartition("/")[2] in {"sh", "bash", "ash"} and "-c" in words[:-1]
        first = (words[0].rpartition("/")[2],)
        return first + (_script_programs(words[words.index("-c") + 1]) if shell else ())
    return ("sh", *_script_programs(source.command))


def _script_programs(script: str) -> tuple[str, ...]:
    found = []
    for segment in _SEGMENTS.split(script):
        text = segment.strip()
        while match := _ASSIGNMENT.match(text) or _LEADING.match(text):
            text = text[match.end() :]
        word = text.split(maxsplit=1)[0].strip("\"'") if text.split() else ""
        if word:
            found.append(word.rpartition("/")[2])
    return tuple(found)


def _program_faults(project: Project, service: Service, source: HealthSource) -> Iterator[Fault]:
    known, installed, places = _image_below(project, service)
    if known is None or installed is None:
        return
    used = programs(source)
    missing = [name for name in used if name in known.facts.absent and not re.search(rf"\b{re.escape(name)}\b", installed)]
    if not missing or ("sh" not in missing and _has_alternative(source, missing)):
        return
    # Without a shell nothing of a shell command runs, so the shell is the reason and not what it would start.
    name = "sh" if "sh" in missing else missing[0]
    what = "no shell" if name == "sh" else f"no {name}"
    base = "the image it is built from" if service.made else "its image"
    confidence = Confidence.MEDIUM if known.assumed else Confidence.HIGH
    yield Fault("pass", f"{base} holds {what}{_judged(known)}", places, confidence)


def _has_alternative(source: HealthSource, missing: list[str]) -> bool:
    """Whether a part after `||` does the check without the missing programs."""
    parts = [_script_programs(part) for part in source.command.split("||")]
    checks = [part for part in parts if part and part[0] not in _NO_CHECKS]
    return len(checks) > 1 and any(not set(part) & set(missing) for part in checks)


def _judged(known: KnownImage) -> str:
    return f" (no version in the tag: judged as the newest one of {AS_OF})" if known.assumed else ""


def _image_below(project: Project, service: Service) -> tuple[KnownImage | None, str | None, tuple[Location, ...]]:
    """Return the table's row for the image or for the base of the built one, what its stages install, and the place."""
    if not service.made:
        return known_image(service.image), "", _where(service)
    dockerfile = project.image_of(service)
    if dockerfile is None:
        return None, None, ()
    target = service.made.target
    stages = final_stages(dockerfile, target)
    texts = [item.text for stage in stages for item in stage.instructions if item.keyword in {"RUN", "COPY", "ADD"}]
    # A script that the build runs may install anything.
    if not stages or any(re.search(r"\.sh\b|\binstall-deps\b|--with-deps\b", text) for text in texts):
        return None, None, ()
    return known_image(root_image(dockerfile, target)), "\n".join(texts), (stages[-1].location,)


# --- (c) a path that is gone, (d) a port where nothing listens, (e) a result that is always the same ------------------


def _path_faults(service: Service, source: HealthSource) -> Iterator[Fault]:
    known = None if service.made else known_image(service.image)
    if known is None:
        return
    for path in known.facts.retired:
        if f"{path}/" in source.command:
            confidence = Confidence.MEDIUM if known.assumed else Confidence.HIGH
            yield Fault("pass", f"the server no longer serves {path}", _where(service), confidence)


def _port_faults(project: Project, service: Service, source: HealthSource) -> Iterator[Fault]:
    dockerfile = project.image_of(service)
    listening = {
        *service.listens,
        *service.expose,
        *(port.target for port in service.ports),
        *(dockerfile.exposed if dockerfile else ()),
    }
    known = None if service.made else known_image(service.image)
    listening |= set(known.facts.ports) if known else set()
    told = " ".join(
        (*(service.command or ()), *(service.entrypoint or ()), *(entry.value or "" for entry in service.environment))
    )
    for port in sorted({int(number) for number in _LOCAL_PORT.findall(source.command)}):
        if port in listening or not listening or re.search(rf"\b{port}\b", told):
            continue
        host = next((item for item in service.ports if item.published == port), None)
        if host is not None:
            reason = f"it asks port {port}, which is the port on the host; inside the container it is {host.target}"
            yield Fault("pass", reason, (host.location,))
        elif known and known.facts.ports:
            yield Fault("pass", f"it asks port {port}, where the image does not listen", _where(service), Confidence.MEDIUM)


def _constant_faults(source: HealthSource) -> Iterator[Fault]:
    if _NEVER_FAILS.search(source.command.strip()):
        yield Fault("fail", "it ends with a command that always succeeds")


def _shellless_faults(source: HealthSource) -> Iterator[Fault]:
    program, sign = sign_in_arguments(source)
    if sign:
        yield Fault("pass", f"no shell reads the exec form, so {program} gets `{sign}` and what follows as arguments")


def _presence_faults(project: Project, service: Service, source: HealthSource) -> Iterator[Fault]:
    reason = presence_reason(project, service, source)
    if reason:
        yield Fault("idle", reason)


# --- (f) a route that does not say what it found ----------------------------------------------------------------------


def _deaf_faults(project: Project, service: Service, source: HealthSource) -> Iterator[Fault]:
    """Yield each path that the check asks for whose handler catches the failure of the store and answers as ever."""
    context = service.made.context if service.made else None
    facts = [fact for fact in project.code_facts if fact.kind == "deaf-health" and context is not None]
    for path in asked_paths(project, source.command) if facts else ():
        for fact in facts:
            if serves(fact, path) and is_in_image(project, service, fact.location.path):
                yield Fault("deaf", f"{path} answers 200 also where the store cannot be reached", (fact.location,))


# --- (g) a path that the web server in the image answers by itself ----------------------------------------------------


def _proxy_faults(project: Project, service: Service, source: HealthSource) -> Iterator[Fault]:
    if service.role is not Role.WEB or not service.build:
        return
    asked = asked_paths(project, source.command)
    for answer in constant_answers(project, service) if asked else ():
        if all(path == answer.path for path in asked):
            yield Fault("blind", f"the web server answers {answer.path} by itself", (answer.location,))


# --- (h) the admin port of Caddy --------------------------------------------------------------------------------------


def _admin_faults(project: Project, service: Service, source: HealthSource) -> Iterator[Fault]:
    place = admin_off(project, service, source)
    if place is not None:
        yield Fault("pass", "it asks the admin port of Caddy, 2019, which the Caddyfile turns off (`admin off`)", (place,))
