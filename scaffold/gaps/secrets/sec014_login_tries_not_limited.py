"""SEC014: a program that visitors reach checks passwords as often as somebody asks."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import judged_stacks, may_run_in_production, once, production_or_all
from scaffold.gaps.network.doors import is_of_program, names_a_network, opened_programs
from scaffold.gaps.network.fronts import has_login_in_front
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Confidence, Layer, Severity
from scaffold.model.project import CodeFact, Project
from scaffold.model.regex import regex

_LIMITS = regex(
    r"(?i)limit[-_](?:req|conn|rp[sm])|rate[-_ ]?(?:limit|based)|throttl|wafv2|modsecurity|coraza|crowdsec|fail2ban|\bwaf\b"
    r"|captcha|stick-table|security_policy"
)
"""What counts the requests of an address before a program."""
_KEEPS_OUT = regex(
    r"(?i)fail2ban|crowdsec|\bwaf\b|modsecurity|tailscale|wireguard|zerotier|cloudflare (?:access|zero trust)"
    r"|authelia|authentik|oauth2-proxy|behind (?:an? |the |your )?vpn"
    r"|rate[- ]limit\w* (?:at|in|by|on|via|with) (?:the |an? |your )?(?:nginx|proxy|edge|cdn|cloudflare)"
)
"""What pages say that keeps strangers away, or who tries too often."""
_BEFORE = (".conf", ".tf", ".yaml", ".yml", ".toml", ".hcl", "Caddyfile", ".template", ".cfg", ".vcl", ".j2", ".tpl", ".sh")
"""Ends of the files that tell what stands before a program."""


def _detect(project: Project) -> Iterator[Gap]:
    facts = [fact for fact in project.code_facts if fact.kind == "unlimited-login" and may_run_in_production(fact)]
    if not facts or has_login_in_front(project) or names_a_network(project) or _is_limited_before(project):
        return
    stacks = production_or_all(stack for stack in judged_stacks(project) if stack.is_runnable_in_production and stack.complete)
    yield from once(gap for stack in stacks for gap in _of_stack(project, stack, facts))


def _is_limited_before(project: Project) -> bool:
    """Whether a proxy, a firewall or a page may count what one address tries."""
    if any(_LIMITS.search(source.text) for source in project.sources if source.path.endswith(_BEFORE)):
        return True
    return any("fail2ban" in path for path in project.files) or any(_KEEPS_OUT.search(page.text) for page in project.docs)


def _of_stack(project: Project, stack: Stack, facts: list[CodeFact]) -> Iterator[Gap]:
    yield from (_gap(stack, service.name, fact, door) for service, fact, door in opened_programs(project, stack, facts, _is_of))


def _is_of(project: Project, service: Service, fact: CodeFact) -> bool:
    return service.is_application and is_of_program(project, service, fact.detail)


def _gap(stack: Stack, service: str, fact: CodeFact, door: Location) -> Gap:
    return RULE.gap(
        resource=stack.resource(service),
        subject="login/tries",
        message=f"{service} checks passwords for whoever reaches it, as often as they ask: no line of this repository's code "
        "counts the tries, and nothing that it declares before the program limits the requests of an address.",
        expected="a limit on the route for logins, by address and by account, in the program or in the proxy before it",
        actual="no limit",
        locations=(fact.location, door),
        confidence=Confidence.MEDIUM,
        environment=stack.environment,
    )


RULE = Rule(
    code="SEC014",
    name="login-tries-not-limited",
    layer=Layer.SECRETS,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Limit the route for logins to a few tries a minute by address and by account, with the limiter of the framework "
            "or `limit_req` of nginx on its path, and have the limiter see the visitor's address behind a proxy (NET010).",
        ),
    ),
    maps_to=("CWE-307",),
)
