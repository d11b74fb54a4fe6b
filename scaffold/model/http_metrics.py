"""How the libraries that count the requests of an application name their metrics (platform facts, section 6)."""

from __future__ import annotations

from scaffold.model.frozen import frozen


@frozen
class HttpMetrics:
    """How a library names the requests of an application: a counter, the label that tells errors, a histogram."""

    requests: str
    errors: str
    bucket: str
    route: str
    status: str


HTTP_METRICS: dict[str, HttpMetrics] = {
    "prometheus-fastapi-instrumentator": HttpMetrics(
        "http_requests_total", 'status=~"5.."', "http_request_duration_seconds_bucket", "handler", "status"
    ),
    "django-prometheus": HttpMetrics(
        "django_http_responses_total_by_status_total",
        'status=~"5.."',
        "django_http_requests_latency_seconds_by_view_method_bucket",
        "view",
        "status",
    ),
    "prometheus-flask-exporter": HttpMetrics(
        "flask_http_request_total", 'status=~"5.."', "flask_http_request_duration_seconds_bucket", "path", "status"
    ),
    "express-prom-bundle": HttpMetrics(
        "http_request_duration_seconds_count",
        'status_code=~"5.."',
        "http_request_duration_seconds_bucket",
        "path",
        "status_code",
    ),
    "micrometer-registry-prometheus": HttpMetrics(
        "http_server_requests_seconds_count", 'status=~"5.."', "http_server_requests_seconds_bucket", "uri", "status"
    ),
}
"""Library and its metrics; an application with another library is scraped, but has no alert that might not exist."""
