"""Reductions: one number from the elements along some axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from paramctl.engine.operation import DEFAULT_FLOAT, Example, Form, Operation, define
from paramctl.engine.promotion import dtype_name, has_gradient
from paramctl.engine.shapes import Shape, axes_of
from paramctl.expression.errors import LanguageError

Axes = int | Sequence[int] | None

_CASES = (
    Example(((2, 3, 4),)),
    Example(((2, 3, 4),), {"axis": -1}),
    Example(((2, 3, 4),), {"axis": (0, 2), "keepdims": True}),
    Example(((),)),
)


def reduced(shape: Shape, axis: Axes, keepdims: bool) -> Shape:
    """The shape that is left when ``axis`` is reduced."""
    gone = axes_of(axis, len(shape))
    if keepdims:
        return tuple(1 if place in gone else size for place, size in enumerate(shape))
    return tuple(size for place, size in enumerate(shape) if place not in gone)


def restore(xp: Any, gradient: Any, shape: Shape, axis: Axes) -> Any:
    """The gradient by a result, with the reduced axes back as axes of length 1."""
    return xp.reshape(gradient, reduced(shape, axis, True))


def _require_elements(name: str, x: Any, axis: Axes) -> None:
    gone = axes_of(axis, x.ndim)
    if any(isinstance(x.shape[place], int) and x.shape[place] == 0 for place in gone):
        raise LanguageError(f"{name} of no elements has no value")


class Reduction(Operation):
    """Shape rule of reductions over ``axis``: one, several, or all (``None``)."""

    floats = True

    def shape(self, x: Any, *, axis: Axes = None, keepdims: bool = False) -> Form:
        dtype = dtype_name(x)
        kept = dtype if not self.floats or has_gradient(dtype) else DEFAULT_FLOAT
        return Form(reduced(x.shape, axis, keepdims), kept)

    def examples(self) -> Any:
        return _CASES


@define("sum")
class Sum(Reduction):
    """``y`` = sum of x along ``axis``; integers and booleans give int64."""

    floats = False

    def shape(self, x: Any, *, axis: Axes = None, keepdims: bool = False) -> Form:
        dtype = dtype_name(x) if has_gradient(dtype_name(x)) else "int64"
        return Form(reduced(x.shape, axis, keepdims), dtype)

    def value(self, xp: Any, x: Any, *, axis: Axes, keepdims: bool) -> Any:
        axes = axes_of(axis, x.ndim)
        return xp.sum(x, axis=axes, keepdims=keepdims), (x.shape, axes)

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        shape, axes = saved
        return xp.broadcast_to(restore(xp, dy, shape, axes), shape)

    def examples(self) -> Any:
        return (*_CASES, Example(([[1, 2], [3, 4]],), {"axis": 0}, smooth=False))


@define("mean")
class Mean(Reduction):
    """``y`` = sum of x along ``axis`` divided by the number of elements summed."""

    def value(self, xp: Any, x: Any, *, axis: Axes, keepdims: bool) -> Any:
        axes = axes_of(axis, x.ndim)
        return xp.mean(x, axis=axes, keepdims=keepdims), (x.shape, axes)

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        shape, axes = saved
        count = 1
        for axis in axes:
            count *= shape[axis]
        return xp.broadcast_to(restore(xp, dy, shape, axes) / count, shape)


class Extreme(Reduction):
    """The largest or smallest element; equal ones share the gradient evenly."""

    floats = False

    def shape(self, x: Any, *, axis: Axes = None, keepdims: bool = False) -> Form:
        _require_elements(self.name, x, axis)
        return Form(reduced(x.shape, axis, keepdims), dtype_name(x))

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        x, y, axes = saved
        hit = xp.astype(x == restore(xp, y, x.shape, axes), dy.dtype)
        share = hit / xp.sum(hit, axis=axes, keepdims=True)
        return share * restore(xp, dy, x.shape, axes)


@define("max")
class Max(Extreme):
    """``y`` = the largest element along ``axis``."""

    def value(self, xp: Any, x: Any, *, axis: Axes, keepdims: bool) -> Any:
        axes = axes_of(axis, x.ndim)
        y = xp.max(x, axis=axes, keepdims=keepdims)
        return y, (x, y, axes)


@define("min")
class Min(Extreme):
    """``y`` = the smallest element along ``axis``."""

    def value(self, xp: Any, x: Any, *, axis: Axes, keepdims: bool) -> Any:
        axes = axes_of(axis, x.ndim)
        y = xp.min(x, axis=axes, keepdims=keepdims)
        return y, (x, y, axes)


@define("norm")
class Norm(Reduction):
    """``y`` = the ``order`` norm along ``axis``: 1 sums moduli, 2 is Euclid's.

    The derivative of the Euclidean norm at zero is 0.
    """

    def shape(self, x: Any, *, order: int = 2, axis: Axes = None, keepdims: bool = False) -> Form:
        if order not in (1, 2):
            raise LanguageError(f"norm knows orders 1 and 2, not {order}")
        return super().shape(x, axis=axis, keepdims=keepdims)

    def value(self, xp: Any, x: Any, *, order: int, axis: Axes, keepdims: bool) -> Any:
        axes = axes_of(axis, x.ndim)
        if order == 1:
            return xp.sum(xp.abs(x), axis=axes, keepdims=keepdims), (x, None, axes)
        y = xp.sqrt(xp.sum(x * x, axis=axes, keepdims=keepdims))
        return y, (x, y, axes)

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        x, y, axes = saved
        dy = restore(xp, dy, x.shape, axes)
        if y is None:
            return dy * xp.sign(x)
        y = restore(xp, y, x.shape, axes)
        return dy * x / xp.where(y == 0, xp.ones_like(y), y)

    def examples(self) -> Any:
        return (*_CASES, Example(((2, 3),), {"order": 1}), Example(((2, 3),), {"axis": 1}))


@define("prod")
class Prod(Reduction):
    """``y`` = product of x along ``axis``, one axis or all; zeros are handled."""

    floats = False

    def value(self, xp: Any, x: Any, *, axis: Axes, keepdims: bool) -> Any:
        axes = axes_of(axis, x.ndim)
        return xp.prod(x, axis=axes, keepdims=keepdims), (x, axes)

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        x, axes = saved
        zero = x == 0
        count = xp.sum(xp.astype(zero, x.dtype), axis=axes, keepdims=True)
        rest = xp.prod(xp.where(zero, xp.ones_like(x), x), axis=axes, keepdims=True)
        without = xp.where(
            zero,
            xp.where(count == 1, rest, 0 * rest),
            xp.where(count == 0, rest, 0 * rest) / _or1(xp, x),
        )
        return restore(xp, dy, x.shape, axes) * without

    def examples(self) -> Any:
        return (*_CASES, Example(([[1, 2], [3, 4]],), {"axis": 0}, smooth=False))


def _or1(xp: Any, x: Any) -> Any:
    return xp.where(x == 0, xp.ones_like(x), x)


@define("argmax")
class ArgMax(Operation):
    """``y`` = index of the largest element along ``axis``, the first of equals; int64."""

    def shape(self, x: Any, *, axis: int = -1, keepdims: bool = False) -> Form:
        _require_elements(self.name, x, axis)
        return Form(reduced(x.shape, axis, keepdims), "int64")

    def value(self, xp: Any, x: Any, *, axis: int, keepdims: bool) -> Any:
        return xp.argmax(x, axis=axis, keepdims=keepdims), None

    def examples(self) -> Any:
        return (
            Example(((2, 3),), smooth=False),
            Example(((2, 3),), {"axis": 0, "keepdims": True}, smooth=False),
        )


@define("cumsum")
class CumSum(Operation):
    """``y[i]`` = sum of ``x[0..i]`` along ``axis``; integers and booleans give int64."""

    def shape(self, x: Any, *, axis: int = -1) -> Form:
        axes_of(axis, x.ndim)
        return Form(x.shape, dtype_name(x) if has_gradient(dtype_name(x)) else "int64")

    def value(self, xp: Any, x: Any, *, axis: int) -> Any:
        return xp.cumsum(x, axis=axis), axis

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        return xp.flip(xp.cumsum(xp.flip(dy, axis=saved), axis=saved), axis=saved)

    def examples(self) -> Any:
        return (
            Example(((2, 3),)),
            Example(((2, 3),), {"axis": 0}),
            Example(([1, 2, 3],), smooth=False),
        )
