"""Tensors from nothing: ranges and constants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from paramctl.engine.operation import DEFAULT_FLOAT, Example, Form, Operation, define
from paramctl.engine.shapes import Size, is_known
from paramctl.engine.unknown import Unknown
from paramctl.expression.errors import LanguageError


class Creation(Operation):
    """No operands and so no gradient."""

    reads = True


def array_dtype(xp: Any, dtype: str) -> Any:
    """The namespace's dtype of a name; the run's float is made in float64 and cast after."""
    return getattr(xp, "float64" if dtype == DEFAULT_FLOAT else dtype)


@define("arange")
class Arange(Creation):
    """``start, start + step, …`` below ``stop``; whole numbers give int64."""

    def shape(self, *, start: Size, stop: Size | None = None, step: int = 1) -> Form:
        first, last = (0, start) if stop is None else (start, stop)
        if isinstance(step, int) and step == 0:
            raise LanguageError("arange needs a step other than 0")
        numbers: tuple[Any, ...] = (first, last, step)
        dtype = DEFAULT_FLOAT if any(isinstance(n, float) for n in numbers) else "int64"
        if not is_known(numbers):
            whole = isinstance(first, int) and first == 0 and isinstance(step, int) and step == 1
            return Form((last if whole else Unknown(),), dtype)
        count = -int(-((last - first) / step) // 1)
        return Form((max(0, count),), dtype)

    def value(self, xp: Any, *, start: Any, stop: Any, step: Any) -> Any:
        first, last = (0, start) if stop is None else (start, stop)
        form = self.shape(start=start, stop=stop, step=step)
        steps = xp.arange(form.shape[0], dtype=array_dtype(xp, form.dtype))
        return steps * step + first if isinstance(last, int | float) else steps, None

    def examples(self) -> Any:
        return (
            Example((), {"start": 5}, smooth=False),
            Example((), {"start": 2, "stop": 9, "step": 3}, smooth=False),
            Example((), {"start": 3, "stop": 0, "step": -1}, smooth=False),
            Example((), {"start": 0.0, "stop": 1.0, "step": 0.25}, smooth=False),
            Example((), {"start": 0}, smooth=False),
        )


@define("full")
class Full(Creation):
    """``value`` everywhere."""

    def shape(self, *, shape: Sequence[Size], value: float, dtype: str = "") -> Form:
        named = dtype or ("int64" if isinstance(value, int) else DEFAULT_FLOAT)
        return Form(_as_shape(shape), "bool" if isinstance(value, bool) and not dtype else named)

    def value(self, xp: Any, *, shape: Any, value: float, dtype: str) -> Any:
        form = self.shape(shape=shape, value=value, dtype=dtype)
        return xp.full(form.shape, value, dtype=array_dtype(xp, form.dtype)), None

    def examples(self) -> Any:
        return (Example((), {"shape": (2, 3), "value": 1.5}, smooth=False),)


@define("zeros")
class Zeros(Creation):
    """0 everywhere."""

    def shape(self, *, shape: Sequence[Size], dtype: str = DEFAULT_FLOAT) -> Form:
        return Form(_as_shape(shape), dtype)

    def value(self, xp: Any, *, shape: Any, dtype: str) -> Any:
        return xp.zeros(_as_shape(shape), dtype=array_dtype(xp, dtype)), None

    def examples(self) -> Any:
        return (
            Example((), {"shape": (2, 3)}, smooth=False),
            Example((), {"shape": (), "dtype": "int64"}, smooth=False),
        )


@define("ones")
class Ones(Creation):
    """1 everywhere."""

    def shape(self, *, shape: Sequence[Size], dtype: str = DEFAULT_FLOAT) -> Form:
        return Form(_as_shape(shape), dtype)

    def value(self, xp: Any, *, shape: Any, dtype: str) -> Any:
        return xp.ones(_as_shape(shape), dtype=array_dtype(xp, dtype)), None

    def examples(self) -> Any:
        return (Example((), {"shape": (2, 3)}, smooth=False),)


def _as_shape(shape: Any) -> tuple[Any, ...]:
    """A shape from a size or several.

    Raises:
        LanguageError: something in it is no size.
    """
    sizes = tuple(shape) if isinstance(shape, tuple | list) else (shape,)
    for size in sizes:
        if isinstance(size, bool) or not isinstance(size, int | Unknown):
            raise LanguageError(f"'{size}' is no size")
        if isinstance(size, int) and size < 0:
            raise LanguageError(f"a size can't be {size}")
    return sizes
