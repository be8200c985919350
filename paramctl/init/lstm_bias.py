"""An LSTM that remembers at the start: its forget gate is open."""

from dataclasses import dataclass

import numpy as np

from paramctl.init.base import INITIALIZERS, Axes, Initializer, Shape, require
from paramctl.init.stream import Stream
from paramctl.init.words import Array


@INITIALIZERS.register("lstm_bias", "mxnet.lstm_bias", "mxnet.lstmbias")
@dataclass(frozen=True)
class LstmBias(Initializer):
    """Zeros, with the second of four gates set.

        b[H:2H] = forget_bias, 0 elsewhere; gates i, f, g, o

    torch adds two biases: give this to one of them and zeros to the other.

    Shapes:
        ``(4·H,)``

    Attributes:
        forget_bias: value of the forget gate's bias.

    Raises:
        UsageError: not one axis, or a length that four does not divide.
    Source: mxnet.initializer.LSTMBias, 1.9.1; Jozefowicz et al. 2015.
    """

    forget_bias: float = 1.0

    def values(self, stream: Stream, shape: Shape, axes: Axes, start: int, stop: int) -> Array:
        good = len(shape) == 1 and shape[0] % 4 == 0
        require(good, f"an LSTM bias has one axis of 4·H elements, not {list(shape)}")
        place = np.arange(start, stop)
        hidden = shape[0] // 4
        forget = (place >= hidden) & (place < 2 * hidden)
        return np.where(forget, self.forget_bias, 0.0).astype(stream.dtype)
