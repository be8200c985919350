"""Large arrays of the host in pieces that fit a core's cache, on all threads.

Pieces depend on shapes alone. What an operation makes of an element or a row does not depend on
its neighbours, so results are those of the whole.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from paramctl.compute.team import run_parts

PIECE = 1 << 16  # elements: 256 KiB in float32, beside a result and one on the way


def is_large(x: Any) -> bool:
    """Whether it is an array of the host that pays to be cut up: plain floats without gaps."""
    if not isinstance(x, np.ndarray) or x.size < 2 * PIECE:
        return False
    return x.dtype.kind == "f" and x.flags.c_contiguous


def run_rows(fill: Callable[[slice], None], x: Any) -> None:
    """``fill`` for runs of x's last axis but one: many of a large array of the host, or all."""
    length = x.shape[-2]
    parts = min(length, x.size // PIECE) if isinstance(x, np.ndarray) else 1
    step = -(-length // max(1, parts))
    spans = [slice(start, start + step) for start in range(0, length, step or 1)]
    run_parts(lambda part: fill(spans[part]), len(spans))


def in_pieces(value: Callable[[Any], Any], x: Any, width: int) -> Any:
    """``value(x)`` computed some rows of ``width`` elements at a time; it keeps shape and dtype."""
    rows = x.reshape(-1, width) if width > 1 else x.reshape(-1)
    result = np.empty_like(rows)
    step = max(1, PIECE // width)

    def fill(part: int) -> None:
        span = slice(part * step, (part + 1) * step)
        result[span] = value(rows[span])

    run_parts(fill, -(-len(rows) // step))
    return result.reshape(x.shape)
