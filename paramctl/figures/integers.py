"""Statistics of integer blocks of 16 to 64 bits; extremes and sums are exact."""

from typing import Any

import numpy as np

from paramctl.compute.blocks import BLOCK, rows
from paramctl.compute.decode import decode
from paramctl.dtypes import DTYPES
from paramctl.figures.tally import Tally


def measure_integers(dtype: str, piece: Any, scale: int = 0) -> Tally:
    """The tally of a piece; squares are of values rounded to float64."""
    tally = Tally()
    values = piece.view(DTYPES[dtype].numpy())
    for start in range(0, len(values), BLOCK):
        block = values[start : start + BLOCK]
        low, high = int(block.min()), int(block.max())
        tally.finite += len(block)
        tally.zeros += len(block) - int(np.count_nonzero(block))
        tally.stretch(low, high, max(-low, high))
        tally.sums.append(_exact_sum(block))
        floats = decode(dtype, block.view(np.uint8))
        np.multiply(floats, floats, out=floats)
        for square_rows in rows(floats):
            tally.squares += np.add.reduce(square_rows, axis=1).tolist()
    tally.condense()
    return tally


def _exact_sum(block: Any) -> int:
    """The sum of a block; 64-bit integers are added in halves, which can't overflow."""
    if block.dtype.itemsize < 8:
        return int(np.add.reduce(block, dtype=np.int64))
    high = int(np.add.reduce(block >> 32))
    low = int(np.add.reduce(block & 0xFFFFFFFF))
    return (high << 32) + low
