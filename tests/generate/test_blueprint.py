"""Blueprints are cookiecutter templates: data stays data, nothing of a template is run, every insertion names its filter."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.errors import ScaffoldError, ToolError
from scaffold.generate.blueprint import DELIMITERS, FILTERS, render_blueprint
from scaffold.resources import data_folder

BLUEPRINTS = sorted(path for path in data_folder("blueprints").glob("*/*") if path.is_dir())
FOLDER = "{= cookiecutter.blueprint|name =}"
HOSTILE = "{= 7*7 =} {% raw %} {{ 7*7 }} ${X} $(id) `id` \"q\" 'q' <b> | # * [a](b)\nnext"


def _identity(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def insertions(text: str) -> list[str]:
    """Return what stands between the delimiters of an insertion."""
    return re.findall(r"\{=(?!#)(.*?)=\}", text, re.DOTALL)


@pytest.mark.parametrize("blueprint", BLUEPRINTS, ids=_identity)
def test_every_insertion_names_its_filter(blueprint: Path) -> None:
    for path in blueprint.rglob("*"):
        texts = [path.name] + (
            [path.read_text(encoding="utf-8")] if path.is_file() and path.name != "cookiecutter.json" else []
        )
        for insertion in (found for text in texts for found in insertions(text)):
            assert insertion.rpartition("|")[2].strip() in FILTERS, f"{path}: {insertion}"


@pytest.mark.parametrize("blueprint", BLUEPRINTS, ids=_identity)
def test_every_blueprint_renders_with_its_own_defaults(blueprint: Path) -> None:
    defaults = json.loads((blueprint / "cookiecutter.json").read_text())
    assert defaults["_jinja2_env_vars"] == DELIMITERS
    values = {name: value for name, value in defaults.items() if not name.startswith("_")}
    files = render_blueprint(blueprint.parent.name, blueprint.name, values, None)
    assert files
    assert not any("cookiecutter" in file.text or "{%" in file.text for file in files)


@pytest.fixture
def shadow(tmp_path: Path) -> Callable[[dict[str, str]], Path]:
    """Return a function that writes the blueprint `room/made` into a folder of the user's."""

    def make(files: dict[str, str]) -> Path:
        for name, text in files.items():
            target = tmp_path / "mine" / "room" / "made" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        return tmp_path / "mine"

    return make


def _one(shadow: Path, **values: object) -> str:
    (file,) = render_blueprint("room", "made", values, shadow)
    return file.text


def test_text_that_looks_like_a_template_stays_text(shadow: Callable[[dict[str, str]], Path]) -> None:
    folder = shadow({f"{FOLDER}/a.json": "{= cookiecutter.text|json =}\n"})
    assert json.loads(_one(folder, text=HOSTILE)) == HOSTILE


def test_markdown_links_and_formats_nothing(shadow: Callable[[dict[str, str]], Path]) -> None:
    folder = shadow({f"{FOLDER}/a.md": "{= cookiecutter.text|md =}\n"})
    assert _one(folder, text="*a* [b](c) <i>\n# d `e`") == "\\*a\\* \\[b\\](c) \\<i\\> \\# d \\`e\\`\n"


def test_a_code_span_holds_backticks(shadow: Callable[[dict[str, str]], Path]) -> None:
    folder = shadow({f"{FOLDER}/a.md": "{= cookiecutter.text|code =}\n"})
    assert _one(folder, text="a `b` ``c``") == "``` a `b` ``c`` ```\n"


def test_other_braces_are_left_alone(shadow: Callable[[dict[str, str]], Path]) -> None:
    text = "[[ -f x ]] && echo ${{ github.sha }} {{ .Values.x }} %{ if } {x=1}\n"
    assert _one(shadow({f"{FOLDER}/a.sh": text})) == text


def test_hooks_and_extensions_of_a_template_do_not_run(shadow: Callable[[dict[str, str]], Path], tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    folder = shadow(
        {
            f"{FOLDER}/a.txt": "a\n",
            "hooks/pre_gen_project.sh": f"#!/bin/sh\ntouch {mark}\n",
            "hooks/post_gen_project.py": f"open({str(mark)!r}, 'w')\n",
            "cookiecutter.json": json.dumps({"_extensions": ["no.such.Extension"]}),
        }
    )
    assert _one(folder) == "a\n"
    assert not mark.exists()


def test_scripts_keep_their_mode(shadow: Callable[[dict[str, str]], Path]) -> None:
    folder = shadow({f"{FOLDER}/run.sh": "#!/bin/sh\n"})
    (folder / "room" / "made" / FOLDER / "run.sh").chmod(0o755)
    (file,) = render_blueprint("room", "made", {}, folder)
    assert file.mode == 0o755


def test_a_mistake_in_a_template_is_an_error_with_its_place(shadow: Callable[[dict[str, str]], Path]) -> None:
    with pytest.raises(ScaffoldError, match="room/made cannot be rendered"):
        _one(shadow({f"{FOLDER}/a.txt": "{= cookiecutter.unknown|json =}"}))


def test_a_name_cannot_leave_the_folder() -> None:
    with pytest.raises(ScaffoldError, match="not a name of a blueprint"):
        render_blueprint("monitoring", "../monitoring", {}, None)


def test_without_the_extra_the_pip_line_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cookiecutter.generate", None)
    with pytest.raises(ToolError, match=r"pip install 'scaffold-iac\[generate\]'") as raised:
        render_blueprint("monitoring", "logs", {}, None)
    assert raised.value.exit_code == 4


def test_a_link_in_a_blueprint_is_not_followed(shadow: Callable[[dict[str, str]], Path], tmp_path: Path) -> None:
    folder = shadow({f"{FOLDER}/a.txt": "a\n"})
    (tmp_path / "secret").write_text("hidden")
    (folder / "room" / "made" / FOLDER / "b.txt").symlink_to(tmp_path / "secret")
    with pytest.raises(ScaffoldError, match="symbolic link"):
        _one(folder)


def test_the_page_on_blueprints_works_as_shown(tmp_path: Path) -> None:
    """The commands of docs/blueprints.md, run where they say."""
    page = (data_folder("blueprints").parent / "docs" / "blueprints.md").read_text(encoding="utf-8")
    by_hand, own = re.findall(r"```console\n(.*?)```", page, re.DOTALL)
    (tmp_path / "blueprints").symlink_to(data_folder("blueprints"))
    (tmp_path / "compose.yaml").write_text("services:\n  web: {image: 'ghcr.io/acme/web:1', ports: ['80:80']}\n")
    programs = str(Path(sys.executable).parent)
    environment = {"PATH": f"{programs}:/usr/bin:/bin", "HOME": str(tmp_path / "home")}

    def run(text: str) -> str:
        script = "\n".join(line.removeprefix("$ ") for line in text.splitlines() if line.startswith("$ "))
        done = subprocess.run(
            ["bash", "-euc", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert run(by_hand).split() == ["config.alloy", "loki.yaml"]
    assert '"72h"' in (tmp_path / "logs" / "loki.yaml").read_text()
    edit = "$ sed -i 's/^auth_enabled:/# our own\\nauth_enabled:/' ops/blueprints/monitoring/logs/*/loki.yaml\n"
    run(own.replace("$ scaffold generate", f"{edit}$ scaffold generate --no-validate"))
    (written,) = (tmp_path / "monitoring").rglob("loki.y*ml")
    assert "# our own" in written.read_text()
