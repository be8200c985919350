"""YAML as the loader sees it: scalars, sequences and maps that know where they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

from paramctl.errors import ParamctlError
from paramctl.expression.parse import Code, Mode, parse
from paramctl.expression.place import Place
from paramctl.names import near, show

Plain: TypeAlias = bool | int | float | str | list["Plain"] | None

_NULL = re.compile(r"null|Null|NULL|~|")
_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"([-+]?)\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_MOST_DIGITS = 40


@dataclass(frozen=True)
class Node:
    """A piece of a YAML document and its place."""

    place: Place

    kind = "nothing"

    def mistake(self, problem: str, hint: str = "") -> ParamctlError:
        """An error at this piece."""
        return self.place.mistake(problem, width=self.width, hint=hint)

    @property
    def width(self) -> int:
        """How many characters of its first line an error underlines."""
        return 1


@dataclass(frozen=True)
class Scalar(Node):
    """A text; a plain one may also be a number, a truth value or null.

    Attributes:
        text: as YAML gives it.
        is_plain: written without quotes and without ``|``.
        is_folded: lines were joined, so places after the first line are not exact.
    """

    text: str = ""
    is_plain: bool = True
    is_folded: bool = False

    kind = "a text or number"

    @property
    def width(self) -> int:
        return max(len(self.text.split("\n")[0]), 1)

    @cached_property
    def value(self) -> Plain:
        """The typed value, by the core schema of YAML 1.2: ``1e-3`` is a number, ``no`` a text.

        Raises:
            SpecError: a whole number of more than 40 digits.
        """
        if not self.is_plain:
            return self.text
        return core_value(self.text, self)

    @property
    def is_null(self) -> bool:
        """Whether it is null or nothing at all."""
        return self.is_plain and _NULL.fullmatch(self.text) is not None

    def code(self, mode: Mode = "expression") -> Code:
        """Its text as code of the language.

        Where lines were joined, errors show the joined text: its columns are not the file's.
        """
        place = replace(self.place, lines=(), column=1) if self.is_folded else self.place
        return parse(self.text, place, mode)


def core_value(text: str, node: Scalar | None = None) -> Plain:
    """The typed value of a plain scalar.

    Raises:
        SpecError: a whole number of more than 40 digits.
    """
    if _NULL.fullmatch(text):
        return None
    if _BOOL.fullmatch(text):
        return text[0] in "tT"
    if _INTEGER.fullmatch(text):
        if len(text) > _MOST_DIGITS:
            problem = "a number of more than 40 digits"
            raise (node or Scalar(Place())).mistake(problem)
        return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    special = _SPECIAL.fullmatch(text)
    return float((special[1] or "") + text.lstrip("+-.").lower()) if special else text


@dataclass(frozen=True)
class Sequence(Node):
    """A list of pieces."""

    items: tuple[Node, ...] = ()

    kind = "a list"

    def __iter__(self) -> Iterator[Node]:
        return iter(self.items)


@dataclass(frozen=True)
class Map(Node):
    """Pieces by name, in order; each name with the place where it stands."""

    entries: dict[str, tuple[Scalar, Node]]

    kind = "a map"

    def __contains__(self, name: str) -> bool:
        return name in self.entries

    def get(self, name: str) -> Node | None:
        """The piece of a name; ``None`` where there is none or it is null."""
        if name not in self.entries:
            return None
        node = self.entries[name][1]
        return None if isinstance(node, Scalar) and node.is_null else node

    def items(self) -> Iterator[tuple[str, Node]]:
        """Names and pieces, in order."""
        for name, (_, node) in self.entries.items():
            yield name, node

    def key(self, name: str) -> Scalar:
        """The name itself as a piece, for errors about it."""
        return self.entries[name][0]

    def require_keys(self, allowed: tuple[str, ...], what: str) -> None:
        """Refuse names that mean nothing here.

        Raises:
            SpecError: at the first such name; the hint offers the nearest.
        """
        for name, (key, _) in self.entries.items():
            if name not in allowed:
                similar = near(name, allowed)
                hint = f"did you mean {similar[0]}?" if similar else f"known: {', '.join(allowed)}"
                raise key.mistake(f"{what} has no '{show(name)}'", hint)


def expect_map(node: Node, what: str) -> Map:
    """The piece as a map.

    Raises:
        SpecError: it is none.
    """
    if not isinstance(node, Map):
        raise node.mistake(f"{what} has to be a map, not {_found(node)}")
    return node


def expect_scalar(node: Node, what: str) -> Scalar:
    """The piece as a text or number.

    Raises:
        SpecError: it is a list or a map.
    """
    if not isinstance(node, Scalar):
        hint = "quote it if it is one expression" if isinstance(node, Map) else ""
        if isinstance(node, Sequence) and what.startswith("modules."):
            hint = "layers in a row are Sequential(A, B)"
        raise node.mistake(f"{what} has to be a text, not {_found(node)}", hint)
    return node


def texts(node: Node | None, what: str) -> tuple[str, ...]:
    """A list of texts, or one text alone; nothing is an empty list.

    Raises:
        SpecError: something else is in it.
    """
    if node is None:
        return ()
    parts = node.items if isinstance(node, Sequence) else (node,)
    return tuple(expect_scalar(part, what).text for part in parts)


def _found(node: Node) -> str:
    if isinstance(node, Scalar):
        return "nothing" if node.is_null else f"'{show(node.text[:60])}'"
    return node.kind
