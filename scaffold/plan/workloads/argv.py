"""What a container starts: Compose's entrypoint and command as Kubernetes' command and args, with secrets out of variables."""

from __future__ import annotations

import re
from dataclasses import replace

from scaffold.model.compose import Service
from scaffold.model.document import Node, Scalar, Sequence, scalars_of
from scaffold.model.frozen import frozen
from scaffold.model.regex import regex
from scaffold.model.target import APPLICATION_SECRET
from scaffold.model.words import split_words
from scaffold.model.workload import Piece, Text, Variable, is_literal, literal, literal_text
from scaffold.plan.workloads.hosts import rewrite_hosts
from scaffold.plan.workloads.scope import Scope, flagged_passwords
from scaffold.plan.workloads.texts import expand, merged, of_scalar

_MARK = "\ue000{}\ue001"
_MARKED = regex("\ue000(\\d+)\ue001")


@frozen
class Argv:
    """Command and args (None where the image's own stands), and the variables that hold the secrets inside them."""

    command: tuple[Text, ...] | None
    args: tuple[Text, ...] | None
    variables: tuple[Variable, ...] = ()


def plan_argv(service: Service, scope: Scope, environment: tuple[Variable, ...]) -> Argv:
    """Return how the container starts.

    An empty entrypoint clears the image's, so the command stands in its place. A secret in a word is read from a variable
    that the kubelet puts there, since words of a command are plain text in every manifest.
    """
    entrypoint = _words(service, "entrypoint", service.entrypoint, scope)
    command = _words(service, "command", service.command, scope)
    if entrypoint == () and command:
        entrypoint, command = command, None
    outside = _Outsider(service, scope, environment)
    return Argv(outside.replaced(entrypoint), outside.replaced(command or None), tuple(outside.added.values()))


def _words(service: Service, key: str, decoded: tuple[str, ...] | None, scope: Scope) -> tuple[Text, ...] | None:
    if decoded is None:
        return None
    node = service.node.get(key)
    texts = _pieced(node, decoded, scope)
    # A variable that is not set yet leaves no word in Compose's list, and is one here.
    words = decoded if len(texts) == len(decoded) else tuple(literal_text(text) for text in texts)
    flagged = dict(flagged_passwords(words))
    result = []
    for index, (word, text) in enumerate(zip(words, texts, strict=True)):
        secret = is_literal(text) and (index in flagged or scope.word_shows_secret(words, index))
        if secret:
            password = flagged.get(index, word)
            flag = word.partition("=")[0] if word != password else words[index - 1] if index in flagged else f"COMMAND_{index}"
            result.append(_hidden(word, password, f"{scope.names[service.name]}_{flag}"))
        else:
            result.append(rewrite_hosts(text, "", scope))
    return tuple(result)


def _pieced(node: Node | None, decoded: tuple[str, ...], scope: Scope) -> tuple[Text, ...]:
    """Return the words of a command in pieces; a word count that differs from the reader's means that it is right."""
    if isinstance(node, Sequence):
        texts = tuple(of_scalar(scalar, scope) for scalar in scalars_of(node))
    elif isinstance(node, Scalar) and node.references:
        texts = _split(expand(node.raw, scope))
    else:
        texts = ()
    return texts if len(texts) >= len(decoded) and _same(texts, decoded) else tuple(literal(word) for word in decoded)


def _same(texts: tuple[Text, ...], decoded: tuple[str, ...]) -> bool:
    """Whether the words are those of the reader, apart from what has to be looked up (which may be a word of its own)."""
    return len(texts) == len(decoded) or any(not is_literal(text) for text in texts)


def _split(text: Text) -> tuple[Text, ...]:
    """Split a text into words as Compose does, each piece that has to be looked up in one word."""
    marked = "".join(piece.text if piece.kind == "literal" else _MARK.format(index) for index, piece in enumerate(text))
    return tuple(_restored(word, text) for word in split_words(marked) or ())


def _restored(word: str, text: Text) -> Text:
    parts = _MARKED.split(word)
    return merged(text[int(part)] if index % 2 else Piece("literal", part) for index, part in enumerate(parts))


def _hidden(word: str, password: str, name: str) -> Text:
    """Return a word whose literal password comes out of the application's secret, under a key made of `name`."""
    key = re.sub(r"[^A-Z0-9]+", "_", name.upper()).strip("_")
    before, found, after = word.partition(password)
    secret = Piece("secret", APPLICATION_SECRET, key)
    return merged((Piece("literal", before), secret, Piece("literal", after))) if found else (secret,)


class _Outsider:
    """Moves secrets out of words: each becomes a reference to a variable of the container."""

    def __init__(self, service: Service, scope: Scope, environment: tuple[Variable, ...]) -> None:
        self.known = {variable.value: variable.name for variable in environment}
        self.names = {variable.name for variable in environment}
        self.service = service
        self.scope = scope
        self.added: dict[str, Variable] = {}

    def replaced(self, words: tuple[Text, ...] | None) -> tuple[Text, ...] | None:
        """Return the words without secrets."""
        if words is None:
            return None
        return tuple(merged(self._outside(piece) for piece in text) for text in words)

    def _outside(self, piece: Piece) -> Piece:
        if piece.kind != "secret":
            return piece
        plain = replace(piece, encoded=False)
        name = self.known.get((plain,))
        if name is None:
            name = plain.field if plain.field not in self.names else f"COMMAND_{plain.field}"
            name = re.sub(r"[^A-Za-z0-9_]", "_", name)
            self.known[(plain,)] = name
            self.added[name] = Variable(name, (plain,), "command", self.service.location)
        return Piece("env", name)
