"""A parameter's numbers in the dtype of a run: whole, by rows, or a few rows by index."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

from paramctl.compute.backend import Backend
from paramctl.compute.blocks import scratch
from paramctl.dtypes import DTYPES
from paramctl.engine.parameter import Parameter
from paramctl.engine.promotion import dtype_name, is_float
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

    @property
    def is_real(self) -> bool:
        """Whether its numbers are real floats, which take the dtype of the run."""
        value = self.value
        return DTYPES[value.dtype].is_floating if _is_stored(value) else is_float(dtype_name(value))

    def array(self) -> Any:
        """All of it."""
        value = self.value
        return self._widen(value.array() if _is_stored(value) else value)

    def rows(self, start: int, stop: int) -> Any:
        """Rows ``[start, stop)`` of the first axis in the dtype of the run, on the host.

        They may lie in this thread's buffer, which the next such call fills.
        """
        part = self.stored_rows(start, stop)
        return self.widened(part, scratch("widened", part.size, self.dtype).reshape(part.shape))

    def stored_rows(self, start: int, stop: int) -> Any:
        """Rows ``[start, stop)`` of the first axis as they are stored, on the host.

        They may lie in this thread's buffer, which the next such call fills.
        """
        value = self.value
        if not _is_stored(value):
            return value[start:stop]
        shape = (stop - start, *value.shape[1:])
        buffer = scratch("stored", math.prod(shape), _element(value.dtype))
        return value.rows(start, stop, buffer.reshape(shape))

    def widened(self, part: Any, out: Any) -> Any:
        """Such rows in the dtype of the run: themselves where they have it, or in ``out``."""
        if part.dtype == out.dtype:
            return self._rounded(part)
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

    def take(self, indices: Any) -> Any:
        """The rows with these indices."""
        return self._xp.take(self._array, indices, axis=0)


def as_weight(xp: Any, operand: Any) -> Weight | Held:
    """A streamed operand as it is, an array behind the same face."""
    return operand if isinstance(operand, Weight | Held) else Held(xp, operand)


@cache
def _element(dtype: str) -> Any:
    return DTYPES[dtype].numpy()


def _is_stored(value: Any) -> bool:
    return hasattr(value, "rows")  # thrice as fast as asking for the whole protocol
