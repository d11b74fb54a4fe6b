"""What the worker does: write descriptions and fill the vector store."""

import logging

import chromadb
from openai import OpenAI

from app.core.repository import open_repository
from app.core.settings import settings
from app.workers.celery_app import celery_app

logger = logging.getLogger(__name__)


@celery_app.task
def describe(number: int) -> None:
    """Writes the description of one listing."""
    listings = open_repository()
    listing = listings.get(number)
    if listing is None:
        logger.warning("listing %d is gone", number)
        return
    answer = OpenAI(api_key=settings.OPENAI_API_KEY).chat.completions.create(
        model=settings.OPENAI_MODEL,
        max_tokens=settings.OPENAI_MAX_TOKENS,
        messages=[
            {"role": "system", "content": "Describe the listing in one friendly paragraph."},
            {"role": "user", "content": f"{listing['title']}, {listing['city']}, {listing['price']}"},
        ],
    )
    listings.describe(number, answer.choices[0].message.content or "")


@celery_app.task
def index_all() -> None:
    """Puts every listing into the vector store."""
    listings = open_repository().find(limit=10_000)
    if not listings:
        return
    texts = [f"{listing['title']} {listing['city']} {listing['description']}" for listing in listings]
    vectors = OpenAI(api_key=settings.OPENAI_API_KEY).embeddings.create(model=settings.EMBEDDING_MODEL, input=texts)
    client = chromadb.HttpClient(host=settings.CHROMA_HOST, port=settings.CHROMA_PORT)
    client.get_or_create_collection(settings.CHROMA_COLLECTION).upsert(
        ids=[str(listing["id"]) for listing in listings],
        embeddings=[item.embedding for item in vectors.data],
        documents=texts,
    )
    logger.info("%d listings indexed", len(listings))
