"""Uniform draws, with each framework's interval."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from paramctl.init.base import INITIALIZERS, Axes, Initializer, Moments, Shape, require
from paramctl.init.stream import Stream
from paramctl.init.words import Array


@INITIALIZERS.register("uniform", "torch.uniform")
@dataclass(frozen=True)
class Uniform(Initializer):
    """Uniform draws from a half-open interval; 0 … 1 unless said, not symmetric.

        w ~ U[low, high)

    Attributes:
        low: the smallest value; torch calls it ``a``.
        high: no value reaches it (before rounding to 16 bits or fewer); torch: ``b``.

    Raises:
        UsageError: ``low`` above ``high``, or a bound that is not finite.
    Source: torch.nn.init.uniform_.
    """

    low: float = 0.0
    high: float = 1.0
    spellings: ClassVar[Mapping[str, str]] = {
        "a": "low", "b": "high", "minval": "low", "maxval": "high",
    }  # fmt: skip

    def __post_init__(self) -> None:
        require(
            self.low <= self.high and math.isfinite(self.high - self.low),
            f"uniform needs finite low <= high, not {self.low} and {self.high}",
        )

    def values(self, stream: Stream, shape: Shape, axes: Axes, start: int, stop: int) -> Array:
        return stream.uniform(start, stop, self.low, self.high)

    def moments(self, shape: Shape, axes: Axes) -> Moments:
        std = (self.high - self.low) / math.sqrt(12.0)
        return Moments((self.low + self.high) / 2, std, self.low, self.high)


@INITIALIZERS.register("keras.random_uniform", "keras.uniform")
@dataclass(frozen=True)
class KerasRandomUniform(Uniform):
    """Uniform draws from ±0.05 unless said.

        w ~ U[low, high)

    Attributes:
        low: the smallest value; keras calls it ``minval``.
        high: no value reaches it; keras: ``maxval``.

    Source: keras.initializers.RandomUniform.
    """

    low: float = -0.05
    high: float = 0.05


@INITIALIZERS.register("jax.uniform")
@dataclass(frozen=True)
class JaxUniform(Initializer):
    """One-sided uniform draws.

        w ~ U[0, scale)

    Attributes:
        scale: the upper end, at least 0.

    Source: jax.nn.initializers.uniform.
    """

    scale: float = 1e-2

    def __post_init__(self) -> None:
        require(0 <= self.scale < math.inf, f"scale is 0 or more, not {self.scale}")

    def values(self, stream: Stream, shape: Shape, axes: Axes, start: int, stop: int) -> Array:
        return stream.uniform(start, stop, 0.0, self.scale)

    def moments(self, shape: Shape, axes: Axes) -> Moments:
        return Uniform(0.0, self.scale).moments(shape, axes)


@INITIALIZERS.register("mxnet.uniform")
@dataclass(frozen=True)
class MxnetUniform(Initializer):
    """Symmetric uniform draws; gluon's default for weights.

        w ~ U[-scale, scale)

    Attributes:
        scale: half the width, at least 0.

    Source: mxnet.initializer.Uniform, 1.9.1.
    """

    scale: float = 0.07

    def __post_init__(self) -> None:
        require(0 <= self.scale < math.inf, f"scale is 0 or more, not {self.scale}")

    def values(self, stream: Stream, shape: Shape, axes: Axes, start: int, stop: int) -> Array:
        return stream.uniform(start, stop, -self.scale, self.scale)

    def moments(self, shape: Shape, axes: Axes) -> Moments:
        return Uniform(-self.scale, self.scale).moments(shape, axes)
