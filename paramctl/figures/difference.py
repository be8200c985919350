"""How two blocks of numbers differ: counts, sums and extremes that add up over pieces."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from paramctl.compute.blocks import rows, scratch
from paramctl.compute.decode import decode
from paramctl.figures.tally import Number
from paramctl.figures.unequal import gaps


@dataclass
class Difference:
    """What one piece, or all, contribute to the figures of a changed tensor.

    Attributes:
        pairs: elements without a NaN on either side.
        split: pairs of which just one is infinite, or both with other signs.
        gap, squares, left, right: sums of ``|a-b|``, ``|a-b|**2``, ``|a|**2`` and ``|b|**2``
            over the finite pairs.
        nan, inf: how many there are (left, right).
    """

    pairs: int = 0
    differing: int = 0
    split: int = 0
    max_abs: Number = 0.0
    nan: tuple[int, int] = (0, 0)
    inf: tuple[int, int] = (0, 0)
    gap: list[float] = field(default_factory=list)
    squares: list[float] = field(default_factory=list)
    left: list[float] = field(default_factory=list)
    right: list[float] = field(default_factory=list)

    def add(self, other: "Difference") -> None:
        """Take in the elements of another piece, which come after these."""
        self.pairs += other.pairs
        self.differing += other.differing
        self.split += other.split
        self.max_abs = max(self.max_abs, other.max_abs)
        self.nan = (self.nan[0] + other.nan[0], self.nan[1] + other.nan[1])
        self.inf = (self.inf[0] + other.inf[0], self.inf[1] + other.inf[1])
        for mine, theirs in zip(self._sums(), other._sums(), strict=True):
            mine += theirs

    def _sums(self) -> tuple[list[float], ...]:
        return self.gap, self.squares, self.left, self.right


def difference(left: Any, right: Any, exact_gaps: Any = None) -> Difference:
    """The figures of two flat arrays of numbers; ``differing`` is left to the caller.

    Args:
        left, right: float64 or complex128.
        exact_gaps: ``|a-b|`` as integers, where float64 would round them.
    """
    if left.dtype != right.dtype:
        left, right = left.astype(np.complex128), right.astype(np.complex128)
    gap = np.subtract(left, right, out=scratch("gap", len(left), left.dtype))
    gap = np.abs(gap, out=gap if gap.dtype.kind == "f" else None)
    if exact_gaps is not None:
        gap[:] = exact_gaps
    largest = float(np.maximum.reduce(gap, initial=0.0))
    if not math.isfinite(largest):
        found = _with_non_finite(left, right)
        if found is not None:
            return found
    exact = int(exact_gaps.max()) if exact_gaps is not None and len(exact_gaps) else largest
    return Difference(
        pairs=len(left),
        max_abs=exact,
        gap=[_sum(gap)],
        squares=[_sum(np.multiply(gap, gap, out=gap))],
        left=[_sum(_squares(left, gap))],
        right=[_sum(_squares(right, gap))],
    )


def _with_non_finite(left: Any, right: Any) -> Difference | None:
    """The same where NaN or Inf occur; ``None`` where finite values only lie too far apart."""
    both = np.isfinite(left) & np.isfinite(right)
    if both.all():
        return None
    found = difference(left[both], right[both])
    nan_left, nan_right = np.isnan(left), np.isnan(right)
    numbers = ~nan_left & ~nan_right
    found.pairs = int(np.count_nonzero(numbers))
    found.split = int(np.count_nonzero(numbers & ~both & (left != right)))
    found.max_abs = math.inf if found.split else found.max_abs
    found.nan = (int(np.count_nonzero(nan_left)), int(np.count_nonzero(nan_right)))
    found.inf = (
        int(np.count_nonzero(np.isinf(left) & ~nan_left)),
        int(np.count_nonzero(np.isinf(right) & ~nan_right)),
    )
    return found


def integer_difference(dtype: str, left: Any, right: Any, values: tuple[Any, Any]) -> Difference:
    """The figures of two blocks of 64-bit integers, from exact gaps; ``max_abs`` is an integer."""
    floats = decode(dtype, left, "left values"), decode(dtype, right, "right values")
    return difference(*floats, exact_gaps=gaps(*values))


def _squares(values: Any, out: Any) -> Any:
    if values.dtype.kind == "c":
        return values.real**2 + values.imag**2
    return np.multiply(values, values, out=out)


def _sum(values: Any) -> float:
    return math.fsum(x for row in rows(values) for x in np.add.reduce(row, axis=1).tolist())
