"""Locks as a report: the text itself, its rows, and what a verification found."""

from collections.abc import Sequence
from typing import Any

from paramctl.figures.digest import ALGORITHM
from paramctl.listing.lock import Difference, Lock, Locked
from paramctl.names import counted, show
from paramctl.report.report import Column, Report

_COLUMNS = (
    Column("name", "name"),
    Column("dtype", "dtype"),
    Column("shape", "shape"),
    Column("digest"),
    Column("tied_to", "name"),
)
_DIFFERENCES = (
    Column("name", "name"),
    Column("expected", missing="-"),
    Column("found", missing="-"),
)


def lock_report(lock: Lock) -> Report:
    """The report of a lock, for the forms that are not its own text."""
    return Report(
        verb="lock",
        columns=_COLUMNS,
        rows=[_row(one) for one in lock.tensors],
        payload={"algorithm": ALGORITHM, "model": lock.model},
        names=[one.name for one in lock.tensors],
        text=lambda screen: (line.rstrip("\n") for line in lock.lines()),
    )


def _row(one: Locked) -> tuple[Any, ...]:
    if one.tied_to is not None:
        return one.name, None, None, None, one.tied_to
    return one.name, one.dtype, one.shape, one.digest, None


def locked_report(found: Sequence[Difference], compared: int, model: str) -> Report:
    """What a verification found.

    Args:
        compared: how many names were looked at.
        model: the digest of the model as it is.
    """
    total = counted(compared, "name")
    closing = f"{len(found):,} of {total} differ" if found else f"{total} as locked"
    return Report(
        verb="lock",
        columns=_DIFFERENCES,
        rows=[(one.name, _content(one.expected), _content(one.found)) for one in found],
        payload={
            "algorithm": ALGORITHM,
            "model": model,
            "equal": not found,
            "compared": compared,
            "differences": [
                {
                    "name": one.name,
                    "expected": _content(one.expected),
                    "found": _content(one.found),
                }
                for one in found
            ],
        },
        rows_key="differences",
        text=lambda screen: [*(f"{show(one.name)}: {one.sentence}" for one in found), closing],
    )


def _content(one: Locked | None) -> str | None:
    return None if one is None else one.content
