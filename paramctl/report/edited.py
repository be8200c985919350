"""What an edit changes, name by name: the same for a plan and for what was written."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from paramctl.edit.plan import Change
from paramctl.manifest import Entry
from paramctl.report.report import Column, Report

_COLUMNS = (
    Column("name", "name"),
    Column("action"),
    Column("from"),
    Column("to"),
    Column("max_abs"),
)
_UNREAD = {"changed", "retyped", "reshaped", "cast"}


def edited(
    verb: str,
    changes: Sequence[Change],
    output: Path | None,
    *,
    dry_run: bool,
    metadata: Mapping[str, str] | None = None,
) -> Report:
    """The report of an edit.

    Args:
        output: what was or would be written; ``None`` when nobody said where to.
        metadata: the strings as they are after it, where they are what it is about.
    """
    payload: dict[str, Any] = {} if metadata is None else {"metadata": dict(metadata)}
    payload |= {
        "changes": [
            {
                "name": change.name,
                "action": change.action,
                "from": _side(change.before),
                "to": _side(change.after),
            }
            for change in changes
        ],
        "output": None if output is None else str(output),
        "dry_run": dry_run,
    }
    rows = [
        (
            change.name,
            change.action,
            _form(change.before, change),
            _form(change.after, change),
            "?" if change.action in _UNREAD else "",
        )
        for change in changes
    ]
    names = [change.name for change in changes]
    return Report(verb, _COLUMNS, rows, payload, rows_key="changes", names=names)


def _side(entry: Entry | None) -> dict[str, Any] | None:
    if entry is None:
        return None
    return {"name": entry.name, "dtype": entry.dtype, "shape": list(entry.shape)}


def _form(entry: Entry | None, change: Change) -> str:
    """One side in a table: what the action is about."""
    if entry is None:
        return ""
    if change.action == "renamed":
        return entry.name
    if change.action == "retied":
        return entry.tied_to or entry.name
    return f"{entry.dtype}[{','.join(map(str, entry.shape))}]"
