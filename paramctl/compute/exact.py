"""Sums without rounding: floats are split at a common bit until each half adds up exactly.

Source: Rump, Ogita & Oishi 2008, Accurate floating-point summation, part I, algorithm 3.2.
"""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

_FEW = 16  # numbers that are not worth the calls


def exact_parts(values: Any) -> list[float]:
    """A few floats whose exact total is the exact total of ``values``.

    ``values`` are finite float64 of magnitude below 2**900; they are not changed.
    """
    rest = np.array(values, np.float64).reshape(-1)
    if len(rest) <= _FEW:
        return list(rest.tolist())
    parts: list[float] = []
    margin = len(rest).bit_length() + 1
    while len(rest):
        largest = max(float(rest.max()), -float(rest.min()))
        if largest == 0:
            break
        # Adding and taking away a power of two keeps only the bits above its last one; so few
        # are left that their sum can't need rounding.
        split = math.ldexp(1.0, math.frexp(largest)[1] + margin)
        high = rest + split
        high -= split
        rest -= high
        parts.append(float(np.add.reduce(high)))
    return parts


def total(parts: Iterable[float | int]) -> float:
    """The total of floats and integers, rounded once."""
    numbers = list(parts)
    whole = 0
    if set(map(type, numbers)) - {float}:
        whole = sum(part for part in numbers if isinstance(part, int))
        numbers = [part for part in numbers if not isinstance(part, int)]
    high = float(whole)
    return math.fsum([*numbers, high, float(whole - int(high))])
