"""The workflow that proves the backups: dump, ship, fetch and restore with the real scripts, on servers thrown away after."""

from __future__ import annotations

from typing import Any

from scaffold.generate.actions import RUNNER, checkout, run
from scaffold.generate.workflow_text import Noted, workflow_text
from scaffold.model.artifact import Artifact
from scaffold.model.backup import FILES, BackupPlan, TestedCopy
from scaffold.model.backup_images import PYTHON, RESTIC
from scaffold.model.names import Room

_HEADER = """\
Restores what the backup scripts wrote: in the image of each store a server is filled and dumped, the dump is encrypted,
fetched again and restored into another server, and what came back is compared. Half a dump must be refused.
No secret and no server of yours is needed: everything is made for the run and thrown away."""

_SCRIPTS = """\
  --volume "$PWD/$FOLDER:/opt/backup:ro" --volume "$RUNNER_TEMP/staging:/staging" \\
"""
_MAKES = """\
mkdir -p "$RUNNER_TEMP/staging"
"""
_PLACES = """\
mkdir -m 777 "$RUNNER_TEMP/staging" "$RUNNER_TEMP/before" "$RUNNER_TEMP/after"
"""
_SEED = f"""\
{_MAKES}docker run --rm --user 0:0 --network none --env "BACKUP_NAME=$STORE" \\
{_SCRIPTS}  --entrypoint /bin/sh "$IMAGE" /opt/backup/restore-test.sh "$KIND" seed
"""
_SEED_CHROMA = f"""\
{_PLACES}docker run --detach --name before --network none --env IS_PERSISTENT=TRUE --volume "$RUNNER_TEMP/before:$DATA" "$IMAGE"
docker run --rm --network container:before --volume "$PWD/$FOLDER:/opt/backup:ro" \\
  "$PYTHON" python3 /opt/backup/chroma-restore-test.py seed 127.0.0.1:8000 > "$RUNNER_TEMP/expected"
docker run --rm --user 0:0 --network none --env "BACKUP_NAME=$STORE" --volume "$RUNNER_TEMP/before:/source:ro" \\
{_SCRIPTS}  --entrypoint /bin/sh "$PYTHON" /opt/backup/dump-chroma.sh
docker rm --force before
"""
_SEED_FILES = f"""\
{_PLACES}mkdir -p "$RUNNER_TEMP/before/a folder/.hidden"
head -c 300000 /dev/urandom > "$RUNNER_TEMP/before/a folder/.hidden/ü.jpg"
echo text > "$RUNNER_TEMP/before/.top"
docker run --detach --name writer --network none --volume "$RUNNER_TEMP/before:/data" --volume "$PWD/$FOLDER:/opt/backup:ro" \\
  "$IMAGE" python3 /opt/backup/sqlite-restore-test.py write /data
until [ -e "$RUNNER_TEMP/before/filled" ]; do
  [ "$SECONDS" -lt 300 ]
  sleep 1
done
docker run --rm --user 0:0 --network none --volume "$RUNNER_TEMP/before:/volumes/files:ro" \\
{_SCRIPTS}  --entrypoint /bin/sh "$IMAGE" /opt/backup/dump-sqlite.sh
docker rm --force writer
"""
_SHIP = """\
openssl rand -hex 32 > "$RUNNER_TEMP/key"
set -- ship.sh verify.sh
for name in $FETCHED; do
  set -- "$@" "fetch.sh $name"
done
for script in "$@"; do
  # shellcheck disable=SC2086 # a script and its argument, and the volume of files
  docker run --rm --user 0:0 --network none --env BACKUP_APP=restore-test --env "BACKUP_STORES=$STORES" \\
    --env BACKUP_LOCAL=yes --env RESTIC_REPOSITORY=/staging/.repository --env RESTIC_PASSWORD_FILE=/key \\
    --volume "$PWD/$FOLDER:/opt/backup:ro" --volume "$RUNNER_TEMP/staging:/staging" --volume "$RUNNER_TEMP/key:/key:ro" \\
    $FILES \\
    --entrypoint /bin/sh "$RESTIC" /opt/backup/$script
done
"""
_TELL = """\
echo "$STORE came back whole after $((SECONDS - started)) seconds." >> "$GITHUB_STEP_SUMMARY"
"""
_COMPARE = f"""\
started=$SECONDS
docker run --rm --user 0:0 --network none --env "BACKUP_NAME=$STORE" \\
{_SCRIPTS}  --entrypoint /bin/sh "$IMAGE" /opt/backup/restore-test.sh "$KIND" compare
{_TELL}"""
_PUT_BACK = f"""\
started=$SECONDS
docker run --rm --user 0:0 --network none --volume "$RUNNER_TEMP/after:/restore" \\
{_SCRIPTS}  --entrypoint /bin/sh "$RESTIC" /opt/backup/restore-files.sh "/staging/restore/$STORE" /restore
"""
_COMPARE_CHROMA = f"""\
{_PUT_BACK}docker run --detach --name after --network none --env IS_PERSISTENT=TRUE --volume "$RUNNER_TEMP/after:$DATA" "$IMAGE"
docker run --rm --network container:after --volume "$PWD/$FOLDER:/opt/backup:ro" \\
  "$PYTHON" python3 /opt/backup/chroma-restore-test.py state 127.0.0.1:8000 > "$RUNNER_TEMP/found"
cmp "$RUNNER_TEMP/expected" "$RUNNER_TEMP/found"
{_TELL}half=$RUNNER_TEMP/staging/restore/$STORE/data/chroma.sqlite3
sudo truncate --size "$(($(sudo stat --format %s "$half") / 2))" "$half"
if docker run --rm --user 0:0 --network none --volume "$RUNNER_TEMP/after:/restore" \\
{_SCRIPTS}  --entrypoint /bin/sh "$RESTIC" /opt/backup/restore-files.sh "/staging/restore/$STORE" /restore; then
  echo "::error::half a copy was taken for a whole one"
  exit 1
fi
"""
_COMPARE_FILES = f"""\
started=$SECONDS
docker run --rm --user 0:0 --network none --volume "$RUNNER_TEMP/after:/restore" \\
{_SCRIPTS}  --entrypoint /bin/sh "$RESTIC" /opt/backup/restore-files.sh "/staging/restore/$STORE" /restore \\
  /staging/restore/databases-files
sudo diff --recursive --exclude 'before-restore-*' --exclude 'shop.db*' "$RUNNER_TEMP/before" "$RUNNER_TEMP/after"
docker run --rm --network none --volume "$RUNNER_TEMP/after:/data" --volume "$PWD/$FOLDER:/opt/backup:ro" \\
  "$IMAGE" python3 /opt/backup/sqlite-restore-test.py check /data
{_TELL}"""


_SEEDS = {"": _SEED, "chroma": _SEED_CHROMA, FILES: _SEED_FILES}
_COMPARISONS = {"": _COMPARE, "chroma": _COMPARE_CHROMA, FILES: _COMPARE_FILES}
_MOUNTED = "${{ matrix.kind == 'files' && format('--volume {0}/before:/volumes/files:ro', runner.temp) || '' }}"
"""What the shipping of files mounts beside the staging."""


def _leg(copy: TestedCopy) -> dict[str, str]:
    data = {"data": copy.data} if copy.kind == "chroma" else {}
    return {"store": copy.name, "kind": copy.kind, "image": copy.image, **data}


def _given(plan: BackupPlan) -> dict[str, str]:
    return {
        "STORE": "${{ matrix.store }}",
        "KIND": "${{ matrix.kind }}",
        "IMAGE": "${{ matrix.image }}",
        "FOLDER": plan.folder,
    }


def _shipped(plan: BackupPlan) -> dict[str, str]:
    stores = "${{ matrix.kind == 'files' && 'databases-files' || matrix.store }}"
    fetched = "${{ matrix.kind == 'files' && 'volume-files databases-files' || matrix.store }}"
    return {"FETCHED": fetched, "STORES": stores, "FOLDER": plan.folder, "RESTIC": RESTIC, "FILES": _MOUNTED}


def _by_kind(name: str, scripts: dict[str, str], kinds: set[str], plan: BackupPlan) -> list[dict[str, Any]]:
    """Return a step for each way that a kind of the plan needs; servers that the image starts by itself share the first."""
    steps = []
    for kind, script in scripts.items():
        if kind in kinds or (not kind and kinds - set(scripts)):
            more = {"DATA": "${{ matrix.data }}", "PYTHON": PYTHON} if kind == "chroma" else {}
            others = [f"matrix.kind != '{other}'" for other in scripts if other and other in kinds]
            condition = f"matrix.kind == '{kind}'" if kind else " && ".join(others)
            env = {**_given(plan), "RESTIC": RESTIC, **more}
            used = {key: value for key, value in env.items() if f"${key}" in script}
            title = f"{name} ({kind})" if kind else name
            steps.append(run(title, script, used, if_=condition) if condition else run(title, script, used))
    return steps


def render_workflow(plan: BackupPlan) -> Artifact | None:
    """Return the workflow, or None where no store of the plan has a restore test."""
    legs = [_leg(copy) for copy in plan.tested]
    if not legs:
        return None
    kinds = {copy.kind for copy in plan.tested}
    paths = [f"{plan.folder}/**", plan.workflow]
    steps = [
        checkout(),
        *_by_kind("Fill a server and dump it", _SEEDS, kinds, plan),
        run(
            "Encrypt the copy, check the repository, fetch the copy",
            _SHIP,
            _shipped(plan),
        ),
        *_by_kind("Restore it and compare", _COMPARISONS, kinds, plan),
    ]
    workflow: dict[str, Any] = {
        "name": "Restore test",
        "on": {
            "schedule": [{"cron": "23 4 * * 1"}],
            "push": {"paths": paths},
            "pull_request": {"paths": paths},
            "workflow_dispatch": None,
        },
        "permissions": {},
        "concurrency": {"group": "restore-test-${{ github.ref }}", "cancel-in-progress": True},
        "jobs": {
            "restore": {
                "name": "Restore ${{ matrix.store }}",
                "runs-on": RUNNER,
                "timeout-minutes": 20,
                "permissions": {"contents": Noted("read", "the scripts")},
                "strategy": {"fail-fast": False, "matrix": {"include": legs}},
                "steps": steps,
            }
        },
    }
    return Artifact(plan.workflow, workflow_text(workflow, _HEADER), Room.BACKUP)
