"""The area under the normal curve, cut into layers of one area and a small rest.

A layer is a box from -x to x between two heights, wholly below ``exp(-x²/2)``. They are stacked
from the ground up until no other fits; what lies between them and the curve is the rest. Its
area is that of a few layers, so a random number picks one of either with the right odds.
"""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from paramctl.init.series import logarithm, taylor
from paramctl.init.words import Array

COUNT = 2048  # shares of one area, the few of the rest included
_AREA = math.sqrt(math.pi / 2) / COUNT  # of half a share
_GRID = 2.0**-20  # widths are multiples of it: exact in float32, and no last bit decides them
_FAR = 9.6  # the curve is below 2⁻⁵³ of its height at the widest layer there


class Rest(NamedTuple):
    """Boxes on the right of 0 that cover what lies between layers and curve, the tail first.

    Attributes:
        ends: running totals of their areas.
        left, width: where they stand.
        low, height: the height they begin at, and how much they reach above it.
    """

    ends: Array
    left: Array
    width: Array
    low: Array
    height: Array


@lru_cache(maxsize=1)
def widths() -> Array:
    """Half the width of each layer, from the ground up."""
    found: list[float] = []
    height, x = 0.0, 4.0
    while x := _widest(height, x):
        found.append(x)
        height += _AREA / x
    return np.array(found)


@lru_cache(maxsize=1)
def rest() -> Rest:
    """What the layers leave."""
    inner = np.array([*widths(), 0.0])
    tops = np.cumsum(_AREA / widths())
    low, high = np.array([0.0, *tops]), np.array([*tops, 1.0])
    outer = np.array([_FAR, *(np.sqrt(-2 * logarithm(tops)) + _GRID)])  # the curve, and a little
    areas = (outer - inner) * (high - low)
    return Rest(np.cumsum(areas), inner, outer - inner, low, high - low)


def _widest(height: float, guess: float) -> float:
    """The widest layer that stands on this height, on the grid; 0 where none fits."""
    x, step = guess, 1.0
    while abs(step) > _GRID / 8:  # Newton's, for x·(exp(-x²/2) - height) = area
        curve = taylor(x * x / 2)
        slope = curve * (1 - x * x) - height
        if slope >= 0:
            return 0.0
        step = (x * (curve - height) - _AREA) / slope
        x -= step
    return math.floor(x / _GRID - 0.5) * _GRID
