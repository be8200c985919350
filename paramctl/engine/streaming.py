"""Products with a weight that may still be in its file, in blocks of a fixed number of elements.

Blocks do not depend on the number of threads and each is one product of its own, so results
are the same bits for any number of workers. A weight that is an array here already, or is
small, goes through in one product: the plain path.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from paramctl.compute.backend import quiet
from paramctl.compute.blas import single_threaded
from paramctl.compute.pool import map_ordered
from paramctl.engine.weight import Held, Weight

BLOCK = 1 << 20  # elements: smaller blocks lose more to hand-overs than they gain in cache


def streams(weight: Weight | Held) -> bool:
    """Whether a weight goes block by block: it must be read or widened on the host, and is big."""
    return isinstance(weight, Weight) and weight.is_narrow and weight.numel > BLOCK


def blocks(shape: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    """Runs of rows of about ``BLOCK`` elements."""
    count = max(1, BLOCK // max(1, shape[1]))
    for start in range(0, shape[0], count):
        yield start, min(start + count, shape[0])


def multiply(xp: Any, x: Any, weight: Weight | Held, transposed: bool) -> Any:
    """``x W^T``, or ``x W`` where the weight is ``(in, out)``.

    Shapes:
        x ``(rows, in)`` → ``(rows, out)``
    """
    if not streams(weight):
        whole = weight.array()
        return xp.matmul(x, whole if transposed else xp.swapaxes(whole, 0, 1))
    if transposed:
        return _sum_of_parts(xp, x, weight)
    return _columns(xp, x, weight)


def backward_input(xp: Any, dy: Any, weight: Weight | Held, transposed: bool) -> Any:
    """The gradient by ``x``: ``dy W``, or ``dy W^T`` where the weight is ``(in, out)``."""
    return multiply(xp, dy, weight, not transposed)


def _columns(xp: Any, x: Any, weight: Weight | Held) -> Any:
    """Each block of rows of the weight fills its columns of the result."""
    result = xp.empty((x.shape[0], weight.shape[0]), dtype=x.dtype)

    def fill(span: tuple[int, int]) -> None:
        with quiet():
            rows = weight.rows(*span, passing=True)
            result[:, span[0] : span[1]] = xp.matmul(x, xp.swapaxes(rows, 0, 1))

    with single_threaded():
        for _ in map_ordered(fill, blocks(weight.shape)):
            pass
    return result


def _sum_of_parts(xp: Any, x: Any, weight: Weight | Held) -> Any:
    """Each block of rows gives a part of every sum; parts are added in the order of the blocks."""

    def part(span: tuple[int, int]) -> Any:
        with quiet():
            return xp.matmul(x[:, span[0] : span[1]], weight.rows(*span, passing=True))

    result = xp.zeros((x.shape[0], weight.shape[1]), dtype=x.dtype)
    with single_threaded():
        for share in map_ordered(part, blocks(weight.shape)):
            result += share
    return result
