"""The inputs of a model as a spec declares them: shape, dtype, range, default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from paramctl.dtypes import parse_dtype
from paramctl.errors import UsageError
from paramctl.expression.parse import Code
from paramctl.expression.place import Place
from paramctl.names import show
from paramctl.spec.block import literal
from paramctl.spec.config import evaluate_default
from paramctl.spec.nodes import Node, Scalar, Sequence, expect_map, expect_scalar

_KEYS = ("shape", "dtype", "below", "default", "about")
MISSING = object()


@dataclass(frozen=True)
class InputDeclaration:
    """What a model takes under one name.

    Attributes:
        shape: sizes; a text is the name of a size that is free, such as ``batch``; ``None``
            where the spec says nothing about the shape.
        dtype: NumPy's name.
        below: integers are from 0 up to, not including, this; ``None`` without a bound.
        default: code of the value where none is given, a plain value, or ``MISSING``.
    """

    name: str
    place: Place
    shape: tuple[int | str, ...] | None = None
    dtype: str = "float32"
    below: int | None = None
    default: Any = MISSING
    about: str = ""

    @property
    def has_default(self) -> bool:
        """Whether it can be left out."""
        return self.default is not MISSING


def read_inputs(node: Node | None, config: Mapping[str, Any]) -> dict[str, InputDeclaration]:
    """The declared inputs, by name.

    Raises:
        SpecError: an unknown key or dtype, or a size that is none.
    """
    if node is None:
        return {}
    table = expect_map(node, "inputs")
    found = {}
    for name, part in table.items():
        if not name.isidentifier() or name.startswith("__"):
            raise table.key(name).mistake(f"'{show(name)}' can't be the name of an input")
        found[name] = _read(name, table.key(name).place, part, config)
    return found


def _read(name: str, place: Place, node: Node, config: Mapping[str, Any]) -> InputDeclaration:
    if isinstance(node, Sequence):
        return InputDeclaration(name, place, _shape(node, config))
    table = expect_map(node, f"input {name}")
    table.require_keys(_KEYS, f"input {name}")
    shape = table.get("shape")
    dtype = table.get("dtype")
    below = table.get("below")
    about = table.get("about")
    return InputDeclaration(
        name,
        place,
        _shape(shape, config) if shape else None,
        _dtype(expect_scalar(dtype, "dtype")) if dtype else "float32",
        _below(expect_scalar(below, "below"), config) if below else None,
        _default(table.entries["default"][1]) if "default" in table else MISSING,
        expect_scalar(about, "about").text if about else "",
    )


def _shape(node: Node, config: Mapping[str, Any]) -> tuple[int | str, ...]:
    if not isinstance(node, Sequence):
        raise node.mistake("a shape is a list, such as [batch, 20]")
    return tuple(_size(expect_scalar(part, "a size"), config) for part in node)


def _size(node: Scalar, config: Mapping[str, Any]) -> int | str:
    if node.is_null:
        return "?"
    if isinstance(node.value, str):
        if node.text.isidentifier() and node.text not in config:
            return node.text
        value = evaluate_default(node.code(), config)
    else:
        value = node.value
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31:
        raise node.mistake(f"a size is a whole number from 0 to 2**31, found {value}")
    return value


def _dtype(node: Scalar) -> str:
    try:
        return parse_dtype(node.text).array
    except UsageError as error:
        raise node.mistake(error.problem, error.hint) from None


def _below(node: Scalar, config: Mapping[str, Any]) -> int:
    value = evaluate_default(node.code(), config)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise node.mistake(f"below is a whole number from 1, found {value}")
    return value


def _default(node: Node) -> Code | Any:
    """A text is code over the other inputs and the config; anything else is the value."""
    if isinstance(node, Scalar) and isinstance(node.value, str):
        return node.code() if not node.text.startswith("=") else literal(node)
    return literal(node)
