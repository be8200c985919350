"""One value as text: for people, with units and commas; for programs, raw and whole."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from paramctl.manifest import Shape
from paramctl.names import escape, show
from paramctl.report.report import Column

_TIMES = (("s", 1.0), ("ms", 1e3), ("us", 1e6))
_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB")


def human(value: Any, column: Column) -> str:
    """The value as people read it in a table; an empty text stays empty in any column."""
    if value is None:
        return column.missing
    if value == "":
        return ""
    match column.kind:
        case "count":
            return f"{value:,}"
        case "bytes":
            return bytes_text(value)
        case "seconds":
            return seconds_text(value)
        case "number":
            return number_text(value)
        case "numbers":
            return ", ".join(f"{one:.4g}" for one in value)
        case "shape":
            return shape_text(value)
    return show(str(value))


def raw(value: Any, column: Column) -> str:
    """The value as a program reads it: whole, on one line, without tabs."""
    return column.missing if value is None else _RAW.get(column.kind, _escaped)(value)


def raw_column(column: Column, values: Sequence[Any]) -> list[str]:
    """``raw`` of many values of a column: plain texts at once, each shape once."""
    kinds = set(map(type, values))
    if kinds == {str} and column.kind not in _RAW:
        text = " ".join(values)
        if escape(text) == text:
            return list(values)
    if kinds == {int} and column.kind in ("count", "bytes", "number"):
        return list(map(str, values))
    if kinds == {tuple} and column.kind == "shape":
        shapes = {shape: shape_text(shape) for shape in set(values)}
        return [shapes[shape] for shape in values]
    return [raw(value, column) for value in values]


def _escaped(value: Any) -> str:
    return escape(str(value))


def _raw_number(value: Any) -> str:
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else number_text(value)
    return str(value)


class Shapes(tuple[Shape, ...]):
    """Several shapes in one cell: ``[384] [384,384]``."""

    __slots__ = ()


def shape_text(shape: Any) -> str:
    """``[384,384]``; ``?`` for an unknown size."""
    if isinstance(shape, Shapes):
        return " ".join(map(shape_text, shape))
    return f"[{','.join('?' if size is None else str(size) for size in shape)}]"


def bytes_text(count: int) -> str:
    """``1.5 MiB``: three figures, binary units; ``512 bytes`` below a KiB."""
    if count < 1024:
        return f"{count} byte{'s' * (count != 1)}"
    size, unit = float(count), 0
    while size >= 999.5 and unit < len(_UNITS) - 1:
        size, unit = size / 1024, unit + 1
    return f"{size:.{0 if size >= 99.95 else 1 if size >= 9.995 else 2}f} {_UNITS[unit]}"


def seconds_text(seconds: float) -> str:
    """A time in three figures, in the unit that suits it."""
    unit, size = next(
        ((unit, size) for unit, size in _TIMES if seconds * size >= 0.9995), _TIMES[-1]
    )
    time = seconds * size
    return f"{time:.{0 if time >= 99.95 else 1 if time >= 9.995 else 2}f} {unit}"


def number_text(value: Any) -> str:
    """A number in up to six figures; ``NaN``, ``Infinity`` and ``-Infinity`` as in JSON."""
    if isinstance(value, complex):
        return (
            f"{number_text(value.real)}{'+' if value.imag >= 0 else ''}{number_text(value.imag)}j"
        )
    if isinstance(value, float):
        if math.isnan(value):
            return "NaN"
        if math.isinf(value):
            return "Infinity" if value > 0 else "-Infinity"
        return f"{value:.6g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


_RAW: dict[str, Callable[[Any], str]] = {
    "shape": shape_text,
    "count": str,
    "bytes": str,
    "seconds": _raw_number,
    "number": _raw_number,
    "numbers": lambda values: ",".join(map(_raw_number, values)),
}
