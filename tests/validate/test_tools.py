"""The real programs: a good file of each kind passes, a broken one fails at its path and line."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from scaffold.model.finding import ToolRun
from scaffold.validate.material import sort_material
from scaffold.validate.request import ValidationRequest
from scaffold.validate.runner import ADAPTERS, TOOLS, validate

PIN = "0123456789abcdef0123456789abcdef01234567"
GOOD_WORKFLOW = f"""\
name: test
on:
  push:
    branches: [main]
permissions: {{}}
jobs:
  test:
    name: Test
    runs-on: ubuntu-24.04
    permissions:
      contents: read
    steps:
      - uses: actions/checkout@{PIN} # v4.2.2
        with:
          persist-credentials: false
      - run: make test
"""
NESTED_EVENT = """\
name: test
on:
  push:
    branches: [main]
    pull_request:
      branches: [main]
permissions: {}
jobs:
  test:
    runs-on: ubuntu-24.04
    steps:
      - run: make test
"""
INJECTION = f"""\
name: test
on:
  pull_request:
permissions: {{}}
jobs:
  test:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@{PIN} # v4.2.2
        with:
          persist-credentials: false
      - run: echo "${{{{ github.event.pull_request.title }}}}"
"""
BUCKET = """\
resource "aws_s3_bucket" "backups" {
  bucket = "example-backups"
}
"""
ALERTS = """\
groups:
  - name: app
    rules:
      - alert: TargetDown
        expr: up == 0
        for: 5m
"""
ALERT_TEST = """\
rule_files:
  - alerts.yml
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - series: up{job="api"}
        values: 0x10
    alert_rule_test:
      - alertname: TargetDown
        eval_time: 10m
        exp_alerts:
          - exp_labels: {job: api}
"""
DASHBOARD = {"title": "App", "uid": "scaffold-app", "panels": [{"id": 1}, {"id": 2}]}
CHART = "apiVersion: v2\nname: shop\nversion: 0.1.0\n"
CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: shop\ndata:\n  greeting: {{ .Values.greeting | quote }}\n"


@pytest.fixture
def judge(tmp_path: Path) -> Callable[..., ToolRun]:
    """Return a function that writes files and runs one tool on them, and proves that it left nothing behind."""

    def run(tool: str, files: Mapping[str, str], **options: object) -> ToolRun:
        for path, text in files.items():
            target = tmp_path / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        request = ValidationRequest(tmp_path, tuple(files), **options)  # type: ignore[arg-type]
        result = dict(ADAPTERS)[tool](request, sort_material(request))
        assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()} == set(files)
        return result

    return run


def places(result: ToolRun) -> set[tuple[str, int]]:
    return {(finding.path, finding.line) for finding in result.findings}


def assert_failed(result: ToolRun, path: str, line: int, said: str = "") -> None:
    assert (result.state, (path, line) in places(result)) == ("failed", True), result
    assert any(said in finding.message for finding in result.findings if (finding.path, finding.line) == (path, line)), result


def assert_passed(result: ToolRun, looked_at: int = 1) -> None:
    assert (result.state, result.looked_at, result.findings) == ("passed", looked_at, ())
    assert result.version


def test_actionlint_finds_the_event_inside_an_event(judge, require_tool):
    require_tool("actionlint")
    path = ".github/workflows/test.yml"
    assert_passed(judge("actionlint", {path: GOOD_WORKFLOW}))
    assert_failed(judge("actionlint", {path: NESTED_EVENT}), path, 5, "pull_request")


def test_zizmor_finds_text_of_a_pull_request_in_a_script(judge, require_tool):
    require_tool("zizmor")
    path = ".github/workflows/test.yml"
    assert_passed(judge("zizmor", {path: GOOD_WORKFLOW}))
    assert_failed(judge("zizmor", {path: INJECTION}), path, 12)


def test_zizmor_that_cannot_read_a_workflow_has_failed(judge, require_tool):
    require_tool("zizmor")
    result = judge("zizmor", {".github/workflows/test.yml": "on: [push\n"})
    assert (result.state, result.findings[0].id) == ("failed", "crash")


def test_shellcheck_names_the_line(judge, require_tool):
    require_tool("shellcheck")
    assert_passed(judge("shellcheck", {"scripts/run": "#!/usr/bin/env bash\nset -euo pipefail\necho ok\n"}))
    assert_failed(judge("shellcheck", {"scripts/run": '#!/bin/sh\ncd "$1"\nrm -rf $2\n'}), "scripts/run", 3)


def test_shellcheck_ignores_what_is_no_shell_script(judge):
    result = judge("shellcheck", {"scripts/run": "#!/usr/bin/env python3\nprint(1)\n"})
    assert (result.state, result.reason) == ("not-run", "nothing of its kind was written")


def test_promtool_checks_configurations_rules_and_their_tests(judge, require_tool):
    require_tool("promtool")
    good = {
        "monitoring/prometheus.yml": "scrape_configs:\n  - job_name: api\n    static_configs:\n      - targets: [api:8000]\n",
        "monitoring/alerts.yml": ALERTS,
        "monitoring/alerts_test.yml": ALERT_TEST,
    }
    assert_passed(judge("promtool", good), looked_at=3)
    config = good["monitoring/prometheus.yml"].replace("static_configs", "static_config")
    rules = ALERTS.replace("up == 0", "sum(up")
    assert_failed(judge("promtool", {**good, "monitoring/prometheus.yml": config}), "monitoring/prometheus.yml", 3)
    broken = judge("promtool", {**good, "monitoring/alerts.yml": rules})
    assert_failed(broken, "monitoring/alerts.yml", 5, "unclosed left parenthesis")


def test_promtool_reports_a_rule_test_that_fails(judge, require_tool):
    require_tool("promtool")
    files = {
        "monitoring/alerts.yml": ALERTS,
        "monitoring/alerts_test.yml": ALERT_TEST.replace("eval_time: 10m", "eval_time: 1m"),
    }
    result = judge("promtool", files)
    assert [finding.path for finding in result.findings] == ["monitoring/alerts_test.yml"]
    assert "TargetDown" in result.findings[0].message


def test_promtool_does_not_ask_for_files_that_only_the_container_has(judge, require_tool):
    require_tool("promtool")
    text = "rule_files: [/etc/prometheus/rules/app.yml]\nscrape_configs: []\n"
    assert_passed(judge("promtool", {"monitoring/prometheus.yml": text}))


def test_amtool_names_the_line(judge, require_tool):
    require_tool("amtool")
    good = "route:\n  receiver: none\nreceivers:\n  - name: none\n"
    assert_passed(judge("amtool", {"monitoring/alertmanager.yml": good}))
    bad = good + "  - nam: chat\n"
    assert_failed(judge("amtool", {"monitoring/alertmanager.yml": bad}), "monitoring/alertmanager.yml", 5)


def test_alloy_names_the_line(judge, require_tool):
    require_tool("alloy-fmt")
    good = 'loki.write "main" {\n\tendpoint {\n\t\turl = "http://loki:3100/loki/api/v1/push"\n\t}\n}\n'
    result = judge("alloy", {"monitoring/config.alloy": good})
    assert (result.state, result.looked_at) == ("passed", 1)
    bad = good.replace('"http://loki:3100/loki/api/v1/push"', "")
    assert_failed(judge("alloy", {"monitoring/config.alloy": bad}), "monitoring/config.alloy", 4)


def test_loki_names_the_line(judge, require_tool):
    require_tool("loki")
    bad = "schema_config:\n  configs:\n    - from: 2024-04-01\n      stor: tsdb\n"
    assert_failed(judge("loki", {"monitoring/loki.yml": bad}), "monitoring/loki.yml", 4, "stor")


def test_compose_loads_the_set_as_one(judge, require_tool):
    require_tool("compose-go-config")
    base = "services:\n  api:\n    image: example/api:1\n    environment:\n      KEY: ${KEY:?set it}\n    env_file: [.env]\n"
    overlay = "services:\n  api:\n    mem_limit: 512m\n"
    files = {"docker-compose.yml": base, "compose.hardening.yaml": overlay}
    sets = (("docker-compose.yml", "compose.hardening.yaml"),)
    assert_passed(judge("compose", files, compose_sets=sets))
    wrong = {**files, "compose.hardening.yaml": "services:\n  api:\n    mem_limit: 512m\n    memory: 1\n"}
    assert_failed(judge("compose", wrong, compose_sets=sets), "compose.hardening.yaml", 4, "memory")


def test_compose_refuses_an_overlay_of_an_unknown_service(judge, require_tool):
    require_tool("compose-go-config")
    files = {"docker-compose.yml": "services:\n  api:\n    image: a\n", "over.yaml": "services:\n  apii:\n    mem_limit: 1g\n"}
    assert_failed(judge("compose", files, compose_sets=(tuple(files),)), "over.yaml", 2, "apii")


def test_compose_gives_stand_ins_to_what_the_host_sets(judge, require_tool):
    require_tool("compose-go-config")
    base = "services:\n  api:\n    image: example/api:$TAG\n    ports: ['${PORT}:${PORT}']\n    command: echo $$PORT\n"
    base += "    volumes: ['${MEDIA}:/media/', '${LIBRARY}:/srv/library:ro']\n"
    assert_passed(judge("compose", {"compose.yaml": base}, compose_sets=(("compose.yaml",),)))
    wrong = base.replace("'${PORT}:${PORT}'", "'${PORT}:web'")
    assert_failed(judge("compose", {"compose.yaml": wrong}, compose_sets=(("compose.yaml",),)), "compose.yaml", 1, "web")


def test_compose_loads_alternatives_as_they_are_started(judge, require_tool):
    require_tool("compose-go-config")
    one = "image: example/web:1, container_name: web"
    base = f"services:\n  a: {{{one}, profiles: [all, a]}}\n  b: {{{one}, profiles: [b]}}\n  c: {{image: c, profiles: [c], depends_on: [a]}}\n"
    sets = {("compose.yaml",): ((), ("all",), ("a",), ("b",), ("c",))}
    asked = {"compose_sets": (("compose.yaml",),), "profile_sets": sets}
    assert_passed(judge("compose", {"compose.yaml": base}, **asked))
    wrong = base.replace("image: c,", f"{one},").replace("profiles: [c]", "profiles: [all]")
    assert places(judge("compose", {"compose.yaml": wrong}, **asked)) & {("compose.yaml", 2), ("compose.yaml", 4)}


def test_compose_set_with_a_file_that_is_gone(judge, require_tool):
    require_tool("compose-go-config")
    result = judge("compose", {"a.yml": "services: {}\n"}, compose_sets=(("a.yml", "gone.yml"),))
    assert places(result) == {("gone.yml", 0)}


def test_checkov_judges_terraform(judge, require_tool):
    require_tool("checkov")
    result = judge("checkov", {"infra/terraform/storage.tf": BUCKET, "infra/terraform/.checkov.yaml": "check: [CKV_AWS_999]\n"})
    assert_failed(result, "infra/terraform/storage.tf", 1)
    assert result.looked_at == 1
    assert "CKV2_AWS_6" in {finding.id for finding in result.findings}


def test_checkov_counts_accepted_checks_and_asks_for_their_reason(judge, require_tool):
    require_tool("checkov")
    comments = "  #checkov:skip=CKV_AWS_18\n  #checkov:skip=CKV_AWS_144:one region is enough\n"
    result = judge("checkov", {"infra/terraform/storage.tf": BUCKET.replace("{\n", "{\n" + comments, 1)})
    assert result.reason == "2 checks are accepted in the files"
    assert [finding.id for finding in result.findings if "without a reason" in finding.message] == ["CKV_AWS_18"]


def test_checkov_that_saw_no_resource_did_not_run(judge, require_tool):
    require_tool("checkov")
    result = judge("checkov", {"infra/terraform/variables.tf": 'variable "region" {}\n'})
    assert (result.state, result.looked_at) == ("not-run", 0)
    assert "no Terraform resource in infra/terraform" in result.reason


def test_checkov_judges_workflows(judge, require_tool):
    require_tool("checkov")
    path = ".github/workflows/test.yml"
    result = judge("checkov", {path: GOOD_WORKFLOW.replace("permissions: {}", "permissions: write-all")})
    assert "CKV2_GHA_1" in {finding.id for finding in result.findings if finding.path == path}


def test_terraform_fmt_names_the_line(judge, require_tool):
    require_tool("terraform")
    good = 'variable "region" {\n  default = "eu-west-1"\n}\n'
    assert_passed(judge("terraform-fmt", {"infra/terraform/variables.tf": good}))
    bad = good.replace("  default =", "     default=")
    assert_failed(judge("terraform-fmt", {"infra/terraform/variables.tf": bad}), "infra/terraform/variables.tf", 2)


def test_terraform_fmt_names_the_line_of_broken_hcl(judge, require_tool):
    require_tool("terraform")
    bad = 'variable "region" {\n}\nresource {\n'
    assert_failed(judge("terraform-fmt", {"infra/terraform/variables.tf": bad}), "infra/terraform/variables.tf", 3)


def test_terraform_validate_of_files_that_need_no_provider(judge, require_tool):
    require_tool("terraform")
    good = 'resource "terraform_data" "main" {\n  input = "x"\n}\n'
    environment = {"TF_CLI_CONFIG_FILE": "/nonexistent/terraformrc"}
    assert_passed(judge("terraform-validate", {"infra/terraform/main.tf": good}, environment=environment))
    bad = good.replace("input ", "inputs")
    assert_failed(judge("terraform-validate", {"infra/terraform/main.tf": bad}), "infra/terraform/main.tf", 2, "inputs")


def test_terraform_validate_without_the_provider_is_not_run(judge, require_tool, tmp_path_factory):
    require_tool("terraform")
    mirror = tmp_path_factory.mktemp("mirror")
    (mirror / "registry.example.org/acme/cloud/1.2.0").mkdir(parents=True)
    text = 'terraform {\n  required_providers {\n    cloud = {\n      source  = "registry.example.org/acme/cloud"\n'
    text += '      version = "~> 6.0"\n    }\n  }\n}\nresource "cloud_thing" "main" {}\n'
    result = judge("terraform-validate", {"infra/terraform/main.tf": text}, environment={"SCAFFOLD_TF_PLUGINS": str(mirror)})
    assert (result.state, result.findings) == ("not-run", ())
    assert "acme/cloud" in result.reason
    assert "~> 6.0" in result.reason
    assert "1.2.0" in result.reason


def test_helm_names_the_template(judge, require_tool):
    require_tool("helm")
    chart = {"deploy/Chart.yaml": CHART, "deploy/values.yaml": "greeting: hello\n", "deploy/templates/c.yaml": CONFIG_MAP}
    assert_passed(judge("helm", chart))
    broken = {**chart, "deploy/templates/c.yaml": CONFIG_MAP.replace("| quote", "| qote")}
    result = judge("helm", broken)
    assert (result.state, result.findings[0].path) == ("failed", "deploy/templates/c.yaml")


@pytest.mark.parametrize(
    ("text", "line"),
    [("a: 1\nb: [1\nc: 2\n", 3), ("a: 1\nb:\n  c: 1\n  c: 2\n", 4), ("a: 1\nb: \x01\n", 2), ("a:\n\t- 1\n", 2)],
    ids=["unclosed", "repeated key", "control character", "tab"],
)
def test_yaml_names_the_line(judge, text, line):
    assert_failed(judge("yaml", {"monitoring/x.yml": text}), "monitoring/x.yml", line)


def test_yaml_takes_what_compose_and_merge_keys_write(judge):
    text = "x: &a {k: 1}\ny: &b {l: 1}\nz:\n  <<: *a\n  <<: *b\n  ports: !override [1]\n? [1, 2]\n: 3\n*a : 4\n"
    assert_passed(judge("yaml", {"compose.yaml": text}))


def test_templates_of_a_chart_are_not_read_as_yaml(judge):
    files = {"deploy/Chart.yaml": CHART, "deploy/templates/c.yaml": "{{- if .Values.x }}\na: {{ .Values.y }}\n{{- end }}\n"}
    assert judge("yaml", files).looked_at == 1


def test_json_names_the_line(judge):
    assert_passed(judge("json-schema", {"monitoring/app.json": json.dumps(DASHBOARD)}))
    assert_failed(judge("json-schema", {"monitoring/app.json": '{\n "title": "x",\n}\n'}), "monitoring/app.json", 3)
    assert_failed(judge("json-schema", {"monitoring/app.json": '{\n "a": 1,\n "a": 2\n}\n'}), "monitoring/app.json", 3)


def test_two_dashboards_with_one_uid(judge):
    files = {"monitoring/a.json": json.dumps(DASHBOARD), "monitoring/b.json": json.dumps(DASHBOARD)}
    result = judge("json-schema", files)
    assert [finding.path for finding in result.findings] == ["monitoring/b.json"]


def test_the_lock_and_the_settings_are_held_to_their_schemas(judge):
    lock = json.dumps({"version": 1, "app": "shop", "production_set": [], "files": [{"path": "a"}]}, indent=1)
    result = judge("json-schema", {"scaffold.lock": lock, "scaffold.yaml": "project: shop\ncompute: vm\n"})
    assert ("scaffold.yaml", 2) in places(result)
    assert any(finding.path == "scaffold.lock" and "sha256" in finding.message for finding in result.findings)


def test_every_tool_answers_when_nothing_was_written(tmp_path):
    runs = validate(ValidationRequest(tmp_path, ()))
    assert tuple(result.tool for result in runs) == TOOLS
    assert {(result.state, result.reason) for result in runs} == {("not-run", "nothing of its kind was written")}


def test_links_and_paths_that_are_gone_are_not_looked_at(tmp_path):
    (tmp_path / "link.yml").symlink_to("/etc/passwd")
    runs = {result.tool: result for result in validate(ValidationRequest(tmp_path, ("link.yml", "gone.yml")))}
    assert runs["yaml"].state == "not-run"


PRIVILEGED = """\
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: shop}
spec:
  containers:
    - {name: a, image: "a:1", securityContext: {privileged: {{ .Values.privileged }}}}
"""


def test_helm_renders_every_environment_and_names_the_one_that_fails(judge, require_tool):
    require_tool("helm")
    template = (
        'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: {{ required "x is missing" .Values.x | quote }}}\n'
    )
    chart = {"deploy/Chart.yaml": CHART, "deploy/values.yaml": "x: one\n", "deploy/templates/c.yaml": template}
    fine = {**chart, "deploy/values-staging.yaml": "x: two\n", "deploy/values-production.yaml": "x: three\n"}
    assert_passed(judge("helm", fine))
    assert_failed(
        judge("helm", {**fine, "deploy/values-production.yaml": 'x: ""\n'}), "deploy/values-production.yaml", 0, "x is missing"
    )


def test_checkov_judges_the_rendered_chart(judge, require_tool):
    require_tool("helm")
    require_tool("checkov")
    chart = {"deploy/Chart.yaml": CHART, "deploy/values.yaml": "privileged: false\n", "deploy/templates/c.yaml": PRIVILEGED}
    result = judge("checkov", {**chart, "deploy/values-production.yaml": "privileged: true\n"})
    places = {(finding.id, finding.path, finding.line) for finding in result.findings}
    assert ("CKV_K8S_16", "deploy/values-production.yaml", 0) in places
    assert result.looked_at >= 1


DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - {name: web, image: "web:1", PORTS: [{containerPort: {{ .Values.port }}}]}
---
apiVersion: acme.example.org/v1
kind: Unheard
metadata: {name: of}
"""


def test_kubeconform_names_the_object_of_the_environment(judge, require_tool):
    require_tool("kubeconform")
    require_tool("helm")
    good = DEPLOYMENT.replace("PORTS", "ports")
    chart = {"deploy/Chart.yaml": CHART, "deploy/values.yaml": "port: 80\n", "deploy/templates/d.yaml": good}
    # Three versions of Kubernetes are asked; the object of a kind without a schema is passed over and not counted.
    result = judge("kubeconform", chart)
    assert_passed(result)
    assert result.reason.count(".") == 6
    staging = {**chart, "deploy/values-staging.yaml": "port: '80 or so'\n", "deploy/values-production.yaml": "port: 80\n"}
    assert_failed(judge("kubeconform", staging), "deploy/values-staging.yaml", 0, "Deployment web")
    unknown = judge("kubeconform", {**staging, "deploy/templates/d.yaml": DEPLOYMENT.replace("PORTS", "prts")})
    assert_failed(unknown, "deploy/values-production.yaml", 0, "prts")
