"""One face for NumPy on the host and CuPy on a GPU: arrays, widening, and where they live."""

from __future__ import annotations

import functools
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from paramctl.dtypes import DTYPES, parse_dtype


class Backend:
    """The host, through NumPy.

    Attributes:
        xp: the namespace with the array functions.
        device: its name on the command line: ``cpu``, ``cuda:0``.
    """

    device = "cpu"

    def __init__(self) -> None:
        self.xp: Any = np

    @property
    def is_host(self) -> bool:
        """Whether arrays are NumPy's."""
        return self.device == "cpu"

    def here(self) -> AbstractContextManager[Any]:
        """While it lasts, arrays that this thread makes are made here.

        Raises:
            ResourceError: at its end, where the device failed or ran out of memory in it.
        """
        return nullcontext()

    def asarray(self, value: Any, dtype: str | None = None) -> Any:
        """``value`` as an array here; one that is here already and fits is returned as it is."""
        return np.asarray(value, dtype=dtype)

    def to_numpy(self, array: Any) -> np.ndarray:
        """The array on the host; the same object when it is there."""
        return np.asarray(array)

    def owns(self, array: Any) -> bool:
        """Whether the array lives here."""
        return isinstance(array, np.ndarray | np.generic)

    def round_bfloat16(self, array: Any) -> Any:
        """float32 rounded to the nearest bfloat16 values, ties to even; others as they are."""
        if array.dtype.name != "float32":
            return array
        import ml_dtypes

        return array.astype(ml_dtypes.bfloat16).astype(np.float32)

    def sync(self) -> None:
        """Wait until everything asked for is computed."""

    def decode(self, dtype: str, data: Any, shape: tuple[int, ...], to: str = "float32") -> Any:
        """An array of ``to`` from the bytes of a tensor of the format's ``dtype``.

        Integers, booleans and complex numbers keep their own type.
        """
        stored = DTYPES[dtype]
        return self.widen(np.frombuffer(data, dtype=stored.numpy()).reshape(shape), to)

    def widen(self, array: Any, to: str = "float32", out: Any = None) -> Any:
        """A host array of any stored float dtype as ``to`` here; other kinds keep their dtype.

        Args:
            out: an array to write into, of ``to`` and the same shape.
        """
        array = np.asarray(array)
        if not is_float_array(array):
            return array
        if out is not None:
            _widen_into(array, out)
            return out
        if array.dtype.name == to:
            return array
        fresh = np.empty(array.shape, dtype=to)
        _widen_into(array, fresh)
        return fresh


def quiet() -> Any:
    """Overflow, division by zero and NaN pass without a word; they are found in the results.

    NumPy keeps this setting per thread, so each worker asks for itself.
    """
    return np.errstate(all="ignore")


def is_float_array(array: np.ndarray) -> bool:
    """Whether an array holds real floats, those of ml_dtypes included."""
    return _is_float(array.dtype)


@functools.cache
def _is_float(dtype: Any) -> bool:
    return bool(dtype.kind == "f" or dtype.name.startswith(("bfloat", "float")))


def _widen_into(array: np.ndarray, out: np.ndarray) -> None:
    """Convert; into float32 by whichever way moves the fewest bits."""
    bitwise = out.dtype == np.float32 and out.flags.c_contiguous and array.flags.c_contiguous
    if bitwise and array.dtype == np.float16:
        _widen_half(array, out)
    elif bitwise and array.dtype.itemsize == 1:
        np.take(byte_values(array.dtype.name), array.view(np.uint8), out=out, mode="clip")
    else:
        np.copyto(out, array, casting="unsafe")


def _widen_half(array: np.ndarray, out: np.ndarray) -> None:
    """Half to single by moving bits, several times as fast as a cast; Inf and NaN need the cast."""
    # Sign-extended and shifted, the exponent lands in place with three copies of the sign above.
    bits = out.view(np.int32)
    np.left_shift(array.view(np.int16), 13, out=bits, dtype=np.int32, casting="unsafe")
    bits &= np.int32(-0x70000001)
    out *= np.float32(2.0**112)
    if out.size and max(float(out.max()), -float(out.min())) >= 65536:
        np.copyto(out, array)


@functools.cache
def byte_values(dtype: str) -> np.ndarray:
    """The float32 value of each byte of an 8-bit float type."""
    return np.arange(256, dtype=np.uint8).view(parse_dtype(dtype).numpy()).astype(np.float32)


HOST = Backend()
