"""What shows that a stack runs for others than its developers: how strong that is decides how bad a gap of it can be."""

from __future__ import annotations

import posixpath
from collections.abc import Callable

from scaffold.gaps.developers_use import is_not_kept_up, signs_of_developers
from scaffold.gaps.facts import active_profiles, commented_profiles, path_environment
from scaffold.gaps.other_ways import brought_to_hosts, deployed_by_jobs, deployed_to_a_cluster, other_way, platform_of
from scaffold.gaps.own_images import is_own_image
from scaffold.gaps.remembered import remembered
from scaffold.gaps.shown_to_run import not_shown, not_used
from scaffold.gaps.starts import Start, Strength, calls_of, has_visitors, is_about, strength_of
from scaffold.model.compose import Stack
from scaffold.model.deployments import is_deployment
from scaffold.model.document import Location, Mapping, Scalar, find
from scaffold.model.gap import Gap
from scaffold.model.known import folders_above, known
from scaffold.model.names import EnvironmentClass, Layer, Severity
from scaffold.model.project import Project
from scaffold.model.published_images import BUILD_ACTIONS

MAIL_CATCHERS = frozenset({"mailhog", "mailpit", "mailcatcher", "maildev", "smtp4dev", "inbucket", "fake-smtp-server"})
"""Images that take every mail and send none."""
_JUDGED = frozenset({Layer.IMAGE, Layer.COMPOSE, Layer.CONFIG, Layer.SECRETS, Layer.NETWORK, Layer.BACKUP})
"""Layers whose gaps are about what a stack runs."""
_KEEPS_ITS_OWN = "is what runs in production, and where that keeps its data is not told here"
_REFUSED = "is refused by Compose as it stands, so nothing runs from it yet"
_NOT_IN_USE = "is all that tells of its use, and does not say that others reach it today"
_FOR_A_TRY = "is all that starts it, and says neither for whom nor how it comes up again after a reboot"
FAILS_FOR_EVERYBODY = frozenset(
    {
        *("IMG001", "IMG009", "IMG013", "CMP003", "CMP005", "CMP006", "CMP008", "CMP013", "CMP016", "CMP018", "CMP019"),
        *("CMP020", "CFG008", "NET004"),
    }
)
"""Rules about what ends the build or the first start, or has no effect in it, whoever tries it: a missing file, a name that
nothing answers to, a port that two want, a line that runs nothing. It is as bad for the readers of an example.
"""
_ABOUT_LOADING = frozenset({"CMP005", "CMP018"})
_UNUSED = "starts a store that nothing here was found to use: no other service's settings, no code and no dependency name it"


def most_severe(project: Project, gap: Gap) -> tuple[Severity, str, Location] | None:
    """Return the highest severity that the evidence for a stack allows a gap of it, why, and the place that shows it; None
    where the gap may stay what it is.
    """
    if gap.severity <= Severity.MEDIUM or gap.layer not in _JUDGED:
        return None
    refused = _refused(project, gap)
    if refused is not None:
        return Severity.MEDIUM, _REFUSED, refused
    if gap.resource in project.unused_stores:
        return Severity.MEDIUM, _UNUSED, _place_of_store(project, gap)
    judged = (check(project, gap) for check in _CHECKS.get(gap.environment, ()))
    return next(filter(None, judged), None)


def _beside_the_deployed(project: Project, gap: Gap) -> tuple[Severity, str, Location] | None:
    """Return what counts of a gap of a service where a job deploys a stack that has one of this name too, or two others of its
    stack, and no job this one: people may start it by a page, and what the job deploys is what production runs.
    """
    deployed = deployed_by_jobs(project)
    named = _named(project, gap) if deployed else None
    stacks = _stacks_of(project, gap) or ([named] if named else []) if deployed else []
    files = {path for stack, _ in deployed for path in stack.files}
    if not stacks or gap.primary.path in files or any(not files.isdisjoint(stack.files) for stack in stacks):
        return None
    name = gap.resource.rpartition("/")[2]
    twin = next(((stack, place, name) for stack, place in deployed if stack.service(name)), None)
    twin = twin or known(_deployed_alike, project, *stacks)
    if twin is None:
        return None
    stack, place, shared = twin
    return Severity.MEDIUM, f"deploys {stack.files[-1]}, which has a {shared} too, and no job deploys this one", place


def _deployed_alike(project: Project, *stacks: Stack) -> tuple[Stack, Location, str] | None:
    """Return a stack that a job deploys and that has two services of the same names as these, the place, and one name."""
    names = {service.name for stack in stacks for service in stack.services}
    for other, place in deployed_by_jobs(project):
        shared = sorted(names.intersection(service.name for service in other.services))
        if len(shared) > 1:
            return other, place, shared[0]
    return None


def _left_at_home(project: Project, gap: Gap) -> tuple[Severity, str, Location] | None:
    """Return what counts of a gap of a set that is called production where a job that deploys brings other files alone to the
    host, and no page on deployment has people start this set.
    """
    stacks = _stacks_of(project, gap)
    brought = brought_to_hosts(project)
    if not stacks or not brought or any(not brought.keys().isdisjoint(stack.files) for stack in stacks):
        return None
    if any(strength_of(project, stack).strength is Strength.OTHERS for stack in stacks):
        return None
    path, place = next(iter(brought.items()))
    return Severity.MEDIUM, f"brings {path} to the host, and nothing here brings {stacks[0].files[-1]}", place


def _beside_a_cluster(project: Project, gap: Gap) -> tuple[Severity, str, Location] | None:
    """Return what counts of a gap of a set that is called production where jobs deploy to a cluster, and no page on deployment,
    job or script starts this set.
    """
    stacks = _stacks_of(project, gap)
    place = deployed_to_a_cluster(project) if stacks else None
    if place is None or any(strength_of(project, stack).strength is Strength.OTHERS for stack in stacks):
        return None
    return Severity.MEDIUM, f"deploys to a cluster, and nothing here deploys {stacks[0].files[-1]}", place


def _of_staging(project: Project, gap: Gap) -> tuple[Severity, str, Location] | None:
    """Return what counts of a gap of a set for staging that nothing starts, beside one for production that something does."""
    stacks = _stacks_of(project, gap)
    starts = [strength_of(project, stack) for stack in stacks]
    main = project.main_stack
    if not starts or any(start.strength is not Strength.NOTHING for start in starts) or main is None or main in stacks:
        return None
    return _capped(starts[0], stacks[0]) if strength_of(project, main).strength is Strength.OTHERS else None


def _refused(project: Project, gap: Gap) -> Location | None:
    """Return where a stack begins that Compose does not load, for a gap of what that stack would run."""
    stacks = _stacks_of(project, gap) if gap.code not in _ABOUT_LOADING else []
    return Location(stacks[0].files[0], 1) if stacks and not any(stack.complete for stack in stacks) else None


def _asleep(project: Project, gap: Gap) -> tuple[Severity, str, Location] | None:
    """Return what counts of a gap of a service in a stack for production whose profile no env file and no command turns on."""
    stack = _named(project, gap)
    service = stack.service(gap.resource.rpartition("/")[2]) if stack else None
    if service is None or not service.profiles:
        return None
    asked = {"*", *service.profiles}
    if asked & set(active_profiles(project)) or any(
        asked & call.profiles and call.start.strength > Strength.DEVELOPERS for call in calls_of(project)
    ):
        return None
    return Severity.MEDIUM, "is behind a profile that nothing in this repository turns on", service.location


def _by_start(project: Project, gap: Gap) -> tuple[Severity, str, Location] | None:
    """Return what those who start the stacks of a gap allow, as `most_severe` does."""
    stacks = _stacks_of(project, gap)
    if not stacks:
        return _of_code(project, gap) or _of_what_runs_it(project, gap)
    catcher = _catcher(stacks)
    if catcher is not None:
        return Severity.MEDIUM, "catches every mail for developers to read, so no visitor of this stack gets one", catcher
    corrected = _corrected(project, gap)
    if corrected is not None:
        return corrected
    # What production runs instead of a stack lacks the copy of its data as well.
    counted = project.stacks if gap.layer is Layer.BACKUP else stacks
    start = max((strength_of(project, stack) for stack in counted), key=lambda item: item.strength)
    other = other_way(project, stacks)
    few = _of_few(project, stacks, start, gap) if start.strength in {Strength.NOTHING, Strength.ANYBODY} else None
    if few:
        return few
    if gap.layer is Layer.BACKUP and (start.strength >= Strength.ANYBODY or other):
        platform = platform_of(project) if start.strength <= Strength.NAMED else None
        return (Severity.MEDIUM, _KEEPS_ITS_OWN, platform) if platform else None
    behind = _behind_profiles(project, gap, stacks)
    if behind is not None:
        start = min(start, behind, key=lambda item: item.strength)
    capped = _by_strength(project, stacks, start, other)
    shown = not_shown(project, gap, stacks, start, fails_at_once=gap.code in FAILS_FOR_EVERYBODY)
    return capped or shown or _not_in_use(project, gap, stacks, start)


def _of_few(project: Project, stacks: list[Stack], start: Start, gap: Gap) -> tuple[Severity, str, Location] | None:
    """Return what counts of a gap of stacks which nothing shows to run for others: they show developers, or neither who starts
    them nor what keeps them up says more. What fails at once fails for those who try them as well.
    """
    bench = signs_of_developers(project, stacks)
    if bench:
        return Severity.MEDIUM, *bench
    if gap.code in FAILS_FOR_EVERYBODY or not is_not_kept_up(stacks) or any(has_visitors(stack) for stack in stacks):
        return None
    return _capped(start, stacks[0]) if start.strength is Strength.NOTHING else (Severity.MEDIUM, _FOR_A_TRY, start.location)


def _not_in_use(project: Project, gap: Gap, stacks: list[Stack], start: Start) -> tuple[Severity, str, Location] | None:
    """Return what counts of a critical gap where nothing says that others reach the stack today: it stays what has to be
    mended before they do.
    """
    if gap.severity is not Severity.CRITICAL or (start.strength is Strength.OTHERS and project.main_stack in stacks):
        return None
    return Severity.HIGH, _NOT_IN_USE, start.location


def _of_code(project: Project, gap: Gap) -> tuple[Severity, str, Location] | None:
    """Return what counts of a default in code whose only stack developers start, where no job brings it to others."""
    main = project.main_stack
    if gap.code != "SEC003" or main is None or main.environment is not EnvironmentClass.BASE:
        return None
    if path_environment(gap.primary.path) is EnvironmentClass.PRODUCTION:
        return None
    start = strength_of(project, main)
    jobs = ((workflow, job) for workflow in project.workflows for job in workflow.jobs)
    brought = any(
        is_deployment(workflow, job) or any(step.action in BUILD_ACTIONS for step in job.all_steps) for workflow, job in jobs
    )
    if start.strength is not Strength.DEVELOPERS or brought or other_way(project, [main]):
        return None
    return _capped(start, main)


def _of_what_runs_it(project: Project, gap: Gap) -> tuple[Severity, str, Location] | None:
    """Return what counts of a gap of a Dockerfile, or of code and settings, where neither the stacks that build the one nor the
    main stack, which runs the other, are shown to run for others.
    """
    path = gap.primary.path
    users = [stack for stack in project.stacks if any(item.build and item.build.dockerfile == path for item in stack.services)]
    main = project.main_stack
    of_code = not users and main is not None and gap.layer in {Layer.CONFIG, Layer.NETWORK}
    stacks = [stack for stack in ([main] if of_code and main else users) if not stack.is_of_developers]
    if not stacks or any(stack.environment is not EnvironmentClass.BASE for stack in stacks):
        return None
    start = max((strength_of(project, stack) for stack in stacks), key=lambda item: item.strength)
    at_once = gap.code in FAILS_FOR_EVERYBODY
    # Code is the same in every stack, whatever is mounted over it in this one.
    return (
        not_used(project, stacks, start, fails_at_once=at_once)
        if of_code
        else not_shown(project, gap, stacks, start, fails_at_once=at_once)
    )


def _catcher(stacks: list[Stack]) -> Location | None:
    """Return the service that takes the mails of all stacks and sends none, where it is started with the others."""
    found = [known(_catcher_of, stack) for stack in stacks]
    return found[0] if all(found) else None


def _catcher_of(stack: Stack) -> Location | None:
    services = (item for item in stack.services if item.image and item.image.name in MAIL_CATCHERS and not item.profiles)
    return next((service.location for service in services), None)


def _corrected(project: Project, gap: Gap) -> tuple[Severity, str, Location] | None:
    """Return what counts of a gap that a base has alone: the set for production lays a file over it with which the gap is gone,
    and nobody is told to deploy the base without that file.
    """
    main = project.main_stack
    base = _named(project, gap)
    if main is None or main.environment is not EnvironmentClass.PRODUCTION or base is None or not project.is_covered(base):
        return None
    overlay = next((path for path in main.files if path not in base.files and path not in project.owned), None)
    names = {posixpath.basename(path) for path in base.files}
    alone = (call.start for call in calls_of(project) if call.names <= names and is_about(project, call, base))
    if overlay is None or max((start.strength for start in alone), default=Strength.NOTHING) >= Strength.OTHERS:
        return None
    return (
        Severity.MEDIUM,
        f"corrects it for production, and nothing says that {base.files[0]} runs there alone",
        Location(overlay, 1),
    )


def _named(project: Project, gap: Gap) -> Stack | None:
    """Return the stack that a gap names as its resource."""
    return next(filter(None, map(project.stack, folders_above(gap.resource))), None)


def _by_strength(
    project: Project, stacks: list[Stack], start: Start, other: Location | None
) -> tuple[Severity, str, Location] | None:
    """Return what the strongest start of stacks allows beside another way to run, None where it allows everything."""
    if start.strength in {Strength.ANYBODY, Strength.NAMED} and other:
        return Severity.MEDIUM, f"is what runs in production, and nothing says that {stacks[0].files[0]} does", other
    if start.strength is Strength.NOTHING and project.main_stack in stacks and (not other or _runs_releases(project, stacks)):
        return None  # No page says how the application is run: then this is the only way, or one, that the files offer to all.
    return _capped(start, stacks[0]) if start.strength < Strength.ANYBODY else None


def _runs_releases(project: Project, stacks: list[Stack]) -> bool:
    """Whether stacks run nothing of the project but images that it has released: for people who have none of its sources."""
    own = [service for stack in stacks for service in stack.services if service.is_application]
    return bool(own) and all(service.build is None and is_own_image(project, service.image) for service in own)


def _place_of_store(project: Project, gap: Gap) -> Location:
    """Return where the service stands that a gap is about."""
    name = gap.resource.rpartition("/")[2]
    services = (stack.service(name) for stack in project.stacks if stack.resource(name) == gap.resource)
    return next((service.location for service in services if service), gap.primary)


def _capped(start: Start, stack: Stack) -> tuple[Severity, str, Location]:
    if start.strength is Strength.NOTHING:
        return Severity.MEDIUM, "is started by nothing in this repository", start.location
    return Severity.MEDIUM, f"starts {stack.files[0]} for development, and nothing here for anybody else", start.location


def _behind_profiles(project: Project, gap: Gap, stacks: list[Stack]) -> Start | None:
    """Return the strongest evidence for a service that no env file turns on, by the calls that name its profile; None for a
    service without a profile, and where no call names it.
    """
    name = gap.resource.rpartition("/")[2]
    services = [service for stack in stacks if gap.resource == stack.resource(name) for service in stack.services]
    service = next((item for item in services if item.name == name and item.profiles), None)
    if service is None or {"*", *service.profiles} & {*active_profiles(project), *commented_profiles(project)}:
        return None
    starts = [call.start for call in calls_of(project) if call.profiles & {"*", *service.profiles}]
    return max(starts, key=lambda start: start.strength, default=None)


def _stacks_of(project: Project, gap: Gap) -> list[Stack]:
    """Return the stacks whose lines a gap is about, those included that take the lines in from another file; what the same
    files start for developers only where the gap names it.
    """
    path = gap.primary.path
    if path not in _written_in(project):
        return []
    longest = _named(project, gap)
    holding = _holding(project).get(path, ())
    return [*([longest] if longest else ()), *(stack for stack in holding if stack is not longest)]


@remembered
def _holding(project: Project) -> dict[str, list[Stack]]:
    """Return the stacks that have lines of each file, without those of developers."""
    found: dict[str, list[Stack]] = {}
    for stack in (stack for stack in project.stacks if not stack.is_of_developers):
        for path in {*stack.files, *(service.location.path for service in stack.services)}:
            found.setdefault(path, []).append(stack)
    return found


@remembered
def _written_in(project: Project) -> frozenset[str]:
    """Return the compose files, and those that services extend under other names."""
    return frozenset(file.path for file in project.compose_files) | _extended(project)


def _extended(project: Project) -> frozenset[str]:
    """Return the files that services extend and that are no compose files by their name."""
    found = set()
    for file in project.compose_files:
        services = file.node.get("services")
        for entry in services.entries if isinstance(services, Mapping) else ():
            named = find(entry.value, "extends", "file")
            if isinstance(named, Scalar):
                found.add(posixpath.normpath(posixpath.join(posixpath.dirname(file.path), named.value)))
    return frozenset(found)


_CHECKS: dict[EnvironmentClass | None, tuple[Callable[[Project, Gap], tuple[Severity, str, Location] | None], ...]] = {
    EnvironmentClass.PRODUCTION: (_beside_the_deployed, _beside_a_cluster, _asleep, _left_at_home),
    EnvironmentClass.STAGING: (_of_staging,),
    EnvironmentClass.BASE: (_beside_the_deployed, _by_start),
}
"""What can lower a gap of a set of each class, the first that does."""
