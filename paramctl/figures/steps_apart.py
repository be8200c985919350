"""How many representable values lie between two tensors, element by element, as a histogram."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from paramctl.compute.blocks import BLOCK, spans
from paramctl.compute.decode import count_of, decode, is_decodable
from paramctl.compute.jobs import spread
from paramctl.dtypes import DTYPES
from paramctl.figures.pieces import Span, byte_span, read_piece, size_of, weight_in
from paramctl.figures.same import Pair
from paramctl.figures.unequal import gaps, steps

_EDGES = np.array([1 << power for power in range(64)], np.uint64)


@dataclass(frozen=True)
class StepsApart:
    """How far elements lie apart, in units in the last place.

    Attributes:
        counts: elements by distance: first those at 0 steps, then at 1, 2 to 3, 4 to 7, and so
            on up to the farthest.
        nan: elements that are NaN on one side or both.
    """

    counts: tuple[int, ...]
    nan: int

    @property
    def ranges(self) -> list[tuple[int, int, int]]:
        """(first, last, count) of each distance that occurs."""
        bounds = [(0, 0)] + [(1 << power, (2 << power) - 1) for power in range(len(self.counts))]
        return [(*ends, n) for ends, n in zip(bounds, self.counts, strict=False) if n]


def steps_apart(pair: Pair) -> StepsApart | None:
    """The histogram of a pair; ``None`` for two dtypes, and for what has no steps."""
    dtype = pair.before.dtype
    if pair.is_retyped or not is_decodable(dtype) or DTYPES[dtype].family == "complex":
        return None
    total, nan = np.zeros(len(_EDGES) + 1, np.int64), 0
    weigh = partial(weight_in, pair.before)
    for counts, some_nan in spread(partial(_counted, pair), spans(size_of(pair.before)), weigh):
        total += counts
        nan += some_nan
    last = int(np.flatnonzero(total)[-1]) if total.any() else 0
    return StepsApart(tuple(total[: last + 1].tolist()), nan)


def _counted(pair: Pair, span: Span) -> tuple[Any, int]:
    dtype = pair.before.dtype
    left = read_piece(pair.left, pair.before, span, "left piece")
    right = read_piece(pair.right, pair.after, span, "right piece")
    total, nan = np.zeros(len(_EDGES) + 1, np.int64), 0
    for start, stop in spans(count_of(dtype, len(left)), BLOCK):
        a, b = (side[slice(*byte_span(dtype, (start, stop)))] for side in (left, right))
        with np.errstate(invalid="ignore"):
            is_nan = np.isnan(decode(dtype, a, "left values"))
            is_nan |= np.isnan(decode(dtype, b, "right values"))
        apart = gaps(steps(dtype, a), steps(dtype, b))[~is_nan]
        places = np.searchsorted(_EDGES, apart, side="right")
        total += np.bincount(places, minlength=len(total))
        nan += int(np.count_nonzero(is_nan))
    return total, nan
