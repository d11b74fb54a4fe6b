"""Words without which a text of code gives no facts of a kind: they decide which readers are loaded, and which texts they get.

To look for one costs little, and there are hundreds of words and thousands of texts: each language has its own.
"""

from __future__ import annotations

from collections.abc import Iterable

from scaffold.model.dumpers import DUMPERS
from scaffold.model.frozen import frozen

JAVASCRIPT = (".js", ".ts", ".mjs", ".cjs", ".tsx", ".jsx", ".mts")
_LANGUAGES = {"py": "python", "go": "go", **dict.fromkeys((ending.lstrip(".") for ending in JAVASCRIPT), "script")}


def language_of(path: str) -> str:
    """Return `python`, `script` (JavaScript and TypeScript) or `go`, else `other`."""
    return _LANGUAGES.get(path.rpartition(".")[2], "other")


def holds(text: str, words: Iterable[str]) -> bool:
    """Whether a text holds one of the words."""
    # No generator: this is asked of thousands of texts for dozens of lists.
    for word in words:  # noqa: SIM110
        if word in text:
            return True
    return False


@frozen
class Words:
    """The words of one kind of facts: those of the three languages that most code is in, and those of all others."""

    python: tuple[str, ...] = ()
    script: tuple[str, ...] = ()
    go: tuple[str, ...] = ()
    other: tuple[str, ...] = ()

    def stand_in(self, text: str, language: str) -> bool:
        """Whether a text holds one of the words of its language."""
        words: tuple[str, ...] = getattr(self, language)
        return holds(text, words)


@frozen
class Kind:
    """A reader of facts, by its module of this package and its function, and the words of the texts that it is given."""

    module: str
    function: str
    words: Words


_WAITING = ("sqlite", "journal_mode", "busy_timeout")
_FIRST = ("e_migrat", "eMigrat")
_KEPT = ("pload", "UPLOAD", "ttachment", *_WAITING)
_BELIEVING = (
    "trust proxy",
    "trustProxy",
    "TRUST_PROXY",
    "trust_proxy",
    "orwarded",
    "x-real-ip",
    "X-Real-IP",
    "cf-connecting-ip",
)
_HELPING = (
    "-login",
    "/login-",
    '_login"',
    "/login/",
    "dev/login",
    "-signin",
    '-auth"',
    "-auth'",
    "auth/dev",
    "bypass",
    "impersonate",
)
_TURNS = (
    *(
        "edlock",
        "etnx",
        "SETNX",
        "etNX",
        "nx=True",
        "NX: true",
        "'NX'",
        '"NX"',
        "dvisory",
        "SKIP LOCKED",
        "skip locked",
        "hedlock",
    ),
    *("SchedulerLock", "leader", "Leader", "cquire_lock", "cquireLock", "try_lock", "ryLock", "redis.lock(", "istributed"),
    "isClustered",
)
_OF_HEALTH = ("ealth", "/ready", "/live", "/ping", "/alive", "/up", "/status")
_ASKING = ("ELECT 1", "elect 1", ".ping(", ".command(", ".fetchval(")
_SWITCHES = (
    *("SECURE_COOKIE", "COOKIE_SECURE", "COOKIES_SECURE", "RATE_LIMIT", "ENABLE_AUTH", "REQUIRE_AUTH", "AUTH_ENABLE"),
    *("AUTH_REQUIRED", "AUTHENTICATION_"),
)
KINDS = (
    # Keys without which what is stored cannot be read.
    Kind(
        "ciphers",
        "cipher_facts",
        Words(
            python=("Fernet(", "AESGCM("),
            script=("createCipheriv(",),
            go=("NewGCM(",),
            other=("=> 'encrypted", "Crypt::encrypt", "encrypts :", "AesGcm(", 'getInstance("AES'),
        ),
    ),
    # Keys that go with the container.
    Kind(
        "drawn_keys",
        "drawn_key_facts",
        Words(
            script=("randomBytes(", "randomUUID("),
            go=("GenerateRandomKey(",),
            other=(
                "SecureRandom.",
                "Key::generate()",
                ".AddCookie(",
                ".AddIdentity<",
                ".AddDefaultIdentity<",
                "PersistKeysTo",
                "ProtectKeysWith",
                "SigningCredential(",
                "AddDevelopmentSigning",
                "AddEphemeralSigning",
                "secretKeyFor(",
                "Jwts.SIG",
                "KeyPairGenerator",
            ),
        ),
    ),
    # Credentials that are sent along to any origin.
    Kind(
        "origins",
        "origin_facts",
        Words(
            python=("CORS_ALLOW_CREDENTIALS", "supports_credentials"),
            script=("redentials: true", "redentials:true"),
            go=("AllowCredentials",),
            other=("permissive()", "supports_credentials", "AllowCredentials", "allowCredentials", "allow_credentials"),
        ),
    ),
    # How tables are made.
    Kind(
        "schema",
        "schema_facts",
        Words(
            python=("create_all", "alembic", "call_command"),
            script=("synchronize", ".sync("),
            go=("migrate.New",),
            other=("synchronize", "ddl-auto", "hbm2ddl", "sqlx::migrate!"),
        ),
    ),
    # Where files are kept.
    Kind(
        "kept_files",
        "kept_file_facts",
        Words(
            python=(*_KEPT, "MEDIA_ROOT", "FileField", "ImageField"),
            script=(*_KEPT, "multer"),
            go=(*_KEPT, "FormFile("),
            other=(*_KEPT, "_attached", "active_storage", "Storage::", ">store", "MultipartFile"),
        ),
    ),
    # SQLite files of a module's own.
    Kind(
        "own_databases",
        "own_database_facts",
        Words(("sqlite3.connect(", "backends.sqlite3"), ("sqlite",), ('"sqlite',), ('"jdbc:h2:',)),
    ),
    # Uploads that reach visitors.
    Kind(
        "uploads_served",
        "upload_serving_facts",
        Words(("MEDIA_URL", "django.views.static", "ccel-", "endfile", "torage", "S3Boto", "loudinary", "FileResponse(")),
    ),
    # Migrations whose failure a server catches.
    Kind(
        "swallowed",
        "swallowed_migration_facts",
        Words(
            python=("command.upgrade(", "call_command(", "alembic"),
            script=("migrate deploy", ".runMigrations(", ".migrate.latest(", "umzug.up(", "migrator.up(", "await migrate("),
        ),
    ),
    # Files that the work of a queue takes or keeps.
    Kind(
        "job_files",
        "job_file_facts",
        Words(
            python=("default_storage", "MEDIA_ROOT", ".path", ".save(", ".open("),
            script=("new Worker(", "@Processor("),
            other=(".attach(", ".download", ".open"),
        ),
    ),
    # Cookies of a login that cross plain HTTP as well.
    Kind(
        "plain_cookies",
        "plain_cookie_facts",
        Words(
            python=(".set_cookie(",),
            script=(".cookie(", ".setCookie(", ").set(", "cookieStore.set("),
            go=(".Cookie{",),
            other=("Cookie(", ".Cookies.Append(", "setcookie("),
        ),
    ),
    # Protections that a variable has to turn on.
    Kind(
        "idle_switches",
        "idle_switch_facts",
        Words(
            python=(
                *_SWITCHES,
                "secure_cookie",
                "cookie_secure",
                "cookies_secure",
                "rate_limit",
                "e_auth:",
                "auth_enabled:",
                "auth_required:",
            ),
            script=_SWITCHES,
            go=_SWITCHES,
            other=_SWITCHES,
        ),
    ),
    # Tokens whose signature nobody looks at.
    Kind(
        "unverified_tokens",
        "unverified_token_facts",
        Words(
            python=("verify_signature", "get_unverified_claims", "verify=False", '["none"]', "['none']"),
            script=(
                "jwt.decode(",
                "jsonwebtoken.decode(",
                "JWT.decode(",
                "jwtDecode(",
                "jwt_decode(",
                "decodeJwt(",
                "['none']",
                '["none"]',
            ),
            go=("ParseUnverified(",),
            other=(
                "parseClaimsJwt(",
                "setSkipSignatureVerification",
                "RequireSignedTokens",
                "SignatureValidator",
                "JWT.decode",
            ),
        ),
    ),
    # Logins that ask for no proof.
    Kind(
        "proofless_logins",
        "proofless_login_facts",
        Words((*_HELPING, "associate_by_email"), (*_HELPING, "allowDangerousEmailAccountLinking"), (), _HELPING),
    ),
    # Health routes that ask the store.
    Kind(
        "deaf_health", "deaf_health_facts", Words(python=_ASKING, script=(*_ASKING, "$connect(", "$queryRaw", "authenticate("))
    ),
    # What the code answers where its health is asked for.
    Kind(
        "health_routes",
        "health_route_facts",
        Words(_OF_HEALTH, _OF_HEALTH, _OF_HEALTH, (*_OF_HEALTH, '"up"', "'up'", "rails/health")),
    ),
    # What ends in order.
    Kind(
        "stopping",
        "stop_facts",
        Words(("SIGTERM",), ("SIGTERM", "enableShutdownHooks"), ("SIGTERM",)),
    ),
    # Logs and folders that are written.
    Kind(
        "written_files",
        "written_file_facts",
        Words(
            python=("FileHandler(", "makedirs(", "logger.add(", "basicConfig("),
            script=("transports.File", "DailyRotateFile", "pino.destination", "mkdirSync("),
            go=(),
            other=(),
        ),
    ),
    # Backups.
    Kind("dumps", "dump_facts", Words((*DUMPERS, "dbbackup"), DUMPERS, DUMPERS, (*DUMPERS, "backup:run"))),
    Kind("dumps", "migration_copy_facts", Words(_FIRST, _FIRST, _FIRST, _FIRST)),
    # Jobs and messages that wait in Redis.
    Kind(
        "queues_in_redis",
        "redis_queue_facts",
        Words(
            python=(
                *("from rq ", "import arq", "from arq", "RedisBroker(", "RedisHuey(", "Celery("),
                *(".xadd(", ".xreadgroup(", ".blpop(", ".brpop", ".blmove("),
            ),
            script=(
                *("bullmq", "nestjs/bull", "'bull'", '"bull"', "bee-queue", ".xadd(", ".xAdd(", ".xreadgroup(", ".xReadGroup("),
                *(".blpop(", ".brpop", ".blPop(", ".brPop(", ".blmove(", ".blMove("),
            ),
            go=("asynq.New", ".XAdd(", ".XReadGroup(", ".BLPop(", ".BRPop", ".BLMove("),
            other=(
                *("Sidekiq::", ":sidekiq", ":resque", '"XADD"', '"XREADGROUP"', ".xadd", 'POP"', ".blpop(", ".brpop("),
                *("UseRedisStorage(", ".StreamAdd", ".StreamReadGroup", "opsForStream(", "getBlockingQueue"),
            ),
        ),
    ),
    # Origins that Django lets call.
    Kind("django_origins", "django_origin_facts", Words(python=("CORS_ALLOW_ALL_ORIGINS", "CORS_ORIGIN_ALLOW_ALL"))),
    # The address and the scheme of visitors, and proxies.
    Kind(
        "behind_proxy",
        "proxy_facts",
        Words(
            python=(
                *(*_BELIEVING, "HTTPSRedirectMiddleware", "SECURE_SSL_REDIRECT", "get_remote_address", "ratelimit(", "ipware"),
                *("client.host", "remote_addr"),
                *("SSL_HEADER", "roxyFix", "proxy_fix", "proxy_headers"),
            ),
            script=(
                *(*_BELIEVING, "express-rate-limit", "getClientAddress", "express-session", "req.secure", "req.protocol"),
                *("ADDRESS_HEADER", "ThrottlerModule", "rate-limit", "express-slow-down", "getTracker", "app.proxy"),
                *("koa-ratelimit", "new Koa(", "req.ip", "req?.ip", "request.ip", "Req.ip", "ctx.ip", "context.ip"),
            ),
            go=(
                *(*_BELIEVING, "RealIP", "RemoteAddr", "httprate", "tollbooth", "limiter.New", "TrustedProxies", "ProxyHeader"),
                *("ClientIP()", "gin.New(", "gin.Default(", "TrustedPlatform", "ForwardedByClientIP"),
            ),
            other=(
                *(*_BELIEVING, "force_ssl", "assume_ssl", "requiresSecure", "redirectToHttps", "forward-headers", "remoteip"),
                *("getRemoteAddr", "RemoteIpAddress", "RateLimiter::for(", "throttle:", "GovernorConfig", "roxies"),
                *("Known", "KeyExtractor"),
            ),
        ),
    ),
    # Env files without which a program ends.
    Kind("env_file_loads", "env_file_load_facts", Words(go=("godotenv.",), other=("dotenv()",))),
    # Sockets that one process keeps.
    Kind(
        "sockets",
        "socket_facts",
        Words(
            python=("ocketIO(", "socketio.", "ChannelLayer", "active_connections", "pubsub", "subscribe("),
            script=("@WebSocketGateway(", "socket.io", ".clients", "createAdapter(", "IoAdapter", "subscribe("),
            go=("websocket.", "nregister", "Client]", "ubscribe(", "pubsub"),
            other=("MapHub<", "enableSimpleBroker", "enableStompBrokerRelay", "AddStackExchangeRedis(", "AddAzureSignalR("),
        ),
    ),
    # Schedules that one process keeps, and the locks by which copies take turns.
    Kind(
        "own_schedules",
        "own_schedule_facts",
        Words(
            python=(*_TURNS, "Scheduler(", "@repeat_every(", "@aiocron.", "schedule.every(", "_polling("),
            script=(
                *_TURNS,
                "cron.schedule(",
                "new CronJob(",
                ".scheduleJob(",
                "@Cron(",
                "@Interval(",
                "bot.launch(",
                "TelegramBot(",
            ),
            go=(*_TURNS, "cron.New(", "gocron.", ".GetUpdatesChan("),
            other=(*_TURNS, "@Scheduled(", "Rufus::", "JobScheduler::new("),
        ),
    ),
    # Tools that assistants are lent.
    Kind("tool_servers", "tool_server_facts", Words(("FastMCP", "fastmcp"), ("FastMCP", "McpServer"), (), ("McpServer",))),
    # Programs that code starts.
    Kind("programs", "program_facts", Words(python=("subprocess", "create_subprocess_exec"))),
)
"""The readers that need nothing but the text."""

_MIGRATES = ("sqlx::migrate!", "run_pending_migrations", ".Migrate(", ".MigrateAsync(")
MIGRATING = Words(
    ("command.upgrade(",),
    ("/migrator", "migrate.latest", "migrationsRun", "runMigrations", "umzug."),
    ("migrate.New", "goose."),
    _MIGRATES,
)
"""What applies migrations."""
ACCOUNTS = Words(
    ("create_superuser(", "loaddata", "assword"),
    ("assword", "bcrypt."),
    ("bcrypt.",),
    ("asswordEncoder", "HashPassword(", "CreateAsync(", 'setPassword("', '.password("'),
)
"""What makes an account with a password."""
BACKGROUND = Words(
    (
        *("BEAT_SCHEDULE", "beat_schedule", "add_periodic_task", "shared_task", ".task", "dramatiq", "from rq "),
        *(".enqueue_in(", ".enqueue_at(", "django_q"),
    ),
    other=("$schedule", "Schedule::", "ShouldQueue", "Sidekiq::", "every ", "queue_adapter", "_later"),
)
"""What leaves work to another process."""
LEVELS = Words(("basicConfig(", ".setLevel("))
"""What gives `logging` a level."""
SERVING = Words(
    ("static_folder", "send_from_directory", "StaticFiles("),
    ("express.static(", "serveStatic(", "koa-static", "@fastify/static", "fastify-static", "@hapi/inert"),
    ("http.Dir(", ".Static("),
)
"""What hands a folder to a handler."""
OPENING = Words(
    script=("__dirname", "import.meta", "process.cwd()", "readFile", "migrationsFolder", "express.static(", "loadSync("),
    go=("os.ReadFile(", "os.ReadDir(", "ParseFiles(", "ParseGlob(", "LoadHTML", "http.Dir(", '"file://'),
    other=("Tera::new(", "ServeDir::new(", "read_to_string("),
)
"""What opens a file of the repository."""
_METHODS = (".put(", ".delete(", ".patch(", ".post(")
WRITING = Words(
    python=(*_METHODS, "methods=[", "methods = ["),
    script=(
        *_METHODS,
        "function PUT",
        "function DELETE",
        "function PATCH",
        "function POST",
        "@Put(",
        "@Delete(",
        "@Patch(",
        "@Post(",
    ),
    go=(".Put(", ".Delete(", ".Patch(", ".Post(", ".PUT(", ".DELETE(", ".PATCH(", ".POST("),
    other=(
        *("PutMapping", "DeleteMapping", "PatchMapping", "PostMapping", "MapPut(", "MapDelete(", "MapPatch(", "MapPost("),
        *("HttpPut", "HttpDelete", "HttpPost"),
    ),
)
"""What may be a route that takes, changes or deletes data."""
GENERATING = Words(script=("new Neo4jGraphQL(", "postgraphile("))
"""What makes an API of a whole database."""
PERMITTING = Words(other=("permitAll", ".UseAuthorization("))
"""What lets Spring Security pass requests, and what has ASP.NET ask its rules."""
LOCKING = Words(python=("axes.backends.",))
"""What counts failed logins for Django."""
LOGGING_IN = Words(
    python=("login", "signin", "sign-in", "/token", "authenticate", "auth.urls"),
    script=("login", "signin", "sign-in", "signIn", "log-in"),
    go=("login", "signin", "sign-in", "ignIn"),
    other=("login", "log_in", "formLogin", "signin", "sign-in", "sign_in", "authenticate"),
)
"""What may be a route by which people log in."""
KEEPING = Words(script=("localStorage", "sessionStorage", "document.cookie"))
"""What may keep a login where the scripts of a page read it."""
PROTECTIONS = Words(
    ("ALLOWED_HOSTS", "COOKIE_SECURE", "debug=True", "verify=False"),
    ("secure: false", "secure:false", "rejectUnauthorized"),
    ("InsecureSkipVerify",),
    (
        *("config.force_ssl", "config.hosts", "exposure", "UseDeveloperException", "consider_all_requests_local"),
        *("'debug' => true", "'secure' => false", "web-allow-others", "VERIFYPEER", "DangerousAcceptAny", "VERIFY_NONE"),
        *(
            "danger_accept_invalid_certs",
            "ecure(false)",
            "VERIFY_SERVER_CERT",
            "TrustServerCertificate",
            "openssl_verify_mode",
            "verify_none",
        ),
    ),
)
"""What may turn a protection of its framework off: rules look at such texts."""
STOPPING = Words(
    go=("os.Interrupt", "SIGTERM"),
    other=("signal::ctrl_c", "SignalKind::", "SIGTERM", "signal_hook", "ctrlc::"),
)
"""What tells to which signals a program listens: rules look at such texts."""
SEEDING = ("ixture", "eed", "emoData", "emo_data", "ampleData", "ample_data", "estUser", "est_user", "ummy")
"""Files in which programs start without one of these load no rows for a try."""
ENDING = ("process.exit", "throw new", "raise ", "sys.exit", "os.Exit", "log.Fatal", "panic(")
"""Texts without one of these end no program."""
MADE_UP = ("_MOCK", "_DEMO", "_FAKE")
"""Texts without one of these read no switch of a build for data that is made up."""
LOGINS = ("users", "USERS", "Users", "ccounts", "ACCOUNTS", "ogins", "LOGINS", '= "', "= '", ".equals(")
"""Texts with a password and none of these compare it with no literal."""
KEYS = (
    *("_KEY", "_SECRET", "_TOKEN", "_PASSWORD", "piKey", "PIKey", "Secret", "api_key", "secret_key", "auth_token", "api_token"),
)
REFUSING = ("401", "403", "nauthorized", "orbidden", "nvalid", "NAUTHORIZED", "ORBIDDEN")
"""Texts without one of these, and one of KEYS, check no key that a caller shows."""
WARNING = ("warn", "Warn", "WARN")
"""Texts without one of these warn of nothing."""
