"""Statistics of F16, BF16, F32 and F64 blocks, half of them from the bits alone.

Floats of one sign are ordered as their bits are, so extremes, zeros and what is not finite
come from integer passes. Sums run in float64 over short rows. A row whose exponents lie
close together can't have rounded, in whatever order it was added; the others are summed again,
exactly.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from paramctl.compute.blocks import ROW, rows
from paramctl.compute.decode import decode
from paramctl.compute.exact import exact_parts
from paramctl.figures.tally import Tally

_ONES = np.ones(ROW)  # the sum of a row is a product with ones: the fastest there is
_AT_ONCE = 512  # rows at a time: with fewer, threads wait for the interpreter, not for the memory
_SURELY = 1 - 2.0**-20  # the sums of squares are themselves rounded
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

    def room(self, bottom: Any) -> Any:
        """The sum of squares up to which a row holds no rounded sum.

        Args:
            bottom: the bits of the smallest magnitude in the row, or of each of some rows.
        """
        bias = (1 << (self.bits - self.mantissa - 2)) - 1
        last = np.maximum(bottom >> self.mantissa, 1).astype(np.int64) - bias - self.mantissa
        return np.ldexp(_SURELY / ROW, 2 * (last + 53))


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
    tally = Tally()
    layout = LAYOUTS[dtype]
    bits = piece.view(f"<u{layout.bits // 8}")
    found = _by_row(dtype, bits)
    largest = max(int(found.highest.max()), int(found.most.max()) - layout.sign)
    if largest >= layout.infinity:
        _count_others(tally, layout, bits)
        bits = bits[(bits & bits.dtype.type(layout.sign - 1)) < layout.infinity]
        if not len(bits):
            return tally
        found = _by_row(dtype, bits)
    tally.finite = len(bits)
    tally.stretch(*_extremes(dtype, found))
    is_loose, tally.zeros = _looseness(dtype, bits, found)
    if dtype == "F64":
        if scale or (tally.absmax or 0.0) <= HUGE:
            _add_doubles(tally, bits, scale)
        return tally
    sums = found.sums
    if is_loose is not None and is_loose.any():
        tally.sums += _exact_parts(dtype, bits, np.flatnonzero(is_loose))
        sums = sums[~is_loose]
    tally.sums += sums.tolist()
    tally.squares.append(float(np.add.reduce(found.squares)))
    return tally


class _Rows(NamedTuple):
    """What each row holds: its largest and smallest bits, and its sums.

    As signed and as unsigned integers these are the largest and smallest magnitudes of either
    sign: both signs grow with the unsigned integer, and the negative ones lie above the
    others, or as signed ones below. F64 has no sums here.
    """

    highest: Any
    lowest: Any
    most: Any
    least: Any
    sums: Any
    squares: Any


def _by_row(dtype: str, bits: Any) -> _Rows:
    """All rows of a piece; the sums of some of them may have been rounded."""
    count, full = -(-len(bits) // ROW), len(bits) // ROW
    signed = np.empty((2, count), f"<i{bits.dtype.itemsize}")
    unsigned = np.empty((2, count), bits.dtype)
    found = _Rows(*signed, *unsigned, *np.empty((2, count)))
    whole = bits[: full * ROW].reshape(full, ROW)
    for start in range(0, full, _AT_ONCE):
        _look(dtype, whole[start : start + _AT_ONCE], start, found)
    if full < count:
        _look(dtype, bits[full * ROW :].reshape(1, -1), full, found)
    return found


def _look(dtype: str, some: Any, start: int, found: _Rows) -> None:
    """Note what there is to know about some rows."""
    here = slice(start, start + len(some))
    turned = some.view(found.highest.dtype)
    np.maximum.reduce(turned, axis=1, out=found.highest[here])
    np.minimum.reduce(turned, axis=1, out=found.lowest[here])
    np.maximum.reduce(some, axis=1, out=found.most[here])
    np.minimum.reduce(some, axis=1, out=found.least[here])
    if dtype != "F64":
        wide = decode(dtype, some.reshape(-1).view(np.uint8)).reshape(some.shape)
        np.vecdot(wide, _ONES[: wide.shape[1]], out=found.sums[here])
        np.vecdot(wide, wide, out=found.squares[here])


def _add_doubles(tally: Tally, bits: Any, scale: int) -> None:
    """The sums of F64, whose mantissas leave a row no room: always the exact way."""
    for matrix in rows(bits.view("<f8")):
        for start in range(0, len(matrix), _AT_ONCE):
            values = matrix[start : start + _AT_ONCE]
            if scale:
                values = np.ldexp(values, scale)
            tally.sums += exact_parts(values)
            tally.squares += np.vecdot(values, values).tolist()


def _count_others(tally: Tally, layout: Layout, bits: Any) -> None:
    above = int(np.count_nonzero(bits == layout.infinity))
    below = int(np.count_nonzero(bits == (layout.infinity | layout.sign)))
    magnitudes = bits & bits.dtype.type(layout.sign - 1)
    tally.nan = int(np.count_nonzero(magnitudes > layout.infinity))
    tally.infinities(above, below)


def _extremes(dtype: str, found: _Rows) -> list[float]:
    """Minimum, maximum and largest magnitude of finite values.

    The largest signed integer is the maximum, the largest unsigned the minimum.
    """
    sign = LAYOUTS[dtype].sign
    high, low = int(found.highest.max()), int(found.most.max())
    largest = max(high, low - sign)
    if high < 0 or low < sign:
        nearest_zero = int(found.least.min())
        high = nearest_zero if high < 0 else high
        low = nearest_zero if low < sign else low
    bits = np.array([low, high, largest], found.least.dtype)
    values: list[float] = (decode(dtype, bits.view(np.uint8), "extremes") + 0.0).tolist()
    return values


def _looseness(dtype: str, bits: Any, found: _Rows) -> tuple[Any, int]:
    """Which rows may have been rounded, and how many values are zero.

    All values of a row are multiples of the last place of its smallest; no part of its sum is
    larger than ``sqrt(ROW * squares)``. Where a mantissa holds both, nothing was rounded.
    """
    layout, width = LAYOUTS[dtype], bits.dtype.type
    bottom = np.minimum(found.least, found.lowest.view(bits.dtype) ^ width(layout.sign))
    places, zeros = np.flatnonzero(bottom == 0), 0
    if len(places):
        bottom[places], zeros = _above_zero(bits, places, layout)
    if dtype == "F64":
        return None, zeros
    largest = layout.room(int(bottom.min()))
    if float(found.squares.max()) <= largest:
        return None, zeros
    return found.squares > layout.room(bottom), zeros


def _above_zero(bits: Any, places: Any, layout: Layout) -> tuple[Any, int]:
    """The smallest magnitude but zero of some rows, 0 for none, and how many zeros they hold."""
    one, mask = bits.dtype.type(1), bits.dtype.type(layout.sign - 1)
    bottom, zeros = [], 0
    for some in _picked(bits, places):
        some &= mask
        zeros += some.size - int(np.count_nonzero(some))
        some -= one  # zeros wrap around and are never smallest
        bottom.append(np.minimum.reduce(some, axis=1) + one)
    return np.concatenate(bottom), zeros


def _exact_parts(dtype: str, bits: Any, places: Any) -> list[float]:
    parts = []
    for some in _picked(bits, places):
        parts += exact_parts(decode(dtype, some.reshape(-1).view(np.uint8)))
    return parts


def _picked(bits: Any, places: Any) -> Iterator[Any]:
    """Copies of the rows at some ascending places, a few at a time."""
    first = 0
    for matrix in rows(bits):
        inside = places[(places >= first) & (places < first + len(matrix))] - first
        first += len(matrix)
        for start in range(0, len(inside), _AT_ONCE):
            yield matrix[inside[start : start + _AT_ONCE]]
