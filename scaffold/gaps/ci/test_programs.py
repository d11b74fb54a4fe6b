"""What runs the tests of each language, and what looks alike and runs none, or such as go through a browser."""

from __future__ import annotations

from scaffold.model.regex import regex

RUNS_THOSE_OF = {
    "python": regex(
        r"\b(?:pytest|py\.test|tox|nox|unittest|behave|trial|ward|nose2?)\b|\bmanage\.py\s+test|\bcoverage\s+run"
        r"|\b(?:hatch|poe|pdm|rye|uv|poetry|pipenv|invoke|inv)\b[^\n]{0,300}(?:test|check|\bci\b|cov)"
    ),
    "go": regex(r"\bgo\s+test\b|\bgotestsum\b|\bginkgo\b|\bmage\b"),
    "ruby": regex(r"\b(?:rspec|minitest|cucumber)\b|\b(?:rails|rake)\b[^\n]{0,300}(?:test|spec|\bci\b)|\bbin/(?:ci|test)"),
    "java": regex(r"\b(?:mvnw?|gradlew?|ant|sbt)\b"),
    "php": regex(
        r"\b(?:phpunit|pest|codecept|behat|paratest)\b|\bartisan\s+test|\bcomposer\b[^\n]{0,300}(?:test|check|\bci\b|\bqa\b)"
    ),
    "elixir": regex(r"\bmix\b[^\n]{0,300}(?:test|coveralls|check|\bci\b)"),
    "rust": regex(r"\bcargo\b[^\n]{0,300}\b(?:test|nextest|tarpaulin|llvm-cov|xtask|make)\b"),
    "dotnet": regex(r"\bdotnet\s+(?:test|cake|run)\b|\bvstest\b|\bnuke\b"),
    "node": regex(
        r"\b(?:vitest|jest|mocha|ava|karma|jasmine|turbo|nx|lerna|moon|lage|ng|react-scripts|vue-cli-service|gulp|grunt)\b"
        r"|\bnode\b[^\n]{0,300}\s--test\b|\bdeno\b[^\n]{0,300}\btest|\b(?:npm|pnpm|yarn|bun)\b[^\n;&|]{0,300}\s(?:t|it|cit|run\s+ci|ci:\S+|verify|check|validate|qa)\b"
        r"|\b(?:npm|pnpm|yarn|bun)\b[^\n;&|]{0,300}(?:test|spec|cov)"
    ),
}
"""What runs the tests of one language, and what may do so under a name of the project's own."""
PASSES_OVER = regex(
    r"-DskipTests\b|-Dmaven\.test\.skip|\s-x\s+test\b|\s-x=?test\b|\bassemble\b|\bspotless\w*\b|\bcheckstyle\w*\b"
)
END_TO_END = regex(r"\b(?:playwright|cypress|wdio|nightwatch|testcafe|detox|cucumber)\b")
