"""What kind of change a matrix went through: rows, one factor, or a matrix of low rank.

The rank comes from a random sketch: with ``D = b - a`` and a narrow normal ``S``, the columns
of ``D S`` span those of D when its rank is small, and ``|D|**2 - |Q' D|**2`` says how much
they miss. What rounding b to its dtype may have added, about a twelfth of a squared step per
element, may be missed: a low-rank update merged into BF16 is one still.

Source: Halko, Martinsson & Tropp 2011, Finding structure with randomness, algorithm 4.1.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from paramctl.compute.decode import decode, is_decodable
from paramctl.diff.relaid import is_transposed, same_elements
from paramctl.diff.rows import appended_rows, moved_rows
from paramctl.dtypes import DTYPES
from paramctl.figures.comparison import Comparison
from paramctl.figures.pieces import Readable, read_piece, size_of
from paramctl.manifest import Entry

_RANKS = 64  # larger ranks are not looked for
_SPARE = 8
_MISSED = 1e-4  # share of |D|**2 that an explanation may leave
_ROUNDED = 1.5  # times what rounding is expected to have added, which it may leave too
_SPARSE = 0.01  # share of the elements
_BLOCK = 1 << 20  # elements
_WIDEST = 1 << 17  # columns, whose sketch must fit in memory


@dataclass(frozen=True)
class Sides:
    """The two matrices: tensors of rank 2 and more, flattened behind their first axis."""

    a: Readable
    before: Entry
    b: Readable
    after: Entry

    @property
    def rows(self) -> int:
        """Size of the first axis."""
        return int(self.before.shape[0] or 0)

    @property
    def width(self) -> int:
        """Elements per row."""
        return size_of(self.before) // max(self.rows, 1)

    def blocks(self) -> Iterator[tuple[slice, Any, Any]]:
        """Some rows after the other, of both sides, as float64."""
        step = max(1, _BLOCK // max(self.width, 1))
        for start in range(0, self.rows, step):
            stop = min(start + step, self.rows)
            span = start * self.width, stop * self.width
            left = read_piece(self.a, self.before, span, "left piece")
            right = read_piece(self.b, self.after, span, "right piece")
            a = decode(self.before.dtype, left, "left values").reshape(-1, self.width)
            b = decode(self.after.dtype, right, "right values").reshape(-1, self.width)
            yield slice(start, stop), a, b


def explain(a: Readable, before: Entry, b: Readable, after: Entry) -> str:
    """A few words such as ``rank 16``, ``3 of 30,522 rows`` or ``scaled by 0.5``; often none.

    Several of them may hold: they are joined by commas. Rows in another order explain all, and
    so does a square matrix that was transposed.
    """
    if moved := moved_rows(a, before, b, after):
        return f"{moved:,} of {before.shape[0]:,} rows in another order"
    if is_transposed(a, before, b, after):
        return "transposed"
    sides = Sides(a, before, b, after)
    if not _is_matrix(sides):
        return ""
    sketch = _Sketch(sides)
    found = []
    if 0 < sketch.changed_rows <= sides.rows // 2:
        found.append(f"{sketch.changed_rows:,} of {sides.rows:,} rows")
    if factor := sketch.factor():
        digits = 6 if _mantissa(after.dtype) > 10 else 4
        found.append(f"scaled by {factor:.{digits}g}")
    elif (rank := sketch.rank()) and rank < sketch.changed_rows:
        found.append(f"rank {rank}")
    return ", ".join(found)


def explain_sparse(figures: Comparison) -> str:
    """Whether only a few elements differ: ``3 of 147,456 elements``; or nothing."""
    differing, numel = figures.differing or 0, figures.numel
    return f"{differing:,} of {numel:,} elements" if 0 < differing <= _SPARSE * numel else ""


def explain_shape(a: Readable, before: Entry, b: Readable, after: Entry) -> str:
    """Whether the same bytes have another shape, or rows came or went at the end; or nothing.

    The answers are ``2 rows appended``, ``the last 2 rows dropped``, ``transposed``, and
    ``the same bytes``.
    """
    more = appended_rows(a, before, b, after)
    if not more:
        return same_elements(a, before, b, after)
    rows = f"{abs(more):,} row{'s' * (abs(more) != 1)}"
    return f"{rows} appended" if more > 0 else f"the last {rows} dropped"


def _is_matrix(sides: Sides) -> bool:
    dtypes = sides.before.dtype, sides.after.dtype
    floats = all(DTYPES[name].is_floating and is_decodable(name) for name in dtypes)
    packed = "F4" in dtypes and sides.width % 2
    shape = sides.before.shape
    return floats and not packed and len(shape) >= 2 and sides.rows > 1 and 1 < sides.width


def _mantissa(dtype: str) -> int:
    """Bits of the fraction."""
    from ml_dtypes import finfo

    known: Any = finfo
    return int(known(DTYPES[dtype].numpy()).nmant) if DTYPES[dtype].array else 1


def _rounding(dtype: str, values: Any) -> float:
    """What rounding some values to their dtype adds to their squares, in the mean."""
    steps = np.ldexp(1.0, np.frexp(values)[1] - 1 - _mantissa(dtype))
    return float(np.vdot(steps, steps)) / 12


class _Sketch:
    """One pass over both sides: sums for the factor, changed rows, and the sketch."""

    def __init__(self, sides: Sides) -> None:
        self.sides = sides
        self.columns = min(_RANKS + _SPARE, sides.rows, sides.width)
        narrow = sides.width <= _WIDEST
        random = np.random.Generator(np.random.Philox(0))
        sketch = random.standard_normal((sides.width, self.columns)) if narrow else None
        self.image = np.zeros((sides.rows, self.columns)) if narrow else None
        self.changed_rows = 0
        self.aa = self.ab = self.bb = self.energy = self.rounding = 0.0
        with np.errstate(all="ignore"):
            for rows, a, b in sides.blocks():
                delta = b - a
                self.changed_rows += int(np.count_nonzero(delta.any(axis=1)))
                self.aa += float(np.vdot(a, a))
                self.ab += float(np.vdot(a, b))
                self.bb += float(np.vdot(b, b))
                self.energy += float(np.vdot(delta, delta))
                self.rounding += _rounding(sides.after.dtype, b)
                if self.image is not None:
                    self.image[rows] = delta @ sketch
        self.is_finite = bool(np.isfinite(self.aa + self.bb + self.energy)) and self.energy > 0

    @property
    def allowance(self) -> float:
        """How much of the change an explanation may leave: little, and what rounding added.

        Where rounding may have made a good part of the change, that is no excuse.
        """
        rounded = _ROUNDED * self.rounding
        return max(_MISSED * self.energy, rounded if rounded < self.energy / 20 else 0.0)

    def factor(self) -> float | None:
        """The number that a was multiplied with to give b, or ``None``."""
        if not self.is_finite or not self.aa:
            return None
        factor = self.ab / self.aa
        missed = self.bb - factor * self.ab
        return factor if missed <= self.allowance else None

    def rank(self) -> int | None:
        """The rank of the change, if it is small next to both sizes of the matrix."""
        if self.image is None or not self.is_finite:
            return None
        basis, _ = np.linalg.qr(self.image)
        projected = np.zeros((basis.shape[1], self.sides.width))
        for rows, a, b in self.sides.blocks():
            projected += basis[rows].T @ (b - a)
        kept = np.cumsum(np.linalg.svd(projected, compute_uv=False) ** 2)
        enough = np.flatnonzero(kept >= self.energy - self.allowance)
        rank = int(enough[0]) + 1 if len(enough) else 0
        most = min(_RANKS, self.sides.rows // 4, self.sides.width // 4)
        return rank if 0 < rank <= most else None
