"""The metrics that each program gives, by name: dashboards, rules and the judgement of other people's rules use the table."""

from __future__ import annotations

import re

from scaffold.model.regex import regex

_METRIC = regex(r"[a-zA-Z_:][a-zA-Z0-9_:]*(?!\s*\()")
_WORDS = frozenset({"and", "or", "unless", "by", "without", "on", "ignoring", "offset", "bool", "inf", "nan", "start", "end"})
_AGGREGATIONS = frozenset({"sum", "avg", "min", "max", "count", "topk", "bottomk", "quantile", "stddev", "stdvar", "group"})
AS_OF = "2026-08-22"

_EVERY_TARGET = "up scrape_duration_seconds scrape_samples_scraped"

METRICS: dict[str, frozenset[str]] = {
    name: frozenset(text.split())
    for name, text in {
        "prometheus": _EVERY_TARGET
        + """ ALERTS ALERTS_FOR_STATE prometheus_config_last_reload_successful prometheus_rule_evaluation_failures_total
        prometheus_notifications_dropped_total prometheus_notifications_alertmanagers_discovered prometheus_tsdb_head_series
        prometheus_tsdb_compactions_failed_total process_resident_memory_bytes process_start_time_seconds""",
        "alertmanager": "alertmanager_notifications_total alertmanager_notifications_failed_total alertmanager_alerts"
        " alertmanager_config_last_reload_successful",
        "loki": "loki_request_duration_seconds_count loki_request_duration_seconds_bucket loki_distributor_bytes_received_total"
        " loki_distributor_lines_received_total loki_discarded_samples_total",
        "alloy": "loki_write_dropped_entries_total loki_write_sent_entries_total loki_write_sent_bytes_total",
        "postgres-exporter": """pg_up pg_exporter_last_scrape_error pg_stat_activity_count pg_stat_activity_max_tx_duration
        pg_settings_max_connections pg_settings_superuser_reserved_connections pg_stat_database_numbackends
        pg_stat_database_xact_commit pg_stat_database_xact_rollback pg_stat_database_blks_hit pg_stat_database_blks_read
        pg_stat_database_deadlocks pg_stat_database_temp_bytes pg_database_size_bytes pg_replication_lag_seconds
        pg_replication_is_replica pg_locks_count pg_wal_size_bytes pg_stat_user_tables_n_dead_tup
        pg_stat_archiver_failed_count""",
        "redis-exporter": """redis_up redis_exporter_last_scrape_error redis_memory_used_bytes redis_memory_max_bytes
        redis_connected_clients redis_blocked_clients redis_rejected_connections_total redis_evicted_keys_total
        redis_keyspace_hits_total redis_keyspace_misses_total redis_db_keys redis_rdb_last_bgsave_status
        redis_rdb_last_save_timestamp_seconds redis_rdb_changes_since_last_save redis_aof_enabled redis_aof_last_write_status
        redis_master_link_up redis_commands_processed_total""",
        "celery-exporter": """celery_worker_up celery_worker_tasks_active celery_queue_length celery_active_worker_count
        celery_task_sent_total celery_task_received_total celery_task_started_total celery_task_succeeded_total
        celery_task_failed_total celery_task_retried_total celery_task_rejected_total celery_task_runtime_bucket""",
        "blackbox-exporter": "probe_success probe_duration_seconds probe_http_status_code probe_ssl_earliest_cert_expiry",
        "cadvisor": """container_cpu_usage_seconds_total container_memory_working_set_bytes container_spec_memory_limit_bytes
        container_oom_events_total container_cpu_cfs_throttled_periods_total container_cpu_cfs_periods_total
        container_start_time_seconds container_health_state container_last_seen container_network_receive_bytes_total
        container_network_transmit_bytes_total container_fs_writes_bytes_total container_fs_reads_bytes_total""",
        "node-exporter": """node_cpu_seconds_total node_load1 node_load5 node_memory_MemAvailable_bytes
        node_memory_MemTotal_bytes node_filesystem_avail_bytes node_filesystem_size_bytes node_filesystem_files_free
        node_filesystem_files
        node_disk_io_time_seconds_total node_disk_read_bytes_total node_disk_written_bytes_total
        node_vmstat_oom_kill
        node_boot_time_seconds node_filesystem_readonly""",
        "rabbitmq": "rabbitmq_queue_messages_ready rabbitmq_alarms_memory_used_watermark"
        " rabbitmq_alarms_free_disk_space_watermark",
        "prometheus-fastapi-instrumentator": "http_requests_total http_request_duration_seconds_bucket"
        " http_request_duration_highr_seconds_bucket",
        "django-prometheus": "django_http_responses_total_by_status_total"
        " django_http_requests_latency_seconds_by_view_method_bucket",
        "prometheus-flask-exporter": "flask_http_request_total flask_http_request_duration_seconds_bucket",
        "express-prom-bundle": "http_request_duration_seconds_bucket http_request_duration_seconds_count",
        "micrometer-registry-prometheus": "http_server_requests_seconds_bucket http_server_requests_seconds_count",
    }.items()
}
"""Program or library, and the names of its series that we rely on (facts read in the exporters' own sources on AS_OF)."""

_PREFIXES = {
    "postgres-exporter": ("pg_",),
    "redis-exporter": ("redis_",),
    "celery-exporter": ("celery_",),
    "blackbox-exporter": ("probe_",),
    "node-exporter": ("node_",),
    "cadvisor": ("container_",),
    "prometheus": ("prometheus_",),
}


def could_exist(metric: str, programs: set[str]) -> bool:
    """Whether one of the programs gives `metric`, by the table or by the prefix of its names."""
    return any(
        metric in METRICS.get(name, ()) or metric.startswith(_PREFIXES.get(name, ("\x00",)))
        for name in programs | {"prometheus"}
    )


def metrics_in(expression: str) -> tuple[str, ...]:
    """Return the names of the metrics in a PromQL expression."""
    text = re.sub(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'", "", expression)
    text = re.sub(r"\{[^{}]*\}|\[[^\[\]]*\]", " ", text)
    text = re.sub(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^()]*\)", " ", text)
    text = re.sub(r"(?<![\w:])\d[\w.]*", " ", text)
    return tuple(
        dict.fromkeys(
            name for name in _METRIC.findall(text) if name.lower() not in _WORDS | _AGGREGATIONS and _whole(text, name)
        )
    )


def _whole(text: str, name: str) -> bool:
    return bool(re.search(rf"(?<![\w:]){re.escape(name)}(?![\w:])(?!\s*\()", text))
