"""What the pages of a repository say of the edge: what ends TLS before an application, and how they have people run it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.own_images import is_own_image
from scaffold.model.document import Location
from scaffold.model.known import known
from scaffold.model.project import DocFile, Project
from scaffold.model.regex import regex
from scaffold.model.values import ImageReference

_EDGE = regex(
    r"certbot|let's encrypt|letsencrypt|cloudflare (?:tunnel|proxy)|cloudflared? tunnel"
    r"|\bcloudflare\b[^.\n]{0,60}\b(?:tls|ssl|https|in front|(?<!not )proxie[sd])\b"
    r"|\b(?:tls|ssl|https|behind)\b[^.\n]{0,60}\bcloudflare\b"
    r"|\b(?:tls|ssl)[- ](?:termination|offload)"
    r"|(?:obtain|issu|renew|install|mount|plac|automatic)\w*[^.\n]{0,40}\b(?:tls|ssl)[- ]certificates?"
    r"|\b(?:end|terminat|serv)\w*(?: up)? (?:the )?(?:tls|ssl|https)\b(?!://)"
    r"|\b(?:tls|ssl|https)\b[^.\n]{0,20}\bin front\b"
    r"|behind (?:a|an|the|your) (?!corporate|company|forward|firewall|outbound)[^.\n]{0,30}(?:proxy|load balancer)",
    re.IGNORECASE,
)
"""What a page says of the edge; TLS alone may be that of mail, of a broker or of a release's notes."""
_ASKED = regex(
    r"enable https|https certificate|(?:provid|generat|configur|manag)\w*[^.\n]{0,40}\b(?:tls|ssl)[- ]certificates?"
    r"|(?:configur|set)\w*(?: up)? (?:the )?(?:tls|ssl|https)\b",
    re.IGNORECASE,
)
"""What asks for TLS, and says where it ends only beside the name of what does it."""
_MEANS = regex(
    r"nginx|caddy|traefik|haproxy|apache|envoy|\bprox(?:y|ies)\b|balancer|ingress|cert-manager|\bacm\b|\.pem\b|\.crt\b|keystore"
    r"|--ssl|ssl_|tls_|\bopenssl\b|mkcert|_(?:tls|ssl)\b",
    re.IGNORECASE,
)
_BY_CERTBOT = regex(r"(?i)certbot|let's ?encrypt")
_FOR_HOST_NGINX = regex(r"\bcertbot\b[^\n]*\s--nginx\b")
_HOST_NGINX = regex(r"/etc/nginx/|\bsystemctl\s+\w+\s+nginx\b|\bservice\s+nginx\b|\binstall\b[^\n]*(?<![-\w])nginx(?![-\w])")
"""How a page sets up an nginx of the host itself."""
_NEAR = 300
"""Characters around a word on TLS in which the name of what does it stands."""
_BEFORE_A_DOOR = regex(
    r"reverse[-_ ]?prox|listen\s+443|\bprox(?:y|ied)\b"
    r"(?! (?:server )?urls?\b|[^\n]{0,160}\b(?:outgoing|outbound|egress)\b)[^\n]{0,160}\b(?:requests|web server)"
    r"|\b(?:ssl|tls) certificate|over https|load[- ]balancer",
    re.IGNORECASE,
)
"""Words of a page by which an application that is published alone is meant to stand behind something else."""
_LINKS_AWAY = regex(r"^[ \t]*(?:[*-]|\d+\.)[ \t]+\[[^\]\n]*\]\(https?://[^)\n]*\)", re.MULTILINE)
"""A list of links to pages of others: what their titles name is not this project's."""
_OFFER = regex(
    r"(?im)^if you(?:\Wd| would)? (?:like|want|wish)\b"
    r"(?:(?!\b(?:tls|ssl|https|certificate)s?\b)[^\n]|\n(?!\s*\n))*(?=\n\s*\n|\Z)"
)
"""A paragraph for those who wish for something other than TLS, such as limits of rates."""
_MAYBE = regex(
    r"\b(?:if|when|whether)\b(?:(?: [\w']+){0,6} behind|(?: \w+){0,2} us(?:e|es|ing))\b(?: [\w-]+){0,3} prox(?:y|ies)\b"
    r"|\beven if\b(?: [\w']+){0,6} behind \w+"
    r"|\bis [\w .]{1,40}\bbehind an? [\w -]{0,20}proxy\?"
    r"|(?:\bconsider(?: using)?|\bor(?: (?:use|set up|configure|that))?|\bили(?: настроен)?)"
    r" (?:an? |the |your )?reverse[- ]proxy[^.\n]{0,40}",
    re.IGNORECASE,
)
"""Words that leave open whether anything stands before the application, or name it as one of two ways."""
_ROW_OF_A_VARIABLE = regex(
    r"(?m)^[ \t]*\|[ \t]*`[A-Z][A-Z0-9_]*`[ \t]*\|(?=[^\n]{0,400}\b(?i:if|whether|on you)\b)"
    r"(?![^\n]{0,400}(?i:certbot|let's ?encrypt|acme))[^\n]*",
    words=("|",),
)
"""A row that says what a variable is for under a condition: that somebody may run it behind a proxy puts none there."""
_DEPTH_OF_A_LIBRARY = 3
"""Folders between the root and the page of a package that is a part of others, such as packages/desktop/plugins."""
_HISTORY = regex(
    r"(?:^|/)(?:CHANGELOG|CHANGES|HISTORY|NEWS|RELEASES?|UPGRAD(?:E|ES|ING))(?:[-_.][^/]*)?$"
    r"|(?:^|/)(?:versioned_docs|docusaurus-plugin-content-docs/version-[^/]*)/",
    re.IGNORECASE,
)
"""Notes of releases, and the pages of earlier ones as Docusaurus keeps them."""
_BY_OTHERS = regex(
    r"(?:^|/)(?:community|third[-_]party|user)[-_]?(?:guides?|docs?|tutorials?|recipes?|contrib\w*)/", re.IGNORECASE
)
"""Folders of guides that users wrote for what they run."""
_TAKEN_IN = regex(r"(?:^|/)[\w.-]+-(?:main|master)/")
"""Folders of other projects, as GitHub hands them out in an archive."""
_OF_A_CLUSTER = regex(r"(?:^|/)[\d._-]*(?:helm(?:[-_]charts?)?|charts?|k8s|kubernetes)(?:/|[^/]*\.\w+$)", re.IGNORECASE)
"""Pages on a cluster, which says nothing of what Compose runs on a host."""
BLOCK = regex(r"(?ms)^(?P<indent>[ \t]*)(?P<fence>```+|~~~+(?!~))[^\n`]*\n(?P<body>.*?)^[ \t]*(?P=fence)")
"""A block of a page between two fences."""
_IMAGE = regex(r"\s*image:\s*[\"']?(?P<image>[^\s\"'#]+)")
_OPEN_PORT = regex(r"\s*-\s*[\"']?(?:\$\{[^}\s]*\}|\d{1,5}):\d{1,5}(?:/tcp)?[\"']?\s*(?:#.*)?")


def is_told(project: Project, *, on_a_host: bool = False, of_others: bool = True) -> bool:
    """Whether a page says where TLS ends, other than the notes of releases, guides of users, and links to pages of others; of
    a stack that runs `on_a_host`, pages on a cluster do not speak, nor those `of_others` that were taken in, where left out.
    """
    return known(_tells_of_tls, project, on_a_host, of_others)


def _tells_of_tls(project: Project, on_a_host: bool, of_others: bool) -> bool:  # noqa: FBT001 - by `known`, which takes no names
    pages = own_pages(project, on_a_host=on_a_host)
    texts = (page.text for page in pages if of_others or not _TAKEN_IN.search(page.path))
    return any(map(tells_of_tls, texts))


def tells_of_tls(text: str) -> bool:
    """Whether the text of a page says where TLS ends."""
    return bool(_EDGE.search(text) or _ASKED.search(text)) and _says(_certain(text))


def for_host_nginx(project: Project) -> Location | None:
    """Return where pages have certbot change the nginx of the host, which they set up nowhere, and name no other end of TLS."""
    found = None
    for page in own_pages(project, on_a_host=True):
        if _HOST_NGINX.search(page.text):
            return None
        lines = page.text.split("\n")
        if _EDGE.search(page.text) and _says("\n".join(line for line in lines if not _BY_CERTBOT.search(line))):
            return None
        asked = (number for number, line in enumerate(lines, 1) if _FOR_HOST_NGINX.search(line))
        found = found or next((Location(page.path, number) for number in asked), None)
    return found


def stands_behind(project: Project, *, on_a_host: bool = False) -> bool:
    """Whether a page speaks of what stands before the application; that of a library inside it speaks of the library."""
    return known(_tells_of_a_front, project, on_a_host)


def _tells_of_a_front(project: Project, on_a_host: bool) -> bool:  # noqa: FBT001 - by `known`, which takes no names
    folders = {manifest.folder for manifest in project.manifests}
    texts = (
        page.text
        for page in own_pages(project, on_a_host=on_a_host)
        if page.path.count("/") < _DEPTH_OF_A_LIBRARY or page.path.rpartition("/")[0] not in folders
    )
    return any(_BEFORE_A_DOOR.search(text) and _BEFORE_A_DOOR.search(_bare(text)) for text in texts)


def shown_doors(project: Project) -> tuple[Location, ...]:
    """Return the first open port of each page whose services for Compose run an image of the project with no proxy beside."""
    found = (next(_doors(project, page), None) for page in own_pages(project) if "image:" in page.text)
    return tuple(place for place in found if place is not None)


def own_pages(project: Project, *, on_a_host: bool = False) -> Iterator[DocFile]:
    """Yield the pages that speak of what runs today, in the words of the project."""
    left = (_HISTORY, _BY_OTHERS, _OF_A_CLUSTER) if on_a_host else (_HISTORY, _BY_OTHERS)
    return (page for page in project.docs if not any(pattern.search(page.path) for pattern in left))


def _doors(project: Project, page: DocFile) -> Iterator[Location]:
    for block in BLOCK.finditer(page.text):
        body = block["body"]
        if "services:" not in body or "443" in body:
            continue
        own = False
        first = page.text.count("\n", 0, block.start("body")) + 1
        for number, line in enumerate(body.split("\n"), start=first):
            image = _IMAGE.match(line)
            own = is_own_image(project, ImageReference.parse(image["image"])) if image else own
            if own and _OPEN_PORT.fullmatch(line):
                yield Location(page.path, number, len(line) - len(line.lstrip()) + 1)


def _says(text: str) -> bool:
    if _EDGE.search(text):
        return True
    found = _ASKED.finditer(text)
    return any(_MEANS.search(text, max(match.start() - _NEAR, 0), match.end() + _NEAR) for match in found)


def _certain(text: str) -> str:
    return _LINKS_AWAY.sub("", _ROW_OF_A_VARIABLE.sub("", _MAYBE.sub("", text)))


def _bare(text: str) -> str:
    return _OFFER.sub("", _certain(text))
