import pytest

from friday_ai.agent import Agent
from friday_ai.k8s.client import K8sClient
from friday_ai.monitoring.limits import CircuitBreaker, RateLimiter
from friday_ai.observability.metrics import MetricsCollector, PrometheusExporter


def test_the_agent_stops_at_its_limit_and_survives_bad_tools() -> None:
    metrics = MetricsCollector()
    agent = Agent(metrics, CircuitBreaker(2, 30), max_iterations=4)
    steps = agent.run("fly\nadd one\nadd two\necho hello\necho never")
    assert [step["state"] for step in steps] == ["unknown", "failed", "failed", "refused"]


def test_the_breaker_closes_after_its_rest() -> None:
    times = [0.0]
    breaker = CircuitBreaker(1, 30, clock=lambda: times[0])
    breaker.failed()
    assert breaker.state == "open"
    times[0] = 30.0
    assert breaker.state == "closed"


def test_the_limiter_forgets_after_a_minute() -> None:
    times = [0.0]
    limiter = RateLimiter(1, clock=lambda: times[0])
    assert limiter.admits("a") and limiter.admits("b") and not limiter.admits("a")
    times[0] = 60.0
    assert limiter.admits("a")


def test_the_exporter_writes_the_prometheus_text_format() -> None:
    metrics = MetricsCollector()
    metrics.count("calls_total", tool='a"b')
    metrics.gauge("steps", 3)
    metrics.observe("seconds", 0.2)
    page = PrometheusExporter(metrics).export()
    assert '# TYPE calls_total counter\ncalls_total{tool="a\\"b"} 1\n' in page
    assert "# TYPE steps gauge\nsteps 3\n" in page
    assert 'seconds_bucket{le="0.1"} 0\nseconds_bucket{le="0.5"} 1\n' in page
    assert 'seconds_bucket{le="+Inf"} 1\nseconds_sum 0.2\nseconds_count 1\n' in page


def test_the_cluster_client_wants_https() -> None:
    with pytest.raises(ValueError, match="https"):
        K8sClient("http://cluster", "token")
