"""Convolutions over one, two or three spatial axes, forward and transposed, in groups."""

from __future__ import annotations

import math
from typing import Any

from paramctl.engine.convolution import Each, Geometry, batches, columns, geometry, patches
from paramctl.engine.operation import Example, Form, Operation, define
from paramctl.engine.promotion import dtype_name, promote
from paramctl.engine.shapes import Size, differ, is_known, show
from paramctl.engine.unknown import Unknown
from paramctl.expression.errors import LanguageError

Pads = Each | str


def _checked(name: str, x: Any, weight: Any, bias: Any, channels: Size, made: Size) -> None:
    """What x, weight and bias must share.

    Raises:
        LanguageError: the text shows the shapes and the weight's name.
    """
    label = f" ({weight.name})" if getattr(weight, "name", "") else ""
    text = f"{name} of {show(x.shape)} with a weight {show(weight.shape)}{label}"
    if weight.ndim < 3 or x.ndim != weight.ndim:
        raise LanguageError(f"{text}: both need batch or out, channels, and spatial axes")
    if not is_known(weight.shape[2:]):
        raise LanguageError(f"{text}: the window's size is not known yet")
    if differ(x.shape[1], channels):
        raise LanguageError(f"{text}: {x.shape[1]} channels come in, {channels} are taken")
    if bias is not None and (bias.ndim != 1 or differ(bias.shape[0], made)):
        raise LanguageError(f"{text}: the bias {show(bias.shape)} is not one number per channel")


def _require_groups(name: str, channels: Size, groups: int) -> None:
    if groups < 1 or (isinstance(channels, int) and channels % groups):
        raise LanguageError(f"{name}: {channels} channels don't make {groups} groups")


def _grouped(xp: Any, x: Any, groups: int) -> Any:
    """Channels in groups: ``(batch, channels, n)`` → ``(batch, groups, channels / groups, n)``."""
    return xp.reshape(x, (x.shape[0], groups, x.shape[1] // groups, x.shape[2]))


def _flat(xp: Any, x: Any) -> Any:
    return xp.reshape(x, (*x.shape[:2], math.prod(x.shape[2:])))


def _with_bias(xp: Any, y: Any, bias: Any) -> Any:
    if bias is not None:
        y += xp.reshape(bias, (1, -1) + (1,) * (y.ndim - 2))
    return y


def _over_space(xp: Any, dy: Any) -> Any:
    return xp.sum(dy, axis=tuple(axis for axis in range(dy.ndim) if axis != 1))


def correlate(xp: Any, x: Any, weight: Any, moves: Geometry, groups: int) -> Any:
    """``y[o] = Σ_c w[o, c] ⋆ x[c]`` without a bias."""
    outputs: Any = moves.outputs(x.shape[2:])
    kernel = xp.reshape(weight, (groups, weight.shape[0] // groups, math.prod(weight.shape[1:])))
    y = xp.empty((x.shape[0], weight.shape[0], *outputs), dtype=x.dtype)
    for run in batches(x.shape[0], x.shape[1] * moves.count * math.prod(outputs)):
        part = xp.matmul(kernel, _grouped(xp, columns(xp, x[run, ...], moves), groups))
        y[run, ...] = xp.reshape(part, (part.shape[0], weight.shape[0], *outputs))
    return y


def spread(
    xp: Any, y: Any, weight: Any, moves: Geometry, groups: int, sizes: tuple[int, ...]
) -> Any:
    """The transpose of ``correlate``: each output adds its window's weights onto ``sizes``."""
    kernel = xp.reshape(weight, (groups, weight.shape[0] // groups, math.prod(weight.shape[1:])))
    turned = xp.swapaxes(kernel, 1, 2)
    x = xp.empty((y.shape[0], weight.shape[1] * groups, *sizes), dtype=y.dtype)
    for run in batches(y.shape[0], x.shape[1] * moves.count * math.prod(y.shape[2:])):
        parts = xp.matmul(turned, _grouped(xp, _flat(xp, y[run, ...]), groups))
        flat = xp.reshape(parts, (parts.shape[0], -1, parts.shape[-1])) if parts.size else None
        x[run, ...] = 0 if flat is None else patches(xp, flat, sizes, moves)
    return x


def by_weight(
    xp: Any, x: Any, dy: Any, moves: Geometry, groups: int, shape: tuple[int, ...]
) -> Any:
    """The gradient of ``⟨dy, correlate(x, w)⟩`` by the weight."""
    total = xp.zeros((groups, shape[0] // groups, math.prod(shape[1:])), dtype=dy.dtype)
    for run in batches(x.shape[0], x.shape[1] * moves.count * math.prod(dy.shape[2:])):
        patch = _grouped(xp, columns(xp, x[run, ...], moves), groups)
        up = _grouped(xp, _flat(xp, dy[run, ...]), groups)
        total += xp.sum(xp.matmul(up, xp.swapaxes(patch, -1, -2)), axis=0)
    return xp.reshape(total, shape)


@define("conv", "conv1d", "conv2d", "conv3d")
class Conv(Operation):
    """``y[o] = b[o] + Σ_c w[o, c] ⋆ x[c]``, cross-correlation as every framework has it.

    Shapes:
        x ``(batch, in, *spatial)``, weight ``(out, in / groups, *kernel)``, bias ``(out,)``
        → y ``(batch, out, *windows)``
    """

    def shape(
        self,
        x: Any,
        weight: Any,
        bias: Any = None,
        *,
        stride: Each = 1,
        padding: Pads = 0,
        dilation: Each = 1,
        groups: int = 1,
    ) -> Form:
        taken = weight.shape[1] * groups if weight.ndim > 1 else Unknown()
        _checked(self.name, x, weight, bias, taken, weight.shape[0])
        _require_groups(self.name, weight.shape[0], groups)
        moves = geometry(weight.shape[2:], stride, padding, dilation)
        dtype = promote([dtype_name(x), dtype_name(weight)])
        return Form((x.shape[0], weight.shape[0], *moves.outputs(x.shape[2:])), dtype)

    def value(
        self,
        xp: Any,
        x: Any,
        weight: Any,
        bias: Any = None,
        *,
        stride: Each,
        padding: Pads,
        dilation: Each,
        groups: int,
    ) -> Any:
        moves = geometry(weight.shape[2:], stride, padding, dilation)
        y = correlate(xp, x, weight, moves, groups)
        return _with_bias(xp, y, bias), (x, weight, bias is not None, moves, groups)

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        x, weight, has_bias, moves, groups = saved
        dx = spread(xp, dy, weight, moves, groups, x.shape[2:])
        dw = by_weight(xp, x, dy, moves, groups, weight.shape)
        return dx, dw, _over_space(xp, dy) if has_bias else None

    def examples(self) -> Any:
        return (
            Example(((2, 3, 5), (4, 3, 2), (4,))),
            Example(((2, 4, 5, 5), (6, 2, 3, 3), (6,)), {"padding": 1, "groups": 2}),
            Example(((1, 2, 6, 5), (3, 2, 2, 3), None), {"stride": (2, 1), "dilation": (1, 2)}),
            Example(((1, 3, 4, 4), (2, 3, 1, 1), (2,))),
            Example(((1, 1, 5), (1, 1, 4), None), {"padding": "same"}),
            Example(((1, 1, 5), (1, 1, 3), None), {"padding": ((2, 0),)}),
            Example(((1, 1, 3, 3, 3), (2, 1, 2, 2, 2), (2,)), {"stride": 1}),
            Example(((0, 1, 3), (2, 1, 2), (2,))),
        )


@define("conv_transpose", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d")
class ConvTranspose(Operation):
    """The transpose of ``conv`` by its input: each element of x adds its window to y.

        size of y = (size of x - 1) * stride - 2 padding + dilation (kernel - 1) + 1 + extra

    Shapes:
        x ``(batch, in, *spatial)``, weight ``(in, out / groups, *kernel)``, bias ``(out,)``
        → y ``(batch, out, *sizes)``
    """

    def shape(
        self,
        x: Any,
        weight: Any,
        bias: Any = None,
        *,
        stride: Each = 1,
        padding: Each = 0,
        output_padding: Each = 0,
        groups: int = 1,
        dilation: Each = 1,
    ) -> Form:
        made = weight.shape[1] * groups if weight.ndim > 1 else Unknown()
        _checked(self.name, x, weight, bias, weight.shape[0], made)
        _require_groups(self.name, weight.shape[0], groups)
        moves = geometry(weight.shape[2:], stride, padding, dilation)
        sizes = _spread_sizes(x.shape[2:], moves, output_padding)
        dtype = promote([dtype_name(x), dtype_name(weight)])
        return Form((x.shape[0], made, *sizes), dtype)

    def value(
        self,
        xp: Any,
        x: Any,
        weight: Any,
        bias: Any = None,
        *,
        stride: Each,
        padding: Each,
        output_padding: Each,
        groups: int,
        dilation: Each,
    ) -> Any:
        moves = geometry(weight.shape[2:], stride, padding, dilation)
        sizes = _spread_sizes(x.shape[2:], moves, output_padding)
        y = spread(xp, x, weight, moves, groups, sizes)
        return _with_bias(xp, y, bias), (x, weight, bias is not None, moves, groups)

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        x, weight, has_bias, moves, groups = saved
        dx = correlate(xp, dy, weight, moves, groups)
        dw = by_weight(xp, dy, x, moves, groups, weight.shape)
        return dx, dw, _over_space(xp, dy) if has_bias else None

    def examples(self) -> Any:
        return (
            Example(((1, 3, 4, 4), (3, 2, 4, 4), (2,)), {"stride": 2, "padding": 1}),
            Example(((2, 4, 3), (4, 1, 3), (2,)), {"groups": 2, "dilation": 2}),
            Example(((1, 2, 3), (2, 3, 2), None), {"stride": 3, "output_padding": 2}),
            Example(((1, 1, 2, 2, 2), (1, 1, 2, 2, 2), None)),
        )


def _spread_sizes(sizes: Any, moves: Geometry, extra: Each) -> tuple[Any, ...]:
    more = (extra,) * len(sizes) if isinstance(extra, int) else tuple(extra)
    if len(more) != len(sizes) or any(
        not 0 <= m < max(s, d) for m, s, d in zip(more, moves.stride, moves.dilation, strict=True)
    ):
        raise LanguageError(f"output_padding {show(more)} must be below stride or dilation")
    return tuple(
        (size - 1) * stride - sum(pad) + reach + m
        for size, stride, pad, reach, m in zip(
            sizes, moves.stride, moves.pads, moves.reach, more, strict=True
        )
    )
