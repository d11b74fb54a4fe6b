"""What the pages say of env files that containers get as a whole, of what Compose only uses, and of passwords that stores keep."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from scaffold.gaps.judge import judge
from scaffold.generate import env, guides
from scaffold.plan.target import make_target
from scaffold.read.project import read_project


def pages_of(root: Path, *, theirs: bool = False) -> dict[str, str]:
    """Return the pages of a project by the name of their file; `theirs` where a pipeline of the user's builds the images."""
    project = read_project(root)
    target = make_target(project, judge(project).open)
    if theirs and target.delivery:
        target = replace(target, delivery=replace(target.delivery, images=None))
    return {item.path.rpartition("/")[2]: item.text for item in guides.render(target).artifacts}


HANDED = """\
services:
  api: {build: ., ports: ["8080:8080"], env_file: [.env.prod], networks: [front, back], depends_on: [store]}
  store:
    image: mysql:8.4
    environment: {MYSQL_ROOT_PASSWORD: "${DB_PASSWORD}", MYSQL_DATABASE: shop}
    volumes: [rows:/var/lib/mysql]
    networks: [back]
  cache: {image: "redis:8", networks: [back]}
networks: {front: {external: true, name: edge}, back: {}, spare: {external: true}}
volumes: {rows: {external: true}}
"""
HANDED_FILES = {
    "docker-compose.prod.yml": HANDED,
    "Dockerfile": "FROM node:24\nCOPY . /srv\nCMD [node, /srv/main.js]\n",
    ".env.example": "PORT=8080\nMODE_LIST=\nREDIS_HOST=cache\nREDIS_PASSWORD=changeme\nDB_PASSWORD=changeme\nWALLET_PRIVATE_KEY=changeme\n",
    ".gitignore": ".env.prod\n",
}


def test_the_file_of_a_container_keeps_what_it_reads_and_the_page_makes_what_compose_does_not(
    make_project: Callable[..., Path],
) -> None:
    pages = pages_of(make_project(HANDED_FILES))
    command = next(line for line in pages["deployment.md"].splitlines() if "> .env.prod)" in line)
    # Redis takes it from nothing, so that only the host has it; the application reads it all the same.
    assert "REDIS_PASSWORD" not in command
    assert "GRAFANA_ADMIN_PASSWORD" in command
    assert "   docker network create edge\n   docker volume create rows\n   ```" in pages["deployment.md"]
    rotation = pages["rotation.md"]
    (row,) = [line for line in rotation.splitlines() if line.startswith("| `DB_PASSWORD`")]
    assert row.count("`store`") == 1
    assert "`DB_PASSWORD` is a password of `store`, which keeps it in its data" in rotation
    assert "docker compose exec store sh -c" in rotation
    assert "| `WALLET_PRIVATE_KEY` | `api` | the program that makes the pair of keys |" in rotation


def test_a_template_of_theirs_is_called_so_and_a_start_that_hands_the_file_over_gets_all_of_it(
    make_project: Callable[..., Path],
) -> None:
    job = """\
on: {push: {branches: [main]}}
jobs:
  deploy:
    runs-on: self-hosted
    steps:
      - uses: actions/checkout@v4
      - run: docker compose --env-file .env.prod -f docker-compose.prod.yml up -d
"""
    files = {**HANDED_FILES, ".env.prod.example": HANDED_FILES[".env.example"], ".github/workflows/cd.yml": job}
    page = pages_of(make_project(files))["deployment.md"]
    assert "`.env.prod.example` is yours. It lacks what a start with the files below asks for: `BACKUP_REPOSITORY`." in page
    assert "lists every variable" not in page
    assert "`.github/workflows/cd.yml:7` hands it to Compose as well\n   (`--env-file`)" in page
    assert '(umask 077 && cat "$HOME/' in page


BUILT = """\
services:
  web:
    build:
      context: .
      args: {VITE_API_URL: "${API_URL:-http://localhost:8000}", VITE_TITLE: "The ${SHOP:-Shop}", NPM_TOKEN: "${NPM_TOKEN}", SIZE: "3 m"}
    ports: ["80:80"]
"""


def test_the_pages_give_a_build_what_variables_of_compose_give_it(make_project: Callable[..., Path]) -> None:
    dockerfile = "FROM node:24 AS build\nARG VITE_API_URL\nRUN vite build\nFROM nginx:1.30\nCOPY --from=build /dist /usr/share/nginx/html\n"
    files = {"compose.yaml": BUILT, "Dockerfile": dockerfile}
    root = make_project(files)
    row = "| `API_URL` | `.github/workflows/images.yml` | the build argument VITE\\_API\\_URL of web; without it what the Dockerfile says |"
    assert row in pages_of(root)["deployment.md"]
    page = pages_of(root, theirs=True)["deployment.md"]
    arguments = '--build-arg "VITE_API_URL=${API_URL?}" --build-arg "VITE_TITLE=The ${SHOP:-Shop}" --build-arg \'SIZE=3 m\' .'
    assert arguments in page
    assert "What a build takes has to be in the shell first, as production has it:\n   `API_URL`, `SHOP`:" in page
    assert "NPM_TOKEN" not in page.partition("docker buildx build")[2].partition("```")[0]


PUSHES = """\
services:
  api:
    build: .
    ports: ["8080:8080"]
    env_file: [.env.prod]
    environment: {PUSH_KEY_PATH: /keys/push-key.p8}
    volumes: ["./keys/push-key.p8:/keys/push-key.p8:ro", "./rules.json:/rules.json:ro", "./known-key.pem:/known.pem:ro"]
  front:
    image: nginx:1.29-alpine
    volumes: ["./front/.htpasswd:/etc/nginx/.htpasswd:ro", "certs:/etc/letsencrypt"]
  renew: {image: "certbot/certbot:v5.1.0", entrypoint: "sh -c 'while :; do certbot renew; sleep 12h; done'", volumes: ["certs:/etc/letsencrypt"]}
volumes: {certs: {}}
"""
PUSHING = {
    "docker-compose.prod.yml": PUSHES,
    "Dockerfile": "FROM node:24\nRUN useradd --uid 1200 app\nCOPY . /srv\nUSER app\nCMD [node, /srv/main.js]\n",
    ".env.prod.example": "PORT=8080\nSESSION_SECRET=\n",
    ".gitignore": ".env.prod\n*.p8\n",
    "known-key.pem.example": "a public key\n",
}


def test_a_credential_that_git_does_not_hold_is_placed_for_the_user_of_its_container(make_project: Callable[..., Path]) -> None:
    pages = pages_of(make_project(PUSHING, name="shop"))
    page = pages["deployment.md"]
    assert (
        "(file=$(mktemp); aws secretsmanager get-secret-value --secret-id shop/production/app --query SecretString --output text "
        '| jq -ej \'.["API_PUSH_KEY_P8_FILE"]\' > "$file" && sudo install -D -T -m 600 -o 1200 "$file" keys/push-key.p8; '
        'rm "$file")'
    ) in page
    # nginx starts as root; rules.json is no credential, and of known-key.pem there is a template.
    assert '-o 0 "$file" front/.htpasswd;' in page
    assert page.count("sudo install") == 2
    assert "Nothing shows as which user" not in page
    assert "Nothing shows that git ignores `front/.htpasswd`: add it" in page
    assert "    docker compose restart api   # keys/push-key.p8\n" in pages["rotation.md"]
    assert "| `renew` | certificates | `certbot/certbot:v5.1.0` | one |" in page


def test_the_text_of_a_file_is_no_variable_of_the_host_or_of_a_container(make_project: Callable[..., Path]) -> None:
    project = read_project(make_project(PUSHING, name="shop"))
    target = make_target(project, judge(project).open)
    assert any(key.key == "API_PUSH_KEY_P8_FILE" for secret in target.secrets for key in secret.keys)
    script = next(item.text for item in env.render(target).artifacts if item.path == "scripts/secrets-env")
    assert "_P8_FILE" not in script
    template = target.environment.production
    assert template
    assert not [item.name for item in template.variables if item.name.endswith("_P8_FILE")]


def test_a_credential_of_a_service_without_a_place_in_the_cluster_is_copied_from_where_it_is_kept(
    make_project: Callable[..., Path],
) -> None:
    compose = """\
services:
  api: {image: "ghcr.io/acme/api:1.4.2", ports: ["8080:8080"]}
  dns: {image: "certbot/dns-cloudflare:v5.1.0", command: renew, volumes: ["./cloudflare.ini:/cloudflare.ini:ro"]}
"""
    page = pages_of(make_project({"docker-compose.prod.yml": compose}))["deployment.md"]
    assert "   sudo install -D -T -m 600 -o 0 /PATH/TO/YOUR/COPY cloudflare.ini\n" in page
    assert "Nothing shows as which user `dns` reads them" in page


SECRETS = """\
services:
  api:
    build: .
    ports: ["8080:8080"]
    secrets: [api_token, {source: signing, target: signing.p12}, {source: from_git, target: /etc/known}]
    environment: {TOKEN_FILE: /run/secrets/api_token}
  store:
    image: mysql:8.4
    environment: {MYSQL_ROOT_PASSWORD_FILE: /run/secrets/root_password}
    secrets: [root_password]
    volumes: ["rows:/var/lib/mysql", "./store.jks:/etc/store.jks:ro"]
secrets:
  api_token: {file: ./secrets/api_token.txt}
  signing: {file: ./secrets/signing.p12}
  root_password: {file: /etc/shop/root_password}
  from_git: {file: ./public.txt}
  idle: {file: ./secrets/idle}
volumes: {rows: }
"""
SECRET_FILES = {
    "ops/docker-compose.prod.yml": SECRETS,
    "ops/Dockerfile": "FROM node:24\nRUN useradd --uid 1200 app\nCOPY . /srv\nUSER app\nCMD [node, /srv/main.js]\n",
    "ops/public.txt": "known to all\n",
    ".gitignore": "/ops/secrets/\n",
}


def test_the_files_of_secrets_that_git_does_not_hold_are_made_before_the_first_start(make_project: Callable[..., Path]) -> None:
    page = pages_of(make_project(SECRET_FILES, name="shop"))["deployment.md"]
    told = page.partition("Containers read credentials that git does not hold: ")[2].partition("\n3. ")[0]
    assert "`secrets/api_token.txt` (`api`)" in told
    assert "`/etc/shop/root_password` (`store`)" in told
    assert "public.txt" not in told
    assert "secrets/idle" not in told
    assert "Compose starts nothing without the file of a secret" in told
    commands = [line.strip() for line in told.splitlines() if "sudo install" in line]
    assert len(commands) == 4
    token = next(line for line in commands if "secrets/api_token.txt" in line)
    assert """jq -ej '.["api_token"]' > "$file" && sudo install -D -T -m 600 -o 1200 "$file" secrets/api_token.txt""" in token
    assert any('-o 999 "$file" /etc/shop/root_password' in line for line in commands)
    # Bytes are no text: the secret manager has them in base64.
    signing = next(line for line in commands if "signing.p12" in line)
    assert """jq -er '.["signing_FILE_BASE64"]') && printf %s "$text" | base64 -d > "$file\"""" in signing
    assert """'.KEY = $text' values.json` the bytes of one whose key ends in `_BASE64`.""" in page
    # git ignores the folder; what lies outside of the repository is none of git's.
    assert "Nothing shows that git ignores `ops/store.jks`: add it" in page


def test_a_command_of_the_page_brings_bytes_as_they_are(make_project: Callable[..., Path], tmp_path: Path) -> None:
    page = pages_of(make_project(SECRET_FILES, name="shop"))["deployment.md"]
    command = next(line.strip() for line in page.splitlines() if "secrets/signing.p12; rm" in line)
    data = bytes(range(256))
    programs = tmp_path / "bin"
    programs.mkdir()
    document = json.dumps({"signing_FILE_BASE64": base64.b64encode(data).decode()})
    for name, text in (
        ("aws", f"#!/bin/sh\ncat <<'END'\n{document}\nEND\n"),
        ("sudo", '#!/bin/sh\nshift 7\nexec install -D -T -m 600 "$@"\n'),
    ):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    path = f"{programs}:{os.environ['PATH']}"
    subprocess.run(["sh", "-c", command], cwd=tmp_path, env={**os.environ, "PATH": path}, check=True)
    made = tmp_path / "secrets/signing.p12"
    assert made.read_bytes() == data
    assert made.stat().st_mode & 0o777 == 0o600
    # A key that is missing leaves no file in place.
    made.unlink()
    (programs / "aws").write_text("#!/bin/sh\necho '{}'\n")
    subprocess.run(["sh", "-c", command], cwd=tmp_path, env={**os.environ, "PATH": path}, check=False)
    assert not made.exists()


SWARM = """\
version: "3.8"
services:
  web:
    image: registry.example.com/acme/web:1
    ports: ["80:8080"]
    secrets: [tls_cert, tls_key]
    deploy: {replicas: 2, placement: {constraints: [node.role == worker]}}
  db:
    image: postgres:17
    environment: {POSTGRES_PASSWORD_FILE: /run/secrets/password}
    secrets: [password]
    volumes: [rows:/var/lib/postgresql/data]
secrets: {tls_cert: {external: true}, tls_key: {external: true, name: shop_key}, password: {file: ./password}}
volumes: {rows: }
"""


def test_a_swarm_gets_its_secrets_and_the_overlay_that_it_takes(make_project: Callable[..., Path]) -> None:
    files = {
        "docker-stack.yml": SWARM,
        "deploy.sh": "docker stack deploy -c docker-stack.yml shop\n",
        ".gitignore": "/password\n",
    }
    pages = pages_of(make_project(files, name="shop"))
    page = pages["deployment.md"]
    assert "docker stack deploy --with-registry-auth -c docker-stack.yml -c compose.hardening.yaml shop\n" in page
    assert "| docker secret create tls_cert -\n" in page
    assert "docker secret create shop_key" in page
    assert "Hand no other overlay to it" in page
    assert "`compose.hardening.yaml`" not in page.partition("Hand no other overlay")[2].partition("(")[0]
    # A swarm stores what the one who deploys can read; no user of a container opens that file.
    # The password of the swarm's own store is in no secret of the manager, where Terraform makes that of the managed one.
    assert """printf %s "$(openssl rand -hex 32)" > "$file" && install -D -T -m 600 "$file" password; rm""" in page
    assert "Nothing shows that git ignores" not in page
    assert "sudo install" not in page
    assert "| `tls_cert` | `web` | the certificate, with its chain, from who issues it |" in pages["rotation.md"]
    assert "| `tls_key` | `web` | the private key of the certificate beside it |" in pages["rotation.md"]
