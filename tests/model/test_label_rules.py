"""Rules of Traefik's routers; expected alternatives from its documentation (HTTP routers, Rule)."""

from __future__ import annotations

import pytest

from scaffold.model.label_rules import RuleMatch, RulePath, read_rule


@pytest.mark.parametrize(
    ("rule", "matches"),
    [
        ("Host(`a.example`)", [(("a.example",), ())]),
        ('Host("a.example", "b.example")', [(("a.example", "b.example"), ())]),
        ("PathPrefix(`/api`)", [((), (RulePath("/api"),))]),
        ("Host(`a.example`) && Path(`/health`)", [(("a.example",), (RulePath("/health", exact=True),))]),
        # && binds tighter than ||.
        ("Host(`a.example`) || Host(`b.example`) && PathPrefix(`/x`)", [(("a.example",), ()), (("b.example",), (RulePath("/x"),))]),
        (
            "Host(`a.example`) && (PathPrefix(`/api`) || PathPrefix(`/ws`))",
            [(("a.example",), (RulePath("/api"),)), (("a.example",), (RulePath("/ws"),))],
        ),
        ("Host(`a.example`) && PathPrefix(`/x`) && !PathPrefix(`/x/y`)", [(("a.example",), (RulePath("/x"),))]),
    ],
)  # fmt: skip
def test_a_rule_of_hosts_and_paths(rule: str, matches: list[tuple[tuple[str, ...], tuple[RulePath, ...]]]):
    assert read_rule(rule) == tuple(RuleMatch(hosts, paths) for hosts, paths in matches)


@pytest.mark.parametrize(
    "rule",
    [
        "HostRegexp(`.+`)",
        "Host(`a.example`) && Headers(`x`, `y`)",
        "!Host(`a.example`)",
        "Host(`a.example`",
        "Host(`a.example`) PathPrefix(`/`)",
        "&&",
        "",
        "(" * 5000,
        "!" * 5000,
        " && ".join(["(PathPrefix(`/a`) || PathPrefix(`/b`))"] * 20),
    ],
)
def test_what_no_ingress_can_say_is_no_rule_of_hosts_and_paths(rule: str):
    assert read_rule(rule) is None
