"""Every rule and every layer card, found by walking the rooms of this package."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from scaffold.model.gap import LayerCard, Rule
from scaffold.model.names import Layer

if TYPE_CHECKING:
    from scaffold.model.project import Project


def room_of(layer: Layer) -> str:
    """Return the package of a layer's rules."""
    return f"scaffold.gaps.{layer.value.replace('-', '_')}"


def _modules(layer: Layer) -> Iterator[ModuleType]:
    package = import_module(room_of(layer))
    files = (path for folder in package.__path__ for path in Path(folder).iterdir())
    for name in sorted(path.stem for path in files if path.suffix == ".py" and path.stem != "__init__"):
        yield import_module(f"{package.__name__}.{name}")


@cache
def all_rules() -> tuple[Rule, ...]:
    """Return every rule, by layer and code."""
    found = [module.RULE for layer in Layer for module in _modules(layer) if hasattr(module, "RULE")]
    return tuple(sorted(found, key=lambda rule: (list(Layer).index(rule.layer), rule.code)))


def layer_cards(project: Project) -> tuple[LayerCard, ...]:
    """Return the card of every layer, in the order of the layers."""
    return tuple(_card_function(layer)(project) for layer in Layer)


def _card_function(layer: Layer) -> Callable[[Project], LayerCard]:
    function: Callable[[Project], LayerCard] = import_module(f"{room_of(layer)}.card").card
    return function
