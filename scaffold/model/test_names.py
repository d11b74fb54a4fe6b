"""How languages name what belongs to tests: the suffixes of files and the folders that their tools look for."""

from __future__ import annotations

from scaffold.model.regex import regex

_NAMED = regex(
    r"(?:^|/)__(?:mocks|fixtures|tests|snapshots)__/"
    # Projects of .NET and targets of Swift, source sets of Gradle.
    r"|(?:^|/)(?:[\w-]{1,80}\.){0,8}(?:\w{0,80}[a-z])?Tests?/|(?:^|/)src/(?:[a-z]\w{0,40}Test|testFixtures)/"
    r"|[a-z0-9](?:Tests?|TestCase)\.(?:java|kt|scala|groovy|cs|fs|vb|php|swift)$|[a-z0-9]IT\.(?:java|kt)$"
    r"|[a-z0-9]Spec\.(?:scala|kt|groovy)$"
    r"|(?:^|[/_])tests?\.(?:rs|py|exs|go|c|cc|cpp)$|_spec\.rb$|\.(?:test|spec)\.[cm]?[jt]sx?$|\.cy\.[cm]?[jt]sx?$",
    words=("est", "pec", "IT.", "__", ".cy."),
)


def is_named_for_tests(path: str) -> bool:
    """Whether a file is one of tests by what its language calls them; what Java packs for production never is."""
    return _NAMED.search(path) is not None and "/src/main/" not in f"/{path}"
