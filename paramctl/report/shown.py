"""The report of ``show``: the numbers of a tensor."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from paramctl.manifest import Entry
from paramctl.names import show
from paramctl.report.report import Column, Report
from paramctl.report.screen import Screen
from paramctl.report.values import number_text, shape_text

if TYPE_CHECKING:
    import numpy as np

_MOST = 1000


def shown(entry: Entry, values: "np.ndarray[Any, Any]") -> Report:
    """The values of an array that NumPy has a dtype for.

    A terminal gets them as NumPy prints them, thousands of them shortened; a pipe gets the
    last axis as columns and all others as rows.
    """
    last = values.shape[-1] if values.ndim > 1 else 1
    return Report(
        "show",
        tuple(Column(str(number), "text") for number in range(last)),
        _rows(values),
        payload={
            "name": entry.name,
            "dtype": entry.dtype,
            "shape": list(values.shape),
            "values": values,
        },
        rows_key=None,
        names=[entry.name],
        text=lambda screen: _lines(entry, values, screen),
    )


def _rows(values: "np.ndarray[Any, Any]") -> Iterable[list[str]]:
    if not values.size:
        return []
    table = values.reshape(-1, values.shape[-1] if values.ndim > 1 else 1)
    return ([_text(number) for number in row] for row in table)


def _text(number: Any) -> str:
    """The shortest text that gives the number back in its own dtype."""
    value = number.item()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return str(number) if value - value == 0 else number_text(value)
    return str(number)


def _lines(entry: Entry, values: "np.ndarray[Any, Any]", screen: Screen) -> Iterator[str]:
    import numpy as np

    yield f"{show(entry.name)}  {entry.dtype}  {shape_text(values.shape)}"
    yield np.array2string(
        values, max_line_width=screen.width - 1, threshold=_MOST, precision=6, separator=" "
    )
    if values.size > _MOST and screen.is_terminal:
        yield f"... stands for more of {values.size:,} values: give an index, or -f tsv for all"
