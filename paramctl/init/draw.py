"""From an initializer to a tensor's bytes, a block at a time."""

import math
from collections.abc import Iterator
from functools import partial

import numpy as np
from ml_dtypes import finfo

from paramctl.compute.memory import keep_freed_blocks
from paramctl.compute.pool import map_ordered
from paramctl.compute.rounding import round_to
from paramctl.dtypes import DTYPES, DType
from paramctl.errors import FoundError, UsageError
from paramctl.init.base import Axes, Initializer, Shape
from paramctl.init.stream import BLOCK, Stream
from paramctl.init.words import Array
from paramctl.names import show


def stream_of(seed: int, name: str, dtype: str) -> Stream:
    """A parameter's stream, at float32 for floating dtypes up to 32 bits and float64 for others."""
    narrow = DTYPES[dtype].is_floating and DTYPES[dtype].bits <= 32
    return Stream(seed, name, "float32" if narrow else "float64")


def draw_blocks(
    initializer: Initializer,
    seed: int,
    name: str,
    shape: Shape,
    dtype: str = "F32",
    axes: Axes = (),
    workers: int | None = None,
    first: int = 0,
) -> Iterator[Array]:
    """Consecutive flat arrays of a tensor in its own dtype; together the whole of it.

    Args:
        name: the canonical name; it keys the stream.
        dtype: the format's name; values are drawn in float32 or better and rounded once.
        workers: threads; the values do not depend on their number.
        first: the element to begin with; those before it are left out.

    Raises:
        UsageError: the scheme does not apply to the tensor, or its dtype can't hold fractions
            that the scheme draws.
        FoundError: a value is beyond the dtype's range.
    """
    keep_freed_blocks()
    stream = stream_of(seed, name, dtype)
    count = math.prod(shape)
    finish = partial(_rounded, dtype=DTYPES[dtype], name=name)
    if not count:
        return
    if initializer.whole:
        flat = values_of(initializer, stream, shape, axes, 0, count)
        for start in range(first, count, BLOCK):
            yield finish(flat[start : start + BLOCK])
        return

    def block(start: int) -> Array:
        stop = min(start + BLOCK, count)
        return finish(values_of(initializer, stream, shape, axes, start, stop))

    yield from map_ordered(block, range(first, count, BLOCK), workers=workers)


def expect_fit(
    initializer: Initializer, name: str, shape: Shape, dtype: str = "F32", axes: Axes = ()
) -> None:
    """Make sure, from a few elements, that a scheme can fill a tensor before one is written.

    Raises:
        UsageError, FoundError: as `draw_blocks`.
    """
    count = 0 if initializer.whole else min(math.prod(shape), _PROBE)
    try:
        initializer.check(shape, axes)
        probe = np.zeros(0)
        if count:
            probe = values_of(initializer, stream_of(0, name, dtype), shape, axes, 0, count)
        _rounded(probe, DTYPES[dtype], name)
    except UsageError as error:
        raise type(error)(error.problem, where=error.where or show(name), hint=error.hint) from None


_PROBE = 64


def draw(
    initializer: Initializer,
    seed: int,
    name: str,
    shape: Shape,
    dtype: str = "F32",
    axes: Axes = (),
) -> Array:
    """The whole tensor as an array of its shape and dtype; same values as `draw_blocks`."""
    result = np.empty(math.prod(shape), DTYPES[dtype].numpy())
    start = 0
    for part in draw_blocks(initializer, seed, name, shape, dtype, axes):
        result[start : start + part.size] = part
        start += part.size
    return result.reshape(shape)


def values_of(
    initializer: Initializer, stream: Stream, shape: Shape, axes: Axes, start: int, stop: int
) -> Array:
    """The initializer's values; an error that names no tensor gets this one's name."""
    try:
        return initializer.values(stream, shape, axes, start, stop)
    except UsageError as error:
        raise type(error)(
            error.problem, where=error.where or show(stream.name), hint=error.hint
        ) from None


def _rounded(values: Array, dtype: DType, name: str) -> Array:
    """Values in the tensor's dtype, rounded to nearest once."""
    target = dtype.numpy()
    if not dtype.is_floating and dtype.family != "complex":
        return _whole_numbers(values, dtype, name)
    if values.dtype == target:
        return values
    is_wide = values.dtype == np.float64 and dtype.is_floating
    with np.errstate(over="ignore", invalid="ignore"):
        result = round_to(dtype.name, values) if is_wide else values.astype(target)
    most = float(finfo(target).max)  # type: ignore[no-untyped-call]
    if not (len(values) and -most <= values.min() and values.max() <= most):
        lost = np.isfinite(values) & ~np.isfinite(result)
        if lost.any():
            value = float(values[lost][0])
            raise FoundError(f"{value} is beyond the range of {dtype.name}", where=show(name))
    return result


def _whole_numbers(values: Array, dtype: DType, name: str) -> Array:
    """Values as integers or booleans; fractions and what is out of range are refused."""
    if not (np.isfinite(values) & (values == np.rint(values))).all():
        raise UsageError(f"{dtype.name} holds whole numbers only", where=show(name))
    low, high = (0, 1) if dtype.family == "bool" else _range(dtype)
    outside = values[(values < low) | (values > high)]
    if outside.size:
        raise FoundError(f"{int(outside[0])} is beyond the range of {dtype.name}", where=show(name))
    return values.astype(dtype.numpy())


def _range(dtype: DType) -> tuple[float, float]:
    """The float64 range of an integer dtype, safe against rounding up to 2**63."""
    limits = np.iinfo(dtype.numpy())
    return float(limits.min), float(np.nextafter(float(limits.max) + 1, 0))
