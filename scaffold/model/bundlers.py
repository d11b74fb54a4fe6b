"""The tools that build pages, and the variables whose values they write into the bundle."""

from __future__ import annotations

BUNDLERS = {
    "NEXT_PUBLIC_": "next",
    "VITE_": "vite",
    "REACT_APP_": "react-scripts",
    "VUE_APP_": "@vue/cli-service",
    "GATSBY_": "gatsby",
    "EXPO_PUBLIC_": "expo",
}
"""Prefixes of such variables, each with the package of its tool. NUXT_PUBLIC_ and SvelteKit's PUBLIC_ come at run time too."""


NEXT_SETTINGS = ("next.config.js", "next.config.mjs", "next.config.ts", "next.config.cjs")
POSTCSS_SETTINGS = ("postcss.config.js", "postcss.config.cjs", "postcss.config.mjs", "postcss.config.ts")
