"""Figures beside the usual ones, for those who ask: quantiles, singular values, unlikeness."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from paramctl.errors import UsageError
from paramctl.figures.outliers import Unlikeness, unlikeness
from paramctl.figures.pieces import Readable
from paramctl.figures.quantiles import parse_quantiles, quantiles
from paramctl.figures.spectrum import MOST, Spectrum, spectrum
from paramctl.figures.statistics import Statistics
from paramctl.manifest import Entry

Rows = Sequence[tuple[Entry, Statistics]]


@dataclass(frozen=True)
class Extras:
    """Further figures by the name of the tensor; ``None`` where they were not asked for.

    Attributes:
        probabilities: of the quantiles.
        quantiles: one value per probability; ``None`` for what has none.
        spectra: the largest singular values; ``None`` for what is no matrix.
        unlike: how far from its siblings a tensor lies; only those that have siblings.
    """

    probabilities: tuple[float, ...] = ()
    quantiles: Mapping[str, tuple[float, ...] | None] | None = None
    spectra: Mapping[str, Spectrum | None] | None = None
    unlike: Mapping[str, Unlikeness] | None = None


@dataclass(frozen=True)
class Wishes:
    """Which further figures are asked for.

    Attributes:
        probabilities: of quantiles, none by default.
        singular: how many singular values; 0 for none.
        outliers: whether tensors are compared with their siblings in other layers.
    """

    probabilities: tuple[float, ...] = ()
    singular: int = 0
    outliers: bool = False

    @classmethod
    def parse(
        cls, *, quantiles: str | None, spectral: int | None, outliers: bool, by: str | None
    ) -> "Wishes":
        """The wishes that options express.

        Raises:
            UsageError: a probability is none, or something for tensors is asked of groups.
        """
        if by and (quantiles is not None or spectral is not None):
            flag = "--quantiles" if quantiles is not None else "--spectral"
            raise UsageError(f"{flag} is for tensors", hint=f"leave out --by {by}")
        if spectral is not None and not 1 <= spectral <= MOST:
            raise UsageError(f"--spectral takes 1 to {MOST} singular values, not {spectral}")
        probabilities = parse_quantiles(quantiles) if quantiles is not None else ()
        return cls(probabilities, spectral or 0, outliers)

    def fulfil(self, source: Readable, rows: Rows, kept: Rows) -> Extras:
        """The figures of the kept rows; siblings are looked for among all rows."""
        entries = [entry for entry, _ in kept]
        return Extras(
            self.probabilities,
            {entry.name: quantiles(source, entry, self.probabilities) for entry in entries}
            if self.probabilities
            else None,
            {entry.name: spectrum(source, entry, own, self.singular) for entry, own in kept}
            if self.singular
            else None,
            unlikeness(rows) if self.outliers else None,
        )
