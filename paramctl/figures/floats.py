"""Statistics of F16, BF16, F32 and F64 blocks, half of them from the bits alone.

Floats of one sign are ordered as their bits are, so extremes, zeros and what is not finite
come from integer passes. Sums run in float64 over short rows. A row whose exponents lie
close together can't have rounded; the others are summed exactly.
"""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from paramctl.compute.blocks import ROW, rows
from paramctl.compute.decode import decode
from paramctl.compute.exact import exact_parts
from paramctl.figures.tally import Tally

_ROW_BITS = ROW.bit_length() - 1
CACHED = 1 << 16  # elements that stay in a core's cache together with their float64 values
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
    def exponents(self) -> int:
        """How many exponents apart the values of a row may lie for its sum to be exact."""
        return 53 - (self.mantissa + 1) - _ROW_BITS


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
    order = _order(bits)
    largest = max(int(order.highest.max()), int(order.most.max()) - layout.sign)
    if largest >= layout.infinity:
        _count_others(tally, layout, bits)
        bits = bits[(bits & bits.dtype.type(layout.sign - 1)) < layout.infinity]
        if not len(bits):
            return tally
        order = _order(bits)
    tally.finite = len(bits)
    tally.stretch(*_extremes(dtype, order))
    is_loose, tally.zeros = _looseness(dtype, bits, order)
    if dtype != "F64" or scale or (tally.absmax or 0.0) <= HUGE:
        _add_sums(tally, dtype, bits, is_loose, scale)
    return tally


class _Order(NamedTuple):
    """The largest and smallest bits of each row, as signed and as unsigned integers.

    These are the largest and smallest magnitudes of either sign: both signs grow with the
    unsigned integer, and the negative ones lie above the others, or as signed ones below.
    """

    highest: Any
    lowest: Any
    most: Any
    least: Any


def _order(bits: Any) -> _Order:
    signed = bits.view(f"<i{bits.dtype.itemsize}")
    return _Order(
        _by_row(np.maximum, signed), _by_row(np.minimum, signed),
        _by_row(np.maximum, bits), _by_row(np.minimum, bits),
    )  # fmt: skip


def _by_row(function: np.ufunc, values: Any) -> Any:
    found = [function.reduce(row, axis=1) for row in rows(values)]
    return found[0] if len(found) == 1 else np.concatenate(found)


def _add_sums(tally: Tally, dtype: str, bits: Any, is_loose: Any, scale: int) -> None:
    sums, squares = [], []
    for start in range(0, len(bits), CACHED):
        values = decode(dtype, bits[start : start + CACHED].view(np.uint8))
        if scale:
            np.ldexp(values, scale, out=values)
        sums.append(np.array(exact_parts(values)) if dtype == "F64" else _by_row(np.add, values))
        np.multiply(values, values, out=values)
        squares.append(_by_row(np.add, values))
    found = np.concatenate(sums)
    if is_loose.any():
        tally.sums += _exact_rows(dtype, bits, np.flatnonzero(is_loose).tolist())
        found = found[~is_loose]
    tally.sums += exact_parts(found)
    tally.squares.append(math.fsum(np.concatenate(squares).tolist()))


def _count_others(tally: Tally, layout: Layout, bits: Any) -> None:
    above = int(np.count_nonzero(bits == layout.infinity))
    below = int(np.count_nonzero(bits == (layout.infinity | layout.sign)))
    magnitudes = bits & bits.dtype.type(layout.sign - 1)
    tally.nan = int(np.count_nonzero(magnitudes > layout.infinity))
    tally.infinities(above, below)


def _extremes(dtype: str, order: _Order) -> list[float]:
    """Minimum, maximum and largest magnitude of finite values.

    The largest signed integer is the maximum, the largest unsigned the minimum.
    """
    sign = LAYOUTS[dtype].sign
    high, low = int(order.highest.max()), int(order.most.max())
    largest = max(high, low - sign)
    if high < 0 or low < sign:
        nearest_zero = int(order.least.min())
        high = nearest_zero if high < 0 else high
        low = nearest_zero if low < sign else low
    bits = np.array([low, high, largest], order.least.dtype)
    found: list[float] = (decode(dtype, bits.view(np.uint8), "extremes") + 0.0).tolist()
    return found


def _looseness(dtype: str, bits: Any, order: _Order) -> tuple[Any, int]:
    """Which rows span too many exponents for an exact plain sum, and how many values are zero.

    Only rows of BF16 and F32 can: those of F16 lie close enough, F64 is always summed exactly.
    """
    sign, width = LAYOUTS[dtype].sign, bits.dtype.type
    zeros = 0
    if int(order.least.min()) == 0 or int(order.lowest.min()) == -sign:
        zeros = len(bits) - int(np.count_nonzero(bits & width(sign - 1)))
    if dtype not in ("BF16", "F32"):
        return np.zeros(0, bool), zeros
    highest, lowest, most, least = (column.astype(np.int64) for column in order)
    top = np.maximum(highest, most - sign)
    bottom = np.minimum(np.where(lowest < 0, lowest + sign, sign), least)
    if zeros:
        magnitudes = (bits & width(sign - 1)) - width(1)  # zeros wrap around and are never least
        bottom = _by_row(np.minimum, magnitudes).astype(np.int64) + 1
    shift = LAYOUTS[dtype].mantissa
    return (top >> shift) - np.maximum(bottom >> shift, 1) > LAYOUTS[dtype].exponents, zeros


def _exact_rows(dtype: str, bits: Any, places: list[int]) -> list[float]:
    if not places:
        return []
    loose = np.concatenate([bits[place * ROW : (place + 1) * ROW] for place in places])
    return exact_parts(decode(dtype, loose.view(np.uint8)))
