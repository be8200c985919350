"""Products with a weight that may still be in its file, in blocks of a fixed number of elements.

A block is read, widened and multiplied by one thread, in that thread's buffers. Blocks do not
depend on the number of threads and each is one product of its own, so results are the same bits
for any number of workers. A weight that is an array here already, or is small, goes through in
one piece: the plain path.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from paramctl.compute.blas import single_threaded
from paramctl.compute.blocks import scratch
from paramctl.compute.product import cells, product
from paramctl.compute.team import run_parts
from paramctl.engine.weight import Held, Weight

BLOCK = 1 << 20  # elements: fewer cost more in hand-overs than they gain in the cache
SLAB = 1 << 22  # elements of the rows that are widened before they are multiplied together
SMALL = 1 << 16
FEW = 16  # rows of x that are not worth a slab


def streams(weight: Weight | Held) -> bool:
    """Whether a weight goes block by block: it must be read or widened on the host, and is big."""
    if not isinstance(weight, Weight) or weight.numel <= SMALL:
        return False
    return weight.is_narrow and weight.is_real


def blocks(shape: tuple[int, ...], size: int) -> list[tuple[int, int]]:
    """Runs of rows of at most about ``size`` elements: an even number, or one, about equal."""
    rows, width = shape
    count = -(-rows * max(1, width) // size)
    count += count % 2 if count > 1 else 0
    step = max(1, -(-rows // max(1, count)))
    return [(start, min(start + step, rows)) for start in range(0, rows, step)]


def multiply(xp: Any, x: Any, weight: Weight | Held, transposed: bool) -> Any:
    """``x W^T``, or ``x W`` where the weight is ``(in, out)``.

    Shapes:
        x ``(rows, in)`` → ``(rows, out)``
    """
    if not streams(weight):
        whole = weight.array()
        return product(xp, x, whole if transposed else xp.swapaxes(whole, 0, 1))
    assert isinstance(weight, Weight)
    if not transposed:
        return _columns(xp, x, weight)
    return (_sum_of_shares if x.shape[0] < FEW else _sum_of_slabs)(xp, x, weight)


def backward_input(xp: Any, dy: Any, weight: Weight | Held, transposed: bool) -> Any:
    """The gradient by ``x``: ``dy W``, or ``dy W^T`` where the weight is ``(in, out)``."""
    return multiply(xp, dy, weight, not transposed)


def _columns(xp: Any, x: Any, weight: Weight) -> Any:
    """Each block of rows of the weight fills its columns of the result."""
    result = xp.empty((x.shape[0], weight.shape[0]), dtype=xp.result_type(x.dtype, weight.dtype))
    cuts = blocks(weight.shape, BLOCK)

    def fill(part: int) -> None:
        start, stop = cuts[part]
        xp.matmul(x, weight.rows(start, stop).T, out=result[:, start:stop])

    with single_threaded():
        run_parts(fill, len(cuts))
    return result


def _sum_of_shares(xp: Any, x: Any, weight: Weight) -> Any:
    """Each block of rows gives a share of every sum; they are added in the order of the blocks."""
    cuts = blocks(weight.shape, BLOCK)

    def share(part: int) -> Any:
        start, stop = cuts[part]
        return xp.matmul(x[:, start:stop], weight.rows(start, stop))

    with single_threaded():
        first, *others = run_parts(share, len(cuts))
    for other in others:
        first += other
    return first


def _sum_of_slabs(xp: Any, x: Any, weight: Weight) -> Any:
    """Slabs of rows, each a part of every sum: widened together, then multiplied by columns."""
    width = weight.shape[1]
    result = xp.empty((x.shape[0], width), dtype=xp.result_type(x.dtype, weight.dtype))
    with single_threaded():
        for start, stop in blocks(weight.shape, SLAB):
            slab = scratch("slab", (stop - start) * width, weight.dtype).reshape(-1, width)
            _widen(weight, start, slab)
            _add_product(xp, x[:, start:stop], slab, result, is_first=start == 0)
    return result


def _widen(weight: Weight, first: int, slab: Any) -> None:
    cuts = blocks(slab.shape, BLOCK)

    def fill(part: int) -> None:
        start, stop = cuts[part]
        rows = weight.widened(weight.stored_rows(first + start, first + stop), slab[start:stop])
        if not np.may_share_memory(rows, slab):
            slab[start:stop] = rows

    run_parts(fill, len(cuts))


def _add_product(xp: Any, x: Any, slab: Any, result: Any, *, is_first: bool) -> None:
    parts = cells(x.shape[0], slab.shape[1], x.shape[0] * slab.size)

    def fill(part: int) -> None:
        rows, columns = parts[part]
        if is_first:
            xp.matmul(x[rows], slab[:, columns], out=result[rows, columns])
        else:
            result[rows, columns] += xp.matmul(x[rows], slab[:, columns])

    run_parts(fill, len(parts))
