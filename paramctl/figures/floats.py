"""Statistics of F16, BF16, F32 and F64 blocks, half of them from the bits alone.

Floats of one sign are ordered as their bits are, so extremes, zeros and what is not finite
come from integer passes. Sums run in float64 over short rows. A row whose exponents lie
close together can't have rounded; the others are summed exactly.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from paramctl.compute.blocks import BLOCK, ROW, rows, scratch
from paramctl.compute.decode import decode
from paramctl.compute.exact import exact_parts
from paramctl.figures.tally import Tally

_ROW_BITS = ROW.bit_length() - 1
HUGE = 2.0**500  # squares of what is larger overflow, of what is smaller than 1/HUGE vanish


@dataclass(frozen=True)
class Layout:
    """Where sign, exponent and mantissa sit: ``mantissa`` bits lowest, the sign on top."""

    bits: int
    mantissa: int

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
    magnitudes = np.left_shift(bits, 1, out=scratch("magnitudes", len(bits), bits.dtype))
    if int(magnitudes.max()) >> 1 >= layout.infinity:
        _count_others(tally, layout, bits)
        bits = bits[magnitudes < (layout.infinity << 1)]
        magnitudes = np.left_shift(bits, 1, out=scratch("magnitudes", len(bits), bits.dtype))
    if len(bits):
        tally.finite = len(bits)
        tally.zeros = len(bits) - int(np.count_nonzero(magnitudes))
        _stretch(tally, dtype, bits, int(magnitudes.max()) >> 1)
        if dtype != "F64" or scale or (tally.absmax or 0.0) <= HUGE:
            _add_sums(tally, dtype, bits, magnitudes, scale)
    return tally


def _count_others(tally: Tally, layout: Layout, bits: Any) -> None:
    sign = 1 << (layout.bits - 1)
    above = int(np.count_nonzero(bits == layout.infinity))
    below = int(np.count_nonzero(bits == (layout.infinity | sign)))
    magnitudes = bits & bits.dtype.type(sign - 1)
    tally.nan = int(np.count_nonzero(magnitudes > layout.infinity))
    tally.infinities(above, below)


def _stretch(tally: Tally, dtype: str, bits: Any, largest: int) -> None:
    """Extremes: the largest signed integer is the maximum, the largest unsigned the minimum."""
    sign = 1 << (LAYOUTS[dtype].bits - 1)
    high = int(bits.view(f"<i{bits.dtype.itemsize}").max())
    low = int(bits.max())
    if high < 0 or low < sign:
        nearest_zero = int(bits.min())
        high = nearest_zero if high < 0 else high
        low = nearest_zero if low < sign else low
    found = np.array([low, high, largest], bits.dtype)
    minimum, maximum, absmax = (decode(dtype, found.view(np.uint8), "extremes") + 0.0).tolist()
    tally.stretch(minimum, maximum, absmax)


def _add_sums(tally: Tally, dtype: str, bits: Any, magnitudes: Any, scale: int) -> None:
    sums, squares = [], []
    for start in range(0, len(bits), BLOCK):
        block = bits[start : start + BLOCK]
        values = decode(dtype, block.view(np.uint8))
        if scale:
            np.ldexp(values, scale, out=values)
        if dtype == "F64":
            sums.append(np.array(exact_parts(values)))
        else:
            sums += [np.add.reduce(row, axis=1) for row in rows(values)]
        np.multiply(values, values, out=values)
        squares += [np.add.reduce(row, axis=1) for row in rows(values)]
    found = np.concatenate(sums)
    if dtype in ("BF16", "F32"):  # the exponents of F16 always lie close enough
        is_loose = _is_loose(LAYOUTS[dtype], magnitudes)
        tally.sums += _exact_rows(dtype, bits, np.flatnonzero(is_loose).tolist())
        found = found[~is_loose]
    tally.sums += exact_parts(found)
    tally.squares.append(math.fsum(np.concatenate(squares).tolist()))


def _exact_rows(dtype: str, bits: Any, places: list[int]) -> list[float]:
    if not places:
        return []
    loose = np.concatenate([bits[place * ROW : (place + 1) * ROW] for place in places])
    return exact_parts(decode(dtype, loose.view(np.uint8)))


def _is_loose(layout: Layout, magnitudes: Any) -> Any:
    """Which rows span too many exponents for an exact plain sum; overwrites ``magnitudes``."""
    shift = layout.mantissa + 1
    top = [np.maximum.reduce(row, axis=1) for row in rows(magnitudes)]
    np.subtract(magnitudes, 1, out=magnitudes)  # zeros wrap around and are never the smallest
    bottom = [np.minimum.reduce(row, axis=1) for row in rows(magnitudes)]
    lowest = np.maximum((np.concatenate(bottom).astype(np.int64) + 1) >> shift, 1)
    return (np.concatenate(top).astype(np.int64) >> shift) - lowest > layout.exponents
