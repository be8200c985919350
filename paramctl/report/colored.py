"""Tables with colours on a terminal; the only file that uses Rich, which is slow to import.

Text goes to Rich as ``Text`` and never as markup, and is escaped before.
"""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from paramctl.report.plain import GAP, total_width, widths_of
from paramctl.report.report import NUMERIC, Column
from paramctl.report.screen import Screen

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

_STYLES = {"dtype": "yellow", "shape": "cyan", "bytes": "green"}


def print_table(
    cells: Sequence[Sequence[str]],
    columns: Sequence[Column],
    screen: Screen,
    guides: Sequence[str] = (),
) -> None:
    """Print a table in colours.

    Args:
        cells: text as it is shown, escaped and folded already.
        guides: what the first cell of each row begins with, to be drawn dimly.
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
        width=max(screen.width, total_width(widths_of(cells, columns))),
        force_terminal=True,
        color_system="standard",  # whatever TERM says: colours were asked for or suit
        no_color=False,
        markup=False,
        highlight=False,
        emoji=False,
    )
    console.print(table)


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
            no_wrap=True,
        )
    for number, row in enumerate(cells):
        texts = [_cell(cell, column) for cell, column in zip(row, columns, strict=True)]
        if guides:
            _dim_guides(texts[0], len(guides[number]))
        table.add_row(*texts)


def _cell(cell: str, column: Column) -> "Text":
    from rich.text import Text

    if column.kind != "name":
        return Text(cell, _STYLES.get(column.kind, ""))
    text = Text(cell)
    text.stylize("bold", cell.rfind(".") + 1)
    return text


def _dim_guides(text: "Text", length: int) -> None:
    """Draw the guides at the start of each line dimly."""
    start = 0
    for line in text.plain.split("\n"):
        text.stylize("not bold dim", start, start + length)
        start += len(line) + 1
