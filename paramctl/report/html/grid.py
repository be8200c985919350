"""Names of repeated layers as a grid: a column per layer, a row per place in a layer."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from paramctl.names import layer_segment, natural_key

_INNER = re.compile(r"(?<![^.])[0-9]+(?![^.])")


@dataclass
class Grid:
    """The layers of one container.

    Attributes:
        container: the path before the layers' numbers.
        layers: their numbers, ascending.
        rows: what stands behind the numbers; experts and other inner numbers are ``*``.
        cells: the names at a row and a layer.
    """

    container: str
    layers: list[int] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)
    cells: dict[tuple[str, int], list[str]] = field(default_factory=dict)


def grids(names: Iterable[str]) -> list[Grid]:
    """A grid per container of at least two layers, those with the most names first."""
    found: dict[str, Grid] = {}
    for name in names:
        place = layer_segment(name)
        if place is None:
            continue
        container, layer = place
        behind = name[len(container) + 1 :] if container else name.removeprefix(".")
        row = _INNER.sub("*", behind.partition(".")[2])
        grid = found.setdefault(container, Grid(container))
        grid.cells.setdefault((row, layer), []).append(name)
    kept = []
    for grid in found.values():
        grid.layers = sorted({layer for _, layer in grid.cells})
        grid.rows = sorted({row for row, _ in grid.cells}, key=natural_key)
        if len(grid.layers) > 1:
            kept.append(grid)
    return sorted(kept, key=lambda grid: -len(grid.cells))
