"""The workflow that proves the backups: dump, ship, fetch and restore with the real scripts, on servers thrown away after."""

from __future__ import annotations

from typing import Any

from scaffold.generate.actions import RUNNER, checkout, run
from scaffold.generate.workflow_text import Noted, workflow_text
from scaffold.model.artifact import Artifact
from scaffold.model.backup import BackupPlan
from scaffold.model.backup_images import RESTIC
from scaffold.model.names import Room

_HEADER = """\
Restores what the backup scripts wrote: in the image of each store a server is filled and dumped, the dump is encrypted,
fetched again and restored into another server, and what came back is compared. Half a dump must be refused.
No secret and no server of yours is needed: everything is made for the run and thrown away."""

_SEED = """\
mkdir -p "$RUNNER_TEMP/staging"
docker run --rm --user 0:0 --network none --env "BACKUP_NAME=$STORE" \\
  --volume "$PWD/$FOLDER:/opt/backup:ro" --volume "$RUNNER_TEMP/staging:/staging" \\
  --entrypoint /bin/sh "$IMAGE" /opt/backup/restore-test.sh "$KIND" seed
"""
_SHIP = """\
openssl rand -hex 32 > "$RUNNER_TEMP/key"
for script in "ship.sh" "verify.sh" "fetch.sh $STORE"; do
  # shellcheck disable=SC2086 # a script and its argument
  docker run --rm --user 0:0 --network none --env BACKUP_APP=restore-test --env "BACKUP_STORES=$STORE" \\
    --env BACKUP_LOCAL=yes --env RESTIC_REPOSITORY=/staging/.repository --env RESTIC_PASSWORD_FILE=/key \\
    --volume "$PWD/$FOLDER:/opt/backup:ro" --volume "$RUNNER_TEMP/staging:/staging" --volume "$RUNNER_TEMP/key:/key:ro" \\
    --entrypoint /bin/sh "$RESTIC" /opt/backup/$script
done
"""
_COMPARE = """\
started=$SECONDS
docker run --rm --user 0:0 --network none --env "BACKUP_NAME=$STORE" \\
  --volume "$PWD/$FOLDER:/opt/backup:ro" --volume "$RUNNER_TEMP/staging:/staging" \\
  --entrypoint /bin/sh "$IMAGE" /opt/backup/restore-test.sh "$KIND" compare
echo "$STORE came back whole after $((SECONDS - started)) seconds." >> "$GITHUB_STEP_SUMMARY"
"""


def render_workflow(plan: BackupPlan) -> Artifact | None:
    """Return the workflow, or None where no store of the plan has a restore test."""
    legs = [{"store": service, "kind": kind, "image": image} for service, kind, image in plan.tested]
    if not legs:
        return None
    paths = [f"{plan.folder}/**", plan.workflow]
    given = {
        "STORE": "${{ matrix.store }}",
        "KIND": "${{ matrix.kind }}",
        "IMAGE": "${{ matrix.image }}",
        "FOLDER": plan.folder,
    }
    steps = [
        checkout(),
        run("Fill a server and dump it", _SEED, given),
        run("Encrypt the dump, check the repository, fetch the dump", _SHIP, {**given, "RESTIC": RESTIC}),
        run("Restore it into another server and compare", _COMPARE, given),
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
