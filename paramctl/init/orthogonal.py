"""Random orthogonal matrices: lengths pass through unchanged."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from paramctl.init.base import INITIALIZERS, Axes, Initializer, Moments, Shape, require
from paramctl.init.each_layer import moments_of_layers
from paramctl.init.fusion import layers, places
from paramctl.init.stream import BLOCK, Stream
from paramctl.init.words import Array

_FEW = "it needs two axes or more to be orthogonal in"


def haar(noise: Array) -> Array:
    """The orthogonal factor of a matrix of normals, uniformly distributed (Haar), in float64.

        Q R = noise, Q ← Q · sign(diag R)

    At least as many rows as columns: orthonormal columns; else rows. ``max |QᵀQ - I|`` stays
    below 8·n·2⁻⁵² with n the longer side. The last bits differ between linear algebra libraries.
    """
    rows, columns = noise.shape
    q, r = np.linalg.qr(noise if rows >= columns else noise.T)
    q *= np.where(np.diagonal(r) < 0, -1.0, 1.0)  # without it Q leans to one side
    return q if rows >= columns else q.T


def experts_of(shape: Shape, axes: Axes) -> tuple[int, Shape]:
    """How many independent matrices stand in front, and the shape of each."""
    count = 0
    while count < len(axes) and axes[count] == "expert":
        count += 1
    return math.prod(shape[:count]), shape[count:]


def _out_of(roles: Axes) -> int:
    """Which axis is the output; the last where that is not known."""
    return roles.index("out") if "out" in roles else -1


def _noises(stream: Stream, skipped: int, count: int, size: int) -> Iterator[Array]:
    """``count`` runs of ``size`` normals, behind those skipped; small ones are drawn together."""
    at_once = max(1, BLOCK // max(1, size))
    for first in range(0, count, at_once):
        last = min(first + at_once, count)
        noise = stream.normal(skipped + first * size, skipped + last * size)
        yield from noise.reshape(last - first, size)


def _moments(gain: float, shape: Shape, axes: Axes, columns_last: bool) -> Moments | None:
    """Squares of a unit vector share 1 evenly."""

    def each(shape: Shape, axes: Axes) -> Moments | None:
        inner = experts_of(shape, axes)[1]
        if len(inner) < 2 or 0 in inner:
            return None
        place = _out_of(axes[len(shape) - len(inner) :]) if columns_last else 0
        longer = max(inner[place], math.prod(inner) // inner[place])
        return Moments(0.0, abs(gain) / math.sqrt(longer), -abs(gain), abs(gain))

    return moments_of_layers(shape, axes, each)


def each_layer(stream: Stream, shape: Shape, axes: Axes, columns_last: bool) -> Array:
    """Orthogonal values for every layer that shares the tensor, flattened in C order."""
    each = layers(shape, axes)
    if len(each) == 1:
        return _each_expert(stream, 0, *each[0], columns_last)
    result, drawn = np.empty(shape), 0
    for layer, index in zip(each, places(shape, axes), strict=True):
        values = _each_expert(stream, drawn, *layer, columns_last)
        result[index] = values.reshape(layer.shape)
        drawn += values.size
    return result.ravel()


def _each_expert(
    stream: Stream, skipped: int, shape: Shape, axes: Axes, columns_last: bool
) -> Array:
    """Orthogonal values for every expert, flattened in C order.

    Each is flattened to ``(first, rest)``, or to ``(rest, out)`` where ``columns_last``.
    """
    count, inner = experts_of(shape, axes)
    place = _out_of(axes[len(shape) - len(inner) :]) % len(inner) if columns_last else 0
    size = math.prod(inner)
    rest = [n for position, n in enumerate(inner) if position != place]
    result = np.empty((count, size))
    for expert, noise in enumerate(_noises(stream.in_float64(), skipped, count, size)):
        if columns_last:
            q = haar(noise.reshape(-1, inner[place])).reshape(*rest, inner[place])
            result[expert] = np.moveaxis(q, -1, place).ravel()
        else:
            result[expert] = haar(noise.reshape(inner[0], -1)).ravel()
    return result.ravel()


@INITIALIZERS.register("orthogonal", "torch.orthogonal")
@dataclass(frozen=True)
class Orthogonal(Initializer):
    """Orthonormal rows or columns, whichever are fewer, uniformly distributed.

        gain·Q, Q of the QR of N(0, 1) noise with diag(R) > 0, as (shape[0], rest)

    Computed in float64: max |QᵀQ - I| < 8·n·2⁻⁵² before rounding to the tensor's dtype. The
    properties are promised, the last bits are not. Experts are matrices of their own. Needs
    memory for the whole tensor.

    Attributes:
        gain: dimensionless; what the singular values become.

    Raises:
        UsageError: fewer than two axes.
    Source: torch.nn.init.orthogonal_; Saxe et al. 2013, arXiv:1312.6120; Mezzadri 2007.
    """

    gain: float = 1.0
    whole: ClassVar[bool] = True

    def __post_init__(self) -> None:
        require(math.isfinite(self.gain), f"gain is a finite number, not {self.gain}")

    def check(self, shape: Shape, axes: Axes) -> None:
        require(len(experts_of(shape, axes)[1]) >= 2, _FEW)

    def values(self, stream: Stream, shape: Shape, axes: Axes, start: int, stop: int) -> Array:
        self.check(shape, axes)
        return each_layer(stream, shape, axes, columns_last=False) * self.gain

    def moments(self, shape: Shape, axes: Axes) -> Moments | None:
        return _moments(self.gain, shape, axes, columns_last=False)


@INITIALIZERS.register("keras.orthogonal")
@dataclass(frozen=True)
class KerasOrthogonal(Initializer):
    """Orthonormal over the output axis against the rest.

        gain·Q, Q of the QR of N(0, 1) noise with diag(R) > 0, as (rest, out)

    The output axis is the one of role ``out``, the last where roles are not known.

    Attributes:
        gain: dimensionless.

    Raises:
        UsageError: fewer than two axes.
    Source: keras.initializers.Orthogonal.
    """

    gain: float = 1.0
    whole: ClassVar[bool] = True
    spellings: ClassVar[Mapping[str, str]] = {"scale": "gain"}

    def __post_init__(self) -> None:
        require(math.isfinite(self.gain), f"gain is a finite number, not {self.gain}")

    def check(self, shape: Shape, axes: Axes) -> None:
        require(len(experts_of(shape, axes)[1]) >= 2, _FEW)

    def values(self, stream: Stream, shape: Shape, axes: Axes, start: int, stop: int) -> Array:
        self.check(shape, axes)
        return each_layer(stream, shape, axes, columns_last=True) * self.gain

    def moments(self, shape: Shape, axes: Axes) -> Moments | None:
        return _moments(self.gain, shape, axes, columns_last=True)


@INITIALIZERS.register("jax.orthogonal")
@dataclass(frozen=True)
class JaxOrthogonal(KerasOrthogonal):
    """Orthonormal over the output axis against the rest.

        gain·Q, Q of the QR of N(0, 1) noise with diag(R) > 0, as (rest, out)

    The output axis is the one of role ``out``, the last where roles are not known.

    Attributes:
        gain: dimensionless; jax calls it ``scale``.

    Source: jax.nn.initializers.orthogonal.
    """


@INITIALIZERS.register("mxnet.orthogonal")
@dataclass(frozen=True)
class MxnetOrthogonal(Initializer):
    """Orthonormal vectors of an SVD, times about √2.

        scale·U or scale·V of the SVD of noise, as (shape[0], rest)

    Uniform noise is not uniformly distributed over the orthogonal matrices.

    Attributes:
        scale: dimensionless; the default makes WᵀW = 1.9994·I.
        rand_type: noise from ``uniform`` U(-1, 1) or ``normal`` N(0, 1).

    Raises:
        UsageError: fewer than two axes.
    Source: mxnet.initializer.Orthogonal, 1.9.1.
    """

    scale: float = 1.414
    rand_type: Literal["uniform", "normal"] = "uniform"
    whole: ClassVar[bool] = True

    def __post_init__(self) -> None:
        require(math.isfinite(self.scale), f"scale is a finite number, not {self.scale}")

    def check(self, shape: Shape, axes: Axes) -> None:
        require(len(shape) >= 2, _FEW)

    def values(self, stream: Stream, shape: Shape, axes: Axes, start: int, stop: int) -> Array:
        self.check(shape, axes)
        fine = stream.in_float64()
        uniform = self.rand_type == "uniform"
        noise = fine.uniform(start, stop, -1.0, 1.0) if uniform else fine.normal(start, stop)
        matrix = noise.reshape(shape[0], -1)
        left, _, right = np.linalg.svd(matrix, full_matrices=False)
        return (left if left.shape == matrix.shape else right).ravel() * self.scale

    def moments(self, shape: Shape, axes: Axes) -> Moments | None:
        return _moments(self.scale, shape, (), columns_last=False)
