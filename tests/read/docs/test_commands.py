"""Commands of Makefiles, justfiles, scripts, tox and nox, and the places of credentials."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scaffold.model.project import Command, Manifest
from scaffold.read import commands as c
from scaffold.read.sightings import read_sightings


def rows(found: tuple[Command, ...]) -> list[tuple[str, str, int]]:
    return [(item.owner, item.text, item.location.line) for item in found]


def test_recipes_of_a_makefile() -> None:
    text = (
        "COMPOSE := docker compose\n.PHONY: all test\n\nall: lint test ## help\n\nlint:\n\t@ruff check .\n\t# remark\n\t-mypy app \\\n\t\t--strict\n\n"
        "test: ; pytest -q\nifdef CI\nci: test\n\tmake report\nendif\nup down: env\n\t+$(COMPOSE) $@\nVAR = a: b\n\techo orphan\n"
    )
    assert rows(c.read_makefile("Makefile", text)) == [
        ("all", "make lint", 4),
        ("all", "make test", 4),
        ("lint", "ruff check .", 7),
        ("lint", "mypy app --strict", 9),
        ("test", "pytest -q", 12),
        ("ci", "make test", 14),
        ("ci", "make report", 15),
        ("up", "$(COMPOSE) $@", 18),
    ]


def test_every_target_of_a_line_has_the_recipe_once() -> None:
    found = c.read_makefile("Makefile", "a b:\n\techo x\n")
    assert rows(found) == [("a", "echo x", 2)]


def test_recipes_of_a_justfile() -> None:
    text = "set shell := ['bash']\nname := 'x'\n\n# Test\ntest *args: build\n    pytest {{args}}\n\nbuild target='all':\n    @docker compose build {{target}}\n"
    assert rows(c.read_justfile("justfile", text)) == [
        ("test", "just build", 5),
        ("test", "pytest {{args}}", 6),
        ("build", "docker compose build {{target}}", 9),
    ]


def test_scripts_are_shell_only() -> None:
    text = "#!/usr/bin/env bash\nset -e\n# remark\npg_dump shop \\\n  | gzip > x\n"
    assert rows(c.read_script("scripts/backup.sh", text)) == [("", "set -e", 2), ("", "pg_dump shop | gzip > x", 4)]
    assert c.read_script("bin/tool", "#!/usr/bin/env python3\nimport os\n") == ()
    assert c.read_script("scripts/notes", "some words\n") == ()
    assert rows(c.read_script("bin/run", "#!/bin/sh\nexec app\n")) == [("", "exec app", 2)]


def test_tox_and_nox() -> None:
    tox = "[tox]\nenvlist = py,lint\n[testenv]\ndeps = pytest\ncommands =\n    pytest {posargs}\n    - coverage xml\n[testenv:lint]\ncommands = ruff check .\n[flake8]\ncommands = no\n"
    assert rows(c.read_tox("tox.ini", tox)) == [
        ("tox", "pytest {posargs}", 6),
        ("tox", "coverage xml", 7),
        ("tox:lint", "ruff check .", 9),
    ]
    nox = "@nox.session\ndef tests(session):\n    session.install('.')\n    session.run('pytest', \"-q\", *session.posargs)\n"
    assert rows(c.read_noxfile("noxfile.py", nox)) == [("nox:tests", "pytest -q", 4)]


def test_scripts_of_package_json_have_their_lines() -> None:
    text = '{\n "name": "test",\n "scripts": {\n  "test": "vitest",\n  "e2e": "playwright test"\n }\n}\n'
    manifest = Manifest("web/package.json", "node", "test", (), (("test", "vitest"), ("e2e", "playwright test")))
    assert rows(c.package_commands([manifest], {"web/package.json": text})) == [
        ("test", "vitest", 4),
        ("e2e", "playwright test", 5),
    ]


def test_files_of_commands_by_name() -> None:
    found = {
        path: reader.__name__
        for path in (
            "Makefile",
            "ops/x.mk",
            "justfile",
            "tox.ini",
            "noxfile.py",
            "scripts/a.sh",
            "bin/deploy",
            "src/deploy",
            "a.py",
        )
        if (reader := c.command_reader(path))
    }
    assert found == {
        "Makefile": "read_makefile",
        "ops/x.mk": "read_makefile",
        "justfile": "read_justfile",
        "tox.ini": "read_tox",
        "noxfile.py": "read_noxfile",
        "scripts/a.sh": "read_script",
        "bin/deploy": "read_script",
    }


# Made up here, in the shape that the providers issue.
GOOGLE = "AIza" + "Qw9" * 11 + "zz"
AWS = "AKIA" + "ZQ7W4X2Y" * 2


def test_credentials_are_seen_and_not_kept() -> None:
    text = f"# keys\nGOOGLE_API_KEY={GOOGLE}\n  aws_access_key_id: '{AWS}'\nplain = {AWS}\n"
    found = read_sightings("docker.env", text)
    assert [(item.provider, item.key, item.location.line, item.location.column) for item in found] == [
        ("google", "GOOGLE_API_KEY", 2, 16),
        ("aws", "aws_access_key_id", 3, 23),
        ("aws", "plain", 4, 9),
    ]
    assert GOOGLE[4:] not in repr(found)


def test_a_credential_of_every_provider_is_seen() -> None:
    tail = "3kF9aQ7xZ2mB8cV5nL1pR6tY4wJ0hGdS" * 2
    begins = ["sk-ant-api03-", "sk-", *(f"gh{kind}_" for kind in "pousr"), "github_pat_", *(f"xox{kind}-" for kind in "abprs")]
    begins += ["glpat-", "sk_" + "live_", "rk_" + "live_", "AK" + "IA", "AS" + "IA", "AI" + "za"]
    for begin in begins:
        key = begin + (
            tail.upper()[:16] if begin in {"AK" + "IA", "AS" + "IA"} else tail[:35] if begin == "AI" + "za" else tail
        )
        assert read_sightings("config.txt", f"key: {key}\n"), begin
    assert read_sightings("config.txt", f"key: SG.{tail[:22]}.{tail[:43]}\n")


def test_private_keys() -> None:
    head = "-----BEGIN RSA " + "PRIVATE KEY-----"
    body = "MIIfake" + "0aB+" * 15
    for text in (f"{head}\n{body}\n", f"KEY='{head}\\n{body}'"):
        assert [(item.provider, item.location.line) for item in read_sightings("deploy.pem", text)] == [("private key", 1)]
    locked = f"{head}\nProc-Type: 4,ENCRYPTED\n\n{body}\n"
    assert [(item.provider, item.location.line) for item in read_sightings("deploy.pem", locked)] == [("locked private key", 1)]
    for text in (head, f"{head}\n...\n", f"A key begins with {head} and so on.", f"{head}\nfake\n"):
        assert read_sightings("docs.md", text) == ()


def test_dummies_and_parts_of_words_are_none() -> None:
    dummies = [
        "sk-sensitive-api-key-456",
        "AKIAIOSFODNN7EXAMPLE",
        "AIza" + "x" * 35,
        "task-" + "a" * 40,
        "sk-your-key-goes-right-here-1",
        "risk-assessment-and-more-words-here",
        "<AKIA" + "0" * 16,
    ]
    assert read_sightings("README.md", "\n".join(dummies)) == ()


@given(
    st.text(alphabet=st.sampled_from("AKIAsk-ghp_:= \nAIza'\"09xyz-----BEGIN PRIVATE KEY"), max_size=200)
    | st.text(max_size=100)
)
def test_any_text_is_read_with_places_inside_it(text: str) -> None:
    lines = text.split("\n")
    for reader in (c.read_makefile, c.read_justfile, c.read_script, c.read_tox, c.read_noxfile):
        for item in reader("scripts/x.sh", "#!/bin/sh\n" + text):
            assert 1 <= item.location.line <= len(lines) + 1
    for sighting in read_sightings("a", text):
        assert 1 <= sighting.location.line <= len(lines)
        assert 1 <= sighting.location.column <= len(lines[sighting.location.line - 1]) + 1
