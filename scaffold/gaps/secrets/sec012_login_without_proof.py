"""SEC012: a way to log in asks for no proof of who the caller is."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import may_run_in_production
from scaffold.gaps.network.fronts import has_login_in_front
from scaffold.gaps.secrets.switched_logins import SwitchedLogin, switched_logins
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Confidence, Layer, Severity
from scaffold.model.project import CodeFact, Project


def _detect(project: Project) -> Iterator[Gap]:
    facts = [fact for fact in project.code_facts if fact.kind == "proofless-login" and may_run_in_production(fact)]
    if facts and not has_login_in_front(project):
        yield from (_helper_gap(fact) if fact.detail else _link_gap(fact) for fact in facts)
    logins = tuple(switched_logins(project))
    if logins and not has_login_in_front(project):
        yield from (_switched_gap(login) for login in logins)


def _switched_gap(login: SwitchedLogin) -> Gap:
    path, read = login.places[0].path, f"{login.read.path}:{login.read.line}"
    return RULE.gap(
        resource=path,
        subject=f"login/{login.name}",
        message=f"{path} switches {login.name} on, which by its name lets callers in without a password ({read} reads "
        "it): whoever reaches what is started with it is whom they want to be.",
        expected=f"{login.name} off, and a login that asks for a proof",
        actual="on",
        locations=login.places,
        related=(login.read,),
        confidence=Confidence.MEDIUM,
        closers=(Closer(None, "advice", f"Take {login.name} out of {path}; developers set it for themselves."),),
    )


def _helper_gap(fact: CodeFact) -> Gap:
    path = fact.location.path
    return RULE.gap(
        resource=path,
        subject=f"login/{fact.detail}",
        message=f"{fact.detail} of {path} logs callers in without a password or another proof, and no condition keeps it out "
        "of production: whoever knows the route is whom they want to be.",
        expected="a route that development alone has, or none",
        actual="a login without proof",
        locations=(fact.location,),
        confidence=Confidence.MEDIUM,
        closers=(
            Closer(
                None,
                "advice",
                "Take the route out, or register it only where the environment is development, so that production answers 404.",
            ),
        ),
    )


def _link_gap(fact: CodeFact) -> Gap:
    path = fact.location.path
    return RULE.gap(
        resource=path,
        subject="login/linking",
        message=f"{path} links the accounts of a login provider to those here by the e-mail address alone, and nothing asks "
        "whether the provider has checked that address: whoever registers there under somebody's address is that user here.",
        expected="accounts linked by their owner after a login, or addresses that the provider says are verified",
        actual="linked by address",
        locations=(fact.location,),
        confidence=Confidence.MEDIUM,
        closers=(
            Closer(
                None,
                "advice",
                "Leave the option out, or refuse a login whose profile does not say that its address is verified "
                "(email_verified, Discord's verified).",
            ),
        ),
    )


RULE = Rule(
    code="SEC012",
    name="login-without-proof",
    layer=Layer.SECRETS,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(Closer(None, "advice", "Ask for a proof of who the caller is on every way to log in."),),
    maps_to=("CWE-287",),
)
