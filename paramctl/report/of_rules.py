"""The rules of ``check`` as a report: what each looks for, how bad it is, what to do."""

from collections.abc import Iterable, Sequence
from typing import Any

from paramctl.check.rule import NEEDS, Rule
from paramctl.report.report import Column, Report
from paramctl.report.screen import Screen

_COLUMNS = tuple(map(Column, ("id", "group", "severity", "needs", "what", "hint")))


def rules_report(rules: Sequence[Rule]) -> Report:
    """All rules, in the order in which they run."""
    rows = [_row(rule) for rule in rules]
    keys = [column.name for column in _COLUMNS]
    return Report(
        verb="check",
        columns=_COLUMNS,
        rows=rows,
        payload={"rules": [dict(zip(keys, row, strict=True)) for row in rows]},
        rows_key="rules",
        names=[rule.id for rule in rules],
        text=lambda screen: _page(rules, screen),
    )


def _row(rule: Rule) -> tuple[Any, ...]:
    return rule.id, rule.group, rule.severity, NEEDS[rule.needs], rule.what, rule.hint


def _page(rules: Sequence[Rule], screen: Screen) -> Iterable[str]:
    group = ""
    for rule in rules:
        if rule.group != group:
            if group:
                yield ""
            group = rule.group
            yield f"\x1b[1m{group}\x1b[0m" if screen.has_color else group
        needs = f", with {NEEDS[rule.needs]}" if rule.needs else ""
        yield f"  {rule.id} ({rule.severity}{needs})"
        yield f"      {rule.what}"
        if rule.hint:
            yield f"      hint: {rule.hint}"
