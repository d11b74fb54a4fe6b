"""K8S007: a credential stands in a manifest or in the values of a chart."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import field

from scaffold.gaps.facts import holds_a_secret, is_test_path, path_environment
from scaffold.gaps.kubernetes.objects import KubernetesObject, objects
from scaffold.gaps.signals import foreign_infrastructure, without_repeats
from scaffold.model.document import Entry, Location, Mapping, Node, Scalar, Sequence, find, is_null, text_of
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.own_machine import LOOPBACK
from scaffold.model.project import Project
from scaffold.model.regex import regex
from scaffold.model.secrets import SecretClass, classify, counts, is_private_key, is_provider_key, url_host, url_password

_REFERENCE = regex(r"\$[({]|\{\{|^ref\+|^<path:|^vault:|^ENC\[|^AgB|^sm://|^op://|^arn:")
_NAME_OF_A_SECRET = regex(
    r"(?i)(?:existing|pull|tls|ref|from|name)[-_.]?secrets?$|^secrets?$|secret[-_.]?(?:name|ref|key|store)$|^(?:imagepullsecrets?|tokens?)$"
)
_SIGNS = regex(r"(?i)secret[_-]?key(?:[_-]?base)?|client[_-]?secret|jwt|signing|session|cookie|token|api[_-]?key")
_SIGNING_KEY = regex(r"(?i)(?:^|[_.-])jwt[_.-]?key$", words=("jwt",))
_TRUSTED = regex(r"(?i)trust", words=("trust",))
"""Stores of the certificates that a program believes hold nothing secret."""
_HEAD_OF_A_KEY = regex(r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?:\s|\\[rn])*", words=("PRIVATE KEY-----",))
_BODY_OF_A_KEY = regex(r"(?:[A-Za-z0-9-]+: [^\n]*\n\s*)*[A-Za-z0-9+/=]{40}")
"""What stands behind the head (RFC 7468; RFC 1421 with fields before it); a template has words there."""
_NUMBER = regex(r"\d*\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+")


@frozen
class _Found:
    """One credential: the key, its place and class."""

    key: str
    location: Location
    value_class: SecretClass
    value: str = field(default="", repr=False)


def _detect(project: Project) -> Iterator[Gap]:
    for item in objects(project):
        what, found = _in_object(item)
        if found:
            yield _gap(f"{item.location.path}/{item.kind}/{item.name}", "data", what, found)
    charts = {
        item.path.rpartition("/")[0]
        for item in foreign_infrastructure(project)
        if item.path.endswith(("Chart.yaml", "Chart.yml"))
    }
    for path in project.files if charts else ():
        folder, _, name = path.rpartition("/")
        document = project.document(path) if folder in charts and name.startswith("values") and not is_test_path(path) else None
        if document is not None and path not in project.owned and not _is_encrypted(document.root):
            found = list(_in_values(document.root, ""))
            if found:
                yield _gap(path, "values", f"The values in {name}", found)


def _gap(resource: str, subject: str, what: str, found: list[_Found]) -> Gap:
    keys = ", ".join(dict.fromkeys(item.key for item in found))
    real = [item for item in found if item.value_class is not SecretClass.PLACEHOLDER]
    place = found[0].location.path
    return RULE.gap(
        resource=resource,
        subject=subject,
        message=f"{what} hold{'' if what.startswith('The values') else 's'} {keys} as text that everybody can read"
        f"{'; base64 hides nothing.' if '/Secret/' in resource else '.'}",
        expected="a reference to a Secret that External Secrets or Sealed Secrets make",
        actual=", ".join(dict.fromkeys(item.value_class.value for item in found)),
        locations=without_repeats(item.location for item in (*real, *(item for item in found if item not in real))),
        severity=Severity.HIGH if any(_opens_from_outside(item) for item in real) else Severity.MEDIUM,
        environment=path_environment(place),
    )


def _opens_from_outside(item: _Found) -> bool:
    """Whether who has read it needs no way into the cluster: a token, a key that signs logins, the login of a host outside, in
    a form that shows a real one. Words may be a stand-in that somebody replaces before anything runs with it.
    """
    is_key = item.value_class is SecretClass.PROVIDER_KEY or is_private_key(item.value)
    if item.value_class is not SecretClass.RANDOM and not is_key:
        return False
    host = url_host(item.value) or ""
    outside = "." in host and ".svc" not in host
    return is_key or outside or bool(_SIGNS.search(item.key))


# --- manifests --------------------------------------------------------------------------------------------------------


def _in_object(item: KubernetesObject) -> tuple[str, list[_Found]]:
    if _is_encrypted(item.node):
        return "", []
    if item.kind == "Secret":
        found = [*_pairs(find(item.node, "stringData")), *_pairs(find(item.node, "data"), encoded=True)]
        # Stand-ins in a Secret are a template that people fill in.
        return f"The Secret {item.name}", [one for one in found if one.value_class is not SecretClass.PLACEHOLDER]
    if item.kind == "ConfigMap":
        return f"The ConfigMap {item.name}", list(_pairs(find(item.node, "data")))
    containers = [*item.containers, *_items(find(item.pod, "initContainers"))]
    return f"The {item.kind} {item.name}", [one for node in containers for one in _listed(find(node, "env"))]


def _pairs(node: Node | None, *, encoded: bool = False) -> Iterator[_Found]:
    for entry in node.entries if isinstance(node, Mapping) else ():
        if isinstance(entry.value, Scalar):
            text = _decoded(entry.value.value) if encoded else entry.value.value
            yield from _credential(entry.key.value, text, entry.key.location)


def _decoded(text: str) -> str:
    """Return what base64 hides, the text itself where it is none."""
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode("utf-8").strip()
    except (binascii.Error, ValueError):
        return text


def _listed(node: Node | None) -> Iterator[_Found]:
    """Yield the credentials of a list of `name` and `value`."""
    for item in _items(node):
        value = find(item, "value")
        if isinstance(value, Scalar):
            yield from _credential(text_of(find(item, "name")), value.value, value.location)


def _credential(key: str, text: str, place: Location) -> Iterator[_Found]:
    """Yield a value that opens something: under a secret's name, or the password of a URL."""
    head = _HEAD_OF_A_KEY.search(text)
    if head and not _BODY_OF_A_KEY.match(text, head.end()):
        return
    if "\n" in text.strip() and not is_provider_key(text):
        return  # A file or a script: what it holds is not read.
    password = url_password(text)
    if password is not None and url_host(text) not in LOOPBACK:
        text = password
    elif not holds_a_secret(key) and not _SIGNING_KEY.search(key) and not is_provider_key(text) and not _is_key(key, text):
        return
    if not _REFERENCE.search(text) and counts(text) and not _NUMBER.fullmatch(text.strip()):
        yield _Found(key, place, classify(text), text)


def _is_key(name: str, text: str) -> bool:
    return is_private_key(text) and not _TRUSTED.search(name)


# --- values of charts -------------------------------------------------------------------------------------------------


def _in_values(node: Node | None, route: str) -> Iterator[_Found]:
    if isinstance(node, Sequence):
        yield from _listed(node)
        for item in node.items:
            if not (isinstance(item, Mapping) and item.get("name") and item.get("value")):
                yield from _in_values(item, route)
    for entry in node.entries if isinstance(node, Mapping) else ():
        yield from _of_entry(entry, route)


def _of_entry(entry: Entry, route: str) -> Iterator[_Found]:
    key = entry.key.value
    if is_null(entry.value):
        return
    if isinstance(entry.value, Scalar):
        if not _NAME_OF_A_SECRET.search(key) and not _names_a_key(key, entry.value.value):
            yield from _credential(key, entry.value.value, entry.key.location)
    else:
        yield from _in_values(entry.value, f"{route}.{key}")


def _names_a_key(key: str, value: str) -> bool:
    """Whether `passwordKey: db-password` and the like say where in a Secret something is."""
    return key.lower().endswith("key") and not key.isupper() and value.replace("-", "").replace("_", "").isalpha()


def _is_encrypted(node: Node | None) -> bool:
    return find(node, "sops") is not None


def _items(node: Node | None) -> tuple[Node, ...]:
    return node.items if isinstance(node, Sequence) else ()


RULE = Rule(
    code="K8S007",
    name="secret-in-manifest",
    layer=Layer.KUBERNETES,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Keep it in Secrets Manager, let External Secrets make the Secret, name it by secretKeyRef, and change the value.",
        ),
    ),
    maps_to=("CKV_K8S_35", "polaris:sensitiveConfigmapContent"),
)
