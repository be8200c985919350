"""The last two axes of a tensor swapped, as between a Linear and GPT-2's Conv1D."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from math import prod

from paramctl.dtypes import DTYPES
from paramctl.edit.content import rechunk
from paramctl.edit.pieces import Piece, Pieces
from paramctl.edit.plan import EDITS, EachTensor
from paramctl.errors import UsageError
from paramctl.formats.content import BLOCK, Block, Content
from paramctl.manifest import Entry
from paramctl.names import show

_STRETCH = 8 * BLOCK  # bytes of the result that one pass over the tensor makes


@EDITS.register("transpose")
@dataclass(frozen=True)
class Transpose(EachTensor):
    """``[…, m, n]`` becomes ``[…, n, m]``."""

    def output(self, entry: Entry) -> Entry:
        """The entry with its last two sizes swapped.

        Raises:
            UsageError: it has fewer axes, or elements of less than a byte.
        """
        if len(entry.shape) < 2:
            raise UsageError(
                f"a tensor of rank {len(entry.shape)} can't be transposed", where=show(entry.name)
            )
        if DTYPES[entry.dtype].bits % 8:
            raise UsageError(
                f"{entry.dtype} has several elements in a byte and can't be transposed",
                where=show(entry.name),
            )
        return entry._replace(shape=(*entry.shape[:-2], entry.shape[-1], entry.shape[-2]))

    def blocks(self, entry: Entry, old: Content) -> Iterator[Block]:
        """The new bytes: a small matrix at once, of a large one some columns in each pass."""
        sizes = [size or 0 for size in entry.shape]
        width = DTYPES[entry.dtype].bits // 8
        rows, columns = sizes[-2:]
        if rows * columns * width <= _STRETCH:
            return _whole(old, rows, columns, width)
        return _by_columns(old, prod(sizes[:-2]), rows, columns, width)


def _whole(old: Content, rows: int, columns: int, width: int) -> Iterator[Block]:
    import numpy as np

    for block in rechunk(old.blocks(), max(1, rows * columns * width)):
        matrix = np.frombuffer(block, f"V{width}").reshape(rows, columns)
        yield np.ascontiguousarray(matrix.T).view(np.uint8).reshape(-1).data


def _by_columns(
    old: Content, matrices: int, rows: int, columns: int, width: int
) -> Iterator[Block]:
    import numpy as np

    row = columns * width
    at_once = max(1, BLOCK // row)
    step = max(1, _STRETCH // (rows * width))
    size = rows * row
    for number in range(matrices):
        piece = Piece(old, number * size, (number + 1) * size)
        matrix = Pieces(size, partial(iter, (piece,)))
        for first in range(0, columns, step):
            count = min(step, columns - first)
            made = np.empty((count, rows), f"V{width}")
            start = 0
            for block in rechunk(matrix.blocks(), at_once * row):
                some = np.frombuffer(block, f"V{width}").reshape(-1, columns)
                made[:, start : start + len(some)] = some[:, first : first + count].T
                start += len(some)
            yield made.view(np.uint8).reshape(-1).data
