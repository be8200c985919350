"""Squared deviations from a known mean, for values that lie far from zero next to their spread.

    sum((x - m)**2) - sum(x - m)**2 / n

The second term takes out what the rounding of ``m`` brought in.
"""

import math
from functools import partial
from typing import Any

import numpy as np

from paramctl.compute.blocks import BLOCK, rows, spans
from paramctl.compute.decode import decode
from paramctl.compute.jobs import spread
from paramctl.dtypes import DTYPES
from paramctl.figures.pieces import Readable, Span, byte_span, read_piece, size_of, weight_in
from paramctl.manifest import Entry

Center = tuple[float, float]


def squared_deviations(
    source: Readable, entry: Entry, count: int, center: Center, scale: int = 0
) -> float:
    """The sum of squared deviations of ``x * 2**scale`` from their mean, NaN left out.

    Args:
        count: elements that are not NaN; none of them is infinite.
        center: real and imaginary part of the mean of ``x * 2**scale``.
    """
    work = partial(_deviations, source, entry, center, scale)
    sums, squares = [], []
    weigh = partial(weight_in, entry)
    for some_sums, some_squares in spread(work, spans(size_of(entry)), weigh, entry.nbytes or 0):
        sums.append(some_sums)
        squares.append(some_squares)
    shift = math.fsum(x for x, _ in sums) ** 2 + math.fsum(y for _, y in sums) ** 2
    return max(math.fsum(squares) - shift / count, 0.0)


def _deviations(
    source: Readable, entry: Entry, center: Center, scale: int, span: Span
) -> tuple[Center, float]:
    """Sums of the deviations (real, imaginary) and of their squares over one piece."""
    piece = read_piece(source, entry, span)
    sums: list[float] = []
    other_sums: list[float] = []
    squares: list[float] = []
    for start, stop in spans(span[1] - span[0], BLOCK):
        first, last = byte_span(entry.dtype, (start, stop))
        for part, into, middle in _parts(entry.dtype, piece[first:last], center, scale):
            deviations = np.where(np.isnan(part), 0.0, part - middle)
            for row in rows(deviations):
                (sums if into == 0 else other_sums).extend(np.add.reduce(row, axis=1).tolist())
                squares += np.add.reduce(row * row, axis=1).tolist()
    return (math.fsum(sums), math.fsum(other_sums)), math.fsum(squares)


def _parts(dtype: str, block: Any, center: Center, scale: int) -> list[tuple[Any, int, float]]:
    """Values as float64 with the part they are and the number to take away from them."""
    if dtype == "C64":
        pairs = block.view("<f4").reshape(-1, 2).astype(np.float64)
        pairs[np.isnan(pairs).any(axis=1)] = np.nan
        return [(pairs[:, 0], 0, center[0]), (pairs[:, 1], 1, center[1])]
    if DTYPES[dtype].family in ("int", "uint") and DTYPES[dtype].bits == 64:
        values = block.view(DTYPES[dtype].numpy())
        middle = int(center[0])
        high = (values >> 32).astype(np.float64) - float(middle >> 32)
        low = (values & 0xFFFFFFFF).astype(np.float64) - float(middle & 0xFFFFFFFF)
        return [(high * 2.0**32 + low, 0, center[0] - middle)]
    values = decode(dtype, block)
    return [(np.ldexp(values, scale) if scale else values, 0, center[0])]
