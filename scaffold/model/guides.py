"""The guides part of the plan: what the pages for operators say of this project, in its own names and commands."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.outside_stores import OutsideStore


class GuidePage(StrEnum):
    """The pages below docs/operations, by the name of their file."""

    DEPLOYMENT = "deployment"
    SCALING = "scaling"
    RECOVERY = "recovery"
    ROTATION = "rotation"
    RUNBOOK = "runbook"


class Copies(StrEnum):
    """How many copies of a service may run at the same time."""

    MANY = "many"
    ONE = "one"
    ONCE = "once"
    STORE = "store"


@frozen
class GuideService:
    """One service as an operator meets it."""

    name: str
    role: str
    """The word of the role, "service" where nothing shows it."""
    runs: str
    """The image that it runs, or the folder that its image is built from."""
    copies: Copies
    why: str
    """Why that many copies, one sentence."""
    needed_by: tuple[str, ...] = ()
    """The services that stop working without it."""
    check: str = ""
    """A command that answers when the service works, as its healthcheck asks it; "" where nothing shows one."""
    concurrency: str = ""
    """The part of its command that says how much one copy does at a time, such as `--concurrency=2`."""
    blocked: tuple[str, ...] = ()
    """What keeps a second copy from starting on one host, each as a noun phrase."""
    profiles: tuple[str, ...] = ()
    is_guess: bool = False
    """Whether nothing shows a path that answers well, so that its command prints the code of whatever answers."""
    answers: bool = True
    """Whether it is started by `docker compose up` alone."""
    overlaps: bool = False
    """Whether the cluster starts its next release before the last one ends, though it runs in one copy."""
    crowded: str = ""
    """What to do before the set starts where several copies are asked for that want one port of the host, "" where none are."""
    loose: bool = False
    """Whether it ends and nothing waits for that, so that `up --wait` takes its end for a failure."""
    refills: bool = False
    """Whether it is a Redis of which nothing shows that its loss loses more than a cache and sessions."""


@frozen
class KeptData:
    """Data of services beside the stores: a database file of the code, a volume, or a folder of the host."""

    services: tuple[str, ...]
    volume: str = ""
    place: str = ""
    """The folder as Compose names it, "" where none is known to hold it."""
    file: str = ""
    """The database file as a path of the repository, "" where it is not known."""
    where: str = ""
    """The line of code that opens or names the database, "" for other data."""


@frozen
class GuideProfile:
    """One Compose profile and what it starts."""

    name: str
    services: tuple[str, ...]
    for_tests: bool
    """Whether everything behind it is a test or a tool, which production does not start."""


@frozen
class GuideScript:
    """One script that people run; `purpose` is the first sentence that the script says of itself, "" when it says none."""

    path: str
    command: str
    purpose: str


@frozen
class TodaysWay:
    """One job of the project that deploys already."""

    job: str
    place: str
    kind: Literal["elsewhere", "platform", "commands"]
    """Whether it calls a workflow of another repository, hands the application to a platform, or starts it by commands."""
    by: str = ""
    """The workflow that it calls, or the platform."""
    environment: str = ""
    """The environment that it hands over, "" where nothing plain says it."""


@frozen
class ManualMigration:
    """A command of the project that migrates its database and that nothing of a release runs."""

    command: str
    place: str
    service: str = ""
    """The service whose image may hold the command, "" where it is not plain which one."""
    words: str = ""
    """The command as it is run there."""


@frozen
class OwnFiles:
    """Files of the project's own that say how it is run: of Kubernetes, of a platform, or infrastructure as code."""

    kind: Literal["kubernetes", "platform", "infrastructure"]
    paths: tuple[str, ...]
    makes: tuple[tuple[str, str], ...] = ()
    """What infrastructure as code makes, as a noun phrase, and the line that does."""


@frozen
class PulledImages:
    """The application's services whose images a release pulls instead of building them."""

    services: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    """The variables that choose which release of them runs."""
    brought: tuple[tuple[str, Location], ...] = ()
    """Images without a registry that people load on the host, and the place that builds each."""
    moving: tuple[tuple[str, str], ...] = ()
    """Service and image where the tag is written down and the next push moves it."""
    builds: bool = True
    """Whether another service of the stack is built where it runs."""


@frozen
class PlacedFile:
    """A credential that containers mount and git does not hold: people put it on a host before the first start."""

    path: str
    services: tuple[str, ...]
    user: int | None
    """The number of the user that reads it, None where nothing shows one."""
    secret: str = ""
    """The secret that has its text for the cluster, "" where none does."""
    key: str = ""
    base64: bool = False
    """Whether the key holds the file in base64."""
    mounted: bool = True
    """Whether it is a bind mount, which Docker makes a folder for; else a secret of Compose, without which nothing starts."""


@frozen
class GuidesPlan:
    """Every decision about the guides that more than one page, or another room, shares."""

    paths: tuple[tuple[GuidePage, str], ...]
    """Where each page goes, relative to the project's root."""
    services: tuple[GuideService, ...] = ()
    profiles: tuple[GuideProfile, ...] = ()
    scripts: tuple[GuideScript, ...] = ()
    modules: tuple[str, ...] = ()
    """Files beside the scripts of which nothing shows that people run them, and folders of such files."""
    tasks: tuple[str, ...] = ()
    """The one-shot services that prepare a release, such as migrations."""
    preparations: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Service and command of each container that runs once before a release, such as a migration."""
    migrations: tuple[ManualMigration, ...] = ()
    """The commands that migrate where neither a start nor a job is seen to run one."""
    env_files: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Each env file that git does not track and Compose hands to containers as a whole, with the services that get it."""
    handed_files: tuple[tuple[str, str], ...] = ()
    """Those of `env_files` that a start of theirs hands to Compose itself too (`--env-file`), with its place as path:line."""
    built_in_files: tuple[tuple[str, str], ...] = ()
    """Those of `env_files` that a build takes into an image, with the line that ends its program without one as path:line."""
    made_before: tuple[tuple[str, str], ...] = ()
    """What somebody makes on a new host before the first start, as Compose does not: `network` or `volume`, and its name."""
    bare_files: tuple[str, ...] = ()
    """Those of `env_files`, `copied_files` and `placed_files` that no pattern of git is known to ignore."""
    copied_files: tuple[tuple[str, str], ...] = ()
    """Each file that containers mount and git does not track, with the template that it is copied from."""
    placed_files: tuple[PlacedFile, ...] = ()
    today: tuple[TodaysWay, ...] = ()
    """How the project is deployed already."""
    unused: tuple[str, ...] = ()
    """The folders and files of ours that nothing in those jobs names."""
    own_files: tuple[OwnFiles, ...] = ()
    starts: tuple[str, ...] = ()
    """Where jobs and scripts of the project start production with a list of files, as path:line; none has our overlays."""
    kept: tuple[KeptData, ...] = ()
    """What services keep beside the stores, copied or not."""
    outside: tuple[OutsideStore, ...] = ()
    """The databases that live elsewhere."""
    encryption_keys: tuple[str, ...] = ()
    """The variables that hold the keys of what applications encrypt before they store it."""
    pulled: PulledImages = PulledImages()
    is_checked: bool = True
    """Whether some service has a healthcheck."""
    swarm: tuple[str, ...] = ()
    """The user's files that run in production, where they are for a swarm; else none."""
    swarm_secrets: tuple[str, ...] = ()
    """The secrets that the swarm has to have before they are deployed."""
    directory: str = ""
    """The folder in which Compose is started, "" for the root."""
    chart: bool = True
    """Whether a chart of ours is deployed; else the services run on ECS, or where the user's own files say."""

    def path(self, page: GuidePage) -> str:
        """Return where a page goes."""
        return dict(self.paths)[page]

    def of(self, *copies: Copies) -> tuple[GuideService, ...]:
        """Return the services that may run in one of these numbers."""
        return tuple(service for service in self.services if service.copies in copies)
