"""He's rule: keep the variance through rectifiers, in one direction; LeCun's is its gain 1."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from paramctl.init.axes import Fans
from paramctl.init.base import INITIALIZERS, require
from paramctl.init.gain import Nonlinearity, calculate_gain
from paramctl.init.scaling import Scaled, chosen_fan


@dataclass(frozen=True)
class _Kaiming(Scaled):
    """Standard deviation ``gain / √fan``."""

    negative_slope: float = 0.0
    mode: Literal["fan_in", "fan_out"] = "fan_in"
    nonlinearity: Nonlinearity = "leaky_relu"
    spellings: ClassVar[Mapping[str, str]] = {"a": "negative_slope"}

    def __post_init__(self) -> None:
        slope = self.negative_slope
        require(abs(slope) < 1e150, f"negative_slope is a finite number, not {slope}")

    def std(self, both: Fans) -> float:
        fan = chosen_fan(self.mode, both)
        gain = calculate_gain(self.nonlinearity, self.negative_slope)
        return gain / math.sqrt(fan) if fan else 0.0


@INITIALIZERS.register("kaiming_uniform", "kaiming", "he_uniform", "he", "torch.kaiming_uniform")
@dataclass(frozen=True)
class KaimingUniform(_Kaiming):
    """Uniform draws that keep the variance through a rectifier.

        w ~ U[-b, b), b = gain·√(3 / fan)

    With the defaults b = √(6 / fan_in); with slope √5 it is torch's default for Linear and
    convolutions, 1/√fan_in.

    Attributes:
        negative_slope: of a leaky ReLU, only used with it; torch calls it ``a``.
        mode: ``fan_in`` keeps the forward variance, ``fan_out`` the backward one.
        nonlinearity: gives the gain; see `calculate_gain`.

    Raises:
        UsageError: the fans are not known.
    Source: torch.nn.init.kaiming_uniform_; He et al. 2015, arXiv:1502.01852, eq. 14.
    """

    def shape_of_draws(self) -> str:
        return "uniform"


@INITIALIZERS.register("kaiming_normal", "he_normal", "torch.kaiming_normal")
@dataclass(frozen=True)
class KaimingNormal(_Kaiming):
    """Normal draws, not truncated, that keep the variance through a rectifier.

        w ~ N(0, gain / √fan)

    keras and jax truncate theirs: `keras.he_normal`, `jax.he_normal`.

    Attributes:
        negative_slope: of a leaky ReLU, only used with it; torch calls it ``a``.
        mode: ``fan_in`` keeps the forward variance, ``fan_out`` the backward one.
        nonlinearity: gives the gain; see `calculate_gain`.

    Raises:
        UsageError: the fans are not known.
    Source: torch.nn.init.kaiming_normal_; He et al. 2015, arXiv:1502.01852, eq. 14.
    """

    def shape_of_draws(self) -> str:
        return "normal"


@dataclass(frozen=True)
class _Lecun(Scaled):
    """Standard deviation ``1 / √fan_in``."""

    def std(self, both: Fans) -> float:
        return 1.0 / math.sqrt(both.fan_in) if both.fan_in else 0.0


@INITIALIZERS.register("lecun_uniform")
@dataclass(frozen=True)
class LecunUniform(_Lecun):
    """Uniform draws that keep the variance of a linear layer.

        w ~ U[-b, b), b = √(3 / fan_in)

    Raises:
        UsageError: the fans are not known.
    Source: LeCun et al. 1998, Efficient BackProp, sec. 4.6.
    """

    def shape_of_draws(self) -> str:
        return "uniform"


@INITIALIZERS.register("lecun_normal")
@dataclass(frozen=True)
class LecunNormal(_Lecun):
    """Normal draws, not truncated, that keep the variance of a linear layer.

        w ~ N(0, 1 / √fan_in)

    keras, jax and timm truncate theirs: `keras.lecun_normal` and so on.

    Raises:
        UsageError: the fans are not known.
    Source: torch.nn.init.kaiming_normal_ with nonlinearity='linear'; LeCun et al. 1998.
    """

    def shape_of_draws(self) -> str:
        return "normal"
