"""The values of a tensor at an index, reading no more of the file than the index spans."""

import math
from typing import TYPE_CHECKING, Any

from paramctl.dtypes import DTYPES
from paramctl.errors import UsageError
from paramctl.listing.index import Index, fitted
from paramctl.manifest import Entry
from paramctl.names import show
from paramctl.sources.source import Source

if TYPE_CHECKING:
    import numpy as np

_BLOCK = 1 << 22


def values(source: Source, entry: Entry, index: Index) -> "np.ndarray[Any, Any]":
    """The values as an array of the tensor's dtype.

    Numbers in front pick a part of the file, a slice behind them rows of that part; only these
    rows are read, a few megabytes at a time.

    Raises:
        UsageError: the index does not fit, or no array has this dtype or shape.
        CheckpointError: the file can't be read.
    """
    import numpy as np

    dtype = DTYPES[entry.dtype].numpy()
    items = fitted(index, entry)
    shape = [size or 0 for size in entry.shape]
    fixed = _leading_numbers(items)
    part = 0  # which of the parts that the fixed numbers pick from, laid out one after another
    for item, size in zip(fixed, shape, strict=False):
        part = part * size + item
    rows, *inner = shape[len(fixed) :] or [1]
    first, *rest = items[len(fixed) :] or [slice(None)]
    assert isinstance(first, slice), "a slice follows the fixed numbers"
    row = dtype.itemsize * math.prod(inner)
    wanted = range(*first.indices(rows))
    try:
        picked = np.empty((0, *inner), dtype)[(slice(None), *rest)]
        found = np.empty((len(wanted), *picked.shape[1:]), dtype)
    except ValueError as error:
        raise UsageError(f"no array can hold this shape: {error}", where=show(entry.name)) from None
    done = 0
    for some in _chunks(wanted, row):
        low, high = min(some[0], some[-1]), max(some[0], some[-1]) + 1
        buffer = np.empty((high - low) * row, np.uint8)
        source.read_into(entry.name, buffer, (part * rows + low) * row)
        block = buffer.view(dtype).reshape(high - low, *inner)
        found[done : done + len(some)] = block[(slice(None, None, some.step), *rest)]
        done += len(some)
    return found if len(fixed) < len(items) else found[0]


def _leading_numbers(items: tuple[int | slice, ...]) -> list[int]:
    numbers: list[int] = []
    for item in items:
        if isinstance(item, slice):
            break
        numbers.append(item)
    return numbers


def _chunks(wanted: range, row: int) -> list[range]:
    """The rows in pieces that span about a block of the file each."""
    count = max(1, _BLOCK // max(1, row * abs(wanted.step)))
    return [wanted[start : start + count] for start in range(0, len(wanted), count)]
