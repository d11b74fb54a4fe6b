"""The room `guides`: pages for operators, all with the project's own names and commands."""

from scaffold.generate.guides.render import render

__all__ = ["render"]
