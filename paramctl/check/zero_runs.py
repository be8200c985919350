"""The longest run of zero bytes in a tensor that does not consist of whole rows."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from paramctl.compute.blocks import spans
from paramctl.compute.jobs import spread
from paramctl.dtypes import DTYPES
from paramctl.figures.pieces import Readable, Span
from paramctl.manifest import Entry

LONG = 16 << 10  # bytes; shorter runs are of no meaning
_UNIT = 1 << 10
_PIECE = 4 << 20  # a multiple of the unit


def zero_run(source: Readable, entry: Entry) -> Span | None:
    """Where the longest such run begins and ends, in bytes of the tensor; ``None`` without one.

    Rows run along the last axis; a tensor of rank 1 is a row.
    """
    size = entry.nbytes or 0
    width = (entry.shape[-1] or 0) * DTYPES[entry.dtype].bits // 8 if entry.shape else 0
    best: Span | None = None
    pieces = spread(partial(_runs, source, entry), spans(size, _PIECE), _weight, size)
    for start, stop in _merged(pieces):
        run = _before(source, entry, start), _behind(source, entry, stop, size)
        is_rows = width and not run[0] % width and not run[1] % width
        is_long = run[1] - run[0] >= LONG
        if is_long and not is_rows and (best is None or run[1] - run[0] > best[1] - best[0]):
            best = run
    return best


def _weight(span: Span) -> int:
    return span[1] - span[0]


def _runs(source: Readable, entry: Entry, span: Span) -> list[Span]:
    """Runs of whole units of zeros in one piece."""
    buffer: Any = np.zeros(-(-(span[1] - span[0]) // _UNIT) * _UNIT, np.uint8)
    source.read_into(entry.name, memoryview(buffer)[: span[1] - span[0]], span[0])
    is_zero = ~buffer.view(np.uint64).reshape(-1, _UNIT // 8).any(axis=1)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], is_zero, [False])).astype(np.int8)))
    found = (edges * _UNIT + span[0]).reshape(-1, 2).tolist()
    return [(start, min(stop, span[1])) for start, stop in found]


def _merged(pieces: Iterator[list[Span]]) -> Iterator[Span]:
    """Runs of all pieces, those that go on in the next piece as one; short ones left out."""
    last: Span = (0, 0)
    for runs in pieces:
        for start, stop in runs:
            if start == last[1]:
                last = last[0], stop
                continue
            if last[1] - last[0] >= LONG - 2 * _UNIT:
                yield last
            last = start, stop
    if last[1] - last[0] >= LONG - 2 * _UNIT:
        yield last


def _before(source: Readable, entry: Entry, start: int) -> int:
    """Where the run really begins, up to a unit before."""
    if start == 0:
        return 0
    unit = _bytes(source, entry, max(0, start - _UNIT), start)
    nonzero = np.flatnonzero(unit)
    return start - len(unit) + int(nonzero[-1]) + 1 if len(nonzero) else start - len(unit)


def _behind(source: Readable, entry: Entry, stop: int, size: int) -> int:
    """Where it really ends, up to a unit behind."""
    unit = _bytes(source, entry, stop, min(stop + _UNIT, size))
    nonzero = np.flatnonzero(unit)
    return stop + int(nonzero[0]) if len(nonzero) else stop + len(unit)


def _bytes(source: Readable, entry: Entry, start: int, stop: int) -> Any:
    buffer: Any = np.empty(stop - start, np.uint8)
    if stop > start:
        source.read_into(entry.name, memoryview(buffer), start)
    return buffer
