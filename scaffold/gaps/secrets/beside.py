"""Credentials that stand beside Compose: in files behind its secrets, in what scripts write, in Prometheus's configuration."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import is_test_path, listed, path_environment
from scaffold.gaps.secrets.credentials import names_store
from scaffold.model.document import Location, Node, Scalar, Sequence, find
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Cause, EnvironmentClass, Severity, closest_to_production
from scaffold.model.own_machine import LOOPBACK
from scaffold.model.project import EnvEntry, EnvFile, Project, PrometheusConfig, SecretFile
from scaffold.model.regex import regex
from scaffold.model.secrets import SecretClass, classify, counts, holds_secret, url_host, url_password

_HELD_BY = ("scrape_configs", "remote_write", "remote_read")
_ROUTES = (("authorization", "credentials"), ("basic_auth", "password"), ("bearer_token",), ("oauth2", "client_secret"))
"""Where Prometheus takes a credential itself (prometheus.io, configuration); each has a key for a file too."""
_NOT_ONE = frozenset({SecretClass.EMPTY, SecretClass.REFERENCE, SecretClass.FILE_PATH, SecretClass.PROVIDER_KEY})
_MODE = regex(r"(?:[A-Z]+_)?ENV(?:IRONMENT)?|SPRING_PROFILES_ACTIVE")
_OF_DEVELOPERS = frozenset({"dev", "develop", "development", "local"})


def credentials_beside(project: Project, rule: Rule) -> Iterator[Gap]:
    """Yield a gap of `rule` for each file that holds a credential."""
    for secret in project.secret_files:
        if secret.value_class not in _NOT_ONE and secret.path not in project.owned:
            yield _secret_file_gap(project, secret, rule)
    for written in project.written_env_files:
        entries = [entry for entry in written.entries if _is_credential(entry)]
        if entries and written.kind == "written" and not is_test_path(written.path):
            yield _written_gap(written, entries, rule)
    for config in project.prometheus:
        if config.path not in project.owned:
            yield from _prometheus_gaps(project, config, rule)


def _secret_file_gap(project: Project, secret: SecretFile, rule: Rule) -> Gap:
    names = listed(name for _, name, _ in secret.named)
    stacks = [stack for stack in map(project.stack, dict.fromkeys(stack for stack, _, _ in secret.named)) if stack]
    classes = [stack.environment for stack in stacks]
    return rule.gap(
        resource=secret.path,
        subject="secret file",
        message=f"{secret.path} is the file behind the secret {names} of Compose, and it is tracked with its value "
        f"({secret.value_class.value}): who can read the repository can use it.",
        expected="the file outside git, and a note how to make it",
        actual=secret.value_class.value,
        locations=(Location(secret.path, 1),),
        related=tuple(dict.fromkeys(place for _, _, place in secret.named)),
        environment=closest_to_production(classes),
        closers=(
            Closer(
                None,
                "advice",
                f"git rm --cached {secret.path}, ignore it, write down how the file is made, and change the credential: "
                "history keeps it.",
            ),
        ),
    )


def _is_credential(entry: EnvEntry) -> bool:
    if entry.commented or "$" in entry.value or "`" in entry.value:
        return False
    password = url_password(entry.value)
    if password is not None:
        return url_host(entry.value) not in LOOPBACK and counts(password, placeholders=False)
    named = holds_secret(entry.name, entry.value) and classify(entry.value) not in _NOT_ONE
    return named and counts(entry.value, placeholders=False)


def _written_gap(written: EnvFile, entries: list[EnvEntry], rule: Rule) -> Gap:
    is_template = written.path.endswith((".j2", ".jinja2"))
    writes = "is a template of which Ansible makes the env file of a host," if is_template else "writes an env file"
    return rule.gap(
        resource=written.path,
        subject="credentials",
        message=f"{written.path} {writes} with credentials ({listed(entry.name for entry in entries)}): who can read "
        "the repository can use them.",
        expected="values from a secret manager or from the environment of whoever runs the script",
        actual=", ".join(dict.fromkeys(classify(url_password(entry.value) or entry.value).value for entry in entries)),
        locations=tuple(entry.location for entry in entries),
        # Whether the store of that host can be reached stands elsewhere.
        severity=Severity.MEDIUM if is_template or all(names_store(entry.name) for entry in entries) else None,
        environment=EnvironmentClass.DEV if _is_for_developers(written) else path_environment(written.path),
        cause=Cause.PROJECT,
        kind=listed((entry.name for entry in entries), shown=len(entries)),
        closers=(
            Closer(None, "advice", "Take the values from the environment or a secret manager, and change what stood there."),
        ),
    )


def _is_for_developers(written: EnvFile) -> bool:
    """Whether the modes that the written file sets are all those of development (`NODE_ENV=development`)."""
    modes = [
        entry.value.strip("\"'").lower() for entry in written.entries if not entry.commented and _MODE.fullmatch(entry.name)
    ]
    return bool(modes) and all(mode in _OF_DEVELOPERS for mode in modes)


def _prometheus_gaps(project: Project, config: PrometheusConfig, rule: Rule) -> Iterator[Gap]:
    document = project.document(config.path)
    for section in _HELD_BY:
        held = [node for item in _items(find(document.root, section) if document else None) for node in _credentials(item)]
        if held:
            what = ", ".join(dict.fromkeys(classify(node.value).value for node in held))
            yield rule.gap(
                resource=config.path,
                subject=section,
                message=f"{config.path} holds the credential that Prometheus sends ({what}): who can read the repository "
                "can use it.",
                expected="credentials_file, password_file or bearer_token_file, mounted from a secret",
                actual=what,
                locations=tuple(node.location for node in held),
                severity=Severity.MEDIUM if section == "scrape_configs" else Severity.HIGH,
                environment=path_environment(config.path),
                closers=(
                    Closer(None, "advice", "Mount the value as a secret and name its file (credentials_file), then change it."),
                ),
            )


def _credentials(item: Node) -> Iterator[Scalar]:
    for route in _ROUTES:
        node = find(item, *route)
        if (
            isinstance(node, Scalar)
            and "$" not in node.value
            and "{{" not in node.value
            and counts(node.value, placeholders=False)
        ):
            yield node


def _items(node: Node | None) -> tuple[Node, ...]:
    return node.items if isinstance(node, Sequence) else ()
