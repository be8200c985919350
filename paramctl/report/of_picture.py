"""The picture of a diff: shades on a terminal, a row per cell elsewhere."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from paramctl.diff.picture import Cell, Grid
from paramctl.names import show
from paramctl.report.plain import width_of
from paramctl.report.report import Column, Report
from paramctl.report.screen import Screen

_COLUMNS = (
    Column("container", "name"),
    Column("layer", "number"),
    Column("tensor", "name"),
    Column("status"),
    Column("rel_l2", "number"),
)
_BOUNDS = (1e-3, 1e-2, 1e-1)
_SHADES = "·░▒▓█"
_ASCII = ".-+*#"
_SIGNS = {
    "added": "A", "removed": "D", "reshaped": "S", "retyped": "T", "cast": "c", "renamed": "r",
    "retied": "t",
}  # fmt: skip
_NARROWEST = 8


def with_picture(report: Report, grids: Sequence[Grid]) -> Report:
    """The report of a diff with its picture in place of the list of tensors."""
    rows = [row for grid in grids for row in _rows(grid)]
    keys = [column.name for column in _COLUMNS]
    cells = [dict(zip(keys, row, strict=True)) for row in rows]
    return replace(
        report,
        columns=_COLUMNS,
        rows=rows,
        payload={**report.answer, "picture": cells},
        rows_key="picture",
        forms={},
        text=lambda screen: [*_lines(grids, screen), *(f" {note}" for note in report.notes)],
    )


def _rows(grid: Grid) -> Iterator[tuple[Any, ...]]:
    for tensor, cells in grid.rows:
        for layer, cell in zip(grid.layers or (None,), cells, strict=True):
            if cell is not None:
                yield grid.container, layer, tensor, cell.status, cell.rel_l2


def _lines(grids: Sequence[Grid], screen: Screen) -> Iterable[str]:
    labels = [show(label) for grid in grids for label, _ in grid.rows]
    width = max(map(width_of, labels), default=0)
    for grid in grids:
        yield from _drawn(grid, width, screen)
        yield ""
    used = {cell.status for grid in grids for _, cells in grid.rows for cell in cells if cell}
    yield from _legend(used, screen)


def _drawn(grid: Grid, width: int, screen: Screen) -> Iterator[str]:
    """One grid, its layers in as many bands as the screen needs."""
    if not grid.layers:
        for label, cells in grid.rows:
            yield f" {_padded(show(label), width)}  {_sign(cells[0], screen)}"
        return
    room = max(_NARROWEST, screen.width - width - 4)
    for start in range(0, len(grid.layers), room):
        band = slice(start, start + room)
        yield f" {_padded(show(grid.container), width)}  {_numbers(grid.layers[band])}".rstrip()
        for label, cells in grid.rows:
            signs = "".join(_sign(cell, screen) for cell in cells[band])
            yield f" {_padded(show(label), width)}  {signs}".rstrip()


def _padded(text: str, width: int) -> str:
    return text + " " * (width - width_of(text))


def _numbers(layers: Sequence[int]) -> str:
    """Every tenth layer's number above it, the first one's and the last one's, if there is room."""
    line = ""
    for place, layer in enumerate(layers):
        is_due = place in (0, len(layers) - 1) or layer % 10 == 0
        if is_due and len(line) <= place - (place > 0):
            line = line.ljust(place) + str(layer)
    return line


def _sign(cell: Cell | None, screen: Screen) -> str:
    if cell is None:
        return " "
    shades = _SHADES if screen.has_unicode else _ASCII
    if cell.status == "equal":
        return shades[0]
    if cell.status == "changed" or (cell.status == "retyped" and cell.rel_l2 is not None):
        return shades[1 + sum(cell.weight >= bound for bound in _BOUNDS)]
    return _SIGNS[cell.status]


def _legend(used: set[str], screen: Screen) -> Iterator[str]:
    """What the shades and the signs mean that occur."""
    shades = _SHADES if screen.has_unicode else _ASCII
    steps = [f"{shade} < {bound:g}" for shade, bound in zip(shades[1:], _BOUNDS, strict=False)]
    yield f" relative change: {shades[0]} none  {'  '.join(steps)}  {shades[-1]} more"
    signs = [f"{_SIGNS[status]} {status}" for status in _SIGNS if status in used]
    if signs:
        yield f" {'  '.join(signs)}"
