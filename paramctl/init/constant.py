"""The same number everywhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from paramctl.init.base import INITIALIZERS, Axes, Initializer, Moments, Shape
from paramctl.init.stream import Stream
from paramctl.init.words import Array


@INITIALIZERS.register("constant", "torch.constant", "jax.constant", "mxnet.constant")
@dataclass(frozen=True)
class Constant(Initializer):
    """One number in every element.

        w = value

    Attributes:
        value: any number, in the units of the tensor; torch calls it ``val``.

    Source: torch.nn.init.constant_.
    """

    value: float
    spellings: ClassVar[Mapping[str, str]] = {"val": "value"}

    def values(self, stream: Stream, shape: Shape, axes: Axes, start: int, stop: int) -> Array:
        return np.full(stop - start, self.value, stream.dtype)

    def moments(self, shape: Shape, axes: Axes) -> Moments:
        return Moments(self.value, 0.0, self.value, self.value)


@INITIALIZERS.register("keras.constant")
@dataclass(frozen=True)
class KerasConstant(Constant):
    """One number in every element, 0 unless said.

        w = value

    Attributes:
        value: any number, in the units of the tensor.

    Source: keras.initializers.Constant, 3.15.
    """

    value: float = 0.0


@INITIALIZERS.register(
    "zeros", "zero", "torch.zeros", "keras.zeros", "jax.zeros", "mxnet.zero", "mxnet.zeros"
)
@dataclass(frozen=True)
class Zeros(Initializer):
    """Positive zeros.

        w = 0

    Source: torch.nn.init.zeros_.
    """

    def values(self, stream: Stream, shape: Shape, axes: Axes, start: int, stop: int) -> Array:
        return np.zeros(stop - start, stream.dtype)

    def moments(self, shape: Shape, axes: Axes) -> Moments:
        return Moments(0.0, 0.0, 0.0, 0.0)


@INITIALIZERS.register(
    "ones", "one", "torch.ones", "keras.ones", "jax.ones", "mxnet.one", "mxnet.ones"
)
@dataclass(frozen=True)
class Ones(Initializer):
    """Ones.

        w = 1

    Source: torch.nn.init.ones_.
    """

    def values(self, stream: Stream, shape: Shape, axes: Axes, start: int, stop: int) -> Array:
        return np.ones(stop - start, stream.dtype)

    def moments(self, shape: Shape, axes: Axes) -> Moments:
        return Moments(1.0, 0.0, 1.0, 1.0)
