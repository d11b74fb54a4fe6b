"""SCL007: a server that keeps the sockets of its visitors in its own process runs as several of them."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import may_run_in_production
from scaffold.gaps.scaling.copies import Copies, copies_of_program
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.image_code import is_served
from scaffold.model.names import Layer, Severity
from scaffold.model.project import CodeFact, Project

_SHARE = {
    "Socket.IO": "Give Socket.IO an adapter (`@socket.io/redis-adapter`; python-socketio: `AsyncRedisManager`) and the proxy"
    " sticky sessions, which its first requests need.",
    "SignalR": "Add `AddStackExchangeRedis()` or Azure SignalR, and sticky sessions where it does not skip the negotiation.",
    "Channels": "Set `channels_redis.core.RedisChannelLayer` as the layer of production.",
    "STOMP": "Relay to a broker: `enableStompBrokerRelay()` in place of `enableSimpleBroker()`.",
}
_BY_HAND = "Publish each message to a channel that all copies read (Redis, NATS, LISTEN of PostgreSQL), or run one copy."


def _detect(project: Project) -> Iterator[Gap]:
    facts = [fact for fact in project.code_facts if fact.kind == "socket" and may_run_in_production(fact)]
    held = [fact for fact in facts if fact.detail != "shared" and is_served(fact.location.path)]
    # One word of what all copies share anywhere may belong to any of the programs.
    if not held or len(held) < len(facts):
        return
    told: set[str] = set()
    for fact in held:
        copies = next(copies_of_program(project, fact), None)
        if copies is not None and copies.name not in told:
            told.add(copies.name)
            yield _gap(fact, copies)


def _gap(fact: CodeFact, copies: Copies) -> Gap:
    return RULE.gap(
        resource=copies.name,
        subject="sockets",
        message=f"{copies.name} keeps the sockets of its visitors in its own process ({fact.detail}, {fact.location.path}:"
        f"{fact.location.line}) and runs more than once ({copies.words}): who is connected to another copy gets no message.",
        expected="what all copies read, or one copy",
        actual=copies.words,
        locations=(copies.place,),
        related=(fact.location,),
        environment=copies.environment,
        closers=(Closer(None, "advice", _SHARE.get(fact.detail, _BY_HAND)),),
    )


RULE = Rule(
    code="SCL007",
    name="sockets-bound-to-one-copy",
    layer=Layer.SCALING,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(Closer(None, "advice", _BY_HAND),),
)
