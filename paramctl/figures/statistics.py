"""Statistics of tensors from one pass over their bytes.

Sums are exact and rounded once, so no order of the elements and no number of workers can be
seen in them. A tensor whose values lie far from zero next to their spread, or near the ends
of the float64 range, is read a second time, around its mean or scaled.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from paramctl.compute.blocks import spans
from paramctl.compute.decode import is_decodable
from paramctl.compute.exact import total
from paramctl.compute.jobs import spread
from paramctl.dtypes import DTYPES
from paramctl.figures.codes import measure_codes
from paramctl.figures.complexes import measure_complexes
from paramctl.figures.floats import HUGE, LAYOUTS, measure_floats
from paramctl.figures.integers import measure_integers
from paramctl.figures.pieces import (
    Piece,
    Readable,
    Span,
    over_pieces,
    read_piece,
    size_of,
    weight_in,
    weight_of,
)
from paramctl.figures.small import Small, is_small, measure_small
from paramctl.figures.spread import squared_deviations
from paramctl.figures.tally import Number, Tally
from paramctl.manifest import Entry


@dataclass(frozen=True)
class Statistics:
    """Figures of one tensor; NaN is left out of all but its count, Inf is kept.

    Attributes:
        minimum, maximum: ``None`` for nothing, and for complex values, which have no order.
        std: of the population, ``sqrt(mean(|x - mean|**2))``; NaN where Inf occurs.
        l2: ``sqrt(sum(|x|**2))``.
        note: why there are no figures, for a dtype whose values can't be told.
    """

    numel: int
    minimum: Number | None = None
    maximum: Number | None = None
    mean: float | complex | None = None
    std: float | None = None
    absmax: Number | None = None
    l2: float | None = None
    zeros: int | None = None
    nan: int | None = None
    inf: int | None = None
    note: str = ""


def statistics(source: Readable, entry: Entry) -> Statistics:
    """The statistics of one tensor."""
    return next(statistics_of(source, [entry]))


def statistics_of(source: Readable, entries: Iterable[Entry]) -> Iterator[Statistics]:
    """The statistics of each tensor, in order, all of them spread over the workers."""
    known = list(entries)
    for entry, parts in over_pieces(partial(_on_each, source), known, weight_of(known)):
        tally = Tally()
        whole = None
        for part in parts:
            if isinstance(part, Small):
                whole = Statistics(size_of(entry), **part._asdict(), nan=0, inf=0)
            else:
                tally.add(part)
        if not is_decodable(entry.dtype):
            note = f"{entry.dtype} has no stated packing: values unread"
            whole = Statistics(numel=size_of(entry), note=note)
        yield whole or _finished(source, entry, tally)


def measure(dtype: str, piece: Any, scale: int = 0) -> Tally:
    """The tally of some bytes of a dtype; the result holds no reference to them."""
    if not len(piece) or not is_decodable(dtype):
        return Tally()
    with np.errstate(all="ignore"):
        if dtype in LAYOUTS:
            return measure_floats(dtype, piece, scale)
        if dtype == "C64":
            return measure_complexes(dtype, piece)
        kind = measure_codes if DTYPES[dtype].bits <= 8 else measure_integers
        return kind(dtype, piece)


def _on_each(source: Readable, pieces: Sequence[Piece]) -> list[Tally | Small]:
    """The tally of each piece; of a small tensor what there is to say."""
    together = [piece.entry for piece in pieces if is_small(piece.entry)]
    small = iter(measure_small(source, together))
    return [
        (next(small) if is_small(entry) else None) or _measured(source, entry, span)
        for _, entry, span in pieces
    ]


def _measured(source: Readable, entry: Entry, span: Span, scale: int = 0) -> Tally:
    if not is_decodable(entry.dtype):
        return Tally()
    return measure(entry.dtype, read_piece(source, entry, span), scale)


def _finished(source: Readable, entry: Entry, tally: Tally) -> Statistics:
    scale = _needed_scale(entry, tally)
    if scale:
        work = partial(_measured, source, entry, scale=scale)
        tally = Tally()
        for part in spread(work, spans(size_of(entry)), partial(weight_in, entry)):
            tally.add(part)
    mean, std, l2 = _moments(source, entry, tally, scale)
    return Statistics(
        numel=size_of(entry),
        minimum=tally.minimum,
        maximum=tally.maximum,
        mean=mean,
        std=std,
        absmax=tally.absmax,
        l2=l2,
        zeros=tally.zeros,
        nan=tally.nan,
        inf=tally.inf,
    )


def _needed_scale(entry: Entry, tally: Tally) -> int:
    """The power of two that brings the squares of an F64 tensor into range; 0 for none."""
    magnitudes = [abs(x) for x in (tally.minimum, tally.maximum) if x is not None and x]
    largest = max((x for x in magnitudes if math.isfinite(x)), default=0.0)
    if entry.dtype != "F64" or (tally.inf and largest < HUGE):
        return 0
    if tally.inf or largest > HUGE or 0 < largest < 1 / HUGE:
        return -math.frexp(largest)[1] if largest else 0
    return 0


def _moments(
    source: Readable, entry: Entry, tally: Tally, scale: int
) -> tuple[float | complex | None, float | None, float | None]:
    """Mean, standard deviation and l2 norm of what is not NaN."""
    if tally.inf:
        mean = math.inf if not tally.below else -math.inf
        mixed = (tally.above and tally.below) or entry.dtype == "C64"
        return math.nan if mixed else mean, math.nan, math.inf
    count = tally.finite
    if not count:
        return None, None, None
    real, imaginary = total(tally.sums), total(tally.imaginary)
    squares = math.fsum(tally.squares)
    deviations = squares - (real * real + imaginary * imaginary) / count
    if tally.minimum is not None and tally.minimum == tally.maximum:
        deviations = 0.0
    elif deviations < squares / 64:
        center = (real / count, imaginary / count)
        deviations = squared_deviations(source, entry, count, center, scale)
    mean = _scaled(real / count, -scale)
    std = _scaled(math.sqrt(deviations / count), -scale)
    l2 = _scaled(math.sqrt(squares), -scale)
    return complex(mean, imaginary / count) if entry.dtype == "C64" else mean, std, l2


def _scaled(value: float, power: int) -> float:
    """``value * 2**power``; Inf where that is too large, as only an l2 norm can be."""
    try:
        return math.ldexp(value, power)
    except OverflowError:
        return math.copysign(math.inf, value)
