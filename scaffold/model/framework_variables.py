"""How variables are read without their names in the code of a project: by frameworks, by rules of spelling, or all at once."""

from __future__ import annotations

import re

from scaffold.model.regex import regex

BINDS_BY_RULE = (".java", ".kt", ".kts", ".scala", ".groovy", ".clj", ".cs", ".fs", ".vb")
"""Code whose frameworks give a variable to a setting of another spelling."""
OF_FRAMEWORKS = regex(
    r"(?:DJANGO|GUNICORN|UVICORN|HYPERCORN|GRANIAN|CELERY|FLASK|RAILS|RACK|RUBY|PUMA|BUNDLE|NODE|NPM|YARN|PM2|NEXT|NUXT|NITRO|VITE"
    r"|REACT_APP|PUBLIC|EXPO|PYTHON|PIP|PYTEST|PG|AWS|AZURE|GOOGLE|GCP|OTEL|DD|SENTRY|NEW_RELIC|LANGCHAIN|LANGSMITH|OPENAI|ANTHROPIC"
    r"|HF|TRANSFORMERS|RUST|GO|GIN|PHX|RELEASE|ROCKET|APP|DB|LOG|CACHE|SESSION|QUEUE|MAIL|BROADCAST|PUSHER|SERVERPOD|STRAPI|DIRECTUS"
    r"|AUTH|NEXTAUTH|CLERK|SUPABASE|PRISMA|TZ|LANG|LC|LD|JAVA|PHP|XDEBUG|COMPOSER|COMPOSE|DOCKER|SSL|CURL|REQUESTS|NO|HTTP|HTTPS)_.*"
    r"|(?:UV|POETRY|MALLOC|OMP|CUDA|NVIDIA|TOKENIZERS)_.*|PYTHON\w+|FORWARDED_ALLOW_IPS|PUID|PGID|UMASK|TZ|LANG|PORT|HOST|PATH|DEBUG|NO_COLOR|WEB_CONCURRENCY|DATABASE_URL|REDIS_URL|.*__.*",
    re.IGNORECASE,
)
"""Variables that frameworks and libraries read by themselves."""
OF_RUNTIMES = regex(
    r"(?:VIRTUAL|LETSENCRYPT|TRAEFIK|ASPNETCORE|DOTNET|SPRING|SERVER|MANAGEMENT|LOGGING|FRANKENPHP|MERCURE|CADDY|NGINX|APACHE|S6|KC|GF"
    r"|CHOKIDAR|WATCHPACK|WATCHFILES|NUMBA|MPL|TF|TORCH|KMP|MKL|OPENBLAS|XDG|PLAYWRIGHT|PUPPETEER|CHROME|ELECTRON|DEBIAN|SUPERVISOR"
    r"|TINI|DUMB_INIT|TURBO|COREPACK|BUN|DENO|SSH|GIT|GITHUB|VERCEL|RAILWAY|FLY|SCARF|PGAPP|TIKTOKEN|NLTK|PADDLE|VLLM|RAY|DASK)_.*"
    r"|GOMAXPROCS|GOMEMLIMIT|GOGC|GODEBUG|ACCEPT_EULA|HOME|USER|DISPLAY|CI|TERM|HOSTNAME|SHELL|ENV|FORCE_COLOR|DOMAIN|PG[A-Z]+"
    r"|TMPDIR|TEMP|TMP|MODE|VERSION|\w+_(?:VERSION|COMMIT|REVISION|SHA|TAG)|JAVA_OPTS|(?:HTTPS?|NO|ALL|FTP)_PROXY|CONTAINER_NAME",
    re.IGNORECASE,
)
"""Variables that runtimes, base images, proxies beside a service and people who look at it read."""
TAKES_ALL = regex(
    r"os\.environ\.(?:items|copy|keys)|dict\(os\.environ|environ\[f|getenv\(f|process\.env\[(?!['\"])|env_prefix|env_nested"
    r"|Platform\.environment\[(?!['\"])|AutomaticEnv|SetEnvPrefix|envconfig|koanf|figment|env::vars|ENV\.(?:each|select|to_h)",
    words=(
        *("environ", "getenv(f", "process.env[", "env_prefix", "env_nested", "AutomaticEnv", "SetEnvPrefix", "envconfig"),
        *("koanf", "figment", "env::vars", "ENV."),
    ),
)
"""How code takes variables without their names, or under a beginning of its own."""
