"""The room `terraform`: the plan of the Terraform app, made from the Target, and the files that the app gives back."""

from scaffold.generate.terraform.render import is_installed, render, started_app

__all__ = ["is_installed", "render", "started_app"]
