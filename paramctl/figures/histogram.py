"""How values spread between their smallest and largest: equal bins, counted exactly."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np

from paramctl.compute.blocks import BLOCK, spans
from paramctl.compute.decode import count_of, decode
from paramctl.compute.jobs import cut, map_jobs
from paramctl.figures.pieces import (
    Readable,
    Span,
    byte_span,
    read_piece,
    size_of,
    weight_in,
    weight_of,
)
from paramctl.figures.statistics import Statistics
from paramctl.manifest import Entry

BINS = 20


@dataclass(frozen=True)
class Histogram:
    """Counts of finite values in bins of one width.

    Attributes:
        edges: bounds of the bins, ascending; each bin holds its lower one, the last both.
        counts: elements in each bin.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]


def histograms_of(
    source: Readable, entries: Sequence[Entry], figures: Iterable[Statistics], bins: int = BINS
) -> Iterator[Histogram | None]:
    """The histogram of each tensor, in order; ``None`` where nothing has an order.

    Args:
        figures: the statistics of the same tensors, which say where the bins lie.
        bins: how many there are; a tensor of one value has one.
    """
    edges = [_edges(found, bins) for found in figures]
    pieces = (
        _Piece(place, entry, bounds, span)
        for place, (entry, bounds) in enumerate(zip(entries, edges, strict=True))
        for span in (spans(size_of(entry)) if bounds else [(0, 0)])
    )
    results = map_jobs(partial(_on_each, source), cut(pieces, _weight, weight_of(entries)))
    flat = (
        (piece.place, counts)
        for some, found in results
        for piece, counts in zip(some, found, strict=True)
    )
    for place, group in groupby(flat, key=lambda pair: pair[0]):
        bounds = edges[place]
        total = sum(counts for _, counts in group)
        yield Histogram(tuple(bounds), tuple(map(int, total))) if bounds else None


class _Piece(NamedTuple):
    place: int
    entry: Entry
    edges: list[float] | None
    span: Span


def _on_each(source: Readable, pieces: tuple[_Piece, ...]) -> list[Any]:
    """The counts of each piece; 0 where there is nothing to count."""
    return [
        _counts(entry, read_piece(source, entry, span), np.array(edges)) if edges else 0
        for _, entry, edges, span in pieces
    ]


def _weight(piece: _Piece) -> int:
    return weight_in(piece.entry, piece.span)


def _edges(found: Statistics, bins: int) -> list[float] | None:
    if found.minimum is None or found.maximum is None:
        return None
    low, high = float(found.minimum), float(found.maximum)
    if not (math.isfinite(low) and math.isfinite(high)):
        limit = float(np.finfo(np.float64).max)
        low, high = max(low, -limit), min(high, limit)
    if low >= high:
        return [low, low]
    step = [place / bins for place in range(1, bins)]
    return [low, *(low * (1 - share) + high * share for share in step), high]


def _counts(entry: Entry, piece: Any, edges: Any) -> Any:
    counts = np.zeros(len(edges) - 1, np.int64)
    for start, stop in spans(count_of(entry.dtype, len(piece)), BLOCK):
        with np.errstate(invalid="ignore"):
            values = decode(entry.dtype, piece[slice(*byte_span(entry.dtype, (start, stop)))])
        inside = values[np.isfinite(values)]
        if edges[0] == edges[-1]:
            counts[0] += len(inside)
        else:
            counts += np.histogram(inside, edges)[0]
    return counts
