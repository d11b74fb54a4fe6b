"""What the chart copies itself: jobs that reach their store and nothing else, and whose commands copy and restore for real."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from scaffold.generate.helm.readme import readme
from scaffold.model.backup_images import PYTHON
from scaffold.model.target import Target
from scaffold.plan.target import make_target
from scaffold.read.project import read_project
from tests.generate.backup import stores
from tests.generate.backup.stores import SECRET
from tests.generate.helm import support
from tests.generate.helm.test_chart import target_of
from tests.generate.helm.test_network import INTERNET, allowed

COMPOSE = """\
services:
  web:
    image: acme/web:1
    user: "1000:1000"
    environment: {DATABASE_URL: "postgres://shop:${DB_PASSWORD:?}@series/shop"}
    volumes: ["uploads:/srv/uploads", "cache:/srv/cache"]
  worker: {image: "acme/web:1", volumes: ["reports:/srv/reports"], command: celery -A app worker}
  series:
    image: timescale/timescaledb:2.17.2-pg16
    environment: {POSTGRES_USER: shop, POSTGRES_PASSWORD: "${DB_PASSWORD:?}"}
    volumes: ["series:/var/lib/postgresql/data"]
  orders:
    image: mysql:8.4
    environment: {MYSQL_ROOT_PASSWORD_FILE: /run/secrets/root}
    secrets: [root]
    volumes: ["orders:/var/lib/mysql"]
  queue:
    image: redis/redis-stack-server:7.4.0-v1
    command: redis-server --appendonly yes --requirepass ${QUEUE_PASSWORD:?}
    volumes: ["queue:/data"]
  vectors: {image: "chromadb/chroma:1.0.20", volumes: ["vectors:/data"]}
  documents: {image: "mongo:8", volumes: ["documents:/data/db"]}
volumes: {uploads: , cache: , reports: , series: , orders: , queue: , vectors: , documents: }
secrets: {root: {environment: ROOT_PASSWORD}}
"""


@pytest.fixture
def target(make_project: Callable[..., Path]) -> Target:
    return target_of(make_project({"compose.yaml": COMPOSE, "requirements.txt": "celery==5.5\n"}, name="shop"))


@pytest.fixture
def found(target: Target, tmp_path: Path, require_tool: Callable[[str], str]) -> list[dict[str, Any]]:
    chart = support.write_chart(target, tmp_path / "out")
    helm = require_tool("helm")
    support.lint(helm, chart)
    manifests = support.template(helm, chart, "--values", "values-production.yaml")
    for version in support.VERSIONS:
        support.kubeconform(require_tool("kubeconform"), manifests, version)
    return support.objects(manifests)


def jobs(found: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {item["metadata"]["name"]: item["spec"] for item in found if item["kind"] == "CronJob"}


def pod(spec: dict[str, Any]) -> dict[str, Any]:
    inner = spec["jobTemplate"]["spec"]["template"]["spec"]
    assert isinstance(inner, dict)
    return inner


def containers(spec: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from pod(spec).get("initContainers", ())
    yield from pod(spec)["containers"]


def test_what_stays_in_the_cluster_is_copied_and_the_rest_is_named_with_the_reason(target: Target) -> None:
    plan = target.cluster_backup
    assert plan is not None
    kinds = {job.item: job.kind for job in plan.jobs}
    assert kinds == {
        "series": "postgres",
        "orders": "mysql",
        "queue": "redis",
        "vectors": "chroma",
        "volume-uploads": "files",
        "volume-reports": "files",
    }
    assert {remark.subject for remark in plan.left_out} == {"cache", "documents"}


def test_managed_stores_are_left_to_aws(make_project: Callable[..., Path]) -> None:
    compose = "services:\n  db: {image: 'postgres:16', volumes: ['data:/var/lib/postgresql/data']}\nvolumes: {data: }\n"
    target = target_of(make_project({"compose.yaml": compose}, name="shop"))
    assert target.cluster_backup is None
    assert [(bucket.purpose, bucket.workloads) for bucket in target.buckets] == [("backups", ())]
    assert "backup" not in {secret.name for secret in target.secrets}


def test_every_job_runs_alone_in_time_and_without_rights(found: list[dict[str, Any]]) -> None:
    made = jobs(found)
    assert len(made) == 2 * 6 + 1
    starts = [spec["schedule"] for name, spec in made.items() if name.startswith("backup-")]
    assert len(set(starts)) == len(starts), "no two start in the same minute"
    for name, spec in made.items():
        assert spec["concurrencyPolicy"] == "Forbid"
        assert spec["timeZone"] == "Etc/UTC"
        assert spec["startingDeadlineSeconds"] == 3600
        assert spec["suspend"] == name.startswith("restore-")
        assert pod(spec)["serviceAccountName"] == "backup"
        assert pod(spec)["automountServiceAccountToken"] is False
        for container in containers(spec):
            rights = container["securityContext"]
            assert rights["readOnlyRootFilesystem"]
            assert not rights["allowPrivilegeEscalation"]
            assert rights["capabilities"]["drop"] == ["ALL"]
            assert container["resources"]["limits"]["memory"]
            assert "valueFrom" not in str(container["env"]), "secrets are files"
            writable = [m["name"] for m in container["volumeMounts"] if not m.get("readOnly")]
            assert set(writable) <= {"staging", "tmp", *(["data"] if name.startswith("restore-") else [])}
    assert pod(made["backup-volume-uploads"])["containers"][0]["securityContext"]["runAsUser"] == 1000


def test_a_job_goes_to_the_node_of_the_disk_and_a_restore_waits_until_nobody_uses_it(found: list[dict[str, Any]]) -> None:
    made = jobs(found)

    def named(term: dict[str, Any]) -> tuple[str, list[str]]:
        (rule,) = term["requiredDuringSchedulingIgnoredDuringExecution"]
        return rule["topologyKey"], rule["labelSelector"]["matchExpressions"][0]["values"]

    assert named(pod(made["backup-vectors"])["affinity"]["podAffinity"]) == ("kubernetes.io/hostname", ["vectors"])
    assert named(pod(made["backup-volume-uploads"])["affinity"]["podAffinity"]) == ("kubernetes.io/hostname", ["web"])
    assert "affinity" not in pod(made["backup-series"])
    for name, users in (("vectors", ["vectors"]), ("queue", ["queue"]), ("volume-uploads", ["web"])):
        affinity = pod(made[f"restore-{name}"])["affinity"]
        assert named(affinity["podAntiAffinity"]) == ("kubernetes.io/os", users), "on no node of the cluster"
    assert "affinity" not in pod(made["restore-series"])
    # Where a StatefulSet has its data below a folder of the disk, the copy takes that folder.
    stored = next(item for item in found if item["kind"] == "StatefulSet" and item["metadata"]["name"] == "vectors")
    (mount,) = stored["spec"]["template"]["spec"]["containers"][0]["volumeMounts"]
    (dump,) = pod(made["backup-vectors"])["initContainers"]
    assert next(m["subPath"] for m in dump["volumeMounts"] if m["name"] == "data") == mount["subPath"]


def test_a_job_reaches_its_store_and_nothing_else(found: list[dict[str, Any]]) -> None:
    policies = [item for item in found if item["kind"] == "NetworkPolicy"]
    labels = {name: template["metadata"]["labels"] for name, template in support.pods(found)}
    jobs_of = {name: spec["jobTemplate"]["spec"]["template"]["metadata"]["labels"] for name, spec in jobs(found).items()}
    ports = {"series": 5432, "orders": 3306, "queue": 6379, "vectors": 8000, "documents": 27017, "web": 80, "worker": 80}
    for name, own in jobs_of.items():
        item = re.sub("^(backup|restore)-", "", name)
        for goal, port in ports.items():
            sends = allowed(policies, "egress", own, port, other=labels[goal])
            receives = allowed(policies, "ingress", labels[goal], port, other=own)
            assert (sends and receives) == (goal == item and item in {"series", "orders", "queue"}), (name, goal)
        assert allowed(policies, "egress", own, 443, address=INTERNET)
        assert allowed(policies, "egress", own, 80, address="169.254.170.23"), "the agent of pod identity"
        assert not allowed(policies, "egress", own, 80, address="169.254.169.254")


def test_the_login_of_a_store_is_the_one_that_it_is_started_with(target: Target, found: list[dict[str, Any]]) -> None:
    made = jobs(found)
    secrets = {item["metadata"]["name"]: item["spec"] for item in found if item["kind"] == "ExternalSecret"}
    for item, variable, remote in (
        ("series", "PGPASSWORD", "DB_PASSWORD"),
        ("orders", "MYSQL_PWD", "root"),
        ("queue", "REDISCLI_AUTH", "QUEUE_PASSWORD"),
    ):
        (dump,) = pod(made[f"backup-{item}"])["initContainers"]
        env = {entry["name"]: entry["value"] for entry in dump["env"]}
        assert env[f"{variable}_FILE"] == f"/run/secrets/login/{variable}"
        (volume,) = (volume for volume in pod(made[f"backup-{item}"])["volumes"] if volume["name"] == "login")
        (source,) = volume["projected"]["sources"]
        (entry,) = source["secret"]["items"]
        assert entry["path"] == variable
        spec = secrets[source["secret"]["name"]]
        assert entry["key"] in spec["target"]["template"]["data"]
        assert remote in {data["remoteRef"]["property"] for data in spec["data"]}
    env = {entry["name"]: entry["value"] for entry in pod(made["backup-series"])["initContainers"][0]["env"]}
    assert (env["PGHOST"], env["PGPORT"], env["PGUSER"]) == ("series", "5432", "shop")
    ship = {entry["name"]: entry["value"] for entry in pod(made["backup-series"])["containers"][0]["env"]}
    assert ship["RESTIC_REPOSITORY"].endswith("/shop-staging-backups-111122223333/cluster/series")
    assert ship["BACKUP_KEEP_DAILY"] == "14"


def test_the_bucket_and_its_identity_are_the_ones_that_terraform_makes(target: Target) -> None:
    assert ("backups", ("backup",)) in {(bucket.purpose, bucket.workloads) for bucket in target.buckets}
    assert target.cluster_backup is not None
    assert target.cluster_backup.account == "backup"
    (secret,) = (secret for secret in target.secrets if secret.name == "backup")
    assert [key.key for key in secret.keys] == ["BACKUP_PASSWORD"]


def test_a_service_called_backup_keeps_its_name(make_project: Callable[..., Path]) -> None:
    compose = """\
        services:
          backup: {image: "acme/backup:1", volumes: ["uploads:/srv/uploads"]}
          backup-check: {image: "acme/check:1"}
        volumes: {uploads: }
    """
    target = make_target(read_project(make_project({"compose.yaml": compose}, name="shop")), ())
    plan = target.cluster_backup
    assert plan is not None
    assert not {plan.account, plan.check, *(job.name for job in plan.jobs)} & {item.name for item in target.workloads}


def run(
    container: dict[str, Any], root: Path, shell: str, user: tuple[str, ...] = (), **env: str
) -> subprocess.CompletedProcess[str]:
    """Run a container's command with its own environment on this machine, its mounts below `root`; `user` is a prefix."""
    mounts = sorted((mount["mountPath"] for mount in container["volumeMounts"]), key=len, reverse=True)

    def here(text: str) -> str:
        found = next((path for path in mounts if text == path or text.startswith(f"{path}/")), None)
        return f"{root}{text}" if found else text

    own = {entry["name"]: here(entry.get("value", "")) for entry in container["env"]}
    own |= {"PATH": os.environ["PATH"], "BACKUP_STAGING": f"{root}/staging", "BACKUP_VOLUMES": f"{root}/volumes", **env}
    words = [word.replace("/opt/backup", f"{root}/opt/backup") if " " in word else here(word) for word in container["command"]]
    return subprocess.run([*user, shell, *words[1:]], env=own, capture_output=True, text=True, check=False, timeout=300)


def lay_out(found: list[dict[str, Any]], root: Path, **secrets: str) -> None:
    """Write the scripts and the secrets where the jobs mount them."""
    scripts = next(item for item in found if item["kind"] == "ConfigMap" and item["metadata"]["name"].endswith("-scripts"))
    for name, text in scripts["data"].items():
        path = root / "opt/backup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o555)
    for place, text in {"backup/password": "the key", **secrets}.items():
        path = root / "run/secrets" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (root / "staging").mkdir()


def test_the_jobs_copy_and_restore_a_real_server_over_a_real_object_store(
    found: list[dict[str, Any]], tmp_path: Path, require_tool: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, root, shell = jobs(found), tmp_path / "node", require_tool("dash")
    require_tool("restic")
    initdb = require_tool("initdb")
    monkeypatch.setenv("PATH", os.pathsep.join((os.environ["PATH"], str(Path(initdb).resolve().parent))))
    lay_out(found, root, **{"login/PGPASSWORD": SECRET})
    with stores.postgres(initdb) as server, stores.object_store() as repository:
        s3 = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "key", "RESTIC_REPOSITORY": f"{repository}/series"}
        login = {"PGHOST": "127.0.0.1", "PGPORT": str(server.port), "PGUSER": "admin"}
        server.sql("CREATE DATABASE shop")
        server.sql("CREATE TABLE item AS SELECT n AS id, md5(n::text) AS note FROM generate_series(1, 5000) AS n", "shop")
        state = "SELECT count(*), md5(string_agg(id || note, ',' ORDER BY id)) FROM item"
        before = server.sql(state, "shop")
        for _ in range(2):
            for container in containers(made["backup-series"]):
                done = run(container, root, shell, **(s3 if container["name"] == "ship" else login))
                assert done.returncode == 0, done.stderr
                assert SECRET not in done.stdout + done.stderr
        checks = {container["name"]: container for container in containers(made["backup-check"])}
        assert run(checks["backup-series"], root, shell, **s3).returncode == 0
        none = run(checks["backup-orders"], root, shell, **{**s3, "RESTIC_REPOSITORY": f"{repository}/orders"})
        assert none.returncode != 0, "a store without a copy fails the check"
        server.sql("UPDATE item SET note = 'wrong'", "shop")
        for container in containers(made["restore-series"]):
            done = run(container, root, shell, **(s3 if container["name"] == "fetch" else login))
            assert done.returncode == 0, done.stderr
        assert server.sql(state, "shop") == before


def test_the_jobs_copy_and_restore_a_volume(
    found: list[dict[str, Any]], tmp_path: Path, require_tool: Callable[[str], str]
) -> None:
    made, root, shell = jobs(found), tmp_path / "node", require_tool("dash")
    require_tool("restic")
    lay_out(found, root)
    uploads = root / "volumes/uploads"
    (uploads / "lost+found").mkdir(parents=True)
    (uploads / "lost+found/of the file system").touch()
    (uploads / "a b").mkdir()
    (uploads / "a b/ü.jpg").write_bytes(b"\0\1")
    local = {"RESTIC_REPOSITORY": str(tmp_path / "repository"), "BACKUP_LOCAL": "yes"}
    for container in containers(made["backup-volume-uploads"]):
        done = run(container, root, shell, **local)
        assert done.returncode == 0, done.stderr
    target = root / "restore"
    target.mkdir()
    (target / "lost+found").mkdir()
    (target / "newer").write_text("kept aside")
    for container in containers(made["restore-volume-uploads"]):
        done = run(container, root, shell, **local)
        assert done.returncode == 0, done.stderr
    assert (target / "a b/ü.jpg").read_bytes() == b"\0\1"
    assert list((target / "lost+found").iterdir()) == []
    assert [path.read_text() for path in target.glob("before-restore-*/newer")] == ["kept aside"]


def rights_of(container: dict[str, Any], setpriv: str) -> tuple[str, ...]:
    """Return what gives a command the user, the group and the capabilities of a container."""
    told = container["securityContext"]
    added = "".join(f",+{name.lower()}" for name in told["capabilities"].get("add", ()))
    user, group = told["runAsUser"], told.get("runAsGroup", 0)
    # A bounding set may be lowered as root alone; without it another user has no capability anyway.
    return (setpriv, f"--reuid={user}", f"--regid={group}", "--clear-groups", f"--bounding-set=-all{added}", "--inh-caps=-all")


@pytest.fixture
def node() -> Iterator[Path]:
    """A folder that every user may enter."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def lay_out_for_all(found: list[dict[str, Any]], node: Path) -> Path:
    root = node / "root"
    root.mkdir()
    lay_out(found, root)
    for name in ("staging", "tmp"):
        (root / name).mkdir(exist_ok=True)
        (root / name).chmod(0o777)
    (node / "repository").mkdir(mode=0o777)
    (node / "repository").chmod(0o777)
    return root


@pytest.mark.skipif(os.geteuid() != 0, reason="gives up rights")
@pytest.mark.parametrize(("volume", "owner"), [("uploads", (1000, 1000)), ("reports", (4321, 4322))])
def test_a_live_database_comes_back_with_the_rights_of_the_jobs_alone(
    volume: str,
    owner: tuple[int, int],
    found: list[dict[str, Any]],
    node: Path,
    require_tool: Callable[[str], str],
) -> None:
    """A volume of a known user, and one whose users nobody knows, each written to in write-ahead mode meanwhile."""
    made, shell, setpriv = jobs(found), require_tool("dash"), require_tool("setpriv")
    require_tool("restic")
    root = lay_out_for_all(found, node)
    data = root / "volumes" / volume
    data.mkdir(parents=True)
    local = {"RESTIC_REPOSITORY": str(node / "repository"), "BACKUP_LOCAL": "yes", "PATH": "/usr/bin:/bin"}
    live = sqlite3.connect(data / "app.db", isolation_level=None)
    live.execute("PRAGMA journal_mode = wal")
    live.execute("CREATE TABLE item (note)")
    live.execute("INSERT INTO item VALUES ('kept')")
    (data / "photo.jpg").write_bytes(b"\0\1")
    for path in (data, *data.iterdir()):
        os.chown(path, *owner)
        path.chmod(0o750 if path == data else 0o600)
    told = [container["securityContext"] for container in containers(made[f"backup-volume-{volume}"])]
    assert [item.get("runAsNonRoot", False) for item in told] == [volume == "uploads"] * 2
    for container in containers(made[f"backup-volume-{volume}"]):
        done = run(container, root, shell, rights_of(container, setpriv), **local)
        assert done.returncode == 0, done.stderr
    live.execute("INSERT INTO item VALUES ('later')")
    live.close()
    shutil.rmtree(data)
    target = root / "restore"
    target.mkdir(mode=0o750)
    os.chown(target, *owner)
    shutil.rmtree(root / "staging")
    (root / "staging").mkdir()
    for container in containers(made[f"restore-volume-{volume}"]):
        done = run(container, root, shell, rights_of(container, setpriv), **local)
        assert done.returncode == 0, done.stderr
    with closing(sqlite3.connect(target / "app.db")) as back:
        assert back.execute("SELECT note FROM item").fetchall() == [("kept",)]
    assert (target / "photo.jpg").read_bytes() == b"\0\1"
    for path in (target, target / "app.db", target / "photo.jpg"):
        assert (path.stat().st_uid, path.stat().st_gid) == owner


def test_a_job_sends_what_it_can_and_fails_for_a_damaged_database_or_a_lost_volume(
    found: list[dict[str, Any]], tmp_path: Path, require_tool: Callable[[str], str]
) -> None:
    made, root, shell = jobs(found), tmp_path / "node", require_tool("dash")
    require_tool("restic")
    lay_out(found, root)
    uploads = root / "volumes/uploads"
    uploads.mkdir(parents=True)
    (uploads / "photo.jpg").write_bytes(b"\0\1")
    (uploads / "sent.png").write_bytes(b"SQLite format 3\0".ljust(1024, b"x"))
    local = {"RESTIC_REPOSITORY": str(tmp_path / "repository"), "BACKUP_LOCAL": "yes"}

    def copy(**env: str) -> subprocess.CompletedProcess[str]:
        shutil.rmtree(root / "staging")
        (root / "staging").mkdir()
        first, second = containers(made["backup-volume-uploads"])
        assert run(first, root, shell, **local).returncode == 0, "the other files are sent in any case"
        return run(second, root, shell, **{**local, **env})

    done = copy()
    assert done.returncode != 0
    assert "databases-uploads has no whole dump yet" in done.stderr
    checks = {container["name"]: container for container in containers(made["backup-check"])}
    assert run(checks["backup-volume-uploads"], root, shell, **local).returncode == 0, "what is whole was copied"
    shutil.rmtree(uploads)
    uploads.mkdir()
    done = copy()
    assert done.returncode != 0
    assert "no file is left in uploads" in done.stderr
    assert copy(BACKUP_MAY_BE_EMPTY="uploads").returncode == 0
    assert copy().returncode == 0


def test_what_may_be_empty_is_said_in_the_values(target: Target, tmp_path: Path, require_tool: Callable[[str], str]) -> None:
    chart = support.write_chart(target, tmp_path / "out")
    manifests = support.template(
        require_tool("helm"), chart, "--values", "values-production.yaml", "--set", "backups.mayBeEmpty={uploads,reports}"
    )
    made = jobs(support.objects(manifests))
    said = {
        name: [entry["value"] for entry in pod(spec)["containers"][0]["env"] if entry["name"] == "BACKUP_MAY_BE_EMPTY"]
        for name, spec in made.items()
        if name.startswith("backup-volume-")
    }
    assert said == {name: ["uploads reports"] for name in ("backup-volume-uploads", "backup-volume-reports")}


def test_the_page_of_the_chart_says_when_the_job_of_a_volume_fails(target: Target, make_project: Callable[..., Path]) -> None:
    page = readme(target)
    assert "until they are back or `backups.mayBeEmpty` lists the volume" in page
    assert "write-ahead log" not in page, "no volume of it is mounted on several nodes"
    compose = """\
        services:
          api: {image: "acme/api:1", volumes: ["data:/data"]}
          worker: {image: "acme/api:1", command: "celery -A app worker", volumes: ["data:/data"]}
        volumes: {data: }
    """
    shared = target_of(make_project({"compose.yaml": compose}, name="files"))
    assert "On a volume that several nodes may mount (`data`) a job copies no SQLite database" in readme(shared)


def test_the_images_and_mounts_of_a_volume_are_those_of_its_steps(found: list[dict[str, Any]]) -> None:
    made = jobs(found)
    dump, ship = containers(made["backup-volume-uploads"])
    assert dump["image"] == PYTHON
    assert "restic" in ship["image"]
    for container in (dump, ship):
        (data,) = (mount for mount in container["volumeMounts"] if mount["name"] == "data")
        assert (data["mountPath"], data["readOnly"]) == ("/volumes/uploads", True)
    staging = next(volume for volume in pod(made["backup-volume-uploads"])["volumes"] if volume["name"] == "staging")
    assert "emptyDir" in staging
    names = [container["name"] for container in containers(made["restore-volume-uploads"])]
    assert names == ["fetch", "fetch-databases", "restore"]


def test_a_postgres_that_the_project_builds_is_dumped_in_its_own_image(
    make_project: Callable[..., Path], tmp_path: Path, require_tool: Callable[[str], str]
) -> None:
    compose = """\
        services:
          db:
            build: ./database
            environment: {POSTGRES_USER: odk, POSTGRES_PASSWORD: "${DB_PASSWORD:?}"}
            volumes: ["data:/var/lib/postgresql/data"]
        volumes: {data: }
    """
    files = {"compose.yaml": compose, "database/Dockerfile": "FROM postgres:14\nCOPY init.sql /docker-entrypoint-initdb.d/\n"}
    built = target_of(make_project(files, name="shop"))
    chart = support.write_chart(built, tmp_path / "out")
    manifests = support.objects(support.template(require_tool("helm"), chart))
    stored = next(item for item in manifests if item["kind"] == "StatefulSet")
    image = stored["spec"]["template"]["spec"]["containers"][0]["image"]
    (dump,) = pod(jobs(manifests)["backup-db"])["initContainers"]
    assert dump["image"] == image
    assert "@sha256:" in image


def test_a_volume_that_the_values_no_longer_call_shared_is_that_of_one_node(
    target: Target, tmp_path: Path, require_tool: Callable[[str], str]
) -> None:
    chart = support.write_chart(target, tmp_path / "out")
    told = support.template(
        require_tool("helm"), chart, "--values", "values-production.yaml", "--set", "volumes.uploads.shared=null"
    )
    (dump, _) = containers(jobs(support.objects(told))["backup-volume-uploads"])
    assert {"name": "BACKUP_SHARED", "value": "no"} in dump["env"]
