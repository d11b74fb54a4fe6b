"""Code that lets any site call with the visitor's credentials: what each library answers is what its documentation says."""

from __future__ import annotations

import pytest

from scaffold.read.origins import origin_facts

_OPEN = [
    ("app.js", "app.use(cors({ origin: true, credentials: true }));\n"),
    ("src/main.ts", "app.enableCors({\n  credentials: true,\n  origin: (origin, callback) => callback(null, true),\n});\n"),
    ("app.js", "app.use(cors({\n  origin: function (origin, cb) { cb(null, true); },\n  credentials: true,\n}));\n"),
    ("app.ts", "app.use('/api/*', cors({ origin: (origin) => origin, credentials: true }));\n"),
    ("io.ts", "new Server(http, { cors: { origin: true, credentials: true } });\n"),
    ("server.js", "fastify.register(cors, { origin: true, credentials: true });\n"),
    ("main.go", "cors.Config{AllowOriginFunc: func(origin string) bool { return true }, AllowCredentials: true}\n"),
    ("main.go", 'cors.Options{\n\tAllowedOrigins: []string{"https://*", "http://*"},\n\tAllowCredentials: true,\n}\n'),
    ("router.rs", "let layer = CorsLayer::very_permissive();\n"),
    ("router.rs", "CorsLayer::new().allow_origin(AllowOrigin::mirror_request()).allow_credentials(true)\n"),
    ("main.rs", "let cors = Cors::default().allow_any_origin().supports_credentials();\n"),
    ("Cors.java", 'registry.addMapping("/**").allowedOriginPatterns("*").allowCredentials(true);\n'),
    (
        "Cors.kt",
        'http { cors { } }\nconfiguration.allowCredentials = true\nconfiguration.setAllowedOriginPatterns(listOf("*"))\n',
    ),
    ("Program.cs", "policy.SetIsOriginAllowed(_ => true).AllowAnyHeader().AllowCredentials();\n"),
    ("config/cors.php", "return [\n  'allowed_origins' => ['*'],\n  'supports_credentials' => true,\n];\n"),
    ("settings.py", "CORS_ALLOW_ALL_ORIGINS = True\nCORS_ALLOW_CREDENTIALS = True\n"),
    ("app.py", "CORS(app, supports_credentials=True)\n"),
    ("app.py", 'CORS(app, origins="*", supports_credentials=True)\n'),
]
_CLOSED = [
    # Browsers refuse credentials beside `*`, and Spring and axum stop where both are asked for.
    ("app.js", "app.use(cors({ origin: '*', credentials: true }));\n"),
    ("main.go", 'cors.Options{AllowedOrigins: []string{"*"}, AllowCredentials: true}\n'),
    ("Cors.java", 'registry.addMapping("/**").allowedOrigins("*").allowCredentials(true);\n'),
    ("Program.cs", "policy.AllowAnyOrigin().AllowAnyHeader();\n"),
    ("router.rs", "CorsLayer::permissive()\n"),
    # Lists, answers that ask, no credentials.
    ("app.js", "app.use(cors({ origin: process.env.ORIGINS.split(','), credentials: true }));\n"),
    ("app.js", "app.use(cors({ origin: (origin, cb) => { if (known(origin)) cb(null, true); }, credentials: true }));\n"),
    ("app.js", "app.use(cors({ origin: (origin) => origin.endsWith('.acme.org') ? origin : null, credentials: true }));\n"),
    ("app.js", "app.use(cors({ origin: true }));\nfetch(url, { credentials: true });\n"),
    ("main.go", "cors.Options{AllowOriginFunc: func(o string) bool { return known[o] }, AllowCredentials: true}\n"),
    ("Cors.java", 'registry.addMapping("/**").allowedOriginPatterns("https://*.acme.org").allowCredentials(true);\n'),
    ("config/cors.php", "return ['allowed_origins' => ['*'], 'supports_credentials' => false];\n"),
    ("settings.py", "CORS_ALLOW_ALL_ORIGINS = True\n"),
    ("app.py", "CORS(app, origins=ORIGINS, supports_credentials=True)\n"),
    (
        "Cors.java",
        'import org.web.cors.C;\n// .cors(c)\nc.setAllowedOriginPatterns(List.of("*"));\nc.setAllowCredentials(true);\n',
    ),
    # Conditions, comments, and servers that only a desktop starts.
    ("main.ts", "if (isProduction) { list(app); } else {\n  app.enableCors({ origin: true, credentials: true });\n}\n"),
    ("settings.py", "if DEBUG:\n    CORS_ALLOW_ALL_ORIGINS = True\nCORS_ALLOW_CREDENTIALS = True\n"),
    ("Program.cs", "if (app.Environment.IsDevelopment()) p.SetIsOriginAllowed(o => true).AllowCredentials();\n"),
    ("Cors.java", '/* registry.addMapping("/**").allowedOriginPatterns("*").allowCredentials(true); */\n'),
    ("app.js", "// app.use(cors({ origin: true, credentials: true }));\n"),
    ("src-tauri/src/server.rs", "CorsLayer::very_permissive()\n"),
]


@pytest.mark.parametrize(("path", "text"), _OPEN)
def test_any_origin_with_credentials(path: str, text: str) -> None:
    assert [fact.detail for fact in origin_facts(path, f"\n{text}")] == ["any-origin credentials mirrored"]


@pytest.mark.parametrize(("path", "text"), _CLOSED)
def test_others_say_nothing(path: str, text: str) -> None:
    assert not list(origin_facts(path, text))


def test_the_place_is_the_line_of_the_form() -> None:
    facts = list(origin_facts("settings.py", "A = 1\nCORS_ALLOW_CREDENTIALS = True\nCORS_ALLOW_ALL_ORIGINS = True\n"))
    assert [(fact.location.path, fact.location.line) for fact in facts] == [("settings.py", 3)]
