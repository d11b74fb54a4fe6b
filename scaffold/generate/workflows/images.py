"""The workflow that builds every image that no other workflow builds: scanned, signed by digest, tagged last."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scaffold.generate.actions import RUNNER, checkout, run, use
from scaffold.generate.signing import ISSUER, SBOM, sbom, signing
from scaffold.generate.workflow_text import Noted, literal, workflow_text
from scaffold.model.artifact import Artifact
from scaffold.model.build_arguments import of_a_runner, private_names, public_arguments
from scaffold.model.delivery import DeliveryPlan, ImagesWorkflow
from scaffold.model.names import Room
from scaffold.model.target import BuiltImage

_HEADER = """\
Builds the images of this repository. A pull request builds and scans them and pushes nothing. A push to the released
branch or a tag pushes each image by its digest, scans it, signs the digest with the identity of this workflow, and gives
it its tags last: what has a tag has been scanned and signed.

Images go to GHCR with the job's own token, or to Amazon ECR when the repository variables ECR_REGISTRY, AWS_REGION and
AWS_ROLE_ARN are set (outputs of Terraform). A deployment takes the digest of the run's summary and verifies it first
(for a version, the identity ends in @refs/tags/VERSION):

  cosign verify --certificate-oidc-issuer {issuer} \\
    --certificate-identity https://github.com/OWNER/REPOSITORY/{path}@refs/heads/{branch} IMAGE@DIGEST"""

_NAME = """\
owner=${GITHUB_REPOSITORY_OWNER,,}
echo "name=${ECR_REGISTRY:-ghcr.io/$owner}/$REPOSITORY" >> "$GITHUB_OUTPUT"
"""
_TAG = """\
while read -r tag; do
  docker buildx imagetools create --tag "$tag" "$IMAGE"
done <<< "$TAGS"
"""
_SUMMARY = """\
{
  echo "### $IMAGE"
  echo
  echo 'Deploy it by this digest, and verify it first:'
  echo
  echo '```sh'
  echo "cosign verify --certificate-oidc-issuer $ISSUER --certificate-identity $IDENTITY $IMAGE"
  echo '```'
} >> "$GITHUB_STEP_SUMMARY"
"""
_OF_GITHUB = {"GITHUB_SHA": "github.sha", "GITHUB_REF_NAME": "github.ref_name", "GITHUB_REPOSITORY": "github.repository"}
"""Variables that a runner sets, and no repository can."""
_SCAN = {"fail-build": True, "severity-cutoff": "critical", "only-fixed": True, "output-format": "table"}
_ON_ECR = "vars.ECR_REGISTRY != ''"
_ON_GHCR = "vars.ECR_REGISTRY == ''"


def render_images(plan: DeliveryPlan, workflow: ImagesWorkflow) -> Artifact:
    """Return the workflow with one leg of its matrix for each image."""
    header = _HEADER.format(issuer=ISSUER, path=workflow.path, branch=plan.signed_branch) + _left_out(workflow)
    document = {
        "name": "Images",
        "on": {"push": {"branches": list(plan.branches), "tags": ["v*"]}, "pull_request": {"branches": list(plan.branches)}},
        "permissions": {},
        "concurrency": {
            "group": "images-${{ github.ref }}",
            "cancel-in-progress": "${{ github.event_name == 'pull_request' }}",
        },
        "jobs": {"check": _check(workflow), "publish": _publish(workflow)},
    }
    return Artifact(workflow.path, workflow_text(document, header), Room.WORKFLOWS)


def _left_out(workflow: ImagesWorkflow) -> str:
    """Say which build arguments are not here, because they look like secrets."""
    names = {name for image in workflow.images for name in private_names(image)}
    if not names:
        return ""
    listed = ", ".join(sorted(names))
    return f"\n\nBuild arguments that look like secrets are left out ({listed}): a build takes such a one as a secret mount."


def _job(name: str, condition: str, permissions: dict[str, Any], workflow: ImagesWorkflow) -> dict[str, Any]:
    return {
        "name": name,
        "if": condition,
        "runs-on": RUNNER,
        "timeout-minutes": 45,
        "permissions": {"contents": "read", **permissions},
        "strategy": {"fail-fast": False, "matrix": {"include": [_leg(image) for image in workflow.images]}},
    }


def _leg(image: BuiltImage) -> dict[str, str]:
    """Return what is different for one image; every text is data, though GitHub puts it in place of an expression."""
    leg = {
        "name": image.name,
        "repository": image.repository,
        "context": literal(image.context),
        "file": literal(image.dockerfile),
        "target": literal(image.target),
        "arguments": "".join(f"{line}\n" for line in _arguments(image)),
    }
    return {key: value for key, value in leg.items() if value}


def _arguments(image: BuiltImage) -> Iterator[str]:
    """Yield the line of each argument that may stand here: what variables of Compose fill, variables of GitHub fill."""
    for argument in public_arguments(image):
        alone = argument.pieces[0][0] if len(argument.pieces) == 1 and not argument.pieces[0][1] else ""
        if alone and not of_a_runner(alone):
            # Without a value the default of the Dockerfile holds.
            yield f"${{{{ vars.{alone} && format('{argument.name}={{0}}', vars.{alone}) }}}}"
        else:
            yield _argument(argument.name, "".join(map(_expression, argument.pieces)))


def _expression(piece: tuple[str, str]) -> str:
    variable, text = piece
    if not variable:
        return literal(text)
    if variable in _OF_GITHUB:
        return f"${{{{ {_OF_GITHUB[variable]} }}}}"
    if of_a_runner(variable):
        return literal(text)
    default = " || '" + text.replace("'", "''") + "'" if text else ""
    return f"${{{{ vars.{variable}{default} }}}}"


def _argument(name: str, value: str) -> str:
    """Return one build argument; the action reads its list as CSV, so a value with a line end or a leading quote is quoted."""
    text = f"{name}={value}"
    return '"' + text.replace('"', '""') + '"' if "\n" in text or text.startswith('"') else text


def _build(workflow: ImagesWorkflow, **inputs: Any) -> dict[str, Any]:
    legs = [_leg(image) for image in workflow.images]
    varying = {"context": "context", "file": "file", "target": "target", "arguments": "build-args"}
    given = {key: f"${{{{ matrix.{name} }}}}" for name, key in varying.items() if any(name in leg for leg in legs)}
    return {**given, **inputs}


def _check(workflow: ImagesWorkflow) -> dict[str, Any]:
    image = "${{ matrix.name }}:pull-request"
    cache = {"cache-from": "type=gha,scope=${{ matrix.name }}"}
    return {
        **_job("Check ${{ matrix.name }}", "github.event_name == 'pull_request'", {}, workflow),
        "steps": [
            checkout(_submodules(workflow)),
            use("docker/setup-buildx-action"),
            use("docker/build-push-action", "Build", with_=_build(workflow, load=True, push=False, tags=image, **cache)),
            use("anchore/scan-action", "Refuse critical vulnerabilities that have a fix", with_={"image": image, **_SCAN}),
        ],
    }


def _submodules(workflow: ImagesWorkflow) -> dict[str, str]:
    return {"submodules": "recursive"} if workflow.submodules else {}


def _publish(workflow: ImagesWorkflow) -> dict[str, Any]:
    permissions = {
        "packages": Noted("write", "push to GHCR"),
        "id-token": Noted("write", "sign as this workflow, take the role of AWS"),
    }
    image = "${{ steps.image.outputs.name }}@${{ steps.build.outputs.digest }}"
    scope = "scope=${{ matrix.name }}"
    build = _build(
        workflow,
        labels="${{ steps.meta.outputs.labels }}",
        outputs="type=image,name=${{ steps.image.outputs.name }},push-by-digest=true,name-canonical=true,push=true",
        provenance="mode=max",
        sbom=True,
        **{"cache-from": f"type=gha,{scope}", "cache-to": f"type=gha,mode=max,{scope}"},
    )
    identity = {"IDENTITY": "${{ github.server_url }}/${{ github.workflow_ref }}", "ISSUER": ISSUER}
    return {
        **_job("Publish ${{ matrix.name }}", "github.event_name != 'pull_request'", permissions, workflow),
        "steps": [
            checkout(_submodules(workflow)),
            *_registry(),
            use("docker/setup-buildx-action"),
            use("docker/metadata-action", "Choose the tags", id_="meta", with_=_tags()),
            use("docker/build-push-action", "Build and push by digest", id_="build", with_=build),
            sbom(image),
            use("anchore/scan-action", "Refuse critical vulnerabilities that have a fix", with_={"sbom": SBOM, **_SCAN}),
            *signing(image),
            run("Tag what was signed", _TAG, {"IMAGE": image, "TAGS": "${{ steps.meta.outputs.tags }}"}),
            run("Say what to deploy", _SUMMARY, {"IMAGE": image, **identity}),
        ],
    }


def _registry() -> list[dict[str, Any]]:
    role = {"role-to-assume": "${{ vars.AWS_ROLE_ARN }}", "aws-region": "${{ vars.AWS_REGION }}"}
    login = {"registry": "ghcr.io", "username": "${{ github.actor }}", "password": "${{ github.token }}"}
    names = {"ECR_REGISTRY": "${{ vars.ECR_REGISTRY }}", "REPOSITORY": "${{ matrix.repository }}"}
    return [
        run("Name the image", _NAME, names, id_="image"),
        use("docker/login-action", "Log in to GHCR", if_=_ON_GHCR, with_=login),
        use("aws-actions/configure-aws-credentials", "Take the role of AWS", if_=_ON_ECR, with_=role),
        use("aws-actions/amazon-ecr-login", "Log in to Amazon ECR", if_=_ON_ECR),
    ]


def _tags() -> dict[str, str]:
    """Return the rules of the tags: commits and versions never move; the branch's tag moves, where the registry lets it."""
    rules = [
        "type=sha,format=long,enable=${{ github.ref_type == 'branch' }}",
        "type=ref,event=tag",
        f"type=ref,event=branch,enable=${{{{ {_ON_GHCR} }}}}",
    ]
    return {
        "images": "${{ steps.image.outputs.name }}",
        "flavor": "latest=false",
        "tags": "".join(f"{rule}\n" for rule in rules),
    }
