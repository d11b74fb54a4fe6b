"""What a path alone says: excluded folders, and the kind of a file by its name."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable

from scaffold.model.java_packages import without_package
from scaffold.model.regex import regex
from scaffold.model.test_names import is_named_for_tests

_EXCLUDED = frozenset(
    {
        "node_modules",
        "vendor",
        "third_party",
        ".venv",
        "venv",
        "site-packages",
        "__pycache__",
        "dist",
        "build",
        "testdata",
        "fixtures",
        ".claude",
        "example",
        "examples",
        ".git",
        ".terraform",
        ".tox",
        ".nox",
        ".mypy_cache",
        ".next",
    }
)
_DOCS = frozenset({"docs", "doc", "documentation"})
_TEMPLATES = frozenset({"template", "templates"})
_CI_FOLDERS = (".circleci/config.yml", ".circleci/config.yaml", ".buildkite/pipeline.yml", ".buildkite/pipeline.yaml")
_CI_NAMES = frozenset(
    {
        ".gitlab-ci.yml",
        ".gitlab-ci.yaml",
        "Jenkinsfile",
        "azure-pipelines.yml",
        "azure-pipelines.yaml",
        "bitbucket-pipelines.yml",
        ".travis.yml",
        ".drone.yml",
        ".woodpecker.yml",
        ".cirrus.yml",
        "appveyor.yml",
        "buildspec.yml",
        "cloudbuild.yaml",
        "cloudbuild.yml",
    }
)
_RENOVATE = regex(r"(?:\.github/|\.gitlab/)?\.?renovate(?:rc)?(?:\.json5?)?", words=("renovate",))
_MAY_START = regex(
    r"\.(?:ps1|bat|cmd|groovy|csproj|dcproj|targets|gradle|kts|rb|code-workspace)$|(?:^|/)devcontainer\.json$",
    words=(
        "bat",
        "cmd",
        "code-workspace",
        "csproj",
        "dcproj",
        "devcontainer.json",
        "gradle",
        "groovy",
        "kts",
        "ps1",
        "rb",
        "targets",
    ),
)
_INSTALLER = regex(r"(?i)(?:^|[/_.-])(?:install\w*|setup|deploy\w*|bootstrap|quick-?start|get)\.(?:sh|bash)$")
_COMPOSE_NAME = regex(r"(?:^|[/.])(?:docker-)?compose[\w.-]*\.ya?ml$")
_NOT_DOCKERFILE = (
    ".j2",
    ".jinja",
    ".jinja2",
    ".tmpl",
    ".tpl",
    ".template",
    ".erb",
    ".dockerignore",
    ".md",
    ".py",
    ".sh",
    ".bak",
    ".js",
    ".ts",
)
OTHER_CODE = (".go", ".rb", ".php", ".java", ".kt", ".rs", ".ex", ".exs", ".cs", ".sh", ".bash")
"""Endings of the languages, other than Python and JavaScript, whose plain forms are read."""
_RAILS_FILE = regex(
    r"(?:^|/)config/(?:cable|cache|database|elasticsearch|mongoid|queue|redis|secrets|shards|sidekiq|storage)\.ya?ml$",
    words=("config/",),
)
_SPRING_FILE = regex(r"(?:^|/)(?:resources|config)/application(?:-[\w-]+)?\.(?:properties|ya?ml)$", words=("/application",))
_ENV_NAME = regex(
    r"\.env(?:[._-][\w.-]+)?|[\w.-]+\.env(?:[._-][\w.-]+)?|env[._-](?:example|sample|template|dist|defaults?)(?:[._-][\w.-]+)?"
    r"|env-(?:example|sample|template)[\w.-]*|(?:example|sample|template)[._-]env|dotenv(?:[._-][\w.-]+)?",
    re.IGNORECASE,
    words=(".env", "default", "dist", "dotenv", "env-", "example", "sample", "template"),
)
_TEMPLATE_WORDS = frozenset(
    {"example", "examples", "sample", "template", "tmpl", "tpl", "dist", "default", "defaults", "skeleton"}
)
_NOT_ENV = (
    ".py",
    ".js",
    ".ts",
    ".mjs",
    ".cjs",
    ".d.ts",
    ".sh",
    ".md",
    ".yml",
    ".yaml",
    ".json",
    ".toml",
    ".j2",
    ".tf",
    ".html",
    ".go",
    ".rb",
)


def is_excluded(path: str, charts: frozenset[str] = frozenset()) -> bool:
    """Whether a folder of the path holds other people's, built or sample files; templates below a chart count as ours."""
    folders = without_package(path).split("/")[:-1]
    for index, folder in enumerate(folders):
        if folder in _EXCLUDED:
            return True
        if folder in _TEMPLATES and "/".join(folders[:index]) not in charts:
            return True
    return False


def is_installer(path: str) -> bool:
    """Whether a file is a script by which operators set up a system, by its name."""
    return bool(_INSTALLER.search(path)) and not is_test_code(path)


def is_example_of_a_stack(path: str) -> bool:
    """Whether a file of a folder of examples is one from which a stack starts: a compose file, or a template of an env file."""
    in_examples = any(folder in {"example", "examples"} for folder in path.split("/")[:-1])
    return in_examples and (bool(_COMPOSE_NAME.search(path)) or (is_env_file(path) and is_env_template(path)))


def is_documentation(path: str) -> bool:
    """Whether the path lies below a folder of documentation."""
    return any(folder in _DOCS for folder in without_package(path).split("/")[:-1])


def is_dockerfile(path: str) -> bool:
    """Whether the name is one that Docker or Podman users give to a build file."""
    name = path.rpartition("/")[2]
    lower = name.lower()
    if lower.endswith(_NOT_DOCKERFILE):
        return False
    return (
        lower in {"dockerfile", "containerfile"}
        or lower.startswith(("dockerfile.", "containerfile."))
        or lower.endswith(".dockerfile")
    )


def is_dockerignore(path: str) -> bool:
    """Whether the file is a .dockerignore, of a context or of one Dockerfile."""
    return path.endswith(".dockerignore")


def is_workflow(path: str) -> bool:
    """Whether GitHub reads the file as a workflow."""
    folder, _, name = path.rpartition("/")
    return folder == ".github/workflows" and name.endswith((".yml", ".yaml"))


def is_other_ci(path: str) -> bool:
    """Whether the file configures a CI system other than GitHub Actions."""
    return path in _CI_FOLDERS or path in _CI_NAMES


def is_renovate(path: str) -> bool:
    """Whether the file tells Renovate what to do."""
    return bool(_RENOVATE.fullmatch(path))


def may_start_compose(path: str) -> bool:
    """Whether the file is a script or a setting of another system that may name compose files."""
    return is_other_ci(path) or bool(_MAY_START.search(path))


def is_env_file(path: str) -> bool:
    """Whether the name is a spelling of an env file or of its template."""
    name = path.rpartition("/")[2]
    return bool(_ENV_NAME.fullmatch(name)) and not name.lower().endswith(_NOT_ENV)


def name_words(path: str) -> list[str]:
    """Return the words of the name, then of the folder that holds it (`env/production.env`, `.envs/.production/.django`)."""
    folder, _, name = path.rpartition("/")
    return [word for part in (name, folder.rpartition("/")[2]) for word in re.split(r"[^a-z0-9]+", part.lower()) if word]


def is_env_template(path: str) -> bool:
    """Whether the name of an env file says that its values are stand-ins."""
    return not _TEMPLATE_WORDS.isdisjoint(name_words(path))


def is_yaml(path: str) -> bool:
    """Whether the name ends as YAML does."""
    return path.endswith((".yml", ".yaml"))


def is_other_code(path: str) -> bool:
    """Whether the file is code in one of these languages, or settings in their form."""
    return path.endswith(OTHER_CODE) or is_spring_file(path) or is_rails_file(path)


def is_rails_file(path: str) -> bool:
    """Whether the file is a template of Ruby first, and YAML afterwards."""
    return bool(_RAILS_FILE.search(path))


def is_spring_file(path: str) -> bool:
    """Whether the file may hold the settings of an application of Spring Boot, wherever its module stands."""
    return bool(_SPRING_FILE.search(path))


def is_test_code(path: str) -> bool:
    """Whether the file is test code by its folder or its name."""
    *folders, name = path.lower().split("/")
    if any(folder in {"test", "tests", "__tests__", "spec", "specs", "e2e", "testing"} for folder in folders):
        return True
    return name.startswith(("test_", "conftest.")) or is_named_for_tests(path)


_BESIDE_PROGRAMS = regex(
    r"(?:^|/)(?:tests?|__tests__|specs?|e2e|examples?|benchmarks?)/|(?:^|/)(?:test_|conftest|tests\.py$)|[._](?:test|spec)\."
)


def is_beside_programs(path: str) -> bool:
    """Whether a file tries, shows or measures a program in any language, by its folder or its name, and is no part of one."""
    return _BESIDE_PROGRAMS.search(without_package(path)) is not None or is_named_for_tests(path)


_OF_PROGRAMS = frozenset(
    {
        *("requirements.txt", "pyproject.toml", "Pipfile", "setup.py", "package.json", "go.mod", "composer.json"),
        *("Gemfile", "pom.xml", "build.gradle", "build.gradle.kts", "Cargo.toml", "Dockerfile"),
    }
)
"""Files that list the packages of one program, or build its image."""


def program_folders(files: Iterable[str]) -> frozenset[str]:
    """Return the folders of programs: those that hold a list of packages, or a Dockerfile."""
    return frozenset(posixpath.dirname(path) for path in files if posixpath.basename(path) in _OF_PROGRAMS)


def program_of(path: str, folders: frozenset[str]) -> str:
    """Return the nearest of the folders of programs above a file, "" for the root."""
    folder = posixpath.dirname(path)
    while folder and folder not in folders:
        folder = posixpath.dirname(folder)
    return folder
