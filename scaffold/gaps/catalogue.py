"""Every rule and every layer card, found by walking the rooms of this package."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from scaffold.model.bundlers import BUNDLERS
from scaffold.model.gap import LayerCard, Rule
from scaffold.model.names import Layer
from scaffold.model.regex import regex

if TYPE_CHECKING:
    from scaffold.model.project import Project


def _images_name(project: Project, *words: str) -> bool:
    return any(word in (project.source(item.path) or "") for item in project.dockerfiles for word in words)


def _compose_has(project: Project, *words: str) -> bool:
    texts = [project.source(file.path) or "" for file in project.compose_files]
    return any(word in text for text in texts for word in words)


def _serves_files(project: Project) -> bool:
    paths = (*(file.path for file in project.compose_files), *(file.path for file in project.dockerfiles))
    texts = (project.source(path) or "" for path in paths)
    return (
        any(fact.kind == "serves-folder" for fact in project.code_facts)
        or any(".conf" in path for path in project.files)
        or any("apache" in text or "httpd" in text for text in texts)
    )


_OPEN = frozenset({"asks-nobody", "console", "spends-for-all", "open-graph", "open-chain", "idle-rules", "no-guard"})
"""Facts on programs that let everybody in."""
_READ: tuple[tuple[Callable[[Project], object], tuple[str, ...]], ...] = (
    (
        lambda project: project.workflows or project.other_ci,
        (
            *(f"CIQ0{number:02}" for number in (*range(1, 13), 15, 17, 18, 19, 20, 27)),
            *(f"SUP0{number:02}" for number in (2, *range(4, 15), 18, 21, 22, 24, 25)),
            "BCK009",
        ),
    ),
    (
        lambda project: project.workflows or project.other_ci or project.commands,
        ("CIQ014", "CIQ016", "CIQ021", "CIQ022", "CIQ024", "CIQ025", "CIQ026", "SUP017", "SUP019", "SUP020"),
    ),
    (
        lambda project: project.workflows or project.other_ci or project.commands or _compose_has(project, "env_file"),
        ("CFG013",),
    ),
    (lambda project: project.workflows or project.problems, ("CIQ013",)),
    (lambda project: project.problems, ("CMP018",)),
    (lambda project: any(len(stack.files) > 1 for stack in project.stacks), ("CMP019",)),
    (lambda project: project.dockerfiles or _compose_has(project, "nginx", "udp"), ("CMP030",)),
    (
        lambda project: project.dockerfiles,
        (
            *(f"IMG0{number:02}" for number in (2, 3, 4, 5, 7, 9, 10, 11, 13, 14, 15, 16, 17, 18, 19, 20)),
            "CMP020",
            "CMP032",
            "SCL008",
        ),
    ),
    (
        lambda project: project.infrastructure,
        (
            "IAC002",
            "IAC004",
            "IAC005",
            "IAC006",
            "IAC010",
            "IAC011",
            "IAC012",
            *(f"K8S0{number:02}" for number in range(2, 13)),
        ),
    ),
    (lambda project: project.infrastructure or any(path.endswith(".tfvars") for path in project.files), ("IAC007",)),
    (lambda project: project.upstreams, ("NET004",)),
    (
        lambda project: project.prometheus or project.alert_rules or project.alertmanagers or project.monitoring_files,
        ("MET001",),
    ),
    (lambda project: project.prometheus, ("MET003", "MET005", "MET006", "ALR001", "ALR003")),
    (lambda project: project.alertmanagers, ("ALR002",)),
    (lambda project: project.monitoring_files, ("ALR004",)),
    (lambda project: project.alert_rules, ("ALR006",)),
    (lambda project: project.code_facts, ("LOG003", "CMP024", "CMP028", "SEC011", "NET006", "K8S001", "SUP023")),
    (lambda project: project.code_facts or _compose_has(project, "TRUSTED_PROX"), ("NET010",)),
    (lambda project: project.code_facts or project.docs or project.commands, ("SEC010",)),
    (lambda project: project.code_facts or project.manifests, ("MET004",)),
    (lambda project: project.docs, ("DOC005", "DOC008")),
    (lambda project: project.env_files, ("SEC005",)),
    (lambda project: project.settings, ("SEC003",)),
    (lambda project: project.settings or project.code_facts, ("CFG018",)),
    (lambda project: project.sightings, ("SEC004",)),
    (lambda project: project.mounted or project.dockerfiles or _compose_has(project, "cron"), ("CMP025",)),
    (lambda project: project.mounted, ("CFG016",)),
    (lambda project: project.unread, ("CFG019",)),
    (lambda project: project.env_reads, ("CFG004", "TRC002")),
    (lambda project: any(read.empty for read in project.env_reads), ("CFG017",)),
    (lambda project: _compose_has(project, *BUNDLERS) or _images_name(project, *BUNDLERS), ("CFG014",)),
    (lambda project: project.commands, ("BCK012", "CIQ028", "CMP031")),
    (lambda project: project.commands or project.code_facts, ("BCK013",)),
    (lambda project: _compose_has(project, "renew"), ("NET011",)),
    (_serves_files, ("NET012",)),
    (lambda project: _compose_has(project, "env_file"), ("SEC013",)),
    (
        lambda project: (
            any(fact.kind == "proofless-login" for fact in project.code_facts)
            or any("AUTH" in read.name or "LOGIN" in read.name or "SIGN" in read.name for read in project.env_reads)
        ),
        ("SEC012",),
    ),
    (lambda project: any(fact.kind == "unlimited-login" for fact in project.code_facts), ("SEC014",)),
    (lambda project: any(fact.kind in _OPEN for fact in project.code_facts), ("NET013",)),
    (lambda project: any(fact.kind == "page-login" for fact in project.code_facts), ("NET016",)),
    (lambda project: any(fact.kind == "socket" for fact in project.code_facts), ("SCL007",)),
    (lambda project: _compose_has(project, "://"), ("NET015",)),
    (lambda project: any("http://" in command.text for command in project.commands), ("NET014",)),
)
"""Kinds of files and of what is read in them, and the rules that find nothing without."""
_MODULE = regex(r"[a-z0-9]{3}\d{3}_\w+\.py")


def room_of(layer: Layer) -> str:
    """Return the package of a layer's rules."""
    return f"scaffold.gaps.{layer.value.replace('-', '_')}"


@cache
def rule_modules() -> dict[str, tuple[Layer, str]]:
    """Return the layer and the module of every rule by its code, in the order of layers and codes; nothing is imported."""
    found = {}
    for layer in Layer:
        package = room_of(layer)
        folder = Path(__file__).parent / package.rpartition(".")[2]
        for name in sorted(path.stem for path in folder.iterdir() if _MODULE.fullmatch(path.name)):
            found[name.partition("_")[0].upper()] = (layer, f"{package}.{name}")
    return found


@cache
def rule(code: str) -> Rule:
    """Return the rule of a code; raises KeyError where there is none."""
    found: Rule = import_module(rule_modules()[code][1]).RULE
    return found


def all_rules() -> tuple[Rule, ...]:
    """Return every rule, by layer and code."""
    return tuple(rule(code) for code in rule_modules())


def rules_for(project: Project, codes: frozenset[str] = frozenset()) -> Iterator[Rule]:
    """Yield the rules that can find something in the project, those of `codes` where any are named.

    A rule that only reads a kind of file of which there is none is not imported.
    """
    absent = {code for files, needing in _READ if not files(project) for code in needing}
    for code in rule_modules():
        if code not in absent and (not codes or code in codes):
            yield rule(code)


def layer_cards(project: Project) -> tuple[LayerCard, ...]:
    """Return the card of every layer, in the order of the layers."""
    return tuple(_card_function(layer)(project) for layer in Layer)


def _card_function(layer: Layer) -> Callable[[Project], LayerCard]:
    function: Callable[[Project], LayerCard] = import_module(f"{room_of(layer)}.card").card
    return function
