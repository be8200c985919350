"""Slopes by which heads forget, for scores that fall with the distance."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from paramctl.engine.execution import Execution
from paramctl.engine.function import FUNCTIONS
from paramctl.expression.errors import LanguageError


@FUNCTIONS.register("alibi_slopes")
def alibi_slopes(execution: Execution, heads: int) -> Any:
    """One slope per head: ``2 ** (-8 i / n)``, i = 1 … n, for n heads that are a power of two.

    For other counts those of the power below, then every other one of the power above.

    Shapes:
        → ``(heads,)``
    Source: Press et al. 2022, arXiv:2108.12409, sec. 3.
    """
    if isinstance(heads, bool) or not isinstance(heads, int) or not 0 < heads <= 10_000:
        raise LanguageError(f"alibi_slopes takes a number of heads, not {heads}")
    below = 2 ** int(math.log2(heads))
    slopes = [2 ** (-8 * i / below) for i in range(1, below + 1)]
    slopes += [2 ** (-4 * i / below) for i in range(1, 2 * (heads - below) + 1, 2)]
    return execution.constant(np.asarray(slopes))
