"""array_api_strict with the few functions that operations use beyond the standard.

The standard has no ``swapaxes``, ``einsum``, ``add.at`` (repeated indices add up), no ``out=``
and no ``kind=``. Those are here, so that all else is held to the standard. Arrays are made on
a second device, and the library refuses to mix it with the host's.
"""

from types import SimpleNamespace
from typing import Any

import array_api_strict as strict
import numpy as np

from paramctl.compute.backend import HOST, Backend

DEVICE = strict.Device("device1")
_CREATION = ("zeros", "ones", "full", "empty", "arange", "asarray")


class Namespace:
    """The standard's functions, creation bound to one device as CuPy binds it to the current."""

    def __init__(self) -> None:
        self.add = SimpleNamespace(at=_add_at)
        self.fft = strict.fft
        for name in _CREATION:
            setattr(self, name, self._on_device(getattr(strict, name)))

    def __getattr__(self, name: str) -> Any:
        return getattr(strict, name)

    @staticmethod
    def _on_device(function: Any) -> Any:
        def made(*given: Any, **named: Any) -> Any:
            if given and isinstance(given[0], strict._array_object.Array):
                return function(*given, **named)
            return function(*given, device=DEVICE, **named)

        return made

    @staticmethod
    def swapaxes(x: Any, first: int, second: int) -> Any:
        axes = list(range(x.ndim))
        axes[first], axes[second] = axes[second], axes[first]
        return strict.permute_dims(x, tuple(axes))

    @staticmethod
    def einsum(equation: str, *operands: Any, optimize: bool = False) -> Any:
        return inside(np.einsum(equation, *map(outside, operands)))

    @staticmethod
    def exp(x: Any, out: Any = None) -> Any:
        return strict.exp(x)

    @staticmethod
    def argsort(x: Any, axis: int = -1, kind: str = "stable") -> Any:
        return strict.argsort(x, axis=axis, stable=kind == "stable")

    @staticmethod
    def cumsum(x: Any, axis: int = -1) -> Any:
        return strict.cumulative_sum(x, axis=axis)


def inside(array: Any) -> Any:
    """A NumPy array as one of the strict library, on the second device."""
    return strict.asarray(array, device=DEVICE)


def outside(array: Any) -> np.ndarray:
    """The NumPy array behind one of the strict library."""
    return np.asarray(array._array)


def _add_at(target: Any, index: Any, values: Any) -> None:
    places = tuple(map(outside, index)) if isinstance(index, tuple) else outside(index)
    whole = outside(target).copy()
    np.add.at(whole, places, outside(values))
    target[...] = inside(whole)


class StrictBackend(Backend):
    """A device that is not the host, as far as arrays can tell."""

    device = "device1"

    def __init__(self) -> None:
        self.xp = Namespace()

    def asarray(self, value: Any, dtype: str | None = None) -> Any:
        if self.owns(value):
            return value if dtype is None else strict.astype(value, getattr(strict, dtype))
        return inside(np.asarray(value, dtype=dtype))

    def to_numpy(self, array: Any) -> np.ndarray:
        return outside(array)

    def owns(self, array: Any) -> bool:
        return isinstance(array, strict._array_object.Array)

    def widen(self, array: Any, to: str = "float32", out: Any = None) -> Any:
        if not self.owns(array):
            return inside(HOST.widen(array, to))
        floats = strict.isdtype(array.dtype, "real floating")
        return strict.astype(array, getattr(strict, to)) if floats else array

    def round_bfloat16(self, array: Any) -> Any:
        return inside(HOST.round_bfloat16(outside(array)))
