"""Softmax and its logarithm along one axis."""

from __future__ import annotations

from typing import Any

from paramctl.engine.elementwise import float_dtype
from paramctl.engine.operation import Example, Form, Operation, define
from paramctl.engine.shapes import axis_of

_CASES = (
    Example(((2, 3),)),
    Example(((2, 3, 4),), {"axis": 1}),
    Example(((0, 3),)),
)


@define("softmax")
class Softmax(Operation):
    """``y = exp(x - max x) / sum exp(x - max x)`` along ``axis``.

    A row that is minus infinity throughout gives NaN, as its formula does.
    """

    floats = True

    def shape(self, x: Any, *, axis: int = -1) -> Form:
        axis_of(axis, x.ndim)
        return Form(x.shape, float_dtype(x))

    def value(self, xp: Any, x: Any, *, axis: int) -> Any:
        y = x - xp.max(x, axis=axis, keepdims=True) if x.shape[axis] else x + 0
        y = xp.exp(y)
        y /= xp.sum(y, axis=axis, keepdims=True)
        return y, (y, axis)

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        y, axis = saved
        dx = dy * y
        dx -= y * xp.sum(dx, axis=axis, keepdims=True)
        return dx

    def examples(self) -> Any:
        return _CASES


@define("log_softmax")
class LogSoftmax(Operation):
    """``y = x - max x - log sum exp(x - max x)`` along ``axis``."""

    floats = True

    def shape(self, x: Any, *, axis: int = -1) -> Form:
        axis_of(axis, x.ndim)
        return Form(x.shape, float_dtype(x))

    def value(self, xp: Any, x: Any, *, axis: int) -> Any:
        y = x - xp.max(x, axis=axis, keepdims=True) if x.shape[axis] else x + 0
        y -= xp.log(xp.sum(xp.exp(y), axis=axis, keepdims=True))
        return y, (y, axis)

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        y, axis = saved
        return dy - xp.exp(y) * xp.sum(dy, axis=axis, keepdims=True)

    def examples(self) -> Any:
        return _CASES
