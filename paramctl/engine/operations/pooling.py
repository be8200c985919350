"""Pooling: one number per window, or per part of an axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from paramctl.engine.convolution import Each, Geometry, geometry, padded
from paramctl.engine.elementwise import float_dtype
from paramctl.engine.operation import Example, Form, Operation, define
from paramctl.engine.promotion import dtype_name
from paramctl.engine.shapes import show
from paramctl.expression.errors import LanguageError

_CASES = (
    Example(((2, 3, 6),), {"kernel": 2}),
    Example(((1, 2, 5, 6),), {"kernel": (3, 2), "stride": 2, "padding": 1}),
    Example(((1, 2, 5, 5),), {"kernel": (2, 2), "stride": 2, "ceil": True}),
    Example(((1, 1, 4, 4, 4),), {"kernel": (2, 2, 2)}),
)


class Pooling(Operation):
    """Shape rule of windows over all axes but batch and channels.

    Shapes:
        x ``(batch, channels, *spatial)`` → y ``(batch, channels, *windows)``
    """

    floats = True

    def shape(
        self,
        x: Any,
        *,
        kernel: Each,
        stride: Each | None = None,
        padding: Each = 0,
        ceil: bool = False,
    ) -> Form:
        moves = _moves(x, kernel, stride, padding)
        sides = zip(moves.pads, moves.kernel, strict=True)
        if any(2 * before > size for (before, _), size in sides):
            raise LanguageError(f"{self.name}: padding is more than half of {show(moves.kernel)}")
        return Form((*x.shape[:2], *moves.outputs(x.shape[2:], ceil=ceil)), float_dtype(x))

    def examples(self) -> Any:
        return _CASES


def _moves(x: Any, kernel: Each, stride: Each | None, padding: Each) -> Geometry:
    if x.ndim < 3:
        raise LanguageError(f"pooling needs batch, channels and spatial axes, got {show(x.shape)}")
    sizes = (kernel,) * (x.ndim - 2) if isinstance(kernel, int) else tuple(kernel)
    if len(sizes) != x.ndim - 2 or any(not isinstance(size, int) or size < 1 for size in sizes):
        raise LanguageError(f"a window {show(sizes)} does not fit {show(x.shape)}")
    return geometry(sizes, sizes if stride is None else stride, padding, 1)


def _grown(x: Any, moves: Geometry, outputs: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """Padding that lets the last windows, which ``ceil`` adds, hang over the end."""
    return tuple(
        (before, max(after, (count - 1) * stride + reach - size - before))
        for (before, after), count, stride, reach, size in zip(
            moves.pads, outputs, moves.stride, moves.reach, x.shape[2:], strict=True
        )
    )


def _inside(pads: Sequence[tuple[int, int]], sizes: Sequence[int]) -> tuple[slice, ...]:
    spans = (slice(b, b + n) for (b, _), n in zip(pads, sizes, strict=True))
    return (slice(None), slice(None), *spans)


@define("max_pool", "max_pool1d", "max_pool2d", "max_pool3d")
class MaxPool(Pooling):
    """The largest element of each window; the first of equals takes the gradient."""

    def value(
        self, xp: Any, x: Any, *, kernel: Each, stride: Any, padding: Each, ceil: bool
    ) -> Any:
        moves = _moves(x, kernel, stride, padding)
        outputs: Any = moves.outputs(x.shape[2:], ceil=ceil)
        pads = _grown(x, moves, outputs)
        whole = padded(xp, x, pads, -math.inf)
        y = None
        for window in moves.windows(outputs):
            part = whole[(slice(None), slice(None), *window)]
            y = part if y is None else xp.maximum(y, part)
        return y, (whole, y, x.shape, moves, pads)

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        whole, y, shape, moves, pads = saved
        dx = xp.zeros_like(whole)
        free = xp.ones(y.shape, dtype=xp.bool)
        for window in moves.windows(y.shape[2:]):
            place = (slice(None), slice(None), *window)
            hit = (whole[place] == y) & free
            free = free & ~hit
            dx[place] += xp.where(hit, dy, xp.zeros_like(dy))
        return dx[_inside(pads, shape[2:])]


@define("avg_pool", "avg_pool1d", "avg_pool2d", "avg_pool3d")
class AvgPool(Pooling):
    """The mean of each window, zeros of the padding counted unless ``count_padding`` is off."""

    def shape(
        self,
        x: Any,
        *,
        kernel: Each,
        stride: Each | None = None,
        padding: Each = 0,
        ceil: bool = False,
        count_padding: bool = True,
    ) -> Form:
        return super().shape(x, kernel=kernel, stride=stride, padding=padding, ceil=ceil)

    def value(
        self,
        xp: Any,
        x: Any,
        *,
        kernel: Each,
        stride: Any,
        padding: Each,
        ceil: bool,
        count_padding: bool,
    ) -> Any:
        moves = _moves(x, kernel, stride, padding)
        outputs: Any = moves.outputs(x.shape[2:], ceil=ceil)
        pads = _grown(x, moves, outputs)
        counted = xp.ones((1, 1, *x.shape[2:]), dtype=x.dtype)
        if count_padding:
            counted = padded(xp, counted, moves.pads, 1.0)
            more = tuple((0, g[1] - p[1]) for g, p in zip(pads, moves.pads, strict=True))
            counted = padded(xp, counted, more)
        else:
            counted = padded(xp, counted, pads)
        share = 1 / _summed(counted, moves, outputs)
        return _summed(padded(xp, x, pads), moves, outputs) * share, (share, x.shape, moves, pads)

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        share, shape, moves, pads = saved
        sizes = (size + sum(pad) for size, pad in zip(shape[2:], pads, strict=True))
        dx = xp.zeros((*shape[:2], *sizes), dtype=dy.dtype)
        up = dy * share
        for window in moves.windows(dy.shape[2:]):
            dx[(slice(None), slice(None), *window)] += up
        return dx[_inside(pads, shape[2:])]

    def examples(self) -> Any:
        return (
            *_CASES,
            Example(((1, 1, 5),), {"kernel": 3, "padding": 1, "count_padding": False}),
        )


def _summed(whole: Any, moves: Geometry, outputs: Sequence[int]) -> Any:
    total: Any = None
    for window in moves.windows(outputs):
        part = whole[(slice(None), slice(None), *window)]
        total = part if total is None else total + part
    return total


@define("adaptive_avg_pool", "adaptive_avg_pool1d", "adaptive_avg_pool2d")
class AdaptiveAvgPool(Operation):
    """The means of ``output`` parts of each spatial axis; part i covers ``[⌊i n/m⌋, ⌈(i+1) n/m⌉)``.

    Shapes:
        x ``(batch, channels, *spatial)`` → y ``(batch, channels, *output)``
    """

    def shape(self, x: Any, *, output: Each = 1) -> Form:
        return Form((*x.shape[:2], *_parts(x, output)), dtype_name(x))

    def value(self, xp: Any, x: Any, *, output: Each) -> Any:
        matrices = [
            _means(xp, size, count, x.dtype)
            for size, count in zip(x.shape[2:], _parts(x, output), strict=True)
        ]
        return _along(xp, x, matrices), matrices

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        return _along(xp, dy, [xp.swapaxes(matrix, 0, 1) for matrix in saved])

    def examples(self) -> Any:
        return (
            Example(((2, 3, 5, 7),), {"output": (2, 3)}),
            Example(((2, 3, 5, 7),), {"output": 1}),
            Example(((1, 2, 3),), {"output": 5}),
        )


def _parts(x: Any, output: Each) -> tuple[int, ...]:
    if x.ndim < 3:
        raise LanguageError(f"pooling needs batch, channels and spatial axes, got {show(x.shape)}")
    parts = (output,) * (x.ndim - 2) if isinstance(output, int) else tuple(output)
    if len(parts) != x.ndim - 2 or any(not isinstance(p, int) or p < 1 for p in parts):
        raise LanguageError(f"{show(x.shape)} can't be pooled to {show(parts)}")
    return parts


def _means(xp: Any, size: int, count: int, dtype: Any) -> Any:
    """The matrix ``(count, size)`` whose rows take the means of the parts."""
    places = xp.arange(size)[None, :]
    part = xp.arange(count)[:, None]
    inside = (places >= part * size // count) & (places < -(-(part + 1) * size // count))
    weights = xp.astype(inside, dtype)
    return weights / xp.sum(weights, axis=1, keepdims=True)


def _along(xp: Any, x: Any, matrices: Sequence[Any]) -> Any:
    """Each spatial axis multiplied by its matrix."""
    for axis, matrix in enumerate(matrices, start=2):
        turned = xp.matmul(xp.moveaxis(x, axis, -1), xp.swapaxes(matrix, 0, 1))
        x = xp.moveaxis(turned, -1, axis)
    return x
