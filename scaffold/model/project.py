"""The project as its files show it: the one value that rules and the plan read."""

from __future__ import annotations

from dataclasses import field
from operator import attrgetter

from scaffold.model.compose import ComposeFile, Service, Stack
from scaffold.model.configuration import Configuration
from scaffold.model.document import Document, Location, Mapping, Problem
from scaffold.model.frozen import frozen
from scaffold.model.known import ALIAS, PATH, first, known
from scaffold.model.names import EnvironmentClass
from scaffold.model.secrets import SecretClass

_ID = attrgetter("id")


@frozen
class SourceFile:
    """The text of a file that was read, for edits and for showing lines; line ends as in the file."""

    path: str
    text: str = field(repr=False)


# --- images -----------------------------------------------------------------------------------------------------------


@frozen
class Instruction:
    """One Dockerfile instruction; `argv` is set for the exec form, else the words of the shell form."""

    keyword: str
    text: str = field(repr=False)
    location: Location = field(default=Location("", 1))
    argv: tuple[str, ...] = ()
    exec_form: bool = False
    flags: tuple[str, ...] = ()


@frozen
class Stage:
    """One build stage: its base image after ARG defaults ("" when unknown), its alias and its instructions."""

    base: str
    alias: str
    location: Location
    instructions: tuple[Instruction, ...] = ()

    def last(self, keyword: str) -> Instruction | None:
        """Return the last instruction with this keyword, or None."""
        return next((item for item in reversed(self.instructions) if item.keyword == keyword), None)


@frozen
class Dockerfile:
    """One Dockerfile; `context` is the folder that holds it (compose may name another one)."""

    path: str
    stages: tuple[Stage, ...]

    def stage(self, target: str = "") -> Stage | None:
        """Return the stage that `target` names or counts from 0, else the last one; None when there is no such stage."""
        if not target:
            return self.stages[-1] if self.stages else None
        named = first(self.stages, ALIAS, target.lower())
        if named is None and target.isascii() and target.isdigit():
            return next(iter(self.stages[int(target[:4]) :]), None)
        return named

    def chain(self, target: str = "") -> tuple[Stage, ...]:
        """Return the stage of a target and those that it is built from, the nearest first; empty where there is none."""
        found: dict[int, Stage] = {}
        stage = self.stage(target)
        while stage is not None and id(stage) not in found:
            found[id(stage)] = stage
            stage = first(self.stages, ALIAS, stage.base) if stage.base else None
        return tuple(found.values())

    def effective(self, keyword: str, target: str = "") -> Instruction | None:
        """Return the last `keyword` of the stage or, by inheritance, of the stages that it is built from."""
        return next((found for stage in self.chain(target) if (found := stage.last(keyword)) is not None), None)

    @property
    def exposed(self) -> tuple[int, ...]:
        """Every port that any stage exposes."""
        ports = []
        for stage in self.stages:
            for item in stage.instructions:
                if item.keyword == "EXPOSE":
                    words = (word.partition("/")[0] for word in item.text.split())
                    ports += [int(word) for word in words if word.isascii() and word.isdigit() and len(word) <= 5]
        return tuple(dict.fromkeys(ports))


# --- workflows --------------------------------------------------------------------------------------------------------


@frozen
class Trigger:
    """One event under `on`; node is its filter mapping or None."""

    event: str
    location: Location
    node: Mapping | None = field(default=None, repr=False)


@frozen
class Step:
    """One step; `run` is the script text, `inputs` the `with` pairs, `env` the names and raw values it sets."""

    id: str
    name: str
    uses: str
    run: str
    location: Location
    inputs: tuple[tuple[str, str], ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    condition: str = ""
    working_directory: str = ""
    continue_on_error: bool = False
    run_location: Location | None = None
    uses_location: Location | None = None
    env_locations: tuple[tuple[str, Location], ...] = ()

    def input(self, name: str, default: str = "") -> str:
        """Return the value of one `with` key as text."""
        return dict(self.inputs).get(name, default)

    @property
    def action(self) -> str:
        """The action without its ref: `docker/build-push-action`."""
        return self.uses.partition("@")[0]


@frozen
class Job:
    """One job; `uses` names a reusable workflow; steps of local reusable workflows and actions are followed one level."""

    id: str
    name: str
    location: Location
    steps: tuple[Step, ...] = ()
    uses: str = ""
    needs: tuple[str, ...] = ()
    condition: str = ""
    permissions: tuple[tuple[str, str], ...] | None = None
    environment: str = ""
    matrix: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    node: Mapping | None = field(default=None, repr=False)
    followed_steps: tuple[Step, ...] = ()

    @property
    def all_steps(self) -> tuple[Step, ...]:
        """Its own steps and those of the local workflows and actions that it calls."""
        return self.steps + self.followed_steps


@frozen
class Workflow:
    """One GitHub Actions workflow as written; `commands` of make, tox, nox, just, npm targets are followed one level."""

    path: str
    name: str
    document: Document = field(repr=False)
    triggers: tuple[Trigger, ...] = ()
    on_location: Location | None = None
    jobs: tuple[Job, ...] = ()
    permissions: tuple[tuple[str, str], ...] | None = None
    env: tuple[tuple[str, str], ...] = ()

    @property
    def events(self) -> tuple[str, ...]:
        """The names of the events that start it."""
        return tuple(trigger.event for trigger in self.triggers)


# --- configuration ----------------------------------------------------------------------------------------------------


@frozen
class EnvEntry:
    """One `KEY=value` of an env file; commented entries (`# KEY=value`) count in templates."""

    name: str
    value: str = field(repr=False)
    location: Location = field(default=Location("", 1))
    commented: bool = False


@frozen
class EnvFile:
    """One env file; kind is `template`, `real` or `documented`; `environment` is the word in its name, such as staging."""

    path: str
    kind: str
    entries: tuple[EnvEntry, ...]
    environment: str = ""
    copied_to: str = ""
    """The path to which people are told to copy a template, "" where only its name says that it is one."""

    def entry(self, name: str) -> EnvEntry | None:
        """Return the last entry of this name, uncommented ones first."""
        return known(_entries_by_name, self.entries).get(name)


def _entries_by_name(entries: tuple[EnvEntry, ...]) -> dict[str, EnvEntry]:
    """Return the last entry of each name, uncommented ones first."""
    last = {item.name: item for item in entries if item.commented}
    return last | {item.name: item for item in entries if not item.commented}


@frozen
class SecretFile:
    """A tracked file behind a top-level `secrets:` entry of Compose: what its text is, and the entries that name it."""

    path: str
    value_class: SecretClass
    named: tuple[tuple[str, str, Location], ...]
    """The id of each stack, the name of the secret, and where the stack names the file."""


@frozen
class SettingDefault:
    """A default value for a setting in application code (kind is assignment, field, getenv, expression, or fallback for a
    literal behind a helper, a declaration or a condition), or what a settings file gives itself (property; value is None
    where it holds no credential).
    """

    name: str
    value: str | None = field(repr=False)
    value_class: SecretClass
    kind: str
    location: Location
    guarded: bool = False
    """Whether the code refuses the default outside development, or sets it only there."""
    unread: bool = False
    """Whether it is a field of settings that no code of the repository reads."""
    idle: bool = False
    """Whether it stands in a module that no program of production imports, as far as its imports tell."""
    profile: str = ""
    """The profiles of a settings file for which it holds, as the file writes them; "" for all."""


@frozen
class EnvRead:
    """The code reads an environment variable; required when no default stands beside it."""

    name: str
    required: bool
    location: Location
    fails: bool = False
    """Whether the program refuses to start without it: by its schema, or by a read that raises while modules load."""
    empty: str = ""
    """What becomes of an empty text where the variable need not be set: `refused` (the program ends), `kept` (it stands in the
    place of the default), "" where it counts as not set or that is not known.
    """


@frozen
class CodeFact:
    """Something seen in application code. kind is one of: `logging-text`, `logging-json`, `logging-file` and `logging-stream`
    (detail: handler), `json-formatter` (detail: class), `http-route` (detail: path; `*/x` when only its end is known),
    `metrics-route` (detail: path, served in the Prometheus text format), `metrics-library` (detail: name), `metrics-exporter`
    (detail: class or function), `celery-app` and `server-entry` (detail: file), `program` (detail: its name),
    `tracing` (detail: sentry, opentelemetry, datadog ...), `spring-datasource` (detail:
    URL without a login), `rails-database` (the database that Rails opens in production; detail: its name, and the variable that
    comes before it), `cors` (detail: words such as credentials, any-origin, mirrored that hold), `schema` (detail:
    how code makes tables, see scaffold.read.schema), `account` (a program's start loads an administrator with a password;
    detail: the file that holds it), `made-account` (it makes one in code; detail: the account's name, "" where none is seen),
    `seeds` (detail: the function that loads rows made for a try as
    the program starts), `refuses` (a value with which code of production ends; detail: see scaffold.model.refused),
    `dump` (code starts the dump of a database; detail: `clock` where it does so by one), `copies-first` (code
    copies its database before it migrates it), `kept-files`, `takes-files`,
    `uploads-served` (how Django hands uploads to visitors; see scaffold.read.uploads_served),
    `takes-documents` and `sqlite-waits` (see scaffold.read.kept_files),
    `opens-sqlite` and `opens-h2` (see scaffold.read.own_databases),
    `serves-folder` and `opens-database` (see scaffold.read.served_folders),
    `proxy` (detail: what depends on the proxy before the application, see scaffold.read.behind_proxy),
    `made-key` (keys that code makes as it starts; see scaffold.read.drawn_keys),
    `redis-queue` (code leaves work in Redis; detail: what waits there),
    `encrypts` (code encrypts what it keeps; detail: the variables that may hold the key),
    `known-key` (code that finds a published default in a key and only warns; detail: the key's name), `open-check` (code that
    lets everybody in as long as a key is not set; detail: the name by which it holds the key), `build-switch` (code reads a
    variable of its build by which it shows made-up data; detail: its name),
    `needs-env-file` (a program ends where this file is not in its folder; detail: its name),
    `socket` (code keeps the sockets of its visitors; detail: its kind, or `shared`, see scaffold.read.sockets),
    `mcp-server` (code lends assistants its tools; detail: `asks` where it speaks of a login, else `open`),
    `unverified-token` (code of a login takes the user from a token without a look at its signature),
    `known-login` (code lets in a user whose password stands in it; detail: the name of the table of users, "" for a
    comparison), `dumped-accounts` and `few-dumped-accounts` (see scaffold.read.dumped), `shared-login` (see
    scaffold.read.shared_logins), `migrated-account` (a migration makes an administrator; see scaffold.read.migrated_accounts),
    `open-origins` (Django lets any origin in as long as a variable is not set; see scaffold.read.django_origins),
    `background` (code leaves work to a schedule or a queue whose process no file of the project starts; detail: see
    scaffold.read.background), `row-security` (a policy that reads a setting of the session; see scaffold.read.row_security),
    `log-level` (Python code hands the value of a variable to `logging` as it comes; detail: the variable),
    `writes-named` (code writes, or renames another file to, a file by its name; detail: `writes` or `renames`, and its path),
    `starts-with` (a package that a Python program imports as it starts; see scaffold.read.starting_imports),
    `deaf-health` (a health route that says the same whatever the store answers; detail: its path),
    `writes-file` (code writes a log or makes a folder; see scaffold.read.written_files),
    `asks-nobody` (a route that changes data, in a program no line of which asks who calls; detail: the program's folder),
    `idle-rules` (a program of ASP.NET switches authorization on, and has no rule),
    `unlimited-login` (a route for logins, in a project whose code counts no tries; detail: the program's folder),
    `page-login` (a page keeps a login where its scripts read it; detail: in what),
    `idle-switch` (a protection is off by default; detail: its variable),
    `console` and `console-login` (a console that the routes of Rails lend everybody, and what asks who opens it; see
    scaffold.read.rails),
    `reads-file` (code opens a file of the repository while it runs; see scaffold.read.files_read),
    `php-extension` (PHP code calls what only an extension has; detail: its name),
    `swallowed-migration` (a server catches the failure of its migration and goes on; see scaffold.read.swallowed),
    `history` (a migration that its tool cannot put in order; see scaffold.read.migration_history),
    `job-files` (work of a queue takes or keeps a file on the disk of its process),
    `own-schedule` (a process keeps a schedule; `locked` for what one copy does; see scaffold.read.own_schedules),
    `asset-call` (a template asks for a list of assets that a build writes; detail: the pipeline, see scaffold.model.assets),
    `plain-cookie` (code makes the cookie of a login without Secure; detail: `readable` where scripts read it too, else `sent`),
    `names-database` (settings in YAML name a database by its host; detail: what it is, and the host),
    `settings-address` (see scaffold.read.settings_addresses), `connection` (C# asks for a connection string; detail: its name),
    `makes-database` (a file makes a database or a user; detail: which of the two, and a name that it holds).
    """

    kind: str
    detail: str
    location: Location
    reachable: bool | None = None
    """Whether served code reaches the module; None when that could not be told."""


@frozen
class LockedRelease:
    """A framework that a lock file holds, with its version."""

    name: str
    version: str
    location: Location


@frozen
class Manifest:
    """A dependency manifest: ecosystem is python, node, ruby, go, rust, java, php, elixir or dotnet."""

    path: str
    ecosystem: str
    name: str
    dependencies: tuple[str, ...]
    scripts: tuple[tuple[str, str], ...] = ()
    """npm scripts and the like: name and command."""
    locked: tuple[LockedRelease, ...] = ()
    """The frameworks that the lock file beside it holds."""

    @property
    def folder(self) -> str:
        """The folder of the manifest, "" for the root."""
        return self.path.rpartition("/")[0]


# --- what runs beside the app -----------------------------------------------------------------------------------------


@frozen
class ScrapeTarget:
    """One static target of a Prometheus job."""

    job: str
    host: str
    port: int | None
    metrics_path: str
    location: Location


@frozen
class PrometheusConfig:
    """A Prometheus configuration; `dynamic_jobs` use service discovery."""

    path: str
    targets: tuple[ScrapeTarget, ...]
    dynamic_jobs: tuple[str, ...] = ()
    rule_files: tuple[str, ...] = ()
    alertmanagers: tuple[str, ...] = ()
    location: Location = field(default=Location("", 1))


@frozen
class AlertRule:
    """One alerting rule."""

    name: str
    expression: str
    severity: str
    location: Location
    has_runbook: bool = False


@frozen
class AlertRuleFile:
    """A file of Prometheus alerting or recording rules."""

    path: str
    alerts: tuple[AlertRule, ...]


@frozen
class Receiver:
    """One Alertmanager receiver; `placeholders` are the places whose value is a stand-in (values are not kept)."""

    name: str
    integrations: tuple[str, ...]
    placeholders: tuple[Location, ...]
    location: Location


@frozen
class AlertmanagerConfig:
    """An Alertmanager configuration."""

    path: str
    receivers: tuple[Receiver, ...]
    location: Location = field(default=Location("", 1))


@frozen
class MonitoringFile:
    """Any other monitoring or logging configuration: kind is grafana-datasource, grafana-dashboard-provider,
    grafana-dashboard, loki, promtail, alloy, fluent, vector, logstash, otel-collector, tempo or blackbox.
    """

    path: str
    kind: str
    location: Location
    detail: str = ""


@frozen
class InfrastructureFile:
    """A file of infrastructure as code or of Kubernetes packaging: kind is terraform, opentofu, pulumi, cdk, cdktf, bicep,
    cloudformation, serverless, crossplane, paas (a platform), heroku (its files, and nothing that deploys to it),
    front-end-host, helm, kustomize or kubernetes; resources are type and name.
    """

    path: str
    kind: str
    location: Location
    resources: tuple[tuple[str, str, Location], ...] = ()


@frozen
class ProxyUpstream:
    """A host that a proxy's configuration forwards to."""

    host: str
    port: int | None
    location: Location


# --- people's words ---------------------------------------------------------------------------------------------------


@frozen
class Heading:
    """A heading of a Markdown or reStructuredText file."""

    level: int
    text: str
    location: Location


@frozen
class Command:
    """A line of shell that the project shows or runs: context is makefile, script, workflow, doc, package, playbook,
    dockerfile or server (what uWSGI and supervisord start); `owner` is the make target, npm script, workflow job or "" that it
    belongs to.
    """

    text: str = field(repr=False)
    context: str
    owner: str
    location: Location
    after: tuple[int, ...] | None = None
    """For a step of Cloud Build, the lines of the steps of its file that it waits for; None for everything else."""


@frozen
class ScriptFile:
    """A file in a folder of scripts; `purpose` is the first sentence that it says of itself, "" when it says none."""

    path: str
    purpose: str
    runnable: bool = True
    """Whether it shows by itself that it is run, and is no module of others: a shebang, a shell's ending, a main call."""


@frozen
class DocFile:
    """A README or a page below docs/."""

    path: str
    headings: tuple[Heading, ...]
    text: str = field(repr=False, default="")


@frozen
class MountedFile:
    """A file that a container reads through a bind mount or a config of Compose."""

    path: str
    data: bytes = field(repr=False)
    template: str = ""
    """The tracked file beside it that people copy, where git does not track the file itself: its data is the template's."""


@frozen
class DevelopmentNote:
    """A place that says of files, or of one service, that they serve no production: what it is for, and in which words."""

    location: Location
    files: tuple[str, ...]
    why: str = "says that this is for development"
    """What the place does, as it is told behind its path and line."""
    is_replaced: bool = False
    """Whether the place says so by naming another file with the same services: production still lacks what is missing."""
    environment: EnvironmentClass = EnvironmentClass.DEV
    steps: int = 2
    """How much less a gap counts: one step where people are told to change the files before production runs them."""
    resource: str = ""
    """The one service that it speaks of, as gaps name it; "" for everything in the files."""
    is_whole: bool = False
    """Whether it speaks of the whole repository, `files` being those that it does not mean."""
    is_trial: bool = False
    """Whether the place starts the files to try them, and nothing but their name shows that they serve production."""

    def covers(self, path: str, resource: str) -> bool:
        """Whether a gap at `path` about `resource` is about what the place speaks of."""
        if self.is_whole:
            return path not in self.files
        return resource == self.resource if self.resource else path in self.files


@frozen
class SecretSighting:
    """A credential in a form that one provider issues, found in tracked text; the value itself is not kept."""

    provider: str
    key: str
    location: Location
    in_tests: bool = False
    """Whether it stands in code that only tests compile, whatever its path says."""
    in_comment: bool = False
    """Whether its line is a comment, from which no program takes it."""
    mark: str = field(default="", repr=False)
    """What places of the same credential have in common: a digest, of which nobody makes the value again; "" for not known."""


@frozen
class InlineIgnore:
    """A comment beside a line: the rule that does not count there, why, and until when (ISO date, "" for ever)."""

    code: str
    reason: str
    until: str
    location: Location


# --- the whole --------------------------------------------------------------------------------------------------------


@frozen
class Project:
    """Everything that was read; every tuple is sorted by path or by name, so that two readings compare equal."""

    name: str
    files: tuple[str, ...] = field(repr=False)
    """Every file of the inventory, excluded folders left out."""
    ignored: tuple[tuple[str, str], ...] = ()
    """Paths that matter and that git ignores, with the place of the pattern (`.gitignore:3`)."""
    directories: frozenset[str] = field(default=frozenset(), repr=False)
    present: frozenset[str] = field(default=frozenset(), repr=False)
    """Every path of the tree, excluded folders included: whether a file exists is not a question of what is judged."""
    git: bool = False
    inside: str = ""
    """The folder's path in its repository, "" at the top. GitHub runs the workflows of the top alone, which are not read."""
    default_branch: str = ""
    """The default branch of the remote `origin`, "" when the clone does not tell."""
    branches: tuple[str, ...] = ()
    """All branches of that remote, empty when the clone does not tell."""
    untracked: frozenset[str] = field(default=frozenset(), repr=False)
    """Files that git neither tracks nor ignores."""
    owned: frozenset[str] = frozenset()
    """Paths that scaffold.lock lists: written by scaffold, part of this view."""
    production_set: tuple[str, ...] = ()
    overlays: tuple[str, ...] = ()
    """The overlays that scaffold wrote for the production set, those included that are hidden in this view."""
    configuration: Configuration = field(default_factory=Configuration)
    sources: tuple[SourceFile, ...] = field(default=(), repr=False)
    documents: tuple[Document, ...] = field(default=(), repr=False)
    compose_files: tuple[ComposeFile, ...] = ()
    stacks: tuple[Stack, ...] = ()
    unused_stores: frozenset[str] = frozenset()
    """The stores, as gaps name them, that nothing of the repository was found to use, where all that a stack runs is in it."""
    dockerfiles: tuple[Dockerfile, ...] = ()
    dockerignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Each .dockerignore with its patterns."""
    workflows: tuple[Workflow, ...] = ()
    other_ci: tuple[str, ...] = ()
    """Files of other CI systems, recognised as present only."""
    env_files: tuple[EnvFile, ...] = ()
    written_env_files: tuple[EnvFile, ...] = ()
    """What scripts write into env files by a here document; the path is that of the script."""
    secret_files: tuple[SecretFile, ...] = ()
    settings: tuple[SettingDefault, ...] = ()
    env_reads: tuple[EnvRead, ...] = ()
    mentioned: frozenset[str] = field(default=frozenset(), repr=False)
    """Keys of env templates that stand as a word in code where no read of them was seen."""
    unnamed: frozenset[str] = field(default=frozenset(), repr=False)
    """Keys of env templates that nothing names in any spelling (see scaffold.read.unnamed)."""
    handed_on: frozenset[str] = field(default=frozenset(), repr=False)
    """Variables of secrets with a default that only Compose files, env files, workflows and pages name (the same module)."""
    unread: frozenset[str] = field(default=frozenset(), repr=False)
    """Variables of containers built here that only Compose files, env files, workflows and pages name (the same module)."""
    named_secrets: frozenset[str] = frozenset()
    """Variables of secrets that services get as a text of a Compose file, and that code names (see scaffold.read.named)."""
    code_facts: tuple[CodeFact, ...] = ()
    manifests: tuple[Manifest, ...] = ()
    prometheus: tuple[PrometheusConfig, ...] = ()
    alert_rules: tuple[AlertRuleFile, ...] = ()
    alertmanagers: tuple[AlertmanagerConfig, ...] = ()
    monitoring_files: tuple[MonitoringFile, ...] = ()
    infrastructure: tuple[InfrastructureFile, ...] = ()
    upstreams: tuple[ProxyUpstream, ...] = ()
    docs: tuple[DocFile, ...] = ()
    mounted: tuple[MountedFile, ...] = field(default=(), repr=False)
    """The small files that containers read out of the repository, by path."""
    commands: tuple[Command, ...] = ()
    scripts: tuple[ScriptFile, ...] = ()
    sightings: tuple[SecretSighting, ...] = ()
    development_notes: tuple[DevelopmentNote, ...] = ()
    """What says of compose and env files that they serve development alone; none where scaffold.yaml names production."""
    problems: tuple[Problem, ...] = ()
    inline_ignores: tuple[InlineIgnore, ...] = ()
    today: str = ""
    """The day by which ignores run out, as an ISO date; "" when none does."""

    def ignored_at(self, path: str) -> str:
        """Return the place of the pattern by which git ignores a path that matters, or a folder above it; "" without one."""
        return next((where for name, where in self.ignored if name == path or path.startswith(f"{name}/")), "")

    def source(self, path: str) -> str | None:
        """Return the text of a file that was read, or None."""
        found = first(self.sources, PATH, path)
        return found.text if found else None

    def document(self, path: str) -> Document | None:
        """Return the first YAML document of a file that was read, or None."""
        return first(self.documents, PATH, path)

    def dockerfile(self, path: str | None) -> Dockerfile | None:
        """Return the Dockerfile at `path`, or None."""
        return first(self.dockerfiles, PATH, path)

    def stack(self, stack_id: str) -> Stack | None:
        """Return the stack with this id, or None."""
        return first(self.stacks, _ID, stack_id)

    def exists(self, path: str) -> bool:
        """Whether a path is a file of the tree or one of its folders, excluded ones included."""
        clean = path.strip("/").removeprefix("./")
        return clean in self.directories or clean in self.present or clean in known(frozenset, self.files) or clean in {"", "."}

    @property
    def kept_set(self) -> Stack | None:
        """The production set that scaffold keeps, else the user's stack of that name."""
        return next((stack for stack in self.stacks if stack.is_kept), None) or self.stack("production")

    @property
    def main_stack(self) -> Stack | None:
        """The stack that stands for production: `production` when scaffold assembled one, else a set that is called
        production, runs an application and has the most services, those first that a workflow deploys, else the root's base,
        else the largest that may run there, else the first.
        """
        return known(_main_stack, self)

    @property
    def production_stack(self) -> Stack | None:
        """The main stack where it can run in production as it is: what plans are made for."""
        stack = self.main_stack
        return stack if stack and stack.complete and stack.is_runnable_in_production else None

    @property
    def production_stacks(self) -> tuple[Stack, ...]:
        """The complete stacks that are judged as production; `production` stands for the base stack that it contains."""
        return known(_production_stacks, self)

    def is_covered(self, stack: Stack) -> bool:
        """Whether the main set stands for another one, all of whose files it has, such as a base without its overlays."""
        main = self.main_stack
        if main is None or stack is main or stack.is_of_developers:
            return False
        return set(stack.files) <= set(main.files)

    def image_of(self, service: Service) -> Dockerfile | None:
        """Return the Dockerfile of the image of a service, or None; where its path leads nowhere, the only one of its name:
        what is wrong with that image is so before the path is corrected.
        """
        made = service.made
        path = made.dockerfile if made else None
        if path is None or path in self.present:
            return self.dockerfile(path)
        alike = [item for item in self.dockerfiles if item.path.rpartition("/")[2] == path.rpartition("/")[2]]
        return alike[0] if len(alike) == 1 and path.rpartition("/")[2] != "Dockerfile" else None


def _production_stacks(project: Project) -> tuple[Stack, ...]:
    stacks = [stack for stack in project.stacks if stack.is_runnable_in_production and stack.complete]
    return tuple(stack for stack in stacks if not project.is_covered(stack))


def _main_stack(project: Project) -> Stack | None:
    runnable = [stack for stack in project.stacks if stack.is_runnable_in_production and stack.complete]
    called = [stack for stack in runnable if stack.environment is EnvironmentClass.PRODUCTION]
    deployed = [stack for stack in called if stack.is_deployed]
    outer = [stack for stack in runnable if not any(_is_below(stack, other) for other in runnable)]
    running = [stack for stack in called if known(_runs_an_application, stack)]
    for found in (
        project.kept_set,
        _largest(deployed or running or called),
        project.stack("base"),
        _largest(outer or runnable),
    ):
        if found:
            return found
    return project.stacks[0] if project.stacks else None


def _is_below(stack: Stack, other: Stack) -> bool:
    """Whether a stack lies in a folder below another one's that runs applications too: a variant of it, or a part."""
    inside = bool(other.directory) and stack.directory.startswith(f"{other.directory}/")
    return inside and any(service.is_application or service.build for service in other.services)


def _largest(stacks: list[Stack]) -> Stack | None:
    return max(stacks, key=lambda stack: len(stack.services), default=None)


def _runs_an_application(stack: Stack) -> bool:
    """Whether a stack runs a program of somebody's own: a set for monitoring has many services, and none."""
    return any(service.is_application for service in stack.services)
