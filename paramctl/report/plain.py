"""Aligned columns without Rich: for pipes, for plain terminals, and for thousands of rows."""

import unicodedata
from collections.abc import Iterator, Sequence

from paramctl.report.report import Column
from paramctl.report.screen import Screen

GAP = 2
NUMERIC = ("count", "bytes", "number")


def width_of(text: str) -> int:
    """Columns that a text takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def widths_of(cells: Sequence[Sequence[str]], columns: Sequence[Column]) -> list[int]:
    """The width of each column, its header included."""
    widths = [width_of(column.name) for column in columns]
    for row in cells:
        widths = list(map(max, widths, map(width_of, row)))
    return widths


def aligned(
    cells: Sequence[Sequence[str]], columns: Sequence[Column], screen: Screen
) -> Iterator[str]:
    """A header, a rule and a line per row; numbers to the right; never cut nor wrapped."""
    widths = widths_of(cells, columns)
    yield _line([column.name for column in columns], widths, columns)
    total = sum(widths) + GAP * (len(widths) - 1)
    rule = min(total, screen.width) if screen.is_terminal else total
    yield ("─" if screen.has_unicode else "-") * rule + "\n"
    for row in cells:
        yield _line(row, widths, columns)


def _line(row: Sequence[str], widths: Sequence[int], columns: Sequence[Column]) -> str:
    padded = []
    for cell, width, column in zip(row, widths, columns, strict=True):
        space = " " * (width - width_of(cell))
        padded.append(space + cell if column.kind in NUMERIC else cell + space)
    return (" " * GAP).join(padded).rstrip() + "\n"
