"""float64 to any float type, rounded once: to nearest, ties to even.

ml_dtypes goes through float32 (F8_E5M2: float16) and so rounds twice. Rounding there *to
odd* first keeps what lies below in the last bit, and the second rounding is the only one that
counts.

Source: Boldo & Melquiond 2008, Emulation of FMA and correctly rounded sums: proved algorithms
using rounding to odd.
"""

from typing import Any

import numpy as np

from paramctl.dtypes import DTYPES


def round_to(dtype: str, values: Any) -> Any:
    """``values`` (float64 or float32, or complex128 for C64) as a new array of the dtype.

    What is too large becomes Inf, or NaN in a type without Inf. F4 and F6 have no array type.

    Raises:
        UsageError: the dtype has no array type.
    """
    target = DTYPES[dtype].numpy()
    with np.errstate(all="ignore"):
        if dtype in ("F64", "F32", "F16", "C64"):
            return values.astype(target)
        if values.dtype == np.float32 and dtype != "F8_E5M2":  # one rounding is all there is
            return values.astype(target)
        return _to_odd(values, np.float16 if dtype == "F8_E5M2" else np.float32).astype(target)


def _to_odd(values: Any, kind: Any) -> Any:
    """A narrower float of float64: where it is not exact, the neighbour whose last bit is one."""
    rounded = values.astype(kind)
    back = rounded.astype(np.float64)
    is_even = (rounded.view(f"u{rounded.itemsize}") & 1) == 0
    move = is_even & (back != values) & np.isfinite(back) & ~np.isnan(values)
    toward = np.where(values > back, kind(np.inf), kind(-np.inf))
    return np.where(move, np.nextafter(rounded, toward), rounded)
