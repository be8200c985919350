"""A diff as a report: bars like ``git diff --stat`` on a terminal, rows and keys elsewhere."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

from paramctl.diff.change import Change, Diff
from paramctl.manifest import Entry
from paramctl.names import show
from paramctl.report.plain import width_of
from paramctl.report.report import Column, Report
from paramctl.report.screen import Screen
from paramctl.report.values import number_text, shape_text

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
_LONGEST_BAR = 24


def diff_report(
    found: Diff, *, limit: int | None = None, only_names: bool = False, explained: bool = False
) -> Report:
    """The report of a diff.

    Args:
        limit: show so many changes, the largest ones.
        only_names: one name a line.
        explained: a column for explanations, whether there are some or not.
    """
    largest = _largest_first(found.changes)[:limit]
    kept = set(map(id, largest))
    ordered = [change for change in found.changes if id(change) in kept]
    hidden = len(found.changes) - len(ordered)
    columns = _NAMES_ONLY if only_names else _EXPLAINED if explained else _COLUMNS
    payload = {
        "equal": found.is_equal,
        "compared": found.compared,
        "summary": found.summary,
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
        text=None if only_names else lambda screen: _stat(found, largest, hidden, screen),
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


def _stat(found: Diff, changes: Sequence[Change], hidden: int, screen: Screen) -> Iterable[str]:
    """`` name | what | bar`` lines, the bar as long as the change is large next to the others."""
    names = [show(change.name) for change in changes]
    details = [_detail(change) for change in changes]
    width = max(map(width_of, names), default=0)
    room = max(map(width_of, details), default=0)
    most = max((c.weight for c in changes if math.isfinite(c.weight)), default=0.0)
    for change, name, detail in zip(changes, names, details, strict=True):
        left = name + " " * (width - width_of(name))
        right = detail + " " * (room - width_of(detail))
        yield f" {left} | {right} {_bar(change, most, screen)}".rstrip()
    yield from (f" {line}" for line in _closing(found, hidden))


def _detail(change: Change) -> str:
    """What happened to a tensor, in a few words."""
    before, after = change.before, change.after
    match change.status:
        case "added" | "removed":
            side = after or before
            shape = f"{side.dtype} {shape_text(side.shape)}" if side else ""
            return f"{change.status} {shape}"
        case "reshaped" if before and after:
            kind = f", {change.explanation}" if change.explanation else ""
            return f"reshaped {shape_text(before.shape)} to {shape_text(after.shape)}{kind}"
        case "cast" | "retyped" if before and after:
            types = f"{change.status} {before.dtype} to {after.dtype}"
            return f"{types}{_figures(change)}" if change.status == "retyped" else types
        case "renamed":
            return f"renamed to {show(change.to or '')}"
    return f"{change.status}{_figures(change)}"


def _figures(change: Change) -> str:
    figures = change.figures
    if figures is None or figures.differing is None:
        return ""
    share = f"{100 * (figures.share or 0):.3g}% of {figures.numel:,}"
    largest = "" if figures.max_abs is None else f", max {number_text(figures.max_abs)}"
    relative = "" if figures.rel_l2 is None else f", relative {number_text(figures.rel_l2)}"
    kind = f", {change.explanation}" if change.explanation else ""
    return f" {share}{largest}{relative}{kind}"


def _bar(change: Change, most: float, screen: Screen) -> str:
    if change.status in ("cast", "renamed", "retied") or change.status == "reshaped":
        return ""
    sign = {"added": "+", "removed": "-"}.get(change.status, "~")
    share = 1.0 if math.isinf(change.weight) else change.weight / most if most else 0.0
    bar = sign * max(1, round(share * _LONGEST_BAR))
    if not screen.has_color:
        return bar
    color = {"+": "32", "-": "31", "~": "33"}[sign]
    return f"\x1b[{color}m{bar}\x1b[0m"


def _closing(found: Diff, hidden: int) -> list[str]:
    counts = ", ".join(f"{count:,} {status}" for status, count in found.summary.items())
    lines = [f"{hidden:,} smaller changes not shown"] if hidden else []
    if counts:
        lines.append(f"{counts}; {found.compared:,} tensors compared")
    else:
        lines.append(f"no difference in {found.compared:,} tensors")
    return lines + violations(found)


def violations(found: Diff) -> list[str]:
    """A sentence for each violated gate."""
    return [_violated(violation.rule, violation.name) for violation in found.violations or ()]


def _violated(rule: str, name: str) -> str:
    sentence = {
        "allow": "changed, and no --allow covers it",
        "must-change": "did not change, and --must-change names it",
        "forbid": "changed, and --forbid names it",
    }[rule]
    return f"{show(name)} {sentence}"
