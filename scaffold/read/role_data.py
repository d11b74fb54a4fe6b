"""Images, ports, variables and commands by which roles are known: repositories of Docker Hub, ghcr.io, quay.io and mirrors,
without registry and tag.
"""

from __future__ import annotations

from scaffold.model.names import Role

AS_OF = "2026-11-22"
"""When the tables were last looked through."""

IMAGES: tuple[tuple[str, Role], ...] = (
    # Exporters carry the name of what they watch, so they come first.
    ("*exporter*", Role.MONITORING),
    (
        "postgres-backup* pgbackup* pg-backup* mysqlbackup* mysql-backup* docker-db-backup restic offen/docker-volume-backup",
        Role.ONE_SHOT,
    ),
    (
        "pgadmin pgadmin4 adminer phpmyadmin mongo-express redis-commander redisinsight redis-insight flower mailpit"
        " mailhog maildev kafka-ui akhq dozzle portainer portainer-ce pghero cloudbeaver dbgate kibana"
        " opensearch-dashboards cerebro asynqmon bull-board rq-dashboard",
        Role.ADMIN_UI,
    ),
    ("postgrest pgbouncer pgpool pgcat", Role.PROXY),
    (
        "*/prometheus */alertmanager prom/pushgateway grafana grafana/grafana-oss grafana/grafana-enterprise"
        " grafana/mimir cadvisor victoriametrics/* netdata uptime-kuma thanosio/* statsd* datadog/agent datadog-agent"
        " telegraf",
        Role.MONITORING,
    ),
    ("grafana/alloy grafana/agent fluentd fluent-bit vector logstash filebeat promtail loki graylog seq", Role.LOGGING),
    (
        "jaeger all-in-one zipkin opentelemetry-collector* otel-collector* tempo jaegertracing/* glitchtip aspire-dashboard",
        Role.TRACING,
    ),
    (
        "postgres postgis pgvector pg_vector timescaledb* postgresql* paradedb supabase-postgres cloudnative-pg"
        " alloydbomni citus tensorchord/* pgvecto-rs",
        Role.POSTGRES,
    ),
    ("mysql mysql-server mariadb percona percona-server mysql5* oceanbase oceanbase-ce tidb", Role.MYSQL),
    ("mongo mongodb* ferretdb", Role.MONGO),
    ("clickhouse clickhouse-server", Role.CLICKHOUSE),
    ("redis redis-stack* redismod valkey keydb dragonfly redis-cluster redis-sentinel", Role.REDIS),
    ("memcached", Role.CACHE),
    ("chroma chromadb qdrant weaviate milvus pinecone-local vespa lancedb seekdb infiniflow/infinity", Role.VECTOR_DB),
    (
        "elasticsearch elasticsearch-oss opensearch meilisearch typesense solr manticore quickwit zincsearch serenedb",
        Role.SEARCH,
    ),
    (
        "rabbitmq kafka cp-kafka cp-server redpanda nats activemq* zookeeper cp-zookeeper pulsar emqx eclipse-mosquitto"
        " elasticmq* beanstalkd",
        Role.BROKER,
    ),
    ("minio seaweedfs rustfs garage azurite fake-gcs-server ceph", Role.OBJECT_STORE),
    (
        "localstack localstack-pro wiremock mockserver mock-oauth2-server stripe-mock moto dynamodb-local prism httpbin"
        " go-httpbin http-echo echo-server whoami",
        Role.MOCK,
    ),
    (
        "playwright cypress included standalone-chrome* standalone-firefox* selenium* hub node-chrome k6 locust"
        " cypress/* selenium/*",
        Role.E2E,
    ),
    (
        "ollama vllm-openai text-generation-inference text-embeddings-inference localai tritonserver llama.cpp"
        " michaelf34/infinity tei tei-* vllm/*",
        Role.ML_INFERENCE,
    ),
    (
        "traefik haproxy envoy kong caddy-docker-proxy nginx-proxy nginx-proxy-manager swag oauth2-proxy cloudflared"
        " ngrok certbot acme-companion squid apisix",
        Role.PROXY,
    ),
    ("nginx nginx-unprivileged caddy httpd openresty angie", Role.PROXY),
    ("flyway liquibase migrate dbmate atlas goose sqitch mc minio-mc wait-for-it dockerize", Role.ONE_SHOT),
    ("ofelia cronicle supercronic", Role.SCHEDULER),
    (
        "wordpress nextcloud gitea forgejo gitlab-ce gitlab-ee ghost drupal joomla odoo keycloak n8n metabase strapi"
        " directus mattermost* discourse matomo umami mlflow superset sonarqube jenkins vaultwarden mediawiki moodle"
        " redmine rocket.chat",
        Role.WEB,
    ),
)
"""Images and role, the first row counts: the last part of the repository, or the end of it where a slash says so; a star stands
for any text."""

LISTENS: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("postgres postgis pgvector timescaledb* postgresql* paradedb citus", (5432,)),
    ("pgbouncer", (6432,)),
    ("mysql mysql-server mariadb percona percona-server", (3306,)),
    ("mongo mongodb*", (27017,)),
    ("clickhouse clickhouse-server", (8123, 9000)),
    ("redis redis-stack* valkey keydb dragonfly", (6379,)),
    ("memcached", (11211,)),
    ("chroma chromadb", (8000,)),
    ("qdrant", (6333, 6334)),
    ("weaviate", (8080, 50051)),
    ("milvus", (19530, 9091)),
    ("elasticsearch opensearch", (9200, 9300)),
    ("meilisearch", (7700,)),
    ("typesense", (8108,)),
    ("rabbitmq", (5672,)),
    ("kafka cp-kafka redpanda", (9092,)),
    ("nats", (4222,)),
    ("zookeeper cp-zookeeper", (2181,)),
    ("minio", (9000,)),
    ("localstack localstack-pro", (4566,)),
    ("prometheus", (9090,)),
    ("alertmanager", (9093,)),
    ("pushgateway", (9091,)),
    ("grafana grafana-oss grafana-enterprise", (3000,)),
    ("loki", (3100,)),
    ("tempo", (3200,)),
    ("promtail", (9080,)),
    ("alloy", (12345,)),
    ("cadvisor", (8080,)),
    ("node-exporter", (9100,)),
    ("postgres-exporter postgres_exporter", (9187,)),
    ("redis-exporter redis_exporter", (9121,)),
    ("mysqld-exporter mysqld_exporter", (9104,)),
    ("nginx-prometheus-exporter", (9113,)),
    ("blackbox-exporter blackbox_exporter", (9115,)),
    ("celery-exporter", (9808,)),
    ("jaeger all-in-one", (16686, 4317, 4318)),
    ("opentelemetry-collector*", (4317, 4318)),
    ("zipkin", (9411,)),
    ("logstash", (5044, 9600)),
    ("kibana", (5601,)),
    ("adminer", (8080,)),
    ("pgadmin pgadmin4 phpmyadmin", (80,)),
    ("redis-commander", (8081,)),
    ("flower", (5555,)),
    ("mailhog mailpit", (1025, 8025)),
    ("maildev", (1025, 1080)),
    ("ollama", (11434,)),
    ("nginx-unprivileged", (8080,)),
    ("nginx caddy httpd openresty traefik", (80,)),
)
"""Image names, a star standing for any ending, and the ports on which their default configuration listens."""

PORTS: tuple[tuple[int, Role], ...] = (
    (5432, Role.POSTGRES),
    (3306, Role.MYSQL),
    (27017, Role.MONGO),
    (8123, Role.CLICKHOUSE),
    (6379, Role.REDIS),
    (11211, Role.CACHE),
    (6333, Role.VECTOR_DB),
    (19530, Role.VECTOR_DB),
    (9200, Role.SEARCH),
    (7700, Role.SEARCH),
    (5672, Role.BROKER),
    (9092, Role.BROKER),
    (4222, Role.BROKER),
    (9090, Role.MONITORING),
    (9093, Role.MONITORING),
    (9100, Role.MONITORING),
    (3100, Role.LOGGING),
    (16686, Role.TRACING),
    (11434, Role.ML_INFERENCE),
    (4200, Role.FRONTEND),
    (5173, Role.FRONTEND),
)
"""Container ports that speak for a role, one point each."""

WEB_PORTS = frozenset({80, 443, 3000, 3001, 4000, 5000, 8000, 8001, 8008, 8080, 8081, 8088, 8443, 8888})
"""Container ports that are HTTP by habit."""

OTHER_STORES = (
    "mssql* mssql/* *mssql/server azure-sql-edge eventstore eventstoredb kurrentdb cassandra scylla neo4j couchdb"
    " couchbase influxdb cockroach arangodb surrealdb rethinkdb dgraph oracle* db2 yugabyte rqlite etcd consul vault"
    " questdb firebird aerospike* hazelcast ignite"
)
"""Images, as above, of stores that no role describes: they keep data, so they are no application."""

DATA_FOLDERS: dict[Role, str] = {
    Role.POSTGRES: r"^/var/lib/(\w+/)?postgres(ql)?(/|$)",
    Role.MYSQL: r"^/var/lib/mysql(/|$)",
    Role.MONGO: r"^/data/db(/|$)",
    Role.CLICKHOUSE: r"^/var/lib/clickhouse(/|$)",
    Role.SEARCH: r"^/usr/share/(elasticsearch|opensearch)/data(/|$)",
    Role.BROKER: r"^/var/lib/(rabbitmq|kafka)(/|$)",
}
"""Where stores keep their data in the container."""

ENVIRONMENT: tuple[tuple[str, Role], ...] = (
    (
        "POSTGRES_USER POSTGRES_PASSWORD POSTGRES_PASSWORD_FILE POSTGRES_DB POSTGRES_INITDB_ARGS"
        " POSTGRES_HOST_AUTH_METHOD PGDATA POSTGRESQL_USERNAME POSTGRESQL_PASSWORD POSTGRESQL_DATABASE",
        Role.POSTGRES,
    ),
    (
        "MYSQL_ROOT_PASSWORD MYSQL_ROOT_PASSWORD_FILE MYSQL_RANDOM_ROOT_PASSWORD MYSQL_ALLOW_EMPTY_PASSWORD"
        " MYSQL_ALLOW_EMPTY_ROOT_PASSWORD MARIADB_ROOT_PASSWORD MARIADB_ROOT_PASSWORD_FILE MARIADB_RANDOM_ROOT_PASSWORD"
        " MARIADB_ALLOW_EMPTY_PASSWORD MARIADB_ALLOW_EMPTY_ROOT_PASSWORD",
        Role.MYSQL,
    ),
    ("MONGO_INITDB_*", Role.MONGO),
    ("CLICKHOUSE_DB CLICKHOUSE_DEFAULT_ACCESS_MANAGEMENT", Role.CLICKHOUSE),
    ("REDIS_ARGS VALKEY_EXTRA_FLAGS", Role.REDIS),
    ("CHROMA_SERVER_* IS_PERSISTENT PERSIST_DIRECTORY QDRANT__* QUERY_DEFAULTS_LIMIT", Role.VECTOR_DB),
    ("discovery.type xpack.security.enabled OPENSEARCH_INITIAL_ADMIN_PASSWORD MEILI_* TYPESENSE_*", Role.SEARCH),
    (
        "RABBITMQ_DEFAULT_USER RABBITMQ_DEFAULT_PASS RABBITMQ_DEFAULT_VHOST KAFKA_ADVERTISED_LISTENERS KAFKA_CFG_*"
        " ZOOKEEPER_CLIENT_PORT",
        Role.BROKER,
    ),
    ("MINIO_ROOT_USER MINIO_ROOT_PASSWORD", Role.OBJECT_STORE),
    ("PGADMIN_DEFAULT_* PMA_HOST ME_CONFIG_MONGODB_*", Role.ADMIN_UI),
    ("GF_SECURITY_ADMIN_* DATA_SOURCE_NAME", Role.MONITORING),
    ("COLLECTOR_OTLP_ENABLED", Role.TRACING),
)
"""Names of variables, a star standing for any ending, that only the store's own container takes, two points."""

CHECKS: tuple[tuple[Role, str, tuple[str, ...]], ...] = (
    (Role.POSTGRES, r"\bpg_isready\b|\bpsql\b", ("pg_isready", "psql")),
    (
        Role.MYSQL,
        r"\bmysqladmin\b|\bmariadb-admin\b|--innodb_initialized\b|--su-mysql\b|\bmysql\b",
        ("mysql", "mariadb-admin", "--innodb_initialized"),
    ),
    (Role.MONGO, r"\bmongosh\b|\bmongo\b", ("mongo",)),
)
"""The programs by which a store is asked whether it answers."""

COMMANDS: tuple[tuple[str, Role, tuple[str, ...]], ...] = (
    (
        r"\b(prisma|drizzle-kit)\s+studio\b|\bstorybook\s+dev\b|\bstart-storybook\b|\b(npm|yarn|pnpm|bun)\s+(run\s+)?storybook\b"
        r"|\bcelery\b.*\sflower\b|(^|\s)flower\s+-|\brq-dashboard\b|\brails\s+(console|c)\b|manage\.py\s+shell(_plus)?\b"
        r"|\bartisan\s+tinker\b|\bflask\s+shell\b",
        Role.ADMIN_UI,
        ("artisan", "celery", "flask", "flower", "manage.py", "rails", "rq-dashboard", "storybook", "studio"),
    ),
    (
        r"celery\b.*\bbeat\b|celery-?beat|rqscheduler|clockwork\b|\bcrond?\b|supercronic|apscheduler|\bsidekiq-scheduler|scheduler:work|schedule:work",
        Role.SCHEDULER,
        ("apscheduler", "celery", "clockwork", "cron", "rqscheduler", "schedule:work", "scheduler:work", "sidekiq-scheduler"),
    ),
    (
        r"celery\b.*\bworker\b|celery-?worker|start-?worker|\brq\s+worker|\bdramatiq\b|\barq\b|\bsidekiq\b|\bhuey|\bgood_job\b|solid_queue|resque|queue:work|horizon"
        r"|delayed_job|\bbullmq\b|faktory|oban|\b[Ww]orkers?\.(py|js|ts|dll|jar)\b|\bqcluster\b|temporal.*worker|taskiq\s+worker|procrastinate\s+worker",
        Role.WORKER,
        (
            "arq",
            "bullmq",
            "celery",
            "delayed_job",
            "dramatiq",
            "faktory",
            "good_job",
            "horizon",
            "huey",
            "oban",
            "orker",
            "procrastinate",
            "qcluster",
            "queue:work",
            "resque",
            "sidekiq",
            "solid_queue",
            "taskiq",
            "temporal",
        ),
    ),
    (
        r"alembic\s+upgrade|manage\.py\s+(migrate|collectstatic|loaddata)|prisma\s+(migrate|db\s+push)|db:(migrate|setup|prepare|seed)"
        r"|\bflyway\b|\bliquibase\b|typeorm.*migration:run|knex.*migrate|sequelize.*db:migrate|drizzle-kit\s+(push|migrate)|goose\s+up"
        r"|migrate\s+-path|artisan\s+migrate|ecto\.migrate|ef\s+database\s+update|yoyo\s+apply|\bmc\s+(alias|mb|config)"
        r"|\b(npm|yarn|pnpm|bun)[\s:]+(run[\s:]+)?(\w+:)?build\b|\b(generate|create|seed)[-_][\w-]+\.sh\b|^(/bin/)?(chown|chmod)\b[^&;|]*$"
        r"|^(composer|npm|yarn|pnpm|bundle|mix|php\s+\S*artisan|python3?\s+\S*manage\.py)(\s+-\S+)*$",
        Role.ONE_SHOT,
        (
            "alembic",
            "apply",
            "artisan",
            "build",
            "bundle",
            "composer",
            "create",
            "database",
            "drizzle-kit",
            "flyway",
            "generate",
            "goose",
            "liquibase",
            "manage.py",
            "mc",
            "migrate",
            "migration:run",
            "mix",
            "mod",
            "npm",
            "own",
            "prepare",
            "prisma",
            "seed",
            "setup",
            "yarn",
        ),
    ),
    (
        r"playwright\s+test|cypress\s+run|\bpytest\b|npm\s+(run\s+)?test|yarn\s+test|vitest\b|jest\b|\bgo\s+test\b|newman\s+run|\bk6\s+run"
        r"|\b(unit|integration|e2e|smoke|acceptance)[-_]?tests?\b",
        Role.E2E,
        ("cypress", "jest", "newman", "playwright", "run", "test", "yarn"),
    ),
    (
        r"uvicorn|\buwsgi\b|gunicorn|hypercorn|daphne|granian|waitress|fastapi\s+(run|dev)|flask\s+run|manage\.py\s+runserver|\bpuma\b|unicorn|rails\s+s"
        r"|phx\.server|dotnet\s+\S+\.dll|java\s+.*-jar|node\s+\S*(server|app|index|main)\S*|php-fpm|artisan\s+serve|nest\s+start"
        r"|http-server|\bair\b|\b(apache2|httpd)-foreground\b|\bfrankenphp\b|artisan\s+octane:start",
        Role.WEB,
        (
            "-foreground",
            "air",
            "artisan",
            "daphne",
            "dotnet",
            "fastapi",
            "flask",
            "frankenphp",
            "granian",
            "http-server",
            "hypercorn",
            "java",
            "manage.py",
            "node",
            "php-fpm",
            "phx.server",
            "puma",
            "rails",
            "start",
            "unicorn",
            "uvicorn",
            "uwsgi",
            "waitress",
        ),
    ),
    (
        r"next\s+(start|dev)|\bvite\b|react-scripts\s+start|ng\s+serve|vue-cli-service\s+serve|nuxt|streamlit\s+run|gradio",
        Role.FRONTEND,
        ("gradio", "next", "nuxt", "react-scripts", "serve", "streamlit", "vite", "vue-cli-service"),
    ),
    (r"\bpostgres\b\s+-c|docker-entrypoint\.sh postgres", Role.POSTGRES, ("postgres",)),
    (r"\b(redis|valkey)-server\b", Role.REDIS, ("-server",)),
    (r"(^|\s)--model-id\b", Role.ML_INFERENCE, ("--model-id",)),
    (r"\bminio\s+server|\bserver\s.*--console-address", Role.OBJECT_STORE, ("--console-address", "server")),
)
"""What a command or entrypoint runs, two points; the first match counts."""

NAMES: tuple[tuple[str, Role, tuple[str, ...]], ...] = (
    (
        r".*exporter.*|(.*[-_])?(prometheus|alertmanager|grafana|cadvisor)([-_].*)?",
        Role.MONITORING,
        ("alertmanager", "cadvisor", "exporter", "grafana", "prometheus"),
    ),
    (
        r"(.*[-_])?(migrat\w*|init(iali[sz]er)?|setup|seed|bootstrap|createbuckets?|prestart|upgrade)([-_].*)?",
        Role.ONE_SHOT,
        ("bootstrap", "createbucket", "init", "migrat", "prestart", "seed", "setup", "upgrade"),
    ),
    (r"(.*[-_])?(emulator|mock\w*|stub|fake\w*)([-_].*)?", Role.MOCK, ("emulator", "fake", "mock", "stub")),
    (
        r"(.*[-_])?(flower|adminer|pgadmin4?|phpmyadmin|mailpit|mailhog|maildev|redis-?commander|kafka-?ui"
        r"|(prisma|drizzle)[-_]?studio|storybook)([-_].*)?",
        Role.ADMIN_UI,
        (
            "adminer",
            "commander",
            "flower",
            "kafka",
            "maildev",
            "mailhog",
            "mailpit",
            "pgadmin",
            "phpmyadmin",
            "storybook",
            "studio",
        ),
    ),
    (
        r"(.*[-_])?(e2e|playwright|cypress)([-_].*)?|sut|tests?([-_]runner)?|.*[-_]tests"
        r"|(integration|unit|component|api|smoke|acceptance)[-_]?tests?([-_].*)?",
        Role.E2E,
        ("cypress", "e2e", "playwright", "sut", "test"),
    ),
    (r"(.*[-_])?(beat|scheduler|cron|clock)([-_].*)?", Role.SCHEDULER, ("beat", "clock", "cron", "scheduler")),
    (
        r"(.*[-_])?(workers?|celery|consumer|sidekiq|jobs?|queue|etl)([-_].*)?",
        Role.WORKER,
        ("celery", "consumer", "etl", "job", "queue", "sidekiq", "worker"),
    ),
    (r"(.*[-_])?(tei|tgi|vllm|ollama|triton)([-_].*)?", Role.ML_INFERENCE, ("ollama", "tei", "tgi", "triton", "vllm")),
    (r"(.*[-_])?(postgres|postgresql|pg|pgsql|timescaledb)\d*([-_]?db)?", Role.POSTGRES, ("pg", "postgres", "timescaledb")),
    (r"(.*[-_])?(mysql|mariadb)", Role.MYSQL, ("ariadb", "ysql")),
    (r"(.*[-_])?mongo(db)?", Role.MONGO, ("mongo",)),
    (r"(.*[-_])?(redis|valkey)", Role.REDIS, ("redis", "valkey")),
    (r"(.*[-_])?(chroma(db)?|qdrant|weaviate|milvus)", Role.VECTOR_DB, ("chroma", "milvus", "qdrant", "weaviate")),
    (
        r"(.*[-_])?(elasticsearch|opensearch|meilisearch|typesense)",
        Role.SEARCH,
        ("elasticsearch", "meilisearch", "opensearch", "typesense"),
    ),
    (r"(.*[-_])?(rabbitmq|kafka|nats|broker)", Role.BROKER, ("broker", "kafka", "nats", "rabbitmq")),
    (r"(.*[-_])?(minio|s3|storage)", Role.OBJECT_STORE, ("minio", "s3", "storage")),
    (
        r"(.*[-_])?(frontend|ui|client|spa|webapp|react|next(js)?|vue(js)?|angular|dashboard|streamlit)([-_].*)?",
        Role.FRONTEND,
        ("angular", "client", "dashboard", "frontend", "next", "react", "spa", "streamlit", "ui", "vue", "webapp"),
    ),
    (
        r"(.*[-_])?(proxy|nginx|traefik|caddy|ingress|lb|load-?balancer)([-_].*)?",
        Role.PROXY,
        ("balancer", "caddy", "ingress", "lb", "nginx", "proxy", "traefik"),
    ),
    (
        r"(.*[-_])?(api|gateway|backend|server|service|http|django|flask|fastapi|rails|laravel)([-_].*)?",
        Role.WEB,
        ("api", "backend", "django", "flask", "gateway", "http", "laravel", "rails", "server", "service"),
    ),
)
"""What services are called, one point; the first match counts."""

AMBIGUOUS_NAME = r"(.*[-_])?(app|web|site|node|nodejs|website|application)([-_].*)?|(.*[-_])?php(\d+)?([-_]?fpm)?"
"""Names that say an application, and leave to its framework which."""

AMBIGUOUS_COMMAND = r"\b(npm|yarn|pnpm|bun)\s+(run\s+)?(dev|start|serve|preview)|\bnode\s+\S+|\bbun\s+(run\s+)?\S+"
"""Commands that start a Node program, and leave to its framework which."""

CLIENTS = (
    r"\b(pg_dump(all)?|pg_restore|pg_basebackup|pg_isready|psql|mysqldump|mariadb-dump|mysqladmin|mongodump|mongorestore|mongosh"
    r"|redis-cli|valkey-cli|createdb|rabbitmqadmin|clickhouse-client|(?:dump|backup|restore)[\w-]*\.sh)\b"
)
"""Programs of a store's image that use a store elsewhere."""

SERVERS = (
    r"(?:^|&&|;|\bexec\b)\s*(postgres|mysqld|mariadbd|mongod|redis-server|valkey-server|rabbitmq-server|clickhouse-server)\b"
    r"|docker-entrypoint"
)
"""How a command starts the store itself."""

STORE_ADDRESS = r"PGHOST|.*(_HOST|_HOSTNAME|_SERVER|_URL|_URI|_DSN|_ADDR(ESS)?)"
"""Variables that point at a store: whoever takes them is its client."""

STATIC_TARGETS = r"/usr/share/nginx/html(/.*)?|/var/www(/.*)?|/srv(/.*)?|/usr/local/apache2/htdocs(/.*)?"
"""Where web servers look for files to serve."""

SERVER_CONFIGURATION = r"/etc/nginx/.*|/etc/caddy/.*|/etc/haproxy/.*|/usr/local/apache2/conf/.*|.*Caddyfile|.*\.conf(\..*)?"
"""Where web servers look for what to do."""

FRAMEWORKS: tuple[tuple[frozenset[str], Role], ...] = (
    (frozenset({"next", "nuxt", "@remix-run/react", "@sveltejs/kit", "astro", "gatsby"}), Role.FRONTEND),
    (
        frozenset({"fastapi", "django", "flask", "starlette", "aiohttp", "sanic", "litestar", "falcon", "tornado", "quart"}),
        Role.WEB,
    ),
    (frozenset({"express", "fastify", "koa", "@nestjs/core", "hono", "@hapi/hapi", "restify"}), Role.WEB),
    (frozenset({"rails", "sinatra", "phoenix", "laravel/framework", "symfony/framework-bundle"}), Role.WEB),
    (frozenset({"streamlit", "gradio"}), Role.FRONTEND),
    (frozenset({"react", "vue", "svelte", "@angular/core", "vite", "preact", "solid-js", "react-scripts"}), Role.FRONTEND),
    (frozenset({"@playwright/test", "cypress"}), Role.E2E),
)
"""Dependencies of the build context's manifest, one point; the first match counts."""
