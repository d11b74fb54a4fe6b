"""Celery: celery -A app.workers.celery_app worker, and beat for what runs on its own."""

from celery import Celery
from celery.schedules import crontab

from app.core.logs import setup_logging
from app.core.settings import settings

setup_logging()

celery_app = Celery("propertypro", broker=settings.REDIS_URL, backend=settings.REDIS_URL, include=["app.workers.tasks"])
celery_app.conf.timezone = settings.SCHEDULE_TIMEZONE
celery_app.conf.beat_schedule = {
    "index every night": {
        "task": "app.workers.tasks.index_all",
        "schedule": crontab(hour=3, minute=0),
    },
}
