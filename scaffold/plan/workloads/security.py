"""Whom a container runs as and what it may do: Compose's words, else the Dockerfile's, else what is known of the image."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.model.compose import Service
from scaffold.model.document import Mapping, scalars_of, text_of
from scaffold.model.frozen import frozen
from scaffold.model.image_users import STARTS_AS, UNKNOWN_CAPABILITIES, ImageUser, image_user, is_plain_base
from scaffold.model.project import Dockerfile, Instruction, Project, Stage
from scaffold.model.regex import regex
from scaffold.model.values import ImageReference
from scaffold.model.workload import Note, Security, WorkloadPort
from scaffold.plan.workloads.scope import Scope

_SAFE_SYSCTLS = frozenset(
    {
        *("kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start"),
        *("net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports"),
        *("net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl"),
        *("net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"),
    }
)
_CHANGES_USER = regex(r"\b(?:gosu|su-exec|setpriv|runuser|s6-setuidgid|su)\b")
_BASELINE = frozenset(
    {
        *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP"),
        *("SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
    }
)
"""The capabilities that the Pod Security level `baseline` lets a pod add."""


@frozen
class _User:
    """A user by number; `name` is one that no file turns into a number."""

    user: int | None = None
    group: int | None = None
    name: str = ""


def starting_user(project: Project, service: Service) -> int | None:
    """Return the number of the user that reads a container's files under Compose, None where no file and no table shows it."""
    dockerfile = project.image_of(service)
    target = service.build_target
    found = (_parsed(service.user) if service.user else None) or _of_dockerfile(dockerfile, target)
    if found is not None:
        return _by_name(found.name, dockerfile, target).user if found.name else found.user
    image = _base(dockerfile, target) if service.build else service.image
    if image is None:
        return None
    row = image_user(image)
    if row is not None:
        return row.user or 0
    return 0 if is_plain_base(image) else STARTS_AS.get(image.repository)


def plan_security(service: Service, scope: Scope, ports: tuple[WorkloadPort, ...]) -> tuple[Security, tuple[Note, ...]]:
    """Return the security context of a container, and what could not be carried over."""
    notes: list[Note] = []
    dockerfile = scope.project.image_of(service)
    target = service.build_target
    asked = _parsed(service.user) if service.user else None
    found = asked or _of_dockerfile(dockerfile, target) or _User()
    if found.name:
        resolved = _by_name(found.name, dockerfile, target)
        if resolved.user is None:
            notes.append(
                _note(
                    service,
                    "user",
                    f"the user {found.name} is a name that no file turns into a number: the image's user stands",
                )
            )
        found = resolved
    row = _known(service, dockerfile, target)
    usable = row is not None and (not row.folder or any(mount.target == row.folder for mount in service.mounts))
    if found.user is None and row is not None and row.user is not None and usable and not asked:
        found = _User(row.user, row.group)
    added, reason = _capabilities(service, found, row, dockerfile, target, ports)
    notes += _not_carried(service)
    security = Security(
        user=found.user,
        group=found.group,
        supplemental=tuple(int(item.value) for item in scalars_of(service.node.get("group_add")) if item.value.isdecimal()),
        non_root=bool(found.user),
        read_only_root=text_of(service.node.get("read_only")).lower() in {"true", "yes", "on"},
        add_capabilities=added,
        sysctls=tuple(_sysctls(service)),
        reason=reason,
    )
    return security, tuple(notes)


def _note(service: Service, key: str, message: str) -> Note:
    node = service.node.get(key)
    return Note(service.name, key, message, node.location if node is not None else service.location)


def _parsed(text: str) -> _User:
    user, _, group = text.strip().partition(":")
    number = int(user) if user.isdecimal() else None
    return _User(number, int(group) if group.isdecimal() else None, "" if number is not None else user)


def _of_dockerfile(dockerfile: Dockerfile | None, target: str) -> _User | None:
    instruction = dockerfile.effective("USER", target) if dockerfile else None
    text = instruction.text.strip() if instruction else ""
    return _parsed(text) if text and "$" not in text else None


def _by_name(name: str, dockerfile: Dockerfile | None, target: str) -> _User:
    """Return the number that the Dockerfile gives a user's name, `_User(name=...)` when it shows none."""
    if name == "root":
        return _User(0, 0)
    for instruction in _runs(dockerfile, target):
        # The last word of the name is the user's: a group of the same name stands among the options.
        match = re.search(
            rf"\b(?:useradd|adduser)\b(?P<options>[^;&|\n]*)\s['\"]?{re.escape(name)}['\"]?(?=\s|$|[;&|])", instruction.text
        )
        number = re.search(r"(?:--uid|-u)[= ]+(\d+)", match["options"]) if match else None
        if match and number:
            return _User(int(number[1]), _group_number(match["options"], instruction.text))
    base = _base(dockerfile, target)
    known = _USERS_OF_BASES.get((base.repository.removeprefix("library/"), name)) if base else None
    return _User(known, known) if known is not None else _User(name=name)


_USERS_OF_BASES = {("node", "node"): 1000, ("oven/bun", "bun"): 1000, ("nginx", "nginx"): 101, ("php", "www-data"): 33}


def _group_number(options: str, run: str) -> int | None:
    match = re.search(r"(?:--gid|-g|--ingroup|-G)[= ]+['\"]?([\w-]+)", options)
    if match is None:
        return None
    if match[1].isdecimal():
        return int(match[1])
    group = re.search(rf"\b(?:groupadd|addgroup)\b(?P<options>[^;&|]*?)\s{re.escape(match[1])}(?=\s|$|[;&|])", run)
    number = re.search(r"(?:--gid|-g)[= ]+(\d+)", group["options"]) if group else None
    return int(number[1]) if number else None


def _stages(dockerfile: Dockerfile | None, target: str) -> Iterator[Stage]:
    """Yield the stage of an image and those of the same file that it is built from."""
    stage = dockerfile.stage(target) if dockerfile else None
    for _ in range(len(dockerfile.stages) + 1 if dockerfile else 0):
        if stage is None:
            return
        yield stage
        base = stage.base
        stage = (
            next((other for other in dockerfile.stages if other.alias and other.alias == base), None) if dockerfile else None
        )


def _runs(dockerfile: Dockerfile | None, target: str) -> Iterator[Instruction]:
    for stage in _stages(dockerfile, target):
        yield from (item for item in stage.instructions if item.keyword == "RUN")


def _base(dockerfile: Dockerfile | None, target: str) -> ImageReference | None:
    """Return the image outside of the file that the stage is built on, or None when it is unknown."""
    last = None
    for stage in _stages(dockerfile, target):
        last = stage
    return ImageReference.parse(last.base) if last and last.base else None


def _known(service: Service, dockerfile: Dockerfile | None, target: str) -> ImageUser | None:
    image = _base(dockerfile, target) if service.build else service.image
    return image_user(image) if image else None


def _capabilities(  # noqa: PLR0913, PLR0917 - each is a fact of its own
    service: Service,
    user: _User,
    row: ImageUser | None,
    dockerfile: Dockerfile | None,
    target: str,
    ports: tuple[WorkloadPort, ...],
) -> tuple[tuple[str, ...], str]:
    """Return what is added to no capabilities at all, and why."""
    asked = {name.value.upper().removeprefix("CAP_") for name in scalars_of(service.node.get("cap_add"))} & _BASELINE
    dropped = {name.value.upper().removeprefix("CAP_") for name in scalars_of(service.node.get("cap_drop"))}
    needed: set[str] = set()
    reason = "the compose file adds them" if asked else ""
    if not user.user:
        if row is not None:
            needed, reason = set(row.capabilities), row.why
        elif _is_plain(service, dockerfile, target):
            needed = {"NET_BIND_SERVICE"} if any(port.port < 1024 for port in ports) else set()
            reason = "it binds a port below 1024" if needed else reason
        else:
            needed, reason = set(UNKNOWN_CAPABILITIES), "nothing shows how the image starts; it may hand over from root"
    if "ALL" in dropped:
        needed = set()
    added = tuple(sorted((needed | asked) - (dropped - {"ALL"})))
    return added, reason if added else ""


def _is_plain(service: Service, dockerfile: Dockerfile | None, target: str) -> bool:
    """Whether a built image starts as the user that it runs as: a plain base, and no program that changes users."""
    base = _base(dockerfile, target)
    if not service.build or dockerfile is None or base is None or not is_plain_base(base):
        return False
    texts = (item.text for stage in _stages(dockerfile, target) for item in stage.instructions)
    return not any(_CHANGES_USER.search(text) for text in texts)


def _sysctls(service: Service) -> Iterator[tuple[str, str]]:
    node = service.node.get("sysctls")
    if isinstance(node, Mapping):
        pairs = [(entry.key.value, text_of(entry.value)) for entry in node.entries]
    else:
        pairs = [(name, value) for name, _, value in (item.value.partition("=") for item in scalars_of(node))]
    yield from (pair for pair in sorted(pairs) if pair[0] in _SAFE_SYSCTLS)


def _not_carried(service: Service) -> Iterator[Note]:
    wanted = {name.value.upper().removeprefix("CAP_") for name in scalars_of(service.node.get("cap_add"))} - _BASELINE
    if wanted:
        yield _note(service, "cap_add", f"{', '.join(sorted(wanted))} go beyond what Pod Security lets a pod have")
    node = service.node.get("sysctls")
    names = set(node.keys()) if isinstance(node, Mapping) else {item.value.partition("=")[0] for item in scalars_of(node)}
    unsafe = sorted(names - _SAFE_SYSCTLS)
    if unsafe:
        yield _note(service, "sysctls", f"{', '.join(unsafe)} are no safe sysctls: set them on the nodes")
