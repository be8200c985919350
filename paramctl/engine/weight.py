"""A parameter's numbers in the dtype of a run: whole, by rows, or a few rows by index."""

from __future__ import annotations

import math
from typing import Any

from paramctl.compute.backend import Backend
from paramctl.compute.blocks import scratch
from paramctl.engine.parameter import Parameter
from paramctl.engine.promotion import dtype_name
from paramctl.expression.errors import LanguageError


class Weight:
    """Reads a parameter where it is, widens what is asked for, and keeps nothing.

    Args:
        dtype: ``float32`` or ``float64``; integers and complex numbers keep their own.
        is_rounded: whether floats are rounded to bfloat16 values first.
    """

    def __init__(
        self, parameter: Parameter, backend: Backend, dtype: str, *, is_rounded: bool = False
    ) -> None:
        self.parameter = parameter
        self.backend = backend
        self.dtype = dtype
        self.is_rounded = is_rounded

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of the whole parameter."""
        return tuple(self.value.shape)

    @property
    def value(self) -> Any:
        """What the parameter holds: an array or a ``Stored``.

        Raises:
            LanguageError: nothing yet.
        """
        if self.parameter.value is None:
            raise LanguageError(
                f"{self.parameter.name} has no values yet",
                hint="bind a checkpoint to the model, or draw them with a scheme",
            )
        return self.parameter.value

    @property
    def numel(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def is_narrow(self) -> bool:
        """Whether numbers must be read or converted on the host before they can be used."""
        value = self.value
        return self.backend.is_host and (_is_stored(value) or dtype_name(value) != self.dtype)

    def array(self) -> Any:
        """All of it."""
        value = self.value
        return self._widen(value.array() if _is_stored(value) else value)

    def rows(self, start: int, stop: int, *, passing: bool = False) -> Any:
        """Rows ``[start, stop)`` of the first axis.

        Args:
            passing: the result may be in this thread's buffer, which the next such call fills.
        """
        value = self.value
        part = value.rows(start, stop) if _is_stored(value) else value[start:stop]
        if not passing or not self.backend.is_host or dtype_name(part) == self.dtype:
            return self._widen(part)
        out = scratch("widened", part.size, self.dtype).reshape(part.shape)
        return self._rounded(self.backend.widen(part, self.dtype, out))

    def take(self, indices: Any) -> Any:
        """The rows with these indices, which the caller has checked; no others are read."""
        value = self.value
        if self.backend.owns(value):
            return self._widen(self.backend.xp.take(value, indices, axis=0))
        chosen = self.backend.to_numpy(indices)
        return self._widen(value.take(chosen) if _is_stored(value) else value[chosen])

    def _widen(self, array: Any) -> Any:
        return self._rounded(self.backend.widen(array, self.dtype))

    def _rounded(self, array: Any) -> Any:
        return self.backend.round_bfloat16(array) if self.is_rounded else array


class Held:
    """An array that is computed already, with the face of a ``Weight``."""

    def __init__(self, xp: Any, array: Any) -> None:
        self._xp = xp
        self._array = array
        self.shape = tuple(array.shape)

    def array(self) -> Any:
        """All of it."""
        return self._array

    def rows(self, start: int, stop: int, *, passing: bool = False) -> Any:
        """Rows ``[start, stop)`` of the first axis."""
        return self._array[start:stop, ...]

    def take(self, indices: Any) -> Any:
        """The rows with these indices."""
        return self._xp.take(self._array, indices, axis=0)


def as_weight(xp: Any, operand: Any) -> Weight | Held:
    """A streamed operand as it is, an array behind the same face."""
    return operand if isinstance(operand, Weight | Held) else Held(xp, operand)


def _is_stored(value: Any) -> bool:
    return hasattr(value, "rows")  # thrice as fast as asking for the whole protocol
