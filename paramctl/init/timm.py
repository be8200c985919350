"""The initializers of timm that no other framework has."""

from dataclasses import dataclass
from typing import ClassVar

from paramctl.init.base import INITIALIZERS
from paramctl.init.keras import Setting
from paramctl.init.scaling import VarianceScaling


@INITIALIZERS.register("timm.lecun_normal")
@dataclass(frozen=True)
class TimmLecunNormal(Setting):
    """Truncated normal draws, corrected, that keep the variance of a linear layer.

        w ~ N(0, s / 0.8796) given |w| <= 2·s / 0.8796, s = √(1 / fan_in)

    Source: timm.layers.lecun_normal_.
    """

    rule: ClassVar[VarianceScaling] = VarianceScaling(1.0, "fan_in", "truncated_normal")
