"""Activations: what a layer does to each element."""

from __future__ import annotations

from typing import Any

from paramctl.engine.elementwise import Unary, shape_of
from paramctl.engine.operation import Example, Form, define
from paramctl.engine.promotion import dtype_name

_ANY = (
    Example(((2, 3),)),
    Example(((),)),
    Example(((0, 2),)),
    Example(((3,),), domain=(-9.0, 9.0)),
)


def logistic(xp: Any, x: Any) -> Any:
    """``1 / (1 + exp(-x))``; far below zero it is ``1 / inf``, which is 0."""
    y = xp.exp(-x)
    y += 1
    return 1 / y


@define("relu")
class Relu(Unary):
    """``y = max(x, 0)``; the derivative at 0 is 0. Integers stay integers."""

    floats = False

    def shape(self, x: Any) -> Form:
        return Form(shape_of(x), dtype_name(x))

    def value(self, xp: Any, x: Any) -> Any:
        y = xp.maximum(x, xp.asarray(0, dtype=x.dtype))
        return y, y

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        return xp.where(saved > 0, dy, xp.zeros_like(dy))

    def examples(self) -> Any:
        return _ANY


@define("sigmoid")
class Sigmoid(Unary):
    """``y = 1 / (1 + exp(-x))``."""

    def value(self, xp: Any, x: Any) -> Any:
        y = logistic(xp, x)
        return y, y

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        return dy * saved * (1 - saved)

    def examples(self) -> Any:
        return _ANY


@define("tanh")
class Tanh(Unary):
    """``y = tanh(x)``."""

    def value(self, xp: Any, x: Any) -> Any:
        y = xp.tanh(x)
        return y, y

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        return dy * (1 - saved * saved)

    def examples(self) -> Any:
        return _ANY


@define("silu", "swish")
class Silu(Unary):
    """``y = x * sigmoid(x)``.

    Source: Elfwing et al. 2017, arXiv:1702.03118, eq. 9.
    """

    def value(self, xp: Any, x: Any) -> Any:
        gate = logistic(xp, x)
        return x * gate, (x, gate)

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        x, gate = saved
        return dy * (gate * (1 + x * (1 - gate)))

    def examples(self) -> Any:
        return _ANY


@define("quick_gelu")
class QuickGelu(Unary):
    """``y = x * sigmoid(1.702 x)``, the approximation that CLIP uses.

    Source: Hendrycks & Gimpel 2016, arXiv:1606.08415, sec. 2.
    """

    def value(self, xp: Any, x: Any) -> Any:
        gate = logistic(xp, 1.702 * x)
        return x * gate, (x, gate)

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        x, gate = saved
        return dy * (gate * (1 + 1.702 * x * (1 - gate)))

    def examples(self) -> Any:
        return _ANY


@define("softplus")
class Softplus(Unary):
    """``y = log(1 + exp(x))``, computed as ``max(x, 0) + log1p(exp(-|x|))``."""

    def value(self, xp: Any, x: Any) -> Any:
        y = xp.log1p(xp.exp(-xp.abs(x)))
        y += xp.maximum(x, xp.asarray(0, dtype=x.dtype))
        return y, x

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        return dy * logistic(xp, saved)

    def examples(self) -> Any:
        return _ANY


@define("leaky_relu")
class LeakyRelu(Unary):
    """``y = x`` above zero and ``slope * x`` below."""

    def shape(self, x: Any, *, slope: float = 0.01) -> Form:
        return super().shape(x)

    def value(self, xp: Any, x: Any, *, slope: float) -> Any:
        return xp.where(x > 0, x, slope * x), (x > 0, slope)

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        above, slope = saved
        return xp.where(above, dy, slope * dy)

    def examples(self) -> Any:
        return (*_ANY, Example(((2, 3),), {"slope": 0.2}))


@define("elu")
class Elu(Unary):
    """``y = x`` above zero and ``alpha * (exp(x) - 1)`` below.

    Source: Clevert et al. 2015, arXiv:1511.07289, eq. 16.
    """

    def shape(self, x: Any, *, alpha: float = 1.0) -> Form:
        return super().shape(x)

    def value(self, xp: Any, x: Any, *, alpha: float) -> Any:
        below = alpha * xp.expm1(xp.minimum(x, xp.asarray(0, dtype=x.dtype)))
        return xp.where(x > 0, x, below), (x > 0, below, alpha)

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        above, below, alpha = saved
        return xp.where(above, dy, dy * (below + alpha))

    def examples(self) -> Any:
        return (*_ANY, Example(((2, 3),), {"alpha": 0.5}))


@define("selu")
class Selu(Unary):
    """``y = scale * elu(x, alpha)`` with the two constants that keep mean 0 and variance 1.

    Source: Klambauer et al. 2017, arXiv:1706.02515, eq. 2 and 14.
    """

    alpha = 1.6732632423543772
    scale = 1.0507009873554805

    def value(self, xp: Any, x: Any) -> Any:
        below = self.alpha * xp.expm1(xp.minimum(x, xp.asarray(0, dtype=x.dtype)))
        return self.scale * xp.where(x > 0, x, below), (x > 0, below)

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        above, below = saved
        return self.scale * xp.where(above, dy, dy * (below + self.alpha))

    def examples(self) -> Any:
        return _ANY
