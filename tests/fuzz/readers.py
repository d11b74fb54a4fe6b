"""Every reader as functions from a text: what hypothesis and atheris feed, and what its answer is held to."""

from __future__ import annotations

import dataclasses
import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from scaffold.errors import ScaffoldError
from scaffold.model.document import Document, Location, Mapping, Node, Scalar, Sequence
from scaffold.model.project import Manifest, Workflow
from scaffold.model.secret_names import is_sensitive_name
from scaffold.model.secrets import classify, url_host, url_password
from scaffold.model.values import ImageReference, dns_label, parse_byte_size, parse_duration
from scaffold.model.words import split_words
from scaffold.read import (
    commands,
    configuration,
    docs,
    env_files,
    infrastructure,
    manifests,
    observability,
    prometheus,
    proxies,
)
from scaffold.read.compose import load_stack
from scaffold.read.compose.consistency import inconsistencies
from scaffold.read.compose.decode import nanoseconds
from scaffold.read.compose.dotenv import parse_env
from scaffold.read.compose.interpolation import InterpolationError, references, substitute
from scaffold.read.compose.render import Rendering, to_compose_json
from scaffold.read.compose.short import parse_device, parse_ports, parse_volume
from scaffold.read.dockerfiles import read_dockerfile, read_dockerignore
from scaffold.read.javascript_code import read_javascript
from scaffold.read.other_code import read_other_code
from scaffold.read.python_code import read_python
from scaffold.read.reach import entry_modules, module_graph, reachable
from scaffold.read.secret_files import read_written
from scaffold.read.settings_files import read_settings_file
from scaffold.read.sightings import read_sightings
from scaffold.read.stacks import assemble
from scaffold.read.workflows import follow_local, read_workflow
from scaffold.read.yaml import parse_documents, resolve, resolve_merges
from scaffold.write.lock import parse_lock

Read = Callable[[str], object]

ENOUGH = 1.0
"""CPU seconds within which any reading may end: what takes more has to be linear."""
PER_CHARACTER = 300e-6
"""CPU seconds that a character may cost at most; a service of three words is 30 characters and a hundred nodes."""


@dataclass(frozen=True)
class Reader:
    """One reader: its functions, and which files of a project it is for."""

    name: str
    functions: tuple[Read, ...]
    wanted: str
    """A regular expression of the paths that hold such texts."""

    def is_for(self, path: str) -> bool:
        return bool(re.search(self.wanted, path))

    def judge(self, text: str) -> None:
        """Feed all functions; raises what they raise, and AssertionError for a place outside the text and for slowness."""
        for function in self.functions:
            judge(function, text)


def judge(function: Read, text: str) -> None:
    """Feed one function; raises what it raises, and AssertionError for a place outside the text and for slowness."""
    found, spent = timed(function, text)
    if spent > ENOUGH:
        # A busy machine slows some readings and not others: only what looks slow each time is.
        complaints = [slowness(function, text) for _ in range(3)]
        assert None in complaints, complaints[0]
    lines = len(re.split(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]", text))
    for location in locations(found):
        assert 1 <= location.line <= lines, f"line {location.line} of {lines}"
        assert location.column >= 1, f"column {location.column}"


def slowness(function: Read, text: str) -> str | None:
    """Say why a function is too slow for a text, None when it is not."""
    spent = timed(function, text)[1]
    quarter = len(text) // 4  # What repeats is in between both ends; where they do not fit together, the first half tells.
    half = max(timed(function, shorter)[1] for shorter in (text[:quarter] + text[-quarter:], text[: 2 * quarter]))
    if spent > max(ENOUGH, 3.5 * half):
        return f"{spent:.2f} s for {len(text)} characters, {half:.2f} s for half of them"
    return f"{spent:.2f} s for {len(text)} characters" if spent > PER_CHARACTER * len(text) else None


def timed(function: Read, text: str) -> tuple[object, float]:
    """Return what a function answers, and the CPU seconds that it took."""
    start = time.process_time()
    return function(text), time.process_time() - start


def locations(value: object) -> Iterator[Location]:
    """Yield every location in a value of the model, those inside documents included."""
    pending = [value]
    seen: dict[int, object] = {}
    while pending:
        item = pending.pop()
        if item is None or isinstance(item, str | int | float) or id(item) in seen:
            continue
        seen[id(item)] = item
        if isinstance(item, Location):
            yield item
        elif isinstance(item, dict):
            pending += [*item.keys(), *item.values()]
        elif isinstance(item, list | tuple | set | frozenset):
            pending += item
        elif dataclasses.is_dataclass(item):
            pending += [getattr(item, field.name) for field in dataclasses.fields(item)]


# --- readers that need more than a text -------------------------------------------------------------------------------

FILE_MARK = "#@@ "
"""A line of this and a path starts the next file of a text that holds several."""


def files_of(text: str, first: str) -> dict[str, str]:
    """Return the files of a text, the first one under the name `first`."""
    found: dict[str, list[str]] = {first: []}
    path = first
    for line in text.splitlines(keepends=True):
        if line.startswith(FILE_MARK):
            path = line.removeprefix(FILE_MARK).strip()
            found.setdefault(path, [])
        else:
            found[path].append(line)
    return {path: "".join(lines) for path, lines in found.items()}


@dataclass(frozen=True)
class Texts:
    """The files of a text."""

    files: dict[str, str]

    def text(self, path: str) -> str | None:
        return self.files.get(path)


def yaml(text: str) -> object:
    documents, problems = parse_documents("a.yaml", text)
    for document in documents:
        if document.root is not None:
            for scalar in scalars(resolve_merges(document.root)):
                resolve(scalar)
    return documents, problems


def scalars(root: Node) -> Iterator[Scalar]:
    pending: list[Node] = [root]
    seen: set[int] = set()
    while pending:
        node = pending.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, Scalar):
            yield node
        elif isinstance(node, Sequence):
            pending += node.items
        elif isinstance(node, Mapping):
            pending += [item for entry in node.entries for item in (entry.key, entry.value)]


def compose(text: str) -> object:
    """Load a set as Compose would, print it as Compose prints it, and look for what Compose refuses."""
    files = files_of(text, "compose.yaml")
    reader = Texts(files)
    named = tuple(path for path in files if path.endswith((".yaml", ".yml")))
    found = []
    for order, strict in (((named[0],), True), (named, False)):
        stack = load_stack(reader, order, directory="", variables={"A": "1", "E": ""}, name="app", strict=strict)
        to_compose_json(stack.node, stack.services, Rendering("/app", stack.name, ("*",)))
        refused = inconsistencies(stack.node, stack.services, ("*",), reader, "")
        found += [*stack.problems, *refused]
    return [problem for problem in found if len(files) == 1]


def stacks(text: str) -> object:
    """Assemble the stacks of a project whose files and commands stand in one text."""
    files = files_of(text, "compose.yaml")
    listed = [
        command
        for path, content in files.items()
        if (reader := commands.command_reader(path)) is not None
        for command in reader(path, content)
    ]
    envs = tuple(env_files.read_env_file(path, content)[0] for path, content in files.items() if ".env" in path)
    assemble(tuple(files), Texts(files), commands=listed, env_files=envs)
    return None


def interpolation(text: str) -> object:
    found = references(text)
    for strict in (True, False):
        try:
            substitute(text, {"A": "1", "E": ""}.get, strict=strict)
        except InterpolationError:
            continue
    return found


def short_forms(text: str) -> object:
    split_words(text)
    for line in text.splitlines():
        parse_volume(line)
        parse_ports(line)
        parse_device(line)
        nanoseconds(line)
        ImageReference.parse(line)
        dns_label(line)
        classify(line)
        is_sensitive_name(line)
        url_password(line)
        url_host(line)
        parse_duration(line)
        parse_byte_size(line)
    return None


def documents(text: str) -> tuple[Document, ...]:
    return parse_documents(".github/workflows/a.yml", text)[0]


def workflow(text: str) -> object:
    found: list[Workflow] = []
    problems: list[object] = []
    for document in documents(text):
        read, more = read_workflow(document)
        problems += more
        found += [read] if read else []
    followed = follow_local(found, lambda _: next(iter(documents(text)), None))
    return followed, problems, commands.workflow_commands(followed)


def beside(text: str) -> object:
    """Every reader of YAML beside the app."""
    found = documents(text)
    readers: tuple[Callable[[Document], object], ...] = (
        prometheus.read_prometheus,
        prometheus.read_alert_rules,
        prometheus.read_alertmanager,
        observability.read_observability,
        proxies.read_traefik,
    )
    return infrastructure.read_manifests(found), [reader(document) for document in found for reader in readers]


def python_reach(text: str) -> object:
    entry_modules(text)
    graph = module_graph(("app/main.py", "app/__init__.py", "app/core/config.py", "lib/tool.py"))
    return reachable(graph, ("app.main",), lambda _: text)


def settings(text: str) -> object:
    try:
        return configuration.read_configuration("scaffold.yaml", text)
    except ScaffoldError:
        return None


def lock(text: str) -> object:
    try:
        return parse_lock(text)
    except ScaffoldError:
        return None


def package_scripts(text: str) -> object:
    found, problems = manifests.read_package_json("package.json", text)
    assert isinstance(found, Manifest)
    return problems, commands.package_commands([found], {"package.json": text})


def under(path: str, reader: Callable[[str, str], object]) -> Read:
    """Return a reader of path and text as one of text."""
    return lambda text: reader(path, text)


def several(paths: Iterable[str], reader: Callable[[str, str], object]) -> tuple[Read, ...]:
    return tuple(under(path, reader) for path in paths)


def by_name(paths: Iterable[str], choose: Callable[[str], Callable[[str, str], object] | None]) -> tuple[Read, ...]:
    """Return the reader that each path's name chooses."""
    return tuple(under(path, reader) for path in paths if (reader := choose(path)) is not None)


READERS = {
    reader.name: reader
    for reader in (
        Reader("yaml", (yaml,), r"\.ya?ml$"),
        Reader("compose", (compose,), r"compose[^/]*\.ya?ml$"),
        Reader("stacks", (stacks,), r"compose[^/]*\.ya?ml$"),
        Reader(
            "env",
            (
                under(".env", parse_env),
                under(".env.example", env_files.read_env_file),
                lambda text: parse_env(".env", text, raw=True),
            ),
            r"\.env[^/]*$",
        ),
        Reader("interpolation", (interpolation,), r"compose[^/]*\.ya?ml$|\.env[^/]*$"),
        Reader("short-forms", (short_forms,), r"compose[^/]*\.ya?ml$|\.env[^/]*$"),
        Reader("dockerfile", (under("Dockerfile", read_dockerfile), read_dockerignore), r"Dockerfile[^/]*$|\.dockerignore$"),
        Reader("workflow", (workflow,), r"\.github/.*\.ya?ml$"),
        Reader("python", (under("app/settings.py", read_python), python_reach), r"\.py$"),
        Reader("javascript", several(("src/config.ts", "src/config.js"), read_javascript), r"\.[jt]sx?$"),
        Reader(
            "other-code",
            several(("a.go", "a.java", "a.rb", "a.php", "a.rs", "a.ex", "a.cs", "a.kt", "a.sh"), read_other_code),
            r"\.(?:go|java|rb|php|rs|exs?|cs|kt|sh)$",
        ),
        Reader("beside", (beside,), r"(?:prometheus|alert|grafana|loki|promtail|traefik|k8s|helm|deploy|kustom)[^.]*\.ya?ml$"),
        Reader(
            "monitoring",
            (
                *several(("config.alloy", "fluent/fluent.conf", "vector/vector.toml"), observability.read_shipper),
                under("dashboard.json", observability.read_dashboard),
            ),
            r"\.(?:alloy|toml|json)$|fluent[^/]*\.conf$",
        ),
        Reader(
            "proxies",
            several(("nginx/nginx.conf", "Caddyfile", "haproxy.cfg"), proxies.read_proxy),
            r"nginx[^.]*\.conf|Caddyfile|haproxy|conf\.d/",
        ),
        Reader(
            "infrastructure",
            (
                *several(("infra/main.tf", "infra/main.tf.json", "main.bicep", "Procfile"), infrastructure.read_infrastructure),
                under("chart/templates/web.yaml", infrastructure.read_chart_template),
            ),
            r"\.(?:tf|bicep)$|Procfile|templates/.*\.ya?ml$",
        ),
        Reader(
            "commands",
            (
                *by_name(
                    ("Makefile", "justfile", "tox.ini", "noxfile.py", "Makefile.toml", "cloudbuild.yaml", "a.sh"),
                    commands.command_reader,
                ),
                lambda text: commands.run_lines(text.split("\n"), "job", "run", Location("a.yml", 1)) or None,
            ),
            r"Makefile|justfile|tox\.ini|\.sh$",
        ),
        Reader(
            "manifests",
            (
                package_scripts,
                *by_name(
                    (
                        *("requirements.txt", "pyproject.toml", "Pipfile", "composer.json", "Cargo.toml", "Gemfile"),
                        *("go.mod", "pom.xml", "build.gradle", "mix.exs", "app.csproj"),
                    ),
                    manifests.manifest_reader,
                ),
            ),
            r"requirements[^/]*\.txt|pyproject\.toml|package\.json|composer\.json|Cargo\.toml|Gemfile|go\.mod|pom\.xml|gradle|mix\.exs",
        ),
        Reader("docs", (under("README.md", docs.read_doc),), r"\.(?:md|rst)$"),
        Reader("sightings", (under("notes.txt", read_sightings),), r"\.(?:md|env[^/]*|py|sh|ya?ml)$"),
        Reader("written-env", (under("a.sh", read_written),), r"\.sh$"),
        Reader("settings", (settings,), r"scaffold\.yaml$"),
        Reader(
            "settings-files",
            several(
                (
                    *("src/main/resources/application.properties", "src/main/resources/application-prod.yml"),
                    "src/Shop/appsettings.Production.json",
                ),
                read_settings_file,
            ),
            r"application[^/]*\.(?:properties|ya?ml)$|appsettings[^/]*\.json$",
        ),
        Reader("lock", (lock,), r"scaffold\.lock$"),
    )
}
