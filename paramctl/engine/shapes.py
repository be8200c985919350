"""Arithmetic on shapes whose sizes may be unknown, with errors that show both sides."""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from paramctl.engine.unknown import Unknown
from paramctl.expression.errors import LanguageError

Size: TypeAlias = int | Unknown
Shape: TypeAlias = tuple[Size, ...]

MOST_ELEMENTS = 2**48


def show(shape: Iterable[Size]) -> str:
    """A shape as messages write it: ``[2, ?, 64]``."""
    return f"[{', '.join(str(size) for size in shape)}]"


def is_known(shape: Iterable[Size]) -> bool:
    """Whether every size is a number."""
    return not any(issubclass(kind, Unknown) for kind in set(map(type, shape)))


def differ(one: Size, other: Size) -> bool:
    """Whether two sizes are both known and not the same."""
    return isinstance(one, int) and isinstance(other, int) and one != other


def unify(one: Size, other: Size) -> Size:
    """The size that both are; the known one where only one is known. Check ``differ`` first."""
    return other if isinstance(one, Unknown) else one


def product(sizes: Iterable[Size]) -> Size:
    """The product of sizes; unknown as soon as one is, unless another is zero."""
    total: Size = 1
    sizes = tuple(sizes)
    if any(isinstance(size, int) and size == 0 for size in sizes):
        return 0
    for size in sizes:
        total = total * size
    return total


def broadcast_sizes(one: Size, other: Size) -> Size | None:
    """The size that two broadcast to; ``None`` when they don't.

    An unknown beside ``n > 1`` gives ``n``: it can only be ``n`` or 1.
    """
    if isinstance(one, int) and one == 1:
        return other
    if isinstance(other, int) and other == 1:
        return one
    if isinstance(one, Unknown):
        return other
    return None if differ(one, other) else one


def broadcast(*shapes: Shape, what: str = "shapes") -> Shape:
    """The shape that all broadcast to, NumPy's rule: aligned at the last axis, 1 stretches.

    Raises:
        LanguageError: two sizes differ and neither is 1; the text shows all shapes.
    """
    if all(map(is_known, shapes)) and len(set(shapes)) == 1:
        return shapes[0]
    rank = max((len(shape) for shape in shapes), default=0)
    result: list[Size] = [1] * rank
    for shape in shapes:
        for back, size in enumerate(reversed(shape), start=1):
            stretched = broadcast_sizes(result[-back], size)
            if stretched is None:
                listed = " and ".join(show(shape) for shape in shapes)
                raise LanguageError(f"{what} {listed} don't broadcast")
            result[-back] = stretched
    return tuple(result)


def axis_of(axis: int, rank: int, what: str = "axis") -> int:
    """An axis counted from the front.

    Raises:
        LanguageError: there is no such axis.
    """
    if not isinstance(axis, int) or isinstance(axis, bool) or not -rank <= axis < rank:
        raise LanguageError(f"no {what} {axis} in a tensor of rank {rank}")
    return axis % rank


def axes_of(axes: int | Sequence[int] | None, rank: int) -> tuple[int, ...]:
    """Axes counted from the front and sorted; ``None`` means all.

    Raises:
        LanguageError: one is out of range or named twice.
    """
    if axes is None:
        return tuple(range(rank))
    given = (axes,) if isinstance(axes, int) else tuple(axes)
    counted = tuple(sorted(axis_of(axis, rank) for axis in given))
    if len(set(counted)) != len(counted):
        raise LanguageError(f"axes {show(given)} name one axis twice")
    return counted


def require_possible(shape: Shape) -> None:
    """Refuse a shape of more elements than any machine has bytes.

    Raises:
        LanguageError: the text shows the shape.
    """
    count = 1
    for size in shape:
        if isinstance(size, int):
            count *= size
    if count >= MOST_ELEMENTS and 0 not in shape:
        raise LanguageError(f"a tensor {show(shape)} has 2**48 elements or more")
