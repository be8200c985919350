"""Kernels of a convolution that takes a short-time Fourier transform."""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from paramctl.init.base import INITIALIZERS, Axes, Initializer, Shape, require
from paramctl.init.series import sine_cosine
from paramctl.init.stream import Stream
from paramctl.init.words import Array

_WINDOWS = {"hann": 0.5, "hamming": 0.54}


@INITIALIZERS.register("keras.stft", "keras.stft_initializer")
@dataclass(frozen=True)
class KerasStft(Initializer):
    """One side of a windowed Fourier transform: cosines, or sines with their sign.

        w[t, 0, k] = cos(-2π t k / F) v[t] / s  or  sin(…),  F = 2·(shape[2] - 1)

    v is the window, s its L2 norm (density) or the sum of its sizes (spectrum).

    Shapes:
        ``(frame, 1, F / 2 + 1)``

    Attributes:
        side: ``real`` for cosines, ``imag`` for sines.
        window: ``hann``, ``hamming``, or ``none``, which is not scaled either.
        scaling: ``density``, ``spectrum`` or ``none``.
        periodic: the window's period is the frame, not one step less.

    Raises:
        UsageError: not three axes of that kind.
    Source: keras.initializers.STFTInitializer, 3.15.
    """

    side: Literal["real", "imag"]
    window: Literal["hann", "hamming", "none"] = "hann"
    scaling: Literal["density", "spectrum", "none"] = "density"
    periodic: bool = False
    whole: ClassVar[bool] = True

    def check(self, shape: Shape, axes: Axes) -> None:
        fits = len(shape) == 3 and shape[1] == 1 and shape[2] >= 2
        require(fits or 0 in shape, f"it needs axes (frame, 1, 2 or more), not {list(shape)}")

    def values(self, stream: Stream, shape: Shape, axes: Axes, start: int, stop: int) -> Array:
        self.check(shape, axes)
        frame, bins = shape[0], shape[2]
        length = 2 * (bins - 1)
        sine, cosine = _circle(length)
        turns = np.outer(np.arange(frame), np.arange(bins)) % length
        table = cosine[turns] if self.side == "real" else -sine[turns]
        if self.window != "none":
            table = table * self._window(frame)[:, None]
        return table.ravel().astype(stream.dtype)

    def _window(self, frame: int) -> Array:
        """The window over its scale."""
        offset = _WINDOWS[self.window]
        period = frame if self.periodic else frame - 1
        values = np.ones(frame)
        if frame > 1:
            values = offset - (1 - offset) * _circle(period)[1][np.arange(frame) % period]
        norms = {"density": math.sqrt(math.fsum(values**2)), "spectrum": math.fsum(abs(values))}
        return values / norms.get(self.scaling, 1.0)


def _circle(count: int) -> tuple[Array, Array]:
    """Sines and cosines of ``count`` even steps around the circle."""
    pairs = [sine_cosine(2 * math.pi * step / count) for step in range(count)]
    return np.array([pair[0] for pair in pairs]), np.array([pair[1] for pair in pairs])
