"""CMP008: a configuration file or folder that a service mounts, or an env file that it gets, is not in the repository."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from scaffold.gaps.compose.absent_env_files import AbsentEnvFile, absent_env_files
from scaffold.gaps.compose.brought_files import brought_by
from scaffold.gaps.facts import active_profiles, every_stack, in_words, is_generated, once
from scaffold.gaps.remembered import remembered
from scaffold.gaps.starts import Strength, strength_of
from scaffold.model.compose import Mount, Service, Stack
from scaffold.model.credential_files import is_credential_file
from scaffold.model.durability import WATCHERS
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Cause, Layer, Room, Severity
from scaffold.model.probes import known_image
from scaffold.model.project import Project
from scaffold.model.regex import regex

_CONFIG_FILE = regex(
    r"\.(?:conf|cfg|cnf|ini|toml|ya?ml|json|xml|properties|rules|sql|sh|lua|hcl|te?mpl|template|vcl|alloy)", re.IGNORECASE
)
_FIRST_START = "/docker-entrypoint-initdb.d/"
"""What the official images of databases run once, before they serve for the first time."""
_COPIES = regex(r"\b(?:cp|install|rsync|copy\w*)[ \t]", words=("cp", "install", "rsync", "copy"))
_CONFIG_WORDS = regex(
    r"/etc/|provisioning|pipeline|(?:^|[/._-])conf(?:ig)?s?(?:[/._-]|$)|conf\.d|initdb|templates|rules|dashboards|datasources",
    words=("/etc/", "conf", "dashboards", "datasources", "initdb", "pipeline", "provisioning", "rules", "templates"),
)
_READ_BY_ITSELF = regex(
    r"/etc/|/usr/share/[\w-]+/config/|/usr/local/etc/haproxy/|/mosquitto/config/", words=("/etc/", "/config/")
)
"""Where the images of servers keep the settings that they read without being told."""
_RUNTIME_WORDS = regex(
    r"(?:^|[/._-])(?:data|db|logs?|uploads?|media|storage|backups?|tmp|temp|cache|ssl|tls|certs?|certificates|letsencrypt|acme|keys?|secrets?"
    r"|volumes?)(?:[/._-]|$)"
)
_KEEP_OUT = (
    "Keep the file out of git: make it before the first start (Docker makes a folder where it is missing), and say in the start"
    " page how; or mount it with `bind: {create_host_path: false}`, so that Compose stops."
)
_PLACED = (
    "Never commit it: have the deployment place it on the host from the store of secrets or give it as a secret of"
    " Compose, say in the start page where it comes from, and mount it with `bind: {create_host_path: false}`, so that Compose"
    " stops where it is missing."
)
_SHOW = (
    "Add a template such as `cert.env.example` and a line on it in the start page; a file that may be absent is"
    " `{path: cert.env, required: false}`."
)
_GENERATED_TARGETS = {
    "prometheus": ("/etc/prometheus/prometheus.yml", "/etc/prometheus/prometheus.yaml"),
    "alertmanager": ("/etc/alertmanager/alertmanager.yml",),
    "grafana": ("/etc/grafana/provisioning/dashboards", "/etc/grafana/provisioning/datasources", "/etc/grafana/provisioning"),
}
"""Files and folders that the monitoring room writes where they are missing, by the family of the image."""


def _detect(project: Project) -> Iterator[Gap]:
    return iter(once(gap for stack in every_stack(project) for gap in _of_stack(project, stack)))


def _of_stack(project: Project, stack: Stack) -> Iterator[Gap]:
    found: dict[str, list[tuple[Service, Mount]]] = {}
    for service in stack.services:
        for mount in service.mounts:
            path = mount.resolved if mount.kind == "bind" else None
            if not path or project.exists(path) or not _kind(mount) or _has_other_origin(project, path):
                continue
            if not _is_copied_to_hosts(project, stack, mount) and not _is_packed_beside(project, stack, mount):
                found.setdefault(path, []).append((service, mount))
    for path, users in found.items():
        yield _gap(project, stack, path, users)
    absent = absent_env_files(project, stack) if stack.complete and stack.is_runnable_in_production else ()
    if absent:
        yield _env_files_gap(project, stack, absent)


def _kind(mount: Mount) -> str:
    """Return `file` or `folder` for a source that holds configuration, "" for one that Docker may well create."""
    name = mount.source.rstrip("/").rpartition("/")[2]
    ending = re.search(r"(?<=[^.])\.\w+$", name)
    if ending and _CONFIG_FILE.fullmatch(ending[0]):
        return "file"
    if _CONFIG_FILE.fullmatch(re.sub(r".*(?=\.\w+$)", "", mount.target)) or re.fullmatch(r"[A-Z][a-z]+file", name):
        return "file"
    target = mount.target.rstrip("/") + "/"
    is_config = bool(_CONFIG_WORDS.search(target)) and not _RUNTIME_WORDS.search(name) and not ending
    return "folder" if is_config and not _RUNTIME_WORDS.search(mount.target) else ""


def _has_other_origin(project: Project, path: str) -> bool:
    """Whether a script makes the path, or a template of the same name stands beside it."""
    if is_generated(project, path):
        return True
    stem = path.rpartition(".")[0] or path
    beside = (
        *(f"{path}{end}" for end in (".example", ".sample", ".template", ".tmpl", ".dist", ".j2", ".tpl")),
        f"{stem}.example",
    )
    return any(project.exists(other) for other in beside)


def _is_copied_to_hosts(project: Project, stack: Stack, mount: Mount) -> bool:
    """Whether a playbook copies the file, or a folder above it, beside the compose file on the hosts."""
    beside = posixpath.relpath(mount.resolved or "", stack.directory or ".")
    if beside.startswith(".."):
        return False
    places = [beside]
    while "/" in places[-1]:
        places.append(posixpath.dirname(places[-1]))
    targets = (
        command.text.rpartition(" ")[2].strip("\"'").rstrip("/")
        for command in project.commands
        if command.context == "playbook" and command.text.startswith("copy ")
    )
    return any(target == place or target.endswith(f"/{place}") for target in targets for place in places)


def _is_packed_beside(project: Project, stack: Stack, mount: Mount) -> bool:
    """Whether a script that names the folder of the compose file copies the file to its place beside it: the folder is the
    template of a bundle.
    """
    beside = posixpath.relpath(mount.resolved or "", stack.directory or ".")
    if not stack.directory or beside.startswith(".."):
        return False
    whole = f"/{beside}"
    return any(
        words.endswith(whole) and words[: -len(whole)][-1:].strip() and stack.directory in (project.source(script) or "")
        for script, words in _copied_by_scripts(project).get(posixpath.basename(beside), ())
    )


@remembered
def _copied_by_scripts(project: Project) -> dict[str, list[tuple[str, str]]]:
    """Return the words of each command that copies files in scripts and makefiles, with the path of the script, by the name of
    the file that it ends in.
    """
    found: dict[str, list[tuple[str, str]]] = {}
    for path in dict.fromkeys(item.location.path for item in project.commands if item.context in {"script", "makefile"}):
        for line in (project.source(path) or "").split("\n"):
            words = re.sub(r"[\"']$", "", line.rstrip(" \t"))
            copy = _COPIES.search(words.partition("#")[0])
            if copy is not None:
                found.setdefault(words.rpartition("/")[2], []).append((path, words[copy.end() :]))
    return found


def _gap(project: Project, stack: Stack, path: str, users: list[tuple[Service, Mount]]) -> Gap:
    service, mount = users[0]
    is_file = any(_kind(other) == "file" for _, other in users)
    ignored = project.ignored_at(path)
    effect = "Docker makes an empty folder in the place of the file" if is_file else "the container gets an empty folder"
    once_only = is_file and all(user.is_datastore and other.target.startswith(_FIRST_START) for user, other in users)
    if once_only:
        again = "the start that follows" if service.restart not in {"", "no"} else "the next `up`"
        effect = (
            "Docker makes an empty folder in the place of the file, the first start of the database ends at it, and"
            f" {again} finds a database and goes on without what the file was to do"
        )
    names = in_words(user.name for user, _ in users)
    note = f" (ignored by git at {ignored})" if ignored else ""
    verb = "mounts" if len(users) == 1 else "mount"
    profiles = active_profiles(project)
    started = any(not user.profiles or "*" in profiles or profiles & set(user.profiles) for user, _ in users)
    # Of a stack that only watches, the application loses nothing.
    is_severe = started and any(other.role not in WATCHERS for other in stack.services)
    is_secret = is_file and is_credential_file(path)
    is_severe = is_severe and is_file and not (ignored or is_secret or once_only)
    brought = brought_by(project, stack, path, mount) if is_severe else None
    severity = (
        Severity.INFO
        if ignored
        else Severity.LOW
        if is_secret or not is_file
        else Severity.HIGH
        if is_severe and brought is None and any(map(_is_read, users)) and _is_started(project, stack)
        else Severity.MEDIUM
    )
    unless = f", unless {brought[0]}" if brought else ""
    unplaced = " until somebody places it there" if is_secret else ""
    rightly = ", where a credential does not belong" if is_secret else ""
    expected = f"{path} placed by what deploys, or a page that says how" if is_secret else f"{path} in the repository"
    return RULE.gap(
        resource=stack.resource(service.name),
        subject=f"volumes/{mount.target.lstrip('/')}",
        message=f"{names} {verb} {path}, which is not in this repository{rightly}{note}: {effect}{unplaced}{unless}.",
        expected=expected,
        actual="no such path",
        locations=tuple(other.location for _, other in users),
        related=(brought[1],) if brought else (),
        severity=severity,
        environment=stack.environment,
        called=path,
        closers=(Closer(Room.MONITORING, "files"),)
        if _is_ours_to_write(project, stack, service, mount)
        else (Closer(None, "advice", _PLACED if is_secret else _KEEP_OUT),)
        if ignored or is_secret
        else None,
    )


def _is_read(user: tuple[Service, Mount]) -> bool:
    """Whether a service is told to read what is mounted, or its image does so by itself."""
    service, mount = user
    words = [*(service.command or ()), *(service.entrypoint or ()), *(entry.value or "" for entry in service.environment)]
    return bool(_READ_BY_ITSELF.match(mount.target)) or any(mount.target in word for word in words)


def _is_started(project: Project, stack: Stack) -> bool:
    """Whether a place that can be named starts the stack, for others than its developers."""
    return strength_of(project, stack).strength >= Strength.ANYBODY


def _env_files_gap(project: Project, stack: Stack, absent: tuple[AbsentEnvFile, ...]) -> Gap:
    """Return the gap of env files without which Compose starts nothing, and which nobody is told to make."""
    paths = in_words(item.path for item in absent)
    names = in_words(item.service.name for item in absent)
    ignored = next((place for item in absent if (place := project.ignored_at(item.path))), "")
    note = f" (ignored by git at {ignored})" if ignored else ""
    gets, are = "gets" if " and " not in names else "get", "is" if len(absent) == 1 else "are"
    return RULE.gap(
        resource=stack.resource(absent[0].service.name),
        subject="env_file",
        message=f"{names} {gets} {paths}, which {are} not in this repository{note}, and no template, page or command here says"
        " what belongs there: Compose refuses to start from a clone (`env file not found`).",
        expected="a template beside each file, with the names that it has to hold",
        actual="no such file, and no word on it",
        locations=tuple(item.location for item in absent),
        severity=Severity.MEDIUM,
        environment=stack.environment,
        called=absent[0].path,
        closers=(Closer(None, "advice", _SHOW),),
    )


def _is_ours_to_write(project: Project, stack: Stack, service: Service, mount: Mount) -> bool:
    """Whether the monitoring room writes the path: it completes the programs of the stack that runs in production."""
    main = project.main_stack
    if main is None or main.id not in {stack.id, stack.extends_stack} or not main.is_runnable_in_production:
        return False
    known = None if service.made else known_image(service.image)
    return known is not None and mount.target.rstrip("/") in _GENERATED_TARGETS.get(known.facts.family, ())


RULE = Rule(
    code="CMP008",
    name="bind-source-missing",
    layer=Layer.COMPOSE,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(Closer(None, "advice", "Add the file to the repository, or take the mount out."),),
    cause=Cause.STACK,
)
