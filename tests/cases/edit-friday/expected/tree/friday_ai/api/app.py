"""The routes of the API."""

from __future__ import annotations

import hmac
import time
import uuid
from typing import Any

from fastapi import FastAPI, Header, HTTPException, Request, Response
from pydantic import BaseModel

from friday_ai import __version__
from friday_ai.agent import Agent
from friday_ai.monitoring.limits import CircuitBreaker, RateLimiter
from friday_ai.observability.metrics import MetricsCollector, PrometheusExporter
from friday_ai.sessions import SessionStore
from friday_ai.settings import Settings


class Task(BaseModel):
    """What a caller wants done, one tool call a line."""

    text: str


def create_app(settings: Settings) -> FastAPI:
    """Builds the application with its own stores, limits and metrics."""
    app = FastAPI(title="Friday", version=__version__)
    metrics = MetricsCollector()
    breaker = CircuitBreaker(failures=5, rest_seconds=30)
    limiter = RateLimiter(per_minute=settings.rate_limit)
    sessions = SessionStore(settings.data_dir, settings.redis_url)
    agent = Agent(metrics, breaker, settings.max_iterations)
    started = time.monotonic()

    def admit(request: Request, key: str) -> None:
        if not settings.api_key:
            raise HTTPException(503, "FRIDAY_API_KEY is not set")
        if not hmac.compare_digest(key.encode(), settings.api_key.encode()):
            raise HTTPException(401, "wrong or missing X-API-Key")
        caller = request.client.host if request.client else "unknown"
        if not limiter.admits(caller):
            metrics.count("friday_rate_limited_total")
            raise HTTPException(429, "too many tasks")

    @app.get("/metrics", include_in_schema=False)
    def prometheus_metrics() -> Response:
        return Response(PrometheusExporter(metrics).export(), media_type="text/plain; version=0.0.4")

    @app.get("/live")
    def live() -> dict[str, str]:
        return {"status": "alive"}

    @app.get("/ready")
    def ready(response: Response) -> dict[str, Any]:
        states = sessions.states()
        if not all(states.values()):
            response.status_code = 503
        return {"ready": all(states.values()), "stores": states}

    @app.get("/health")
    def health() -> dict[str, Any]:
        return {
            "status": "healthy",
            "version": __version__,
            "uptime_seconds": round(time.monotonic() - started),
            "circuit_breaker": breaker.state,
        }

    @app.post("/tasks", status_code=201)
    def run_task(request: Request, task: Task, x_api_key: str = Header("")) -> dict[str, Any]:
        admit(request, x_api_key)
        task_id = uuid.uuid4().hex
        with metrics.timer("friday_task_seconds"):
            steps = agent.run(task.text)
        sessions.save(task_id, steps)
        return {"id": task_id, "steps": steps}

    @app.get("/tasks/{task_id}")
    def show_task(request: Request, task_id: str, x_api_key: str = Header("")) -> dict[str, Any]:
        admit(request, x_api_key)
        steps = sessions.load(task_id)
        if steps is None:
            raise HTTPException(404, "unknown task")
        return {"id": task_id, "steps": steps}

    return app
