"""Hosts inside URLs, whatever stands in the userinfo before them."""

from __future__ import annotations

import pytest

from scaffold.plan.workloads.hosts import hosts_in, parse_url


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("postgres://u:p@ss@db:5432/x,redis://cache", {"db", "cache"}),
        ("mongodb://u:p,w@m1:27017,m2:27017/db", {"m1", "m2"}),
        ("'amqp://rabbit:5672','mail@shop.io'", {"rabbit"}),
        ("http://web/a@b", {"web"}),
        ("redis://:${PW:?}@cache", {"cache"}),
    ],
)
def test_hosts_in_a_text(text: str, hosts: set[str]) -> None:
    assert hosts_in(text) == hosts


def test_an_at_sign_in_a_password_belongs_to_the_userinfo() -> None:
    url = parse_url("postgres://u:p@ss@db:5432/x?sslmode=require")
    assert url is not None
    assert (url.userinfo, url.host, url.port, url.query) == ("u:p@ss", "db", "5432", "sslmode=require")
