"""DOC004: a Compose profile that no page, makefile, script or workflow mentions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.docs.pages import current_pages, guide_closers
from scaffold.gaps.facts import commented_commands
from scaffold.gaps.signals import main_services
from scaffold.model.compose import Service, Stack
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.known import known
from scaffold.model.names import Layer, Room, Severity
from scaffold.model.project import Project

_LONGEST_LINE = 4000
_ADVICE = "Say in the README which profile starts what, and put COMPOSE_PROFILES into the env template."


def _detect(project: Project) -> Iterator[Gap]:
    profiles: dict[str, list[tuple[Stack, Service]]] = {}
    for stack, service in main_services(project):
        if service.location.path in project.owned:
            continue  # the page beside what we wrote says how its services are started
        for profile in service.profiles:
            profiles.setdefault(profile, []).append((stack, service))
    texts = [page.text for page in current_pages(project)]
    texts += [command.text for command in project.commands if command.location.path not in project.owned]
    texts += commented_commands(project)
    chosen = [entry.value for file in project.env_files for entry in file.entries if entry.name == "COMPOSE_PROFILES"]
    if any("$" in text for text in chosen):
        return
    named = {name.strip() for text in chosen for name in text.split(",")}
    for profile, members in sorted(profiles.items()):
        if profile not in named and not any(_mentions(text, profile) for text in texts):
            yield _gap(project, profile, members)


def _mentions(text: str, profile: str) -> bool:
    """Whether a text names the profile as one: in a flag, in a variable, or in a line with the word profile."""
    name = re.escape(profile)
    flag = re.compile(rf"--profile[= ]+[\"']?(?:{name}\b|\*)|COMPOSE_PROFILES\S*\b{name}\b", re.IGNORECASE)
    word = re.compile(rf"\b{name}\b", re.IGNORECASE)
    # Each way to name one has the word: of long pages few lines are left to look at.
    return any(flag.search(line) or word.search(line) for line in known(_about_profiles, text))


def _about_profiles(text: str) -> tuple[str, ...]:
    """Return the lines that speak of profiles."""
    lines = (line[:_LONGEST_LINE] for line in text.splitlines())
    return tuple(line for line in lines if "profile" in line.lower())


def _gap(project: Project, profile: str, members: list[tuple[Stack, Service]]) -> Gap:
    names = ", ".join(service.name for _, service in members)
    stack = members[0][0]
    return RULE.gap(
        closers=guide_closers(project, _ADVICE),
        resource=stack.extends_stack or stack.id,
        subject=f"profile/{profile}",
        message=f"No page, makefile or workflow mentions the profile {profile}, so nobody learns how {names} is started.",
        expected=f"a sentence with --profile {profile}",
        actual="not mentioned",
        locations=tuple(service.profiles_location or service.location for _, service in members),
        environment=stack.environment,
    )


RULE = Rule(
    code="DOC004",
    name="profile-undocumented",
    layer=Layer.DOCS,
    severity=Severity.LOW,
    detect=_detect,
    closers=(Closer(Room.GUIDES, "files"),),
)
