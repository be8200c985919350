"""Statistics of F16, BF16, F32 and F64 blocks, half of them from the bits alone.

Floats of one sign are ordered as their bits are, so extremes, zeros and what is not finite
come from integer passes. Sums run in float64 over short rows. A row whose exponents lie
close together can't be rounded, in whatever order it is added; values that are too small for
that are taken out of it first.

Few calls on large arrays: each one on a middling array lets go of the interpreter, and the
threads would wait for each other more than they work.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from paramctl.compute.blocks import ROW, rows
from paramctl.compute.decode import decode
from paramctl.compute.exact import exact_parts
from paramctl.figures.tally import Tally

_ONES = np.ones(ROW)  # the sum of a row is a product with ones: the fastest there is
_SURELY = 1 - 2.0**-20  # the sums of squares are themselves rounded
_GROUP = 4 * ROW  # values that have one smallest magnitude
HUGE = 2.0**500  # squares of what is larger overflow, of what is smaller than 1/HUGE vanish


@dataclass(frozen=True)
class Layout:
    """Where sign, exponent and mantissa sit: ``mantissa`` bits lowest, the sign on top."""

    bits: int
    mantissa: int

    @property
    def sign(self) -> int:
        """The bit of the sign."""
        return 1 << (self.bits - 1)

    @property
    def infinity(self) -> int:
        """The bits of +Inf: exponent all ones, mantissa zero."""
        return (1 << (self.bits - 1)) - (1 << self.mantissa)

    @property
    def last(self) -> int:
        """The power of two of the last place of the smallest values."""
        return 2 - (1 << (self.bits - self.mantissa - 2)) - self.mantissa

    def value(self, bits: int) -> float:
        """The finite value of some bits; zero has no sign."""
        exponent, fraction = divmod(bits & (self.sign - 1), 1 << self.mantissa)
        whole = fraction + ((exponent > 0) << self.mantissa)
        return math.ldexp(-whole if bits & self.sign else whole, self.last + max(exponent - 1, 0))

    def needed(self, squares: float) -> int:
        """The bits of the smallest magnitude, but zero, with which no sum of a row was rounded.

        All values of a row are multiples of the last place of its smallest; no part of its sum
        is larger than ``sqrt(ROW * squares)``. Where a mantissa of float64 holds both, nothing
        was rounded.

        Args:
            squares: the sum of squares of the row.
        """
        largest = (math.frexp(squares * (ROW / _SURELY))[1] + 1) >> 1
        above = largest - 53 - self.last
        return (above + 1) << self.mantissa if above > 0 else 0


LAYOUTS = {
    "F16": Layout(16, 10),
    "BF16": Layout(16, 7),
    "F32": Layout(32, 23),
    "F64": Layout(64, 52),
}


def measure_floats(dtype: str, piece: Any, scale: int = 0) -> Tally:
    """The tally of a piece; sums and squares are of ``x * 2**scale``.

    An unscaled F64 piece that reaches HUGE leaves its sums out: it must be measured again.
    """
    tally, layout = Tally(), LAYOUTS[dtype]
    bits = piece.view(f"<u{layout.bits // 8}")
    above, below = _ends(layout, bits)
    if max(above, below) >= layout.infinity:
        _count_others(tally, layout, bits)
        bits = bits[(bits & bits.dtype.type(layout.sign - 1)) < layout.infinity]
        if not len(bits):
            return tally
        above, below = _ends(layout, bits)
    tally.finite = len(bits)
    bottom = _bottom(layout, bits)
    tally.stretch(*_extremes(layout, above, below, int(bottom.min())))
    tally.zeros = _skip_zeros(layout, bits, bottom)
    if dtype != "F64":
        _add_values(tally, dtype, bits, bottom)
    elif scale or (tally.absmax or 0.0) <= HUGE:
        _add_doubles(tally, bits, scale)
    return tally


def _ends(layout: Layout, bits: Any) -> tuple[int, int]:
    """The largest magnitudes above and below zero, as bits; negative for none.

    Both signs grow with the unsigned integer, and the negative ones lie above the others; as
    signed integers they lie below.
    """
    highest = int(np.maximum.reduce(bits.view(f"<i{bits.itemsize}")))
    return highest, int(np.maximum.reduce(bits)) - layout.sign


def _bottom(layout: Layout, bits: Any) -> Any:
    """The smallest magnitude of each group, as bits: of either sign it is the smallest integer."""
    signed = f"<i{bits.itemsize}"
    above = [np.minimum.reduce(some, axis=1) for some in rows(bits, _GROUP)]
    below = [np.minimum.reduce(some.view(signed), axis=1) for some in rows(bits, _GROUP)]
    turned = np.concatenate(below).view(bits.dtype) ^ bits.dtype.type(layout.sign)
    return np.minimum(np.concatenate(above), turned)


def _skip_zeros(layout: Layout, bits: Any, bottom: Any) -> int:
    """How many zeros there are; from now on ``bottom`` is of the other values."""
    mask, zeros = bits.dtype.type(layout.sign - 1), 0
    for group in np.flatnonzero(bottom == 0).tolist():
        magnitudes = bits[group * _GROUP :][:_GROUP] & mask
        others = magnitudes[magnitudes != 0]
        zeros += len(magnitudes) - len(others)
        bottom[group] = np.minimum.reduce(others, initial=mask)
    return zeros


def _add_values(tally: Tally, dtype: str, bits: Any, bottom: Any) -> None:
    """The sums of anything but F64."""
    layout, wide = LAYOUTS[dtype], decode(dtype, bits.view(np.uint8))
    squares = np.concatenate([np.vecdot(some, some) for some in rows(wide)])
    floor = layout.needed(float(np.maximum.reduce(squares)))
    for group in np.flatnonzero(bottom < floor).tolist():
        largest = squares[group * (_GROUP // ROW) :][: _GROUP // ROW].max()
        limit = layout.value(layout.needed(float(largest)))
        tally.sums += _taken_out(wide[group * _GROUP :][:_GROUP], limit)
    for some in rows(wide):
        tally.sums += np.vecdot(some, _ONES[: some.shape[1]]).tolist()
    tally.squares.append(float(np.add.reduce(squares)))


def _taken_out(values: Any, limit: float) -> list[float]:
    """Put zero for the values of a magnitude below the limit; what these add up to."""
    places = np.flatnonzero(np.abs(values) < limit)
    parts = exact_parts(values[places])
    values[places] = 0.0
    return parts


def _add_doubles(tally: Tally, bits: Any, scale: int) -> None:
    """The sums of F64, whose mantissas leave a row no room: always the exact way."""
    for values in rows(bits.view("<f8")):
        scaled = np.ldexp(values, scale) if scale else values
        tally.sums += exact_parts(scaled)
        tally.squares += np.vecdot(scaled, scaled).tolist()


def _count_others(tally: Tally, layout: Layout, bits: Any) -> None:
    above = int(np.count_nonzero(bits == layout.infinity))
    below = int(np.count_nonzero(bits == (layout.infinity | layout.sign)))
    magnitudes = bits & bits.dtype.type(layout.sign - 1)
    tally.nan = int(np.count_nonzero(magnitudes > layout.infinity))
    tally.infinities(above, below)


def _extremes(layout: Layout, above: int, below: int, nearest: int) -> list[float]:
    """Minimum, maximum and largest magnitude, from magnitudes as bits.

    Args:
        above, below: the largest on either side of zero, negative for none.
        nearest: the smallest of all.
    """
    low = below | layout.sign if below >= 0 else nearest
    high = above if above >= 0 else nearest | layout.sign
    return [layout.value(bits) for bits in (low, high, max(above, below))]
