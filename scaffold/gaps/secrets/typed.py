"""Credentials that are typed out where a system is set up or deployed: by scripts, by jobs, and by pages on deployment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scaffold.gaps.ci_signals import foreign_workflows
from scaffold.gaps.facts import is_test_path, listed, path_environment
from scaffold.gaps.secrets.sec009_template_ships_a_signing_key import SIGNING
from scaffold.model.deployments import deploy_scripts, is_deployment
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import TRIED, Cause, Confidence, Severity
from scaffold.model.project import Command, DocFile, EnvFile, Project
from scaffold.model.regex import regex
from scaffold.model.secrets import SecretClass, classify, holds_secret, url_password

_WORDS = ("PGPASSWORD", "MYSQL_PWD", "sshpass", "docker", "mysql", "mariadb", "mongo")
_TYPED = regex(
    r"\b(?P<client>PGPASSWORD|MYSQL_PWD)=[\"']?(?P<given>[^\s\"'$`<{(\\)]+)"
    r"|\bsshpass\s+-p\s*[\"']?(?P<ssh>[^\s\"'$`<{(]+)"
    r"|\b(?:mysql|mysqldump|mariadb|mariadb-dump)\b[^\n|;]*?\s(?:-p|--password=)[\"']?(?P<mysql>[^\s\"'$`<{(-]\S*)"
    r"|\bmongo(?:dump|restore|sh)\b[^\n|;]*?\s(?:-p|--password[= ])\s*[\"']?(?P<mongo>[^\s\"'$`<{(-]\S*)"
)
_RUN = regex(r"\bdocker\s+run\b")
_GIVEN = regex(r"(?:\s-e|\s--env)[= ]\s*[\"']?(?P<name>\w+)=(?P<value>[^\s\"'$`<{(]+)")
_HERE = regex(r"\b(?:localhost|127\.0\.0\.1)\b")
_STAND_IN = regex(r"(?i)your|strong|secure|change|replace|example|^my|here$|^pass(?:word)?$|x{3}|\.\.\.")
"""Values of pages that the reader has to replace by one of their own."""
_CLASSES = frozenset({SecretClass.WEAK, SecretClass.LITERAL, SecretClass.RANDOM})
_ON_DEPLOYMENT = regex(
    r"(?i)deploy|production|(?<![a-z])prod(?![a-z])|(?<![a-z])vps(?![a-z])|hosting|部署|despliegue|bereitstellung"
)
_ANSWER = Closer(
    None, "advice", "Take the value from the environment or a secret manager, and change it: history keeps the old one."
)


@frozen
class _Typed:
    """One credential in a command: what takes it, where it stands, and whether it opens another machine's shell."""

    name: str
    place: Location
    opens_host: bool = False


def typed_credentials(project: Project, rule: Rule) -> Iterator[Gap]:
    """Yield a gap of `rule` for each script, job and page that types credentials of a system out."""
    by_script: dict[str, list[_Typed]] = {}
    deploying = deploy_scripts(project)
    for command in project.commands:
        path = command.location.path
        if command.context == "script" and path not in project.owned and not is_test_path(path):
            by_script.setdefault(path, []).extend(item for item in _in_command(command) if item.opens_host or path in deploying)
    for path, found in by_script.items():
        if found and path_environment(path) not in TRIED:
            yield _script_gap(path, found, rule)
    yield from _in_jobs(project, rule)
    yield from _in_pages(project, rule)


def _in_command(command: Command) -> Iterator[_Typed]:
    text = command.text
    if not any(word in text for word in _WORDS):
        return
    for match in _TYPED.finditer(text):
        value = match["given"] or match["ssh"] or match["mysql"] or match["mongo"]
        if _works(value) and (match["ssh"] or not _HERE.search(text)):
            yield _Typed(match["client"] or match[0].split()[0], command.location, opens_host=bool(match["ssh"]))
    for match in _GIVEN.finditer(text) if _RUN.search(text) else ():
        if holds_secret(match["name"], match["value"]) and _works(match["value"]):
            yield _Typed(match["name"], command.location)


def _works(value: str) -> bool:
    return classify(value) in _CLASSES and not _STAND_IN.search(value)


def _script_gap(path: str, found: list[_Typed], rule: Rule) -> Gap:
    opens_host = any(item.opens_host for item in found)
    names = listed(dict.fromkeys(item.name for item in found))
    effect = "logs in to a machine with it" if opens_host else "can use it"
    return rule.gap(
        resource=path,
        subject="typed",
        message=f"{path} types a credential out (for {names}): who can read the repository {effect}, and the list of processes "
        "shows it.",
        expected="a value from the environment, a key of SSH, or a file with mode 0600",
        actual="a literal in a command",
        locations=tuple(dict.fromkeys(item.place for item in found)),
        severity=Severity.HIGH if opens_host else Severity.MEDIUM,
        environment=path_environment(path),
        closers=(_ANSWER,),
    )


def _in_jobs(project: Project, rule: Rule) -> Iterator[Gap]:
    """Yield the jobs that deploy with a credential in their `env`."""
    for workflow in foreign_workflows(project):
        for job in workflow.jobs:
            pairs = [*workflow.env, *job.env, *(pair for step in job.steps for pair in step.env)]
            names = [name for name, value in pairs if _is_credential(name, value)]
            if not names or not is_deployment(workflow, job):
                continue
            heads = tuple(f"{name}:" for name in names)
            rows = enumerate(workflow.document.text.split("\n"), 1)
            places = [Location(workflow.path, number) for number, row in rows if row.strip().startswith(heads)]
            yield rule.gap(
                resource=f"{workflow.path}/{job.id}",
                subject="typed",
                message=f"{job.id} deploys with credentials that stand in the workflow ({listed(dict.fromkeys(names))}): "
                "who can read the repository can use them.",
                expected="${{ secrets.NAME }}",
                actual="a literal in env",
                locations=tuple(places) or (job.location,),
                severity=Severity.MEDIUM,
                confidence=Confidence.MEDIUM,
                closers=(_ANSWER,),
            )


def _is_credential(name: str, value: str) -> bool:
    if "$" in value or not holds_secret(name, value):
        return False
    return classify(value) in {SecretClass.LITERAL, SecretClass.RANDOM} and _works(value)


def _in_pages(project: Project, rule: Rule) -> Iterator[Gap]:
    """Yield the pages on deployment whose commands write an env file, or start a store, with credentials that work."""
    pages = [page.path for page in project.docs if page.path not in project.owned and _is_on_deployment(page)]
    if not pages:
        return
    shown = {file.path: file for file in project.written_env_files if file.kind == "shown"}
    for path in pages:
        commands = (item for item in project.commands if item.context == "doc" and item.location.path == path)
        run = (item for command in commands for item in _in_command(command) if item.name.isupper())
        found = [*_written(shown.get(path)), *run]
        if found and path_environment(path) not in TRIED:
            yield _page_gap(path, found, rule)


def _is_on_deployment(page: DocFile) -> bool:
    title = page.headings[0].text if page.headings else ""
    return bool(_ON_DEPLOYMENT.search(f"{page.path.rpartition('/')[2]} {title}"))


def _written(file: EnvFile | None) -> Iterable[_Typed]:
    for entry in file.entries if file else ():
        value = url_password(entry.value) or entry.value
        named = value != entry.value or holds_secret(entry.name, value)
        if named and not entry.commented and "$" not in value and _works(value):
            yield _Typed(entry.name, entry.location)


def _page_gap(path: str, found: list[_Typed], rule: Rule) -> Gap:
    names = list(dict.fromkeys(item.name for item in found))
    signs = [name for name in names if SIGNING.search(name)]
    effect = "whoever reads it signs in as anybody" if signs else "whoever reads it has them"
    return rule.gap(
        resource=path,
        subject="typed",
        message=f"{path} has people set the system up with credentials that stand in the page ({listed(names)}): a system that "
        f"was set up so runs with them, and {effect}.",
        expected="a command that draws the value, such as `openssl rand -hex 32`",
        actual="a literal in a page",
        cause=Cause.PROJECT,
        kind=listed(names, shown=len(names)),
        locations=tuple(dict.fromkeys(item.place for item in found)),
        severity=Severity.HIGH if signs else Severity.MEDIUM,
        confidence=Confidence.MEDIUM,
        closers=(
            Closer(
                None,
                "advice",
                "Show a command that draws each value, and change those of systems that were set up by the page.",
            ),
        ),
    )
