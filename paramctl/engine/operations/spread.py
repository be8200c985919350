"""How far values lie apart: variance and standard deviation; and a soft maximum."""

from __future__ import annotations

from typing import Any

from paramctl.engine.operation import Example, Form, define
from paramctl.engine.operations.reductions import Axes, Reduction, reduced, restore
from paramctl.engine.shapes import axes_of

_CASES = (
    Example(((2, 3, 4),)),
    Example(((2, 3, 4),), {"axis": -1}),
    Example(((2, 3, 4),), {"axis": (0, 2), "keepdims": True}),
)


class Moment(Reduction):
    """Mean squared distance from the mean, divided by ``n - correction``."""

    def shape(
        self, x: Any, *, axis: Axes = None, keepdims: bool = False, correction: int = 0
    ) -> Form:
        return super().shape(x, axis=axis, keepdims=keepdims)

    def examples(self) -> Any:
        return (*_CASES, Example(((2, 3),), {"axis": 1, "correction": 1}))


def _variance(xp: Any, x: Any, axes: Any, correction: int) -> tuple[Any, Any, float]:
    """The variance with its axes kept, x without its mean, and the divisor."""
    count = 1
    for axis in axes:
        count *= x.shape[axis]
    centred = x - xp.mean(x, axis=axes, keepdims=True)
    divisor = max(count - correction, 0)
    return xp.sum(centred * centred, axis=axes, keepdims=True) / divisor, centred, divisor


@define("var")
class Variance(Moment):
    """``y = Σ (x - mean)² / (n - correction)`` along ``axis``; biased unless told."""

    def value(self, xp: Any, x: Any, *, axis: Axes, keepdims: bool, correction: int) -> Any:
        axes = axes_of(axis, x.ndim)
        whole, centred, divisor = _variance(xp, x, axes, correction)
        y = xp.reshape(whole, reduced(x.shape, axes, keepdims))
        return y, (centred, divisor, axes)

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        centred, divisor, axes = saved
        return restore(xp, dy, centred.shape, axes) * (2 / divisor) * centred


@define("std")
class Deviation(Moment):
    """``y = sqrt(var(x))`` along ``axis``; biased unless told."""

    def value(self, xp: Any, x: Any, *, axis: Axes, keepdims: bool, correction: int) -> Any:
        axes = axes_of(axis, x.ndim)
        whole, centred, divisor = _variance(xp, x, axes, correction)
        whole = xp.sqrt(whole)
        y = xp.reshape(whole, reduced(x.shape, axes, keepdims))
        return y, (centred, divisor, whole, axes)

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        centred, divisor, whole, axes = saved
        return restore(xp, dy, centred.shape, axes) * centred / (divisor * whole)


@define("logsumexp")
class LogSumExp(Reduction):
    """``y = log Σ exp(x)`` along ``axis``, computed from the largest."""

    def value(self, xp: Any, x: Any, *, axis: Axes, keepdims: bool) -> Any:
        axes = axes_of(axis, x.ndim)
        top = xp.max(x, axis=axes, keepdims=True)
        shares = xp.exp(x - top)
        total = xp.sum(shares, axis=axes, keepdims=True)
        y = xp.reshape(xp.log(total) + top, reduced(x.shape, axes, keepdims))
        return y, (shares / total, axes)

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        shares, axes = saved
        return restore(xp, dy, shares.shape, axes) * shares

    def examples(self) -> Any:
        return _CASES
