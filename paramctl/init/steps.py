"""Where a state space begins: biases that softplus makes step sizes of."""

import decimal
import math
from dataclasses import dataclass

import numpy as np

from paramctl.init.base import INITIALIZERS, Axes, Initializer, Moments, Shape, require
from paramctl.init.stream import Array, Stream

_EXACT = decimal.Context(prec=20)  # exponentials of the C library are not the same everywhere
_POINTS = 1000  # of the sum that stands for an integral


@INITIALIZERS.register("softplus_steps")
@dataclass(frozen=True)
class SoftplusSteps(Initializer):
    """Biases whose softplus is a step size, spread evenly over a logarithmic scale.

        w = log(exp(t) - 1),  t = max(floor, exp(u)),  u ~ U[log(low), log(high))

    Attributes:
        low: the smallest step.
        high: no step reaches it.
        floor: smaller steps become this one.

    Raises:
        UsageError: steps that are not positive and finite, or ``low`` above ``high``.
    Source: Gu & Dao 2023, arXiv:2312.00752, sec. 3.6; Mamba's dt_proj.bias.
    """

    low: float = 0.001
    high: float = 0.1
    floor: float = 1e-4

    def __post_init__(self) -> None:
        require(
            0 < self.low <= self.high < math.inf and 0 < self.floor < math.inf,
            f"steps are positive and low <= high, not {self.low}, {self.high} and {self.floor}",
        )

    def values(self, stream: Stream, shape: Shape, axes: Axes, start: int, stop: int) -> Array:
        low, high = (_exact(step).ln(_EXACT) for step in (self.low, self.high))
        span, floor = _EXACT.subtract(high, low), _exact(self.floor)
        shares = stream.uniform(start, stop, 0.0, 1.0)
        found = [_bias(_EXACT.fma(_exact(u), span, low), floor) for u in shares.tolist()]
        return np.asarray(found, stream.dtype)

    def moments(self, shape: Shape, axes: Axes) -> Moments:
        low, high = math.log(self.low), math.log(self.high)
        middles = [low + (high - low) * (n + 0.5) / _POINTS for n in range(_POINTS)]
        biases = [self._about(u) for u in middles]
        mean = math.fsum(biases) / _POINTS
        var = math.fsum((bias - mean) ** 2 for bias in biases) / _POINTS
        return Moments(mean, math.sqrt(var), self._about(low), self._about(high))

    def _about(self, logarithm: float) -> float:
        return math.log(math.expm1(max(self.floor, math.exp(logarithm))))


def _exact(number: float) -> decimal.Decimal:
    return decimal.Decimal(number)


def _bias(logarithm: decimal.Decimal, floor: decimal.Decimal) -> float:
    step = max(logarithm.exp(_EXACT), floor)
    return float(_EXACT.subtract(step.exp(_EXACT), decimal.Decimal(1)).ln(_EXACT))
