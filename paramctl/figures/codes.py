"""Statistics of types of 8 bits and fewer: everything follows from how often each code occurs."""

from typing import Any

import numpy as np

from paramctl.compute.decode import table
from paramctl.dtypes import DTYPES
from paramctl.figures.tally import Tally


def count_codes(dtype: str, piece: Any) -> Any:
    """How often each code occurs, 256 counts, or 16 for F4.

    Bytes are counted two at a time, which halves the work.
    """
    if dtype == "F4":
        per_byte = count_codes("U8", piece).reshape(16, 16)
        return per_byte.sum(axis=0) + per_byte.sum(axis=1)
    if len(piece) < 1 << 16:
        return np.bincount(piece, minlength=256)
    even = len(piece) & ~1
    pairs = np.bincount(piece[:even].view(np.uint16), minlength=1 << 16).reshape(256, 256)
    counts = pairs.sum(axis=0) + pairs.sum(axis=1)
    if even < len(piece):
        counts[piece[-1]] += 1
    return counts


def measure_codes(dtype: str, piece: Any, scale: int = 0) -> Tally:
    """The tally of a piece; products of a value and its count are exact in float64."""
    counts = count_codes(dtype, piece)
    values = table(dtype)
    present = counts > 0
    is_finite = np.isfinite(values)
    tally = Tally(
        finite=int(counts[is_finite].sum()),
        zeros=int(counts[values == 0].sum()),
        nan=int(counts[np.isnan(values)].sum()),
    )
    found, times = values[present & is_finite], counts[present & is_finite]
    if len(found):
        tally.sums = (found * times).tolist()
        tally.squares = (found * found * times).tolist()
        extremes = [found.min() + 0.0, found.max() + 0.0, np.abs(found).max()]
        exact = int if DTYPES[dtype].family != "float" else float
        tally.stretch(*(exact(extreme) for extreme in extremes))
    above, below = counts[np.isposinf(values)].sum(), counts[np.isneginf(values)].sum()
    tally.infinities(int(above), int(below))
    tally.condense()
    return tally
