"""CIQ005: end-to-end tests exist, and no workflow starts them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.ci_signals import calls_remote_workflow, ci_steps, foreign_workflows
from scaffold.gaps.signals import main_services
from scaffold.model.document import Location
from scaffold.model.end_to_end import end_to_end_suite
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Role, Room, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_CONFIG = regex(
    r"(?:.*/)?(?:playwright\.config|cypress\.config|wdio\.conf|nightwatch\.conf|\.?testcaferc)\.[cm]?[jt]s(?:on)?|(?:.*/)?cypress\.json"
)
_MENTION = regex(r"playwright|cypress|wdio|webdriver|nightwatch|testcafe|selenium|e2e|end-to-end|end2end", re.IGNORECASE)

_ADVICE = "Add a workflow that starts the stack, waits until it is healthy and runs the suite; nightly will do."


def _detect(project: Project) -> Iterator[Gap]:
    workflows = foreign_workflows(project)
    if not workflows or project.other_ci or calls_remote_workflow(project):
        return
    configs = [path for path in project.files if _CONFIG.fullmatch(path)]
    services = [(stack, service) for stack, service in main_services(project) if service.has_role(Role.E2E)]
    if not (configs or services) or any(_mentions(item.text, item.step.uses) for item in ci_steps(project)):
        return
    resource = configs[0] if configs else services[0][0].resource(services[0][1].name)
    started = tuple(service.location for _, service in services)
    yield RULE.gap(
        resource=resource,
        subject="e2e",
        message=f"The end-to-end tests of {resource} run only by hand: no workflow starts them.",
        expected="a step that starts the stack and runs the end-to-end tests",
        actual="no step of the workflows mentions them",
        locations=(*(Location(path, 1) for path in configs), *started),
        searched=tuple(workflow.on_location or Location(workflow.path, 1) for workflow in workflows),
        closers=RULE.closers if end_to_end_suite(project) else (Closer(None, "advice", _ADVICE),),
    )


def _mentions(*texts: str) -> bool:
    return any(_MENTION.search(text) for text in texts)


RULE = Rule(
    code="CIQ005",
    name="e2e-suite-not-run",
    layer=Layer.CI,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(Closer(Room.WORKFLOWS, "files"),),
)
