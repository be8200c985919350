"""What one piece of a tensor contributes to its statistics, and how pieces add up."""

import math
from dataclasses import dataclass, field

import numpy as np

from paramctl.compute.exact import exact_parts

Number = float | int
_MANY = 1 << 15  # numbers of a sum that are kept apart


@dataclass
class Tally:
    """Counts, extremes and sums of some elements of one tensor.

    Attributes:
        finite: elements that are neither NaN nor infinite.
        sums: numbers whose exact total is the sum of the finite elements.
        imaginary: the same of the imaginary parts.
        squares: numbers whose total is the sum of squared magnitudes.
        minimum, maximum, absmax: of what is not NaN; ``None`` for nothing, or no order.
    """

    finite: int = 0
    zeros: int = 0
    nan: int = 0
    above: int = 0
    below: int = 0
    minimum: Number | None = None
    maximum: Number | None = None
    absmax: Number | None = None
    sums: list[Number] = field(default_factory=list)
    imaginary: list[Number] = field(default_factory=list)
    squares: list[Number] = field(default_factory=list)

    @property
    def inf(self) -> int:
        """Infinite elements of either sign."""
        return self.above + self.below

    def add(self, other: "Tally") -> None:
        """Take in the elements of another tally of the same tensor, which come after these."""
        self.finite += other.finite
        self.zeros += other.zeros
        self.nan += other.nan
        self.above += other.above
        self.below += other.below
        self.stretch(other.minimum, other.maximum, other.absmax)
        self.sums += other.sums
        self.imaginary += other.imaginary
        self.squares += other.squares
        if len(self.sums) > _MANY:
            self.condense()

    def stretch(self, low: Number | None, high: Number | None, magnitude: Number | None) -> None:
        """Widen the extremes by further ones, each of which may be missing."""
        if low is not None:
            self.minimum = low if self.minimum is None else min(self.minimum, low)
        if high is not None:
            self.maximum = high if self.maximum is None else max(self.maximum, high)
        if magnitude is not None:
            self.absmax = magnitude if self.absmax is None else max(self.absmax, magnitude)

    def infinities(self, above: int, below: int) -> None:
        """Count infinite elements, which are extremes too."""
        self.above += above
        self.below += below
        if above:
            self.stretch(math.inf, math.inf, math.inf)
        if below:
            self.stretch(-math.inf, -math.inf, math.inf)

    def condense(self) -> None:
        """Shorten the lists without losing a bit of the sums."""
        self.sums = _condensed(self.sums)
        self.imaginary = _condensed(self.imaginary)
        self.squares = [math.fsum(self.squares)] if self.squares else []


def _condensed(parts: list[Number]) -> list[Number]:
    whole = [part for part in parts if isinstance(part, int)]
    floats = [part for part in parts if not isinstance(part, int)]
    return [*([sum(whole)] if whole else []), *exact_parts(np.array(floats))]
