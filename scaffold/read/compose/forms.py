"""Values whose text Compose cannot use: what a variable put in the place of a number, a switch, a size or a duration."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import field

from scaffold.model.document import Mapping, Node, Problem, Scalar, Sequence
from scaffold.model.frozen import frozen
from scaffold.model.regex import regex
from scaffold.read.compose.decode import nanoseconds
from scaffold.read.compose.nodes import effective_entries
from scaffold.read.compose.values import text_of_value
from scaffold.read.yaml import is_null, resolve

_SWITCHES = frozenset({"true", "false", "yes", "no", "y", "n", "on", "off"})
_WHOLE = regex(r"[-+]?[0-9]{1,18}")
_NUMBER = regex(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_SIZE = regex(r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+) ?(?:[kmgtp]?i?b?)|[0-9.]+e[0-9]+", re.IGNORECASE)
_OCTAL = regex(r"[-+]?[0-7]+")


@frozen
class _Form:
    """What a text must be, in words, and whether it is; `written` are forms that no variable can give."""

    words: str
    fits: Callable[[str], object] = field(compare=False)
    written: bool = False


def _whole(least: int, most: int = 2**63 - 1) -> _Form:
    limits = "" if most == 2**63 - 1 and least < 0 else f" from {least}" + ("" if most == 2**63 - 1 else f" to {most}")
    return _Form(f"a whole number{limits}", lambda text: _WHOLE.fullmatch(text) and least <= int(text) <= most)


def _one_of(*words: str) -> _Form:
    return _Form(f"one of {', '.join(words)}", lambda text: text in words)


_ANY = _whole(-(2**63))
_COUNT = _whole(0)
_AMOUNT = _Form("a number", _NUMBER.fullmatch)
_SWITCH = _Form("true or false", lambda text: text.lower() in _SWITCHES)
_BYTES = _Form("a size such as 512m", _SIZE.fullmatch)
_TIME = _Form("a duration such as 30s", lambda text: nanoseconds(text) is not None)
_MODE = _Form("a file mode such as 0440", _OCTAL.fullmatch)
_DEVICES = _Form("all or a whole number", lambda text: text == "all" or _WHOLE.fullmatch(text))
_HOST = _Form("a name and its address, such as db:10.0.0.2", regex(r"[^:=]+[:=].*", re.DOTALL).fullmatch)
_SOMETHING = _Form("a path", bool)
_NAME = _Form("a name of letters, digits and _.-", regex(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+").search)
_POLICY = _Form(
    "a policy such as always or missing",
    regex(r"always|never|build|if_not_present|missing|refresh|daily|weekly|every_(?:[0-9]+[wdhms])+").fullmatch,
)
_WRITTEN_NUMBER = _Form("a number: Compose takes no variable here", _NUMBER.fullmatch, written=True)
_WRITTEN_SWITCH = _Form("true or false: Compose takes no variable here", lambda text: text in {"true", "false"}, written=True)

_Forms = dict[str, "_Form | _Forms"]
_HOSTS: _Forms = {"*": _HOST}
_LIMITS: _Forms = {"cpus": _AMOUNT, "memory": _BYTES, "pids": _ANY, "devices": {"*": {"count": _DEVICES}}}
_ROLLING: _Forms = {"parallelism": _COUNT, "delay": _TIME, "monitor": _TIME, "max_failure_ratio": _AMOUNT}
_THROTTLE: _Forms = {"*": {"rate": _BYTES}}
_HOOK: _Forms = {"*": {"privileged": _SWITCH}}
_FILE: _Forms = {"*": {"mode": _MODE}}
_SERVICE: _Forms = {
    **dict.fromkeys(("mem_limit", "mem_reservation", "memswap_limit", "mem_swappiness", "shm_size"), _BYTES),
    **dict.fromkeys(("cpu_period", "cpu_quota", "cpu_rt_period", "cpu_rt_runtime", "cpu_shares"), _ANY),
    **dict.fromkeys(("pids_limit", "scale"), _ANY),
    **dict.fromkeys(("privileged", "init", "tty", "read_only", "oom_kill_disable", "stdin_open", "attach"), _SWITCH),
    **dict.fromkeys(("post_start", "pre_stop"), _HOOK),
    **dict.fromkeys(("configs", "secrets"), _FILE),
    "blkio_config": {
        "weight": _WRITTEN_NUMBER,
        **dict.fromkeys(("device_read_bps", "device_read_iops", "device_write_bps", "device_write_iops"), _THROTTLE),
    },
    "build": {**dict.fromkeys(("privileged", "no_cache", "pull"), _SWITCH), "shm_size": _BYTES, "extra_hosts": _HOSTS},
    "cgroup": _one_of("host", "private"),
    "container_name": _NAME,
    "cpu_count": _COUNT,
    "cpu_percent": _whole(0, 100),
    "cpus": _AMOUNT,
    "depends_on": {
        "*": {
            "required": _SWITCH,
            "restart": _SWITCH,
            "condition": _one_of("service_started", "service_healthy", "service_completed_successfully"),
        }
    },
    "deploy": {
        "replicas": _ANY,
        "resources": {"limits": _LIMITS, "reservations": _LIMITS},
        "restart_policy": {"max_attempts": _COUNT, "delay": _TIME, "window": _TIME},
        "placement": {"max_replicas_per_node": _COUNT},
        "update_config": _ROLLING,
        "rollback_config": _ROLLING,
    },
    "develop": {"watch": {"*": {"path": _SOMETHING, "initial_sync": _WRITTEN_SWITCH}}},
    "env_file": {"*": {"required": _SWITCH}},
    "extra_hosts": _HOSTS,
    "gpus": {"*": {"count": _DEVICES}},
    "healthcheck": {
        **dict.fromkeys(("interval", "timeout", "start_period", "start_interval"), _TIME),
        "retries": _COUNT,
        "disable": _SWITCH,
    },
    "networks": {"*": {"priority": _WRITTEN_NUMBER, "gw_priority": _WRITTEN_NUMBER}},
    "oom_score_adj": _whole(-1000, 1000),
    "ports": {"*": {"target": _COUNT}},
    "pull_policy": _POLICY,
    "stop_grace_period": _TIME,
    "ulimits": {"*": _ANY},
    "use_api_socket": _WRITTEN_SWITCH,
    "volumes": {"*": {"read_only": _SWITCH, "volume": {"nocopy": _SWITCH}, "tmpfs": {"size": _BYTES, "mode": _WRITTEN_NUMBER}}},
}
_LIMIT_PAIR: _Forms = {"soft": _ANY, "hard": _ANY}
_RESOURCE: _Forms = {"*": dict.fromkeys(("external", "internal", "attachable", "enable_ipv4", "enable_ipv6"), _SWITCH)}
_MODEL: _Forms = {
    "services": {"*": _SERVICE},
    **dict.fromkeys(("networks", "volumes", "secrets", "configs"), _RESOURCE),
    "models": {"*": {"context_size": _WRITTEN_NUMBER}},
}


def ill_formed(root: Mapping) -> Iterator[Problem]:
    """Yield a problem for each text of a loaded model, variables filled in, that Compose can make no value of."""
    for node, form, route in _formed(root, _MODEL, ()):
        if not is_null(node) and not _fits(node, form):
            yield Problem(node.location, f"{'.'.join(route)} must be {form.words}")


def _fits(node: Scalar, form: _Form) -> bool:
    if form.written and isinstance(resolve(node), str):
        return False
    return (form is _MODE and not isinstance(resolve(node), str)) or bool(form.fits(text_of_value(node)))


def _formed(node: Node, forms: _Form | _Forms, route: tuple[str, ...]) -> Iterator[tuple[Scalar, _Form, tuple[str, ...]]]:
    """Yield each scalar that has a form, with its route."""
    if isinstance(forms, _Form):
        if isinstance(node, Scalar):
            yield node, forms, route
        elif isinstance(node, Mapping) and len(route) == 4 and route[2] == "ulimits":
            yield from _formed(node, _LIMIT_PAIR, route)
        return
    if forms is _HOSTS and isinstance(node, Mapping):
        return  # its keys are the names
    for key, value in _children(node):
        below = forms.get(key) or forms.get("*")
        if below is not None:
            yield from _formed(value, below, (*route, key))


def _children(node: Node) -> Iterable[tuple[str, Node]]:
    if isinstance(node, Mapping):
        return ((entry.key.value, entry.value) for entry in effective_entries(node))
    return ((str(index), item) for index, item in enumerate(node.items)) if isinstance(node, Sequence) else ()
