"""One GPU through CuPy: narrow numbers travel as they are stored and are widened over there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from paramctl.compute.backend import Backend, byte_values, is_float_array
from paramctl.errors import ResourceError


class CudaBackend(Backend):
    """Arrays of one GPU, with CuPy's functions.

    Args:
        cupy: the module; the caller has found that it and the device work.
        index: which GPU.
    """

    def __init__(self, cupy: Any, index: int) -> None:
        self.xp = cupy
        self.device = f"cuda:{index}"
        self._index = index

    @contextmanager
    def here(self) -> Iterator[None]:
        """While it lasts, arrays that this thread makes are made here.

        Raises:
            ResourceError: at its end, where the device failed or ran out of memory in it.
        """
        try:
            with self.xp.cuda.Device(self._index):  # CuPy keeps the current device per thread
                yield
        except Exception as error:
            if not is_of_cuda(error):
                raise
            raise self._failure(error) from error

    def require_working(self) -> None:
        """Compute a little, with a kernel to compile and with BLAS: both are loaded on first use.

        Raises:
            ResourceError: what is missing.
        """
        try:
            with self.here():
                ones = self.xp.ones((2, 2), dtype="float32")
                float((ones @ ones).sum())
        except (OSError, RuntimeError, ImportError) as error:
            raise self._failure(error) from error

    def _failure(self, error: Exception) -> ResourceError:
        if isinstance(error, MemoryError):
            return ResourceError(
                f"{self.device} is out of memory: {first_line(error)}",
                hint="take a smaller input, or --device cpu",
            )
        return ResourceError(
            f"{self.device} failed: {first_line(error)}",
            hint="use --device cpu; `paramctl devices` lists what there is",
        )

    def asarray(self, value: Any, dtype: str | None = None) -> Any:
        """``value`` as an array here; one that is here already and fits is returned as it is."""
        return self.xp.asarray(value, dtype=dtype)

    def to_numpy(self, array: Any) -> np.ndarray:
        """The array on the host."""
        host: np.ndarray = self.xp.asnumpy(array)
        return host

    def owns(self, array: Any) -> bool:
        """Whether the array lives on a GPU."""
        return isinstance(array, self.xp.ndarray)

    def sync(self) -> None:
        """Wait until everything asked for is computed."""
        self.xp.cuda.get_current_stream().synchronize()

    def widen(self, array: Any, to: str = "float32", out: Any = None) -> Any:
        """An array of the host or of this GPU as ``to`` here; other kinds keep their dtype."""
        if self.owns(array):
            return array.astype(to, copy=False) if array.dtype.kind == "f" else array
        array = np.asarray(array)
        if not is_float_array(array):
            return self.xp.asarray(array)
        return self._widened(array).astype(to, copy=False)

    def _widened(self, array: np.ndarray) -> Any:
        """A host array here, in a dtype that CuPy computes in; bits are moved, not values."""
        if array.dtype.name == "bfloat16":
            bits = self.xp.asarray(array.view(np.uint16)).astype(np.uint32)
            bits <<= 16
            return bits.view(np.float32)
        if array.dtype.itemsize == 1:
            table = self.xp.asarray(byte_values(array.dtype.name))
            return table[self.xp.asarray(array.view(np.uint8))]
        return self.xp.asarray(array)

    def round_bfloat16(self, array: Any) -> Any:
        """float32 rounded to the nearest bfloat16 values, ties to even; NaN stays NaN."""
        if array.dtype != np.float32:
            return array
        bits = self.xp.ascontiguousarray(array).reshape(array.shape).view(np.uint32)
        rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) & np.uint32(0xFFFF0000)
        return self.xp.where(self.xp.isnan(array), array, rounded.view(np.float32))


def is_of_cuda(error: BaseException) -> bool:
    """Whether CuPy or a library of CUDA's made an error, and not code that calls them."""
    return type(error).__module__.partition(".")[0] in ("cupy", "cupy_backends", "cupyx", "cuda")


def first_line(error: BaseException) -> str:
    """What an error says, shortly; of CuPy's own framed page, what it was made for."""
    if isinstance(error, ImportError) and error.__cause__ is not None:
        error = error.__cause__
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
