"""CIQ028: a script or deployment asks for a service, a container, a port, a variable or a file that the repository has not."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.backup.bck012_copies_what_is_not_there import misled_backups
from scaffold.gaps.ci.asked_in_cluster import AbsentPart, absent_deployments, absent_values
from scaffold.gaps.ci.asked_names import AbsentContainer, AbsentService, absent_containers, absent_services
from scaffold.gaps.ci.asked_ports import UnpublishedPort, unpublished_ports
from scaffold.gaps.ci.asked_variables import UnreadVariable, unread_variables
from scaffold.gaps.ci.asking_places import AskingPlace, asking_places
from scaffold.gaps.facts import listed
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_OF_RELEASES = regex(r"(?i)deploy|roll-?_?back|release|update|upgrade|restore|back-?_?up")


@frozen
class _Asked:
    """What is asked for and not there: the key of the finding, what happens, what is right, and the command."""

    subject: str
    message: str
    expected: str
    actual: str
    place: Location


def _detect(project: Project) -> Iterator[Gap]:
    told = {(item.command.location.path, item.command.location.line) for item in misled_backups(project)}
    for asking in asking_places(project):
        found: dict[str, list[_Asked]] = {}
        for asked in _asked(project, asking):
            if (asked.place.path, asked.place.line) not in told:
                found.setdefault(asked.subject, []).append(asked)
        yield from (_gap(asking, items) for items in found.values())


def _gap(asking: AskingPlace, items: list[_Asked]) -> Gap:
    counts = asking.deploys or _OF_RELEASES.search(asking.path.rpartition("/")[2])
    return RULE.gap(
        resource=asking.resource,
        subject=items[0].subject,
        message=items[0].message,
        expected=items[0].expected,
        actual=items[0].actual,
        locations=tuple(dict.fromkeys(item.place for item in items)),
        severity=Severity.MEDIUM if counts else Severity.LOW,
    )


def _asked(project: Project, asking: AskingPlace) -> Iterator[_Asked]:
    who = asking.name
    yield from (_of_service(who, absent) for absent in absent_services(project, asking))
    yield from (_of_container(who, absent) for absent in absent_containers(project, asking))
    yield from (_of_variable(who, unread) for unread in unread_variables(project, asking))
    yield from (_of_port(who, port) for port in unpublished_ports(project, asking))
    yield from (_of_part(who, part) for part in absent_deployments(project, asking))
    yield from (_of_part(who, part) for part in absent_values(project, asking))


def _of_service(who: str, absent: AbsentService) -> _Asked:
    where = f"{listed(absent.files)} does not have" if absent.files else "no compose file of the repository has"
    return _Asked(
        f"service/{absent.name}",
        f"{who} asks Compose for the service {absent.name} (`{absent.verb}`), which {where}: Compose ends with `no such"
        " service` before it does anything for the others that the command names.",
        "services of the files that the command names",
        absent.name,
        absent.place,
    )


def _of_container(who: str, absent: AbsentContainer) -> _Asked:
    called = absent.called or "what Compose makes of project, service and number"
    return _Asked(
        f"container/{absent.name}",
        f"{who} works on the container {absent.name}, and no file starts one of that name: it is called {called}. The"
        " command fails each time.",
        absent.called or "`docker compose exec` with the name of the service",
        absent.name,
        absent.place,
    )


def _of_variable(who: str, unread: UnreadVariable) -> _Asked:
    return _Asked(
        f"variable/{unread.name}",
        f"{who} hands {unread.name} to Compose, and {listed(unread.files, 3)} reads no such variable: the command starts"
        " what it would start without it, and says nothing.",
        f"`${{{unread.name}}}` in the compose file, or the variable that it reads",
        f"{unread.name} read by nothing",
        unread.place,
    )


def _of_port(who: str, port: UnpublishedPort) -> _Asked:
    return _Asked(
        f"port/{port.port}",
        f"{who} starts {listed(port.files, 3)} and asks port {port.port} of the host, where that publishes"
        f" {listed(map(str, port.published), 4)}: the look at the new release fails although it runs.",
        "a port that the stack publishes, or a look from inside of it",
        f"port {port.port}",
        port.place,
    )


def _of_part(who: str, part: AbsentPart) -> _Asked:
    instead = f"; it has {listed(part.there, 4)}" if part.there else ""
    return _Asked(
        f"{part.kind.rpartition(' ')[2].lower()}/{part.name}",
        f"{who} asks for the {part.kind} {part.name}, which the repository does not have{instead}: the command fails, and"
        " with it the deployment.",
        listed(part.there, 4) or "a file that is there",
        part.name,
        part.place,
    )


RULE = Rule(
    code="CIQ028",
    name="asks-what-is-not-there",
    layer=Layer.CI,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(None, "advice", "Name what the files have, and run the script once before the day on which it is needed."),
    ),
)
