"""Arithmetic of two operands that broadcast."""

from __future__ import annotations

import operator
from typing import Any

from paramctl.engine.elementwise import (
    Binary,
    conjugate,
    is_tensor,
    meet,
    meeting_dtype,
    own_shape,
    sum_to,
)
from paramctl.engine.operation import DEFAULT_FLOAT, Example, define
from paramctl.engine.promotion import has_gradient

_PAIRS = (
    Example(((2, 3), (2, 3))),
    Example(((2, 3), (3,))),
    Example(((2, 1, 3), (4, 1))),
    Example(((), (3,))),
    Example(((2, 3), 1.5)),
    Example((2, (3,))),
    Example(((0, 3), (3,))),
)


@define("add")
class Add(Binary):
    """``y = a + b``.

    Shapes:
        a, b broadcast → y
    """

    on_numbers = operator.add

    def value(self, xp: Any, x: Any, y: Any) -> Any:
        x, y = meet(xp, x, y)
        return x + y, (own_shape(x), own_shape(y))

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        x, y = saved
        return sum_to(xp, dy, x), sum_to(xp, dy, y)

    def examples(self) -> Any:
        return _PAIRS


@define("sub")
class Sub(Binary):
    """``y = a - b``.

    Shapes:
        a, b broadcast → y
    """

    on_numbers = operator.sub

    def value(self, xp: Any, x: Any, y: Any) -> Any:
        x, y = meet(xp, x, y)
        return x - y, (own_shape(x), own_shape(y))

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        x, y = saved
        return sum_to(xp, dy, x), None if y is None else -sum_to(xp, dy, y)

    def examples(self) -> Any:
        return _PAIRS


@define("mul")
class Mul(Binary):
    """``y = a * b``.

    Shapes:
        a, b broadcast → y
    """

    on_numbers = operator.mul

    def value(self, xp: Any, x: Any, y: Any) -> Any:
        x, y = meet(xp, x, y)
        return x * y, (x, y)

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        x, y = saved
        dx = sum_to(xp, dy * conjugate(xp, y), x.shape) if is_tensor(x) else None
        return dx, sum_to(xp, dy * conjugate(xp, x), y.shape) if is_tensor(y) else None

    def examples(self) -> Any:
        return _PAIRS


@define("div")
class Div(Binary):
    """``y = a / b``; integers give floats.

    Shapes:
        a, b broadcast → y
    """

    on_numbers = operator.truediv
    floats = True

    def result_dtype(self, x: Any, y: Any) -> str:
        """A float dtype, whatever the operands are."""
        dtype = meeting_dtype(x, y)
        return dtype if has_gradient(dtype) else DEFAULT_FLOAT

    def value(self, xp: Any, x: Any, y: Any) -> Any:
        x, y = meet(xp, x, y)
        result = x / y
        return result, (own_shape(x), y, result)

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        x, y, result = saved
        share = dy / conjugate(xp, y)
        dy_of = sum_to(xp, share * -conjugate(xp, result), y.shape) if is_tensor(y) else None
        return sum_to(xp, share, x), dy_of

    def examples(self) -> Any:
        return (
            Example(((2, 3), (2, 3)), domain=(0.5, 2.0)),
            Example(((2, 1, 3), (4, 1)), domain=(0.5, 2.0)),
            Example(((2, 3), 4.0)),
            Example((1, (3,)), domain=(0.5, 2.0)),
            Example(([1, 2, 3], [2, 4, 5]), smooth=False),
        )


@define("floordiv")
class FloorDiv(Binary):
    """``y = floor(a / b)``; its derivative is zero wherever it has one, so it has none here."""

    on_numbers = operator.floordiv

    def value(self, xp: Any, x: Any, y: Any) -> Any:
        x, y = meet(xp, x, y)
        return x // y, None

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        return None, None

    def examples(self) -> Any:
        return (
            Example(([7, -7, 3], 2), smooth=False),
            Example(((2, 3), 0.5), smooth=False),
        )


@define("mod")
class Mod(Binary):
    """``y = a - b * floor(a / b)``; the derivative is taken by ``a`` and by ``b``."""

    on_numbers = operator.mod

    def value(self, xp: Any, x: Any, y: Any) -> Any:
        x, y = meet(xp, x, y)
        return x % y, (x, y)

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        x, y = saved
        by_y = sum_to(xp, dy * -(x // y), y.shape) if is_tensor(y) else None
        return sum_to(xp, dy, own_shape(x)), by_y

    def examples(self) -> Any:
        return (
            Example(([7, -7, 3], 4), smooth=False),
            Example(((2, 3), 0.7)),
            Example(((2, 3), (3,)), domain=(0.5, 2.0)),
        )


@define("maximum")
class Maximum(Binary):
    """``y = max(a, b)``; where they are equal, each takes half of the gradient.

    Shapes:
        a, b broadcast → y
    """

    on_numbers = max

    def value(self, xp: Any, x: Any, y: Any) -> Any:
        x, y = meet(xp, x, y)
        return xp.maximum(x, y), (x, y)

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        x, y = saved
        return _choose(xp, dy, x, y, x > y)

    def examples(self) -> Any:
        return _PAIRS


@define("minimum")
class Minimum(Binary):
    """``y = min(a, b)``; where they are equal, each takes half of the gradient.

    Shapes:
        a, b broadcast → y
    """

    on_numbers = min

    def value(self, xp: Any, x: Any, y: Any) -> Any:
        x, y = meet(xp, x, y)
        return xp.minimum(x, y), (x, y)

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        x, y = saved
        return _choose(xp, dy, x, y, x < y)

    def examples(self) -> Any:
        return _PAIRS


def _choose(xp: Any, dy: Any, x: Any, y: Any, first: Any) -> tuple[Any, Any]:
    share = xp.where(first, dy, xp.where(x == y, 0.5 * dy, 0 * dy))
    return sum_to(xp, share, own_shape(x)), sum_to(xp, dy - share, own_shape(y))
