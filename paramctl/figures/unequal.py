"""Which elements of two blocks are unequal: by bits, by tolerance, by representable steps."""

from typing import Any

import numpy as np

from paramctl.compute.decode import nibbles
from paramctl.dtypes import DTYPES
from paramctl.figures.rule import Rule


def unequal_bits(dtype: str, left: Any, right: Any) -> Any:
    """Which elements of two blocks of bytes differ as bits."""
    if dtype == "F4":
        return nibbles(left ^ right) != 0
    word = f"<u{DTYPES[dtype].bits // 8}"
    return left.view(word) != right.view(word)


def beyond(rule: Rule, left: Any, right: Any) -> Any:
    """Which values differ by more than the tolerances; NaN equals NaN.

    Args:
        left, right: arrays of numbers, float64, complex128 or integers of 64 bits.
    """
    if left.dtype.kind in "iu" and left.dtype == right.dtype:
        gap = gaps(left, right).astype(np.float64)
        unequal = left != right
    else:
        gap = np.abs(left - right)
        # An infinity and a number: no tolerance helps, however large rtol makes it.
        finite = np.isfinite(left) & np.isfinite(right)
        gap = np.where(finite | (left == right), gap, np.inf)
        unequal = (left != right) & ~(np.isnan(left) & np.isnan(right))
    if not rule.atol and not rule.rtol:
        return unequal
    largest = np.maximum(_size(left), _size(right))
    allowed = rule.atol + rule.rtol * np.where(np.isfinite(largest), largest, 0.0)
    return unequal & ~(gap <= allowed)


def beyond_steps(rule: Rule, dtype: str, left: Any, right: Any) -> Any:
    """Which elements of two blocks of bytes of one dtype are more than ``ulp`` steps apart.

    NaN has no place in the order of floats: callers look at it before.
    """
    return gaps(steps(dtype, left), steps(dtype, right)) > np.uint64(rule.ulp or 0)


def gaps(left: Any, right: Any) -> Any:
    """``|left - right|`` of 64-bit integers as uint64, exact whatever they are."""
    low, high = np.minimum(left, right), np.maximum(left, right)
    return high.view(np.uint64) - low.view(np.uint64)


def steps(dtype: str, block: Any) -> Any:
    """The place of each element in the order of representable values, as 64-bit integers.

    Both zeros of a float type are at 0. A complex value has two places, one per part.
    """
    if dtype == "F4":
        return _signed(nibbles(block).astype(np.int64), 4)
    kind, bits = DTYPES[dtype].family, DTYPES[dtype].bits
    if kind in ("int", "uint", "bool") or dtype == "F8_E8M0":
        values = block if dtype in ("BOOL", "F8_E8M0") else block.view(DTYPES[dtype].numpy())
        return values.astype(np.uint64 if dtype == "U64" else np.int64)
    width = 32 if kind == "complex" else bits
    return _signed(block.view(f"<i{width // 8}").astype(np.int64), width)


def _signed(codes: Any, bits: int) -> Any:
    magnitudes = codes & ((1 << (bits - 1)) - 1)
    return np.where(codes & (1 << (bits - 1)) if bits < 64 else codes < 0, -magnitudes, magnitudes)


def _size(values: Any) -> Any:
    if values.dtype.kind in "iu":
        return np.abs(values.astype(np.float64))
    return np.abs(values)
