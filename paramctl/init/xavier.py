"""Glorot's rule: the same variance forward and backward."""

import math
from dataclasses import dataclass

from paramctl.init.axes import Fans
from paramctl.init.base import INITIALIZERS, require
from paramctl.init.scaling import Scaled


@dataclass(frozen=True)
class _Xavier(Scaled):
    """Standard deviation ``gain·√(2 / (fan_in + fan_out))``."""

    gain: float = 1.0

    def __post_init__(self) -> None:
        require(0 <= self.gain < math.inf, f"gain is 0 or more, not {self.gain}")

    def std(self, both: Fans) -> float:
        total = both.fan_in + both.fan_out
        return self.gain * math.sqrt(2.0 / total) if total else 0.0


@INITIALIZERS.register(
    "xavier_uniform", "xavier", "glorot_uniform", "glorot", "torch.xavier_uniform"
)
@dataclass(frozen=True)
class XavierUniform(_Xavier):
    """Uniform draws with the same variance forward and backward.

        w ~ U[-b, b), b = gain·√(6 / (fan_in + fan_out))

    Attributes:
        gain: dimensionless; see `calculate_gain`.

    Raises:
        UsageError: the fans are not known.
    Source: torch.nn.init.xavier_uniform_; Glorot & Bengio 2010, eq. 16.
    """

    def shape_of_draws(self) -> str:
        return "uniform"


@INITIALIZERS.register("xavier_normal", "glorot_normal", "torch.xavier_normal")
@dataclass(frozen=True)
class XavierNormal(_Xavier):
    """Normal draws, not truncated, with the same variance forward and backward.

        w ~ N(0, gain·√(2 / (fan_in + fan_out)))

    keras and jax truncate theirs: `keras.glorot_normal`, `jax.glorot_normal`.

    Attributes:
        gain: dimensionless; see `calculate_gain`.

    Raises:
        UsageError: the fans are not known.
    Source: torch.nn.init.xavier_normal_; Glorot & Bengio 2010.
    """

    def shape_of_draws(self) -> str:
        return "normal"
