"""Variance scaling: Xavier (Glorot), He (Kaiming) and LeCun are settings of one rule."""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

from paramctl.init.axes import Fans, fans
from paramctl.init.base import INITIALIZERS, Axes, Initializer, Moments, Shape, require
from paramctl.init.each_layer import by_fans, moments_of_layers
from paramctl.init.normal import Normal
from paramctl.init.stream import Stream
from paramctl.init.truncated import TWO_SIGMA_STD, truncated_moments, truncated_normal
from paramctl.init.uniform import Uniform
from paramctl.init.words import Array

Distribution = Literal["normal", "truncated_normal", "uniform"]


def chosen_fan(mode: str, both: Fans) -> float:
    """The fan that divides the variance; ``fan_geo_avg`` is √(fan_in·fan_out)."""
    return {
        "fan_in": float(both.fan_in),
        "fan_out": float(both.fan_out),
        "fan_avg": both.average,
        "fan_geo_avg": math.sqrt(both.fan_in * both.fan_out),
    }[mode]


class Scaled(Initializer):
    """Zero-mean draws of a given standard deviation; subclasses say which, and how distributed.

    ``normal`` is not truncated. ``truncated_normal`` draws within ±2 of a standard normal,
    widened by 1/0.8796 so that the standard deviation is right after truncation. ``uniform``
    has support ±√3·std.
    """

    needs_fans: ClassVar[bool] = True

    def std(self, both: Fans) -> float:
        """The standard deviation for a layer of these fans."""
        raise TypeError(f"{type(self).__name__} names no standard deviation")

    def shape_of_draws(self) -> str:
        """``normal``, ``truncated_normal`` or ``uniform``."""
        raise TypeError(f"{type(self).__name__} names no distribution")

    def values(self, stream: Stream, shape: Shape, axes: Axes, start: int, stop: int) -> Array:
        def draw(both: Fans) -> Array:
            return self._draw(stream, self.std(both), start, stop)

        return by_fans(shape, axes, start, stop, draw)

    def _draw(self, stream: Stream, std: float, start: int, stop: int) -> Array:
        match self.shape_of_draws():
            case "normal":
                return stream.normal(start, stop, 0.0, std)
            case "uniform":
                bound = math.sqrt(3.0) * std
                return stream.uniform(start, stop, -bound, bound)
        wide = std / TWO_SIGMA_STD
        return truncated_normal(stream, start, stop, 0.0, wide, -2 * wide, 2 * wide)

    def moments(self, shape: Shape, axes: Axes) -> Moments | None:
        return moments_of_layers(shape, axes, self._moments)

    def _moments(self, shape: Shape, axes: Axes) -> Moments:
        std = self.std(fans(shape, axes))
        match self.shape_of_draws():
            case "normal":
                return Normal(0.0, std).moments(shape, axes)
            case "uniform":
                return Uniform(-math.sqrt(3.0) * std, math.sqrt(3.0) * std).moments(shape, axes)
        wide = std / TWO_SIGMA_STD
        return truncated_moments(0.0, wide, -2 * wide, 2 * wide)


@dataclass(frozen=True)
class _VarianceScaling(Scaled):
    """The options of the rule, and their check."""

    scale: float = 1.0
    mode: str = "fan_in"
    distribution: str = "truncated_normal"

    def __post_init__(self) -> None:
        require(0 < self.scale < math.inf, f"scale is above 0, not {self.scale}")

    def std(self, both: Fans) -> float:
        return math.sqrt(self.scale / max(1.0, chosen_fan(self.mode, both)))

    def shape_of_draws(self) -> str:
        return self.distribution


@INITIALIZERS.register("variance_scaling", "jax.variance_scaling")
@dataclass(frozen=True)
class VarianceScaling(_VarianceScaling):
    """Zero-mean draws whose variance is a scale over a fan.

        Var[w] = scale / fan

    Attributes:
        scale: dimensionless, above 0; 2 makes up for a ReLU.
        mode: ``fan_in``, ``fan_out``, ``fan_avg`` (their mean) or ``fan_geo_avg``.
        distribution: ``normal`` (not truncated), ``truncated_normal`` (within ±2 standard
            deviations before the correction by 1/0.8796) or ``uniform`` (±√(3·scale/fan)).

    Raises:
        UsageError: the fans are not known, or ``scale`` is not above 0.
    Source: jax.nn.initializers.variance_scaling; He et al. 2015, arXiv:1502.01852, sec. 2.2.
    """

    mode: Literal["fan_in", "fan_out", "fan_avg", "fan_geo_avg"] = "fan_in"
    distribution: Distribution = "truncated_normal"


@INITIALIZERS.register("keras.variance_scaling")
@dataclass(frozen=True)
class KerasVarianceScaling(_VarianceScaling):
    """Zero-mean draws whose variance is a scale over a fan; ``normal`` means truncated.

        Var[w] = scale / max(1, fan)

    Attributes:
        scale: dimensionless, above 0.
        mode: ``fan_in``, ``fan_out`` or ``fan_avg``.
        distribution: ``truncated_normal`` and ``normal`` are the same, within ±2 standard
            deviations and corrected; ``untruncated_normal``; ``uniform``.

    Source: keras.initializers.VarianceScaling, 3.15.
    """

    mode: Literal["fan_in", "fan_out", "fan_avg"] = "fan_in"
    distribution: Literal["truncated_normal", "normal", "untruncated_normal", "uniform"] = (
        "truncated_normal"
    )

    def shape_of_draws(self) -> str:
        others = {"normal": "truncated_normal", "untruncated_normal": "normal"}
        return others.get(self.distribution, self.distribution)


@INITIALIZERS.register("timm.variance_scaling")
@dataclass(frozen=True)
class TimmVarianceScaling(_VarianceScaling):
    """Zero-mean draws whose variance is a scale over a fan; ``normal`` is not truncated.

        Var[w] = scale / fan

    Attributes:
        scale: dimensionless, above 0.
        mode: ``fan_in``, ``fan_out`` or ``fan_avg``.
        distribution: ``normal``, ``truncated_normal`` (corrected) or ``uniform``.

    Source: timm.layers.variance_scaling_.
    """

    mode: Literal["fan_in", "fan_out", "fan_avg"] = "fan_in"
    distribution: Distribution = "normal"
