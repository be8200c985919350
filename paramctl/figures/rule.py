"""When two elements are equal: as bits, as numbers within a tolerance, or so many steps apart."""

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from paramctl.compute.decode import nibbles
from paramctl.dtypes import DTYPES
from paramctl.errors import UsageError


@dataclass(frozen=True)
class Rule:
    """What counts as equal.

    By bits, the same NaN is equal and 0.0 is not -0.0. By value, NaN equals NaN, 0.0 equals
    -0.0, and ``|a - b| <= atol + rtol * max(|a|, |b|)``; an infinity equals only itself.

    Attributes:
        ulp: values at most so many representable steps apart are equal too; by value only.

    Raises:
        UsageError: a tolerance that is not finite or is negative, or one without value mode.
    """

    mode: Literal["bits", "value"] = "bits"
    atol: float = 0.0
    rtol: float = 0.0
    ulp: int | None = None

    def __post_init__(self) -> None:
        if self.mode not in ("bits", "value"):
            raise UsageError(f"--mode takes bits or value, not '{self.mode}'")
        for name, tolerance in (("atol", self.atol), ("rtol", self.rtol), ("ulp", self.ulp or 0)):
            if not math.isfinite(tolerance) or tolerance < 0:
                raise UsageError(f"--{name} must be finite and not negative, not {tolerance}")
        if self.mode == "bits" and (self.atol or self.rtol or self.ulp is not None):
            raise UsageError("tolerances need --mode value")

    def unequal_bits(self, dtype: str, left: Any, right: Any) -> Any:
        """Which elements of two blocks of bytes differ as bits."""
        if dtype == "F4":
            return nibbles(left ^ right) != 0
        word = f"<u{DTYPES[dtype].bits // 8}"
        return left.view(word) != right.view(word)

    def beyond(self, left: Any, right: Any) -> Any:
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
        if not self.atol and not self.rtol:
            return unequal
        largest = np.maximum(_size(left), _size(right))
        allowed = self.atol + self.rtol * np.where(np.isfinite(largest), largest, 0.0)
        return unequal & ~(gap <= allowed)

    def beyond_steps(self, dtype: str, left: Any, right: Any) -> Any:
        """Which elements of two blocks of bytes of one dtype are more than ``ulp`` steps apart.

        NaN has no place in the order of floats: callers look at it before.
        """
        return gaps(steps(dtype, left), steps(dtype, right)) > np.uint64(self.ulp or 0)


def tolerant(mode: str, atol: float, rtol: float, ulp: int | None) -> Rule:
    """The rule that options ask for; a tolerance alone asks for value mode.

    Raises:
        UsageError: the mode is unknown, or the tolerances can't be used.
    """
    asked = bool(atol or rtol or ulp is not None)
    chosen: Any = mode or ("value" if asked else "bits")
    return Rule(chosen, atol, rtol, ulp)


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
