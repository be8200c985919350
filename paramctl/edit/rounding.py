"""Numbers on their way through a computation: widened, computed, rounded once to a dtype."""

from typing import Any

import numpy as np

from paramctl.compute.rounding import round_to
from paramctl.dtypes import DTYPES
from paramctl.errors import FoundError, UsageError

Array = np.ndarray[Any, Any]


def widen(values: Array, dtype: str) -> Array:
    """The values in the precision that edits compute in.

    Floats of 32 and 64 bits become float64, smaller ones float32; integers int64 (uint64 for
    U64); complex complex128; truth values stay.
    """
    with np.errstate(all="ignore"):  # signalling NaNs
        return values.astype(_computed_in(dtype))


def _computed_in(dtype: str) -> type:
    family, bits = DTYPES[dtype].family, DTYPES[dtype].bits
    if family == "float":
        return np.float64 if bits >= 32 else np.float32
    if family == "complex":
        return np.complex128
    if family == "bool":
        return np.bool_
    return np.uint64 if dtype == "U64" else np.int64


def narrow(result: object, dtype: str) -> Array:
    """The result of a computation in the format's dtype, rounded once, half to even.

    Raises:
        UsageError: a text, complex numbers for a real tensor, or fractions for integers.
        FoundError: a finite value that the dtype can't hold.
    """
    values = np.asarray(result)
    if values.dtype.kind not in "biufc":
        raise UsageError(f"the expression gives {type(result).__name__}, wanted numbers")
    family = DTYPES[dtype].family
    if values.dtype.kind == "c" and family != "complex":
        raise UsageError(f"the expression gives complex numbers, the tensor is {dtype}")
    return _whole(values, dtype) if family in ("int", "uint", "bool") else _floating(values, dtype)


def _floating(values: Array, dtype: str) -> Array:
    is_single = values.dtype == np.float32
    rounded = round_to(dtype, values if is_single else values.astype(_wide(dtype)))
    with np.errstate(all="ignore"):
        back = rounded.astype(np.float32 if is_single else _wide(dtype))
        lost = np.isfinite(values) & ~np.isfinite(back)
    if lost.any():
        raise FoundError(f"{values[lost].flat[0]} is too large for {dtype}")
    return np.asarray(rounded)


def _wide(dtype: str) -> type:
    return np.complex128 if DTYPES[dtype].family == "complex" else np.float64


def _whole(values: Array, dtype: str) -> Array:
    if values.dtype.kind == "f":
        fractions = values != np.floor(values)  # true of NaN
        if fractions.any():
            raise UsageError(
                f"{values[fractions].flat[0]} is no whole number, the tensor is {dtype}",
                hint="round(), floor() and ceil() make them whole",
            )
    target = DTYPES[dtype].numpy()
    low, high = (0, 1) if dtype == "BOOL" else (np.iinfo(target).min, np.iinfo(target).max)
    beyond = (values < low) | (values > high)
    if values.dtype.kind == "f":
        beyond |= values >= float(high) + 1  # float64 has no 2**63 - 1
    if beyond.any():
        raise FoundError(
            f"{values[beyond].flat[0]} is beyond {dtype}, which goes from {low} to {high}"
        )
    return values.astype(target)
