"""Statistics as a report: a row per tensor or module, histograms below on a terminal."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from paramctl.figures.extras import Extras
from paramctl.figures.histogram import Histogram
from paramctl.figures.statistics import Statistics
from paramctl.manifest import Entry
from paramctl.names import show
from paramctl.report.bars import bars
from paramctl.report.of_extras import extra_cells, extra_columns, extra_keys, extra_lines
from paramctl.report.report import Column, Report
from paramctl.report.screen import Screen
from paramctl.report.values import number_text, shape_text

_COLUMNS = (
    Column("name", "name"),
    Column("dtype", "dtype"),
    Column("shape", "shape"),
    Column("numel", "count"),
    *(Column(name, "number", "-") for name in ("min", "max", "mean", "std", "absmax", "l2")),
    *(Column(name, "count", "-") for name in ("zeros", "nan", "inf")),
)

_OPTIONAL = ("dtype", "numel", "absmax", "l2", "zeros", "inf", "shape", "nan")
_USUAL = ("mean", "max", "min", "std")  # give way to what was asked for besides

Found = tuple[Entry, Statistics, Histogram | None]


def stats_report(
    found: Sequence[Found], *, has_histograms: bool = False, extras: Extras | None = None
) -> Report:
    """The report of some tensors, or of modules made to look like tensors.

    Args:
        extras: further figures of the same rows.
    """
    extras = extras or Extras()
    columns = (*_COLUMNS, *extra_columns(extras))
    if has_histograms:
        columns = (*columns, Column("histogram"))
    return Report(
        verb="stats",
        columns=columns,
        rows=_rows(found, extras, has_histograms),
        optional=(*_OPTIONAL, *_USUAL) if len(columns) > len(_COLUMNS) else _OPTIONAL,
        payload=lambda: {
            "tensors": [_object(*one, has_histograms) | extra_keys(one[0], extras) for one in found]
        },
        notes=[
            f"{show(entry.name)}: {figures.note}" for entry, figures, _ in found if figures.note
        ],
        text=(lambda screen: _histograms(found, extras, screen)) if has_histograms else None,
    )


def _rows(
    found: Iterable[Found], extras: Extras, has_histograms: bool
) -> Iterator[tuple[Any, ...]]:
    for entry, own, spread in found:
        cells = (*_row(entry, own), *extra_cells(entry, extras))
        if has_histograms:
            cells += (",".join(map(str, spread.counts)) if spread else "",)
        yield cells


def _row(entry: Entry, found: Statistics) -> tuple[Any, ...]:
    return (
        entry.name, entry.dtype, entry.shape, found.numel, found.minimum, found.maximum,
        found.mean, found.std, found.absmax, found.l2, found.zeros, found.nan, found.inf,
    )  # fmt: skip


def _object(
    entry: Entry, found: Statistics, spread: Histogram | None, has_histograms: bool
) -> dict[str, Any]:
    keys = [column.name for column in _COLUMNS]
    row = dict(zip(keys, _row(entry, found), strict=True))
    if has_histograms:
        row["histogram"] = spread and {"edges": spread.edges, "counts": spread.counts}
    return row


def _histograms(found: Iterable[Found], extras: Extras, screen: Screen) -> Iterable[str]:
    for place, (entry, figures, spread) in enumerate(found):
        if place:
            yield ""
        mean, std = (_text(value) for value in (figures.mean, figures.std))
        yield f"{show(entry.name)}  {entry.dtype} {shape_text(entry.shape)}  mean {mean}  std {std}"
        yield from extra_lines(entry, extras)
        if spread:
            yield from bars(
                spread.edges, spread.counts, width=screen.width, has_unicode=screen.has_unicode
            )


def _text(value: Any) -> str:
    return "-" if value is None else number_text(value)
