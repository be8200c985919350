"""How values are cut into work: fixed pieces of a tensor, fixed blocks of a piece, reused buffers.

A piece is what one worker takes, a block what fits its cache, a row what one sum runs over.
The sizes depend on nothing, so neither do the results.
"""

import threading
from collections.abc import Iterator
from typing import Any

PIECE = 1 << 20  # elements
BLOCK = 1 << 18
ROW = 1 << 11
_PAGE = 4096  # bytes

_buffers = threading.local()


def spans(count: int, size: int = PIECE) -> Iterator[tuple[int, int]]:
    """Consecutive (start, stop) of ``size`` elements, the last one shorter; (0, 0) for none."""
    if count == 0:
        yield 0, 0
    for start in range(0, count, size):
        yield start, min(start + size, count)


def scratch(purpose: str, count: int, dtype: Any) -> Any:
    """An array of ``count`` elements whose memory this thread uses again for the same purpose.

    What it held before is overwritten by the next call with that purpose.
    """
    import numpy as np

    wanted = np.dtype(dtype)
    nbytes = count * wanted.itemsize
    kept = getattr(_buffers, purpose, None)
    if kept is None or kept.nbytes < nbytes:
        kept = None
        setattr(_buffers, purpose, None)  # gone before there is another
        kept = _away_from_page_starts(max(nbytes, 1))
        setattr(_buffers, purpose, kept)
    return kept[:nbytes].view(wanted)


def _away_from_page_starts(nbytes: int) -> Any:
    """Memory that begins in the middle of a page.

    Large arrays begin 16 bytes behind the start of one. The kernel copies to such an address a
    fifth as fast as elsewhere when what it reads begins at the start of a page, as many files do.
    """
    import numpy as np

    whole = np.empty(nbytes + _PAGE, np.uint8)
    first = (_PAGE // 2 - whole.ctypes.data) % _PAGE
    return whole[first : first + nbytes]


def held(purpose: str, nbytes: int) -> bytearray:
    """A bytearray of just that size that this thread uses again for the same purpose.

    What needs no arrays, equality and digests, works on these and never loads NumPy.
    """
    kept: bytearray | None = getattr(_buffers, purpose, None)
    if kept is None or len(kept) != nbytes:
        kept = bytearray(nbytes)
        setattr(_buffers, purpose, kept)
    return kept


def rows(values: Any, size: int = ROW) -> Iterator[Any]:
    """Views of a flat array as full rows and, when some are left over, one short row."""
    full = len(values) - len(values) % size
    if full:
        yield values[:full].reshape(-1, size)
    if full < len(values):
        yield values[full:].reshape(1, -1)
