"""A diff by module: one row for all that changed in it; the largest change first in a table."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from paramctl.diff.modules import ModuleChange
from paramctl.report.report import Column, Report

_COLUMNS = (
    Column("module", "name"),
    Column("changes", "count"),
    Column("differing", "count"),
    Column("share", "number"),
    Column("max_abs", "number"),
    Column("rel_l2", "number"),
    Column("cosine", "number"),
    Column("summary"),
)
_OPTIONAL = ("changes", "cosine", "share", "differing")


def by_modules(report: Report, found: Sequence[ModuleChange]) -> Report:
    """The report of a diff with a row per module in place of the list of tensors."""
    keys = [column.name for column in _COLUMNS]
    objects = [
        {**dict(zip(keys, _row(module), strict=True)), "summary": module.summary}
        for module in found
    ]
    changed = sorted((one for one in found if one.changes), key=lambda one: -_weight(one))
    same = len(found) - len(changed)
    return replace(
        report,
        columns=_COLUMNS,
        rows=[_row(module) for module in found],
        shown=[_row(module) for module in changed],
        optional=_OPTIONAL,
        notes=[f"no change in {same:,} of {len(found):,} modules", *report.notes]
        if same
        else report.notes,
        payload={**report.answer, "modules": objects},
        rows_key="modules",
        forms={},
        names=[module.module for module in found],
        text=None,
    )


def _weight(module: ModuleChange) -> float:
    return math.inf if module.rel_l2 is None else module.rel_l2


def _row(module: ModuleChange) -> tuple[Any, ...]:
    summary = ", ".join(f"{count} {status}" for status, count in module.summary.items())
    return (
        module.module, module.changes, module.differing, module.share, module.max_abs,
        module.rel_l2, module.cosine, summary,
    )  # fmt: skip
