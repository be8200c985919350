"""Truncated normals: where the bounds sit, and whether the variance is put right after."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from paramctl.init.base import INITIALIZERS, Axes, Initializer, Moments, Shape, require
from paramctl.init.between import between
from paramctl.init.gaussian import normals
from paramctl.init.stream import Stream, inside
from paramctl.init.words import Array, Words

TWO_SIGMA_STD = 0.87962566103423978
"""Standard deviation of a standard normal truncated to ±2; dividing by it corrects the variance."""

_ENOUGH = 0.3  # share of normals in the interval below which uniform proposals are cheaper


def truncated_normal(
    stream: Stream, start: int, stop: int, mean: float, std: float, low: float, high: float
) -> Array:
    """N(mean, std) conditioned on [low, high], by rejection within each block.

    Where most normals fall inside, those outside are dropped; else uniform proposals on the
    interval are kept as often as the density says.
    """
    if not std or low == high:
        return np.full(stop - start, min(max(mean, low), high), stream.dtype)
    left, right = (low - mean) / std, (high - mean) / std
    share = _below(right) - _below(left)
    real = np.dtype(stream.dtype).type
    least, most = inside(low, high, stream.dtype)

    def of_normals(words: Words, count: int) -> Array:
        tries = int(count / share * 1.02) + 64
        while True:
            values = normals(words, tries, stream.dtype, std)
            values += real(mean)
            kept: Array = values[(values >= least) & (values <= most)]
            if len(kept) >= count:
                return kept[:count]
            tries *= 2

    def of_uniforms(words: Words, count: int) -> Array:
        values = (mean + std * between(words, count, left, right)).astype(real)
        return np.clip(values, least, most, out=values)

    return stream.gather(start, stop, of_normals if share > _ENOUGH else of_uniforms)


def _below(z: float) -> float:
    """The share of a standard normal below z."""
    return (1.0 + math.erf(z / math.sqrt(2.0))) / 2.0


def _density(z: float) -> float:
    return 0.0 if math.isinf(z) else math.exp(-z * z / 2) / math.sqrt(2 * math.pi)


def truncated_moments(mean: float, std: float, low: float, high: float) -> Moments:
    """Mean and standard deviation of N(mean, std) conditioned on [low, high]."""
    if not std or low == high:
        return Moments(min(max(mean, low), high), 0.0, low, high)
    a, b = (low - mean) / std, (high - mean) / std
    share = _below(b) - _below(a)
    if share < 1e-6:  # the closed form cancels
        return Moments(min(max(mean, low), high), None, low, high)
    shift = (_density(a) - _density(b)) / share
    edges = (0 if math.isinf(a) else a * _density(a)) - (0 if math.isinf(b) else b * _density(b))
    variance = 1 + edges / share - shift**2
    return Moments(mean + std * shift, std * math.sqrt(max(variance, 0.0)), low, high)


@dataclass(frozen=True)
class _Bounded(Initializer):
    """The options of a truncated normal; subclasses say in which units the bounds are."""

    mean: float = 0.0
    std: float = 1.0
    low: float = -2.0
    high: float = 2.0
    spellings: ClassVar[Mapping[str, str]] = {
        "a": "low", "b": "high", "lower": "low", "upper": "high", "stddev": "std",
    }  # fmt: skip

    def __post_init__(self) -> None:
        require(math.isfinite(self.mean), f"mean is a finite number, not {self.mean}")
        require(0 <= self.std < math.inf, f"std is 0 or more, not {self.std}")
        require(
            self.low <= self.high, f"a truncated normal needs low <= high: {self.low}, {self.high}"
        )

    def bounds(self) -> tuple[float, float]:
        """The interval in the units of the tensor."""
        return self.low, self.high

    def values(self, stream: Stream, shape: Shape, axes: Axes, start: int, stop: int) -> Array:
        return truncated_normal(stream, start, stop, self.mean, self.std, *self.bounds())

    def moments(self, shape: Shape, axes: Axes) -> Moments:
        return truncated_moments(self.mean, self.std, *self.bounds())


@INITIALIZERS.register("trunc_normal", "torch.trunc_normal", "timm.trunc_normal")
@dataclass(frozen=True)
class TruncNormal(_Bounded):
    """Normal draws within absolute bounds: at std 0.02 the default ±2 cuts nothing.

        w ~ N(mean, std) given low <= w <= high

    The variance is not corrected.

    Attributes:
        mean: the centre before truncation.
        std: the standard deviation before truncation.
        low: the smallest value, in the units of the tensor; torch calls it ``a``.
        high: the largest value; torch: ``b``.

    Source: torch.nn.init.trunc_normal_, 2.13; timm.layers.trunc_normal_.
    """


@INITIALIZERS.register("timm.trunc_normal_tf")
@dataclass(frozen=True)
class TimmTruncNormal(_Bounded):
    """Standard normals within bounds, then scaled: at std 0.02 nothing exceeds 0.04.

        w = mean + std·z, z ~ N(0, 1) given low <= z <= high

    The variance is not corrected: the default bounds give 0.8796·std.

    Attributes:
        mean: the centre.
        std: the scale.
        low: the smallest z, in standard deviations; timm calls it ``a``.
        high: the largest z; timm: ``b``.

    Source: timm.layers.trunc_normal_tf_.
    """

    def bounds(self) -> tuple[float, float]:
        """The interval in the units of the tensor."""
        return self.mean + self.std * self.low, self.mean + self.std * self.high


@INITIALIZERS.register("keras.truncated_normal")
@dataclass(frozen=True)
class KerasTruncatedNormal(TimmTruncNormal):
    """Normal draws within two standard deviations.

        w ~ N(mean, std) given |w - mean| <= 2·std

    The variance is not corrected: the result has 0.8796·std.

    Attributes:
        mean: the centre.
        std: the standard deviation before truncation; keras calls it ``stddev``.

    Source: keras.initializers.TruncatedNormal.
    """

    std: float = 0.05
    low: ClassVar[float] = -2.0  # type: ignore[misc]
    high: ClassVar[float] = 2.0  # type: ignore[misc]


@INITIALIZERS.register("jax.truncated_normal")
@dataclass(frozen=True)
class JaxTruncatedNormal(TimmTruncNormal):
    """Standard normals within bounds, then scaled.

        w = std·z, z ~ N(0, 1) given low <= z <= high

    The variance is not corrected.

    Attributes:
        std: the scale; jax calls it ``stddev``.
        low: the smallest z, in standard deviations; jax: ``lower``.
        high: the largest z; jax: ``upper``.

    Source: jax.nn.initializers.truncated_normal.
    """

    mean: ClassVar[float] = 0.0  # type: ignore[misc]
    std: float = 0.01
