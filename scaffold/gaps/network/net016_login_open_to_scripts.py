"""NET016: pages keep a login where every script of theirs reads it, and no header says which scripts may run."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from scaffold.gaps.config.code_switches import is_run
from scaffold.gaps.facts import is_test_path, listed, may_run_in_production, path_environment
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.image_code import is_copied
from scaffold.model.names import TRIED, Layer, Severity
from scaffold.model.project import Project

_MOST = 5
"""Places that are shown."""


def _detect(project: Project) -> Iterator[Gap]:
    facts = [fact for fact in project.code_facts if fact.kind == "page-login" and may_run_in_production(fact)]
    facts = [fact for fact in facts if is_run(project, fact.location.path) or _is_made(project, fact.location.path)]
    if not facts:
        return
    places = tuple(fact.location for fact in facts)
    kept = listed(dict.fromkeys(fact.detail for fact in facts))
    yield RULE.gap(
        resource="pages",
        subject="login/scripts",
        message=f"The pages keep the token of a visitor's login in {kept}, where every script reads it ({places[0].path}:"
        f"{places[0].line}), and nothing of this repository sends a Content-Security-Policy: one script that gets into a page "
        "takes the login along.",
        expected="the token in a cookie with HttpOnly, Secure and SameSite, and a Content-Security-Policy",
        actual="a token that scripts read, and no policy on scripts",
        locations=places[:_MOST],
    )


def _is_made(project: Project, path: str) -> bool:
    """Whether a Dockerfile that serves more than development takes a file: from its own folder, else, where that holds no
    program, from the root.
    """
    programs = {manifest.folder for manifest in project.manifests}
    for item in project.dockerfiles:
        folder = posixpath.dirname(item.path)
        context = folder if folder in programs else ""
        if path_environment(item.path) not in TRIED and not is_test_path(item.path) and is_copied(item, "", context, path):
            return True
    return False


RULE = Rule(
    code="NET016",
    name="login-open-to-scripts",
    layer=Layer.NETWORK,
    severity=Severity.LOW,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Have the server set the token in a cookie with HttpOnly, and send a Content-Security-Policy (`default-src 'self'`)"
            " with the pages, in report-only mode first.",
        ),
    ),
    maps_to=("CWE-922",),
)
