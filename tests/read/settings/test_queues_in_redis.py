"""What code leaves in Redis, by the forms of each language."""

from __future__ import annotations

import pytest

from scaffold.read.fact_words import KINDS, language_of
from scaffold.read.queues_in_redis import redis_queue_facts

_FORMS = (
    ("app/mails.ts", 'import { Worker } from "bullmq";\n', "the jobs of BullMQ"),
    ("app/mails.ts", "import { BullModule } from '@nestjs/bull';\n", "the jobs of Bull"),
    ("app/mails.js", 'const Queue = require("bee-queue");\n', "the jobs of Bee-Queue"),
    ("app/mails.js", 'await redis.xreadgroup("GROUP", "mails", "a");\n', "messages in streams"),
    ("app/mails.js", "const item = await redis.brpop('mails', 0);\n", "jobs in lists"),
    ("app/mails.py", "from rq import Queue\n", "the jobs of RQ"),
    ("app/mails.py", "from arq.connections import ArqRedis\n", "the jobs of arq"),
    ("app/mails.py", "broker = RedisBroker(url=URL)\n", "the jobs of Dramatiq"),
    ("app/mails.py", "huey = RedisHuey('app')\n", "the jobs of Huey"),
    ("app/mails.py", 'app = Celery("app", broker="redis://redis:6379/0")\n', "the jobs of Celery"),
    ("app/mails.py", 'app = Celery("app", broker=settings.REDIS_URL)\n', "the jobs of Celery"),
    ("app/mails.py", "client.xadd('mails', mail)\n", "messages in streams"),
    ("app/mails.py", "item = client.blpop('mails')\n", "jobs in lists"),
    ("app/mails.go", "client := asynq.NewClient(option)\n", "the jobs of asynq"),
    ("app/mails.go", "rdb.XAdd(ctx, &redis.XAddArgs{})\n", "messages in streams"),
    ("app/mails.go", "rdb.BRPop(ctx, 0, name)\n", "jobs in lists"),
    ("app/mails.rb", "class Mails\n  include Sidekiq::Job\nend\n", "the jobs of Sidekiq"),
    ("config/application.rb", "config.active_job.queue_adapter = :sidekiq\n", "the jobs of Sidekiq"),
    ("config/application.rb", "config.active_job.queue_adapter = :resque\n", "the jobs of Resque"),
    ("app/mails.rs", 'let id: String = redis::cmd("XADD").arg(key);\n', "messages in streams"),
    ("app/mails.rs", 'let item = redis::cmd("BRPOP").arg(key);\n', "jobs in lists"),
    ("app/Mails.cs", "configuration.UseRedisStorage(address);\n", "the jobs of Hangfire"),
    ("app/Mails.cs", "await database.StreamAddAsync(key, values);\n", "messages in streams"),
    ("app/Mails.java", "template.opsForStream().add(record);\n", "messages in streams"),
    ("app/Mails.kt", "client.getBlockingQueue<String>(name)\n", "jobs in lists"),
    ("app/Mails.java", "client.getBlockingQueue(name);\n", "jobs in lists"),
    ("app/mails.ts", '// import { Worker } from "bullmq";\n', None),
    ("app/mails.py", "try:\n    from rq import Queue\nexcept ImportError:\n    Queue = None\n", None),
    ("app/mails.py", 'app = Celery("app", broker="amqp://rabbit")\n', None),
    ("app/mails.js", 'await redis.set("page", text);\n', None),
)


@pytest.mark.parametrize(("path", "text", "what"), _FORMS)
def test_what_waits_in_redis(path: str, text: str, what: str | None) -> None:
    assert [fact.detail for fact in redis_queue_facts(path, text)] == ([what] if what else [])


@pytest.mark.parametrize(("path", "text"), [(path, text) for path, text, what in _FORMS if what])
def test_the_reader_is_given_each_of_them(path: str, text: str) -> None:
    words = next(kind.words for kind in KINDS if kind.module == "queues_in_redis")
    assert words.stand_in(text, language_of(path))
