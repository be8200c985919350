"""Kernels that upsample by linear interpolation."""

import math
from dataclasses import dataclass

import numpy as np

from paramctl.init.base import INITIALIZERS, Axes, Initializer, Shape, require
from paramctl.init.stream import Stream
from paramctl.init.words import Array

_FOUR = "a bilinear kernel has 4 axes, not {}"


def _tent(size: int, factor: float, centre: float) -> Array:
    """``1 - |i/factor - centre|`` for i = 0 … size - 1, along one axis."""
    return 1 - np.abs(np.arange(size) / factor - centre)


@INITIALIZERS.register("bilinear")
@dataclass(frozen=True)
class Bilinear(Initializer):
    """Linear interpolation of each channel by itself, for a transposed convolution.

        w[c, c, y, x] = (1 - |y - m| / f)·(1 - |x - m| / f), f = (k + 1) // 2,
        m = f - 1 for odd k, f - 1/2 for even k

    Other channel pairs are 0. `mxnet.bilinear` fills every pair.

    Shapes:
        ``(in, out, height, width)``

    Raises:
        UsageError: not four axes.
    Source: Long et al. 2015, arXiv:1411.4038, sec. 3.3; Dive into Deep Learning, 14.11.
    """

    def values(self, stream: Stream, shape: Shape, axes: Axes, start: int, stop: int) -> Array:
        require(len(shape) == 4, _FOUR.format(len(shape)))
        sides = []
        for size in shape[2:]:
            factor = (size + 1) // 2
            centre = factor - 1 if size % 2 else factor - 0.5
            sides.append(_tent(size, factor, centre / factor) if size else np.zeros(0))
        place = np.arange(start, stop)
        kernel = shape[2] * shape[3]
        pair, within = place // kernel, place % kernel
        diagonal = pair // shape[1] == pair % shape[1]
        return np.where(diagonal, np.outer(*sides).ravel()[within], 0.0).astype(stream.dtype)


@INITIALIZERS.register("mxnet.bilinear")
@dataclass(frozen=True)
class MxnetBilinear(Initializer):
    """Linear interpolation between every pair of channels; odd kernels come out lopsided.

        w[…, y, x] = (1 - |x/f - c|)·(1 - |y/f - c|), f = ceil(k / 2), c = (2f - 1 - f % 2) / 2f

    Both axes use the width's f and c.

    Shapes:
        ``(channels, channels, height, width)``

    Raises:
        UsageError: not four axes.
    Source: mxnet.initializer.Bilinear, 1.9.1.
    """

    def values(self, stream: Stream, shape: Shape, axes: Axes, start: int, stop: int) -> Array:
        require(len(shape) == 4, _FOUR.format(len(shape)))
        factor = max(1, math.ceil(shape[3] / 2))
        centre = (2 * factor - 1 - factor % 2) / (2 * factor)
        kernel = np.outer(_tent(shape[2], factor, centre), _tent(shape[3], factor, centre)).ravel()
        return kernel[np.arange(start, stop) % kernel.size].astype(stream.dtype)
