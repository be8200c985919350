"""Heat maps on a page: layers across, modules down, the figures of a cell as its color."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

from paramctl.diff.change import Change
from paramctl.figures.aggregate import aggregate
from paramctl.figures.statistics import Statistics
from paramctl.report.html.grid import Grid, grids
from paramctl.report.html.portrait import Portrait
from paramctl.report.html.words import left_out, name, number, section, text

STEPS = 9
_MOST_CELLS = 6000
_MOST_LAYERS = 160
_FEW_LAYERS = 48  # have cells with room around them
_MOST_ROWS = 80
_MOST_GRIDS = 6
_MARKS = {"new": "added", "lost": "removed, of another shape, or not finite"}
_FROM_ZEROS = "changed from zeros"

Cell = Callable[[Sequence[str]], tuple[str, str]]  # names to classes and what they mean


def heat(portrait: Portrait) -> str:
    """How std and the largest magnitude run through the layers; a switch picks one of them."""
    found = grids(entry.name for entry in portrait.stored)
    values = {
        place: (whole.std, whole.absmax)
        for grid in found[:_MOST_GRIDS]
        for place, whole in _figures(grid, portrait).items()
    }
    if not any(std is not None for std, _ in values.values()):
        return ""
    scales = [Scale(pair[side] for pair in values.values()) for side in (0, 1)]

    def cell(names: Sequence[str]) -> tuple[str, str]:
        std, absmax = values[names[0]]
        classes = f"s{scales[0].step(std)} a{scales[1].step(absmax)}"
        return classes, f"std {number(std)}, absmax {number(absmax)}"

    keys = "".join(
        f'<div class="scale of-{kind}">{scale.legend()}</div>'
        for kind, scale in zip(("std", "absmax"), scales, strict=True)
    )
    maps, rest = _maps(found, cell)
    return section(
        "heat",
        "Layers",
        '<input type="radio" name="heat" id="by-std" checked><label for="by-std">std</label>'
        '<input type="radio" name="heat" id="by-absmax"><label for="by-absmax">absmax</label>',
        f'<div class="maps">{keys}{maps}</div>',
        left_out(rest, "cells of the map", "<code>paramctl stats</code>"),
    )


def _figures(grid: Grid, portrait: Portrait) -> Mapping[str, Statistics]:
    """The figures of each cell, under the first of its names."""
    return {
        names[0]: portrait.figures[names[0]]
        if len(names) == 1
        else aggregate([portrait.figures[one] for one in names])
        for names in grid.cells.values()
    }


def changed(portrait: Portrait) -> str:
    """Where in the layers the model is not what it was, and by how much."""
    found_changes = portrait.diff.changes if portrait.diff else ()
    changes = {change.name: change for change in found_changes if change.counts}
    sizes = {key: change.weight for key, change in changes.items()}
    every = dict.fromkeys([*(entry.name for entry in portrait.stored), *changes])
    found = [
        grid for grid in grids(every) if any(sizes.keys() & names for names in grid.cells.values())
    ]
    if not found:
        return ""
    shown = {one for grid in found for names in grid.cells.values() for one in names}
    scale = Scale((size for one, size in sizes.items() if one in shown), tail=0)
    marks: dict[str, None] = {}

    def cell(names: Sequence[str]) -> tuple[str, str]:
        here = [sizes[one] for one in names if one in sizes]
        if not here:
            return "", "unchanged"
        largest = max(here)
        if math.isinf(largest):
            kind, words = _endless([changes[one] for one in names if one in sizes])
            if kind in _MARKS:
                marks[kind] = None
            return kind, words
        return f"d{scale.step(largest)}", f"relative {number(largest)}"

    maps, rest = _maps(found, cell)
    others = "".join(f' <i class="{kind}"></i> {_MARKS[kind]}' for kind in sorted(marks))
    return (
        f'<div class="scale of-change">{scale.legend("d")}{others}</div>{maps}'
        f"{left_out(rest, 'cells of the map', '<code>paramctl diff</code>')}"
    )


def _endless(changes: Sequence[Change]) -> tuple[str, str]:
    """The class of a cell with a change that has no size, and what that means."""
    told = sorted({_without_size(change) for change in changes if math.isinf(change.weight)})
    if told == ["added"]:
        return "new", told[0]
    return f"d{STEPS - 1}" if told == [_FROM_ZEROS] else "lost", ", ".join(told)


def _without_size(change: Change) -> str:
    if change.status != "changed" or change.figures is None or change.figures.a_l2 is None:
        return change.status
    return "changed (NaN or Inf)" if change.figures.a_l2 else _FROM_ZEROS


class Scale:
    """Steps of equal ratio over most of some positive values.

    Args:
        tail: the share of them at each end that takes the first and the last color, so that a
            few that stand alone leave the others their differences.
    """

    def __init__(self, values: Iterable[float | int | None], tail: float = 0.1) -> None:
        kept = sorted(float(value) for value in values if value and math.isfinite(value))
        cut = int(len(kept) * tail)
        self.low, self.high = (kept[cut], kept[-1 - cut]) if kept else (1.0, 1.0)
        self.cut = (bool(kept) and kept[0] < self.low, bool(kept) and self.high < kept[-1])

    def step(self, value: float | int | None) -> int | str:
        """0 to 8; ``z`` for zero, ``x`` for what is not finite, ``n`` for nothing."""
        if value is None:
            return "n"
        if not math.isfinite(value):
            return "x"
        if value <= 0:
            return "z"
        span = math.log(self.high / self.low)
        share = math.log(value / self.low) / span if span > 0 else 0.0
        return min(STEPS - 1, max(0, int(share * STEPS)))

    def legend(self, letter: str = "q") -> str:
        """The colors between the ends of the scale."""
        swatches = "".join(f'<i class="{letter}{step}"></i>' for step in range(STEPS))
        below, above = ("≤ " * self.cut[0], "≥ " * self.cut[1])
        return f"{below}{number(self.low)} {swatches} {above}{number(self.high)}"


def _maps(found: Sequence[Grid], cell: Cell) -> tuple[str, int]:
    """The grids as tables, as many of them as a page has room for, and how many cells lack."""
    room, total, maps = _MOST_CELLS, sum(len(g.rows) * len(g.layers) for g in found), []
    for grid in found[:_MOST_GRIDS]:
        layers = grid.layers[:_MOST_LAYERS]
        rows = grid.rows[: min(_MOST_ROWS, room // len(layers))]
        if rows:
            maps.append(_map(grid, rows, layers, cell))
            room -= len(rows) * len(layers)
    return "\n".join(maps), total - (_MOST_CELLS - room)


def _map(grid: Grid, rows: Sequence[str], layers: Sequence[int], cell: Cell) -> str:
    every = 1 if len(layers) <= 16 else 5 if len(layers) <= 60 else 10
    head = "".join(f"<td>{n if at % every == 0 else ''}</td>" for at, n in enumerate(layers))
    lines = []
    for row in rows:
        label = text(row).replace(".", ".<wbr>") or "."
        cells = []
        for layer in layers:
            names = grid.cells.get((row, layer))
            classes, meaning = cell(names) if names else ("", "")
            mark = f' class="{classes}"' if classes else ""
            cells.append(f'<td{mark} title="{meaning}"></td>' if meaning else "<td></td>")
        lines.append(f'<tr><th scope="row">{label}</th>{"".join(cells)}</tr>')
    numbers = " ".join(map(str, layers))
    kind = "map many" if len(layers) > _FEW_LAYERS else "map"
    title = name(f"{grid.container}.*" if grid.container else "*")
    return (
        f'<h3>{title}</h3><div class="wide"><table class="{kind}" data-layers="{numbers}">'
        f"<thead><tr><th></th>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table></div>"
    )
