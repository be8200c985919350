"""Normal values from random words, many at a time.

A word's low bits pick one of the layers under the curve, and the word as a whole number a place
in it: that is the value. Three words in 2,048 pick the rest instead; they are replaced, in
order, by draws from there. It is a ziggurat without tests. Only sums, products, roots and
comparisons are used, which round alike on every processor.
"""

from functools import lru_cache

import numpy as np

from paramctl.init.layers import COUNT, rest, widths
from paramctl.init.series import exp_minus
from paramctl.init.words import Array, Words, unit

_STEP = 1 << 18  # words at once: a shorter step costs threads more in waiting for each other
_SPARE = 2.4  # proposals for each draw of the rest; four in nine are kept


def normals(words: Words, count: int, dtype: str, std: float = 1.0) -> Array:
    """The first ``count`` values of N(0, std) that the words give, ``float32`` or ``float64``.

    How many are drawn leaves them as they are.
    """
    values, generator = np.empty(count, dtype), words.generator()
    step = min(_STEP, count)
    layer, width = np.empty(step, np.intp), np.empty(step, dtype)
    outside = [np.empty(0, np.intp)]
    for start in range(0, count, _STEP):
        part = values[start : start + _STEP]
        width = width[: len(part)]
        places = _fill(part, layer[: len(part)], width, generator, _scales(dtype, std))
        outside.append(places + start)
    places = np.concatenate(outside)
    if len(places):
        values[places] = std * _of_the_rest(words.branch("rest"), len(places))
    return values


def _fill(
    values: Array, layer: Array, width: Array, generator: np.random.SFC64, scales: Array
) -> Array:
    """Fill ``values`` from the next words; returns where the rest was picked."""
    words = generator.random_raw(-(-values.nbytes // 8)).astype("<u8", copy=False)
    places = words.view(f"<i{values.itemsize}")[: len(values)]
    np.bitwise_and(places, COUNT - 1, out=layer)
    np.copyto(values, places, casting="unsafe")
    values *= np.take(scales, layer, out=width, mode="clip")
    return np.flatnonzero(layer >= len(widths()))


@lru_cache(maxsize=64)
def _scales(dtype: str, std: float) -> Array:
    """By layer, what a place is multiplied by; for the rest it does not matter."""
    farthest = 2.0 ** (8 * np.dtype(dtype).itemsize - 1)
    return np.resize(widths() * std / farthest, COUNT).astype(dtype)


def _of_the_rest(words: Words, count: int) -> Array:
    """The first ``count`` draws from between the layers and the curve."""
    boxes, generator = rest(), words.generator()
    kept: list[Array] = []
    while (missing := count - sum(map(len, kept))) > 0:
        pairs = generator.random_raw(2 * (int(_SPARE * missing) + 8)).reshape(-1, 2)
        area = unit(pairs[:, 0]) * boxes.ends[-1]
        box = np.searchsorted(boxes.ends, area, side="right")
        x = boxes.left[box] + (boxes.ends[box] - area) / boxes.height[box]
        height = boxes.low[box] + boxes.height[box] * unit(pairs[:, 1])
        signed = np.where(pairs[:, 1] & np.uint64(1), x, -x)
        kept.append(signed[height < exp_minus(x * x / 2)])
    return np.concatenate(kept)[:count]
