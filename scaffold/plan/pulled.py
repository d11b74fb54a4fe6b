"""Which services of a stack run images that were built elsewhere, and what says which release of them runs."""

from __future__ import annotations

from scaffold.model.compose import Service, Stack
from scaffold.model.guides import PulledImages
from scaffold.model.regex import regex

_TAG = regex(r"(?:^|_)(?:TAG|VERSION|RELEASE|SHA|COMMIT|DIGEST|IMAGE)(?:_|$)|(?:TAG|VERSION|IMAGE)$")


def pulled_images(stack: Stack) -> PulledImages:
    """Return the application's services that a release pulls, by what their tags come from; those of others keep theirs."""
    found = [(service, tuple(name for name in _names(service) if _TAG.search(name))) for service in stack.services]
    own = [
        (service, tags)
        for service, tags in found
        if service.image and not service.build and not service.is_datastore and (service.is_application or tags)
    ]
    brought = {str(item.image): item.pulled.location for item, _ in own if item.is_brought_by_hand and item.pulled}
    return PulledImages(
        services=tuple(sorted(service.name for service, _ in own if not service.is_brought_by_hand)),
        brought=tuple(sorted(brought.items())),
        tags=tuple(sorted({name for _, tags in own for name in tags})),
        moving=tuple(
            sorted(
                (service.name, str(service.image))
                for service, tags in own
                if service.image and not tags and service.image.is_mutable
            )
        ),
        builds=any(service.build for service in stack.services),
    )


def _names(service: Service) -> tuple[str, ...]:
    return tuple(reference.name for reference in service.image_references)
