"""Sorts the files to judge by what they are: by name where a name decides, by their top-level keys where it does not."""

from __future__ import annotations

from dataclasses import fields
from pathlib import PurePosixPath

from scaffold.model.frozen import frozen
from scaffold.validate.events import outline
from scaffold.validate.request import ValidationRequest

_WORKFLOWS = ".github/workflows"
_SHELLS = ("sh", "bash", "dash", "ksh")


@frozen
class Material:
    """The files of one request by kind, each tuple sorted."""

    yaml: tuple[str, ...] = ()
    json: tuple[str, ...] = ()
    workflows: tuple[str, ...] = ()
    terraform: tuple[str, ...] = ()
    terraform_folders: tuple[str, ...] = ()
    charts: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    prometheus: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    rule_tests: tuple[str, ...] = ()
    alertmanager: tuple[str, ...] = ()
    loki: tuple[str, ...] = ()
    alloy: tuple[str, ...] = ()


def sort_material(request: ValidationRequest) -> Material:
    """Return the regular files of the request by kind; links and files that are gone are left out."""
    paths = [path for path in sorted(set(request.paths)) if _is_regular(request, path)]
    kinds: dict[str, list[str]] = {item.name: [] for item in fields(Material)}
    for path in paths:
        for kind in _kinds_of(request, path):
            kinds[kind].append(path)
    folders = request.terraform_folders or tuple(str(PurePosixPath(path).parent) for path in kinds["terraform"])
    kinds["terraform_folders"] = sorted({folder for folder in folders if (request.folder / folder).is_dir()})
    kinds["charts"] = sorted({str(PurePosixPath(path).parent) for path in kinds["charts"]})
    return Material(**{name: tuple(values) for name, values in kinds.items()})


def _is_regular(request: ValidationRequest, path: str) -> bool:
    target = request.folder / path
    return target.is_file() and not target.is_symlink() and target.resolve().is_relative_to(request.folder.resolve())


def _kinds_of(request: ValidationRequest, path: str) -> tuple[str, ...]:
    pure = PurePosixPath(path)
    suffix = pure.suffix.lower()
    if suffix in {".yml", ".yaml"}:
        return _yaml_kinds(request, pure)
    if suffix == ".json" or pure.name == "scaffold.lock":
        return ("json",)
    if suffix in {".tf", ".tofu"}:
        return ("terraform",)
    if suffix == ".alloy":
        return ("alloy",)
    if suffix in {".sh", ".bash"} or (not suffix and _has_shell_line(request.text(path))):
        return ("scripts",)
    return ()


def _has_shell_line(text: str) -> bool:
    first = text.partition("\n")[0]
    return first.startswith("#!") and _shell_of(first) in _SHELLS


def _shell_of(line: str) -> str:
    names = [word.rsplit("/", 1)[-1] for word in line[2:].split() if not word.startswith("-")]
    return names[1] if names[:1] == ["env"] and len(names) > 1 else (names[0] if names else "")


def _yaml_kinds(request: ValidationRequest, path: PurePosixPath) -> tuple[str, ...]:
    if _is_chart_template(request, path):
        return ()
    if path.name == "Chart.yaml":
        return ("yaml", "charts")
    if str(path.parent) == _WORKFLOWS:
        return ("yaml", "workflows")
    return ("yaml", *_monitoring_kind(request, str(path)))


def _is_chart_template(request: ValidationRequest, path: PurePosixPath) -> bool:
    """Whether Helm renders the file before anyone reads it as YAML."""
    parents = [parent for parent in path.parents if parent.name == "templates"]
    return any((request.folder / parent.parent / "Chart.yaml").is_file() for parent in parents)


def _monitoring_kind(request: ValidationRequest, path: str) -> tuple[str, ...]:
    text = request.text(path)
    keys = outline(text).keys
    if {"rule_files", "tests"} <= keys:
        return ("rule_tests",)
    if "scrape_configs" in keys and "clients" not in keys:
        return ("prometheus",)
    if "groups" in keys and not {"apiVersion", "services"} & keys:
        return ("rules",)
    if {"route", "receivers"} <= keys:
        return ("alertmanager",)
    return ("loki",) if "schema_config" in keys else ()
