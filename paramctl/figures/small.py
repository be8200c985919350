"""Statistics of many small float tensors in a few passes over all of them together.

A tensor of a few hundred values costs less to add up than the calls that do it; so those of a
dtype that one job is about are laid end to end and reduced segment by segment. What becomes
of a tensor depends on its own values alone, whatever lies beside it.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from paramctl.compute.blocks import scratch
from paramctl.compute.decode import decode
from paramctl.figures.floats import LAYOUTS, Layout
from paramctl.figures.pieces import Readable
from paramctl.manifest import Entry

MOST = 1 << 12  # elements of a small tensor
_TOGETHER = 1 << 18  # elements that are looked at together
_DTYPES = ("F16", "BF16", "F32")


class Small(NamedTuple):
    """Figures of finite values that are not nothing; their names are those of ``Statistics``."""

    minimum: float
    maximum: float
    mean: float
    std: float
    absmax: float
    l2: float
    zeros: int


def is_small(entry: Entry) -> bool:
    """Whether a tensor is measured together with others."""
    return entry.dtype in _DTYPES and 0 < (entry.numel or 0) <= MOST


def measure_small(source: Readable, entries: Sequence[Entry]) -> list[Small | None]:
    """The figures of small tensors, in order; ``None`` for one with NaN or infinite values."""
    found: list[Small | None] = [None] * len(entries)
    for dtype in _DTYPES:
        places = [place for place, entry in enumerate(entries) if entry.dtype == dtype]
        while places:
            some = _filling(entries, places)
            figures = _together(source, dtype, [entries[place] for place in some])
            for place, one in zip(some, figures, strict=True):
                found[place] = one
            places = places[len(some) :]
    return found


def _filling(entries: Sequence[Entry], places: Sequence[int]) -> list[int]:
    """The first of the places whose tensors are as many elements as are looked at together."""
    total = 0
    some: list[int] = []
    for place in places:
        total += entries[place].numel or 0
        if some and total > _TOGETHER:
            break
        some.append(place)
    return some


class _Segments(NamedTuple):
    """Where each tensor begins among all values, and how many it has."""

    starts: Any
    sizes: Any

    def reduce(self, function: np.ufunc, values: Any) -> Any:
        return function.reduceat(values, self.starts)

    def chosen(self, is_chosen: Any) -> "tuple[_Segments, Any]":
        """Some of the segments as if they were all, and which of the values are theirs."""
        sizes = self.sizes[is_chosen]
        starts = np.concatenate(([0], np.cumsum(sizes)[:-1]))
        return _Segments(starts, sizes), np.repeat(is_chosen, self.sizes)


def _together(source: Readable, dtype: str, entries: Sequence[Entry]) -> list[Small | None]:
    layout = LAYOUTS[dtype]
    sizes = np.array([entry.numel for entry in entries], np.int64)
    bits = _read(source, entries, layout)
    segments = _Segments(np.concatenate(([0], np.cumsum(sizes)[:-1])), sizes)
    magnitudes = bits & bits.dtype.type(layout.sign - 1)
    top = segments.reduce(np.maximum, magnitudes)
    is_finite = top < layout.infinity
    if not is_finite.all():
        if not is_finite.any():
            return [None] * len(entries)
        segments, is_kept = segments.chosen(is_finite)
        bits, magnitudes, top = bits[is_kept], magnitudes[is_kept], top[is_finite]
    figures = iter(_finite(dtype, segments, bits, magnitudes, top))
    return [next(figures) if kept else None for kept in is_finite.tolist()]


def _read(source: Readable, entries: Sequence[Entry], layout: Layout) -> Any:
    """The bits of all tensors end to end, in this thread's buffer."""
    width = layout.bits // 8
    buffer = scratch("small", sum(entry.numel or 0 for entry in entries), f"<u{width}")
    view, position = memoryview(buffer.view(np.uint8)), 0
    for entry in entries:
        stop = position + width * (entry.numel or 0)
        source.read_into(entry.name, view[position:stop])
        position = stop
    return buffer


def _finite(dtype: str, segments: _Segments, bits: Any, magnitudes: Any, top: Any) -> list[Small]:
    values = decode(dtype, bits.view(np.uint8), "small values")
    low, high = (segments.reduce(way, values) + 0.0 for way in (np.minimum, np.maximum))
    zeros = segments.sizes - segments.reduce(np.add, (magnitudes != 0).astype(np.int64))
    sums = _sums(LAYOUTS[dtype], segments, values, magnitudes, top)
    squares = segments.reduce(np.add, values * values)
    deviations = np.maximum(squares - sums * sums / segments.sizes, 0.0)
    is_far = (deviations < squares / 64) & (low != high)
    if is_far.any():
        deviations[is_far] = _around_mean(*segments.chosen(is_far), values, sums[is_far])
    deviations[low == high] = 0.0
    columns = (
        low, high, sums / segments.sizes, np.sqrt(deviations / segments.sizes),
        np.maximum(np.abs(low), np.abs(high)), np.sqrt(squares), zeros,
    )  # fmt: skip
    return [Small(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def _sums(layout: Layout, segments: _Segments, values: Any, magnitudes: Any, top: Any) -> Any:
    """The sum of each tensor, rounded once.

    Where exponents lie close together a plain sum can't have rounded; the others are summed
    exactly.
    """
    sums = segments.reduce(np.add, values)
    least = segments.reduce(np.minimum, magnitudes - magnitudes.dtype.type(1))  # zeros wrap around
    bottom = least.astype(np.int64) + 1 >> layout.mantissa
    spread = (top.astype(np.int64) >> layout.mantissa) - np.maximum(bottom, 1)
    room = 53 - (layout.mantissa + 1) - MOST.bit_length()
    for place in np.flatnonzero(spread > room).tolist():
        start = int(segments.starts[place])
        sums[place] = math.fsum(values[start : start + int(segments.sizes[place])].tolist())
    return sums


def _around_mean(segments: _Segments, is_chosen: Any, values: Any, sums: Any) -> Any:
    """The squared deviations of each tensor from its mean, as ``spread`` has them."""
    gaps = values[is_chosen] - np.repeat(sums / segments.sizes, segments.sizes)
    shift = segments.reduce(np.add, gaps)
    squares = segments.reduce(np.add, gaps * gaps)
    return np.maximum(squares - shift * shift / segments.sizes, 0.0)
