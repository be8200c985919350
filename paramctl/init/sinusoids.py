"""Positions as sines and cosines of many wavelengths."""

import decimal
import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from paramctl.init.base import INITIALIZERS, Axes, Initializer, Shape, require
from paramctl.init.series import sine_cosine
from paramctl.init.stream import Stream
from paramctl.init.words import Array

_EXACT = decimal.Context(prec=28)


@INITIALIZERS.register("sinusoids")
@dataclass(frozen=True)
class Sinusoids(Initializer):
    """Sines in the first half of each row, cosines of the same angles in the second.

        w[t, i] = sin(t s_i),  w[t, i + n/2] = cos(t s_i),  s_i = longest ** (-i / (n/2 - 1))

    Paired, they take turns, and no wavelength is quite the longest:
    ``w[t, 2i] = sin(t s_i)``, ``w[t, 2i + 1] = cos(t s_i)``, ``s_i = longest ** (-2i / n)``.

    Attributes:
        longest: the longest wavelength, in units of 2π.
        paired: each cosine beside its sine.

    Raises:
        UsageError: the tensor is no table of rows with an even number of features, from 4 on.
    Source: Vaswani et al. 2017, arXiv:1706.03762, sec. 3.5; paired, as there and in DistilBERT;
        in halves, as Whisper's positions.
    """

    longest: float = 10000.0
    paired: bool = False
    whole: ClassVar[bool] = True

    def __post_init__(self) -> None:
        require(1 < self.longest < math.inf, f"longest is above 1, not {self.longest}")

    def values(self, stream: Stream, shape: Shape, axes: Axes, start: int, stop: int) -> Array:
        fits = len(shape) == 2 and shape[1] % 2 == 0 and shape[1] >= 4
        require(fits, f"sinusoids fill rows with 4, 6, 8 … features, not {list(shape)}")
        rows, half = shape[0], shape[1] // 2
        last = half if self.paired else half - 1
        steps = [sine_cosine(_speed(i / last, self.longest)) for i in range(half)]
        sine, cosine = (np.asarray(part) for part in zip(*steps, strict=True))
        table = np.empty(shape, stream.dtype)
        sines, cosines = table[:, :half], table[:, half:]
        if self.paired:
            sines, cosines = table[:, ::2], table[:, 1::2]
        s, c = np.zeros(half), np.ones(half)
        for row in range(rows):  # sums and products round alike on every processor
            sines[row], cosines[row] = s, c
            s, c = s * cosine + c * sine, c * cosine - s * sine
        return table.reshape(-1)[start:stop]


def _speed(share: float, longest: float) -> float:
    exponent = _EXACT.multiply(decimal.Decimal(-share), decimal.Decimal(longest).ln(_EXACT))
    return float(exponent.exp(_EXACT))
