"""Aligned columns without Rich: for pipes, for plain terminals, and for thousands of rows."""

import unicodedata
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from paramctl.report.hierarchy import going_on
from paramctl.report.report import Column
from paramctl.report.screen import Screen

GAP = 2
NARROWEST = 24
NUMERIC = ("count", "bytes", "number")


def width_of(text: str) -> int:
    """Columns that a text takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def widths_of(cells: Sequence[Sequence[str]], columns: Sequence[Column]) -> list[int]:
    """The width of each column, its header included; a first cell may have several lines."""
    widths = [width_of(column.name) for column in columns]
    for row in cells:
        first = max(map(width_of, row[0].split("\n")))
        widths = list(map(max, widths, [first, *map(width_of, row[1:])]))
    return widths


def total_width(widths: Sequence[int]) -> int:
    """Columns that a table takes."""
    return sum(widths) + GAP * (len(widths) - 1)


def folded(
    cells: Sequence[Sequence[str]],
    columns: Sequence[Column],
    width: int,
    guides: Sequence[str] = (),
) -> list[list[str]] | None:
    """The cells with names on several lines where a table would be wider than ``width``.

    Names are folded behind a dot if there is one in the right place; the guides of a tree go
    on beside them. ``None`` if folding names is not enough.
    """
    widths = widths_of(cells, columns)
    excess = max(0, total_width(widths) - width)
    deepest = max(map(len, guides), default=0)
    room = widths[0] - excess
    if excess and (columns[0].kind != "name" or room < NARROWEST + deepest):
        return None
    return [
        ["\n".join(_pieces(row[0], room, guide)), *row[1:]]
        for row, guide in zip_longest(cells, guides, fillvalue="")
    ]


def _pieces(text: str, room: int, guide: str) -> Iterator[str]:
    """A name in pieces of at most ``room`` columns; those below the first are indented."""
    indent, text = guide, text.removeprefix(guide)
    while width_of(text) > room - len(indent):
        end = room - len(indent)
        while width_of(text[:end]) > room - len(indent):
            end -= 1
        end = text.rfind(".", end // 3, end) + 1 or end
        yield indent + text[:end]
        indent, text = going_on(guide) + "  ", text[end:]
    yield indent + text


def aligned(
    cells: Sequence[Sequence[str]], columns: Sequence[Column], screen: Screen
) -> Iterator[str]:
    """A header, a rule and a line per row; numbers to the right; nothing is cut."""
    widths = widths_of(cells, columns)
    yield _line([column.name for column in columns], widths, columns)
    rule = total_width(widths)
    rule = min(rule, screen.width) if screen.is_terminal else rule
    yield ("─" if screen.has_unicode else "-") * rule + "\n"
    for row in cells:
        first, *more = row[0].split("\n")
        yield _line([first, *row[1:]], widths, columns)
        for line in more:
            yield line + "\n"


def _line(row: Sequence[str], widths: Sequence[int], columns: Sequence[Column]) -> str:
    padded = []
    for cell, width, column in zip(row, widths, columns, strict=True):
        space = " " * (width - width_of(cell))
        padded.append(space + cell if column.kind in NUMERIC else cell + space)
    return (" " * GAP).join(padded).rstrip() + "\n"
