"""Where a model changed: its layers across, its tensors down, one cell for each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from paramctl.diff.change import Change
from paramctl.figures.layers import layered
from paramctl.names import natural_order


@dataclass(frozen=True)
class Cell:
    """One tensor: its change, or ``None`` where it is the same in A and B."""

    change: Change | None

    @property
    def status(self) -> str:
        """The status of the change, or ``equal``."""
        return self.change.status if self.change else "equal"

    @property
    def weight(self) -> float:
        """How large the change is, 0 for none."""
        return self.change.weight if self.change else 0.0

    @property
    def rel_l2(self) -> float | None:
        """The size of the change relative to the tensor, 0 for none, ``None`` if untold."""
        if self.change is None:
            return 0.0
        return self.change.figures.rel_l2 if self.change.figures else None


@dataclass(frozen=True)
class Grid:
    """The tensors of one container of layers, or those outside of all.

    Attributes:
        container: the path before the layer's number.
        layers: their numbers, ascending; empty for what is in no layer.
        rows: what a tensor is called within its layer, and a cell per layer; ``None`` where
            a layer has no such tensor. Outside of layers there is one cell.
    """

    container: str
    layers: tuple[int, ...]
    rows: tuple[tuple[str, tuple[Cell | None, ...]], ...]


def picture(names: Iterable[str], changes: Sequence[Change]) -> list[Grid]:
    """The grids of a diff: one per container of layers, the rest in a last one.

    Args:
        names: all that were compared.
    """
    changed = {name: change for change in changes for name in change.names}
    changed |= {change.to: change for change in changes if change.to}
    containers: dict[str, dict[str, dict[int, Cell]]] = {}
    rest: list[tuple[str, tuple[Cell | None, ...]]] = []
    for name in natural_order({*names, *changed}):
        parts, cell = layered(name), Cell(changed.get(name))
        if parts is None:
            rest.append((name, (cell,)))
        else:
            rows = containers.setdefault(parts.container, {})
            rows.setdefault(parts.rest, {})[parts.layer] = cell
    grids = [_grid(container, rows) for container, rows in containers.items()]
    return [*grids, *([Grid("", (), tuple(rest))] if rest else [])]


def _grid(container: str, rows: dict[str, dict[int, Cell]]) -> Grid:
    layers = tuple(sorted({layer for cells in rows.values() for layer in cells}))
    return Grid(
        container,
        layers,
        tuple((rest, tuple(map(cells.get, layers))) for rest, cells in rows.items()),
    )
