"""Logarithms of 1, 2, 3 …, the rates that state spaces begin with."""

import decimal
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from paramctl.init.base import INITIALIZERS, Axes, Initializer, Shape
from paramctl.init.stream import Stream
from paramctl.init.words import Array

_EXACT = decimal.Context(prec=28)  # a logarithm of the C library is not the same everywhere


@INITIALIZERS.register("log_ramp")
@dataclass(frozen=True)
class LogRamp(Initializer):
    """The logarithms of 1, 2, 3 … along the last axis, the same in every row.

        w[…, n] = log(n + 1)

    Source: Gu et al. 2022, arXiv:2206.11893, sec. 4, S4D-Real; Mamba's A_log.
    """

    def values(self, stream: Stream, shape: Shape, axes: Axes, start: int, stop: int) -> Array:
        width = max(shape[-1], 1) if shape else 1
        places = np.arange(start, stop) % width
        return np.asarray(_logarithms(width), stream.dtype)[places]


@lru_cache(maxsize=8)
def _logarithms(count: int) -> tuple[float, ...]:
    return tuple(float(decimal.Decimal(n).ln(_EXACT)) for n in range(1, count + 1))
