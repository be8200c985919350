"""Print a report in the form that was asked for, or that suits a terminal or a pipe."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from paramctl.errors import UsageError
from paramctl.report import lines, plain
from paramctl.report.hierarchy import by_segments, flattened
from paramctl.report.narrow import narrowed
from paramctl.report.report import Branch, Column, Report
from paramctl.report.screen import Screen, make_safe, screen
from paramctl.report.strict_json import document
from paramctl.report.values import human
from paramctl.report.wrapping import wrapped

MOST_IN_COLOR = 2000
_CHUNK = 1 << 16


class Options(Protocol):
    """What ``emit`` needs of the common options."""

    @property
    def form(self) -> str:
        """A format, or nothing for the one that suits."""

    @property
    def header(self) -> bool:
        """Whether tsv begins with the columns' names."""

    @property
    def color(self) -> str:
        """``auto``, ``always`` or ``never``."""


def emit(report: Report, options: Options) -> None:
    """Write a report to standard output.

    Raises:
        UsageError: the report can't take this form.
    """
    make_safe(sys.stdout)
    target = screen(options.color)
    form = options.form or _usual(report, target)
    if form == "table" and report.text is not None:
        _write(f"{line}\n" for line in report.text(target))
    elif form in ("table", "tree"):
        _draw(report, form, target)
    else:
        _write(_pieces(report, form, target, header=options.header))


def _usual(report: Report, target: Screen) -> str:
    if not target.is_terminal:
        return "tsv"
    return "tree" if report.is_tree and report.branches else "table"


def _pieces(report: Report, form: str, target: Screen, *, header: bool) -> Iterator[str]:
    if form in report.forms:
        return report.forms[form]()
    match form:
        case "tsv":
            return lines.tsv(report, header=header)
        case "csv":
            return lines.csv_lines(report)
        case "jsonl":
            return lines.jsonl(report)
        case "md":
            return lines.markdown(report)
        case "names":
            return lines.names(report, ascii_only=not target.has_unicode)
        case "json":
            payload = dict(report.answer)
            if report.rows_key is not None and report.rows_key not in payload:
                payload[report.rows_key] = list(lines.row_objects(report))
            return document(report.verb, payload)
    raise UsageError(f"no format named '{form}'")


def _draw(report: Report, form: str, target: Screen) -> None:
    columns: Sequence[Column] = report.columns
    guides: list[str] = []
    if form == "tree":
        branches = report.branches or _grown(report)
        columns = (report.branches and report.branch_columns) or columns
        marked = list(flattened(branches, has_unicode=target.has_unicode))
        guides, rows = [guide for guide, _ in marked], [row for _, row in marked]
    else:
        rows = list(report.rows if report.shown is None else report.shown)
    gone: list[str] = []
    if report.optional and target.is_terminal:
        room = target.width - max(map(len, guides), default=0)
        cells, columns, gone = narrowed(rows, columns, report.optional, room)
    else:
        cells = [list(map(human, row, columns)) for row in rows]
    for guide, cell in zip(guides, cells, strict=False):
        cell[0] = guide + cell[0]
    _write(f"{line}\n" for line in report.title)
    if rows:
        _draw_table(cells, columns, guides, target)
    _write(f"{line}\n" for line in report.notes)
    if gone:
        told = f"no room for {', '.join(gone)}: -f tsv tells all"
        _write(f"{line}\n" for line in wrapped(told, "", target))


def _draw_table(
    cells: list[list[str]], columns: Sequence[Column], guides: Sequence[str], target: Screen
) -> None:
    """With colours where the screen has them and the table fits, else plain and whole."""
    is_short = len(cells) <= MOST_IN_COLOR
    fitting: list[list[str]] | None = cells
    if target.is_terminal and is_short:
        fitting = plain.folded(cells, columns, target.width, guides)
    if fitting and is_short and target.has_color and target.has_unicode:
        from paramctl.report.colored import print_table

        sys.stdout.flush()
        print_table(fitting, columns, target, guides)
    else:
        _write(plain.aligned(fitting or cells, columns, target))


def _grown(report: Report) -> Sequence[Branch]:
    if not report.columns or report.columns[0].kind != "name":
        raise UsageError(f"{report.verb} has no tree", hint="use another -f FORMAT")
    return by_segments(list(report.rows), len(report.columns))


def _write(pieces: Iterable[str]) -> None:
    """Write in chunks: few calls for many rows, and the first ones soon."""
    waiting: list[str] = []
    size = 0
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size >= _CHUNK:
            sys.stdout.write("".join(waiting))
            waiting, size = [], 0
    sys.stdout.write("".join(waiting))
