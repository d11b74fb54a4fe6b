"""SEC010: production starts with an administrator whose password stands in the repository, or a page shows such a login."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.config.code_switches import is_served
from scaffold.gaps.facts import is_test_path, listed, path_environment
from scaffold.gaps.signals import main_environment
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import TRIED, Confidence, EnvironmentClass, Layer, Severity
from scaffold.model.project import CodeFact, Command, DocFile, Project
from scaffold.model.regex import regex
from scaffold.model.secrets import SecretClass, classify

_LOGIN = regex(
    r"(?im)^[ \t>*-]*[*_`]*user(?:[ -]?name)?[*_`]*[ \t]*[:=][*_ \t]*`?(?P<user>[\w.@+-]{2,60})`?[ \t]*\n"
    r"[ \t>*-]*[*_`]*password[*_`]*[ \t]*[:=][*_ \t]*`?(?P<password>[^\s`<>${}]{4,60})`?[ \t]*$"
)
_LIVE = regex(r"(?i)\b(?:live|production|deployed)\b[* ]{0,4}(?:app|application|site|server|system|instance|url)\b")
_TRIED = regex(r"(?i)\b(?:demo|local(?:ly|host)?|example|staging|sandbox|development|docker compose up|change|replace)\b")
_PAIR = regex(
    r"`(?P<user>[\w.+-]{1,40}@[\w.-]{2,60}|\w{0,20}admin\w{0,20}|root)`\s{1,40}/\s{1,40}`(?P<password>[^`\s]{4,40})`",
    re.IGNORECASE,
    words=("`",),
)
"""A login as pages show it; what is written without blanks (`a`/`b`) lists names."""
_SITE = regex(r"https://(?!(?:[\w-]+\.)*(?:example|localhost|local|test|github|gitlab)\b)[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}")
_LOGS_IN = regex(r"(?i)\blog(?:ged)?[ -]?(?:in|on)\b|\bsign[ -]?in\b|\bcredentials?\b")
_ADMINISTRATOR = regex(r"(?i)admin|superuser|\bowner\b")
_OF_A_DEMO = regex(r"(?i)demo|guest|viewer|read-?only")
_BEFORE = 600
"""Characters of the paragraph above a login, which says what it is for."""
_TOLD_BEFORE = 300
"""Characters before a login in which people are told to log in."""
_NAMED_BEFORE = 20
"""Characters before a login that name whose it is."""
_MAKES_ADMIN = regex(r"\bDJANGO_SUPERUSER_PASSWORD=[\"']?(?P<password>[^\s\"']+)[^\n]*\bcreatesuperuser\b")
_INSTALLS = regex(
    r"\bcore\s+(?:multisite-)?install\b[^\n]{0,600}--admin_password[= ][\"']?(?P<wordpress>[^\s\"']+)"
    r"|\bsite[:-]install\b[^\n]{0,600}--account-pass[= ][\"']?(?P<drupal>[^\s\"']+)"
    r"|\bmaintenance:install\b[^\n]{0,600}--admin-pass[= ][\"']?(?P<nextcloud>[^\s\"']+)"
    r"|\bsetup:install\b[^\n]{0,600}--admin-password[= ][\"']?(?P<magento>[^\s\"']+)"
    r"|\badmin/cli/install(?:_database)?\.php\b[^\n]{0,600}--adminpass[= ][\"']?(?P<moodle>[^\s\"']+)",
    words=("--admin_password", "--account-pass", "--admin-pass", "--adminpass"),
)
"""Commands that set a system up, with the password of its first administrator."""
_ON_THIS_MACHINE = regex(r"--(?:url|wwwroot|base-url)[= ][\"']?https?://(?:localhost|127\.)")
_PRIVATE = regex(r"[$`<>{}*]")
"""What shows that a password is read, drawn or left to the reader."""
_STAND_INS = frozenset({SecretClass.EMPTY, SecretClass.PLACEHOLDER, SecretClass.REFERENCE, SecretClass.FILE_PATH})


def _detect(project: Project) -> Iterator[Gap]:
    found: dict[tuple[str, str], list[CodeFact]] = {}
    for fact in project.code_facts:
        if fact.kind in {"account", "made-account", "script-account"}:
            fixture = fact.detail if fact.kind == "account" else ""
            found.setdefault((fact.location.path, fixture), []).append(fact)
    for (path, fixture), facts in sorted(found.items()):
        by_hand = all(fact.kind == "script-account" for fact in facts) and not _is_run(project, path)
        yield _script_gap(project, path, facts) if by_hand else _account_gap(project, path, fixture, facts)
    for page in project.docs:
        place = _login_of_live_system(page)
        if place is not None:
            yield _page_gap(place)
    yield from _made_by_command(project)
    yield from _told(project)
    yield from _installed(project)
    for fact in project.code_facts:
        yield from _of_fact(project, fact)


def _of_fact(project: Project, fact: CodeFact) -> Iterator[Gap]:
    if fact.kind == "known-login":
        yield _code_gap(project, fact)
    elif fact.kind in {"dumped-accounts", "few-dumped-accounts"}:
        yield _dump_gap(fact)
    elif fact.kind == "shared-login":
        yield _shared_gap(fact)
    elif fact.kind == "migrated-account" and not _is_tried(fact.location.path):
        yield _migrated_gap(fact)


def _is_tried(path: str) -> bool:
    """Whether a migration lies beside tests or a demo; what its own name says keeps no tool from running it."""
    folder = path.rpartition("/")[0]
    return is_test_path(path) or path_environment(folder) in TRIED


def _code_gap(project: Project, fact: CodeFact) -> Gap:
    path = fact.location.path
    what = f"the users of {fact.detail}, whose passwords stand" if fact.detail else "a user whose name and password stand"
    return RULE.gap(
        resource=path,
        subject="login of the code",
        message=f"{path} lets in {what} in the code, and no variable replaces them: everybody who knows the "
        "repository logs in.",
        expected="users of a store with passwords of their own, or a password from the environment",
        actual="a password in code",
        locations=(fact.location,),
        severity=Severity.HIGH if fact.reachable is not False and is_served(project, path) else Severity.MEDIUM,
        confidence=Confidence.MEDIUM,
        closers=(
            Closer(
                None,
                "advice",
                "Keep the users in the store with hashes made per user, take a first password from a variable that has to be "
                "set, and change what stood here: history keeps it.",
            ),
        ),
    )


def _dump_gap(fact: CodeFact) -> Gap:
    path = fact.location.path
    are_few = fact.kind == "few-dumped-accounts"
    whose = "a few accounts" if are_few else "the accounts of people"
    return RULE.gap(
        resource=path,
        subject="accounts",
        message=f"{path} is the dump of a database with {whose} ({fact.detail}), their addresses and the hashes of their"
        " passwords: whoever has the repository can guess those passwords for as long as it takes.",
        expected="a dump outside git, encrypted, and first rows without people",
        actual="accounts in a dump",
        locations=(fact.location,),
        severity=Severity.MEDIUM if are_few else Severity.HIGH,
        confidence=Confidence.MEDIUM,
        environment=path_environment(path),
        closers=(
            Closer(
                None,
                "advice",
                f"Take {path} out of git and of its history, ignore dumps, and have these people set new passwords.",
            ),
        ),
    )


def _migrated_gap(fact: CodeFact) -> Gap:
    path = fact.location.path
    return RULE.gap(
        resource=path,
        subject="account/migrated",
        message=f"{path} is a migration that runs in every environment, and makes an administrator in {fact.detail} with a "
        "password whose hash stands in the repository: who knows or guesses that password logs in to production too.",
        expected="rows for a try in files that development alone loads, and a first password from the environment",
        actual="an administrator of the migrations",
        locations=(fact.location,),
        severity=Severity.MEDIUM,
        confidence=Confidence.MEDIUM,
        closers=(
            Closer(
                None,
                "advice",
                "Move such rows to a place that development alone loads (a location of its own in Flyway), and take the "
                "account away by a new migration: production has it already.",
            ),
        ),
    )


def _shared_gap(fact: CodeFact) -> Gap:
    path, (address, _, line) = fact.location.path, fact.detail.rpartition(":")
    return RULE.gap(
        resource=path,
        subject="accounts",
        message=f"{path} lists accounts with the password that they share, and {fact.detail} tells the "
        "address of the system that they open: who reads the repository can log in.",
        expected="user names here, and the password outside the repository",
        actual="a password beside user names",
        locations=(fact.location,),
        related=(Location(address, int(line)),),
        confidence=Confidence.MEDIUM,
        closers=(
            Closer(
                None, "advice", "Take the password out of the file, read it from the environment, and change it on the system."
            ),
        ),
    )


def _made_by_command(project: Project) -> Iterator[Gap]:
    """Yield the make targets and scripts that make an administrator with a literal password, and that a page has run in
    production.
    """
    for command in project.commands:
        match = _MAKES_ADMIN.search(command.text) if command.context in {"makefile", "script"} else None
        if match is None or _PRIVATE.search(match["password"]) or is_test_path(command.location.path):
            continue
        call = command.owner if command.context == "makefile" else command.location.path.rpartition("/")[2]
        words = rf"\bmake\s+(?:[^\n;&|]*\s)?{re.escape(call)}(?![\w.-])" if command.context == "makefile" else re.escape(call)
        shown = next(
            (item for item in project.commands if call and _is_of_production(item) and re.search(words, item.text)), None
        )
        if shown is not None:
            yield _command_gap(command, shown)


def _installed(project: Project) -> Iterator[Gap]:
    """Yield the scripts and targets that set a system up with a literal password of its first administrator."""
    for command in project.commands:
        match = _INSTALLS.search(command.text) if command.context in {"makefile", "script", "dockerfile"} else None
        password = next(filter(None, match.groups()), "") if match else ""
        path = command.location.path
        if not password or _PRIVATE.search(password) or is_test_path(path) or path_environment(path) in TRIED:
            continue
        yield RULE.gap(
            resource=path,
            subject=f"account/{command.owner}",
            message=f"{path} sets the system up with an administrator whose password stands in the repository: until somebody "
            "changes it, everybody who knows the repository logs in.",
            expected="a password from the environment, or drawn and shown once",
            actual="the same first login everywhere",
            locations=(command.location,),
            severity=Severity.LOW if _ON_THIS_MACHINE.search(command.text) else Severity.MEDIUM,
            confidence=Confidence.MEDIUM,
            closers=(
                Closer(None, "advice", "Read the password from a variable that has to be set, or draw one in the script."),
            ),
        )


def _told(project: Project) -> Iterator[Gap]:
    """Yield the files of first rows with an administrator's password that a page has people load in production."""
    pages = {page.path: page for page in project.docs}
    told: dict[str, Location] = {}
    for fact in project.code_facts:
        page = pages.get(fact.location.path) if fact.kind == "told-account" and not is_test_path(fact.detail) else None
        if page is not None and fact.detail not in told and _is_for_production(page, fact.location):
            told[fact.detail] = fact.location
    for path, place in told.items():
        yield RULE.gap(
            resource=path,
            subject="account/told",
            message=f"{place.path}:{place.line} has people load {path} where the system runs, which makes an administrator "
            "with a password that stands in the repository: until somebody changes it, everybody who knows it logs in.",
            expected="a first password from the environment or drawn at random, or a command that asks for one",
            actual="the same first login everywhere",
            locations=(place,),
            related=(Location(path, 1),),
            severity=Severity.MEDIUM,
            confidence=Confidence.MEDIUM,
        )


def _is_for_production(page: DocFile, place: Location) -> bool:
    """Whether a line of a page is for the system that others use, by its own words or the headings above it."""
    from scaffold.gaps.starts import Strength, strength_of_line

    lines = page.text.splitlines()
    line = lines[place.line - 1] if place.line <= len(lines) else ""
    if path_environment(line) is EnvironmentClass.PRODUCTION:
        return True
    return strength_of_line(page, lines, place.line) is Strength.OTHERS


def _is_of_production(command: Command) -> bool:
    return command.context == "doc" and path_environment(command.text) is EnvironmentClass.PRODUCTION


def _command_gap(command: Command, shown: Command) -> Gap:
    place = shown.location
    name = f"make {command.owner}" if command.context == "makefile" else command.location.path
    return RULE.gap(
        resource=command.location.path,
        subject=f"account/{command.owner}",
        message=f"{place.path}:{place.line} has people run {name} in production, and it makes an administrator with a password "
        "that stands in the repository: until somebody changes it, everybody who knows the repository logs in.",
        expected="a command that asks for the password, or takes it from the environment",
        actual="the same login everywhere",
        locations=(command.location,),
        related=(place,),
        closers=(Closer(None, "advice", "Leave the password out of the command: it then asks for one, or reads a variable."),),
    )


def _login_of_live_system(page: DocFile) -> Location | None:
    """Return the place of a user name and a password that the lines above say are those of what is live."""
    for match in _LOGIN.finditer(page.text):
        text = page.text[: match.start()].rstrip("\n").rpartition("\n\n")[2][-_BEFORE:]
        if _LIVE.search(text) and not _TRIED.search(text) and classify(match["password"]) not in _STAND_INS:
            return Location.at_offset(page.path, page.text, match.start("password"))
    return _administrator_of_site(page)


def _administrator_of_site(page: DocFile) -> Location | None:
    """Return the place of an administrator's login, as `name` / `password`, in a paragraph that has people log in at a public
    address.
    """
    for match in _PAIR.finditer(page.text):
        first = max(match.start() - _BEFORE, 0)
        start = max(page.text.rfind("\n\n", first, match.start()), first)
        above = page.text[start : match.end()]
        named = f"{above[: match.start() - start][-_NAMED_BEFORE:]} {match['user']}"
        told = _SITE.search(above) and _LOGS_IN.search(above[-_TOLD_BEFORE:]) and _ADMINISTRATOR.search(named)
        if told and not _OF_A_DEMO.search(match["user"]) and classify(match["password"]) not in _STAND_INS:
            return Location.at_offset(page.path, page.text, match.start("password"))
    return None


def _account_gap(project: Project, path: str, fixture: str, facts: list[CodeFact]) -> Gap:
    names = listed(filter(None, (fact.detail for fact in facts)))
    what = (
        f"loads {fixture}, which holds an administrator with a password"
        if fixture
        else f"makes {f'the account {names}' if names else 'an administrator'} with a password that stands in code"
    )
    return RULE.gap(
        resource=path,
        subject=f"account/{fixture}" if fixture else "account",
        message=f"The start of an empty system {what} ({path}), and no variable sets another one: until somebody changes it, "
        "everybody who knows the repository logs in as administrator.",
        expected="a first password from the environment or drawn at random, or a command that asks for one",
        actual="the same first login everywhere",
        locations=tuple(fact.location for fact in facts),
        related=(Location(fixture, 1),) if fixture else (),
        confidence=Confidence.MEDIUM,
        environment=_environment(project),
    )


def _is_run(project: Project, path: str) -> bool:
    """Whether a command of the project, a start of a container or a package names a script."""
    stem = re.escape(path.rpartition("/")[2].rpartition(".")[0])
    name = re.compile(rf"(?<![\w.-]){stem}(?![\w-])")
    texts = [command.text for command in project.commands]
    texts += [item.text for image in project.dockerfiles for stage in image.stages for item in stage.instructions]
    texts += [
        " ".join((*(item.entrypoint or ()), *(item.command or ()))) for stack in project.stacks for item in stack.services
    ]
    texts += [project.source(manifest.path) or "" for manifest in project.manifests]
    return any(name.search(text) for text in texts)


def _script_gap(project: Project, path: str, facts: list[CodeFact]) -> Gap:
    names = listed(filter(None, (fact.detail for fact in facts)))
    account = f"the account {names}" if names else "an administrator"
    return RULE.gap(
        resource=path,
        subject="account",
        message=f"Whoever runs {path}, which nothing here starts, makes {account} with a password that stands in code, and no"
        " variable sets another one: until somebody changes it, everybody who knows the repository logs in as administrator.",
        expected="a first password from the environment or drawn at random, or a command that asks for one",
        actual="the same first login everywhere",
        locations=tuple(fact.location for fact in facts),
        severity=Severity.MEDIUM,
        confidence=Confidence.MEDIUM,
        environment=_environment(project),
    )


def _environment(project: Project) -> EnvironmentClass:
    """Return the class of the stack that runs the application; a stack of its tools alone says nothing of it."""
    stack = project.production_stack
    runs = stack is not None and any(service.is_application for service in stack.services)
    return main_environment(project) if runs else EnvironmentClass.BASE


def _page_gap(place: Location) -> Gap:
    return RULE.gap(
        resource=place.path,
        subject="login",
        message=f"{place.path} shows user name and password of an account on the live system: who reads it can log in.",
        expected="the login handed over outside the repository",
        actual="user name and password in a page",
        locations=(place,),
        severity=Severity.MEDIUM,
        confidence=Confidence.MEDIUM,
        closers=(
            Closer(
                None,
                "advice",
                "Take the password out of the page, change it or remove the account, and hand it over elsewhere.",
            ),
        ),
    )


RULE = Rule(
    code="SEC010",
    name="account-everybody-knows",
    layer=Layer.SECRETS,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Take the first password from a variable that has to be set, or draw one and show it once; refuse to serve while "
            "the known one still works.",
        ),
    ),
)
