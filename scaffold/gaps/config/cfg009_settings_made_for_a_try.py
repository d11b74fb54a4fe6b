"""CFG009: settings of production take any Host, make a new signing key at each start, or send no mail."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.config.django_settings import last_assignment, module_path, runnable_stacks, used_modules
from scaffold.gaps.config.keys_made_anew import Anew, keys_made_anew
from scaffold.gaps.facts import is_test_path
from scaffold.model.compose import EnvValue, Service, Stack
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Confidence, EnvironmentClass, Layer, Severity
from scaffold.model.project import Project, SourceFile
from scaffold.model.regex import regex

_NAMED_FOR_PRODUCTION = regex(
    r"(?:^|/)(?:settings/(?:production|prod)|(?:production|prod)_settings|settings_(?:production|prod))\.py$",
    words=("_settings", "settings/prod", "settings_prod"),
)
_HOSTS = regex(r"(?:^|_)ALLOWED_HOSTS$")
_DEFAULT_HOSTS = regex(
    r"(?:getenv|environ\.get|env(?:\.list)?|config)\(\s*[\"'](\w+)[\"']\s*,\s*(?:default\s*=\s*)?\[?[\"']\*[\"']"
)
_ANY_HOSTS = regex(r"[\[(]\s*[\"']\*[\"']\s*,?\s*[\])]")
_CONSOLE = regex(r"[\"'](?:django\.core\.mail\.backends\.(?:console|dummy|locmem)\.EmailBackend)[\"']")
_RANDOM = r"get_random_secret_key\(|os\.urandom\(|secrets\.token_|SystemRandom\(|uuid\.?uuid4\("
_KEY = regex(
    r"(?m)^(?P<indent>[ \t]*)(?P<name>(?:\w+_)?(?:SECRET_KEY|SIGNING_KEY|JWT_SECRET(?:_KEY)?|SESSION_SECRET)"
    r"|(?:app|server)\.secret_key)\b"
    r"[^=\n]{0,60}=(?!=)"
)
_KEY_WORDS = ("SECRET", "SIGNING_KEY", ".secret_key")
_HAS_RANDOM = regex(_RANDOM)
_RELATIVE_FILE = regex(r"\bopen\(\s*[\"'][^\"'/~$]")
_SHARED = regex(r"redis|get_or_create|session|conn\b|cache|storage|boto3|\.objects\.|\bdb\b", re.IGNORECASE)
_CALL = regex(r"\b(\w+)\(\)")
_VARIABLE = regex(r"(?:environ|getenv|env|config)\w*[\[(.][^\n]{0,40}?[\"'](\w*(?:SECRET|KEY)\w*)[\"']")
_DEBUG = regex(
    r"[^!=]*?\b(?:environ\.get|getenv|env|env\.bool|env\.int|config)\(\s*[\"'](?P<name>\w+)[\"']\s*,\s*(?:default\s*=\s*)?[\"']?(?:1|[Tt]rue|TRUE|[Oo]n|[Yy]es)[\"']?\s*[,)]"
)
"""A switch that is on where its variable is not set."""
_LINES = 5
"""Lines of one assignment, and of the condition before it, that are looked at."""


def _detect(project: Project) -> Iterator[Gap]:
    stacks = runnable_stacks(project)
    services = [service for stack in stacks for service in stack.services if service.is_application]
    if not services:
        return
    yield from _hosts_in_stacks(stacks)
    for path in _production_modules(project):
        yield from _of_module(project, path, services)
    for source in project.sources:
        names_a_key = source.path.endswith(".py") and any(
            word in source.text for word in ("SECRET", "SIGNING_KEY", ".secret_key")
        )
        if names_a_key and not is_test_path(source.path) and _HAS_RANDOM.search(source.text):
            yield from _random_keys(project, source, services)
    anew = keys_made_anew(project, services, lambda names: _is_given(project, services, names, alike=True))
    yield from (_anew_gap(found, stacks) for found in anew)


def _hosts_in_stacks(stacks: tuple[Stack, ...]) -> Iterator[Gap]:
    """Yield a gap for each variable of allowed hosts that a stack sets to any."""
    seen: set[str] = set()
    for stack in stacks:
        for service in stack.services:
            for entry in service.environment:
                if service.is_application and _takes_any(entry) and entry.name not in seen:
                    seen.add(entry.name)
                    yield _hosts_gap(
                        stack.resource(service.name), f"environment/{entry.name}", entry.location, stack.environment
                    )


def _takes_any(entry: EnvValue) -> bool:
    return bool(_HOSTS.search(entry.name)) and (entry.value or "").strip() == "*"


def _production_modules(project: Project) -> tuple[str, ...]:
    named = [path for path in project.files if _NAMED_FOR_PRODUCTION.search(path) and not is_test_path(path)]
    used = [module_path(project, module.name) for module in used_modules(project) if not module.is_for_development]
    return tuple(dict.fromkeys(path for path in (*used, *named) if path))


def _of_module(project: Project, path: str, services: list[Service]) -> Iterator[Gap]:
    hosts = last_assignment(project, path, "ALLOWED_HOSTS")
    default = _DEFAULT_HOSTS.search(hosts[0]) if hosts else None
    if hosts and ((default and not _is_given(project, services, {default[1]})) or (not default and _ANY_HOSTS.match(hosts[0]))):
        yield _hosts_gap(path, "ALLOWED_HOSTS", hosts[1], EnvironmentClass.BASE)
    debug = last_assignment(project, path, "DEBUG")
    switch = _DEBUG.match(debug[0]) if debug and not debug[0].startswith("not ") else None
    if debug and switch and not _is_given(project, services, {switch["name"]}):
        yield _debug_gap(path, switch["name"], debug[1])
    mail = last_assignment(project, path, "EMAIL_BACKEND")
    if mail and _CONSOLE.match(mail[0]):
        yield RULE.gap(
            resource=path,
            subject="EMAIL_BACKEND",
            message=f"{path} is for production and hands mail to a backend that sends none: resets of passwords and notices go "
            "nowhere.",
            expected="django.core.mail.backends.smtp.EmailBackend, or that of a mail service",
            actual="a backend that sends nothing",
            locations=(mail[1],),
            closers=(Closer(None, "advice", "Read the backend and the host of the mail server from the environment."),),
        )


def _debug_gap(path: str, name: str, place: Location) -> Gap:
    return RULE.gap(
        resource=path,
        subject="DEBUG",
        message=f"{path} turns DEBUG on where {name} is not set, and no service and no env file sets it: error pages show code"
        " and settings to everybody.",
        expected=f"off where {name} is not set",
        actual="on by default",
        locations=(place,),
        closers=(Closer(None, "advice", f"Let {name} default to off, and turn it on where people develop."),),
    )


def _hosts_gap(resource: str, subject: str, place: Location, environment: EnvironmentClass) -> Gap:
    return RULE.gap(
        resource=resource,
        subject=subject,
        message=f"{subject.rpartition('/')[2]} takes any Host header unless somebody sets it: links in mails and caches can be "
        "made to point at another host.",
        expected="the names that production answers to, and a start that fails without them",
        actual="any host",
        locations=(place,),
        environment=environment,
        closers=(
            Closer(None, "advice", "Read the hosts from a variable without a default, and name them where production starts."),
        ),
    )


def _random_keys(project: Project, source: SourceFile, services: list[Service]) -> Iterator[Gap]:
    """Yield a gap for a signing key that code makes at start and no service of production sets."""
    lines = source.text.split("\n")
    for match in _KEY.finditer(source.text):
        index = source.text.count("\n", 0, match.start())
        after = "\n".join(line.partition("#")[0] for line in lines[index : index + _LINES])
        value = re.split(r"\n(?![ \t\])}]|\Z)", after[after.index("=") :])[0]
        of_flask = "." in match["name"]
        if (not of_flask and _is_in_function(lines, index)) or not _is_random(value, source.text, services):
            continue
        before = "\n".join(lines[max(0, index - 2 * _LINES) : index + _LINES])
        names = {"SECRET_KEY" if of_flask else match["name"], *(found[1] for found in _VARIABLE.finditer(before))}
        if not _is_given(project, services, names):
            yield _key_gap(source.path, "SECRET_KEY" if of_flask else match["name"], index + 1)
        return


def _is_in_function(lines: list[str], index: int) -> bool:
    """Whether the line belongs to a function: the nearest lines above with less indentation lead to a `def`."""
    indent = len(lines[index]) - len(lines[index].lstrip())
    for line in reversed(lines[:index]):
        own = len(line) - len(line.lstrip())
        if line.strip() and own < indent:
            if line.lstrip().startswith(("def ", "async def ")):
                return True
            indent = own
    return False


def _is_random(value: str, text: str, services: list[Service]) -> bool:
    """Whether a value is made at start, itself or by a function of the file that keeps it nowhere outside the container."""
    if _HAS_RANDOM.search(value):
        return True
    for name in _CALL.findall(value):
        body = re.search(rf"(?m)^def {re.escape(name)}\(\)[^\n]*\n(?:[ \t]+[^\n]*\n|\n)+", text)
        if body is not None and _HAS_RANDOM.search(body[0]):
            return not _SHARED.search(body[0]) and ("open(" not in body[0] or _stays_inside(body[0], services))
    return False


def _stays_inside(body: str, services: list[Service]) -> bool:
    """Whether the file that keeps the key goes with the container: beside the code, where nothing writable is mounted."""
    code = [mount for service in services for mount in service.mounts if mount.kind == "bind" and not mount.read_only]
    return bool(_RELATIVE_FILE.search(body)) and not any(mount.source in {".", "./"} for mount in code)


def _key_gap(path: str, name: str, line: int) -> Gap:
    return RULE.gap(
        resource=path,
        subject=name,
        message=f"No service of production sets {name}, and the code then makes one at start: sessions and signed links end "
        "with the container, and another copy of it refuses them.",
        expected=f"{name} from a secret in what production starts",
        actual="a new key at each start",
        locations=(Location(path, line),),
        confidence=Confidence.MEDIUM,
        closers=(Closer(None, "advice", f"Give the services {name} as a required variable (`${{{name}:?}}`) from a secret."),),
    )


def _anew_gap(found: Anew, stacks: tuple[Stack, ...]) -> Gap:
    name = found.service.name
    stack = next(stack for stack in stacks if found.service in stack.services)
    unset = f" where {found.variable} is not set, as here" if found.variable else ""
    return RULE.gap(
        resource=stack.resource(name),
        subject=f"keys/{found.what}",
        message=f"The next container of {name} makes {found.what} anew{unset}, for nothing outside of it keeps them:"
        f" {found.effect}.",
        expected="keys in a volume, a store or a secret",
        actual="keys in the container",
        locations=(found.place,),
        related=(found.service.location,),
        severity=Severity.MEDIUM,
        confidence=Confidence.MEDIUM,
        environment=stack.environment,
        closers=(Closer(None, "advice", found.answer),),
    )


def _is_given(project: Project, services: list[Service], names: set[str], *, alike: bool = False) -> bool:
    """Whether a service gets one of the variables, or an env file names it: who copies a template sets it. alike: behind a
    prefix of the project as well.
    """
    wanted = {name.upper() for name in names}
    given = {entry.name.upper() for service in services for entry in service.environment}
    listed = {entry.name.upper() for file in project.env_files for entry in file.entries}
    images = [image for service in services if (image := project.image_of(service)) is not None]
    built = {
        word.partition("=")[0].upper()
        for i in images
        for s in i.stages
        for item in s.instructions
        for word in item.text.split()
    }
    told = given | listed | built
    return bool(wanted & told) or (alike and any(name.endswith(f"_{word}") for name in told for word in wanted))


RULE = Rule(
    code="CFG009",
    name="settings-made-for-a-try",
    layer=Layer.CONFIG,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(None, "advice", "Read the setting from a variable without a default, and set it where production starts."),
    ),
)
