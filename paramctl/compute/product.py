"""Matrix products on the host, spread over our own threads with one of BLAS's each.

BLAS's own threads wait for each other by spinning, several times in a product: when somebody else
needs a core for a moment, all of them stand still. Ours share nothing but the two factors. Parts
depend on shapes alone, so the result has the same bits for any number of threads.
"""

from typing import Any

import numpy as np

from paramctl.compute.blas import single_threaded, threaded
from paramctl.compute.team import run_parts

SMALL = 1 << 22  # multiplications: below, handing parts out costs more than it saves
PART = 1 << 25
_ALONG = 4  # parts along the shorter side
_ACROSS = 8
_EDGE = 256  # rows and columns: BLAS packs both factors of a part, narrower ones over and over
_GRAIN = 16  # what kernels take at once, and a line of the cache
_VECTORS = 4

Cell = tuple[slice, slice]


def product(xp: Any, a: Any, b: Any) -> Any:
    """``a b`` of two matrices; of arrays that are not NumPy's, whatever their library does.

    Products with a few vectors are left to BLAS as a whole: memory is what they wait for.

    Shapes:
        a ``(n, m)``, b ``(m, k)`` → ``(n, k)``
    """
    rows, columns = a.shape[0], b.shape[1]
    work = rows * columns * a.shape[1]
    if xp is not np or work < SMALL:
        return xp.matmul(a, b)
    if min(rows, columns) < _VECTORS:
        with threaded():
            return np.matmul(a, b)
    result = np.empty((rows, columns), np.result_type(a, b))
    parts = cells(rows, columns, work)

    def fill(part: int) -> None:
        across, down = parts[part]
        np.matmul(a[across], b[:, down], out=result[across, down])

    with single_threaded():
        run_parts(fill, len(parts))
    return result


def cells(rows: int, columns: int, work: int) -> list[Cell]:
    """A matrix as an even number of about equal cells, no narrower than they have to be."""
    most = max(2, work // PART)
    tall = rows > columns
    longer, shorter = (rows, columns) if tall else (columns, rows)
    across = max(2, _count(longer, min(_ACROSS, most)))
    along = _count(shorter, min(_ALONG, most // across))
    lengths = (_runs(rows, across if tall else along), _runs(columns, along if tall else across))
    return [(one, other) for other in lengths[1] for one in lengths[0]]


def _count(size: int, most: int) -> int:
    """How many runs a side makes, of which each is worth a part: one, or an even number."""
    return 2 * (min(most, size // _EDGE) // 2) or 1


def _runs(size: int, count: int) -> list[slice]:
    step = -(-size // count)
    step += -step % _GRAIN
    return [slice(start, min(start + step, size)) for start in range(0, size, step)]
