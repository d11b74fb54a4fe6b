"""The inventory: which files count, which are refused and why, and that nothing outside the project is read."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.read.git import ignored_paths, remote_name
from scaffold.read.inventory import TEXT_LIMIT, Inventory, TextReader, read_bytes, take_inventory

MakeProject = Callable[..., Path]


def messages(inventory: Inventory) -> dict[str, str]:
    return {problem.location.path: problem.message for problem in inventory.problems}


def test_tracked_and_new_files_count_ignored_ones_do_not(make_project: MakeProject) -> None:
    root = make_project({"app.py": "", ".gitignore": "secret.txt\n"})
    (root / "new.py").write_text("")
    (root / "secret.txt").write_text("")
    found = take_inventory(root)
    assert found.files == (".gitignore", "app.py", "new.py")
    assert found.untracked == {"new.py"}
    assert found.git


def test_a_deleted_file_is_not_there_although_git_lists_it(make_project: MakeProject) -> None:
    root = make_project({"a.txt": "", "b.txt": ""})
    (root / "a.txt").unlink()
    assert take_inventory(root).files == ("b.txt",)


def test_without_git_the_folder_is_walked(make_project: MakeProject) -> None:
    root = make_project(
        {"b/c.txt": "", "a.txt": "", "node_modules/x.js": "", ".env": "A=1\n", "b/.env.local": "", "docker.env": ""}, git=False
    )
    found = take_inventory(root)
    assert not found.git
    assert found.files == (".env", "a.txt", "b/.env.local", "b/c.txt", "docker.env")
    reader = TextReader(found)
    assert [path for path in found.files if reader.text(path) is None] == [".env", "b/.env.local"]


@pytest.mark.parametrize(
    ("path", "counts"),
    [
        ("vendor/lib/compose.yaml", False),
        ("third_party/x.tf", False),
        ("app/dist/x.js", False),
        ("tests/fixtures/compose.yaml", False),
        ("pkg/testdata/x.yml", False),
        (".claude/templates/main.tf", False),
        ("app/templates/index.html", False),
        ("examples/compose.yaml", False),
        ("deploy/chart/templates/web.yaml", True),
        ("deploy/other/templates/web.yaml", False),
        ("infra/main.tf", True),
    ],
)
def test_excluded_folders(make_project: MakeProject, path: str, counts: bool) -> None:
    root = make_project({path: "x\n", "deploy/chart/Chart.yaml": "name: chart\n"})
    found = take_inventory(root)
    assert (path in found.files) is counts
    assert path in found.present


def test_the_name_of_the_root_and_of_its_parents_excludes_nothing(tmp_path: Path) -> None:
    root = tmp_path / "examples" / "vendor"
    root.mkdir(parents=True)
    (root / "a.txt").write_text("")
    assert take_inventory(root).files == ("a.txt",)


def test_documentation_is_kept_apart(make_project: MakeProject) -> None:
    found = take_inventory(make_project({"docs/guide.md": "# Guide\n", "docs/compose.yaml": "services: {}\n", "README.md": ""}))
    assert found.files == ("README.md",)
    assert found.docs == ("docs/compose.yaml", "docs/guide.md")


def test_links(make_project: MakeProject, tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("not ours")
    root = make_project({"a.txt": "ours", "folder/b.txt": ""}, git=False)
    (root / "inside.txt").symlink_to("a.txt")
    (root / "leaves.txt").symlink_to(outside)
    (root / "climbs.txt").symlink_to("../outside.txt")
    (root / "dangling.txt").symlink_to("missing.txt")
    (root / "loop.txt").symlink_to("loop.txt")
    (root / "folder" / "up").symlink_to("..")
    found = take_inventory(root)
    assert found.files == ("a.txt", "folder/b.txt", "inside.txt")
    assert TextReader(found).text("inside.txt") == "ours"
    assert set(messages(found)) == {"leaves.txt", "climbs.txt"}
    assert all("leaves the project" in message for message in messages(found).values())


def test_a_project_reached_through_a_link(make_project: MakeProject, tmp_path: Path) -> None:
    root = make_project({"a.txt": "text", "link.txt": "x"})
    (root / "link.txt").unlink()
    (root / "link.txt").symlink_to("a.txt")
    other = tmp_path / "other"
    other.symlink_to(root)
    found = take_inventory(other)
    assert TextReader(found).text("link.txt") == "text"


def test_pipes_and_sockets_are_problems_and_do_not_stop_the_run(make_project: MakeProject) -> None:
    root = make_project({"a.txt": "", "pipe.yml": "x"})
    (root / "pipe.yml").unlink()
    os.mkfifo(root / "pipe.yml")
    assert "regular file" in messages(take_inventory(root))["pipe.yml"]
    plain = root / "plain"
    plain.mkdir()
    here = Path.cwd()
    os.chdir(plain)
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind("s.sock")
    finally:
        os.chdir(here)
    assert "regular file" in messages(take_inventory(plain)).get("s.sock", "regular file")


def test_a_file_that_becomes_a_pipe_after_the_listing(make_project: MakeProject) -> None:
    root = make_project({"a.txt": "text"})
    reader = TextReader(take_inventory(root))
    (root / "a.txt").unlink()
    os.mkfifo(root / "a.txt")
    assert reader.text("a.txt") is None
    assert "cannot be read" in reader.problems[0].message


def test_texts_count_as_if_they_were_files(make_project: MakeProject, tmp_path: Path) -> None:
    root = make_project({"a.txt": "old", "b.txt": "kept"})
    out = tmp_path / "out"
    out.mkdir()
    (out / "a.txt").write_text("written")
    (out / "c.txt").write_text("written")
    laid = {"a.txt": "ü\r\n", "deep/new.yml": "# " + "x" * 2000, "hidden.txt": "", "nul.txt": "\0"}
    found = take_inventory(root, overlay=out, laid=laid, hide=frozenset({"hidden.txt"}))
    assert found.files == ("a.txt", "b.txt", "c.txt", "deep/new.yml", "nul.txt")
    assert "deep" in found.directories
    reader = TextReader(found, yaml_limit=1024)
    assert [reader.text(path) for path in found.files] == ["ü\r\n", "kept", "written", None, None]
    assert [problem.location.path for problem in reader.problems] == ["deep/new.yml", "nul.txt"]
    assert read_bytes(found, "a.txt", 100) == "ü\r\n".encode()
    assert read_bytes(found, "deep/new.yml", 100) is None


def test_limits_name_size_and_limit(make_project: MakeProject) -> None:
    root = make_project({"big.txt": "x" * (TEXT_LIMIT + 1), "big.yml": "# " + "x" * 2000, "fits.txt": "x" * TEXT_LIMIT})
    reader = TextReader(take_inventory(root), yaml_limit=1024)
    assert reader.text("big.txt") is None
    assert reader.text("big.yml") is None
    assert len(reader.text("fits.txt") or "") == TEXT_LIMIT
    assert ["1 MiB" in reader.problems[0].message, "1024" in reader.problems[1].message] == [True, True]
    assert "2002" in reader.problems[1].message


def test_what_is_no_text_is_a_problem(make_project: MakeProject) -> None:
    root = make_project({"latin.yml": "", "nul.yml": "", "fine.yml": "a: ü\n"})
    (root / "latin.yml").write_bytes(b"a: 1\nb: \xfc\n")
    (root / "nul.yml").write_bytes(b"a: \x00\n")
    reader = TextReader(take_inventory(root))
    assert [reader.text(path) for path in ("fine.yml", "latin.yml", "nul.yml")] == ["a: ü\n", None, None]
    said = {problem.location.path: problem.message for problem in reader.problems}
    assert "UTF-8 (line 2)" in said["latin.yml"]
    assert "NUL" in said["nul.yml"]


def test_a_glance_says_nothing_and_a_later_reading_does(make_project: MakeProject) -> None:
    root = make_project({"x.bin": ""})
    (root / "x.bin").write_bytes(b"\x00\x01")
    reader = TextReader(take_inventory(root))
    assert reader.glance("x.bin") is None
    assert reader.problems == []
    assert reader.text("x.bin") is None
    assert reader.text("x.bin") is None
    assert len(reader.problems) == 1


def test_line_ends_and_byte_order_mark_stay(make_project: MakeProject) -> None:
    reader = TextReader(take_inventory(make_project({"a.txt": "\ufeffa\r\nb\n"})))
    assert reader.text("a.txt") == "\ufeffa\r\nb\n"
    assert reader.sources() == (("a.txt", "\ufeffa\r\nb\n"),)


def test_a_path_that_is_not_in_the_inventory_is_never_opened(make_project: MakeProject) -> None:
    reader = TextReader(take_inventory(make_project({"a.txt": ""})))
    assert [reader.text(path) for path in ("/etc/hostname", "../app/a.txt", "a.txt/../a.txt", "")] == [None] * 4


def test_an_untracked_env_file_is_not_read_its_template_is(make_project: MakeProject) -> None:
    root = make_project({".env.staging": "A=1\n"})
    (root / ".env").write_text("TOKEN=mine\n")
    (root / ".env.example").write_text("TOKEN=\n")
    reader = TextReader(take_inventory(root))
    assert [reader.text(path) for path in (".env", ".env.example", ".env.staging")] == [None, "TOKEN=\n", "A=1\n"]


def test_hidden_files_are_not_there(make_project: MakeProject) -> None:
    root = make_project({"a.txt": "", "infra/terraform/main.tf": ""})
    found = take_inventory(root, hide=frozenset({"infra/terraform/main.tf"}))
    assert found.files == ("a.txt",)
    assert found.directories == frozenset()


def test_an_overlay_counts_as_if_its_files_stood_in_the_project(make_project: MakeProject, tmp_path: Path) -> None:
    root = make_project({"a.txt": "old", "b.txt": "same"})
    laid = tmp_path / "out"
    (laid / "deploy").mkdir(parents=True)
    (laid / "a.txt").write_text("new")
    (laid / "deploy" / "c.txt").write_text("more")
    found = take_inventory(root, overlay=laid)
    reader = TextReader(found)
    assert {path: reader.text(path) for path in found.files} == {"a.txt": "new", "b.txt": "same", "deploy/c.txt": "more"}


def test_an_overlay_inside_the_project_is_not_listed_twice(make_project: MakeProject) -> None:
    root = make_project({"a.txt": ""})
    (root / "out").mkdir()
    (root / "out" / "b.txt").write_text("")
    assert take_inventory(root, overlay=root / "out").files == ("a.txt", "b.txt")


def test_a_missing_overlay_adds_nothing(make_project: MakeProject) -> None:
    assert take_inventory(make_project({"a.txt": ""}), overlay=Path("/nowhere/at/all")).files == ("a.txt",)


def test_ignored_paths_with_the_line_that_ignores_them(make_project: MakeProject) -> None:
    root = make_project({".gitignore": "*.log\n.env*\n!.env.example\n", "sub/.gitignore": "data/\n", "sub/x.txt": ""})
    asked = (".env", ".env.example", "a.log", "sub/data/x", "README.md", "weird\nname.log")
    assert ignored_paths(root, asked) == (
        (".env", ".gitignore:2"),
        ("a.log", ".gitignore:1"),
        ("sub/data/x", "sub/.gitignore:1"),
        ("weird\nname.log", ".gitignore:1"),
    )
    assert ignored_paths(root / "sub", ("y.log", "data/x")) == (("data/x", ".gitignore:1"), ("y.log", "../.gitignore:1"))


@pytest.mark.parametrize(
    "url",
    ["https://github.com/team/shop.git", "git@github.com:team/shop.git", "ssh://git@host/team/shop", "/srv/git/shop.git/"],
)
def test_the_name_of_the_remote(make_project: MakeProject, url: str) -> None:
    root = make_project({"a.txt": ""})
    assert remote_name(root) == ""
    subprocess.run(["git", "remote", "add", "origin", url], cwd=root, check=True)
    assert remote_name(root) == "shop"


@pytest.mark.parametrize(
    "section",
    [
        '[remote "origin"]\n\turl = "https://example.org/team/shop" # ours\n',
        '[remote "origin"]\n\turl = https://example.org/team/other\n\turl = https://example.org/team/shop\n',
        '[remote "origin"] url = https://example.org/team/shop\n',
        '[REMOTE "origin"]\nURL=https://example.org/team/shop\n',
        '[remote "origin"]\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n[remote "origin"]\n\turl = https://example.org/team/shop\n',
        '[remote "fork"]\n\turl = https://example.org/me/other\n[remote "origin"]\n\turl = https://example.org/team/shop\n',
    ],
)
def test_the_remote_is_what_git_takes_it_for(make_project: MakeProject, section: str) -> None:
    root = make_project({"a.txt": ""})
    with (root / ".git" / "config").open("a", encoding="utf-8") as config:
        config.write(section)
    said = subprocess.run(
        ["git", "config", "--get", "remote.origin.url"], cwd=root, capture_output=True, text=True, check=True
    ).stdout
    assert said.strip().endswith("/shop")
    assert remote_name(root) == "shop"


def test_names_that_are_not_utf8_are_a_problem(make_project: MakeProject) -> None:
    root = make_project({"a.txt": ""})
    (Path(os.fsdecode(bytes(root) + b"/b\xff.txt"))).write_text("")
    found = take_inventory(root)
    assert found.files == ("a.txt",)
    assert any("UTF-8" in message for message in messages(found).values())


def test_the_variables_of_a_git_hook_name_no_other_repository(
    make_project: MakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_project({"other.txt": ""}, name="other")
    root = make_project({"compose.yaml": "", ".gitignore": "*.log\n"})
    (root / "a.log").write_text("")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git" / "index"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    assert take_inventory(root).files == (".gitignore", "compose.yaml")


def test_what_a_person_ignores_everywhere_changes_nothing(
    make_project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_project({"compose.yaml": "", ".gitignore": "*.log\n"})
    (root / "new.yaml").write_text("")
    (root / "a.log").write_text("")
    (tmp_path / "ignored").write_text("*.yaml\n")
    (tmp_path / "gitconfig").write_text(f"[core]\n\texcludesFile = {tmp_path / 'ignored'}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    assert take_inventory(root).files == (".gitignore", "compose.yaml", "new.yaml")
    assert ignored_paths(root, ["other.yaml", "b.log"]) == (("b.log", ".gitignore:1"),)
