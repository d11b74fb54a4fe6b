"""How the files that we write reach a program: mounts of the overlay, or the very paths that the base binds already."""

from __future__ import annotations

import posixpath
from dataclasses import replace

from scaffold.model.compose import Service, Stack
from scaffold.model.document import Scalar, Sequence, scalars_of
from scaffold.model.frozen import frozen
from scaffold.model.monitoring import FileMount, Remark
from scaffold.model.project import Project
from scaffold.model.secret_names import may_be_sensitive_name
from scaffold.model.secrets import url_password
from scaffold.plan.monitoring.free import Taken
from scaffold.plan.monitoring.theirs import carried, configuration_path, host_path, unreachable

PROMETHEUS_FILE = "/etc/prometheus/prometheus.yml"


@frozen
class PrometheusWiring:
    """Where the configuration and the rules of a Prometheus come from; `loads` tells whether it reads ours."""

    mounts: tuple[FileMount, ...]
    loads: bool = True
    carried: str = ""
    command: tuple[str, ...] = ()
    """The command with our configuration in place of theirs, which stays mounted where it is."""
    remarks: tuple[Remark, ...] = ()


def inside(service: Service | None, target: str, source: str) -> FileMount:
    """Return where a file has to be written so that `target` shows it: below a bind of the base, else `source`, mounted."""
    bound = host_path(service, target) if service else None
    return FileMount(bound, target, added=False) if bound else FileMount(source, target)


def own_prometheus(folder: str, taken: Taken, their_rules: tuple[str, ...]) -> PrometheusWiring:
    """Return the mounts of a Prometheus of ours."""
    configuration = taken.path(f"{folder}/prometheus/prometheus.yml", f"{folder}/prometheus/production.yml")
    mounts = [FileMount(configuration, PROMETHEUS_FILE), FileMount(_beside(configuration), "/etc/prometheus/rules")]
    mounts += [
        FileMount(path, f"/etc/prometheus/their-rules/{posixpath.basename(path)}", written=False) for path in their_rules
    ]
    return PrometheusWiring(tuple(mounts))


def their_prometheus(project: Project, stack: Stack, service: Service, folder: str, taken: Taken) -> PrometheusWiring:
    """Return how ours reaches their Prometheus: a missing file at the path that it binds, else theirs with ours added."""
    target = configuration_path(service, PROMETHEUS_FILE)
    bound = host_path(service, target)
    if bound is None and service.build:
        remark = Remark(service.name, "its configuration is built into its image, so nothing is added to it")
        return PrometheusWiring((), loads=False, remarks=(remark,))
    if bound is None:
        return _with_rules(service, FileMount(taken.path(f"{folder}/prometheus/prometheus.yml"), target))
    if not project.exists(bound):
        remark = Remark(bound, f"{service.name} binds it and it did not exist: it is written there")
        return replace(_with_rules(service, FileMount(bound, target, added=False)), remarks=(remark,))
    config = next((item for item in project.prometheus if item.path == bound), None)
    drop = unreachable(config, stack, service) if config else ()
    kept = carried(project, bound, posixpath.dirname(target), drop)
    if kept is None or config is None:
        text = "it holds credentials or could not be read, so nothing was added to it: add the jobs and rules by hand"
        return PrometheusWiring((), loads=False, remarks=(Remark(bound, text),))
    command = _command(service)
    if command is None:
        text = f"the command of {service.name} could not be taken over, so nothing was added to it"
        return PrometheusWiring((), loads=False, remarks=(Remark(bound, text),))
    stem, extension = posixpath.splitext(bound)
    source = taken.path(f"{stem}.production{extension}")
    ours = inside(service, f"{posixpath.dirname(target)}/{posixpath.basename(source)}", source)
    text = f"it stays for the base; in the production set {service.name} reads {source}, which has its jobs and adds ours"
    if drop:
        text += f" (left out, because no service answers to that name: {', '.join(drop)})"
    remark = Remark(bound, text)
    return replace(
        _with_rules(service, ours), carried=kept, command=(*command, f"--config.file={ours.target}"), remarks=(remark,)
    )


def _command(service: Service) -> tuple[str, ...] | None:
    """Return the words of the command without its configuration file, in Compose's syntax; None when they are not known."""
    node = service.node.get("command")
    if service.entrypoint is not None or (isinstance(node, Scalar) and "$" in (node.raw or node.value)):
        return None
    if node is None:
        return ("--storage.tsdb.path=/prometheus",)
    words = [item.raw or item.value for item in scalars_of(node)] if isinstance(node, Sequence) else list(service.command or ())
    if any(may_be_sensitive_name(word.partition("=")[0].lstrip("-")) or url_password(word) for word in words):
        return None
    kept = [word for index, word in enumerate(words) if "--config.file" not in (words[index - 1] if index else "", word)]
    return tuple(word for word in kept if not word.startswith("--config.file="))


def _beside(configuration: str) -> str:
    folder = posixpath.dirname(configuration)
    return f"{folder}/rules" if folder else "rules"


def _with_rules(service: Service, configuration: FileMount) -> PrometheusWiring:
    """Return the configuration and, beside it on the host as in the container, the folder of rules."""
    rules = inside(service, f"{posixpath.dirname(configuration.target)}/rules", _beside(configuration.source))
    return PrometheusWiring((configuration, rules))
