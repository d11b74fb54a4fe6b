"""Render the pages of the guides from one blueprint, each value made plain first."""

from __future__ import annotations

import posixpath
from typing import Any

from scaffold.generate.blueprint import render_blueprint
from scaffold.generate.emit import to_shell_word
from scaffold.generate.guides.values import (
    alert_values,
    bare_values,
    build_variables,
    cluster_values,
    data_values,
    empty_keys,
    file_keys,
    has_volumes,
    is_file_key,
    note_values,
    outside_values,
    own_file_values,
    push_commands,
    secret_values,
    service_values,
    signature_values,
    store_values,
    today_values,
    unknown_values,
    variable_values,
)
from scaffold.model.artifact import Artifact, Rendering
from scaffold.model.credential_files import FILE_IN_BASE64
from scaffold.model.environment import GENERATE
from scaffold.model.guides import Copies, GuidePage, GuidesPlan, ManualMigration, PlacedFile
from scaffold.model.names import Role, Room
from scaffold.model.secret_names import may_be_sensitive_name
from scaffold.model.swarm import REFUSED
from scaffold.model.target import Target
from scaffold.model.values import dns_label

_TITLES = {
    GuidePage.DEPLOYMENT: "deployment",
    GuidePage.SCALING: "scaling",
    GuidePage.RECOVERY: "recovery",
    GuidePage.ROTATION: "rotating secrets",
    GuidePage.RUNBOOK: "runbook",
}
_QUEUES = frozenset(role.value for role in (Role.WORKER, Role.SCHEDULER, Role.BROKER))
"""The roles that show that tasks wait somewhere."""


def render(target: Target) -> Rendering:
    """Return the pages; nothing without a plan. Raises ToolError when cookiecutter is missing."""
    plan = target.guides
    if plan is None:
        return Rendering()
    values = {"app": target.app, "guide": _values(target, plan)}
    files = render_blueprint("guides", "operations", values, target.blueprints)
    texts = {file.path: file.text for file in files}
    return Rendering(tuple(Artifact(path, texts[f"{page.value}.md"], Room.GUIDES) for page, path in plan.paths))


def _values(target: Target, plan: GuidesPlan) -> dict[str, Any]:
    compose = _compose_command(target)
    services = [service_values(service, compose) for service in plan.services]
    production = next((item.name for item in target.environments if item.production), target.environments[0].name)
    template = target.environment.production
    return {
        "slug": dns_label(target.app),
        "production": production,
        "compose": compose,
        "shell": _shell(target, plan),
        "ps": f"{compose} ps -a",
        "terraform": target.terraform_folder,
        "chart": target.chart_folder if plan.chart else "",
        "release": "ecs" if target.compute == "ecs" else "none" if target.lacks_chart else "own",
        "left_out": [{"service": item.service, "reason": item.reason} for item in target.left_out],
        "images": [image.name for image in target.images],
        "cluster": plan.chart or target.compute == "ecs",
        "signed": signature_values(target),
        "pushes": push_commands(target, production),
        "build_variables": build_variables(target),
        "variables": variable_values(target),
        "notes": note_values(target) if plan.chart else [],
        "env_template": template.path if template else "",
        "their_template": template is not None and template.theirs,
        "lacking": _lacking(target),
        "env_template_here": _from(plan, template.path) if template else "",
        "secrets_env": _from(plan, "scripts/secrets-env"),
        "env_files": [_env_file(target, plan, path, services) for path, services in plan.env_files],
        "today": [today_values(way) for way in plan.today],
        "unused": list(plan.unused),
        "own_files": [own_file_values(item) for item in plan.own_files],
        "starts": list(plan.starts) if target.production_set != target.base_set else [],
        "made_before": [f"docker {kind} create {to_shell_word(name)}" for kind, name in plan.made_before],
        "copied_files": [
            f"cp {to_shell_word(_from(plan, template))} {to_shell_word(_from(plan, path))}"
            for path, template in plan.copied_files
        ],
        "bare_copies": [path for path, _ in plan.copied_files if path in plan.bare_files],
        "placed_files": [_placed(target, plan, item, production) for item in plan.placed_files],
        "bare_places": [item.path for item in plan.placed_files if item.path in plan.bare_files],
        "placed_secrets": any(not item.mounted for item in plan.placed_files),
        "placed_mounts": any(item.mounted for item in plan.placed_files),
        "file_keys": (files := file_keys(target)),
        "file_bytes": any(key.endswith(FILE_IN_BASE64) for key in files),
        "unknown_readers": sorted({name for item in plan.placed_files if item.user is None for name in item.services}),
        "monitoring": f"{target.monitoring.folder}/README.md" if target.monitoring else "",
        "deployment": plan.path(GuidePage.DEPLOYMENT),
        "rotation": plan.path(GuidePage.ROTATION),
        "files": {page.value: posixpath.basename(path) for page, path in plan.paths},
        "others": {"deployment": _others(plan, GuidePage.DEPLOYMENT)},
        "services": services,
        "choice": _choice(target),
        "profiles": [_profile(compose, item.name, item.services, for_tests=item.for_tests) for item in plan.profiles],
        "scripts": [{"command": item.command, "purpose": item.purpose} for item in plan.scripts],
        "modules": list(plan.modules),
        "tasks": list(plan.tasks),
        "swarm": _swarm_values(target, plan, production),
        "starts_up": _starts_up(f"{compose} up -d{' --build' if plan.pulled.builds else ''}", plan),
        "replaces": _starts_up(f"{compose} up -d", plan),
        "pull": f"{compose} pull {' '.join(map(to_shell_word, plan.pulled.services))}" if plan.pulled.services else "",
        "brought": [
            {"image": image, "word": to_shell_word(image), "place": f"{place.path}:{place.line}"}
            for image, place in plan.pulled.brought
        ],
        "tags": list(plan.pulled.tags),
        "moving": [{"service": service, "image": image} for service, image in plan.pulled.moving],
        "builds": plan.pulled.builds,
        "preparations": [_preparation(compose, service, words) for service, words in plan.preparations],
        "migrations": [_migration(compose, item, plan) for item in plan.migrations],
        "secrets": [secret_values(target, secret) for secret in target.secrets],
        "unknown": unknown_values(target),
        "empty_keys": empty_keys(target) if plan.chart else [],
        "many": [item for item in services if item["copies"] == "several"],
        "one": [item for item in services if item["copies"] == "one"],
        "overlapping": [item for item in services if item["overlaps"]],
        "stores": [store_values(target, service) for service in plan.of(Copies.STORE)],
        "data": (data := data_values(target, plan)),
        "saved": any(row["copied"] or row["managed"] or row["restore"] for row in data),
        "volumes": has_volumes(target),
        "bare": bare_values(target, plan),
        "outside": outside_values(plan),
        "encryption_keys": list(plan.encryption_keys),
        "queues": any(service.role in _QUEUES for service in plan.services),
        "checked": plan.is_checked,
        "cluster_backup": cluster_values(target),
        "restoring": _backup_page(target, plan),
        "trial": target.backup.workflow if target.backup else "",
        "stop": f"{compose} stop {_names(plan, Copies.MANY, Copies.ONE)}",
        "stores_up": f"{compose} up -d --wait {_names(plan, Copies.STORE)}".rstrip(),
        "databases": [store.service for store in target.stores if store.role is Role.POSTGRES],
        "example": next((service.name for service in plan.of(Copies.MANY) if not service.blocked), ""),
        "alerts": alert_values(target, plan.path(GuidePage.RUNBOOK)),
    }


def _lacking(target: Target) -> list[str]:
    """Return what the user's own template of production does not list and a start needs: what the overlays ask for."""
    template = target.environment.production
    if template is None or not template.theirs:
        return []
    shell = "COMPOSE_FILE"
    asked = (item.name for item in template.variables if item.active and not item.secret and item.name != shell)
    return [name for name in asked if name not in template.listed]


def _compose_command(target: Target) -> str:
    """Return the start of every command; the shell's own variables name the files."""
    profiles = target.monitoring.profiles[:1] if target.monitoring else ()
    return " ".join(["docker compose", *(f"--profile {to_shell_word(name)}" for name in profiles)])


def _swarm_values(target: Target, plan: GuidesPlan, environment: str) -> dict[str, Any]:
    """Return the commands for a swarm, where the set is for one; its manager reads no env file but takes what the shell has."""
    if not plan.swarm:
        return {}
    name = dns_label(target.app)
    hardening = target.hardening.overlay if target.hardening and target.hardening.swarm else ""
    taken = (*plan.swarm, *((hardening,) if hardening else ()))
    files = " ".join(f"-c {to_shell_word(_from(plan, path))}" for path in taken)
    values = " && ".join(f'. "{file}"' for file in _value_files(target))
    return {
        "files": list(plan.swarm),
        "hardening": hardening,
        "overlays": [path for path in target.production_set if path not in {*plan.swarm, hardening}],
        "refused": list(REFUSED),
        "secrets": [_swarm_secret(target, name, environment) for name in plan.swarm_secrets],
        "commands": [
            *([f"cd {to_shell_word(plan.directory)}"] if plan.directory else []),
            f"set -a && {values} && set +a",
            f"docker stack deploy --with-registry-auth {files} {to_shell_word(name)}",
            f"docker stack services {to_shell_word(name)}",
        ],
        "back": f"docker service rollback {name}_SERVICE",
    }


def _starts_up(start: str, plan: GuidesPlan) -> list[str]:
    """Return the commands that start the release and wait; what ends and nobody waits for would fail that, and is apart."""
    left_out = "".join(f" --scale {to_shell_word(service.name)}=0" for service in plan.services if service.loose)
    return [f"{start} --wait{left_out}", *([start] if left_out else [])]


def _from(plan: GuidesPlan, path: str) -> str:
    """Return a path of the project as one that starts in the folder of Compose; one of the host stays."""
    if path.startswith("/"):
        return path
    return posixpath.relpath(path, plan.directory or ".")


def _copy(plan: GuidesPlan, path: str, template: str) -> str:
    return f"cp {to_shell_word(_from(plan, template))} {to_shell_word(_from(plan, path))}"


def _placed(target: Target, plan: GuidesPlan, file: PlacedFile, environment: str) -> dict[str, Any]:
    """Return a credential that people place on the host, and the command that does it as its reader's own."""
    place = to_shell_word(_from(plan, file.path))
    # `docker stack deploy` reads a secret as whoever runs it; Compose mounts the file as it is (reference, secrets).
    mine = bool(plan.swarm) and not file.mounted
    install = "install -D -T -m 600" if mine else f"sudo install -D -T -m 600 -o {file.user or 0}"
    secret = f"{dns_label(target.app)}/{environment}/{file.secret}"
    text = f"aws secretsmanager get-secret-value --secret-id {secret} --query SecretString --output text"
    key = to_shell_word(f'.["{file.key}"]')
    command = f'{text} | jq -ej {key} > "$file" && {install} "$file" {place}'
    if file.base64:
        command = f'text=$({text} | jq -er {key}) && printf %s "$text" | base64 -d > "$file" && {install} "$file" {place}'
    made = f"{install} /PATH/TO/YOUR/COPY {place}"
    if not file.mounted and may_be_sensitive_name(posixpath.basename(file.path)) and not is_file_key(file.path):
        made = f'(file=$(mktemp); printf %s "$({GENERATE})" > "$file" && {install} "$file" {place}; rm "$file")'
    return {
        "path": _from(plan, file.path),
        "services": list(file.services),
        "restart": f"{_compose_command(target)} restart {' '.join(map(to_shell_word, file.services))}",
        "command": f'(file=$(mktemp); {command}; rm "$file")' if file.key else made,
    }


def _swarm_secret(target: Target, name: str, environment: str) -> str:
    """Return the command that makes a secret of the swarm, of the value that the secret manager has for the cluster."""
    made = f"docker secret create {to_shell_word(name)}"
    for secret in target.secrets:
        if any(item.key == name for item in secret.keys):
            place = f"{dns_label(target.app)}/{environment}/{secret.name}"
            text = f"aws secretsmanager get-secret-value --secret-id {place} --query SecretString --output text"
            key = to_shell_word(f'.["{name}"]')
            return f"{text} | jq -ej {key} | {made} -"
    return f"{made} /PATH/TO/YOUR/COPY"


def _value_files(target: Target) -> list[str]:
    """Return the files outside of the repository that hold the values of production, for a shell."""
    kinds = ("settings", "secrets") if target.secrets else ("settings",)
    return [f"$HOME/{dns_label(target.app)}-{kind}.env" for kind in kinds]


def _env_file(target: Target, plan: GuidesPlan, path: str, services: tuple[str, ...]) -> dict[str, Any]:
    """Return an env file that containers get as a whole, and the command that makes it of the values of production."""
    place = _from(plan, path)
    sources = " ".join(f'"{file}"' for file in _value_files(target))
    handed = dict(plan.handed_files).get(path, "")
    own = "|".join(_of_the_host(target, services))
    kept = f"cat {sources}" if handed else f"grep -hvE '^({own})=' {sources}"
    command = f"(umask 077 && {kept} > {to_shell_word(place)})"
    return {
        "path": place,
        "services": list(services),
        "handed": handed,
        "needed_at": dict(plan.built_in_files).get(path, ""),
        "command": command,
        "line": f"/{path}",
        "ignored": path not in plan.bare_files,
    }


def _of_the_host(target: Target, services: tuple[str, ...]) -> list[str]:
    """Return the variables that only containers of the host's own read, such as the key of the backups: they are nothing for an
    application. What one of these services reads as well is not among them.
    """
    template = target.environment.production
    read = {item.name for item in template.variables if set(item.users) & set(services)} if template else set()
    own = sorted({key.key for secret in target.secrets if secret.host_only for key in secret.keys} - read)
    return [
        *own,
        "BACKUP_[A-Z_]+" if not any(name.startswith("BACKUP_") for name in read) else "BACKUP_REPOSITORY",
        "COMPOSE_FILE",
    ]


def _shell(target: Target, plan: GuidesPlan) -> list[str]:
    """Return what a shell needs before any Compose command: the folder, the production set, and the values.

    Compose refuses every command, `ps` too, while a required variable is missing.
    """
    files = ":".join(posixpath.relpath(path, plan.directory or ".") for path in target.production_set)
    folder = [f"cd {to_shell_word(plan.directory)}"] if plan.directory else []
    return [
        *folder,
        f"export COMPOSE_FILE={to_shell_word(files)}",
        f'export COMPOSE_ENV_FILES="{",".join(_value_files(target))}"',
    ]


def _preparation(compose: str, service: str, words: tuple[str, ...]) -> str:
    return f"{compose} run --rm {' '.join(to_shell_word(word) for word in (service, *words))}"


def _migration(compose: str, migration: ManualMigration, plan: GuidesPlan) -> dict[str, str]:
    """Return a command that migrates, and how it is run in the image of the release, which is built first where it is built."""
    build = "" if migration.service in plan.pulled.services else " --build"
    run = f"{compose} run --rm{build} {to_shell_word(migration.service)} {migration.words}" if migration.service else ""
    return {"command": migration.command, "place": migration.place, "run": run}


def _others(plan: GuidesPlan, page: GuidePage) -> list[dict[str, str]]:
    return [{"title": _TITLES[other], "file": posixpath.basename(path)} for other, path in plan.paths if other is not page]


def _backup_page(target: Target, plan: GuidesPlan) -> str:
    """Return the link from the recovery page to the restore commands, "" where nothing is copied."""
    if target.backup is None:
        return ""
    return posixpath.relpath(f"{target.backup.folder}/README.md", posixpath.dirname(plan.path(GuidePage.RECOVERY)))


def _names(plan: GuidesPlan, *copies: Copies) -> str:
    return " ".join(to_shell_word(service.name) for service in plan.of(*copies))


def _choice(target: Target) -> dict[str, Any]:
    """Return which of the profiles that exclude each other the page is for; empty where none do."""
    choice = target.profiles
    if choice is None:
        return {}
    return {
        "profiles": list(choice.profiles),
        "others": list(choice.others),
        "because": choice.because,
        "source": choice.source,
    }


def _profile(compose: str, name: str, services: tuple[str, ...], *, for_tests: bool) -> dict[str, Any]:
    option = f" --profile {to_shell_word(name)}"
    command = f"{compose} up -d" if f"{compose} ".endswith(f"{option} ") else f"{compose}{option} up -d"
    return {"name": name, "services": list(services), "for_tests": for_tests, "command": command}
