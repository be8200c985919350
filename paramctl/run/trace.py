"""One row per module call: what came out of it and how long it took."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from paramctl.engine.module import Module
from paramctl.engine.promotion import is_complex
from paramctl.run.values import tensors


@dataclass(frozen=True)
class Row:
    """Figures of the first tensor that a module gave.

    Attributes:
        module: its path, empty for the whole model.
        type_name: the block it was made from.
        shape: ``None`` when it gave no tensor.
        mean, std, absmax: of what is finite; ``None`` for nothing.
        nan, inf: elements of either kind.
        seconds: with the modules inside it.
    """

    module: str
    type_name: str
    shape: tuple[int, ...] | None
    mean: float | None
    std: float | None
    absmax: float | None
    nan: int
    inf: int
    seconds: float


class Trace:
    """A hook that notes every call, in the order in which calls begin."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._open: list[tuple[int, float]] = []
        self._rows: list[Row | None] = []

    @property
    def rows(self) -> list[Row]:
        """The rows of the calls that ended."""
        return [row for row in self._rows if row is not None]

    def before(self, module: Module, values: Sequence[Any]) -> None:
        """Start the clock."""
        self._open.append((len(self._rows), self._clock()))
        self._rows.append(None)

    def after(self, module: Module, value: Any) -> None:
        """Stop it and take figures."""
        place, start = self._open.pop()
        found = next(tensors(value), None)
        if found is not None:
            found.execution.backend.sync()
        seconds = self._clock() - start
        self._rows[place] = _row(module, found, seconds)


def _row(module: Module, tensor: Any, seconds: float) -> Row:
    if tensor is None or tensor.array is None:
        return Row(module.path, module.type_name, None, None, None, None, 0, 0, seconds)
    xp, array = tensor.execution.backend.xp, tensor.array
    magnitudes = xp.abs(array)
    nan = int(xp.count_nonzero(magnitudes != magnitudes))
    inf = int(xp.count_nonzero(magnitudes == float("inf")))
    mean = std = absmax = None
    if nan or inf:
        keep = xp.isfinite(magnitudes)
        array, magnitudes = array[keep], magnitudes[keep]
    if array.size:
        wide = xp.astype(magnitudes if is_complex(tensor.dtype) else array, xp.float64)
        mean, std = float(xp.mean(wide)), float(xp.std(wide))
        absmax = float(xp.max(magnitudes))
    shape = tuple(tensor.shape)
    return Row(module.path, module.type_name, shape, mean, std, absmax, nan, inf, seconds)
