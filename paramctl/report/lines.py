"""The forms that other programs read: tab-separated, csv, jsonl, Markdown, and lists of names."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from paramctl.errors import UsageError
from paramctl.names import escape, show
from paramctl.report.report import NUMERIC, Column, Report
from paramctl.report.strict_json import AT_ONCE, Encoded, encode
from paramctl.report.values import human, raw, raw_column


def tsv(report: Report, *, header: bool) -> Iterator[str]:
    """A line per row, values apart by tabs, whole and raw."""
    if header:
        yield "\t".join(column.name for column in report.columns) + "\n"
    rows = iter(report.rows)
    while some := list(islice(rows, AT_ONCE)):
        by_column = zip(report.columns, zip(*some, strict=True), strict=True)
        cells = [raw_column(column, values) for column, values in by_column]
        yield "\n".join(map("\t".join, zip(*cells, strict=True))) + "\n"


def csv_lines(report: Report) -> Iterator[str]:
    """Comma-separated lines with a header, quoted where they have to be."""
    yield _csv_line([column.name for column in report.columns])
    for row in report.rows:
        yield _csv_line(list(map(raw, row, report.columns)))


def _csv_line(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue()


def jsonl(report: Report) -> Iterator[str]:
    """A JSON object per row; without rows, the whole answer with its schema on one line."""
    if report.rows_key is None:
        yield encode({"schema": f"paramctl/{report.verb}/1", **report.answer}) + "\n"
        return
    own = report.answer.get(report.rows_key)
    if isinstance(own, Encoded):
        yield from (f"{some}\n" for some in own.joined("\n"))
        return
    for row in own if isinstance(own, list | tuple) else row_objects(report):
        yield encode(row) + "\n"


def row_objects(report: Report) -> Iterable[dict[str, Any]]:
    """The rows as objects made of the columns."""
    keys = [column.name for column in report.columns]
    return (dict(zip(keys, row, strict=True)) for row in report.rows)


def names(report: Report, *, ascii_only: bool = False) -> Iterator[str]:
    """A name per line, as ``@FILE`` reads them.

    Args:
        ascii_only: whether names beyond ASCII are written as JSON strings too.

    Raises:
        UsageError: the answer has no names.
    """
    listed = report.names
    if listed is None:
        if not report.columns or report.columns[0].kind != "name":
            raise UsageError(f"{report.verb} has no names to list", hint="use another -f FORMAT")
        listed = (row[0] for row in report.rows)
    for name in listed:
        yield name_line(name, ascii_only=ascii_only) + "\n"


def name_line(name: str, *, ascii_only: bool = False) -> str:
    """A name on a line of its own: a JSON string where it is not plain text."""
    is_plain = escape(name) == name and (name.isascii() or not ascii_only)
    if not name or name.startswith('"') or not is_plain:
        return json.dumps(name)
    return name


def markdown(report: Report) -> Iterator[str]:
    """A table as GitHub shows it; names are code, so that nothing in them is markup."""
    for line in filter(None, report.title):
        yield f"{_markdown_text(line)}\n\n"
    yield _markdown_line([_markdown_text(column.name) for column in report.columns])
    yield _markdown_line(["---:" if column.kind in NUMERIC else "---" for column in report.columns])
    for row in report.rows:
        yield _markdown_line(map(_markdown_cell, row, report.columns))
    for line in filter(None, report.notes):
        yield f"\n{_markdown_text(line)}\n"


def _markdown_line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def _markdown_cell(value: Any, column: Column) -> str:
    text = human(value, column)
    if not text or column.kind not in ("name", "shape", "dtype"):
        return _markdown_text(text)
    return _code(text)


def markdown_name(name: str) -> str:
    """A name as code, in which nothing is markup."""
    return _code(show(name))


def _code(text: str) -> str:
    fence = "`" * (1 + max(map(len, _runs_of_backticks(text)), default=0))
    space = " " if "`" in text else ""
    return f"{fence}{space}{text}{space}{fence}".replace("|", "\\|")


def _runs_of_backticks(text: str) -> list[str]:
    return "".join(character if character == "`" else " " for character in text).split()


def _markdown_text(text: str) -> str:
    return "".join(
        f"\\{character}" if character in "\\`*_[]<>|#~" else character for character in text
    )
