"""The workflow that checks what describes the infrastructure: Terraform, the chart, and that nothing of ours has drifted."""

from __future__ import annotations

from typing import Any

from scaffold.generate.actions import HELM, PYTHON, RUNNER, TERRAFORM, checkout, run, use
from scaffold.generate.workflow_text import Noted, workflow_text
from scaffold.model.artifact import Artifact
from scaffold.model.delivery import DeliveryPlan, InfrastructureWorkflow, plan_role_variable
from scaffold.model.names import Room

_HEADER = """\
Checks Terraform and the chart on every change, shows what Terraform would change in each environment, and asks scaffold
whether its files are still what it would write.

Repository variables, which switch the jobs on:
  {plan_variables}
    the role that may only look (terraform output github_roles): plans that environment
  TERRAFORM_STATE_BUCKET
    the bucket that holds the states: every plan needs it
  SCAFFOLD_PACKAGE
    what pip installs scaffold from, e.g. scaffold-iac[all]==VERSION: compares and validates its files"""

_FORMAT = "terraform fmt -check -recursive -diff\n"
_VALIDATE = """\
terraform init -backend=false -input=false
terraform validate
"""
_LINT = """\
charts=0
for chart in deploy/helm/*/Chart.yaml; do
  if [ ! -e "$chart" ]; then
    continue
  fi
  charts=$((charts + 1))
  folder=${chart%/Chart.yaml}
  stand_ins=()
  for file in "$folder"/ci/values-infra.json "$folder"/ci/values-release.json; do
    if [ -e "$file" ]; then
      stand_ins+=(--values "$file")
    fi
  done
  for environment in $ENVIRONMENTS; do
    values=()
    if [ -e "$folder/values-$environment.yaml" ]; then
      values=(--values "$folder/values-$environment.yaml")
    fi
    helm lint --strict "$folder" "${values[@]}" "${stand_ins[@]}"
    if [ "${#stand_ins[@]}" -gt 0 ]; then
      # What lint does not ask for: a value that has to be there and is not stops the rendering.
      helm template release "$folder" "${values[@]}" "${stand_ins[@]}" > "$RUNNER_TEMP/$environment.yaml"
    fi
  done
done
echo "Charts below deploy/helm that were linted and rendered: $charts" >> "$GITHUB_STEP_SUMMARY"
"""
_SKIPPED_PLAN = """\
echo "No plan for $ENVIRONMENT: it needs the variables $VARIABLE and TERRAFORM_STATE_BUCKET." >> "$GITHUB_STEP_SUMMARY"
"""
_PLAN = """\
terraform init -input=false -backend-config="envs/$ENVIRONMENT.s3.tfbackend" -backend-config="bucket=$STATE_BUCKET"
terraform plan -input=false -no-color -lock=false -refresh=false -var-file="envs/$ENVIRONMENT.tfvars" -out="$RUNNER_TEMP/plan"
{
  echo "### $ENVIRONMENT"
  echo
  echo '```'
  terraform show -no-color "$RUNNER_TEMP/plan" | grep -E '^(  # |Plan:|No changes)' || true
  echo '```'
} >> "$GITHUB_STEP_SUMMARY"
"""
_SKIPPED_COMPARISON = """\
echo 'Not compared: the repository variable SCAFFOLD_PACKAGE is not set.' >> "$GITHUB_STEP_SUMMARY"
"""
_COMPARE = """\
pip install "$SCAFFOLD_PACKAGE"
scaffold generate --check --yes
scaffold validate
"""
_OWN_BRANCH = "github.event_name == 'push' || github.event.pull_request.head.repo.full_name == github.repository"


def render_infrastructure(plan: DeliveryPlan, workflow: InfrastructureWorkflow) -> Artifact:
    """Return the workflow with one leg of its plan for each environment."""
    variables = "\n  ".join(plan_role_variable(name) for name in workflow.environments)
    document = {
        "name": "Infrastructure",
        "on": {"push": {"branches": list(plan.branches)}, "pull_request": {"branches": list(plan.branches)}},
        "permissions": {},
        "concurrency": {
            "group": "infrastructure-${{ github.ref }}",
            "cancel-in-progress": "${{ github.event_name == 'pull_request' }}",
        },
        "jobs": {
            "terraform": _terraform(workflow),
            "plan": _plan(workflow),
            "chart": _chart(workflow),
            "scaffold": _comparison(),
        },
    }
    return Artifact(workflow.path, workflow_text(document, _HEADER.format(plan_variables=variables)), Room.WORKFLOWS)


def _job(name: str, steps: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    given = {"if": more["if_"]} if "if_" in more else {}
    permissions = {"contents": "read", **more.get("permissions", {})}
    rest = {key: value for key, value in more.items() if key not in {"if_", "permissions"}}
    return {
        "name": name,
        **given,
        "runs-on": RUNNER,
        "timeout-minutes": 20,
        "permissions": permissions,
        **rest,
        "steps": steps,
    }


def _setup_terraform(**more: Any) -> dict[str, Any]:
    inputs = {"terraform_version": TERRAFORM, "terraform_wrapper": False}
    return use("hashicorp/setup-terraform", with_=inputs, **more)


def _terraform(workflow: InfrastructureWorkflow) -> dict[str, Any]:
    steps = [
        checkout(),
        _setup_terraform(),
        run("Check the format", _FORMAT),
        run("Validate", _VALIDATE),
    ]
    return _job("Check Terraform", steps, defaults={"run": {"working-directory": workflow.terraform}})


def _plan(workflow: InfrastructureWorkflow) -> dict[str, Any]:
    legs = [
        {"environment": name, "variable": plan_role_variable(name), "role": f"${{{{ vars.{plan_role_variable(name)} }}}}"}
        for name in workflow.environments
    ]
    wanted: dict[str, Any] = {"if_": "matrix.role != '' && vars.TERRAFORM_STATE_BUCKET != ''"}
    environment = {"ENVIRONMENT": "${{ matrix.environment }}"}
    bucket = {"STATE_BUCKET": "${{ vars.TERRAFORM_STATE_BUCKET }}"}
    role = {"role-to-assume": "${{ matrix.role }}", "aws-region": workflow.region}
    said = {**environment, "VARIABLE": "${{ matrix.variable }}"}
    steps = [
        run(
            "Say why nothing is planned",
            _SKIPPED_PLAN,
            said,
            if_="matrix.role == '' || vars.TERRAFORM_STATE_BUCKET == ''",
            working_directory=".",
        ),
        checkout(**wanted),
        use("aws-actions/configure-aws-credentials", "Take the role that may only look", with_=role, **wanted),
        _setup_terraform(**wanted),
        run("Plan", _PLAN, {**environment, **bucket}, **wanted),
    ]
    return _job(
        "Plan ${{ matrix.environment }}",
        steps,
        if_=_OWN_BRANCH,
        permissions={"id-token": Noted("write", "take a role of AWS")},
        strategy={"fail-fast": False, "matrix": {"include": legs}},
        defaults={"run": {"working-directory": workflow.terraform}},
    )


def _chart(workflow: InfrastructureWorkflow) -> dict[str, Any]:
    steps = [
        checkout(),
        use("azure/setup-helm", with_={"version": HELM}),
        run("Lint and render the chart for each environment", _LINT, {"ENVIRONMENTS": " ".join(workflow.environments)}),
    ]
    return _job("Lint the chart", steps)


def _comparison() -> dict[str, Any]:
    package = {"SCAFFOLD_PACKAGE": "${{ vars.SCAFFOLD_PACKAGE }}"}
    wanted: dict[str, Any] = {"if_": "vars.SCAFFOLD_PACKAGE != ''"}
    steps = [
        run("Say why nothing is compared", _SKIPPED_COMPARISON, if_="vars.SCAFFOLD_PACKAGE == ''"),
        checkout(**wanted),
        use("actions/setup-python", with_={"python-version": PYTHON}, **wanted),
        run("Compare and validate", _COMPARE, package, **wanted),
    ]
    return _job("Compare with scaffold", steps)
