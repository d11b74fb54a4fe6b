"""What a script says of itself: its docstring or the comment at its top, and no comment that is about the next line."""

from __future__ import annotations

import pytest

from scaffold.read.scripts import read_operational_script


@pytest.mark.parametrize(
    ("text", "purpose"),
    [
        ("#!/bin/sh\n# Copies the database.\nset -e\n", "Copies the database"),
        ("#!/bin/sh\n\n# Copies the database.\n\nset -e\n", "Copies the database"),
        ("#! /usr/bin/env sh\n\n# Exit in case of error\nset -e\n", ""),
        ('"""Adds today\'s date to the "notes"."""\nimport os\n', 'Adds today\'s date to the "notes"'),
        ("#!/usr/bin/env python\n# a licence\n'''Prepares a release.'''\n", "Prepares a release"),
        ("#!/bin/bash\n\nset -e\n# Let the DB start\n", ""),
    ],
)
def test_the_purpose_of_a_script(text: str, purpose: str) -> None:
    assert read_operational_script("scripts/a.sh", text).purpose == purpose
