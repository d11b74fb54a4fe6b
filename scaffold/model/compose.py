"""What Compose says, after interpolation and merging: stacks of services whose facts still know their place."""

from __future__ import annotations

from dataclasses import field

from scaffold.model.document import Location, Mapping, VariableReference
from scaffold.model.frozen import frozen
from scaffold.model.known import NAME, first, known
from scaffold.model.names import APPLICATION, DATASTORES, EnvironmentClass, Role
from scaffold.model.regex import regex
from scaffold.model.values import ImageReference

_RANGE = regex(r"(\d{1,5}-\d{1,5})(?::|$)")


@frozen
class Port:
    """One published port; numbers are None where an unset variable hides them, host_ip "" means all interfaces."""

    target: int | None
    published: int | None
    host_ip: str
    protocol: str
    location: Location
    raw: str = ""
    drawn: bool = False
    """Whether Docker draws the number of the host at each start of the container, because the file names none."""

    @property
    def range(self) -> str:
        """The ports of the host of which Docker takes a free one for each container (`8000-8010`), "" for a single port."""
        match = _RANGE.search(self.raw)
        return match[1] if match else ""

    @property
    def number(self) -> str:
        """The port of the host in words for a message; the container's own where a variable hides it."""
        return "a port that Docker draws" if self.drawn else self.range or str(self.published or self.target or "its port")

    @property
    def is_loopback(self) -> bool:
        """Whether only the host itself reaches the port."""
        return self.host_ip.startswith("127.") or self.host_ip in {"::1", "[::1]", "localhost"}


@frozen
class Mount:
    """One volume of a service: kind is bind, volume, tmpfs, image or npipe; an anonymous volume has source ""."""

    kind: str
    source: str
    target: str
    read_only: bool
    location: Location
    resolved: str | None = None
    """The source of a bind as a path relative to the project's root, None when it is outside or not a bind."""


@frozen
class EnvValue:
    """One environment entry: value None means `KEY` alone (taken from the shell); source tells where it stood."""

    name: str
    value: str | None = field(repr=False)
    raw: str | None = field(repr=False)
    references: tuple[VariableReference, ...]
    source: str
    """`environment`, or the path of the env_file."""
    location: Location = field(default=Location("", 1))


@frozen
class Dependency:
    """One `depends_on` edge; condition is the effective one (service_started where none stands)."""

    service: str
    condition: str
    required: bool
    location: Location
    short_form: bool = False


@frozen
class Healthcheck:
    """A healthcheck; `test` as argv with CMD or CMD-SHELL in front, empty when it only changes timings."""

    test: tuple[str, ...]
    disabled: bool
    location: Location
    test_location: Location
    interval: str = ""
    timeout: str = ""
    retries: str = ""
    start_period: str = ""
    start_interval: str = ""

    @property
    def command(self) -> str:
        """The test as one line of text for recognising programs and ports."""
        return " ".join(self.test[1:]) if self.test[:1] in {("CMD",), ("CMD-SHELL",)} else " ".join(self.test)


@frozen
class Build:
    """Where an image is built from; context and dockerfile are relative to the project's root, None when outside."""

    context: str | None
    dockerfile: str | None
    raw_context: str
    raw_dockerfile: str
    target: str
    inline: bool
    remote: bool
    location: Location
    context_location: Location
    dockerfile_location: Location
    args: tuple[tuple[str, str], ...] = ()
    written_args: tuple[tuple[str, str], ...] = ()
    """The arguments as the files write them, with their references; one without a value is its own variable."""


@frozen
class Hook:
    """A container that runs before a service starts, with what it inherits: environment, and labels of label files."""

    environment: tuple[EnvValue, ...] = ()
    file_labels: tuple[tuple[str, str], ...] = field(default=(), repr=False)


@frozen
class RoleEvidence:
    """A role with the score and the signals that gave it."""

    role: Role
    score: int
    signals: tuple[str, ...]


@frozen
class Service:
    """One service of one stack; `node` is its merged and interpolated mapping."""

    name: str
    location: Location
    node: Mapping = field(repr=False)
    image: ImageReference | None = None
    image_location: Location | None = None
    image_references: tuple[VariableReference, ...] = ()
    build: Build | None = None
    command: tuple[str, ...] | None = None
    command_location: Location | None = None
    entrypoint: tuple[str, ...] | None = None
    environment: tuple[EnvValue, ...] = ()
    env_files: tuple[tuple[str, Location], ...] = ()
    file_labels: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """The labels of its label files; a later file wins."""
    pre_start: tuple[Hook, ...] = ()
    ports: tuple[Port, ...] = ()
    expose: tuple[int, ...] = ()
    mounts: tuple[Mount, ...] = ()
    depends_on: tuple[Dependency, ...] = ()
    healthcheck: Healthcheck | None = None
    profiles: tuple[str, ...] = ()
    profiles_location: Location | None = None
    networks: tuple[str, ...] = ()
    network_mode: str = ""
    aliases: tuple[str, ...] = ()
    """Every further name under which the other services reach it: container_name, hostname, network aliases."""
    container_name: str = ""
    restart: str = ""
    user: str = ""
    roles: tuple[RoleEvidence, ...] = ()
    pulled: Build | None = None
    """What the image that it pulls is built from, where the repository makes that image elsewhere: in a workflow, a script."""
    datastore_version: str = ""
    """The version of a store by its tag (`16-alpine` is 16, `0.8.0-pg17` is 17), "" when unknown."""
    listens: tuple[int, ...] = ()

    @property
    def role(self) -> Role | None:
        """The best role, or None when no signal reached the threshold."""
        return self.roles[0].role if self.roles else None

    def has_role(self, *roles: Role) -> bool:
        """Whether any of its roles is one of `roles`."""
        return any(evidence.role in roles for evidence in self.roles)

    @property
    def is_datastore(self) -> bool:
        """Whether the service keeps data: database, queue, search, vector or object store."""
        return self.role in DATASTORES

    @property
    def delivers_image(self) -> bool:
        """Whether its image is built from this repository and runs in production: not from elsewhere, not inline, no test."""
        build = self.build
        if build is None or self.role in {Role.E2E, Role.MOCK, Role.ADMIN_UI}:
            return False
        return not build.remote and not build.inline and build.context is not None

    @property
    def made(self) -> Build | None:
        """What its image is built from, be it built beside the stack or elsewhere by what the repository holds."""
        return self.build or self.pulled

    @property
    def is_brought_by_hand(self) -> bool:
        """Whether its image is made of this repository and called without registry and owner: no machine can pull it, people
        load it where it runs.
        """
        image = self.image
        named = image is not None and not image.registry and "/" not in image.repository
        return self.build is None and self.pulled is not None and named

    @property
    def build_target(self) -> str:
        """The stage that its image is built to, "" for the last one and for an image that is not made here."""
        made = self.made
        return made.target if made else ""

    @property
    def runs_own_image(self) -> bool:
        """Whether its image is made of this repository, here or elsewhere, and runs in production."""
        return self.delivers_image or (self.pulled is not None and self.role not in {Role.E2E, Role.MOCK, Role.ADMIN_UI})

    @property
    def is_application(self) -> bool:
        """Whether the service runs the team's own code for users."""
        return self.role in APPLICATION

    def env(self, name: str) -> EnvValue | None:
        """Return the effective environment entry `name`, or None."""
        return first(self.environment, NAME, name)

    @property
    def names(self) -> tuple[str, ...]:
        """All names by which other services of a shared network reach it."""
        return tuple(dict.fromkeys((self.name, *self.aliases)))


@frozen
class Network:
    """A top-level network; external ones are created by somebody else."""

    name: str
    external: bool
    internal: bool
    location: Location
    real_name: str = ""


@frozen
class Volume:
    """A top-level named volume; `has_options` where a driver of its own or options of one make it."""

    name: str
    external: bool
    location: Location
    has_options: bool = False


@frozen
class Stack:
    """A set of compose files that run together, merged; `id` is folder plus set name, `base` for the root's own."""

    id: str
    files: tuple[str, ...]
    environment: EnvironmentClass
    services: tuple[Service, ...]
    networks: tuple[Network, ...]
    volumes: tuple[Volume, ...]
    node: Mapping = field(repr=False)
    name: str = ""
    """The project name that the files declare, "" when none."""
    directory: str = ""
    """The project directory relative to the root: paths of the files resolve against it."""
    evidence: tuple[str, ...] = ()
    """Why these files belong together and have this environment class, one short sentence each."""
    complete: bool = True
    """False for a file that neither stands alone nor merges: an overlay whose base is unknown or lacks its services."""

    extends_stack: str = ""
    """The id of the stack that this set adds overlays to, so that a gap keeps its fingerprint when an overlay joins."""
    is_kept: bool = False
    """Whether it is the production set that scaffold.lock keeps."""
    is_deployed: bool = False
    """Whether a workflow deploys this set to production."""
    is_of_developers: bool = False
    """Whether it holds what the same files start for developers: services behind profiles beside those for production."""

    def resource(self, service: str) -> str:
        """Return the resource of a gap about `service`: `<stack>/<service>`."""
        return f"{self.extends_stack or self.id}/{service}"

    def service(self, name: str) -> Service | None:
        """Return the service `name`, or None."""
        return first(self.services, NAME, name)

    def resolve_host(self, host: str) -> Service | None:
        """Return the service that answers to `host` on the networks of this stack, or None."""
        return known(_by_host, self.services).get(host)

    @property
    def is_runnable_in_production(self) -> bool:
        """Whether the stack counts as what runs in production: the class production, or base."""
        return self.environment in {EnvironmentClass.PRODUCTION, EnvironmentClass.BASE}


def _by_host(services: tuple[Service, ...]) -> dict[str, Service]:
    """Return the first service that answers to each name."""
    return {name: service for service in reversed(services) for name in service.names}


@frozen
class ComposeFile:
    """One compose file as written, before merging; `undefined_dependencies` names services that only a base can have."""

    path: str
    node: Mapping = field(repr=False)
    service_names: tuple[str, ...] = ()
    is_fragment: bool = False
    """Whether the file cannot stand alone (services without image and build, or dependencies it does not define)."""


def shared_network(first: Service, second: Service) -> bool:
    """Whether two services of one stack reach each other; host networking reaches published ports only."""
    if first.network_mode.startswith(("host", "none")) or second.network_mode.startswith(("host", "none")):
        return False
    return bool(set(first.networks or ("default",)) & set(second.networks or ("default",)))
