"""The delivery part of the plan: which workflows are written, what they build, test and check, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scaffold.model.frozen import frozen

if TYPE_CHECKING:
    from scaffold.model.target import BuiltImage

WORKFLOWS = ".github/workflows"


@frozen
class ImagesWorkflow:
    """The workflow that builds, scans, signs and tags the images that no workflow of the user's builds."""

    path: str
    images: tuple[BuiltImage, ...]
    submodules: bool
    """Whether the build needs the repositories inside the repository."""


@frozen
class InfrastructureWorkflow:
    """The workflow that checks what scaffold writes: Terraform, the chart, and that nothing of it has drifted."""

    path: str
    terraform: str
    """The folder of the Terraform configuration."""
    region: str
    environments: tuple[str, ...]


def plan_role_variable(environment: str) -> str:
    """Return the repository variable with the role that plans an environment."""
    return f"AWS_PLAN_ROLE_ARN_{environment.upper().replace('-', '_')}"


@frozen
class EndToEndSuite:
    """The project's own end-to-end tests: in a service of the stack, or in a package on the runner."""

    runner: str
    """`playwright` or `cypress`."""
    directory: str = ""
    """The folder that Compose is started in, relative to the root; "" for the root."""
    files: tuple[str, ...] = ()
    """The compose files that start what is tested, relative to the root; empty where the suite starts it itself."""
    profiles: tuple[str, ...] = ()
    awaited: tuple[str, ...] = ()
    """The services that have to be healthy before the suite starts."""
    service: str = ""
    """The service that runs the suite, "" where the runner does."""
    package: str = ""
    """The folder that the suite leaves its reports in, relative to the root, "." for the root; "" inside a container."""
    container_folder: str = ""
    """The folder of the service's container that holds the reports, where no mount brings them out."""
    manager: str = ""
    """`npm`, `pnpm`, `yarn` or `bun`, for a suite that the runner starts or whose service mounts the modules of the host."""
    lock: str = ""
    """The lock file of the package manager, relative to the root; "" where there is none."""
    address: str = ""
    """The address at which the runner reaches what is tested, "" when it is not known."""
    reason: str = ""
    """Why these compose files, and not those of production, or what the tests do not see; "" where nothing is to be said."""


@frozen
class EndToEndWorkflow:
    """The workflow that starts the stack and runs the end-to-end tests."""

    path: str
    suite: EndToEndSuite


@frozen
class DeliveryPlan:
    """What the room `workflows` writes; None where there is nothing of its kind to write."""

    branches: tuple[str, ...]
    """The branch that is released, or the names that it may have where neither the clone nor a workflow tells."""
    images: ImagesWorkflow | None = None
    infrastructure: InfrastructureWorkflow | None = None
    end_to_end: EndToEndWorkflow | None = None
    dependabot: tuple[tuple[str, str], ...] = ()
    """Ecosystem and folder of each manifest that Dependabot is to follow; empty where something follows them already."""

    @property
    def signed_branch(self) -> str:
        """The branch in the identity of a signature; a stand-in where it is not known which one it is."""
        return self.branches[0] if len(self.branches) == 1 else "BRANCH"
