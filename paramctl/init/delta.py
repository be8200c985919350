"""A convolution that acts as an orthogonal matrix on each position."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from paramctl.init.base import INITIALIZERS, Axes, Initializer, Shape, require
from paramctl.init.orthogonal import haar
from paramctl.init.stream import Stream
from paramctl.init.words import Array


@INITIALIZERS.register("delta_orthogonal", "jax.delta_orthogonal")
@dataclass(frozen=True)
class DeltaOrthogonal(Initializer):
    """Orthonormal rows of an (in, out) matrix at the kernel's centre, zeros elsewhere.

        w[centre] = gain·Q, centre = (k - 1) // 2 on each kernel axis

    Axes of roles ``in`` and ``out`` are used where known, else the last two.

    Attributes:
        gain: dimensionless; jax calls it ``scale``.

    Raises:
        UsageError: not 3 to 5 axes, or more inputs than outputs.
    Source: jax.nn.initializers.delta_orthogonal; Xiao et al. 2018, arXiv:1806.05393, sec. 3.3.
    """

    gain: float = 1.0
    whole: ClassVar[bool] = True
    spellings: ClassVar[dict[str, str]] = {"scale": "gain"}

    def __post_init__(self) -> None:
        require(math.isfinite(self.gain), f"gain is a finite number, not {self.gain}")

    def check(self, shape: Shape, axes: Axes) -> None:
        require(3 <= len(shape) <= 5, "a delta-orthogonal kernel has three to five axes")
        inputs, outputs = (shape[axis] for axis in _matrix_axes(shape, axes))
        require(inputs <= outputs, f"more inputs ({inputs}) than outputs ({outputs})")

    def values(self, stream: Stream, shape: Shape, axes: Axes, start: int, stop: int) -> Array:
        self.check(shape, axes)
        rows, columns = _matrix_axes(shape, axes)
        inputs, outputs = shape[rows], shape[columns]
        result = np.zeros(shape)
        if not math.prod(shape):
            return result.ravel()
        noise = stream.in_float64().normal(0, inputs * outputs).reshape(inputs, outputs)
        matrix = haar(noise) * self.gain
        kernel = [(k - 1) // 2 for k in shape]
        index: list[int | slice] = list(kernel)
        index[rows] = index[columns] = slice(None)
        result[tuple(index)] = matrix if rows < columns else matrix.T
        return result.ravel()


def _matrix_axes(shape: Shape, axes: Axes) -> tuple[int, int]:
    """Where the inputs and the outputs are."""
    if axes.count("in") == 1 and axes.count("out") == 1:
        return axes.index("in"), axes.index("out")
    return len(shape) - 2, len(shape) - 1
