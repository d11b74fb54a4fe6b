"""The images of the monitoring stack, how each is hardened, and the healthcheck that the image has a program for."""

from __future__ import annotations

from scaffold.model.frozen import frozen
from scaffold.model.monitoring import ComponentKind

AS_OF = "2026-11-22"
"""The day on which tags, users and healthchecks were looked up; no digest was known then."""


@frozen
class Image:
    """One image: its reference, limits and what it needs; `user` only where the image would start as root without need."""

    reference: str
    memory: str
    cpus: str
    healthcheck: tuple[str, ...] = ()
    """The test in Compose's words; empty where the image brings its own."""
    command: tuple[str, ...] = ()
    user: str = ""
    read_only: bool = True
    drop_capabilities: bool = True
    tmpfs: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    host_mounts: tuple[tuple[str, str], ...] = ()
    """Paths of the host and where the container sees them, read-only."""
    uid: str = ""
    """The user of the image, as a number: the owner of a secret that Compose writes for it."""
    with_secret: tuple[str, ...] = ()
    """The entrypoint that takes a secret from its file, in Compose's syntax."""
    data: str = ""
    """Where the container keeps data that must survive."""


def _wget(url: str) -> tuple[str, ...]:
    return ("CMD", "wget", "-q", "--spider", url)


IMAGES: dict[ComponentKind, Image] = {
    ComponentKind.PROMETHEUS: Image(
        "prom/prometheus:v3.13.5",
        "1G",
        "1.0",
        ("CMD", "promtool", "check", "healthy", "--url=http://127.0.0.1:9090"),
        (
            "--config.file=/etc/prometheus/prometheus.yml",
            "--storage.tsdb.path=/prometheus",
            "--storage.tsdb.retention.time=15d",
            "--storage.tsdb.retention.size=8GB",
            "--log.format=json",
        ),
        data="/prometheus",
    ),
    ComponentKind.ALERTMANAGER: Image(
        "prom/alertmanager:v0.34.0",
        "128M",
        "0.2",
        _wget("http://127.0.0.1:9093/-/healthy"),
        (
            "--config.file=/etc/alertmanager/alertmanager.yml",
            "--storage.path=/alertmanager",
            "--cluster.listen-address=",
            "--log.format=json",
        ),
        data="/alertmanager",
    ),
    ComponentKind.GRAFANA: Image(
        "grafana/grafana:13.2.3",
        "512M",
        "0.5",
        _wget("http://127.0.0.1:3000/api/health"),
        tmpfs=("/tmp",),  # noqa: S108 - a path in the container
        environment=(
            ("GF_SECURITY_ADMIN_PASSWORD__FILE", "/run/secrets/grafana-admin-password"),
            ("GF_USERS_ALLOW_SIGN_UP", "false"),
            ("GF_ANALYTICS_REPORTING_ENABLED", "false"),
            ("GF_ANALYTICS_CHECK_FOR_UPDATES", "false"),
            ("GF_PLUGINS_PREINSTALL_DISABLED", "true"),
            ("GF_LOG_MODE", "console"),
            ("GF_LOG_CONSOLE_FORMAT", "json"),
        ),
        uid="472",
        # Grafana takes an empty password for none and falls back to its default: better it does not start.
        with_secret=("sh", "-c", "test -s /run/secrets/grafana-admin-password && exec /run.sh"),
        data="/var/lib/grafana",
    ),
    ComponentKind.LOKI: Image(
        "grafana/loki:3.7.6",
        "1G",
        "1.0",
        ("CMD", "/usr/bin/loki", "-health"),
        ("-config.file=/etc/loki/local-config.yaml",),
        tmpfs=("/tmp",),  # noqa: S108 - a path in the container
        data="/loki",
    ),
    # Root, because the socket of Docker belongs to root; without capabilities it can do no more than talk to it.
    ComponentKind.ALLOY: Image(
        "grafana/alloy:v1.18.1",
        "384M",
        "0.5",
        ("CMD", "bash", "-c", ": </dev/tcp/127.0.0.1/12345"),
        (
            "run",
            "--server.http.listen-addr=0.0.0.0:12345",
            "--storage.path=/data",
            "--disable-reporting",
            "/etc/alloy/config.alloy",
        ),
        read_only=False,
        # The name of the Compose project, by which Alloy tells its containers from others; Compose sets the variable itself.
        environment=(("PROJECT", "${COMPOSE_PROJECT_NAME:-}"),),
        host_mounts=(("/var/run/docker.sock", "/var/run/docker.sock"),),
        data="/data",
    ),
    ComponentKind.POSTGRES_EXPORTER: Image(
        "quay.io/prometheuscommunity/postgres-exporter:v0.20.1", "128M", "0.2", _wget("http://127.0.0.1:9187/"), uid="65534"
    ),
    # The variant with a shell: the plain one has no program for a healthcheck.
    ComponentKind.REDIS_EXPORTER: Image(
        "oliver006/redis_exporter:v1.88.0-alpine",
        "64M",
        "0.2",
        _wget("http://127.0.0.1:9121/health"),
        uid="59000",
        # Its own option for a file wants JSON by address, not a password.
        with_secret=("sh", "-c", 'REDIS_PASSWORD="$$(cat /run/secrets/*-password)" exec /redis_exporter'),
    ),
    ComponentKind.CELERY_EXPORTER: Image(
        "danihodovic/celery-exporter:0.12.2",
        "192M",
        "0.2",
        ("CMD", "python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:9808/health', timeout=5)"),
        user="1000:1000",
        tmpfs=("/tmp",),  # noqa: S108 - a path in the container
    ),
    ComponentKind.BLACKBOX: Image(
        "prom/blackbox-exporter:v0.28.0",
        "64M",
        "0.2",
        _wget("http://127.0.0.1:9115/-/healthy"),
        ("--config.file=/etc/blackbox_exporter/config.yml", "--log.format=json"),
        user="65534:65534",
    ),
    # The host's disks fill before anything else breaks on a single machine; nobody's user and a read-only view are enough.
    ComponentKind.NODE_EXPORTER: Image(
        "prom/node-exporter:v1.12.1",
        "64M",
        "0.2",
        _wget("http://127.0.0.1:9100/metrics"),
        (
            "--path.rootfs=/host",
            "--path.procfs=/host/proc",
            "--path.sysfs=/host/sys",
            "--collector.filesystem.mount-points-exclude=^/(dev|proc|run|sys|var/lib/docker/.+|var/lib/containerd/.+)($|/)",
            "--no-collector.netdev",
            "--no-collector.netclass",
            "--no-collector.arp",
        ),
        host_mounts=(("/", "/host"),),
    ),
    # Restarts, memory near the limit and throttling of each container; not privileged, so it sees no out-of-memory log.
    ComponentKind.CADVISOR: Image(
        "ghcr.io/google/cadvisor:0.60.5",
        "256M",
        "0.5",
        command=(
            "--docker_only=true",
            "--store_container_labels=false",
            "--whitelisted_container_labels=com.docker.compose.project,com.docker.compose.service",
            "--housekeeping_interval=30s",
        ),
        read_only=False,
        drop_capabilities=False,
        host_mounts=(
            ("/", "/rootfs"),
            ("/sys", "/sys"),
            ("/var/lib/docker", "/var/lib/docker"),
            ("/var/run/docker.sock", "/var/run/docker.sock"),
        ),
    ),
}
