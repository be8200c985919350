"""Sparse normals: every input feeds the same number of outputs."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from paramctl.init.base import INITIALIZERS, Axes, Initializer, Moments, Shape, require
from paramctl.init.stream import Stream
from paramctl.init.words import Array


@INITIALIZERS.register("sparse", "torch.sparse")
@dataclass(frozen=True)
class Sparse(Initializer):
    """Normal draws with the same number of zeros in every column, at random rows.

        w ~ N(0, std); in each column ceil(sparsity·rows) elements become 0

    A column belongs to one input of an ``(out, in)`` weight.

    Attributes:
        sparsity: share of zeros in a column, 0 … 1.
        std: standard deviation of the others.

    Raises:
        UsageError: not two axes, or ``sparsity`` outside 0 … 1.
    Source: torch.nn.init.sparse_; Martens 2010, Deep learning via Hessian-free optimization.
    """

    sparsity: float
    std: float = 0.01
    whole: ClassVar[bool] = True

    def __post_init__(self) -> None:
        require(0 <= self.sparsity <= 1, f"sparsity is a share from 0 to 1, not {self.sparsity}")
        require(0 <= self.std < math.inf, f"std is 0 or more, not {self.std}")

    def check(self, shape: Shape, axes: Axes) -> None:
        require(
            len(shape) == 2, f"it needs exactly two axes, and the tensor has {len(shape) or 'none'}"
        )

    def values(self, stream: Stream, shape: Shape, axes: Axes, start: int, stop: int) -> Array:
        self.check(shape, axes)
        rows, columns = shape
        zeros = math.ceil(self.sparsity * rows)
        values = stream.normal(start, stop, 0.0, self.std).reshape(shape)
        places = stream.on(1)
        for column in range(columns):
            values[places.order(column, rows)[:zeros], column] = 0
        return np.ravel(values)

    def moments(self, shape: Shape, axes: Axes) -> Moments:
        kept = 1 - math.ceil(self.sparsity * shape[0]) / shape[0] if shape[0] else 0.0
        return Moments(0.0, self.std * math.sqrt(kept))
