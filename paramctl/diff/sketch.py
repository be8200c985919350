"""Both sides of a change, summed in one pass: what tells a factor, a shift, a low rank.

The rank comes from a random sketch: with ``D = b - a`` and a narrow normal ``S``, the columns
of ``D S`` span those of D when its rank is small, and ``|D|**2 - |Q' D|**2`` says how much
they miss. What rounding b to its dtype may have added, about a twelfth of a squared step per
element, may be missed: a low-rank update merged into BF16 is one still.

Source: Halko, Martinsson & Tropp 2011, Finding structure with randomness, algorithm 4.1.
"""

import math
from typing import Any

import numpy as np

from paramctl.compute.rounding import round_to
from paramctl.diff.sides import Sides
from paramctl.dtypes import DTYPES

_RANKS = 64  # larger ranks are not looked for
_SPARE = 8
_MISSED = 1e-4  # share of |D|**2 that an explanation may leave
_ROUNDED = 1.5  # times what rounding is expected to have added, which it may leave too
_WIDEST = 1 << 17  # columns, whose sketch must fit in memory
_FEWEST = 8  # elements of a row or column that its own factor may be told from
_PLENTY = 4096  # elements from which on two matrices are never uncorrelated by chance
_CHANCE = 4.0  # standard deviations
_NARROWER = {"F64": ("F32", "BF16", "F16"), "F32": ("BF16", "F16")}


class Sketch:
    """Sums over all elements, over rows and over columns; the sketch where a rank is asked for.

    Attributes:
        changed: elements that differ as numbers; NaN differs from everything.
        changed_rows, changed_columns: those with such elements.
        low, high: the smallest and largest value of b.
        rounded: dtypes to which a was rounded to give b, to the last bit.
    """

    def __init__(self, sides: Sides) -> None:
        self.sides = sides
        rows, width = sides.rows, sides.width
        self._by_row = np.zeros((3, rows))  # sums of aa, ab and bb
        self._by_column = np.zeros((3, width))
        self._touched = np.zeros(width, bool)
        self.changed = self.changed_rows = 0
        self.energy = self.total = self._rounding = 0.0
        self.low, self.high = math.inf, -math.inf
        same = sides.before.dtype == sides.after.dtype
        self.rounded = list(_NARROWER.get(sides.after.dtype, ())) if same else []
        with np.errstate(all="ignore"):
            for place, a, b in sides.blocks():
                self._add(place, a, b)
        self.changed_columns = int(np.count_nonzero(self._touched))
        self.aa, self.ab, self.bb = map(float, self._by_row.sum(axis=1))
        self.is_finite = bool(np.isfinite(self.aa + self.bb + self.energy)) and self.energy > 0

    def _add(self, place: slice, a: Any, b: Any) -> None:
        delta = b - a
        touched = delta != 0
        self.changed += int(np.count_nonzero(touched))
        self.changed_rows += int(np.count_nonzero(touched.any(axis=1)))
        self._touched |= touched.any(axis=0)
        self.low, self.high = min(self.low, float(b.min())), max(self.high, float(b.max()))
        self.energy += float(np.vdot(delta, delta))
        self.total += float(delta.sum())
        self._rounding += _rounding(self.sides.after.dtype, b)
        for number, (left, right) in enumerate(((a, a), (a, b), (b, b))):
            self._by_row[number, place] = np.einsum("ij,ij->i", left, right)
            self._by_column[number] += np.einsum("ij,ij->j", left, right)
        self.rounded = [dtype for dtype in self.rounded if (round_to(dtype, a) == b).all()]

    @property
    def allowance(self) -> float:
        """How much of the change an explanation may leave: little, and what rounding added.

        Where rounding may have made a good part of the change, that is no excuse.
        """
        rounded = _ROUNDED * self._rounding
        return max(_MISSED * self.energy, rounded if rounded < self.energy / 20 else 0.0)

    def factor(self) -> float | None:
        """The number that a was multiplied with to give b, or ``None``."""
        if not self.is_finite or not self.aa:
            return None
        factor = self.ab / self.aa
        return factor if self.bb - factor * self.ab <= self.allowance else None

    def shift(self) -> float | None:
        """The number that was added to every element, or ``None``."""
        mean = self.total / (self.sides.rows * self.sides.width)
        missed = self.energy - mean * self.total
        return mean if self.is_finite and missed <= self.allowance else None

    def own_factors(self) -> str:
        """``row`` or ``column`` where each of them has a factor of its own; or nothing."""
        sums = {"row": self._by_row, "column": self._by_column}
        sizes = {"row": self.sides.width, "column": self.sides.rows}
        for axis, (aa, ab, bb) in sums.items() if self.is_finite else ():
            missed = bb - np.divide(ab * ab, aa, out=np.zeros_like(aa), where=aa > 0)
            if sizes[axis] >= _FEWEST and missed.sum() <= self.allowance:
                return axis
        return ""

    def zeroed(self) -> tuple[int, int]:
        """How many rows, and how many columns, of other values are zeros now."""
        (row_aa, _, row_bb), (column_aa, _, column_bb) = self._by_row, self._by_column
        rows = np.count_nonzero((row_aa > 0) & (row_bb == 0))
        return int(rows), int(np.count_nonzero((column_aa > 0) & (column_bb == 0)))

    def is_uncorrelated(self) -> bool:
        """Whether b has as little to do with a as if it had been drawn anew."""
        size = self.sides.rows * self.sides.width
        by_chance = _CHANCE * math.sqrt(self.aa) * math.sqrt(self.bb) / math.sqrt(size)
        return self.is_finite and size >= _PLENTY and 0 < self.aa and abs(self.ab) <= by_chance

    def rank(self) -> int | None:
        """The rank of the change, if it is small next to both sizes of the matrix."""
        height, width = self.sides.rows, self.sides.width
        if min(height, width) < 2 or width > _WIDEST or not self.is_finite:
            return None
        columns = min(_RANKS + _SPARE, height, width)
        random = np.random.Generator(np.random.Philox(0)).standard_normal((width, columns))
        image = np.zeros((height, columns))
        for rows, a, b in self.sides.blocks():
            image[rows] = (b - a) @ random
        basis, _ = np.linalg.qr(image)
        projected = np.zeros((basis.shape[1], width))
        for rows, a, b in self.sides.blocks():
            projected += basis[rows].T @ (b - a)
        kept = np.cumsum(np.linalg.svd(projected, compute_uv=False) ** 2)
        enough = np.flatnonzero(kept >= self.energy - self.allowance)
        rank = int(enough[0]) + 1 if len(enough) else 0
        most = min(_RANKS, height // 4, width // 4)
        return rank if 0 < rank <= most else None


def mantissa(dtype: str) -> int:
    """Bits of the fraction."""
    from ml_dtypes import finfo

    known: Any = finfo
    return int(known(DTYPES[dtype].numpy()).nmant) if DTYPES[dtype].array else 1


def _rounding(dtype: str, values: Any) -> float:
    """What rounding some values to their dtype adds to their squares, in the mean."""
    steps = np.ldexp(1.0, np.frexp(values)[1] - 1 - mantissa(dtype))
    return float(np.vdot(steps, steps)) / 12
