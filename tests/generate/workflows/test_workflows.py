"""The workflows that are written: what the strictest linters say, what they build, and that text stays text."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from scaffold.app.examination import Place
from scaffold.app.generation import plan_generation, write_generation
from scaffold.generate.workflow_text import Noted, steps_text, workflow_text
from scaffold.model.names import Room
from tests.projects import EXAMPLES, copy_corpus_project, corpus_projects

FOLDER = ".github/workflows"


def generate(root: Path) -> list[Path]:
    write_generation(plan_generation(Place(root), rooms=frozenset({Room.WORKFLOWS}), edit_codes=None))
    written = plan_generation(Place(root), rooms=frozenset({Room.WORKFLOWS}), edit_codes=None)
    assert not written.drifts
    return [root / change.path for change in written.changes if change.path.startswith(FOLDER)]


def load(path: Path) -> dict[str, Any]:
    document = yaml.load(path.read_text(), Loader=yaml.BaseLoader)
    assert isinstance(document, dict)
    return document


def steps(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [step for job in document["jobs"].values() for step in job["steps"]]


def lint(paths: list[Path], require_tool: Callable[[str], str]) -> None:
    """Hold workflows to actionlint with shellcheck, and to every audit of zizmor for auditors; nothing is accepted."""
    if not paths:
        return
    arguments = [f"-shellcheck={require_tool('shellcheck')}", "-pyflakes=", *map(str, paths)]
    done = subprocess.run([require_tool("actionlint"), *arguments], capture_output=True, text=True, check=False)
    assert done.stdout == ""
    assert done.returncode == 0, done.stderr
    audit = [require_tool("zizmor"), "--offline", "--persona", "auditor", "--no-exit-codes", "--quiet", "--format", "json"]
    found = subprocess.run([*audit, *map(str, paths)], capture_output=True, text=True, check=True)
    assert [f"{item['ident']}: {item['desc']}" for item in json.loads(found.stdout)] == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_pass_the_strictest_linters(
    name: str, example: Callable[[str], Path], require_tool: Callable[[str], str]
) -> None:
    paths = generate(example(name))
    assert {path.name for path in paths} == {"images.yml", "infrastructure.yml"} | (
        {"e2e.yml"} if name == "propertypro" else set()
    )
    lint(paths, require_tool)


def test_every_manifest_is_followed_by_dependabot(example: Callable[[str], Path], require_tool: Callable[[str], str]) -> None:
    root = example("propertypro")
    generate(root)
    path = root / ".github" / "dependabot.yml"
    updates = {item["package-ecosystem"]: item for item in yaml.safe_load(path.read_text())["updates"]}
    assert updates["docker"]["directories"] == ["/backend", "/frontend"]
    assert updates["pip"]["directory"] == "/backend"
    assert updates["npm"]["directory"] == "/frontend"
    assert updates["terraform"]["directory"] == "/infra/terraform"
    audit = [require_tool("zizmor"), "--offline", "--persona", "auditor", "--format", "json", "--quiet", str(path)]
    assert json.loads(subprocess.run(audit, capture_output=True, text=True, check=True).stdout) == []


@pytest.mark.parametrize(("lock", "ecosystem"), [("uv.lock", "uv"), ("poetry.lock", "pip")])
def test_a_lock_that_dependabot_keeps_up_by_a_name_of_its_own_is_followed_by_it(
    make_project: Callable[..., Path], require_tool: Callable[[str], str], lock: str, ecosystem: str
) -> None:
    stack = "services: {web: {build: ., ports: ['80:8000']}}\n"
    files = {
        "compose.yaml": stack,
        "Dockerfile": "FROM python:3.14\n",
        "pyproject.toml": "[project]\nname = 'shop'\ndependencies = ['django']\n",
        lock: "",
        ".github/workflows/ci.yml": "on: push\njobs: {test: {runs-on: ubuntu-24.04, steps: [{run: pytest}]}}\n",
    }
    root = make_project(files)
    generate(root)
    path = root / ".github" / "dependabot.yml"
    assert ecosystem in {item["package-ecosystem"] for item in yaml.safe_load(path.read_text())["updates"]}
    audit = [require_tool("zizmor"), "--offline", "--persona", "auditor", "--format", "json", "--quiet", str(path)]
    assert json.loads(subprocess.run(audit, capture_output=True, text=True, check=True).stdout) == []


def test_real_projects_pass_the_strictest_linters(corpus: Path, tmp_path: Path, require_tool: Callable[[str], str]) -> None:
    written = []
    for name in corpus_projects()[::4]:
        written += generate(copy_corpus_project(corpus, name, tmp_path))
    assert len(written) > 10
    lint(written, require_tool)


def test_only_images_that_nobody_builds_are_built(example: Callable[[str], Path]) -> None:
    root = example("propertypro")
    generate(root)
    legs = load(root / FOLDER / "images.yml")["jobs"]["publish"]["strategy"]["matrix"]["include"]
    assert legs == [
        {
            "name": "frontend",
            "repository": "propertypro/frontend",
            "context": "frontend",
            "file": "frontend/Dockerfile",
            "arguments": "API_URL=${{ vars.FRONTEND_API_URL || '/api' }}\n",
        }
    ]


def test_the_identity_and_the_rights_to_push_are_for_the_job_that_publishes_only(example: Callable[[str], Path]) -> None:
    root = example("friday")
    generate(root)
    document = load(root / FOLDER / "images.yml")
    jobs = document["jobs"]
    assert document["permissions"] == {}
    assert jobs["check"]["permissions"] == {"contents": "read"}
    assert jobs["check"]["if"] == "github.event_name == 'pull_request'"
    assert jobs["publish"]["if"] == "github.event_name != 'pull_request'"
    assert jobs["publish"]["permissions"] == {"contents": "read", "packages": "write", "id-token": "write"}
    assert "push" not in {key: step for step in jobs["check"]["steps"] for key in step.get("with", {}) if key == "outputs"}
    order = [step.get("id") or step.get("name") for step in jobs["publish"]["steps"] if "name" in step]
    assert (
        order.index("build") < order.index("Sign the digest and attest the SBOM") < order.index("Verify as a deployment does")
    )
    assert order.index("Verify as a deployment does") < order.index("Tag what was signed")


def test_the_name_of_the_image_is_in_lower_case_on_ghcr_and_the_host_of_ecr_where_it_is_known(
    example: Callable[[str], Path], tmp_path: Path
) -> None:
    root = example("friday")
    generate(root)
    script = next(step["run"] for step in steps(load(root / FOLDER / "images.yml")) if step.get("id") == "image")

    def name_with(registry: str) -> str:
        output = tmp_path / "output"
        output.write_text("")
        given = {"GITHUB_REPOSITORY_OWNER": "AcmeInc", "REPOSITORY": "shop/web", "GITHUB_OUTPUT": str(output)}
        subprocess.run(["bash", "-e", "-c", script], env={**given, "ECR_REGISTRY": registry}, check=True)
        return output.read_text()

    assert name_with("") == "name=ghcr.io/acmeinc/shop/web\n"
    assert name_with("1.dkr.ecr.eu-central-1.amazonaws.com") == "name=1.dkr.ecr.eu-central-1.amazonaws.com/shop/web\n"


def test_a_plan_knows_its_state_and_the_released_branch_may_push(make_project: Callable[..., Path]) -> None:
    """The backend file names no bucket: without it `terraform init` asks, and fails where nobody answers."""
    ci = "on: {push: {branches: [master]}}\njobs: {a: {runs-on: x, steps: [{run: pytest}]}}\n"
    root = make_project({"compose.yaml": COMPOSE, "Dockerfile": "FROM scratch\n", f"{FOLDER}/ci.yml": ci})
    rooms = frozenset({Room.WORKFLOWS, Room.TERRAFORM})
    write_generation(plan_generation(Place(root), rooms=rooms, edit_codes=None))
    plan = next(step for step in steps(load(root / FOLDER / "infrastructure.yml")) if step.get("name") == "Plan")
    assert plan["env"]["STATE_BUCKET"] == "${{ vars.TERRAFORM_STATE_BUCKET }}"
    assert '-backend-config="bucket=$STATE_BUCKET"' in plan["run"]
    assert "TERRAFORM_STATE_BUCKET != ''" in plan["if"]
    readme = (root / "infra/terraform/README.md").read_text()
    assert 'gh variable set TERRAFORM_STATE_BUCKET --body "$STATE_BUCKET"' in readme
    assert load(root / FOLDER / "images.yml")["on"]["push"]["branches"] == ["master"]
    branch = (root / "infra/terraform/variables.tf").read_text().partition('variable "github_branch"')[2]
    assert branch.partition("default")[2].splitlines()[0].strip(" =") == '"master"'


COMPOSE = """\
name: shop
services:
  web:
    build:
      context: "./we b"
      args:
        GREETING: "$${{ github.token }} and {{ .Values }} 'q' \\"q\\""
        LINES: "one\\ntwo"
        NPM_TOKEN: c4e1b7f0a9d84d2b9f0e6c1d
        BUILD: c4e1b7f0a9d84d2b9f0e6c1d
"""


def test_text_of_the_compose_file_is_data_and_a_secret_stays_in_it(make_project: Callable[..., Path]) -> None:
    root = make_project({"compose.yaml": COMPOSE, "we b/Dockerfile": "FROM scratch\n"})
    generate(root)
    text = (root / FOLDER / "images.yml").read_text()
    leg = load(root / FOLDER / "images.yml")["jobs"]["publish"]["strategy"]["matrix"]["include"][0]
    assert leg["context"] == "we b"
    first, rest = leg["arguments"].split("\n", 1)
    # GitHub evaluates the one expression that is left to the text that stood there.
    assert first == "GREETING=${{ '${{' }} github.token }} and {{ .Values }} 'q' \"q\""
    assert rest == '"LINES=one\ntwo"\n'
    assert "c4e1b7f0a9d84d2b9f0e6c1d" not in text
    assert "look like secrets are left out (BUILD, NPM_TOKEN)" in text


FILLED = """\
name: shop
services:
  web:
    build:
      context: ./web
      args:
        VITE_API_URL: ${API_URL:-http://localhost:8000}
        VITE_MAPS_KEY: ${MAPS_KEY}
        VITE_TITLE: "The ${SHOP_NAME:-Bob's} of $${PRICE}"
        NODE_ENV: ${NODE_ENV:-development}
        REVISION: ${GITHUB_SHA:-unknown}
        NPM_TOKEN: ${NPM_TOKEN}
        SIZE: "3"
"""


def test_what_variables_of_compose_fill_in_a_build_variables_of_github_fill(make_project: Callable[..., Path]) -> None:
    root = make_project({"compose.yaml": FILLED, "web/Dockerfile": "FROM scratch\n"})
    generate(root)
    leg = load(root / FOLDER / "images.yml")["jobs"]["publish"]["strategy"]["matrix"]["include"][0]
    assert leg["arguments"].splitlines() == [
        # An address of a developer's machine is no default of production.
        "${{ vars.API_URL && format('VITE_API_URL={0}', vars.API_URL) }}",
        "${{ vars.MAPS_KEY && format('VITE_MAPS_KEY={0}', vars.MAPS_KEY) }}",
        "VITE_TITLE=The ${{ vars.SHOP_NAME || 'Bob''s' }} of ${PRICE}",
        "NODE_ENV=${{ vars.NODE_ENV || 'production' }}",
        "REVISION=${{ github.sha }}",
        "SIZE=3",
    ]
    assert "look like secrets are left out (NPM_TOKEN)" in (root / FOLDER / "images.yml").read_text()


TRICKED = """\
name: shop
services:
  web:
    build:
      context: ./web
      args:
        CONFIG: ${DB_PASSWORD:-hunter22}
        'X$(id)"; touch pwned; "': ${GREETING:-hello}
        "A'B": ${OTHER}
        SIZE: "3"
"""


def test_an_argument_that_a_secret_fills_and_one_that_no_dockerfile_can_name_stand_nowhere(
    make_project: Callable[..., Path],
) -> None:
    root = make_project({"compose.yaml": TRICKED, "web/Dockerfile": "FROM scratch\n"})
    generate(root)
    text = (root / FOLDER / "images.yml").read_text()
    leg = load(root / FOLDER / "images.yml")["jobs"]["publish"]["strategy"]["matrix"]["include"][0]
    assert leg["arguments"] == "SIZE=3\n"
    assert "look like secrets are left out (CONFIG)" in text
    assert not [word for word in ("hunter22", "pwned", "A'B") if word in text]


def test_a_workflow_of_the_same_name_stays_as_it_is(make_project: Callable[..., Path]) -> None:
    theirs = "on: workflow_dispatch\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps: [{run: 'true'}]\n"
    root = make_project(
        {
            "compose.yaml": "services:\n  web:\n    build: .\n    ports: ['80:80']\n",
            "Dockerfile": "FROM nginx:1.30\n",
            f"{FOLDER}/images.yml": theirs,
        }
    )
    names = {path.name for path in generate(root)}
    assert "scaffold-images.yml" in names
    assert (root / FOLDER / "images.yml").read_text() == theirs


def test_the_stack_of_the_tests_gets_every_value_that_it_needs_and_keeps_the_ones_it_has(
    example: Callable[[str], Path], tmp_path: Path
) -> None:
    root = example("propertypro")
    generate(root)
    script = next(step["run"] for step in steps(load(root / FOLDER / "e2e.yml")) if "every variable" in step.get("name", ""))
    folder = tmp_path / "stack"
    folder.mkdir()
    (folder / "docker-compose.yml").write_text("a: ${TOKEN:?needed} ${PLAIN} ${KEPT:?} ${OPTIONAL:-x} ${EMPTY:?}\n")
    (folder / "env.example").write_text("KEPT=4\nEMPTY=\n")
    subprocess.run(
        ["bash", "-e", "-c", script],
        cwd=folder,
        env={"COMPOSE_FILE": "docker-compose.yml", "PATH": "/usr/bin:/bin"},
        check=True,
    )
    entries = dict(line.split("=", 1) for line in (folder / ".env").read_text().splitlines())
    assert entries["KEPT"] == "4"
    assert {name for name, value in entries.items() if len(value) == 32} == {"TOKEN", "PLAIN", "EMPTY"}
    assert "OPTIONAL" not in entries


def test_the_suite_runs_in_its_own_service_and_its_report_is_kept(example: Callable[[str], Path]) -> None:
    root = example("propertypro")
    generate(root)
    document = load(root / FOLDER / "e2e.yml")
    scripts = [step["run"] for step in steps(document) if "run" in step]
    assert any(
        "--profile frontend up --detach --build --wait" in script and script.endswith(" frontend\n") for script in scripts
    )
    assert any(script.endswith(" e2e\n") and "--profile frontend run" in script for script in scripts)
    kept = steps(document)[-1]
    assert kept["if"] == "${{ !cancelled() }}"
    assert "frontend/playwright-report\n" in kept["with"]["path"]


@pytest.mark.parametrize(
    ("lock", "install", "test"),
    [
        ("package-lock.json", "npm ci\n", "npx --no-install cypress run\n"),
        ("pnpm-lock.yaml", "pnpm install --frozen-lockfile\n", "pnpm exec cypress run\n"),
        ("yarn.lock", "corepack enable\nyarn install --immutable\n", "yarn cypress run\n"),
    ],
)
def test_a_suite_without_a_service_runs_with_the_package_manager_of_its_lock(
    make_project: Callable[..., Path], require_tool: Callable[[str], str], lock: str, install: str, test: str
) -> None:
    root = make_project(
        {
            "compose.yaml": "services:\n  web:\n    build: .\n    ports: ['8080:80']\n    command: nginx -g 'daemon off;'\n",
            "Dockerfile": "FROM nginx:1.30\n",
            "tests/package.json": '{"name": "suite", "devDependencies": {"cypress": "15.0.0"}}\n',
            "tests/cypress.config.ts": "export default {}\n",
            f"tests/{lock}": "",
            f"{FOLDER}/ci.yml": "on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps: [{run: make}]\n",
        }
    )
    paths = generate(root)
    found = {step["name"]: step for step in steps(load(root / FOLDER / "e2e.yml")) if "name" in step}
    assert found["Install what the tests need"]["run"] == install
    assert found["Run the tests"]["run"] == test
    assert found["Run the tests"]["working-directory"] == "tests"
    assert found["Run the tests"]["env"]["BASE_URL"] == "http://localhost:8080"
    lint(paths, require_tool)


CYPRESS = {
    "compose.yaml": "services:\n  web: {image: 'acme/web:1', ports: ['80:80']}\n",
    "Dockerfile": "FROM nginx:1.30\n",
    "package.json": '{"name": "shop", "devDependencies": {"cypress": "15.0.0"}}\n',
    "pnpm-lock.yaml": "",
    "cypress.config.ts": "export default {}\n",
    f"{FOLDER}/ci.yml": "on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps: [{run: make}]\n",
}
SUITE = """\
services:
  web: {build: .., ports: ["3000:3000"]}
  cypress:
    image: cypress/included:15.0.0
    depends_on: [web]
    volumes: ["./:/cypress", "../node_modules/:/node_modules"]
"""


def test_the_tests_see_the_change_where_another_stack_builds_it(
    make_project: Callable[..., Path], require_tool: Callable[[str], str]
) -> None:
    root = make_project({**CYPRESS, "cypress/docker-compose.yml": SUITE})
    paths = generate(root)
    document = load(root / FOLDER / "e2e.yml")
    job = document["jobs"]["e2e"]
    assert job["env"]["COMPOSE_FILE"] == "docker-compose.yml"
    assert job["defaults"]["run"]["working-directory"] == "cypress"
    scripts = [step["run"] for step in steps(document) if "run" in step]
    assert "docker compose up --detach --build --wait --wait-timeout 600 web\n" in scripts
    assert scripts.index("pnpm install --frozen-lockfile\n") < scripts.index(
        "docker compose run -T --name end-to-end-tests cypress\n"
    )
    assert "cypress/screenshots\n" in steps(document)[-1]["with"]["path"]
    assert "compose.yaml only pulls published images" in (root / FOLDER / "e2e.yml").read_text()
    lint(paths, require_tool)


def test_tests_of_published_images_say_that_they_do_not_see_the_change(make_project: Callable[..., Path]) -> None:
    root = make_project(CYPRESS)
    generate(root)
    assert "# No compose file builds the application" in (root / FOLDER / "e2e.yml").read_text()
    (root / "compose.yaml").write_text("services:\n  web: {build: ., ports: ['80:80']}\n")
    generate(root)
    assert "No compose file" not in (root / FOLDER / "e2e.yml").read_text()


TEXT = st.text(st.characters(blacklist_categories=["Cs", "Cc"]) | st.sampled_from("\n${}'\"#: -"))


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(["name", "if", "run", "id"]), TEXT, min_size=1), st.lists(TEXT, max_size=3))
def test_what_is_emitted_is_read_back(step: dict[str, str], words: list[str]) -> None:
    document = {"name": "x", "env": {"A": "\n".join(words)}, "jobs": {"a": {"needs": words, "steps": [step, step]}}}
    assert yaml.safe_load(workflow_text(document, "head")) == document
    assert yaml.safe_load(steps_text([step], 6)) == [step]


def test_a_note_stands_behind_its_value_on_the_same_line() -> None:
    text = steps_text([{"uses": Noted("a/b@1", "v1.0.0"), "with": {"x": 1}}, {"run": "a\nb\n"}], 4)
    assert text == "    - uses: a/b@1 # v1.0.0\n      with:\n        x: 1\n\n    - run: |\n        a\n        b\n"


def test_the_chart_that_is_written_passes_the_lint_of_the_workflow(
    example: Callable[[str], Path], require_tool: Callable[[str], str], tmp_path: Path
) -> None:
    root = example("propertypro")
    generate(root)
    script = next(step for step in steps(load(root / FOLDER / "infrastructure.yml")) if "Lint" in step.get("name", ""))

    def run_it() -> tuple[int, str]:
        summary = tmp_path / "summary"
        summary.write_text("")
        folder = Path(require_tool("helm")).parent
        places = {"HOME": str(tmp_path), "RUNNER_TEMP": str(tmp_path), "GITHUB_STEP_SUMMARY": str(summary)}
        given = {"PATH": f"{folder}:/usr/bin:/bin", **places}
        done = subprocess.run(
            ["bash", "-e", "-c", script["run"]],
            cwd=root,
            env={**given, **script["env"]},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, summary.read_text() + done.stderr

    assert run_it() == (0, "Charts below deploy/helm that were linted and rendered: 0\n")
    write_generation(plan_generation(Place(root), rooms=frozenset({Room.HELM}), edit_codes=None))
    assert run_it() == (0, "Charts below deploy/helm that were linted and rendered: 1\n")
    assert "kind: Deployment" in (tmp_path / "production.yaml").read_text()
    assert "kind: Deployment" in (tmp_path / "staging.yaml").read_text()
    # A value that has to be there and is not: lint says nothing of it, the rendering does.
    (release,) = root.glob("deploy/helm/*/ci/values-release.json")
    release.write_text("{}\n")
    code, text = run_it()
    assert code
    assert "execution error" in text
