"""Programs that run as long as their container does: what takes up work that waits, and what answers visitors."""

from __future__ import annotations

from scaffold.model.regex import regex

PREFIX = regex(
    r"[\s({\"']*+(?:(?:[A-Za-z_]\w*=(?:\"[^\"\n]*\"|'[^'\n]*'|[^\s\"']*)|nohup|setsid|exec|command|then|else|do"
    r"|(?:runuser|sudo|su|su-exec|gosu|chroot|s6-setuidgid|nice|ionice|stdbuf|timeout)(?:\s+-\S+)*(?:\s+[\w:.-]+)?(?:\s+--)?"
    r"|(?:/bin/|/usr/bin/)?(?:ba|da|a|z)?sh\s+-[a-z]*c|-c|--)\s+[\"']?)*+"
)
"""What stands before a program: variables, the user that it runs as."""
WORKERS = {
    "the worker of Celery": regex(r"\bcelery\b[^\n]{0,300}\s(?:worker|-B)\b"),
    "the schedule of Celery": regex(r"\bcelery\b[^\n]{0,300}\sbeat\b"),
    "the queue worker of Laravel": regex(r"\bartisan\s+(?:queue:(?:work|listen)|horizon)\b"),
    "the schedule of Laravel": regex(r"\bartisan\s+schedule:work\b"),
    "Sidekiq": regex(r"(?:bundle\s+exec\s+|bin/)sidekiq\b|^sidekiq\b"),
    "the worker of Solid Queue": regex(r"\bbin/jobs\b|\bsolid_queue:start\b"),
    "the worker of GoodJob": regex(r"\bgood_job\s+start\b"),
    "the worker of Delayed Job": regex(r"\bjobs:work\b"),
    "the worker of Resque": regex(r"\bresque:work\b"),
    "the worker of RQ": regex(r"\brq\s+worker\b|\brqworker\b"),
    "the worker of Dramatiq": regex(r"^dramatiq\b"),
    "the worker of Django": regex(r"\bmanage\.py\s+(?:qcluster|run_huey|process_tasks|db_worker|runworker|rqscheduler)\b"),
    "the worker of Huey": regex(r"\bhuey_consumer\b"),
    "the worker of Symfony": regex(r"\bconsole\s+messenger:consume\b"),
    "the worker of arq": regex(r"^arq\s+\S"),
    "a worker": regex(
        r"^(?:node|python3?|tsx|bun|php|ruby)\s+(?:-\S+\s+)*\S*(?<![a-z])(?:workers?|scheduler|consumer)(?![a-z])\S*(?:\s|$)"
        r"|^(?:npm|pnpm|yarn|bun)\s+(?:run\s+)?(?:start:)?(?:workers?|scheduler|queue)\b"
    ),
}
"""What takes up work that is left for later, and how it is started."""
SERVERS = {
    "nginx": regex(r"^nginx\b(?!\s+-(?:t|s|T|v|V)\b)|^(?:service|/etc/init\.d/)\s*nginx\s+(?:re)?start\b"),
    "Apache": regex(
        r"^apache2-foreground\b|^(?:httpd|apache2)\s+-DFOREGROUND\b|^(?:service\s+|/etc/init\.d/)apache2\s+start\b"
    ),
    "PHP-FPM": regex(r"^php-fpm[\d.]*(?:\s+-\S+)*\s*$|^(?:service\s+|/etc/init\.d/)php[\d.]*-fpm\s+start\b"),
    "cron": regex(r"^(?:cron|crond|supercronic)\b(?!\s+-[hV]\b)|^(?:service\s+|/etc/init\.d/)cron\s+start\b"),
    "Gunicorn": regex(r"^(?:uv\s+run\s+|poetry\s+run\s+|python3?\s+-m\s+)?gunicorn\b"),
    "Uvicorn": regex(r"^(?:uv\s+run\s+|poetry\s+run\s+|python3?\s+-m\s+)?uvicorn\b"),
    "Redis": regex(r"^redis-server\b|^service\s+redis(?:-server)?\s+start\b"),
    "Java": regex(r"^java\b[^\n]*\s-jar\b"),
    "Node": regex(
        r"^node\s+(?:-\S+\s+)*\S*(?:server|index|main|app)\.[cm]?js\b|^(?:npm|pnpm|yarn)\s+(?:run\s+)?start\b|^next\s+start\b"
    ),
    "Caddy": regex(r"^caddy\s+(?:run|start)\b"),
    "the server of a screen": regex(r"^(?:x11vnc|websockify)\b"),
}
"""Programs that have to run as long as the container does."""
