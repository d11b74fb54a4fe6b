"""CFG010: what production starts serves development: seeds, a mail catcher, a login that is off, a printed env file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.config.django_settings import runnable_stacks
from scaffold.gaps.config.stand_in_providers import StandIn, stand_ins
from scaffold.gaps.facts import listed, once
from scaffold.gaps.network.net001_store_port_on_all_interfaces import open_ports
from scaffold.gaps.signals import image_name, main_environment
from scaffold.model.compose import EnvValue, Service, Stack
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Confidence, EnvironmentClass, Layer, Severity
from scaffold.model.project import CodeFact, Command, Project
from scaffold.model.regex import regex
from scaffold.model.secrets import url_host
from scaffold.model.values import means_true

_MAIL = regex(r"(?:^|_)(?:SMTP|E?MAIL|MAILER)\w*(?:HOST|HOSTNAME|URL|SERVER|DSN|ADDR(?:ESS)?)$", words=("MAIL", "SMTP"))
_FALSE = frozenset({"0", "false", "no", "off"})
_CATCHERS = frozenset({"mailpit", "mailhog", "maildev", "mailcatcher", "smtp4dev", "inbucket", "mailslurper"})
"""Images that take mail and show it on a page: nothing of it reaches anybody."""
_LOGIN_OFF = regex(
    r"(?:^|_)(?:(?:MOCK|FAKE|DISABLE|SKIP|BYPASS|NO)_(?:AUTH(?:N|ENTICATION)?|LOGIN)"
    r"|(?:AUTH(?:N|ENTICATION)?|LOGIN)_(?:MOCK|DISABLED?|BYPASS|SKIP))$"
)
_LOGIN_ON = regex(
    r"^(?:(?:API|HTTP|APP|BACKEND|SERVER)_)?(?:AUTH(?:N|ENTICATION|ORI[SZ]ATION)?_(?:ENABLED?|REQUIRED|ENFORCED)"
    r"|(?:ENABLE|REQUIRE|ENFORCE)_AUTH(?:N|ENTICATION|ORI[SZ]ATION)?)$"
)
_SEED_SWITCH = regex(r"^(?:RUN_|DB_|DATABASE_)?(?:SEED(?:_(?:DATA|DB|DATABASE|USERS?))?|LOAD_(?:DEMO|SAMPLE|TEST|SEED)_DATA)$")
_SEEDS = regex(
    r"\b(?:npm|yarn|pnpm|bun)\s+(?:run\s+)?(?:(?:db:)?seed(?::\S+)?|prisma:seed)(?=\s|$|[;&|])|\bprisma\s+db\s+seed\b"
    r"|\b(?:rails|rake)\s+db:seed\b|\bartisan\s+(?:db:seed\b|migrate\S*\s[^&;|\n]*--seed\b)|\bknex\s+seed:run\b"
    r"|\bsequelize(?:-cli)?\s+db:seed\S*|\bmanage\.py\s+(?:loaddata\s[^&;|\n]*(?:demo|sample|dummy|test_?data)|load_initial_data|seed\w*)",
    words=("artisan", "manage.py", "prisma", "seed", "sequelize"),
)
_PRINTS = regex(
    r"(?:^|[;&|]\s*)(?:cat|less|more|tail|head)\s+(?:-\S+\s+)*\S*\.env(?:\.\w+)?\s*(?:$|[;&])|(?:^|[;&|]\s*)printenv\s*(?:$|[;&])",
    words=(".env", "printenv"),
)
_BLOCK = regex(r"\s*(?:if|case|while|until)\b|\s*\w+\s*\(\)\s*\{")
_BLOCK_END = regex(r"\s*(?:fi|esac|done|\})(?:\s|;|$)")
_INLINE_CONDITION = regex(r"\]\]?\s*(?:&&|\|\|)|\btest\s")
_PEOPLE = regex(r"seed[^/]*/(?:.*/)?[^/]*(?:user|admin|account)|(?:user|admin|account)[^/]*seed", re.IGNORECASE)


def _detect(project: Project) -> Iterator[Gap]:
    stacks = runnable_stacks(project)
    yield from once(gap for stack in stacks for service in stack.services for gap in _of_service(project, stack, service))
    if stacks:
        yield from (
            _code_gap(project, fact) for fact in project.code_facts if fact.kind == "seeds" and fact.reachable is not False
        )
    yield from _built_with(project)
    yield from _stand_ins(project, stacks)


def _built_with(project: Project) -> Iterator[Gap]:
    """Yield the gap of a frontend that is built for production with made-up data or a demo's login on."""
    reads = {fact.detail: fact.location for fact in project.code_facts if fact.kind == "build-switch"}
    if not reads:
        return
    from scaffold.gaps.config.built_with import switched_on

    found = list(dict.fromkeys(switched_on(project, set(reads))))
    if found:
        names = sorted({name for name, _ in found})
        places = tuple(dict.fromkeys(place for _, place in found))
        yield RULE.gap(
            resource=places[0].path,
            subject="build switches",
            message=f"The build for production has {listed(names)} on: by the name, visitors see data that is made up, or a "
            "demo.",
            expected="off in production, and on in settings for development alone",
            actual="on",
            locations=places,
            related=tuple(reads[name] for name in names),
            severity=Severity.MEDIUM,
            confidence=Confidence.MEDIUM,
            closers=(
                Closer(None, "advice", f"Turn {listed(names)} off for production, and let the code take off as its default."),
            ),
        )


def _stand_ins(project: Project, stacks: tuple[Stack, ...]) -> Iterator[Gap]:
    """Yield, by name, the variables by which production sends and charges nothing."""
    found: dict[str, list[StandIn]] = {}
    for item in stand_ins(project, stacks):
        found.setdefault(item.name, []).append(item)
    for name, items in sorted(found.items()):
        only = all(item.is_default for item in items)
        yield RULE.gap(
            resource=items[0].place.path,
            subject=f"stand-in/{name}",
            message=f"Production {'falls back to' if only else 'chooses'} {items[0].word} for {name}, by its name a stand-in: "
            "nothing is sent, asked or charged for real, and the program looks healthy.",
            expected="the real one, by a variable without a default",
            actual=items[0].word,
            locations=tuple(dict.fromkeys(item.place for item in items)),
            severity=Severity.LOW if only else Severity.MEDIUM,
            confidence=Confidence.MEDIUM,
            environment=EnvironmentClass.PRODUCTION,
            closers=(Closer(None, "advice", f"Name the real one for {name}, and let the program refuse the stand-in there."),),
        )


def _of_service(project: Project, stack: Stack, service: Service) -> Iterator[Gap]:
    if not service.is_application:
        return
    reads = {read.name for read in project.env_reads}
    for entry in service.environment:
        is_on = _is_on(entry)
        catcher = _catcher(project, stack, entry) if _MAIL.search(entry.name) else None
        if catcher is not None:
            yield _mail_gap(stack, service, entry, catcher)
        elif is_on and entry.name in reads and _LOGIN_OFF.search(entry.name):
            yield _switch_gap(
                stack, service, entry, "turns the login off: who calls it is not asked who they are", Severity.HIGH
            )
        elif entry.name in reads and _LOGIN_ON.search(entry.name) and (entry.value or "").strip().lower() in _FALSE:
            yield _login_gap(project, stack, service, entry)
        elif is_on and entry.name in reads and _SEED_SWITCH.search(entry.name):
            yield _switch_gap(
                stack, service, entry, "fills the database with rows made for a try, logins among them", Severity.LOW
            )
    for text, place in _start(project, service):
        if _SEEDS.search(text):
            yield _seed_gap(project, stack, service, place)
        if _PRINTS.search(text):
            yield _printed_gap(stack, service, place)


def _catcher(project: Project, stack: Stack, entry: EnvValue) -> Service | None:
    value = entry.value or ""
    named = stack.resolve_host(url_host(value) or value.partition(":")[0])
    return named if named is not None and image_name(project, named) in _CATCHERS else None


def _start(project: Project, service: Service) -> Iterator[tuple[str, Location]]:
    """Yield the lines that run when a container of the service starts: its command, and those of the script that it names."""
    words = [*(service.entrypoint or ()), *(service.command or ())]
    place = service.command_location or service.location
    if words:
        yield " ".join(words), place
    image = project.image_of(service)
    target = service.build_target
    for keyword, given in (("ENTRYPOINT", service.entrypoint), ("CMD", service.command)):
        item = image.effective(keyword, target) if image is not None and not given else None
        if item is not None and not (keyword == "CMD" and service.entrypoint):
            yield " ".join(item.argv) or item.text, item.location
            words += item.argv
    names = {word.rpartition("/")[2] for text in words for word in text.split() if word.endswith(".sh")}
    for command in project.commands if names else ():
        of_start = command.context == "script" and command.location.path.rpartition("/")[2] in names
        # Where a line stands is worth a look only where it says something.
        if of_start and (_SEEDS.search(command.text) or _PRINTS.search(command.text)) and _runs(project, service, command):
            yield command.text, command.location


def _runs(project: Project, service: Service, command: Command) -> bool:
    """Whether a line of a script runs at each start: under no condition, or under variables that are on for the service."""
    open_blocks: list[str] = []
    lines = (project.source(command.location.path) or "").split("\n")
    for line in lines[: command.location.line - 1]:
        if _BLOCK.match(line):
            open_blocks.append(line)
        elif _BLOCK_END.match(line) and open_blocks:
            open_blocks.pop()
    if _INLINE_CONDITION.search(command.text):
        return False
    variables = [re.findall(r"\$\{?([A-Za-z_]\w*)", line) for line in open_blocks]
    return all(names and all(_is_on(service.env(name)) for name in names) for names in variables)


def _is_on(entry: EnvValue | None) -> bool:
    return entry is not None and means_true(entry.value)


def _mail_gap(stack: Stack, service: Service, entry: EnvValue, catcher: Service) -> Gap:
    return RULE.gap(
        resource=stack.resource(service.name),
        subject=f"environment/{entry.name}",
        message=f"{service.name} sends its mail to {catcher.name}, which shows it on a page and delivers none: customers get "
        "nothing, and whoever reaches the page reads links for new passwords.",
        expected="the mail server of production",
        actual="a mail catcher",
        locations=(entry.location,),
        related=(catcher.location,),
        severity=Severity.LOW if entry.references else Severity.MEDIUM,
        environment=stack.environment,
        closers=(
            Closer(
                None,
                "advice",
                f"Read {entry.name} from a variable without a default; keep {catcher.name} in a file for development.",
            ),
        ),
    )


def _switch_gap(stack: Stack, service: Service, entry: EnvValue, effect: str, severity: Severity) -> Gap:
    return RULE.gap(
        resource=stack.resource(service.name),
        subject=f"environment/{entry.name}",
        message=f"{service.name} would run in production with {entry.name} on, which by its name {effect}.",
        expected=f"{entry.name} off, and on in files for development alone",
        actual="on",
        locations=(entry.location,),
        severity=severity,
        confidence=Confidence.MEDIUM,
        environment=stack.environment,
        closers=(Closer(None, "advice", f"Turn {entry.name} off where production starts, and let the code refuse it there."),),
    )


def _login_gap(project: Project, stack: Stack, service: Service, entry: EnvValue) -> Gap:
    ports = open_ports(project, service)
    reached = ", and its port is published on every interface of the host" if ports else ""
    return RULE.gap(
        resource=stack.resource(service.name),
        subject=f"environment/{entry.name}",
        message=f"{service.name} would run in production with {entry.name} off, which by its name turns the login off: "
        f"who calls it is not asked who they are{reached}.",
        expected=f"{entry.name} on, and off in files for development alone",
        actual="off",
        locations=(entry.location,),
        related=tuple(port.location for port in ports[:1]),
        severity=Severity.HIGH if ports else Severity.MEDIUM,
        confidence=Confidence.MEDIUM,
        environment=stack.environment,
        closers=(
            Closer(None, "advice", f"Leave {entry.name} on where production starts, and let the code refuse others there."),
        ),
    )


def _seed_gap(project: Project, stack: Stack, service: Service, place: Location) -> Gap:
    people = next((path for path in project.files if _PEOPLE.search(path) and not path.endswith((".md", ".json"))), "")
    what = f", logins among them ({people})" if people else ""
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="seeds",
        message=f"Each start of {service.name} loads seeds{what}: it may set back what people changed of these rows, and those"
        " made for a try, where there are some, come into the database of production.",
        expected="seeds in a command of their own, run by hand in development",
        actual="part of the start",
        locations=(place,),
        related=(Location(people, 1),) if people else (),
        severity=Severity.MEDIUM if people else Severity.LOW,
        environment=stack.environment,
        closers=(
            Closer(
                None,
                "advice",
                "Take the seeds out of the start; make the first administrator by a command that asks for a password.",
            ),
        ),
    )


def _code_gap(project: Project, fact: CodeFact) -> Gap:
    return RULE.gap(
        resource=fact.location.path,
        subject="seeds",
        message=f"The program of {fact.location.path} calls {fact.detail} whenever it starts, under no condition: rows made for"
        " a try come into the database of production.",
        expected="fixtures in a command of their own, run by hand in development",
        actual="part of the program's start",
        locations=(fact.location,),
        severity=Severity.MEDIUM,
        confidence=Confidence.MEDIUM,
        environment=main_environment(project),
        closers=(
            Closer(None, "advice", "Move the call into a command of its own, or behind a setting that production leaves off."),
        ),
    )


def _printed_gap(stack: Stack, service: Service, place: Location) -> Gap:
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="env file",
        message=f"Each start of {service.name} prints its environment into the log: whoever reads the log has its secrets.",
        expected="a start that prints no values",
        actual="printed",
        locations=(place,),
        severity=Severity.MEDIUM,
        environment=stack.environment,
        closers=(Closer(None, "advice", "Remove the line, and change the credentials that logs have kept."),),
    )


RULE = Rule(
    code="CFG010",
    name="development-parts-in-production",
    layer=Layer.CONFIG,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(Closer(None, "advice", "Keep what serves development in files of its own, which production does not start."),),
)
