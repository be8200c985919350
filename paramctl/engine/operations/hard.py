"""Activations made of straight pieces, and their smooth cousin mish."""

from __future__ import annotations

from typing import Any

from paramctl.engine.elementwise import Unary
from paramctl.engine.operation import Example, define
from paramctl.engine.operations.activations import logistic

_ANY = (Example(((2, 3),), domain=(-9.0, 9.0)), Example(((),)), Example(((0, 2),)))


@define("relu6")
class Relu6(Unary):
    """``y = min(max(x, 0), 6)``."""

    def value(self, xp: Any, x: Any) -> Any:
        return xp.clip(x, 0.0, 6.0), (x > 0) & (x < 6)

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        return xp.where(saved, dy, xp.zeros_like(dy))

    def examples(self) -> Any:
        return _ANY


@define("relu2", "relu_squared")
class ReluSquared(Unary):
    """``y = max(x, 0)²``.

    Source: So et al. 2021, arXiv:2109.08668, sec. 3.
    """

    def value(self, xp: Any, x: Any) -> Any:
        above = xp.maximum(x, xp.zeros_like(x))
        return above * above, above

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        return 2 * dy * saved

    def examples(self) -> Any:
        return _ANY


@define("hard_sigmoid", "hardsigmoid")
class HardSigmoid(Unary):
    """``y = min(max(x / 6 + 1/2, 0), 1)``."""

    def value(self, xp: Any, x: Any) -> Any:
        return xp.clip(x / 6 + 0.5, 0.0, 1.0), xp.abs(x) < 3

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        return xp.where(saved, dy / 6, xp.zeros_like(dy))

    def examples(self) -> Any:
        return _ANY


@define("hard_swish", "hardswish")
class HardSwish(Unary):
    """``y = x * min(max(x / 6 + 1/2, 0), 1)``.

    Source: Howard et al. 2019, arXiv:1905.02244, sec. 5.2.
    """

    def value(self, xp: Any, x: Any) -> Any:
        return x * xp.clip(x / 6 + 0.5, 0.0, 1.0), x

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        inside = xp.where(xp.abs(saved) < 3, saved / 3 + 0.5, xp.zeros_like(saved))
        return dy * xp.where(saved >= 3, xp.ones_like(saved), inside)

    def examples(self) -> Any:
        return _ANY


@define("mish")
class Mish(Unary):
    """``y = x * tanh(log(1 + exp(x)))``.

    Source: Misra 2019, arXiv:1908.08681, eq. 1.
    """

    def value(self, xp: Any, x: Any) -> Any:
        soft = xp.log1p(xp.exp(-xp.abs(x))) + xp.maximum(x, xp.zeros_like(x))
        gate = xp.tanh(soft)
        return x * gate, (x, gate)

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        x, gate = saved
        return dy * (gate + x * (1 - gate * gate) * logistic(xp, x))

    def examples(self) -> Any:
        return _ANY
