"""Where in a tensor something is: the first NaN or infinity, rows of zeros."""

from functools import partial
from typing import Any, Literal

import numpy as np

from paramctl.compute.blocks import spans
from paramctl.compute.decode import decode
from paramctl.compute.jobs import spread
from paramctl.figures.pieces import Readable, Span, read_piece, size_of
from paramctl.manifest import Entry

_TESTS: dict[str, Any] = {"nan": np.isnan, "inf": np.isinf}


def first_place(source: Readable, entry: Entry, what: Literal["nan", "inf"]) -> list[int]:
    """The index of the first NaN or infinite element; empty for a scalar.

    Raises:
        ValueError: there is none.
    """
    shape = [size or 0 for size in entry.shape]
    for start, stop in spans(size_of(entry)):
        with np.errstate(invalid="ignore"):
            values = decode(entry.dtype, read_piece(source, entry, (start, stop)))
        hits = _TESTS[what](values)
        if what == "inf":
            hits &= ~np.isnan(values)
        if hits.any():
            return [int(x) for x in np.unravel_index(start + int(hits.argmax()), shape)]
    raise ValueError(f"no {what} in {entry.name!r}")


def zero_rows(source: Readable, entry: Entry) -> tuple[int, int]:
    """How many rows, along the first axis, are all zero, and which is the first of them; else -1.

    The sign of zero does not matter.
    """
    rows = int(entry.shape[0] or 0)
    width = size_of(entry) // max(rows, 1)
    step = max(1, (1 << 20) // max(width, 1))

    if entry.dtype == "F4" and width % 2:
        return 0, -1  # rows that begin in the middle of a byte are not looked at
    work = partial(_zero_rows, source, entry, width)
    weigh = partial(_weight, (entry.nbytes or 0) // rows)
    zero = np.concatenate(list(spread(work, spans(rows, step), weigh, entry.nbytes or 0)))
    return int(np.count_nonzero(zero)), int(zero.argmax()) if zero.any() else -1


def _weight(each: int, span: Span) -> int:
    return each * (span[1] - span[0])


def _zero_rows(source: Readable, entry: Entry, width: int, span: Span) -> Any:
    """Which of some rows are all zero."""
    first, last = span[0] * width, span[1] * width
    if last - first > (1 << 22):  # one row of many pieces
        return np.array([_is_zero_row(source, entry, first, last)])
    with np.errstate(invalid="ignore"):
        values = decode(entry.dtype, read_piece(source, entry, (first, last)))
    return ~values.reshape(-1, width).any(axis=1)


def _is_zero_row(source: Readable, entry: Entry, first: int, last: int) -> bool:
    for start, stop in spans(last - first):
        with np.errstate(invalid="ignore"):
            values = decode(entry.dtype, read_piece(source, entry, (first + start, first + stop)))
        if values.any():
            return False
    return True
