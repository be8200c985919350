"""Statistics of complex blocks: no order, magnitudes for the rest."""

from typing import Any

import numpy as np

from paramctl.compute.blocks import BLOCK
from paramctl.compute.exact import exact_parts
from paramctl.figures.tally import Tally


def measure_complexes(dtype: str, piece: Any, scale: int = 0) -> Tally:
    """The tally of a C64 piece; a value is NaN when a part is, else infinite when a part is."""
    tally = Tally()
    parts = piece.view("<f4").reshape(-1, 2)
    for start in range(0, len(parts), BLOCK):
        block = parts[start : start + BLOCK].astype(np.float64)
        is_nan = np.isnan(block).any(axis=1)
        is_finite = np.isfinite(block).all(axis=1)
        infinite = int(np.count_nonzero(~is_finite & ~is_nan))
        block = block[is_finite]
        squares = np.add.reduce(block * block, axis=1)
        tally.nan += int(np.count_nonzero(is_nan))
        tally.finite += len(block)
        tally.zeros += int(np.count_nonzero(squares == 0))
        tally.above += infinite
        if infinite:
            tally.stretch(None, None, float("inf"))
        if len(block):
            tally.stretch(None, None, float(np.sqrt(squares.max())))
        tally.sums += exact_parts(block[:, 0])
        tally.imaginary += exact_parts(block[:, 1])
        tally.squares += [float(np.add.reduce(squares))]
    tally.condense()
    return tally
