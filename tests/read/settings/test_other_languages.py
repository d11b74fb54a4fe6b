"""JavaScript, Go, Ruby and the rest: only forms that cannot mean anything else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaffold.read.application import is_application_code
from scaffold.read.code import CodeReading
from scaffold.read.javascript_code import read_javascript
from scaffold.read.other_code import read_other_code


def reads(found: CodeReading) -> dict[str, bool]:
    return {item.name: item.required for item in found.reads}


def defaults(found: CodeReading) -> list[tuple[str, str | None]]:
    return [(item.name, item.value) for item in found.settings]


def test_variables_and_literal_defaults_in_javascript() -> None:
    found = read_javascript(
        "src/config.ts",
        "const a = process.env.A;\n"
        "const b = process.env.B || 'b';\n"
        'const c = process.env["C"] ?? "c";\n'
        "const d = process.env.D || other();\n"
        "const e = parseInt(process.env.E || '3000', 10);\n"
        "const f = process.env.F ?? 8080;\n"
        "const g = process.env.G || `t${x}`;\n"
        "const { H, I = 'i' } = process.env;\n"
        "// process.env.COMMENT || 'x'\n"
        "const url = 'https://x.y/process';\n"
        "config.get('J')\n",
    )
    assert reads(found) == {
        "A": True,
        "B": False,
        "C": False,
        "D": False,
        "E": False,
        "F": False,
        "G": False,
        "H": True,
        "I": False,
        "J": False,
    }
    assert defaults(found) == [("B", "b"), ("C", "c"), ("E", "3000"), ("F", "8080"), ("I", "i")]
    assert [item.location.line for item in found.settings] == [2, 3, 5, 6, 8]


def test_express_and_nest_routes() -> None:
    express = read_javascript(
        "src/app.js",
        "app.get('/health', (q, r) => r.send('ok'));\nrouter.post(`/users/:id`, h);\nmap.get('/x')\napp.listen(3000)\n",
    )
    assert [(item.kind, item.detail) for item in express.facts] == [
        ("http-route", "/health"),
        ("http-route", "*/users/:id"),
        ("server-entry", "src/app.js"),
    ]
    nest = read_javascript(
        "src/health.controller.ts", "@Controller('health')\nclass H {\n  @Get()\n  a() {}\n  @Get('ready')\n  b() {}\n}\n"
    )
    assert [item.detail for item in nest.facts] == ["/health", "/health/ready"]


@pytest.mark.parametrize(
    ("text", "route"),
    [
        ("const app = express();\napp.get('/live', f);\n", "/live"),
        ("module.exports = (app) => {\n  app.get('/live', f);\n};\n", "/live"),
        ("const fastify = Fastify({ logger: true });\nfastify.get('/live', f);\n", "/live"),
        ("export const routes = new Hono();\nroutes.get('/live', f);\n", "/live"),
        ("export const healthRouter = Router();\nhealthRouter.get('/live', f);\n", "*/live"),
        ("const router: Router = express.Router();\nrouter.get('/live', f);\n", "*/live"),
        ("export default async function (fastify: FastifyInstance) {\n  fastify.get('/live', f);\n}\n", "*/live"),
    ],
)
def test_a_route_of_a_router_that_another_file_mounts_is_known_by_its_end(text: str, route: str) -> None:
    assert [item.detail for item in read_javascript("src/a.ts", text).facts if item.kind == "http-route"] == [route]


def test_paths_that_a_plain_server_compares_are_its_routes() -> None:
    text = (
        "const server = http.createServer(async (req, res) => {\n  if (req.url === '/health' || req.url === '/healthz') {}\n"
        '  else if (new URL(req.url, base).pathname == "/ready") {}\n});\n'
    )
    assert [item.detail for item in read_javascript("src/worker.ts", text).facts] == ["/health", "/healthz", "/ready"]
    assert not read_javascript("src/page.ts", "if (location.pathname === '/login') {}\n").facts


def test_metrics_and_logging_in_javascript() -> None:
    found = read_javascript(
        "src/metrics.js",
        "const client = require('prom-client');\nconst pino = require('pino');\n"
        "app.get('/metrics', async (q, r) => r.end(await client.register.metrics()));\n",
    )
    assert {(item.kind, item.detail) for item in found.facts} == {
        ("metrics-library", "prom-client"),
        ("logging-json", "pino"),
        ("http-route", "/metrics"),
        ("metrics-route", "/metrics"),
    }


def test_a_file_of_development_guards_its_defaults() -> None:
    assert read_javascript("config/development.js", "a = process.env.SECRET || 'x'").settings[0].guarded


@pytest.mark.parametrize(
    ("path", "text", "expected", "values"),
    [
        ("a.go", 'a := os.Getenv("A")\nb, ok := os.LookupEnv("B")\nc := getEnv("C", "c")\n', {"A": False, "B": False, "C": False}, [("C", "c")]),
        ("a.rb", 'ENV["A"]\nENV.fetch("B")\nENV.fetch("C", "c")\nENV.fetch("D") { "d" }\nx if ENV.key?("E")\n', {"A": False, "B": True, "C": False, "D": False, "E": False}, [("C", "c"), ("D", "d")]),
        ("a.php", "env('A')\nenv('B', 'b')\ngetenv('C')\n$_ENV['D']\n", dict.fromkeys("ABCD", False), [("B", "b")]),
        ("A.java", 'System.getenv("A");\nSystem.getenv().getOrDefault("B", "b");\n', {"A": False, "B": False}, [("B", "b")]),
        ("a.rs", 'env::var("A").expect("x");\nenv::var("B").unwrap_or("b".into());\nenv::var("C").unwrap_or_else(|_| "c".to_string());\nenv::var("D").ok();\n', {"A": True, "B": False, "C": False, "D": False}, [("B", "b"), ("C", "c")]),
        ("a.exs", 'System.fetch_env!("A")\nSystem.get_env("B", "b")\nSystem.get_env("C") || raise "x"\nSystem.get_env("D")\n', {"A": True, "B": False, "C": True, "D": False}, [("B", "b")]),
        ("A.cs", 'Environment.GetEnvironmentVariable("A") ?? "a";\nEnvironment.GetEnvironmentVariable("B");\n', {"A": False, "B": False}, [("A", "a")]),
        ("run.sh", 'echo "${DATABASE_URL:?missing}" $REDIS_URL ${PORT:-80} $1 $x\n# $COMMENTED_OUT\n', {"DATABASE_URL": True, "REDIS_URL": False, "PORT": False}, []),
    ],
)  # fmt: skip
def test_variables_in_other_languages(path: str, text: str, expected: dict[str, bool], values: list[tuple[str, str]]) -> None:
    found = read_other_code(path, text)
    assert reads(found) == expected
    assert defaults(found) == values


def test_go_facts() -> None:
    found = read_other_code(
        "main.go",
        'http.Handle("/metrics", promhttp.Handler())\nr.GET("/healthz", h)\nmux.HandleFunc("GET /x", h)\nslog.NewJSONHandler(o, nil)\n',
    )
    assert [(item.kind, item.detail) for item in found.facts] == [
        ("http-route", "/metrics"),
        ("metrics-route", "/metrics"),
        ("http-route", "/healthz"),
        ("http-route", "/x"),
        ("logging-json", "go"),
    ]


@pytest.mark.parametrize(
    ("path", "counts"),
    [
        ("app/main.py", True),
        ("src/index.ts", True),
        ("cmd/main.go", True),
        ("tests/test_main.py", False),
        ("app/test_main.py", False),
        ("src/app.spec.ts", False),
        ("src/types.d.ts", False),
        ("vite.config.ts", False),
        ("app/migrations/0001.py", False),
        ("README.md", False),
        ("main_test.go", False),
    ],
)
def test_which_files_are_application_code(path: str, counts: bool) -> None:
    assert is_application_code(path) is counts


_PIECES = st.sampled_from(
    [
        "process.env.A",
        " || ",
        "'x'",
        '"',
        "`",
        "/*",
        "*/",
        "//",
        "{",
        "}",
        "= process.env",
        "app.get('/a')",
        "@Get()",
        "@Controller(",
        "\n",
        "\\",
        "ENV.fetch(",
        "os.Getenv(",
        "${AB:?",
        ")",
    ]
)


@given(st.lists(_PIECES, max_size=25).map("".join) | st.text(max_size=120))
def test_any_text_is_read_with_places_inside_it(text: str) -> None:
    lines = text.count("\n") + 1
    for path in ("a.ts", "a.go", "a.rb", "a.php", "a.java", "a.rs", "a.ex", "a.cs", "a.sh"):
        found = read_javascript(path, text) if path == "a.ts" else read_other_code(path, text)
        places = [item.location for group in (found.settings, found.reads, found.facts) for item in group]
        assert all(1 <= place.line <= lines for place in places)


@pytest.mark.parametrize(
    "piece", ["/*", "'", "`", "{", "process.env.A || ", "ENV.fetch('A') {", "app.get('/", "\\", "@Controller({"]
)
def test_long_hostile_texts_take_no_time(piece: str) -> None:
    import time

    started = time.process_time()
    read_javascript("a.ts", "process.env.A\n" + piece * 20_000)
    read_other_code("a.rb", "ENV['A']\n" + piece * 20_000)
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    ("text", "routes"),
    [
        (
            '@RestController\n@RequiredArgsConstructor\n@RequestMapping("/v1/admin")\n@Tag(name = "Admin (staff)")\n'
            "public class Admin {\n    private final Users users;\n"
            '    @GetMapping("/ping")\n    public String ping(@RequestParam("who") String who) { return "{"; }\n}\n',
            ["/v1/admin/ping"],
        ),
        (
            '@RequestMapping(path = "/health", produces = {"application/json"})\nclass Health {\n'
            '  @GetMapping\n  String all() { return "ok"; }\n'
            '  @GetMapping(produces = "text/plain", value = "db")\n  String db() { return "ok"; }\n}\n'
            '@RestController\nclass Other {\n  @GetMapping("/ready")\n  String ready() { return "ok"; }\n}\n',
            ["/health", "/health/db", "/ready"],
        ),
        (
            '@RequestMapping(Paths.BASE)\nclass A { @GetMapping("/health") String a() { return ""; } }\n'
            '@RequestMapping("${api.prefix}/v2")\nclass B { @GetMapping("/live") String b() { return ""; } }\n'
            '@RequestMapping("/c" + Paths.REST)\nclass C { @GetMapping(Paths.C) String c() { return ""; } }\n',
            ["*/health", "*/v2/live"],
        ),
        (
            '@FeignClient(name = "stock", path = "/stock")\ninterface Stock {\n  @GetMapping("/health")\n  String health();\n}\n',
            [],
        ),
        (
            '@RequestMapping("/api")\nclass Orders(private val orders: OrderBook) {\n  @GetMapping("/orders")\n  fun all() = orders.all()\n\n'
            '  @GetMapping(["/health"])\n  fun health() = "ok"\n}\n',
            ["/api/orders", "/api/health"],
        ),
        ('@GetMapping("/loose")\nString loose() { return ""; }\n', ["/loose"]),
    ],
)
def test_a_route_of_spring_stands_below_the_path_of_its_class(text: str, routes: list[str]) -> None:
    path = "src/Orders.kt" if "fun " in text else "src/Orders.java"
    assert [item.detail for item in read_other_code(path, text).facts] == routes
