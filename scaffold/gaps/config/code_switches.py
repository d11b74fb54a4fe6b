"""Literals in code that turn a protection off or its error pages on: FastAPI, Flask, Express, Laravel, ASP.NET, Spring."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from scaffold.gaps.facts import is_test_path, path_environment
from scaffold.gaps.own_images import is_own_image
from scaffold.gaps.remembered import remembered
from scaffold.model.compose import Service
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.image_code import is_copied, is_in_image
from scaffold.model.java_packages import without_package
from scaffold.model.known import folders_above
from scaffold.model.names import APPLICATION, TRIED, Severity
from scaffold.model.project import Dockerfile, Project
from scaffold.model.regex import regex

_GUARD = regex(
    r"(?i)is_?(?:dev|prod|local)|node_env|\bdev(?:elopment)?\b|\bproduction\b|\bdebug\b|environment|app_env|\btest\b|__main__"
)
"""Words before a literal by which it may hold for development alone."""
_BEFORE = 400
"""Characters before a literal in which such a condition stands."""
_CHOSEN = regex(
    r"(?i)ssl_?mode|insecure|skip_?(?:tls|ssl|verify)|verify_?(?:ssl|tls|cert)|rejectUnauthorized\s*:\s*(?:boolean|true)"
)
"""Words before a literal by which somebody chooses how certificates are looked at."""
_ARCHIVE = regex(r"(?P<module>(?:[\w.-]+/)*)(?:target|build/libs)/[\w.*-]+\.[jw]ar(?=\s)", words=("target", "build/libs"))
"""What a step of a Dockerfile takes of what Maven or Gradle built before."""
_COMMENTED = regex(r"[ \t]*(?://|#|\*|/\*)")
_SHOWS_CODE = "a failing request shows its caller the code around the failure, paths and settings"
_SENT_COOKIE = "browsers send the cookie over plain HTTP as well"
COOKIE = "cookie.secure"
_SENT_PLAIN = "browsers send the session's cookie over plain HTTP as well"


@frozen
class Switch:
    """One protection that is off: its name, what follows, and what to write."""

    name: str
    location: Location
    effect: str
    severity: Severity
    fix: str
    turned: str = "off"
    """What the literal does to it: off, or on where that is what shows too much."""


@frozen
class _Literal:
    """What a literal looks like, in which files, and what it does."""

    files: re.Pattern[str]
    words: re.Pattern[str]
    name: str
    effect: str
    severity: Severity
    fix: str
    turned: str = "off"
    word: str = ""
    """What every text with the literal holds: looking for it costs next to nothing."""


_ANY_CERTIFICATE = "whoever stands between the two ends reads and changes what they send, passwords and tokens among it"
_TRUST = "Leave the check on, and give the program the certificate of the authority that signed the other end's."


def _unchecked(files: str, words: str, word: str) -> _Literal:
    """Return the literal by which programs of one language take any certificate."""
    name = "the check of certificates"
    return _Literal(regex(files), regex(words), name, _ANY_CERTIFICATE, Severity.LOW, _TRUST, word=word)


_LITERALS = (
    _Literal(
        regex(r"\.py$"),
        regex(r"\b(?:FastAPI|Starlette|Litestar)\([^()]{0,600}\bdebug\s*=\s*True\b", words=("debug",)),
        "debug",
        _SHOWS_CODE,
        Severity.MEDIUM,
        "Leave debug out, or read it from a variable whose default is off.",
        "on",
    ),
    _Literal(
        regex(r"\.py$"),
        regex(
            r"(?m)^class[ \t]+Prod\w*\([^)\n]*\):\n(?:[ \t][^\n]*\n|\n){0,40}?"
            r"[ \t]+(?:SESSION|REMEMBER)_COOKIE_SECURE[ \t]*=[ \t]*False\b"
            r"|\bapp\.config\[[\"'](?:SESSION|REMEMBER)_COOKIE_SECURE[\"']\][ \t]*=[ \t]*False\b",
            words=("_COOKIE_SECURE",),
        ),
        "SESSION_COOKIE_SECURE",
        _SENT_PLAIN,
        Severity.LOW,
        "Write SESSION_COOKIE_SECURE = True for production.",
    ),
    _Literal(
        regex(r"\.(?:[cm]?js|[cm]?ts)$"),
        regex(
            r"\b(?:session|cookieSession)\(\s*\{(?:[^{}]|\{[^{}]*\})*?\bcookie\s*:\s*\{[^{}]*\bsecure\s*:\s*false\b"
            r"|\bcookieSession\(\s*\{[^{}]*\bsecure\s*:\s*false\b"
            r"|\.cookie\(\s*[^(){}]{1,200}\{[^{}]*\bsecure\s*:\s*false\b",
            words=("secure",),
        ),
        COOKIE,
        _SENT_PLAIN,
        Severity.LOW,
        "Write secure: true (and app.set('trust proxy', 1) behind a proxy that ends TLS).",
    ),
    _Literal(
        regex(r"\.(?:java|kt)$"),
        regex(
            r"\bResponseCookie\s*\.\s*from\w*\([^;]{0,400}?\.secure\(false\)"
            r"|\b\w*[cC]ookie\.setSecure\(false\)",
            words=("ecure(false)",),
        ),
        COOKIE,
        _SENT_COOKIE,
        Severity.LOW,
        "Write .secure(true), and leave it off for localhost by a setting whose default is on.",
    ),
    _Literal(
        regex(r"(?:^|/)config/app\.php$"),
        regex(r"(?m)^[ \t]*'debug'\s*=>\s*true\b"),
        "debug",
        _SHOWS_CODE,
        Severity.MEDIUM,
        "Write 'debug' => (bool) env('APP_DEBUG', false).",
        "on",
    ),
    _Literal(
        regex(r"(?:^|/)config/session\.php$"),
        regex(r"(?m)^[ \t]*'secure'\s*=>\s*false\b"),
        "session.secure",
        _SENT_PLAIN,
        Severity.LOW,
        "Write 'secure' => env('SESSION_SECURE_COOKIE', true).",
    ),
    _Literal(
        regex(r"(?:^|/)(?:Program|Startup)\.cs$", words=("Program", "Startup")),
        regex(r"\.UseDeveloperExceptionPage\(\)"),
        "UseDeveloperExceptionPage",
        _SHOWS_CODE,
        Severity.MEDIUM,
        "Put it into if (app.Environment.IsDevelopment()), and UseExceptionHandler beside it.",
        "on",
    ),
    _Literal(
        regex(
            r"(?:^|/)src/main/resources/(?:config/)?application(?:-prod\w*)?\.(?:ya?ml|properties)$",
            words=("src/main/resources/",),
        ),
        regex(r"(?m)^[ \t]*(?:spring\.h2\.console\.settings\.)?web-allow-others[ \t]*[:=][ \t]*true\b"),
        "spring.h2.console.settings.web-allow-others",
        "whoever reaches the port opens the console of the database, which runs code",
        Severity.MEDIUM,
        "Take the console of H2 out of the settings of production (spring.h2.console.enabled=false).",
        "on",
    ),
    _unchecked(
        r"\.py$",
        r"\b(?:(?:requests|httpx|[Ss]ession|self\.\w*client)\.(?:get|post|put|patch|delete|request|head)|httpx\.(?:Async)?Client)"
        r"\((?:(?!localhost|127\.0\.0\.1|192\.168\.)[^()]|\([^()]*\)){0,400}?\bverify=False\b",
        "verify=False",
    ),
    _unchecked(r"\.(?:[cm]?js|[cm]?ts)$", r"\brejectUnauthorized\s*:\s*false\b", "rejectUnauthorized"),
    _unchecked(r"\.go$", r"\bInsecureSkipVerify\s*:\s*true\b", "InsecureSkipVerify"),
    _unchecked(r"\.php$", r"\bCURLOPT_SSL_VERIFYPEER\s*(?:=>|,)\s*(?:false|0)\b", "VERIFYPEER"),
    _unchecked(
        r"\.php$",
        r"\b(?:ATTR|ATTR_SSL|MYSQL_ATTR_SSL)_VERIFY_SERVER_CERT\s*=>\s*(?:false|0)\b"
        r"|\bMYSQLI_CLIENT_SSL_DONT_VERIFY_SERVER_CERT\b",
        "VERIFY_SERVER_CERT",
    ),
    _unchecked(
        r"\.php$",
        r"[\"']TrustServerCertificate[\"']\s*=>\s*(?:true\b|1\b|[\"'](?:true|yes|1)[\"'])",
        "TrustServerCertificate",
    ),
    _unchecked(r"\.cs$", r"\bDangerousAcceptAnyServerCertificateValidator\b", "DangerousAcceptAny"),
    _unchecked(r"\.rb$", r"\bOpenSSL::SSL::VERIFY_NONE\b", "VERIFY_NONE"),
    _unchecked(r"(?:^|/)config/(?:runtime|prod|releases)\.exs$", r"\bverify:\s*:verify_none\b", "verify_none"),
    _unchecked(r"\.rs$", r"\bdanger_accept_invalid_certs\(true\)", "danger_accept_invalid_certs"),
)


def switches_in_code(project: Project) -> Iterator[tuple[str, Switch]]:
    """Yield each file that production runs with what a literal in it turns off, each name once a file."""
    for source in project.sources:
        literals = [item for item in _LITERALS if item.word in source.text and item.files.search(source.path)]
        found = [(item, place) for item in literals if (place := _place(source.path, source.text, item)) is not None]
        # Asked last: it looks at every service.
        if found and is_run(project, source.path):
            for item, place in found:
                yield source.path, Switch(item.name, place, item.effect, item.severity, item.fix, item.turned)


def is_run(project: Project, path: str) -> bool:
    """Whether what production runs is made of a file: here, or as an image that a registry hands out."""
    return is_served(project, path) or _is_released(project, path) or _is_in_archive(project, path)


def _is_in_archive(project: Project, path: str) -> bool:
    """Whether a Dockerfile takes the archive that Maven or Gradle made, outside of it, of the module of a file."""
    module, inside, _ = path.partition("src/main/")
    return bool(inside) and not _is_tried(path) and module in _archived_modules(project)


@remembered
def _archived_modules(project: Project) -> frozenset[str]:
    files = (item for item in project.dockerfiles if path_environment(item.path) not in TRIED and not is_test_path(item.path))
    steps = (step for item in files for stage in item.stages for step in stage.instructions if step.keyword in {"COPY", "ADD"})
    taken = (match for step in steps if not step.flags and (match := _ARCHIVE.match(step.text)))
    return frozenset(match["module"].removeprefix("./") for match in taken)


def _place(path: str, text: str, item: _Literal) -> Location | None:
    for match in item.words.finditer(text):
        line = text.rfind("\n", 0, match.end()) + 1
        commented = _COMMENTED.match(text, line) or _COMMENTED.match(text, text.rfind("\n", 0, match.start()) + 1)
        # Classes of settings stand one below the other, each with the name of its environment.
        before = max(match.start() - _BEFORE, text.rfind("\nelse\n", 0, match.start()) if path.endswith(".exs") else 0, 0)
        conditional = not match[0].startswith("class") and _GUARD.search(text, before, match.start())
        chosen = bool(item.word) and _CHOSEN.search(text, max(match.start() - 2 * _BEFORE, 0), match.start())
        if not commented and not conditional and not chosen:
            return Location(path, text.count("\n", 0, match.end()) + 1)
    return None


def _is_tried(path: str) -> bool:
    """Whether the folders of a file are for development or tests; packages of Java (org.example) say nothing."""
    return path_environment(without_package(path)) in TRIED or is_test_path(path)


def _is_released(project: Project, path: str) -> bool:
    """Whether a Dockerfile makes of a file what runs elsewhere: stacks build no application and take the project's own from a
    registry, or those that they build run the sources of the host, and the Dockerfile is that of the root.
    """
    return not _is_tried(path) and any(is_copied(item, "", context, path) for item, context in _released(project))


@remembered
def _released(project: Project) -> tuple[tuple[Dockerfile, str], ...]:
    """Return the Dockerfiles that make what runs elsewhere, with the folders that they take files of."""
    stacks = (stack for stack in project.stacks if stack.is_runnable_in_production)
    applications = [service for stack in stacks for service in stack.services if service.role in APPLICATION]
    if built := [service for service in applications if service.made]:
        of_root = (item for item in project.dockerfiles if item.path == "Dockerfile")
        return tuple((item, "") for item in of_root) if all(map(_runs_sources, built)) else ()
    released = any(service.image is None or is_own_image(project, service.image) for service in applications)
    files = (item for item in project.dockerfiles if path_environment(item.path) not in TRIED and not is_test_path(item.path))
    return tuple((item, posixpath.dirname(item.path)) for item in files) if released else ()


def _runs_sources(service: Service) -> bool:
    """Whether a service runs the sources of the host instead of what its image holds: a stack of developers."""
    return any(mount.kind == "bind" and mount.resolved in {"", "."} for mount in service.mounts)


def is_served(project: Project, path: str) -> bool:
    """Whether an image of the project holds a file, and nothing says that it is for development."""
    if _is_tried(path):
        return False
    images = _of_each_image(project)
    return any(is_in_image(project, service, path) for folder in folders_above(path) for service in images.get(folder, ()))


@remembered
def _of_each_image(project: Project) -> dict[str, list[Service]]:
    """Return an application of production for each image that the project builds, by the folder that is its context."""
    stacks = (stack for stack in project.stacks if stack.is_runnable_in_production)
    found: dict[object, Service] = {}
    for service in (service for stack in stacks for service in stack.services if service.is_application):
        build = service.made
        if build is not None:
            inline = build.location if build.inline else None
            found.setdefault((build.context, build.dockerfile, build.target, inline), service)
    images: dict[str, list[Service]] = {}
    for service in found.values():
        context = service.made.context if service.made else None
        if context is not None:
            images.setdefault("" if context in {"", "."} else posixpath.normpath(context), []).append(service)
    return images
