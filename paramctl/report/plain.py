"""Aligned columns without Rich: for pipes, for plain terminals, and for thousands of rows."""

import unicodedata
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from paramctl.report.hierarchy import going_on
from paramctl.report.report import NUMERIC, Column
from paramctl.report.screen import Screen
from paramctl.report.wrapping import in_lines

GAP = 2
NARROWEST = 24


def width_of(text: str) -> int:
    """Columns that a text takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def widths_of(cells: Sequence[Sequence[str]], columns: Sequence[Column]) -> list[int]:
    """The width of each column, its header included; first and last cells may have many lines."""
    widths = [width_of(column.name) for column in columns]
    for row in cells:
        widths = list(map(max, widths, map(_widest, row)))
    return widths


def _widest(cell: str) -> int:
    return width_of(cell) if "\n" not in cell else max(map(width_of, cell.split("\n")))


def total_width(widths: Sequence[int]) -> int:
    """Columns that a table takes."""
    return sum(widths) + GAP * (len(widths) - 1)


def folded(
    cells: Sequence[Sequence[str]],
    columns: Sequence[Column],
    width: int,
    guides: Sequence[str] = (),
) -> list[list[str]] | None:
    """The cells with texts and names on several lines where a table would be wider than ``width``.

    A last column of text is folded between words. Names are folded behind a dot if there is one
    in the right place; the guides of a tree go on beside them. ``None`` if that is not enough.
    """
    widths = widths_of(cells, columns)
    if columns[-1].kind == "text" and len(columns) > 1 and total_width(widths) > width:
        cells = _with_words_folded(cells, width - total_width(widths[:-1]) - GAP)
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


def _with_words_folded(cells: Sequence[Sequence[str]], room: int) -> Sequence[Sequence[str]]:
    """The cells with the last one of each row in lines of at most ``room`` columns, if words do."""
    if room < NARROWEST:
        return cells
    return [[*row[:-1], "\n".join(in_lines(row[-1], room))] for row in cells]


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
        lasts = row[-1].split("\n") if len(row) > 1 else []
        lines = list(zip_longest(row[0].split("\n"), lasts, fillvalue=""))
        for number, (first, last) in enumerate(lines):
            middle = [""] * len(row[1:-1]) if number else row[1:-1]
            yield _line([first, *middle, *([last] if lasts else [])], widths, columns)


def _line(row: Sequence[str], widths: Sequence[int], columns: Sequence[Column]) -> str:
    padded = []
    for cell, width, column in zip(row, widths, columns, strict=True):
        space = " " * (width - width_of(cell))
        padded.append(space + cell if column.kind in NUMERIC else cell + space)
    return (" " * GAP).join(padded).rstrip() + "\n"
