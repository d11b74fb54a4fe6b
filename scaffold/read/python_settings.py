"""Defaults of settings in Python code, and the environment variables that it reads."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cached_property

from scaffold.model.project import EnvRead, SettingDefault
from scaffold.model.regex import regex
from scaffold.model.secret_names import is_sensitive_name
from scaffold.read.code import setting
from scaffold.read.python_empty import empty_texts
from scaffold.read.python_fallbacks import fallback_settings
from scaffold.read.python_helpers import GETTERS, MAPPINGS, helpers
from scaffold.read.python_tree import Scope, Tree, at, below, dotted, first_text, keyword, last_name, text_value

_NAME = regex(r"[A-Za-z_][A-Za-z0-9_]*")
_VARIABLE = regex(r"[A-Z][A-Z0-9_]*")
_SCHEMES = frozenset({"environ.Env", "environ.FileAwareEnv", "Env", "FileAwareEnv"})
_CONFIG_LIBRARIES = frozenset({"decouple", "environ", "environs", "starlette.config", "envparse", "prettyconf"})
_CASTS = frozenset(
    {
        "str",
        "bool",
        "int",
        "float",
        "list",
        "json",
        "url",
        "path",
        "tuple",
        "dict",
        "db",
        "cache",
        "get_value",
        "db_url",
        "cache_url",
    }
)
_SETTINGS_MODULE = regex(r"(?:^|/)(?:[\w]*settings|[\w]*config|conf|constants|configuration)(?:\.py$|/)", re.IGNORECASE)

_OTHER_SOURCES = "settings_customise_sources"
"""By this name settings of pydantic take values from other places too, such as a file of TOML."""
_FIELD_OF_SETTINGS = regex(r"(?:self\.)?(?:app_)?(?:settings|config|cfg)\.(?P<field>\w+)")
_SECRETS = regex(r"SECRET|PASS|PWD|TOKEN|JWT|SALT|KEY|DSN|CREDENTIAL")
"""Without one of these a text reads no secret."""

Found = SettingDefault | EnvRead


class SettingsReader:
    """Finds defaults and reads in the nodes of one file."""

    def __init__(self, path: str, tree: Tree, imports: frozenset[str]) -> None:
        self.path = path
        self.tree = tree
        self.is_settings = bool(_SETTINGS_MODULE.search(path))
        self.fields: dict[str, str] = {}
        """The field of each variable that settings of pydantic read."""
        self.has_config = bool(imports & _CONFIG_LIBRARIES)
        self.prefixes = setting_prefixes(tree) if "env_prefix" in tree.text else {}
        self.reader_prefixes = reader_prefixes(tree) if self.has_config and "prefix" in tree.text else {}
        self.prefixed = prefixed_lines(tree) if self.has_config and ".prefixed(" in tree.text else ()
        self.empty = empty_texts(tree)
        self.helpers = helpers(tree)

    def found(self) -> Iterator[Found]:
        """Yield every default and every read of the file."""
        for call, scope in self.tree.of(ast.Call):
            yield from self._call(call, scope)
        for subscript, scope in self.tree.of(ast.Subscript):
            yield from self._subscript(subscript, scope)
        for choice, scope in self.tree.of(ast.BoolOp):
            yield from self._alternative(choice, scope)
        for annotated, scope in self.tree.of(ast.AnnAssign):
            yield from self._annotated(annotated, scope)
        for assigned, scope in self.tree.of(ast.Assign):
            for target in assigned.targets:
                yield from self._assigned(target, assigned.value, scope)
        if _SECRETS.search(self.tree.text):
            yield from fallback_settings(self.path, self.tree, self._read)

    # --- reads of the environment -------------------------------------------------------------------------------------

    def _read(self, node: ast.Call) -> tuple[str, ast.expr | None] | None:
        """Return name and default of a call that reads the environment, or None for another call."""
        function = dotted(node.func)
        name = first_text(node)
        if name is None or not _NAME.fullmatch(name):
            return None
        if function in GETTERS:
            return name, node.args[1] if len(node.args) > 1 else keyword(node, "default")
        if self.has_config and self._is_config_call(function):
            name = self._prefix(function.partition(".")[0], node.lineno) + name
            return name, keyword(node, "default") or (
                node.args[1] if len(node.args) > 1 and not _is_cast(node.args[1]) else None
            )
        return None

    def _prefix(self, reader: str, line: int) -> str:
        """Return what the reader of this name puts before a variable that is read at a line."""
        around = (prefix for name, first, last, prefix in self.prefixed if name == reader and first <= line <= last)
        return "".join((self.reader_prefixes.get(reader, ""), *around))

    def _subscript(self, node: ast.Subscript, scope: Scope) -> Iterator[Found]:
        """`os.environ["X"]` fails without the variable; an assignment to it reads nothing."""
        name = text_value(node.slice) if isinstance(node.ctx, ast.Load) and dotted(node.value) in MAPPINGS else None
        if name and _NAME.fullmatch(name):
            yield EnvRead(name, required=True, location=at(self.path, node), fails=_runs_at_start(scope))

    def _is_config_call(self, function: str) -> bool:
        head, _, tail = function.rpartition(".")
        return function in {"config", "env", "Config"} or (head in {"env", "config"} and tail in _CASTS)

    def _call(self, node: ast.Call, scope: Scope) -> Iterator[Found]:
        if dotted(node.func) in _SCHEMES and self.has_config:
            yield from self._scheme(node)
        found = self._read(node)
        if found is None:
            yield from self._helped(node, scope)
            return
        name, default = found
        fails = default is None and dotted(node.func) not in GETTERS and _runs_at_start(scope)
        required = default is None or _is_missing(default)
        empty = self.empty.of_call(node, default)
        yield EnvRead(name, required=required, location=at(self.path, node), fails=fails, empty=empty)
        if default is not None:
            yield from self._default(name, default, "getenv", scope)

    def _helped(self, node: ast.Call, scope: Scope) -> Iterator[Found]:
        """`require("X")` reads X where the function hands its first argument to the environment."""
        helper = self.helpers.get(node.func.id) if isinstance(node.func, ast.Name) else None
        name = first_text(node) if helper else None
        if helper is None or name is None or not _VARIABLE.fullmatch(name):
            return
        given = node.args[1] if len(node.args) > 1 else keyword(node, "default")
        required = not helper.has_default and (given is None or _is_missing(given))
        fails = required and helper.raises and _runs_at_start(scope)
        yield EnvRead(name, required=required, location=at(self.path, node), fails=fails)

    def _scheme(self, node: ast.Call) -> Iterator[Found]:
        """`environ.Env(X=(bool, False))` names a default for every read of X."""
        for item in node.keywords:
            if item.arg and _NAME.fullmatch(item.arg) and isinstance(item.value, ast.Tuple):
                yield EnvRead(item.arg, required=False, location=at(self.path, item.value))

    def _alternative(self, node: ast.BoolOp, scope: Scope) -> Iterator[Found]:
        """`os.getenv("X") or "literal"`: the literal is the default, and the variable is not required; so it is behind fields
        of the settings, `settings.jwt_secret or settings.secret_key or "literal"`.
        """
        if isinstance(node.op, ast.Or) and all(isinstance(value, ast.Attribute) for value in node.values[:-1]):
            yield from self._behind_fields(node, scope)
        if not isinstance(node.op, ast.Or) or not isinstance(node.values[0], ast.Call):
            return
        found = self._read(node.values[0])
        last = node.values[-1]
        if found is not None and text_value(last) is not None:
            yield EnvRead(found[0], required=False, location=at(self.path, node.values[0]))
            yield from self._default(found[0], last, "expression", scope)

    def _behind_fields(self, node: ast.BoolOp, scope: Scope) -> Iterator[Found]:
        """The last resort of secrets that an object of settings holds, by the variable of the first one."""
        names = [dotted(value) for value in node.values[:-1]]
        fields = [match["field"] for name in names if (match := _FIELD_OF_SETTINGS.fullmatch(name))]
        if len(fields) == len(names) and all(map(is_sensitive_name, fields)) and text_value(node.values[-1]):
            yield from self._one(fields[0].upper(), node.values[-1], "expression", scope)

    def _default(self, name: str, value: ast.expr, kind: str, scope: Scope) -> Iterator[SettingDefault]:
        if isinstance(value, ast.List | ast.Tuple | ast.Set):
            for item in value.elts:
                yield from self._one(name, item, kind, scope)
        else:
            yield from self._one(name, value, kind, scope)

    def _one(self, name: str, value: ast.expr, kind: str, scope: Scope) -> Iterator[SettingDefault]:
        text = text_value(value)
        if text is not None:
            yield setting(name, text, kind, at(self.path, value), guarded=scope.guarded)

    # --- assignments and fields ---------------------------------------------------------------------------------------

    def _annotated(self, node: ast.AnnAssign, scope: Scope) -> Iterator[Found]:
        if not isinstance(node.target, ast.Name) or scope.function is not None:
            return
        holder = scope.classes[-1] if scope.classes else None
        if holder is not None and is_base_settings(holder):
            yield from self._field(node, node.target.id, holder, scope)
        elif node.value is not None and self._counts(node.target.id, scope):
            value = _field_default(node.value)
            kind = "field" if holder is not None and _is_dataclass(holder) else "assignment"
            if value is not None:
                yield from self._default(node.target.id, value, kind, scope)

    def _field(self, node: ast.AnnAssign, name: str, holder: ast.ClassDef, scope: Scope) -> Iterator[Found]:
        """A field of pydantic settings is a variable: prefix and name in upper case, or the alias that it names."""
        if name == "model_config" or name.startswith("_") or _is_of_class(node.annotation):
            return
        variable = _alias(node.value) or f"{self.prefixes.get(holder.name, '')}{name}".upper()
        self.fields[variable] = name
        value = _field_default(node.value) if node.value is not None else None
        has_default = value is not None or _has_factory(node.value)
        fails = not (has_default or _may_be_none(node.annotation) or scope.guarded or _OTHER_SOURCES in self.tree.text)
        may_be_unset = has_default or (not fails and not scope.guarded)
        empty = self.empty.of_field(node, value) if may_be_unset and not self._is_read_below(value) else ""
        yield EnvRead(variable, required=not has_default, location=at(self.path, node), fails=fails, empty=empty)
        if value is not None and not self._is_read_below(value):
            yield from self._default(variable, value, "field", scope)
            text = self.constants.get(value.id) if isinstance(value, ast.Name) and is_sensitive_name(variable) else None
            if text:
                yield setting(variable, text, "fallback", at(self.path, value), guarded=scope.guarded)

    @cached_property
    def constants(self) -> dict[str, str]:
        """The texts that names of the module stand for."""
        assigned = (node for node, scope in self.tree.of(ast.Assign) if scope.function is None and not scope.classes)
        named = ((node.targets[0], text_value(node.value)) for node in assigned if len(node.targets) == 1)
        return {target.id: text for target, text in named if isinstance(target, ast.Name) and text}

    def _is_read_below(self, value: ast.expr | None) -> bool:
        return isinstance(value, ast.Call) and self._read(value) is not None

    def _assigned(self, target: ast.expr, value: ast.expr, scope: Scope) -> Iterator[Found]:
        if isinstance(target, ast.Name) and scope.function is None:
            if isinstance(value, ast.Dict):
                yield from self._dictionary(target.id, value, scope)
            elif self._counts(target.id, scope):
                yield from self._default(target.id, value, "assignment", scope)
        elif isinstance(target, ast.Subscript) and last_name(target.value) == "config":
            name = text_value(target.slice)
            if name and _NAME.fullmatch(name):
                yield from self._default(name, value, "assignment", scope)
        elif isinstance(target, ast.Attribute) and target.attr == "secret_key" and last_name(target.value) != "self":
            yield from self._default(target.attr, value, "assignment", scope)

    def _dictionary(self, name: str, value: ast.Dict, scope: Scope) -> Iterator[SettingDefault]:
        """Sensitive keys in a dictionary of settings, as in Django's DATABASES."""
        pending = [(name, value)] if self.is_settings else []
        while pending:
            prefix, current = pending.pop()
            for key, item in zip(current.keys, current.values, strict=True):
                word = text_value(key)
                if word is None:
                    continue
                if isinstance(item, ast.Dict):
                    pending.append((f"{prefix}.{word}", item))
                elif is_sensitive_name(word):
                    yield from self._one(f"{prefix}.{word}", item, "assignment", scope)

    def _counts(self, name: str, scope: Scope) -> bool:
        """Whether an assignment is a setting: in a settings module or class, or by a name that promises a secret."""
        if name.startswith("_"):
            return False
        if is_sensitive_name(name):
            return name.upper() == name or self._in_settings(scope)
        return (name.upper() == name or bool(scope.classes)) and self._in_settings(scope)

    def _in_settings(self, scope: Scope) -> bool:
        if scope.classes:
            return bool(re.search(r"settings|config", scope.classes[-1].name, re.IGNORECASE))
        return self.is_settings


def is_base_settings(holder: ast.ClassDef) -> bool:
    """Whether a class is one of pydantic's settings, by the name of a base."""
    return any(last_name(base).endswith("BaseSettings") for base in holder.bases)


def setting_prefixes(tree: Tree) -> dict[str, str]:
    """Return the env_prefix of each settings class, from `model_config` or an inner `Config`."""
    found = {}
    calls = ((call, scope) for call, scope in tree.of(ast.Call) if last_name(call).endswith(("ConfigDict", "dict")))
    named = [(keyword(call, "env_prefix"), scope) for call, scope in calls]
    named += [(node.value, scope) for node, scope in tree.of(ast.Assign) if "env_prefix" in map(last_name, node.targets)]
    for value, scope in named:
        holder = next((item for item in scope.classes if is_base_settings(item)), None)
        prefix = text_value(value)
        if holder is not None and prefix:
            found[holder.name] = prefix
    return found


def reader_prefixes(tree: Tree) -> dict[str, str]:
    """Return the prefix that the reader of each name puts before every variable: `env.prefix = "X_"` of django-environ,
    `Env(prefix="X_")` of environs, `Config(env_prefix="X_")` of Starlette.
    """
    found = {}
    for node, _ in tree.of(ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Attribute) and target.attr == "prefix" and isinstance(target.value, ast.Name):
                found[target.value.id] = text_value(node.value) or ""
            elif isinstance(target, ast.Name) and isinstance(node.value, ast.Call):
                is_reader = last_name(node.value) in {"Env", "FileAwareEnv", "Config"}
                prefix = text_value(keyword(node.value, "prefix", "env_prefix")) if is_reader else None
                found |= {target.id: prefix} if prefix else {}
    return found


def prefixed_lines(tree: Tree) -> tuple[tuple[str, int, int, str], ...]:
    """Return reader, first line, last line and prefix of each `with env.prefixed("X_"):`, the outer ones first."""
    found = [
        (dotted(item.context_expr.func).rpartition(".")[0], node.lineno, node.end_lineno or node.lineno, prefix)
        for node, _ in tree.of(ast.With)
        for item in node.items
        if isinstance(item.context_expr, ast.Call)
        and last_name(item.context_expr) == "prefixed"
        and (prefix := first_text(item.context_expr))
    ]
    return tuple(sorted(found, key=lambda item: (item[1], -item[2])))


def _runs_at_start(scope: Scope) -> bool:
    """Whether a statement runs when its module is loaded, in production too."""
    return scope.function is None and not scope.guarded and not scope.conditional


def _may_be_none(annotation: ast.expr) -> bool:
    """Whether a field is `Optional`: the first pydantic gives it None by itself."""
    return any(
        (isinstance(node, ast.Constant) and node.value is None) or last_name(node) == "Optional"
        for node in ast.walk(annotation)
        if isinstance(node, ast.expr)
    )


def _is_of_class(annotation: ast.expr) -> bool:
    """Whether an annotation, or the text of one, says that no instance has the field: it is none of the settings."""
    return any(
        "ClassVar" in (str(node.value) if isinstance(node, ast.Constant) else last_name(node)) for node in below(annotation)
    )


def _is_missing(default: ast.expr) -> bool:
    return isinstance(default, ast.Constant) and default.value is None


def _is_dataclass(holder: ast.ClassDef) -> bool:
    return any(last_name(item) in {"dataclass", "define", "frozen", "attrs"} for item in holder.decorator_list)


def _is_field_call(value: ast.expr | None) -> bool:
    return isinstance(value, ast.Call) and last_name(value) in {"Field", "field", "ib"}


def _field_default(value: ast.expr | None) -> ast.expr | None:
    """Return the default of a field: the value itself, or what `Field(...)` names; None when there is none."""
    if isinstance(value, ast.Call) and _is_field_call(value):
        value = keyword(value, "default") or (value.args[0] if value.args else None)
    return None if isinstance(value, ast.Constant) and value.value is Ellipsis else value


def _is_cast(value: ast.expr) -> bool:
    """Whether a second argument may be a type, as django-environ takes it there; a constant's name is a default."""
    if isinstance(value, ast.Call):
        return last_name(value)[:1].isupper()  # `Csv()` makes a cast; `env.int("Y", 5)` is the default.
    return isinstance(value, ast.Name | ast.Attribute | ast.Lambda) and not last_name(value).isupper()


def _has_factory(value: ast.expr | None) -> bool:
    return isinstance(value, ast.Call) and _is_field_call(value) and keyword(value, "default_factory") is not None


def _alias(value: ast.expr | None) -> str:
    """Return the variable that `Field(alias=...)`, `validation_alias` or `env` names, the first of several."""
    named = (
        keyword(value, "validation_alias", "alias", "env") if isinstance(value, ast.Call) and _is_field_call(value) else None
    )
    if isinstance(named, ast.Call):
        return first_text(named) or ""
    if isinstance(named, ast.List | ast.Tuple) and named.elts:
        named = named.elts[0]
    return text_value(named) or ""
