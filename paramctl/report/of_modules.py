"""A diff by module: one row for all that changed below it."""

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


def by_modules(report: Report, found: Sequence[ModuleChange]) -> Report:
    """The report of a diff with a row per module in place of the list of tensors."""
    keys = [column.name for column in _COLUMNS]
    objects = [
        {**dict(zip(keys, _row(module), strict=True)), "summary": module.summary}
        for module in found
    ]
    return replace(
        report,
        columns=_COLUMNS,
        rows=[_row(module) for module in found],
        payload={**report.answer, "modules": objects},
        rows_key="modules",
        forms={},
        names=[module.module for module in found],
        text=None,
    )


def _row(module: ModuleChange) -> tuple[Any, ...]:
    summary = ", ".join(f"{count} {status}" for status, count in module.summary.items())
    return (
        module.module, module.changes, module.differing, module.share, module.max_abs,
        module.rel_l2, module.cosine, summary,
    )  # fmt: skip
