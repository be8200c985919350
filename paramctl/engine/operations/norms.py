"""Normalizations: zero mean or unit size over features, channels or groups."""

from __future__ import annotations

import math
from typing import Any

from paramctl.engine.elementwise import sum_to
from paramctl.engine.operation import Example, Form, Operation, define
from paramctl.engine.pieces import in_pieces, is_large
from paramctl.engine.promotion import dtype_name
from paramctl.engine.shapes import differ, show
from paramctl.expression.errors import LanguageError


def _require_last(name: str, x: Any, *scales: Any) -> None:
    """Scales must have the shape of the last axes of x."""
    for scale in scales:
        if scale is None:
            continue
        tail = x.shape[x.ndim - scale.ndim :] if scale.ndim <= x.ndim else ()
        if len(tail) != scale.ndim or any(map(differ, tail, scale.shape)):
            label = f" ({scale.name})" if scale.name else ""
            raise LanguageError(
                f"{name} of {show(x.shape)} does not fit {show(scale.shape)}{label}"
            )


def _require_channels(name: str, x: Any, *scales: Any) -> None:
    """Scales must have one number for each of the channels, axis 1 of x."""
    if x.ndim < 2:
        raise LanguageError(f"{name} needs channels in axis 1, got {show(x.shape)}")
    for scale in scales:
        if scale is not None and (scale.ndim != 1 or differ(scale.shape[0], x.shape[1])):
            label = f" ({scale.name})" if scale.name else ""
            raise LanguageError(
                f"input {show(x.shape)} has {x.shape[1]} channels, "
                f"{name} has {show(scale.shape)}{label}"
            )


def _standardized(xp: Any, x: Any, axes: tuple[int, ...], eps: float) -> tuple[Any, Any]:
    """x with mean 0 and variance 1 along axes, and what it was multiplied with."""
    centred = x - xp.mean(x, axis=axes, keepdims=True)
    scale = 1 / xp.sqrt(xp.mean(centred * centred, axis=axes, keepdims=True) + eps)
    centred *= scale
    return centred, scale


def _standardized_back(xp: Any, g: Any, y: Any, scale: Any, axes: tuple[int, ...]) -> Any:
    """The gradient through ``_standardized`` given the one by its result ``y``."""
    mean = xp.mean(g, axis=axes, keepdims=True)
    along = xp.mean(g * y, axis=axes, keepdims=True)
    return (g - mean - y * along) * scale


class ByRows(Operation):
    """Each row of the last axes is a result of its own; what else it takes is whole."""

    def result_alone(self, xp: Any, x: Any, *others: Any, **options: Any) -> tuple[Any, Any]:
        """The result, some rows at a time where it is large."""
        weight = others[0] if others else None
        if not is_large(x) or (weight is not None and weight.ndim != 1):
            return self.value(xp, x, *others, **options)
        return in_pieces(
            lambda rows: self.value(xp, rows, *others, **options)[0], x, x.shape[-1]
        ), None


@define("layer_norm")
class LayerNorm(ByRows):
    """``y = (x - mean) / sqrt(var + eps) * weight + bias`` over the last axes, biased variance.

    Shapes:
        x ``(…, *n)``, weight and bias ``(*n)``, usually one axis → y like x
    Source: Ba et al. 2016, arXiv:1607.06450, eq. 3 and 4.
    """

    def shape(self, x: Any, weight: Any = None, bias: Any = None, *, eps: float = 1e-5) -> Form:
        _require_last(self.name, x, weight, bias)
        return Form(x.shape, dtype_name(x))

    def value(self, xp: Any, x: Any, weight: Any = None, bias: Any = None, *, eps: float) -> Any:
        count = 1 if weight is None else weight.ndim
        axes = tuple(range(x.ndim - count, x.ndim))
        normal, scale = _standardized(xp, x, axes, eps)
        y = normal if weight is None else normal * weight
        if bias is not None:
            y = y + bias
        return y, (normal, scale, weight, axes, None if bias is None else bias.shape)

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        normal, scale, weight, axes, bias = saved
        g = dy if weight is None else dy * weight
        dw = None if weight is None else sum_to(xp, dy * normal, weight.shape)
        return _standardized_back(xp, g, normal, scale, axes), dw, sum_to(xp, dy, bias)

    def examples(self) -> Any:
        return (
            Example(((2, 5), (5,), (5,))),
            Example(((2, 3, 4), (3, 4), (3, 4)), {"eps": 1e-3}),
            Example(((2, 5), None, None)),
            Example(((2, 5), (5,), None)),
        )


@define("rms_norm")
class RmsNorm(ByRows):
    """``y = x / sqrt(mean(x²) + eps) * weight`` over the last axis.

    Shapes:
        x ``(…, n)``, weight ``(n,)`` → y like x
    Source: Zhang & Sennrich 2019, arXiv:1910.07467, eq. 4.
    """

    def shape(self, x: Any, weight: Any = None, *, eps: float = 1e-6) -> Form:
        _require_last(self.name, x, weight)
        return Form(x.shape, dtype_name(x))

    def value(self, xp: Any, x: Any, weight: Any = None, *, eps: float) -> Any:
        square = xp.matmul(x[..., None, :], x[..., None])[..., 0] / x.shape[-1]
        scale = 1 / xp.sqrt(square + eps)
        normal = x * scale
        return normal if weight is None else normal * weight, (normal, scale, weight)

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        normal, scale, weight = saved
        g = dy if weight is None else dy * weight
        dw = None if weight is None else sum_to(xp, dy * normal, weight.shape)
        along = xp.mean(g * normal, axis=-1, keepdims=True)
        return (g - normal * along) * scale, dw

    def examples(self) -> Any:
        return (
            Example(((2, 5), (5,))),
            Example(((2, 3, 4), (4,)), {"eps": 1e-3}),
            Example(((3,), None)),
        )


def _per_channel(xp: Any, vector: Any, rank: int) -> Any:
    return xp.reshape(vector, (1, -1) + (1,) * (rank - 2))


@define("batch_norm")
class BatchNorm(Operation):
    """``y = (x - mean) / sqrt(var + eps) * weight + bias`` with stored statistics.

    Shapes:
        x ``(batch, channels, *spatial)``, all others ``(channels,)`` → y like x
    Source: Ioffe & Szegedy 2015, arXiv:1502.03167, algorithm 2.
    """

    def shape(
        self,
        x: Any,
        mean: Any,
        var: Any,
        weight: Any = None,
        bias: Any = None,
        *,
        eps: float = 1e-5,
    ) -> Form:
        _require_channels(self.name, x, mean, var, weight, bias)
        return Form(x.shape, dtype_name(x))

    def value(
        self,
        xp: Any,
        x: Any,
        mean: Any,
        var: Any,
        weight: Any = None,
        bias: Any = None,
        *,
        eps: float,
    ) -> Any:
        scale = 1 / xp.sqrt(var + eps)
        normal = x - _per_channel(xp, mean, x.ndim)
        normal *= _per_channel(xp, scale, x.ndim)
        y = normal if weight is None else normal * _per_channel(xp, weight, x.ndim)
        if bias is not None:
            y = y + _per_channel(xp, bias, x.ndim)
        return y, (normal, scale, weight, bias is not None)

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        normal, scale, weight, has_bias = saved
        axes = tuple(axis for axis in range(dy.ndim) if axis != 1)
        g = dy if weight is None else dy * _per_channel(xp, weight, dy.ndim)
        dx = g * _per_channel(xp, scale, dy.ndim)
        dvar = -0.5 * scale * scale * xp.sum(g * normal, axis=axes)
        dw = None if weight is None else xp.sum(dy * normal, axis=axes)
        return dx, -xp.sum(dx, axis=axes), dvar, dw, xp.sum(dy, axis=axes) if has_bias else None

    def examples(self) -> Any:
        return (
            Example(((2, 3, 4), (3,), (3,), (3,), (3,)), domain=(0.5, 2.0)),
            Example(((2, 3), (3,), (3,), None, None), domain=(0.5, 2.0)),
        )


@define("group_norm")
class GroupNorm(Operation):
    """Standardizes each group of neighbouring channels with all their positions.

    Shapes:
        x ``(batch, channels, *spatial)``, weight and bias ``(channels,)`` → y like x
    Source: Wu & He 2018, arXiv:1803.08494, eq. 7.
    """

    def shape(
        self, x: Any, weight: Any = None, bias: Any = None, *, groups: int, eps: float = 1e-5
    ) -> Form:
        _require_channels(self.name, x, weight, bias)
        if groups < 1 or (isinstance(x.shape[1], int) and x.shape[1] % groups):
            raise LanguageError(f"{x.shape[1]} channels don't make {groups} groups")
        return Form(x.shape, dtype_name(x))

    def value(
        self, xp: Any, x: Any, weight: Any = None, bias: Any = None, *, groups: int, eps: float
    ) -> Any:
        parts = xp.reshape(x, (x.shape[0], groups, math.prod(x.shape[1:]) // groups))
        normal, scale = _standardized(xp, parts, (2,), eps)
        normal = xp.reshape(normal, x.shape)
        y = normal if weight is None else normal * _per_channel(xp, weight, x.ndim)
        if bias is not None:
            y = y + _per_channel(xp, bias, x.ndim)
        return y, (normal, scale, weight, groups, bias is not None)

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        normal, scale, weight, groups, has_bias = saved
        axes = tuple(axis for axis in range(dy.ndim) if axis != 1)
        g = dy if weight is None else dy * _per_channel(xp, weight, dy.ndim)
        parts = (dy.shape[0], groups, math.prod(dy.shape[1:]) // groups)
        dx = _standardized_back(xp, xp.reshape(g, parts), xp.reshape(normal, parts), scale, (2,))
        dw = None if weight is None else xp.sum(dy * normal, axis=axes)
        return xp.reshape(dx, dy.shape), dw, xp.sum(dy, axis=axes) if has_bias else None

    def examples(self) -> Any:
        return (
            Example(((2, 4, 3), (4,), (4,)), {"groups": 2}),
            Example(((2, 4), None, None), {"groups": 1}),
        )
