"""A table for a narrow screen: fewer figures first, then fewer columns, and nothing cut."""

from collections.abc import Callable, Sequence

from paramctl.report.plain import NARROWEST, total_width, widths_of
from paramctl.report.report import Column, Row
from paramctl.report.values import human

_FIGURES = 4
Cells = list[list[str]]


def narrowed(
    rows: Sequence[Row],
    columns: Sequence[Column],
    optional: Sequence[str],
    width: int,
) -> tuple[Cells, list[Column], list[str]]:
    """Cells, columns and the names of those left out, so that a table fits once names are folded.

    Args:
        optional: columns that may be left out, the first ones first.
    """
    kept, gone = list(columns), []
    cells = _cells(rows, columns, human)
    if not _fits(cells, kept, width):
        cells = _cells(rows, columns, _short)
    for name in optional:
        if _fits(cells, kept, width):
            break
        place = next((n for n, column in enumerate(kept) if column.name == name), None)
        if place is not None:
            del kept[place]
            cells = [row[:place] + row[place + 1 :] for row in cells]
            gone.append(name)
    return cells, kept, gone


def _fits(cells: Cells, columns: Sequence[Column], width: int) -> bool:
    """Whether a table fits when its names take as few columns as they may."""
    widths = widths_of(cells, columns)
    return total_width([min(widths[0], NARROWEST), *widths[1:]]) <= width


def _cells(
    rows: Sequence[Row], columns: Sequence[Column], write: Callable[[object, Column], str]
) -> Cells:
    return [list(map(write, row, columns)) for row in rows]


def _short(value: object, column: Column) -> str:
    if isinstance(value, float) and column.kind == "number" and value - value == 0:
        return f"{value:.{_FIGURES}g}"
    return human(value, column)
