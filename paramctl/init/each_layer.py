"""Schemes that scale with fans, on tensors that hold layers of different fans."""

import math
from collections.abc import Callable, Sequence

import numpy as np

from paramctl.init.axes import Fans, fans_of_layers
from paramctl.init.base import Axes, Moments, Shape
from paramctl.init.fusion import layer_numbers, layers
from paramctl.init.words import Array


def by_fans(
    shape: Shape, axes: Axes, start: int, stop: int, draw: Callable[[Fans], Array]
) -> Array:
    """Elements ``start`` … ``stop``, each as a tensor of its own layer's fans has it there.

    Args:
        draw: the same elements for given fans.

    Raises:
        UsageError: the fans are not known.
    """
    each = fans_of_layers(shape, axes)
    kinds = list(dict.fromkeys(each))
    if len(kinds) == 1:
        return draw(kinds[0])
    kind = np.array([kinds.index(both) for both in each], np.int16)
    mine = kind[layer_numbers(shape, axes, start, stop)]
    present = np.flatnonzero(np.bincount(mine, minlength=1))
    result = draw(kinds[present[0] if len(present) else 0])
    for number in present[1:]:
        np.copyto(result, draw(kinds[number]), where=mine == number)
    return result


def moments_of_layers(
    shape: Shape, axes: Axes, each: Callable[[Shape, Axes], Moments | None]
) -> Moments | None:
    """What holds for all elements of a tensor, from what holds for each of its layers.

        mean = Σ nᵢ·meanᵢ / n, std² = Σ nᵢ·(stdᵢ² + meanᵢ²) / n - mean²

    ``None`` where it is not known of a layer.
    """
    parts = layers(shape, axes)
    found = {part: each(*part) for part in dict.fromkeys(parts)}
    known = [(math.prod(part.shape), found[part]) for part in parts]
    if len(set(found.values())) == 1:
        return known[0][1]
    return _joined([(count, one) for count, one in known if count])


def _joined(parts: Sequence[tuple[int, Moments | None]]) -> Moments | None:
    moments = [one for _, one in parts if one is not None]
    if len(moments) < len(parts) or not parts:
        return None
    total = sum(count for count, _ in parts)
    weights = [count / total for count, _ in parts]
    mean = math.fsum(w * one.mean for w, one in zip(weights, moments, strict=True))
    stds = [one.std for one in moments if one.std is not None]
    std = None
    if len(stds) == len(parts):
        squares = (s * s + one.mean**2 for s, one in zip(stds, moments, strict=True))
        square = math.fsum(w * s for w, s in zip(weights, squares, strict=True))
        std = math.sqrt(max(0.0, square - mean * mean))
    return Moments(mean, std, min(m.low for m in moments), max(m.high for m in moments))
