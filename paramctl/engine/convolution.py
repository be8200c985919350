"""Convolution as one matrix product: patches as columns, and columns added back as patches."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from paramctl.engine.shapes import Size, show
from paramctl.expression.errors import LanguageError

BLOCK = 1 << 22  # elements of columns held at once
Each = int | Sequence[int]


@dataclass(frozen=True)
class Geometry:
    """How a window moves over the spatial axes; one number per axis each.

    Attributes:
        pads: zeros (before, after) on each axis.
    """

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    pads: tuple[tuple[int, int], ...]

    @property
    def reach(self) -> tuple[int, ...]:
        """How many neighbouring elements a window spans."""
        return tuple(d * (k - 1) + 1 for k, d in zip(self.kernel, self.dilation, strict=True))

    @property
    def count(self) -> int:
        """Elements of a window."""
        return math.prod(self.kernel)

    @property
    def is_plain(self) -> bool:
        """Whether windows are single elements, each visited once."""
        return self.count == 1 and set(self.stride) == {1} and not any(map(any, self.pads))

    def outputs(self, sizes: Sequence[Size], *, ceil: bool = False) -> tuple[Size, ...]:
        """How many windows fit on each axis.

        Raises:
            LanguageError: none fits.
        """
        found: list[Size] = []
        for size, reach, stride, pad in zip(sizes, self.reach, self.stride, self.pads, strict=True):
            room = size + sum(pad) - reach
            if isinstance(room, int) and room < 0:
                raise LanguageError(
                    f"a window of {show(self.reach)} does not fit into {show(sizes)}"
                )
            up = stride - 1 if ceil else 0
            count = (room + up) // stride + 1
            if ceil and isinstance(count, int) and isinstance(size, int):
                # A last window that begins in the padding after the input is left out.
                count -= (count - 1) * stride >= size + pad[0]
            found.append(count)
        return tuple(found)

    def windows(self, outputs: Sequence[int]) -> Iterator[tuple[slice, ...]]:
        """For each element of the window, where on the padded axes it falls."""
        for place in itertools.product(*map(range, self.kernel)):
            yield tuple(
                slice(k * d, k * d + (n - 1) * s + 1, s)
                for k, d, s, n in zip(place, self.dilation, self.stride, outputs, strict=True)
            )


def geometry(kernel: Sequence[int], stride: Each, padding: Each | str, dilation: Each) -> Geometry:
    """Options of a call as one number per axis.

    Args:
        padding: a number, one per axis, a pair (before, after) per axis, ``same`` or ``valid``.

    Raises:
        LanguageError: an option has another number of axes or is below its least value.
    """
    rank = len(kernel)
    steps = _per_axis("stride", stride, rank, 1)
    spread = _per_axis("dilation", dilation, rank, 1)
    if padding == "same":
        if set(steps) != {1}:
            raise LanguageError("padding 'same' needs a stride of 1")
        totals = [d * (k - 1) for k, d in zip(kernel, spread, strict=True)]
        pads = tuple((total // 2, total - total // 2) for total in totals)
    elif isinstance(padding, str):
        if padding != "valid":
            raise LanguageError(f"padding is a number, 'same' or 'valid', not '{padding}'")
        pads = ((0, 0),) * rank
    else:
        pads = _pads(padding, rank)
    return Geometry(tuple(kernel), steps, spread, pads)


def _per_axis(name: str, given: Each, rank: int, least: int) -> tuple[int, ...]:
    values = (given,) * rank if isinstance(given, int) else tuple(given)
    if len(values) != rank or any(not isinstance(v, int) or v < least for v in values):
        raise LanguageError(f"{name} needs {rank} numbers of at least {least}, not {given}")
    return values


def _pads(padding: Any, rank: int) -> tuple[tuple[int, int], ...]:
    if not isinstance(padding, int) and padding and not isinstance(padding[0], int):
        pairs = [tuple(_per_axis("padding", pair, 2, 0)) for pair in padding]
        if len(pairs) != rank:
            raise LanguageError(f"padding needs {rank} pairs, not {padding}")
        return tuple((before, after) for before, after in pairs)
    return tuple((side, side) for side in _per_axis("padding", padding, rank, 0))


def padded(xp: Any, x: Any, pads: Sequence[tuple[int, int]], fill: float = 0.0) -> Any:
    """x with ``fill`` around its spatial axes; x itself where there is none."""
    if not any(map(any, pads)):
        return x
    sizes = [size + sum(pad) for size, pad in zip(x.shape[2:], pads, strict=True)]
    whole = xp.full((*x.shape[:2], *sizes), fill, dtype=x.dtype)
    inside = (slice(b, b + n) for (b, _), n in zip(pads, x.shape[2:], strict=True))
    whole[(slice(None), slice(None), *inside)] = x
    return whole


def columns(xp: Any, x: Any, moves: Geometry) -> Any:
    """The window around each output as a column.

    Shapes:
        x ``(batch, channels, *spatial)`` → ``(batch, channels * window, positions)``
    """
    if moves.is_plain:
        return xp.reshape(x, (*x.shape[:2], math.prod(x.shape[2:])))
    outputs: Any = moves.outputs(x.shape[2:])
    whole = padded(xp, x, moves.pads)
    parts = [whole[(slice(None), slice(None), *window)] for window in moves.windows(outputs)]
    stacked = xp.stack(parts, axis=2)
    return xp.reshape(stacked, (x.shape[0], x.shape[1] * moves.count, math.prod(outputs)))


def patches(xp: Any, columns: Any, sizes: Sequence[int], moves: Geometry) -> Any:
    """Columns added up where they came from; the transpose of ``columns``.

    Shapes:
        columns ``(batch, channels * window, positions)`` → ``(batch, channels, *sizes)``
    """
    batch, channels = columns.shape[0], columns.shape[1] // moves.count
    if moves.is_plain:
        return xp.reshape(columns, (batch, channels, *sizes))
    outputs: Any = moves.outputs(sizes)
    parts = xp.reshape(columns, (batch, channels, moves.count, *outputs))
    padded_sizes = [size + sum(pad) for size, pad in zip(sizes, moves.pads, strict=True)]
    whole = xp.zeros((batch, channels, *padded_sizes), dtype=columns.dtype)
    for place, window in enumerate(moves.windows(outputs)):
        whole[(slice(None), slice(None), *window)] += parts[:, :, place, ...]
    inside = (slice(b, b + n) for (b, _), n in zip(moves.pads, sizes, strict=True))
    return whole[(slice(None), slice(None), *inside)]


def batches(count: int, per_entry: int) -> Iterator[slice]:
    """Runs of batch entries whose columns together stay below ``BLOCK`` elements."""
    step = max(1, BLOCK // max(1, per_entry))
    for start in range(0, count, step):
        yield slice(start, min(start + step, count))
