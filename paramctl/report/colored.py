"""Tables with colours on a terminal; the only file that uses Rich, which is slow to import.

Text goes to Rich as ``Text`` and never as markup, and is escaped before.
"""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from paramctl.report.plain import GAP, NUMERIC, widths_of
from paramctl.report.report import Column
from paramctl.report.screen import Screen

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

NARROWEST = 24
_STYLES = {"dtype": "yellow", "shape": "cyan", "bytes": "green"}


def fits(
    cells: Sequence[Sequence[str]],
    columns: Sequence[Column],
    guides: Sequence[str],
    screen: Screen,
) -> bool:
    """Whether a table fits the screen; names may be folded, but not below the guides of a tree."""
    shown = [[guide + row[0], *row[1:]] for guide, row in zip(guides, cells, strict=False)]
    widths = widths_of(shown if guides else cells, columns)
    needed = sum(widths) + GAP * (len(widths) - 1)
    folds = columns[0].kind == "name" and not guides
    spare = widths[0] - NARROWEST if folds else 0
    return needed <= screen.width or needed - max(0, spare) <= screen.width


def print_table(
    cells: Sequence[Sequence[str]],
    columns: Sequence[Column],
    screen: Screen,
    guides: Sequence[str] = (),
) -> None:
    """Print a table in colours.

    Args:
        cells: text as it is shown, escaped already.
        guides: what stands before the first cell of each row, drawn dimly.
    """
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(
        box=SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, GAP - 1, 0, 0),  # Rich's own divider is one more space
        header_style="bold",
        border_style="dim",
    )
    _fill(table, cells, columns, guides)
    console = Console(
        file=sys.stdout,
        width=screen.width if screen.is_terminal else _natural(cells, columns, guides),
        force_terminal=True,
        no_color=False,
        markup=False,
        highlight=False,
        emoji=False,
    )
    console.print(table)


def _natural(
    cells: Sequence[Sequence[str]], columns: Sequence[Column], guides: Sequence[str]
) -> int:
    deepest = max(map(len, guides), default=0)
    return deepest + sum(widths_of(cells, columns)) + GAP * len(columns)


def _fill(
    table: "Table",
    cells: Sequence[Sequence[str]],
    columns: Sequence[Column],
    guides: Sequence[str],
) -> None:
    from rich.text import Text

    for column in columns:
        table.add_column(
            Text(column.name),
            justify="right" if column.kind in NUMERIC else "left",
            no_wrap=column.kind != "name",
            overflow="fold",
        )
    for number, row in enumerate(cells):
        texts = [_cell(cell, column) for cell, column in zip(row, columns, strict=True)]
        if guides:
            # No style on the text as a whole: Rich would give it to the label too.
            texts[0] = Text().append(guides[number], "dim").append_text(texts[0])
        table.add_row(*texts)


def _cell(cell: str, column: Column) -> "Text":
    from rich.text import Text

    if column.kind != "name":
        return Text(cell, _STYLES.get(column.kind, ""))
    path, dot, last = cell.rpartition(".")
    return Text(path + dot).append(last, "bold")
