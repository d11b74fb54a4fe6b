"""Runs every adapter of the table on the same request, some at a time; a tool that breaks down is a failed run."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from scaffold.errors import ToolError
from scaffold.model.finding import ToolRun
from scaffold.validate import (
    actionlint,
    amtool,
    checkov,
    compose,
    grafana_tools,
    helm,
    json_schema,
    kubeconform,
    promtool,
    shellcheck,
    terraform_fmt,
    terraform_validate,
    yaml_syntax,
    zizmor,
)
from scaffold.validate.before import without_old_findings
from scaffold.validate.material import Material, sort_material
from scaffold.validate.outcome import crashed
from scaffold.validate.request import ValidationRequest

Adapter = Callable[[ValidationRequest, Material], ToolRun]

ADAPTERS: tuple[tuple[str, Adapter], ...] = (
    (checkov.NAME, checkov.judge),
    (terraform_fmt.NAME, terraform_fmt.judge),
    (terraform_validate.NAME, terraform_validate.judge),
    (helm.NAME, helm.judge),
    (kubeconform.NAME, kubeconform.judge),
    (compose.NAME, compose.judge),
    (promtool.NAME, promtool.judge),
    (amtool.NAME, amtool.judge),
    (grafana_tools.ALLOY, grafana_tools.judge_alloy),
    (grafana_tools.LOKI, grafana_tools.judge_loki),
    (actionlint.NAME, actionlint.judge),
    (zizmor.NAME, zizmor.judge),
    (shellcheck.NAME, shellcheck.judge),
    (yaml_syntax.NAME, yaml_syntax.judge),
    (json_schema.NAME, json_schema.judge),
)
"""Every tool in the order of the report; the slowest stands first, so that the others run beside it."""

TOOLS: tuple[str, ...] = tuple(name for name, _ in ADAPTERS)


def validate(request: ValidationRequest) -> tuple[ToolRun, ...]:
    """Return one run for each tool of the table, in its order."""
    material = sort_material(request)
    with ThreadPoolExecutor(max_workers=max(1, request.jobs)) as pool:
        started = [pool.submit(_guarded, name, adapter, request, material) for name, adapter in ADAPTERS]
        runs = tuple(future.result() for future in started)
    return without_old_findings(runs, request, _judge_alone)


def _judge_alone(name: str, request: ValidationRequest) -> ToolRun:
    return _guarded(name, dict(ADAPTERS)[name], request, sort_material(request))


def _guarded(name: str, adapter: Adapter, request: ValidationRequest, material: Material) -> ToolRun:
    try:
        return adapter(request, material)
    except ToolError as error:
        return crashed(name, error.message)
