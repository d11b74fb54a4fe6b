"""What one output names, exactly one other makes: stores, secrets, images, volumes, accounts and repositories."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from scaffold.app.examination import Place
from scaffold.app.generation import plan_generation
from tests.projects import EXAMPLES


@pytest.fixture(scope="module")
def known() -> dict[str, dict[str, str]]:
    """The trees that were generated so far, by the name of the example."""
    return {}


@pytest.fixture
def tree(example: Callable[[str], Path], known: dict[str, dict[str, str]]) -> Callable[[str], dict[str, str]]:
    """Return a function that gives the texts that `generate` writes for an example, by their paths."""

    def make(name: str) -> dict[str, str]:
        if name not in known:
            generation = plan_generation(Place(example(name)), rooms=None, edit_codes=None)
            known[name] = {change.path: change.after for change in generation.changes if change.after is not None}
        return known[name]

    return make


def hand_over(files: dict[str, str]) -> dict[str, Any]:
    """Return the keys of the output helm_values, nested as in outputs.tf; the values are left out."""
    block = re.search(r'output "helm_values" \{\n(.*?)^\}', files["infra/terraform/outputs.tf"], re.DOTALL | re.MULTILINE)
    assert block
    root: dict[str, Any] = {}
    levels = [root]
    for line in block[1].splitlines():
        opened = re.fullmatch(r'\s*"?([\w.-]+)"?\s*= \{', line)
        if opened:
            levels.append(levels[-1].setdefault(opened[1], {}))
        elif line.strip() == "}":
            levels.pop()
        elif entry := re.match(r'\s*"?([\w.-]+)"?\s*= (.*)', line):
            levels[-1][entry[1]] = {} if entry[2] == "{}" else None
    assert levels == [root]
    infrastructure = root["value"]["infrastructure"]
    assert isinstance(infrastructure, dict)
    return infrastructure


def chart(files: dict[str, str]) -> dict[str, Any]:
    (path,) = (path for path in files if re.fullmatch(r"deploy/helm/[^/]+/values\.yaml", path))
    values = yaml.safe_load(files[path])
    assert isinstance(values, dict)
    return values


def pieces(node: object, key: str) -> Iterator[dict[str, Any]]:
    """Yield every mapping below `node` that has `key`."""
    if isinstance(node, dict):
        if key in node:
            yield node
        for value in node.values():
            yield from pieces(value, key)
    elif isinstance(node, list):
        for value in node:
            yield from pieces(value, key)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_chart_asks_terraform_for_what_it_gives(tree: Callable[[str], dict[str, str]], name: str) -> None:
    given, values = hand_over(tree(name)), chart(tree(name))
    stores = {(piece["store"], piece["field"]) for piece in pieces(values, "field")}
    assert stores <= {(store, field) for store, fields in given["stores"].items() for field in fields}
    remote = {piece["secret"] for secret in values["secrets"].values() for piece in secret["remote"].values()}
    assert remote
    assert remote <= set(given["secrets"])
    assert set(values["images"]) == set(given["images"])
    shared = {volume for volume, entry in (values.get("volumes") or {}).items() if entry.get("shared")}
    assert shared == set(given.get("fileSystems") or {})


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_stand_ins_of_the_chart_have_the_form_of_the_real_output(tree: Callable[[str], dict[str, str]], name: str) -> None:
    files = tree(name)
    (path,) = (path for path in files if path.endswith("ci/values-infra.json"))
    given = hand_over(files)
    for group, entries in json.loads(files[path])["infrastructure"].items():
        assert group in given
        if isinstance(entries, dict):
            assert set(entries) == set(given[group])
            assert all(set(entry) <= set(given[group][key]) for key, entry in entries.items() if isinstance(entry, dict))


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_secret_that_a_container_reads_is_made_by_one_external_secret(
    tree: Callable[[str], dict[str, str]], name: str
) -> None:
    values = chart(tree(name))
    made = {(secret, key) for secret, entry in values["secrets"].items() for key in entry["data"]}
    for workload, entry in values["workloads"].items():
        for variable, value in (entry.get("env") or {}).items():
            if isinstance(value, dict) and "secret" in value:
                assert (value["secret"], value["key"]) in made, f"{workload}: {variable}"


@pytest.mark.parametrize("name", EXAMPLES)
def test_images_go_to_the_repositories_that_terraform_makes(tree: Callable[[str], dict[str, str]], name: str) -> None:
    files = tree(name)
    repositories = set(re.findall(r'resource "aws_ecr_repository".*?\n  name +="? *"?([^"\n]+)"', _spaced(files), re.DOTALL))
    workflow = yaml.safe_load(files[".github/workflows/images.yml"])
    built = {entry["repository"] for entry in workflow["jobs"]["publish"]["strategy"]["matrix"]["include"]}
    assert built
    assert built <= repositories
    assert set(chart(files)["images"]) == {path.rpartition("/")[2] for path in repositories}


@pytest.mark.parametrize("name", EXAMPLES)
def test_backups_of_the_cluster_use_the_bucket_the_key_and_the_names_of_the_others(
    tree: Callable[[str], dict[str, str]], name: str
) -> None:
    files = tree(name)
    given, values = hand_over(files), chart(files)
    backups = values["backups"]
    assert "backups" in given["buckets"]
    assert backups["account"] in given["serviceAccounts"]
    assert backups["key"]["key"] in values["secrets"][backups["key"]["secret"]]["data"]
    recovery = files["docs/operations/recovery.md"]
    for item, job in backups["jobs"].items():
        assert job["claim"] in values["volumes"]
        assert job["workload"] in values["workloads"]
        assert f"--from=cronjob/{job['restore']}" in recovery, item
    # The scripts of the cluster are those of the host.
    (folder,) = {path.split("/")[2] for path in files if path.startswith("deploy/helm/")}
    shared = {path.rpartition("/")[2] for path in files if path.startswith(f"deploy/helm/{folder}/files/backup/")}
    assert "ship.sh" in shared
    own = {path.rpartition("/")[2]: text for path, text in files.items() if re.search(r"^scripts/backup[^/]*/", path)}
    assert all(files[f"deploy/helm/{folder}/files/backup/{path}"] == own[path] for path in shared & set(own))


def _spaced(files: dict[str, str]) -> str:
    return re.sub(r" +=", " =", files["infra/terraform/registry.tf"]).replace("name = ", "name =")


@pytest.mark.parametrize("name", EXAMPLES)
def test_pod_identities_are_tied_to_accounts_that_exist(tree: Callable[[str], dict[str, str]], name: str) -> None:
    files = tree(name)
    values = chart(files)
    associations = re.findall(
        r'namespace +=\s*"([^"]+)"\n\s*service_account += "([^"]+)"', files["infra/terraform/identities.tf"]
    )
    assert ("external-secrets", "external-secrets") in associations
    (folder,) = {path.split("/")[2] for path in files if path.startswith("deploy/helm/")}
    own = {account for namespace, account in associations if namespace == folder}
    backups = values.get("backups")
    assert own <= {*values["workloads"], *([backups["account"]] if backups else [])}
    assert not backups or backups["account"] in own, "its jobs write to the bucket by pod identity"
    assert all(namespace in {folder, "external-secrets", "kube-system"} for namespace, _ in associations)


def test_variables_that_the_production_set_demands_are_in_its_template(tree: Callable[[str], dict[str, str]]) -> None:
    files = tree("propertypro")
    overlays = [text for path, text in files.items() if re.fullmatch(r"compose\.[a-z]+\.yaml", path)]
    demanded = {found for text in overlays for found in re.findall(r"(?<!\$)\$\{(\w+):?\?", text)}
    assert demanded
    template = set(re.findall(r"^#? ?(\w+)=", files[".env.production.example"], re.MULTILINE))
    assert demanded <= template


@pytest.mark.parametrize("name", EXAMPLES)
def test_workflows_use_the_variables_that_the_readme_of_terraform_sets(
    tree: Callable[[str], dict[str, str]], name: str
) -> None:
    files = tree(name)
    told = set(re.findall(r"gh variable set (\w+)", files["infra/terraform/README.md"]))
    used = {
        variable
        for path, text in files.items()
        if path.startswith(".github/workflows/")
        for variable in re.findall(r"\bvars\.(\w+)", text)
    }
    assert told
    assert {variable for variable in used if variable.startswith(("AWS_", "ECR_", "TERRAFORM_"))} <= told


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_rotation_of_a_login_raises_inputs_that_exist(tree: Callable[[str], dict[str, str]], name: str) -> None:
    files = tree(name)
    page = files["docs/operations/rotation.md"]
    raised = set(re.findall(r"Set `(\w+)`", page))
    inputs = set(re.findall(r'variable "(\w+)"', files["infra/terraform/variables.tf"]))
    assert raised == {variable for variable in inputs if variable.endswith("_credentials_version")}
    values = chart(files)
    assert set(re.findall(r"databaseRoles\.([\w-]+)\.revision", page)) == set(values["databaseRoles"] or {})
