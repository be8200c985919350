"""The statistics of several tensors taken as one."""

import math
from collections.abc import Callable, Sequence

from paramctl.figures.statistics import Statistics
from paramctl.figures.tally import Number


def aggregate(parts: Sequence[Statistics]) -> Statistics:
    """One set of figures for all elements of some tensors; tensors without figures count as read.

    Source: Chan, Golub & LeVeque 1979, Updating formulae, eq. 2.1.
    """
    counts = [part.numel - (part.nan or 0) if part.mean is not None else 0 for part in parts]
    total = sum(counts)
    means = [part.mean if part.mean is not None else 0.0 for part in parts]
    mean = std = l2 = None
    if total:
        mean = _mean(means, counts, total)
        spread = math.fsum(
            count * ((part.std or 0.0) ** 2 + abs(own - mean) ** 2)
            for part, own, count in zip(parts, means, counts, strict=True)
            if count
        )
        std = math.sqrt(spread / total) if not math.isnan(spread) else math.nan
        l2 = math.hypot(*(part.l2 for part in parts if part.l2 is not None))
    return Statistics(
        numel=sum(part.numel for part in parts),
        minimum=_extreme(min, [part.minimum for part in parts]),
        maximum=_extreme(max, [part.maximum for part in parts]),
        mean=mean,
        std=std,
        absmax=_extreme(max, [part.absmax for part in parts]),
        l2=l2,
        zeros=sum(part.zeros or 0 for part in parts),
        nan=sum(part.nan or 0 for part in parts),
        inf=sum(part.inf or 0 for part in parts),
        note="; ".join(dict.fromkeys(part.note for part in parts if part.note)),
    )


def _mean(means: Sequence[complex], counts: Sequence[int], total: int) -> complex:
    weighted = [mean * count for mean, count in zip(means, counts, strict=True) if count]
    if any(isinstance(mean, complex) for mean in weighted):
        return sum(weighted) / total
    numbers = [float(mean.real) for mean in weighted]
    finite = all(map(math.isfinite, numbers))
    return (math.fsum(numbers) if finite else sum(numbers)) / total


def _extreme(pick: Callable[..., Number], values: Sequence[Number | None]) -> Number | None:
    present = [value for value in values if value is not None]
    return pick(present) if present else None
