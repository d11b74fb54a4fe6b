"""Alerts about targets, probes, the host, its containers and the monitoring itself (thresholds: platform facts, section 6)."""

from __future__ import annotations

from scaffold.model.alert import Alert, AlertGroup

_DISKS = '{fstype!~"tmpfs|overlay|squashfs|ramfs|iso9660"}'


def targets_group(jobs: tuple[tuple[str, str], ...], exporters: tuple[str, ...] = ()) -> AlertGroup:
    """Return the alerts about scraping; `jobs` are the names of the jobs and of the service that each asks, `exporters` the
    jobs that ask an exporter, whose targets carry the name of the store that they tell about.
    """
    missing = tuple(_missing(job, service) for job, service in jobs)
    others = "|".join(("probe-.+", *exporters))
    return AlertGroup(
        "targets",
        (
            Alert(
                "TargetDown",
                f'up{{job!~"{others}"}} == 0',
                2,
                "critical",
                "{{ $labels.service }} cannot be scraped",
                "Prometheus has had no answer from {{ $labels.instance }} (job {{ $labels.job }}) for 2 minutes.",
                "`docker compose ps` and the last lines of the service's log.",
                "Restart the service when it is not running; when it is, look whether Prometheus shares a network with it.",
                (('up{job="cadvisor", instance="cadvisor:8080", service="cadvisor"}', "1x30 0x30"),),
                (
                    ('up{job="cadvisor", instance="cadvisor:8080", service="cadvisor"}', "1x60"),
                    ('up{job="probe-http", instance="http://api:8000/health", service="api"}', "0x60"),
                    *((f'up{{job="{job}", instance="exporter:9000", service="db"}}', "0x60") for job in exporters),
                ),
            ),
            *((_exporter_down(exporters),) if exporters else ()),
            *missing,
            Alert(
                "ScrapeSlow",
                "scrape_duration_seconds > 8",
                10,
                "warning",
                "{{ $labels.service }} takes long to give its metrics",
                'A scrape of {{ $labels.instance }} takes {{ $value | printf "%.1f" }} s; after 10 s Prometheus gives up.',
                "The load of the host and of the service.",
                "Lower the load, or scrape this job less often.",
                (('scrape_duration_seconds{job="cadvisor", instance="cadvisor:8080", service="cadvisor"}', "9x60"),),
                (('scrape_duration_seconds{job="cadvisor", instance="cadvisor:8080", service="cadvisor"}', "0.4x60"),),
            ),
            Alert(
                "Watchdog",
                "vector(1)",
                0,
                "info",
                "Alerting works",
                "This alert always fires. Send it to something that notices when it stops.",
                "Whether Prometheus and Alertmanager run, when the thing that watches it reports silence.",
                "Start them again.",
                (("up", "1x60"),),
                (),
                service="prometheus",
            ),
        ),
    )


def _exporter_down(jobs: tuple[str, ...]) -> Alert:
    exporter = f'up{{job="{jobs[0]}", instance="exporter:9000", service="db"}}'
    return Alert(
        "ExporterDown",
        f'up{{job=~"{"|".join(jobs)}"}} == 0',
        2,
        "warning",
        "The exporter of {{ $labels.service }} does not answer",
        "{{ $labels.instance }} (job {{ $labels.job }}) has been silent for 2 minutes. {{ $labels.service }} itself may be "
        "fine, but its alerts know nothing until the exporter is back.",
        "`docker compose ps` and the log of the exporter: it is the name before the port in `instance`.",
        "Restart the exporter, not the service that it tells about.",
        ((exporter, "1x30 0x30"),),
        ((exporter, "1x60"), ('up{job="cadvisor", instance="cadvisor:8080", service="cadvisor"}', "0x60")),
    )


def _missing(job: str, service: str) -> Alert:
    return Alert(
        "JobMissing",
        f'absent(up{{job="{job}"}})',
        10,
        "critical",
        "Nothing is scraped by the job {{ $labels.job }}",
        "Prometheus knows no target of the job {{ $labels.job }}: its configuration lost it.",
        "The page Status, Target health of Prometheus, and what changed in its configuration.",
        "Put the job back and restart Prometheus.",
        (('up{job="another"}', "1x60"),),
        ((f'up{{job="{job}"}}', "1x60"),),
        service=service,
        job=job,
    )


def probes_group(*, tls: bool) -> AlertGroup:
    """Return the alerts about asking services from outside; `tls` when one of them is asked over HTTPS."""
    certificate = Alert(
        "CertificateExpiresSoon",
        "probe_ssl_earliest_cert_expiry - time() < 14 * 86400",
        60,
        "warning",
        "The certificate of {{ $labels.service }} ends soon",
        "It is valid for another {{ $value | humanizeDuration }}.",
        "What renews the certificate, and its log.",
        "Renew it by hand and load it.",
        (('probe_ssl_earliest_cert_expiry{service="proxy", instance="https://proxy/"}', "600000x120"),),
        (('probe_ssl_earliest_cert_expiry{service="proxy", instance="https://proxy/"}', "9000000x120"),),
        at=100,
    )
    return AlertGroup(
        "probes",
        (
            Alert(
                "ProbeFailed",
                "probe_success == 0",
                3,
                "critical",
                "{{ $labels.service }} does not answer",
                "{{ $labels.instance }} has not answered as it should for 3 minutes.",
                "`docker compose ps`, and the log of the service.",
                "Restart the service; when the trouble began with a release, go back to the one before.",
                (('probe_success{job="probe-http", instance="http://api:8000/health", service="api"}', "1x20 0x40"),),
                (('probe_success{job="probe-http", instance="http://api:8000/health", service="api"}', "1x60"),),
                resource="answer",
            ),
            Alert(
                "ProbeSlow",
                "probe_duration_seconds > 2",
                10,
                "warning",
                "{{ $labels.service }} answers slowly",
                '{{ $labels.instance }} takes {{ $value | printf "%.1f" }} s to answer.',
                "The dashboards of the host, the containers and the stores: what is saturated?",
                "Stop what takes the resource, or give the service more of it.",
                (('probe_duration_seconds{instance="http://api:8000/health", service="api"}', "3x60"),),
                (('probe_duration_seconds{instance="http://api:8000/health", service="api"}', "0.05x60"),),
                resource="answer",
            ),
            *((certificate,) if tls else ()),
        ),
    )


def host_group() -> AlertGroup:
    """Return the alerts about the machine."""
    disk = 'device="/dev/sda1", fstype="ext4", mountpoint="/", instance="node-exporter:9100", service="host"'
    return AlertGroup(
        "host",
        (
            Alert(
                "HostDiskLow",
                f"node_filesystem_avail_bytes{_DISKS} / node_filesystem_size_bytes{_DISKS} < 0.15",
                30,
                "warning",
                "The disk at {{ $labels.mountpoint }} is nearly full",
                "{{ $value | humanizePercentage }} of it is free.",
                "`docker system df` and `du -xh --max-depth=2 / | sort -h | tail`.",
                "`docker image prune` frees images that no container uses; then look for logs and old backups.",
                ((f"node_filesystem_avail_bytes{{{disk}}}", "10x60"), (f"node_filesystem_size_bytes{{{disk}}}", "100x60")),
                ((f"node_filesystem_avail_bytes{{{disk}}}", "60x60"), (f"node_filesystem_size_bytes{{{disk}}}", "100x60")),
                resource="disk",
            ),
            Alert(
                "HostDiskFullSoon",
                f"predict_linear(node_filesystem_avail_bytes{_DISKS}[1h], 4 * 3600) < 0"
                f" and node_filesystem_avail_bytes{_DISKS} / node_filesystem_size_bytes{_DISKS} < 0.4",
                30,
                "critical",
                "The disk at {{ $labels.mountpoint }} fills within four hours",
                "At the pace of the last hour nothing is left in four hours.",
                "`docker system df`, and which volume grows: `du -sh /var/lib/docker/volumes/*`.",
                "Stop the service that writes, or free space, before the stores stop.",
                (
                    (f"node_filesystem_avail_bytes{{{disk}}}", "300-1x180"),
                    (f"node_filesystem_size_bytes{{{disk}}}", "1000x180"),
                ),
                ((f"node_filesystem_avail_bytes{{{disk}}}", "300x180"), (f"node_filesystem_size_bytes{{{disk}}}", "1000x180")),
                at=170,
                resource="disk",
            ),
            Alert(
                "HostMemoryLow",
                "node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes < 0.1",
                10,
                "warning",
                "The host has little memory left",
                "{{ $value | humanizePercentage }} is available.",
                "The dashboard of the containers: which one grew?",
                "Restart the one that leaks, then give it a limit.",
                (
                    ('node_memory_MemAvailable_bytes{service="host"}', "5x60"),
                    ('node_memory_MemTotal_bytes{service="host"}', "100x60"),
                ),
                (
                    ('node_memory_MemAvailable_bytes{service="host"}', "50x60"),
                    ('node_memory_MemTotal_bytes{service="host"}', "100x60"),
                ),
            ),
            Alert(
                "HostKilledForMemory",
                "increase(node_vmstat_oom_kill[10m]) > 0",
                0,
                "warning",
                "The kernel ended a process because memory ran out",
                "It happened {{ $value | humanize }} times in 10 minutes, on the host or at the limit of a container.",
                "`journalctl -k | grep -i 'killed process'` names the process.",
                "Give the container more memory, or the process less to do.",
                (('node_vmstat_oom_kill{service="host"}', "0x55 1x5"),),
                (('node_vmstat_oom_kill{service="host"}', "3x60"),),
            ),
            Alert(
                "HostCpuBusy",
                '1 - avg by (instance, service) (rate(node_cpu_seconds_total{mode="idle"}[5m])) > 0.9',
                30,
                "warning",
                "The processors of the host are busy",
                "They are idle for less than a tenth of the time, for half an hour.",
                "The dashboard of the containers: which one uses them?",
                "Move work to another time, or take a larger machine.",
                (('node_cpu_seconds_total{mode="idle", cpu="0", service="host"}', "0+3x60"),),
                (('node_cpu_seconds_total{mode="idle", cpu="0", service="host"}', "0+40x60"),),
            ),
        ),
    )


def containers_group() -> AlertGroup:
    """Return the alerts about the containers' use of what they may use."""
    api = 'name="app-api-1", service="api"'
    return AlertGroup(
        "containers",
        (
            Alert(
                "ContainerMemoryHigh",
                'container_memory_working_set_bytes{name!=""} / (container_spec_memory_limit_bytes{name!=""} > 0) > 0.9',
                10,
                "warning",
                "{{ $labels.name }} is near its memory limit",
                "It uses {{ $value | humanizePercentage }} of it; at 100 % the kernel ends it.",
                "Whether its use grows all the time (a leak) or with traffic.",
                "Restart it when it leaks; raise its limit when it needs more.",
                (
                    (f"container_memory_working_set_bytes{{{api}}}", "95x60"),
                    (f"container_spec_memory_limit_bytes{{{api}}}", "100x60"),
                ),
                (
                    (f"container_memory_working_set_bytes{{{api}}}", "95x60"),
                    (f"container_spec_memory_limit_bytes{{{api}}}", "0x60"),
                ),
            ),
            Alert(
                "ContainerThrottled",
                'rate(container_cpu_cfs_throttled_periods_total{name!=""}[5m])'
                ' / rate(container_cpu_cfs_periods_total{name!=""}[5m]) > 0.25',
                15,
                "warning",
                "{{ $labels.name }} is held back by its CPU limit",
                "{{ $value | humanizePercentage }} of its time slices end early.",
                "Its latency, and its limit in the compose files.",
                "Raise the limit when users notice; else leave it.",
                (
                    (f"container_cpu_cfs_throttled_periods_total{{{api}}}", "0+50x60"),
                    (f"container_cpu_cfs_periods_total{{{api}}}", "0+100x60"),
                ),
                (
                    (f"container_cpu_cfs_throttled_periods_total{{{api}}}", "0+5x60"),
                    (f"container_cpu_cfs_periods_total{{{api}}}", "0+100x60"),
                ),
            ),
            Alert(
                "ContainerRestarts",
                'changes(container_start_time_seconds{name!=""}[15m]) > 3',
                0,
                "warning",
                "{{ $labels.name }} starts again and again",
                "It started {{ $value | humanize }} times in 15 minutes.",
                "`docker compose logs --tail 100` of the service: why does it end?",
                "Go back to the release before when it began with one.",
                ((f"container_start_time_seconds{{{api}}}", "0x50 1 2 3 4 5 5 5 5 5 5"),),
                ((f"container_start_time_seconds{{{api}}}", "1x60"),),
            ),
        ),
    )


def monitoring_group(*, logs: bool) -> AlertGroup:
    """Return the alerts about the monitoring itself; `logs` when Loki and Alloy are scraped."""
    return AlertGroup(
        "monitoring",
        (
            Alert(
                "PrometheusConfigurationRefused",
                "prometheus_config_last_reload_successful == 0",
                10,
                "warning",
                "Prometheus runs with an old configuration",
                "It could not load the new one.",
                "`promtool check config` on its configuration, and its log.",
                "Mend the configuration and restart Prometheus.",
                (('prometheus_config_last_reload_successful{service="prometheus"}', "0x60"),),
                (('prometheus_config_last_reload_successful{service="prometheus"}', "1x60"),),
            ),
            Alert(
                "RuleFails",
                "increase(prometheus_rule_evaluation_failures_total[15m]) > 0",
                0,
                "warning",
                "A rule cannot be evaluated",
                "{{ $labels.rule_group }} failed {{ $value | humanize }} times in 15 minutes.",
                "The page Alerts of Prometheus shows the error beside the rule.",
                "Mend the rule; `promtool test rules` tells whether it is right.",
                (('prometheus_rule_evaluation_failures_total{rule_group="a", service="prometheus"}', "0x50 1x10"),),
                (('prometheus_rule_evaluation_failures_total{rule_group="a", service="prometheus"}', "5x60"),),
            ),
            Alert(
                "AlertsDropped",
                "increase(prometheus_notifications_dropped_total[15m]) > 0",
                0,
                "critical",
                "Alerts do not reach Alertmanager",
                "Prometheus dropped {{ $value | humanize }} of them in 15 minutes.",
                "Whether Alertmanager runs and takes its configuration: `amtool check-config`.",
                "Start it again.",
                (('prometheus_notifications_dropped_total{service="prometheus"}', "0x50 3x10"),),
                (('prometheus_notifications_dropped_total{service="prometheus"}', "0x60"),),
            ),
            Alert(
                "NotificationsFail",
                "increase(alertmanager_notifications_failed_total[15m]) > 0",
                0,
                "critical",
                "Notifications do not reach people",
                "{{ $labels.integration }} refused {{ $value | humanize }} of them in 15 minutes.",
                "The log of Alertmanager names the answer of the receiver.",
                "Renew the receiver's secret or address, and tell people by another way until then.",
                (('alertmanager_notifications_failed_total{integration="slack", service="alertmanager"}', "0x50 2x10"),),
                (('alertmanager_notifications_failed_total{integration="slack", service="alertmanager"}', "2x60"),),
            ),
            *(_log_alerts() if logs else ()),
        ),
    )


def _log_alerts() -> tuple[Alert, ...]:
    return (
        Alert(
            "LogsLost",
            "increase(loki_write_dropped_entries_total[15m]) > 0",
            0,
            "warning",
            "Log lines are lost",
            "Alloy dropped {{ $value | humanize }} lines in 15 minutes because Loki did not take them.",
            "The log of Alloy names the reason: too many, too old, or Loki not there.",
            "Start Loki again, or raise its limits.",
            (('loki_write_dropped_entries_total{service="alloy", reason="rate_limited"}', "0x50 7x10"),),
            (('loki_write_dropped_entries_total{service="alloy", reason="rate_limited"}', "7x60"),),
        ),
        Alert(
            "LokiFails",
            'sum by (service) (rate(loki_request_duration_seconds_count{status_code=~"5.."}[5m]))'
            " / sum by (service) (rate(loki_request_duration_seconds_count[5m])) > 0.05",
            15,
            "warning",
            "Loki answers with errors",
            "{{ $value | humanizePercentage }} of its requests fail.",
            "The log of Loki, and the space on its volume.",
            "Restart it; free space when its disk is full.",
            (
                ('loki_request_duration_seconds_count{status_code="500", service="loki"}', "0+20x60"),
                ('loki_request_duration_seconds_count{status_code="204", service="loki"}', "0+80x60"),
            ),
            (
                ('loki_request_duration_seconds_count{status_code="500", service="loki"}', "0x60"),
                ('loki_request_duration_seconds_count{status_code="204", service="loki"}', "0+80x60"),
            ),
        ),
    )
