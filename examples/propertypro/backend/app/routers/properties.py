"""Listings: show, search, add, and what belongs to them."""

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request
from pydantic import BaseModel, Field

from app.core.repository import PropertyRepository, repository
from app.core.security import current_user
from app.core.settings import settings

router = APIRouter(prefix="/api/v1/properties", tags=["properties"])

Repository = Annotated[PropertyRepository, Depends(repository)]
User = Annotated[str, Depends(current_user)]


class NewProperty(BaseModel):
    """What a listing needs."""

    title: str = Field(min_length=1, max_length=200)
    city: str = Field(min_length=1, max_length=100)
    price: int = Field(gt=0)


@router.get("")
def find(listings: Repository, q: str = "") -> list[dict[str, Any]]:
    """Returns the listings that contain the words."""
    return listings.find(q)


@router.get("/{number}")
def show(listings: Repository, number: int) -> dict[str, Any]:
    """Returns one listing."""
    found = listings.get(number)
    if found is None:
        raise HTTPException(404, "unknown listing")
    return found


@router.post("", status_code=201)
def add(listings: Repository, user: User, new: NewProperty) -> dict[str, Any]:
    """Stores a listing."""
    return listings.add(new.title, new.city, new.price)


@router.post("/{number}/description", status_code=202)
def order_description(number: int, user: User) -> dict[str, str]:
    """Asks a worker to write the description."""
    try:
        from app.workers.celery_app import celery_app

        job = celery_app.send_task("app.workers.tasks.describe", args=[number], retry=False)
    except Exception as error:
        raise HTTPException(503, "the queue does not answer") from error
    return {"job": job.id}


@router.post("/{number}/files", status_code=201)
async def upload(number: int, user: User, request: Request, kind: str) -> dict[str, str]:
    """Stores a photo or a plan of a listing."""
    if kind not in settings.ALLOWED_FILE_TYPES:
        raise HTTPException(415, "this kind of file is not taken")
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > settings.MAX_UPLOAD_SIZE:
            raise HTTPException(413, "the file is too large")
    settings.UPLOAD_DIR.mkdir(parents=True, exist_ok=True)
    name = f"{number}-{uuid.uuid4().hex}.{kind}"
    (settings.UPLOAD_DIR / name).write_bytes(content)
    return {"file": name}
