"""Grafana, Loki, collectors and shippers: what a file is, by what only it says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaffold.read import observability as o
from scaffold.read import prometheus as p
from scaffold.read import proxies
from scaffold.read.infrastructure import read_manifests
from scaffold.read.yaml import parse_documents


def kind(text: str, path: str = "conf/x.yml") -> tuple[str, str] | None:
    found = o.read_observability(parse_documents(path, text)[0][0])
    return (found.kind, found.detail) if found else None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "apiVersion: 1\ndatasources:\n  - name: Prometheus\n    url: http://prometheus:9090\n",
            ("grafana-datasource", "Prometheus"),
        ),
        ("apiVersion: 1\nproviders:\n  - name: default\n    options: {path: /x}\n", ("grafana-dashboard-provider", "default")),
        ("server: {}\nclients: []\nscrape_configs: []\n", ("promtail", "")),
        ("auth_enabled: false\ncommon: {}\nschema_config: {configs: []}\n", ("loki", "")),
        ("receivers: {otlp: {}}\nexporters: {}\nservice: {pipelines: {}}\n", ("otel-collector", "")),
        ("distributor: {}\nstorage: {trace: {}}\n", ("tempo", "")),
        ("modules:\n  http_2xx: {prober: http}\n", ("blackbox", "")),
        ("sources: {docker: {type: docker_logs}}\nsinks: {loki: {type: loki}}\n", ("vector", "")),
        ("service: {flush: 1}\npipeline: {inputs: []}\n", ("fluent", "")),
        ("providers: [a]\n", None),
        ("services: {web: {image: x}}\n", None),
        ("modules: [a, b]\n", None),
        ("pipeline: {a: b}\n", None),
    ],
)
def test_yaml(text: str, expected: tuple[str, str] | None) -> None:
    assert kind(text) == expected


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("alloy/config.alloy", 'loki.write "default" {}\n', "alloy"),
        ("fluentd/fluent.conf", "<source>\n  @type forward\n</source>\n", "fluent"),
        ("fluent-bit.conf", "[SERVICE]\n    Flush 1\n", "fluent"),
        ("vector/vector.toml", "[sources.in]\ntype = 'file'\n", "vector"),
        ("logstash/pipeline/main.conf", "# pipeline\ninput {\n  beats { port => 5044 }\n}\n", "logstash"),
        ("logstash/jvm.conf", "nothing\n", None),
    ],
)
def test_shippers(path: str, text: str, expected: str | None) -> None:
    assert o.is_shipper(path)
    found = o.read_shipper(path, text)
    assert (found.kind if found else None) == expected


def test_dashboards() -> None:
    plain = o.read_dashboard("d.json", '{"title": "API", "panels": []}')
    wrapped = o.read_dashboard("d.json", '{"dashboard": {"title": "API", "panels": []}}')
    assert plain is not None
    assert wrapped is not None
    assert (plain.detail, wrapped.detail) == ("API", "wrapped")
    for text in ('{"panels": 3}', "[]", "{", '"panels"', '{"dashboard": 1}', "[" * 3000 + '"panels"'):
        assert o.read_dashboard("d.json", text) is None


def test_nginx_upstreams() -> None:
    text = (
        "upstream backend {\n  server api-1:8000 weight=2;\n  server api-2:8000;\n  server unix:/tmp/x.sock;\n}\n"
        "server {\n  listen 80;\n  server_name shop.io;\n  location / { proxy_pass http://backend; }\n"
        "  location /ws {\n    proxy_pass http://web:3000/socket;\n  }\n  location /v { proxy_pass $target; }\n"
        "  location /php { fastcgi_pass php:9000; }\n  # proxy_pass http://old:1;\n}\n"
    )
    found = proxies.read_proxy("nginx/nginx.conf", text)
    assert [(item.host, item.port, item.location.line) for item in found] == [
        ("api-1", 8000, 2),
        ("api-2", 8000, 3),
        ("web", 3000, 11),
        ("php", 9000, 14),
    ]


def test_several_upstreams_of_one_line_and_where_they_stand() -> None:
    text = "upstream a { server p:1;server [::1]:2; }\nserver { proxy_pass http://s; fastcgi_pass php:9000; }\n"
    found = proxies.read_proxy("nginx/nginx.conf", text)
    assert [(item.host, item.port, item.location.line, item.location.column) for item in found] == [
        ("p", 1, 1, 21),
        ("[::1]", 2, 1, 32),
        ("s", None, 2, 28),
        ("php", 9000, 2, 44),
    ]
    caddy = proxies.read_proxy("Caddyfile", "x {\n  to to:1 t:2 { # t\n}\n")
    assert [(item.host, item.location.column) for item in caddy] == [("to", 6), ("t", 11)]


def test_caddy_haproxy_and_traefik_upstreams() -> None:
    caddy = proxies.read_proxy(
        "Caddyfile", "shop.io {\n  reverse_proxy /api/* api:8000 api2:8000\n  reverse_proxy {$HOST}:1\n}\n"
    )
    assert [(item.host, item.port) for item in caddy] == [("api", 8000), ("api2", 8000)]
    haproxy = proxies.read_proxy("haproxy/haproxy.cfg", "backend app\n  server one app:80 check\n")
    assert [(item.host, item.port) for item in haproxy] == [("app", 80)]
    document = parse_documents(
        "t.yml", "http:\n  services:\n    app:\n      loadBalancer:\n        servers: [{url: 'http://api:8000'}]\n"
    )[0][0]
    assert [(item.host, item.port) for item in proxies.read_traefik(document)] == [("api", 8000)]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("nginx.conf", "nginx"),
        ("frontend/nginx/default.conf", "nginx"),
        ("conf.d/app.conf", "nginx"),
        ("Caddyfile", "caddy"),
        ("haproxy.cfg", "haproxy"),
        ("redis.conf", ""),
        ("docker/Caddyfile.prod", "caddy"),
    ],
)
def test_proxies_by_name(path: str, expected: str) -> None:
    assert proxies.proxy_kind(path) == expected


_KEYS = st.sampled_from(
    ["scrape_configs", "static_configs", "targets", "groups", "rules", "alert", "expr", "receivers", "route", "name", "webhook_configs", "url", "datasources",
     "providers", "apiVersion", "kind", "metadata", "items", "Resources", "Type", "modules", "http", "services", "loadBalancer", "servers", "alerting", "global"]
)  # fmt: skip
_TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["List", "AWS::X", "a:1", "", "http://x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=5),
    max_leaves=25,
)


@given(_TREES)
def test_any_tree_is_read(tree: object) -> None:
    import json

    documents, _ = parse_documents("x.yml", json.dumps(tree))
    for document in documents:
        for reader in (p.read_prometheus, p.read_alert_rules, p.read_alertmanager, o.read_observability, proxies.read_traefik):
            reader(document)
    read_manifests(documents)


@given(st.text(alphabet=st.sampled_from("server upstream{};:/$\n \thttp[]proxy_pass@"), max_size=150) | st.text(max_size=150))
def test_any_text_is_read_with_places_inside_it(text: str) -> None:
    lines = text.split("\n")
    for path in ("nginx.conf", "Caddyfile", "haproxy.cfg"):
        for item in proxies.read_proxy(path, text):
            assert 1 <= item.location.line <= len(lines)
            assert 1 <= item.location.column <= len(lines[item.location.line - 1]) + 1
    o.read_shipper("logstash/x.conf", text)
    o.read_dashboard("x.json", text)
