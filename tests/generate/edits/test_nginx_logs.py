"""The edited configuration is accepted by nginx, which then writes one JSON object for each request, whatever is asked."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.generate.edits.test_logging_edits import FIELDS, edit, free_port, running, wait_for

AGENT = 'curl "8\\.0" \\ grüße \x01 </script> 日本'
STOCK = """\
user root;
events {}
error_log stderr;
pid PLACE/pid;
http {
    log_format main '$remote_addr "$request" $status';
    access_log PLACE/stock.log main;
    include PLACE/conf.d/*.conf;
}
"""
"""Like the main file of the official image, which includes what a project puts into conf.d."""


def ask(port: int, path: str = "/") -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        request = f'GET {path} HTTP/1.0\r\nHost: a"b\r\nUser-Agent: {AGENT}\r\nReferer: "quoted"\r\n\r\n'
        client.sendall(request.encode())
        while client.recv(4096):
            pass


def lines_of(nginx: str, folder: Path, port: int) -> list[dict[str, object]]:
    """Start nginx with folder/nginx.conf, ask for two paths, and return the lines of its output as the objects they are."""
    argv = [nginx, "-p", str(folder), "-c", str(folder / "nginx.conf")]
    done = subprocess.run([*argv, "-t"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    log = folder / "output"
    with running([*argv, "-g", "daemon off;"], folder, log):
        wait_for(lambda: listens(port), log)
        ask(port, '/?q="ü"')
        ask(port, "/live")
        wait_for(lambda: '"user_agent"' in log.read_text(), log)
    text = log.read_text()
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def asked(found: list[dict[str, object]]) -> dict[str, object]:
    (line,) = [item for item in found if item["user_agent"]]
    return line


def holds(line: dict[str, object]) -> None:
    assert set(line) > FIELDS
    assert line["user_agent"] == AGENT
    assert line["referrer"] == '"quoted"'
    assert line["message"] == 'GET /?q="ü" HTTP/1.0'
    assert line["logger"] == "nginx.access"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", str(line["timestamp"]))


def run_included(nginx: str, tmp_path: Path, conf: dict[str, str], port: int) -> list[dict[str, object]]:
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "nginx.conf").write_text(STOCK.replace("PLACE", str(tmp_path)))
    for name, text in conf.items():
        (tmp_path / "conf.d" / name).write_text(text.replace("listen 80;", f"listen {port};"))
    return lines_of(nginx, tmp_path, port)


def test_the_proxy_of_the_example(example: Callable[[str], Path], tmp_path: Path, require_tool: Callable[[str], str]) -> None:
    root = example("propertypro")
    edit(root, "LOG001")
    path = root / "frontend/nginx.conf"
    text = path.read_text().replace("http://api:8000", "http://127.0.0.1:9")
    shutil.copy(path, tmp_path / "kept")
    port = free_port()
    found = run_included(require_tool("nginx"), tmp_path, {"default.conf": text}, port)
    holds(next(item for item in found if item["message"] == 'GET /?q="ü" HTTP/1.0'))
    # The stock log of the image would say each request a second time, as text.
    assert (tmp_path / "stock.log").read_text() == ""


COMPOSE = "services:\n  web:\n    image: nginx:1.28\n    ports: ['80:80']\n    volumes: [./proxy/nginx:/etc/nginx/conf.d:ro]\n"
SERVER = "server {\n\tlisten 80;\n\tlocation / { return 204; }\n\tlocation /live { access_log off; return 204; }\n}\n"


def test_two_included_files_share_one_format(
    make_project: Callable[..., Path], tmp_path: Path, require_tool: Callable[[str], str]
) -> None:
    other = "# the other\nserver { listen 127.0.0.1:0; access_log /var/log/nginx/b.log combined buffer=32k if=$host; }\n"
    root = make_project({"compose.yaml": COMPOSE, "proxy/nginx/a.conf": SERVER, "proxy/nginx/b.conf": other})
    edit(root, "LOG001")
    conf = {name: (root / "proxy/nginx" / name).read_text() for name in ("a.conf", "b.conf")}
    assert conf["b.conf"] == "# the other\nserver { listen 127.0.0.1:0; access_log /dev/stdout json_lines if=$host; }\n"
    conf["b.conf"] = conf["b.conf"].replace("127.0.0.1:0", f"127.0.0.1:{free_port()}")
    folder = tmp_path / "nginx"
    folder.mkdir()
    found = run_included(require_tool("nginx"), folder, conf, free_port())
    assert len(found) == 1
    holds(asked(found))


MAIN = """\
user root;
events {}
error_log stderr;
pid nginx.pid;
http {
    # requests
    LOGS
    server {
        listen 80;
        location / { return 204; }
        location /live { access_log off; return 204; }
    }
}
"""


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    "logs", ["", "access_log /var/log/nginx/access.log;", "log_format a '$status \"};\"';\n    access_log logs/a.log a;"]
)
def test_a_main_file(
    make_project: Callable[..., Path], tmp_path: Path, require_tool: Callable[[str], str], logs: str, line_end: str
) -> None:
    compose = COMPOSE.replace("nginx:/etc/nginx/conf.d", "nginx.conf:/etc/nginx/nginx.conf")
    before = MAIN.replace("LOGS", logs).replace("\n", line_end)
    root = make_project({"compose.yaml": compose, "proxy/nginx.conf": before})
    edit(root, "LOG001")
    after = (root / "proxy/nginx.conf").read_bytes().decode()
    assert after.count("\r\n") in {0, after.count("\n")}
    port = free_port()
    folder = tmp_path / "nginx"
    folder.mkdir()
    (folder / "nginx.conf").write_bytes(after.replace("listen 80;", f"listen {port};").encode())
    found = lines_of(require_tool("nginx"), folder, port)
    assert len(found) == 1
    holds(asked(found))


@pytest.mark.parametrize(
    ("compose", "conf"),
    [
        # Somebody reads the file out of the volume.
        (COMPOSE.replace("d:ro]", "d:ro, 'logs:/var/log/nginx']\nvolumes: {logs: {}}"), SERVER.replace("listen", "access_log /var/log/nginx/a.log; listen")),
        (COMPOSE, SERVER.replace("listen", "content_by_lua_block { ngx.say('}') } listen")),
        (COMPOSE, SERVER + "}"),
    ],
)  # fmt: skip
def test_what_is_not_certain_is_left_to_a_person(make_project: Callable[..., Path], compose: str, conf: str) -> None:
    root = make_project({"compose.yaml": compose, "proxy/nginx/default.conf": conf})
    edit(root, "LOG001")
    assert (root / "proxy/nginx/default.conf").read_text() == conf
