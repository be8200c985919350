"""What the axes of a tensor are for, and the fans that follow from it."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from paramctl.errors import UsageError
from paramctl.init.fusion import is_fused, layers
from paramctl.names import near

ROLES = ("in", "out", "spatial", "expert")
"""``in`` and ``out`` are mixed by the layer, ``spatial`` is a kernel's extent, ``expert`` counts
independent matrices that share one tensor. ``in`` and ``out`` may be shared by several layers:
``out/3``, and what else `paramctl.init.fusion` reads."""

_SHARED = "out/3 for three layers in one, out/4+1+1 for unequal ones, out/3x12 for turns"


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
        if role not in ROLES and not is_fused(role):
            similar = near(role, ROLES, 1)
            known = f"roles are {', '.join(ROLES)}; {_SHARED}"
            hint = f"did you mean {similar[0]}?" if similar else known
            raise UsageError(f"no axis role named '{role}'", hint=hint)
    return roles


def fans(shape: Sequence[int], axes: Sequence[str]) -> Fans:
    """The fans of one tensor, from the roles of its axes and never from its shape alone.

        fan_in = product(in) · product(spatial)
        fan_out = product(out) · product(spatial)

    Experts are matrices of their own and count in neither, and so are fused layers.

    Raises:
        UsageError: fewer than two axes, no roles, or none of role ``in`` or ``out``; or it
            holds layers of different fans.
    """
    each = fans_of_layers(shape, axes)
    if len(set(each)) > 1:
        listed = ", ".join(f"({both.fan_in}, {both.fan_out})" for both in dict.fromkeys(each))
        raise UsageError(f"its layers have different fans (in, out): {listed}")
    return each[0]


def fans_of_layers(shape: Sequence[int], axes: Sequence[str]) -> list[Fans]:
    """The fans of each layer that shares a tensor, in order; mostly there is one.

    Raises:
        UsageError: as `fans`, but layers may differ.
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
    each = layers(shape, axes)
    roles = each[0].axes
    if "in" not in roles or "out" not in roles:
        raise UsageError(
            f"fans need an axis of role in and one of role out, not: {' '.join(roles)}"
        )
    found = {layer: _fans(*layer) for layer in dict.fromkeys(each)}
    return [found[layer] for layer in each]


def _fans(shape: Sequence[int], axes: Sequence[str]) -> Fans:
    """The fans of one layer."""
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
