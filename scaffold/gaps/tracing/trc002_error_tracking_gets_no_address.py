"""TRC002: code reports its errors to a service whose address nothing in production gives it."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import is_test_path
from scaffold.gaps.signals import main_stacks, owner_of_path
from scaffold.gaps.tracing.signals import tracing_libraries
from scaffold.model.compose import Service
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import EnvironmentClass, Layer, Severity
from scaffold.model.project import EnvRead, Project
from scaffold.model.regex import regex

_ADDRESS = regex(
    r"(?!VITE_|NEXT_PUBLIC_|REACT_APP_|NUXT_PUBLIC_|PUBLIC_)(?:\w+_)?(?:SENTRY_DSN|ROLLBAR_ACCESS_TOKEN|BUGSNAG_API_KEY|HONEYBADGER_API_KEY|AIRBRAKE_PROJECT_KEY)"
)
_LIBRARIES = ("sentry", "@sentry/", "github.com/getsentry", "rollbar", "bugsnag", "honeybadger", "airbrake")
_MAY_GIVE = (".yml", ".yaml", ".tf", ".tfvars", ".json", ".toml", ".sh", ".hcl", ".tpl")


def _detect(project: Project) -> Iterator[Gap]:
    stacks = [stack for stack in main_stacks(project) if stack.environment is EnvironmentClass.PRODUCTION and stack.complete]
    if not stacks or not any(name.startswith(_LIBRARIES) for name in tracing_libraries(project)):
        return
    seen: set[str] = set()
    for read in project.env_reads:
        if not _ADDRESS.fullmatch(read.name) or read.name in seen or is_test_path(read.location.path):
            continue
        owner = owner_of_path(project, read.location.path)
        if owner is None or owner[0] not in stacks or _may_be_given(project, read):
            continue
        applications = [service for stack in stacks for service in stack.services if service.is_application]
        if any(_gets(service, read.name) for service in applications):
            continue
        seen.add(read.name)
        yield RULE.gap(
            resource=owner[0].resource(owner[1].name),
            subject=f"environment/{read.name}",
            message=f"The code reports its errors where {read.name} says, and no service of {owner[0].files[-1]} gets it: in"
            " production every error stays in the log of its container.",
            expected=f"{read.name} in the environment of {owner[1].name}",
            actual="given by no compose file, env file, workflow or manifest",
            locations=(owner[1].location,),
            related=(read.location,),
            environment=owner[0].environment,
        )


def _gets(service: Service, name: str) -> bool:
    """Whether a service has the variable, or a file of which not every name is known."""
    return service.node.get("env_file") is not None or any(entry.name == name for entry in service.environment)


def _may_be_given(project: Project, read: EnvRead) -> bool:
    """Whether a file that deploys or builds the project names the variable."""
    for item in project.sources:
        name = item.path.rpartition("/")[2]
        if read.name in item.text and (item.path.endswith(_MAY_GIVE) or "ockerfile" in name) and name != "package.json":
            return True
    return False


RULE = Rule(
    code="TRC002",
    name="error-tracking-gets-no-address",
    layer=Layer.TRACING,
    severity=Severity.LOW,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Pass the variable to the service (`SENTRY_DSN: ${SENTRY_DSN:?}`), put it into the template for production, and"
            " send one error by hand to see it arrive.",
        ),
    ),
)
