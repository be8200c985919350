"""A slice of the standard normal, by rejection of uniform proposals."""

import math

import numpy as np

from paramctl.init.series import exp_minus
from paramctl.init.words import Array, Words, unit

_FEWEST, _MOST = 256, 1 << 16  # proposals at once


def between(words: Words, count: int, left: float, right: float) -> Array:
    """The first ``count`` values of N(0, 1) given left ≤ z ≤ right, in float64.

    A proposal is kept with probability ``exp(-(z² - z₀²) / 2)``, z₀ the most likely one. How
    many values are drawn leaves them as they are.
    """
    peak = min(max(0.0, left), right)
    far = math.sqrt(peak * peak + 2 * 37.0) - abs(peak)  # the density is 2⁻⁵³ of its peak there
    left, right = max(left, peak - far), min(right, peak + far)
    generator = words.generator()
    kept, missing = [np.empty(0)], count
    while missing > 0:
        tries = min(max(_FEWEST, 2 * missing), _MOST)
        pairs = unit(generator.random_raw(2 * tries)).reshape(tries, 2)
        z = left + (right - left) * pairs[:, 0]
        kept.append(z[pairs[:, 1] < exp_minus((z - peak) * (z + peak) / 2)])
        missing -= len(kept[-1])
    return np.concatenate(kept)[:count]
