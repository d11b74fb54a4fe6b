"""Images that a workflow of the user's pushes: not from pull requests, with SBOM and provenance, signed by digest."""

from __future__ import annotations

from typing import Any

from scaffold.generate.actions import run
from scaffold.generate.edits.workflow_lines import before_block, before_entry, steps_behind
from scaffold.generate.edits.workflow_rights import identity
from scaffold.generate.signing import sbom, signing
from scaffold.model.artifact import Splice
from scaffold.model.document import Mapping, Scalar
from scaffold.model.edits import EditTask, FileSplices
from scaffold.model.workflow_steps import StepNode, step_at

_NAME = """\
names=$(grep -oE '[^, ]+' <<< "$TAGS" | sed -E 's|:[^:/]*$||' | tr '[:upper:]' '[:lower:]' | sort -u)
images=''
for name in $names; do
  images="$images $name@$DIGEST"
done
images=${images# }
{
  echo "images=$images"
  echo "first=${images%% *}"
} >> "$GITHUB_OUTPUT"
"""


def guarded_push(task: EditTask) -> tuple[FileSplices, ...]:
    """Return the splices that keep pull requests from pushing."""
    decided = dict(task.decided)
    splices = []
    for node in _steps(task):
        push = node.input("push")
        if not isinstance(push, Scalar):
            return ()
        splices.append(Splice(push.span, f"${{{{ {decided['guard']} }}}}"))
    return _of(task, splices)


def attested_build(task: EditTask) -> tuple[FileSplices, ...]:
    """Return the splices that have BuildKit attest what is in the image, or how it was built."""
    line = {"SUP004": "sbom: true", "SUP005": "provenance: mode=max"}[task.gaps[0].code]
    splices = []
    for node in _steps(task):
        present = node.input(line.partition(":")[0])
        given = node.step.get("with")
        if isinstance(present, Scalar):
            splices.append(Splice(present.span, line.partition(": ")[2]))
        elif isinstance(given, Mapping) and given.entries:
            # Before the first input: behind the last one the steps that sign are added.
            splices.append(before_entry(task.document.text, given.entries[0], line))
    return _of(task, splices)


def signed_image(task: EditTask) -> tuple[FileSplices, ...]:
    """Return the splices that sign what each build step of a job pushes, and give the job the identity for it."""
    text = task.document.text
    decided = dict(task.decided)
    nodes = _steps(task)
    splices: list[Splice] = []
    for index, node in enumerate(nodes):
        name = decided[f"id/{index}"]
        if not isinstance(node.step.get("id"), Scalar):
            uses = node.step.entry("uses")
            if uses is None:
                return ()
            splices.append(before_entry(text, uses, f"id: {name}"))
        splices.append(steps_behind(text, node.step, _signing(node, name, decided[f"condition/{index}"])))
    return _of(task, [*splices, *identity(text, nodes[0].job, decided["rights"], "sign as this workflow")]) if nodes else ()


def _signing(node: StepNode, name: str, condition: str) -> list[dict[str, Any]]:
    tags = node.input("tags")
    given: dict[str, Any] = {"if_": condition} if condition else {}
    pushed = f"{name}-pushed"
    values = {"TAGS": tags.value if isinstance(tags, Scalar) else "", "DIGEST": f"${{{{ steps.{name}.outputs.digest }}}}"}
    return [
        run("Name the pushed image by its digest", _NAME, values, id_=pushed, **given),
        sbom(f"${{{{ steps.{pushed}.outputs.first }}}}", **given),
        *signing(f"${{{{ steps.{pushed}.outputs.images }}}}", **given),
    ]


def reading_only(task: EditTask) -> tuple[FileSplices, ...]:
    """Return the splice that says at the top that the token only reads."""
    root = task.document.root
    jobs = root.entry("jobs") if isinstance(root, Mapping) and not root.flow else None
    return _of(task, [before_block(task.document.text, jobs, "permissions:\n  contents: read\n\n")]) if jobs else ()


def _steps(task: EditTask) -> list[StepNode]:
    places = [item.location for gap in task.gaps for item in gap.evidence if item.location.path == task.document.path]
    found = [node for place in places if (node := step_at(task.document, place))]
    return list({node.step.location.line: node for node in found}.values())


def _of(task: EditTask, splices: list[Splice]) -> tuple[FileSplices, ...]:
    return (FileSplices(task.document.path, tuple(splices)),) if splices else ()


EDITORS = {
    "guarded-push": guarded_push,
    "attested-build": attested_build,
    "signed-image": signed_image,
    "reading-only": reading_only,
}
