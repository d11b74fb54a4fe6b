"""Settings of the API and of the workers: the environment first, then the file .env."""

import os
import secrets
from pathlib import Path


def load_env_file(path: Path = Path(".env")) -> None:
    """Adds the lines of an env file to the environment, without overruling it."""
    if not path.is_file():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        key, sign, value = line.partition("=")
        if sign and not key.lstrip().startswith("#"):
            os.environ.setdefault(key.strip(), value.strip())


load_env_file()


class Settings:
    """One value for each setting, read when the process starts."""

    DATABASE_URL: str = os.getenv(
        "DATABASE_URL",
        "postgresql://admin:password123@localhost:5432/propertypro",
    )
    REDIS_URL: str = os.getenv("REDIS_URL", "redis://localhost:6379/0")

    CHROMA_HOST: str = os.getenv("CHROMA_HOST", "localhost")
    CHROMA_PORT: int = int(os.getenv("CHROMA_PORT", "8000"))
    CHROMA_COLLECTION: str = os.getenv("CHROMA_COLLECTION", "properties")

    ENVIRONMENT: str = os.getenv("ENVIRONMENT", "development")
    DEBUG: bool = os.getenv("DEBUG", "false").lower() == "true"

    if ENVIRONMENT == "production":
        ALLOWED_ORIGINS: list[str] = [origin for origin in os.getenv("ALLOWED_ORIGINS", "").split(",") if origin]
    elif ENVIRONMENT == "staging":
        ALLOWED_ORIGINS = [origin for origin in os.getenv("ALLOWED_ORIGINS", "").split(",") if origin]
    else:
        ALLOWED_ORIGINS = ["http://localhost:3000", "http://127.0.0.1:3000"]

    LOG_LEVEL: str = os.getenv("LOG_LEVEL", "INFO")
    LOG_FILE: Path = Path(os.getenv("LOG_FILE", "logs/app.log"))

    RATE_LIMIT_ENABLED: bool = os.getenv("RATE_LIMIT_ENABLED", "true").lower() == "true"
    RATE_LIMIT_REQUESTS: int = int(os.getenv("RATE_LIMIT_REQUESTS", "100"))
    RATE_LIMIT_WINDOW: int = int(os.getenv("RATE_LIMIT_WINDOW", "60"))

    UPLOAD_DIR: Path = Path(os.getenv("UPLOAD_DIR", "uploads"))
    MAX_UPLOAD_SIZE: int = int(os.getenv("MAX_UPLOAD_SIZE", "10485760"))
    ALLOWED_FILE_TYPES: list[str] = os.getenv("ALLOWED_FILE_TYPES", "jpg,png,pdf").split(",")

    SECRET_KEY: str = os.getenv("SECRET_KEY") or secrets.token_urlsafe(32)
    JWT_SECRET: str = os.getenv("JWT_SECRET", SECRET_KEY)
    JWT_ALGORITHM: str = os.getenv("JWT_ALGORITHM", "HS256")
    ACCESS_TOKEN_EXPIRE_MINUTES: int = int(os.getenv("ACCESS_TOKEN_EXPIRE_MINUTES", "30"))

    OPENAI_API_KEY: str = os.getenv("OPENAI_API_KEY", "")
    OPENAI_MODEL: str = os.getenv("OPENAI_MODEL", "gpt-4o-mini")
    OPENAI_MAX_TOKENS: int = int(os.getenv("OPENAI_MAX_TOKENS", "800"))
    EMBEDDING_MODEL: str = os.getenv("EMBEDDING_MODEL", "text-embedding-3-small")
    GOOGLE_API_KEY: str = os.getenv("GOOGLE_API_KEY", "")

    SCHEDULE_TIMEZONE: str = os.getenv("SCHEDULE_TIMEZONE", "UTC")


settings = Settings()
settings.LOG_FILE.parent.mkdir(parents=True, exist_ok=True)
