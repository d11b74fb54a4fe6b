"""NET013: a program that visitors reach changes data for everybody: no line of its code, or rule of its API, asks who calls."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import judged_stacks, listed, may_run_in_production, once, production_or_all
from scaffold.gaps.network.doors import is_among_friends, is_of_program, is_told_of_friends, names_a_network, opened_programs
from scaffold.gaps.network.fronts import has_login_in_front
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Confidence, Layer, Severity
from scaffold.model.project import CodeFact, Project

_KINDS = {
    "asks-nobody": "no line of its code asks who calls",
    "spends-for-all": "no line of its code asks who calls, or limits one caller's share",
    "open-graph": "{} makes an API of its whole database, and no rule of the schema asks who calls",
    "idle-rules": "its authorization is switched on, and no scheme, policy or attribute in its code says who may call",
    "no-guard": "no guard, dependency or middleware of its code in {} asks who calls, whatever a login hands out",
    "open-chain": "the rules of {} permit every request, and no other line of its code asks who calls",
}
"""What lets everybody in, in words."""
_EVERY_CONSOLE = "*"
"""What a login before the whole program is called."""
_WITH_ACCOUNTS = "NestJS"
"""Of the programs without a guard, the one that has accounts of its own: they are open as well."""
_WITH_LOGINS = frozenset({"open-graph", "open-chain", "idle-rules", "no-guard"})


def _detect(project: Project) -> Iterator[Gap]:
    facts = [fact for fact in project.code_facts if fact.kind in _KINDS and may_run_in_production(fact)]
    if has_login_in_front(project):
        return
    yield from () if names_a_network(project) else _consoles(project)
    if not facts:
        return
    if is_among_friends(project):
        # Who thought of logins, and left them out here: what pages say of a network is seldom about it.
        facts = [fact for fact in facts if fact.kind in _WITH_LOGINS and not names_a_network(project)]
    stacks = production_or_all(stack for stack in judged_stacks(project) if stack.is_runnable_in_production and stack.complete)
    yield from once(gap for stack in stacks for gap in _of_stack(project, stack, facts))


def _consoles(project: Project) -> Iterator[Gap]:
    """Yield the consoles of engines that the routes of Rails lend everybody: no code and no variable asks who opens them."""
    mounted = [fact for fact in project.code_facts if fact.kind == "console" and may_run_in_production(fact)]
    if not mounted:
        return
    asking = {fact.detail for fact in project.code_facts if fact.kind == "console-login"}
    names = {entry.name for file in project.env_files for entry in file.entries} | {read.name for read in project.env_reads}
    names |= {entry.name for stack in project.stacks for service in stack.services for entry in service.environment}
    found: dict[str, list[CodeFact]] = {}
    for fact in mounted:
        engine = fact.detail.partition("::")[0].upper()
        given = any(name.startswith(f"{engine}_") and name.endswith(("USERNAME", "USER", "PASSWORD")) for name in names)
        told = any(engine in page.text.upper() and is_told_of_friends(page.text) for page in project.docs)
        if not asking & {fact.detail, _EVERY_CONSOLE} and not given and not told:
            found.setdefault(fact.location.path, []).append(fact)
    for path, facts in found.items():
        yield _console_gap(path, facts)


def _console_gap(path: str, facts: list[CodeFact]) -> Gap:
    consoles = listed(dict.fromkeys(fact.detail for fact in facts))
    return RULE.gap(
        resource=path,
        subject="consoles",
        message=f"The routes mount {consoles} for whoever knows the path, and no code or variable of this repository asks who "
        "opens it: such a console shows what the store or the queue holds, and changes it.",
        expected="the mount inside `authenticate`, behind a constraint, or with a user and a password of its own",
        actual="a mount without a condition",
        locations=tuple(fact.location for fact in facts),
        confidence=Confidence.MEDIUM,
        closers=(
            Closer(
                None,
                "advice",
                "Mount it inside `authenticate :user, ->(user) { user.admin? }` or a constraint of the routes, or before it "
                "Rack::Auth::Basic with values of the environment.",
            ),
        ),
    )


def _of_stack(project: Project, stack: Stack, facts: list[CodeFact]) -> Iterator[Gap]:
    yield from (_gap(stack, *found) for found in opened_programs(project, stack, facts, _is_of))


def _is_of(project: Project, service: Service, fact: CodeFact) -> bool:
    return fact.kind in _WITH_LOGINS or is_of_program(project, service, fact.detail)


def _gap(stack: Stack, service: Service, fact: CodeFact, door: Location) -> Gap:
    does = "asks a paid model with the key of its operators" if fact.kind == "spends-for-all" else "changes data"
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="login",
        message=f"{service.name} {does} for whoever reaches it: {_KINDS[fact.kind].format(fact.detail)}, and nothing "
        "that this repository declares stands before it and does.",
        expected="a login in the program, or before it: a proxy that asks for one, a network that only members reach",
        actual="routes for everybody",
        locations=(fact.location, door),
        severity=Severity.HIGH if fact.detail == _WITH_ACCOUNTS else None,
        confidence=Confidence.MEDIUM,
        environment=stack.environment,
    )


RULE = Rule(
    code="NET013",
    name="routes-ask-nobody",
    layer=Layer.NETWORK,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Ask for a login in the program or in the proxy before it (auth_request, forwardAuth, oauth2-proxy), or bind its "
            "port to 127.0.0.1 and say in the deployment guide which network it is reached from.",
        ),
    ),
    maps_to=("CWE-306",),
)
