"""Ones on a diagonal: the layer passes its input on."""

import math
from dataclasses import dataclass

import numpy as np

from paramctl.init.base import INITIALIZERS, Axes, Initializer, Shape, require
from paramctl.init.stream import Stream
from paramctl.init.words import Array


def diagonal(stream: Stream, shape: Shape, start: int, stop: int, gain: float) -> Array:
    """Elements of a matrix with ``gain`` on its diagonal; rectangular ones are cut."""
    require(
        len(shape) == 2, f"it needs exactly two axes, and the tensor has {len(shape) or 'none'}"
    )
    values = np.zeros(stop - start, stream.dtype)
    rows, columns = shape
    first = -(-start // (columns + 1)) * (columns + 1)
    end = min(stop, min(rows, columns) * (columns + 1))
    values[first - start : max(end - start, 0) : columns + 1] = gain
    return values


@INITIALIZERS.register("eye", "torch.eye")
@dataclass(frozen=True)
class Eye(Initializer):
    """The identity matrix; a rectangular one keeps as many inputs as it can.

        w[i, j] = 1 if i == j else 0

    Raises:
        UsageError: not two axes.
    Source: torch.nn.init.eye_.
    """

    def values(self, stream: Stream, shape: Shape, axes: Axes, start: int, stop: int) -> Array:
        return diagonal(stream, shape, start, stop, 1.0)


@INITIALIZERS.register("keras.identity", "identity")
@dataclass(frozen=True)
class KerasIdentity(Initializer):
    """A multiple of the identity matrix.

        w[i, j] = gain if i == j else 0

    Attributes:
        gain: what stands on the diagonal.

    Raises:
        UsageError: not two axes.
    Source: keras.initializers.Identity.
    """

    gain: float = 1.0

    def values(self, stream: Stream, shape: Shape, axes: Axes, start: int, stop: int) -> Array:
        return diagonal(stream, shape, start, stop, self.gain)


@INITIALIZERS.register("dirac", "torch.dirac")
@dataclass(frozen=True)
class Dirac(Initializer):
    """A convolution that passes its input channels on; an even kernel's centre is k//2.

        w[g·out/groups + c, c, centre] = 1 for c < min(out/groups, shape[1])

    Shapes:
        ``(out, in / groups, *kernel)``, one to three kernel axes.

    Attributes:
        groups: the identity is repeated for each of them.

    Raises:
        UsageError: not 3 to 5 axes, or the first is not divisible by ``groups``.
    Source: torch.nn.init.dirac_.
    """

    groups: int = 1

    def __post_init__(self) -> None:
        require(self.groups >= 1, f"groups is 1 or more, not {self.groups}")

    def values(self, stream: Stream, shape: Shape, axes: Axes, start: int, stop: int) -> Array:
        require(
            3 <= len(shape) <= 5,
            f"it needs three to five axes, and the tensor has {len(shape) or 'none'}",
        )
        require(
            shape[0] % self.groups == 0,
            f"{shape[0]} output channels don't split into {self.groups} groups",
        )
        per_group = shape[0] // self.groups
        kernel = math.prod(shape[2:])
        centre = int(np.ravel_multi_index([k // 2 for k in shape[2:]], shape[2:])) if kernel else 0
        channel = np.arange(min(per_group, shape[1]))
        rows = (np.arange(self.groups)[:, None] * per_group + channel).ravel()
        places = (rows * shape[1] + np.tile(channel, self.groups)) * kernel + centre
        values = np.zeros(stop - start, stream.dtype)
        values[places[(places >= start) & (places < stop)] - start] = 1
        return values
