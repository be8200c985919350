"""A convolution that acts as an orthogonal matrix on each position."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from paramctl.init.base import INITIALIZERS, Axes, Initializer, Shape, require
from paramctl.init.orthogonal import haar
from paramctl.init.stream import Array, Stream


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

    def values(self, stream: Stream, shape: Shape, axes: Axes, start: int, stop: int) -> Array:
        require(3 <= len(shape) <= 5, "Delta orthogonal initializer requires a 3D, 4D or 5D shape")
        known = axes.count("in") == 1 and axes.count("out") == 1
        rows = axes.index("in") if known else len(shape) - 2
        columns = axes.index("out") if known else len(shape) - 1
        inputs, outputs = shape[rows], shape[columns]
        require(inputs <= outputs, f"more inputs ({inputs}) than outputs ({outputs})")
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
