"""Where application code leaves jobs or messages in Redis until another process takes them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.fact_words import JAVASCRIPT
from scaffold.read.lines import Places, is_comment

_STREAMS = "messages in streams"
_LISTS = "jobs in lists"
_Form = tuple[re.Pattern[str], str]

_SCRIPTS: tuple[_Form, ...] = (
    (regex(r"(?:from|require\()\s*[\"'`](?:bullmq|@nestjs/bullmq)[\"'`]", words=("bullmq",)), "the jobs of BullMQ"),
    (regex(r"(?:from|require\()\s*[\"'`](?:bull|@nestjs/bull)[\"'`]", words=("bull",)), "the jobs of Bull"),
    (regex(r"(?:from|require\()\s*[\"'`]bee-queue[\"'`]", words=("bee-queue",)), "the jobs of Bee-Queue"),
    (regex(r"\.x(?:add|Add|readgroup|ReadGroup)\(", words=(".x",)), _STREAMS),
    (regex(r"\.(?:blpop|brpop|blPop|brPop|brpoplpush|blmove|blMove)\(", words=(".bl", ".br")), _LISTS),
)
_PYTHON: tuple[_Form, ...] = (
    (regex(r"(?m)^from[ \t]+rq[ \t]+import\b[^\n]*\b(?:Queue|Worker)\b", words=("from",)), "the jobs of RQ"),
    (regex(r"(?m)^(?:from[ \t]+arq\b[^\n]*\bimport\b|import[ \t]+arq\b)", words=("arq",)), "the jobs of arq"),
    (regex(r"\bRedisBroker\(", words=("RedisBroker(",)), "the jobs of Dramatiq"),
    (regex(r"\b(?:Priority)?RedisHuey\(", words=("RedisHuey(",)), "the jobs of Huey"),
    (
        regex(
            r"\bCelery\([^()]{0,300}?\bbroker\s*=\s*(?:[\"']redis://|[\w.]*(?:redis|REDIS)_(?:url|URL)\b)", words=("Celery(",)
        ),
        "the jobs of Celery",
    ),
    (regex(r"\.x(?:add|readgroup)\(", words=(".x",)), _STREAMS),
    (regex(r"\.(?:blpop|brpop|brpoplpush|blmove)\(", words=(".bl", ".br")), _LISTS),
)
_GO: tuple[_Form, ...] = (
    (regex(r"\basynq\.New(?:Client|Server)\(", words=("asynq.New",)), "the jobs of asynq"),
    (regex(r"\.X(?:Add|ReadGroup)\(", words=(".X",)), _STREAMS),
    (regex(r"\.(?:BLPop|BRPop|BRPopLPush|BLMove)\(", words=(".BL", ".BR")), _LISTS),
)
_OTHER: dict[str, tuple[_Form, ...]] = {
    "rb": (
        (regex(r"(?m)^[ \t]*include\s+Sidekiq::(?:Job|Worker)\b", words=("Sidekiq::",)), "the jobs of Sidekiq"),
        (regex(r"\bqueue_adapter\s*=\s*:sidekiq\b", words=(":sidekiq",)), "the jobs of Sidekiq"),
        (regex(r"\bqueue_adapter\s*=\s*:resque\b", words=(":resque",)), "the jobs of Resque"),
    ),
    "rs": (
        (regex(r"\bcmd\(\s*\"X(?:ADD|READGROUP)\"|\.xadd(?:_\w+)?\(", words=('"X', ".xadd")), _STREAMS),
        (regex(r"\bcmd\(\s*\"B[LR]POP\"|\.b[lr]pop\(", words=("POP", "pop(")), _LISTS),
    ),
    "cs": (
        (regex(r"\.UseRedisStorage\(", words=(".UseRedisStorage(",)), "the jobs of Hangfire"),
        (regex(r"\.Stream(?:Add|ReadGroup)(?:Async)?\(", words=(".Stream",)), _STREAMS),
    ),
    **dict.fromkeys(
        ("java", "kt"),
        (
            (regex(r"\.opsForStream\(", words=(".opsForStream(",)), _STREAMS),
            (regex(r"\.getBlockingQueue\b", words=(".getBlockingQueue",)), _LISTS),
        ),
    ),
}


def redis_queue_facts(path: str, text: str) -> Iterator[CodeFact]:
    """Yield a `redis-queue` fact for the first place of a file that leaves work in Redis, or waits for it; its detail says what
    Redis holds then.
    """
    for pattern, what in _forms(path):
        match = next((found for found in pattern.finditer(text) if not is_comment(text, found.start())), None)
        if match is not None:
            yield CodeFact("redis-queue", what, Places(path, text).at(match.start()))
            return


def _forms(path: str) -> tuple[_Form, ...]:
    if path.endswith(JAVASCRIPT):
        return _SCRIPTS
    ending = path.rpartition(".")[2]
    return _PYTHON if ending == "py" else _GO if ending == "go" else _OTHER.get(ending, ())
