"""What the tasks of Ansible do on hosts: the commands that they run, the stacks that they start, the files that they copy."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from scaffold.model.document import Entry, Location, Mapping, Node, Scalar, Sequence, find, scalars_of, text_of
from scaffold.model.project import Command
from scaffold.model.regex import regex
from scaffold.read.yaml import parse_documents

_PATH = regex(
    r"(?:^|/)(?:ansible|playbooks?)/.*\.ya?ml|(?:^|/)(?:tasks|handlers)/[^/]+\.ya?ml|(?:^|/)[\w.-]*playbook[\w.-]*\.ya?ml"
    r"|(?:^|/)(?:site|deploy|provision|setup)\.ya?ml",
    words=("ansible", "deploy", "handlers", "playbook", "provision", "setup", "site", "tasks"),
)
_COPIES = frozenset({"copy", "template", "synchronize", "unarchive"})
_RUNS = frozenset({"shell", "command", "raw"})
_STACKS = frozenset({"docker_compose_v2", "docker_compose"})
_LISTS = ("tasks", "pre_tasks", "post_tasks", "handlers", "block", "rescue", "always")
OWNER = "deploy"
"""What the commands belong to: a playbook works on the hosts of its inventory."""


def is_playbook(path: str) -> bool:
    """Whether the file may hold tasks of Ansible by its name and folder."""
    return bool(_PATH.search(path)) and not path.startswith(".github/")


def read_playbook(path: str, text: str) -> tuple[Command, ...]:
    """Return what the tasks of a file do as commands, copies as `copy SOURCE TARGET`; none for a file that holds no tasks."""
    if "hosts:" not in text and "name:" not in text:
        return ()
    documents, _ = parse_documents(path, text)
    tasks = (task for document in documents for task in _tasks(document.root))
    return tuple(command for task in tasks for command in _commands(task))


def _tasks(node: Node | None) -> Iterator[Mapping]:
    for item in node.items if isinstance(node, Sequence) else ():
        if not isinstance(item, Mapping):
            continue
        inner = [value for name in _LISTS if (value := item.get(name)) is not None]
        if inner or item.get("hosts") is not None:
            for value in inner:
                yield from _tasks(value)
        else:
            yield item


def _commands(task: Mapping) -> Iterator[Command]:
    for entry in task.entries:
        module = entry.key.value.rpartition(".")[2]
        for text in _texts(module, entry, task):
            yield Command(" ".join(text.split()), "playbook", OWNER, _place(entry))


def _texts(module: str, entry: Entry, task: Mapping) -> Iterator[str]:
    given = entry.value
    if module in _COPIES:
        source, target = (text_of(find(given, name)) for name in ("src", "dest"))
        if source and target:
            yield f"copy {source} {target}"
    elif module in _STACKS and text_of(find(given, "state")) != "absent":
        files = "".join(f" -f {posixpath.basename(item.value)}" for item in scalars_of(find(given, "files")))
        yield f"docker compose{files} up -d"
    elif module in _STACKS and text_of(find(given, "remove_volumes")).lower() in {"true", "yes"}:
        files = "".join(f" -f {posixpath.basename(item.value)}" for item in scalars_of(find(given, "files")))
        yield f"docker compose{files} down --volumes"
    elif module == "docker_volume" and text_of(find(given, "state")) == "absent":
        yield f"docker volume rm {text_of(find(given, 'name') or find(given, 'volume_name'))}"
    elif module in _RUNS:
        text = given.value if isinstance(given, Scalar) else text_of(find(given, "cmd"))
        words = text or " ".join(item.value for item in scalars_of(find(given, "argv")))
        folder = text_of(find(task, "args", "chdir")) or text_of(find(given, "chdir"))
        for line in words.replace("\\\n", " ").splitlines():
            if line.strip():
                yield f"cd {folder} && {line}" if folder else line


def _place(entry: Entry) -> Location:
    return Location(entry.key.location.path, entry.key.location.line)
