"""The scaled initializers of mxnet, whose ``gaussian`` is √3 wider than Glorot's normal."""

import math
from dataclasses import dataclass
from typing import Literal

from paramctl.init.axes import Fans
from paramctl.init.base import INITIALIZERS, require
from paramctl.init.scaling import Scaled, chosen_fan

_FANS = {"avg": "fan_avg", "in": "fan_in", "out": "fan_out"}


@INITIALIZERS.register("mxnet.xavier")
@dataclass(frozen=True)
class MxnetXavier(Scaled):
    """Zero-mean draws scaled by a magnitude over a fan.

        s = √(magnitude / fan); uniform: w ~ U[-s, s); gaussian: w ~ N(0, s)

    The uniform default is Glorot's. Glorot's normal is gaussian with magnitude 1, He's normal
    gaussian, in, 2, He's uniform uniform, in, 6.

    Attributes:
        rnd_type: ``uniform`` or ``gaussian``, not truncated.
        factor_type: which fan: ``avg``, ``in`` or ``out``.
        magnitude: dimensionless, 0 or more.

    Raises:
        UsageError: the fans are not known.
    Source: mxnet.initializer.Xavier, 1.9.1.
    """

    rnd_type: Literal["uniform", "gaussian"] = "uniform"
    factor_type: Literal["avg", "in", "out"] = "avg"
    magnitude: float = 3.0

    def __post_init__(self) -> None:
        require(0 <= self.magnitude < math.inf, f"magnitude is 0 or more, not {self.magnitude}")

    def std(self, both: Fans) -> float:
        fan = chosen_fan(_FANS[self.factor_type], both)
        scale = math.sqrt(self.magnitude / fan) if fan else 0.0
        return scale if self.rnd_type == "gaussian" else scale / math.sqrt(3.0)

    def shape_of_draws(self) -> str:
        return "normal" if self.rnd_type == "gaussian" else "uniform"


@INITIALIZERS.register("mxnet.msra_prelu", "mxnet.msraprelu")
@dataclass(frozen=True)
class MxnetMsraPrelu(Scaled):
    """Normal draws, not truncated, for layers before a PReLU.

        w ~ N(0, √(2 / (1 + slope²) / fan))

    Attributes:
        factor_type: which fan: ``avg``, ``in`` or ``out``.
        slope: of the PReLU at the start.

    Raises:
        UsageError: the fans are not known.
    Source: mxnet.initializer.MSRAPrelu, 1.9.1; He et al. 2015, arXiv:1502.01852.
    """

    factor_type: Literal["avg", "in", "out"] = "avg"
    slope: float = 0.25

    def __post_init__(self) -> None:
        require(abs(self.slope) < 1e150, f"slope is a finite number, not {self.slope}")

    def std(self, both: Fans) -> float:
        return MxnetXavier("gaussian", self.factor_type, 2.0 / (1 + self.slope**2)).std(both)

    def shape_of_draws(self) -> str:
        return "normal"
