"""What the axes of a tensor are for, and the fans that follow from it."""

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

from paramctl.errors import UsageError
from paramctl.names import near

ROLES = ("in", "out", "spatial", "expert")
"""``in`` and ``out`` are mixed by the layer, ``spatial`` is a kernel's extent, ``expert`` counts
independent matrices that share one tensor. ``out/3`` is three layers fused one behind the other."""
_FUSED = re.compile(r"(in|out)/([1-9]\d{0,3})")


class Fans(NamedTuple):
    """How many inputs feed one output, and how many outputs one input feeds."""

    fan_in: int
    fan_out: int

    @property
    def average(self) -> float:
        """The mean of both."""
        return (self.fan_in + self.fan_out) / 2


def parse_axes(text: str) -> tuple[str, ...]:
    """The roles of a text such as ``out in`` or ``out,in,spatial``.

    Raises:
        UsageError: a word is no role.
    """
    roles = tuple(text.replace(",", " ").split())
    for role in roles:
        if role not in ROLES and not _FUSED.fullmatch(role):
            similar = near(role, ROLES, 1)
            known = f"roles are {', '.join(ROLES)}; out/3 for three layers in one"
            hint = f"did you mean {similar[0]}?" if similar else known
            raise UsageError(f"no axis role named '{role}'", hint=hint)
    return roles


def apart(shape: Sequence[int], axes: Sequence[str]) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """The shape and the roles of one of the layers that are fused along an axis.

    Raises:
        UsageError: the axis does not split into that many.
    """
    sizes, roles = list(shape), list(axes)
    for place, role in enumerate(axes):
        roles[place], _, count = role.partition("/")
        if count and sizes[place] % int(count):
            raise UsageError(f"{sizes[place]} does not split into {count} for the role {role}")
        sizes[place] //= int(count or 1)
    return tuple(sizes), tuple(roles)


def fans(shape: Sequence[int], axes: Sequence[str]) -> Fans:
    """The fans of one tensor, from the roles of its axes and never from its shape alone.

        fan_in = product(in) · product(spatial)
        fan_out = product(out) · product(spatial)

    Experts are matrices of their own and count in neither, and so are fused layers.

    Raises:
        UsageError: fewer than two axes, no roles, or none of role ``in`` or ``out``.
    """
    if len(shape) < 2:
        raise UsageError(f"fans need two axes or more, and it has {len(shape) or 'none'}")
    if not axes:
        raise UsageError(
            "which axis is in and which is out is not known",
            hint='say it: --axes "NAME=out in", or use a spec',
        )
    if len(axes) != len(shape):
        raise UsageError(f"{len(shape)} axes, but roles for {len(axes)}: {' '.join(axes)}")
    shape, axes = apart(shape, axes)
    if "in" not in axes or "out" not in axes:
        raise UsageError(f"fans need an axis of role in and one of role out, not: {' '.join(axes)}")
    sizes = {
        role: math.prod(n for n, axis in zip(shape, axes, strict=True) if axis == role)
        for role in ROLES
    }
    return Fans(sizes["in"] * sizes["spatial"], sizes["out"] * sizes["spatial"])


def parse_shape(text: str) -> tuple[int, ...]:
    """The sizes of a text such as ``256x20``.

    Raises:
        UsageError: a size is no whole number.
    """
    parts = text.lower().replace("×", "x").split("x")
    if not all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts):
        raise UsageError(f"expected sizes such as 256x20, found '{text}'")
    return tuple(map(int, parts))


def usual_axes(rank: int) -> tuple[str, ...]:
    """The roles of torch's weights: ``out``, ``in`` and then a kernel's extent."""
    return ("out", "in", *["spatial"] * (rank - 2))[:rank]
