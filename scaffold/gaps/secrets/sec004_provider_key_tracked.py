"""SEC004: a credential in the form that one provider issues is in tracked text."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from scaffold.gaps.facts import is_test_path
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.known import known
from scaffold.model.names import Cause, Confidence, EnvironmentClass, Layer, Severity
from scaffold.model.own_machine import LOCAL_DOMAIN
from scaffold.model.project import Project, SecretSighting
from scaffold.model.regex import regex

_RECORDS = regex(r"\.(?:jsonl?|ndjson|sarif|xml|html?|csv|tsv|txt|log|har|ya?ml|golden|out)$")
_RECORD_FOLDER = regex(
    r"(?:^|/)(?:scans?|scan_results|samples?|__snapshots__|snapshots|cassettes|recordings|testdata|fixtures?)/"
)
_FOR_DEVELOPMENT = regex(
    rf"(?:^|[/._-])(?:self[-_]?signed|localhost|snake-?oil|dev|development|local|seeds?|{LOCAL_DOMAIN})(?=[/._+-])",
    re.IGNORECASE,
)
"""Paths of keys that people make for their own machine, or for a name that leads to it everywhere, such as shop.lvh.me; a key
that a provider issued has no such place.
"""
_RECIPES = regex(r"(?i)(?:^|/)(?:justfile|makefile|taskfile\.ya?ml)$|\.(?:sh|just|mk)$")
_AT_HOME = regex(r"\blocalhost\b|\b127\.0\.0\.1\b", words=("localhost", "127.0.0.1"))
_ELSEWHERE = regex(r"://(?![\w.-]*localhost\b|127\.|\{|\$)[\w-]+\.", words=("://",))
_NEAR = 24
"""Lines around a key in a recipe that belong to the same call."""
_FOR_BROWSERS = regex(r"maps?(?:_|$|[A-Z])|firebase|recaptcha|public|browser|^(?:vite|react_app|expo|gatsby)_", re.IGNORECASE)
_OF_APPS = regex(r"(?:.*/)?(?:GoogleService-Info[\w.-]*\.plist|google-services[\w.-]*\.json|AndroidManifest\.xml)")
"""Files that are packed into an app for phones: Firebase's documentation says of their keys that they are no secrets."""
_OF_CERTIFICATES = regex(
    r"(?i)(?:^|/)(?:ssl|tls|certs?|certificates?|pki)/|(?:^|[/._+-])(?:server|ssl|tls|cert|certificate|privkey|fullchain)(?=[._-])"
)
"""Paths of keys that belong to a certificate: most are made by hand for a try, and no client trusts the certificate."""
_CERTIFICATES = (".crt", ".cer", ".cert")
_OF_AN_AUTHORITY = regex(r"(?i)(?:letsencrypt|certbot|acme)(?:[./_-][^\n]{0,200})?/(?:live|archive|certs?)/|(?:^|/)acme\.json$")
"""Where Certbot and other clients of ACME keep what an authority issued (Certbot, Where are my certificates?)."""
_PAGES = (".md", ".mdx", ".rst", ".adoc", ".txt", ".ipynb")
_FOR_EXAMPLE = regex(r"(?i)\b(?:ex|e\.g|eg|example|sample|such as|like)\b[.:, ]")
_OF_CLIENTS = regex(
    r"(?i)(?:^|/)(?:android|ios|mobile(?:[_-]?app)?|flutter(?:[_-]?app)?|web(?:app|site)?|front(?:[_-]?end)?|client|browser|www|public|static)/"
    r"|\.(?:html?|jsx|tsx|vue|svelte|astro|swift|dart|plist|xcconfig|xml)$"
)
"""Paths of what goes to phones and browsers: a key of Google in it is known to everybody who has the app or opens the page."""
_OF_A_MAILBOX = "Google app password"
_OWN_KEYS = frozenset({"private key", "locked private key"})
_OF_A_HOOK = " webhook"
_SEVERITIES = {
    "private key": Severity.HIGH,
    "locked private key": Severity.MEDIUM,
    _OF_A_MAILBOX: Severity.HIGH,
    "SonarQube": Severity.MEDIUM,
    "Cloudinary": Severity.MEDIUM,
    **{f"{name}{_OF_A_HOOK}": Severity.MEDIUM for name in ("Slack", "Discord", "Render", "Portainer")},
}
"""What weighs less than a key whose form says which account it opens: that of a private key does not."""


def _detect(project: Project) -> Iterator[Gap]:
    found: dict[tuple[str, str], list[SecretSighting]] = {}
    recorded = [sighting for sighting in project.sightings if _is_record(sighting.location.path)]
    for sighting in project.sightings:
        if sighting not in recorded:
            found.setdefault((sighting.location.path, sighting.key or sighting.provider), []).append(sighting)
    for (path, key), sightings in sorted(found.items()):
        yield (
            _browser_gap(path, key, sightings)
            if _is_for_browsers(path, key, sightings)
            else _gap(project, path, key, sightings)
        )
    if recorded:
        yield _record_gap(recorded)


def _is_record(path: str) -> bool:
    """Whether the file is data that tests read, such as the report of a scanner or a recorded answer."""
    return bool(_RECORDS.search(path)) and (is_test_path(path) or bool(_RECORD_FOLDER.search(path)))


def _is_for_browsers(path: str, key: str, sightings: list[SecretSighting]) -> bool:
    """Whether the key is of the kind that pages and apps show to everybody: of Google's maps, or of Firebase."""
    is_google = all(sighting.provider == "google" for sighting in sightings)
    of_firebase = "firebase" in path.rpartition("/")[2].lower() or _OF_APPS.fullmatch(path)
    return is_google and bool(of_firebase or _FOR_BROWSERS.search(key))


def _record_gap(sightings: list[SecretSighting]) -> Gap:
    files = len({sighting.location.path for sighting in sightings})
    where = sightings[0].location.path if files == 1 else f"{files} files"
    return RULE.gap(
        resource="tests",
        subject="records",
        message=f"{where} of test data {'holds' if files == 1 else 'hold'} keys in the form that providers issue: most likely "
        "samples of other people's keys, and worth a look whether one is yours.",
        expected="keys that cannot be taken for real ones",
        actual="provider key in test data",
        locations=tuple(sighting.location for sighting in sightings),
        severity=Severity.INFO,
        confidence=Confidence.MEDIUM,
        environment=EnvironmentClass.TEST,
        closers=(Closer(None, "advice", "Replace a key of your own by one that the provider never issued, and revoke it."),),
    )


def _browser_gap(path: str, key: str, sightings: list[SecretSighting]) -> Gap:
    of_app = _OF_APPS.fullmatch(path) is not None
    shown = "that the app brings to everybody who installs it" if of_app else "that pages show to every visitor"
    callers = "app" if of_app else "domains"
    where = f" in {key}" if key != "google" else ""
    return RULE.gap(
        resource=path,
        subject=key,
        message=f"{path} holds a key of Google{where} {shown}: it is no secret, and without limits at "
        "Google anybody may use it at your cost.",
        expected=f"a key that Google accepts from your {callers} and for one API only",
        actual="provider key for browsers",
        locations=tuple(sighting.location for sighting in sightings),
        severity=Severity.LOW,
        closers=(Closer(None, "advice", f"Limit the key to your {callers} and to one API in the console of Google."),),
    )


_OF_HOOKS = {"Slack webhook": "write to the channel", "Discord webhook": "write to the channel"}


def _said(provider: str) -> tuple[str, str]:
    """Return what stands there, and what follows from it."""
    if provider == "locked private key":
        return "a private key under a passphrase", "the passphrase is all that guards it from whoever has read the repository"
    if provider == _OF_A_MAILBOX:
        return "a password in the form that Google issues for one program", "whoever has read the repository reads the mailbox"
    if provider.endswith(_OF_A_HOOK):
        return (
            f"the address of a webhook of {provider.removesuffix(_OF_A_HOOK)}, whose path is its key",
            "whoever has read the repository can " + _OF_HOOKS.get(provider, "start the deployment"),
        )
    what = "a private key" if provider == "private key" else f"a key in the form that {provider} issues"
    return what, "whoever has read the repository has it"


def _goes_to_the_own_machine(project: Project, path: str, sightings: list[SecretSighting]) -> bool:
    """Whether a recipe or script hands a key to a program on the machine of who runs it: its lines name no other address."""
    if not _RECIPES.search(path):
        return False
    lines = known(str.splitlines, project.source(path) or "")
    spans = ("\n".join(lines[max(0, item.location.line - _NEAR) : item.location.line + _NEAR]) for item in sightings)
    return all(_AT_HOME.search(span) and not _ELSEWHERE.search(span) for span in spans)


def _aside(project: Project, path: str, sightings: list[SecretSighting]) -> str:
    """Return why nothing shows that the key opens something at once, in words, "" where it is a value that a program takes."""
    provider = sightings[0].provider
    if provider == _OF_A_MAILBOX:
        return ""
    if path.endswith(_PAGES) and all(_is_shown_as_example(project, sighting) for sighting in sightings):
        return "; the line calls it an example"
    if provider == "private key" and _is_of_a_certificate(project, path):
        return "; it belongs to a certificate, and nothing shows that clients trust that one"
    # What others issue works wherever it stands; a key of Google names a project, and what it opens depends on its limits.
    if provider == "google" and (path.endswith(_PAGES) or all(sighting.in_comment for sighting in sightings)):
        return f"; it stands {'on a page' if path.endswith(_PAGES) else 'in a comment'}, from which no program takes it"
    if provider == "google" and _OF_CLIENTS.search(path):
        return "; the file goes to browsers or phones, so everybody has the key anyway: what counts is how it is limited"
    return ""


def _is_shown_as_example(project: Project, sighting: SecretSighting) -> bool:
    """Whether the line of a page says before a key that it is one of many."""
    rows = known(str.splitlines, project.source(sighting.location.path) or "")
    row = rows[sighting.location.line - 1] if sighting.location.line <= len(rows) else ""
    return _FOR_EXAMPLE.search(row) is not None


def _is_of_a_certificate(project: Project, path: str) -> bool:
    """Whether a key is one of a certificate, by its path or by the certificate beside it, which no authority issued as far as
    the path tells.
    """
    if _OF_AN_AUTHORITY.search(path):
        return False
    folder = posixpath.dirname(path)
    stem = posixpath.splitext(path)[0].removesuffix("-key")
    beside = {f"{stem}{ending}" for ending in (*_CERTIFICATES, ".pem")} - {path}
    alone = (item for item in project.files if item.endswith(_CERTIFICATES) and posixpath.dirname(item) == folder)
    return bool(_OF_CERTIFICATES.search(path)) or not beside.isdisjoint(project.files) or next(alone, None) is not None


def _gap(project: Project, path: str, key: str, sightings: list[SecretSighting]) -> Gap:
    provider = sightings[0].provider
    what, effect = _said(provider)
    is_test = is_test_path(path) or all(sighting.in_tests for sighting in sightings)
    at_home = provider in _OWN_KEYS and _goes_to_the_own_machine(project, path, sightings)
    is_own = at_home or (provider in _OWN_KEYS and bool(_FOR_DEVELOPMENT.search(path)))
    environment = EnvironmentClass.TEST if is_test else EnvironmentClass.DEV if is_own else EnvironmentClass.BASE
    said = "the lines around it send it to the own machine" if at_home else "its path says that it is made for development"
    note = f" ({said})" if is_own else ""
    marks = sorted({sighting.mark for sighting in sightings if sighting.mark})
    aside = _aside(project, path, sightings) if environment is EnvironmentClass.BASE else ""
    severity = _SEVERITIES.get(provider, RULE.severity)
    return RULE.gap(
        resource=path,
        subject=key,
        message=f"{path} holds {what}{f' in {key}' if key != provider else ''}: {effect}{note or aside}.",
        expected="no credential in tracked text",
        actual=provider if provider in _OWN_KEYS else "provider key",
        severity=min(severity, Severity.MEDIUM) if aside else severity,
        locations=tuple(sighting.location for sighting in sightings),
        confidence=Confidence.MEDIUM if is_test else Confidence.HIGH,
        environment=environment,
        cause=Cause.VALUE if marks else Cause.SUBJECT,
        kind=" ".join(marks),
    )


RULE = Rule(
    code="SEC004",
    name="provider-key-tracked",
    layer=Layer.SECRETS,
    severity=Severity.CRITICAL,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Revoke the key at the provider now and issue a new one outside git; removing the line does not undo history.",
        ),
    ),
)
