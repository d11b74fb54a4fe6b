"""Alerts about applications, PostgreSQL, Redis and Celery (thresholds: platform facts, section 6)."""

from __future__ import annotations

from scaffold.model.alert import Alert, AlertGroup
from scaffold.model.http_metrics import HttpMetrics


def http_group(names: HttpMetrics, library: str) -> AlertGroup:
    """Return the alerts about the requests of applications that use one library."""
    rate = f"sum by (service) (rate({names.requests}[5m]))"
    status = names.errors.partition("=")[0]
    return AlertGroup(
        f"http-{library}",
        (
            Alert(
                "RequestsFail",
                f"sum by (service) (rate({names.requests}{{{names.errors}}}[5m])) / {rate} > 0.05 and {rate} > 0.1",
                5,
                "critical",
                "{{ $labels.service }} answers with errors",
                "{{ $value | humanizePercentage }} of its requests end with a 5xx status.",
                "Its log, and whether its stores are up.",
                "Go back to the release before when it began with one.",
                (
                    (f'{names.requests}{{service="api", {status}="500"}}', "0+10x60"),
                    (f'{names.requests}{{service="api", {status}="200"}}', "0+90x60"),
                ),
                (
                    (f'{names.requests}{{service="api", {status}="500"}}', "0+1x60"),
                    (f'{names.requests}{{service="api", {status}="200"}}', "0+90x60"),
                ),
                resource="requests",
            ),
            Alert(
                "RequestsSlow",
                f"histogram_quantile(0.95, sum by (service, le) (rate({names.bucket}[5m]))) > 1",
                10,
                "warning",
                "{{ $labels.service }} is slow",
                "One request in twenty takes longer than {{ $value | humanizeDuration }}.",
                "The dashboards of its stores and of the containers: what is saturated?",
                "Stop what takes the resource, or give the service more of it.",
                (
                    (f'{names.bucket}{{service="api", le="1"}}', "0+10x60"),
                    (f'{names.bucket}{{service="api", le="5"}}', "0+100x60"),
                    (f'{names.bucket}{{service="api", le="+Inf"}}', "0+100x60"),
                ),
                (
                    (f'{names.bucket}{{service="api", le="1"}}', "0+99x60"),
                    (f'{names.bucket}{{service="api", le="5"}}', "0+100x60"),
                    (f'{names.bucket}{{service="api", le="+Inf"}}', "0+100x60"),
                ),
                resource="requests",
            ),
        ),
    )


_LIMIT = "(max by (service) (pg_settings_max_connections) - max by (service) (pg_settings_superuser_reserved_connections))"
_USED = f"sum by (service) (pg_stat_activity_count) / {_LIMIT}"


def _connections(count: int) -> tuple[tuple[str, str], ...]:
    return (
        ('pg_stat_activity_count{service="db", datname="app", state="active"}', f"{count}x60"),
        ('pg_settings_max_connections{service="db"}', "103x60"),
        ('pg_settings_superuser_reserved_connections{service="db"}', "3x60"),
    )


def postgres_group() -> AlertGroup:
    """Return the alerts about PostgreSQL."""
    return AlertGroup("postgres", (*_postgres_saturation(), *_postgres_work()))


def _postgres_saturation() -> tuple[Alert, ...]:
    return (
        Alert(
            "PostgresDown",
            "pg_up == 0",
            1,
            "critical",
            "PostgreSQL {{ $labels.service }} does not answer",
            "The exporter cannot log in.",
            "`docker compose ps` and the store's log; a changed password shows as `authentication failed`.",
            "Start it; when its disk is full, free space first.",
            (('pg_up{service="db"}', "0x60"),),
            (('pg_up{service="db"}', "1x60"),),
        ),
        Alert(
            "PostgresConnectionsHigh",
            f"{_USED} > 0.8",
            10,
            "warning",
            "PostgreSQL {{ $labels.service }} runs out of connections",
            "{{ $value | humanizePercentage }} of them are taken.",
            "`SELECT state, count(*) FROM pg_stat_activity GROUP BY 1`: are they idle?",
            "Lower the pool size of the services, or raise max_connections with enough memory for it.",
            _connections(85),
            _connections(40),
            resource="connections",
        ),
        Alert(
            "PostgresConnectionsExhausted",
            f"{_USED} > 0.95",
            2,
            "critical",
            "PostgreSQL {{ $labels.service }} refuses connections soon",
            "{{ $value | humanizePercentage }} of them are taken.",
            "`SELECT pid, state, now() - state_change, query FROM pg_stat_activity ORDER BY 3 DESC`.",
            "End what sits idle in a transaction: `SELECT pg_terminate_backend(pid)`.",
            _connections(98),
            _connections(85),
            resource="connections",
        ),
        Alert(
            "PostgresTransactionLong",
            "max by (service, datname) (pg_stat_activity_max_tx_duration) > 900",
            5,
            "warning",
            "A transaction in {{ $labels.datname }} has been open for long",
            "It has been open for {{ $value | humanizeDuration }}: it keeps locks, and vacuum from its work.",
            "`SELECT pid, now() - xact_start, query FROM pg_stat_activity ORDER BY 2 DESC NULLS LAST LIMIT 5`.",
            "Ask its owner; else `SELECT pg_terminate_backend(pid)`.",
            (('pg_stat_activity_max_tx_duration{service="db", datname="app", state="active"}', "1000x60"),),
            (('pg_stat_activity_max_tx_duration{service="db", datname="app", state="active"}', "5x60"),),
        ),
        Alert(
            "PostgresReplicationLags",
            "pg_replication_lag_seconds > 60 and on (service, instance) pg_replication_is_replica == 1",
            5,
            "warning",
            "The replica {{ $labels.service }} lags behind",
            "It is {{ $value | humanizeDuration }} behind.",
            "The load of the replica, and the network to the primary.",
            "Send reads to the primary until it has caught up.",
            (
                ('pg_replication_lag_seconds{service="db", instance="e:9187"}', "300x60"),
                ('pg_replication_is_replica{service="db", instance="e:9187"}', "1x60"),
            ),
            (
                ('pg_replication_lag_seconds{service="db", instance="e:9187"}', "300x60"),
                ('pg_replication_is_replica{service="db", instance="e:9187"}', "0x60"),
            ),
        ),
    )


def _postgres_work() -> tuple[Alert, ...]:
    commits = 'pg_stat_database_xact_commit{service="db", datname="app"}'
    rollbacks = 'pg_stat_database_xact_rollback{service="db", datname="app"}'
    hits = 'pg_stat_database_blks_hit{service="db", datname="app"}'
    reads = 'pg_stat_database_blks_read{service="db", datname="app"}'
    undone = "sum by (service, datname) (rate(pg_stat_database_xact_rollback[5m]))"
    done = "sum by (service, datname) (rate(pg_stat_database_xact_commit[5m]))"
    cached = "sum by (service, datname) (rate(pg_stat_database_blks_hit[15m]))"
    fetched = "sum by (service, datname) (rate(pg_stat_database_blks_read[15m]))"
    return (
        Alert(
            "PostgresDeadlocks",
            "sum by (service, datname) (increase(pg_stat_database_deadlocks[10m])) > 0",
            0,
            "warning",
            "Transactions in {{ $labels.datname }} block each other",
            "{{ $value | humanize }} deadlocks in 10 minutes; PostgreSQL ended one transaction of each.",
            "The store's log names both statements.",
            "Let both take their locks in the same order.",
            (('pg_stat_database_deadlocks{service="db", datname="app"}', "0x54 2x6"),),
            (('pg_stat_database_deadlocks{service="db", datname="app"}', "2x60"),),
        ),
        Alert(
            "PostgresRollbacksHigh",
            f"{undone} / ({undone} + {done}) > 0.1 and {undone} > 0.1",
            10,
            "warning",
            "Many transactions in {{ $labels.datname }} are rolled back",
            "{{ $value | humanizePercentage }} of them.",
            "The log of the application: which error comes before?",
            "Go back to the release before when it began with one.",
            ((rollbacks, "0+60x60"), (commits, "0+60x60")),
            ((rollbacks, "0+1x60"), (commits, "0+600x60")),
        ),
        Alert(
            "PostgresCacheMisses",
            f"{cached} / ({cached} + {fetched}) < 0.95 and {fetched} > 50",
            30,
            "info",
            "{{ $labels.datname }} reads much from disk",
            "Only {{ $value | humanizePercentage }} of its blocks come from memory.",
            "Whether a query scans a large table: pg_stat_statements, or the log with log_min_duration_statement.",
            "Add the index that it misses, or raise shared_buffers.",
            ((hits, "0+6000x60"), (reads, "0+6000x60")),
            ((hits, "0+60000x60"), (reads, "0+60x60")),
        ),
    )


def redis_group(*, keeps_work: bool) -> AlertGroup:
    """Return the alerts about Redis; `keeps_work` when a queue or data that must not be evicted lives in it."""
    eviction = Alert(
        "RedisEvicts",
        "rate(redis_evicted_keys_total[5m]) > 0",
        10,
        "warning",
        "Redis {{ $labels.service }} throws keys away",
        "{{ $value | humanize }} keys a second, because its memory is full: jobs may be among them.",
        "`redis-cli info memory` and maxmemory-policy.",
        "Raise maxmemory; a queue needs the policy noeviction.",
        (('redis_evicted_keys_total{service="redis"}', "0+60x60"),),
        (('redis_evicted_keys_total{service="redis"}', "100x60"),),
    )
    return AlertGroup("redis", (*_redis_state(), *((eviction,) if keeps_work else ()), *_redis_durability()))


def _redis_state() -> tuple[Alert, ...]:
    return (
        Alert(
            "RedisDown",
            "redis_up == 0",
            1,
            "critical",
            "Redis {{ $labels.service }} does not answer",
            "The exporter cannot log in.",
            "`docker compose ps` and the store's log; a changed password shows as WRONGPASS.",
            "Start it; when it loads a large file, wait for it.",
            (('redis_up{service="redis"}', "0x60"),),
            (('redis_up{service="redis"}', "1x60"),),
        ),
        Alert(
            "RedisMemoryHigh",
            "redis_memory_used_bytes / (redis_memory_max_bytes > 0) > 0.9",
            5,
            "warning",
            "Redis {{ $labels.service }} is nearly full",
            "It uses {{ $value | humanizePercentage }} of maxmemory.",
            "`redis-cli --bigkeys`, and keys without expiry.",
            "Raise maxmemory, or let keys expire.",
            (('redis_memory_used_bytes{service="redis"}', "95x60"), ('redis_memory_max_bytes{service="redis"}', "100x60")),
            (('redis_memory_used_bytes{service="redis"}', "95x60"), ('redis_memory_max_bytes{service="redis"}', "0x60")),
        ),
        Alert(
            "RedisRefusesConnections",
            "increase(redis_rejected_connections_total[10m]) > 0",
            0,
            "warning",
            "Redis {{ $labels.service }} refuses connections",
            "{{ $value | humanize }} in 10 minutes: maxclients is reached.",
            "`redis-cli client list`: who holds them?",
            "Restart the service that leaks connections.",
            (('redis_rejected_connections_total{service="redis"}', "0x54 4x6"),),
            (('redis_rejected_connections_total{service="redis"}', "4x60"),),
        ),
    )


def _redis_durability() -> tuple[Alert, ...]:
    return (
        Alert(
            "RedisSnapshotFailed",
            "redis_rdb_last_bgsave_status == 0",
            15,
            "warning",
            "Redis {{ $labels.service }} could not write its snapshot",
            "What changes now is lost when it stops.",
            "Its log, the space on its volume, and `vm.overcommit_memory` of the host.",
            "Free space, then `redis-cli bgsave`.",
            (('redis_rdb_last_bgsave_status{service="redis"}', "0x60"),),
            (('redis_rdb_last_bgsave_status{service="redis"}', "1x60"),),
        ),
        Alert(
            "RedisSnapshotOld",
            "time() - redis_rdb_last_save_timestamp_seconds > 86400 and redis_rdb_changes_since_last_save > 0",
            15,
            "warning",
            "The snapshot of Redis {{ $labels.service }} is old",
            "It is {{ $value | humanizeDuration }} old, and data has changed since.",
            "`redis-cli config get save`.",
            "`redis-cli bgsave`, then set `save`.",
            (
                ('redis_rdb_last_save_timestamp_seconds{service="redis"}', "-90000x60"),
                ('redis_rdb_changes_since_last_save{service="redis"}', "10x60"),
            ),
            (
                ('redis_rdb_last_save_timestamp_seconds{service="redis"}', "-90000x60"),
                ('redis_rdb_changes_since_last_save{service="redis"}', "0x60"),
            ),
        ),
        Alert(
            "RedisAppendFailed",
            "redis_aof_last_write_status == 0 and redis_aof_enabled == 1",
            5,
            "critical",
            "Redis {{ $labels.service }} cannot write its append-only file",
            "It refuses writes until it can.",
            "The space on its volume, and its log.",
            "Free space.",
            (('redis_aof_last_write_status{service="redis"}', "0x60"), ('redis_aof_enabled{service="redis"}', "1x60")),
            (('redis_aof_last_write_status{service="redis"}', "0x60"), ('redis_aof_enabled{service="redis"}', "0x60")),
        ),
    )


def celery_group(worker: str, *, events: bool) -> AlertGroup:
    """Return the alerts about Celery; `events` when the workers send what happens to each task."""
    failed = "sum by (service) (rate(celery_task_failed_total[10m]))"
    received = "sum by (service) (rate(celery_task_received_total[10m]))"
    failures = Alert(
        "CeleryTasksFail",
        f"{failed} / {received} > 0.05",
        10,
        "warning",
        "Tasks of {{ $labels.service }} fail",
        "{{ $value | humanizePercentage }} of those that were taken up.",
        "The dashboard names the task; the worker's log has its traceback.",
        "Go back to the release before when it began with one; then run the failed tasks again.",
        (
            ('celery_task_failed_total{service="worker", name="a"}', "0+6x60"),
            ('celery_task_received_total{service="worker", name="a"}', "0+60x60"),
        ),
        (
            ('celery_task_failed_total{service="worker", name="a"}', "0+1x60"),
            ('celery_task_received_total{service="worker", name="a"}', "0+60x60"),
        ),
    )
    return AlertGroup(
        "celery",
        (
            Alert(
                "CeleryNoWorker",
                "absent(celery_worker_up == 1)",
                5,
                "critical",
                "No Celery worker is up",
                "No worker has sent a heartbeat for 5 minutes: queued work waits.",
                "`docker compose ps`, and the worker's log.",
                "Start the worker again; look whether the broker is up.",
                (('celery_worker_up{hostname="w1", service="worker"}', "0x60"),),
                (
                    ('celery_worker_up{hostname="w1", service="worker"}', "0x60"),
                    ('celery_worker_up{hostname="w2", service="worker"}', "1x60"),
                ),
                service=worker,
            ),
            Alert(
                "CeleryQueueLong",
                "celery_queue_length > 100",
                20,
                "warning",
                "The queue {{ $labels.queue_name }} is long",
                "{{ $value | humanize }} tasks wait.",
                "Whether workers are up and what they do: `celery inspect active`.",
                "Add workers, when their stores can bear it.",
                (('celery_queue_length{queue_name="celery", service="worker"}', "500x60"),),
                (('celery_queue_length{queue_name="celery", service="worker"}', "5x60"),),
            ),
            *((failures,) if events else ()),
        ),
    )
