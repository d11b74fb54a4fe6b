"""The API: uvicorn app.main:app"""

import logging
import time
from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from prometheus_fastapi_instrumentator import Instrumentator

from app.core.limits import RateLimiter
from app.core.logs import setup_logging
from app.core.settings import settings
from app.routers.performance import performance_router, record
from app.routers.properties import router as properties_router

setup_logging()
logger = logging.getLogger(__name__)
limiter = RateLimiter(settings.RATE_LIMIT_REQUESTS, settings.RATE_LIMIT_WINDOW)

app = FastAPI(title="PropertyPro", debug=settings.DEBUG)
Instrumentator().instrument(app).expose(app, include_in_schema=False)
app.add_middleware(
    CORSMiddleware,
    allow_origins=settings.ALLOWED_ORIGINS,
    allow_credentials=True,
    allow_methods=["GET", "POST"],
    allow_headers=["Authorization", "Content-Type"],
)
app.include_router(properties_router)
app.include_router(performance_router)


@app.middleware("http")
async def watch(request: Request, forward: Callable[[Request], Awaitable[Response]]) -> Response:
    """Keeps the rate limit and takes the time of each request."""
    caller = request.client.host if request.client else "unknown"
    if settings.RATE_LIMIT_ENABLED and request.url.path != "/health" and not limiter.admits(caller):
        return JSONResponse({"detail": "too many requests"}, status_code=429)
    started = time.monotonic()
    response = await forward(request)
    seconds = time.monotonic() - started
    record(request.url.path, response.status_code, seconds)
    logger.info("%s %s %d %.3f s", request.method, request.url.path, response.status_code, seconds)
    return response


@app.get("/health")
def health() -> dict[str, str]:
    """Says that the process serves."""
    return {"status": "healthy", "environment": settings.ENVIRONMENT}
