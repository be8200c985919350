"""Where a state space begins: biases that softplus makes step sizes of."""

import math
from dataclasses import dataclass

import numpy as np

from paramctl.init.base import INITIALIZERS, Axes, Initializer, Moments, Shape, require
from paramctl.init.series import exp_minus, logarithm
from paramctl.init.stream import Stream
from paramctl.init.words import Array

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
        low, high = logarithm(np.array([self.low, self.high]))
        shares = stream.uniform(start, stop).astype(np.float64)
        steps = np.maximum(self.high * exp_minus((high - low) * (1 - shares)), self.floor)
        return (steps + logarithm(1 - exp_minus(steps))).astype(stream.dtype)

    def moments(self, shape: Shape, axes: Axes) -> Moments:
        low, high = math.log(self.low), math.log(self.high)
        middles = [low + (high - low) * (n + 0.5) / _POINTS for n in range(_POINTS)]
        biases = [self._about(u) for u in middles]
        mean = math.fsum(biases) / _POINTS
        var = math.fsum((bias - mean) ** 2 for bias in biases) / _POINTS
        return Moments(mean, math.sqrt(var), self._about(low), self._about(high))

    def _about(self, logarithm: float) -> float:
        return math.log(math.expm1(max(self.floor, math.exp(logarithm))))
