"""A tensor in tiles of bounded size that follow its axes, however wide its rows are."""

from collections.abc import Iterator
from itertools import product
from math import prod
from typing import NamedTuple

from paramctl.formats.content import BLOCK


class Tile(NamedTuple):
    """Elements that lie next to each other.

    Attributes:
        outer: the place on each of the first axes.
        start, stop: the places on the axis behind those; all of the axes that follow.
        shape: of the tile without the outer axes.
    """

    outer: tuple[int, ...]
    start: int
    stop: int
    shape: tuple[int, ...]

    @property
    def where(self) -> tuple[int | slice, ...]:
        """What picks the tile out of the tensor."""
        return (*self.outer, slice(self.start, self.stop))


def tiles(shape: tuple[int, ...], itemsize: int) -> Iterator[Tile]:
    """Tiles of about ``BLOCK`` bytes in the order of the elements, all of them together.

    Args:
        shape: of rank 1 and more.
        itemsize: bytes of an element.
    """
    if 0 in shape:
        return
    axis = next(
        place for place in range(len(shape)) if itemsize * prod(shape[place + 1 :]) <= BLOCK
    )
    inner = shape[axis + 1 :]
    at_once = max(1, BLOCK // (itemsize * prod(inner)))
    for outer in product(*map(range, shape[:axis])):
        for start in range(0, shape[axis], at_once):
            stop = min(start + at_once, shape[axis])
            yield Tile(outer, start, stop, (stop - start, *inner))
