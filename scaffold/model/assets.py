"""What writes the lists of assets that templates ask for: without the list, each page that asks is an error."""

from __future__ import annotations

import re

from scaffold.model.frozen import frozen
from scaffold.model.regex import regex


@frozen
class Pipeline:
    """A build of assets: the package that shows it and in which manifest, the templates and how they ask, and the lists that it
    writes, from the folder of the manifest.
    """

    name: str
    package: str
    manifest: str
    templates: str
    ending: str
    call: re.Pattern[str]
    lists: tuple[str, ...]
    command: str
    asks: tuple[str, ...] = ()
    """Words of a template that asks first whether the list is there."""
    settings: str = ""
    lenient: re.Pattern[str] | None = None
    """Settings by which a missing list is no error."""


PIPELINES = (
    Pipeline(
        "Webpack Encore",
        "symfony/webpack-encore-bundle",
        "composer.json",
        "templates",
        ".twig",
        regex(r"\bencore_entry_(?:link|script)_tags\(", words=("encore_entry",)),
        ("public/build/entrypoints.json",),
        "npm ci && npm run build",
        ("encore_entry_exists",),
        "config/packages/webpack_encore.yaml",
        regex(r"^[ \t]*(?:strict_mode|output_path)[ \t]*:[ \t]*false\b", re.MULTILINE),
    ),
    Pipeline(
        "Vite",
        "laravel/framework",
        "composer.json",
        "resources/views",
        ".blade.php",
        regex(r"(?<!@)@vite\(", words=("@vite",)),
        ("public/build/manifest.json", "public/build/.vite/manifest.json", "public/hot"),
        "npm ci && npm run build",
        ("file_exists(public_path('build/manifest.json'))", "useBuildDirectory", "buildDirectory"),
    ),
    Pipeline(
        "vite_rails",
        "vite_rails",
        "Gemfile",
        "app/views",
        "",
        regex(r"\bvite_(?:javascript|typescript|stylesheet|client)_tag\b", words=("vite_",)),
        ("public/vite/.vite/manifest.json", "public/vite/manifest.json"),
        "bin/rails assets:precompile",
    ),
    Pipeline(
        "Shakapacker",
        "shakapacker",
        "Gemfile",
        "app/views",
        "",
        regex(r"\b(?:javascript|stylesheet)_pack_tag\b", words=("_pack_tag",)),
        ("public/packs/manifest.json",),
        "bin/rails assets:precompile",
    ),
    Pipeline(
        "Propshaft",
        "propshaft",
        "Gemfile",
        "app/views/layouts",
        "",
        regex(r"\bstylesheet_link_tag\b", words=("stylesheet_link_tag",)),
        ("public/assets/.manifest.json",),
        "bin/rails assets:precompile",
    ),
    Pipeline(
        "Sprockets",
        "sprockets-rails",
        "Gemfile",
        "app/views/layouts",
        "",
        regex(r"\bstylesheet_link_tag\b", words=("stylesheet_link_tag",)),
        ("public/assets",),
        "bin/rails assets:precompile",
    ),
)
