"""The overlay and the page of both examples and of real projects: taken by compose-go, and what an operator relies on."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from scaffold.errors import NothingToReadError
from scaffold.gaps.backup.card import card
from scaffold.gaps.judge import judge
from scaffold.generate.backup import render
from scaffold.generate.backup.overlay import RESTORE_PROFILE, SCRIPTS
from scaffold.model.backup import BackupPlan
from scaffold.model.names import LayerState
from scaffold.model.project import Project
from scaffold.plan.target import make_target
from scaffold.read.project import read_project
from tests.generate.monitoring.conftest import load
from tests.projects import copy_corpus_project, corpus_projects

Tool = Callable[[str], str]


def write(root: Path) -> BackupPlan | None:
    """Write the backups of a project beside it, as `generate` would; None when it gets none."""
    project = read_project(root)
    target = make_target(project, judge(project).open)
    for artifact in render(target).artifacts:
        path = root / artifact.path
        assert not path.exists(), f"{artifact.path} is the user's own"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(artifact.text, encoding="utf-8")
        path.chmod(artifact.mode)
    return target.backup


def base_set(root: Path) -> tuple[str, ...]:
    stack = read_project(root).main_stack
    assert stack is not None
    return stack.files


@pytest.fixture
def shop(example: Callable[[str], Path]) -> tuple[Path, BackupPlan]:
    root = example("propertypro")
    plan = write(root)
    assert plan is not None
    return root, plan


def test_what_is_copied_and_what_not(shop: tuple[Path, BackupPlan]) -> None:
    _, plan = shop
    assert [(store.service, store.kind) for store in plan.stores] == [
        ("chromadb", "chroma"),
        ("db", "postgres"),
        ("redis", "redis"),
    ]
    assert {store.service: store.image for store in plan.stores}["db"] == "postgres:15-alpine", (
        "client and server are one version"
    )
    assert [volume.name for volume in plan.volumes] == ["backend_uploads"]
    assert {remark.subject for remark in plan.left_out} == {"backend_logs", "postgres_data"}


def test_no_credential_is_copied_into_the_overlay(shop: tuple[Path, BackupPlan]) -> None:
    root, plan = shop
    text = (root / plan.overlay).read_text()
    assert "password123" not in text
    assert "redis123" not in text
    services = yaml.safe_load(text)["services"]
    assert services["backup-db"]["environment"]["PGPASSWORD"].startswith("${POSTGRES_PASSWORD:?")
    for service in services.values():
        argv = " ".join((*service.get("entrypoint", ()), *service.get("command", ())))
        assert "PASSWORD" not in argv
        assert "docker.sock" not in str(service["volumes"])
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]


def test_every_container_runs_scripts_that_are_there(shop: tuple[Path, BackupPlan]) -> None:
    root, plan = shop
    services = yaml.safe_load((root / plan.overlay).read_text())["services"]
    page = (root / plan.folder / "README.md").read_text()
    called = re.findall(rf"{SCRIPTS}/([\w.-]+)", (root / plan.overlay).read_text() + page)
    assert set(called) >= {"on-schedule.sh", "ship.sh", "fetch.sh", "restore-redis.sh"}
    for name in called:
        assert (root / plan.folder / name).is_file(), name
    for name in re.findall(
        r"docker compose(?: --profile restore)? run --rm(?: --entrypoint rm| -e BACKUP_MAY_BE_EMPTY=NAME)? ([\w-]+)", page
    ):
        assert name in services
    # The restores of the page run what only its profile starts; nothing of it starts by itself.
    assert {name for name, node in services.items() if node.get("profiles") == [RESTORE_PROFILE]} == {
        "restore-files",
        "restore-redis",
    }


def test_compose_takes_the_overlay_behind_the_base(shop: tuple[Path, BackupPlan], require_tool: Tool) -> None:
    root, plan = shop
    project, error = load(require_tool("compose-go-config"), root, (*base_set(root), plan.overlay), (RESTORE_PROFILE,))
    assert not error
    assert {plan.shipper, plan.restorer, *(store.dumper for store in plan.stores)} <= set(project["services"])
    for store in plan.stores:
        networks = set(project["services"][store.dumper].get("networks", {}))
        assert store.kind == "chroma" or networks & set(project["services"][store.service]["networks"])
    mounts = project["services"][plan.shipper]["volumes"]
    assert {mount["target"] for mount in mounts if mount["type"] == "volume" and not mount.get("read_only")} == {"/staging"}


def test_the_written_scripts_pass_shellcheck_as_validate_calls_it(shop: tuple[Path, BackupPlan], require_tool: Tool) -> None:
    root, plan = shop
    files = sorted(str(path) for path in (root / plan.folder).glob("*.sh"))
    done = subprocess.run([require_tool("shellcheck"), "--norc", *files], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


BUILT = """
services:
  db:
    build: {context: ./database, args: {LOCALE: "${LOCALE:-C}"}}
    environment: {POSTGRES_PASSWORD: "${DB_PASSWORD:?}"}
    volumes: [data:/var/lib/postgresql/data]
  web: {image: "acme/web:1", depends_on: [db]}
volumes: {data: {}}
"""


@pytest.mark.parametrize(("base", "image"), [("postgres:14", "postgres:14"), ("postgres:latest", "")])
def test_a_postgres_that_the_project_builds_is_dumped_by_a_client_of_its_version(
    base: str, image: str, make_project: Callable[..., Path], require_tool: Tool
) -> None:
    root = make_project({"compose.yaml": BUILT, "database/Dockerfile": f"ARG LOCALE\nFROM {base}\nCOPY init.sql /init.sql\n"})
    plan = write(root)
    assert plan is not None
    project, error = load(require_tool("compose-go-config"), root, ("compose.yaml", plan.overlay))
    assert not error
    dumper = project["services"]["backup-db"]
    assert dumper.get("image", "") == image
    if not image:
        # Nobody knows the version: the dump runs in the image of the store, built from the same files.
        assert dumper["build"] == project["services"]["db"]["build"]
    assert not image or [(copy.name, copy.image) for copy in plan.tested] == [("db", "postgres:14")]


FOLDERS = """
services:
  db: {image: "postgres:17", environment: {POSTGRES_PASSWORD: "${DB_PASSWORD:?}"}, volumes: ["./pgdata:/var/lib/postgresql/data"]}
  web:
    build: .
    volumes:
      - .:/app
      - ./media:/app/media
      - ${FILES_DIR:-/srv/shop}/files:/files
      - ./storage:/app/storage
      - ./logs:/app/logs
      - ./settings.yml:/app/settings.yml
      - ./fixtures:/fixtures:ro
      - /etc/localtime:/etc/localtime
      - {type: bind, source: ./media, target: /again}
  proxy: {image: "nginx:1.29", volumes: ["./media:/usr/share/nginx/media", "./certificates:/certificates"]}
"""


def test_folders_that_the_application_writes_to_are_copied(make_project: Callable[..., Path], require_tool: Tool) -> None:
    tracked = {"compose.yaml": FOLDERS, "Dockerfile": "FROM python:3.13\nCOPY . /app\n", "media/.gitkeep": "", "app.py": ""}
    root = make_project({**tracked, "storage/logo.png": "x"})
    plan = write(root)
    assert plan is not None
    assert {volume.name: (volume.folder, volume.services) for volume in plan.volumes} == {
        "media": ("./media", ("web",)),
        "files": ("${FILES_DIR:-/srv/shop}/files", ("web",)),
    }
    assert {remark.subject for remark in plan.left_out} == {"./storage"}, "git tracks a file in it"
    project, error = load(require_tool("compose-go-config"), root, ("compose.yaml", plan.overlay), (RESTORE_PROFILE,))
    assert not error
    mounts = {mount["target"]: mount for mount in project["services"][plan.shipper]["volumes"]}
    assert mounts["/volumes/media"]["source"] == str(root / "media")
    assert mounts["/volumes/media"]["read_only"]
    assert mounts["/volumes/files"]["source"] == "/srv/shop/files"
    assert "/restore/media" in {mount["target"] for mount in project["services"][plan.restorer]["volumes"]}
    page = (root / plan.folder / "README.md").read_text()
    assert "folder `./media` of web" in page
    assert "fetch.sh volume-media" in page


CASES = {
    "a password in a secret file": (
        """
        services:
          db:
            image: postgres:17
            environment: {POSTGRES_PASSWORD_FILE: /run/secrets/db}
            secrets: [db]
            volumes: [data:/var/lib/postgresql/data]
        volumes: {data: {}}
        secrets: {db: {file: ./db.txt}}
        """,
        "backup-db",
        {"PGHOST": "db", "PGUSER": "postgres", "PGPASSWORD_FILE": "/run/secrets/db"},
    ),
    "a port of its own": (
        """
        services:
          db:
            image: postgres:17
            command: postgres -c port=55432
            environment: {POSTGRES_PASSWORD: "${DB_PASSWORD:?}"}
            volumes: [data:/var/lib/postgresql/data]
        volumes: {data: {}}
        """,
        "backup-db",
        {"PGHOST": "db", "PGPORT": "55432", "PGUSER": "postgres"},
    ),
    "a password that the base spells out": (
        """
        services:
          db: {image: "mariadb:11.8", environment: {MARIADB_ROOT_PASSWORD: Canary-77}, volumes: ["data:/var/lib/mysql"]}
        volumes: {data: {}}
        """,
        "backup-db",
        {"MYSQL_HOST": "db", "MYSQL_USER": "root"},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_how_a_dump_logs_in(name: str, make_project: Callable[..., Path], require_tool: Tool) -> None:
    text, service, expected = CASES[name]
    root = make_project({"compose.yaml": text})
    plan = write(root)
    assert plan is not None
    written = (root / plan.overlay).read_text()
    assert "Canary" not in written
    node = yaml.safe_load(written)["services"][service]
    assert expected.items() <= node["environment"].items()
    _, error = load(require_tool("compose-go-config"), root, (*base_set(root), plan.overlay))
    assert not error


@pytest.mark.parametrize(
    ("image", "folder"), [("elasticsearch:9.1.0", "/usr/share/elasticsearch/data"), ("neo4j:5.26", "/data")]
)
def test_a_store_without_a_tested_way_is_named_and_stays_a_gap(
    image: str, folder: str, make_project: Callable[..., Path]
) -> None:
    text = """
        services:
          db: {image: "postgres:16", environment: {POSTGRES_PASSWORD: "${DB_PASSWORD:?}"}, volumes: ["data:/var/lib/postgresql/data"]}
          search: {image: "IMAGE", volumes: ["index:FOLDER"]}
        volumes: {data: {}, index: {}}
        """
    root = make_project({"compose.yaml": text.replace("IMAGE", image).replace("FOLDER", folder)})
    first = {(gap.code, gap.resource): gap for gap in judge(read_project(root)).open if gap.code.startswith("BCK")}
    assert {closer.kind for closer in first["BCK001", "base/search"].closes} == {"advice"}
    assert {closer.kind for closer in first["BCK000", "backup"].closes} == {"files"}
    plan = write(root)
    assert plan is not None
    assert "search" in {remark.subject for remark in plan.left_out}
    assert "index" not in {volume.name for volume in plan.volumes}
    production = (*base_set(root), plan.overlay)
    owned = frozenset(path for path in read_project(root).files if path == plan.overlay or path.startswith(f"{plan.folder}/"))
    again = {(gap.code, gap.resource) for gap in judge(read_project(root, production_set=production, owned=owned)).open}
    assert ("BCK001", "base/search") in again
    assert ("BCK000", "backup") not in again


def test_backups_elsewhere_get_none_of_ours(make_project: Callable[..., Path]) -> None:
    text = "services:\n  db: {image: 'postgres:16', volumes: ['data:/var/lib/postgresql/data']}\nvolumes: {data: {}}\n"
    root = make_project({"compose.yaml": text, "scaffold.yaml": "external: [backup]\n"})
    assert write(root) is None


@pytest.mark.parametrize("name", corpus_projects())
def test_real_projects(name: str, corpus: Path, tmp_path: Path, require_tool: Tool) -> None:
    root = copy_corpus_project(corpus, name, tmp_path)
    try:
        plan = write(root)
    except NothingToReadError:
        return
    if plan is None:
        return
    loader, files = require_tool("compose-go-config"), base_set(root)
    profiles = tuple({profile for store in plan.stores for profile in store.profiles})
    _, broken = load(loader, root, files, profiles)
    if not broken:
        project, error = load(loader, root, (*files, plan.overlay), (*profiles, RESTORE_PROFILE))
        assert not error
        assert {plan.shipper, *(store.dumper for store in plan.stores)} <= set(project["services"])


def test_the_workflow_passes_actionlint_and_zizmor(shop: tuple[Path, BackupPlan], require_tool: Tool) -> None:
    root, plan = shop
    for command in (
        [require_tool("actionlint"), "-no-color", f"-shellcheck={require_tool('shellcheck')}", plan.workflow],
        [require_tool("zizmor"), "--offline", "--no-progress", plan.workflow],
    ):
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    legs = yaml.safe_load((root / plan.workflow).read_text())["jobs"]["restore"]["strategy"]["matrix"]["include"]
    assert {(leg["kind"], leg["image"].partition(":")[0]) for leg in legs} == {
        ("chroma", "chromadb/chroma"),
        ("files", "python"),
        ("postgres", "postgres"),
        ("redis", "redis"),
    }


LITE = """
services:
  web:
    build: .
    ports: ["8000:8000"]
    environment: {DATABASE_URL: "sqlite:////data/shop.db"}
    volumes: ["./data:/data", "media:/app/media"]
volumes: {media: {}}
"""
LITE_FILES = {"docker-compose.yml": LITE, "Dockerfile": 'FROM python:3.13-slim\nCOPY . .\nCMD ["gunicorn", "web:app"]\n'}


def again(root: Path, plan: BackupPlan) -> Project:
    """Return the project as it is read with what was written."""
    ours = (plan.overlay, plan.workflow, f"{plan.folder}/")
    owned = frozenset(path for path in read_project(root).files if path.startswith(ours))
    return read_project(root, production_set=(*base_set(root), plan.overlay), owned=owned)


def test_a_project_without_a_store_gets_copies_of_its_databases_and_files(
    make_project: Callable[..., Path], require_tool: Tool
) -> None:
    root = make_project(LITE_FILES)
    first = {gap.subject: gap for gap in judge(read_project(root)).open if gap.code == "BCK000"}
    assert {subject: [closer.kind for closer in gap.closes] for subject, gap in first.items()} == {"sqlite": ["files"]}
    plan = write(root)
    assert plan is not None
    assert [(volume.name, volume.folder) for volume in plan.volumes] == [("media", ""), ("data", "./data")]
    project, error = load(require_tool("compose-go-config"), root, ("docker-compose.yml", plan.overlay), (RESTORE_PROFILE,))
    assert not error
    copier, shipper = project["services"][plan.sqlite], project["services"][plan.shipper]
    for service in (copier, shipper):
        mounts = {mount["target"]: mount for mount in service["volumes"]}
        assert mounts["/volumes/data"]["read_only"]
        assert mounts["/volumes/media"]["read_only"]
    assert shipper["environment"]["BACKUP_STORES"] == "databases-media databases-data"
    assert copier["network_mode"] == "none"
    page = (root / plan.folder / "README.md").read_text()
    assert "/staging/restore/volume-data /restore/data /staging/restore/databases-data" in page
    now = again(root, plan)
    assert not [gap for gap in judge(now).open if gap.code.startswith("BCK")]
    assert card(now).state is LayerState.PRESENT


def test_copies_that_leave_out_a_database_do_not_close_its_gap(make_project: Callable[..., Path]) -> None:
    root = make_project(LITE_FILES)
    plan = write(root)
    assert plan is not None
    overlay = root / plan.overlay
    overlay.write_text(overlay.read_text().replace("dump-sqlite.sh", "sleep.sh"))
    now = again(root, plan)
    assert [gap.subject for gap in judge(now).open if gap.code == "BCK000"] == ["sqlite"]
    assert card(now).state is LayerState.ABSENT


def test_the_jobs_of_a_chart_copy_nothing_on_the_host(make_project: Callable[..., Path]) -> None:
    chart = {f"deploy/helm/shop/files/backup/{name}": "#!/bin/sh\nrestic backup .\n" for name in ("ship.sh", "common.sh")}
    root = make_project({**LITE_FILES, **chart})
    project = read_project(root, owned=frozenset(chart))
    assert [gap.subject for gap in judge(project).open if gap.code == "BCK000"] == ["sqlite"]
    assert card(project).state is LayerState.ABSENT


def test_a_database_in_a_file_beside_a_server_is_copied_too(make_project: Callable[..., Path]) -> None:
    text = LITE.replace("volumes: {media: {}}", "  db: {image: 'postgres:17', volumes: ['pg:/var/lib/postgresql/data']}\n")
    root = make_project({**LITE_FILES, "docker-compose.yml": f"{text}volumes: {{media: {{}}, pg: {{}}}}\n"})
    plan = write(root)
    assert plan is not None
    assert [store.service for store in plan.stores] == ["db"]
    services = yaml.safe_load((root / plan.overlay).read_text())["services"]
    assert services[plan.shipper]["environment"]["BACKUP_STORES"] == "db databases-media databases-data"
    now = again(root, plan)
    assert not [gap for gap in judge(now).open if gap.code == "BCK000"]
    assert card(now).state is LayerState.PRESENT


def test_what_nothing_can_copy_stays_a_gap_beside_the_rest(make_project: Callable[..., Path]) -> None:
    text = LITE.replace("sqlite:////data/shop.db", "jdbc:h2:file:/data/shop")
    root = make_project({**LITE_FILES, "docker-compose.yml": text})
    first = {gap.subject: gap.closes[0].kind for gap in judge(read_project(root)).open if gap.code == "BCK000"}
    assert first == {"files": "files", "sqlite/left": "advice"}
    plan = write(root)
    assert plan is not None
    now = again(root, plan)
    assert [gap.subject for gap in judge(now).open if gap.code == "BCK000"] == ["sqlite/left"]
    assert card(now).state is LayerState.PARTIAL
