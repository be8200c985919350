"""How unlike its siblings in other layers a tensor is, by a score that outliers can't hide from.

    score = (log x - median(log x)) / (1.4826 MAD),  MAD = median |log x - median(log x)|

over the layers, for x each of l2 per element, std and absmax; the farthest one counts. Ratios
matter for these, hence the logarithm; differences of 2 % are never far.

Source: Iglewicz & Hoaglin 1993, How to detect and handle outliers, sec. 3.3.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from paramctl.figures.layers import siblings
from paramctl.figures.statistics import Statistics
from paramctl.manifest import Entry

FEWEST = 5  # layers, below which nothing is usual
_NARROWEST = 0.02
_NORMAL = 1.4826  # makes the MAD of a normal distribution its standard deviation


@dataclass(frozen=True)
class Unlikeness:
    """How far a tensor lies from the same tensor of other layers.

    Attributes:
        figure: ``rms``, ``std`` or ``absmax``, whichever lies farthest.
        score: in robust standard deviations; -Infinity where it is zero and others are not.
        value, usual: of the figure, here and in the median layer.
        layers: how many layers were compared.
    """

    figure: str
    score: float
    value: float
    usual: float
    layers: int


def unlikeness(found: Sequence[tuple[Entry, Statistics]]) -> dict[str, Unlikeness]:
    """The score of each tensor that at least five layers have, by its name."""
    figures = {entry.name: _figures(stats) for entry, stats in found}
    scored: dict[str, Unlikeness] = {}
    for group in siblings(entry for entry, _ in found).values():
        names = [entry.name for _, entry in group]
        for figure in ("rms", "std", "absmax"):
            values = {name: figures[name][figure] for name in names if figure in figures[name]}
            for name, own in _scores(figure, values).items():
                if name not in scored or abs(own.score) > abs(scored[name].score):
                    scored[name] = own
    return scored


def _figures(found: Statistics) -> dict[str, float]:
    """The figures that are compared, where they are finite."""
    rms = None if found.l2 is None else found.l2 / math.sqrt(max(found.numel, 1))
    named = {"rms": rms, "std": found.std, "absmax": found.absmax}
    return {name: float(x) for name, x in named.items() if x is not None and math.isfinite(x)}


def _scores(figure: str, values: Mapping[str, float]) -> dict[str, Unlikeness]:
    if len(values) < FEWEST:
        return {}
    usual = median(values.values())
    if not usual:
        return {}
    logs = {name: math.log(x) if x else -math.inf for name, x in values.items()}
    center = median(logs.values())
    spread = _NORMAL * median(abs(x - center) for x in logs.values())
    spread = max(spread, _NARROWEST) if math.isfinite(spread) else math.inf
    return {
        name: Unlikeness(figure, (x - center) / spread, values[name], usual, len(values))
        for name, x in logs.items()
        if math.isfinite(x) or math.isfinite(spread)
    }
