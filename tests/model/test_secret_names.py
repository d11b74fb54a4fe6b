"""Which names call a secret: what findings hold for one, and what may be written or shown."""

from __future__ import annotations

import pytest

from scaffold.model.secret_names import is_sensitive_name, may_be_sensitive_name

SENSITIVE = [
    "POSTGRES_PASSWORD",
    "DB_PASS",
    "JWT_SECRET",
    "SECRET_KEY",
    "API_TOKEN",
    "STRIPE_API_KEY",
    "openaiApiKey",
    "AWS_SECRET_ACCESS_KEY",
    "ENCRYPTION_KEY",
    "ENCRYPTION_SECERT",
    "SENTRY_DSN",
    "MYSQL_PWD",
    "PGPASSWORD",
    "REDISCLI_AUTH",
    "spring.datasource.password",
    "JWT_EXPIRY_SECRET",
    "ISSUER_SIGNING_KEY",
    "SECRET_KEY_BASE",
    "GITLAB_SECRETS_DB_KEY_BASE",
    "SECRET_KEY_FALLBACKS",
    "ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY",
    "MERCURE_PUBLISHER_JWT_KEY",
    "SERVICE_ROLE_JWT",
    "SUPABASE_SERVICE_ROLE_KEY",
    "SHOP_ADMIN_PASSWORD_INIT",
    "TRANSLATIONS_VAULT_KEY",
    "CREDENTIAL_AES_256_KEY",
    "AWS_BEARER_TOKEN_BEDROCK",
    "SSH_PRIVATE_KEY_B64",
    "GOOGLE_APPLICATION_CREDENTIALS_JSON",
    "WEBHOOK_SECRET_OLD",
    "DB_PASSWORD_PROD",
    "API_KEY_2",
    "ADMIN_PASSWORD_DEFAULT",
    "SEQ_FIRSTRUN_ADMINPASSWORD",
    "ZITADEL_MASTERKEY",
    "MAX_BOT_TOKEN",
    "GMAIL_SERVICE_ACCOUNT_JSON",
    "googleServiceAccountKey",
    "CAPTCHA_HMAC_KEY",
    "PASSWORD_PEPPER",
]
OPEN = [
    "TOKEN_TTL",
    "PASSWORD_MIN_LENGTH",
    "SECRET_NAME",
    "POSTGRES_PASSWORD_FILE",
    "JWT_ALGORITHM",
    "JWT_ALG",
    "JWT_EXPIRES_IN",
    "JWT_REFRESH_EXPIRATION_TIME",
    "accessTokenLifetimeInMinutes",
    "SESSION_TOKEN_MAX_AGE",
    "TOKEN_ENDPOINT",
    "ACCESS_TOKEN_EXPIRE_MINUTES",
    "PASSWORD_HASH",
    "STRIPE_PUBLIC_KEY",
    "NEXT_PUBLIC_API_KEY",
    "GOPASS_VERSION",
    "AUTH_ENABLED",
    "PWD",
    "COMPASS",
    "KEYBOARD",
    "USER_ROLE_KEY",
    "",
    # GoTrue and PostgREST
    "GOTRUE_JWT_AUD",
    "GOTRUE_JWT_ADMIN_ROLES",
    "GOTRUE_JWT_EXP",
    "PGRST_JWT_ROLE_CLAIM_KEY",
    # Formbricks, sshd
    "PASSWORD_RESET_DISABLED",
    "SSH_PASSWORD_AUTHENTICATION",
    # cookies that carry tokens: Flask, Directus
    "JWT_COOKIE_SAMESITE",
    "JWT_COOKIE_SECURE",
    "JWT_TOKEN_LOCATION",
    "REFRESH_TOKEN_COOKIE_SAME_SITE",
    # Django, Rails, Gitea
    "AUTH_PASSWORD_VALIDATORS",
    "PASSWORD_HASHERS",
    "SECRET_KEY_BASE_DUMMY",
    "GITEA__security__PASSWORD_COMPLEXITY",
    # databases that draw a password, or need none
    "MYSQL_ALLOW_EMPTY_PASSWORD",
    "ENABLE_JWT",
    "MARIADB_RANDOM_ROOT_PASSWORD",
    # what a model reads
    "CONTEXT_TOKEN_BUDGET",
    "redis_auth_token_secret_arn",
    # the account, and where its key lies
    "SERVICE_ACCOUNT_NAME",
    "GA4_SERVICE_ACCOUNT_KEY_PATH",
]
DOUBTFUL = [
    "ADMIN_PASSWORD_BCRYPT",
    "PASSWORD_TOM",
    "EDGE_TOKEN_HEADER_VALUE",
    "API_KEY_LIST",
    "MONITORING_PASSWORD_INPUT",
    "MINIO_ACCESS_KEY",
]
"""Names in which a word behind the one for a secret is known to nobody: it may be an owner, or what is told about the secret."""


@pytest.mark.parametrize("name", SENSITIVE)
def test_names_of_secrets(name: str) -> None:
    assert is_sensitive_name(name)
    assert may_be_sensitive_name(name)


@pytest.mark.parametrize("name", OPEN)
def test_names_that_only_look_like_secrets(name: str) -> None:
    assert not is_sensitive_name(name)
    assert not may_be_sensitive_name(name)


@pytest.mark.parametrize("name", DOUBTFUL)
def test_a_doubtful_name_is_no_finding_but_its_value_is_kept_back(name: str) -> None:
    assert not is_sensitive_name(name)
    assert may_be_sensitive_name(name)
