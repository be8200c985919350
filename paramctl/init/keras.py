"""The scaled initializers of keras: their ``_normal`` ones are truncated and corrected."""

from dataclasses import dataclass
from typing import ClassVar

from paramctl.init.axes import Fans
from paramctl.init.base import INITIALIZERS
from paramctl.init.scaling import Scaled, VarianceScaling


class Setting(Scaled):
    """Variance scaling with nothing left to choose."""

    rule: ClassVar[VarianceScaling]

    def std(self, both: Fans) -> float:
        """The standard deviation for a layer of these fans."""
        return self.rule.std(both)

    def shape_of_draws(self) -> str:
        """``truncated_normal`` or ``uniform``."""
        return self.rule.distribution


@INITIALIZERS.register("keras.glorot_uniform")
@dataclass(frozen=True)
class KerasGlorotUniform(Setting):
    """Uniform draws with the same variance forward and backward.

        w ~ U[-b, b), b = √(6 / (fan_in + fan_out))

    Source: keras.initializers.GlorotUniform, 3.15.
    """

    rule: ClassVar[VarianceScaling] = VarianceScaling(1.0, "fan_avg", "uniform")


@INITIALIZERS.register("keras.glorot_normal")
@dataclass(frozen=True)
class KerasGlorotNormal(Setting):
    """Truncated normal draws, corrected, with the same variance forward and backward.

        w ~ N(0, s / 0.8796) given |w| <= 2·s / 0.8796, s = √(2 / (fan_in + fan_out))

    Source: keras.initializers.GlorotNormal, 3.15.
    """

    rule: ClassVar[VarianceScaling] = VarianceScaling(1.0, "fan_avg", "truncated_normal")


@INITIALIZERS.register("keras.he_uniform")
@dataclass(frozen=True)
class KerasHeUniform(Setting):
    """Uniform draws that keep the variance through a ReLU.

        w ~ U[-b, b), b = √(6 / fan_in)

    Source: keras.initializers.HeUniform, 3.15.
    """

    rule: ClassVar[VarianceScaling] = VarianceScaling(2.0, "fan_in", "uniform")


@INITIALIZERS.register("keras.he_normal")
@dataclass(frozen=True)
class KerasHeNormal(Setting):
    """Truncated normal draws, corrected, that keep the variance through a ReLU.

        w ~ N(0, s / 0.8796) given |w| <= 2·s / 0.8796, s = √(2 / fan_in)

    Source: keras.initializers.HeNormal, 3.15.
    """

    rule: ClassVar[VarianceScaling] = VarianceScaling(2.0, "fan_in", "truncated_normal")


@INITIALIZERS.register("keras.lecun_uniform")
@dataclass(frozen=True)
class KerasLecunUniform(Setting):
    """Uniform draws that keep the variance of a linear layer.

        w ~ U[-b, b), b = √(3 / fan_in)

    Source: keras.initializers.LecunUniform, 3.15.
    """

    rule: ClassVar[VarianceScaling] = VarianceScaling(1.0, "fan_in", "uniform")


@INITIALIZERS.register("keras.lecun_normal")
@dataclass(frozen=True)
class KerasLecunNormal(Setting):
    """Truncated normal draws, corrected, that keep the variance of a linear layer.

        w ~ N(0, s / 0.8796) given |w| <= 2·s / 0.8796, s = √(1 / fan_in)

    Source: keras.initializers.LecunNormal, 3.15.
    """

    rule: ClassVar[VarianceScaling] = VarianceScaling(1.0, "fan_in", "truncated_normal")
