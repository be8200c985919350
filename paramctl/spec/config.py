"""The names of a spec and where their values come from: defaults, config.json, ``--set``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from paramctl.errors import UsageError
from paramctl.expression.errors import LanguageError
from paramctl.expression.evaluate import Evaluator
from paramctl.expression.parse import Code
from paramctl.expression.place import Place
from paramctl.expression.plain import PLAIN
from paramctl.expression.values import describe
from paramctl.names import near, show
from paramctl.spec.block import literal
from paramctl.spec.nodes import Map, Node, Sequence, core_value, expect_map, expect_scalar
from paramctl.spec.scope import names_in

_MOST_DEPTH = 40


@dataclass(frozen=True)
class Name:
    """One name of the config section.

    Attributes:
        default: a plain value, a list, or code.
        sources: where config.json may have it, best first.
        nullable: ``null`` in config.json, under the name itself, means ``None``.
        choices: the values that the spec can build; empty for any.
    """

    name: str
    place: Place
    default: Any
    sources: tuple[Code, ...]
    nullable: bool = False
    choices: tuple[Any, ...] = ()

    def require(self, value: Any, origin: str) -> None:
        """Check that a value is one that the spec can build, and no text where a number belongs.

        Raises:
            UsageError, SpecError: it is not; the text shows both.
        """
        if isinstance(value, str) and isinstance(self.default, int | float):
            wanted = "true or false" if isinstance(self.default, bool) else "a number"
            self._refuse(f"{self.name} is {describe(value)} by {origin}, not {wanted}", origin)
        if self.choices and value not in self.choices:
            known = ", ".join(str(choice) for choice in self.choices)
            told = f"{self.name} is {describe(value)} by {origin}, and this spec builds {known}"
            self._refuse(told, origin)

    def _refuse(self, problem: str, origin: str) -> NoReturn:
        raise UsageError(problem) if origin == "--set" else self.place.mistake(problem)


@dataclass(frozen=True)
class Resolved:
    """Values of all names, and where each came from, in words."""

    values: Mapping[str, Any]
    origins: Mapping[str, str]


def read_config(node: Node | None) -> dict[str, Name]:
    """The names that a config section declares.

    Raises:
        SpecError: a name can't be used in an expression, or a declaration has an unknown key.
    """
    if node is None:
        return {}
    table = expect_map(node, "config")
    names = {}
    for name, part in table.items():
        key = table.key(name)
        if not name.isidentifier() or name.startswith("__"):
            raise key.mistake(f"'{show(name)}' can't be used as a name", "letters, digits and _")
        names[name] = _read_name(name, key.place, part)
    return names


def _read_name(name: str, place: Place, node: Node) -> Name:
    if not isinstance(node, Map):
        return Name(name, place, literal(node), (_own_source(name),))
    node.require_keys(("default", "from", "nullable", "choices"), f"config.{name}")
    default = node.get("default")
    sources = node.get("from")
    codes: tuple[Code, ...] = (_own_source(name),)
    if sources is not None:
        parts = sources.items if isinstance(sources, Sequence) else (sources,)
        codes = tuple(expect_scalar(part, "from").code() for part in parts)
    nullable = node.get("nullable")
    may_be_null = nullable is not None and expect_scalar(nullable, "nullable").value is True
    choices = node.get("choices")
    if choices is not None and not isinstance(choices, Sequence):
        raise choices.mistake("choices are a list, such as [absolute, relative]")
    known = tuple(literal(part) for part in choices or ())
    return Name(name, place, literal(default) if default else None, codes, may_be_null, known)


def _own_source(name: str) -> Code:
    from paramctl.expression.parse import parse

    return parse(name)


class _Absent(Exception):  # noqa: N818 - a question's answer, not an error
    """config.json does not have what a source asks for."""


class _Raw(Mapping[str, Any]):
    """The names of config.json as a source sees them; whatever is missing is absent."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self.table = table

    def __contains__(self, name: object) -> bool:
        return name in self.table or name not in PLAIN

    def __getitem__(self, name: str) -> Any:
        return _wrapped(self.table, name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.table)

    def __len__(self) -> int:
        return len(self.table)


class _RawMap:
    """A map inside config.json: its entries by name, and their count."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self.table = table

    def language_attribute(self, name: str) -> Any:
        """The entry of a name."""
        return _wrapped(self.table, name)

    def language_items(self) -> list[str]:
        """The names."""
        return list(self.table)


def _wrapped(table: Mapping[str, Any], name: str) -> Any:
    found = table.get(name)
    if found is None:
        raise _Absent
    return _RawMap(found) if isinstance(found, dict) else found


def resolve(
    names: Mapping[str, Name],
    config: Mapping[str, Any] | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Resolved:
    """Values of all names: an override, else config.json, else the default.

    ``null`` in config.json means the default, but for a name that is ``nullable``.

    Raises:
        UsageError: an override of a name that the spec does not have.
        SpecError: defaults that need each other, or that can't be computed.
    """
    for name in overrides or {}:
        if name not in names:
            similar = near(name, names)
            known = f"it has {', '.join(names)}" if names else "it has none"
            hint = f"did you mean {similar[0]}?" if similar else known
            raise UsageError(f"the spec has no config name '{show(name)}'", hint=hint)
    scope = _Config(names, config or {}, overrides or {})
    values = {name: scope[name] for name in names}
    return Resolved(values, scope.origins)


class _Config(Mapping[str, Any]):
    """Names that are computed when they are first asked for."""

    def __init__(
        self,
        names: Mapping[str, Name],
        config: Mapping[str, Any],
        overrides: Mapping[str, Any],
    ) -> None:
        self.names = names
        self.config = config
        self.overrides = overrides
        self.found: dict[str, Any] = {}
        self.origins: dict[str, str] = {}
        self._open: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __getitem__(self, name: str) -> Any:
        if name in self.found:
            return self.found[name]
        if name in self._open:
            path = " → ".join([*self._open, name])
            raise LanguageError(f"these defaults need each other: {path}")
        if len(self._open) > _MOST_DEPTH:
            raise LanguageError(f"'{name}' needs more than {_MOST_DEPTH} other names")
        self._open.append(name)
        try:
            value, self.origins[name] = self._find(self.names[name])
        finally:
            self._open.pop()
        self.names[name].require(value, self.origins[name])
        self.found[name] = value
        return value

    def _find(self, name: Name) -> tuple[Any, str]:
        if name.name in self.overrides:
            return self.overrides[name.name], "--set"
        for source in name.sources:
            try:
                value = Evaluator(source, _Raw(self.config), {}).value(_result(source))
            except _Absent:
                continue
            found = value.table if isinstance(value, _RawMap) else value
            return found, self._line(source)
        if name.nullable and self.config.get(name.name, "") is None:
            return None, self._line(name.sources[0])
        return evaluate_default(name.default, self), name.place.short or "the spec"

    def _line(self, source: Code) -> str:
        """Where config.json has what a source asks for: with the line, if it was a file."""
        lines = getattr(self.config, "lines", {})
        used = [lines[name] for name in names_in(_result(source)) if name in lines]
        return f"config.json:{used[0]}" if used else "config.json"


def _result(code: Code) -> Any:
    assert code.result is not None
    return code.result


def evaluate_default(default: Any, scope: Mapping[str, Any]) -> Any:
    """The value of a default over the names before it."""
    if isinstance(default, Code):
        from paramctl.spec.arithmetic import ARITHMETIC

        return default.evaluate(scope, ARITHMETIC)
    if isinstance(default, list):
        return [evaluate_default(part, scope) for part in default]
    return default


def parse_override(text: str) -> tuple[str, Any]:
    """Name and value of ``NAME=VALUE``; the value is typed as in YAML, ``[1, 2]`` is a list.

    Raises:
        UsageError: there is no ``=``, or the list can't be read.
    """
    from paramctl.expression.parse import parse
    from paramctl.expression.place import argument

    name, sign, value = text.partition("=")
    if not sign or not name.strip():
        raise UsageError(f"'{show(text)}' is no NAME=VALUE")
    value = value.strip()
    if value.startswith("["):
        return name.strip(), parse(value, argument()).evaluate({"true": True, "false": False})
    if value[:1] in "'\"" and value[-1:] == value[:1] and len(value) > 1:
        return name.strip(), value[1:-1]
    return name.strip(), core_value(value)
