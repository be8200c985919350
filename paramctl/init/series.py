"""Functions such as exp from sums and products alone: the same bits on every processor.

What NumPy and the C library have differs in its last bits between processors and releases.
"""

import math
from typing import TypeVar

import numpy as np

from paramctl.init.words import Array

Number = TypeVar("Number", float, Array)

_SQUARINGS = 8
_EXPONENTIAL = [1 / 40320, 1 / 5040, 1 / 720, 1 / 120, 1 / 24, 1 / 6, 1 / 2, 1.0]
_LOGARITHM = [2 / order for order in range(25, 0, -2)]
_MOST = 64.0
_LN2 = 0.6931471805599453


def exp_minus(exponent: Array) -> Array:
    """``exp(-t)`` for t ≥ 0 in float64, to a relative 1e-12 up to t = 16 and 1e-8 up to 64."""
    return taylor(np.minimum(exponent, _MOST))


def taylor(exponent: Number) -> Number:
    """``exp(-t)`` for 0 ≤ t ≤ 64: the series of order 8 at t/256, squared eight times."""
    small = exponent * -(0.5**_SQUARINGS)
    result = small * _EXPONENTIAL[0]
    for coefficient in _EXPONENTIAL[1:]:
        result += coefficient
        result *= small
    result += 1.0
    for _ in range(_SQUARINGS):
        result *= result
    return result


def logarithm(values: Array) -> Array:
    """The natural logarithm of positive float64, to a relative 1e-15 away from 1.

    With x = m·2ᵉ and r = (m - 1)/(m + 1) it is e·log 2 + 2 (r + r³/3 + r⁵/5 + …).
    """
    fraction, exponent = np.frexp(values)
    is_small = fraction < 0.70710678
    fraction = np.where(is_small, 2 * fraction, fraction)
    ratio = (fraction - 1) / (fraction + 1)
    square = ratio * ratio
    total = np.zeros_like(ratio)
    for coefficient in _LOGARITHM:
        total *= square
        total += coefficient
    result: Array = ratio * total + (exponent - is_small) * _LN2
    return result


def sine_cosine(angle: float) -> tuple[float, float]:
    """Sine and cosine by their series, after whole quarters of the circle are taken off."""
    quarters = round(angle / (math.pi / 2))
    rest = angle - quarters * (math.pi / 2)
    square, sine, cosine = rest * rest, 0.0, 0.0
    for n in range(18, -1, -2):
        cosine = 1 - square / ((n + 1) * (n + 2)) * cosine
        sine = 1 - square / ((n + 2) * (n + 3)) * sine
    sine *= rest
    return [(sine, cosine), (cosine, -sine), (-sine, -cosine), (-cosine, sine)][quarters % 4]
