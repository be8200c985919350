"""Parts that take turns in a fused tensor, place by place."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from paramctl.edit.content import Made
from paramctl.edit.stream import Stream
from paramctl.formats.content import BLOCK, Block, Content

if TYPE_CHECKING:
    import numpy as np


def taken(old: Content, cell: int, part: int, count: int) -> Content:
    """Every ``count``-th cell of a tensor, from the one of a part on.

    Args:
        cell: bytes of a place.
        count: how many parts take turns.
    """
    return Made(old.nbytes // count, partial(_taken, old, cell, part, count))


def alternated(parts: Sequence[Content], cell: int) -> Content:
    """The cells of all parts in turns."""
    return Made(sum(part.nbytes for part in parts), partial(_alternated, parts, cell))


def _taken(old: Content, cell: int, part: int, count: int) -> Iterator[Block]:
    if not old.nbytes:
        return
    for block in Stream(old.blocks()).in_rows(cell * count, old.nbytes):
        yield _cells(block, cell).reshape(-1, count)[:, part].tobytes()


def _alternated(parts: Sequence[Content], cell: int) -> Iterator[Block]:
    import numpy as np

    streams = [Stream(part.blocks()) for part in parts]
    left, step = parts[0].nbytes, max(1, BLOCK // max(1, cell * len(parts))) * cell
    while left:
        nbytes = min(step, left)
        cells = [_cells(stream.read(nbytes), cell) for stream in streams]
        yield np.stack(cells, axis=1).tobytes()
        left -= nbytes


def _cells(block: Block, cell: int) -> "np.ndarray":
    import numpy as np

    return np.frombuffer(block, f"V{cell}")
