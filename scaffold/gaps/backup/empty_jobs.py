"""Jobs that Kubernetes starts by the clock for a backup: those that copy something, and those whose script is a stand-in."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.kubernetes.objects import KubernetesObject, objects, texts_of
from scaffold.gaps.remembered import remembered
from scaffold.gaps.signals import foreign_infrastructure
from scaffold.model.document import Location, Mapping, Sequence, find, text_of
from scaffold.model.frozen import frozen
from scaffold.model.project import Project
from scaffold.model.regex import regex

_CALLED = regex(r"(?i)back-?_?up|dump|snapshot|velero|restic")
_SAYS_NOTHING = regex(
    r"#.*|(?:echo|printf)\b(?:[^|>`$]|\$(?!\())*|set\s+[-+]\w+(?:\s+\w+)*|exit(?:\s+0)?|true|:"
    r"|mkdir\s[^|;&$`(]*(?:\$\{?\w[^|;&`(]*)?|sleep\s+\d+|date|[A-Z_]+=\S*|"
)
"""A line of shell by which nothing is copied."""


@frozen
class EmptyJob:
    """A job for a backup that copies nothing: its name, and its script with the ConfigMap that holds it ("", None)."""

    name: str
    script: str
    location: Location
    holder: Location | None


@remembered
def copying_jobs(project: Project) -> tuple[Location, ...]:
    """Return the CronJobs that are by their words for a backup, without those that are known to copy nothing."""
    empty = {item.location for item in empty_jobs(project)}
    found = []
    for file in foreign_infrastructure(project):
        for kind, name, place in file.resources:
            if kind == "CronJob" and place not in empty and _CALLED.search(f"{name}\n{_document(project, place)}"):
                found.append(place)
    return tuple(found)


def _document(project: Project, place: Location) -> str:
    """Return the text of the document that begins at a place."""
    lines = (project.source(place.path) or "").splitlines()[place.line - 1 :]
    end = next((number for number, line in enumerate(lines) if number and line.startswith("---")), len(lines))
    return "\n".join(lines[:end])


@remembered
def empty_jobs(project: Project) -> tuple[EmptyJob, ...]:
    """Return the CronJobs that are called after a backup and whose whole script, their own or a ConfigMap's, only speaks."""
    if not any(kind == "CronJob" for file in foreign_infrastructure(project) for kind, _, _ in file.resources):
        return ()
    known = objects(project)
    maps = {item.name: item for item in known if item.kind == "ConfigMap"}
    jobs = (item for item in known if item.kind == "CronJob" and _CALLED.search(item.name))
    return tuple(found for job in jobs if (found := _empty(job, maps)) is not None)


def _empty(job: KubernetesObject, maps: dict[str, KubernetesObject]) -> EmptyJob | None:
    if len(job.containers) != 1 or find(job.pod, "initContainers") is not None:
        return None
    container = job.containers[0]
    words = "\n".join(_words(container, "command") + _words(container, "args"))
    if re.search(r"(?m)(?:^|[;&|(])\s*(?:curl|wget|git)\s", words):
        return None  # What is fetched may be all of the script.
    for path, script, holder in _given(job, container, maps):
        if re.search(rf"{re.escape(path)}(?![\w.-])", words):
            return EmptyJob(job.name, path, job.location, holder) if does_nothing(script) else None
    body = words.partition("-c\n")[2]
    return EmptyJob(job.name, "", job.location, None) if body and does_nothing(body) else None


def _words(container: Mapping, key: str) -> list[str]:
    node = container.get(key)
    return [text_of(item) for item in node.items] if isinstance(node, Sequence) else []


def _given(job: KubernetesObject, container: Mapping, maps: dict[str, KubernetesObject]) -> Iterator[tuple[str, str, Location]]:
    """Yield the path, the text and the ConfigMap of each script that a volume puts before the container."""
    volumes = find(job.pod, "volumes")
    mounts = container.get("volumeMounts")
    sources = {
        text_of(find(item, "name")): text_of(find(item, "configMap", "name"))
        for item in (volumes.items if isinstance(volumes, Sequence) else ())
    }
    for mount in mounts.items if isinstance(mounts, Sequence) else ():
        holder = maps.get(sources.get(text_of(find(mount, "name")), ""))
        target = text_of(find(mount, "mountPath")).rstrip("/")
        if holder is not None:
            for name, text in texts_of(holder.node.get("data")).items():
                yield f"{target}/{name}", text, holder.location


def does_nothing(script: str) -> bool:
    """Whether every line of a shell text only says something, waits or sets a name."""
    return all(_SAYS_NOTHING.fullmatch(line.strip()) for line in script.splitlines())
