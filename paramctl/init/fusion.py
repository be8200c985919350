"""Layers that share one tensor along an axis: how many, how large, and where each lies.

``out/3`` is three equal layers, one behind the other. ``out/4+1+1`` is three whose sizes are as
4 to 1 to 1. ``out/3x12`` is three that take turns, in twelve rounds: heads side by side.
"""

import itertools
import math
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from paramctl.errors import UsageError

_NUMBER = r"[1-9]\d{0,8}"
_FUSED = re.compile(
    rf"(?:in|out)/(?:([1-9]\d{{0,3}})|({_NUMBER}(?:\+{_NUMBER})+))(?:x({_NUMBER}))?"
)
_MOST = 10_000


class Layer(NamedTuple):
    """One of the layers: its own shape, and the roles of its axes without the fusion."""

    shape: tuple[int, ...]
    axes: tuple[str, ...]


class _Fusion(NamedTuple):
    """How an axis is shared: the layers' sizes in proportion, and how often they take turns."""

    shares: tuple[int, ...] = (1,)
    turns: int = 1


def is_fused(role: str) -> bool:
    """Whether a role says that layers share the axis."""
    return bool(_FUSED.fullmatch(role))


def fused_role(role: str, shares: Sequence[int], turns: int = 1) -> str:
    """The text of a role: ``out`` of shares 4096, 1024, 1024 is ``out/4+1+1``."""
    unit = math.gcd(*shares)
    equal = len(set(shares)) == 1
    parts = str(len(shares)) if equal else "+".join(str(share // unit) for share in shares)
    return f"{role}/{parts}" + (f"x{turns}" if turns > 1 else "")


def layers(shape: Sequence[int], axes: Sequence[str]) -> list[Layer]:
    """The layers of a tensor in order; the tensor itself where no axis is shared.

    Raises:
        UsageError: an axis does not split so, or there are more than 10,000 layers.
    """
    fusions = [_fusion(role) for role in axes]
    if math.prod(len(fusion.shares) for fusion in fusions) > _MOST:
        raise UsageError(f"more than {_MOST} layers in one tensor: {' '.join(axes)}")
    sizes = [
        [share * _unit(size, role) * fusion.turns for share in fusion.shares]
        for size, role, fusion in zip(shape, axes, fusions, strict=False)
    ]
    rest = [[size] for size in shape[len(sizes) :]]
    roles = tuple(role.partition("/")[0] for role in axes)
    return [Layer(found, roles) for found in itertools.product(*sizes, *rest)]


def places(shape: Sequence[int], axes: Sequence[str]) -> Iterator[Any]:
    """For each of `layers`, the index of its elements in the tensor."""
    owners = [
        _owners(size, axes[place]) if place < len(axes) else np.zeros(size, np.intp)
        for place, size in enumerate(shape)
    ]
    counts = [len(_fusion(role).shares) for role in axes] + [1] * (len(shape) - len(axes))
    for numbers in itertools.product(*map(range, counts)):
        found = zip(owners, numbers, strict=True)
        yield np.ix_(*(np.flatnonzero(owner == number) for owner, number in found))


def layer_numbers(shape: Sequence[int], axes: Sequence[str], start: int, stop: int) -> Any:
    """Which of `layers` each of the elements ``start`` … ``stop`` of the flattened tensor is in."""
    numbers, inner = np.zeros(stop - start, np.int16), math.prod(shape)
    for size, role in zip(shape, axes, strict=True):
        inner //= max(1, size)
        if "/" in role and inner and size:
            rows = np.arange(start // inner, -(-stop // inner) + 1)
            edges = np.clip(rows * inner, start, stop)
            numbers *= len(_fusion(role).shares)
            numbers += np.repeat(_owners(size, role)[rows[:-1] % size], edges[1:] - edges[:-1])
    return numbers


def _fusion(role: str) -> _Fusion:
    found = _FUSED.fullmatch(role)
    if found is None:
        return _Fusion()
    count, shares, turns = found.groups()
    parts = (1,) * int(count) if count else tuple(map(int, shares.split("+")))
    return _Fusion(parts, int(turns or 1))


def _unit(size: int, role: str) -> int:
    """How many places of an axis a share of 1 has in one round."""
    fusion = _fusion(role)
    count = sum(fusion.shares) * fusion.turns
    if size % count:
        raise UsageError(f"{size} does not split into {count} for the role {role}")
    return size // count


def _owners(size: int, role: str) -> Any:
    """The number of the layer at each place of an axis."""
    fusion, unit = _fusion(role), _unit(size, role)
    repeats = [share * unit for share in fusion.shares]
    return np.tile(np.repeat(np.arange(len(repeats), dtype=np.int16), repeats), fusion.turns)
