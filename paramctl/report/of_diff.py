"""A diff as a report: bars like ``git diff --stat`` on a terminal, rows and keys elsewhere."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from paramctl.diff.change import Change, Diff
from paramctl.manifest import Entry
from paramctl.names import show
from paramctl.report.diff_markdown import diff_markdown
from paramctl.report.diff_places import Place, percent, places
from paramctl.report.diff_stat import stat
from paramctl.report.patterns import grouped
from paramctl.report.report import Column, Report
from paramctl.report.screen import Screen

_FIGURES = ("differing", "share", "max_abs", "mean_abs", "rel_l2", "cosine")
_COLUMNS = (
    Column("name", "name"),
    Column("status"),
    Column("to", "name"),
    Column("differing", "count"),
    *(Column(name, "number") for name in _FIGURES[1:]),
)
_EXPLAINED = (*_COLUMNS, Column("explanation"))
_NAMES_ONLY = (Column("name", "name"),)


_MOST_PLACES = 100  # in a comment
_SENTENCES = {
    "allow": "changed, and no --allow covers it",
    "must-change": "did not change, and --must-change names it",
    "forbid": "changed, and --forbid names it",
}


def diff_report(
    found: Diff, *, limit: int | None = None, only_names: bool = False, explained: bool = False
) -> Report:
    """The report of a diff.

    Args:
        limit: show so many changes, the largest ones.
        only_names: one name a line.
        explained: a column for explanations, whether there are some or not.
    """
    ordered, hidden = _kept(found.changes, limit)
    columns = _NAMES_ONLY if only_names else _EXPLAINED if explained else _COLUMNS
    payload = {
        "equal": found.is_equal,
        "compared": found.compared,
        "summary": found.summary,
        "elements": {"compared": found.numel, "differing": found.differing},
        "tensors": [_object(change) for change in ordered],
        "violations": [
            {"rule": violation.rule, "name": violation.name} for violation in found.violations or ()
        ],
    }
    return Report(
        verb="diff",
        columns=columns,
        rows=[_row(change)[: len(columns)] for change in ordered],
        payload=payload,
        names=[change.name for change in ordered],
        notes=_closing(found, hidden),
        text=None if only_names else lambda screen: _stat(found, limit, screen),
        forms={} if only_names else {"md": lambda: _markdown(found, limit)},
    )


def _largest_first(changes: Sequence[Change]) -> list[Change]:
    return sorted(changes, key=lambda change: -change.weight)  # stable: natural order within


def _row(change: Change) -> tuple[Any, ...]:
    figures = change.figures
    values = [getattr(figures, name) if figures else None for name in _FIGURES]
    return change.name, change.status, change.to, *values, change.explanation


def _object(change: Change) -> dict[str, Any]:
    row: dict[str, Any] = {"name": change.name, "status": change.status}
    if change.to is not None:
        row["to"] = change.to
    if change.figures is not None:
        row |= {name: getattr(change.figures, name) for name in _FIGURES}
        row |= {"nan": list(change.figures.nan), "inf": list(change.figures.inf)}
    if change.explanation:
        row["explanation"] = change.explanation
    if change.ulps:
        ranges = [{"from": low, "to": high, "count": n} for low, high, n in change.ulps.ranges]
        row["ulps"] = {"steps": ranges, "nan": change.ulps.nan}
    if len(change.names) > 1:
        row["tied"] = list(change.names[1:])
    row |= {"before": _side(change.before), "after": _side(change.after)}
    return row


def _side(entry: Entry | None) -> dict[str, Any] | None:
    return None if entry is None else {"dtype": entry.dtype, "shape": entry.shape}


def _kept(changes: Sequence[Change], limit: int | None) -> tuple[list[Change], int]:
    """The largest changes in natural order, and how many are left out."""
    kept = set(map(id, _largest_first(changes)[:limit]))
    ordered = [change for change in changes if id(change) in kept]
    return ordered, len(changes) - len(ordered)


def _largest_places(changes: Sequence[Change], limit: int | None) -> tuple[list[Place], int]:
    """The places with the largest changes, and how many changes are at the others."""
    found = places(_largest_first(changes))
    return found[:limit], sum(len(place.members) for place in found[len(found[:limit]) :])


def _stat(found: Diff, limit: int | None, screen: Screen) -> Iterable[str]:
    largest, hidden = _largest_places(found.changes, limit)
    yield from stat(largest, screen)
    yield from (f" {line}" for line in _closing(found, hidden))


def _markdown(found: Diff, limit: int | None) -> Iterator[str]:
    largest, hidden = _largest_places(found.changes, _MOST_PLACES if limit is None else limit)
    return diff_markdown(largest, _summary(found, hidden), _broken(found))


def _closing(found: Diff, hidden: int) -> list[str]:
    broken = [f"{show(title)} {sentence}" for title, sentence in _broken(found)]
    return _summary(found, hidden) + broken


def _broken(found: Diff) -> list[tuple[str, str]]:
    """What violates a gate, by place, with a sentence on each."""
    violated = found.violations or ()
    groups = grouped([one.name for one in violated], [one.rule for one in violated])
    told = []
    for group in groups:
        count = len(group.places)
        many = f" ({count:,} tensors)" if count > 1 else ""
        told.append((group.title, f"{_SENTENCES[violated[group.places[0]].rule]}{many}"))
    return told


def _summary(found: Diff, hidden: int) -> list[str]:
    counts = ", ".join(f"{count:,} {status}" for status, count in found.summary.items())
    lines = [f"{hidden:,} smaller changes not shown"] if hidden else []
    if counts:
        lines.append(f"{counts}; {found.compared:,} tensors compared")
        lines += _elements(found)
    else:
        lines.append(f"no difference in {found.compared:,} tensors")
    return lines


def _elements(found: Diff) -> list[str]:
    """How much of the model differs, where the numbers of every change could be told."""
    if not found.differing or not found.numel:
        return []
    share = percent(found.differing, found.numel)
    return [f"{found.differing:,} of {found.numel:,} elements differ ({share})"]


def violations(found: Diff) -> list[str]:
    """A sentence for each violated gate."""
    return [f"{show(one.name)} {_SENTENCES[one.rule]}" for one in found.violations or ()]
