"""How values spread between their smallest and largest: equal bins, counted exactly."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from paramctl.compute.blocks import BLOCK, spans
from paramctl.compute.decode import count_of, decode
from paramctl.figures.pieces import Readable, Span, byte_span, over_pieces, read_piece
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
    edges = {entry.name: _edges(found, bins) for entry, found in zip(entries, figures, strict=True)}

    def work(entry: Entry, span: Span) -> Any:
        bounds = edges[entry.name]
        if bounds is None:
            return None
        return _counts(entry, read_piece(source, entry, span), np.array(bounds))

    for entry, parts in over_pieces(work, entries):
        found = list(parts)
        bounds = edges[entry.name]
        if bounds is None:
            yield None
        else:
            yield Histogram(tuple(bounds), tuple(int(count) for count in sum(found)))


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
