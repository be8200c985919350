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
MOST = 16
_GRAIN = 16  # rows or columns: what kernels take at once, and a line of the cache
_VECTORS = 4


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
    cuts = spans(max(rows, columns), work)

    def fill(part: int) -> None:
        start, stop = cuts[part]
        if columns >= rows:
            np.matmul(a, b[:, start:stop], out=result[:, start:stop])
        else:
            np.matmul(a[start:stop], b, out=result[start:stop])

    with single_threaded():
        run_parts(fill, len(cuts))
    return result


def spans(size: int, work: int) -> list[tuple[int, int]]:
    """Runs of rows or columns, an even number of about equal length where that makes sense."""
    parts = 2 * max(1, min(MOST, work // PART) // 2)
    step = -(-size // parts)
    step += -step % _GRAIN
    return [(start, min(start + step, size)) for start in range(0, size, step)]
