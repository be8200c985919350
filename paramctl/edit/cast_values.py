"""Values from one dtype to another: rounded once, and every loss counted."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from paramctl.compute.rounding import round_to
from paramctl.dtypes import DTYPES

Array = np.ndarray[Any, Any]
OnOverflow = Literal["error", "inf", "clamp"]


@dataclass
class Losses:
    """How many values a cast could not carry over.

    Attributes:
        overflow: too large: became Inf, NaN or the largest value.
        underflow: not 0, became 0.
        lost_nan: NaN that the new dtype doesn't have.
    """

    overflow: int = 0
    underflow: int = 0
    lost_nan: int = 0

    def __iadd__(self, other: "Losses") -> "Losses":
        self.overflow += other.overflow
        self.underflow += other.underflow
        self.lost_nan += other.lost_nan
        return self

    def __bool__(self) -> bool:
        return bool(self.overflow or self.underflow or self.lost_nan)

    def __str__(self) -> str:
        return f"{self.overflow} overflow, {self.underflow} underflow, {self.lost_nan} lost NaN"


def cast(values: Array, before: str, after: str, on_overflow: OnOverflow) -> tuple[Array, Losses]:
    """The values in another dtype, and what was lost.

    Floats are rounded to nearest, ties to even, once; integers of floats are truncated as a
    C cast does. Integers that are too large go to the nearest end of the range, NaN to 0.
    """
    with np.errstate(all="ignore"):
        if DTYPES[after].family in ("int", "uint", "bool"):
            return _to_integers(values, before, after)
        return _to_floats(values, before, after, clamp=on_overflow == "clamp")


def _to_floats(values: Array, before: str, after: str, *, clamp: bool) -> tuple[Array, Losses]:
    wide = _widened(values, before, after)
    found = _rounded(wide, before, after)
    back = found.astype(wide.dtype)
    was_nan = np.isnan(wide)
    too_large = ~was_nan & (
        (np.isfinite(wide) & ~np.isfinite(back)) | (np.isinf(wide) & (back != wide))
    )
    losses = Losses(
        int(np.count_nonzero(too_large)),
        int(np.count_nonzero((wide != 0) & (back == 0) & ~was_nan)),
        int(np.count_nonzero(was_nan & ~np.isnan(back))),
    )
    if clamp and losses.overflow and DTYPES[after].family == "float":
        top = largest(found.dtype)
        found[too_large] = np.where(wide[too_large] > 0, top, -top)
    return found, losses


def _widened(values: Array, before: str, after: str) -> Array:
    family, bits = DTYPES[before].family, DTYPES[before].bits
    if "complex" in (family, DTYPES[after].family):
        return values.astype(np.complex128)
    return values.astype(np.float32 if family == "float" and bits <= 32 else np.float64)


def _rounded(wide: Array, before: str, after: str) -> Array:
    if DTYPES[before].family in ("int", "uint", "bool") and after in ("F32", "F64"):
        return wide.astype(DTYPES[after].numpy())
    is_plain = wide.dtype.kind == "c" or wide.dtype == np.float32
    return np.asarray(round_to(after, wide if is_plain else wide.astype(np.float64)))


def largest(dtype: np.dtype[Any]) -> Any:
    """The largest finite value of a float dtype; the smallest is its opposite."""
    import ml_dtypes

    limits: Any = ml_dtypes.finfo(dtype)  # type: ignore[no-untyped-call]
    return limits.max


def _to_integers(values: Array, before: str, after: str) -> tuple[Array, Losses]:
    target = DTYPES[after].numpy()
    low, high = (0, 1) if after == "BOOL" else (np.iinfo(target).min, np.iinfo(target).max)
    if DTYPES[before].family == "float":
        wide = values.astype(np.float64)
        was_nan = np.isnan(wide)
        whole = np.trunc(np.where(was_nan, 0, wide))
        too_large = (whole < low) | (whole > high) | (whole >= float(high) + 1)
    else:
        wide = whole = values.astype(np.uint64 if before == "U64" else np.int64)
        was_nan, too_large = np.zeros(wide.shape, bool), (whole < low) | (whole > high)
    inside = np.where(too_large, 0, whole).astype(target)
    found = np.where(too_large, np.where(whole < 0, target.type(low), target.type(high)), inside)
    losses = Losses(
        int(np.count_nonzero(too_large)),
        int(np.count_nonzero((whole == 0) & (wide != 0) & ~was_nan)),
        int(np.count_nonzero(was_nan)),
    )
    return found.astype(target), losses
