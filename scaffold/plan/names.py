"""The names that several outputs share: what a service is called in Kubernetes, in a registry, in Terraform."""

from __future__ import annotations

import hashlib
from collections import Counter

from scaffold.model.compose import Stack
from scaffold.model.values import dns_label


def workload_names(stack: Stack) -> dict[str, str]:
    """Return for each service the DNS label (RFC 1123) under which every output knows it.

    Two services whose labels collide (`a_b` and `a-b`) get a hash of their name each, so that neither moves when the
    other goes.
    """
    plain = {service.name: dns_label(service.name) for service in stack.services}
    taken = Counter(plain.values())
    return {name: label if taken[label] == 1 else f"{label[:57]}-{_digest(name)}" for name, label in plain.items()}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:5]
