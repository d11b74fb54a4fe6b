"""CFG012: settings that production starts with turn a protection of their framework off by a literal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from scaffold.gaps.config.code_switches import COOKIE, Switch, switches_in_code
from scaffold.gaps.config.framework_switches import framework_switches
from scaffold.gaps.config.idle_switches import IdleSwitch, idle_switches
from scaffold.gaps.config.imported_realms import OpenRealm, open_realms
from scaffold.gaps.config.login_cookies import login_cookies
from scaffold.gaps.config.open_services import OpenService, open_services
from scaffold.gaps.config.reaching import may_get_more
from scaffold.gaps.config.unchecked_builds import NAME, UncheckedBuild, unchecked_builds
from scaffold.gaps.config.unchecked_mail import unchecked_mail
from scaffold.gaps.config.unchecked_stores import unchecked_settings
from scaffold.gaps.facts import in_words, is_test_path, judged_stacks, listed, once, path_environment
from scaffold.gaps.network.net001_store_port_on_all_interfaces import open_ports
from scaffold.gaps.starts import Strength, strength_of
from scaffold.model.compose import EnvValue, Service, Stack
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.image_code import is_in_image
from scaffold.model.names import TRIED, Confidence, EnvironmentClass, Layer, Severity
from scaffold.model.project import CodeFact, Project
from scaffold.model.regex import regex
from scaffold.model.secrets import url_host
from scaffold.model.starting import start_of

_CHECKS_CERTIFICATES = frozenset({"NODE_TLS_REJECT_UNAUTHORIZED", "PYTHONHTTPSVERIFY"})
"""Variables with which Node.js and Python stop to look at certificates where they are 0."""
_PLAIN_STORE = regex(
    r"^(?:postgres|mysql|mariadb)\w*(?:\+\w+)?://\S*[?&](?:sslmode=disable|ssl-mode=DISABLED|ssl=false|useSSL=false)(?:&|$)"
)
_SERVERS = frozenset({"server", "data source", "address", "addr"})
"""Keys by which a connection of SQL Server names its host."""
_OUTSIDE = regex(
    r"^(?!10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|127\.)[\w-]+(?:\.[\w-]+)*\.(?!internal$|local$|lan$|localhost$|svc$)[a-z0-9]{2,}$"
)
"""Names and addresses of the public network."""
_CHECKED_BEFORE = regex(
    r"\bauth_request\s+/|\bforward_auth\b|forwardauth|oauth2-proxy|jwt_authn|RequestAuthentication|\bauth_jwt\b|openid-connect|authorizers?:"
    r"|\bname:\s*[\"']?jwt[\"']?\s*$|pomerium|authelia|aws_apigatewayv2_authorizer",
    re.IGNORECASE | re.MULTILINE,
)
"""What looks at tokens before the application, in the files of proxies and gateways."""
_PROGRAM_IN_FOLDER = regex(r"(?<![\w./-])[\w-]+/[\w/-]+\.(?:py|[cm]?[jt]s)\b|(?<![\w./-])\w+\.[\w.]+:\w+")
"""A program below a folder of the image, by its path or as a module: `server/main.py`, `server.main:app`."""


def _detect(project: Project) -> Iterator[Gap]:
    yield from (_gap(path, switch) for path, switch in framework_switches(project))
    switches = (*switches_in_code(project), *unchecked_mail(project))
    yield from (_gap(path, switch) for path, switch in switches)
    told = frozenset(path for path, switch in switches if switch.name == COOKIE)
    cookies = list(login_cookies(project, told))
    if cookies:
        yield _cookies_gap(cookies)
    yield from (_idle_gap(found) for found in idle_switches(project))
    for fact in _open_checks(project):
        yield from _of_check(project, fact)
    yield from _of_tokens(project)
    yield from (_offered_gap(name, places) for name, places in unchecked_settings(project))
    yield from (_build_gap(found) for found in unchecked_builds(project))
    yield from once(_realm_gap(found) for found in open_realms(project))
    stacks = [stack for stack in judged_stacks(project) if stack.is_runnable_in_production]
    yield from once(gap for stack in stacks for service in stack.services for gap in _of_service(stack, service))
    yield from once(
        _open_gap(stack, service, found)
        for stack in stacks
        for service in stack.services
        for found in open_services(project, service)
    )


def _offered_gap(name: str, places: tuple[Location, ...]) -> Gap:
    path = places[0].path
    return RULE.gap(
        resource=path,
        subject=f"offered/{name}",
        message=f"{path} has people set {name} so that the code takes any certificate: whoever stands between it and the other "
        "end reads and changes what they send, passwords among it.",
        expected="the certificate of the authority of the other end, and the check on",
        actual="off",
        locations=places,
        severity=Severity.LOW,
        closers=(
            Closer(None, "advice", f"Take {name} out, and give the program the certificate of the store's authority (CA)."),
        ),
    )


def _cookies_gap(facts: list[CodeFact]) -> Gap:
    """Return the gap of cookies whose Secure, or HttpOnly as well, nobody wrote down, those that scripts read first."""
    facts = sorted(facts, key=lambda fact: fact.detail != "readable")
    is_readable = facts[0].detail == "readable"
    without = "without Secure and HttpOnly" if is_readable else "without Secure"
    scripts = ", and every script of the page reads it" if is_readable else ""
    files = listed(fact.location.path for fact in facts)
    return RULE.gap(
        resource="application",
        subject=COOKIE,
        message=f"{files} {'makes' if len(facts) == 1 else 'make'} the cookie of a session or a login {without}: browsers send"
        f" it over plain HTTP as well{scripts}.",
        expected="Secure and HttpOnly",
        actual=without,
        locations=tuple(fact.location for fact in facts),
        severity=Severity.LOW,
        closers=(
            Closer(
                None,
                "advice",
                "Write Secure, HttpOnly and SameSite=Lax for the cookie, and leave Secure off for localhost alone, by a setting"
                " whose default is on.",
            ),
        ),
    )


def _idle_gap(found: IdleSwitch) -> Gap:
    path = found.location.path
    unset = "no service, template or script of this repository turns it on"
    if found.left is not None:
        unset = f"{found.left.path}:{found.left.line} leaves it off"
    return RULE.gap(
        resource=path,
        subject=f"switch/{found.name}",
        message=f"{path} leaves a protection off as long as {found.name} is not true, and {unset}: {found.effect}.",
        expected=f"a default that is on, or {found.name}=true where production starts",
        actual="off",
        locations=(found.location,),
        related=(found.left,) if found.left else (),
        severity=found.severity,
        closers=(
            Closer(
                None,
                "advice",
                f"Make the default of {found.name} true and let development turn it off, or set it for the service and in the "
                "template of production.",
            ),
        ),
    )


def _build_gap(found: UncheckedBuild) -> Gap:
    effect = (
        "what runs in the image takes any certificate: whoever stands between reads what it sends, tokens among it"
        if found.runs_so
        else "while the image is built any certificate will do: what the scripts of packages fetch (engines, headers, "
        "browsers), which no lock file knows, may come from whoever stands between"
    )
    return RULE.gap(
        resource=found.path,
        subject=f"build/{NAME}",
        message=f"With {NAME} as {found.path} sets it, {effect}.",
        expected="certificates looked at; that of a proxy's authority by NODE_EXTRA_CA_CERTS",
        actual="0",
        locations=found.places,
        severity=Severity.MEDIUM if found.runs_so else Severity.LOW,
        closers=(
            Closer(
                None,
                "advice",
                f"Take {NAME} out; where a proxy of the network signs anew, copy the certificate of its authority into the "
                "build and name it in NODE_EXTRA_CA_CERTS.",
            ),
        ),
    )


def _realm_gap(found: OpenRealm) -> Gap:
    path = found.location.path
    return RULE.gap(
        resource=found.stack.resource(found.service.name),
        subject=f"realm/{path}",
        message=f"{path}, the realm that {found.service.name} takes over as it first starts, leaves it open: "
        f"{in_words(found.words)}, until somebody changes that in its console.",
        expected="sslRequired: external, bruteForceProtected: true, a passwordPolicy, the addresses of the site",
        actual="open",
        # The stack's own: what is said of its files, that they are for development, holds for this too.
        locations=(found.mount.location, found.location),
        severity=Severity.MEDIUM if found.is_grave else Severity.LOW,
        environment=found.stack.environment,
        closers=(
            Closer(
                None,
                "advice",
                'Write it into the file ("bruteForceProtected": true, "passwordPolicy": "length(12) and notUsername") and '
                "into the console of a realm that runs: a realm that is there is not imported again.",
            ),
        ),
    )


def _of_tokens(project: Project) -> Iterator[Gap]:
    """Yield the code of a login that believes any token, unless something before the application looks at its signature."""
    found = [
        fact
        for fact in project.code_facts
        if fact.kind == "unverified-token" and fact.reachable is not False and not is_test_path(fact.location.path)
    ]
    if found and not any(_CHECKED_BEFORE.search(source.text) for source in project.sources):
        yield from (_token_gap(fact) for fact in found if path_environment(fact.location.path) not in TRIED)


def _token_gap(fact: CodeFact) -> Gap:
    path = fact.location.path
    return RULE.gap(
        resource=path,
        subject="the signature of tokens",
        message=f"{path} takes the user from a token without a look at its signature, and nothing before it does so: whoever "
        "writes a token with another's name is that user, an administrator too.",
        expected="the token verified with the key of who issued it, the algorithm named",
        actual="any token is believed",
        locations=(fact.location,),
        severity=Severity.HIGH,
        confidence=Confidence.MEDIUM,
        closers=(
            Closer(
                None,
                "advice",
                "Verify signature, algorithm, issuer and audience with the issuer's key (a secret of the environment, JWKS) "
                "before a claim is read, and refuse what does not pass.",
            ),
        ),
    )


def _of_service(stack: Stack, service: Service) -> Iterator[Gap]:
    """Yield the variables of an application by which it takes any certificate, or sends a database everything readable."""
    for entry in service.environment if service.is_application else ():
        value = (entry.value or "").strip()
        if entry.name in _CHECKS_CERTIFICATES and value == "0":
            yield _variable_gap(
                stack, service, entry, "takes any certificate: whoever stands between reads what it sends, tokens among it"
            )
        host = url_host(value) or "" if _PLAIN_STORE.search(value) else ""
        if _OUTSIDE.search(host) and stack.resolve_host(host) is None:
            yield _variable_gap(
                stack,
                service,
                entry,
                f"talks to the database on {host} without TLS: its password and every row cross the network readable",
            )
        trusting = _trusting_host(value)
        if _OUTSIDE.search(trusting) and stack.resolve_host(trusting) is None:
            yield _variable_gap(
                stack,
                service,
                entry,
                f"takes any certificate for the database on {trusting}: whoever stands between reads its password and rows",
            )


def _trusting_host(value: str) -> str:
    """Return the host of a connection to SQL Server that takes any certificate, "" for other values."""
    fields = {key.strip().lower(): text.strip().lower() for key, _, text in (part.partition("=") for part in value.split(";"))}
    if fields.get("trustservercertificate") not in {"true", "yes"}:
        return ""
    server = next((fields[key] for key in fields if key in _SERVERS), "")
    return re.split(r"[,\\]", server.removeprefix("tcp:"), maxsplit=1)[0]


def _variable_gap(stack: Stack, service: Service, entry: EnvValue, effect: str) -> Gap:
    return RULE.gap(
        resource=stack.resource(service.name),
        subject=f"environment/{entry.name}",
        message=f"With {entry.name} as it is set, {service.name} {effect}.",
        expected="TLS with a check of the other end's certificate",
        actual="off",
        locations=(entry.location,),
        environment=stack.environment,
        closers=(
            Closer(
                None, "advice", "Take the setting out, and give the program the certificate of the authority of the other end."
            ),
        ),
    )


def _open_gap(stack: Stack, service: Service, found: OpenService) -> Gap:
    name = found.entry.name
    return RULE.gap(
        resource=stack.resource(service.name),
        subject=f"environment/{name}",
        message=f"With {name} as it is set, {service.name} {found.effect}.",
        expected=found.expected,
        actual="off",
        locations=(found.entry.location,),
        severity=Severity.HIGH if found.is_grave else Severity.MEDIUM,
        environment=stack.environment,
        closers=(Closer(None, "advice", found.fix),),
    )


def _open_checks(project: Project) -> Iterable[CodeFact]:
    """Return the first check of each file and key that is passed over without the key."""
    found: dict[tuple[str, str], CodeFact] = {}
    for fact in project.code_facts:
        if fact.kind == "open-check" and fact.reachable is not False and not is_test_path(fact.location.path):
            found.setdefault((fact.location.path, fact.detail), fact)
    return found.values()


def _of_check(project: Project, fact: CodeFact) -> Iterator[Gap]:
    """Yield the gap of a check that code passes over without its variable, unless production cannot start without it."""
    wanted = _bare(fact.detail)
    names = dict.fromkeys(read.name for read in project.env_reads if _bare(read.name).endswith(wanted))
    name = min(names, key=len, default="")
    stacks = [stack for stack in project.stacks if stack.is_runnable_in_production]
    entries = [entry for stack in stacks for service in stack.services for entry in service.environment if entry.name == name]
    if not name or any(_is_certain(entry) for entry in entries):
        return
    if any(item.name == name and item.value for item in project.settings):
        return
    templates = [entry for file in project.env_files for entry in file.entries if entry.name == name and not entry.commented]
    path = fact.location.path
    door = _open_door(project, path, name)
    stays_out = bool(templates) and not entries and _reaches_nobody(project, stacks, path)
    is_offered = not stays_out and any(entry.value for entry in templates)
    severity = Severity.LOW if is_offered else Severity.HIGH if door else Severity.MEDIUM
    reached = ", and its port is published on every interface of the host" if door else ""
    unset = "nothing makes production set it"
    if stays_out:
        unset = f"what {templates[0].location.path} offers under this name reaches no container, since no service lists it"
    yield RULE.gap(
        resource=path,
        subject=f"check/{name}",
        message=f"Where {name} is not set or empty, {path} lets everybody in: the look at the caller's key is passed over, and "
        f"{unset}{reached}.",
        expected="a start that ends without the variable, or a refusal of every caller",
        actual="no check",
        locations=(fact.location,),
        related=(*(entry.location for entry in (templates if stays_out else entries)[:1]), *((door,) if door else ())),
        severity=severity,
        confidence=Confidence.MEDIUM,
        closers=(
            Closer(None, "advice", f"Refuse every caller while {name} is empty, and write `{name}: ${{{name}:?}}` in Compose."),
        ),
    )


def _reaches_nobody(project: Project, stacks: list[Stack], path: str) -> bool:
    """Whether services run a file, and each of them gets from outside what its list of variables names and nothing else."""
    run = [service for stack in stacks for service in stack.services if service.made and is_in_image(project, service, path)]
    return bool(run) and not any(service.env_files or may_get_more(project, service) for service in run)


def _open_door(project: Project, path: str, name: str) -> Location | None:
    """Return the published port of a service that runs a file for others, and that starts without the variable by itself."""
    for stack in project.stacks:
        shown = stack.environment is EnvironmentClass.PRODUCTION or strength_of(project, stack).strength >= Strength.ANYBODY
        for service in stack.services if stack.is_runnable_in_production and shown else ():
            entry = service.env(name)
            is_left_empty = not service.env_files if entry is None else _is_empty_by_default(entry)
            if is_left_empty and is_in_image(project, service, path) and not _is_another_program(project, service, path):
                port = next(iter(open_ports(project, service)), None)
                if port is not None:
                    return port.location
    return None


def _is_another_program(project: Project, service: Service, path: str) -> bool:
    """Whether only other images start a file, as a program of its own, while all that this service starts lies in other
    folders; a program at the top may take in any of them.
    """
    start = start_of(project, service)
    parts = path.rpartition(".")[0].split("/")
    if (
        len(parts) == 1
        or start is None
        or not start.known
        or re.search(rf"(?<![\w-]){re.escape(parts[-2])}(?![\w-])", start.text)
    ):
        return False
    named = re.compile(rf"(?<![\w-]){re.escape(parts[-2])}[./]{re.escape(parts[-1])}(?![\w-])")
    begun = (
        item.text
        for image in project.dockerfiles
        for stage in image.stages
        for item in stage.instructions
        if item.keyword in {"CMD", "ENTRYPOINT"}
    )
    return _PROGRAM_IN_FOLDER.search(start.text) is not None and any(named.search(text) for text in begun)


def _is_empty_by_default(entry: EnvValue) -> bool:
    return not entry.value and all(item.has_default and not item.argument for item in entry.references)


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _is_certain(entry: EnvValue) -> bool:
    """Whether a variable has a value in every start: one of its own, a default, or a reference that has to be set."""
    if not entry.references:
        return bool(entry.value)
    return all(item.is_required or (item.has_default and bool(item.argument)) for item in entry.references)


def _gap(path: str, switch: Switch) -> Gap:
    return RULE.gap(
        resource=path,
        subject=switch.name,
        message=f"{switch.location.path} is what production starts with, and it turns {switch.name} {switch.turned} by a "
        f"literal that no variable changes: {switch.effect}.",
        expected="the protection on, or a variable whose default leaves it on"
        if switch.turned == "off"
        else "off, or a variable whose default leaves it off",
        actual=switch.turned,
        locations=(switch.location,),
        severity=switch.severity,
        closers=(Closer(None, "advice", switch.fix),),
    )


RULE = Rule(
    code="CFG012",
    name="protection-turned-off",
    layer=Layer.CONFIG,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(Closer(None, "advice", "Turn the protection on in the settings that production starts with."),),
)
