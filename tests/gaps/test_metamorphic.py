"""What must not matter to any rule: the order of keys, the format, moved lines, names, files, and where a value stands."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
import yaml

from scaffold.app.examination import Place, examine
from tests.conftest import ROOT, commit_all
from tests.projects import EXAMPLES, corpus_folder, corpus_projects

COMPOSE = re.compile(r"(?:[\w.-]+[._-])?(?:docker-)?compose[\w.-]*\.ya?ml")
Marks = set[tuple[str, str, str]]
PROJECTS = [*EXAMPLES, *corpus_projects()]


def source_of(name: str) -> Path:
    return ROOT / "examples" / name if name in EXAMPLES else corpus_folder() / name


@pytest.fixture
def copied(tmp_path: Path) -> Callable[[str], Path]:
    """Return a function that copies a project, without git."""

    def copy(name: str) -> Path:
        target = tmp_path / "project"
        shutil.copytree(source_of(name), target)
        for path in target.rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
        (target / "scaffold.yaml").write_text("project: same\n")
        return target

    return copy


def gaps_of(root: Path) -> Marks:
    return {(item.gap.code, item.gap.resource, item.gap.subject) for item in examine(Place(root)).judgement.gaps}


def compose_files(root: Path) -> Iterable[Path]:
    return (path for path in sorted(root.rglob("*.y*ml")) if COMPOSE.fullmatch(path.name))


def rewrite(root: Path, change: Callable[[yaml.Node], None], **form: object) -> None:
    """Write each compose file anew from its nodes; comments go."""
    for path in compose_files(root):
        nodes = list(yaml.compose_all(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader))
        if len(nodes) == 1 and nodes[0] is not None:
            change(nodes[0])
            path.write_text(yaml.serialize(nodes[0], Dumper=yaml.SafeDumper, allow_unicode=True, **form), encoding="utf-8")


def as_it_is(_node: yaml.Node) -> None:
    return


def turned(node: yaml.Node, seen: set[int] | None = None) -> None:
    """Turn the order of the keys of every mapping round; lists keep theirs, which has a meaning."""
    known = set() if seen is None else seen
    if id(node) in known:
        return
    known.add(id(node))
    if isinstance(node, yaml.MappingNode):
        node.value = node.value[::-1]
        for _, value in node.value:
            turned(value, known)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            turned(item, known)


def in_flow(node: yaml.Node) -> None:
    """Write what lies below each service in braces and brackets."""
    if isinstance(node, yaml.MappingNode):
        for key, services in node.value:
            if key.value == "services" and isinstance(services, yaml.MappingNode):
                for _, service in services.value:
                    if isinstance(service, yaml.MappingNode):
                        service.flow_style = True


@pytest.mark.parametrize("name", PROJECTS)
def test_order_and_format_do_not_matter(copied: Callable[[str], Path], name: str) -> None:
    root = copied(name)
    rewrite(root, as_it_is)
    first = gaps_of(root)
    rewrite(root, turned, indent=4, width=40)
    assert gaps_of(root) == first
    rewrite(root, in_flow, width=4000)
    assert gaps_of(root) == first


@pytest.mark.parametrize("name", PROJECTS)
def test_moved_lines_do_not_matter(copied: Callable[[str], Path], name: str) -> None:
    root = copied(name)
    first = gaps_of(root)
    for path in root.rglob("*"):
        if path.suffix in {".yml", ".yaml", ".py", ".tf", ".sh"} and path.is_file() and "templates" not in path.parts:
            text = path.read_text(encoding="utf-8")
            path.write_text(text if text.startswith("#!") else f"# a line more\n\n{text}", encoding="utf-8")
    assert gaps_of(root) == first


@pytest.mark.parametrize("name", PROJECTS)
def test_line_ends_of_windows_do_not_matter(copied: Callable[[str], Path], name: str) -> None:
    root = copied(name)
    first = gaps_of(root)
    for path in compose_files(root):
        path.write_bytes(path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    assert gaps_of(root) == first


RENAMED = [
    ("propertypro", "scheduler", "planner"),
    ("friday", "redis", "redis-store"),
    ("AAVezirova22__Demetra", "api", "api-main"),
    ("616xold__howlhouse", "backend", "backend-main"),
    ("docker__awesome-compose/react-express-mysql", "backend", "backend-main"),
]


@pytest.mark.parametrize(("name", "old", "new"), RENAMED)
def test_the_name_of_a_service_does_not_matter(copied: Callable[[str], Path], name: str, old: str, new: str) -> None:
    """A service is renamed where Compose names it: its key, the edges to it, and its host in URLs and targets."""
    root = copied(name)
    first = gaps_of(root)
    for path in sorted(root.rglob("*.y*ml")):
        path.write_text(renamed(path.read_text(encoding="utf-8"), old, new), encoding="utf-8")
    expected = {(code, with_name(resource, old, new), with_name(subject, old, new)) for code, resource, subject in first}
    assert {as_text(mark) for mark in gaps_of(root)} == {as_text(mark) for mark in expected}


def renamed(text: str, old: str, new: str) -> str:
    text = re.sub(rf"^(  |      )({old}):", rf"\1{new}:", text, flags=re.MULTILINE)
    text = re.sub(rf"^(\s+- ){old}\s*$", rf"\1{new}", text, flags=re.MULTILINE)
    text = re.sub(rf"(depends_on: \[[^\]]*?)\b{old}\b", rf"\1{new}", text)
    return re.sub(rf"(?<!image:)((?://|@|[\"' ])){old}(?=:\d|/)", rf"\1{new}", text)


def with_name(text: str, old: str, new: str) -> str:
    return re.sub(rf"(^|/){old}(?=$|[/:])", rf"\1{new}", text)


def as_text(mark: tuple[str, str, str]) -> str:
    return " ".join(mark)


SPLIT = ["friday", "propertypro", "AAVezirova22__Demetra", "docker__awesome-compose/react-express-mysql", "CTFd__CTFd"]


@pytest.mark.parametrize("name", SPLIT)
def test_a_stack_in_two_files_by_include_is_the_same(copied: Callable[[str], Path], name: str) -> None:
    root = copied(name)
    base = next(path for path in compose_files(root) if path.parent == root and path.stem in {"docker-compose", "compose"})
    document = yaml.safe_load(base.read_text(encoding="utf-8"))
    base.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    first = gaps_of(root)
    names = sorted(document["services"])
    moved = {key: document["services"].pop(key) for key in names[: len(names) // 2]}
    document["include"] = ["more.yaml"]
    base.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    (root / "more.yaml").write_text(yaml.safe_dump({"services": moved}, sort_keys=False), encoding="utf-8")
    assert gaps_of(root) == first


MOVED = [
    ("propertypro", "docker-compose.yml", r"image: [a-z]+:(?P<value>\S+)", "STORE_VERSION"),
    ("AAVezirova22__Demetra", "docker-compose.yml", r"image: [a-z]+:(?P<value>\S+)", "STORE_VERSION"),
    ("docker__awesome-compose/nginx-golang-mysql", "compose.yaml", r"- (?P<value>80):80", "WEB_PORT"),
]


@pytest.mark.parametrize(("name", "path", "pattern", "variable"), MOVED)
def test_a_value_in_the_env_file_is_the_same(
    copied: Callable[[str], Path], name: str, path: str, pattern: str, variable: str
) -> None:
    """What is a matter of the env file itself (that it is there, and what templates say of it) is left out."""
    root = copied(name)
    commit_all(root)
    first = gaps_of(root)
    text = (root / path).read_text(encoding="utf-8")
    match = re.search(pattern, text)
    assert match is not None
    (root / path).write_text(text[: match.start("value")] + f"${{{variable}}}" + text[match.end("value") :], encoding="utf-8")
    env = root / ".env"
    env.write_text(
        (env.read_text(encoding="utf-8") if env.exists() else "") + f"{variable}={match['value']}\n", encoding="utf-8"
    )
    commit_all(root)
    assert without_env_rules(gaps_of(root)) == without_env_rules(first)


def without_env_rules(marks: Marks) -> Marks:
    return {mark for mark in marks if mark[0][:3] not in {"CFG", "SEC"}}
