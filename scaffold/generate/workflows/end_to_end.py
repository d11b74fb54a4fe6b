"""The workflow that starts the stack, waits until it is healthy, runs the end-to-end tests and keeps what they say."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from typing import Any

from scaffold.generate.actions import NODE, RUNNER, checkout, run, use
from scaffold.generate.emit import to_shell_word
from scaffold.generate.workflow_text import literal, workflow_text
from scaffold.model.artifact import Artifact
from scaffold.model.delivery import DeliveryPlan, EndToEndSuite, EndToEndWorkflow
from scaffold.model.names import Room

_HEADER = """\
Starts the stack as the compose files describe it, waits until it is healthy and runs the end-to-end tests. The report and
the logs of the containers are kept with the run, whether it passes or not."""

_REPORTS = {
    "playwright": ("playwright-report", "blob-report", "test-results"),
    "cypress": ("cypress/screenshots", "cypress/videos", "cypress/reports"),
}
_LOGS = "compose.log"
_CONTAINER = "end-to-end-tests"
_KEPT = "end-to-end-results"
_SETTINGS = """\
if [ ! -e .env ]; then
  for template in .env.example env.example .env.sample .env.template; do
    if [ -e "$template" ]; then
      cp "$template" .env
      break
    fi
  done
fi
touch .env
IFS=: read -ra files <<< "$COMPOSE_FILE"
grep -ohE '\\$\\{[A-Za-z_][A-Za-z0-9_]*(:?\\?[^}]*)?\\}' "${files[@]}" | sed -E 's/^\\$\\{([A-Za-z0-9_]+).*/\\1/' | sort -u |
  while read -r name; do
    if ! grep -qE "^$name=." .env; then
      echo "$name=$(openssl rand -hex 16)" >> .env
    fi
  done
"""
_INSTALL = {
    "npm": ("npm ci", "npm install --no-audit --no-fund"),
    "pnpm": ("pnpm install --frozen-lockfile", "pnpm install"),
    "yarn": ("corepack enable\nyarn install --immutable", "corepack enable\nyarn install"),
    "bun": ("bun install --frozen-lockfile", "bun install"),
}
_EXECUTE = {"npm": "npx --no-install", "pnpm": "pnpm exec", "yarn": "yarn", "bun": "bunx"}
_COMMANDS = {
    "playwright": ("playwright install --with-deps", "playwright test"),
    "cypress": ("cypress install", "cypress run"),
}


def render_end_to_end(plan: DeliveryPlan, workflow: EndToEndWorkflow) -> Artifact:
    """Return the workflow of the suite."""
    suite = workflow.suite
    document = {
        "name": "End-to-end tests",
        "on": {"push": {"branches": list(plan.branches)}, "pull_request": {"branches": list(plan.branches)}},
        "permissions": {},
        "concurrency": {
            "group": "e2e-${{ github.ref }}",
            "cancel-in-progress": "${{ github.event_name == 'pull_request' }}",
        },
        "jobs": {"e2e": _job(suite)},
    }
    header = f"{_HEADER}\n\n{suite.reason}" if suite.reason else _HEADER
    return Artifact(workflow.path, workflow_text(document, header), Room.WORKFLOWS)


def _job(suite: EndToEndSuite) -> dict[str, Any]:
    start = _start(suite) if suite.files else []
    steps = [*start, *(_in_container(suite) if suite.service else _on_runner(suite)), *_results(suite)]
    files = {"env": {"COMPOSE_FILE": literal(_compose_file(suite))}} if suite.files else {}
    folder = {"defaults": {"run": {"working-directory": literal(suite.directory)}}} if suite.directory else {}
    return {
        "name": f"Run the tests with {suite.runner.capitalize()}",
        "runs-on": RUNNER,
        "timeout-minutes": 45,
        "permissions": {"contents": "read"},
        **files,
        **folder,
        "steps": [checkout(), *steps],
    }


def _compose_file(suite: EndToEndSuite) -> str:
    return ":".join(_below(path, suite.directory) for path in suite.files)


def _below(path: str, folder: str) -> str:
    return posixpath.relpath(path, folder or ".")


def _words(words: Iterable[str]) -> str:
    return " ".join(to_shell_word(word) for word in words)


def _start(suite: EndToEndSuite) -> list[dict[str, Any]]:
    profiles = _words(word for name in suite.profiles for word in ("--profile", name))
    up = f"docker compose {profiles} up".replace("  ", " ")
    return [
        run("Give every variable of the stack a value for this run", _SETTINGS),
        run(
            "Start the stack and wait until it is healthy",
            f"{up} --detach --build --wait --wait-timeout 600 {_words(suite.awaited)}\n",
        ),
    ]


def _in_container(suite: EndToEndSuite) -> list[dict[str, Any]]:
    profiles = _words(word for name in suite.profiles for word in ("--profile", name))
    command = f"docker compose {profiles} run".replace("  ", " ")
    tests = run("Run the tests", f"{command} -T --name {_CONTAINER} {to_shell_word(suite.service)}\n")
    return [*(_installed(suite, posixpath.dirname(suite.lock) or ".") if suite.manager else ()), tests]


def _installed(suite: EndToEndSuite, folder: str) -> list[dict[str, Any]]:
    """Return the steps that install the modules; a folder is relative to the root of the repository."""
    locked, free = _INSTALL[suite.manager]
    return [
        *([use("pnpm/action-setup")] if suite.manager == "pnpm" else []),
        use("actions/setup-node", with_={"node-version": NODE, "package-manager-cache": False}),
        run("Install what the tests need", f"{locked if suite.lock else free}\n", working_directory=literal(folder)),
    ]


def _on_runner(suite: EndToEndSuite) -> list[dict[str, Any]]:
    browsers, tests = _COMMANDS[suite.runner]
    execute = _EXECUTE[suite.manager]
    where: dict[str, Any] = {"working_directory": literal(suite.package)}
    install = posixpath.dirname(suite.lock) or "." if suite.lock else suite.package
    address = {name: suite.address for name in ("BASE_URL", "PLAYWRIGHT_BASE_URL", "CYPRESS_BASE_URL") if suite.address}
    return [
        *_installed(suite, install),
        run("Install the browsers", f"{execute} {browsers}\n", **where),
        run("Run the tests", f"{execute} {tests}\n", {"CI": "true", **address}, **where),
    ]


def _results(suite: EndToEndSuite) -> list[dict[str, Any]]:
    always: dict[str, Any] = {"if_": "${{ !cancelled() }}"}
    reports = _REPORTS[suite.runner]
    steps = []
    if suite.service and suite.container_folder:
        copied = "".join(
            f"docker cp {_CONTAINER}:{to_shell_word(posixpath.join(suite.container_folder, name))} {_KEPT}/ || true\n"
            for name in reports
        )
        steps.append(run("Bring out what the tests wrote", f"mkdir -p {_KEPT}\n{copied}", **always))
    if suite.files:
        steps.append(
            run("Keep the logs of the containers", f"docker compose logs --no-color --timestamps > {_LOGS}\n", **always)
        )
    paths = [posixpath.join(suite.package, name) for name in reports] if suite.package else [_in_folder(suite, _KEPT)]
    paths += [_in_folder(suite, _LOGS)] if suite.files else []
    kept = {
        "name": "end-to-end-tests",
        "path": "".join(f"{literal(posixpath.normpath(path))}\n" for path in paths),
        "if-no-files-found": "ignore",
        "retention-days": 14,
    }
    return [*steps, use("actions/upload-artifact", "Keep the report and the logs", **always, with_=kept)]


def _in_folder(suite: EndToEndSuite, name: str) -> str:
    return posixpath.join(suite.directory, name)
