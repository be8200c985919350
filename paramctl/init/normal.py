"""Normal draws without truncation, with each framework's standard deviation."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from paramctl.init.base import INITIALIZERS, Axes, Initializer, Moments, Shape, require
from paramctl.init.stream import Stream
from paramctl.init.words import Array


@INITIALIZERS.register("normal", "torch.normal")
@dataclass(frozen=True)
class Normal(Initializer):
    """Normal draws; standard ones unless said.

        w ~ N(mean, std)

    Attributes:
        mean: the centre.
        std: the standard deviation, at least 0.

    Source: torch.nn.init.normal_.
    """

    mean: float = 0.0
    std: float = 1.0
    spellings: ClassVar[Mapping[str, str]] = {"stddev": "std", "sigma": "std"}

    def __post_init__(self) -> None:
        require(math.isfinite(self.mean), f"mean is a finite number, not {self.mean}")
        require(0 <= self.std < math.inf, f"std is 0 or more, not {self.std}")

    def values(self, stream: Stream, shape: Shape, axes: Axes, start: int, stop: int) -> Array:
        return stream.normal(start, stop, self.mean, self.std)

    def moments(self, shape: Shape, axes: Axes) -> Moments:
        return Moments(self.mean, self.std)


@INITIALIZERS.register("keras.random_normal", "keras.normal")
@dataclass(frozen=True)
class KerasRandomNormal(Normal):
    """Normal draws with std 0.05 unless said.

        w ~ N(mean, std)

    Attributes:
        mean: the centre.
        std: the standard deviation; keras calls it ``stddev``.

    Source: keras.initializers.RandomNormal.
    """

    std: float = 0.05


@dataclass(frozen=True)
class _Centred(Normal):
    """Normal draws around zero; ``std`` comes first."""

    mean: ClassVar[float] = 0.0  # type: ignore[misc]
    std: float = 0.01


@INITIALIZERS.register("jax.normal")
@dataclass(frozen=True)
class JaxNormal(_Centred):
    """Normal draws around zero with std 0.01 unless said.

        w ~ N(0, std)

    Attributes:
        std: the standard deviation; jax calls it ``stddev``.

    Source: jax.nn.initializers.normal.
    """


@INITIALIZERS.register("mxnet.normal")
@dataclass(frozen=True)
class MxnetNormal(_Centred):
    """Normal draws around zero with std 0.01 unless said.

        w ~ N(0, std)

    Attributes:
        std: the standard deviation; mxnet calls it ``sigma``.

    Source: mxnet.initializer.Normal, 1.9.1.
    """
